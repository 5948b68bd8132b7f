"""The addresses that a digest links to. Whatever a record holds, only http and https addresses come out, percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from watcher.domain import Article, Pmid

LONGEST = 500
"""Mail clients and Slack's 3,000 characters a section suffer from longer addresses; such a link is left out."""

_RESERVED = "%/:?#[]@!$&()*+,;=~-._"
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PMCID = re.compile(r"PMC\d+(\.\d+)?")
_SET = 200


def pubmed(pmid: Pmid) -> str:
    """The record's page at PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{int(pmid)}/"


def pubmed_sets(pmids: Sequence[Pmid]) -> tuple[str, ...]:
    """PubMed searches that list just these records, at most 200 in each (an address of about 2,000 characters)."""
    batches = [pmids[start : start + _SET] for start in range(0, len(pmids), _SET)]
    return tuple("https://pubmed.ncbi.nlm.nih.gov/?term=" + ",".join(str(int(pmid)) for pmid in batch) for batch in batches)


def doi(article: Article) -> str | None:
    """The DOI's page, or None when the record has no DOI, or one that is none."""
    if not article.doi or not _DOI.fullmatch(article.doi):
        return None
    return _short("https://doi.org/" + quote(article.doi, safe="/:;(),.-_~", errors="replace"))


def free_full_text(article: Article) -> str | None:
    """The paper at PubMed Central, or None."""
    if not article.pmcid or not _PMCID.fullmatch(article.pmcid):
        return None
    return _short(f"https://pmc.ncbi.nlm.nih.gov/articles/{article.pmcid}/")


def library(article: Article, template: str | None) -> str | None:
    """The library's link resolver: `template` with {pmid} and {doi} filled in, URL-quoted.

    None when there is no template, or it asks for nothing but a DOI that the record does not have.
    """
    if not template or ("{doi}" in template and "{pmid}" not in template and not article.doi):
        return None
    filled = template.replace("{pmid}", str(int(article.pmid)))
    return web(filled.replace("{doi}", quote(article.doi or "", safe="", errors="replace")))


def web(url: str | None) -> str | None:
    """`url` percent-encoded for an attribute, when it is an http or https address; else None."""
    if not url or not _WEB.match(url.strip()):
        return None
    return _short(quote(url.strip(), safe=_RESERVED, errors="replace"))


def _short(url: str) -> str | None:
    return url if len(url) <= LONGEST else None
