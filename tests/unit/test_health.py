from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher import health
from watcher.cli.commands import program
from watcher.health import OwedFacts, Pulse, WatchFacts, problems, verdict
from watcher.setup.healthcheck import look

NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
PULSE = Pulse(at=NOW, started_at=NOW - timedelta(hours=3), pid=42, tick_seconds=20)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


# --- the file


def test_a_pulse_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = health.pulse_file(tmp_path)
    whole = replace(PULSE, round_began_at=ago(seconds=9), round_ended_at=ago(seconds=8), now=NOW, rounds=7, problems=("α", "β"))

    for pulse in (PULSE, whole, replace(whole, config_error="watcher.yaml:7: no such day")):
        assert health.write(path, pulse)
        assert health.read(path) == pulse
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"at": "2026-03-09T07:00:00+00:00"}', '{"at": 7, "started_at": 7, "pid": 1, "tick_seconds": 1}']
)
def test_what_is_no_pulse_is_read_as_none(tmp_path: Path, text: str) -> None:
    path = health.pulse_file(tmp_path)
    path.write_text(text)

    assert health.read(path) is None


def test_an_instant_without_an_offset_is_no_pulse(tmp_path: Path) -> None:
    path = health.pulse_file(tmp_path)
    health.write(path, PULSE)
    path.write_text(path.read_text().replace("+00:00", ""))

    assert health.read(path) is None


def test_a_pulse_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    path = health.pulse_file(tmp_path)
    path.mkdir()

    assert not health.write(path, PULSE)
    assert not health.write(health.pulse_file(tmp_path / "absent"), PULSE)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_service_takes_away_its_own_pulse_only(tmp_path: Path) -> None:
    path = health.pulse_file(tmp_path)
    health.write(path, PULSE)

    health.remove(path, 43)
    kept = path.exists()
    health.remove(path, 42)
    health.remove(path, 42)

    assert kept
    assert not path.exists()


def test_this_hosts_fresh_pulse_counts_before_another_hosts(tmp_path: Path) -> None:
    own, other = health.pulse_file(tmp_path), tmp_path / "service.elsewhere.json"
    health.write(other, replace(PULSE, pid=43))

    alone = health.latest(tmp_path, NOW)
    health.write(own, replace(PULSE, at=ago(seconds=5)))
    both = health.latest(tmp_path, NOW)
    health.write(own, replace(PULSE, at=ago(hours=5)))
    stale = health.latest(tmp_path, NOW)

    assert [pulse.pid for pulse in (alone, both, stale) if pulse] == [43, 42, 43]


def test_the_newest_stale_pulse_counts_where_none_is_fresh(tmp_path: Path) -> None:
    health.write(health.pulse_file(tmp_path), replace(PULSE, at=ago(hours=5)))
    health.write(tmp_path / "service.elsewhere.json", replace(PULSE, at=ago(hours=4), pid=43))

    found = health.latest(tmp_path, NOW)

    assert found is not None
    assert found.pid == 43
    assert health.latest(tmp_path / "absent", NOW) is None


# --- the verdict


def test_a_service_that_writes_and_has_no_problem_is_well() -> None:
    for pulse in (PULSE, replace(PULSE, config_error="bad edit"), replace(PULSE, round_began_at=ago(minutes=59))):
        assert verdict(pulse, NOW) == ()


def test_without_a_pulse_no_service_is_running() -> None:
    assert verdict(None, NOW) == ("no service is running",)


@pytest.mark.parametrize(("seconds", "tick", "well"), [(60, 20, True), (61, 20, False), (180, 60, True), (181, 60, False)])
def test_a_pulse_is_stale_after_a_minute_or_three_ticks(seconds: int, tick: float, *, well: bool) -> None:
    found = verdict(replace(PULSE, at=ago(seconds=seconds), tick_seconds=tick), NOW)

    assert (found == ()) is well
    assert well or "last sign of life" in found[0]


