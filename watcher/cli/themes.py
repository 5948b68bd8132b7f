"""`watcher themes`: what a watch's seeds speak of, and the file that a lab can edit."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import _now, opened, program


@program.command()
def themes(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="WATCH", help="The watch whose themes are told.")],
    weeks: Annotated[int, typer.Option("--weeks", help="Count the stored papers of so many weeks.", min=1)] = 4,
    write: Annotated[bool, typer.Option("--write", help="Write what the seeds give to config/themes/WATCH.yaml, to edit.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --write: replace a file that is there.")] = False,
) -> None:
    """Show the themes that lists can group a watch's papers by."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.compose.themes import counts  # noqa: PLC0415

    with opened(context, with_seeds=True) as app:
        watch = app.watch(name)
        if write:
            file, count = app.themes.write(watch, force=force)
            console.say(f"wrote {file}: {count} themes; name them as your lab would")
            return
        facets = app.themes.facets(watch)
        papers = app.store.export(list_name=None, watch=name, since=(_now() - timedelta(weeks=weeks)).date())
        got = counts(facets, papers)
    console.say(f"watch {name}: {len(facets.themes)} themes, {facets.origin}; papers of the last {weeks} weeks: {len(papers)}")
    tables.themes(facets.themes, got)
