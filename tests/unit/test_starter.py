from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.config import Settings
from watcher.domain import Code
from watcher.errors import ConfigurationError
from watcher.setup import starter
from watcher.setup.loading import load_settings
from watcher.setup.starter import NewLab


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


# --- a lab's own


def new_lab(**changes: Any) -> NewLab:  # noqa: ANN401 - any of its fields
    lab = NewLab("bone-healing", "Bone healing", "you@uni-sample.de", "Europe/Berlin", '"bone heal*"[tiab]\nOR callus*[tiab]', 3)
    return replace(lab, **changes)


def made(folder: Path, lab: NewLab) -> Settings:
    """What the configuration of a new lab says."""
    seeds = folder / "seeds" / lab.name
    seeds.mkdir(parents=True)
    (seeds / "papers.list").write_text("41224659\n")
    starter.stage_lab(folder, lab)
    return load_settings(folder / "config", with_seeds=True)


@pytest.fixture(autouse=True)
def _no_secrets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_SECRETS_DIR", str(tmp_path_factory.mktemp("no-secrets")))


@pytest.mark.parametrize("title", ["Bone healing", 'The "no": # 1, yes', "Ageing: {a} [b] 'c'", "no", "Ö 10:30"])
def test_a_new_labs_file_says_what_it_was_told(title: str, tmp_path: Path) -> None:
    settings = made(tmp_path, new_lab(title=title, allow_over=90_000))

    (watch,) = settings.watches.values()
    (list_,) = settings.lists.values()
    assert (watch.title, watch.query.strip(), watch.allow_over) == (title, new_lab().query, 90_000)
    assert (list_.title, settings.pubmed.email, settings.timezone) == (f"{title} weekly", "you@uni-sample.de", "Europe/Berlin")


def test_the_only_warning_of_a_new_lab_is_its_mail_server(tmp_path: Path) -> None:
    settings = made(tmp_path, new_lab())

    assert {one.code for one in settings.warnings} == {Code.EXAMPLE_ADDRESS}
    assert [str(one) for one in settings.warnings if "lab-mail still has the example address" in str(one)]


def test_the_lines_of_a_query_are_told_with_their_seeds() -> None:
    lab = new_lab(lines=('"bone heal*"[tiab]', "callus*[tiab]"), holds=(3, 2), told=("It finds 3 of 3 of them.",))

    text = starter.document(lab)

    assert "    # It finds 3 of 3 of them.\n" in text
    assert '    #   1  3 of 3  "bone heal*"[tiab]\n    #   2  2 of 3  callus*[tiab]\n' in text


def test_a_file_that_has_come_meanwhile_takes_everything_back(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    with starter.staged(lab) as stage:
        made(stage, new_lab())
        (lab / "config").mkdir(parents=True)
        (lab / "config" / "watcher.yaml").write_text("mine")

        with pytest.raises(ConfigurationError, match="there is a file already"):
            starter.put_in_place(stage, lab)

    assert [path.relative_to(lab).as_posix() for path in sorted(lab.rglob("*"))] == ["config", "config/watcher.yaml"]
    assert (lab / "config" / "watcher.yaml").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_the_secret_is_its_owners_alone(tmp_path: Path) -> None:
    with starter.staged(tmp_path / "lab") as stage:
        made(stage, new_lab())
        starter.put_in_place(stage, tmp_path / "lab")

    secret = tmp_path / "lab" / starter.MAIL_URL
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("title", "name"),
    [("Bone healing", "bone-healing"), ("  TDP-43 & ALS!", "tdp-43-als"), ("Знание", "topic"), ("a" * 60, "a" * 40)],
)
def test_a_watch_is_called_after_its_title(title: str, name: str) -> None:
    assert starter.name_of(title) == name