def test_a_pulse_from_the_future_is_stale() -> None:
    found = verdict(replace(PULSE, at=NOW + timedelta(hours=1)), NOW)

    assert found == ("the service gave its last sign of life at 2026-03-09 08:00 UTC (process 42)",)


def test_a_round_that_does_not_end_is_told() -> None:
    stuck = replace(PULSE, round_began_at=ago(minutes=61), round_ended_at=ago(minutes=62), problems=("more",))
    ended = replace(stuck, round_ended_at=ago(minutes=1), problems=())

    assert verdict(stuck, NOW) == ("the round that began at 2026-03-09 05:59 UTC has not ended", "more")
    assert verdict(ended, NOW) == ()


def test_the_problems_of_the_last_round_are_the_verdict() -> None:
    assert verdict(replace(PULSE, problems=("a", "b")), NOW) == ("a", "b")


# --- problems


def test_a_watch_that_missed_two_slots_is_a_problem() -> None:
    late = WatchFacts("nmj", ago(days=3), before=ago(days=2))
    good = WatchFacts("als", ago(days=2), before=ago(days=2))

    assert problems([late, good], [], NOW) == ("watch nmj has had no good run since 2026-03-06 07:00 UTC",)


def test_a_watch_that_never_succeeded_is_a_problem_by_the_time_of_two_slots() -> None:
    failing = WatchFacts("nmj", None, before=ago(days=2), failing_since=ago(days=3))
    new = WatchFacts("als", None, before=ago(days=2))
    young = WatchFacts("mg", None, before=ago(days=2), failing_since=ago(days=1))

    assert problems([failing, new, young], [], NOW) == ("watch nmj has had no good run; it fails since 2026-03-06 07:00 UTC",)


def test_a_run_dated_in_the_future_is_no_problem() -> None:
    assert problems([WatchFacts("nmj", NOW + timedelta(days=400), before=ago(days=2))], [], NOW) == ()


def test_what_is_owed_for_over_two_days_is_told_once_for_each_channel() -> None:
    owed = [
        OwedFacts("mail", ago(hours=49)), OwedFacts("mail", ago(days=3)), OwedFacts("slack", ago(hours=50)),
        OwedFacts("other", ago(hours=48)),
    ]  # fmt: skip

    assert problems([], owed, NOW) == (
        "channel mail: 2 messages are owed since 2026-03-06 07:00 UTC",
        "channel slack: a message is owed since 2026-03-07 05:00 UTC",
    )


def test_failing_rounds_are_told_with_their_error() -> None:
    assert problems([], [], NOW, failed_rounds=1, error="disk full") == ("the last round failed: disk full",)
    assert problems([], [], NOW, failed_rounds=9, error="disk full") == ("the last 9 rounds failed: disk full",)


# --- the command


