"""What an answer to a Slack post means. Only Slack's own word of success counts as one; whatever else comes is a failure.

Slack's three ways in and the services that speak like it answer a message that was taken with the text `ok` (incoming webhooks,
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), `{"ok": true}` (chat.postMessage and workflow triggers,
https://docs.slack.dev/reference/methods/chat.postMessage) or `{"success": true}` (Rocket.Chat's webhooks).
"""

from __future__ import annotations

import re
from typing import Final

from watcher.errors import DeliveryError
from watcher.notify.posting import PAGE, HttpAnswer, failed

_PASSING_WORDS: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "rollup_error", "service_unavailable", "request_timeout"}
)
_WEBHOOK_GONE: Final = "check that the webhook and its channel still exist, and make a new webhook if not"
_NOT_SLACK: Final = (
    "what answers is not Slack: check the channel's url, and whether a proxy or a login page stands between here and there "
    "(`watcher check --online` names the host)"
)
_TRUNCATED: Final = "the answer broke off"


def failure(answer: HttpAnswer) -> DeliveryError | None:
    """Why the message was not taken; None when Slack said that it was.

    429, 408, 425, 5xx and an answer that broke off may pass; anything else cannot until something is changed.
    """
    if 200 <= answer.status < 300 and _is_success(answer):
        return None
    if 200 <= answer.status < 300:
        return _no_success(answer)
    passing = answer.may_pass or _word(answer) in _PASSING_WORDS
    if 300 <= answer.status < 400:
        return failed("Slack", answer, "sends elsewhere (a redirect), which a webhook never does", _NOT_SLACK, permanent=True)
    return failed("Slack", answer, _said(answer) or answer.phrase, "" if passing else _WEBHOOK_GONE, permanent=not passing)


def _is_success(answer: HttpAnswer) -> bool:
    if answer.text == "ok":
        return True
    told = answer.json
    return isinstance(told, dict) and (told.get("ok") is True if "ok" in told else told.get("success") is True)


def _no_success(answer: HttpAnswer) -> DeliveryError:
    """The failure behind a status that sounds like success."""
    text, word = answer.text, _word(answer)
    if not text:
        return failed("Slack", answer, "without a word, where Slack says ok", _NOT_SLACK, permanent=True)
    if PAGE.match(text):
        return failed("Slack", answer, answer.said, _NOT_SLACK, permanent=True)
    if text == "o" or (text[0] in "{[" and answer.json is None):
        return failed("Slack", answer, f"and {_TRUNCATED}", "", permanent=False)
    if word is not None:
        passing = word in _PASSING_WORDS
        return failed("Slack", answer, word, "" if passing else _WEBHOOK_GONE, permanent=not passing)
    return failed("Slack", answer, f"{_said(answer)}, where Slack says ok", _NOT_SLACK, permanent=True)


def _word(answer: HttpAnswer) -> str | None:
    """The error word of a bot's JSON, or of a webhook's text ("invalid_blocks"); None when there is none."""
    told = answer.json
    named = told.get("error") if isinstance(told, dict) else answer.text
    return named if isinstance(named, str) and re.fullmatch(r"[a-z][a-z0-9_]{1,60}", named) else None


def _said(answer: HttpAnswer) -> str:
    """An error word, a page's title, or the beginning of the text."""
    return _word(answer) or answer.said
