from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.flow_samples import NMJ, WEEKLY, Desk, final, passing, ranking
from support.store_samples import paper

from standins.eutils.papers import paper as record
from watcher import clock
from watcher.cli import console
from watcher.cli.show import ranking as ranked
from watcher.cli.show import status as standing
from watcher.cli.show import tables
from watcher.cli.show.marking import marking
from watcher.domain import (
    Code,
    ErrorKind,
    HitState,
    ResolvedSeed,
    RunKind,
    RunOutcome,
    RunReport,
    Seed,
    VerdictKind,
    Warned,
    pubmed_id,
)
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.questions.check import Checked, CheckedWatch, Finding
from watcher.flows.questions.explain import explain
from watcher.flows.questions.rank import Orderer
from watcher.flows.questions.status import Around, status
from watcher.flows.schedule.tick import Done
from watcher.flows.scoring.verdicts import Marked, Marking
from watcher.health import Pulse

Desks = Callable[..., Desk]

START, MONDAY = "2026-03-02T09:00", "2026-03-09T07:00"
NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONG = "Muscle-derived sLRP4 restores agrin signalling [in mice] and endplate innervation in aged animals of both sexes, twice."


class Terminal(io.StringIO):
    """Standard output as a terminal of 80 columns has it."""

    def isatty(self) -> bool:
        """It is one."""
        return True

    @property
    def plain(self) -> str:
        """What stands there, without colours."""
        return _COLOUR.sub("", self.getvalue())


@contextmanager
def on_a_terminal(stream: str = "stdout") -> Iterator[Terminal]:
    """Everything that is printed meanwhile goes to a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        found = Terminal()
        patch.setattr(sys, stream, found)
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "xterm")
        for name in ("NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        yield found


def fits(terminal: Terminal) -> bool:
    """No line is wider, but for one that is a single word, such as the path of a test's folder."""
    return all(len(line) <= 80 or len(line.split()) == 1 for line in terminal.plain.splitlines())


def lived(one: Desk) -> Desk:
    one.lists[0] = replace(WEEKLY, channels=("mail", "slack"))
    one.post.refuse("mail", final())
    one.post.refuse("slack", *passing())
    one.tick(START)
    return one


def test_lines_hang_on_a_terminal_and_stay_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    report = RunReport(
        "nmj",
        RunKind.FULL,
        RunOutcome.FAILED,
        NOW,
        NOW,
        matched=41_234,
        error_kind=ErrorKind.NO_ANSWER,
        error=f"PubMed answered 503. {LONG}",
        warnings=(Warned(Code.SEEDS_NOT_ASKED, LONG),),
    )

    with on_a_terminal() as terminal:
        tables.reports([report])
    tables.reports([report])

    assert fits(terminal)
    assert all(line.startswith("    ") for line in terminal.plain.splitlines()[1:])
    assert [line.strip().split(" ")[0] for line in capsys.readouterr().out.splitlines()] == ["run", "PubMed", "warning:"]
    assert LONG in terminal.plain.replace("\n   ", "")


def test_one_line_counts_for_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    tables.reports(
        [
            RunReport(
                "nmj", RunKind.WINDOW, RunOutcome.GOOD, NOW, NOW,
                matched=12_345, known=7, fetched=3, new=2, awaiting=1, requests=1, seconds=1.26,
            )
        ]
    )  # fmt: skip

    assert capsys.readouterr().out == (
        "run nmj (window) good: matched 12,345, known 7, fetched 3, new 2, awaiting 1, 1 request, 1.3 s\n"
    )