def alive(folder: Path, **changes: object) -> Path:
    """A data folder in which a service writes now."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    pulse = Pulse(at=now, started_at=now, pid=os.getpid(), tick_seconds=20)
    assert health.write(health.pulse_file(folder), replace(pulse, **changes))  # type: ignore[arg-type]  # by the tests
    return folder


def test_the_pulse_is_found_beside_the_configuration(tmp_path: Path) -> None:
    alive(tmp_path / "data")
    (tmp_path / "config").mkdir()

    for named in (tmp_path / "config", tmp_path / "config" / "watcher.yaml", tmp_path / "config" / "lab.yml"):
        assert look(named, {}) == ()
        assert look(None, {"WATCHER_CONFIG": str(named)}) == ()


def test_the_pulse_is_found_beside_the_database_that_the_environment_names(tmp_path: Path) -> None:
    alive(tmp_path / "far" / "away")
    config = tmp_path / "config" / "watcher.yaml"

    for url in ("sqlite:///far/away/w.db", f"sqlite:///{tmp_path}/far/away/w.db?timeout=5"):
        assert look(config, {"WATCHER_DATABASE_URL": url}) == ()
    assert look(config, {"WATCHER_DATABASE_URL": "postgresql://db/watcher"}) == ("no service is running",)


def test_the_pulse_is_found_where_only_the_configuration_says(tmp_path: Path) -> None:
    alive(tmp_path / "far")
    config = tmp_path / "config" / "watcher.yaml"
    config.parent.mkdir()
    config.write_text("pubmed: {email: library@lab.example}\ndatabase: {url: 'sqlite:///far/w.db'}\n")

    found = look(config, {})
    alive(tmp_path / "data", at=datetime(2026, 1, 1, tzinfo=UTC))
    despite_an_old_one = look(config, {})

    config.write_text("pubmed: {email: library@lab.example\ndatabase: {url: 'sqlite:///far/w.db'}\n")
    in_a_broken_file = look(config, {})

    assert (found, despite_an_old_one, in_a_broken_file) == ((), (), ())


@pytest.mark.parametrize(
    "section",
    [
        "database: {url: 'sqlite:///far/w.db'}",
        '"database": {url: "sqlite:///far/w.db"}',
        '"\\x64atabase": {url: "sqlite:///far/w.db"}',
        '? "data\\\n  base"\n: {url: "sqlite:///far/w.db"}',
    ],
)
def test_a_database_is_found_however_the_configuration_writes_its_section(section: str, tmp_path: Path) -> None:
    alive(tmp_path / "far")
    config = tmp_path / "config" / "watcher.yaml"
    config.parent.mkdir()
    config.write_text(f"pubmed: {{email: library@lab.example}}\n{section}\n")

    assert look(config, {}) == ()


def test_a_configuration_that_names_no_database_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config" / "watcher.yaml"
    config.parent.mkdir()
    config.write_text("pubmed: {email: library@lab.example}\n# database: {url: 'sqlite:///far/w.db'}\n")
    monkeypatch.setitem(sys.modules, "watcher.config", None)

    assert look(config, {}) == ("no service is running",)


def test_a_service_of_this_host_that_stands_still_is_not_excused_by_another_host(tmp_path: Path) -> None:
    alive(tmp_path / "data", at=datetime(2026, 1, 1, tzinfo=UTC))
    own = health.pulse_file(tmp_path / "data")
    other = own.with_name("service.elsewhere.json")
    now = datetime.now(UTC)
    health.write(other, Pulse(at=now, started_at=now, pid=1, tick_seconds=20))

    still = look(tmp_path / "config", {})
    own.unlink()
    elsewhere = look(tmp_path / "config", {})

    assert "last sign of life at 2026-01-01 00:00 UTC" in still[0]
    assert elsewhere == ()


def test_healthcheck_ends_with_0_or_1_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WATCHER_CONFIG", raising=False)

    absent = CliRunner().invoke(program, ["healthcheck"])
    alive(tmp_path / "data")
    well = CliRunner().invoke(program, ["healthcheck"])
    alive(tmp_path / "data", problems=("the last round failed:\n  disk full", "more"))
    ill = CliRunner().invoke(program, ["healthcheck"])

    assert (absent.exit_code, absent.stdout) == (1, "no service is running\n")
    assert (well.exit_code, well.stdout) == (0, "well\n")
    assert (ill.exit_code, ill.stdout) == (1, "the last round failed: disk full; more\n")


def test_healthcheck_of_a_healthy_service_loads_nothing_heavy(tmp_path: Path) -> None:
    alive(tmp_path / "data")
    script = (
        "import sys, json; sys.argv = ['watcher', 'healthcheck']\n"
        "from watcher.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(json.dumps([end.code, sorted(sys.modules)]))\n"
    )

    said = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, env={})  # noqa: S603 - our own

    code, modules = json.loads(said.stdout.splitlines()[-1])
    assert code == 0
    assert set(modules).isdisjoint(
        {"sqlalchemy", "sqlmodel", "apprise", "watcher.config", "watcher.app", "watcher.store", "requests"}
    )
