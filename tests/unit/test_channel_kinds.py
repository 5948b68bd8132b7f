"""That a channel kind is an enum value, two modules and two table rows: nobody else asks which kind a channel is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watcher.digest.kinds import renderers
from watcher.domain import Carries, Channel, ChannelKind
from watcher.notify.notifier import WAYS

PACKAGE = Path(__file__).resolve().parents[2] / "watcher"
KNOWS = {
    Path("domain.py"),
    Path("digest/kinds/__init__.py"),
    Path("notify/notifier.py"),
    *(Path(room, f"{kind}.py") for kind in ChannelKind for room in ("digest/kinds", "notify")),
}
"""Where a kind may be named: at its value, in the tables, in its own modules."""


def test_nobody_else_names_a_kind() -> None:
    named = re.compile(rf"ChannelKind\.({'|'.join(kind.name for kind in ChannelKind)})\b")

    found = {file.relative_to(PACKAGE) for file in PACKAGE.rglob("*.py") if named.search(file.read_text(encoding="utf-8"))}

    assert found - KNOWS == set()
    assert {Path("digest/kinds/__init__.py"), Path("notify/notifier.py")} <= found


@pytest.mark.parametrize("kind", ChannelKind)
def test_a_modules_kind_is_its_own(kind: ChannelKind) -> None:
    module = (PACKAGE / "digest" / "kinds" / f"{kind}.py").read_text(encoding="utf-8")

    assert set(re.findall(r"ChannelKind\.([A-Z]+)", module)) == {kind.name}


def test_every_kind_has_its_rows_and_facts() -> None:
    assert list(renderers) == list(WAYS) == list(ChannelKind)
    assert all(way(Channel("lab", kind, "")).channel.kind is kind for kind, way in WAYS.items())
    assert [ChannelKind(kind.value) for kind in ChannelKind] == list(ChannelKind)
    formats = [form for kind in ChannelKind for form in kind.facts.previews]
    assert len(formats) == len(set(formats))
    assert len({kind.facts.label for kind in ChannelKind}) == len(ChannelKind)
    assert {kind.facts.carries for kind in ChannelKind} == set(Carries)
