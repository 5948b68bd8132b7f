"""`watcher password`: the hash of the page's password."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import typer

from watcher.cli import console
from watcher.cli.commands import WRONG_INPUT, ForceOption, OutOption, program


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
