"""Citation keys: what stands in a manuscript for a paper."""

from __future__ import annotations

import re
from itertools import chain, count

from anyascii import anyascii

from watcher.domain import Article, Author
from watcher.export.fields import date_of

_LONGEST_NAME = 30


class Keys:
    """Gives each article of a file a key of its own: `Surname2026_PMID`, in ASCII, the same in every export and format."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, article: Article) -> str:
        """The article's key; another version of its record gets `Surname2026_PMID_2`."""
        stem = f"{_name(article)}{date_of(article).year or ''}_{article.record_id.id}"
        key = next(key for key in chain((stem,), (f"{stem}_{number}" for number in count(2))) if key not in self._taken)
        self._taken.add(key)
        return key


def _name(article: Article) -> str:
    first = article.authors[0] if article.authors else Author()
    return re.sub(r"[^A-Za-z]", "", anyascii(first.last_name or first.collective))[:_LONGEST_NAME] or "Anonymous"
