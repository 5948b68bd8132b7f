"""What became of each seed, kept in a file as soon as it is known, so that a batch goes on where an earlier one ended.

One JSON object a line: seed, options and the hash of the code that it was lived with, and the outcome. A seed is taken over only when
all three are the same. A line that a kill has cut is passed over: at most the years under way are lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_ADDING = threading.Lock()

ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What became of one seed. `code`: the hash of what it was lived with; "" when the simulation itself broke off."""

    seed: int
    weeks: int
    wrong: list[str] = field(default_factory=list)
    played: dict[str, int] = field(default_factory=dict)
    messages: int = 0
    repeated: int = 0
    papers: int = 0
    losses: int = 0
    duplicates: int = 0
    told: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    code: str = ""


@dataclass(frozen=True)
class Kept:
    """The file of outcomes. `options` are those of this batch."""

    path: Path
    options: Mapping[str, Any]

    def keep(self, outcome: Outcome) -> Outcome:
        """Add one outcome, and give it back; it is on the disk then. What broke off is not kept: it is lived again."""
        if outcome.code:
            with _ADDING:
                self._add(outcome)
        return outcome

    def _add(self, outcome: Outcome) -> None:
        line = json.dumps({"seed": outcome.seed, "options": self.options, "code": outcome.code, "outcome": asdict(outcome)})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            before = b"\n" if self._is_cut() else b""
            file.write(before + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def taken_over(self, seeds: Iterable[int], code: str) -> tuple[Outcome, ...]:
        """The outcomes of these seeds that were lived with the same options and code; of a seed that was lived again the last."""
        found = {outcome.seed: outcome for outcome in self._like_this(code)}
        return tuple(found[seed] for seed in seeds if seed in found)

    def _like_this(self, code: str) -> Iterator[Outcome]:
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found = json.loads(line)
                if found["options"] == self.options and found["code"] == code:
                    yield Outcome(**found["outcome"])
            except (ValueError, KeyError, TypeError):
                continue

    def _is_cut(self) -> bool:
        text = self.path.read_bytes()
        return bool(text) and not text.endswith(b"\n")


@cache
def code_hash() -> str:
    """Stands for all that a life depends on besides its seed and options: the service, the simulation, the pinned libraries."""
    digest = hashlib.sha256()
    for path in sorted(_that_matter()):
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _that_matter() -> Iterator[Path]:
    for folder in (ROOT / "watcher", ROOT / "standins", ROOT / "tests" / "simulation"):
        files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        yield from (path for path in files if not path.name.startswith("test_"))
    yield from (ROOT / "tests" / "support" / "postgres_server.py", ROOT / "requirements.lock")
