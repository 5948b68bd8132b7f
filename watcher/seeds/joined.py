"""Exports of several formats joined into one file: each format's records, on the lines where they stand."""

from __future__ import annotations

import re

_BEGINS = {
    "ris": re.compile(r"TY\s{1,3}- {0,3}\w"),
    "medline": re.compile(r"(?:PMID|OWN |STAT|PMC )- ?\S"),
    "bibtex": re.compile(r"@(?!comment\b|string\b|preamble\b)[a-z]+\s*[{(]", re.IGNORECASE),
}
"""How a record begins, where nothing of another stands before it."""
_MEDLINE_NEEDS = re.compile(r"PMID- ?\S")
"""What each of MEDLINE's records has, wherever: without one in the file, such lines are no records."""
_ENDS = re.compile(r"\s*|\s*ER\s{0,3}-?\s*|\}\s*")


def parted(text: str) -> tuple[str, ...]:
    """The text once for each format that has records in it, the lines of the others left empty; as it is where there is one format.

    A record of another format begins at the head, behind an empty line, or behind another record's end. What stands before the first
    record is its format's.
    """
    lines = text.split("\n")
    begins = dict(_BEGINS)
    if not any(map(_MEDLINE_NEEDS.match, lines)):
        del begins["medline"]
    owners = [""] * len(lines)
    owner, before = "", ""
    for number, line in enumerate(lines):
        if _ENDS.fullmatch(before):
            owner = next((name for name, beginning in begins.items() if beginning.match(line)), owner)
        owners[number], before = owner, line
    found = list(dict.fromkeys(filter(None, owners)))
    if len(found) < 2:
        return (text,)
    first = [one or found[0] for one in owners]
    return tuple("\n".join(line if mine == name else "" for line, mine in zip(lines, first, strict=True)) for name in found)
