"""Brings a database from before revision 0009, whose article bodies are text, to that revision with packed ones (decision 0061).

It goes in batches, each committed, and may be killed at any time: the next who opens the database goes on where it ended.

* SQLite: into a new file beside the database, which takes its name at the end. The database itself is not changed before; its file
  becomes the backup of what was there.
* PostgreSQL: in the table itself, into a column of its own. Meanwhile the revision is BEGUN, which every other version refuses.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from watcher import clock, writing
from watcher.errors import StoreError
from watcher.store import access, backup, packing, sound, sqlite_file, upgrade
from watcher.store.database import Database, revision
from watcher.store.rows import copy_table, plain_tables

PACKED, BEFORE, BEGUN = "0009", "0008", "0009-begun"

BATCH = 2_000
"""Records in one transaction."""

_TELL_SECONDS = 10
_PARTS = 16
_LOCK = 0x70616B64
"""The PostgreSQL advisory lock of who packs."""

_log = logging.getLogger(__name__)


def is_needed(found: str | None) -> bool:
    """Whether a database of this revision has bodies that are text."""
    return found is not None and (found < PACKED or found == BEGUN)


def run(database: Database, found: str, *, why: str, keep_backups: int) -> None:
    """Brings the database to revision 0009; of several processes that come at once, one does it and the others wait.

    Args:
        database: one whose revision needs it.
        found: its revision.
        why: why the backup is made, as its name says.
        keep_backups: how many backups are kept; 0: what was there is not kept.

    Raises:
        SchemaTooNew: a newer watcher wrote the database.
        StoreError: it cannot be used, another process has it open, or there is no room. What was done stays for the next call.
    """
    if found != BEGUN:
        upgrade.refuse_newer(found, shown=database.shown)
    database.close()  # of this process too nobody may have the file open
    if database.path is not None:
        _copy(database, Path(os.path.realpath(database.path)), why, keep_backups)
    else:
        _convert(database, why, keep_backups)


class _Progress:
    """Says in the log how far it is, now and then."""

    def __init__(self, shown: str, done: int, papers: int) -> None:
        self._shown, self._papers, self._told_at = shown, papers, time.monotonic()
        if papers:
            _log.info("%s: the texts of %s papers are packed, %s of them already", shown, f"{papers:,}", f"{done:,}")

    def at(self, done: int) -> None:
        """So many are done."""
        if time.monotonic() - self._told_at >= _TELL_SECONDS:
            self._told_at = time.monotonic()
            _log.info("%s: %s of %s papers are packed", self._shown, f"{done:,}", f"{self._papers:,}")


# --- SQLite ---------------------------------------------------------------------------------------------------------------------


def _copy(database: Database, path: Path, why: str, keep_backups: int) -> None:
    with database.alone("upgrade"), database.speaking(), access.writing(path), closing(_held(database, path)) as held:
        found = _revision(held)
        if not is_needed(found):
            return
        _seize(held, database)
        began = clock.real_now()
        if keep_backups:
            backup.prepare(database)
        part = _begun(path, found)
        _fill(path, part, database.shown)
        _finish(part)
        kept = _keep(database, path, why) if keep_backups else None
        _replace(path, part)
        sound.note(path, database.folder, began)
    if kept is not None:
        kept.chmod(writing.PRIVATE_FILE)
        backup.thin_out(database, clock.now(), keep_backups)
    _log.info("%s: brought to schema %s", database.shown, PACKED)


def _held(database: Database, path: Path) -> sqlite3.Connection:
    return sqlite_file.connect(path, lock_wait=database.lock_wait)


def _revision(held: sqlite3.Connection) -> str:
    (found,) = held.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


def _seize(held: sqlite3.Connection, database: Database) -> None:
    """Nobody else writes to the file from now on, and it is one file, without a write-ahead log.

    Until the connection is closed Python must not open and close the file: POSIX would drop SQLite's locks
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    end = time.monotonic() + database.lock_wait
    while not _has_left_log(held):
        if time.monotonic() > end:
            raise StoreError(f"{database.shown}: another process has the database open; stop watcher, then start this version")
        time.sleep(0.1)
    held.execute("BEGIN IMMEDIATE")