def test_a_check_names_each_thing_once_on_a_terminal_and_on_each_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    found = Checked(
        Path("watcher.yaml"),
        (CheckedWatch("nmj", 2, 35),),
        warnings=(Warned(Code.QUERY_FIELD, "[tiabb] is unknown", "write [tiab]"),),
        zones="2026f",
        online=(Finding("watch nmj", LONG), Finding("channel x", "no", failed=True)),
    )

    with on_a_terminal() as terminal:
        tables.checked(found, as_json=False)
    tables.checked(found, as_json=False)

    assert fits(terminal)
    assert terminal.plain.count("watch nmj") == 1
    assert "[tiabb] is unknown" in terminal.plain
    assert "\x1b[1;31mFAILED" in terminal.getvalue()
    assert capsys.readouterr().out.splitlines() == [
        "ok\tconfiguration\twatcher.yaml is understood",
        "ok\ttime zones\t2026f",
        "warning\tquery-field\t[tiabb] is unknown; write [tiab]",
        "ok\twatch nmj\t2 seeds, threshold 35",
        f"ok\twatch nmj\t{LONG}",
        "FAILED\tchannel x\tno",
    ]


def test_seeds_are_told_with_what_was_understood() -> None:
    whole = Seed(
        "nmj/review.txt", "", "0", pmid=7, doi="10.9999/x", title=LONG, abstract="A.", keywords=("a",), headings=("b", "c"),
        notes="n",
    )  # fmt: skip
    bare = Seed("nmj/list.txt", "line 3", "0", pmid=8)

    resolved = [
        ResolvedSeed(whole, paper(7), "pmid"),
        ResolvedSeed(bare, paper(8, "Found by its number"), "pmid"),
        ResolvedSeed(bare),
    ]

    with on_a_terminal() as terminal:
        tables.seeds(NMJ, resolved, [Warned(Code.SEEDS_NOT_ASKED, "PubMed is away")])

    assert fits(terminal)
    assert terminal.plain.splitlines() == [
        "watch nmj: 3 seeds",
        "nmj/review.txt",
        "    Muscle-derived sLRP4 restores agrin signalling [in mice] and endplate",
        "    innervation in aged animals of both sexes, twice.",
        "    understood: PMID 7, 10.9999/x, abstract, 1 keyword, 2 headings, notes",
        "    record: PMID 7 by pmid",
        "nmj/list.txt line 3",
        "    Found by its number",
        "    understood: PMID 8",
        "    record: PMID 8 by pmid",
        "nmj/list.txt line 3",
        "    (no title)",
        "    understood: PMID 8",
        "    record: not looked up yet",
        "warning: PubMed is away",
    ]


def test_a_tick_says_what_it_did_with_the_numbers_that_drop_a_delivery(at_desk: Desks) -> None:
    one = lived(at_desk(record(1, title="The neuromuscular junction", created="2026-03-04")))

    with on_a_terminal() as terminal:
        tables.done(one.tick(MONDAY))

    told = " ".join(terminal.plain.split())
    assert fits(terminal)
    assert "list weekly: digest of 2026-03-09T08:00+01:00: 1 paper shown, 0 attached" in told
    assert "(delivery 1): 535 authentication refused; next try 10 Mar 07:00 UTC check the password" in told
    assert "pending to slack pi@lab.example: NMJ weekly: 1 new paper" in told
    assert "\x1b[1;31mparked" in terminal.getvalue()


def test_a_tick_with_nothing_to_do_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    tables.done(Done())
    tables.done(Done(waiting=("weekly: the digest waits for PubMed",)))

    assert capsys.readouterr().out == "nothing is due\nwaiting: weekly: the digest waits for PubMed\n"


def test_status_fits_a_terminal_in_the_labs_time(at_desk: Desks) -> None:
    one = lived(at_desk(record(1, title="The neuromuscular junction", created="2026-03-04")))
    one.tick(MONDAY)
    now = one.at("2026-03-09T09:00")

    with on_a_terminal() as terminal:
        standing.status(status(one.ticker(), one.store, now=now, config_sha256="abc"), as_json=False)

    lines = terminal.plain.splitlines()
    assert fits(terminal)
    assert any(line.startswith("Mon 09 Mar 2026 10:00 (Europe/Berlin), by the clock file") for line in lines)
    assert "nmj    Mon 09 Mar 08:00  Tue 10 Mar 05:30  1        0         2026-03-09" in lines
    assert "weekly  2026-03-09T08:00+01:00  1       Mon 16 Mar 08:00" in [line.rstrip() for line in lines]
    assert "deliveries: 1 pending, 1 parked; the oldest: Mon 09 Mar 08:00" in lines
    assert "incident: delivery 1 to mail pi@lab.example is parked: 535 authentication" in lines


