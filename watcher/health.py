"""Whether the service is well: the pulse that a running service writes, and what is concluded from it.

    the service   writes its pulse every second or tick, and after each round with the problems that it found
    the check     reads the pulse and says why the service is not well; no database, no configuration, no network

The pulse is a note about a process, never the truth about the work: that is in the database. A lost or damaged pulse loses nothing.
This room imports the standard library alone, so that the check answers at once.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

STALE_AFTER = timedelta(seconds=60)
"""A pulse that is older, and older than three ticks, is of a service that stands still or is gone."""

ROUND_LIMIT = timedelta(hours=1)
"""The longest that one round may take."""

RUN_GRACE = timedelta(hours=6)
"""How long after its second missed slot a watch may still be without a good run."""

OWED_LIMIT = timedelta(days=2)
"""How long a message may be owed."""

_PRIVATE = 0o600
_INSTANTS = ("at", "started_at", "round_began_at", "round_ended_at", "now")


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a service says of itself. Instants are aware and the machine's own, but for `now`: the service's clock in the last
    finished round, which WATCHER_CLOCK_FILE may move.

    `rounds` counts the finished ones. A round is under way when `round_began_at` is later than `round_ended_at`. `problems` are
    whole sentences; `config_error` is why the last good configuration runs in place of the file.
    """

    at: datetime
    started_at: datetime
    pid: int
    tick_seconds: float
    round_began_at: datetime | None = None
    round_ended_at: datetime | None = None
    now: datetime | None = None
    rounds: int = 0
    problems: tuple[str, ...] = ()
    config_error: str | None = None

    @property
    def in_round(self) -> bool:
        """Whether a round is under way."""
        return self.round_began_at is not None and (self.round_ended_at is None or self.round_ended_at < self.round_began_at)


@dataclass(frozen=True, slots=True)
class WatchFacts:
    """A watch as the check sees it. `before` is the run slot before the latest one that was over `RUN_GRACE` ago; `since` is when the
    first run after the last good one began to fail."""

    name: str
    last_good_at: datetime | None
    before: datetime | None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwedFacts:
    """A message that is still owed on a channel since `since`."""

    channel: str
    since: datetime


# --- the file ------------------------------------------------------------------------------------------------------------------


def pulse_file(data_folder: Path) -> Path:
    """Where the service of this host writes its pulse."""
    return data_folder / f"service.{_host()}.json"


def pulse_files(data_folder: Path) -> tuple[Path, ...]:
    """The pulses of all hosts that share the folder, such as an earlier container's; this host's first."""
    own = pulse_file(data_folder)
    others = sorted(path for path in data_folder.glob("service.*.json") if path != own)
    return (own, *others)


def write(path: Path, pulse: Pulse) -> bool:
    """Replaces the file at once, so that a reader sees the old pulse or the new one; whether it could be written.

    A full disk is no reason for a service to end: the caller says it in the log, and the check finds the pulse stale.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w", encoding="utf-8") as file:
            file.write(json.dumps(_as_json(pulse), ensure_ascii=False))
        beside.replace(path)
    except OSError:
        _remove(beside)
        return False
    return True


def read(path: Path) -> Pulse | None:
    """The pulse in the file; None when there is none, or none that can be understood."""
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove(path: Path, pid: int) -> None:
    """Takes the pulse away at an orderly end, unless another process has written its own there meanwhile."""
    pulse = read(path)
    if pulse is not None and pulse.pid == pid:
        _remove(path)


def latest(data_folder: Path, real_now: datetime) -> Pulse | None:
    """The pulse that counts for the folder: this host's while it is fresh, else the freshest of any host, else None."""
    found = [pulse for path in pulse_files(data_folder) if (pulse := read(path))]
    fresh = [pulse for pulse in found if not is_stale(pulse, real_now)]
    return fresh[0] if fresh else max(found, key=lambda pulse: pulse.at, default=None)


# --- what is concluded ---------------------------------------------------------------------------------------------------------


def is_stale(pulse: Pulse, real_now: datetime) -> bool:
    """Whether the pulse is of a service that no longer writes. One from the future is stale too: the clock was set back, and a
    living service would have written since."""
    return abs(real_now - pulse.at) > max(STALE_AFTER, timedelta(seconds=3 * pulse.tick_seconds))


def verdict(pulse: Pulse | None, real_now: datetime) -> tuple[str, ...]:
    """Why the service is not well, in sentences; () when it is well.

    A bad edit of the configuration is no illness: the service works on with the last good one, and says so elsewhere.
    """
    if pulse is None:
        return ("no service is running",)
    if is_stale(pulse, real_now):
        return (f"the service gave its last sign of life at {_at(pulse.at)} (process {pulse.pid})",)
    began = pulse.round_began_at
    if pulse.in_round and began is not None and real_now - began > ROUND_LIMIT:
        return (f"the round that began at {_at(began)} has not ended", *pulse.problems)
    return pulse.problems


def problems(
    watches: Iterable[WatchFacts], owed: Iterable[OwedFacts], now: datetime, *, failed_rounds: int = 0, error: str = ""
) -> tuple[str, ...]:
    """What the service puts into its pulse after a round.

    Args:
        watches: all watches.
        owed: all messages that are owed, parked ones too.
        now: the service's clock.
        failed_rounds: how many rounds in a row ended with an error.
        error: what the last of these rounds failed of, in one line.
    """
    found = [sentence for watch in watches if (sentence := _overdue(watch, now))]
    found += _unsent(owed, now)
    if failed_rounds:
        times = "the last round" if failed_rounds == 1 else f"the last {failed_rounds} rounds"
        found.append(f"{times} failed: {error}")
    return tuple(found)


def _overdue(watch: WatchFacts, now: datetime) -> str | None:
    """A watch that has missed two slots; one that has never been run and does not fail is about to be run."""
    since = watch.last_good_at or watch.failing_since
    if since is None or since > now or watch.before is None or since >= watch.before:
        return None
    if watch.last_good_at is None:
        return f"watch {watch.name} has had no good run; it fails since {_at(since)}"
    return f"watch {watch.name} has had no good run since {_at(since)}"


def _unsent(owed: Iterable[OwedFacts], now: datetime) -> list[str]:
    """One sentence for each channel that owes for too long."""
    late: dict[str, list[datetime]] = {}
    for one in owed:
        if now - one.since > OWED_LIMIT:
            late.setdefault(one.channel, []).append(one.since)
    return [
        f"channel {channel}: {'a message is' if len(since) == 1 else f'{len(since)} messages are'} owed since {_at(min(since))}"
        for channel, since in late.items()
    ]


# --- the file's form -----------------------------------------------------------------------------------------------------------


def _as_json(pulse: Pulse) -> dict[str, Any]:
    values = asdict(pulse)
    return values | {name: values[name].isoformat() for name in _INSTANTS if values[name] is not None}


def _from_json(values: Any) -> Pulse:  # noqa: ANN401 - whatever the file holds
    if not isinstance(values, dict):
        raise TypeError(values)
    instants = {name: datetime.fromisoformat(values[name]) for name in _INSTANTS if values.get(name) is not None}
    if any(instant.tzinfo is None for instant in instants.values()):
        raise ValueError(values)
    return Pulse(**(values | instants | {"problems": tuple(values.get("problems", ()))}))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def _host() -> str:
    return socket.gethostname().replace(":", "-").replace("/", "-")


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
