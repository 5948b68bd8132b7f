"""Which identifiers a reference's own words give it: a number is a paper's PMID only where the record says so.

A field that is called PMID, a value that is labelled as a whole (`33390062 [PMID]`, `PMID: 33390062`), an address at PubMed, and an
accession number of PubMed or MEDLINE say so. An accession number of nobody, and a labelled number in notes, say less: they are claims,
which PubMed's record has to confirm. Numbers inside of sentences are other papers' (`Comment in: … PMID: …`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from watcher.errors import Place, Problem
from watcher.seeds.identifiers import Identifiers, doi_of, dois_in, identified, pmcid_of, pmcids_in, pmid_of, pmids_elsewhere
from watcher.seeds.mentions import OTHERS

_LABEL_BEHIND = re.compile(r"^(\S+?)\s*\[(pmid|pubmed|pmcid|pmc|doi)\]$", re.IGNORECASE)
_LABELLED = re.compile(
    r"\b(pmid|pubmed(?: id)?|pmcid|doi)(?:\s*[:=]\s*|(?<=pmid)(?=\d)|\s+(?=10\.\d{4}|PMC\d|\d{5,9}\b))([^\s;,]+)[\s;,.]*",
    re.IGNORECASE,
)
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
_MAY_BE = frozenset({"cmedm", "mnh", "mdc", "mdl", "europe pmc", "europepmc"})
_EBSCO_NOTE = re.compile(
    r"^(?:<p>)?\s*Accession Number: [\w-]+(?:\.? PMID: |[;.] (?:(?!PMID)[^\n]){0,1500}?\bPMID: NLM)(\d{1,9})\b"
)

_SPEAKS_OF_OTHERS = re.compile(
    rf"(?:{OTHERS.pattern})|^\W*(?:comment|errat|corrigend|correct(?:ion|s|ed)\b|retract|republish|expression of concern|cites|cited)",
    re.IGNORECASE | re.MULTILINE,
)
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "nan"})
_SAMPLES = {"PMID": "33390062", "DOI": "10.1523/jneurosci.1353-25.2025", "PMCID": "PMC12898414"}
_SHOWN = 80
_LIKE_A_PMID = 1_000_000
"""The number from which one that reference managers may have counted to is more likely a PMID."""


@dataclass(slots=True)
class Evidence:
    """What was found so far, the best first; `pmids` are said to be this paper's, `claims` may be."""

    pmids: list[int] = field(default_factory=list)
    claims: list[int] = field(default_factory=list)
    dois: list[str] = field(default_factory=list)
    pmcids: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """What is called an identifier and is none: of which kind, and the value."""

    @property
    def ids(self) -> Identifiers:
        """The first of each kind."""
        return Identifiers(next(iter(self.pmids), None), next(iter(self.dois), None), next(iter(self.pmcids), None))

    @property
    def claimed(self) -> int | None:
        """The number that PubMed's record has to confirm, where none is known."""
        return next(iter(self.claims), None) if not self.pmids else None

    def numbers(self, values: Iterable[str]) -> None:
        """Values of a field that holds PMIDs."""
        for value in _short(values):
            if pmid := whole_pmid(value):
                self.pmids.append(pmid)
            else:
                self._miss("PMID", value)

    def addresses(self, values: Iterable[str]) -> None:
        """Values of fields that hold web addresses: pages at PubMed and PubMed Central, addresses with a DOI in them."""
        for value in _short(values):
            self.pmids += pmids_elsewhere(value)
            for one in filter(_ADDRESS.match, value.split()):
                self._add(identified(one))

    def labelled(self, values: Iterable[str]) -> None:
        """Values of fields that may hold anything: what is labelled as a whole, or is a DOI or PMCID as a whole."""
        for value in values:
            for line in _short(value.split("\n")):
                self._add_labelled(line.strip())

    def notes(self, values: Iterable[str]) -> None:
        """Values of fields for notes, in their order: as `labelled`, but a PMID is a claim, since notes speak of other papers too. What
        stands behind words such as "Comment in" is another paper's."""
        for line in _short(line.strip() for value in values for line in value.split("\n")):
            if _SPEAKS_OF_OTHERS.search(line):
                return
            before = list(self.pmids)
            self._add_labelled(line)
            if not _ADDRESS.match(line):
                self.claims += self.pmids[len(before) :]
                self.pmids = before

    def pmcid_fields(self, values: Iterable[str]) -> None:
        """Values of a field that holds a PMCID."""
        for value in _short(values):
            found = identified(f"PMCID: {value}").pmcid or next(iter(pmcids_in(value)), None)
            if found:
                self.pmcids.append(found)
            else:
                self._miss("PMCID", value)

    def doi_fields(self, values: Iterable[str]) -> None:
        """Values of a field that holds a DOI, however it is written."""
        for value in _short(values):
            if doi := whole_doi(value):
                self.dois.append(doi)
            else:
                self._miss("DOI", value)

    def accession(self, numbers: Iterable[str], databases: Iterable[str]) -> None:
        """Accession numbers, and what the record says of the database that they are of."""
        databases = list(databases)
        for number in _short(numbers):
            is_known = self._add_labelled(number)
            pmid = whole_pmid(number)
            is_pubmeds = of_pubmed(databases) or _NAMED_NUMBER.match(number)
            if pmid and is_pubmeds:
                self.pmids.append(pmid)
            elif is_pubmeds and not is_known:
                self._miss("PMID", number)
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
        """EBSCO's notes give an accession number of PsycINFO, and behind it the PMID, at the head of other words; or one of CINAHL, and the
        PMID (`PMID: NLM33390062`) at their end."""
        self.claims += [int(found[1]) for value in values if (found := _EBSCO_NOTE.match(value)) and int(found[1])]

    def claim_ids(self, numbers: Iterable[str], databases: Iterable[str]) -> None:
        """Ovid's earlier exports of MEDLINE, and others of PubMed, have the PMID in a field that EndNote counts its own references by."""
        databases = list(databases)
        found = [pmid for number in numbers if (pmid := whole_pmid(number))]
        if any(map(_OVID_MEDLINE.match, databases)):
            self.claims += found
        elif of_pubmed(databases):
            self.claims += [pmid for pmid in found if pmid >= _LIKE_A_PMID]

    def passed_over(self, path: Path, line: int, line_of: Callable[[str], int] | None = None) -> tuple[Problem, ...]:
        """What is to be told: two PMIDs that the record calls its own, and values that are called identifiers and are none.

        Args:
            path: the file.
            line: where the record begins.
            line_of: the line of a value, where the format tells it.
        """
        numbers = list(dict.fromkeys(self.pmids))
        passed_over = [
            Problem(
                f"this {kind} is none and is passed over: “{value[:_SHOWN]}”",
                f"correct it, or take it out; a {kind} looks like {_SAMPLES[kind]}",
                Place(path, line_of(value) if line_of else line),
            )
            for kind, value in dict.fromkeys(self.unread)
        ]
        if len(numbers) > 1:
            what = f"this reference calls two PMIDs its own, {numbers[0]} and {numbers[1]}: the first counts"
            passed_over.insert(0, Problem(what, "keep the right one", Place(path, line)))
        return tuple(passed_over)

    def _miss(self, kind: str, value: str) -> None:
        if value.strip(" {}\"'").lower() not in _NOTHING:
            self.unread.append((kind, value))

    def _add_labelled(self, text: str) -> bool:
        """Take what a line gives, and say whether it gives anything; what is labelled as a whole and cannot be read is kept to be told."""
        labels = _labels(text)
        found = [(kind, identified(f"{kind}: {value}")) for kind, value in labels] if labels else []
        for kind, one in found:
            self._add(one)
            if not one:
                self._miss(kind, text)
        if labels or not text or text.isdigit():
            return bool(labels)
        whole = Identifiers(pmid_of(text) if _ADDRESS.match(text) else None, doi_of(text), pmcid_of(text))
        self._add(whole)
        return bool(whole)

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


