"""A feed as JSON Feed, version 1.1 (https://www.jsonfeed.org/version/1.1/).

    {version, title, description, language, home_page_url?, feed_url?,
     _watcher: {id},
     items: [{id, url, title, summary?, content_html, date_published, date_modified, authors?: [{name}], tags?}]}

A key with a question mark is left out where nothing is known. `_watcher` is an extension, as the underscore says: the format has no id
of a feed.
"""

from __future__ import annotations

import json
from typing import Any

from watcher.domain import Entered, Feed
from watcher.feeds.text import clean, instant

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed) -> bytes:
    """The feed as a JSON document in UTF-8."""
    addresses = {"home_page_url": feed.home, "feed_url": feed.address}
    document = {
        "version": VERSION,
        "title": clean(feed.title),
        "description": clean(feed.about),
        "language": "en",
        **{name: clean(address) for name, address in addresses.items() if address},
        "_watcher": {"id": feed.id},
        "items": [_item(one) for one in feed.entries],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _item(entered: Entered) -> dict[str, Any]:
    entry, at = entered.entry, instant(entered.at)
    maybe = {
        "summary": clean(entry.summary),
        "authors": [{"name": clean(entry.authors)}] if entry.authors else [],
        "tags": [clean(tag) for tag in entry.tags],
    }
    return {
        "id": entered.id,
        "url": clean(entry.url),
        "title": clean(entry.title),
        "content_html": clean(entry.html),
        "date_published": at,
        "date_modified": at,
        **{name: value for name, value in maybe.items() if value},
    }
