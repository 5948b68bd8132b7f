"""What E-utilities answered, as values: ESearch, ELink, EPost and EInfo by Biopython's Entrez parser.

The parser is typed by DTDs. Here it reads every answer by the DTD that Biopython ships for the answer's root, whatever DOCTYPE
stands in it: no DTD ever comes from the network, and the answer of next year's DTD is read like this year's. The folder that the
parser insists on lives for the moment of its import only, so that no home directory has to be writable. EFetch is read in `parse`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from operator import itemgetter
from typing import Any

from watcher.domain import HIGHEST_PMID, Neighbour, SearchFacts, pubmed_id
from watcher.pubmed.failures import Again, failure_of, incomplete
from watcher.pubmed.pmid import Pmid
from watcher.pubmed.reply import Reply


@dataclass(frozen=True, slots=True)
class Posted:
    """A list of ids that PubMed keeps for a while: #`query_key` of `web_env`."""

    query_key: str
    web_env: str


@dataclass(frozen=True, slots=True)
class Matched:
    """What one search found: PubMed's remarks, and the numbers of records. `facts.count` exceeds `len(pmids)` only when fewer were asked for,
    or when the count is beyond PubMed's cap of 9,999."""

    facts: SearchFacts
    pmids: tuple[Pmid, ...]


# --- the four answers ----------------------------------------------------------------------------------------------------------


def read_search(reply: Reply, *, term: str, retmax: int) -> Matched:
    """Read one ESearch answer, whole or not at all.

    It is whole when it holds `min(count, retmax)` ids, each once: PubMed cuts an answer short without a word. Raises Again for
    one that is not, or that is no ESearch answer; BadQuery when PubMed refuses the term.
    """
    answer = _parsed(reply, "esearch")
    try:
        count = int(answer["Count"])
        pmids = _pmids(answer.get("IdList", ()))
    except (KeyError, ValueError) as error:
        raise Again(f"an ESearch answer without a usable count or ids ({error})", status=reply.status) from None
    expected = min(count, retmax)
    if len(pmids) != expected or len(set(pmids)) != expected:
        raise incomplete(f"{len(set(pmids)):,} ids came where {expected:,} were announced (count {count:,})")
    return Matched(_facts(answer, term, count), pmids)


def _facts(answer: Mapping[str, Any], term: str, count: int) -> SearchFacts:
    errors, warnings = answer.get("ErrorList") or {}, answer.get("WarningList") or {}
    return SearchFacts(
        term=term,
        count=count,
        translation=str(answer.get("QueryTranslation", "")),
        phrases_not_found=_texts(errors, "PhraseNotFound", warnings, "QuotedPhraseNotFound"),
        fields_not_found=_texts(errors, "FieldNotFound"),
        phrases_ignored=_texts(warnings, "PhraseIgnored"),
        messages=_texts(warnings, "OutputMessage"),
    )


def read_neighbours(reply: Reply, *, seed: Pmid) -> tuple[Neighbour, ...]:
    """Read the similar articles of one ELink answer (neighbor_score, pubmed_pubmed), nearest first, without the seed itself and without
    numbers that no record can have.

    A record without neighbours, or one that PubMed does not know, has an empty link set. Raises Again for what is no ELink answer.
    """
    sets = _parsed(reply, "elink")
    if not sets:
        raise incomplete("an ELink answer without a link set")
    try:
        links = [
            (int(link["Id"]), int(link.get("Score", 0)))
            for one in sets
            for database in one.get("LinkSetDb", ())
            if database.get("LinkName") == "pubmed_pubmed"
            for link in database.get("Link", ())
        ]
    except (KeyError, ValueError) as error:
        raise Again(f"an ELink answer with an unusable link ({error})", status=reply.status) from None
    best = dict(sorted(((pmid, score) for pmid, score in links if pmid != seed and pmid <= HIGHEST_PMID), key=itemgetter(1)))
    nearest = sorted(best.items(), key=lambda link: (-link[1], -link[0]))
    return tuple(Neighbour(pubmed_id(pmid), score) for pmid, score in nearest)


