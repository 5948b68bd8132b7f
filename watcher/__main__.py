"""`python -m watcher` and the console script."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

LOOK_AFTER = 50_000
"""So many new objects later Python looks for cycles; code that loads makes hundreds of thousands and no cycle that goes away, and with the
usual 700 a sixth of each start is spent on looking (docs/decisions/0060)."""


def main() -> None:
    """Run the command line. A service that is told to stop while it still loads ends in order, as it does later."""
    if "serve" in sys.argv[1:]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: os._exit(0))

    gc.set_threshold(LOOK_AFTER)
    if (named := _healthcheck(sys.argv[1:])) is not None:
        _answer(*named)
    from watcher.cli import main as run  # noqa: PLC0415 - loading takes a while, and signals are heard before it

    run()


def _healthcheck(words: list[str]) -> tuple[Path | None] | None:
    """The configuration that `healthcheck` is asked with, and nothing else; None for all that only the command line understands."""
    match words:
        case ["healthcheck"]:
            return (None,)
        case ["--config" | "-c", named, "healthcheck"]:
            return (Path(named),)
    return None


def _answer(config: Path | None) -> None:
    """As the command does. A container asks twice a minute, and loading the command line is most of the work (docs/decisions/0060)."""
    from watcher.setup.healthcheck import look, told  # noqa: PLC0415 - as below
    from watcher.visible import visible  # noqa: PLC0415

    why = look(config)
    sys.stdout.write(f"{visible(told(why))}\n")
    sys.exit(1 if why else 0)


if __name__ == "__main__":
    main()
