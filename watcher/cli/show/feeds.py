"""Feeds on the terminal: where they are, and what became of their files."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from watcher.cli import console
from watcher.domain import FeedKind, as_document
from watcher.flows.questions.feeds import FeedState, Filed

_WORDS = {FeedKind.LIST: "list", FeedKind.WATCH: "watch"}


def feeds(found: Sequence[FeedState], zone: str, *, as_json: bool) -> None:
    """Each feed with its addresses and files."""
    if as_json:
        console.document({"feeds": [_document(one) for one in found]})
        return
    for one in found:
        console.say(f"{_WORDS[one.name.kind]} {one.name.name} ({one.name.title}): {_entries(one, zone)}")
        for address in one.addresses.values():
            console.say(f"  {address}")
        for file in one.files.values():
            console.say(f"  {file}")
    if any(not one.addresses for one in found):
        console.say("the page is switched off (web.enabled): feeds have no addresses")


def filed(done: Filed) -> None:
    """What was written and removed, and what could not be."""
    console.say(f"{len(done.written)} files written; those that were right already stay as they are")
    for file in done.removed:
        console.say(f"removed, as its list or watch is gone: {file}")
    unwritten(done)


def unwritten(done: Filed) -> None:
    """What could not be written."""
    for problem in done.problems:
        console.complain(f"feed not written: {problem}")


def _entries(one: FeedState, zone: str) -> str:
    if one.latest_at is None:
        return "no entry yet"
    count = "1 entry" if one.entries == 1 else f"{one.entries} entries"
    return f"{count}, the last of {one.latest_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _document(one: FeedState) -> dict[str, object]:
    name = as_document(one.name)
    files = {form: str(file) for form, file in one.files.items()}
    return {**name, "entries": one.entries, "latest_at": one.latest_at, "addresses": dict(one.addresses), "files": files}
