"""What the service says in its log: who it is at start, and a line for each thing that it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

import watcher
from watcher import clock, logs
from watcher.app import App
from watcher.domain import RunReport, Seed, Warned
from watcher.errors import ConfigurationError
from watcher.flows.deliver.deliver import Sending
from watcher.flows.notices.summary import summary
from watcher.flows.schedule.tick import Done
from watcher.flows.search.corrections import is_worth_telling
from watcher.flows.search.corrections import summary as reread_line
from watcher.setup.loading import Seeds

if TYPE_CHECKING:
    from watcher.flows.compose.compose import Draft

_log = structlog.get_logger(__name__)

SLOTS_TOLD = 3
"""Slots that are told of each watch and list at the start."""


@dataclass
class Announcer:
    """Remembers what was said last, so that what goes on is said once."""

    _said: dict[str, str | None] = field(default_factory=dict)

    def once(self, about: str, text: str | None, say: Callable[[str], object]) -> None:
        """Say a thing unless it is what was said last about this; None means that there is nothing to say any more."""
        if self._said.get(about) != text:
            self._said[about] = text
            if text is not None:
                say(text)

    def done(self, what: Done) -> None:
        """A line for each rereading, run, digest and attempt to send."""
        if what.rereading is not None and is_worth_telling(what.rereading):
            (_log.warning if what.rereading.error else _log.info)(reread_line(what.rereading))
        if what.told:
            _log.info("corrections told at once", papers=what.told)
        for report in what.runs:
            _run(report)
        for draft in what.drafts:
            _digest(draft)
        for sending in what.sendings:
            _sending(sending)
        if what.pushed is not None:
            (_log.warning if what.pushed.failed else _log.info)(f"pushed into Zotero: {what.pushed.told}")
        self.once("waiting", waiting(what), _log.warning)


def waiting(what: Done) -> str | None:
    """Why digests wait, in one text; None when none does."""
    return "; ".join(what.waiting) if what.waiting else None


def introduce(app: App, now: datetime, *, anew: bool) -> None:
    """Who begins here, or goes on with a new configuration: version, database, clock, and the next three slots of everything."""
    settings = app.settings
    _log.info(
        "a new configuration is taken up" if anew else "watcher is at work",
        version=watcher.__version__,
        configuration=str(settings.path),
        sha256=settings.sha256[:12],
        database=logs.redact(settings.database_url),
        schema=app.store.schema,
        now=now.isoformat(timespec="seconds"),
        clock=clock.source(),
        timezone=settings.timezone,
    )
    if app.loaded is not None and app.loaded.error is not None:
        _log.warning("this is the last good configuration, from the database: the file is wrong", file=str(settings.path))
    for one in app.calendar().upcoming(now, SLOTS_TOLD):
        _log.info("next", kind=one.kind, name=one.name, slots=[f"{slot:%a %d %b %Y %H:%M %Z}" for slot in one.slots])
    for warning in app.file_warnings(now):
        _warned(warning)


def tell_seeds(before: Mapping[str, Seeds], now: Mapping[str, Seeds]) -> None:
    """A line for each watch whose seeds have changed: how many there were and are, and which files came, went and changed. They decide
    what is shown, and a file that is gone leaves no other trace."""
    for watch in before.keys() & now.keys():
        was, now_is = _by_file(before[watch]), _by_file(now[watch])
        if was != now_is:
            both = was.keys() & now_is.keys()
            files = {
                "files_gone": sorted(was.keys() - now_is.keys()),
                "files_new": sorted(now_is.keys() - was.keys()),
                "files_changed": sorted(path for path in both if was[path] != now_is[path]),
            }
            told = {name: paths for name, paths in files.items() if paths}
            counts = {"before": sum(map(len, was.values())), "now": sum(map(len, now_is.values()))}
            _log.info("the seeds of a watch have changed", watch=watch, **counts, **told)


def _by_file(seeds: Seeds) -> dict[str, list[Seed]]:
    found: dict[str, list[Seed]] = {}
    for seed in () if isinstance(seeds, ConfigurationError) else seeds.seeds:
        found.setdefault(seed.path, []).append(seed)
    return found


def _run(report: RunReport) -> None:
    if report.error_kind:
        _log.warning(summary(report), error=report.error, **({"fix": report.fix} if report.fix else {}))
    else:
        _log.info(summary(report))
    for warning in report.warnings:
        _warned(warning, watch=report.watch)


def _warned(warning: Warned, **more: str) -> None:
    place = warning.place
    where = {"file": str(place.path), "line": place.line, "column": place.column, "key": place.key} if place else {}
    _log.warning(warning.what, code=warning.code.value, fix=warning.fix, **where, **more)


def _digest(draft: Draft) -> None:
    digest = draft.digest
    counts = {"shown": len(digest.items), "attached": len(digest.attached), "gaps": len(digest.gaps)}
    _log.info("digest composed", list=digest.list.name, period=digest.period.key, **counts)


def _sending(sending: Sending) -> None:
    delivery = sending.delivery
    say = _log.warning if sending.failed else _log.info
    say(
        f"delivery {sending.state}",
        id=delivery.id,
        to=f"{delivery.channel} {delivery.recipient}".strip(),
        subject=delivery.message.subject,
        part=delivery.message.part,
        **(asdict(sending.failure) if sending.failure else {}),
        **({"next_try": sending.next_at.isoformat(timespec="minutes")} if sending.next_at else {}),
    )
