"""PMIDs, DOIs and PMCIDs as people write them: bare, labelled, or as web addresses. One spelling comes out: 41224659,
10.1523/jneurosci.1353-25.2025, PMC12898414."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

import idutils

from watcher.domain import Pmid

_LABEL = re.compile(r"(pmid|pubmed(?: id)?|doi|pmcid|pmc(?: id)?)\s*(?:[:=]\s*|\s(?=\S)|(?<=pmid)(?=\d))", re.IGNORECASE)
_PUBMED_PAGE = re.compile(
    r"^(?:https?://)?(?:(?:www\.)?pubmed\.ncbi\.nlm\.nih\.gov|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed|"
    r"(?:www\.)?europepmc\.org/(?:article|abstract)/med)/(\d+)\b",
    re.IGNORECASE,
)
_PMC_PAGE = re.compile(
    r"^(?:https?://)?(?:(?:www\.)?pmc\.ncbi\.nlm\.nih\.gov/articles|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:labs/)?pmc/articles|"
    r"(?:www\.)?europepmc\.org/(?:article|articles|abstract)(?:/pmc)?)/(PMC\d+)\b",
    re.IGNORECASE,
)
_DOI_IN_ADDRESS = re.compile(r"^https?://\S*?/(10\.\d{4,9}(?:\.\d+)*/\S+)$", re.IGNORECASE)
_DOI_IN_TEXT = re.compile(r"\b10\.\d{4,9}(?:\.\d+)*/[^\s\"'|·]+")
_LONGEST_PMID = 9
_BRACKETS = {")": "(", "]": "[", ">": "<", "}": "{"}


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What names one paper; any of them may be unknown."""

    pmid: Pmid | None = None
    doi: str | None = None
    pmcid: str | None = None

    def __bool__(self) -> bool:
        return bool(self.pmid or self.doi or self.pmcid)


def identified(text: str) -> Identifiers:
    """The one identifier that `text` is as a whole; empty when it is none. A label such as `PMC:` says of which kind."""
    text = text.strip().strip("<>")
    label = _LABEL.match(text)
    bare = text[label.end() :] if label else text
    kind = label[1][:3].lower() if label else ""
    if kind == "pmc":
        return Identifiers(pmcid=pmcid_of(bare if not bare.isdigit() else f"PMC{bare}"))
    if kind == "doi":
        return Identifiers(doi=doi_of(bare))
    if kind in ("pmi", "pub"):
        return Identifiers(pmid=pmid_of(bare))
    return Identifiers(pmid=pmid_of(bare), pmcid=pmcid_of(bare), doi=doi_of(bare))


def pmid_of(text: str) -> Pmid | None:
    """A PMID, bare or as the address of its page at PubMed or Europe PMC."""
    page = _PUBMED_PAGE.match(text.strip())
    digits = page[1] if page else text.strip()
    if not idutils.is_pmid(digits) or not digits.isascii() or not digits.isdigit() or len(digits) > _LONGEST_PMID:
        return None
    return Pmid(int(digits)) or None


def pmcid_of(text: str) -> str | None:
    """A PMCID, bare or as the address of its page at PubMed Central or Europe PMC."""
    page = _PMC_PAGE.match(text.strip())
    bare = page[1] if page else text.strip().partition(".")[0]
    return bare.upper() if idutils.is_pmcid(bare) else None


def doi_of(text: str) -> str | None:
    """A DOI in small letters, bare, as `doi:…`, or as an address that ends in it (doi.org, a publisher's page)."""
    text = text.strip().replace("\\_", "_")
    if text.lower().startswith("http"):
        text = unquote(text.partition("?")[0].partition("#")[0])
        address = _DOI_IN_ADDRESS.match(text)
        text = address[1] if address else text
    if " " in text or not idutils.is_doi(text):
        return None
    return _without_tail(idutils.normalize_doi(text)).lower()


def dois_in(text: str) -> tuple[str, ...]:
    """Every DOI that stands in a text, each once."""
    found = (doi_of(match[0]) for match in _DOI_IN_TEXT.finditer(unquote(text)))
    return tuple(dict.fromkeys(doi for doi in found if doi))


def pmcids_in(text: str) -> tuple[str, ...]:
    """Every PMCID that stands in a text, each once."""
    return tuple(dict.fromkeys(match.upper() for match in re.findall(r"\bPMC\d{3,}\b", text, re.IGNORECASE)))


def pmids_in(text: str) -> tuple[Pmid, ...]:
    """Every number that a text calls a PMID, or links to at PubMed, each once."""
    numbers = re.findall(r"\bPMID\s*[:=]?\s*(\d{1,9})\b|pubmed(?:\.ncbi\.nlm\.nih\.gov)?/(\d{1,9})\b", text, re.IGNORECASE)
    return tuple(dict.fromkeys(Pmid(int(one or other)) for one, other in numbers if int(one or other)))


def _without_tail(doi: str) -> str:
    """Without the full stop, comma or closing bracket that belongs to the sentence around it."""
    while doi and (doi[-1] in ".,;:*" or (doi[-1] in _BRACKETS and doi.count(_BRACKETS[doi[-1]]) < doi.count(doi[-1]))):
        doi = doi[:-1]
    return doi
