from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.postgres_server import Server
from support.store_samples import BY_QUERY, MONDAY, Bench, days, paper
from support.two_databases import Place, rows_of
from support.zotero_rows import fill_zotero

from watcher import clock
from watcher.domain import EntryKind, FeedEntry, paper_key, pubmed_id
from watcher.errors import ConfigurationError, StoreError
from watcher.store import Fed, Snapshot, Store, backup
from watcher.store.database import Database

WEEKLY = "watcher-20260914T060000Z-weekly.db"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    made.news(paper(1), paper(2))
    yield made
    made.store.close()


def backups(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "backups").glob("*"))


def test_a_backup_is_one_sqlite_file_with_every_row_of_every_table(place: Place, tmp_path: Path) -> None:
    place.fill("0001")
    with Store.open(place.url, folder=place.folder) as store:
        store.save_embeddings("of a model", {"of a text": b"\x00\xff"}, clock.now())  # what 0001 has no table for
        store.save_snapshot("nmj", Snapshot(sha256(b"counts").hexdigest(), "agrin", 300, clock.now(), b"counts"))
        store.signing_keys(clock.now())
        store.note(pubmed_id(1), "pi", "to be read on Friday", clock.now())
        store.stop("weekly", "pi@lab.example", until=None, via="mail", at=clock.now())
        store.abandon_open_runs(clock.now())
        entry = FeedEntry(
            paper_key(pubmed_id(900)), EntryKind.PAPER, pubmed_id(900), "Sample", "https://pubmed.ncbi.nlm.nih.gov/900/"
        )
        Bench(store, place.url).run(articles=(paper(900),), news={pubmed_id(900): BY_QUERY}, fed=Fed((entry,)))
        fill_zotero(store)
        store.begin_rereading(clock.now(), clock.now())
        store.keep_reread((), asked=(pubmed_id(1),), missing=(), at=clock.now())
        facts = store.backup(tmp_path / "copies" / "friday.db")

    copied = rows_of(f"sqlite:///{facts.path}", tmp_path)
    assert copied == place.rows()
    assert all(copied.values())
    assert facts.rows == sum(map(len, copied.values())) - len(copied["alembic_version"])
    assert (facts.schema, facts.size_bytes) == (Store.schema, facts.path.stat().st_size)
    assert [path.name for path in facts.path.parent.iterdir()] == ["friday.db"]


def test_a_backup_holds_what_was_committed_and_its_maker_does_not_wait(place: Place, tmp_path: Path) -> None:
    with Store.open(place.url, folder=place.folder) as store:
        database = Database(place.url, folder=place.folder)
        with database.writing() as session:
            session.execute(sa.text("INSERT INTO work (id) VALUES (7)"))

            facts = store.backup(tmp_path / "friday.db")

        database.close()

    assert facts.rows == 0
    assert len(place.rows()["work"]) == 1


def test_a_file_that_is_there_is_replaced_only_when_told_to(bench: Bench, tmp_path: Path) -> None:
    first = bench.store.backup(tmp_path / "friday.db")
    bench.news(paper(3))

    with pytest.raises(ConfigurationError, match=r"friday\.db: there is a file already\n    name another one, or replace it"):
        bench.store.backup(tmp_path / "friday.db")
    kept = rows_of(f"sqlite:///{first.path}", tmp_path)["article"]
    second = bench.store.backup(tmp_path / "friday.db", force=True)

    assert len(kept) == 2
    assert second.rows > first.rows


def test_the_database_and_folders_are_never_replaced(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="this is the database, and no command writes over it"):
        bench.store.backup(tmp_path / "watcher.db", force=True)
    with pytest.raises(ConfigurationError, match="this is a folder\n    name the file"):
        bench.store.backup(tmp_path, force=True)

    assert len(bench.everything()) == 2


