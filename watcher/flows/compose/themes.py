"""The themes of a watch: its file's, else those found from its seeds; what they sort, and the file that a lab can edit.

Of several watches in one list, each paper is sorted by the themes of the watch that it matched best. Headings stand in the order of the
watches, then of their themes; a name that two watches share is one heading.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from watcher.domain import Article, Item, Theme

Fits = Callable[[Article], str | None]
"""The name of the theme that a paper fits best, None when it fits none."""

_PLAIN = re.compile(r"[A-Za-z][\w. -]*[\w.]")
_NO_TEXT = re.compile(r"(?i)true|false|null|yes|no|on|off|nan|inf")

_HEAD = """\
# The themes of the watch {watch}: with `group_by: theme`, a list groups the papers below its picks under these names.
#
# A line is a theme: its name, a colon, its words in brackets. Change, add and remove lines as you like; watcher takes it up when you save,
# and writes over it only when told `--force`. A paper goes to the theme whose words weigh most in its title, abstract, keywords and
# headings (rare words weigh more, words in the title twice); one that has none of them goes to "Other". Case and a plural s make no
# difference; a * at the end stands for any ending (put such a word in quotes). Each word belongs to one theme.
# `watcher themes {watch}` shows what each gets.

"""


@dataclass(frozen=True, slots=True)
class Facets:
    """The themes of one watch and what sorts papers into them. `origin`: the file, or "found from the seeds"."""

    themes: tuple[Theme, ...]
    fits: Fits
    origin: str


def counts(facets: Facets, articles: Iterable[Article]) -> Mapping[str | None, int]:
    """How many of the articles each theme gets; None: those that fit none."""
    return Counter(facets.fits(article) for article in articles)


def sorting(watches: Sequence[str], facets: Mapping[str, Facets]) -> tuple[tuple[str, ...], Callable[[Item], str]]:
    """All headings in their order, and what gives an item's ("" for none)."""
    names = (theme.name for watch in watches if watch in facets for theme in facets[watch].themes)

    def heading(item: Item) -> str:
        known = facets.get(item.watches[0])
        return (known.fits(item.article) if known else None) or ""

    return tuple(dict.fromkeys(names)), heading


def document(watch: str, themes: Sequence[Theme]) -> str:
    """The file of a watch's themes, for its lab to edit."""
    lines = (f"{_written(theme.name)}: [{', '.join(map(_written, theme.words))}]" for theme in themes)
    return _HEAD.format(watch=watch) + "\n".join(lines) + "\n"


def _written(text: str) -> str:
    """A text in YAML, in quotes where it needs them."""
    return text if _PLAIN.fullmatch(text) and not _NO_TEXT.fullmatch(text) else json.dumps(text, ensure_ascii=False)
