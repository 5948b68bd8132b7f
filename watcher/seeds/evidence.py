"""Which identifiers a reference's own words give it: a number is a paper's PMID only where the record says so.

A field that is called PMID, a value that is labelled as a whole (`33390062 [PMID]`, `PMID: 33390062`), an address at PubMed, and an
accession number of PubMed or MEDLINE say so. An accession number of nobody says nothing: it is a claim, which PubMed's record has to
confirm. Numbers inside of sentences are other papers' (`Comment in: … PMID: …`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from watcher.domain import Pmid
from watcher.errors import Place, Problem
from watcher.seeds.identifiers import Identifiers, doi_of, dois_in, identified, pmcid_of, pmid_of

_LABEL_BEHIND = re.compile(r"^(\S+?)\s*\[(pmid|pubmed|pmcid|pmc|doi)\]$", re.IGNORECASE)
_LABELLED = re.compile(r"\b(pmid|pubmed(?: id)?|pmcid|doi)\s*[:=]\s*([^\s;,]+)[\s;,.]*", re.IGNORECASE)
_LONGEST = 2_000
"""Characters of the longest value that is looked through for identifiers; addresses of libraries' proxies have some hundreds."""
_NAMED_NUMBER = re.compile(r"\s*(?:medline|pubmed|pmid)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|www\.|<http)|[\w-]+(?:\.[\w-]+)+/", re.IGNORECASE)
_OF_PUBMED = re.compile(r"\b(?:pubmed|medline|nlm|national library of medicine)\b(?! central)", re.IGNORECASE)
_OVID_MEDLINE = re.compile(r"^ovid medline\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"embase|scopus|web of|\bwos\b|cinahl|psyc|inspec|biosis|cochrane|dimensions|\blens\b|\bcab\b|\beric\b", re.IGNORECASE
)
_NO_DATABASE = re.compile(r"^(?:ovid(?: technologies)?|ebsco(?:host)?|proquest|clarivate|\d{4}\b.*)$", re.IGNORECASE)
_EBSCO_MEDLINE = frozenset({"cmedm", "mnh", "mdc", "mdl"})
_EBSCO_NOTE = re.compile(r"^(?:<p>)?\s*Accession Number: [\w-]+\.? PMID: (\d{1,9})\b")


@dataclass(slots=True)
class Evidence:
    """What was found so far, the best first; `pmids` are said to be this paper's, `claims` may be."""

    pmids: list[Pmid] = field(default_factory=list)
    claims: list[Pmid] = field(default_factory=list)
    dois: list[str] = field(default_factory=list)
    pmcids: list[str] = field(default_factory=list)

    @property
    def ids(self) -> Identifiers:
        """The first of each kind."""
        return Identifiers(next(iter(self.pmids), None), next(iter(self.dois), None), next(iter(self.pmcids), None))

    @property
    def claimed(self) -> Pmid | None:
        """The number that PubMed's record has to confirm, where none is known."""
        return next(iter(self.claims), None) if not self.pmids else None

    def numbers(self, values: Iterable[str]) -> None:
        """Values of a field that holds PMIDs."""
        self.pmids += [pmid for value in _short(values) if (pmid := whole_pmid(value))]

    def addresses(self, values: Iterable[str]) -> None:
        """Values of fields that hold web addresses: pages at PubMed and PubMed Central, addresses with a DOI in them."""
        for value in _short(values):
            for one in filter(_ADDRESS.match, value.split()):
                self._add(identified(one))

    def labelled(self, values: Iterable[str]) -> None:
        """Values of fields that may hold anything: what is labelled as a whole, or is a DOI or PMCID as a whole."""
        for value in values:
            for line in _short(value.split("\n")):
                for found in _labelled(line.strip()):
                    self._add(found)

    def doi_fields(self, values: Iterable[str]) -> None:
        """Values of a field that holds a DOI, however it is written."""
        self.dois += [doi for value in _short(values) if (doi := whole_doi(value))]

    def accession(self, numbers: Iterable[str], databases: Iterable[str]) -> None:
        """Accession numbers, and what the record says of the database that they are of."""
        databases = list(databases)
        for number in _short(numbers):
            for found in _labelled(number):
                self._add(found)
            pmid = whole_pmid(number)
            if pmid and (of_pubmed(databases) or _NAMED_NUMBER.match(number)):
                self.pmids.append(pmid)
            elif pmid and may_be_of_pubmed(databases):
                self.claims.append(pmid)

    def custom(self, numbers: Iterable[str], databases: Iterable[str], theirs: re.Pattern[str]) -> None:
        """Numbers in a field that a database keeps for PMIDs, and others for anything; `theirs` is that database's name."""
        databases = [one for one in databases if one.strip()]
        found = [pmid for number in _short(numbers) if (pmid := whole_pmid(number))]
        if any(map(theirs.search, databases)):
            self.pmids += found
        elif not databases:
            self.claims += found

    def claim_notes(self, values: Iterable[str]) -> None:
        """EBSCO's notes give PsycINFO's accession number, and behind it the PMID, at the head of other words."""
        self.claims += [Pmid(int(found[1])) for value in values if (found := _EBSCO_NOTE.match(value)) and int(found[1])]

    def claim_ids(self, numbers: Iterable[str], databases: Iterable[str]) -> None:
        """Ovid's earlier exports of MEDLINE have the PMID in a field that EndNote counts its own references by."""
        if any(map(_OVID_MEDLINE.match, databases)):
            self.claims += [pmid for number in numbers if (pmid := whole_pmid(number))]

    def doubts(self, path: Path, line: int) -> tuple[Problem, ...]:
        """What is to be told: two PMIDs that the record calls its own."""
        numbers = list(dict.fromkeys(self.pmids))
        if len(numbers) < 2:
            return ()
        what = f"this reference calls two PMIDs its own, {numbers[0]} and {numbers[1]}: the first counts"
        return (Problem(what, "keep the right one", Place(path, line)),)

    def _add(self, found: Identifiers) -> None:
        self.pmids += [found.pmid] if found.pmid else []
        self.dois += [found.doi] if found.doi else []
        self.pmcids += [found.pmcid] if found.pmcid else []


