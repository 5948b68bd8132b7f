"""Slack: our own Block Kit payload to a webhook or as a bot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from apprise.plugins.slack import NotifySlack

from watcher.domain import Channel
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify.deadline import Deadline, new_session
from watcher.notify.instance import asset, instance

HTTP_TIMEOUT_SECONDS = (10, 20)

_SLACK_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class DigestSlack(NotifySlack):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Posts one ready Block Kit payload; `post_url`, when set, is a webhook that is not at Slack's own address."""

    outgoing: Mapping[str, Any]
    post_url: str | None = None
    failure: DeliveryError | None = None

    def _send(self, url: str, payload: Mapping[str, Any], *_args: object, **_kwargs: object) -> dict[str, Any] | bool:
        """Post ours instead of Apprise's payload, whose channel and user name are kept; keep status and Retry-After."""
        addressed = {key: payload[key] for key in ("channel", "username", "thread_ts") if payload.get(key)}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        with Deadline() as deadline, new_session() as session:
            try:
                answer = session.post(
                    self.post_url or url,
                    data=json.dumps({**self.outgoing, **addressed}).encode(),
                    headers=headers,
                    timeout=HTTP_TIMEOUT_SECONDS,
                    verify=self.verify_certificate,
                    allow_redirects=False,
                )
            except OSError as error:  # those of requests are OSErrors too
                unreached = DeliveryError(f"Slack could not be reached ({type(error).__name__})", permanent=False)
                self.failure = deadline.late("Slack") or unreached
                return False
            self.failure = deadline.late("Slack") or _slack_failure(answer)
        return {"ok": True} if self.failure is None else False

    def reach(self) -> str:
        """Ask the host of the webhook for its first page.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
        """
        parts = urlsplit(self.post_url or self.webhook_url)
        host = parts.hostname or ""
        with Deadline() as deadline, new_session() as session:
            try:
                session.head(f"{parts.scheme}://{parts.netloc}/", timeout=HTTP_TIMEOUT_SECONDS, allow_redirects=False)
            except OSError as error:  # those of requests are OSErrors too
                unreached = DeliveryError(f"{host} could not be reached ({type(error).__name__})", permanent=False)
                raise deadline.late(host) or unreached from None
            late = deadline.late(host)
            if late is not None:
                raise late
        return f"{host} answers; a webhook can only be tried by sending (`watcher send-test`)"


def slack_plugin(channel: Channel, base_url: str) -> DigestSlack:
    """The plugin for a Slack channel; `base_url`, when set, replaces Slack's hosts.

    Raises:
        ConfigurationError: its URL is no address of Slack's, nor of a webhook elsewhere.
    """
    direct = _direct_webhook(channel)
    plugin: DigestSlack
    if direct:
        plugin = DigestSlack(token_a="T0", token_b="B0", token_c="X0", asset=asset())  # noqa: S106 - placeholders
        plugin.post_url = direct
    else:
        plugin = instance(channel, DigestSlack, NotifySlack)
    if base_url:
        plugin.webhook_url = f"{base_url}/services"
        plugin.api_url = f"{base_url}/api/{{}}"
    return plugin


def _direct_webhook(channel: Channel) -> str | None:
    """The address of a webhook that is not at Slack's own host: https, or plain http on loopback only."""
    parts = urlsplit(channel.url)
    if parts.scheme not in ("http", "https") or (parts.hostname or "").endswith((".slack.com", ".slack-gov.com")):
        return None
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            Problem(
                f"the url of channel {channel.name!r} is plain http, which shows its secret on the way", "write its https address"
            )
        )
    return channel.url


def _slack_failure(answer: requests.Response) -> DeliveryError | None:
    """What Slack's answer means: 429 and 5xx may pass, other refusals cannot until something is changed."""
    said = _slack_error(answer)
    if 200 <= answer.status_code < 300 and said is None:
        return None
    passing = answer.status_code == 429 or answer.status_code >= 500 or said in _SLACK_PASSING
    return DeliveryError(
        f"Slack answered {answer.status_code} {said or answer.reason}",
        permanent=not passing,
        retry_after=_seconds(answer.headers.get("Retry-After")),
        code=answer.status_code,
        fix="" if passing else "check that the webhook and its channel still exist, and make a new webhook if not",
    )


def _slack_error(answer: requests.Response) -> str | None:
    """The error word of a bot's JSON or of a webhook's text; None when the message was taken."""
    text = answer.text.strip()[:200]
    if text.startswith("{"):
        try:
            told = json.loads(answer.text)
        except ValueError:
            return "an answer that is no JSON"
        return None if told.get("ok", answer.ok) else str(told.get("error", "error"))
    return None if answer.ok else text or None


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
