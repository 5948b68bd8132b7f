"""What somebody does by hand: a tick, runs, a rereading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
from support.flow_samples import NMJ, WEEKLY, Desk, mail_channel

from standins.eutils.papers import paper
from watcher.domain import Code, RunOutcome, RunReport, Warned
from watcher.errors import Busy
from watcher.flows.notices.alert import Alerter
from watcher.flows.schedule import manual

Desks = Callable[..., Desk]

START, MONDAY = "2026-03-02T09:00", "2026-03-09T07:00"
DOUBTFUL = Warned(Code.QUERY_OPERATOR, "or is searched as a word", "write OR")


def on_nmj(pmid: int, created: str = "2026-03-01") -> bytes:
    return paper(pmid, title="The neuromuscular junction", created=created)


def alerter(one: Desk) -> Alerter:
    """One that tells the list's own channel."""
    channels = {"mail": mail_channel("mail")}
    watches, lists = {watch.name: watch for watch in one.watches}, {list_.name: list_ for list_ in one.lists}
    return Alerter(one.store, channels, lists, watches, lambda _channel: ("owner@lab.example",), "lab.example", "mail")


def nothing(_reports: Sequence[RunReport]) -> tuple[Warned, ...]:
    return ()


def test_runs_by_hand_keep_what_they_find_and_are_heard_of(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    now, heard = one.load(START), list[str]()
    ticker = one.ticker_with(began=heard.append, ended=lambda report: heard.append(report.outcome))

    ran = manual.run_now(ticker, [NMJ], alerter(one), nothing, now)

    assert [(run.watch, run.outcome, run.new) for run in ran.reports] == [("nmj", RunOutcome.GOOD, 1)]
    assert (ran.rehearsed, heard) == ((), ["nmj", "good"])
    assert one.store.run_history("nmj", now=now).last_good is not None


def test_a_rehearsal_keeps_nothing_and_its_warnings_are_told_with_it(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    now, asked = one.load(START), list[str]()

    def warned(reports: Iterable[RunReport]) -> tuple[Warned, ...]:
        asked.extend(report.watch for report in reports)
        return (DOUBTFUL,)

    ran = manual.rehearse_now(one.ticker(), [NMJ], warned, now)

    assert [len(one_run.articles) for one_run in ran.rehearsed] == [1]
    assert (ran.reports, ran.warnings, asked) == ((), (DOUBTFUL,), ["nmj"])
    assert one.store.run_history("nmj", now=now).last is None


def test_no_run_by_hand_begins_beside_another_process(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    now = one.load(START)
    assert one.store.take_lease("pubmed", holder="somebody", seconds=60)

    for by_hand in (
        lambda: manual.run_now(one.ticker(), [NMJ], alerter(one), nothing, now),
        lambda: manual.rehearse_now(one.ticker(), [NMJ], nothing, now),
        lambda: manual.compose_now(one.ticker(), WEEKLY, now),
    ):
        with pytest.raises(Busy, match="somebody"):
            by_hand()

    assert one.store.run_history("nmj", now=now).last is None


def test_what_a_tick_warns_of_is_news_once_and_owed_at_once(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    ticks = [manual.tick_now(one.ticker(), alerter(one), lambda _reports: (DOUBTFUL,), one.load(at)) for at in (START, MONDAY)]

    first, second = ticks
    assert (first.is_news, second.is_news) == (True, False)
    assert first.warnings == second.warnings == (DOUBTFUL,)
    assert [sending.delivery.message.subject.startswith("[watcher] 1 warning") for sending in first.done.sendings] == [True]
    assert [sending.delivery.message.subject.startswith("[watcher]") for sending in second.done.sendings] == [False]


def test_a_tick_with_nothing_to_tell_owes_no_notice(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))

    ticked = manual.tick_now(one.ticker(), alerter(one), nothing, one.load(START))

    assert (ticked.is_news, ticked.warnings, ticked.done.sendings) == (False, (), ())
    assert [run.watch for run in ticked.done.runs] == ["nmj"]


def test_a_rereading_by_hand_reads_what_readers_had_whether_or_not_it_is_time(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick(MONDAY)
    now, ticker = one.load("2026-03-10T09:00"), one.ticker()
    assert ticker.rereader is not None
    assert not ticker.rereader.is_due(now)

    done = manual.reread_now(ticker.rereader, "me", now)

    assert (done.papers, done.error) == (1, None)
    assert done.finished_at is not None
