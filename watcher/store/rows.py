"""Takes the rows of an SQLite file that nobody vouches for into tables of our own making. Nothing in the file that SQLite would run comes
along: triggers, views, virtual tables, generated columns, indexes on expressions.

The file is read as it is, without its schema being trusted (https://www.sqlite.org/security.html, "Untrusted SQLite Database Files").
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from sqlalchemy import exc

from watcher.errors import StoreError
from watcher.store import backup, sqlite_file

_VERSION = "alembic_version"
_PLAIN = 0
"""What `PRAGMA table_xinfo` calls a column that is stored, neither generated nor a virtual table's hidden one."""

_NOT_THE_FILE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM})
"""Errors that say nothing about what is in the file."""

_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})

_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file. `schema`: the revision that it has; `left`: what stands in it and did not come along."""

    schema: str
    rows: int
    left: tuple[str, ...]


def take(file: Path, part: Path, *, shown: str) -> Taken:
    """Makes the tables of the file's own revision in a new file, and fills them.

    Args:
        file: a database that nobody writes to, without a write-ahead log.
        part: the new file.
        shown: what messages call the file.

    Raises:
        SchemaTooNew: a newer watcher wrote the file.
        StoreError: it is no sound backup.
    """
    from watcher.store import upgrade  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    with _speaking(shown):
        with closing(_looking(file)) as given:
            _sound(given, shown)
            found = _revision(given, shown)
        upgrade.refuse_newer(found, shown=shown)
        _tables(part, found)
        with closing(sqlite_file.connect(part)) as own:
            own.execute("PRAGMA trusted_schema = OFF")
            own.execute("PRAGMA journal_mode = OFF")
            own.execute("ATTACH ? AS given", (_address(file),))
            rows = _fill(own, shown)
            return Taken(found, rows, tuple(_left(own)))


def _address(file: Path) -> str:
    """Read as it lies there: no log, no journal and no lock beside it is heeded or made (SQLite, "URI Filenames")."""
    return f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"


def _looking(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(_address(file), uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextmanager
def _speaking(shown: str) -> Iterator[None]:
    """What SQLite says, in words: against the file, or about the place where its rows were to go."""
    try:
        yield
    except (sqlite3.Error, exc.DBAPIError) as error:
        own = error.orig if isinstance(error, exc.DBAPIError) else error
        said = " ".join(str(own).split())
        if (getattr(own, "sqlite_errorcode", 0) & 0xFF) in _NOT_THE_FILE:
            raise StoreError(f"{shown}: cannot be restored ({said}); see whether there is room. Nothing was changed") from error
        raise _unsound(shown, said) from error


def _sound(given: sqlite3.Connection, shown: str) -> None:
    """Indexes are not held against their tables: they are made anew from the rows, and find those that are there twice."""
    (said,) = given.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise _unsound(shown, " ".join(str(said).split()))


def _revision(given: sqlite3.Connection, shown: str) -> str:
    if _VERSION not in plain_tables(given, "main"):
        raise StoreError(f"{shown}: not a backup of watcher. Nothing was changed")
    found = given.execute(f"SELECT version_num FROM {_VERSION}").fetchmany(2)  # noqa: S608 - a name of our own
    if len(found) != 1 or not isinstance(found[0][0], str):
        raise StoreError(f"{shown}: not a backup of watcher. Nothing was changed")
    return str(found[0][0])


def _tables(part: Path, revision: str) -> None:
    """A new file with the tables of a revision, as our migrations make them."""
    from watcher.store import upgrade  # noqa: PLC0415 - as above

    sqlite_file.connect(part, new=True).close()
    with backup.plain(part) as engine, engine.begin() as connection:
        upgrade.to(connection, revision)


def _fill(own: sqlite3.Connection, shown: str) -> int:
    rows, there = 0, plain_tables(own, "given")
    own.execute("BEGIN")
    for table in sorted(plain_tables(own, "main") - {_VERSION}):
        if table not in there:
            raise _unsound(shown, f"it has no table {table}")
        if missing := set(_columns(own, "main", table)) - set(_columns(own, "given", table)):
            raise _unsound(shown, f"its table {table} has no column {min(missing)}")
        rows += copy_table(own, table)
    own.execute("COMMIT")
    return rows


def copy_table(
    own: sqlite3.Connection, table: str, *, instead: Mapping[str, str] = _AS_THEY_ARE, more: str = "", told: tuple[object, ...] = ()
) -> int:
    """Copies rows of a table of the attached database `given` into the same one of our own; how many.

    Args:
        own: the connection.
        table: its name.
        instead: what is taken in the place of a column, in SQL.
        more: which rows, and in which order, in SQL.
        told: the values of what stands open in `more`.
    """
    columns = _columns(own, "main", table)
    named = ", ".join(map(_quoted, columns))
    taken = ", ".join(instead.get(name, _quoted(name)) for name in columns)
    done = own.execute(f"INSERT INTO main.{_quoted(table)} ({named}) SELECT {taken} FROM given.{_quoted(table)} {more}", told)  # noqa: S608 - names and words of our own
    return done.rowcount


def plain_tables(connection: sqlite3.Connection, schema: str) -> set[str]:
    """The names of tables that hold rows: no views, no virtual tables, none of SQLite's own."""
    found = connection.execute(f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table'")  # noqa: S608 - "main" or "given"
    return {str(name) for name, sql in found if not str(name).startswith("sqlite_") and not _VIRTUAL.match(str(sql))}


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> Sequence[str]:
    """The columns that are stored."""
    found = connection.execute(f"PRAGMA {schema}.table_xinfo({_quoted(table)})")
    return [str(row[1]) for row in found if row[6] == _PLAIN]


def _left(own: sqlite3.Connection) -> Iterator[str]:
    """What the file has beside our own tables and indexes."""
    ours = set(own.execute("SELECT type, name FROM main.sqlite_master"))
    for kind, name, sql in own.execute("SELECT type, name, sql FROM given.sqlite_master ORDER BY type, name"):
        if (kind, name) not in ours and not str(name).startswith("sqlite_"):
            virtual = "virtual " if kind == "table" and _VIRTUAL.match(str(sql)) else ""
            yield f"{virtual}{kind} {_printable(str(name))}"


def _printable(name: str) -> str:
    """A stranger's name, safe for a terminal (str.isprintable leaves out controls and marks of direction)."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unsound(shown: str, said: str) -> StoreError:
    return StoreError(f"{shown}: not a sound backup ({said}); name another one. Nothing was changed")
