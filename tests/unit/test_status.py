from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from support.flow_samples import NMJ, WEEKLY, Desk, final, passing

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import __version__, clock
from watcher.domain import Code, Notice, VerdictKind, Warned, pubmed_id
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.compose.weeks import bounds
from watcher.flows.questions.health import problems
from watcher.flows.questions.status import Around, Status, broken, status
from watcher.flows.questions.status import document as document_of
from watcher.health import Pulse
from watcher.store import Store

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"
MONDAY = "2026-03-09T07:00"


def on_nmj(pmid: int, created: str = "2026-03-04") -> bytes:
    return paper(pmid, title="The neuromuscular junction", created=created)


def state(one: Desk, instant: str, around: Around | None = None) -> Status:
    return status(one.ticker(), one.store, now=one.at(instant), config_sha256="abc", around=around)


def document(one: Desk, instant: str) -> dict[str, Any]:
    return document_of(state(one, instant))


def without_slots(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key not in ("upcoming", "weeks")} for one in found]


def instants(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text).astimezone(UTC) for text in texts]


def utc(*texts: str) -> list[datetime]:
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]


def test_the_document_has_exactly_its_keys(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick(MONDAY)

    found = document(one, MONDAY)

    assert list(found) == [
        "now", "clock", "timezone", "zones", "version", "schema", "service", "database", "config", "watches", "lists", "deliveries",
        "corrections", "dense", "zotero", "outages", "warnings", "incidents", "troubles",
    ]  # fmt: skip
    assert list(found["service"]) == ["running", "pid", "since", "healthy", "problems"]
    assert list(found["database"]) == ["kind", "size_bytes", "damaged"]
    assert list(found["config"]) == ["state", "sha256", "error"]
    (watch,), (list_,) = found["watches"], found["lists"]
    assert list(watch) == [
        "name", "last_good_run_at", "next_run_at", "matched", "awaiting", "covers_to", "gaps", "marked", "weeks", "upcoming",
        "snapshot", "seeds_from",
    ]  # fmt: skip
    assert list(list_) == ["name", "next_digest_at", "last_digest", "upcoming"]
    assert list(list_["last_digest"]) == ["period", "papers"]
    assert list(found["deliveries"]) == ["pending", "sending", "parked", "oldest_at"]


def test_it_tells_what_was_done_and_what_comes(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), Planted(on_nmj(2), fetchable_at=date(2027, 1, 1)))
    one.tick(START)
    one.tick(MONDAY)

    found = document(one, "2026-03-09T08:00")

    assert found["now"] == "2026-03-09T08:00:00+00:00"
    assert (found["clock"], found["version"], found["schema"]) == (str(one.clock), __version__, Store.schema)
    assert found["config"] == {"state": "good", "sha256": "abc", "error": None}
    assert without_slots(found["watches"]) == [
        {
            "name": "nmj",
            "last_good_run_at": "2026-03-09T07:00:00+00:00",
            "next_run_at": "2026-03-10T04:30:00+00:00",
            "matched": 2,
            "awaiting": 1,
            "covers_to": "2026-03-09",
            "gaps": [],
            "marked": {"relevant": 0, "not_relevant": 0},
            "snapshot": None,
            "seeds_from": [],
        }
    ]
    assert without_slots(found["lists"]) == [
        {
            "name": "weekly",
            "next_digest_at": "2026-03-16T08:00:00+01:00",
            "last_digest": {"period": "2026-03-09T08:00+01:00", "papers": 1},
        }
    ]
    assert found["deliveries"] == {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None}
    assert found["incidents"] == []


