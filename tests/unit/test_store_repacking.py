"""Databases from before article bodies were packed are brought up to date in batches, which may be cut off anywhere; on both databases."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.two_databases import Place, rows_of

from watcher.domain import pubmed_id
from watcher.errors import StoreError
from watcher.store import Store, codec, packing, repacking, schema, sqlite_file
from watcher.store.database import Database

PAPERS = 40
OPEN = """
import os, signal, sys
from pathlib import Path
from watcher.store import Store, packing, repacking
repacking.BATCH, left, pack = 5, [int(sys.argv[3])], packing.pack
def packed(text):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return pack(text)
packing.pack = packed
Store.open(sys.argv[1], folder=Path(sys.argv[2])).close()
print(int(sys.argv[3]) - left[0])
"""
NEVER = 10**6


def _fill(place: Place) -> None:
    place.fill("0008")
    database = Database(place.url, folder=place.folder)
    with database.writing() as session:
        for number in range(1_000, 1_000 + PAPERS):
            session.execute(_LIKE_THE_FIRST, {"pmid": number, "body": _text(number), "hash": codec.sha256(_text(number))})
    database.close()


@pytest.fixture
def old(place: Place) -> Place:
    """A database of revision 0008 with some dozen papers more."""
    _fill(place)
    return place


def _text(pmid: int) -> str:
    return f'{{"crdt":"2026-08-16","pmid":{pmid},"title":"Sample paper {pmid} on \\u03b1 subunits"}}'


_COLUMNS = (
    "work_id, version, doi, pmcid, title, crdt, edat, mhda, lr, pub_status, is_notice, has_abstract, has_headings, fetched_at"
)
_LIKE_THE_FIRST = sa.text(
    f"INSERT INTO article (pmid, body, content_sha256, {_COLUMNS}) SELECT :pmid, :body, :hash, {_COLUMNS} FROM article WHERE pmid = 1"  # noqa: S608
)


def opened(place: Place, kill_at: int = NEVER) -> subprocess.CompletedProcess[str]:
    """Another process opens the database; it is killed at a text of the many."""
    command = [sys.executable, "-c", OPEN, place.url, str(place.folder), str(kill_at)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter


def titles(place: Place) -> dict[int, str]:
    with Store.open(place.url, folder=place.folder) as store:
        found = store.articles([pubmed_id(number) for number in range(1_000, 1_000 + PAPERS)])
    return {record_id.id: one.title for record_id, one in found.items()}


ALL = {number: f"Sample paper {number} on α subunits" for number in range(1_000, 1_000 + PAPERS)}


def test_an_upgrade_that_is_killed_goes_on_where_it_ended(old: Place) -> None:
    """Batches of five are committed: 23 texts were packed before the kill, of which 20 count."""
    whole = len([row for row in rows_of(old.url, old.folder)["article"] if row[6] != "None"])

    killed = opened(old, kill_at=24)
    resumed = opened(old)

    assert killed.returncode == -signal.SIGKILL
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert int(resumed.stdout) in (whole - 20, whole - 19)  # SQLite counts the record without a text as one of a batch
    assert titles(old) == ALL
    assert old.rows()["alembic_version"] == [(schema.HEAD,)]


def test_after_any_number_of_kills_nothing_is_lost_and_one_backup_is_as_it_was(old: Place, tmp_path: Path) -> None:
    before = rows_of(old.url, old.folder)

    ends = [opened(old, kill_at=7).returncode for _ in range(12)]

    assert (ends[0], ends[-1]) == (-signal.SIGKILL, 0)
    assert titles(old) == ALL
    (kept,) = (old.folder / "backups").iterdir()
    assert kept.name.endswith(f"-before-{schema.HEAD}.db")
    assert rows_of(f"sqlite:///{kept}", tmp_path) == before
    after = old.rows()
    added = [after.pop(name) for name in ("snapshot", "stop", "signing_key", "note")]
    assert added == [[], [], [], []]  # what 0011 and 0012 add, with the last column of a ranking
    assert (len(after.pop("feed")), after.pop("feed_entry")) == (len(after["digest_list"]) + len(after["watch"]), [])  # 0013
    assert [after.pop(name) for name in sorted(after) if name.startswith("zotero_")] == [[]] * 7  # what 0014 and 0017 add
    assert len(after.pop("search_change")) == len({row[1] for row in after["article"]})  # 0015, for each work
    assert len(after.pop("search_source")) == 1
    after["ranking"] = [row[:-1] for row in after["ranking"]]
    assert {name: rows for name, rows in after.items() if name not in ("article", "alembic_version")} == {
        name: rows for name, rows in before.items() if name not in ("article", "alembic_version")
    }
    assert list(old.folder.glob("*.part*")) == []


def test_every_body_is_packed_and_unpacks_to_what_it_was(old: Place) -> None:
    opened(old)

    database = Database(old.url, folder=old.folder)
    with database.reading() as session:
        stored = session.execute(sa.text("SELECT record_id, body FROM article WHERE record_id >= 1000")).all()
    database.close()

    assert all(body.startswith(b"x") for _, body in stored)
    assert {number: packing.unpack(body).decode() for number, body in stored} == {number: _text(number) for number in ALL}


def test_a_damaged_text_costs_itself_before_and_after(old: Place) -> None:
    database = Database(old.url, folder=old.folder)
    with database.writing() as session:
        session.execute(sa.text("UPDATE article SET body = 'x' WHERE pmid = 1003"))
        session.execute(sa.text("UPDATE article SET body = :other WHERE pmid = 1004"), {"other": _text(1)})
    database.close()

    opened(old)

    assert titles(old) == {pmid: title for pmid, title in ALL.items() if pmid not in (1003, 1004)}
    with Store.open(old.url, folder=old.folder) as store:
        assert store.facts().damaged == 3  # one was, in the sample database


def test_a_dropped_text_stays_dropped(old: Place) -> None:
    database = Database(old.url, folder=old.folder)
    with database.writing() as session:
        session.execute(sa.text("UPDATE article SET body = NULL, forgotten_at = '2026-08-20 06:00:00' WHERE pmid = 1003"))
    database.close()

    opened(old)

    assert titles(old).keys() == ALL.keys() - {1003}


def test_the_log_says_how_many_papers_there_are(old: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, repacking.__name__)

    Store.open(old.url, folder=old.folder).close()

    lines = [record.getMessage() for record in caplog.records]
    assert any("papers are packed, 0 of them already" in line for line in lines)
    assert lines[-1].endswith(f"brought to schema {repacking.PACKED}")


def test_what_an_earlier_version_writes_into_a_half_packed_postgresql_comes_along(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    old = Place(request.getfixturevalue("postgres")(), tmp_path)
    _fill(old)
    opened(old, kill_at=24)

    assert old.rows()["alembic_version"] == [(repacking.BEGUN,)]
    database = Database(old.url, folder=old.folder)
    changed = {"new": _text(1), "hash": codec.sha256(_text(1))}
    with database.writing() as session:  # a process of the earlier version, which runs on
        session.execute(sa.text("UPDATE article SET body = :new, content_sha256 = :hash WHERE pmid = 1000"), changed)
        session.execute(sa.text("UPDATE article SET body = NULL, forgotten_at = fetched_at WHERE pmid = 1001"))
    database.close()

    assert titles(old) == {pmid: title for pmid, title in ALL.items() if pmid != 1001} | {1000: "Sample paper 1 on α subunits"}
    assert next(row for row in old.rows()["article"] if row[0] == "1001")[6] == "None"


# --- SQLite alone


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An SQLite file of revision 0008."""
    _fill(Place(f"sqlite:///{tmp_path}/watcher.db", tmp_path))
    return tmp_path / "watcher.db"


