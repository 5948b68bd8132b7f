"""`watcher password`: the hash of the page's password. `watcher forget-reader`: erases one who used it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli import console
from watcher.cli.commands import WRONG_INPUT, ForceOption, OutOption, opened, program


@program.command()
def password(out: OutOption = None, force: ForceOption = False) -> None:
    """Ask for the page's password and give its hash.

    The password itself is kept nowhere. Without a terminal it is read from standard input.
    """
    from watcher.web.password import SHORTEST, hashed  # noqa: PLC0415

    said = _said()
    if len(said) < SHORTEST:
        console.complain(f"the page's password needs {SHORTEST} characters or more: everybody who can reach the page may try some")
        raise typer.Exit(WRONG_INPUT)
    if out is None:
        console.say(hashed(said))
        return
    _write(out, hashed(said), force=force)
    console.say(f"wrote {out}; name it in the configuration as web.password_hash_file")


def _said() -> str:
    """A password from the terminal, twice, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("The page's password: ")
    if getpass.getpass("Once more: ") != first:
        console.complain("these are two different passwords: nothing was written")
        raise typer.Exit(WRONG_INPUT)
    return first


def _write(out: Path, hash_: str, *, force: bool) -> None:
    from watcher.writing import accepted, told, whole  # noqa: PLC0415

    with told(out), whole(accepted(out, force=force), force=force, private=True) as part:
        part.write_text(f"{hash_}\n")


@program.command("forget-reader")
def forget_reader(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name or address of a reader.")],
) -> None:
    """Erase a reader from what is stored.

    Verdicts stay, by nobody's name; notes go. Backups are left as they are.
    """
    from watcher.flows.questions.forgetting import forget_reader as forgotten  # noqa: PLC0415

    with opened(context) as app:
        settings = app.settings
        recipients = [one for channel in app.channels.values() for one in app.notifier.recipients(channel)]
        done = forgotten(
            app.store,
            name,
            document=settings.document_without_secrets(),
            recipients=recipients,
            place=settings.place(("channels",)),
        )
    counts = (
        f"{done.verdicts:,} verdicts, {done.deliveries:,} deliveries, {done.stops:,} stops and {done.texts:,} texts changed, "
        f"{done.notes:,} notes erased"
    )
    console.say(f"{name} is forgotten, {done.stands} stands in its place: {counts}")
    console.say(f"backups in {app.data_folder / 'backups'} and elsewhere still name them: delete those that you may")
