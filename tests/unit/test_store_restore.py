from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.postgres_server import Server
from support.store_samples import MONDAY, Bench, paper
from support.two_databases import Place, rows_of

from watcher.errors import Busy, SchemaTooNew, StoreError, StoreUnusable
from watcher.store import ProcessLock, Store, process_lock


@pytest.fixture
def friday(tmp_path: Path) -> Path:
    """A backup with rows in every table of this version's schema."""
    made = Place(f"sqlite:///{tmp_path}/made/watcher.db", tmp_path / "made")
    made.folder.mkdir()
    made.fill("0001")
    with Store.open(made.url, folder=made.folder, keep_backups=0) as store:
        store.backup(tmp_path / "friday.db")
    return tmp_path / "friday.db"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A closed SQLite database with one paper, in the folder of the test."""
    made = Bench.at(tmp_path)
    made.news(paper(1))
    made.store.close()
    return made


def backups(folder: Path) -> list[Path]:
    return sorted((folder / "backups").glob("*"))


def without_leases(file: Path, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    return {name: [] if name == "lease" else list(rows) for name, rows in rows_of(f"sqlite:///{file}", folder).items()}


def test_a_backup_of_either_database_is_restored_into_either(place: Place, friday: Path, tmp_path: Path) -> None:
    facts = Store.restore(place.url, friday, folder=place.folder)

    assert place.rows() == without_leases(friday, tmp_path)
    assert (facts.path, facts.schema, facts.set_aside) == (friday, Store.schema, None)
    assert facts.rows == sum(map(len, rows_of(f"sqlite:///{friday}", tmp_path).values())) - 1
    with Store.open(place.url, folder=place.folder) as store:
        store.backup(tmp_path / "again.db")
    assert without_leases(tmp_path / "again.db", tmp_path) == without_leases(friday, tmp_path)


def test_the_service_goes_on_where_the_backup_ends(place: Place, friday: Path) -> None:
    Store.restore(place.url, friday, folder=place.folder)

    with Store.open(place.url, folder=place.folder) as store:
        store.abandon_open_runs(MONDAY)
        bench = Bench(store, place.url)
        bench.news(paper(100))
        (candidate,) = store.unjudged("weekly", "nmj")
        bench.compose(candidate)

        assert candidate.article.pmid == 100


def test_what_processes_held_when_the_backup_was_made_is_free(place: Place, tmp_path: Path) -> None:
    with Store.open(place.url, folder=place.folder) as store:
        store.take_lease("pubmed", holder="another host's")
        store.backup(tmp_path / "friday.db")
    there = Path(place.folder.parent, "elsewhere")

    Store.restore(f"sqlite:///{there}/watcher.db", tmp_path / "friday.db", folder=there)

    with Store.open(f"sqlite:///{there}/watcher.db", folder=there) as store:
        assert store.lease_holder("pubmed") is None


def test_a_backup_of_an_earlier_revision_is_brought_to_this_one(place: Place, tmp_path: Path) -> None:
    old = Place(f"sqlite:///{tmp_path}/watcher.db", tmp_path)
    old.fill("0001")
    kept = (tmp_path / "watcher.db").read_bytes()

    facts = Store.restore(place.url, tmp_path / "watcher.db", folder=place.folder)

    assert facts.schema == "0001"
    assert place.rows()["alembic_version"] == [(Store.schema,)]
    assert len(place.rows()["article"]) == len(old.rows()["article"])
    assert (tmp_path / "watcher.db").read_bytes() == kept
    assert backups(place.folder) == []


def test_the_copy_of_a_killed_watchers_files_is_a_backup_too(friday: Path, bench: Bench, tmp_path: Path) -> None:
    store = Store.open(bench.url, folder=tmp_path)
    store.remember_configuration("cafe", "{}", MONDAY)
    for ending in ("", "-wal"):
        Path(f"{friday}{ending}").write_bytes((tmp_path / f"watcher.db{ending}").read_bytes())
    store.close()

    Store.restore(f"sqlite:///{tmp_path}/new/watcher.db", friday, folder=tmp_path / "new")

    with Store.open(f"sqlite:///{tmp_path}/new/watcher.db", folder=tmp_path / "new") as store:
        assert store.configuration() == ("cafe", MONDAY)


def test_a_backup_and_its_restore_count_alike(place: Place, tmp_path: Path) -> None:
    place.fill("0001")
    with Store.open(place.url, folder=place.folder, keep_backups=0) as store:
        store.take_lease("pubmed", holder="a process")
        wrote = store.backup(tmp_path / "friday.db")
    elsewhere = tmp_path / "elsewhere"

    read = Store.restore(f"sqlite:///{elsewhere}/watcher.db", wrote.path, folder=elsewhere)

    assert (read.rows, read.size_bytes, read.schema) == (wrote.rows, wrote.size_bytes, wrote.schema)
    assert read.left == ()


# --- what does not come along

SMUGGLED = """
CREATE TABLE elsewhere (pmid INTEGER, doubled INTEGER GENERATED ALWAYS AS (pmid * 2) STORED);
CREATE VIRTUAL TABLE words USING fts5(text);
CREATE TRIGGER forget AFTER INSERT ON article BEGIN DELETE FROM presented; END;
CREATE TRIGGER forge BEFORE UPDATE ON delivery BEGIN UPDATE delivery SET recipient = 'x@evil.example'; END;
CREATE VIEW "\x1b[2Jgone" AS SELECT 1;
CREATE VIEW everything AS SELECT * FROM article;
CREATE INDEX computed ON article (length(title) + 1);
CREATE INDEX some_of_it ON article (record_id) WHERE title LIKE 'A%';
ALTER TABLE work ADD COLUMN computed INTEGER GENERATED ALWAYS AS (id + 1) VIRTUAL;
"""


def change(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


def test_nothing_that_could_run_comes_along(place: Place, friday: Path, tmp_path: Path) -> None:
    as_it_was = without_leases(friday, tmp_path)
    change(friday, SMUGGLED)

    facts = Store.restore(place.url, friday, folder=place.folder)

    assert place.rows() == as_it_was
    named = {"table elsewhere", "virtual table words", "trigger forget", "trigger forge", "view everything", "index computed"}
    assert named <= set(facts.left)
    assert {"index some_of_it", "view ?[2Jgone"} <= set(facts.left)
    if place.url.startswith("sqlite"):
        other = Store.open(f"sqlite:///{tmp_path}/other/watcher.db", folder=tmp_path / "other")
        other.close()
        assert schema_of(place.folder / "watcher.db") == schema_of(tmp_path / "other" / "watcher.db")


def schema_of(file: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return set(connection.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("ALTER TABLE verdict RENAME TO v; CREATE VIEW verdict AS SELECT * FROM v", "it has no table verdict"),
        ("DROP TABLE embedding; CREATE VIRTUAL TABLE embedding USING fts5(model_sha256)", "it has no table embedding"),
        ("DROP TABLE follow_up", "it has no table follow_up"),
        (
            "DROP TABLE lease; CREATE TABLE lease (name TEXT, holder TEXT, token TEXT, until TEXT AS (name) STORED)",
            "its table lease has no column until",
        ),
        ("DROP TABLE work_link; CREATE TABLE work_link (from_pmid INTEGER)", "its table work_link has no column"),
        (
            "DROP TABLE watch; CREATE TABLE watch (id, name, created_at, removed_at); INSERT INTO watch VALUES (1, 'a', 1, 1), (1, 'b', 1, 1)",
            "UNIQUE constraint failed: watch.id",
        ),
        ("DROP TABLE alembic_version; CREATE VIEW alembic_version AS SELECT '0003' AS version_num", "not a backup of watcher"),
        ("INSERT INTO alembic_version VALUES ('0002')", "not a backup of watcher"),
    ],
)
def test_a_file_whose_tables_are_none_of_ours_changes_nothing(
    script: str, said: str, bench: Bench, friday: Path, tmp_path: Path
) -> None:
    before = (tmp_path / "watcher.db").read_bytes()
    change(friday, f"PRAGMA foreign_keys = OFF; {script}")

    with pytest.raises(StoreError) as refusal:
        Store.restore(bench.url, friday, folder=tmp_path)

    assert str(refusal.value).startswith(f"{friday}: not a ")
    assert said in str(refusal.value)
    assert (tmp_path / "watcher.db").read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("*.part")) == sorted(path.name for path in tmp_path.glob(".*"))  # none


def test_a_backup_is_only_read_and_nothing_is_left_beside_it(bench: Bench, friday: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    kept = shelf / "friday.db"
    kept.write_bytes(friday.read_bytes())
    change(kept, "PRAGMA journal_mode = WAL")
    (shelf / "friday.db-journal").write_bytes(b"a journal that names other files")
    before = {path.name: path.read_bytes() for path in shelf.iterdir()}

    Store.restore(bench.url, kept, folder=tmp_path)

    assert {path.name: path.read_bytes() for path in shelf.iterdir()} == before


FULL = """
import resource, sys
from pathlib import Path
from watcher.errors import StoreError
from watcher.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    Store.restore(sys.argv[1], Path(sys.argv[2]), folder=Path(sys.argv[3]))
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [60_000, 290_000], ids=["for no tables", "for no rows"])
def test_without_room_the_backup_is_not_blamed_and_nothing_changes(room: int, bench: Bench, friday: Path, tmp_path: Path) -> None:
    before = (tmp_path / "watcher.db").read_bytes()

    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", FULL, bench.url, str(friday), str(tmp_path), str(room)], capture_output=True, text=True, check=True
    ).stdout

    assert said.startswith(f"{friday}: cannot be restored (")
    assert "see whether there is room. Nothing was changed" in said
    assert (tmp_path / "watcher.db").read_bytes() == before
    assert list(tmp_path.glob(".restore*")) == []


