"""`watcher zotero …`: the lab's library in Zotero."""

from __future__ import annotations

from typing import Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import FAILURES_LISTED, UNREACHABLE, JsonOption, opened, program

group = typer.Typer(no_args_is_help=True, help="Look at what is read from Zotero and written into it.")
program.add_typer(group, name="zotero")


@group.command()
def accept(
    context: typer.Context, watch: Annotated[str, typer.Argument(help="The watch whose seeds follow the collection.")]
) -> None:
    """Take a collection as it is, although it holds fewer than half of its papers.

    The next run looks at it again, and its papers are the seeds then.
    """
    from watcher.errors import Problem, UnknownNameError  # noqa: PLC0415

    with opened(context) as app:
        taken = [source for source in app.watch(watch).seeds_from if app.store.zotero.accept(source)]
    if not taken:
        raise UnknownNameError(
            Problem(f"no collection of watch {watch} waits to be accepted", "`watcher status` tells of those that do")
        )
    for source in taken:
        console.say(f"{source.path}: the next run takes what it holds then")


@group.command()
def push(context: typer.Context) -> None:
    """Push what is owed into Zotero now.

    Also what waits for a later try, and what is parked.
    """
    from watcher import clock  # noqa: PLC0415
    from watcher.errors import Problem, UnknownNameError  # noqa: PLC0415

    now = clock.now()
    with opened(context) as app:
        app.at_work(now)
        pusher = app.pusher()
        if pusher is None:
            raise UnknownNameError(Problem("nothing is pushed: the configuration has no zotero.push", "docs/zotero.md says how"))
        pushed = pusher.push(now, everything=True)
    console.say(f"pushed into Zotero: {pushed.told}")
    if pushed.failed:
        raise typer.Exit(FAILURES_LISTED)


@group.command()
def check(context: typer.Context, as_json: JsonOption = False) -> None:
    """Ask Zotero what the key may do in each library and collection.

    Nothing is written there.
    """
    from watcher.flows.questions.zotero import check as asked  # noqa: PLC0415
    from watcher.flows.questions.zotero import document  # noqa: PLC0415

    with opened(context) as app:
        found = asked(app.zotero, app.zotero_uses, has_key=app.has_zotero_key)
    if as_json:
        console.document(document(found))
    else:
        for one in found:
            console.line(f"{'NOT GOOD' if one.failed else 'ok'}  {one.about}: {one.told}")
    failed = [one for one in found if one.failed]
    if failed:
        raise typer.Exit(UNREACHABLE if all(one.unreachable for one in failed) else FAILURES_LISTED)
