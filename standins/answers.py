"""What a stand-in that speaks HTTP can be told to answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says in place of its own answer; with a status of 0 it says nothing and hangs up, after `silence` seconds."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    silence: float = 0.0

    @property
    def breaks_off(self) -> bool:
        """Whether less comes than the headers promise."""
        return int(self.headers.get("Content-Length", 0)) > len(self.body.encode())
