"""Makes text from records safe to show: what PubMed sends is data, whatever it looks like.

Everything that reaches a template goes through `plain` or `title_markup` first, so no control character, bidirectional override
or unpaired surrogate can bend a mail, a header or a log.
"""

from __future__ import annotations

import re

import nh3
from markupsafe import Markup, escape

from watcher.domain import Article, is_placeholder

TITLE_TAGS = frozenset({"i", "b", "sub", "sup"})

_SPACES = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Unicode's invisible formatters (TR9 embeddings, overrides and isolates, TR36), unpaired surrogates and noncharacters.
# The joiners U+200C and U+200D stay: Persian and Indic names need them.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """`text` on one line: white space folded, control and invisible formatting characters gone."""
    return piece(text).strip()


def piece(text: str) -> str:
    """The same of a piece of a line, whose outer white space parts it from the next."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def clip(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, cut at a word where there is one and never within an address, the cut marked by an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word, _, last = cut.rpartition(" ")
    return (at_word if len(at_word) > limit // 2 or "://" in last else cut).rstrip(" ,;:.–—-(") + "…"


def title(article: Article) -> str:
    """The title as plain text; the vernacular one, or the number, when the record has none."""
    return (
        plain("" if is_placeholder(article.title) else article.title)
        or plain(article.vernacular_title)
        or f"{article.record_id.label} (no title)"
    )


def title_markup(article: Article, limit: int) -> Markup:
    """The title as HTML with i, b, sub and sup only; plain and clipped when it is longer than `limit` characters."""
    text = title(article)
    cleaned = Markup(plain(nh3.clean(article.title_markup, tags=set(TITLE_TAGS), attributes={}, link_rel=None)))  # noqa: S704 -- nh3 made it safe
    shown = cleaned.striptags()
    if not shown or len(shown) > limit or len(text) > limit:
        return escape(clip(text, limit))
    return cleaned
