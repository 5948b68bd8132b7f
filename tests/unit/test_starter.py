from __future__ import annotations

from pathlib import Path

import pytest

from watcher import starter
from watcher.app import load_settings
from watcher.errors import ConfigurationError


def test_what_is_written_is_what_is_shipped(tmp_path: Path) -> None:
    written = dict(starter.write(tmp_path / "lab"))

    assert set(written.values()) == {True}
    names = {path.relative_to(tmp_path / "lab").as_posix() for path in written}
    assert {"config/watcher.yaml", "config/watcher.schema.json"} <= names
    assert any(name.startswith("seeds/nmj/") for name in names)
    for path in written:
        assert path.read_bytes() == (starter.shipped() / path.relative_to(tmp_path / "lab")).read_bytes()


def test_nothing_that_is_there_is_touched(tmp_path: Path) -> None:
    mine = tmp_path / "config" / "watcher.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")

    written = dict(starter.write(tmp_path))
    again = dict(starter.write(tmp_path))

    assert mine.read_text() == "mine"
    assert not written[mine]
    assert set(again.values()) == {False}


def test_the_shipped_configuration_is_good_with_its_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no-secrets").mkdir()
    monkeypatch.setenv("WATCHER_SECRETS_DIR", str(tmp_path / "no-secrets"))
    for _ in starter.write(tmp_path):
        pass

    settings = load_settings(tmp_path / "config", with_seeds=True)

    assert list(settings.watches) == ["nmj"]


def test_an_installed_package_brings_its_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = tmp_path / "starter_files"
    (packaged / "config").mkdir(parents=True)
    (packaged / "config" / "watcher.yaml").write_text("packaged")
    monkeypatch.setattr(starter, "_PACKAGED", packaged)

    assert [path.read_text() for path, _ in starter.write(tmp_path / "lab")] == ["packaged"]


def test_an_installation_without_the_files_says_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "_PACKAGED", tmp_path / "starter_files")
    monkeypatch.setattr(starter, "_CHECKOUT", tmp_path)

    with pytest.raises(ConfigurationError, match="take config/ and seeds/ from the folder"):
        list(starter.write(tmp_path / "lab"))

    assert not (tmp_path / "lab").exists()
