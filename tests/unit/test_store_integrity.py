"""A database that was lost or damaged is never overwritten, and nothing begins anew unasked."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from support.store_samples import MONDAY, Bench, paper

from watcher import clock
from watcher.errors import StoreDamaged, StoreError, StoreUnusable
from watcher.store import Store, sound, sqlite_file
from watcher.store.database import Database

BACKUP = "watcher-20260914T060000Z-weekly.db"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A closed database with two papers, in the folder of the test."""
    bench = Bench.at(tmp_path)
    bench.news(paper(1), paper(2))
    bench.store.close()
    return bench.url


@pytest.fixture
def file(url: str) -> Path:
    """That database's file."""
    return Path(url.removeprefix("sqlite:///"))


def back_up(url: str, folder: Path) -> None:
    with Store.open(url, folder=folder) as store:
        store.weekly_backup(MONDAY)


def trample_on_the_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"not SQLite at all")


def trample_on_a_page(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(3 * 4096)
        opened.write(b"\xff" * 4096)


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


DAMAGES: list[Callable[[Path], None]] = [trample_on_the_header, trample_on_a_page, cut_in_half, empty]


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__)
def damaged(request: pytest.FixtureRequest, url: str, file: Path, tmp_path: Path) -> bytes:
    """The content of the file after something damaged it; there is a backup of how it was."""
    back_up(url, tmp_path)
    request.param(file)
    return file.read_bytes()


