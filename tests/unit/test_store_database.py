"""The way to a database: how long it waits for others, and what of it a forked process shares."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from watcher.errors import StoreError
from watcher.store import Store
from watcher.store.columns import leases
from watcher.store.database import Database


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/watcher.db"
    Store.open(found, folder=tmp_path).close()
    return found


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    with closing(Database(url, folder=tmp_path)) as made:
        yield made


def test_each_opening_waits_as_long_as_it_was_told(url: str, tmp_path: Path) -> None:
    waits = []
    for told in (0.25, 7):
        with closing(Database(url, folder=tmp_path, lock_wait=told)) as opened, opened.reading() as session:
            waits.append(session.exec_driver_sql("PRAGMA busy_timeout").scalar_one())

    assert waits == [250, 7000]


def test_a_reading_of_the_whole_file_waits_no_longer_than_it_was_told(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "watcher.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreError, match="locked; another process is writing"):
            Store.set_aside_if_damaged(url, folder=tmp_path, lock_wait=0)


def test_a_statement_is_compiled_once_however_often_the_database_is_opened(url: str, tmp_path: Path) -> None:
    compiled = []
    for _ in range(2):
        with closing(Database(url, folder=tmp_path)) as opened, opened.reading() as session:
            session.execute(sa.select(leases.c.holder).where(leases.c.name == "pubmed")).all()
            compiled.append(len(opened.engine._compiled_cache or ()))

    assert compiled[0] == compiled[1] > 0


def test_a_forked_process_leaves_its_parents_connections_alone(database: Database) -> None:
    with database.reading() as session:
        mine = id(session.connection.driver_connection)
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        with database.reading() as session:
            os.write(sending, b"own" if id(session.connection.driver_connection) != mine else b"shared")
        os._exit(0)
    os.waitpid(child, 0)

    with database.reading() as session:
        mine_still = id(session.connection.driver_connection)

    assert os.read(receiving, 10) == b"own"
    assert mine_still == mine
    os.close(receiving)
    os.close(sending)
