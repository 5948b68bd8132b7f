from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from support.flow_samples import ALS, NMJ, WEEKLY, Desk, final, passing
from support.records import in_numbers

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import clock
from watcher.domain import Empty, GaveWay, pubmed_id
from watcher.flows.questions.explain import Explanation, Step, explain

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"
THURSDAY = "2026-03-05T05:00"
MONDAY = "2026-03-09T07:00"
NEXT_MONDAY = "2026-03-16T07:00"
PERIOD = "2026-03-09T08:00+01:00"
NEXT = "Monday 9 March 2026, 08:00 (Europe/Berlin)"
AT_MONDAY = datetime(2026, 3, 9, 7, tzinfo=UTC)


def on_nmj(pmid: int, created: str = "2026-03-04", **more: object) -> bytes:
    return paper(pmid, **{"title": "The neuromuscular junction", "created": created, **more})  # type: ignore[arg-type]


def told(one: Desk, pmid: int) -> Explanation:
    now, ticker = clock.now(), one.ticker()
    return explain(one.store, pubmed_id(pmid), now, lambda name: ticker.next_digest_of(name, now))


def stations(explanation: Explanation) -> list[tuple[str, str]]:
    return [(step.step, str(step.outcome)) for step in explanation.steps]


def test_a_pmid_that_nothing_matched_has_an_explanation_too(at_desk: Desks) -> None:
    one = at_desk()

    found = told(one, 7)

    assert in_numbers(found.record_id) == 7
    assert found.steps == (Step("matched", "never", None, "no watch's search has returned this pmid"),)
    assert found.answer.startswith("No watch has ever matched it")


