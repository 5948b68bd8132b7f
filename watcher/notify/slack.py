"""Slack: our own Block Kit payload to a webhook, to a workflow or as a bot."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from watcher.domain import Channel, Delivery
from watcher.errors import DeliveryError
from watcher.notify.through_apprise import carried, instance
from watcher.notify.way import Way
from watcher.notify.webhook_url import is_safe

if TYPE_CHECKING:
    from watcher.notify.posting import HttpAnswer

BASE_URL: Final = "WATCHER_SLACK_BASE_URL"

_PLACES: Final = {
    "hook": "https://hooks.slack.com/services",
    "gov-hook": "https://hooks.slack-gov.com/services",
    "workflow": "https://hooks.slack.com/workflows",
    "trigger": "https://hooks.slack.com/triggers",
    "bot": "https://slack.com/api",
}
"""Where Slack takes posts, by the mode of Apprise's plugin. The webhooks' and workflows' addresses are those that Slack shows for them; a
bot's are those of https://docs.slack.dev/apis/web-api."""

_FORM: Final = "write the webhook's https address as Slack shows it, or slack://TokenA/TokenB/TokenC"
_WEBHOOK: Final = re.compile(r"https://hooks\.slack\.com/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[A-Za-z0-9]{24}")
"""A webhook as Slack shows it, of which Apprise reads the three tokens."""
_TARGET: Final = re.compile(r"(?P<channel>[+#@]?[A-Z0-9_-]{1,32})(?::(?P<thread>[0-9.]+))?", re.IGNORECASE)
"""A channel, a user with @, or an identity with +; then the thread that is answered."""
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class SlackWay(Way):
    """A webhook, a workflow or a bot of Slack's, or a service that speaks like one. `base_url`, when set, replaces Slack's hosts."""

    def __init__(self, channel: Channel, *, base_url: str = "") -> None:
        super().__init__(channel)
        self._base_url = (base_url or os.environ.get(BASE_URL) or "").rstrip("/")

    @cached_property
    def _elsewhere(self) -> str | None:
        """The address of a webhook that is not at Slack's own host: https, or plain http on loopback only."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            raise self.not_understood("a Slack", _FORM) from None
        if parts.scheme not in ("http", "https") or (parts.hostname or "").endswith((".slack.com", ".slack-gov.com")):
            return None
        is_safe(self.url, self.channel)
        return self.url

    @cached_property
    def _plugin(self) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
        """What Apprise reads in an address of Slack's: mode, tokens, the bot's name and the channels."""
        plugin = instance(self.url, secret=self.url)
        if getattr(plugin, "secure_protocol", None) != "slack":
            raise self.not_understood("a Slack", _FORM)
        return plugin

    @cached_property
    def _address(self) -> str:
        """Where posts go."""
        if self._elsewhere:
            return self._elsewhere
        plugin = self._plugin
        if plugin.mode == "bot":
            return f"{self._place}/chat.postMessage"
        ends = plugin.workflow_path if plugin.mode in ("workflow", "trigger") else (plugin.token_a, plugin.token_b, plugin.token_c)
        return "/".join([self._place, *ends])

    @property
    def _place(self) -> str:
        place = _PLACES[self._plugin.mode]
        return f"{self._base_url}/{place.rpartition('/')[2]}" if self._base_url else place

    def check(self) -> None:
        """Whether the URL is an address of Slack's, or of a webhook elsewhere."""
        if not _WEBHOOK.fullmatch(self.url):  # else Apprise need not be loaded to know it
            _ = self._address

    def server(self) -> str:
        """The host that posts go to."""
        return urlsplit(self._address).netloc.rpartition("@")[2]

    def reach(self) -> str:
        """Ask that host for its first page."""
        from watcher.notify.posting import reached  # noqa: PLC0415 - the network: only to send or to reach

        return reached(self._address)

    def send(self, delivery: Delivery, now: datetime) -> str:  # noqa: ARG002 - Slack dates its posts
        """Post the stored payload, to each channel that the URL names, or where the webhook leads."""
        return carried(partial(self._post, json.loads(delivery.message.payload["json"])), delivery.message.subject)

    def _post(self, payload: Mapping[str, Any]) -> str:
        failures = [failure for channel in self._channels if (failure := self._failure(payload, channel))]
        if failures:
            raise failures[0]
        return ""

    @property
    def _channels(self) -> Sequence[str | None]:
        """The channels that the URL names; None for where it leads by itself."""
        return [None] if self._elsewhere or self._plugin.mode in ("workflow", "trigger") else self._plugin.channels

    def _failure(self, payload: Mapping[str, Any], channel: str | None) -> DeliveryError | None:
        """Post once; why it was not taken, if it was not."""
        from watcher.notify import slack_answer  # noqa: PLC0415 - as above

        try:
            addressed = {**payload, **self._addressed(channel)}
            return slack_answer.failure(self._asked(self._address, json.dumps(addressed).encode()))
        except DeliveryError as error:
            return error

    def _asked(self, url: str, body: bytes | None) -> HttpAnswer:
        from watcher.notify.posting import posted  # noqa: PLC0415 - as above

        if self._elsewhere:
            return posted("Slack", url, body)
        return posted("Slack", url, body, token=self._plugin.access_token or "", verify=bool(self._plugin.verify_certificate))

    def _addressed(self, channel: str | None) -> dict[str, str]:
        """What a payload is given besides: the channel and thread, and the name under which a bot speaks."""
        target = self._target(channel) if channel else {}
        if not self._elsewhere and self._plugin.mode in ("hook", "gov-hook", "bot") and self._plugin.user:
            target["username"] = self._plugin.user
        return {key: target[key] for key in ("channel", "username", "thread_ts") if key in target}

    def _target(self, named: str) -> dict[str, str]:
        """The channel, user or thread that a URL names, as Slack wants it: # stands before a channel's name, a user has an identity."""
        if _ADDRESS.fullmatch(named):
            return {"channel": self._user(named)}
        found = _TARGET.fullmatch(named)
        if not found:
            fix = "write #channel, @user, +identity or an email address behind the tokens"
            raise DeliveryError(f"the url of channel {self.channel.name!r} names no place on Slack", permanent=True, fix=fix)
        channel = found["channel"]
        plain = channel[1:] if channel[0] == "+" else channel if channel[0] in "#@" else f"#{channel}"
        return {"channel": plain} | ({"thread_ts": found["thread"]} if found["thread"] else {})

    def _user(self, address: str) -> str:
        """The identity of the user with this address, by https://docs.slack.dev/reference/methods/users.lookupByEmail."""
        if self._plugin.mode != "bot":
            raise DeliveryError(
                "Slack finds users by their addresses for bots alone", permanent=True, fix="name a channel, or take a bot's token"
            )
        from watcher.notify import slack_answer  # noqa: PLC0415 - as above
        from watcher.notify.posting import failed  # noqa: PLC0415 - as above

        answer = self._asked(f"{self._place}/users.lookupByEmail?email={quote(address)}", None)
        refused = slack_answer.failure(answer)
        user = answer.json.get("user") if refused is None and isinstance(answer.json, dict) else None
        if not isinstance(user, dict) or not isinstance(user.get("id"), str):
            raise refused or failed("Slack", answer, "and named no user", "look at the address behind the tokens", permanent=True)
        return str(user["id"])
