"""Why a host was not reached, in words that name it."""

from __future__ import annotations

import socket
import ssl
from typing import TypeVar

import requests

from watcher.errors import DeliveryError

Raised = TypeVar("Raised", bound=BaseException)


def unreached(who: str, host: str, error: OSError) -> DeliveryError:
    """The failure behind an error of the connection. All may pass but a certificate that cannot be verified.

    Args:
        who: whom the message was for, such as "Slack".
        host: the host that was asked; it is named.
        error: what was raised; its own text is not told, since it may hold the address with its secret.
    """
    named = who if who == host else f"{who} ({host})"
    certificate = _cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return DeliveryError(
            f"the certificate of {host} cannot be verified: {certificate.verify_message}",
            permanent=True,
            fix="use the name that the certificate carries, or make the institute's CA known by REQUESTS_CA_BUNDLE",
        )
    return DeliveryError(f"{named} {_what(error)}", permanent=False)


def _what(error: OSError) -> str:
    if isinstance(error, requests.exceptions.ProxyError):
        return "could not be reached: the proxy does not let it through"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "was reached, and its answer broke off"
    if isinstance(error, TimeoutError | requests.exceptions.Timeout):
        return "did not answer in time"
    if _cause(error, socket.gaierror) is not None:
        return "could not be reached: no such host"
    known = _cause(error, OSError)
    said = known.strerror if known is not None and not isinstance(known, requests.RequestException) else None
    return f"could not be reached: {said.lower()}" if said else "could not be reached or hung up"


def _cause(error: BaseException, kind: type[Raised]) -> Raised | None:
    """The error of that kind that lies deepest under another."""
    found: Raised | None = None
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
