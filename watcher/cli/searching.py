"""`watcher search`: everything stored, by words and filters."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import (
    STANDARD_OUTPUT,
    ExportFormat,
    ForceOption,
    JsonOption,
    OutOption,
    _day,
    _format_of,
    _writer,
    opened,
    program,
)

if TYPE_CHECKING:
    from watcher.app import App
    from watcher.flows.questions.search import Search

MOST_SHOWN = 200


class Sort(StrEnum):
    """In which order papers are printed; `watcher.store.SearchOrder` has the same."""

    NEWEST = "newest"
    SCORE = "score"
    RELEVANCE = "relevance"


class Verdicts(StrEnum):
    """Which verdicts are looked for; `watcher.store.VerdictFilter` has the same."""

    RELEVANT = "relevant"
    NOT = "not"
    LATER = "later"
    ANY = "any"
    NONE = "none"


_Names = list[str] | None
_WordsArgument = Annotated[_Names, typer.Argument(metavar="[WORDS]...", help='Words, "phrases", OR, -without, begin*, title:word.')]
_SinceOption = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only records created on this day or later.")
]
_UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Only records created on this day or before.")
]


@program.command()
def search(
    context: typer.Context,
    words: _WordsArgument = None,
    watch: Annotated[_Names, typer.Option("--watch", help="Only papers that this watch has seen; may be repeated.")] = None,
    since: _SinceOption = None,
    until: _UntilOption = None,
    kind: Annotated[_Names, typer.Option("--type", help="Only this publication type; may be repeated.")] = None,
    chip: Annotated[_Names, typer.Option("--chip", help="Only papers with this chip; may be repeated.")] = None,
    journal: Annotated[_Names, typer.Option("--journal", help="Only this journal, by either name; may be repeated.")] = None,
    verdict: Annotated[Verdicts | None, typer.Option("--verdict", help="Only papers with this verdict.")] = None,
    min_score: Annotated[float | None, typer.Option("--min-score", min=0, max=100, help="Only papers that score so much.")] = None,
    sort: Annotated[
        Sort, typer.Option("--sort", help="By day, by score, or by how many of the words stand in the title.")
    ] = Sort.NEWEST,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_SHOWN, help="How many papers are printed at most.")] = 25,
    after: Annotated[str, typer.Option("--after", metavar="PLACE", help="The next page, as the last one named it.")] = "",
    counts: Annotated[
        bool, typer.Option("--counts", help="Also count the papers by watch, journal, type, chip and verdict.")
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Answer from what is indexed already.")] = False,
    as_json: JsonOption = False,
    style: Annotated[
        ExportFormat | None, typer.Option("--export", help="Write all papers found; left out, by the ending of --out.")
    ] = None,
    out: OutOption = None,
    force: ForceOption = False,
) -> None:
    """Search everything stored, by words and filters.

    Papers that are not indexed yet are indexed first.
    """
    from watcher.flows.questions.search import Search, fill  # noqa: PLC0415
    from watcher.store import SearchOrder, VerdictFilter  # noqa: PLC0415

    if as_json and (style is not None or out is not None):
        raise typer.BadParameter("give --json or --export, not both")
    asked = Search(
        words=" ".join(words or ()),
        watches=tuple(watch or ()),
        since=_day(since),
        until=_day(until),
        types=tuple(kind or ()),
        chips=tuple(chip or ()),
        journals=tuple(journal or ()),
        verdict=VerdictFilter(verdict.value) if verdict else None,
        min_score=min_score,
        sort=SearchOrder(sort.value),
        limit=limit,
        after=after,
    )
    with opened(context) as app:
        if not no_wait:
            fill(app.store, say=app.say)
        if style is not None or out is not None:
            _export(app, asked, style, out, force=force)
        else:
            _print(app, asked, counts=counts, as_json=as_json)


def _print(app: App, asked: Search, *, counts: bool, as_json: bool) -> None:
    """A page of the search on the terminal."""
    from watcher.cli.show.found import found  # noqa: PLC0415
    from watcher.flows.questions.search import search as searched  # noqa: PLC0415

    found(searched(app.store, asked, counts=counts), as_json=as_json)


def _export(app: App, asked: Search, style: ExportFormat | None, out: Path | None, *, force: bool) -> None:
    """All papers of the search into a file, or to standard output."""
    from watcher.export import FORMATS  # noqa: PLC0415
    from watcher.flows.questions.search import selection  # noqa: PLC0415

    writer = _writer(app, out, force=force)
    articles, left_out = selection(app.store, asked)
    if left_out:
        console.complain(f"papers left out, whose texts are not stored any more, or are damaged: {left_out:,}")
    writer(FORMATS[(style or _format_of(out)).value](articles))
    if out is not None and str(out) not in STANDARD_OUTPUT:
        console.say(f"{len(articles)} papers written to {out}")