def read_posted(reply: Reply) -> Posted:
    """Read an EPost answer. Raises Again when it names no place where the ids are kept."""
    answer = _parsed(reply, "epost", ignore_errors=True)
    try:
        return Posted(str(answer["QueryKey"]), str(answer["WebEnv"]))
    except KeyError:
        raise incomplete("EPost did not say where it keeps the ids") from None


def read_last_update(reply: Reply) -> str:
    """Read from an EInfo answer when the database was last updated, as PubMed writes it ("2026/03/02 07:12")."""
    found = _parsed(reply, "einfo").get("DbInfo")
    about = found[0] if isinstance(found, Sequence) and found else found or {}
    try:
        return str(about["LastUpdate"])
    except (KeyError, TypeError):
        raise incomplete("EInfo did not say when PubMed was last updated") from None


def _pmids(ids: Iterable[Any]) -> tuple[Pmid, ...]:
    pmids = tuple(Pmid(int(one)) for one in ids)
    if any(pmid <= 0 for pmid in pmids):
        raise ValueError("an id that is no PMID")
    return pmids


def _texts(*places: Any) -> tuple[str, ...]:  # noqa: ANN401 - dictionaries of the parser, each followed by a name
    texts = (str(text) for within, name in zip(places[::2], places[1::2], strict=True) for text in within.get(name, ()))
    return tuple(dict.fromkeys(texts))


# --- Biopython -----------------------------------------------------------------------------------------------------------------

_ROOTS = {"esearch": "eSearchResult", "elink": "eLinkResult", "epost": "ePostResult", "einfo": "eInfoResult"}
_PROLOGUE = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL)
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_READING_FAULTS = (ValueError, TypeError, AttributeError, LookupError, AssertionError)
"""What Biopython's parser raises for XML that breaks off (a ValueError of its own) or is built in a way that its DTD does not allow."""


def _parsed(reply: Reply, tool: str, *, ignore_errors: bool = False) -> Any:  # noqa: ANN401 - the parser's own structures
    """The parser's dictionaries and lists of an answer of `tool`. Raises Again or what `failure_of` makes of an ERROR."""
    start = _PROLOGUE.match(reply.body)
    body = reply.body[start.end() if start else 0 :]
    root = _ROOTS[tool]
    if not re.match(rb"<%s[\s/>]" % root.encode(), body):
        raise Again(f"something else came instead of <{root}>: {_beginning(body)}", status=reply.status)
    try:
        return _biopython()(BytesIO(_dressed(reply.body, body, tool)), validate=False, ignore_errors=ignore_errors)
    except RuntimeError as error:  # how the parser tells of an ERROR element
        said: Exception = failure_of(str(error), tool, reply)
    except _READING_FAULTS as error:
        said = Again(f"the XML breaks off or is malformed ({error})", status=reply.status)
    raise said


def _beginning(body: bytes) -> str:
    return " ".join(body[:80].decode("utf-8", "replace").split()) or "nothing"


def _dressed(whole: bytes, body: bytes, tool: str) -> bytes:
    """An answer under the DOCTYPE whose DTD lies beside the parser; what stood before its root is dropped, its encoding kept."""
    found = _ENCODING.match(whole.lstrip(b"\xef\xbb\xbf \t\r\n"))
    encoding = found[1] if found else b"UTF-8"
    doctype = f'<!DOCTYPE {_ROOTS[tool]} SYSTEM "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/{tool}.dtd">'
    return b'<?xml version="1.0" encoding="%s"?>%s%s' % (encoding, doctype.encode(), body)


@cache
def _biopython() -> Callable[..., Any]:
    """Biopython's `Entrez.read`, imported when first needed: it takes time, and makes folders for a cache that stays empty."""
    from Bio import Entrez  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="watcher-") as folder:
        Entrez.local_cache = folder  # type: ignore[assignment]  # declared as None, documented as a path
        import Bio.Entrez.Parser  # noqa: F401, PLC0415

    return Entrez.read
