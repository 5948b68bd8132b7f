"""How readers are told what became of a paper: in plain words, by its right name, with who says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watcher.digest.wording import count, listed, long_day, sentence
from watcher.domain import Corrected, Correction, CorrectionKind

_NAMES = {
    CorrectionKind.RETRACTION: "Retracted",
    CorrectionKind.REPLACED: "Retracted and republished",
    CorrectionKind.WITHDRAWAL: "Withdrawn",
    CorrectionKind.REMOVAL: "Removed by the publisher",
    CorrectionKind.PARTIAL_RETRACTION: "Retracted in part",
    CorrectionKind.CONCERN: "Expression of concern",
    CorrectionKind.CORRECTED_AND_REPUBLISHED: "Corrected and republished",
    CorrectionKind.ERRATUM: "Erratum",
    CorrectionKind.OTHER: "Update",
    CorrectionKind.REINSTATEMENT: "Reinstated",
    CorrectionKind.NOTICE_RETRACTED: "Notice retracted",
    CorrectionKind.TAKEN_BACK: "Taken back",
    CorrectionKind.GONE: "Deleted from PubMed",
}
"""What a reader sees first. An erratum is never called a retraction."""

_COUNTED = {
    CorrectionKind.RETRACTION: ("retraction", "retractions"),
    CorrectionKind.REPLACED: ("retraction", "retractions"),
    CorrectionKind.WITHDRAWAL: ("withdrawal", "withdrawals"),
    CorrectionKind.REMOVAL: ("removal", "removals"),
    CorrectionKind.PARTIAL_RETRACTION: ("partial retraction", "partial retractions"),
    CorrectionKind.CONCERN: ("expression of concern", "expressions of concern"),
}
"""How a subject counts the grave ones; all others are corrections there."""

_IN = {
    CorrectionKind.REPLACED: "the new paper is",
    CorrectionKind.CORRECTED_AND_REPUBLISHED: "the corrected paper is",
    CorrectionKind.GONE: "the paper's record is now",
}


TITLE = "Corrections to papers you had"
"""What heads them."""


def name(kind: CorrectionKind, label: str = "") -> str:
    """What it is called; a kind that only a source has a word for is called by that."""
    return f"{_NAMES[kind]}: {label}" if kind is CorrectionKind.OTHER and label else _NAMES[kind]


def counts(corrected: Sequence[Corrected]) -> str:
    """What a subject says of them: "1 retraction, 2 corrections"; "" for none. Each paper counts once, by its worst."""
    return counted(paper.corrections[0].kind for paper in corrected)


def counted(kinds: Iterable[CorrectionKind]) -> str:
    """The same of kinds, in their order."""
    found: dict[tuple[str, str], int] = {}
    for kind in kinds:
        words = _COUNTED.get(kind, ("correction", "corrections"))
        found[words] = found.get(words, 0) + 1
    return ", ".join(count(number, *words) for words, number in found.items())


def line(one: Correction) -> str:
    """One event as a line: its name, where the journal says so, on which day, and who tells: "Retracted: J Sample. 2026;1:2 (PubMed)"."""
    parts = [name(one.kind, one.label), *filter(None, [_where(one)])]
    on = f", {long_day(one.dated)}" if one.dated else ""
    by = f" ({listed(list(one.sources))})" if one.sources and one.kind is not CorrectionKind.GONE else ""
    return sentence(f"{': '.join(parts)}{on}{by}")


def _where(one: Correction) -> str:
    if one.kind is CorrectionKind.GONE:
        return (
            f"{_IN[one.kind]} {one.notice_record_id.label} (same DOI)"
            if one.notice_record_id
            else "PubMed no longer has this record"
        )
    if one.kind is CorrectionKind.TAKEN_BACK:
        return "its record no longer says what you were told of it"
    if one.kind is CorrectionKind.NOTICE_RETRACTED:
        return (
            f"the notice itself, {one.notice_record_id.label}, was retracted"
            if one.notice_record_id
            else "the notice itself was retracted"
        )
    place = one.notice_record_id.label if one.notice_record_id else f"https://doi.org/{one.notice_doi}" if one.notice_doi else ""
    citation = one.citation.rstrip(" .;:")
    said = ", ".join(filter(None, [citation, place]))
    return f"{_IN[one.kind]} {said}" if said and one.kind in _IN else said