def test_status_tells_the_service_the_slots_and_the_outages_within_80_columns(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)
    one.tick("2026-03-03T05:00")
    now, real = one.at("2026-03-03T06:00"), clock.real_now()
    pulse = Pulse(at=real, started_at=datetime(2026, 3, 2, 8, tzinfo=UTC), pid=42, tick_seconds=20)

    with on_a_terminal() as terminal:
        for around in (Around(pulse=pulse), Around(pulse=replace(pulse, problems=("disk full",))), Around()):
            standing.status(status(one.ticker(), one.store, now=now, config_sha256="abc", around=around), as_json=False)

    lines = terminal.plain.splitlines()
    assert fits(terminal)
    assert [line for line in lines if line.startswith("service: ")] == [
        "service: process 42, running since 02 Mar 2026 09:00, well",
        "service: process 42, running since 02 Mar 2026 09:00, NOT WELL: disk full",
    ]
    assert "no service is running" in lines
    assert "next runs of nmj: Wed 04 Mar 05:30 · Thu 05 Mar 05:30 · Fri 06 Mar 05:30" in lines
    assert "next digests of weekly: Mon 09 Mar 08:00 · Mon 16 Mar 08:00 · Mon 23 Mar 08:00" in lines
    (outage, *_) = [line for line in lines if line.startswith("outage: ")]
    assert outage.startswith("outage: nmj not searched Tue 03 Mar 06:00 to now (")


def test_status_draws_eight_weeks_of_each_watch_with_their_numbers_and_pipes_the_numbers_alone(
    at_desk: Desks, capsys: pytest.CaptureFixture[str]
) -> None:
    one = at_desk(record(1, title="The neuromuscular junction", created="2026-03-04"))
    one.watches[0] = replace(one.watch, name="a-watch-with-a-very-long-name")
    one.lists[0] = replace(WEEKLY, watches=("a-watch-with-a-very-long-name",))
    for instant in (START, "2026-03-05T05:00", MONDAY):
        one.tick(instant)
    told = status(one.ticker(), one.store, now=one.at("2026-03-09T12:00"), config_sha256="abc")

    with on_a_terminal() as terminal:
        standing.status(told, as_json=False)
    standing.status(told, as_json=False)

    lines = [line.rstrip() for line in terminal.plain.splitlines()]
    assert fits(terminal)
    assert "a-watch-with-a-very…  found  ▁▁▁▁▁▁▁█      0 0 0 0 0 0 0 1" in lines
    assert "                      shown  ▁▁▁▁▁▁▁█      0 0 0 0 0 0 0 1" in lines
    assert "weeks\ta-watch-with-a-very-long-name\tfound\t0 0 0 0 0 0 0 1" in capsys.readouterr().out.splitlines()


def test_status_says_when_it_goes_by_the_last_good_configuration(at_desk: Desks, capsys: pytest.CaptureFixture[str]) -> None:
    one = at_desk()
    one.tick(START)
    refused = ConfigurationError(Problem("no such day", "write monday", Place(Path("config/watcher.yaml"), 7)))
    pulse = Pulse(at=clock.real_now(), started_at=NOW, pid=42, tick_seconds=20)

    for around in (Around(refused=refused), Around(refused=refused, pulse=pulse)):
        standing.status(status(one.ticker(), one.store, now=one.at(START), config_sha256="abc", around=around), as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("configuration")] == [
        "configuration: bad; this is told by the last good one",
        "configuration: bad; the service works by the last good one",
    ]
    assert "incident: config/watcher.yaml:7: no such day" in lines


