"""A reader is erased from what is stored."""

from __future__ import annotations

from collections.abc import Collection

from watcher.errors import ConfigurationError, Place, Problem, UnknownNameError
from watcher.store import ForgottenFacts, Store

SHORTEST = 3
"""A shorter name would be found within other words."""


def forget_reader(store: Store, reader: str, *, document: str, recipients: Collection[str], place: Place) -> ForgottenFacts:
    """Have nothing stored name a reader any more.

    Args:
        store: the database.
        reader: the name that verdicts were given by, or the address that mails go to.
        document: the configuration in force, in whose text the reader must not stand.
        recipients: to whom its channels deliver.
        place: where that stands.

    Returns:
        What was changed.

    Raises:
        ConfigurationError: the configuration names the reader, or a message is still owed to them.
        UnknownNameError: nothing stored names the reader.
    """
    name = reader.strip()
    if len(name) < SHORTEST:
        raise UnknownNameError(Problem(f"{name!r} is too short to be found safely", f"a name has {SHORTEST} letters or more"))
    if name.casefold() in document.casefold() or name.casefold() in {one.casefold() for one in recipients}:
        fix = "take the address out of the file and save it; what is kept of them would come back with the next message"
        raise ConfigurationError(Problem(f"the configuration names {name}", fix, place))
    if store.is_owed(name):
        fix = "wait until it is sent, or end it with `watcher deliver --drop ID`"
        raise ConfigurationError(Problem(f"a message is still owed to {name}", fix))
    done = store.forget_reader(name)
    if not done.rows:
        raise UnknownNameError(
            Problem(f"nothing stored names {name}", "`watcher explain PMID` shows by which name a verdict was given")
        )
    return done