# --- what was there before


def test_the_sqlite_database_that_was_there_is_set_aside_whole(bench: Bench, friday: Path, tmp_path: Path) -> None:
    before = (tmp_path / "watcher.db").read_bytes()

    facts = Store.restore(bench.url, friday, folder=tmp_path)

    assert facts.set_aside is not None
    assert facts.set_aside.name.startswith("watcher.db.before-restore-")
    assert facts.set_aside.read_bytes() == before
    assert not (tmp_path / "watcher.db.damaged").exists()
    assert len(rows_of(bench.url, tmp_path)["article"]) > 1


def test_rows_on_postgresql_are_replaced_only_when_told_to_and_after_a_backup(
    postgres: Server,
    friday: Path,
    tmp_path: Path,
) -> None:
    there = Place(postgres(), tmp_path)
    with Store.open(there.url, folder=tmp_path) as store:
        store.remember_configuration("cafe", "{}", MONDAY)
    before = there.rows()

    with pytest.raises(StoreError, match="has 1 rows; --force replaces them"):
        Store.restore(there.url, friday, folder=tmp_path)
    untouched = there.rows()
    facts = Store.restore(there.url, friday, folder=tmp_path, force=True)

    assert untouched == before
    assert there.rows() == without_leases(friday, tmp_path)
    assert [facts.set_aside] == backups(tmp_path)
    assert rows_of(f"sqlite:///{facts.set_aside}", tmp_path) == before


