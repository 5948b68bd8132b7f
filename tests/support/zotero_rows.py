"""Rows in every table about Zotero, for tests of databases as wholes. All invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.domain import SeedsFrom, pubmed_id
from watcher.store import Store, ZoteroItemFacts, ZoteroServerFacts

AT = datetime(2026, 8, 24, 6, tzinfo=UTC)
SOURCE = SeedsFrom("groups/12345", "SEED2345")


def item(key: str, version: int = 1, *, is_paper: bool = True, title: str = "") -> ZoteroItemFacts:
    """A paper of a library, with its words."""
    return ZoteroItemFacts(key, version, is_paper, f'{{"title": "{title or key}", "tags": []}}' if is_paper else None, pmid=version)


def fill_zotero(store: Store) -> None:
    """Puts rows into each table."""
    store.zotero.keep_items(SOURCE.library, [item("PAPA2222"), item("PAPB2222", 2)])
    store.zotero.take(SOURCE, "Examples", ["PAPA2222"], 2, AT, 0)
    store.zotero.take(SOURCE, "Examples", ["PAPA2222", "PAPB2222"], 3, AT + timedelta(days=1), 0)
    store.zotero.library_read(SOURCE.library, 3, AT, ["PAPA2222", "PAPB2222"])
    store.zotero.owe(SOURCE.library, "", {pubmed_id(1): "PUSH2222"}, AT)
    store.zotero.failed(SOURCE, "Zotero answered 503", "", AT + timedelta(days=2), may_pass=True)
    store.zotero.note_server("https://api.zotero.org/", ZoteroServerFacts(AT + timedelta(days=2, hours=1)))
