from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from support.store_samples import Bench

from watcher.errors import Busy, StoreError
from watcher.flows.deliver import leases
from watcher.flows.deliver.leases import held
from watcher.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Bench.at(tmp_path, lock_wait=0).store
    yield made
    made.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody else writes for as long as the block lasts."""
    with closing(sqlite3.connect(folder / "watcher.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_lease_is_held_for_the_block_and_then_free(store: Store) -> None:
    with (
        held(store, "pubmed", "one"),
        pytest.raises(Busy, match="another process \\(one\\) holds 'pubmed'"),
        held(store, "pubmed", "two"),
    ):
        pass

    assert store.lease_holder("pubmed") is None


def test_a_lease_that_could_not_be_given_back_is_taken_again_by_the_same_process(store: Store, tmp_path: Path) -> None:
    with ExitStack() as writing, held(store, "pubmed", "one"):
        writing.enter_context(locked(tmp_path))

    assert store.lease_holder("pubmed") == "one"
    with held(store, "pubmed", "one"):
        assert store.lease_holder("pubmed") == "one"
    assert store.lease_holder("pubmed") is None


def test_a_lease_is_renewed_again_after_the_database_was_locked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    renewed, refused, renew = threading.Event(), threading.Event(), store.renew_lease

    def told(name: str, token: str, seconds: float) -> bool:
        try:
            done = renew(name, token, seconds)
        except StoreError:
            refused.set()
            raise
        renewed.set()
        return done

    monkeypatch.setattr(store, "renew_lease", told)
    with held(store, "pubmed", "one"):
        assert renewed.wait(60)
        with locked(tmp_path):
            assert refused.wait(60)
        renewed.clear()
        assert renewed.wait(60)