def test_a_damaged_file_is_set_aside_as_it_is_and_the_way_back_is_told(
    damaged: bytes, url: str, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnusable) as caught:
        Store.open(url, folder=tmp_path, check=True)

    (aside,) = tmp_path.glob("watcher.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert not file.exists()
    assert str(caught.value).startswith(f"{file}: damaged (")
    assert f"set aside as {aside.name}" in str(caught.value)
    assert f"watcher restore {tmp_path}/backups/{BACKUP};" in str(caught.value)


@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize("check", [True, False])
def test_nothing_begins_anew_where_a_damaged_file_was_set_aside(url: str, file: Path, tmp_path: Path, check: bool) -> None:
    with pytest.raises(StoreUnusable) as first:
        Store.open(url, folder=tmp_path, check=True)

    with pytest.raises(StoreUnusable) as later:
        Store.open(url, folder=tmp_path, check=check)

    assert str(later.value) == str(first.value)
    assert not file.exists()
    assert "watcher restore" in (tmp_path / "watcher.db.damaged").read_text()


@pytest.mark.usefixtures("damaged")
def test_after_the_restore_that_the_message_names_all_is_well(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable):
        Store.open(url, folder=tmp_path, check=True)

    Store.restore(url, tmp_path / "backups" / BACKUP, folder=tmp_path)

    with Store.open(url, folder=tmp_path, check=True) as store:
        assert store.facts().articles == 2
    assert not (tmp_path / "watcher.db.damaged").exists()
    assert len(list(tmp_path.glob("watcher.db.damaged-*"))) == 1


def test_what_only_looks_into_the_database_moves_no_file(damaged: bytes, url: str, file: Path, tmp_path: Path) -> None:
    with suppress(StoreError), Store.open(url, folder=tmp_path) as store:
        store.facts()

    assert file.read_bytes() == damaged
    assert list(tmp_path.glob("watcher.db.*")) == []


OPEN_CHECKED = """
import sys
from pathlib import Path
from watcher.store import Store
Store.open(sys.argv[1], folder=Path(sys.argv[2]), check=True)
"""


def test_of_several_that_find_the_damage_one_sets_the_file_aside(url: str, file: Path, tmp_path: Path) -> None:
    trample_on_a_page(file)
    command = [sys.executable, "-c", OPEN_CHECKED, url, str(tmp_path)]

    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603 - our own interpreter
    said = [process.communicate()[1].splitlines()[-1] for process in started]

    assert len(list(tmp_path.glob("watcher.db.damaged-*"))) == 1
    assert not file.exists()
    assert [line.split(": ", 1)[0] for line in said] == ["watcher.errors.StoreUnusable"] * 3


def test_without_a_backup_the_message_says_so_and_how_to_begin_anew(url: str, file: Path, tmp_path: Path) -> None:
    trample_on_a_page(file)

    with pytest.raises(StoreUnusable) as caught:
        Store.open(url, folder=tmp_path, check=True)

    assert f"There is no backup in {tmp_path}/backups. If you have one: watcher restore FILE" in str(caught.value)
    assert f"to begin anew, knowing nothing, move {file}* and {tmp_path}/backups away" in str(caught.value)


def test_whoever_moves_everything_away_begins_anew(url: str, file: Path, tmp_path: Path) -> None:
    back_up(url, tmp_path)
    trample_on_a_page(file)
    with pytest.raises(StoreUnusable):
        Store.open(url, folder=tmp_path, check=True)

    (tmp_path / "away").mkdir()
    for each in [*tmp_path.glob("watcher.db*"), tmp_path / "backups"]:
        each.rename(tmp_path / "away" / each.name)

    with Store.open(url, folder=tmp_path, check=True) as store:
        assert store.facts().articles == 0


# --- what is left of a database that is gone


KILLED_WITH_A_LOG = """
import os, signal, sys
from pathlib import Path
from watcher.store import Store
store = Store.open(sys.argv[1], folder=Path(sys.argv[2]))
store.take_lease("pubmed", holder="me")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def log(url: str, tmp_path: Path) -> bytes:
    """The write-ahead log that a killed process left."""
    subprocess.run([sys.executable, "-c", KILLED_WITH_A_LOG, url, str(tmp_path)], check=False)  # noqa: S603 - our own interpreter
    return (tmp_path / "watcher.db-wal").read_bytes()


def test_the_log_of_a_killed_process_is_part_of_the_database(log: bytes, url: str, tmp_path: Path) -> None:
    assert log
    with Store.open(url, folder=tmp_path, check=True) as store:
        assert store.lease_holder("pubmed") == "me"


def test_the_log_goes_aside_with_a_file_that_was_emptied(log: bytes, url: str, file: Path, tmp_path: Path) -> None:
    empty(file)

    for check in (False, True):
        with pytest.raises(StoreUnusable, match="the file is empty"):
            Store.open(url, folder=tmp_path, check=check)

    (aside,) = tmp_path.glob("watcher.db.damaged-*-wal")
    assert aside.read_bytes() == log
    assert not (tmp_path / "watcher.db-wal").exists()


@pytest.mark.parametrize("check", [True, False])
def test_a_log_without_its_database_is_kept(log: bytes, url: str, file: Path, tmp_path: Path, check: bool) -> None:
    file.unlink()

    with pytest.raises(StoreUnusable, match=r"watcher\.db: the database is gone, only its write-ahead log is left"):
        Store.open(url, folder=tmp_path, check=check)

    assert not file.exists()
    assert (tmp_path / "watcher.db-wal").read_bytes() == log


def test_nothing_begins_anew_where_there_are_backups(url: str, file: Path, tmp_path: Path) -> None:
    back_up(url, tmp_path)
    file.unlink()

    with pytest.raises(StoreUnusable, match=rf"there is no database, but there are backups of one\. .*watcher restore {tmp_path}"):
        Store.open(url, folder=tmp_path)

    assert not file.exists()


def test_an_open_store_never_makes_the_file_anew(url: str, file: Path, tmp_path: Path) -> None:
    with Store.open(url, folder=tmp_path) as store:
        assert store.facts().articles == 2
        file.rename(tmp_path / "moved.db")

        with pytest.raises(StoreError, match=r"watcher\.db: the database is gone; put it back"):
            store.facts()
        with pytest.raises(StoreError, match=r"watcher\.db: the database is gone"):
            store.take_lease("pubmed", holder="me")

        assert not file.exists()
        (tmp_path / "moved.db").rename(file)
        assert store.facts().articles == 2


def test_an_open_store_writes_into_the_file_that_lies_there_now(url: str, file: Path, tmp_path: Path) -> None:
    with Store.open(url, folder=tmp_path) as store:
        store.backup(tmp_path / "friday.db")
        store.take_lease("pubmed", holder="me")
        (tmp_path / "watcher.db-wal").unlink()
        (tmp_path / "friday.db").replace(file)

        assert store.lease_holder("pubmed") is None
        assert store.take_lease("pubmed", holder="another")

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT holder FROM lease").fetchall() == [("another",)]


# --- what is no damage


def test_a_locked_database_is_not_taken_for_a_damaged_one(url: str, file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreError, match="locked; another process is writing") as caught:
            Store.open(url, folder=tmp_path, check=True, lock_wait=0)

    assert not isinstance(caught.value, StoreUnusable)
    assert list(tmp_path.glob("watcher.db.*")) == []
    Store.open(url, folder=tmp_path, check=True).close()


def test_a_database_that_is_being_written_is_sound(url: str, tmp_path: Path) -> None:
    with Store.open(url, folder=tmp_path) as writer, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [writer.take_lease(str(number), holder="me") for number in range(100)])
        while not writing.done():
            Store.open(url, folder=tmp_path, check=True).close()

        assert all(writing.result())


@pytest.mark.parametrize("name", ["watcher.yaml", "notes.txt"])
def test_somebody_elses_file_is_not_renamed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("the configuration, say\n" * 100)

    with pytest.raises(StoreError, match=r"file is not a database; .*set another database\.url"):
        Store.open(f"sqlite:///{tmp_path}/{name}", folder=tmp_path, check=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "watcher.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")

    with pytest.raises(StoreError, match=r"another program's database \(tables: recipes\)"):
        Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path, check=True)

    with closing(sqlite3.connect(tmp_path / "watcher.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder whose name means something in an address."""
    folder = tmp_path / "50% of a lab's #1 ä"
    folder.mkdir()
    return folder


def test_a_folder_may_have_any_name(odd: Path) -> None:
    url = f"sqlite:///{odd}/watcher.db"
    with Store.open(url, folder=odd, check=True) as store:
        store.take_lease("pubmed", holder="me")
        store.backup(odd / "a copy.db")

    assert sorted(path.name for path in odd.iterdir()) == ["a copy.db", "locks", "watcher.db"]


# --- once a day


def trample_on_a_leaf(file: Path, of: str = "embedding_made") -> None:
    """Damage that opening does not meet."""
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (of,)).fetchone()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4096)
        opened.write(b"\xff" * 4096)


