"""A feed as Atom (RFC 4287).

Titles and summaries are text, never HTML: readers disagree about markup in titles. Content is HTML, escaped once as 3.1.1.2 says. The id and
both dates of an entry are those of its coming, so that a reader never takes it for another one; a link of the relation "self" stands there only
where the address is known and holds no token.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from watcher.domain import Entered, Feed
from watcher.feeds.text import clean, instant

_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"

MAKER = "watcher"
"""Who stands as the author of the feed itself, and so of entries without an author (RFC 4287, 4.1.1 and 4.2.1)."""


def atom(feed: Feed) -> bytes:
    """The feed as an Atom document in UTF-8."""
    root = ET.Element("feed", {"xmlns": _ATOM, f"{{{_XML}}}lang": "en"})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.about)
    _text(root, "updated", instant(feed.updated_at))
    _author(root, MAKER)
    _text(root, "generator", MAKER)
    if feed.address:
        _link(root, "self", feed.address, "application/atom+xml")
    if feed.home:
        _link(root, "alternate", feed.home, "text/html")
    for one in feed.entries:
        _entry(ET.SubElement(root, "entry"), one)
    ET.indent(root, space="")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _entry(node: ET.Element, entered: Entered) -> None:
    entry = entered.entry
    _text(node, "id", entered.id)
    _text(node, "title", entry.title)
    _text(node, "published", instant(entered.at))
    _text(node, "updated", instant(entered.at))
    if entry.authors:
        _author(node, entry.authors)
    _link(node, "alternate", entry.url, "text/html")
    for tag in entry.tags:
        ET.SubElement(node, "category", {"term": clean(tag)})
    if entry.summary:
        _text(node, "summary", entry.summary)
    if entry.html:
        content = _text(node, "content", entry.html)
        content.set("type", "html")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = clean(text)
    return node


def _author(parent: ET.Element, name: str) -> None:
    _text(ET.SubElement(parent, "author"), "name", name)


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": media_type, "href": clean(address)})
