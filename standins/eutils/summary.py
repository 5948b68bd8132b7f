"""What ESummary says of a record: NCBI's document summary, version 1, as XML items and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from .reading import Element, identity, text_of
from .search import LANGUAGES

_LANGUAGE_NAMES = {code: name.title() for name, code in LANGUAGES.items()}
_STATUSES = {
    "MEDLINE": "PubMed - indexed for MEDLINE",
    "PubMed-not-MEDLINE": "PubMed",
    "In-Process": "PubMed - in process",
    "In-Data-Review": "PubMed - in process",
    "Publisher": "PubMed - as supplied by publisher",
}


class Summary:
    """One record's summary."""

    def __init__(self, xml: bytes) -> None:
        self.pmid = identity(xml)[0]
        self._root = etree.fromstring(xml)

    def as_json(self) -> dict[str, object]:
        """The value of the record's uid in ESummary's JSON."""
        authors = self._authors()
        return {
            "uid": str(self.pmid),
            "pubdate": self._pub_date(),
            "epubdate": self._date(self._root.find(".//ArticleDate")),
            "source": self._one(".//MedlineTA"),
            "authors": [{"name": name, "authtype": "Author", "clusterid": ""} for name in authors],
            "lastauthor": authors[-1] if authors else "",
            "title": self._one(".//ArticleTitle", ".//Book/BookTitle"),
            "volume": self._one(".//JournalIssue/Volume"),
            "issue": self._one(".//JournalIssue/Issue"),
            "pages": self._one(".//MedlinePgn"),
            "lang": self._all(".//Language"),
            "nlmuniqueid": self._one(".//NlmUniqueID"),
            "issn": self._one(".//ISSN[@IssnType='Print']"),
            "essn": self._one(".//ISSN[@IssnType='Electronic']"),
            "pubtype": self._all(".//PublicationType"),
            "recordstatus": self._status(),
            "articleids": [{"idtype": kind, "idtypen": 0, "value": value} for kind, value in self._ids()],
            "history": [{"pubstatus": kind, "date": stamp} for kind, stamp in self._history()],
            "references": [],
            "attributes": ["Has Abstract"] if self._has_abstract() else [],
            "pmcrefcount": "",
            "fulljournalname": self._one(".//Journal/Title"),
            "elocationid": self._location(),
            "doctype": "book" if self._root.tag == "PubmedBookArticle" else "citation",
            "booktitle": self._one(".//Book/BookTitle"),
            "publishername": self._one(".//PublisherName"),
            "vernaculartitle": self._one(".//VernacularTitle"),
        }

    def as_xml(self) -> str:
        """The record's <DocSum>."""
        languages = [_LANGUAGE_NAMES.get(code, code) for code in self._all(".//Language")]
        authors = self._authors()
        items = (
            _item("PubDate", "Date", self._pub_date()),
            _item("EPubDate", "Date", self._date(self._root.find(".//ArticleDate"))),
            _item("Source", "String", self._one(".//MedlineTA")),
            _items("AuthorList", (("Author", "String", name) for name in authors)),
            _item("LastAuthor", "String", authors[-1] if authors else ""),
            _item("Title", "String", self._one(".//ArticleTitle", ".//Book/BookTitle")),
            _item("Volume", "String", self._one(".//JournalIssue/Volume")),
            _item("Issue", "String", self._one(".//JournalIssue/Issue")),
            _item("Pages", "String", self._one(".//MedlinePgn")),
            _items("LangList", (("Lang", "String", name) for name in languages)),
            _item("NlmUniqueID", "String", self._one(".//NlmUniqueID")),
            _items("PubTypeList", (("PubType", "String", kind) for kind in self._all(".//PublicationType"))),
            _item("RecordStatus", "String", self._status()),
            _items("ArticleIds", ((kind, "String", value) for kind, value in self._ids())),
            _items("History", ((kind, "Date", stamp) for kind, stamp in self._history())),
            _item("HasAbstract", "Integer", str(int(self._has_abstract()))),
            _item("FullJournalName", "String", self._one(".//Journal/Title")),
            _item("ELocationID", "String", self._location()),
        )
        return f"<DocSum><Id>{self.pmid}</Id>{''.join(items)}</DocSum>"

    def as_medline(self) -> str:
        """The record's main lines in MEDLINE's tagged text."""
        lines = [
            ("PMID", str(self.pmid)),
            ("TI", self._one(".//ArticleTitle")),
            ("AB", " ".join(self._all(".//Abstract/AbstractText"))),
            *(("AU", name) for name in self._authors()),
            *(("LA", code) for code in self._all(".//Language")),
            *(("PT", kind) for kind in self._all(".//PublicationType")),
            ("TA", self._one(".//MedlineTA")),
            ("DP", self._pub_date()),
            *(("AID", f"{value} [{kind}]") for kind, value in self._ids() if kind != "pubmed"),
            *((_MEDLINE_STAMPS[kind], stamp) for kind, stamp in self._history() if kind in _MEDLINE_STAMPS),
        ]
        return "".join(f"{tag:<4}- {value}\n" for tag, value in lines if value)

    def as_abstract(self) -> str:
        """The record as a short plain text: source, title, authors, abstract, PMID."""
        parts = (
            f"{self._one('.//MedlineTA')}. {self._pub_date()}.",
            self._one(".//ArticleTitle"),
            ", ".join(self._authors()),
            " ".join(self._all(".//Abstract/AbstractText")),
            f"PMID: {self.pmid}",
        )
        return "\n\n".join(part for part in parts if part) + "\n"

    def _one(self, *paths: str) -> str:
        return next((text for path in paths if (text := text_of(self._root.find(path)))), "")

    def _all(self, path: str) -> list[str]:
        return [text_of(node) for node in self._root.iterfind(path)]

    def _authors(self) -> list[str]:
        names = (
            author.findtext("CollectiveName")
            or " ".join(part for part in map(author.findtext, ("LastName", "Initials", "Suffix")) if part)
            for author in self._root.iterfind(".//AuthorList/Author")
        )
        return [name for name in names if name]

    def _status(self) -> str:
        citation = self._root.find("MedlineCitation")
        return _STATUSES.get(citation.get("Status", "") if citation is not None else "", "PubMed")

    def _has_abstract(self) -> bool:
        return self._root.find(".//Abstract/AbstractText") is not None

    def _location(self) -> str:
        located = self._root.find(".//ELocationID")
        return f"{located.get('EIdType')}: {text_of(located)}" if located is not None else ""

    def _ids(self) -> list[tuple[str, str]]:
        own = self._root.find("PubmedData/ArticleIdList")
        nodes = list(own) if own is not None else []
        return [(node.get("IdType", ""), text_of(node)) for node in nodes] or [("pubmed", str(self.pmid))]

    def _history(self) -> list[tuple[str, str]]:
        return [(node.get("PubStatus", ""), _stamp(node)) for node in self._root.iterfind(".//History/PubMedPubDate")]

    def _pub_date(self) -> str:
        node = self._root.find(".//JournalIssue/PubDate")
        node = node if node is not None else self._root.find(".//Book/PubDate")
        return self._date(node)

    def _date(self, node: Element | None) -> str:
        return " ".join(text_of(child) for child in node) if node is not None else ""


_MEDLINE_STAMPS: Mapping[str, str] = {"pubmed": "EDAT", "medline": "MHDA", "entrez": "CRDT"}


def _stamp(node: Element) -> str:
    year, month, day, hour, minute = (int(node.findtext(tag) or 0) for tag in ("Year", "Month", "Day", "Hour", "Minute"))
    return f"{year}/{month:02}/{day:02} {hour:02}:{minute:02}"


def _item(name: str, kind: str, value: str) -> str:
    return f'<Item Name={quoteattr(name)} Type="{kind}">{escape(value)}</Item>'


def _items(name: str, children: Iterable[tuple[str, str, str]]) -> str:
    return f'<Item Name="{name}" Type="List">{"".join(_item(*child) for child in children)}</Item>'
