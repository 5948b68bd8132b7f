"""What README tells people to type, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path


def container_lines(root: Path) -> str:
    """The block of shell lines that brings the container up."""
    blocks = re.findall(r"(?m)^```sh\n((?:.*\n)*?)```$", (root / "README.md").read_text(encoding="utf-8"))
    (found,) = (block for block in blocks if "docker compose up" in block)
    assert isinstance(found, str)
    return found
