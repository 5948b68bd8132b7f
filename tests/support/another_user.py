"""Reading as the service does: as a user whose files these are not. Root may read everything, so a test as root becomes another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVICE = 10001
"""The number of the image's user."""


@contextmanager
def the_service() -> Iterator[None]:
    """As a user of its own when we are root; all that is needed has to be imported before."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(SERVICE)
    os.seteuid(SERVICE)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that other users can reach; pytest's own are for one user."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)
