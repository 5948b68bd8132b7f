"""Files that hold papers in a format that is not read here, with what to export instead."""

from __future__ import annotations

import re
from pathlib import Path

from watcher.errors import SeedError
from watcher.seeds.encoding import binary_from
from watcher.seeds.entry import refused

_RIS = "export the papers as RIS (.ris) instead"
_ZOTERO = f"{_RIS}; in Zotero: Export Items…, format RIS"
_ENDNOTE = f"{_RIS}; in EndNote: File, Export, output style RefMan (RIS) Export"
_PUBMED = "save them from PubMed as text instead: Save, format PubMed"
_OVID = f"{_RIS}; in Ovid: Export, format RIS"
_SHEET = "save the sheet as CSV (.csv), with a column PMID or DOI"
_BY_HAND = "write the paper's DOI or PMID into a file such as papers.list"

_ENDINGS = {
    ".jsonl": ("JSON", _ZOTERO),
    ".yaml": ("YAML", _ZOTERO),
    ".yml": ("YAML", _ZOTERO),
    ".rdf": ("RDF", _ZOTERO),
    ".xml": ("XML", f"{_RIS}; or {_PUBMED}"),
    ".nxml": ("XML", _BY_HAND),
    ".mods": ("MODS", _ZOTERO),
    ".enl": ("an EndNote library", _ENDNOTE),
    ".enlx": ("an EndNote library", _ENDNOTE),
    ".enlp": ("an EndNote library", _ENDNOTE),
    ".ctv6": ("a Citavi project", f"{_RIS}; in Citavi: File, Export, RIS"),
    ".rmd": ("R Markdown", _BY_HAND),
    ".xls": ("a spreadsheet", _SHEET),
    ".xlsx": ("a spreadsheet", _SHEET),
    ".ods": ("a spreadsheet", _SHEET),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm", ".epub"), ("", _BY_HAND)),
    **dict.fromkeys((".zip", ".gz", ".7z", ".tar"), ("an archive", "unpack it here")),
}
"""What a file is, and the way out, by its ending."""

_BEGINNINGS = (
    (re.compile(r"\s*%PDF-"), "a PDF", _BY_HAND),
    (re.compile(r"PK\x03\x04"), "an archive or an Office document", _BY_HAND),
    (re.compile(r"\s*\{\\rtf"), "RTF", _BY_HAND),
    (
        re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!DOCTYPE\s+Pubmed[^>]{0,300}>\s*)?<(?:Pubmed|Medline)"),
        "PubMed's XML",
        _PUBMED,
    ),
    (re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<xml>\s*<records"), "EndNote's XML", _ENDNOTE),
    (re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<rdf:RDF"), "RDF", _ZOTERO),
    (re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), "a web page", _BY_HAND),
    (re.compile(r"\s*<\?xml\b"), "XML", f"{_RIS}; or {_PUBMED}"),
    (re.compile(r"\s*(?:\[\s*\{|\{)\s*\""), "JSON", _ZOTERO),
)
"""What a text is, and the way out, by how it begins."""

_LINES = (
    (re.compile(r"^<\d+>[ \t]*\n[A-Z][^\n]*\n[ \t]{2,}\S", re.MULTILINE), "Ovid's text", _OVID),
    (
        re.compile(
            r"^[ \t]*(?:Unique Identifier|DOI Number|Link to the Ovid Full Text or citation)[ \t]*:?\n[ \t]*\S", re.MULTILINE
        ),
        "Ovid's text",
        _OVID,
    ),
    (
        re.compile(r"^[^\n]{0,300}\bCited by \d+[^\n]{0,40}\bRelated articles\b", re.MULTILINE | re.IGNORECASE),
        "Google Scholar's page",
        f"{_RIS}; in Google Scholar: Cite, RefMan or BibTeX",
    ),
    (re.compile(r"\AScopus\nEXPORT DATE:"), "Scopus's text", f"{_RIS}; in Scopus: Export, RIS"),
    (re.compile(r"^Record #\d+ of \d+\n(?:ID|AU|TI): ", re.MULTILINE), "the Cochrane Library's text", f"{_RIS}; choose RIS there"),
    (
        re.compile(r"^_{20,}\n\s*(?:Document|Dokument) \d+ (?:of|von) \d+", re.MULTILINE),
        "ProQuest's text",
        f"{_RIS}; choose RIS there",
    ),
    (re.compile(r"^Reference Type:\s+\S.*\nRecord Number:", re.MULTILINE), "EndNote's text", _ENDNOTE),
    (re.compile(r"^--[A-Z]{2}-- \S.*\n--[A-Z]{2}--", re.MULTILINE), "Biblioscape's text", _RIS),
    (re.compile(r"^TI ?[-~] \S.*\n(?:[A-Z]{2} ?[-~] \S.*\n){2}", re.MULTILINE), "a catalogue's text", _RIS),
)
"""The same, by lines that stand anywhere in it."""


def refuse_ending(path: Path) -> None:
    """Refuses a file by its name.

    Raises:
        SeedError: its ending is that of a format that is known and not read here.
    """
    if found := _ENDINGS.get(path.suffix.lower()):
        raise _refusal(path, *found)


def refuse_beginning(text: str, path: Path) -> None:
    """Refuses a text by how it begins, whatever the file is called.

    Raises:
        SeedError: it is of a format that is known and not read here, or no text at all.
    """
    for beginning, what, fix in _BEGINNINGS:
        if beginning.match(text):
            raise _refusal(path, what, fix)
    if line := binary_from(text):
        raise refused(path, line, "this file is not text", _RIS)


def refuse_lines(text: str, path: Path) -> None:
    """Refuses a text that no reader has known, by lines in it.

    Raises:
        SeedError: it is of a format that is known and not read here.
    """
    for line, what, fix in _LINES:
        if line.search(text):
            raise _refusal(path, what, fix)


def _refusal(path: Path, what: str, fix: str) -> SeedError:
    return refused(path, None, f"this is {what}, which is not read here" if what else "this kind of file is not known here", fix)
