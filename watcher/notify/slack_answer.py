"""What an answer to a Slack post means. Only Slack's own word of success counts as one; whatever else comes is a failure.

Slack's three ways in and the services that speak like it answer a message that was taken with the text `ok` (incoming webhooks,
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), `{"ok": true}` (chat.postMessage and workflow triggers,
https://docs.slack.dev/reference/methods/chat.postMessage) or `{"success": true}` (Rocket.Chat's webhooks).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from watcher.errors import DeliveryError

_PASSING_WORDS = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "rollup_error", "service_unavailable", "request_timeout"}
)
_PASSING_STATUS = frozenset({408, 425, 429})
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_QUOTED = 200

_WEBHOOK_GONE = "check that the webhook and its channel still exist, and make a new webhook if not"
_NOT_SLACK = (
    "what answers is not Slack: check the channel's url, and whether a proxy or a login page stands between here and there "
    "(`watcher check --online` names the host)"
)
_TRUNCATED = "the answer broke off"


@dataclass(frozen=True, slots=True)
class Answer:
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


def failure(answer: Answer) -> DeliveryError | None:
    """Why the message was not taken; None when Slack said that it was.

    429, 408, 425, 5xx and an answer that broke off may pass; anything else cannot until something is changed.
    """
    if 200 <= answer.status < 300 and _is_success(answer.text):
        return None
    if 200 <= answer.status < 300:
        return _no_success(answer)
    word = _word(answer.text)
    passing = answer.status in _PASSING_STATUS or answer.status >= 500 or word in _PASSING_WORDS
    if 300 <= answer.status < 400:
        return _failed(answer, "sends elsewhere (a redirect), which a webhook never does", _NOT_SLACK)
    return _failed(answer, _said(answer) or answer.phrase, "" if passing else _WEBHOOK_GONE, permanent=not passing)


def _is_success(text: str) -> bool:
    if text == "ok":
        return True
    told = _json(text)
    return isinstance(told, dict) and (told.get("ok") is True if "ok" in told else told.get("success") is True)


def _no_success(answer: Answer) -> DeliveryError:
    """The failure behind a status that sounds like success."""
    text, word = answer.text, _word(answer.text)
    if not text:
        return _failed(answer, "without a word, where Slack says ok", _NOT_SLACK)
    if _PAGE.match(text):
        return _failed(answer, _said(answer), _NOT_SLACK)
    if text == "o" or (text[0] in "{[" and _json(text) is None):
        return _failed(answer, f"and {_TRUNCATED}", "", permanent=False)
    if word is not None:
        return _failed(answer, word, "" if word in _PASSING_WORDS else _WEBHOOK_GONE, permanent=word not in _PASSING_WORDS)
    return _failed(answer, f"{_said(answer)}, where Slack says ok", _NOT_SLACK)


def _failed(answer: Answer, what: str, fix: str, *, permanent: bool = True) -> DeliveryError:
    return DeliveryError(
        f"Slack answered {answer.status} {what}".rstrip(),
        permanent=permanent,
        retry_after=_seconds(answer.headers.get("Retry-After")),
        code=answer.status,
        fix=fix,
    )


def _word(text: str) -> str | None:
    """The error word of a bot's JSON, or of a webhook's text ("invalid_blocks"); None when there is none."""
    told = _json(text)
    named = told.get("error") if isinstance(told, dict) else text
    return named if isinstance(named, str) and re.fullmatch(r"[a-z][a-z0-9_]{1,60}", named) else None


def _said(answer: Answer) -> str:
    """The body in a few printable words: an error word, a page's title, or the beginning of the text."""
    text = answer.text
    if _PAGE.match(text):
        titled = _TITLE.search(text)
        return f"with a web page{f' “{_clean(unescape(titled[1]), answer)}”' if titled else ''}"
    return _clean(_word(text) or text, answer)


def _clean(text: str, answer: Answer) -> str:
    printable = "".join(one if one.isprintable() else " " for one in text)
    for secret in answer.secrets:
        printable = printable.replace(secret, "***")
    return " ".join(printable.split())[:_QUOTED]


def _json(text: str) -> Any:  # noqa: ANN401 - whatever the body holds
    """The value that the text is in JSON; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