def opened(url: str, folder: Path) -> None:
    Store.open(url, folder=folder, check=True).close()


def test_a_file_is_read_whole_once_a_day(url: str, file: Path, tmp_path: Path) -> None:
    opened(url, tmp_path)
    trample_on_a_leaf(file)

    opened(url, tmp_path)  # nothing is read but what is needed
    sound.note(file, tmp_path, clock.real_now() - timedelta(hours=23, minutes=50))
    opened(url, tmp_path)
    sound.note(file, tmp_path, clock.real_now() - timedelta(hours=24))
    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)

    assert not file.exists()


def test_damage_that_is_seen_at_a_glance_is_found_each_time(url: str, file: Path, tmp_path: Path) -> None:
    for damage in DAMAGES:
        kept = file.read_bytes()
        opened(url, tmp_path)
        damage(file)

        if damage is not trample_on_a_page:
            with pytest.raises(StoreUnusable, match="set aside as"):
                opened(url, tmp_path)

        for left in tmp_path.glob("watcher.db*"):
            left.unlink()
        file.write_bytes(kept)


def test_damage_that_is_met_at_work_has_the_file_read_whole(url: str, file: Path, tmp_path: Path) -> None:
    opened(url, tmp_path)
    trample_on_a_leaf(file)

    with Store.open(url, folder=tmp_path) as store, pytest.raises(StoreDamaged, match="malformed"):
        store.save_embeddings("of a model", {"of a text": b"\x00"}, MONDAY)
    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


