from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from support.store_samples import MONDAY, Bench

from watcher.errors import StoreError
from watcher.store import ProcessLock, Store, is_dead, process_lock


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def store(bench: Bench) -> Store:
    return bench.store


# --- leases


def test_a_lease_has_one_holder(store: Store) -> None:
    token = store.take_lease("pubmed", holder="one")

    assert token
    assert store.take_lease("pubmed", holder="two") is None
    assert store.take_lease("pubmed", holder="one") is None
    assert store.lease_holder("pubmed") == "one"


def test_leases_of_other_names_are_others(store: Store) -> None:
    assert store.take_lease("compose:weekly", holder="one")
    assert store.take_lease("compose:daily", holder="two")


def test_a_released_lease_is_free(store: Store) -> None:
    token = store.take_lease("pubmed", holder="one")
    assert token

    store.release_lease("pubmed", token)

    assert store.lease_holder("pubmed") is None
    assert store.take_lease("pubmed", holder="two")


def test_a_released_lease_rests_before_another_process_takes_it(bench: Bench) -> None:
    """Requests to NCBI are counted over 1.1 s, and no process knows of another's."""
    token = bench.store.take_lease("pubmed", holder="host:folder:1:a")
    assert token
    bench.store.release_lease("pubmed", token)
    released = time.monotonic()

    assert bench.store.take_lease("pubmed", holder="host:folder:2:b")
    assert time.monotonic() - released > 1.1


def test_a_released_lease_does_not_rest_for_the_process_that_had_it(store: Store) -> None:
    with time_machine.travel(MONDAY, tick=False):
        token = store.take_lease("pubmed", holder="host:folder:1:a")
        assert token
        store.release_lease("pubmed", token)

        assert store.take_lease("pubmed", holder="host:folder:1:b")


def test_a_clock_that_was_set_back_does_not_prolong_the_rest(store: Store) -> None:
    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        token = store.take_lease("pubmed", holder="host:folder:1:a")
        assert token
        store.release_lease("pubmed", token)

    with time_machine.travel(MONDAY, tick=False):
        assert store.take_lease("pubmed", holder="host:folder:2:b")


def test_a_lease_that_ran_out_is_taken_by_another_and_lost_to_the_first(store: Store) -> None:
    with time_machine.travel(MONDAY, tick=False):
        first = store.take_lease("pubmed", holder="one", seconds=60)
    assert first
    with time_machine.travel(MONDAY + timedelta(seconds=61), tick=False):
        assert store.lease_holder("pubmed") is None
        assert store.take_lease("pubmed", holder="two")

        assert not store.renew_lease("pubmed", first)
        store.release_lease("pubmed", first)
        assert store.lease_holder("pubmed") == "two"


def test_a_renewed_lease_lasts_from_now(store: Store) -> None:
    with time_machine.travel(MONDAY, tick=False):
        token = store.take_lease("pubmed", holder="one", seconds=60)
    assert token
    with time_machine.travel(MONDAY + timedelta(seconds=50), tick=False):
        assert store.renew_lease("pubmed", token, seconds=60)

    with time_machine.travel(MONDAY + timedelta(seconds=100), tick=False):
        assert store.take_lease("pubmed", holder="two") is None


def test_of_many_threads_one_gets_the_lease(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda number: store.take_lease("pubmed", holder=str(number)), range(8)))

    assert sum(token is not None for token in tokens) == 1


