"""The benchmark in small: watcher's ranking has to stay ahead of BM25. And its arithmetic: sets, draws, average precision, PubMed's formula,
both tasks, ratios, tables."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from contest import kept, ours, report
from contest.asreview_client import unaided
from contest.bm25 import bm25
from contest.kept import Measured
from contest.measures import Floats, Trial, average_precision, ratio, units
from contest.methods import Known, Method
from contest.pmra import pmra, tokens, weights
from contest.sets import BadSet, LabelledSet, drawn, joined, paths_in, read, stranger
from contest.tasks import few_seed, stream, streamed, trials

SAMPLES = Path(__file__).parents[1] / "records" / "ranking" / "samples.jsonl"
SHARED = Path(__file__).parents[3] / "shared" / "ranking"
ROWS = [
    {"id": f"p{number}", "title": f"Paper {number}", "abstract": "", "year": 2000 + number, "label": int(number < 4)}
    for number in range(8)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return tmp_path


def pool(relevant: list[int], years: list[int]) -> LabelledSet:
    """A set of papers that say nothing but their number, with one topic."""
    labels = np.isin(np.arange(len(years)), relevant)
    return LabelledSet("one", (), np.array(years), {"one": labels})


# --- watcher beside BM25 -----------------------------------------------------------------------------------------------------------


def means(papers: LabelledSet, method: Method, draws: int) -> dict[str, float]:
    """Mean average precision of each topic."""
    values = dict(few_seed(papers, method.prepare(papers), draws))
    return {topic: float(np.mean([value for trial, value in values.items() if trial.topic == topic])) for topic in papers.topics}


def test_from_a_few_samples_watcher_ranks_better_than_bm25() -> None:
    papers = read(SAMPLES)

    mine, theirs = (means(papers, method, 2) for method in (ours.watcher(), bm25()))

    assert [topic for topic in mine if mine[topic] <= theirs[topic]] == []
    assert sum(mine.values()) > 1.2 * sum(theirs.values())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled sets (../shared/ranking) are not here")
@pytest.mark.parametrize("name", ["syn_Donners_2021", "syn_Nelson_2002", "syn_Sep_2021"])
def test_within_a_review_watcher_ranks_better_than_bm25(name: str) -> None:
    papers = read(SHARED / f"{name}.jsonl")

    mine, theirs = (means(papers, method, 3) for method in (ours.watcher(), bm25()))

    assert mine[name] > theirs[name]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled sets (../shared/ranking) are not here")
def test_in_a_stream_verdicts_show_more_of_what_is_relevant() -> None:
    papers = read(SHARED / "syn_Sep_2021.jsonl")
    watcher = ours.watcher()

    told, untold = (dict(stream(papers, method.prepare(papers), 3)) for method in (watcher, ours.without_verdicts(watcher)))

    assert sum(told.values()) > sum(untold.values())


# --- sets --------------------------------------------------------------------------------------------------------------------------


def test_a_set_is_read_in_an_order_that_the_file_does_not_give(folder: Path) -> None:
    found = read(folder / "one.jsonl")

    titles = [article.title for article in found.articles]

    assert sorted(titles) == [row["title"] for row in ROWS]
    assert titles != sorted(titles)
    assert [int(title[-1]) < 4 for title in titles] == found.topics["one"].tolist()
    assert [2000 + int(title[-1]) for title in titles] == found.years.tolist()


def test_a_file_of_judgements_beside_it_gives_a_set_many_topics(folder: Path) -> None:
    (folder / "one.qrels.json").write_text(json.dumps({"a": ["p1", "p2"], "b": {"p5": 1}}), encoding="utf-8")

    found = read(folder / "one.jsonl")

    relevant = {
        topic: {one.title for one, is_in in zip(found.articles, labels, strict=True) if is_in}
        for topic, labels in found.topics.items()
    }
    assert relevant == {"one/a": {"Paper 1", "Paper 2"}, "one/b": {"Paper 5"}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "p9", "title": ', "one.jsonl:2: not JSON"),
        ("[1]", "one.jsonl:2: list, not an object"),
        ('{"id": "p9", "title": ""}', "one.jsonl:2: no abstract"),
        ('{"id": "p9", "title": "", "abstract": ""}', "one.jsonl: paper p9 has no label (0 or 1), and there is no one.qrels.json"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n" + line + "\n", encoding="utf-8")

    with pytest.raises(BadSet, match=re.escape(told)):
        read(path)


def test_a_folder_without_sets_or_without_the_set_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(BadSet, match="nowhere: no such folder"):
        paths_in(tmp_path / "nowhere")
    with pytest.raises(BadSet, match="no labelled sets in it"):
        paths_in(tmp_path / "empty")
    with pytest.raises(BadSet, match="no set named two; there are one"):
        paths_in(folder, ["two"])
    assert [path.name for path in paths_in(folder, ["one"])] == ["one.jsonl"]


def test_in_one_haystack_each_topic_finds_its_own_papers(folder: Path) -> None:
    one = read(folder / "one.jsonl")
    two = LabelledSet("two", one.articles, one.years, {"two": ~one.topics["one"]})

    haystack = joined([one, two], one.articles[:1])

    assert [article.pmid for article in haystack.articles] == list(range(1, 18))
    assert haystack.topics["two"].tolist() == [False] * 8 + two.topics["two"].tolist() + [False]


def test_draws_are_those_of_the_published_protocol() -> None:
    relevant = np.arange(40) % 4 == 0

    assert drawn("med/1", relevant, 5, 0).tolist() == [0, 24, 28, 32, 36]
    assert drawn("med/1", relevant, 5, 1).tolist() != drawn("med/1", relevant, 5, 0).tolist()
    assert not relevant[stranger("med/1", relevant, 5, 0)].any()


# --- measures ----------------------------------------------------------------------------------------------------------------------


def test_average_precision_is_the_mean_precision_at_the_relevant_papers() -> None:
    scores = np.array([0.1, 0.9, 0.8, 0.7])
    relevant = np.array([True, True, False, True])

    assert average_precision(scores, relevant) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)


def test_means_are_taken_over_draws_then_seeds_then_topics() -> None:
    many = {Trial("m/a", 2, 0): 0.2, Trial("m/a", 2, 1): 0.4, Trial("m/a", 5, 0): 0.9, Trial("m/b", 2, 0): 0.5}
    single = {Trial("s", 2, 0): 0.2, Trial("s", 2, 1): 0.4, Trial("s", 5, 0): 0.6, Trial("s", 5, 1): 1.0}

    found = units({**many, **single})

    assert found["m"].tolist() == pytest.approx([(0.3 + 0.9) / 2, 0.5])
    assert found["s"].tolist() == pytest.approx([0.4, 0.7])


def test_a_ratio_is_of_means_of_sets_and_its_interval_is_paired() -> None:
    theirs = [np.array([0.1, 0.2, 0.6]), np.array([0.5])]

    half_more = ratio([1.5 * one for one in theirs], theirs)
    mixed = ratio([np.array([0.3, 0.2, 0.4]), np.array([0.6])], theirs)

    assert half_more == pytest.approx((1.5, 1.5, 1.5))
    assert mixed.value == pytest.approx((0.3 + 0.6) / (0.3 + 0.5))
    assert mixed.low < mixed.value < mixed.high


# --- PubMed's formula --------------------------------------------------------------------------------------------------------------


def test_pubmeds_weights_are_those_worked_out_by_hand() -> None:
    found = weights([["agrin", "agrin", "muscle"], ["muscle", "spine"]]).toarray()

    agrin = math.sqrt(math.log(2 / 1)) / (1 + 0.013 / 0.022 * math.exp(0.009 * 3))
    spine = math.sqrt(math.log(2 / 1)) / (1 + math.exp(0.009 * 2))
    assert agrin == pytest.approx(0.5181, abs=1e-4)
    assert spine == pytest.approx(0.4125, abs=1e-4)
    assert found == pytest.approx(np.array([[agrin, 0, 0], [0, 0, spine]]))


def test_pubmeds_words_have_a_letter_and_no_plural() -> None:
    said = tokens("The NMJs of 24 mice, biopsies (P7) and a virus: axes, species", {"the", "of", "and", "a"})

    assert said == ["nmj", "mice", "biopsy", "p7", "virus", "axe", "specy"]


def test_pubmeds_similarity_adds_up_over_the_seeds(folder: Path) -> None:
    papers = read(folder / "one.jsonl")
    score = pmra(()).prepare(papers)

    both = score(Known(np.array([0, 1])))

    assert both == pytest.approx(score(Known(np.array([0]))) + score(Known(np.array([1]))))


# --- tasks -------------------------------------------------------------------------------------------------------------------------


def test_a_topic_takes_part_while_two_relevant_papers_are_left() -> None:
    found = trials(pool([0, 1, 2, 3], [0] * 6), (2, 3, 5), 2)

    assert found == [Trial("one", 2, 0), Trial("one", 2, 1)]


def test_seeds_are_not_ranked() -> None:
    papers = pool([0, 1, 2, 3], [0] * 6)

    def seeds_first(known: Known) -> Floats:
        return np.asarray(np.isin(np.arange(6), known.seeds) * 10.0 - np.arange(6.0), np.float64)

    def seeds_last(known: Known) -> Floats:
        return np.asarray(np.isin(np.arange(6), known.seeds) * -10.0 - np.arange(6.0), np.float64)

    assert dict(few_seed(papers, seeds_first, 3)) == dict(few_seed(papers, seeds_last, 3)) != {}
    assert set(dict(few_seed(papers, seeds_first, 3)).values()) == {1.0}


def test_a_stream_shows_the_best_of_each_batch_and_tells_what_they_were() -> None:
    relevant = [*range(7), 20, 21]
    papers = pool(relevant, [2000 + row for row in range(40)])
    told: list[tuple[list[int], list[int]]] = []

    def newest(known: Known) -> Floats:
        told.append((known.relevant.tolist(), known.not_relevant.tolist()))
        return np.arange(40.0)

    found = streamed(papers, newest, Trial("one", 5, 0), 20)

    coming = [row for row in range(40) if row not in drawn("one", papers.topics["one"], 5, 0)]
    shown = coming[19:9:-1] + coming[:19:-1][:10]
    most = sum(row in relevant for row in coming)
    assert told[0] == ([], [])
    assert told[1] == ([row for row in coming[19:9:-1] if row in relevant], [row for row in coming[19:9:-1] if row not in relevant])
    assert found == sum(row in relevant for row in shown) / most


def test_unaided_nothing_is_asked_before_a_paper_is_marked_as_not_relevant() -> None:
    papers = pool([0, 1, 2], [2000] * 6)
    asked: list[Known] = []

    def score(known: Known) -> Floats:
        asked.append(known)
        return np.zeros(6)

    unaided_score = unaided(Method("rival", "1", lambda _: score)).prepare(papers)
    first = unaided_score(Known(np.array([0]), stranger=np.array([4])))
    unaided_score(Known(np.array([0]), np.array([1]), np.array([5]), stranger=np.array([4])))

    assert first.tolist() == sorted(first.tolist(), reverse=True)
    (one,) = asked
    assert (one.relevant.tolist(), one.not_relevant.tolist(), one.stranger.size) == ([1], [5], 0)


# --- what is kept and what is told -------------------------------------------------------------------------------------------------


def test_results_are_found_again_until_something_changes(folder: Path, tmp_path: Path) -> None:
    papers = read(folder / "one.jsonl")
    method = Method("rival one", "1", lambda _: lambda _: np.zeros(8))
    place = kept.place(tmp_path / "out", "few-seed", papers, method, "5")
    measured = Measured("rival one", {Trial("one", 2, 0): 0.25}, 1.5)

    kept.save(place, measured)

    assert kept.load(place, method) == measured
    for other in (
        kept.place(tmp_path / "out", "few-seed", papers, method, "10"),
        kept.place(tmp_path / "out", "few-seed", papers, method._replace(version="2"), "5"),
        kept.place(tmp_path / "out", "few-seed", joined([papers], papers.articles[:1]), method, "5"),
    ):
        assert kept.load(other, method) is None


def test_a_table_has_the_best_in_bold_and_says_who_is_ahead() -> None:
    def reached(*numbers: float) -> dict[Trial, float]:
        return {Trial(name, 2, 0): number for name, number in zip(("med", "syn_A_2001"), numbers, strict=True)}

    found = report.standing({"BM25": reached(0.5, 0.2), "watcher": reached(0.4, 0.6)}, ["watcher", "watcher, dense"])

    assert report.table(found, {"med": (1033, 1), "syn_A_2001": (20, 1)}).splitlines() == [
        "| Set | papers | topics | BM25 | watcher |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| MED | 1,033 | 1 | **.500** | .400 |",
        "| review A 2001 | 20 | 1 | .200 | **.600** |",
        "| **mean of the sets** |  |  | .350 | **.500** |",
        "| watcher / method |  |  | 1.43 (1.43–1.43) |  |",
        "| sets with watcher ahead |  |  | 1 of 2 |  |",
    ]


def test_a_page_takes_a_table_between_its_markers_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- few-seed -->\nold\n<!-- /few-seed -->\nafter\n", encoding="utf-8")

    report.into(page, "few-seed", "new")

    assert page.read_text(encoding="utf-8") == "before\n<!-- few-seed -->\n\nnew\n\n<!-- /few-seed -->\nafter\n"
    with pytest.raises(ValueError, match="no <!-- stream -->"):
        report.into(page, "stream", "new")


def test_a_page_is_made_and_given_the_places_that_it_does_not_have(tmp_path: Path) -> None:
    page = tmp_path / "out" / "page.md"

    report.prepare(page, {"few-seed": "Few"})
    report.into(page, "few-seed", "told")
    report.prepare(page, {"few-seed": "Few", "stream": "Stream"})

    few, stream_ = page.read_text(encoding="utf-8").split("\n## Stream")
    assert few == "## Few\n\n<!-- few-seed -->\n\ntold\n\n<!-- /few-seed -->\n"
    assert stream_ == "\n\n<!-- stream -->\n<!-- /stream -->\n"
