"""The choice among variants of the ranking: what they score, what left-out seeds say, and how one is chosen."""

from __future__ import annotations

from pathlib import Path

import choice
import numpy as np
import pytest
from choice import Gate
from contest import ours
from contest.ground import PLAIN, Ground, Sketch, Space, ground_of, left_out, method, scores, strength
from contest.measures import chosen_without, ratio_of_sets
from contest.methods import Known
from contest.sets import LabelledSet, drawn, read
from contest.variants import VARIANTS, mixed

SAMPLES = Path(__file__).parents[1] / "records" / "ranking" / "samples.jsonl"


@pytest.fixture(scope="module")
def samples() -> LabelledSet:
    return read(SAMPLES)


@pytest.fixture(scope="module")
def ground(samples: LabelledSet) -> Ground:
    return ground_of(samples, 0)


def test_without_a_snapshot_papers_stand_in_watchers_own_order(samples: LabelledSet) -> None:
    known = [Known(drawn(topic, relevant, 3, 0)) for topic, relevant in samples.topics.items()]

    mine, its = (one.prepare(samples) for one in (ours.watcher(), method(VARIANTS[0])))

    for one in known:
        numbers, totals = mine(one), its(one)
        best = np.argsort(-totals)
        assert np.all(np.diff(numbers[best]) <= 1e-4)


def test_a_snapshot_changes_an_order(samples: LabelledSet) -> None:
    seeds = Known(drawn(next(iter(samples.topics)), next(iter(samples.topics.values())), 3, 0))

    without, with_one = (method(Sketch("", local)).prepare(samples)(seeds) for local in (PLAIN, mixed(0.7)))

    assert np.argsort(-without).tolist() != np.argsort(-with_one).tolist()


def test_half_the_strength_of_weights_is_half_of_each_product(ground: Ground) -> None:
    local = (Space("words", share=0.7, both=False),)
    columns = np.array([0])
    halves = Sketch("", local, plain=(Space("words"),), most=0.5, blend="weights")

    whole, _ = scores(ground, halves, columns)

    plain, other = (ground.products(one, 300) for one in (Space("words"), *local))
    raw = (plain.papers[:, columns].mean(axis=1) + other.papers[:, columns].mean(axis=1)) / 2 - plain.usual
    assert np.corrcoef(whole.papers, raw)[0, 1] == pytest.approx(1.0, abs=1e-6)


RULES = ["better", "shrunk", "grid", "room"]


@pytest.mark.parametrize("rule", RULES)
def test_one_seed_leaves_nothing_to_learn_from(ground: Ground, rule: str) -> None:
    assert strength(ground, Sketch("", mixed(0.7), rule=rule), np.array([0])) == 0


@pytest.mark.parametrize("rule", RULES)
def test_where_the_snapshot_changes_nothing_it_is_not_believed_or_harmless(ground: Ground, rule: str) -> None:
    found = strength(ground, Sketch("", PLAIN, rule=rule, doubt=0.5), np.arange(4))

    assert found == 0


def test_seeds_that_stand_first_already_leave_no_room(samples: LabelledSet, ground: Ground) -> None:
    sketch = Sketch("", mixed(0.7), rule="room", hope=0.1, need=0.1, doubt=0.5, snapshot=5)
    pairs = [np.searchsorted(ground.rows, drawn(topic, labels, 2, n)) for topic, labels in samples.topics.items() for n in range(4)]

    found: dict[bool, list[float]] = {True: [], False: []}
    for pair in pairs:
        before, _, among = left_out(ground, sketch, pair)
        found[not (among[0] > before[:, np.newaxis]).any()].append(strength(ground, sketch, pair))

    assert set(found[True]) == {0.0}
    assert max(found[False]) > 0


def test_a_variant_is_chosen_without_the_set_that_it_is_measured_on() -> None:
    means = {"one": {"a": 0.9, "b": 0.1, "c": 0.1}, "other": {"a": 0.1, "b": 0.2, "c": 0.2}}

    assert {left: chosen_without(means, left) for left in "abc"} == {"a": "other", "b": "one", "c": "one"}


def test_the_interval_of_a_ratio_over_sets_is_that_of_other_sets() -> None:
    same = ratio_of_sets(np.array([0.2, 0.4, 0.6]), np.array([0.1, 0.2, 0.3]))
    other = ratio_of_sets(np.array([0.2, 0.1, 0.3]), np.array([0.1, 0.2, 0.3]))

    assert same == pytest.approx((2.0, 2.0, 2.0))
    assert other.low < other.value < other.high


def test_the_gate_lets_through_what_is_no_worse_to_a_thousandth() -> None:
    gates = {
        "now": Gate(0.5685, 41, 0.0),
        "a little worse": Gate(0.5679, 41, 0.1),
        "fewer": Gate(0.6, 40, 1.0),
        "worse": Gate(0.55, 42, 1.0),
        "better": Gate(0.57, 42, 1.0),
    }

    assert choice.allowed(gates, gates["now"]) == ["now", "better"]


def test_the_table_tells_every_variant_and_what_the_rule_of_choice_reaches() -> None:
    sketches = [Sketch("now"), Sketch("new", (*PLAIN, Space("pmra")))]
    means = {
        "PMRA": {"cf": 0.2, "syn_A": 0.3},
        "now": {"cf": 0.1, "syn_A": 0.3},
        "new": {"cf": 0.2, "syn_A": 0.33},
    }
    gates = {"now": Gate(0.569, 41, 0.0), "new": Gate(0.569, 41, 0.0)}

    lines = choice.table(means, gates, sketches).splitlines()

    heads = ["PMRA", "now", "new", *(f"**{one}**" for one in choice.CHOSEN)]
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:7]] == heads
    assert [lines[row].split(" | ")[1] for row in (5, 6)] == [".265", ".200"]
    assert lines[-2:] == [
        "Chosen on the other sets, for so many sets left out: new (2).",
        "Chosen there without a further space, for so many sets left out: now (2).",
    ]
