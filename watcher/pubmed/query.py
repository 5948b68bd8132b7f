"""Writes PubMed query terms: windows, date cuts, the normal form.

Pure: terms in, terms out. It never asks PubMed, reads no clock and changes no term that a lab wrote, save by putting parentheses
around it. The syntax is that of PubMed's help (https://pubmed.ncbi.nlm.nih.gov/help/).
"""

from __future__ import annotations

import re
from datetime import date

FIRST_DAY = date(1800, 1, 1)
"""Before any date in PubMed."""

FOR_EVER = "3000"
"""PubMed's own way of leaving a range of dates open at its end."""


def normalise(term: str) -> str:
    """Fold white space outside quotation marks; two terms are one version of a query when their normal forms are equal."""
    parts = re.split(r'("[^"]*"?)', term)
    return "".join(part if part.startswith('"') else re.sub(r"\s+", " ", part) for part in parts).strip()


def windowed(term: str, since: date) -> str:
    """Those of `term` that were created, entered, indexed or revised on or after `since` (a day at NCBI)."""
    dates = " OR ".join(f"({_days(since, None, field)})" for field in ("crdt", "edat", "mhda", "lr"))
    return f"({term}) AND ({dates})"


def created_between(term: str, since: date | None, until: date | None) -> str:
    """Those of `term` whose record was created from `since` to `until`, both inclusive, None for no bound."""
    return f"({term}) AND ({_days(since, until, 'crdt')})"


def created_never(term: str) -> str:
    """Those of `term` that no range of creation dates finds."""
    return f"({term}) NOT ({_days(None, None, 'crdt')})"


def entered_between(term: str, since: date | None, until: date | None) -> str:
    """Those of `term` whose entry date lies from `since` to `until`, both inclusive, None for no bound."""
    return f"({term}) AND ({_days(since, until, 'edat')})"


def published_in(term: str, first_year: int, last_year: int) -> str:
    """Those of `term` published, on paper or on line, from `first_year` to `last_year`.

    A record with a print and an electronic date in different years matches both of them.
    """
    return f'({term}) AND ("{first_year:04d}"[dp] : "{last_year:04d}"[dp])'


def _days(since: date | None, until: date | None, field: str) -> str:
    last = f"{until:%Y/%m/%d}" if until else FOR_EVER
    return f'"{since or FIRST_DAY:%Y/%m/%d}"[{field}] : "{last}"[{field}]'