def test_it_tells_eight_weeks_of_what_each_watch_found_and_digests_showed(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(number, created=f"2026-03-{day:02}") for number, day in ((1, 3), (2, 4), (3, 11), (4, 12))))
    one.edit(threshold=40)
    one.values = {1: 90, 2: 30, 3: 50, 4: 60}
    one.lists.append(replace(WEEKLY, name="another"))
    for instant in (START, "2026-03-05T05:00", MONDAY, "2026-03-13T05:00", "2026-03-16T07:00"):
        one.tick(instant)

    (weeks,) = [watch["weeks"] for watch in document(one, "2026-03-16T20:00")["watches"]]

    assert weeks == {
        "from": ["2026-01-20", "2026-01-27", "2026-02-03", "2026-02-10", "2026-02-17", "2026-02-24", "2026-03-03", "2026-03-10"],
        "found": [0, 0, 0, 0, 0, 0, 2, 2],
        "shown": [0, 0, 0, 0, 0, 0, 1, 2],
    }
    assert one.store.weeks("nmj", bounds(one.at("2026-03-16T20:00"), "Europe/Berlin"), list_name="unheard-of").shown == (0,) * 8


def test_a_week_ends_with_today_also_when_the_clocks_change() -> None:
    found = bounds(datetime(2026, 3, 30, 21, 30, tzinfo=UTC), "Europe/Berlin")

    assert [at.isoformat() for at in found[-3:]] == [
        "2026-03-16T23:00:00+00:00",
        "2026-03-23T23:00:00+00:00",
        "2026-03-30T22:00:00+00:00",
    ]
    assert len(found) == 9


def test_before_anything_ran_everything_is_due_and_nothing_is_known(at_desk: Desks) -> None:
    one = at_desk()
    one.watches.append(replace(NMJ, name="unheard-of"))
    one.lists.append(replace(WEEKLY, name="unheard-of"))

    found = document(one, START)

    assert without_slots(found["watches"])[1] == {
        "name": "unheard-of",
        "last_good_run_at": None,
        "next_run_at": "2026-03-02T09:00:00+00:00",
        "matched": None,
        "awaiting": 0,
        "covers_to": None,
        "gaps": [],
        "marked": {"relevant": 0, "not_relevant": 0},
        "snapshot": None,
        "seeds_from": [],
    }
    assert without_slots(found["lists"])[1] == {
        "name": "unheard-of",
        "next_digest_at": "2026-03-09T08:00:00+01:00",
        "last_digest": None,
    }


def test_it_counts_the_papers_that_a_watchs_readers_agree_on(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid) for pmid in (1, 2, 3, 4)))
    one.tick(MONDAY)
    for pmid, kind, reader in [
        (1, VerdictKind.RELEVANT, "anna"),
        (2, VerdictKind.RELEVANT, "anna"),
        (2, VerdictKind.RELEVANT, "ben"),
        (3, VerdictKind.NOT, "anna"),
        (4, VerdictKind.NOT, "anna"),
        (4, VerdictKind.RELEVANT, "ben"),
    ]:
        one.store.give_verdict(pubmed_id(pmid), kind, ["nmj"], reader=reader, at=one.at(MONDAY))

    found = state(one, MONDAY)

    assert document_of(found)["watches"][0]["marked"] == {"relevant": 2, "not_relevant": 1}
    assert "watch nmj: its readers marked 2 relevant, 1 not relevant" in found.remarks


