"""`watcher try`: the first digest to look at, before anything is sent."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import INTERRUPTED, Common, _exit_for_runs, _now, program

if TYPE_CHECKING:
    from watcher.app import App
    from watcher.config import Settings
    from watcher.domain import DigestList

FOLDER = "preview"
"""Where previews go, beside config/."""

LONGEST_LOOK = 3_650
"""Days."""


@program.command("try")
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
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.export import to_ris  # noqa: PLC0415
    from watcher.flows.questions.preview import to_the_point, write_pages  # noqa: PLC0415
    from watcher.flows.questions.preview import trial as tried  # noqa: PLC0415
    from watcher.setup.guarded import off_limits  # noqa: PLC0415
    from watcher.setup.loading import load_settings  # noqa: PLC0415

    now = _now()
    settings = load_settings(context.obj.config, with_seeds=True)
    with _apart(context.obj, settings) as app:
        lists = [app.digest_list(name)] if name else _all_lists(app)
        app.at_work(now)
        found = tried(app.ticker(), lists, app.source, now=now, days=days)
        warnings = to_the_point(app.warnings(_now(), found.runs))
    folder, guarded = settings.home / FOLDER, off_limits(settings)
    pages = [write_pages(folder, preview.digest, now, guarded, to_ris) for preview in found.previews]
    tables.trial(found, pages)
    tables.warnings(warnings)
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
        with console.progress(quiet=options.quiet) as say, trial(settings, say=say) as app:
            yield app
    except KeyboardInterrupt:
        console.complain("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None


def _all_lists(app: App) -> list[DigestList]:
    from watcher.errors import ConfigurationError, Problem  # noqa: PLC0415

    if not app.lists:
        fix = "describe one under lists:, with the watches that it gathers; docs/configuration.md shows how"
        raise ConfigurationError(Problem("there is no list, so there is no digest to look at", fix, app.settings.place(("lists",))))
    return list(app.lists.values())


def _open(pages: Sequence[Path]) -> None:
    """Shows the pages where a person sits before a screen: a browser that was started elsewhere would hang, or show nothing to anybody."""
    if sys.stdout.isatty() and _has_screen():
        import webbrowser  # noqa: PLC0415 - only to show something

        for page in pages:
            webbrowser.open(page.resolve().as_uri())


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
