"""What became of a paper, owed at once to the very readers who got it, where a list is set so.

Who got it: to whom the digest with the paper was owed, on channels that the list still has, at addresses that the channel still has. Papers
that went to the same readers share a message. What nobody of them can be told so stays for the next digest; so does everything while the
list is paused.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher import clock
from watcher.digest.parts import Fits
from watcher.domain import Channel, Contact, Corrected, DigestList
from watcher.errors import ConfigurationError
from watcher.flows.schedule.due import is_paused
from watcher.store import Owed, Store

_log = logging.getLogger(__name__)

Readers = frozenset[tuple[str, str]]
"""Channels with one of their recipients each."""


@dataclass(frozen=True, slots=True)
class Messenger:
    """Owes corrections at once. `recipients` says to whom a channel delivers; `host` is the right-hand side of Message-IDs and List-Ids; `fits`
    says what channels take in one message; `contact` whom the readers of channels write to."""

    store: Store
    lists: Mapping[str, DigestList]
    channels: Mapping[str, Channel]
    recipients: Callable[[Channel], tuple[str, ...]]
    host: str
    fits: Callable[[Sequence[Channel]], Fits] = lambda _channels: lambda _subject, _text: True
    contact: Callable[[Sequence[Channel]], Contact | None] = lambda _channels: None

    def tell(self, now: datetime) -> int:
        """Owe what is to be told at once; how many papers it is about."""
        return sum(self._tell(list_, papers, to) for list_ in self._wanting(now) for to, papers in self._groups(list_, now).items())

    def has_news(self, now: datetime) -> bool:
        """Whether `tell` would owe something."""
        return any(self._groups(list_, now) for list_ in self._wanting(now))

    def _wanting(self, now: datetime) -> list[DigestList]:
        return [list_ for list_ in self.lists.values() if list_.corrections_at_once and not is_paused(list_, now)]

    def _groups(self, list_: DigestList, now: datetime) -> dict[Readers, list[Corrected]]:
        """What is to be told, by those who are told the same."""
        untold = self.store.untold(list_.name, now)
        there = self._there(list_) if untold else frozenset()
        found: defaultdict[Readers, list[Corrected]] = defaultdict(list)
        for one in untold:
            if to := one.readers & there:
                found[to].append(one.paper)
        return dict(found)

    def _of_list(self, list_: DigestList) -> list[Channel]:
        return [self.channels[name] for name in list_.channels if name in self.channels]

    def _there(self, list_: DigestList) -> Readers:
        """Everybody whom the list reaches now."""
        found: set[tuple[str, str]] = set()
        for channel in self._of_list(list_):
            try:
                found |= {(channel.name, recipient) for recipient in self.recipients(channel)}
            except ConfigurationError as error:
                _log.warning("channel %s cannot be told of corrections: %s", channel.name, error.problems[0].what)
        return frozenset(found)

    def _tell(self, list_: DigestList, papers: Sequence[Corrected], to: Readers) -> int:
        names = sorted({name for name, _ in to})
        channels = [self.channels[name] for name in names]
        kinds, contact = {one.kind for one in channels}, self.contact(self._of_list(list_))
        from watcher.digest import at_once as rendering  # noqa: PLC0415 - templates: only when somebody is told
        from watcher.digest.entries import of_corrected  # noqa: PLC0415 - as above

        rendered = rendering.messages(list_, papers, kinds, fits=self.fits(channels), host=self.host, contact=contact)
        owed = tuple(
            Owed(message, channel.name, tuple(sorted(recipient for name, recipient in to if name == channel.name)))
            for channel in channels
            for message in rendered
            if message.kind is channel.kind
        )
        ids = [one.id for paper in papers for one in paper.corrections]
        subject, entries = rendering.subject(list_, papers), of_corrected(papers)
        done = self.store.owe_corrections(list_.name, ids, subject, owed, host=self.host, at=clock.now(), entries=entries)
        return len(papers) if done else 0
