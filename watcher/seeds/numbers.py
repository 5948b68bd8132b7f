"""Lines of numbers: which of them are PMIDs where nothing calls them so, and which may be.

A number of seven or eight digits is as long as nearly all PMIDs are. In a line of nothing else it is one; in running text it may be, unless it
is a date, a volume, or another thing's number. What may be a PMID is never passed over in silence.
"""

from __future__ import annotations

import re

from watcher.seeds.identifiers import identified
from watcher.seeds.mentions import Mention, blanked, mentions, own

__all__ = ["is_date", "listed", "loose_numbers", "noted"]

_LEAST_DIGITS = 5
"""Digits from which a number without a label counts as a PMID where it does not stand alone on its line."""
_TAG = r"(?:pmids?|uid|pubmed)"
_FILLER = re.compile(
    rf"(?:pmids?|dois?|pmcids?|and|or|&|\+|/|\\?\[{_TAG}\]|our|the|these|my|are|is|seeds?|papers?|articles?|examples?|ids?):?",
    re.IGNORECASE,
)
"""Words of a line that otherwise holds nothing but identifiers."""
_NUMBER = re.compile(rf"[(\[{{\"'“”‘’]*(\d{{1,9}})((?:\[{_TAG}\])?)[)\]}}\"'“”‘’.]*", re.IGNORECASE | re.ASCII)
"""A number with brackets and quotes that belong to more than itself."""
_JOINED = re.compile(r"\d{7,8}(?:[/+&]\d{7,8})+", re.ASCII)
_PARTED = re.compile(r"([,;|\t]\s*|\s+)")
_SEPARATORS = (re.compile(r"[;|\t]"), re.compile(r"[,;|\t]"), re.compile(r"[,;|\t]|\s(?:and|or|&)\s", re.IGNORECASE))
_WITH_NOTE = re.compile(rf"\s*(?:(?:and|or|&)\s+)?(\d{{{_LEAST_DIGITS},8}})(?:[\s(:–-].*)?", re.IGNORECASE | re.ASCII)
_LOOSE = re.compile(r"(?<![\w./-])(?<!\d[:(])\d{7,}(?![\w/-]|[.:]\d)", re.ASCII)
_GLUE = re.compile(r"(?<=\d{7})[/–-](?=\d{7})", re.ASCII)
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_OF_ELSE = re.compile(
    r"(?:\b(?:grants?|awards?|contract|project|vol(?:ume)?|issue|no|nr|number|is[sb]n|eid|pages?|pp?|phone|tel|fax|art(?:icle|n)?|cas|cat|"
    r"scopus|embase|rrid|dated?)|\bn\s?=)[\W_]{0,4}$",
    re.IGNORECASE,
)
"""Words behind which a number is another thing's."""
_COUNTED = re.compile(
    r"\s(?:cells|patients|participants|people|persons|women|men|adults|children|reads|variants|individuals|records|citations|subjects)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def listed(text: str) -> list[Mention]:
    """The identifiers of a text that holds nothing else, with commas, slashes, blanks or OR between them, in brackets or not; numbers
    need no label if they are long enough. Empty where a day stands among them."""
    found: list[Mention] = []
    place = 0
    for token in _PARTED.split(text):
        ones = _of_token(token)
        if ones is None:
            return []
        found += (Mention(kind, value, place, place + len(token)) for kind, value in ones)
        place += len(token)
    dates = [one for one in found if is_date(one.value)]
    return [] if 0 < len(dates) < len(found) else found


def _of_token(token: str) -> list[tuple[str, str]] | None:
    """The identifiers of a word, none for a mark or a word between them, None for anything else."""
    bare = token.strip(",;|\t ")
    if not bare.strip("()[]{}\"'“”‘’.") or _FILLER.fullmatch(bare.lstrip("([{")):
        return []
    if number := _NUMBER.fullmatch(bare):
        is_one = int(number[1]) and (len(number[1]) >= _LEAST_DIGITS or number[2])
        return [("pmid", str(int(number[1])))] if is_one else None
    if _JOINED.fullmatch(bare):
        return [("pmid", str(int(one))) for one in re.findall(r"\d+", bare)]
    one = identified(bare)
    return next(([(kind, str(value))] for kind in ("pmid", "doi", "pmcid") if (value := getattr(one, kind))), None)


def noted(text: str) -> list[Mention]:
    """The identifiers of a line on which each of several papers has a note of its own: `33390062 Doe 2020; 33579606 Roe 2021`."""
    for separator in _SEPARATORS:
        parts = separator.split(text)
        begun = [_WITH_NOTE.fullmatch(part) for part in parts]
        if len(parts) > 1 and all(one and not is_date(one[1]) and not loose_numbers(one[0][one.end(1) :]) for one in begun):
            return [
                mention for one in begun if one for mention in (Mention("pmid", str(int(one[1])), 0, 0), *own(one[0][one.end(1) :]))
            ]
    return []


def loose_numbers(text: str) -> list[str]:
    """The numbers of a text that may be PMIDs, each once, though it does not call them so: no part of an address or another identifier,
    no date, and no number of something else."""
    if not _LOOSE.search(_GLUE.sub(" ", text)):
        return []
    bare = _GLUE.sub(" ", _ADDRESS.sub(lambda one: " " * len(one[0]), blanked(text, mentions(text))))
    return list(dict.fromkeys(one[0] for one in _LOOSE.finditer(bare) if not _is_of_else(one, bare)))


def is_date(digits: str) -> bool:
    """Whether a number is a day, written as 20260105; some three in 10,000 PMIDs look so too."""
    return _DATE.fullmatch(digits) is not None


def _is_of_else(number: re.Match[str], text: str) -> bool:
    before = text[max(0, number.start() - 20) : number.start()]
    return is_date(number[0]) or bool(_OF_ELSE.search(before) or _COUNTED.match(text, number.end()))
