"""Faults that are planted in a server, to be played in the order of planting; each server says which kinds it knows, and what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

TAKES = ("takes-and-hangs-up", "takes-and-hangs")
"""Kinds by which a message is kept although its sender is not told so."""

LONGEST_SILENCE = 120.0
"""Seconds after which a server that stays silent hangs up, whatever the client does."""


@dataclass
class Mishap:
    """One planted fault: it is played `times` times, for `at` (a recipient, a path) or, when that is "", for anybody."""

    kind: str
    times: int
    at: str


@dataclass(frozen=True, slots=True)
class Played:
    """A fault that was played: which, for whom, and when by `time.monotonic`."""

    kind: str
    at: str
    at_monotonic: float = field(default_factory=time.monotonic)


class Mishaps:
    """The faults planted in one server, played in the order of planting, and those that were played. Safe for many threads."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._planted: list[Mishap] = []
        self._lock = threading.Lock()
        self.played: list[Played] = []

    def plant(self, kind: str, times: int, at: str) -> None:
        """Raises ValueError for a kind that does not exist."""
        if kind not in self._kinds:
            raise ValueError(f"no fault of the kind {kind!r}; there are: {', '.join(sorted(self._kinds))}")
        with self._lock:
            self._planted.append(Mishap(kind, times, at))

    def take(self, kinds: tuple[str, ...], at: str = "") -> str | None:
        """The first planted fault among `kinds` that befalls `at`, counted as played; None when all goes well."""
        with self._lock:
            found = next((one for one in self._planted if one.kind in kinds and one.times > 0 and one.at in ("", at)), None)
            if found is None:
                return None
            found.times -= 1
            self.played.append(Played(found.kind, at))
            return found.kind

    def clear(self, kind: str | None = None) -> None:
        """Forget what was planted, or what of one kind was; what was played is kept."""
        with self._lock:
            self._planted = [one for one in self._planted if kind is not None and one.kind != kind]