def _at(file: Path) -> Place:
    return Place(f"sqlite:///{file}", file.parent)


def test_a_database_that_was_written_to_after_the_kill_is_copied_anew(file: Path) -> None:
    opened(_at(file), kill_at=24)
    with closing(sqlite3.connect(file)) as earlier_version:
        earlier_version.execute(
            "UPDATE article SET body = ?, content_sha256 = ? WHERE pmid = 1000", (_text(1), codec.sha256(_text(1)))
        )
        earlier_version.commit()

    opened(_at(file))

    assert titles(_at(file)) == ALL | {1000: "Sample paper 1 on α subunits"}


def test_a_killed_upgrade_has_left_the_database_as_it_was(file: Path) -> None:
    before = rows_of(f"sqlite:///{file}", file.parent)

    opened(_at(file), kill_at=24)

    assert rows_of(f"sqlite:///{file}", file.parent) == before


def test_a_new_file_that_was_damaged_meanwhile_is_made_anew(file: Path) -> None:
    opened(_at(file), kill_at=24)
    sqlite_file.part(file, repacking.PACKED).write_bytes(b"no database" * 1_000)

    opened(_at(file))

    assert titles(_at(file)) == ALL


def test_the_file_becomes_the_backup_and_the_new_one_has_its_mode(file: Path) -> None:
    file.chmod(0o640)
    former = file.stat().st_ino

    opened(_at(file))

    (kept,) = (file.parent / "backups").iterdir()
    assert (kept.stat().st_ino, oct(kept.stat().st_mode & 0o777)) == (former, "0o600")
    assert oct(file.stat().st_mode & 0o777) == "0o640"
    with closing(sqlite3.connect(file)) as upgraded:
        assert upgraded.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert upgraded.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_without_hard_links_a_copy_becomes_the_backup(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    before = rows_of(f"sqlite:///{file}", tmp_path)
    monkeypatch.setattr(os, "link", no_links)

    Store.open(f"sqlite:///{file}", folder=tmp_path).close()

    (kept,) = (tmp_path / "backups").iterdir()
    assert rows_of(f"sqlite:///{kept}", tmp_path) == before
    assert titles(_at(file)) == ALL


def test_a_link_to_the_file_goes_on_leading_to_it(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "watcher.db"
    link.parent.mkdir()
    link.symlink_to(file)

    opened(_at(link))

    assert link.is_symlink()
    assert titles(_at(file)) == ALL


def test_while_another_process_has_the_file_open_it_is_not_upgraded(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("SELECT count(*) FROM article").fetchone()

        with pytest.raises(StoreError, match=r"watcher\.db: another process has the database open; stop watcher"):
            Store.open(f"sqlite:///{file}", folder=file.parent, lock_wait=0.2)

    assert titles(_at(file)) == ALL


def test_a_text_that_is_no_utf8_is_packed_byte_by_byte(file: Path) -> None:
    with closing(sqlite3.connect(file)) as earlier_version:
        earlier_version.execute("UPDATE article SET body = CAST(x'7bff22' AS TEXT) WHERE pmid = 1003")
        earlier_version.commit()

    opened(_at(file))

    with closing(sqlite3.connect(file)) as upgraded:
        (body,) = upgraded.execute("SELECT body FROM article WHERE record_id = 1003").fetchone()
    assert packing.unpack(body) == b"\x7b\xff\x22"
    assert titles(_at(file)).keys() == ALL.keys() - {1003}


# --- one body


@pytest.mark.parametrize("text", [b"{}", b"", '{"title":"α"}'.encode(), b"x", bytes(range(256)) * 100])
def test_what_is_packed_unpacks_to_the_same(text: bytes) -> None:
    assert packing.unpack(packing.pack(text)) == text


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[:-1],
        lambda body: body + b"x",
        lambda body: body[:1],
        lambda body: body[:9] + bytes([body[9] ^ 4]) + body[10:],
    ],
)
def test_a_packed_body_that_was_damaged_is_told(damage: Callable[[bytes], bytes]) -> None:
    body = packing.pack(_text(1).encode())

    with pytest.raises(codec.Undecodable):
        packing.unpack(damage(body))


@pytest.mark.parametrize("stored", [None, 7, 1.5])
def test_what_is_no_bytes_is_told(stored: object) -> None:
    with pytest.raises(codec.Undecodable):
        packing.unpack(stored)


def test_a_body_that_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = packing.pack(b"a" * 100_000)
    monkeypatch.setattr(packing, "MOST_BYTES", 50_000)

    with pytest.raises(codec.Undecodable):
        packing.unpack(huge)
    assert packing.unpack(packing.pack(b"{" * 60_000)) == b"{" * 60_000
