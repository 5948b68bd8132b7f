"""Whom the readers of a list write to, and the host that messages are from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from watcher.config import Settings
from watcher.domain import Channel, Contact, DigestList
from watcher.notify import Notifier


@dataclass(frozen=True, slots=True)
class Contacts:
    """Reads it off the settings."""

    settings: Settings
    notifier: Notifier

    def of(self, channels: Sequence[Channel]) -> Contact:
        """Whom the readers of these channels write to: the first `reply_to` among them, else the contact address."""
        named = next(filter(None, map(self.notifier.answers_to, channels)), "")
        answered = [channel for channel in channels if channel.kind.facts.is_answered]
        is_answered = bool(answered) and all(self.notifier.answers_to(channel) == named for channel in answered)
        return Contact(named or self.settings.pubmed.email, is_answered=bool(named) and is_answered)

    def told(self, lists: Iterable[DigestList], channels: Mapping[str, Channel]) -> dict[str, str]:
        """Whom the readers of each list write to, and where that is said, in words."""
        found = {}
        for one in lists:
            theirs = [channels[name] for name in one.channels]
            said_by = next((channel.name for channel in theirs if self.notifier.answers_to(channel)), "")
            where = f"reply_to of {said_by}" if said_by else "pubmed.email, since no channel of it has a reply_to"
            found[one.name] = f"{self.of(theirs).address} ({where})"
        return found

    @property
    def message_host(self) -> str:
        """The right-hand side of Message-IDs: the page's host, else the domain of the contact address."""
        page = urlsplit(self.settings.base_url).hostname if self.settings.base_url else None
        return page or self.settings.pubmed.email.rpartition("@")[2]
