"""`python -m watcher` and the console script."""

from __future__ import annotations

import gc
import os
import signal
import sys

LOOK_AFTER = 50_000
"""So many new objects later Python looks for cycles; code that loads makes hundreds of thousands and no cycle that goes away, and with the
usual 700 a sixth of each start is spent on looking (docs/decisions/0060)."""


def main() -> None:
    """Run the command line. A service that is told to stop while it still loads ends in order, as it does later."""
    if "serve" in sys.argv[1:]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: os._exit(0))

    gc.set_threshold(LOOK_AFTER)
    from watcher.cli import main as run  # noqa: PLC0415 - loading takes a while, and signals are heard before it

    run()


if __name__ == "__main__":
    main()
