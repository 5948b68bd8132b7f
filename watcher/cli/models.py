"""`watcher model …`: the sentence-embedding model of the ranking's dense part."""

from __future__ import annotations

from typing import Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import FAILURES_LISTED, JsonOption, opened, program

group = typer.Typer(no_args_is_help=True, help="Fetch and look at the model of the dense part.")
program.add_typer(group, name="model")


@group.command()
def pull(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is not the pinned one.")] = False,
) -> None:
    """Fetch the model that the configuration names from the hub, with the files that say how it is used.

    Goes on where it was interrupted; a file gets its name only when it is whole and the pinned one.
    """
    with opened(context) as app:
        choice = app.dense_choice
        for file in app.hub.pull(choice.hub_name, choice.wanted, choice.folder, force=force, beside=choice.beside):
            console.say(f"{'fetched' if file.fresh else 'kept   '} {file.path}  {file.size / 1e6:.1f} MB  sha256 {file.sha256}")
        state = app.rankings.dense_state()
    _pins(state.pins)
    console.say(f"next: {state.fix}" if state.why else "ready: scores are computed anew with it, by the next run or digest")


@group.command()
def prepare(context: typer.Context) -> None:
    """Make a model ready that has no vectors of the sample papers yet.

    Asks PubMed for 10,000 records (50 requests) and embeds them once. all-MiniLM-L6-v2 needs none of it.
    """
    from watcher.flows.schedule.manual import prepare_now  # noqa: PLC0415

    with opened(context) as app:
        console.say(f"wrote {prepare_now(app.rankings, app.process_lock.name)}")


@group.command()
def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Tell whether the dense part is in use, or what is missing."""
    from watcher.cli.show import tables  # noqa: PLC0415

    with opened(context) as app:
        state = app.rankings.dense_state()
        kept = app.store.count_embeddings(state.sha256) if state.sha256 else 0
    tables.dense(state, kept, as_json=as_json)
    if state.model and state.why:
        raise typer.Exit(FAILURES_LISTED)


def _pins(missing: dict[str, str | list[str]]) -> None:
    if missing:
        console.say("pin it in the configuration, so that scores cannot change unnoticed:\nranking:")
        for key, value in missing.items():
            console.say(
                f"  {key}: {value}" if isinstance(value, str) else "\n".join([f"  {key}:", *(f"    - {one}" for one in value)])
            )
    if "dense_model" in missing:
        console.say(
            "then `watcher model pull` once more: the model's folder has the commit in its name, and takes these files over"
        )
