"""When a run that failed is tried again. Pure: it is told what happened, and says an instant.

PubMed failed       10, 20, 40 … 240 minutes after the failed run ended; a list that is due asks after 5, 10, 20, 30, 30 …
cut off             at once; from the fourth in a row on as after a failure, since something ends the process in its runs
a large job         when NCBI's quiet hours begin
refused, or seeds   not by itself: PubMed, or the files, would say the same until they are changed

A watch's next slot, a list that comes due, and a changed configuration do not wait for any of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher import schedule
from watcher.domain import ErrorKind, RunOutcome, RunReport
from watcher.schedule import Patience
from watcher.store import RunHistory

AT_ONCE = 3
"""Cut-off runs in a row that are repeated without waiting."""

INPUT = (ErrorKind.SEEDS, ErrorKind.SEED_FILE)
"""Kinds of error that lie in what the lab wrote."""


@dataclass(frozen=True, slots=True)
class Failures:
    """The runs of a watch since its last good one: the latest, how many, how many of the latest were cut off one after the other."""

    last: RunReport
    count: int
    cut_off: int

    @classmethod
    def of_history(cls, history: RunHistory) -> Failures | None:
        """Those since the last good run; None when it is the last."""
        if history.last is None or not history.failed_in_row:
            return None
        return cls(history.last, history.failed_in_row, history.abandoned_in_row)

    @classmethod
    def of_reports(cls, reports: Sequence[RunReport]) -> Failures | None:
        """Those at the end of the reports, oldest first; None when the last is good. What the service's own end broke off is no failure."""
        told = [one for one in reports if one.error_kind is not ErrorKind.STOPPED]
        bad = _tail(told, tuple(outcome for outcome in RunOutcome if outcome is not RunOutcome.GOOD))
        return cls(bad[-1], len(bad), len(_tail(bad, (RunOutcome.ABANDONED,)))) if bad else None

    def next_try(self, patience: Patience) -> datetime | None:
        """When the watch is asked again; None: not before something is changed, or its next slot comes."""
        last = self.last
        if last.outcome is RunOutcome.REFUSED or last.error_kind in INPUT:
            return None
        if last.error_kind is ErrorKind.QUIET_HOURS:
            return schedule.next_quiet_at_ncbi(last.finished_at)
        tries = self.cut_off - AT_ONCE if last.outcome is RunOutcome.ABANDONED else self.count
        if tries <= 0:
            return last.finished_at
        return last.finished_at + patience.wait(tries, last.watch)


def _tail(reports: Sequence[RunReport], outcomes: tuple[RunOutcome, ...]) -> list[RunReport]:
    """The last reports, as far back as they ended so."""
    found: list[RunReport] = []
    for report in reversed(reports):
        if report.outcome not in outcomes:
            break
        found.insert(0, report)
    return found
