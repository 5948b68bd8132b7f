"""Lists, watches and digests over days: what a tick finds due, judges, presents and owes. Scores are what each test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.flow_samples import ALS, NMJ, WEEKLY, Desk, passing
from support.records import in_numbers
from support.store_samples import days

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import (
    DeliveryState,
    Digest,
    Empty,
    ErrorKind,
    Item,
    Outcome,
    ResolvedSeed,
    RunKind,
    RunOutcome,
    RunReport,
    Section,
    Seed,
    Start,
    Watch,
    pubmed_id,
)
from watcher.errors import AlreadyComposed, Busy, ConfigurationError, Problem
from watcher.flows.compose.compose import Composer
from watcher.flows.schedule import manual
from watcher.flows.schedule.tick import Done
from watcher.rank import Ranking

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"  # a Monday; in Berlin 10:00, after the slot
DAY = "2026-03-03T05:00"
MONDAY = "2026-03-09T07:00"  # 08:00 in Berlin
NEXT_MONDAY = "2026-03-16T07:00"
THIRD_MONDAY = "2026-03-23T07:00"


def on_nmj(pmid: int, created: str = "2026-03-04", **more: object) -> bytes:
    return paper(pmid, **{"title": "The neuromuscular junction", "created": created, **more})  # type: ignore[arg-type]


def numbers(items: Sequence[Item]) -> set[int]:
    return {item.article.record_id.id for item in items}


def shown(digest: Digest) -> set[int]:
    return numbers(digest.items)


# --- what is due


def test_the_first_tick_runs_every_watch_and_composes_nothing(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    done = one.tick(START)

    assert [run.kind for run in done.runs] == ["first"]
    assert (done.drafts, done.sendings, done.failed) == ((), (), False)


def test_a_slot_from_before_the_list_existed_is_not_missed(at_desk: Desks) -> None:
    one = at_desk()

    assert one.tick("2026-03-02T07:30").drafts == ()
    assert one.tick("2026-03-08T23:00").drafts == ()
    assert len(one.tick(MONDAY).drafts) == 1


def test_between_composing_a_large_digest_and_sending_it_memory_is_given_back(
    at_desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, given_back = at_desk(on_nmj(1), on_nmj(2)), list[int]()
    ticker = replace(one.ticker(), rest=lambda: given_back.append(len(one.post.taken)))
    ticker.tick(one.load(START))
    small = replace(one.ticker(), rest=lambda: given_back.append(-1))
    monkeypatch.setattr("watcher.flows.compose.compose.LARGE", 1)

    done = ticker.tick(one.load(MONDAY))
    small.tick(one.load(NEXT_MONDAY))

    assert len(done.sendings) == 1
    assert given_back == [0]


def test_what_ranking_and_rendering_took_is_given_back_by_a_large_digest(at_desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    one, given_back = at_desk(on_nmj(1), on_nmj(2)), list[int]()
    one.tick(START)
    composer = one.ticker().composer
    composer = replace(composer, rest=lambda: given_back.append(len(one.store.deliveries())))
    monkeypatch.setattr("watcher.flows.compose.compose.LARGE", 1)

    for moment in (MONDAY, NEXT_MONDAY):
        replace(one.ticker(), composer=composer).tick(one.load(moment))

    assert given_back == [0, 0]  # and once more when it was rendered, before it is owed


def test_a_draft_that_is_owed_holds_its_messages_no_longer(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, abstract="Agrin and MuSK."))
    one.tick(START)

    (draft,) = one.tick(MONDAY).drafts

    assert (draft.messages, draft.judgements) == ((), ())
    assert len(draft.digest.presented) == 1
    assert [item.article.abstract for item in draft.digest.presented] == [""]


def test_nothing_is_due_twice(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick(MONDAY)
    one.pubmed.forget()

    again = one.tick("2026-03-09T07:01")

    assert (again.runs, again.drafts, again.sendings) == ((), (), ())
    assert one.pubmed.log == []


def test_watches_run_once_a_day_at_their_time(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)

    runs = [len(one.tick(instant).runs) for instant in ("2026-03-03T04:29", "2026-03-03T04:30", "2026-03-03T23:00")]

    assert runs == [0, 1, 0]


def test_a_failed_run_is_tried_again(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)

    failed, good = one.tick(START), one.tick("2026-03-02T09:11")

    assert (failed.failed, failed.unreachable) == (True, True)
    assert (good.failed, one.news()) == (False, {1})


def test_two_lists_that_share_a_watch_search_once_a_tick(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.lists.append(replace(WEEKLY, name="second"))
    one.tick(START)
    one.pubmed.forget()

    done = one.tick(MONDAY)

    assert [len(draft.digest.items) for draft in done.drafts] == [1, 1]
    assert len(done.runs) == 1
    assert one.pubmed.requests_by_tool == {"esearch": 2, "efetch": 1}


def test_a_paused_list_waits_and_its_papers_come_with_the_next_digest(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-12"))
    one.lists[0] = replace(WEEKLY, pause_until=date(2026, 3, 16))
    one.tick(START)

    assert one.tick(MONDAY).drafts == ()
    assert one.ticker().next_digest(one.lists[0], one.at(MONDAY)) == datetime(2026, 3, 16, 7, tzinfo=UTC)
    assert shown(one.digest(NEXT_MONDAY)) == {1, 2}


def test_when_a_digest_is_due_its_list_says_now(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    due = one.load(MONDAY)

    assert one.ticker().next_digest(WEEKLY, due) == due
    one.tick(MONDAY)
    assert one.ticker().next_digest(WEEKLY, due) == datetime(2026, 3, 16, 7, tzinfo=UTC)


# --- failures


def test_one_broken_watch_is_a_line_and_the_others_go_on(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), paper(2, title="Amyotrophic lateral sclerosis", created="2026-03-01"))
    one.watches.append(replace(ALS, threshold=0, allow_over=0))
    one.lists[0] = replace(WEEKLY, watches=("als", "nmj"))
    one.tick(START)

    done = one.tick(MONDAY)

    assert {run.watch: str(run.outcome) for run in done.runs} == {"als": "refused", "nmj": "good"}
    (digest,) = (draft.digest for draft in done.drafts)
    assert shown(digest) == {1}
    assert [(gap.watch, gap.reason) for gap in digest.gaps] == [("als", done.runs[0].error)]
    assert [(outage.watches, outage.made_good_at) for outage in digest.receipt.outages] == [(("als",), None)]
    assert (done.failed, done.unreachable) == (True, False)


def test_a_watch_whose_seeds_hold_no_text_is_left_for_the_next_digest(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), paper(2, title="Amyotrophic lateral sclerosis", created="2026-03-04"))
    one.watches.append(replace(ALS, threshold=0))
    one.lists[0] = replace(WEEKLY, watches=("als", "nmj"))
    one.tick(START)
    one.tick("2026-03-05T05:00")

    due = one.load(MONDAY)
    (draft,) = without_als_seeds(one).tick(due).drafts
    later = one.digest(NEXT_MONDAY)

    assert shown(draft.digest) == {1}
    assert [(gap.watch, gap.since, gap.reason) for gap in draft.digest.gaps] == [("als", date(2026, 1, 31), "no seed has text")]
    assert (shown(later), later.gaps) == ({2}, ())


def without_als_seeds(one: Desk):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a Ticker
    ticker = one.ticker()

    def seeds(watch: Watch) -> tuple[ResolvedSeed, ...]:
        if watch.name == "als":
            raise ConfigurationError(Problem("no seed has text"))
        return ()

    return replace(ticker, composer=replace(ticker.composer, seeds=seeds))


def test_papers_of_a_watch_that_cannot_be_ranked_are_presented_all_the_same_and_the_reader_is_told(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2))
    one.values = {1: 10, 2: 90}
    unranked = replace(one.ticker(), runner=lambda: replace(one.runner(), rank=no_text))
    unranked.tick(one.load(START))

    composer = replace(unranked.composer, rank=no_text)
    (draft,) = replace(unranked, composer=composer).tick(one.load(MONDAY)).drafts

    assert [(item.article.pmid, item.score, item.highlight) for item in draft.digest.items] == [(1, 35, False), (2, 35, False)]
    (remark,) = draft.digest.receipt.remarks
    assert remark == "watch Neuromuscular junction: its papers are not ranked and all are shown: no seed has text"


def test_scores_take_over_as_soon_as_there_are_some(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2))
    one.values = {1: 10, 2: 90}
    one.tick(START)
    replace(one.ticker(), runner=lambda: replace(one.runner(), rank=no_text)).tick(one.load("2026-03-05T05:00"))

    digest = one.digest(MONDAY)

    assert [(item.article.pmid, item.score) for item in digest.items] == [(2, 90)]
    assert digest.receipt.remarks == ()


def no_text(_watch: Watch, _seeds: Sequence[ResolvedSeed]) -> Ranking:
    raise ConfigurationError(Problem("no seed has text"))


def test_a_digest_waits_six_hours_for_pubmed_and_then_goes_out_with_the_gap(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-03"), on_nmj(2, "2026-03-08"))
    one.tick(START)
    one.tick("2026-03-04T05:00")
    one.pubmed.faults.plant("esearch", kind="http-503", times=1_000)

    waiting = [one.tick(instant) for instant in (MONDAY, "2026-03-09T12:59")]
    one_after = one.digest("2026-03-09T13:00")
    one.pubmed.faults.clear()
    later = one.digest(NEXT_MONDAY)

    assert all(done.drafts == () and "waits for PubMed until" in done.waiting[0] for done in waiting)
    assert shown(one_after) == {1}
    assert [(gap.watch, gap.since, gap.until) for gap in one_after.gaps] == [("nmj", date(2026, 3, 2), date(2026, 3, 9))]
    assert one_after.period.key == "2026-03-09T08:00+01:00"
    assert one_after.period.late_reason == "it waited for PubMed, which did not answer when it was due"
    assert (shown(later), later.gaps) == ({2}, ())


def test_a_digest_without_a_reading_covers_nothing_and_the_next_goes_on_from_there(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-03"), on_nmj(2, "2026-03-12"))
    one.tick(START)
    one.digest(MONDAY)
    one.pubmed.faults.plant("esearch", kind="http-503", times=1_000)

    one.tick(NEXT_MONDAY)
    blind = one.digest("2026-03-16T15:00")
    one.pubmed.faults.clear()
    later = one.digest("2026-03-23T08:00")

    assert [(one.period.covers_from, one.period.covers_to) for one in (blind, later)] == [
        (date(2026, 3, 9), date(2026, 3, 9)),
        (date(2026, 3, 9), date(2026, 3, 23)),
    ]
    assert [(gap.since, gap.until) for gap in blind.gaps] == [(date(2026, 3, 9), date(2026, 3, 16))]
    assert (shown(later), later.gaps) == ({2}, ())


def test_a_digest_whose_watch_is_refused_does_not_wait(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.edit(allow_over=0)
    one.tick(START)

    assert [gap.watch for gap in one.digest(MONDAY).gaps] == ["nmj"]


def test_what_is_owed_is_sent_though_another_process_talks_to_pubmed(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.refuse("mail", *passing())
    one.tick(START)
    one.tick(MONDAY)
    one.store.take_lease("pubmed", holder="another")

    with pytest.raises(Busy, match="another process \\(another\\) holds 'pubmed'"):
        one.tick("2026-03-10T05:00")

    assert len(one.post.taken) == 1


def test_a_run_that_a_dead_process_left_open_is_closed(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.store.begin_run("nmj", "first", one.at(START))

    done = one.tick(START)

    assert [str(run.outcome) for run in done.runs] == ["good"]
    assert [str(run.outcome) for run in one.store.runs_since("nmj", None)] == ["abandoned", "good"]


def test_a_digest_that_another_process_has_just_composed_is_left_to_it(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    now = one.load(MONDAY)

    class Overtaken(Composer):
        def compose(self, request: object, **_more: object) -> None:  # type: ignore[override]
            raise AlreadyComposed(str(request))

    ticker = one.ticker()
    composer = Overtaken(**{name: getattr(ticker.composer, name) for name in ticker.composer.__slots__})
    done = replace(ticker, composer=composer).tick(now)

    assert (done.drafts, done.waiting) == ((), ())
    assert "weekly: another process has just composed this digest" in one.heard


def report(kind: ErrorKind | None = None, *, may_pass: bool = False, refused: bool = False) -> RunReport:
    outcome = RunOutcome.REFUSED if refused else RunOutcome.FAILED if kind else RunOutcome.GOOD
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return RunReport("nmj", RunKind.FULL, outcome, at, at, error_kind=kind, error=kind and "x", may_pass=may_pass)


GOOD, AWAY = report(), report(ErrorKind.NO_ANSWER, may_pass=True)
QUIET, REFUSED, SEEDS = (
    report(ErrorKind.QUIET_HOURS, may_pass=True),
    report(ErrorKind.QUERY, refused=True),
    report(ErrorKind.SEED_FILE),
)


@pytest.mark.parametrize(
    ("runs", "failed", "unreachable", "misconfigured"),
    [
        ((), False, False, False),
        ((GOOD,), False, False, False),
        ((AWAY,), True, True, False),
        ((AWAY, AWAY), True, True, False),
        ((AWAY, GOOD), True, False, False),
        ((AWAY, REFUSED), True, True, False),
        ((REFUSED,), True, False, False),
        ((QUIET,), True, False, False),
        ((SEEDS,), True, False, True),
        ((SEEDS, GOOD), True, False, False),
    ],
)
def test_a_tick_knows_whether_pubmed_or_the_lab_is_to_blame(
    runs: tuple[RunReport, ...], failed: bool, unreachable: bool, misconfigured: bool
) -> None:
    done = Done(runs=runs)

    assert (done.failed, done.unreachable, done.misconfigured) == (failed, unreachable, misconfigured)


# --- periods


def test_periods_follow_each_other_without_a_hole(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)

    periods = [one.digest(monday).period for monday in (MONDAY, NEXT_MONDAY)]

    assert [(period.covers_from, period.covers_to, period.first) for period in periods] == [
        (date(2026, 1, 31), date(2026, 3, 9), True),
        (date(2026, 3, 9), date(2026, 3, 16), False),
    ]


def test_missed_slots_make_one_digest_that_says_so(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-20"))
    one.tick(START)

    digest = one.digest("2026-03-24T12:00")

    assert digest.period.key == "2026-03-23T08:00+01:00"
    assert digest.period.late_reason.startswith("2 earlier digests were missed while the service was off or held up")
    assert shown(digest) == {1, 2}


def test_a_late_start_on_the_day_is_told(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)

    assert one.digest("2026-03-09T09:00").period.late_reason == ""
    assert one.digest("2026-03-16T09:01").period.late_reason == "the service was off or held up when it was due"


def test_a_digest_by_hand_has_a_period_of_its_own_and_the_slot_still_comes(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-08"))
    one.tick(START)

    done = manual.compose_now(one.ticker(), WEEKLY, one.load("2026-03-05T12:00"))
    slot = one.digest(MONDAY)

    (draft,) = done.drafts
    assert draft.digest.period.key == "manual:2026-03-05T12:00:00+00:00"
    assert (shown(draft.digest), shown(slot)) == ({1}, {2})
    assert [(run.kind, run.outcome) for run in done.runs] == [("full", "good")]
    assert len(one.post.taken) == 2


def test_looking_at_a_digest_changes_nothing(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.tick("2026-03-05T05:00")
    requests = len(one.pubmed.log)

    looked = [shown(manual.draft_now(one.ticker(), WEEKLY).digest) for _ in range(2)]

    assert looked == [{1}, {1}]
    assert len(one.pubmed.log) == requests
    assert (one.store.facts().digests, one.store.facts().pending) == (0, 0)
    assert shown(one.digest(MONDAY)) == {1}


# --- what a digest holds


def test_an_empty_period_sends_its_receipt(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2020-01-01"))
    one.tick(START)

    digest = one.digest(MONDAY)

    assert (digest.items, digest.receipt.checked, digest.receipt.new) == ((), 1, 0)
    assert len(one.post.taken) == 1


def test_an_empty_period_of_a_silent_list_sends_nothing_but_writes_its_row(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-12"))
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick(START)

    done = one.tick(MONDAY)
    history = one.store.list_history("weekly")
    one.tick(NEXT_MONDAY)

    assert (len(done.drafts), done.sendings) == (1, ())
    assert (history.last_period, history.last_papers, history.covers_to) == ("2026-03-09T08:00+01:00", 0, date(2026, 3, 9))
    assert len(one.post.taken) == 1


def test_a_silent_list_speaks_when_something_failed(at_desk: Desks) -> None:
    one = at_desk()
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick(START)
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)
    one.tick("2026-03-05T05:00")

    one.tick(MONDAY)

    assert len(one.post.taken) == 1


def test_failures_are_told_once_in_the_digest_after_them(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)
    one.tick("2026-03-05T05:00")

    receipt = one.digest(MONDAY).receipt
    (told,) = receipt.outages
    assert (told.since, told.made_good_at) == (datetime(2026, 3, 5, 5, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC))
    assert "HTTP 503" in told.reason
    assert receipt.failures == ()
    assert one.digest(NEXT_MONDAY).receipt.outages == ()


def test_a_retracted_paper_is_named_in_the_receipt_and_not_shown(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, types=["Retracted Publication"]), on_nmj(2, types=["Retraction of Publication"]))
    one.tick(START)

    digest = one.digest(MONDAY)

    assert shown(digest) == {2}
    assert in_numbers((digest.receipt.retracted, digest.receipt.new)) == ((1,), 2)


def test_the_receipt_adds_up(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid) for pmid in range(1, 6)), on_nmj(6, types=["Comment"]))
    one.values = {1: 90, 2: 80, 3: 70, 4: 10, 5: 10}
    one.lists[0] = replace(WEEKLY, limit=2)
    one.tick(START)

    receipt = one.digest(MONDAY).receipt

    assert (receipt.new, receipt.shown, receipt.attached, receipt.below_threshold, receipt.excluded_type) == (6, 2, 1, 2, 1)
    assert receipt.next_digest_at == datetime(2026, 3, 16, 7, tzinfo=UTC)


def test_only_papers_with_the_lists_chips_are_presented(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, mesh=["Mice"]), on_nmj(2, mesh=["Zebrafish"]))
    one.lists[0] = replace(WEEKLY, chips=("Mice",))
    one.tick(START)

    assert shown(one.digest(MONDAY)) == {1}


def test_what_never_came_is_named_in_the_receipt_when_it_is_given_up(at_desk: Desks) -> None:
    one = at_desk(Planted(on_nmj(1), fetchable_at=date(2027, 1, 1)))
    one.tick(START)

    waiting = one.digest(MONDAY).receipt
    given_up = one.digest("2026-04-13T06:00").receipt
    after = one.digest("2026-04-20T06:00").receipt

    assert (waiting.awaiting, waiting.unavailable) == (1, ())
    assert in_numbers((given_up.awaiting, given_up.unavailable)) == (0, (1,))
    assert after.unavailable == ()


# --- judged once, and when again


def test_a_title_that_gains_its_abstract_is_judged_again(at_desk: Desks) -> None:
    bare = on_nmj(1)
    full = on_nmj(1, abstract="Agrin and MuSK.", revised="2026-03-11")
    one = at_desk(Planted(bare, changes=((date(2026, 3, 11), full),)))
    one.values = {1: 10}
    one.tick(START)

    first = one.digest(MONDAY)
    one.values = {1: 80}
    second, third = one.digest(NEXT_MONDAY), one.digest(THIRD_MONDAY)

    assert (first.items, first.receipt.below_threshold) == ((), 1)
    (item,) = second.items
    assert (item.article.pmid, item.note) == (1, "Its abstract or its MeSH headings have arrived.")
    assert (second.receipt.new, second.receipt.shown) == (1, 1)
    assert third.items == ()


def test_a_paper_that_gains_its_headings_is_judged_again(at_desk: Desks) -> None:
    indexed = on_nmj(1, mesh=["*Neuromuscular Junction"], mesh_on="2026-03-11", revised="2026-03-11")
    one = at_desk(Planted(on_nmj(1), changes=((date(2026, 3, 11), indexed),)))
    one.values = {1: 10}
    one.tick(START)
    one.tick(MONDAY)

    one.values = {1: 80}
    digest = one.digest(NEXT_MONDAY)

    assert shown(digest) == {1}
    assert [heading.name for heading in digest.items[0].article.headings] == ["Neuromuscular Junction"]


def test_what_gained_an_abstract_and_stays_below_is_not_judged_a_third_time(at_desk: Desks) -> None:
    full = on_nmj(1, abstract="Agrin.", revised="2026-03-11")
    one = at_desk(Planted(on_nmj(1), changes=((date(2026, 3, 11), full),)))
    one.values = {1: 10}
    one.tick(START)

    for monday in (MONDAY, NEXT_MONDAY, THIRD_MONDAY):
        one.tick(monday)

    assert [one.outcome for one in one.store.explain(pubmed_id(1)).judgements] == [Outcome.BELOW_THRESHOLD] * 2


def test_changed_seeds_bring_back_at_most_five_of_the_last_four_weeks(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid) for pmid in range(1, 9)))
    one.values = dict.fromkeys(range(1, 9), 10)
    one.tick(START)
    one.tick(MONDAY)

    one.values = {pmid: 30 + pmid * 5 for pmid in range(1, 9)}  # 35 … 70
    one.ranked_as = "ranking-2"
    digest = one.digest(NEXT_MONDAY)

    assert [item.article.pmid for item in digest.items] == [8, 7, 6, 5, 4]
    assert {item.section for item in digest.items} == {Section.RECONSIDERED}
    assert digest.receipt.new == 0
    assert shown(one.digest(THIRD_MONDAY)) == {1, 2, 3}


def test_changed_seeds_do_not_reach_further_back_than_four_weeks(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.values = {1: 10}
    one.tick(START)
    one.tick(MONDAY)

    one.values, one.ranked_as = {1: 90}, "ranking-2"

    assert one.digest("2026-04-13T06:00").items == ()


def test_news_is_scored_by_the_seeds_of_the_digests_day(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.values = {1: 10}
    one.tick(START)
    one.tick("2026-03-05T05:00")

    one.values, one.ranked_as = {1: 90}, "ranking-2"

    assert [(item.article.pmid, item.score, item.section) for item in one.digest(MONDAY).items] == [(1, 90, Section.PICK)]


# --- works


def test_an_article_after_its_preprint_is_a_follow_up_and_not_presented_again(at_desk: Desks) -> None:
    pre = on_nmj(1, types=["Preprint", "Journal Article"], journal="bioRxiv")
    article = on_nmj(2, "2026-03-12", journal="eLife", relations=[("UpdateOf", 1, "bioRxiv. 2026")])
    one = at_desk(pre, article)
    one.tick(START)

    first, second, third = (one.digest(monday) for monday in (MONDAY, NEXT_MONDAY, THIRD_MONDAY))

    assert [(item.article.pmid, item.section) for item in first.items] == [(1, Section.PREPRINT)]
    assert second.items == ()
    assert [(told.article.pmid, told.text) for told in second.follow_ups] == [(2, "now in eLife")]
    assert second.receipt.already_presented == 1
    assert (third.items, third.follow_ups) == ((), ())
    assert len(one.post.taken) == 3


def test_a_follow_up_alone_speaks_though_the_list_is_silent_when_empty(at_desk: Desks) -> None:
    pre = on_nmj(1, types=["Preprint"])
    one = at_desk(pre, on_nmj(2, "2026-03-12", relations=[("UpdateOf", 1, "bioRxiv. 2026")]))
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick(START)
    one.tick(MONDAY)

    one.tick(NEXT_MONDAY)

    assert len(one.post.taken) == 2


def test_a_work_reaches_each_list_once(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.watches.append(replace(NMJ, name="als", query="neuromuscular[tiab]"))
    one.lists[:] = [replace(WEEKLY, watches=("nmj", "als")), replace(WEEKLY, name="second", watches=("als",))]
    one.tick(START)

    done = one.tick(MONDAY)

    assert [[(item.article.pmid, item.watches) for item in draft.digest.items] for draft in done.drafts] == [
        [(1, ("nmj", "als"))],
        [(1, ("als",))],
    ]
    assert all(draft.digest.items == () for draft in one.tick(NEXT_MONDAY).drafts)


# --- changes of the configuration


def test_a_list_that_takes_up_an_existing_watch_later_has_its_own_cut(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-02-10"), on_nmj(2, "2026-03-20"), on_nmj(3, "2026-04-01"))
    for instant in (START, MONDAY, "2026-03-25T05:00", "2026-04-03T05:00"):
        one.tick(instant)

    one.lists.append(replace(WEEKLY, name="late"))
    one.tick("2026-04-04T05:00")
    digest = one.digest("2026-04-06T06:00", "late")

    assert shown(digest) == {2, 3}
    assert (digest.period.covers_from, digest.period.first) == (date(2026, 3, 5), True)


def test_of_a_watch_that_a_list_takes_up_later_the_best_few_are_shown_and_the_rest_attached(at_desk: Desks) -> None:
    als = [paper(pmid, title="Amyotrophic lateral sclerosis", created="2026-03-04") for pmid in range(10, 16)]
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-12"), *als)
    one.watches.append(replace(ALS, threshold=0, start=Start(30, 2)))
    one.values = {10: 99, 11: 98}
    one.tick(START)
    one.tick("2026-03-05T05:00")
    one.tick(MONDAY)

    one.lists[0] = replace(WEEKLY, watches=("nmj", "als"))
    one.tick("2026-03-10T05:00")
    digest = one.digest(NEXT_MONDAY)

    assert shown(digest) == {2, 10, 11}
    assert numbers(digest.attached) == {12, 13, 14, 15}


def test_a_new_watch_of_an_old_list_shows_the_best_few_once(at_desk: Desks) -> None:
    als = [paper(pmid, title="Amyotrophic lateral sclerosis", created="2026-03-04") for pmid in range(10, 14)]
    later = [paper(pmid, title="Amyotrophic lateral sclerosis", created="2026-03-20") for pmid in range(20, 24)]
    one = at_desk(*als, *later)
    one.tick(START)
    one.tick(MONDAY)

    one.watches.append(replace(ALS, threshold=0, start=Start(30, 2)))
    one.lists[0] = replace(WEEKLY, watches=("nmj", "als"))
    second, third = one.digest(NEXT_MONDAY), one.digest(THIRD_MONDAY)

    assert (len(second.items), len(second.attached)) == (2, 2)
    assert (shown(third), third.attached) == ({20, 21, 22, 23}, ())


def test_a_renamed_watch_keeps_its_ledger_and_presents_nothing_twice(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2020-01-01"), on_nmj(3, "2026-03-12"))
    one.tick(START)
    one.tick(MONDAY)

    one.watches[0] = replace(NMJ, name="synapse", was="nmj")
    one.lists[0] = replace(WEEKLY, watches=("synapse",))
    digest = one.digest(NEXT_MONDAY)

    assert shown(digest) == {3}
    assert in_numbers(set(one.store.ledger("synapse"))) == {1, 2, 3}
    assert not digest.period.first


def test_starters_of_an_edit_are_shown_once_in_their_own_section(at_desk: Desks) -> None:
    old = [paper(pmid, title="The kidney", created="2020-01-01") for pmid in range(10, 15)]
    one = at_desk(on_nmj(1), *old)
    one.edit(start=Start(30, 2))
    one.tick(START)
    one.tick(MONDAY)

    one.edit(query="neuromuscular junction[tiab] OR kidney[tiab]")
    second, third = one.digest(NEXT_MONDAY), one.digest(THIRD_MONDAY)

    assert {(item.article.pmid, item.section) for item in second.items} == {(14, Section.STARTER), (13, Section.STARTER)}
    assert second.receipt.new == 0
    assert third.items == ()


def test_each_delivery_is_owed_before_it_is_tried(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.refuse("mail", *passing())
    one.tick(START)

    one.tick(MONDAY)

    (owed,) = one.store.deliveries(states={DeliveryState.PENDING})
    assert (owed.list_name, owed.period, owed.attempts) == ("weekly", "2026-03-09T08:00+01:00", 1)
    assert len(one.tick("2026-03-09T08:00").sendings) == 1
    assert [rfc822_id for _, _, rfc822_id in one.post.taken] == [owed.rfc822_id]


def test_a_digest_takes_its_time_when_its_watches_are_read(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    now = one.load(MONDAY)
    slow = replace(one.ticker(), runner=lambda: _slow(one))

    (draft,) = slow.tick(now).drafts

    assert draft.digest.composed_at == now + days(1 / 24)
    assert one.store.runs_since("nmj", draft.digest.composed_at) == ()
    assert len(one.post.taken) == 1


def _slow(one: Desk):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Runner whose seeds take an hour to read
    def seeds(_watch: object) -> tuple[Seed, ...]:
        one.at("2026-03-09T08:00")
        return ()

    return replace(one.runner(), seeds=seeds)
