"""What passes between a client and the local PubMed: a call, the reply to it, and the line that the log keeps of both."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood: the tool ("esearch"), every parameter with all its values, GET or POST."""

    tool: str
    parameters: dict[str, list[str]]
    method: str = "GET"

    def value(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self.parameters.get(name, [default])[0]

    @property
    def wants_json(self) -> bool:
        """Whether the answer is asked for as JSON."""
        return self.value("retmode").lower() == "json"


class Wire(Enum):
    """How a reply goes over the line; all but WHOLE leave the client with a broken exchange."""

    WHOLE = "all of it"
    SHORT = "Content-Length promises more than comes; the connection is closed"
    CHUNKS_CUT = "chunked, closed before the last chunk"
    RESET = "the connection is reset before a byte is sent"
    HANG = "nothing comes until the client gives up"
    DRIP = "one byte now and then until the client gives up"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    body: bytes
    content_type: str = "text/xml; charset=UTF-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line of the server's log. `fault` names the planted fault that was played, "rate" a refusal by the rate rule."""

    tool: str
    parameters: dict[str, list[str]]
    method: str
    status: int
    fault: str | None = None
    at_monotonic: float = field(default_factory=time.monotonic)

    @property
    def is_polite(self) -> bool:
        """Whether the client said who it is, as NCBI asks of every request: `tool` and `email`."""
        return bool(self.parameters.get("tool") and self.parameters.get("email"))