def _short(values: Iterable[str]) -> Iterator[str]:
    """Those that may be identifiers or addresses: a text is none."""
    return (value for value in values if len(value) <= _LONGEST)


def of_pubmed(databases: Iterable[str]) -> bool:
    """Whether the databases and providers that a record names are PubMed or MEDLINE, and no other. Ovid's MEDLINE has commas in its
    name; PubMed Central has numbers of its own."""
    named = [one.strip() for one in databases if one.strip() and not _NO_DATABASE.match(one.strip())]
    return bool(named) and all(map(_is_pubmed, named))


def _is_pubmed(name: str) -> bool:
    parts = [part for part in re.split(r"[,;|/\n]", name) if part.strip()]
    return bool(_OVID_MEDLINE.match(name)) or (not _OTHERS.search(name) and all(map(_OF_PUBMED.search, parts)))


def may_be_of_pubmed(databases: Iterable[str]) -> bool:
    """Whether nothing is said of the database, or EBSCO's short name of MEDLINE."""
    named = [one.strip().lower() for one in databases if one.strip()]
    return not named or any(one in _EBSCO_MEDLINE for one in named)


def whole_pmid(text: str) -> Pmid | None:
    """A PMID that a value is as a whole, labelled or not; spreadsheets write `33390062.0`."""
    text = re.sub(r"^(?:pmid|pubmed|medline)\s*[:=]?\s*(?=\d)", "", text.strip().strip("{}[]()."), flags=re.IGNORECASE)
    return pmid_of(re.sub(r"^(\d+)\.0$", r"\1", text))


def whole_doi(text: str) -> str | None:
    """The DOI of a field for one: as it should be, or the only one that stands there."""
    bare = text.strip().strip("{}").removesuffix("[doi]").strip()
    bare = re.sub(r"^(?:doi\s*[:=]?\s*|https?://(?:dx\.)?doi\.org/(?=https?://))+", "", bare, flags=re.IGNORECASE)
    if found := doi_of(bare):
        return found
    several = dois_in(text)
    return several[0] if len(several) == 1 else None


def _labelled(text: str) -> Iterator[Identifiers]:
    """What a line gives that consists of labelled identifiers only, or is one DOI or PMCID, or an address at PubMed."""
    if behind := _LABEL_BEHIND.match(text):
        kind = behind[2].lower()
        kind = {"pubmed": "pmid", "pmc": "pmcid"}.get(kind, kind)
        yield identified(f"{kind}: {behind[1]}")
    elif text and not _LABELLED.sub("", text).strip():
        yield from (identified(f"{label}: {value}") for label, value in _LABELLED.findall(text))
    elif text and not text.isdigit():
        yield Identifiers(pmid_of(text) if _ADDRESS.match(text) else None, doi_of(text), pmcid_of(text))
