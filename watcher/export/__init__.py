"""Articles as files that reference managers and spreadsheets take: RIS, BibTeX, CSL-JSON, CSV and PubMed's own nbib.

Pure: articles in, one text out; it never reads, writes or fetches. The text is for UTF-8. What a record lacks is left out, never
invented. No value holds a line break, whatever the record held, so that one tag stays one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from watcher.domain import Article
from watcher.export.bibtex import to_bibtex
from watcher.export.csl import to_csl
from watcher.export.nbib import to_nbib
from watcher.export.ris import to_ris
from watcher.export.spreadsheet import to_csv

__all__ = ["FORMATS", "to_bibtex", "to_csl", "to_csv", "to_nbib", "to_ris"]

FORMATS: Mapping[str, Callable[[Iterable[Article]], str]] = MappingProxyType(
    {"ris": to_ris, "nbib": to_nbib, "bib": to_bibtex, "csl-json": to_csl, "csv": to_csv}
)
"""Each format's writer by the name that the command line and `attach:` use, which is also the file's suffix, .json for csl-json."""
