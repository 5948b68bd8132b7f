"""What a search found, printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from watcher.cli.console import complain, document, line
from watcher.cli.show.words import count

if TYPE_CHECKING:
    from watcher.flows.questions.search import ResultPaper, Results
    from watcher.store import Snippet

_COUNTED = ("watches", "journals", "types", "chips", "verdicts")


def found(results: Results, *, as_json: bool) -> None:
    """The papers of a page, how many there are in all, and what is to be said of how they were found."""
    if as_json:
        document(_document(results))
        return
    for note in results.notes:
        complain(f"note: {note}")
    for hit in results.papers:
        line(_paper(hit))
    for kind in _COUNTED if results.counts else ():
        told = ", ".join(f"{name} {number:,}" for name, number in getattr(results.counts, kind))
        if told:
            line(f"{kind}: {told}")
    line(_summary(results))


def _summary(results: Results) -> str:
    told = f"{count(results.total, 'paper')}" + (f" for {results.understood}" if results.understood else "")
    if results.next is None:
        return told
    return f"{told}; {len(results.papers)} printed, the next by --after {results.next.after}"


def _paper(hit: ResultPaper) -> str:
    paper = hit.paper
    scores = [f"{watch} {value:.0f}" for watch, value in paper.scores.items()]
    unscored = [name for name in paper.watches if name not in paper.scores]
    verdicts = [f"{one.kind.value} ({one.reader}, {one.watch})" for one in paper.verdicts]
    head = "  ".join(
        filter(None, (paper.record_id.label, str(paper.day or ""), ", ".join([*scores, *unscored]), ", ".join(verdicts)))
    )
    below = " · ".join(filter(None, (hit.journal, ", ".join(hit.chips))))
    shown = _cut(hit.snippet) if hit.snippet else "(its text is not stored any more)" if paper.article is None else ""
    return "\n".join(
        f"{indent}{text}" for indent, text in (("", head), ("    ", paper.title), ("    ", below), ("    ", shown)) if text
    )


def _cut(snippet: Snippet) -> str:
    return f"{'… ' if snippet.is_cut_before else ''}{snippet.text}{' …' if snippet.is_cut_behind else ''}"


def _document(results: Results) -> Mapping[str, Any]:
    return {
        "query": results.search.words,
        "understood": results.understood,
        "address": urlencode(results.search.to_params()),
        "total": results.total,
        "notes": list(results.notes),
        "papers": [dict(_paper_document(hit)) for hit in results.papers],
        "counts": {kind: dict(getattr(results.counts, kind)) for kind in _COUNTED} if results.counts else None,
        "next": results.next.after if results.next else None,
    }


def _paper_document(hit: ResultPaper) -> Iterator[tuple[str, Any]]:
    paper, article = hit.paper, hit.paper.article
    yield "pmid", paper.record_id.plain
    yield "records", [one.plain for one in paper.record_ids]
    yield "work", paper.work_id
    yield "title", paper.title
    yield "title_marks", [list(mark) for mark in hit.title_marks]
    yield "journal", hit.journal
    yield "day", paper.day
    yield "doi", article.doi if article else None
    yield "types", list(article.publication_types) if article else []
    yield "chips", list(hit.chips)
    yield "watches", list(paper.watches)
    yield "scores", dict(paper.scores)
    yield (
        "verdicts",
        [{"watch": one.watch, "reader": one.reader, "kind": one.kind.value, "at": one.made_at} for one in paper.verdicts],
    )
    yield "snippet", asdict(hit.snippet) if hit.snippet else None
    yield "has_text", article is not None
