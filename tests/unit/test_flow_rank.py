"""The order of a watch's papers, calibration and other seeds, over a real store and a ranking that says what it learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from support.flow_samples import ALS, NMJ, ranking
from support.records import in_numbers
from support.store_samples import CUT, MONDAY, Bench, days, paper, updates, version

from watcher.domain import Origin, Outcome, ResolvedSeed, Seed, VerdictKind, pubmed_id
from watcher.errors import ConfigurationError, Problem, UnknownNameError
from watcher.flows.questions.rank import Order, Orderer, joined
from watcher.flows.scoring.left_out import FOLDS
from watcher.flows.scoring.verdicts import Lessons
from watcher.rank import Ranking

RELEVANT, NOT = VerdictKind.RELEVANT, VerdictKind.NOT
SEED = ResolvedSeed(Seed("nmj/agrin.txt", "", "0" * 64, title="Agrin"))


@dataclass
class Look:
    """An orderer over a bench; papers score what `values` says, else 50, and 90 when they are learnt from as relevant."""

    bench: Bench
    values: dict[int, float] = field(default_factory=dict)
    seeds: tuple[ResolvedSeed, ...] = (SEED,)
    asked: list[tuple[set[int], set[int]]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def rank_by(self, seeds: Sequence[ResolvedSeed], learnt: Lessons) -> Ranking:
        """A ranking that remembers what it was asked for; without seeds the scores are turned round."""
        liked = {one.record_id.id for one in learnt.relevant}
        self.asked.append((liked, {one.record_id.id for one in learnt.not_relevant}))
        if not seeds and not liked:
            raise ConfigurationError(Problem("there is nothing to rank by"))
        told: Mapping[int, float] = {**self.values, **dict.fromkeys(liked, 90)}
        return ranking(told if seeds else {pmid: 100 - value for pmid, value in told.items()})

    @property
    def orderer(self) -> Orderer:
        """As the App makes it."""
        return Orderer(self.bench.store, lambda _watch: self.seeds, self.rank_by, self.heard.append)

    def mark(self, pmid: int, kind: VerdictKind = RELEVANT, reader: str = "anna") -> None:
        """A verdict for the watch."""
        self.bench.store.give_verdict(pubmed_id(pmid), kind, ["nmj"], reader=reader, at=MONDAY)

    def order(self, since: float | None = 28) -> Order:
        """The order of so many days."""
        return self.orderer.order(NMJ, MONDAY - days(since) if since is not None else None)


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    bench = Bench.at(tmp_path)
    bench.run(version=version())
    yield Look(bench)
    bench.store.close()


def row(order: Order) -> list[tuple[int, int, float, str, str | None]]:
    return [(one.place, one.article.record_id.id, one.value, one.state, one.verdict) for one in order.standings]


# --- the order


def test_the_best_comes_first_and_of_equals_the_newest_record(look: Look) -> None:
    look.bench.news(paper(1), paper(2), paper(3))
    look.values = {2: 70}

    assert row(look.order()) == [(1, 2, 70, "news", None), (2, 3, 50, "news", None), (3, 1, 50, "news", None)]


def test_each_paper_says_what_a_list_decided_and_what_its_readers_say(look: Look) -> None:
    look.bench.news(paper(1), paper(2), paper(3))
    look.bench.compose(judged={1: Outcome.BELOW_THRESHOLD})
    look.mark(1)
    look.mark(2, NOT)
    look.mark(3, NOT)
    look.mark(3, RELEVANT, "ben")

    found = look.order()

    assert row(found) == [(1, 1, 90, "below-threshold", RELEVANT), (2, 3, 50, "news", None), (3, 2, 50, "news", NOT)]
    assert (found.learnt, found.unranked, found.ranking.sha256, found.since) == ((1, 1), None, "ranking-1", date(2026, 8, 17))


def test_without_anything_to_rank_by_all_stand_at_the_threshold_and_it_says_why(look: Look) -> None:
    look.bench.news(paper(1))
    look.seeds = ()

    found = look.order()

    assert [one.value for one in found.standings] == [NMJ.threshold]
    assert found.unranked == "its papers are not ranked and all are shown: there is nothing to rank by"


def test_papers_without_a_day_are_all_stored_ones(look: Look) -> None:
    look.bench.run(baseline=frozenset({pubmed_id(1)}), articles=(paper(1),))

    assert [one.state for one in look.order(None).standings] == ["baseline"]
    assert look.order().standings == ()


# --- what is behind a number


def test_a_paper_is_told_for_those_watches_that_have_seen_it_else_for_all(look: Look) -> None:
    look.bench.register({"nmj": None, "als": None}, {})
    look.bench.news(paper(1), watch="als")
    look.bench.store.save_articles([paper(2)], MONDAY)

    seen, unseen = (look.orderer.behind(pubmed_id(pmid), [NMJ, ALS]) for pmid in (1, 2))

    assert [one.watch.name for one in seen] == ["als"]
    assert [one.watch.name for one in unseen] == ["nmj", "als"]
    assert (seen[0].article, seen[0].breakdown.value, seen[0].unranked) == (paper(1), 50, None)


def test_without_a_text_there_is_nothing_to_tell_and_the_message_says_what_to_do(look: Look) -> None:
    look.bench.run(baseline=frozenset({pubmed_id(1)}))
    look.bench.news(paper(2))
    look.bench.compose(judged={2: Outcome.BELOW_THRESHOLD})
    look.bench.store.forget(MONDAY + days(800))

    said = {}
    for pmid in (1, 2, 3):
        with pytest.raises(UnknownNameError) as refusal:
            look.orderer.behind(pubmed_id(pmid), [NMJ])
        said[pmid] = str(refusal.value)

    assert "`watcher mark 1 relevant` makes the next run fetch it" in said[1]
    assert "the text of PMID 2 was dropped when it was old" in said[2]
    assert "PMID 3 is not stored: no watch has seen it" in said[3]


# --- other seeds


def test_other_seeds_are_held_against_its_own_with_the_same_verdicts(look: Look) -> None:
    look.bench.news(paper(1), paper(2))
    look.mark(2, NOT)
    look.values = {1: 20}
    others = (replace(SEED, problem="not looked up"), replace(SEED, article=paper(9)))
    look.seeds = ()
    look.mark(1)

    found = look.orderer.against(NMJ, others, MONDAY - days(28))

    assert look.asked == [({1}, {2}), ({1}, {2})]
    assert (found.seeds, found.others, found.warnings) == (0, 2, ("seed Agrin: not looked up",))
    assert in_numbers([(one.record_id, one.before, one.after) for one in found.comparison.gained]) == [(1, 10, 90)]


def test_seeds_that_no_watch_has_are_joined_with_stored_records(look: Look) -> None:
    look.bench.store.save_articles([paper(5)], MONDAY)
    seeds = [
        Seed("x.list", "line 1", "1" * 64, pmid=5),
        Seed("x.list", "line 2", "2" * 64, pmid=6),
        Seed("x.csv", "line 3", "3" * 64, pmid=5, title="A title that the record of this number does not have"),
    ]

    found = joined(seeds, ["nmj"], store=look.bench.store, source=None, now=MONDAY)

    assert [(one.article, one.resolved_by) for one in found] == [(paper(5), "pmid"), (None, None), (None, None)]
    assert [one.seed for one in found] == seeds
    assert (found[0].problem, found[1].problem) == (None, "not looked up (--resolve does it): its own text is used")


# --- thresholds


def test_of_a_work_the_best_record_counts_and_only_news_that_a_threshold_decides_about(look: Look) -> None:
    look.bench.run(baseline=frozenset({pubmed_id(9)}), articles=(paper(9),))
    look.bench.news(
        paper(1, relations=updates("UpdateIn", 2)),
        paper(2, relations=updates("UpdateOf", 1)),
        paper(3, publication_types=("Retracted Publication",)),
        paper(4, publication_types=("Letter",)),
        paper(5),
        paper(6, relations=updates("UpdateIn", 7)),
        paper(7, relations=updates("UpdateOf", 6)),
    )
    look.values = {1: 60, 2: 40, 6: 45, 7: 70}

    found = look.orderer.calibrate(replace(NMJ, exclude_types=("Letter",)), MONDAY + days(1)).calibration

    assert found.papers == 3
    assert in_numbers([(one.record_id, one.value) for one in found.borders[0].above]) == [(5, 50), (1, 60), (7, 70)]


def test_the_span_is_twelve_weeks_or_since_the_watch_has_news(look: Look) -> None:
    look.bench.news(paper(1), at=MONDAY)
    young = look.orderer.calibrate(NMJ, MONDAY + days(1)).calibration
    late = paper(2, crdt=date(2026, 1, 1))
    look.bench.run(at=MONDAY + days(100), articles=(late,), news={pubmed_id(2): frozenset({Origin.FULL_SET})})

    old = look.orderer.calibrate(NMJ, MONDAY + days(101)).calibration

    assert (young.since, young.until, young.papers) == (CUT, date(2026, 9, 15), 1)
    assert (old.since, old.until, old.papers) == (date(2026, 10, 1), date(2026, 12, 24), 1)
    assert in_numbers([(one.record_id, one.day) for one in old.borders[0].above]) == [(2, date(2026, 12, 23))]


def test_each_marked_paper_is_scored_without_its_own_verdict(look: Look) -> None:
    look.bench.news(*(paper(number) for number in range(1, 26)))
    for number in range(1, 26):
        look.mark(number, RELEVANT if number <= 15 else NOT)
    look.values = dict.fromkeys(range(1, 26), 20)

    found = look.orderer.calibrate(NMJ, MONDAY + days(1))

    present, *folds = look.asked
    assert present == (set(range(1, 16)), set(range(16, 26)))
    assert len(folds) == FOLDS == len(look.heard)
    left = [set(range(1, 26)) - liked - disliked for liked, disliked in folds]
    assert sorted(pmid for part in left for pmid in part) == list(range(1, 26))
    at_35 = next(step for step in found.calibration.steps if step.threshold == 35)
    assert (at_35.papers, at_35.relevant, at_35.recall and at_35.recall.whole) == (15, 0, 15)
    assert (found.left_out, found.calibration.enough) == (0, True)


def test_a_preprint_and_its_article_are_left_out_together(look: Look) -> None:
    look.bench.news(*(paper(number) for number in range(1, 13)), paper(20, relations=updates("UpdateOf", 2)))
    for number in (*range(1, 13), 20):
        look.mark(number)

    look.orderer.calibrate(NMJ, MONDAY + days(1))
    apart = [{*range(1, 13), 20} - liked for liked, _ in look.asked[1:]]
    look.seeds = (replace(SEED, article=paper(20)),)
    beside_a_seed = look.orderer.calibrate(NMJ, MONDAY + days(1))

    assert [part for part in apart if part & {2, 20}] == [{2, 12, 20}]
    assert sorted(pmid for part in apart for pmid in part) == [*range(1, 13), 20]
    assert (beside_a_seed.left_out, beside_a_seed.calibration.relevant) == (2, 11)


def test_a_marked_paper_that_is_a_seed_has_no_text_or_leaves_nothing_is_left_out(look: Look) -> None:
    look.bench.news(paper(1), paper(2))
    look.bench.run(baseline=frozenset({pubmed_id(7)}))
    for pmid in (1, 2, 7):
        look.mark(pmid)
    look.seeds = (replace(SEED, article=paper(2)),)

    among_seeds = look.orderer.calibrate(NMJ, MONDAY + days(1))
    look.seeds = ()
    look.bench.store.give_verdict(pubmed_id(2), None, ["nmj"], reader="anna", at=MONDAY)
    alone = look.orderer.calibrate(NMJ, MONDAY + days(1))

    assert (among_seeds.left_out, among_seeds.calibration.relevant) == (2, 1)
    assert (alone.left_out, alone.calibration.relevant, alone.unranked) == (2, 0, None)
