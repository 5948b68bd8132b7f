"""`python -m watcher` and the console script."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the command line. A service that is told to stop while it still loads ends in order, as it does later."""
    if "serve" in sys.argv[1:]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: os._exit(0))

    from watcher.cli import main as run  # noqa: PLC0415 - loading takes a while, and signals are heard before it

    run()


if __name__ == "__main__":
    main()
