"""What the watching service hears of each run: that it begins, that it was good, that it failed.

A run that the service's own end breaks off, and one that waits for NCBI's quiet hours, end without a word: neither is a failure, and
where runs stay away the watching service notices by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.domain import RunOutcome, RunReport
from watcher.flows.notices.summary import summary
from watcher.heartbeat import Heartbeat


@dataclass(frozen=True, slots=True)
class RunHeartbeat:
    """Pings a heartbeat around runs."""

    heartbeat: Heartbeat

    def began(self, _watch: str) -> None:
        """A run begins."""
        self.heartbeat.start()

    def ended(self, report: RunReport) -> None:
        """A run has ended, its row committed."""
        if report.outcome is RunOutcome.GOOD:
            self.heartbeat.success(summary(report))
        elif report.is_failure:
            self.heartbeat.fail(f"{summary(report)}: {report.error}")