def _has_left_log(held: sqlite3.Connection) -> bool:
    """SQLite leaves the log only while nobody else has the file open, and does not wait for that."""
    try:
        return bool(held.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        return False


def _mark(path: Path) -> str:
    """What changes when the file is written to or replaced."""
    found = path.stat()
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns}"


def _begun(path: Path, found: str) -> Path:
    """The new file with all rows but the articles', unless there is one already of this state of the database."""
    part, mark = sqlite_file.part(path, PACKED), _mark(path)
    if _is_begun(part, mark):
        return part
    sqlite_file.remove(part)
    sqlite_file.create(part)
    with backup.plain(part) as engine, engine.begin() as connection:
        upgrade.to(connection, found)
        upgrade.ahead(connection, PACKED)
    with _filling(path, part) as own:
        own.execute("BEGIN")
        for table in sorted(plain_tables(own, "main") - {"article", "alembic_version"}):
            copy_table(own, table)
        own.execute("CREATE TABLE copied (mark TEXT)")
        own.execute("INSERT INTO copied VALUES (?)", (mark,))
        own.execute("COMMIT")
    return part


def _is_begun(part: Path, mark: str) -> bool:
    if not part.exists():
        return False
    try:
        with closing(sqlite_file.connect(part)) as own:
            return own.execute("SELECT mark FROM copied").fetchall() == [(mark,)]
    except sqlite3.DatabaseError:
        return False


@contextmanager
def _filling(path: Path, part: Path) -> Iterator[sqlite3.Connection]:
    """The new file, and beside it the database as `given`."""
    with closing(sqlite_file.connect(part)) as own:
        own.execute("PRAGMA journal_mode = WAL")
        own.execute("PRAGMA synchronous = NORMAL")
        own.create_function("packed", 1, lambda body: None if body is None else packing.pack(body), deterministic=True)
        own.execute("ATTACH ? AS given", (sqlite_file.uri(path),))
        yield own


def _fill(path: Path, part: Path, shown: str) -> None:
    """The articles, by their pmids. `CAST` gives the bytes that lie there, also of a text that is no UTF-8."""
    with _filling(path, part) as own:
        ((papers,),) = own.execute("SELECT count(*) FROM given.article")
        ((done,),) = own.execute("SELECT count(*) FROM main.article")
        progress = _Progress(shown, done, papers)
        while some := copy_table(own, "article", instead={"body": "packed(CAST(body AS BLOB))"}, more=_NEXT, told=(BATCH,)):
            done += some
            progress.at(done)
        if done != papers:
            raise StoreError(f"{shown}: the new file has {done:,} of {papers:,} papers; look at the disk")


_NEXT = "WHERE pmid > (SELECT coalesce(max(pmid), -9223372036854775808) FROM main.article) ORDER BY pmid LIMIT ?"


def _finish(part: Path) -> None:
    """The schema of this version, and one file that SQLite finds sound."""
    with backup.plain(part) as engine, engine.begin() as connection:
        upgrade.to(connection, PACKED)
        connection.exec_driver_sql("DROP TABLE copied")
    if said := sqlite_file.complaint(part):
        sqlite_file.remove(part)
        raise StoreError(f"{part}: the new file is damaged ({said}), so it was removed; look at the disk")


def _keep(database: Database, path: Path, why: str) -> Path:
    """Gives the file a second name among the backups; where the file system has none, a copy."""
    for left in database.backups.glob(f"*-{why}.db"):
        if left.samefile(path):  # of one who was killed here
            left.unlink()
    target = backup.name_for(database, why, clock.now())
    try:
        os.link(path, target)
    except OSError:
        with writing.whole(target, private=True) as copy:
            backup.copy_file(path, copy)
    return target