# --- who is at work


def test_nothing_is_restored_while_somebody_is_at_work(place: Place, friday: Path) -> None:
    Store.open(place.url, folder=place.folder).close()
    with ProcessLock.claim(place.folder) as me:
        with pytest.raises(Busy, match=rf"watcher is at work here \(process {me.name.split(':')[2]} on .*\); stop it first"):
            Store.restore(place.url, friday, folder=place.folder)
        assert place.rows()["article"] == []

    Store.restore(place.url, friday, folder=place.folder)

    assert place.rows()["article"]


def test_nothing_is_restored_into_a_database_that_another_machine_works_on(
    postgres: Server,
    friday: Path,
    tmp_path: Path,
) -> None:
    url = postgres()
    with Store.open(url, folder=tmp_path / "another machine"), pytest.raises(Busy, match="watcher is at work on it"):
        Store.restore(url, friday, folder=tmp_path)

    Store.restore(url, friday, folder=tmp_path)


def test_nobody_begins_work_while_a_backup_is_restored(tmp_path: Path) -> None:
    with process_lock.nobody_at_work(tmp_path), pytest.raises(Busy, match="a backup is being restored here; try again"):
        ProcessLock.claim(tmp_path)

    ProcessLock.claim(tmp_path).close()


KILLED_BETWEEN = """
import os, signal, sys
from pathlib import Path
from watcher import writing
from watcher.store import Store
put = writing.put
def killed(part, place, **more):
    if place.name == "watcher.db":
        os.kill(os.getpid(), signal.SIGKILL)
    put(part, place, **more)
writing.put = killed
Store.restore(sys.argv[1], Path(sys.argv[2]), folder=Path(sys.argv[3]))
"""


