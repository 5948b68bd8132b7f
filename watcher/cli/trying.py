"""`watcher try`: the first digest to look at, before anything is sent."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import INTERRUPTED, Common, _exit_for_runs, _now, app

if TYPE_CHECKING:
    from watcher.app import App
    from watcher.config import Settings
    from watcher.domain import Digest, DigestList

FOLDER = "preview"
"""Where previews go, beside config/."""

LONGEST_LOOK = 3_650
"""Days."""


@app.command("try")
def try_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="LIST", help="Only this list's digest.")] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=LONGEST_LOOK, help="Look back so many days; else until there is enough to see."),
    ] = None,
    is_opened: Annotated[bool, typer.Option("--open/--no-open", help="Show it in a browser, where there is one.")] = True,
) -> None:
    """Look at the first digest now; nothing is sent or recorded.

    Resolves the seeds, searches, ranks, and writes the digest as HTML and text into preview/.
    """
    from watcher.cli import show  # noqa: PLC0415
    from watcher.flows.questions.preview import to_the_point  # noqa: PLC0415
    from watcher.flows.questions.preview import trial as tried  # noqa: PLC0415
    from watcher.setup.loading import load_settings  # noqa: PLC0415

    now = _now()
    settings = load_settings(context.obj.config, with_seeds=True)
    with _apart(context.obj, settings) as one:
        orders = [one.order(name)] if name else _all_lists(one)
        one.at_work(now)
        found = tried(one.ticker(), orders, one.source, now=now, days=days)
        warnings = to_the_point(one.warnings(_now(), found.runs))
    pages = [_written(settings, preview.digest, now) for preview in found.previews]
    show.trial(found, pages)
    show.warnings(warnings)
    if is_opened:
        _open(pages)
    _exit_for_runs(list(found.runs))


@contextmanager
def _apart(options: Common, settings: Settings) -> Iterator[App]:
    """The App of a trial; an interruption leaves nothing behind."""
    from watcher.app import trial  # noqa: PLC0415
    from watcher.logs import set_up  # noqa: PLC0415

    set_up(settings.log.level, settings.log.format)
    try:
        with console.progress(quiet=options.quiet) as say, trial(settings, say=say) as one:
            yield one
    except KeyboardInterrupt:
        console.complain("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None


def _all_lists(one: App) -> list[DigestList]:
    from watcher.errors import ConfigurationError, Problem  # noqa: PLC0415

    if not one.orders:
        fix = "describe one under lists:, with the watches that it gathers; docs/configuration.md shows how"
        raise ConfigurationError(Problem("there is no list, so there is no digest to look at", fix, one.settings.place(("lists",))))
    return list(one.orders.values())


def _written(settings: Settings, digest: Digest, now: datetime) -> Path:
    """Writes a digest as HTML, and as text beside it, under names that nothing has yet; the HTML's."""
    from watcher.app import App  # noqa: PLC0415
    from watcher.digest.render import preview  # noqa: PLC0415
    from watcher.export import to_ris  # noqa: PLC0415
    from watcher.writing import write  # noqa: PLC0415

    guarded = App(settings).guarded
    stem = _free(settings.home / FOLDER, f"{digest.order.name}-{now:%Y-%m-%d-%H%M%S}")
    for ending in ("text", "html"):
        file = stem.with_name(f"{stem.name}.{'txt' if ending == 'text' else ending}")
        write(file, preview(digest, ending, to_ris).encode(), guarded)
    return file


def _free(folder: Path, name: str) -> Path:
    """The name, numbered if something in the folder is called so."""
    names = (name, *(f"{name}-{number}" for number in range(2, 1_000)))
    return next(folder / one for one in names if not os.path.lexists(folder / f"{one}.html"))


def _open(pages: Sequence[Path]) -> None:
    """Shows the pages where a person sits before a screen: a browser that was started elsewhere would hang, or show nothing to anybody."""
    if sys.stdout.isatty() and _has_screen():
        for page in pages:
            webbrowser.open(page.resolve().as_uri())


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