def test_an_explanation_fits_a_terminal_and_ends_with_the_answer(at_desk: Desks) -> None:
    one = lived(at_desk(record(1, title=f"{LONG} The neuromuscular junction", created="2026-03-04")))
    one.tick(MONDAY)

    with on_a_terminal() as terminal:
        tables.explanation(explain(one.store, pubmed_id(1), clock.now()), as_json=False)

    told = " ".join(terminal.plain.split())
    assert fits(terminal)
    assert "2026-03-09 07:00" in told
    assert told.endswith("PMID 1: It reached list weekly in the digest of 2026-03-09T08:00+01:00 (owed, not delivered yet).")


def test_progress_is_plain_lines_in_a_pipe_and_nothing_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(quiet=False) as say:
        say("nmj: fetched [1] of 2 records")
    with console.progress(quiet=True) as say:
        say("unheard")

    assert capsys.readouterr() == ("", "nmj: fetched [1] of 2 records\n")


def test_progress_is_one_moving_line_on_a_terminal() -> None:
    with on_a_terminal("stderr") as terminal, console.progress(quiet=False) as say:
        say("nmj: fetched [1] of 2 records")

    assert "nmj: fetched [1] of 2 records" in terminal.plain
    assert "\x1b[?25h" in terminal.getvalue()  # the cursor is back


# --- verdicts and the order of papers


def marked(one: Desk, *said: tuple[int, VerdictKind]) -> Orderer:
    """An orderer over a desk whose papers these verdicts were given on."""
    for pmid, kind in said:
        one.store.give_verdict(pubmed_id(pmid), kind, ["nmj"], reader="anna", at=NOW)
    return Orderer(one.store, lambda _watch: (), lambda _seeds, _learnt: one.rank(one.watch, ()))


def test_the_order_fits_a_terminal_each_paper_with_its_title_below(at_desk: Desks) -> None:
    one = at_desk(record(1, title=f"{LONG} The neuromuscular junction", created="2026-03-04"))
    one.tick(MONDAY)
    orderer = marked(one, (1, VerdictKind.NOT))

    with on_a_terminal() as terminal:
        ranked.orders([orderer.order(NMJ, None)], top=50, as_json=False)

    lines = terminal.plain.splitlines()
    assert fits(terminal)
    place = next(number for number, line in enumerate(lines) if line.startswith("   1   50.0"))
    assert lines[place] == "   1   50.0  2026-03-04  PMID 1  shown  marked not relevant"
    assert lines[place + 1].startswith("    Muscle-derived sLRP4 restores agrin signalling [in mice]")


def test_calibration_fits_a_terminal_with_its_table_and_its_border(at_desk: Desks) -> None:
    one = at_desk(*(record(number, title=f"{LONG} The neuromuscular junction", created="2026-03-04") for number in (1, 2)))
    one.values = {1: 34.96}
    one.tick(MONDAY)
    orderer = marked(one, (1, VerdictKind.NOT), (2, VerdictKind.RELEVANT))

    with on_a_terminal() as terminal:
        ranked.calibrated([orderer.calibrate(NMJ, NOW)], as_json=False)

    rows = [line.split() for line in terminal.plain.splitlines()]
    assert fits(terminal)
    assert ["from", "50", "1", "█" * 56, "1", "relevant"] in rows
    assert ["from", "30", "1", "█" * 56, "1", "not"] in rows
    assert ["from", "35", "0", "<", "now"] in rows
    assert ["threshold", "papers", "a", "week", "most", "relevant", "not", "precision", "recall"] in rows
    assert ["35", "now", "1", "0.2", "1", "1", "0", "100", "(21–100)", "100", "(21–100)"] in rows
    assert any(row[:2] == ["34.9", "1"] for row in rows)  # cut, not rounded up to the threshold
    assert ["just", "below", "35", "pmid", "title"] in rows


