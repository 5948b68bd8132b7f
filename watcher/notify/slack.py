"""Slack: our own Block Kit payload to a webhook or as a bot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from apprise.plugins.slack import NotifySlack

from watcher.deadline import new_session
from watcher.domain import Channel, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify import slack_answer
from watcher.notify.instance import asset, instance, not_understood
from watcher.notify.pushing import notify
from watcher.notify.sending import bounded, late
from watcher.notify.unreached import unreached
from watcher.notify.way import Way

BASE_URL = "WATCHER_SLACK_BASE_URL"
HTTP_TIMEOUT_SECONDS = (10, 20)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class DigestSlack(NotifySlack):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Posts one ready Block Kit payload; `post_url`, when set, is a webhook that is not at Slack's own address."""

    outgoing: Mapping[str, Any]
    post_url: str | None = None
    failure: DeliveryError | None = None

    def _send(self, url: str, payload: Mapping[str, Any], *_args: object, **_kwargs: object) -> dict[str, Any] | bool:
        """Post ours instead of Apprise's payload, whose channel and user name are kept; keep status and Retry-After."""
        target = self.post_url or url
        addressed = {key: payload[key] for key in ("channel", "username", "thread_ts") if payload.get(key)}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        with bounded() as exchange, new_session() as session:
            try:
                answer = session.post(
                    target,
                    data=json.dumps({**self.outgoing, **addressed}).encode(),
                    headers=headers,
                    timeout=HTTP_TIMEOUT_SECONDS,
                    verify=self.verify_certificate,
                    allow_redirects=False,
                )
            except OSError as error:  # those of requests are OSErrors too
                self.failure = late(exchange, "Slack") or unreached("Slack", urlsplit(target).hostname or "", error)
                return False
            self.failure = slack_answer.failure(
                slack_answer.Answer(answer.status_code, answer.reason, answer.headers, answer.content, self._secrets(target))
            )
        return {"ok": True} if self.failure is None else False

    def _secrets(self, target: str) -> tuple[str, ...]:
        """What an answer may repeat and nobody may read: the address, its path, the token."""
        path = urlsplit(target).path
        return tuple(secret for secret in (target, path, path.rpartition("/")[2], self.access_token) if secret and len(secret) > 3)

    def reach(self) -> str:
        """Ask the host of the webhook for its first page.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
        """
        parts = urlsplit(self.post_url or self.webhook_url)
        host = parts.hostname or ""
        with bounded() as exchange, new_session() as session:
            try:
                session.head(f"{parts.scheme}://{parts.netloc}/", timeout=HTTP_TIMEOUT_SECONDS, allow_redirects=False)
            except OSError as error:  # those of requests are OSErrors too
                raise late(exchange, host) or unreached(host, host, error) from None
        return f"{host} answers; a webhook can only be tried by sending (`watcher send-test`)"


class SlackWay(Way):
    """A webhook, a workflow or a bot of Slack's, or a service that speaks like one. `base_url`, when set, replaces Slack's hosts."""

    def __init__(self, channel: Channel, *, base_url: str = "") -> None:
        super().__init__(channel)
        self._base_url = (base_url or os.environ.get(BASE_URL) or "").rstrip("/")

    @cached_property
    def _plugin(self) -> DigestSlack:
        direct = _direct_webhook(self.channel, self.url)
        plugin: DigestSlack | None
        if direct:
            plugin = DigestSlack(token_a="T0", token_b="B0", token_c="X0", asset=asset())  # noqa: S106 - placeholders
            plugin.post_url = direct
        else:
            plugin = instance(self.channel, DigestSlack, NotifySlack)
            if plugin is None:
                raise _not_understood(self.channel)
        if self._base_url:
            plugin.webhook_url = f"{self._base_url}/services"
            plugin.workflow_url, plugin.workflow_trigger_url = f"{self._base_url}/workflows", f"{self._base_url}/triggers"
            plugin.api_url = f"{self._base_url}/api/{{}}"
        return plugin

    def check(self) -> None:
        """Whether the URL is an address of Slack's, or of a webhook elsewhere."""
        _ = self._plugin

    def server(self) -> str:
        """Slack's host, or the webhook's."""
        return urlsplit(self._plugin.post_url or self._plugin.webhook_url).netloc.rpartition("@")[2]

    def reach(self) -> str:
        """Ask the webhook's host for its first page."""
        return self._plugin.reach()

    def send(self, delivery: Delivery, now: datetime) -> str:  # noqa: ARG002 - Slack dates its posts
        """Post the stored payload."""
        self._plugin.outgoing = json.loads(delivery.message.payload["json"])
        notify(self._plugin, self.channel, delivery.message.subject, delivery.message.subject, ends_by_itself=True)
        return ""


def _direct_webhook(channel: Channel, url: str) -> str | None:
    """The address of a webhook that is not at Slack's own host: https, or plain http on loopback only."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _not_understood(channel) from None
    if parts.scheme not in ("http", "https") or (parts.hostname or "").endswith((".slack.com", ".slack-gov.com")):
        return None
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            Problem(
                f"the url of channel {channel.name!r} is plain http, which shows its secret on the way", "write its https address"
            )
        )
    return url


def _not_understood(channel: Channel) -> ConfigurationError:
    return not_understood(
        channel, "a Slack", "write the webhook's https address as Slack shows it, or slack://TokenA/TokenB/TokenC"
    )
