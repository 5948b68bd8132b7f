"""The digest as JSON, for `watcher digest --dry-run --format json`: a stable shape.

    {schema: 1, subject, list: {name, title}, period: {key, slot_at, covers_from, covers_to, first, late_reason}, composed_at,
     corrected: [{pmid, title, url, had_at, corrections: [correction]}],
     items: [paper], attached: [paper], follow_ups: [{pmid, title, text, url}], gaps: [{watch, since, until, reason}],
     receipt: {checked, new, shown, attached, below_threshold, excluded_type, already_presented, in_library, retracted, awaiting, unavailable,
               failures, remarks, next_digest_at, outages: [{watches, since, until, reason, made_good_at}],
               gave_way: [{pmid, to, similarity}], weeks: [{watch, found: [count], shown: [count]}] (oldest first),
               highlights: [{watch, value, rule: fixed, best-eighth or verdicts, papers}], reweighed: [title]}}

    paper = {pmid, work_id, section, score, highlight,
             nearer: null or an integer (it is nearer to the seeds than so many of a hundred papers that its watch brought in twelve weeks),
             watches, title, authors, journal, published, ahead_of_print, doi, pmcid,
             chips, theme, conclusion, reasons: {terms: [{text, weight}], headings: [{text, weight}], nearest_seed, nearest_similarity},
             corrections: [correction] (there before the paper was presented),
             note, gave_way: null or {pmid, to, similarity} (very like the pick `to`, so no pick), also: [{pmid, text}], url}

    correction = {kind, notice_pmid, notice_doi, citation, sources, label, dated, found_at}

Where every watch has a gap and `covers_to` equals `covers_from`, no new days could be covered.

Instants and days are ISO 8601; what is not known is null or empty. A field may be added; none changes its meaning while `schema`
stays the same.
"""

from __future__ import annotations

import json
from datetime import date

from watcher.digest import clean, links
from watcher.digest.conclusion import conclusion
from watcher.digest.view import subject, weeks
from watcher.digest.wording import published
from watcher.domain import Corrected, Correction, Digest, FollowUp, Item, as_document

SCHEMA = 1


def document(digest: Digest) -> str:
    """`digest` as one JSON document, indented."""
    shape = {
        "schema": SCHEMA,
        "subject": subject(digest),
        "list": {"name": digest.list.name, "title": digest.list.title},
        "period": as_document(digest.period),
        "composed_at": digest.composed_at.isoformat(),
        "corrected": [_corrected(paper) for paper in digest.corrected],
        "items": [_paper(item) for item in digest.items],
        "attached": [_paper(item) for item in digest.attached],
        "follow_ups": [_follow_up(follow_up) for follow_up in digest.follow_ups],
        "gaps": [as_document(gap) for gap in digest.gaps],
        "receipt": as_document(digest.receipt) | {"weeks": [as_document(one) for one in weeks(digest)]},
    }
    return json.dumps(shape, ensure_ascii=False, indent=2, default=_iso) + "\n"


def _paper(item: Item) -> dict[str, object]:
    article = item.article
    return {
        "pmid": article.record_id.plain,
        "work_id": item.work_id,
        "section": item.section.value,
        "score": item.score,
        "highlight": item.highlight,
        "nearer": item.nearer,
        "watches": item.watches,
        "title": clean.title(article),
        "authors": [author.display for author in article.authors],
        "journal": article.journal.display,
        "published": published(article.published) or published(article.electronic),
        "ahead_of_print": article.is_ahead_of_print,
        "doi": article.doi,
        "pmcid": article.pmcid,
        "chips": item.chips,
        "theme": item.theme,
        "conclusion": conclusion(article),
        "corrections": [_correction(one) for one in item.corrections],
        "reasons": as_document(item.reasons),
        "note": item.note,
        "gave_way": as_document(item.gave_way) if item.gave_way else None,
        "also": [{"pmid": record_id.plain, "text": text} for record_id, text in item.also],
        "url": links.page(article.record_id),
    }


def _corrected(paper: Corrected) -> dict[str, object]:
    title = clean.title(paper.article) if paper.article else paper.title
    told = [_correction(one) for one in paper.corrections]
    return {
        "pmid": paper.record_id.plain,
        "title": title,
        "url": links.page(paper.record_id),
        "had_at": paper.had_at,
        "corrections": told,
    }


def _correction(one: Correction) -> dict[str, object]:
    return {name: held for name, held in as_document(one).items() if name not in ("pmid", "id", "about")}


def _follow_up(follow_up: FollowUp) -> dict[str, object]:
    article = follow_up.article
    return {
        "pmid": article.record_id.plain,
        "title": clean.title(article),
        "text": follow_up.text,
        "url": links.page(article.record_id),
    }


def _iso(moment: date) -> str:
    return moment.isoformat()