def _replace(path: Path, part: Path) -> None:
    """The new file gets the name, the mode and the owner of the former."""
    former = path.stat()
    part.chmod(stat.S_IMODE(former.st_mode))
    with suppress(PermissionError):  # who is not root makes files of their own alone
        os.chown(part, former.st_uid, former.st_gid)
    writing.put(part, path, force=True)


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------------


def _convert(database: Database, why: str, keep_backups: int) -> None:
    with database.speaking(), _alone(database) as connection:
        found = revision(connection)
        if not is_needed(found):
            return
        if found != BEGUN:
            _open(database, found, why, keep_backups)
        _pack(database, connection)
        connection.exec_driver_sql("VACUUM (FULL, ANALYZE) article")
        _close(database)
    _log.info("%s: brought to schema %s", database.shown, PACKED)


@contextmanager
def _alone(database: Database) -> Iterator[sa.Connection]:
    """A connection whose statements are transactions of their own; only one process at a time has it."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        try:
            yield connection
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


def _open(database: Database, found: str | None, why: str, keep_backups: int) -> None:
    """From here on every other version of watcher refuses the database."""
    with database.migrating() as session:
        if keep_backups:
            backup.automatic(database, why, clock.now(), keep=keep_backups)
        if found != BEFORE:
            upgrade.to(session, BEFORE)
        session.execute(sa.text("ALTER TABLE article ADD COLUMN packed BYTEA"))
        session.execute(sa.text("ALTER TABLE article ALTER COLUMN packed SET STORAGE MAIN"))  # none lies behind the texts that go
        _set_revision(session, BEGUN)


def _pack(database: Database, connection: sa.Connection) -> None:
    """What a part of the texts took is free for the next, and goes back to the disk where it is the end of the file."""
    with database.reading() as session:
        papers, done = session.execute(sa.text("SELECT count(*), count(packed) FROM article WHERE forgotten_at IS NULL")).one()
    progress, free_at, last = _Progress(database.shown, done, papers), done, -1
    while True:
        with database.writing() as session:
            last, some = _pack_batch(session, last)
        done += some
        progress.at(done)
        if not some or done >= free_at + papers // _PARTS:
            connection.exec_driver_sql("VACUUM article")
            free_at = done
        if not some:
            return


def _pack_batch(session: sa.Connection, last: int) -> tuple[int, int]:
    """Packs the texts of the records after a pmid; the last pmid, and how many there were."""
    rows = session.execute(_TEXTS, {"last": last, "some": BATCH}).all()
    if not rows:
        return last, 0
    session.execute(_PUT, [{"number": pmid, "stored": packing.pack(text.encode())} for pmid, text in rows])
    return rows[-1].pmid, len(rows)


def _close(database: Database) -> None:
    """What a process of an earlier version that ran on has written meanwhile comes along; then the new column takes the name."""
    with database.migrating() as session:
        last, some = _pack_batch(session, -1)
        while some:
            last, some = _pack_batch(session, last)
        session.execute(sa.text("UPDATE article SET packed = NULL WHERE forgotten_at IS NOT NULL AND packed IS NOT NULL"))
        session.execute(sa.text("ALTER TABLE article DROP COLUMN body"))
        session.execute(sa.text("ALTER TABLE article RENAME COLUMN packed TO body"))
        session.execute(sa.text("ALTER TABLE article ALTER COLUMN body SET STORAGE EXTENDED"))
        _set_revision(session, PACKED)


_TEXTS = sa.text("SELECT pmid, body FROM article WHERE body IS NOT NULL AND pmid > :last ORDER BY pmid LIMIT :some")
_PUT = sa.text("UPDATE article SET packed = :stored, body = NULL WHERE pmid = :number")


def _set_revision(session: sa.Connection, to: str) -> None:
    session.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": to})
