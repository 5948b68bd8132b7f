"""PMIDs, DOIs and PMCIDs as people and programs write them: bare, labelled, in quotes, or as web addresses. One spelling comes out:
41224659, 10.1523/jneurosci.1353-25.2025, PMC12898414.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.seeds.dois import doi_of, dois_in

__all__ = ["Identifiers", "doi_of", "dois_in", "identified", "pmcid_of", "pmcids_in", "pmid_of", "pmids_elsewhere", "pmids_in"]

_LABEL = re.compile(
    r"(pubmed ?central(?: ?id)?|pubmed(?: ?id| pmid)?|pmid|doi|pmcid|pmc(?: ?id)?|med(?=[:/]\d))"
    r"(?:[\"'\])]*\s*[:=：#]+\s*|(?<=med)/|\s*[-–]\s+|[\])]*\s+(?=\S)|(?<=pmid)(?=\d))",
    re.IGNORECASE,
)
_PROXY = r"(?:\.[\w.-]+)?(?::\d+)?"
"""A library's proxy puts its own name behind that of a host, and may write the host's dots as hyphens."""
_NCBI = rf"ncbi[.-]nlm[.-]nih[.-]gov{_PROXY}"
_EUROPE = rf"europepmc[.-]org{_PROXY}"
_FRONT = r"(?<![\w.@/-])(?:https?://)?(?:(?:www|m|preview)[.-])?"
_PUBMED_PAGE = re.compile(
    rf"{_FRONT}(?:pubmed[.-]{_NCBI}/|pubmed\.gov/|{_NCBI}/(?:m/|labs/)?pubmed/|{_NCBI}/pmc/articles/pmid/|"
    rf"{_EUROPE}/(?:articles?|abstract)/med/|(?:identifiers\.org|n2t\.net)/pubmed[:/])(\d{{1,9}})(?!\w|\.\d)",
    re.IGNORECASE,
)
_NEXT = r"(?:[,;+|]|%2c|%20|%3b)+(?:or(?:\+|%20)+)?"
_MORE_OF_ADDRESS = re.compile(rf"(?:(?:\[|%5b)[pu]m?id(?:\]|%5d))?{_NEXT}(\d{{7,9}})(?!\w|\.\d)", re.IGNORECASE | re.ASCII)
"""The next of several numbers in one address: `?term=33390062,33579606`."""
_PUBMED_SEARCH = re.compile(
    rf"{_FRONT}(?:pubmed[.-])?{_NCBI}/[^\s?]*\?(?:[^\s&#]*&)*(?:list_uids=(\d{{1,9}})|term=(?:(\d{{5,9}})|(\d{{1,9}})(?:\[|%5b)[pu]m?id(?:\]|%5d)))"
    rf"(?=$|[&#\s\])}}>\"'.,;]|{_NEXT}\d{{7,9}}(?!\d))",
    re.IGNORECASE,
)
"""A search for one number of five digits or more is one for a PMID; a shorter one may be a year."""
_PMC_PAGE = re.compile(
    rf"{_FRONT}(?:(?:pmc[.-]{_NCBI}/articles|{_NCBI}/(?:labs/)?pmc/articles)/(?:PMC)?|"
    rf"(?:{_EUROPE}/(?:articles?|abstract)(?:/pmc)?|pmc\.gov)/PMC)(\d{{1,9}})\b",
    re.IGNORECASE,
)
"""At PubMed Central itself the number may stand without its letters, as OpenAlex writes it."""
_VALUE = r"[^\s\"'<>]{0,300}?"
_MEDLINE_ELSEWHERE = re.compile(
    rf"ebscohost[.-]com\b[^\s\"'<>?]{{0,100}}\?(?={_VALUE}\bdb=(?:cmedm|mnh|mdc|mdl)\b){_VALUE}\bAN=(\d{{1,9}})(?![\w.-])|"
    rf"ovidweb\.cgi\?(?={_VALUE}\bD=(?:med|prem|ppez|mesz)\w{{0,6}}\b){_VALUE}\bAN=(\d{{1,9}})(?![\w.-])|"
    r"\bISI>?://MEDLINE:(\d{1,9})\b",
    re.IGNORECASE,
)
"""A record of MEDLINE at EBSCOhost, at Ovid, and at Web of Science (as EndNote writes it): the accession number is the PMID."""
_LABELLED_PMID = re.compile(
    r"\b(?:PMID|PubMed ?ID)[\"'*\]]*\s*[:=#]?[\s\"'*\[({]*(\d{1,9})(?!\w|\.\d)|"
    r"\bPMIDs[\"'*\]]*\s*[:=#]?[\s\"'*\[({]*((?:\d{1,9}[\s,;]+(?:and\s+)?)*\d{1,9})(?!\w|\.\d)",
    re.IGNORECASE,
)
_BARE_PMID = re.compile(r"(\d{1,9})(?:\s*[\[(](?:pmid|uid|pubmed|indexed|medline)[^\])]*[\])])?", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"(\d{1,9})(?:\.0*|,0)|(\d)(?:[.,](\d*))?e\+?0?(\d)", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"\d{1,3}([.,'’\u00a0\u202f ])\d{3}\1\d{3}", re.ASCII)
"""Seven to nine digits, as spreadsheets show them."""
_LINK = re.compile(r"!?\[([^\]]*)\]\(\s*<?([^\s<>]+?)>?(?:\s+[\"'][^\"']*[\"'])?\s*\)")
_WRAPS = {"<": ">", "(": ")", "[": "]", "{": "}"}
_QUOTES = "\"'`“”‘’«» \t\u00a0\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What names one paper; any of them may be unknown."""

    pmid: int | None = None
    doi: str | None = None
    pmcid: str | None = None

    def __bool__(self) -> bool:
        return bool(self.pmid or self.doi or self.pmcid)


