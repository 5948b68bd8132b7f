"""What a run failed of, as a value: the errors of PubMed and of the lab's files, sorted."""

from __future__ import annotations

from watcher.domain import ErrorKind
from watcher.errors import (
    AnswerTooLong,
    BadCredentials,
    BadQuery,
    BudgetExceeded,
    CannotBeCut,
    ConfigurationError,
    IncompleteAnswer,
    PubMedUnavailable,
    QuietHours,
    SeedError,
    Stopped,
    TooManyMatches,
    WatcherError,
    ZoteroError,
)

_KINDS: tuple[tuple[type[WatcherError], ErrorKind], ...] = (
    (BudgetExceeded, ErrorKind.LATE),
    (AnswerTooLong, ErrorKind.TOO_LONG),
    (PubMedUnavailable, ErrorKind.NO_ANSWER),
    (IncompleteAnswer, ErrorKind.INCOMPLETE),
    (QuietHours, ErrorKind.QUIET_HOURS),
    (TooManyMatches, ErrorKind.TOO_MANY),
    (CannotBeCut, ErrorKind.CANNOT_BE_CUT),
    (BadQuery, ErrorKind.QUERY),
    (BadCredentials, ErrorKind.KEY),
    (ZoteroError, ErrorKind.COLLECTION),
    (SeedError, ErrorKind.SEED_FILE),
    (ConfigurationError, ErrorKind.SEEDS),
    (Stopped, ErrorKind.STOPPED),
)
"""The first class that an error is of says its kind: those that are of another stand before it."""


def kind_of(error: WatcherError) -> ErrorKind:
    """The kind of an error."""
    return next((kind for of, kind in _KINDS if isinstance(error, of)), ErrorKind.OTHER)


def told(error: WatcherError) -> tuple[str, str | None]:
    """What an error says, and what to do about it where it says that apart."""
    if not isinstance(error, ConfigurationError):
        return str(error), (error.fix or None) if isinstance(error, QuietHours | ZoteroError) else None
    problems = [f"{one.place}: {one.what}" if one.place else one.what for one in error.problems]
    return "; ".join(problems), next((one.fix for one in error.problems if one.fix), None)
