"""Every expected failure of the watcher, as one tree.

    WatcherError
    ├── ConfigurationError      the configuration, a seed file or another input is wrong    exit 1
    │   ├── SeedError           a file under seeds/ cannot be read
    │   │   └── SeedsUnread     a watch has no seeds but those of a collection of Zotero that was not read yet
    │   └── UnknownNameError    no such watch, list, channel or delivery
    ├── PubMedError             PubMed did not give what was asked
    │   ├── PubMedUnavailable   may pass: try again later                                   exit 4
    │   │   ├── BudgetExceeded  a request's total deadline ran out
    │   │   └── AnswerTooLong   more came than any answer of PubMed's has
    │   ├── QuietHours          may pass: a large job waits for NCBI's night or weekend
    │   ├── IncompleteAnswer    may pass: fewer ids than the answer itself announced        exit 4
    │   ├── BadQuery            cannot pass: the query must be changed
    │   │   ├── TooManyMatches  more matches than `allow_over`
    │   │   └── CannotBeCut     over 9,999 records share the finest dates a set is cut by
    │   └── BadCredentials      cannot pass: the API key was refused
    ├── HubError                the model hub did not give a file                           exit 1
    │   └── HubUnavailable      may pass: try again later                                   exit 4
    ├── CrossrefUnavailable     may pass: Crossref did not answer for a DOI; the next rereading asks again
    ├── ZoteroError             Zotero did not do what was asked
    │   ├── ZoteroUnavailable   may pass: try again later                                   exit 4
    │   └── ZoteroRefused       cannot pass: the key, the library or the collection must be changed   exit 1
    ├── RecordError             one record cannot be understood; its batch goes on
    ├── DeliveryError           a message was not taken (permanent or not)
    ├── StoreError              the database cannot be used
    │   ├── SchemaTooNew        written by a newer watcher
    │   ├── StoreUnusable       damaged and set aside, or its folder cannot be written: a person must act first
    │   ├── StoreDamaged        damage was met while it was read
    │   └── AlreadyComposed     this list already has a digest for this period
    ├── Busy                    another process holds the work                              exit 5
    ├── WorkLost                the process that did a service's work was killed; the next round goes on with it
    └── Stopped                 the service was told to stop; what was begun is left for the next start

Whether trying again can help is the class (`PubMedError.may_pass`) or a field (`DeliveryError.permanent`). Messages are written
for the person who reads them: what happened, to which thing, and what to do. No message contains a secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.domain import Place as Place  # noqa: PLC0414 - part of a problem, and imported with it


class WatcherError(Exception):
    """An expected failure; its message is meant for the user."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where, what, and what to write instead."""

    what: str
    fix: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        text = f"{self.place}: {self.what}" if self.place else self.what
        return f"{text}\n    {self.fix}" if self.fix else text


class ConfigurationError(WatcherError):
    """The configuration or another input is wrong; `problems` lists every problem found, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class SeedError(ConfigurationError):
    """A file under seeds/ cannot be read or understood."""


class SeedsUnread(SeedError):
    """A watch has no seeds but those of a collection that was not read yet."""


class UnknownNameError(ConfigurationError):
    """A watch, list, channel or delivery of this name does not exist."""


class PubMedError(WatcherError):
    """PubMed did not give what was asked."""

    may_pass = False


class PubMedUnavailable(PubMedError):
    """PubMed, or the way to it, failed; the same request may succeed later. `status` is the last HTTP status, if any."""

    may_pass = True

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class BudgetExceeded(PubMedUnavailable):
    """One request took longer than `deadline_seconds`."""


class AnswerTooLong(PubMedUnavailable):
    """An answer was longer than any of PubMed's is; it was not read to its end, nor asked for again at once."""


class QuietHours(PubMedError):
    """A job of more than 100 requests waits for NCBI's quiet hours: 21:00 to 05:00 and weekends, US Eastern. `fix` does it at once."""

    may_pass = True

    def __init__(self, message: str, *, fix: str = "") -> None:
        self.fix = fix
        super().__init__(message)


class IncompleteAnswer(PubMedError):
    """An answer held fewer ids than it announced, also when it was asked again."""

    may_pass = True


class BadQuery(PubMedError):
    """PubMed refused the query; it must be changed."""


class TooManyMatches(BadQuery):
    """The query matches more records than the watch allows."""

    def __init__(self, message: str, *, matched: int, allowed: int) -> None:
        self.matched = matched
        self.allowed = allowed
        super().__init__(message)


class CannotBeCut(BadQuery):
    """More than 9,999 records share one creation date, one entry date and one publication year."""


class BadCredentials(PubMedError):
    """NCBI refused the API key."""


class HubError(WatcherError):
    """A model hub did not give a file, or gave another than the pinned one."""


class HubUnavailable(HubError):
    """A model hub, or the way to it, failed; the same request may succeed later."""


class CrossrefUnavailable(WatcherError):
    """Crossref, or the way to it, gave no answer that can be used. `retry_after`: seconds that it asked to wait."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ZoteroError(WatcherError):
    """Zotero did not do what was asked. `status`: the HTTP status, if there was an answer; `retry_after`: seconds that it asked to wait;
    `fix`: what a person can do."""

    may_pass = False

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None, fix: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.fix = fix


class ZoteroUnavailable(ZoteroError):
    """Zotero, or the way to it, failed; the same request may succeed later."""

    may_pass = True


class ZoteroRefused(ZoteroError):
    """Zotero said no, and says so again until the key, the library or the collection is changed."""


class RecordError(WatcherError):
    """One PubMed record cannot be understood."""


class DeliveryError(WatcherError):
    """A message was not taken.

    `permanent`: sending the same bytes again cannot help until something is changed. `retry_after`: seconds the other side
    asked to wait. `code`: the SMTP or HTTP status. `fix`: what a person can do.
    """

    def __init__(
        self, message: str, *, permanent: bool, retry_after: float | None = None, code: int | None = None, fix: str = ""
    ) -> None:
        self.permanent = permanent
        self.retry_after = retry_after
        self.code = code
        self.fix = fix
        super().__init__(message)


class StoreError(WatcherError):
    """The database cannot be used."""


class SchemaTooNew(StoreError):
    """The database was written by a newer watcher; an older one must not touch it."""


class StoreUnusable(StoreError):
    """The database is damaged, or the service may not write where it lies: trying again cannot help until a person has acted."""


class StoreDamaged(StoreError):
    """SQLite met damage while it read: the next who begins work reads the file whole, and sets it aside."""


class AlreadyComposed(StoreError):
    """This list already has a digest for this period."""


class Busy(WatcherError):
    """Another process holds the work."""


class WorkLost(WatcherError):
    """The process that did a service's work was killed: the next round goes on with it."""


class Stopped(WatcherError):
    """The service was told to stop: what was begun is left for the next start, nothing is lost."""

    def __init__(self, message: str = "the service was stopped; the next start goes on") -> None:
        super().__init__(message)