def of_another(databases: Iterable[str]) -> bool:
    """Whether a record names a database that has numbers of its own."""
    return any(map(_OTHERS.search, databases))


def may_be_of_pubmed(databases: Iterable[str]) -> bool:
    """Whether nothing is said of the database, or EBSCO's short name of MEDLINE, or Europe PMC, which has preprints and patents too."""
    named = [one.strip().lower() for one in databases if one.strip()]
    return not named or any(one in _MAY_BE for one in named)


def whole_pmid(text: str) -> int | None:
    """A PMID that a value is as a whole, labelled or not; spreadsheets write `33390062.0`."""
    return pmid_of(
        re.sub(r"^(?:pmid|pubmed|medline|med(?=:))\s*[:=]?\s*(?=\d)", "", text.strip(" \n{}.").strip(), flags=re.IGNORECASE)
    )


def whole_doi(text: str) -> str | None:
    """The DOI of a field for one: as it should be, or the only one that stands there."""
    bare = text.strip().strip("{}").removesuffix("[doi]").strip()
    bare = re.sub(r"^(?:doi\s*[:=]?\s*|https?://(?:dx\.)?doi\.org/(?=https?://))+", "", bare, flags=re.IGNORECASE)
    if found := doi_of(bare):
        return found
    several = dois_in(text)
    return several[0] if len(several) == 1 else None


def _labels(text: str) -> list[tuple[str, str]]:
    """The kinds and values of a line that consists of labelled identifiers only."""
    if behind := _LABEL_BEHIND.match(text):
        return [(_kind(behind[2]), behind[1])]
    if text and not _LABELLED.sub("", text).strip():
        return [(_kind(label), value) for label, value in _LABELLED.findall(text)]
    return []


def _kind(label: str) -> str:
    name = label.lower()
    return "DOI" if name == "doi" else "PMCID" if name.startswith("pmc") else "PMID"