def test_an_old_paper_is_baseline(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2020-01-01"))
    one.tick(START)

    found = told(one, 1)

    (step,) = found.steps
    assert (step.step, step.outcome, step.at) == ("matched", "baseline", datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert step.detail.startswith("watch nmj: ")
    assert found.answer.startswith("It is not in any digest: matched when the query was first read; created before the cut")


def test_news_waits_for_the_next_digest_with_its_score_and_reasons(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.values = {1: 61.25}
    one.tick(START)
    one.tick(THURSDAY)

    found = told(one, 1)

    assert stations(found) == [("matched", "news"), ("fetched", "stored"), ("scored", "61.2")]
    matched, fetched, scored = found.steps
    assert matched.detail == "watch nmj by query: matched as news"
    assert fetched.detail == "The neuromuscular junction (J Sample Res)"
    assert scored.detail == "watch nmj; terms: agrin, MuSK"
    assert found.answer == f"It is news and waits for the next digest of list weekly ({NEXT})."


def test_a_presented_paper_is_told_to_the_last_delivery(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.values = {1: 80}
    one.tick(START)
    one.tick(MONDAY)

    found = told(one, 1)

    assert stations(found)[3:] == [("judged", "shown"), ("presented", "pick"), ("delivered", "sent")]
    judged, presented, delivered = found.steps[3:]
    assert judged.detail == f"list weekly, watch nmj, period {PERIOD}: shown (score 80.0, threshold 35)"
    assert presented.detail == f"list weekly, period {PERIOD}"
    assert delivered.detail == f"list weekly, period {PERIOD}, to mail pi@lab.example"
    assert {step.at for step in found.steps[3:]} == {AT_MONDAY}
    assert found.answer == f"It reached list weekly in the digest of {PERIOD} (delivered)."


def test_a_paper_that_gave_way_names_the_pick_that_it_is_like(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid) for pmid in range(1, 8)))
    one.values = dict(zip(range(1, 8), range(90, 83, -1), strict=True))
    one.giving_way = lambda articles, _scores, _top: [GaveWay(articles[1].record_id, articles[0].record_id, 0.8)]
    one.tick(START)
    one.tick(MONDAY)

    found = told(one, 2)

    (presented,) = (step for step in found.steps if step.step == "presented")
    assert presented.outcome == "watch"
    assert presented.detail == f"list weekly, period {PERIOD}; no pick, as it is very like PMID 1: it gave way to other papers"
    assert [step.outcome for step in told(one, 6).steps if step.step == "presented"] == ["pick"]
    assert "gave way" not in str(told(one, 1))


def test_a_delivery_that_failed_gives_its_reason_until_it_is_sent(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.refuse("mail", final())
    one.tick(START)
    one.tick(MONDAY)

    parked = told(one, 1)
    one.tick("2026-03-10T07:00")
    sent = told(one, 1)

    assert (parked.steps[-1].outcome, parked.steps[-1].at) == ("parked", None)
    assert parked.steps[-1].detail.endswith(": 535 authentication refused - check the password")
    assert parked.answer.endswith("(owed, not delivered yet).")
    assert sent.steps[-1].detail.endswith("to mail pi@lab.example")
    assert sent.answer.endswith("(delivered).")


def test_a_delivery_tells_how_it_was_taken(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.remarks["mail"] = "sent without its attachment"
    one.tick(START)
    one.tick(MONDAY)

    assert told(one, 1).steps[-1].detail.endswith("to mail pi@lab.example: sent without its attachment")


def test_a_delivery_that_was_given_up_reached_nobody(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.post.refuse("mail", final())
    one.tick(START)
    one.tick(MONDAY)
    one.store.drop(one.store.deliveries()[0].id, AT_MONDAY)

    assert told(one, 1).answer.endswith("(sent to nobody).")


def test_the_answer_names_every_list_that_it_reached_with_its_own_state(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.lists.append(replace(WEEKLY, name="slack", channels=("slack",)))
    one.post.refuse("slack", *passing())
    one.tick(START)
    one.tick(MONDAY)

    assert told(one, 1).answer == (
        f"It reached list weekly in the digest of {PERIOD} (delivered). "
        f"It reached list slack in the digest of {PERIOD} (owed, not delivered yet)."
    )


def test_an_attached_paper_says_where_it_is(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2))
    one.values = {1: 90, 2: 40}
    one.lists[0] = replace(WEEKLY, limit=1)
    one.tick(START)
    one.tick(MONDAY)

    assert "presented in the attached file, not among those shown" in told(one, 2).steps[3].detail


def test_a_rejected_paper_says_why(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, types=["Comment"]), on_nmj(3, types=["Retracted Publication"]))
    one.values = {1: 12}
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick(START)
    one.tick(MONDAY)

    assert told(one, 1).answer == (
        f"List weekly judged it in the digest of {PERIOD}: not presented: its score is below the threshold."
    )
    assert "(score 12.0, threshold 35)" in told(one, 1).steps[-1].detail
    assert "its publication type is excluded" in told(one, 2).answer
    assert "it is retracted" in told(one, 3).answer


def test_a_rejected_paper_whose_text_was_dropped_still_says_why(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.values = {1: 12}
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick(START)
    one.tick(MONDAY)

    one.store.forget(AT_MONDAY + timedelta(days=800))

    found = told(one, 1)
    assert stations(found) == [("matched", "news"), ("fetched", "forgotten"), ("judged", "below-threshold")]
    assert found.steps[1].detail.startswith("The neuromuscular junction: no digest presented it, so its text was dropped")
    assert "(score 12.0, threshold 35)" in found.steps[2].detail
    assert "its score is below the threshold" in found.answer


def test_forgotten_news_that_no_list_had_to_judge_does_not_wait_for_a_digest(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.bench.register({"nmj": None}, {}, at=one.at("2026-03-02T08:30"))
    one.run(START)
    one.run(THURSDAY)

    one.store.forget(AT_MONDAY + timedelta(days=800))

    assert told(one, 1).answer.startswith("It is not in any digest: it was news, no list had to judge it")


def test_a_paper_that_one_watch_refused_and_another_presented_shows_both(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.watches.append(replace(NMJ, name="als", query="neuromuscular[tiab]", threshold=60))
    one.lists[0] = replace(WEEKLY, watches=("nmj", "als"))
    one.tick(START)
    one.tick(MONDAY)

    judged = [step for step in told(one, 1).steps if step.step == "judged"]

    assert [(step.outcome, "watch nmj" in step.detail) for step in judged] == [("below-threshold", False), ("shown", True)]


def test_a_record_that_does_not_come_is_awaited_and_then_unavailable(at_desk: Desks) -> None:
    one = at_desk(Planted(on_nmj(1), fetchable_at=date(2027, 1, 1)))
    one.tick(START)
    one.tick(THURSDAY)
    one.tick("2026-03-06T05:00")

    awaited = told(one, 1)
    one.tick("2026-04-10T05:00")
    given_up = told(one, 1)

    assert stations(awaited) == [("matched", "awaiting-record"), ("awaited", "2 tries")]
    assert awaited.answer == "It is not in any digest: matched; EFetch does not return its record yet."
    assert stations(given_up) == [("matched", "unavailable")]
    assert "given up" in given_up.answer


def test_the_other_record_of_a_work_says_under_which_pmid_the_readers_had_it(at_desk: Desks) -> None:
    pre = on_nmj(1, types=["Preprint"], journal="bioRxiv")
    article = on_nmj(2, "2026-03-12", journal="eLife", relations=[("UpdateOf", 1, "bioRxiv. 2026")])
    one = at_desk(pre, article)
    one.tick(START)
    one.tick(MONDAY)
    one.tick(NEXT_MONDAY)

    found = told(one, 2)

    assert "one work with PMID 1" in found.steps[1].detail
    assert ("judged", "already-presented") in stations(found)
    assert [step.detail for step in found.steps if step.step == "presented"] == [f"list weekly, period {PERIOD} as PMID 1"]
    assert [step.outcome for step in found.steps if step.step == "followed up"] == ["told"]
    assert found.answer == f"Its work, as PMID 1, reached list weekly in the digest of {PERIOD} (delivered)."


def test_an_older_paper_that_an_edit_added_is_no_plain_baseline(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), paper(2, title="The kidney", created="2020-01-01"))
    one.tick(START)
    one.edit(query="neuromuscular junction[tiab] OR kidney[tiab]")
    one.tick(THURSDAY)

    waiting = told(one, 2)
    one.tick(MONDAY)
    shown = told(one, 2)

    assert "among the best of what the edit added" in waiting.steps[0].detail
    assert waiting.answer == f"An edit of the query added it and waits for the next digest of list weekly ({NEXT})."
    assert ("presented", "starter") in stations(shown)


def test_what_is_told_is_decided_by_the_instant_that_is_asked_about(at_desk: Desks) -> None:
    one = at_desk(
        Planted(on_nmj(1, "2026-03-01"), changes=((date(2026, 3, 10), paper(1, title="The kidney", created="2026-03-01")),))
    )
    for instant in (START, "2026-03-16T07:00", "2026-03-23T07:00", "2026-03-30T06:00"):
        one.tick(instant)
    one.at("2030-01-01T00:00")

    early, late = (explain(one.store, pubmed_id(1), datetime(2026, 3, day, tzinfo=UTC)).steps for day in (27, 31))

    assert [step.outcome for step in early if step.step == "absent"] == ["missing"]
    assert [step.outcome for step in late if step.step == "absent"] == ["removed, or no longer matching"]


def test_a_paper_that_left_the_set_is_told_as_missing_and_after_three_readings_as_removed(at_desk: Desks) -> None:
    other = paper(1, title="The kidney", created="2026-03-01", revised="2026-03-10")
    one = at_desk(Planted(on_nmj(1, "2026-03-01"), changes=((date(2026, 3, 10), other),)))
    one.tick(START)
    outcomes = []

    for monday in ("2026-03-16T07:00", "2026-03-23T07:00", "2026-03-30T06:00"):
        one.tick(monday)
        outcomes += [step.outcome for step in told(one, 1).steps if step.step == "absent"]

    assert outcomes == ["missing", "missing", "removed, or no longer matching"]


def test_scores_of_an_earlier_text_of_the_record_are_not_told(at_desk: Desks) -> None:
    full = on_nmj(1, abstract="Agrin.", revised="2026-03-11")
    one = at_desk(Planted(on_nmj(1), changes=((date(2026, 3, 11), full),)))
    one.values = {1: 10}
    one.tick(START)
    one.tick(MONDAY)
    one.values = {1: 80}
    one.tick("2026-03-12T05:00")

    assert [step.outcome for step in told(one, 1).steps if step.step == "scored"] == ["80.0"]


def test_two_watches_are_two_matches(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.watches.append(replace(ALS, query="junction[tiab]"))
    one.tick(START)

    details = [step.detail for step in told(one, 1).steps if step.step == "matched"]

    assert [detail.partition(" by ")[0] for detail in details] == ["watch nmj", "watch als"]
