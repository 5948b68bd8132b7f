"""The two forms of a feed, held against their rules by lxml and json, which the writers do not use; and what a request says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from watcher.domain import Entered, EntryKind, Feed, FeedEntry, pubmed_id
from watcher.feeds import FeedForm, etag_of, is_current, token_of, written

NAMES = {"a": "http://www.w3.org/2005/Atom"}
AT = datetime(2026, 9, 21, 6, 0, 12, 345678, tzinfo=UTC)
ENTRY = FeedEntry(
    key="paper 99000001",
    kind=EntryKind.PAPER,
    record_id=pubmed_id(99_000_001),
    title="Ca²⁺ < 5 & <agrin> at the “endplate”",
    url="https://pubmed.ncbi.nlm.nih.gov/99000001/",
    authors="Almeida RS, Berg K, Castellano MT",
    summary="Agrin & MuSK meet.",
    html="<p><b>Ca<sup>2+</sup> &lt; 5 &amp; more</b></p>",
    tags=("Review", "Mice & rats"),
)
FEED = Feed(
    id="urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-3a5a7f1f0001",
    title="NMJ <weekly>",
    about="What digests presented.",
    updated_at=AT,
    entries=(
        Entered("urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-3a5a7f1f0002", AT, ENTRY),
        Entered(
            "urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-3a5a7f1f0003",
            AT - timedelta(days=7),
            replace(ENTRY, authors="", summary="", html="", tags=()),
        ),
    ),
    home="https://watcher.lab.example/",
    address="https://watcher.lab.example/feeds/lists/weekly.atom",
)


def atom(feed: Feed = FEED) -> etree._Element:
    return etree.fromstring(written(feed, FeedForm.ATOM).content)


def texts(node: etree._Element, way: str) -> list[str]:
    found = node.xpath(way, namespaces=NAMES)
    assert isinstance(found, list)
    return [str(one) for one in found]


def as_json(feed: Feed = FEED) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(feed, FeedForm.JSON).content)
    return found


def test_an_atom_feed_has_what_the_rfc_demands_once() -> None:
    root = atom()

    assert root.tag == f"{{{NAMES['a']}}}feed"
    for name in ("id", "title", "updated"):  # RFC 4287, 4.1.1
        assert len(root.findall(f"a:{name}", NAMES)) == 1
        assert [len(entry.findall(f"a:{name}", NAMES)) for entry in root.findall("a:entry", NAMES)] == [1, 1]
    assert texts(root, "a:author/a:name/text()") == ["watcher"]  # so that an entry may have none
    assert texts(root, "a:link[@rel='self']/@href") == [FEED.address]
    assert texts(root, "a:link[@rel='alternate']/@href") == [FEED.home]
    assert texts(root, "a:id/text()") == [FEED.id]


def test_an_atom_entry_says_each_thing_in_its_element() -> None:
    first, second = atom().findall("a:entry", NAMES)

    assert texts(first, "a:id/text()") == [FEED.entries[0].id]
    assert texts(first, "a:title/text()") == [ENTRY.title]
    assert texts(first, "a:title/@type") == []  # text, the default
    assert texts(first, "a:author/a:name/text()") == [ENTRY.authors]
    assert texts(first, "a:link[@rel='alternate']/@href") == [ENTRY.url]
    assert texts(first, "a:category/@term") == ["Review", "Mice & rats"]
    assert texts(first, "a:summary/text()") == [ENTRY.summary]
    assert texts(first, "a:content[@type='html']/text()") == [ENTRY.html]
    assert texts(first, "a:updated/text()") == texts(first, "a:published/text()") == ["2026-09-21T06:00:12Z"]
    assert [texts(second, way) for way in ("a:author", "a:summary", "a:content", "a:category")] == [[], [], [], []]


def test_a_json_feed_has_what_version_1_1_demands() -> None:
    found = as_json()

    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert (found["title"], found["home_page_url"], found["feed_url"]) == (FEED.title, FEED.home, FEED.address)
    assert found["_watcher"] == {"id": FEED.id}
    assert found["items"] == [
        {
            "id": FEED.entries[0].id,
            "url": ENTRY.url,
            "title": ENTRY.title,
            "content_html": ENTRY.html,
            "summary": ENTRY.summary,
            "authors": [{"name": ENTRY.authors}],
            "tags": ["Review", "Mice & rats"],
            "date_published": "2026-09-21T06:00:12Z",
            "date_modified": "2026-09-21T06:00:12Z",
        },
        {
            "id": FEED.entries[1].id,
            "url": ENTRY.url,
            "title": ENTRY.title,
            "content_html": "",
            "date_published": "2026-09-14T06:00:12Z",
            "date_modified": "2026-09-14T06:00:12Z",
        },
    ]


def test_addresses_that_are_not_known_are_left_out() -> None:
    bare = replace(FEED, home=None, address=None)

    assert texts(atom(bare), "a:link") == []
    assert not {"home_page_url", "feed_url"} & as_json(bare).keys()


def test_instants_are_told_in_utc() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=-7)))

    assert texts(atom(replace(FEED, updated_at=elsewhere)), "a:updated/text()") == ["2026-09-21T06:00:12Z"]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_a_text_holds_both_forms_are_sound_and_hold_the_rest_of_it(text: str) -> None:
    feed = replace(FEED, entries=(replace(FEED.entries[0], entry=replace(ENTRY, title=f"T{text}", html=text, authors=f"A{text}")),))
    kept = "".join(
        one for one in text if one in "\t\n\r" or (one >= " " and not "\ud800" <= one <= "\udfff" and one not in "\ufffe\uffff")
    )

    (entry,) = atom(feed).findall("a:entry", NAMES)
    (item,) = as_json(feed)["items"]

    assert entry.findtext("a:title", "", NAMES).replace("\r", "\n") == f"T{kept}".replace("\r\n", "\n").replace("\r", "\n")
    assert item["title"] == f"T{kept}"
    assert item["content_html"] == kept


@pytest.mark.parametrize("form", list(FeedForm))
def test_a_feed_gives_the_same_bytes_and_etag_each_time_and_another_one_others(form: FeedForm) -> None:
    once, again = written(FEED, form), written(replace(FEED), form)
    other = written(replace(FEED, entries=FEED.entries[:1]), form)

    assert once == again
    assert once.etag == etag_of(once.content) != other.etag
    assert once.content_type.startswith({"atom": "application/atom+xml", "json": "application/feed+json"}[form.value])


ETAG = etag_of(b"sample")


@pytest.mark.parametrize(
    ("sent", "current"),
    [
        (None, False),
        ("", False),
        ("*", True),
        (ETAG, True),
        (f"W/{ETAG}", True),
        (f'"older", W/{ETAG}', True),
        ('"older"', False),
        (ETAG.strip('"'), False),
    ],
)
def test_a_reader_has_a_document_when_one_of_its_tags_is_the_documents(sent: str | None, current: bool) -> None:
    assert is_current(sent, ETAG) is current


def test_a_token_is_known_by_its_whole_text_and_nothing_is_nobodys() -> None:
    tokens = {"alice": "a" * 20, "bob": "b" * 20}

    assert token_of("b" * 20, tokens) == "bob"
    assert [token_of(given, tokens) for given in (None, "", "b" * 19, "b" * 21, "ä", "\ud800")] == [None] * 6
    assert token_of("", {"nobody": ""}) is None
