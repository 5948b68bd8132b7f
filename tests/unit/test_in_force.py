"""Edits of a running service's files: a good one waits for the next round, a bad one is told with its line and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from watcher.app import App
from watcher.domain import UNKNOWN_URL
from watcher.errors import ConfigurationError
from watcher.seeds import Examples
from watcher.setup import starter
from watcher.setup.in_force import Configuration
from watcher.setup.loading import load_kept, load_whole

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration and seeds in a folder of their own."""
    (tmp_path / "no-secrets").mkdir()
    monkeypatch.setenv("WATCHER_SECRETS_DIR", str(tmp_path / "no-secrets"))
    for _ in starter.write(tmp_path):
        pass
    return tmp_path / "config" / "watcher.yaml"


def begun(file: Path) -> Configuration:
    return Configuration(file, load_whole(file))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


# --- good edits


def test_a_good_edit_is_in_force_once_it_is_taken_up_and_then_only(file: Path) -> None:
    one = begun(file)
    change(file, "threshold: 35", "threshold: 40")

    one.read()

    assert one.in_force.settings.watches["nmj"].threshold == 35
    assert (taken := one.take()) is not None
    assert taken.settings.watches["nmj"].threshold == 40
    assert one.in_force is taken
    assert one.take() is None


def test_a_file_that_is_saved_again_as_it_was_is_no_edit(file: Path) -> None:
    one = begun(file)
    change(file, "threshold: 35", "threshold:  35  # as it was")

    one.read()

    assert one.take() is None


def test_an_edit_that_is_taken_back_before_the_round_is_none(file: Path) -> None:
    one = begun(file)
    change(file, "threshold: 35", "threshold: 40")
    one.read()
    change(file, "threshold: 40", "threshold: 35")

    one.read()

    assert one.take() is None


def test_a_seed_that_comes_or_goes_is_an_edit(file: Path) -> None:
    one = begun(file)
    seed = file.parent.parent / "seeds" / "nmj" / "own.txt"
    before = len(found.seeds) if isinstance(found := one.in_force.seeds["nmj"], Examples) else 0
    seed.write_text("Agrin and the neuromuscular junction\n\nAbstract\n\nLRP4 and MuSK.\n")

    one.read()

    taken = one.take()
    assert taken is not None
    found = taken.seeds["nmj"]
    assert isinstance(found, Examples)
    assert len(found.seeds) == before + 1


def test_a_secret_that_changes_in_its_own_file_is_an_edit(file: Path) -> None:
    secret = file.parent / "key"
    secret.write_text("0123")
    change(file, "# api_key_file: secrets/ncbi_api_key", "api_key_file: config/key")
    one = begun(file)
    secret.write_text("4567")

    one.read()

    assert secret in one.files()
    assert (taken := one.take()) is not None
    assert taken.settings.pubmed.api_key is not None
    assert taken.settings.pubmed.api_key.get_secret_value() == "4567"


# --- bad edits


def test_a_bad_edit_changes_nothing_and_is_told_once_with_its_place(file: Path) -> None:
    one = begun(file)
    before = one.in_force
    change(file, "threshold: 35", "treshold: 35")

    with capture_logs() as logs:
        one.read()
        one.read()

    assert one.take() is None
    assert one.in_force is before
    told = [entry for entry in logs if entry["log_level"] == "error"]
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "treshold" in text)
    assert [(entry["file"], entry["line"], entry["key"]) for entry in told] == [(str(file), line, "watches.nmj.treshold")]
    assert told[0]["fix"] == "did you mean threshold?"


def test_another_mistake_is_told_anew_and_the_mend_too(file: Path) -> None:
    one = begun(file)
    good = file.read_text()
    change(file, "threshold: 35", "treshold: 35")
    one.read()
    change(file, "treshold: 35", "threshold: many")

    with capture_logs() as logs:
        one.read()
        file.write_text(good)
        one.read()

    assert [entry["event"] for entry in logs] == [
        "the configuration is wrong, the last good one stays in force",
        "the configuration is good again",
    ]
    assert one.problems == ()


def test_a_bad_edit_after_a_good_one_that_waits_takes_that_back_too(file: Path) -> None:
    one = begun(file)
    change(file, "threshold: 35", "threshold: 40")
    one.read()
    change(file, "threshold: 40", "threshold: many")

    one.read()

    assert one.take() is None


def test_a_seed_file_that_breaks_leaves_the_watch_the_seeds_that_it_had(file: Path) -> None:
    one = begun(file)
    before = one.in_force.seeds["nmj"]
    broken = file.parent.parent / "seeds" / "nmj" / "broken.ris"
    broken.write_bytes(b"\xff\xfe\x00")
    change(file, "threshold: 35", "threshold: 40")

    one.read()

    assert [problem.place.path for problem in one.problems if problem.place] == [broken]
    assert (taken := one.take()) is not None
    assert taken.seeds["nmj"] == before
    assert taken.settings.watches["nmj"].threshold == 40


def test_an_edit_that_names_seeds_which_cannot_be_read_is_refused_whole(file: Path) -> None:
    one = begun(file)
    other = file.parent.parent / "seeds" / "als"
    other.mkdir()
    (other / "broken.ris").write_bytes(b"\xff\xfe\x00")
    change(file, "seeds: [nmj] ", "seeds: [als] ")

    one.read()

    assert one.problems
    assert one.take() is None


def test_a_service_that_begins_with_a_broken_seed_file_runs_its_other_watches(file: Path) -> None:
    (file.parent.parent / "seeds" / "nmj" / "broken.ris").write_bytes(b"\xff\xfe\x00")

    one = begun(file)

    assert "broken.ris" in str(one.problems[0].place)
    assert isinstance(one.in_force.seeds["nmj"], ConfigurationError)


