"""Why a request got no answer, in words that hold nothing of the error's own text."""

from __future__ import annotations

import socket
import ssl

import pytest
import requests

from watcher.failing import in_words


def raised(error: Exception, *causes: Exception) -> Exception:
    """The error, as if it had been raised from the others."""
    below: Exception | None = None
    for one in reversed(causes):
        one.__cause__ = below
        below = one
    error.__cause__ = below
    return error


SECRET = "https://host.example/secret"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectionError(SECRET), "could not be reached or hung up"),
        (
            raised(requests.ConnectionError(SECRET), ConnectionRefusedError(111, "Connection refused")),
            "could not be reached: connection refused",
        ),
        (
            raised(requests.ConnectionError(SECRET), socket.gaierror(-2, "Name or service not known")),
            "could not be reached: no such host",
        ),
        (
            raised(requests.exceptions.SSLError(SECRET), ssl.SSLCertVerificationError(1, SECRET)),
            "could not be reached: its certificate cannot be verified",
        ),
        (requests.ReadTimeout(SECRET), "did not answer in time"),
        (requests.exceptions.ProxyError(SECRET), "could not be reached: the proxy does not let it through"),
        (requests.exceptions.ChunkedEncodingError(SECRET), "was reached, and its answer broke off"),
        (requests.exceptions.InvalidSchema(SECRET), "leads to an address that is none"),
        (requests.exceptions.TooManyRedirects(SECRET), "sends on and on"),
        (ValueError(SECRET), "leads to an address that is none"),
    ],
)
def test_an_error_is_told_in_words_without_its_text(error: Exception, words: str) -> None:
    assert in_words(error) == words
