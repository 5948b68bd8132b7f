"""What kept a request from its answer, in words. The error's own text is not told: it may hold an address with its secret."""

from __future__ import annotations

import socket
import ssl
from typing import TypeVar

import requests

Raised = TypeVar("Raised", bound=BaseException)


def in_words(error: BaseException) -> str:
    """What became of a host that was asked: "could not be reached: connection refused", "did not answer in time"."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "could not be reached: the proxy does not let it through"
    if cause(error, ssl.SSLCertVerificationError) is not None:
        return "could not be reached: its certificate cannot be verified"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "was reached, and its answer broke off"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "sends on and on"
    if isinstance(error, ValueError):  # requests' own are both, for an address that is none
        return "leads to an address that is none"
    if isinstance(error, TimeoutError | requests.exceptions.Timeout):
        return "did not answer in time"
    return _unreached(error)


def _unreached(error: BaseException) -> str:
    if cause(error, socket.gaierror) is not None:
        return "could not be reached: no such host"
    known = cause(error, OSError)
    said = known.strerror if known is not None and not isinstance(known, requests.RequestException) else None
    return f"could not be reached: {said.lower()}" if said else "could not be reached or hung up"


def cause(error: BaseException, kind: type[Raised]) -> Raised | None:
    """The error of that kind that lies deepest under another."""
    found: Raised | None = None
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
