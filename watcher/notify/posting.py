"""JSON posted to a webhook, within the bounds of a send, and what came back."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from watcher import waits
from watcher.deadline import new_session
from watcher.errors import DeliveryError
from watcher.failing import cause, in_words
from watcher.notify.sending import bounded, late

HTTP_TIMEOUT_SECONDS: Final = (10, 20)

PAGE: Final = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_QUOTED: Final = 200
_SHORTEST: Final = 3
"""A shorter piece of an address tells nothing, and stands in every sentence."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back for one post: the HTTP status, its phrase, the headers, the body. `secrets` are told by nobody, also where the
    body repeats them."""

    status: int
    phrase: str
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The body, without a byte-order mark and the white space around it."""
        return self.body.decode("utf-8-sig", "replace").strip()

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the body holds
        """The value that the body is in JSON; None when it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    @property
    def said(self) -> str:
        """The body in a few printable words: a page's title, or the beginning of the text."""
        if PAGE.match(self.text):
            titled = _TITLE.search(self.text)
            return f"with a web page{f' “{self.without_secrets(unescape(titled[1]))}”' if titled else ''}"
        return self.without_secrets(self.text)

    def without_secrets(self, text: str) -> str:
        """The beginning of a text of the answer, on one line."""
        printable = "".join(one if one.isprintable() else " " for one in text)
        for secret in self.secrets:
            printable = printable.replace(secret, "***")
        return " ".join(printable.split())[:_QUOTED]

    @property
    def may_pass(self) -> bool:
        """Whether another answer may come later, by the status alone."""
        return self.status in (408, 425, 429) or self.status >= 500

    @property
    def retry_after(self) -> float | None:
        """The seconds that the other side asks us to wait (RFC 9110, 10.2.3)."""
        return waits.asked_for(self.headers)


def failed(who: str, answer: HttpAnswer, what: str, fix: str, *, permanent: bool) -> DeliveryError:
    """The failure that an answer stands for."""
    return DeliveryError(
        f"{who} answered {answer.status} {what}".rstrip(),
        permanent=permanent,
        retry_after=answer.retry_after,
        code=answer.status,
        fix=fix,
    )


def posted(who: str, url: str, body: bytes | None, *, token: str = "", verify: bool = True) -> HttpAnswer:
    """Post JSON, or ask for what is there when there is none to post; redirections are not followed.

    Args:
        who: whom it is for, such as "Slack".
        url: where; a secret.
        body: the JSON in UTF-8, or None.
        token: of a bot that speaks for itself, else "".
        verify: whether the certificate has to be right.

    Raises:
        DeliveryError: no answer came.
    """
    headers = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    method = "GET" if body is None else "POST"
    with bounded() as exchange, new_session() as session:
        try:
            answer = session.request(
                method, url, data=body, headers=headers, timeout=HTTP_TIMEOUT_SECONDS, verify=verify, allow_redirects=False
            )
        except OSError as error:  # those of requests are OSErrors too
            failure = late(exchange, who) or unreached(who, urlsplit(url).hostname or "", error)
        else:
            secrets = (*_secrets(url), *([token] if token else []))
            return HttpAnswer(answer.status_code, answer.reason, answer.headers, answer.content, secrets)
    raise failure  # not where it was met, which would keep the connection


def _secrets(url: str) -> tuple[str, ...]:
    """What an answer may repeat and nobody may read: the address, its path, the end of that, the query and its values."""
    parts = urlsplit(url)
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    pieces = {
        url,
        url.partition(parts.netloc)[2],
        parts.path,
        parts.path.rpartition("/")[2],
        parts.query,
        *values,
        *map(unquote, values),
    }
    return tuple(sorted((piece for piece in pieces if len(piece) > _SHORTEST), key=len, reverse=True))


def reached(url: str) -> str:
    """Ask a webhook's host for its first page; what was reached, in words.

    Raises:
        DeliveryError: it was not.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    with bounded() as exchange, new_session() as session:
        try:
            session.head(f"{parts.scheme}://{parts.netloc}/", timeout=HTTP_TIMEOUT_SECONDS, allow_redirects=False)
        except OSError as error:  # those of requests are OSErrors too
            raise late(exchange, host) or unreached(host, host, error) from None
    return f"{host} answers; a webhook can only be tried by sending (`watcher send-test`)"


def unreached(who: str, host: str, error: OSError) -> DeliveryError:
    """The failure behind an error of the connection. All may pass but a certificate that cannot be verified.

    Args:
        who: whom the message was for, such as "Slack".
        host: the host that was asked; it is named.
        error: what was raised; its own text is not told, since it may hold the address with its secret.
    """
    named = who if who == host else f"{who} ({host})"
    certificate = cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return DeliveryError(
            f"the certificate of {host} cannot be verified: {certificate.verify_message}",
            permanent=True,
            fix="use the name that the certificate carries, or make the institute's CA known by REQUESTS_CA_BUNDLE",
        )
    return DeliveryError(f"{named} {in_words(error)}", permanent=False)
