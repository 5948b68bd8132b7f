"""Fixtures that several test files share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest


@pytest.fixture
def at_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Opens a `flow_samples.desk` over the records given."""
    from flow_samples import desk  # noqa: PLC0415 - only for the tests that ask for it

    with ExitStack() as stack:
        yield lambda *records: stack.enter_context(desk(tmp_path, monkeypatch, *records))


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
