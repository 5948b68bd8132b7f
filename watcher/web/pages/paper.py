"""A paper's page: its record with the words that it shares with the seeds, why it stands where it does, what became of it, and a form by
which a reader marks it. The page is the work's: the address of another of its records leads there, with that record chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watcher import clock
from watcher.digest import clean, corrections, links
from watcher.digest.chips import chips
from watcher.digest.wording import long_day, published
from watcher.domain import NO_TITLE, Article, Author, VerdictKind
from watcher.export import FORMATS
from watcher.flows.deliver.personal import kind_said
from watcher.flows.questions.explain import told as explained
from watcher.store import History
from watcher.web.forms import fields, reader_in
from watcher.web.pages.archive import file_of
from watcher.web.pages.marking import BUTTONS, UNDO, UNKNOWN, WORDS, lines, marked
from watcher.web.papers import named_by
from watcher.web.shared import marked as with_marks
from watcher.web.shared import marked_markup
from watcher.web.site import Site, shown, site_of
from watcher.web.telling import digest_at, paper_at

if TYPE_CHECKING:
    from watcher.flows.questions.learnt import Learnt

AUTHORS: Final = 60
AFFILIATIONS: Final = 20
HEADINGS: Final = 80
STEPS: Final = 150
RISEN: Final = 10
LONGEST_TITLE: Final = 1_000
"""A page stays below 100 KB whatever a record holds; files have all of it."""

STYLES: Final = {"ris": "ris", "nbib": "nbib", "bib": "bib", "json": "csl-json"}


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """What is said of a verdict that was just given, or could not be."""

    sentence: str
    lines: tuple[str, ...] = ()
    risen: tuple[tuple[str, str], ...] = ()


async def page(request: Request) -> Response:
    """Show a paper, or take a verdict on it."""
    form = await fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_answer, request, form)


def _answer(request: Request, form: dict[str, str] | None) -> Response:
    site, named = site_of(request), named_by(request.path_params["record"])
    history = site.store.explain(named)
    first = history.work_record_ids[0] if history.work_record_ids else named
    if first != named:
        return RedirectResponse(f"{paper_at(first)}?record={named.plain}", 307 if form is not None else 303)
    chosen = named_by(request.query_params.get("record", str(named.plain)))
    if chosen != named:
        history = site.store.explain(chosen) if chosen in history.work_record_ids else history
    if history.article is None and not history.title and not history.hits:
        told = "No watch has ever matched it, so nothing is stored of it. `watcher check --online` shows what the queries find."
        return shown(request, "told.html", status=404, title=f"{named.label} is not known here", told=told)
    return _shown(request, site, history, None) if form is None else _taken(request, site, history, form)


# --- the verdict -----------------------------------------------------------------------------------------------------------------


def _taken(request: Request, site: Site, history: History, form: dict[str, str]) -> Response:
    reader, word = reader_in(form), form.get("kind", "")
    kind = kind_said(word)
    if kind is None and word != UNDO:
        raise HTTPException(400, "That is no verdict")
    if not reader:
        return _shown(
            request, site, history, VerdictTold("Nothing was changed: please say who you are, the ranking weighs readers' words.")
        )
    _, learnt = marked(site, history.record_id, kind, _watches(site, history), reader=reader, via="page")
    response = _shown(request, site, site.store.explain(history.record_id), _told(kind, reader, learnt), reader)
    site.cookies(request).remember(response, reader)
    return response


def _told(kind: VerdictKind | None, reader: str, learnt: tuple[Learnt, ...] | None) -> VerdictTold:
    said = f"Marked as {WORDS[kind]} by {reader}." if kind else f"{reader}'s word was taken back."
    risen = [(clean.title(one), paper_at(one.record_id)) for each in learnt or () for one in each.risen]
    moved = (UNKNOWN,) if learnt is None else tuple(line for one in learnt for line in lines(one))
    return VerdictTold(said, moved or ("The ranking learns nothing new from it.",), tuple(risen[:RISEN]))


def _watches(site: Site, history: History) -> tuple[str, ...]:
    """The watches that found it and that the configuration has: those learn from a verdict."""
    return tuple(dict.fromkeys(hit.watch for hit in history.hits if hit.watch in site.app.watches))


# --- the page --------------------------------------------------------------------------------------------------------------------


def _shown(request: Request, site: Site, history: History, told: VerdictTold | None, reader: str = "") -> Response:
    now, reader = clock.now(), reader or site.cookies(request).reader(request)
    calendar = site.app.calendar()
    explanation = explained(history, now, lambda name: calendar.next_digest_of(name, now))
    scores = [one for one in history.scores if one.current]
    terms = list(dict.fromkeys(term.text for one in scores for term in one.scored.reasons.terms))
    article = history.article
    return shown(
        request,
        "paper.html",
        history=history,
        article=article,
        title=marked_markup(clean.title_markup(article, LONGEST_TITLE), terms)
        if article
        else clean.plain(history.title) or NO_TITLE,
        plain_title=clean.clip(clean.title(article) if article else clean.plain(history.title) or NO_TITLE, 120),
        abstract=_abstract(article, terms) if article else (),
        record=_record(article) if article else (),
        chips=chips(article) if article else (),
        links=_links(site, history),
        files=[(style, f"{paper_at(history.record_id)}.{style}") for style in STYLES] if article else (),
        corrections=[(corrections.line(one.correction), one.ended_at) for one in history.corrections],
        scores=[(one, site.app.watches.get(one.watch)) for one in scores],
        versions=_versions(site, history),
        sent=_sent(site, history),
        explanation=explanation,
        steps=explanation.steps[-STEPS:],
        verdicts=[one for one in history.verdicts if one.undone_at is None],
        words=WORDS,
        buttons=[(kind.value, BUTTONS[kind]) for kind in VerdictKind] if _watches(site, history) else (),
        reader=reader,
        said=next((WORDS[one.kind] for one in history.verdicts if one.undone_at is None and one.reader == reader), ""),
        told=told,
        back=f"{paper_at(history.work_record_ids[0] if history.work_record_ids else history.record_id)}?record={history.record_id.plain}",
    )


def _abstract(article: Article, terms: Iterable[str]) -> list[tuple[str, object]]:
    """The sections of the abstract, each with its label, the shared words marked."""
    sections = [(clean.plain(one.label), one.text) for one in article.sections if one.text] or [("", article.abstract)]
    return [
        (label.capitalize() if label.isupper() else label, with_marks(clean.plain(text), terms)) for label, text in sections if text
    ]


def _record(article: Article) -> list[tuple[str, str]]:
    """What the record says besides, each part in words."""
    journal, dates = article.journal, {"Published": article.published, "Online": article.electronic}
    issue = ", ".join(filter(None, (article.volume and f"volume {article.volume}", article.issue and f"issue {article.issue}")))
    told = [
        ("Authors", _people(article.authors, complete=article.authors_complete)),
        ("Editors", _people(article.editors, complete=True)),
        ("Affiliations", _first(dict.fromkeys(one for who in article.authors for one in who.affiliations), AFFILIATIONS, "; ")),
        ("Book" if article.is_book else "Journal", journal.title or journal.abbreviation),
        ("Where", ", ".join(filter(None, (issue, article.pages and f"pages {article.pages}")))),
        *((name, published(when)) for name, when in dates.items()),
        *((name, long_day(day)) for name, day in _days(article) if day),
        ("Types", ", ".join(article.publication_types)),
        ("MeSH headings", _first([one.name + ("*" if one.is_major else "") for one in article.headings], HEADINGS, "; ")),
        ("Substances", _first(article.substances, HEADINGS, "; ")),
        ("Keywords", _first(article.keywords, HEADINGS, "; ")),
        ("Languages", ", ".join(article.languages)),
        ("PMID", str(article.pmid or "")),
        ("PMCID", article.pmcid or ""),
        ("DOI", article.doi or ""),
        ("Status", article.status),
    ]
    return [(name, clean.clip(clean.plain(text), 6_000)) for name, text in told if text.strip()]


def _days(article: Article) -> Iterable[tuple[str, date | None]]:
    return (("In PubMed since", article.edat or article.crdt), ("Indexed", article.mhda), ("Revised", article.lr))


def _people(authors: Iterable[Author], *, complete: bool) -> str:
    named = [one.display for one in authors if one.display]
    return _first(named, AUTHORS, ", ") + ("" if complete else ", et al.")


def _first(names: Iterable[str], most: int, between: str) -> str:
    known = [clean.clip(clean.plain(one), 300) for one in names]
    more = f"{between}and {len(known) - most:,} more" if len(known) > most else ""
    return between.join(known[:most]) + more


def _links(site: Site, history: History) -> list[tuple[str, str]]:
    article = history.article
    found = [("PubMed", links.page(history.record_id))]
    if article is None:
        return found
    templates = dict.fromkeys(one.full_text_url for one in site.app.lists.values())
    library = next(filter(None, (links.library(article, one) for one in templates)), None)
    known = (("DOI", links.doi(article)), ("Free full text", links.free_full_text(article)), ("Library", library))
    return found + [(name, url) for name, url in known if url]


def _sent(site: Site, history: History) -> list[tuple[str, str, datetime]]:
    """The digests that presented the work or told of it: of which list, where they stand, and when they were made."""
    had = [(one.list_name, one.period, one.composed_at) for one in history.presented]
    had += [(one.list_name, one.period, one.composed_at) for one in history.follow_ups]
    titles = {name: one.title for name, one in site.app.lists.items()}
    return [(titles.get(name, name), digest_at(name, period), composed_at) for name, period, composed_at in had]


def _versions(site: Site, history: History) -> list[tuple[str, str, bool]]:
    """The records of the work: the address of each, what it is, and whether it is the one that is shown."""
    if len(history.work_record_ids) < 2:
        return []
    stored, first = site.store.articles(history.work_record_ids), history.work_record_ids[0]
    return [
        (f"{paper_at(first)}?record={one.plain}", f"{one.label}: {_version(stored.get(one))}", one == history.record_id)
        for one in history.work_record_ids
    ]


def _version(article: Article | None) -> str:
    if article is None:
        return "its text is not stored"
    kind = "preprint" if article.is_preprint else "article"
    told = (kind, clean.clip(clean.plain(article.journal.display), 80), published(article.published))
    return ", ".join(filter(None, told))


def file(request: Request) -> Response:
    """The record for a reference manager."""
    site, record_id, style = site_of(request), named_by(request.path_params["record"]), request.path_params["style"]
    if style not in STYLES:
        raise HTTPException(404, f"There is no format {style[:20]!r}: there are {', '.join(STYLES)}")
    article = site.store.articles([record_id]).get(record_id)
    if article is None:
        raise HTTPException(404, "The text of this paper is not stored")
    return file_of(FORMATS[STYLES[style]]([article]), STYLES[style], f"{record_id.source}-{record_id.id}")


ROUTES = [Route("/papers/{record}.{style}", file), Route("/papers/{record}", page, methods=["GET", "POST"])]
