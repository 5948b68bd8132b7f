"""Asks Crossref what became of a paper: GET BASE/works/{doi}, and of the answer `updated-by`. It stores nothing and decides nothing.

`updated-by` stands on the article, with what publishers deposited and, since January 2025, what Retraction Watch recorded (Crossref's
documentation of retractions and updates). One event may stand there twice, from both, or the same notice under two types: the worst counts.
Requests go one after the other, at most five a second, with the address of who asks, as Crossref wants from its polite users.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

import requests

import watcher
from watcher import waits
from watcher.deadline import MEGABYTE, new_session, within
from watcher.domain import Correction, CorrectionKind, RecordId
from watcher.errors import CrossrefUnavailable, Stopped
from watcher.failing import in_words

BASE = "https://api.crossref.org/"
A_SECOND = 5.0
TIMEOUTS = (10, 30)
PATIENCE_SECONDS = 60.0
MOST_BYTES = 20 * MEGABYTE
"""A work with thousands of references has some megabytes."""

_KINDS = {
    "retraction": CorrectionKind.RETRACTION,
    "retraction_and_republication": CorrectionKind.REPLACED,
    "retracted_and_republished": CorrectionKind.REPLACED,
    "withdrawal": CorrectionKind.WITHDRAWAL,
    "removal": CorrectionKind.REMOVAL,
    "partial_retraction": CorrectionKind.PARTIAL_RETRACTION,
    "expression_of_concern": CorrectionKind.CONCERN,
    "concern": CorrectionKind.CONCERN,
    "corrected_and_republished": CorrectionKind.CORRECTED_AND_REPUBLISHED,
    "correction": CorrectionKind.ERRATUM,
    "erratum": CorrectionKind.ERRATUM,
    "corrigendum": CorrectionKind.ERRATUM,
    "addendum": CorrectionKind.ERRATUM,
    "clarification": CorrectionKind.ERRATUM,
    "reinstatement": CorrectionKind.REINSTATEMENT,
}
"""What Crossref calls it, in lower case with underscores."""

_NO_ALARM = frozenset({"new_version", "new_edition"})

_SOURCES = {"publisher": "Crossref (publisher)", "retraction-watch": "Crossref (Retraction Watch)"}
_WORST = list(CorrectionKind)


class Crossref:
    """Crossref's REST API, asked by `email`. Once `stopping` is set, no further request is made."""

    def __init__(
        self,
        email: str,
        *,
        base_url: str = BASE,
        a_second: float = A_SECOND,
        patience: float = PATIENCE_SECONDS,
        stopping: threading.Event | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._email = email
        self._pause = 1 / a_second
        self._patience = patience
        self._stopping = stopping or threading.Event()
        self._next_at = 0.0

    def corrections(self, record_id: RecordId, doi: str) -> tuple[Correction, ...] | None:
        """Everything that Crossref says became of a paper; None when it does not know the DOI, as with those of other agencies.

        Raises:
            CrossrefUnavailable: there was no answer that can be used.
            Stopped: the service is to stop.
        """
        answer = self._ask(doi)
        return None if answer is None else understood(record_id, answer)

    def _ask(self, doi: str) -> Mapping[str, Any] | None:
        self._wait()
        url = f"{self._base}/works/{quote(doi, safe='')}"
        headers = {"User-Agent": f"watcher/{watcher.__version__} (mailto:{self._email})"}
        with within(self._patience, most_bytes=MOST_BYTES) as exchange, new_session() as session:
            try:
                answer = session.get(url, params={"mailto": self._email}, headers=headers, timeout=TIMEOUTS)
                body = answer.content
            except (OSError, ValueError) as error:
                raise CrossrefUnavailable(f"Crossref: {exchange.failure or in_words(error)}") from error
        if answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok:
            raise CrossrefUnavailable(f"Crossref answered {answer.status_code}", retry_after=waits.asked_for(answer.headers))
        return _message(body)

    def _wait(self) -> None:
        """Wait for this request's turn."""
        if self._stopping.wait(max(0.0, self._next_at - time.monotonic())):
            raise Stopped
        self._next_at = time.monotonic() + self._pause


def understood(record_id: RecordId, work: Mapping[str, Any]) -> tuple[Correction, ...]:
    """What `updated-by` of a work says, each event once, worst first. What is not shaped as documented says nothing; a type that is not
    known is taken over by its name."""
    told = [one for entry in _entries(work) if (one := _correction(record_id, entry))]
    by_notice: dict[str, Correction] = {}
    for one in sorted(told, key=lambda one: _WORST.index(one.kind)):
        key = f"{min(one.kind.family, key=_WORST.index)}" if one.kind.happens_once else one.notice or f"{one.kind} {one.dated}"
        known = by_notice.get(key) or next((held for held in by_notice.values() if _is_same_notice(held, one)), None)
        if known is None:
            by_notice[key] = one
        else:
            by_notice = {name: _joined(held, one) if held is known else held for name, held in by_notice.items()}
    return tuple(_without_reinstated(tuple(by_notice.values())))


def _is_same_notice(held: Correction, one: Correction) -> bool:
    return held.notice_doi is not None and held.notice_doi == one.notice_doi


def _joined(held: Correction, one: Correction) -> Correction:
    """One event that stands there twice; what says the same of it is a source too."""
    sources = held.sources if one.kind not in held.kind.family else tuple(dict.fromkeys([*held.sources, *one.sources]))
    return replace(held, sources=sources, notice_doi=held.notice_doi or one.notice_doi, dated=held.dated or one.dated)


def _without_reinstated(found: Sequence[Correction]) -> Iterator[Correction]:
    """A retraction that was taken back later is told by its reinstatement alone."""
    back = next((one for one in found if one.kind is CorrectionKind.REINSTATEMENT), None)
    for one in found:
        is_over = back is not None and one.kind.retracts and (one.dated is None or back.dated is None or one.dated <= back.dated)
        if not is_over:
            yield one


def _entries(work: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    entries = work.get("updated-by")
    yield from (entry for entry in (entries if isinstance(entries, list) else []) if isinstance(entry, dict))


def _correction(record_id: RecordId, entry: Mapping[str, Any]) -> Correction | None:
    said = str(entry.get("type") or "").strip().casefold().replace("-", "_").replace(" ", "_")
    if said in _NO_ALARM:
        return None
    doi, source = entry.get("DOI"), str(entry.get("source") or "")
    kind = _KINDS.get(said, CorrectionKind.OTHER)
    return Correction(
        record_id=record_id,
        kind=kind,
        notice_doi=doi.strip().lower() if isinstance(doi, str) and doi.strip() else None,
        sources=(_SOURCES.get(source, f"Crossref ({source})" if source else "Crossref"),),
        label=(str(entry.get("label") or "") or said) if kind is CorrectionKind.OTHER else "",
        dated=_day(entry.get("updated")),
    )


def _day(updated: object) -> date | None:
    """The day of an update, where all of it is given."""
    try:
        year, month, day = updated["date-parts"][0]  # type: ignore[index]
        return date(int(year), int(month), int(day))
    except (TypeError, KeyError, ValueError, IndexError):
        return None


def _message(body: bytes) -> Mapping[str, Any]:
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError) as error:
        raise CrossrefUnavailable("Crossref: the answer is no work of its REST API") from error
    if not isinstance(message, dict):
        raise CrossrefUnavailable("Crossref: the answer is no work of its REST API")
    return message