def test_what_is_behind_a_score_and_what_other_seeds_change_fit_a_terminal(at_desk: Desks) -> None:
    one = at_desk(*(record(number, title=f"{LONG} The neuromuscular junction", created="2026-03-04") for number in (1, 2)))
    one.tick(MONDAY)
    asked = iter([{1: 20.0, 2: 80.0}, {1: 80.0, 2: 20.0}])
    other = Orderer(one.store, lambda _watch: (), lambda _seeds, _learnt: ranking(next(asked)))

    with on_a_terminal() as terminal:
        ranked.behind(marked(one).behind(pubmed_id(1), [NMJ]), as_json=False)
        ranked.against([other.against(NMJ, (), None)], top=50, as_json=False)

    assert fits(terminal)
    rows = [line.split() for line in terminal.plain.splitlines()]
    assert ["space", "+1.00", "phrases"] in rows
    assert ["come", "in", "before", "after", "pmid", "title"] in rows
    assert any(row[:4] == ["2-1", "20.0", "80.0", "1"] for row in rows)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (HitState.BASELINE, "its text is not stored yet: the next run fetches it, and it counts from then on"),
        (HitState.UNAVAILABLE, "PubMed never gave its record, so nothing can be learnt from it unless that comes"),
    ],
)
def test_a_mark_on_a_paper_without_a_text_says_what_will_become_of_it(
    state: HitState, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Marked("nmj", None, VerdictKind.RELEVANT, (), VerdictKind.RELEVANT, state, has_text=False)

    marking(Marking(pubmed_id(1), "Agrin", "anna", (one,)))

    assert capsys.readouterr().out == f"PMID 1: Agrin\nwatch nmj: marked relevant by anna; {says}\n"


# --- what acts on a terminal -----------------------------------------------------------------------------------------------------------

ACTING = "\x1b[31m\x9b2J\x07\x00\r\u202e\u2066\u061c\u2028\x7f\udc80"
_ACTS = re.compile(r"[^\n\t -~\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\uffff]")


def shown_on(kind: str, show_it: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    if kind == "pipe":
        show_it()
        return capsys.readouterr().out
    with on_a_terminal() as terminal:
        show_it()
    return _COLOUR.sub("", terminal.getvalue())


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
@pytest.mark.parametrize(
    "show_it",
    [
        lambda: console.say(f"a {ACTING} b"),
        lambda: console.line(f"a {ACTING} b"),
        lambda: console.table(("head",), [(f"a {ACTING} b",)]),
        lambda: console.table((ACTING,), [("a b",)]),
        lambda: console.document({"title": f"a {ACTING} b", ACTING: [ACTING]}),
    ],
    ids=["say", "line", "table", "head", "json"],
)
def test_nothing_that_is_printed_acts_on_the_terminal(
    kind: str, show_it: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = shown_on(kind, show_it, capsys)

    assert "b" in shown or "title" in shown
    assert _ACTS.findall(shown) == []


def test_a_document_says_the_same_with_its_controls_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    content = {"title": f"α {ACTING} β", "at": "2026-03-02"}

    console.document(content | {"on": NOW})

    assert json.loads(capsys.readouterr().out) == content | {"on": "2026-03-09T07:00:00+00:00"}


def test_an_exported_file_is_itself_in_a_pipe_and_made_visible_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    text = "pmid,title\r\n1,\x9b2J α\r\n"

    console.file(text)
    with on_a_terminal() as terminal:
        console.file(text)

    assert capsys.readouterr().out == text
    assert terminal.getvalue() == "pmid,title\n1,\\x9b2J α\n"


def test_complaints_and_the_words_of_a_bug_are_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    console.complain(f"a {ACTING}\nb")
    try:
        raise RuntimeError(ACTING)
    except RuntimeError as error:
        console.bug(RuntimeError, error, error.__traceback__)

    told = capsys.readouterr().err
    assert _ACTS.findall(told) == []
    assert told.startswith("a \\x1b[31m\\x9b2J\\x07\\x00\\x0d\\u202e")
    assert "Traceback (most recent call last)" in told


def test_progress_is_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(quiet=False) as say:
        say(f"a {ACTING} b")

    assert _ACTS.findall(capsys.readouterr().err) == []


def test_the_command_line_prints_through_its_door_only() -> None:
    rooms = Path(console.__file__).parent
    printing = re.compile(r"typer\.echo|\bprint\(|sys\.std(?:out|err)\.write|json\.dumps")

    beside = {file.name for file in rooms.glob("*.py") if printing.search(file.read_text())}

    assert beside == {"console.py"}