def test_another_file_in_its_place_is_read_whole(url: str, file: Path, tmp_path: Path) -> None:
    opened(url, tmp_path)
    with Store.open(url, folder=tmp_path) as store:
        store.backup(tmp_path / "friday.db")
    trample_on_a_leaf(tmp_path / "friday.db")
    (tmp_path / "friday.db").replace(file)

    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


@pytest.mark.parametrize(
    "said", ["", "[]", "null", '{"at": "never", "file": [1, 2]}', '{"at": "2026-01-01T00:00:00", "file": [1, 2]}', "\udcff"]
)
def test_a_note_that_cannot_be_understood_counts_for_nothing(said: str, url: str, file: Path, tmp_path: Path) -> None:
    opened(url, tmp_path)
    (tmp_path / "locks" / "watcher.db.sound").write_bytes(said.encode("utf-8", "surrogateescape"))
    trample_on_a_leaf(file)

    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


def test_a_note_from_when_the_clock_was_ahead_counts_for_nothing(url: str, file: Path, tmp_path: Path) -> None:
    opened(url, tmp_path)
    sound.note(file, tmp_path, clock.real_now() + timedelta(days=300))
    trample_on_a_leaf(file)

    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


def test_a_large_file_is_read_whole_every_four_weeks(url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "LARGE_BYTES", file.stat().st_size)
    opened(url, tmp_path)
    trample_on_a_leaf(file)
    at = clock.real_now()

    sound.note(file, tmp_path, at - timedelta(days=1), whole=False)
    opened(url, tmp_path)  # the day's reading leaves out what holds a row for each paper
    sound.note(file, tmp_path, at - timedelta(days=27))
    opened(url, tmp_path)
    sound.note(file, tmp_path, at - timedelta(days=28))
    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


def test_a_file_that_is_not_large_is_read_whole_each_day(
    url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "LARGE_BYTES", file.stat().st_size + 1)
    opened(url, tmp_path)
    trample_on_a_leaf(file)

    sound.note(file, tmp_path, clock.real_now() - timedelta(days=1), whole=False)

    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


@pytest.mark.parametrize("table", ["presented", "delivery", "message", "digest", "run_finished"])
def test_of_a_large_file_what_was_sent_is_read_each_day(
    table: str, url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "LARGE_BYTES", file.stat().st_size)
    opened(url, tmp_path)
    trample_on_a_leaf(file, of=table)
    opened(url, tmp_path)

    sound.note(file, tmp_path, clock.real_now() - timedelta(days=1), whole=False)

    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


KILLED_WHILE_READING = """
import os, signal, sys
from pathlib import Path
from watcher.store import Store, sqlite_file
def complaint(path, **more):
    os.kill(os.getpid(), signal.SIGKILL)
sqlite_file.complaint = complaint
Store.open(sys.argv[1], folder=Path(sys.argv[2]), check=True)
"""


def test_a_reading_that_was_killed_does_not_count(url: str, file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_READING, url, str(tmp_path)]

    killed = subprocess.run(command, check=False)  # noqa: S603 - our own interpreter
    trample_on_a_leaf(file)

    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(StoreUnusable, match="set aside as"):
        opened(url, tmp_path)


def test_of_several_who_begin_at_once_one_reads(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    whole = sqlite_file.complaint

    def reading(path: Path, *, lock_wait: float) -> str | None:
        read.append(path)
        return whole(path, lock_wait=lock_wait)

    monkeypatch.setattr(sqlite_file, "complaint", reading)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: opened(url, tmp_path), range(4)))

    assert len(read) == 1


def test_who_starts_while_another_puts_the_file_there_waits_for_it(url: str, file: Path, tmp_path: Path) -> None:
    """A restore, and another's first start, hold the lock of the schema from where the file is not there to where it is."""
    back_up(url, tmp_path)
    elsewhere = tmp_path / "elsewhere.db"

    with ThreadPoolExecutor(1) as pool:
        with closing(Database(url, folder=tmp_path)) as database, database.alone("schema"):
            file.rename(elsewhere)
            starting = pool.submit(opened, url, tmp_path)
            wait([starting], timeout=0.5)
            elsewhere.rename(file)
        starting.result()
