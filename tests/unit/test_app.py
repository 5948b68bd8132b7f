from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.rank_samples import AGRIN, MUSK
from support.records import in_numbers
from support.rehearsal import SEED, Lab, lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import clock
from watcher.app import App
from watcher.domain import ResolvedSeed, Seed, pubmed_id
from watcher.errors import ConfigurationError, UnknownNameError
from watcher.rank import unload_background
from watcher.rank.background import load_background
from watcher.setup.loading import load_settings

START = "2026-03-02T09:00"


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    record = Planted(paper(1, title="The neuromuscular junction", created="2026-03-01"))
    with lab(tmp_path, [record], monkeypatch) as made:
        made.move_clock(START)
        yield made


def change(lab_of: Lab, *keys: str, value: Any) -> None:  # noqa: ANN401 - any configuration value
    section = lab_of.document
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    lab_of.write()


def told(config: Path, **how: bool) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(config, **how)
    return str(refusal.value)


# --- what only several rooms know


@pytest.mark.parametrize(
    ("keys", "value", "what"),
    [
        (("runs", "schedule"), "dayly 05:30", "'dayly' is not a day"),
        (("runs", "corrections"), "61 * * * *", "'61 * * * *' is not a schedule"),
        (("lists", "lab-weekly", "schedule"), "0 0 30 2 *", "'0 0 30 2 *' is not a schedule"),
        (("channels", "lab-mail", "url"), "https://lab.example", "the url of channel 'lab-mail' is not"),
        (("channels", "lab-slack", "url"), "http://lab.example/services/T/B/X", "plain http, which shows its secret on the way"),
    ],
)
def test_schedules_and_channels_are_checked_with_file_line_and_key(keys: tuple[str, ...], value: str, what: str, one: Lab) -> None:
    change(one, *keys, value=value)

    found = told(one.config)

    line = next(number for number, text in enumerate(one.config.read_text().splitlines(), 1) if value in text)
    assert f"{one.config}:{line}:" in found
    assert ".".join(keys) in found
    assert what in found


def test_all_problems_are_told_at_once(one: Lab) -> None:
    change(one, "runs", "schedule", value="sometimes")
    change(one, "lists", "lab-weekly", "schedule", value="later")

    found = told(one.config)

    assert "'sometimes' is not a schedule" in found
    assert "'later' is not a schedule" in found


def test_a_channels_url_is_never_repeated(one: Lab) -> None:
    change(one, "channels", "lab-mail", "url", value="https://me:hunter2@lab.example")

    assert "hunter2" not in told(one.config)


def test_a_broken_seed_file_is_told_by_a_check_and_does_not_stop_the_others(one: Lab) -> None:
    (one.folder / "seeds" / "nmj" / "broken.ris").write_bytes(b"\xff\xfe\x00")

    assert "broken.ris" in told(one.config, with_seeds=True)
    assert list(load_settings(one.config).watches) == ["nmj"]


# --- names


@pytest.mark.parametrize(("kind", "known"), [("watch", "nmj"), ("digest_list", "lab-weekly"), ("channel", "lab-mail, lab-slack")])
def test_an_unknown_name_is_refused_with_the_known_ones(kind: str, known: str, one: Lab) -> None:
    with one.app() as app, pytest.raises(UnknownNameError, match=f"(?s)'nope'.*the configuration has: {known}"):
        getattr(app, kind)("nope")


# --- parts


def test_nothing_is_opened_before_it_is_asked_for(one: Lab) -> None:
    one.forget()
    with one.app() as app:
        assert app.watch("nmj").name == "nmj"
        assert app.digest_list("lab-weekly").channels == ("lab-mail", "lab-slack")

    assert not (one.folder / "data").exists()
    assert one.pubmed.log == []


def test_leaving_it_gives_the_lock_back(one: Lab) -> None:
    with one.app() as app:
        app.at_work(clock.now())
        during = held_locks(one)

    assert len(during) == 1
    assert held_locks(one) == []


def held_locks(one: Lab) -> list[Path]:
    return list((one.folder / "data" / "locks").glob(f"*.{os.getpid()}.*.lock"))


