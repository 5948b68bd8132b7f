"""Which record a reader means who names a paper."""

from __future__ import annotations

from watcher.domain import RecordId, pubmed_id
from watcher.errors import Problem, UnknownNameError
from watcher.store import Store


def record_named(store: Store, named: str) -> RecordId:
    """The record of a PMID, which need not be stored, or of a DOI in small letters.

    Raises:
        UnknownNameError: no stored record has the DOI.
    """
    if named.isdigit():
        return pubmed_id(int(named))
    found = store.record_of_doi(named)
    if found is None:
        raise UnknownNameError(Problem(f"no stored record has the DOI {named}", "name the paper by its PMID"))
    return found
