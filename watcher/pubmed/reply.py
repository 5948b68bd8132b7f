"""What one HTTP exchange with PubMed brought back, before anybody has looked at what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole body with its status. `headers` are to be read without regard to case. `by_history`: the request named a WebEnv."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    by_history: bool = False