def identified(text: str) -> Identifiers:
    """The one identifier that `text` is as a whole, in quotes, brackets or Markdown or not; empty when it is none. A label such as
    `PMC:` says of which kind."""
    text = unwrapped(text)
    if text.isdigit():
        return Identifiers(pmid=pmid_of(text))
    if link := _LINK.fullmatch(text):
        return identified(link[2]) or identified(link[1])
    label = _LABEL.match(text)
    if label is None:
        return Identifiers(pmid=pmid_of(text), pmcid=pmcid_of(text), doi=doi_of(text))
    bare = unwrapped(text[label.end() :])
    kind = re.sub(r"\s", "", label[1].lower())
    if link := _LINK.fullmatch(bare):
        bare = link[1] if identified(link[1]) else link[2]
    if kind == "doi":
        return Identifiers(doi=doi_of(bare))
    if kind.startswith(("pmc", "pubmedcentral")):
        return Identifiers(pmcid=pmcid_of(f"PMC{bare}" if bare.isdigit() else bare))
    return Identifiers(pmid=pmid_of(bare))


def pmid_of(text: str) -> int | None:
    """A PMID: bare, in quotes, as spreadsheets write a whole number (41224659.0, 41224659,0, 4.1224659E7, 41,224,659), or as the address of
    its page at PubMed or Europe PMC, or of MEDLINE's record at EBSCOhost, Ovid or Web of Science."""
    text = unwrapped(text)
    page = _PUBMED_PAGE.match(text) or _PUBMED_SEARCH.match(text)
    if page:
        is_one = _MORE_OF_ADDRESS.match(text, page.end()) is None
        return (int(next(filter(None, page.groups()))) or None) if is_one else None
    bare = _BARE_PMID.fullmatch(text)
    digits = bare[1] if bare else _whole(text) or _elsewhere(text)
    return (int(digits) or None) if digits else None


def pmcid_of(text: str) -> str | None:
    """A PMCID, bare or as the address of its page at PubMed Central or Europe PMC."""
    text = unwrapped(text)
    found = _PMC_PAGE.match(text) or re.fullmatch(r"PMC ?(\d{1,9})(?:\.\d+)?", text, re.IGNORECASE | re.ASCII)
    return f"PMC{found[1]}" if found else None


def pmcids_in(text: str) -> tuple[str, ...]:
    """Every PMCID that stands in a text, each once."""
    return tuple(dict.fromkeys(pmcid for _, _, pmcid in placed_pmcids(text)))


def placed_pmcids(text: str) -> Iterator[tuple[int, int, str]]:
    """Every PMCID that stands in a text: where it begins and ends, and its spelling."""
    for match in re.finditer(r"\bPMC ?(\d{3,9})\b", text, re.IGNORECASE | re.ASCII):
        yield match.start(), match.end(), f"PMC{match[1]}"


def pmids_in(text: str) -> tuple[int, ...]:
    """Every number that a text calls a PMID, or links to at PubMed, each once."""
    return tuple(dict.fromkeys(pmid for _, _, pmid in sorted(placed_pmids(text))))


def placed_pmids(text: str) -> Iterator[tuple[int, int, int]]:
    """Every number that a text calls a PMID, or links to at PubMed: where it begins and ends, and the number."""
    for pattern in (_LABELLED_PMID, _PUBMED_PAGE, _PUBMED_SEARCH, _MEDLINE_ELSEWHERE):
        for match in pattern.finditer(text):
            place = next(number for number, group in enumerate(match.groups(), start=1) if group)
            for digits in re.finditer(r"\d+", match[place]):
                start = match.start(place) + digits.start()
                if int(digits[0]):
                    yield start, start + len(digits[0]), int(digits[0])
            more = None if pattern is _LABELLED_PMID else _MORE_OF_ADDRESS.match(text, match.end())
            while more:
                yield more.start(1), more.end(1), int(more[1])
                more = _MORE_OF_ADDRESS.match(text, more.end())


def pmids_elsewhere(text: str) -> tuple[int, ...]:
    """The numbers of the records of MEDLINE at EBSCOhost, Ovid or Web of Science that a text leads to."""
    numbers = (int(next(filter(None, found.groups()))) for found in _MEDLINE_ELSEWHERE.finditer(text))
    return tuple(number for number in numbers if number)


def unwrapped(text: str) -> str:
    """Without the quotes, brackets, emphasis and punctuation around it."""
    before = None
    text = text.replace("**", "")
    while text != before:
        before = text
        text = text.strip(_QUOTES).rstrip(",;.").removeprefix("=")
        if text and _WRAPS.get(text[0]) == text[-1] and not _LINK.match(text):
            text = text[1:-1]
        if len(text) > 1 and text[0] == text[-1] and text[0] in "*_":
            text = text[1:-1]
    return text


def _elsewhere(address: str) -> str:
    """The number of a record of MEDLINE at somebody else's address."""
    found = None if re.search(r"\s", address) else _MEDLINE_ELSEWHERE.search(address)
    return next(filter(None, found.groups())) if found else ""


def _whole(text: str) -> str:
    """The digits of a whole number that a spreadsheet wrote as a fraction or in groups of three, where none was rounded away."""
    if _GROUPED.fullmatch(text):
        return re.sub(r"\D", "", text)
    number = _WHOLE.fullmatch(text)
    if number is None or number[1]:
        return number[1] if number else ""
    behind = (number[3] or "").rstrip("0")
    return number[2] + behind if len(behind) == int(number[4]) else ""
