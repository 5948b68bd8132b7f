"""The queue of papers to mark: which stand in it, and that it costs as much as there are papers, not their square."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from support.store_samples import new_database

from watcher.domain import pubmed_id
from watcher.store import Store, triage

BEGAN = datetime(2026, 3, 2, 7, tzinfo=UTC)
WEEKLY, MONTHLY = 1, 2


def planted(folder: Path, papers: int) -> Store:
    """Two lists with a digest a week of ten papers each; every tenth paper reached both, the second list a week later; anna has marked every
    third, bert none."""
    new_database(folder)
    with closing(sqlite3.connect(folder / "watcher.db", isolation_level=None)) as database:
        database.execute("BEGIN")
        for number, name in ((WEEKLY, "weekly"), (MONTHLY, "monthly")):
            _put(database, "digest_list", id=number, name=name)
        for week in range(papers // 10 + 1):
            at = (BEGAN + timedelta(weeks=week)).strftime("%Y-%m-%d %H:%M:%S.%f")
            for of in (WEEKLY, MONTHLY):
                _put(database, "digest", id=2 * week + of, list_id=of, period=f"{week}", composed_at=at)
        for paper in range(papers):
            _put(
                database,
                "presented",
                list_id=WEEKLY,
                work_id=paper,
                record_id=paper,
                digest_id=2 * (paper // 10) + WEEKLY,
                position=paper,
            )
            if paper % 10 == 0:
                later = 2 * (paper // 10 + 1) + MONTHLY
                _put(database, "presented", list_id=MONTHLY, work_id=paper, record_id=paper, digest_id=later, position=paper)
            if paper % 3 == 0:
                _put(database, "verdict", id=paper + 1, record_id=paper, reader="anna", kind="relevant")
        database.execute("COMMIT")
    return Store.open(f"sqlite:///{folder}/watcher.db", folder=folder)


def _put(database: sqlite3.Connection, table: str, **given: object) -> None:
    """A row with something in each column that must hold something."""
    wanted = [(name, kind) for _, name, kind, is_needed, default, _ in database.execute(f"PRAGMA table_info({table})") if is_needed]
    row = {name: 0 if "INT" in kind or "FLOAT" in kind else "2026-01-01 00:00:00.000000" for name, kind in wanted} | given
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608 - ours


def test_a_paper_stands_where_it_came_last_and_what_is_marked_does_not(tmp_path: Path) -> None:
    with planted(tmp_path, 40) as store:
        mine, many = store.queue("anna", BEGAN, limit=100)
        short, same = store.queue("anna", BEGAN, limit=3)
        late, few = store.queue("bert", BEGAN + timedelta(weeks=2), limit=100)
        monthly, those = store.queue("bert", BEGAN, list_name="monthly", limit=100)
        nothing = store.queue("bert", BEGAN + timedelta(weeks=9), limit=100)

    assert {one.record_id for one in mine} == {pubmed_id(paper) for paper in range(40) if paper % 3}
    assert (many, same, short) == (26, 26, mine[:3])
    assert [one.list_name for one in mine if one.record_id == pubmed_id(20)] == ["monthly"]
    assert {one.record_id for one in late} == {pubmed_id(paper) for paper in (10, *range(20, 40))}
    assert few == 21
    assert ([one.record_id.id for one in monthly], those) == ([30, 20, 10, 0], 4)
    assert nothing == ((), 0)


@pytest.mark.parametrize("weeks", [8, 1_000])
def test_twice_as_many_papers_take_twice_as_long(tmp_path: Path, weeks: int) -> None:
    steps = []
    for papers in (1_000, 2_000):
        folder = tmp_path / f"{papers}"
        folder.mkdir()
        with planted(folder, papers) as store:
            counted: list[int] = []
            with store._database.reading() as session:
                raw = session.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                raw.set_progress_handler(partial(counted.append, 1), 100)
                triage.queue(session, "anna", BEGAN + timedelta(weeks=papers // 10 - weeks), limit=25)
                raw.set_progress_handler(None, 0)
            steps.append(len(counted))

    assert steps[0] > 10
    assert steps[1] < 2.5 * steps[0]
