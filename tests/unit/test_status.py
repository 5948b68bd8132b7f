from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from flow_samples import NMJ, WEEKLY, Desk, final, passing

from watcher import __version__
from watcher.demo.corpus import Planted
from watcher.demo.papers import paper
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.status import State, broken, status
from watcher.store import Store

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"
MONDAY = "2026-03-09T07:00"


def on_nmj(pmid: int, created: str = "2026-03-04") -> bytes:
    return paper(pmid, title="The neuromuscular junction", created=created)


def state(one: Desk, instant: str) -> State:
    return status(one.ticker(), one.store, now=one.at(instant), config_sha256="abc")


def document(one: Desk, instant: str) -> dict[str, Any]:
    return state(one, instant).document


def test_the_document_has_exactly_its_keys(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick(MONDAY)

    found = document(one, MONDAY)

    assert list(found) == ["now", "clock", "version", "schema", "config", "watches", "lists", "deliveries", "incidents"]
    assert list(found["config"]) == ["state", "sha256", "error"]
    (watch,), (order,) = found["watches"], found["lists"]
    assert list(watch) == ["name", "last_good_run_at", "next_run_at", "matched", "awaiting", "covers_to", "gaps"]
    assert list(order) == ["name", "next_digest_at", "last_digest"]
    assert list(order["last_digest"]) == ["period", "papers"]
    assert list(found["deliveries"]) == ["pending", "sending", "parked", "oldest_at"]


def test_it_tells_what_was_done_and_what_comes(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), Planted(on_nmj(2), fetchable_at=date(2027, 1, 1)))
    one.tick(START)
    one.tick(MONDAY)

    found = document(one, "2026-03-09T08:00")

    assert found["now"] == "2026-03-09T08:00:00+00:00"
    assert (found["clock"], found["version"], found["schema"]) == (str(one.clock), __version__, Store.schema)
    assert found["config"] == {"state": "good", "sha256": "abc", "error": None}
    assert found["watches"] == [
        {
            "name": "nmj",
            "last_good_run_at": "2026-03-09T07:00:00+00:00",
            "next_run_at": "2026-03-10T04:30:00+00:00",
            "matched": 2,
            "awaiting": 1,
            "covers_to": "2026-03-09",
            "gaps": [],
        }
    ]
    assert found["lists"] == [
        {
            "name": "weekly",
            "next_digest_at": "2026-03-16T08:00:00+01:00",
            "last_digest": {"period": "2026-03-09T08:00+01:00", "papers": 1},
        }
    ]
    assert found["deliveries"] == {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None}
    assert found["incidents"] == []


def test_before_anything_ran_everything_is_due_and_nothing_is_known(at_desk: Desks) -> None:
    one = at_desk()
    one.watches.append(replace(NMJ, name="unheard-of"))
    one.orders.append(replace(WEEKLY, name="unheard-of"))

    found = document(one, START)

    assert found["watches"][1] == {
        "name": "unheard-of",
        "last_good_run_at": None,
        "next_run_at": "2026-03-02T09:00:00+00:00",
        "matched": None,
        "awaiting": 0,
        "covers_to": None,
        "gaps": [],
    }
    assert found["lists"][1] == {"name": "unheard-of", "next_digest_at": "2026-03-09T08:00:00+01:00", "last_digest": None}


def test_asking_registers_nothing(at_desk: Desks) -> None:
    one = at_desk()
    one.orders.append(replace(WEEKLY, name="unheard-of"))

    state(one, START)

    assert one.store.list_history("unheard-of").created_at is None


def test_a_watch_that_matches_nothing_is_not_one_that_was_never_read(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)

    assert document(one, START)["watches"][0]["matched"] == 0


def test_failing_runs_are_an_incident_and_leave_a_gap(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.pubmed.faults.plant("esearch", kind="http-503", times=4)
    one.tick("2026-03-04T05:00")
    one.tick("2026-03-04T06:00")

    found = document(one, "2026-03-05T06:00")
    one.tick("2026-03-05T06:00")
    after = document(one, "2026-03-05T06:00")

    (incident,) = found["incidents"]
    assert incident.startswith("watch nmj fails since 2026-03-04T05:00:00+00:00 (2 times): ")
    (gap,) = found["watches"][0]["gaps"]
    assert (gap["from"], gap["to"]) == ("2026-03-02", "2026-03-05")
    assert "503" in gap["reason"]
    assert (after["incidents"], after["watches"][0]["gaps"]) == ([], [])


def test_a_refused_edit_is_an_incident_though_the_old_query_is_read(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.edit(query="junction[tiab]", allow_over=0)
    one.tick(MONDAY)

    found = document(one, MONDAY)

    (incident,) = found["incidents"]
    assert incident.startswith("watch nmj keeps the query it had, since the edited one was refused: ")
    assert found["watches"][0]["gaps"] == []


def test_owed_and_parked_deliveries_are_counted_and_named_by_the_number_that_drops_them(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.orders[0] = replace(WEEKLY, channels=("mail", "slack"))
    one.post.refuse("mail", final())
    one.post.refuse("slack", *passing())
    one.tick(START)
    one.tick(MONDAY)

    found = state(one, "2026-03-09T07:01")

    assert found.document["deliveries"] == {
        "pending": 1,
        "sending": 0,
        "parked": 1,
        "oldest_at": "2026-03-09T07:00:00+00:00",
    }
    (incident,) = found.document["incidents"]
    assert incident == "delivery 1 to mail pi@lab.example is parked: 535 authentication refused - check the password"
    assert "delivery 2 to slack pi@lab.example is pending (attempts: 1): 451 try later" in found.remarks


def test_people_are_told_of_pauses_warnings_and_size(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.edit(query='neuromuscular junction[tiab] OR "gibberish phrase"[tiab]')
    one.orders[0] = replace(WEEKLY, pause_until=date(2026, 4, 1))
    one.tick(START)

    remarks = state(one, START).remarks

    assert any(line.startswith("watch nmj: ") and "gibberish phrase" in line for line in remarks)
    assert "list weekly is paused until 2026-04-01" in remarks
    assert any(line.startswith("database: works 1, records 1, hits 1, digests 0; ") for line in remarks)


def test_a_broken_configuration_has_the_same_document_with_its_place(at_desk: Desks) -> None:
    one = at_desk()
    good = document(one, START)
    place = Place(Path("config/watcher.yaml"), 7, 3, "lists.weekly.schedule")

    found = broken(ConfigurationError(Problem("no such day", "write monday", place), Problem("more")), now=one.at(START)).document

    assert list(found) == list(good)
    assert found["config"] == {
        "state": "bad",
        "sha256": None,
        "error": {"file": "config/watcher.yaml", "line": 7, "key": "lists.weekly.schedule"},
    }
    assert (found["watches"], found["lists"]) == ([], [])
    assert found["deliveries"].keys() == good["deliveries"].keys()
    assert [incident.splitlines()[0] for incident in found["incidents"]] == [
        "config/watcher.yaml:7:3: lists.weekly.schedule: no such day",
        "more",
    ]


def test_an_error_without_a_place_has_no_place(at_desk: Desks) -> None:
    one = at_desk()

    found = broken(ConfigurationError(Problem("there is no configuration")), now=one.at(START)).document

    assert found["config"]["error"] == {"file": None, "line": None, "key": None}
