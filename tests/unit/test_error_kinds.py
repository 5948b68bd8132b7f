"""What a run failed of, as a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.domain import ErrorKind
from watcher.errors import (
    BadQuery,
    BudgetExceeded,
    ConfigurationError,
    Place,
    Problem,
    PubMedError,
    PubMedUnavailable,
    QuietHours,
    SeedError,
    Stopped,
    TooManyMatches,
    WatcherError,
)
from watcher.flows.search.error_kinds import kind_of, told


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PubMedUnavailable("x"), ErrorKind.NO_ANSWER),
        (BudgetExceeded("x"), ErrorKind.LATE),
        (BadQuery("x"), ErrorKind.QUERY),
        (TooManyMatches("x", matched=2, allowed=1), ErrorKind.TOO_MANY),
        (QuietHours("x"), ErrorKind.QUIET_HOURS),
        (SeedError(Problem("x")), ErrorKind.SEED_FILE),
        (ConfigurationError(Problem("x")), ErrorKind.SEEDS),
        (Stopped(), ErrorKind.STOPPED),
        (PubMedError("x"), ErrorKind.OTHER),
    ],
)
def test_an_error_is_of_the_kind_of_its_nearest_class(error: WatcherError, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


def test_what_is_wrong_with_a_file_and_what_to_write_are_told_apart() -> None:
    place = Place(Path("seeds/nmj/a.ris"), 3)

    said, fix = told(SeedError(Problem("no TY - really none", "begin each reference with TY", place), Problem("no title")))

    assert said == "seeds/nmj/a.ris:3: no TY - really none; no title"
    assert fix == "begin each reference with TY"


def test_what_pubmed_said_is_told_whole() -> None:
    assert told(PubMedUnavailable("esearch: HTTP 503 - try\n    later")) == ("esearch: HTTP 503 - try\n    later", None)
