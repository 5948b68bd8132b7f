"""Entries of feeds, worded from what a digest presents and tells, from what a run finds, and from what became of papers. Pure.

An entry stands alone: its reason names no other paper of the digest, and it has its conclusion wherever the paper stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup

from watcher.digest import clean, links, templates, view
from watcher.digest.chips import chips
from watcher.digest.corrections import line, name
from watcher.digest.scripts import scripted
from watcher.digest.wording import long_day
from watcher.domain import (
    FEED_ENTRIES,
    Article,
    Corrected,
    Correction,
    Digest,
    DigestList,
    EntryKind,
    FeedEntry,
    FollowUp,
    Item,
    Period,
    Reasons,
    Scored,
    Section,
    Watch,
    corrections_of,
    paper_key,
)

_SUMMARY = 300
_LINE = 600
_HIGHLIGHT = "Highly relevant"


@dataclass(frozen=True, slots=True)
class Match:
    """A paper at the threshold of a watch, as a run found it. `is_neighbour`: no query matched it, PubMed lists it as similar to a seed."""

    article: Article
    scored: Scored
    is_neighbour: bool = False


def of_digest(digest: Digest) -> tuple[FeedEntry, ...]:
    """What a digest tells, in its order: what became of earlier papers, then its papers, then later records of earlier ones. Of papers no more
    than a feed has."""
    papers = (_paper(digest, item) for item in digest.presented[:FEED_ENTRIES])
    return (*of_corrected(digest.corrected), *papers, *(_later(digest, told) for told in digest.follow_ups))


def of_run(watch: Watch, found: Sequence[Match], at: datetime) -> tuple[FeedEntry, ...]:
    """The papers that a run found for a watch, in the order in which they are given."""
    alone = DigestList(watch.name, watch.title, (watch.name,), (), "", "UTC")
    frame = Digest(alone, Period("", at, at.date(), at.date()), at, {watch.name: watch.title})
    return tuple(_paper(frame, _item(watch, one)) for one in found)


def of_corrected(papers: Iterable[Corrected]) -> tuple[FeedEntry, ...]:
    """An entry for each event that became known of papers which a feed had, in their order."""
    return tuple(_correction(paper, one) for paper in papers for one in paper.corrections)


def _item(watch: Watch, match: Match) -> Item:
    return Item(
        article=match.article,
        work_id=0,
        watches=(watch.name,),
        score=match.scored.value,
        reasons=match.scored.reasons,
        section=Section.WATCH,
        chips=chips(match.article),
        corrections=corrections_of(match.article),
        is_neighbour=match.is_neighbour,
    )


def _paper(digest: Digest, item: Item) -> FeedEntry:
    card, article = view.alone(digest, item), item.article
    return FeedEntry(
        key=paper_key(article.record_id),
        kind=EntryKind.PAPER,
        record_id=article.record_id,
        title=_title(article),
        url=card.url,
        authors=card.byline,
        summary=clean.clip(card.conclusion or f"Why: {card.why}", _SUMMARY),
        html=_html("paper", card=card, title=_marked(card.title_html)),
        tags=((_HIGHLIGHT,) if card.highlight else ()) + card.chips,
    )


def _later(digest: Digest, told: FollowUp) -> FeedEntry:
    item = Item(told.article, told.work_id, tuple(digest.watch_titles)[:1], 0.0, Reasons(), Section.WATCH)
    paper, text = _paper(digest, item), clean.clip(clean.plain(told.text), 160)
    shown = f"{text[:1].upper()}{text[1:]}"
    return replace(
        paper,
        key=f"{EntryKind.LATER} {told.article.record_id}",
        kind=EntryKind.LATER,
        title=f"{shown}: {paper.title}",
        summary=f"{shown}. You had it as a preprint.",
        html=_html("later", card=view.alone(digest, item), text=shown),
        tags=("Now published",),
    )


def _correction(paper: Corrected, one: Correction) -> FeedEntry:
    known, record_id = paper.article, paper.record_id
    title = _title(known) if known else clean.clip(clean.plain(paper.title), view.TITLE_SHOWN) or record_id.label
    called = clean.clip(clean.plain(name(one.kind, one.label)), 80)
    had = f"You had this paper on {long_day(paper.had_at.date())}."
    told = clean.clip(links.addressed(clean.plain(line(one))), _LINE)
    return FeedEntry(
        key=f"{EntryKind.CORRECTION} {one.record_id} {one.kind} {one.notice}".strip(),
        kind=EntryKind.CORRECTION,
        record_id=record_id,
        title=f"{called}: {title}",
        url=links.page(record_id),
        authors=view.byline_of(known) if known else "",
        summary=f"{told} {had}",
        html=_html("corrected", name=called, line=told, had=had, links=_where(paper, one), title=_shown(known) or title),
        tags=(called,),
        correction=one.id or None,
    )


def _where(paper: Corrected, one: Correction) -> Iterator[view.Link]:
    """The paper, and the notice or the other record."""
    yield view.Link("PubMed", links.page(paper.record_id))
    if one.notice_record_id:
        yield view.Link(one.notice_record_id.label, links.page(one.notice_record_id))
    elif one.notice_doi and (address := links.doi_page(one.notice_doi)):
        yield view.Link("Notice", address)


def _title(article: Article) -> str:
    """The title as text, with the scripts that Unicode has."""
    text = clean.plain(scripted(clean.title_markup(article, view.TITLE_SHOWN)))
    return text or clean.clip(clean.title(article), view.TITLE_SHOWN)


def _shown(article: Article | None) -> Markup | None:
    return clean.title_markup(article, view.TITLE_SHOWN) if article else None


def _marked(title: Markup) -> Markup | None:
    """A title that has markup, which the entry's own title cannot have."""
    return title if "<" in title else None


def _html(kind: str, **told: object) -> str:
    module = templates.html().get_template("entry.html.j2").module
    return str(getattr(module, kind)(**told)).strip()
