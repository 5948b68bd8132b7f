"""The one line that counts for each run: printed, logged, and sent with the heartbeat."""

from __future__ import annotations

from watcher.domain import RunReport


def summary(report: RunReport) -> str:
    """What a run asked, found and took."""
    requests = "1 request" if report.requests == 1 else f"{report.requests:,} requests"
    return (
        f"run {report.watch} ({report.kind}) {report.outcome}: matched {report.matched:,}, known {report.known:,}, "
        f"fetched {report.fetched:,}, new {report.new:,}, awaiting {report.awaiting:,}, {requests}, {report.seconds:.1f} s"
    )
