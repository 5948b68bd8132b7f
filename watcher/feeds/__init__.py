"""Feeds as bytes: a `Feed` becomes Atom (RFC 4287) or JSON Feed (version 1.1), and nothing else enters.

The same feed gives the same bytes, so that its ETag stands for as long as nothing came. No clock is read: every date is that of an entry.
Nothing is fetched, stored or sent here. What a request says of what its reader has, and of who it is, is judged here too, as pure functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from watcher.domain import Feed
from watcher.feeds.atom import atom
from watcher.feeds.json_feed import json_feed
from watcher.feeds.requests import etag_of, is_current, token_of

__all__ = ["FeedDocument", "FeedForm", "atom", "etag_of", "is_current", "json_feed", "token_of", "written"]


class FeedForm(StrEnum):
    """How a feed is written; the value ends its address and the name of its file."""

    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """What it is called in HTTP: RFC 4287, 7; JSON Feed 1.1, "Suggestions for Publishers"."""
        return "application/atom+xml" if self is FeedForm.ATOM else "application/feed+json"


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed written out. `content_type` and `etag` are values of HTTP headers."""

    content: bytes
    content_type: str
    etag: str


_WRITERS: dict[FeedForm, Callable[[Feed], bytes]] = {FeedForm.ATOM: atom, FeedForm.JSON: json_feed}


def written(feed: Feed, form: FeedForm) -> FeedDocument:
    """A feed in one of its forms."""
    content = _WRITERS[form](feed)
    return FeedDocument(content, f"{form.media_type}; charset=utf-8", etag_of(content))
