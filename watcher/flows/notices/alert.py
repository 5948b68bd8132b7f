"""Who is told that something fails, once, and that it works again.

    a watch          N runs in a row were not good          alerts.channel, else every channel of the lists that read it
    a channel        it holds parked deliveries             alerts.channel if that is another one, else every other channel of a list
    configuration    what was saved cannot be used          alerts.channel only
    warnings         their set has changed                  alerts.channel only
    corrections      of seeds and marked papers             alerts.channel only
    a push           papers are parked on their way to Zotero  alerts.channel, else every channel of a list
    stops            a reader stopped or pauses a list      alerts.channel only
    a rereading      N tries in a row failed                alerts.channel, else every channel of a list
    Crossref         N tries in a row failed, or it gave up the same
    files of feeds   one could not be written                alerts.channel only

What is to be told is read off the database after each round: of each topic at most one notice is open. A notice that nobody can be told
of is opened all the same, for `watcher status`, the log and the next digest. Corrections wait in the database until somebody can be told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.digest.parts import Fits
from watcher.domain import Channel, Contact, DeliveryState, DigestList, ErrorKind, Notice, PushState, Warned, Watch
from watcher.errors import ConfigurationError, Problem
from watcher.flows.notices import wording
from watcher.store import DeliveryFacts, NoticeFacts, Owed, Store

_OWED = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.PARKED})
_ALL = 100_000
"""More than a lab is ever owed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alerter:
    """Opens and closes notices. `recipients` says to whom a channel delivers; `host` is the right-hand side of Message-IDs; `zone` the
    time zone in which people are told; `place` tells this host and data folder from others that share the database, each of which has a
    configuration of its own; `push_to` is the library and collection of Zotero that papers are pushed into; `contact` whom the readers
    of channels write to."""

    store: Store
    channels: Mapping[str, Channel]
    lists: Mapping[str, DigestList]
    watches: Mapping[str, Watch]
    recipients: Callable[[Channel], tuple[str, ...]]
    host: str
    alert_channel: str | None = None
    after_failed_runs: int = 3
    zone: str = "UTC"
    place: str = ""
    push_to: tuple[str, str] | None = None
    fits: Callable[[Sequence[Channel]], Fits] = lambda _channels: lambda _subject, _text: True
    contact: Callable[[Sequence[Channel]], Contact | None] = lambda _channels: None

    def after_tick(self, now: datetime) -> bool:
        """Tell what began to fail and what works again, as the database has it now.

        Returns:
            Whether messages became owed.
        """
        standing = {one.topic: one for one in self.store.open_notices()}
        owed = [self._watch(name, standing.get(f"{wording.WATCH}{name}"), now) for name in self.watches]
        owed += self._channels(standing, now)
        owed += [self._rereading(standing, now), self._crossref(standing, now), self._corrections(now), self._stops(now)]
        owed += [self._push(standing, now)]
        for topic in standing:
            kind, _, name = topic.partition(":")
            if f"{kind}:" == wording.WATCH and name not in self.watches:
                self.store.close_notice(topic, (), host=self.host, at=now)
        return any(owed)

    def configuration(self, problems: Sequence[Problem] | None, now: datetime) -> bool:
        """Tell that what was saved cannot be used and why, or with None that it is good again; whether messages became owed."""
        topic = wording.configuration_topic(self.place)
        standing = next((one for one in self.store.open_notices() if one.topic == topic), None)
        to = (self.alert_channel,) if self.alert_channel else ()
        if problems and standing is None:
            return self._open(wording.configuration_fails(self.place, problems, now, self.zone), to, now)
        if not problems and standing is not None:
            return self._close(wording.configuration_works(self.place, standing.since, now, self.zone), to, now)
        return False

    def feeds(self, problems: Sequence[Problem], now: datetime) -> bool:
        """Tell that feeds cannot be written as files and why, or without problems that they can again; whether messages became owed."""
        topic = wording.feeds_topic(self.place)
        standing = next((one for one in self.store.open_notices() if one.topic == topic), None)
        to = (self.alert_channel,) if self.alert_channel else ()
        if problems and standing is None:
            return self._open(wording.feeds_fail(self.place, problems, now, self.zone), to, now)
        if not problems and standing is not None:
            return self._close(wording.feeds_work(self.place, standing.since, now, self.zone), to, now)
        return False

    def warnings(self, found: Sequence[Warned], now: datetime) -> bool:
        """Tell what is warned of, whenever that is another set than before; whether messages became owed. What ends by itself with its
        run is left to the log."""
        lasting, mine = _lasting(found), self._warned_of()
        topic = wording.warnings_topic(self.place, lasting) if lasting else ""
        before = next((one for one in mine if one.topic != topic), None)
        to = (self.alert_channel,) if self.alert_channel else ()
        if before is not None and not lasting:
            return self._close(wording.warnings_gone(before.topic, min(before.since, now), now), to, now)
        if before is not None:
            self.store.close_notice(before.topic, (), host=self.host, at=now)
        if lasting and not any(one.topic == topic for one in mine):
            told = wording.warnings_found(self.place, lasting, before.what if before else "", now, self.zone)
            return self._open(told, to, now)
        return False

    def is_news(self, found: Sequence[Warned]) -> bool:
        """Whether these are another set than the one that was told last."""
        lasting = _lasting(found)
        topics = [wording.warnings_topic(self.place, lasting)] if lasting else []
        return [one.topic for one in self._warned_of()] != topics

    def _warned_of(self) -> list[NoticeFacts]:
        return [one for one in self.store.open_notices() if wording.is_warnings(one.topic, self.place)]

    # --- watches -------------------------------------------------------------------------------------------------------------------

    def _watch(self, name: str, standing: NoticeFacts | None, now: datetime) -> bool:
        history, title, owed = self.store.run_history(name, now=now), self.watches[name].title, False
        if standing and (not history.failed_in_row or (history.failing_since and history.failing_since > standing.since)):
            reports = self.store.runs_since(name, standing.since - timedelta(seconds=1), now=now)
            notice = wording.watch_works(name, title, standing.since, reports, now, self.zone)
            standing, owed = None, self._close(notice, self._of_watch(name), now)
        waits = history.last is not None and history.last.error_kind is ErrorKind.QUIET_HOURS
        if standing is None and history.failed_in_row >= self.after_failed_runs and not waits:
            notice = wording.watch_fails(name, title, history, now, self.zone)
            owed = self._open(notice, self._of_watch(name), now) or owed
        return owed

    def _of_watch(self, name: str) -> Sequence[str]:
        """The channels that are told of a watch."""
        if self.alert_channel:
            return (self.alert_channel,)
        return [channel for list_ in self.lists.values() if name in list_.watches for channel in list_.channels]

    # --- channels ------------------------------------------------------------------------------------------------------------------

    def _channels(self, standing: Mapping[str, NoticeFacts], now: datetime) -> list[bool]:
        owed: dict[str, list[DeliveryFacts]] = {}
        for one in self.store.deliveries(states=_OWED, limit=_ALL):
            owed.setdefault(one.channel, []).append(one)
        told = {topic.removeprefix(wording.CHANNEL) for topic in standing if topic.startswith(wording.CHANNEL)}
        return [
            self._channel(name, owed.get(name, []), standing.get(f"{wording.CHANNEL}{name}"), now)
            for name in sorted(told | owed.keys())
        ]

    def _channel(self, name: str, owed: Sequence[DeliveryFacts], standing: NoticeFacts | None, now: datetime) -> bool:
        parked = [one for one in owed if one.state == DeliveryState.PARKED]
        if parked and standing is None:
            return self._open(wording.channel_fails(name, parked, now, self.zone), self._beside(name), now)
        if standing is None or parked or any(one.has_failed for one in owed):
            return False
        if name not in self.channels:
            return self.store.close_notice(standing.topic, (), host=self.host, at=now) and False
        if self._sent_since(name, standing, now):
            return self._close(wording.channel_works(name, standing.since, now, self.zone), self._beside(name), now)
        return False

    def _sent_since(self, name: str, standing: NoticeFacts, now: datetime) -> bool:
        """Whether the channel took anything since it was reported; a report dated ahead of a clock that went back counts as long ago."""
        told_at = next((at for at in (standing.opened_at, standing.since) if at <= now), None)
        sent = self.store.deliveries(states={DeliveryState.SENT}, limit=_ALL)
        return any(one.channel == name and one.sent_at is not None and (told_at is None or one.sent_at >= told_at) for one in sent)

    def _beside(self, name: str) -> Sequence[str]:
        """The channels that are told of another one."""
        if self.alert_channel and self.alert_channel != name:
            return (self.alert_channel,)
        return [channel for list_ in self.lists.values() for channel in list_.channels if channel != name]

    # --- rereadings ----------------------------------------------------------------------------------------------------------------

    def _rereading(self, standing: Mapping[str, NoticeFacts], now: datetime) -> bool:
        """Tell that the records of a rereading cannot be read, or can again."""
        last, told = self.store.last_rereading(now), standing.get(wording.REREADING)
        if last is None:
            return False
        if told is None and last.read_at is None and last.failures >= self.after_failed_runs:
            return self._open(wording.rereading_fails(last, now, self.zone), self._everywhere(), now)
        if told is not None and last.read_at is not None:
            return self._close(wording.rereading_works(min(told.since, now), last, now), self._everywhere(), now)
        return False

    def _crossref(self, standing: Mapping[str, NoticeFacts], now: datetime) -> bool:
        """Tell that Crossref does not answer, or does again; of a Crossref that is not asked any more nothing is told."""
        last, told = self.store.last_rereading(now), standing.get(wording.CROSSREF)
        if last is None or last.read_at is None:
            return False
        gave_up = last.finished_at is not None and last.failures > 0
        if told is None and (gave_up or last.failures >= self.after_failed_runs):
            return self._open(wording.crossref_fails(last, now, self.zone), self._everywhere(), now)
        if told is None or last.finished_at is None or last.failures:
            return False
        if last.dois == last.unanswered:
            return self.store.close_notice(told.topic, (), host=self.host, at=now) and False
        return self._close(wording.crossref_works(min(told.since, now), last, now), self._everywhere(), now)

    def _everywhere(self) -> Sequence[str]:
        """The channels that are told of what concerns every list."""
        return (self.alert_channel,) if self.alert_channel else [name for list_ in self.lists.values() for name in list_.channels]

    # --- corrections ---------------------------------------------------------------------------------------------------------------

    def _corrections(self, now: datetime) -> bool:
        """Tell what became of papers that the ranking learns from and that no list tells of."""
        found = self.store.untold_to_owner(self.watches.keys(), now) if self.alert_channel else ()
        if not found or not self.alert_channel:
            return False
        notice = wording.corrected(found, now)
        owed = self._owed(notice, (self.alert_channel,))
        ids = [one.correction.id for one in found]
        told = bool(owed) and self.store.tell_owner(ids, notice, owed, host=self.host, at=now)
        if told:
            _log.info("%s %s", notice.whole, notice.todo)
        return told

    # --- pushes into Zotero ---------------------------------------------------------------------------------------------------------

    def _push(self, standing: Mapping[str, NoticeFacts], now: datetime) -> bool:
        """Tell that papers cannot be pushed into Zotero, or that none is held back any more."""
        told = standing.get(wording.PUSH)
        rows = self.store.zotero.pushes(*self.push_to) if self.push_to else ()
        parked = [one for one in rows if one.state is PushState.PARKED]
        if parked and told is None:
            return self._open(wording.push_fails(parked, now, self.zone), self._everywhere(), now)
        if told is None or parked or any(one.state is PushState.PENDING and one.reason for one in rows):
            return False
        if not self.push_to:
            return self.store.close_notice(wording.PUSH, (), host=self.host, at=now) and False
        return self._close(wording.push_works(min(told.since, now), now, self.zone), self._everywhere(), now)

    # --- stops ---------------------------------------------------------------------------------------------------------------------

    def _stops(self, now: datetime) -> bool:
        """Tell which readers stopped or pause a list."""
        found = self.store.untold_stops() if self.alert_channel else ()
        if not found or not self.alert_channel:
            return False
        notice = wording.stopped(found, self.zone)
        owed = self._owed(notice, (self.alert_channel,))
        told = bool(owed) and self.store.tell_owner_of_stops([one.id for one in found], notice, owed, host=self.host, at=now)
        if told:
            _log.info("%s %s", notice.whole, notice.todo)
        return told

    # --- telling -------------------------------------------------------------------------------------------------------------------

    def _open(self, notice: Notice, to: Iterable[str], now: datetime) -> bool:
        owed = self._owed(notice, to)
        opened = self.store.open_notice(notice, owed, host=self.host, at=now)
        if opened:
            _log.warning("%s %s%s", notice.whole, notice.todo, "" if owed else " (no channel can be told of this)")
        return opened and bool(owed)

    def _close(self, notice: Notice, to: Iterable[str], now: datetime) -> bool:
        owed = self._owed(notice, to)
        closed = self.store.close_notice(notice.topic, owed, host=self.host, at=now)
        if closed:
            _log.info("%s", notice.whole)
        return closed and bool(owed)

    def _owed(self, notice: Notice, to: Iterable[str]) -> tuple[Owed, ...]:
        """The notice for each channel that can be had; one whose URL is not understood costs the others nothing."""
        reached: list[tuple[Channel, tuple[str, ...]]] = []
        for channel in (self.channels[name] for name in dict.fromkeys(to) if name in self.channels):
            try:
                reached.append((channel, self.recipients(channel)))
            except ConfigurationError as error:
                _log.warning("channel %s cannot be told of %s: %s", channel.name, notice.topic, error.problems[0].what)
        kinds = {channel.kind for channel, _ in reached}
        channels = [channel for channel, _ in reached]
        from watcher.digest import notice as rendering  # noqa: PLC0415 - templates: only when somebody is told

        rendered = rendering.render(notice, kinds, zone=self.zone, fits=self.fits(channels), contact=self.contact(channels))
        messages = {message.kind: message for message in rendered}
        return tuple(Owed(messages[channel.kind], channel.name, names) for channel, names in reached if names)


def _lasting(found: Sequence[Warned]) -> list[Warned]:
    return [one for one in found if not one.code.passes]
