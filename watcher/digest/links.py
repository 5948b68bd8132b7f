"""The addresses that a digest links to. Whatever a record holds, only http and https addresses come out, percent-encoded.

In a DOI's address everything is encoded at which programs that find addresses in a text let them end: old DOIs hold `<`, `>` and `;`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from watcher.domain import PUBMED_SOURCE, Article, RecordId

LONGEST = 500
"""Mail clients and Slack's 3,000 characters a section suffer from longer addresses; such a link is left out."""

_RESERVED = "%/:?#[]@!$&()*+,;=~-._"
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_MENTION = re.compile(
    r"""https?://(?!(?:dx\.|www\.)?doi\.org/)\S+
    |(?P<address>https?://(?:dx\.|www\.)?doi\.org/)(?P<encoded>10\.\d{4,9}/[^\s"“”‘’`]+)
    |(?:\bdoi:?\s*|(?<![\w./]))(?P<bare>10\.\d{4,9}/[^\s"“”‘’`]+)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What in a text is another address, a DOI's address, or a bare DOI. Of the first nothing is changed."""
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_PMCID = re.compile(r"PMC\d+(\.\d+)?")
_SET = 200
_PAGES = {PUBMED_SOURCE: "https://pubmed.ncbi.nlm.nih.gov/{}/"}
"""Where a record's page is, by source."""


def page(record_id: RecordId) -> str:
    """The record's page at its source."""
    return _PAGES[record_id.source].format(record_id.id)


def has_page(record_id: RecordId) -> bool:
    """Whether the record's source is one that is known."""
    return record_id.source in _PAGES


def pubmed_sets(record_ids: Sequence[RecordId]) -> tuple[str, ...]:
    """PubMed searches that list just those of the records that it has, at most 200 in each (an address of about 2,000 characters)."""
    pmids = [str(one.pmid) for one in record_ids if one.pmid is not None]
    batches = [pmids[start : start + _SET] for start in range(0, len(pmids), _SET)]
    return tuple("https://pubmed.ncbi.nlm.nih.gov/?term=" + ",".join(batch) for batch in batches)


def doi(article: Article) -> str | None:
    """The DOI's page, or None when the record has no DOI, or one that is none."""
    return doi_page(article.doi) if article.doi else None


def doi_page(doi: str) -> str | None:
    """The page of this DOI, or None when it is none, or too long a one."""
    return _short(_doi_address(doi)) if _DOI.fullmatch(doi) else None


def addressed(text: str) -> str:
    """`text` with each DOI that it names as a whole https address; one that is too long for an address is left out."""
    return _MENTION.sub(_as_address, text)


def _as_address(found: re.Match[str]) -> str:
    named = found["bare"] or (unquote(found["encoded"], errors="replace") if found["encoded"] else "")
    if not named:
        return found[0]
    doi = _without_punctuation(named)
    return (_short(_doi_address(doi)) or "(a DOI too long to be an address)") + named[len(doi) :]


def _without_punctuation(doi: str) -> str:
    """A DOI without what belongs to the sentence around it: closing marks, and brackets that it does not open."""
    while doi[-1] in ".,;:!?'" or (doi[-1] in _BRACKETS and doi.count(doi[-1]) > doi.count(_BRACKETS[doi[-1]])):
        doi = doi[:-1]
    return doi


def _doi_address(doi: str) -> str:
    """Brackets stay only where each that closes was opened, and none is the end; a full stop at the end is encoded too."""
    brackets = "()" if doi.count("(") == doi.count(")") and not doi.endswith(")") else ""
    address = "https://doi.org/" + quote(doi, safe=f"/:{brackets}", errors="replace")
    return f"{address[:-1]}%{ord(address[-1]):02X}" if address[-1] in ".:" else address


def free_full_text(article: Article) -> str | None:
    """The paper at PubMed Central, or None."""
    if not article.pmcid or not _PMCID.fullmatch(article.pmcid):
        return None
    return _short(f"https://pmc.ncbi.nlm.nih.gov/articles/{article.pmcid}/")


def library(article: Article, template: str | None) -> str | None:
    """The library's link resolver: `template` with {pmid} and {doi} filled in, URL-quoted.

    None when there is no template, or it asks for nothing that the record has.
    """
    if not template or not ((article.doi and "{doi}" in template) or (article.pmid and "{pmid}" in template)):
        return None
    filled = template.replace("{pmid}", str(article.pmid or ""))
    return web(filled.replace("{doi}", quote(article.doi or "", safe="", errors="replace")))


def mail(address: str) -> str:
    """What opens a mail to an address, or to several that are parted by commas."""
    return "mailto:" + quote(address.replace(" ", ""), safe="@,")


def web(url: str | None) -> str | None:
    """`url` percent-encoded for an attribute, when it is an http or https address; else None."""
    if not url or not _WEB.match(url.strip()):
        return None
    return _short(quote(url.strip(), safe=_RESERVED, errors="replace"))


def _short(url: str) -> str | None:
    return url if len(url) <= LONGEST else None
