"""DOIs as they are written: bare, labelled, percent-encoded, or inside a publisher's address. One spelling comes out, in small letters.

A DOI is `10.`, a registrant's number, a slash and any characters (ISO 26324); case makes no difference in it. Publishers put
words of their own behind it in their addresses (`/full`, `.pdf`, `v2.full`), and Wiley's old ones hold `<`, `>` and `;`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

_START = r"10\.\d{4,9}(?:\.\d+)*(?:/|%2f|%252f)"
_BEGINNING = re.compile(_START, re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s|\x00-\x1f]+")
_BEHIND = re.compile(r";(?!2(?:-[\w#])?(?!\w)).*$", re.DOTALL)
"""A semicolon inside of a DOI stands only before the 2 that ends an item of SICI (`…3.0.CO;2-2`); another begins something else."""
_LABEL = re.compile(r"(?:info:doi/|urn:doi:|doi\b(?![.-]))[\"'*\])]*\s*[:=：]?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|www\.|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/)", re.IGNORECASE)
_RESOLVER = re.compile(r"(?:https?://)?(?:www\.)?(?:dx[.-])?doi[.-]org[^/]*/(?:doi:\s*)?", re.IGNORECASE)
_IN_TEXT = re.compile(
    rf"(?:https?://|www\.)[^\s\"'|·”’]{{0,300}}?{_START}[^\s\"'|·”’]+|(?<![\w.]){_START}[^\s\"'|·”’]+", re.IGNORECASE
)
_ANOTHER = re.compile(r"[;,]\s*(?:doi:\s*|(?:https?://)?(?:dx\.)?doi\.org/)?10\.\d{4,9}/", re.IGNORECASE)
_MARKUP = re.compile(r"\]\(|</|<(?:a|br|p|td|div|span|li)\b|\\n", re.IGNORECASE)
_WORD_OF_ADDRESS = (
    r"/(?:full(?:/html)?|full-?text|abstract|abs|summary|pdf(?:ft|direct)?|epdf|epub|html|meta|xml(?:/nlm)?|reader|references|citations|"
    r"figures|tables|metrics|issuetoc|suppinfo|suppl_file/\S*|supplementary-material|standard|asset/\S*)"
    r"|\.(?:full|abstract|short|long|full-text|full\.txt|supplementary-material|article-info|article-metrics|figures-only|pdf(?:\+html)?|"
    r"html?|epub)"
)
_TAIL_OF_ADDRESS = re.compile(rf"(?:{_WORD_OF_ADDRESS})/?$", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:/(?:full(?:/html)?|full-?text|abstract|e?pdf)|\.full(?:-text)?|\.pdf(?:\+html)?|(?<=v\d)\.(?:abstract|short))/?$",
    re.IGNORECASE,
)
_PREPRINT = re.compile(r"(10\.(?:1101|64898)/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8}|10\.48550/arxiv\.\S+?)v\d+$", re.IGNORECASE)
"""bioRxiv, medRxiv and arXiv give one DOI to all versions; others, such as Research Square, one to each."""
_NUMBER_OF_HOST = re.compile(r"(10\.\d{4,9}/\S+?)/\d{5,}(?:/\S*)?$")
"""Oxford and other journals on Silverchair: /article/doi/10.1093/brain/awz123/5698765."""
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), "") | dict.fromkeys(map(ord, "\u2010\u2011"), "-")
_BRACKETS = {")": "(", "]": "[", ">": "<", "}": "{"}


def doi_of(text: str) -> str | None:
    """A DOI in small letters: bare, as `doi:…`, or as an address that holds it (doi.org, a publisher's page)."""
    text = html.unescape(text.translate(_INVISIBLE).strip().replace("\\_", "_"))
    text = text.strip("\"'`*“”‘’ ").lstrip("<([{")
    text = text[label.end() :].lstrip("<([{\"' ") if (label := _LABEL.match(text)) else text
    if re.search(r"\s", text.strip()):
        return None
    if resolver := _RESOLVER.match(text):
        return _one(re.split(r"[?#]", text[resolver.end() :])[0], _TAIL)
    if _ADDRESS.match(text):
        return _in_address(text)
    return _one(text, _TAIL)


def dois_in(text: str) -> tuple[str, ...]:
    """Every DOI that stands in a text, each once."""
    return tuple(dict.fromkeys(doi for _, _, doi in placed_dois(html.unescape(text))))


def placed_dois(text: str) -> Iterator[tuple[int, int, str]]:
    """Every DOI that stands in a text: where it begins, with the address around it if there is one, where it ends, and its spelling."""
    for match in _IN_TEXT.finditer(text):
        whole = match[0]
        whole = whole[: markup.start()] if (markup := _MARKUP.search(whole, 1)) else whole
        parts = [0, *(another.start() + 1 for another in _ANOTHER.finditer(whole)), len(whole) + 1]
        for start, end in pairwise(parts):
            if doi := doi_of(whole[start : end - 1]):
                yield match.start() + start, match.start() + end - 1, doi


def _in_address(text: str) -> str | None:
    """The DOI in the path or in a parameter of a publisher's address."""
    begins = _BEGINNING.search(text)
    if begins is None:
        return None
    is_parameter = "?" in text[: begins.start()]
    bare = re.split(r"[&#]" if is_parameter else r"[?#]", text[begins.start() :])[0]
    bare = re.sub(r";jsessionid=\S*$", "", bare, flags=re.IGNORECASE)
    found = _one(bare, _TAIL_OF_ADDRESS)
    if found and re.search(r"/(?:advance-)?article(?:-\w+)?/doi/$", text[: begins.start()]):
        found = _NUMBER_OF_HOST.sub(r"\1", found)
    return found


def _one(text: str, tail: re.Pattern[str]) -> str | None:
    for _ in range(2):
        text = unquote(text) if re.search(r"%[0-9a-f]{2}", text, re.IGNORECASE) else text
    text = _without_punctuation(_BEHIND.sub("", text.strip()))
    while (shorter := _without_punctuation(tail.sub("", text))) != text and _DOI.fullmatch(shorter):
        text = shorter
    return _PREPRINT.sub(r"\1", text).lower() if _DOI.fullmatch(text) else None


def _without_punctuation(doi: str) -> str:
    """Without the full stop, comma, quote or closing bracket that belongs to the sentence around it."""
    while doi and (doi[-1] in ".,;:*/\"'`”’" or (doi[-1] in _BRACKETS and doi.count(_BRACKETS[doi[-1]]) < doi.count(doi[-1]))):
        doi = doi[:-1]
    return doi
