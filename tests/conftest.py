"""Fixtures that several test files share."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import postgres_server, statements
from support.two_databases import Place

_LONGEST = ("test_year.py", "test_ladder.py")

statements.share_compiled()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: services that are started, signals and sockets keep tests waiting."""
    return (os.cpu_count() or 2) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, so that no worker is left alone with one when the others have nothing more to do."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture
def at_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Opens a `flow_samples.desk` over the records given."""
    from support.flow_samples import desk  # noqa: PLC0415 - only for the tests that ask for it

    with ExitStack() as stack:
        yield lambda *records: stack.enter_context(desk(tmp_path, monkeypatch, *records))


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Server]:
    """A running PostgreSQL, one for all tests of the process."""
    if reason := postgres_server.missing():
        pytest.skip(reason)
    with postgres_server.server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A data folder with a database of either kind that has no tables yet."""
    folder = tmp_path / "data"
    folder.mkdir()
    if request.param == "sqlite":
        return Place(f"sqlite:///{folder}/watcher.db", folder)
    return Place(request.getfixturevalue("postgres")(), folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A data folder with a database of either kind that has this version's tables, and no rows."""
    from support.store_samples import new_database  # noqa: PLC0415 - only for the tests that ask for it

    folder = tmp_path / "data"
    folder.mkdir()
    if request.param == "sqlite":
        new_database(folder)
        return Place(f"sqlite:///{folder}/watcher.db", folder)
    return Place(request.getfixturevalue("postgres").migrated(), folder)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command sets logging up for its process; the tests share one."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    others = {name: logging.getLogger(name).level for name in ("apprise", "urllib3", "alembic", "sqlalchemy.engine")}
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, before in others.items():
        logging.getLogger(name).setLevel(before)