def test_a_file_that_comes_while_a_backup_is_made_is_not_replaced(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = sqlite3.connect

    def another_is_quicker(*words: str, **more: object) -> sqlite3.Connection:
        (tmp_path / "friday.db").write_text("somebody else's")
        return copy(*words, **more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", another_is_quicker)

    with pytest.raises(ConfigurationError, match="there is a file already"):
        bench.store.backup(tmp_path / "friday.db")

    assert (tmp_path / "friday.db").read_text() == "somebody else's"
    assert list(tmp_path.glob(".friday*")) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from watcher.errors import ConfigurationError, StoreError
from watcher.store import Store, backup
with Store.open(sys.argv[1], folder=Path(sys.argv[2])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        store.backup(Path(sys.argv[3]))
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(store.facts().articles)
"""


def test_without_room_there_is_no_half_backup_and_the_service_goes_on(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "full" / "friday.db"
    command = [sys.executable, "-c", FULL_DISK, bench.url, str(tmp_path), str(target)]

    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - our own interpreter

    assert said[0].startswith(f"{target}: the backup cannot be written (")
    assert said[1] == "2"
    assert list(target.parent.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_database_that_another_program_keeps_is_waited_for_and_then_told(bench: Bench, tmp_path: Path) -> None:
    """`sqlite3.Connection.backup` tries again for ever."""
    bench.store.close()
    target = tmp_path / "kept" / "friday.db"
    with closing(sqlite3.connect(tmp_path / "watcher.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            backup.copy_file(tmp_path / "watcher.db", target.parent.with_suffix(".part"), lock_wait=0.3)


ENDS_THE_CONNECTION = """
ALTER TABLE article RENAME TO kept;
CREATE VIEW article AS SELECT * FROM kept WHERE pg_terminate_backend(pg_backend_pid());
INSERT INTO work (id) VALUES (1);
INSERT INTO kept (record_id, work_id, version, pub_status, is_notice, has_abstract, has_headings, content_sha256, fetched_at)
VALUES (1, 1, 1, '', false, false, false, '', now());
"""


def test_a_server_that_goes_while_it_is_copied_leaves_no_half_backup(postgres: Server, tmp_path: Path) -> None:
    url = postgres.migrated()
    with Store.open(url, folder=tmp_path / "data") as store:
        database = Database(url, folder=tmp_path / "data")
        with database.writing() as session:
            session.exec_driver_sql(ENDS_THE_CONNECTION)

        with pytest.raises(StoreError, match="the database cannot be used: the connection is lost"):
            store.backup(tmp_path / "copies" / "friday.db")

        database.close()

    assert list((tmp_path / "copies").iterdir()) == []


def test_a_damaged_database_gives_no_backup(bench: Bench, tmp_path: Path) -> None:
    bench.store.close()
    with (tmp_path / "watcher.db").open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 12)

    with pytest.raises(StoreError, match=r"damaged|malformed"):
        bench.store.backup(tmp_path / "friday.db")

    assert list(tmp_path.glob("*friday*")) == []


# --- those that are made by themselves


def test_a_weekly_backup_is_made_at_once_and_then_each_week(place: Place) -> None:
    with Store.open(place.url, folder=place.folder) as store:
        made = [store.weekly_backup(MONDAY + days(each)) for each in (0, 1, 6.9, 7, 8)]

    assert [facts is not None for facts in made] == [True, False, False, True, False]
    assert made[0] is not None
    assert made[0].path.name.endswith("-20260914T060000Z-weekly.db")
    assert len(backups(place.folder)) == 2


def test_the_newest_are_kept_and_nobody_elses_file_is_removed(bench: Bench, tmp_path: Path) -> None:
    bench.store.close()
    others = {"watcher-by-hand.db", "watcher-old-20200101T000000Z-weekly.db", "other-20200101T000000Z-weekly.db", "notes.txt"}
    (tmp_path / "backups").mkdir()
    for name in others:
        (tmp_path / "backups" / name).write_text("kept")

    with Store.open(bench.url, folder=tmp_path, keep_backups=3) as store:
        for week in range(6):
            store.weekly_backup(MONDAY + days(7 * week))

    assert set(backups(tmp_path)) - others == {
        f"watcher-{stamp}T060000Z-weekly.db" for stamp in ("20261005", "20261012", "20261019")
    }
    assert others <= set(backups(tmp_path))


def test_none_are_made_when_none_are_to_be_kept(bench: Bench, tmp_path: Path) -> None:
    bench.store.close()
    with Store.open(bench.url, folder=tmp_path, keep_backups=0) as store:
        assert store.weekly_backup(MONDAY) is None

    assert backups(tmp_path) == []


def test_a_clock_that_was_a_year_ahead_stops_no_backup_and_its_backups_go_first(bench: Bench, tmp_path: Path) -> None:
    bench.store.close()
    with Store.open(bench.url, folder=tmp_path, keep_backups=1) as store:
        store.weekly_backup(MONDAY + days(365))

        facts = store.weekly_backup(MONDAY)

    assert facts is not None
    assert backups(tmp_path) == [WEEKLY]


def test_of_several_at_once_one_makes_the_weekly_backup(bench: Bench, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(bench.store.weekly_backup, [MONDAY + timedelta(seconds=each) for each in range(4)]))

    assert sum(facts is not None for facts in made) == 1
    assert len(backups(tmp_path)) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from watcher import writing
from watcher.store import Store, backup
def put(part, path, **more):
    os.kill(os.getpid(), signal.SIGKILL)
writing.put = put
with Store.open(sys.argv[1], folder=Path(sys.argv[2])) as store:
    store.weekly_backup(store.facts().oldest_at)
"""


def test_what_a_killed_process_left_of_a_backup_is_none_and_is_swept_away_after_a_day(bench: Bench, tmp_path: Path) -> None:
    bench.owe("a@lab.example")
    killed = subprocess.run([sys.executable, "-c", KILLED, bench.url, str(tmp_path)], check=False)  # noqa: S603 - our own interpreter
    (left,) = (tmp_path / "backups").iterdir()
    os.utime(left, (0, 0))

    bench.store.weekly_backup(MONDAY)

    assert killed.returncode == -signal.SIGKILL
    assert left.name.endswith(".part")
    assert backups(tmp_path) == [WEEKLY]


# --- before a migration


def test_what_is_about_to_be_migrated_is_backed_up_as_it_was(place: Place, tmp_path: Path) -> None:
    place.fill("0001")
    before = place.rows()

    Store.open(place.url, folder=place.folder).close()

    (name,) = backups(place.folder)
    assert name.endswith(f"-before-{Store.schema}.db")
    assert rows_of(f"sqlite:///{place.folder}/backups/{name}", tmp_path) == before
    assert before["alembic_version"] == [("0001",)]


OPEN = """
import sys
from pathlib import Path
from watcher.store import Store, backup
Store.open(sys.argv[1], folder=Path(sys.argv[2])).close()
"""


@pytest.mark.parametrize("revision", ["0001", None], ids=["old", "new"])
def test_of_processes_that_start_at_once_one_migrates_and_backs_up(revision: str | None, place: Place) -> None:
    if revision:
        place.fill(revision)
    command = [sys.executable, "-c", OPEN, place.url, str(place.folder)]

    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603 - our own interpreter
    errors = [process.communicate()[1] for process in started]

    assert errors == [""] * 3
    assert place.rows()["alembic_version"] == [(Store.schema,)]
    assert len(backups(place.folder)) == (1 if revision else 0)


def test_a_new_database_is_not_backed_up(place: Place) -> None:
    Store.open(place.url, folder=place.folder).close()
    Store.open(place.url, folder=place.folder).close()

    assert backups(place.folder) == []


def test_nothing_is_migrated_when_the_backup_cannot_be_written(place: Place) -> None:
    place.fill("0001")
    (place.folder / "backups").write_text("a file, not a folder")

    with pytest.raises(StoreError, match=r"backups: cannot be written"):
        Store.open(place.url, folder=place.folder)

    assert place.rows()["alembic_version"] == [("0001",)]


def test_a_migration_goes_without_a_backup_when_none_are_to_be_kept(place: Place) -> None:
    place.fill("0001")

    Store.open(place.url, folder=place.folder, keep_backups=0).close()

    assert backups(place.folder) == []
    assert place.rows()["alembic_version"] == [(Store.schema,)]


def test_a_backup_opens_without_help(bench: Bench, tmp_path: Path) -> None:
    bench.store.backup(tmp_path / "friday.db")

    with closing(sqlite3.connect(f"file:{tmp_path}/friday.db?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("SELECT count(*) FROM article").fetchone() == (2,)