def test_a_restore_that_was_killed_leaves_no_empty_database_and_is_repeated(bench: Bench, friday: Path, tmp_path: Path) -> None:
    before = (tmp_path / "watcher.db").read_bytes()
    command = [sys.executable, "-c", KILLED_BETWEEN, bench.url, str(friday), str(tmp_path)]

    killed = subprocess.run(command, check=False)  # noqa: S603 - our own interpreter
    with pytest.raises(StoreUnusable, match="a restore was interrupted; what was there is"):
        Store.open(bench.url, folder=tmp_path)
    (aside,) = tmp_path.glob("watcher.db.before-restore-*")
    Store.restore(bench.url, friday, folder=tmp_path)

    assert killed.returncode == -signal.SIGKILL
    assert aside.read_bytes() == before
    assert rows_of(bench.url, tmp_path) == without_leases(friday, tmp_path)


# --- what is no backup


def a_text(friday: Path) -> None:
    friday.write_text("a text " * 1000)


def nothing(friday: Path) -> None:
    friday.write_bytes(b"")


def half_a_backup(friday: Path) -> None:
    friday.write_bytes(friday.read_bytes()[: 20 * 4096])


def anothers_database(friday: Path) -> None:
    friday.unlink()
    with closing(sqlite3.connect(friday)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize("spoil", [a_text, nothing, half_a_backup, anothers_database])
def test_what_is_no_sound_backup_changes_nothing(spoil: Callable[[Path], None], place: Place, friday: Path) -> None:
    with Store.open(place.url, folder=place.folder) as store:
        store.remember_configuration("cafe", "{}", MONDAY)
    before = place.rows()
    spoil(friday)

    with pytest.raises(StoreError, match=r"friday\.db: not a .*backup.*Nothing was changed"):
        Store.restore(place.url, friday, folder=place.folder, force=True)

    assert place.rows() == before
    assert sorted(path.name for path in place.folder.iterdir() if path.name != "watcher.db") == ["locks"]


def test_a_number_that_postgresql_cannot_hold_changes_nothing(postgres: Server, friday: Path, tmp_path: Path) -> None:
    there = Place(postgres.migrated(), tmp_path)
    before = there.rows()
    change(friday, "UPDATE run SET matched = 8589934597")

    with pytest.raises(StoreError, match=r"friday\.db: not a sound backup \(.*out of range.*Nothing was changed"):
        Store.restore(there.url, friday, folder=tmp_path)

    assert there.rows() == before


def test_a_newer_watchers_backup_changes_nothing(bench: Bench, friday: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(friday)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaTooNew, match=r"friday\.db: written by a newer watcher"):
        Store.restore(bench.url, friday, folder=tmp_path)

    assert len(rows_of(bench.url, tmp_path)["article"]) == 1


def test_a_file_that_is_not_there_and_the_database_itself_are_no_backups(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"monday\.db: there is no such file"):
        Store.restore(bench.url, tmp_path / "monday.db", folder=tmp_path)
    with pytest.raises(StoreError, match="the database itself; name a backup"):
        Store.restore(bench.url, tmp_path / "watcher.db", folder=tmp_path)

    assert len(rows_of(bench.url, tmp_path)["article"]) == 1


def test_numbers_go_on_after_the_highest_that_was_restored(postgres: Server, friday: Path, tmp_path: Path) -> None:
    url = postgres()
    Store.restore(url, friday, folder=tmp_path)
    highest = max(int(row[0]) for row in rows_of(url, tmp_path)["run"])

    with Store.open(url, folder=tmp_path) as store:
        store.abandon_open_runs(MONDAY)
        begun = store.begin_run("nmj", "window", MONDAY)

    assert begun == highest + 1