def test_a_clock_file_ends_no_lease(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.take_lease("pubmed", holder="one")
    (tmp_path / "clock").write_text("2099-01-01T00:00:00+00:00")
    monkeypatch.setenv("WATCHER_CLOCK_FILE", str(tmp_path / "clock"))

    assert store.take_lease("pubmed", holder="two") is None


# --- holders


def test_a_living_holder_is_not_dead_and_a_closed_one_is(tmp_path: Path) -> None:
    with ProcessLock.claim(tmp_path) as holder:
        assert not is_dead(holder.name, tmp_path)
        assert len(list((tmp_path / "locks").glob("*.*.*.lock"))) == 1

    assert is_dead(holder.name, tmp_path)
    assert list((tmp_path / "locks").glob("*.*.*.lock")) == []


def test_two_holders_of_one_process_have_names_of_their_own(tmp_path: Path) -> None:
    with ProcessLock.claim(tmp_path) as first, ProcessLock.claim(tmp_path) as second:
        assert first.name != second.name
        assert first.name.split(":")[2] == str(os.getpid())


def test_nothing_is_concluded_about_another_host_folder_or_name(tmp_path: Path) -> None:
    with ProcessLock.claim(tmp_path) as holder:
        host, folder, pid, nonce = holder.name.split(":")

    assert not is_dead(f"another-{host}:{folder}:{pid}:{nonce}", tmp_path)
    assert not is_dead(f"{host}:0123456789ab:{pid}:{nonce}", tmp_path)
    assert not is_dead("watcher", tmp_path)


def test_another_folder_of_the_same_path_proves_nothing(tmp_path: Path) -> None:
    """Two containers may mount different volumes under one path, and have one name."""
    with ProcessLock.claim(tmp_path / "data") as holder:
        (tmp_path / "data").rename(tmp_path / "the other container's")
        (tmp_path / "data" / "locks").mkdir(parents=True)

        assert not is_dead(holder.name, tmp_path / "data")

        (tmp_path / "data" / "locks" / "folder").unlink()
        (tmp_path / "data" / "locks").rmdir()
        (tmp_path / "data").rmdir()
        (tmp_path / "the other container's").rename(tmp_path / "data")


def test_a_lock_that_cannot_be_opened_proves_nothing(tmp_path: Path) -> None:
    with ProcessLock.claim(tmp_path) as holder:
        host, _, pid, nonce = holder.name.split(":")
    (tmp_path / "locks" / f"{host}.{pid}.{nonce}.lock").mkdir()

    assert not is_dead(holder.name, tmp_path)


def test_a_lock_swept_away_before_it_was_locked_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = process_lock._locked
    swept: list[Path] = []

    def sweeping(path: Path) -> int:
        handle = lock(path)
        if not swept:
            path.unlink()
            swept.append(path)
        return handle

    monkeypatch.setattr(process_lock, "_locked", sweeping)

    with ProcessLock.claim(tmp_path) as holder:
        assert not is_dead(holder.name, tmp_path)


def test_a_folder_that_cannot_hold_locks_is_named(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("a file, not a folder")

    with pytest.raises(StoreError, match=r"locks/.*cannot be written \(File exists\)"):
        ProcessLock.claim(tmp_path)


def test_only_the_dead_lose_their_leases(bench: Bench, tmp_path: Path) -> None:
    with ProcessLock.claim(tmp_path) as dead:
        bench.store.take_lease("compose:weekly", holder=dead.name)
    with ProcessLock.claim(tmp_path) as living, ProcessLock.claim(tmp_path) as me:
        bench.store.take_lease("pubmed", holder=living.name)
        bench.store.take_lease("compose:daily", holder="elsewhere:0123456789ab:1:00000000")

        assert bench.store.free_dead(me) == 1

        holders = [bench.store.lease_holder(name) for name in ("compose:weekly", "pubmed", "compose:daily")]
        assert holders == [None, living.name, "elsewhere:0123456789ab:1:00000000"]


_VICTIM = """
import signal, sys
from datetime import datetime
from pathlib import Path
from watcher.store import ProcessLock, Store

folder = Path(sys.argv[2])
store, holder = Store.open(sys.argv[1], folder=folder), ProcessLock.claim(folder)
print(holder.name, store.take_lease("pubmed", holder=holder.name, seconds=3600))
print(store.claim_delivery(datetime.fromisoformat(sys.argv[3]), holder=holder.name).id, flush=True)
signal.pause()
"""


def test_what_a_killed_process_held_is_freed_at_once(bench: Bench, tmp_path: Path) -> None:
    bench.owe("pi@lab.example")
    command = [sys.executable, "-c", _VICTIM, bench.url, str(tmp_path), MONDAY.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim, ProcessLock.claim(tmp_path) as me:  # noqa: S603 - our own interpreter
        assert victim.stdout is not None
        name = victim.stdout.readline().split()[0]
        claimed = int(victim.stdout.readline())
        assert bench.store.free_dead(me) == 0
        assert bench.store.lease_holder("pubmed") == name

        victim.send_signal(signal.SIGKILL)
        victim.wait()

        assert bench.store.free_dead(me) == 2
        assert bench.store.lease_holder("pubmed") is None
        again = bench.store.claim_delivery(MONDAY, holder=me.name)
        assert again is not None
        assert (again.id, again.attempts) == (claimed, 2)
        assert [path.name.split(".")[-3] for path in (tmp_path / "locks").glob("*.*.lock")] == [str(os.getpid())]


def test_what_a_dead_process_had_handed_over_counts_as_sent(bench: Bench, tmp_path: Path) -> None:
    bench.owe("a@lab.example", "b@lab.example")
    with ProcessLock.claim(tmp_path) as dead:
        taken = bench.store.claim_delivery(MONDAY, holder=dead.name)
        assert taken is not None
        bench.store.handed_over(taken, MONDAY)
        assert bench.store.claim_delivery(MONDAY, holder=dead.name) is not None

    with ProcessLock.claim(tmp_path) as me:
        assert bench.store.free_dead(me) == 2

    assert [facts.state for facts in bench.store.deliveries()] == ["pending", "sent"]
