"""What the service says of itself after a round, from what its database holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from support.flow_samples import Desk

from standins.eutils.papers import paper
from watcher.flows.questions import health

NMJ = paper(1, title="The neuromuscular junction", created="2026-03-01")
GOOD = "2026-03-02T04:40"
"""A run after the slot of 05:30 in Berlin, which is 04:30 UTC."""


def problems(one: Desk, instant: str, **more: int | str) -> tuple[str, ...]:
    return health.problems(one.ticker(), one.store, datetime.fromisoformat(instant).replace(tzinfo=UTC), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("instant", "well"),
    [
        ("2026-03-03T04:31", True),  # the first slot after it was missed just now
        ("2026-03-04T04:31", True),  # the second too
        ("2026-03-04T10:29", True),  # and six hours have not gone by since
        ("2026-03-04T10:31", False),
        ("2026-03-09T04:31", False),
    ],
)
def test_a_watch_is_overdue_six_hours_after_its_second_missed_slot(
    instant: str, *, well: bool, at_desk: Callable[..., Desk]
) -> None:
    one = at_desk(NMJ)
    one.load(GOOD)
    one.run(GOOD)

    told = () if well else ("watch nmj has had no good run since 2026-03-02 04:40 UTC",)
    assert problems(one, instant) == told


def test_a_watch_that_was_never_run_is_about_to_be(at_desk: Callable[..., Desk]) -> None:
    one = at_desk(NMJ)
    one.load(GOOD)

    assert problems(one, "2026-03-09T12:00") == ()


def test_failing_rounds_are_told(at_desk: Callable[..., Desk]) -> None:
    one = at_desk(NMJ)
    one.load(GOOD)

    assert problems(one, GOOD, failed_rounds=2, error="disk full") == ("the last 2 rounds failed: disk full",)