def test_reading_registers_nothing_and_work_does(one: Lab) -> None:
    with one.app() as app:
        before = app.store.list_history("lab-weekly").created_at
        app.at_work(clock.now())
        after = app.store.list_history("lab-weekly").created_at

    assert (before, after) == (None, clock.now())


def test_work_remembers_the_configuration_without_its_secrets(one: Lab) -> None:
    with one.app() as app:
        app.at_work(clock.now())

        assert app.store.configuration() == (app.settings.sha256, clock.now())


def test_a_changed_configuration_or_secret_wakes_what_is_parked(one: Lab) -> None:
    one.tick("2026-03-02T09:00")
    one.mail.answers.append("535 no")
    one.tick("2026-03-09T08:00")

    one.tick("2026-03-09T09:00")
    before = len(one.mail.mails)
    change(one, "channels", "lab-mail", "url", value=f"{one.mail.url()}&name=changed")
    one.tick("2026-03-09T10:00")

    assert before == 0
    assert len(one.mail.mails) == 1


@pytest.mark.parametrize(
    ("base_url", "host"), [(None, "lab.example"), ("https://watcher.uni.example:8080/x", "watcher.uni.example")]
)
def test_message_ids_end_with_the_pages_host_or_the_contacts(base_url: str | None, host: str, one: Lab) -> None:
    if base_url:
        change(one, "base_url", value=base_url)

    with one.app() as app:
        assert app.contacts.message_host == host


def test_the_app_hears_retries(one: Lab) -> None:
    heard: list[str] = []
    one.pubmed.faults.plant("esearch", kind="http-503", times=1)

    with App(load_settings(one.config), say=heard.append) as app:
        app.source.search("x")

    assert any("503" in line for line in heard)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"neuromuscular junction*"[tiab]', '"neuromuscular junction*[tiab]'),
        ("OR endplate*[tiab]", "OR (endplate*[tiab]"),
        ("myasthen*[tiab]", "myasthen*[tiab"),
    ],
)
def test_a_query_that_falls_apart_is_refused_with_the_files_own_line(tmp_path: Path, old: str, new: str) -> None:
    shipped = (Path(__file__).parents[2] / "config" / "watcher.yaml").read_text(encoding="utf-8")
    line = next(number for number, text in enumerate(shipped.splitlines(), 1) if old in text and not text.lstrip().startswith("#"))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "watcher.yaml").write_text(shipped.replace(old, new), encoding="utf-8")
    (tmp_path / "seeds" / "nmj").mkdir(parents=True)
    (tmp_path / "seeds" / "nmj" / "agrin.txt").write_text(SEED, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path / "config")

    assert line in {problem.place.line for problem in caught.value.problems if problem.place}


# --- diversity


def test_near_duplicates_give_way_unless_the_configuration_says_no(one: Lab) -> None:
    like = replace(AGRIN, record_id=pubmed_id(11))

    with App(load_settings(one.config)) as app:
        found = app.composer().giving_way
    change(one, "ranking", value={"diversity": False})
    with App(load_settings(one.config)) as app:
        switched_off = app.composer().giving_way

    assert found is not None
    assert in_numbers([(told.record_id, told.to) for told in found([AGRIN, like, MUSK], [99, 98, 97], 2)]) == [(11, 1)]
    assert switched_off is None


# --- the background, which takes much memory


def test_a_watch_whose_seeds_have_no_text_is_unranked_without_the_background(one: Lab) -> None:
    unload_background()
    bare = ResolvedSeed(Seed("nmj/bare.txt", "", "0" * 64, pmid=99))

    with App(load_settings(one.folder / "config")) as app, pytest.raises(ConfigurationError, match="no text to rank by"):
        app.rankings.rank(app.watch("nmj"), [bare])

    assert not load_background.cache_info().currsize


def test_near_duplicates_are_found_without_loading_the_whole_background(one: Lab) -> None:
    unload_background()
    again = replace(AGRIN, record_id=pubmed_id(11))

    with App(load_settings(one.folder / "config")) as app:
        giving_way = app.composer().giving_way
        assert giving_way
        gave = giving_way([AGRIN, again, MUSK], [50, 50, 50], 2)

    assert in_numbers([(one.record_id, one.to) for one in gave]) == [(11, AGRIN.pmid)]
    assert not load_background.cache_info().currsize