# --- a bad edit at every line of the shipped configuration


def _key(line: str) -> re.Match[str] | None:
    return re.match(r"(\s*)([\w-]+):(.*)", line)


EDITS: dict[str, Callable[[str], str]] = {
    "removed": lambda _line: "",
    "indented": lambda line: f" {line}",
    "a tab": lambda line: f"\t{line.lstrip()}",
    "misspelt": lambda line: f"{found[1]}{found[2]}x:{found[3]}" if (found := _key(line)) else f"{line} [",
    "of another kind": lambda line: f"{found[1]}{found[2]}: {{a: [1]}}" if (found := _key(line)) else f"- {line}",
    "without its colon": lambda line: line.replace(":", "", 1),
    "with a quote too many": lambda line: f'{line} "',
    "with a bracket too many": lambda line: f"{line} [",
}

ELSEWHERE = {
    ("misspelt", "  lab-mail:"): "channels: [lab-mail]",  # who names it is told that there is none
    ("misspelt", "  nmj:"): "watches: [nmj]",
    ("removed", "  email:"): "pubmed:",
    ("removed", "    kind:"): "  lab-mail:",
    ("removed", "    url:"): "  lab-mail:",  # what is missing is missed at its section
    ("removed", "    seeds:"): "  nmj:",
    ("removed", "    watches:"): "  lab-weekly:",
    ("removed", "    channels:"): "  lab-weekly:",
    ("removed", "    schedule:"): "  lab-weekly:",
}


@pytest.mark.parametrize("name", EDITS)
def test_a_bad_edit_at_any_line_of_the_shipped_configuration_is_answered_with_its_line(name: str, file: Path) -> None:
    one, good = begun(file), file.read_text().splitlines()
    before, refused, wrong = one.in_force, 0, []

    for number, line in enumerate(good, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        file.write_text("\n".join([*good[: number - 1], EDITS[name](line), *good[number:]]) + "\n")
        one.read()
        if one.problems:
            refused += 1
            wrong += (
                [] if _is_told(one, number, line, name, good) else [(number, line, [str(found.place) for found in one.problems])]
            )

    assert wrong == []
    assert refused > 5
    assert one.in_force is before


def _is_told(one: Configuration, number: int, line: str, name: str, good: list[str]) -> bool:
    """Whether one of the problems stands at the edited line, at the next one, which no longer fits, or where that line is missed."""
    lines = {found.place.line for found in one.problems if found.place}
    wanted = next((there for (edit, begin), there in ELSEWHERE.items() if edit == name and line.startswith(begin)), None)
    missed = {at for at, text in enumerate(good, 1) if wanted is not None and wanted in text}
    return bool(lines & ({number, number + 1} | missed))


@pytest.mark.parametrize("name", EDITS)
def test_a_service_that_starts_over_any_such_line_has_the_last_good_one_again(name: str, file: Path) -> None:
    good, loaded = file.read_text().splitlines(), load_whole(file)
    with App(loaded.settings, loaded=loaded) as app:
        app.at_work(NOW)
        tried = 0
        for number, line in enumerate(good, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            file.write_text("\n".join([*good[: number - 1], EDITS[name](line), *good[number:]]) + "\n")
            error = _refusal(file)
            if error is None:
                continue
            kept = load_kept(file, error, database=app.store)
            tried += 1

            assert kept is not None
            assert kept.error is error
            assert dict(kept.seeds) == dict(loaded.seeds)
            assert kept.settings.document_without_secrets() == loaded.settings.document_without_secrets()
            url, lost = kept.settings.channel("lab-mail").url, "url:" in line or "lab-mail:" in line
            assert url == loaded.settings.channel("lab-mail").url or (lost and url == UNKNOWN_URL)
    assert tried > 5


def _refusal(file: Path) -> ConfigurationError | None:
    try:
        load_whole(file)
    except ConfigurationError as error:
        return error
    return None


# --- the last good one


def test_without_a_database_there_is_no_last_good_one_and_none_is_made(file: Path) -> None:
    file.write_text("x: [\n")
    error = _refusal(file)
    assert error is not None

    assert load_kept(file, error) is None
    assert not (file.parent.parent / "data").exists()


def test_a_database_that_no_service_worked_on_has_none(file: Path) -> None:
    with App(load_whole(file).settings) as app:
        app.store.facts()
    file.write_text("x: [\n")
    error = _refusal(file)
    assert error is not None

    assert load_kept(file, error) is None


def test_a_url_that_no_longer_goes_with_its_channel_is_not_used(file: Path) -> None:
    loaded = load_whole(file)
    with App(loaded.settings) as app:
        app.at_work(NOW)
    change(file, "url: mailtos://user:password@smtp.lab.example?from=watcher@lab.example", "url: https://lab.example")
    error = _refusal(file)
    assert error is not None

    kept = load_kept(file, error)

    assert kept is not None
    assert kept.settings.channel("lab-mail").url == UNKNOWN_URL


def test_the_last_good_one_is_not_remembered_anew_and_gives_way_to_any_good_file(file: Path) -> None:
    loaded, good = load_whole(file), file.read_text()
    with App(loaded.settings) as app:
        app.at_work(NOW)
        kept_before = app.store.last_good()
    file.write_text(good.replace("    url: ", "    ulr: "))
    error = _refusal(file)
    assert error is not None
    kept = load_kept(file, error)
    assert kept is not None

    with App(kept.settings, loaded=kept) as app:
        app.at_work(datetime(2026, 3, 9, 8, tzinfo=UTC))
        kept_after = app.store.last_good()
    one = Configuration(file, kept)
    file.write_text(good)
    one.read()

    assert kept_after == kept_before
    assert (taken := one.take()) is not None
    assert taken.error is None
