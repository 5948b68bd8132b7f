"""The command line: parse arguments, call one function, print. Exit codes are part of the interface.

    0 done · 1 configuration or input · 2 usage · 3 finished, failures listed · 4 PubMed, the model hub or Zotero unreachable
    5 another process holds the work · 130 interrupted

Commands import what they need when they run, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from typer.main import get_command

from watcher.cli import console
from watcher.cli import models as _models  # noqa: F401 - adds its commands
from watcher.cli import page as _page  # noqa: F401 - adds its command
from watcher.cli import searching as _searching  # noqa: F401 - adds its command
from watcher.cli import starting as _starting  # noqa: F401 - adds its command
from watcher.cli import themes as _themes  # noqa: F401 - adds its command
from watcher.cli import trying as _trying  # noqa: F401 - adds its command
from watcher.cli import zotero as _zotero  # noqa: F401 - adds its commands
from watcher.cli.commands import program

if TYPE_CHECKING:
    from typer._click.core import Command

    from watcher.errors import WatcherError

_FIRST = ("init", "try")
"""What a newcomer needs, and so what help lists first."""

program.registered_commands.sort(key=lambda one: one.name not in _FIRST)


def main() -> None:
    """Run the command line; an expected error becomes its message on standard error and its exit code."""
    try:
        command()(prog_name="watcher", standalone_mode=True)
    except (Exception, KeyboardInterrupt) as error:
        from watcher.errors import WatcherError  # noqa: PLC0415 - help needs no values and no errors of ours

        if isinstance(error, WatcherError):
            console.complain(str(error))
            sys.exit(_code(error))
        sys.excepthook = console.bug  # lets no control character through
        raise


@cache
def command() -> Command:
    """All commands, with their arguments read from their functions: once, also where one process runs many."""
    return get_command(program)


def _code(error: WatcherError) -> int:
    from watcher.errors import Busy, HubUnavailable, PubMedError, QuietHours, ZoteroUnavailable  # noqa: PLC0415 - as above

    if isinstance(error, Busy):
        return 5
    if isinstance(error, PubMedError):
        return 4 if error.may_pass and not isinstance(error, QuietHours) else 3
    return 4 if isinstance(error, HubUnavailable | ZoteroUnavailable) else 1