def test_the_next_three_slots_of_everything_are_told(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick("2026-03-25T09:00")

    found = document(one, "2026-03-27T09:00")

    (watch,), (list_,) = found["watches"], found["lists"]
    assert found["timezone"] == "Europe/Berlin"
    assert instants(watch["upcoming"]) == utc("2026-03-28T04:30", "2026-03-29T03:30", "2026-03-30T03:30")
    assert instants(list_["upcoming"]) == utc("2026-03-30T06:00", "2026-04-06T06:00", "2026-04-13T06:00")


def test_asking_registers_nothing(at_desk: Desks) -> None:
    one = at_desk()
    one.lists.append(replace(WEEKLY, name="unheard-of"))

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


def test_an_outage_is_told_while_it_lasts_and_for_four_weeks_after_it_was_made_good(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick("2026-03-03T05:00")
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)
    one.tick("2026-03-04T05:00")

    (lasting,) = document(one, "2026-03-04T06:00")["outages"]
    one.tick("2026-03-05T06:00")
    (over,) = document(one, "2026-03-06T06:00")["outages"]
    for day in range(6, 30):
        one.tick(f"2026-03-{day:02d}T06:00")
    old = document(one, "2026-04-03T06:01")["outages"]

    assert (lasting["watches"], lasting["since"], lasting["until"]) == (
        ["nmj"], "2026-03-04T05:00:00+00:00", "2026-03-04T06:00:00+00:00",
    )  # fmt: skip
    assert (lasting["made_good_at"], over["made_good_at"]) == (None, "2026-03-05T06:00:00+00:00")
    assert "503" in over["reason"]
    assert [outage for outage in old if "503" in outage["reason"]] == []


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
    one.lists[0] = replace(WEEKLY, channels=("mail", "slack"))
    one.post.refuse("mail", final())
    one.post.refuse("slack", *passing())
    one.tick(START)
    one.tick(MONDAY)

    found = state(one, "2026-03-09T07:01")

    assert document_of(found)["deliveries"] == {
        "pending": 1,
        "sending": 0,
        "parked": 1,
        "oldest_at": "2026-03-09T07:00:00+00:00",
    }
    (incident,) = document_of(found)["incidents"]
    assert incident == "delivery 1 to mail pi@lab.example is parked: 535 authentication refused - check the password"
    assert document_of(found)["troubles"] == [
        {"about": "delivery", "name": "1", "kind": None, "reason": "535 authentication refused", "fix": "check the password"}
    ]
    assert "delivery 2 to slack pi@lab.example is pending (attempts: 1): 451 try later" in found.remarks


def test_an_open_notice_is_an_incident_with_the_instant_at_which_people_were_told(at_desk: Desks) -> None:
    one = at_desk()
    notice = Notice("watch:nmj", one.at("2026-03-02T08:00"), headline="nmj has not been searched")
    one.store.open_notice(notice, (), host="lab.example", at=one.at(START))

    told = document(one, START)["incidents"]
    one.store.close_notice("watch:nmj", (), host="lab.example", at=one.at(START))

    assert told == ["told on 2026-03-02T09:00:00+00:00: nmj has not been searched."]
    assert document(one, START)["incidents"] == []


def test_people_are_told_of_pauses_and_size(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.lists[0] = replace(WEEKLY, pause_until=date(2026, 4, 1))
    one.tick(START)

    remarks = state(one, START).remarks

    assert "list weekly is paused until 2026-04-01" in remarks
    assert any(line.startswith("database: works 1, records 1, hits 1, digests 0; ") for line in remarks)


def test_a_broken_configuration_has_the_same_document_with_its_place(at_desk: Desks) -> None:
    one = at_desk()
    good = document(one, START)
    place = Place(Path("config/watcher.yaml"), 7, 3, "lists.weekly.schedule")

    found = document_of(
        broken(ConfigurationError(Problem("no such day", "write monday", place), Problem("more")), now=one.at(START))
    )

    assert list(found) == list(good)
    assert found["config"] == {
        "state": "bad",
        "sha256": None,
        "error": {"file": "config/watcher.yaml", "line": 7, "key": "lists.weekly.schedule"},
    }
    assert (found["watches"], found["lists"]) == ([], [])
    assert found["deliveries"].keys() == good["deliveries"].keys()
    assert found["database"] == {"kind": None, "size_bytes": None, "damaged": None}
    assert found["service"].keys() == good["service"].keys()
    assert [incident.splitlines()[0] for incident in found["incidents"]] == [
        "config/watcher.yaml:7:3: lists.weekly.schedule: no such day",
        "more",
    ]


def test_an_error_without_a_place_has_no_place(at_desk: Desks) -> None:
    one = at_desk()

    found = document_of(broken(ConfigurationError(Problem("there is no configuration")), now=one.at(START)))

    assert found["config"]["error"] == {"file": None, "line": None, "key": None}


def test_a_refused_file_is_told_beside_everything_that_the_last_good_one_gives(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    refused = ConfigurationError(Problem("no such day", "write monday", Place(Path("config/watcher.yaml"), 7, 3, "lists")))

    found = document_of(state(one, START, Around(refused=refused)))

    assert found["config"] == {"state": "bad", "sha256": "abc", "error": {"file": "config/watcher.yaml", "line": 7, "key": "lists"}}
    assert found["incidents"] == [str(refused)]
    assert found["watches"][0]["last_good_run_at"] == "2026-03-02T09:00:00+00:00"


# --- the service


def test_the_service_is_told_as_its_pulse_says(at_desk: Desks) -> None:
    one = at_desk()
    now = clock.real_now().replace(microsecond=0)
    pulse = Pulse(at=now, started_at=now - timedelta(hours=3), pid=42, tick_seconds=20)

    services = [
        document_of(state(one, START, Around(pulse=told)))["service"]
        for told in (pulse, replace(pulse, problems=("disk full",)), replace(pulse, at=now - timedelta(hours=1)), None)
    ]

    since = (now - timedelta(hours=3)).isoformat()
    assert services[0] == {"running": True, "pid": 42, "since": since, "healthy": True, "problems": []}
    assert services[1] == {"running": True, "pid": 42, "since": since, "healthy": False, "problems": ["disk full"]}
    assert [services[2][key] for key in ("running", "pid", "since", "healthy")] == [False, None, None, False]
    assert "last sign of life" in services[2]["problems"][0]
    assert services[3] == {
        "running": False, "pid": None, "since": None, "healthy": False, "problems": ["no service is running"],
    }  # fmt: skip


def test_it_tells_each_warning_with_its_code_and_place(at_desk: Desks) -> None:
    one = at_desk()
    place = Place(Path("/lab/config/watcher.yaml"), 3, 5, "watches.nmj.query")
    warned = (
        Warned(Code.DATABASE_PLACE, "it lies on NFS"),
        Warned(Code.QUERY_TAG, "no word stands before [ti]", "write it", place),
    )

    found = state(one, START, Around(database="postgresql", warnings=warned))

    assert document_of(found)["database"]["kind"] == "postgresql"
    assert document_of(found)["database"]["size_bytes"] > 0
    assert document_of(found)["warnings"] == [
        {"code": "database-place", "file": None, "line": None, "column": None, "key": None, "what": "it lies on NFS", "fix": ""},
        {
            "code": "query-tag",
            "file": "/lab/config/watcher.yaml",
            "line": 3,
            "column": 5,
            "key": "watches.nmj.query",
            "what": "no word stands before [ti]",
            "fix": "write it",
        },
    ]
    assert document_of(found)["incidents"] == []


# --- what the service says of itself


def ill(one: Desk, instant: str) -> tuple[str, ...]:
    return problems(one.ticker(), one.store, one.at(instant))


def test_a_working_service_and_one_that_has_just_begun_ail_nothing(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))

    new = ill(one, START)
    one.tick(START)

    assert (new, ill(one, START), ill(one, "2026-03-03T09:00")) == ((), (), ())


def test_a_watch_ails_six_hours_after_its_second_missed_run(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)

    in_time, late = ill(one, "2026-03-04T10:29"), ill(one, "2026-03-04T10:30")

    assert in_time == ()
    assert late == ("watch nmj has had no good run since 2026-03-02 09:00 UTC",)


def test_a_message_that_is_owed_for_over_two_days_ails(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.refuse("mail", final())
    one.tick(START)
    one.tick(MONDAY)
    for instant in ("2026-03-10T05:00", "2026-03-11T05:00"):
        one.post.refuse("mail", final())
        one.tick(instant)

    in_time, late = ill(one, "2026-03-11T07:00"), ill(one, "2026-03-11T07:01")

    assert in_time == ()
    assert late == ("channel mail: a message is owed since 2026-03-09 07:00 UTC",)


def test_rounds_that_fail_ail_whatever_the_database_says(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)

    found = problems(one.ticker(), one.store, one.at(START), failed_rounds=2, error="disk full")

    assert found == ("the last 2 rounds failed: disk full",)
