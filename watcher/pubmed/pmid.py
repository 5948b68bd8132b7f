"""PubMed's own number of a record. Outside this room a record is a RecordId (docs/decisions/0067)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

from watcher.domain import RecordId, pubmed_id

Pmid = NewType("Pmid", int)
"""PubMed's identity of a record, a positive integer."""


def pmids_of(record_ids: Iterable[RecordId]) -> tuple[Pmid, ...]:
    """The numbers of PubMed's records, in their order. Raises ValueError for a record of another source, which PubMed cannot know."""
    return tuple(_pmid(one) for one in record_ids)


def record_ids_of(pmids: Iterable[Pmid]) -> tuple[RecordId, ...]:
    """PubMed's records of these numbers, in their order."""
    return tuple(map(pubmed_id, pmids))


def _pmid(record_id: RecordId) -> Pmid:
    if record_id.pmid is None:
        raise ValueError(f"{record_id} is no record of PubMed")
    return Pmid(record_id.pmid)
