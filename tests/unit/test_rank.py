"""What a ranking promises: nearness, 0 to 100, the same number everywhere, reasons that hold."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from support.rank_samples import AGEING, AGRIN, CROPS, ENDPLATE, MUSK, RECEPTORS, WHEAT

from watcher import rank
from watcher.domain import Article, Reasons, Relation, ResolvedSeed, Scored, Seed, pubmed_id
from watcher.errors import ConfigurationError
from watcher.rank import Ranking, words
from watcher.rank.model import percent
from watcher.rank.spaces import NEAREST

SEEDS = (AGEING, RECEPTORS)


def _ranking(*seeds: ResolvedSeed, relevant: Iterable[Article] = (), not_relevant: Iterable[Article] = ()) -> Ranking:
    chosen = seeds or SEEDS
    return rank.build(chosen, background=rank.load_background(), relevant=tuple(relevant), not_relevant=tuple(not_relevant))


def _one(ranking: Ranking, article: Article) -> Scored:
    (scored,) = ranking.score([article])
    return scored


def _without(article: Article, reasons: Reasons) -> Article:
    """The article with every shown term cut out of its title and abstract."""
    title, abstract = article.title, article.abstract
    for term in reasons.terms:
        shown = re.compile(rf"\b{re.escape(term.text)}\b", re.IGNORECASE)
        title, abstract = shown.sub(" ", title), shown.sub(" ", abstract)
    return replace(article, title=title, abstract=abstract)


# --- the number ----------------------------------------------------------------------------------------------------------------


def test_papers_on_the_seeds_topic_stand_above_their_noise() -> None:
    agrin, musk, endplate, wheat = (scored.value for scored in _ranking().score([AGRIN, MUSK, ENDPLATE, WHEAT]))

    assert min(agrin, musk) >= 70
    assert max(endplate, wheat) < 35


def test_scores_come_in_the_order_of_the_articles() -> None:
    assert [scored.record_id for scored in _ranking().score([WHEAT, AGRIN, ENDPLATE])] == [
        WHEAT.record_id,
        AGRIN.record_id,
        ENDPLATE.record_id,
    ]


def test_no_articles_have_no_scores() -> None:
    assert _ranking().score([]) == ()


def test_an_article_without_any_text_scores_0() -> None:
    assert _one(_ranking(), Article(pubmed_id(9))) == Scored(pubmed_id(9), 0.0, Reasons(nearest_seed=AGEING.seed.title))


def test_a_score_does_not_depend_on_what_is_scored_beside_it() -> None:
    ranking = _ranking()
    crowd = [
        replace(WHEAT, record_id=pubmed_id(100 + number), title=f"{WHEAT.title} in year {number} of agrin")
        for number in range(1200)
    ]

    among_many = ranking.score([*crowd[:700], AGRIN, *crowd[700:]])[700]

    assert among_many == _one(ranking, AGRIN)


def test_a_score_is_the_same_number_on_every_machine() -> None:
    """Written down once; a change of background or code that moves these must change `model.CODE` or the background's hash."""
    halfway = Article(
        record_id=pubmed_id(9),
        title="Strength of old muscle after training",
        abstract=(
            "Muscle strength falls with ageing. Training raised it in old mice and in old men, more in the leg than in the arm. "
            "Diet made no difference to the outcome, which was followed for three years in a rural clinic."
        ),
    )

    near, between = _ranking().score([MUSK, halfway])

    assert (near.value, between.value) == (99.723598, 85.542649)


def test_the_order_of_seeds_and_verdicts_makes_no_difference() -> None:
    there = _ranking(AGEING, RECEPTORS, relevant=[AGRIN, MUSK], not_relevant=[ENDPLATE, WHEAT])
    back = _ranking(RECEPTORS, AGEING, relevant=[MUSK, AGRIN], not_relevant=[WHEAT, ENDPLATE])

    assert there.facts == back.facts
    assert _one(there, AGRIN).value == _one(back, AGRIN).value


def test_other_seeds_turn_the_order_round() -> None:
    agrin, wheat = _ranking(CROPS).score([AGRIN, WHEAT])

    assert wheat.value > 99
    assert agrin.value < 1


def test_a_seed_itself_is_nearer_than_all_general_papers() -> None:
    assert AGEING.article is not None
    assert _one(_ranking(), AGEING.article).value > 100 - 100 / NEAREST


def test_one_seed_and_two_hundred_seeds_are_enough() -> None:
    many = [
        replace(RECEPTORS, seed=replace(RECEPTORS.seed, locator=f"line {line}", notes=f"{RECEPTORS.seed.notes} {line} mice"))
        for line in range(200)
    ]

    assert _one(_ranking(RECEPTORS), AGRIN).value > 70
    assert _one(_ranking(*many), AGRIN).value > 70


def test_a_retracted_seed_counts_like_any_other() -> None:
    assert AGEING.article is not None
    retracted = replace(AGEING.article, relations=(Relation("RetractionIn", pubmed_id(77), "Sample J. 2026"),))

    assert _one(_ranking(replace(AGEING, article=retracted)), AGRIN) == _one(_ranking(AGEING), AGRIN)


def test_a_bare_title_can_score() -> None:
    bare = Article(pubmed_id(9), title="agrin, MuSK and LRP4 at the neuromuscular junction")

    assert _one(_ranking(), bare).value >= 70


def test_seeds_without_text_are_passed_over() -> None:
    empty = ResolvedSeed(Seed("nmj/list.txt", "line 3", "", pmid=55), problem="PubMed does not know it")

    assert _ranking(AGEING, empty).facts == _ranking(AGEING).facts


def test_seeds_that_all_lack_text_are_refused_each_by_its_place() -> None:
    lost = [ResolvedSeed(Seed("nmj/list.txt", f"line {line}", "", pmid=line), problem="PubMed does not know it") for line in (3, 4)]

    with pytest.raises(ConfigurationError) as caught:
        _ranking(*lost)

    assert [problem.what for problem in caught.value.problems] == [
        "seed nmj/list.txt line 3 has no text to rank by (PubMed does not know it)",
        "seed nmj/list.txt line 4 has no text to rank by (PubMed does not know it)",
    ]


def test_no_seeds_at_all_are_refused_with_the_fix() -> None:
    with pytest.raises(ConfigurationError, match=r"no seeds to rank by\n.*seeds/"):
        rank.build([], background=rank.load_background())


def test_the_number_is_the_share_of_sample_papers_that_lie_farther() -> None:
    rungs = np.array([1.0, 2.0, 3.0, 4.0])

    numbers = percent(np.array([-1e9, -2.0, 1.0, 2.0, 2.5, 4.0, 7.0, 1e9]), rungs)

    assert numbers.tolist() == [0, 10, 20, 40, 50, 80, 90, 100]


def test_a_nearer_paper_never_has_a_lower_number() -> None:
    rungs = np.sort(np.random.default_rng(7).normal(size=NEAREST)).round(1)
    scores = np.linspace(-5, 50, 5000)

    numbers = percent(scores, rungs)

    assert (np.diff(numbers) > 0).all()
    assert 0 < numbers[0] < 100 / NEAREST
    assert numbers[-1] < 100


# --- verdicts ------------------------------------------------------------------------------------------------------------------


def test_a_paper_marked_relevant_draws_its_like_up() -> None:
    like_wheat = Article(
        pubmed_id(9), title="roots of wheat under drought", abstract="Soil water, drought and the yield of wheat varieties."
    )

    assert _one(_ranking(relevant=[WHEAT]), like_wheat).value > _one(_ranking(), like_wheat).value


def test_a_paper_marked_not_relevant_pushes_its_like_down() -> None:
    like_musk = replace(MUSK, record_id=pubmed_id(9), title="more variants of MuSK in congenital myasthenic syndromes")

    assert _one(_ranking(not_relevant=[MUSK]), like_musk).value < _one(_ranking(), like_musk).value


def test_verdicts_alone_are_enough_to_rank_by() -> None:
    ranking = rank.build([], background=rank.load_background(), relevant=[WHEAT])

    assert _one(ranking, WHEAT).value > 99
    assert _one(ranking, WHEAT).reasons.nearest_seed == ""


# --- facts ---------------------------------------------------------------------------------------------------------------------


def test_the_facts_name_seeds_background_and_code() -> None:
    facts = _ranking().facts

    assert facts.background_sha256 == rank.load_background().sha256
    assert re.fullmatch(r"[0-9a-f]{64}", facts.seeds_sha256)
    assert re.fullmatch(r"[0-9a-f]{64}", facts.sha256)
    assert facts.code == "lexical 3"


def test_another_seed_text_makes_another_ranking() -> None:
    edited = replace(RECEPTORS, seed=replace(RECEPTORS.seed, notes="Rapsyn."))

    assert _ranking(AGEING, edited).facts.seeds_sha256 != _ranking().facts.seeds_sha256
    assert _ranking(AGEING, edited).facts.sha256 != _ranking().facts.sha256


def test_a_verdict_makes_another_ranking_of_the_same_seeds() -> None:
    plain, liked, disliked = _ranking().facts, _ranking(relevant=[MUSK]).facts, _ranking(not_relevant=[MUSK]).facts

    assert len({plain.sha256, liked.sha256, disliked.sha256}) == 3
    assert plain.seeds_sha256 == liked.seeds_sha256 == disliked.seeds_sha256


# --- reasons -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", [AGRIN, MUSK, ENDPLATE, WHEAT])
def test_every_shown_term_stands_in_the_paper(article: Article) -> None:
    terms = _one(_ranking(), article).reasons.terms

    assert all(term.text in article.title or term.text in article.abstract for term in terms)


@pytest.mark.parametrize("article", [AGRIN, MUSK])
def test_cutting_the_shown_terms_out_of_a_paper_lowers_its_score(article: Article) -> None:
    ranking = _ranking()
    before = _one(ranking, article)

    after = _one(ranking, _without(article, before.reasons))

    assert len(before.reasons.terms) >= 3
    assert after.value < before.value


def test_terms_are_phrases_as_the_paper_writes_them_best_first() -> None:
    terms = _one(_ranking(), MUSK).reasons.terms

    assert "neuromuscular junction" in [term.text for term in terms]
    assert [term.weight for term in terms] == sorted((term.weight for term in terms), reverse=True)
    assert 0 < sum(term.weight for term in terms) <= 1


def test_a_word_inside_a_shown_phrase_is_not_shown_again() -> None:
    shown = [term.text.lower() for term in _one(_ranking(), AGRIN).reasons.terms]

    assert not [one for one in shown for other in shown if one != other and re.search(rf"\b{re.escape(one)}\b", other)]


def test_stop_words_and_numbers_are_never_shown() -> None:
    article = replace(
        AGRIN, title="the role of the agrin in the NMJ of 24 mice", abstract=f"{AGRIN.abstract} This was the case in 1999."
    )

    shown = [word for term in _one(_ranking(), article).reasons.terms for word in words.keys(term.text)]

    assert shown
    assert not words.STOP_KEYS.intersection(shown)


def test_words_parted_by_a_full_stop_are_no_phrase() -> None:
    article = Article(pubmed_id(9), abstract="It covers the motor. Neurons follow; neuromuscular, junction.")

    shown = {term.text for term in _one(_ranking(), article).reasons.terms}

    assert {"motor", "Neurons", "neuromuscular", "junction"} >= shown
    assert shown


def test_a_compound_with_hyphens_is_shown_whole() -> None:
    seed = ResolvedSeed(Seed("a", "", "", title="Charcot-Marie-Tooth disease", abstract="Nerves in Charcot-Marie-Tooth disease."))
    article = Article(pubmed_id(9), title="Feet in Charcot-Marie-Tooth disease", abstract="Deformed feet.")

    assert _one(_ranking(seed), article).reasons.terms[0].text == "Charcot-Marie-Tooth disease"


def test_headings_that_raised_the_score_are_shown_and_check_tags_are_not() -> None:
    headings = [term.text for term in _one(_ranking(), AGRIN).reasons.headings]

    assert headings == ["Agrin", "Neuromuscular Junction"]


def test_the_nearest_seed_is_named_with_its_similarity() -> None:
    near_crops = _one(_ranking(AGEING, CROPS), WHEAT).reasons
    near_ageing = _one(_ranking(AGEING, CROPS), AGRIN).reasons

    assert near_crops.nearest_seed == WHEAT.title
    assert near_crops.nearest_similarity == pytest.approx(1, abs=0.001)
    assert near_ageing.nearest_seed == AGEING.seed.title
    assert 0.05 < near_ageing.nearest_similarity < 0.9


def test_a_seed_known_by_its_pmid_alone_is_named_by_its_records_title() -> None:
    seed = ResolvedSeed(Seed("nmj/list.txt", "line 1", "", pmid=AGRIN.pmid), AGRIN, "pmid")

    assert _one(_ranking(seed), AGRIN).reasons.nearest_seed == AGRIN.title


# --- values and breakdown ------------------------------------------------------------------------------------------------------


def test_the_values_are_the_numbers_of_the_scores() -> None:
    articles = [AGRIN, WHEAT, MUSK, ENDPLATE] * 200

    assert _ranking().values(articles) == tuple(scored.value for scored in _ranking().score(articles))


def test_a_breakdown_adds_up_to_the_number() -> None:
    told = _ranking().breakdown(MUSK)

    assert told.value == _one(_ranking(), MUSK).value
    assert [part.name for part in told.spaces] == ["phrases", "words", "topics"]
    assert sum(part.points for part in told.spaces) == pytest.approx(told.total)


def test_a_breakdown_names_what_raised_a_paper_and_what_lowered_it() -> None:
    told = _ranking(CROPS).breakdown(replace(AGRIN, abstract=f"{AGRIN.abstract} Wheat under drought."))

    assert {part.name for part in told.terms[:2]} == {"Wheat", "drought"}
    assert any(part.points < 0 for part in told.terms)
    assert all(part.name in f"{AGRIN.title} {AGRIN.abstract} Wheat under drought." for part in told.terms)


def test_a_breakdown_lists_headings_and_the_nearest_seeds_best_first() -> None:
    told = _ranking(AGEING, RECEPTORS, CROPS).breakdown(AGRIN)

    assert [part.name for part in told.headings[:2]] == ["Agrin", "Neuromuscular Junction"]
    assert len(told.nearest) == 3
    assert told.nearest[-1][0] == WHEAT.title
    assert [cosine for _, cosine in told.nearest] == sorted((cosine for _, cosine in told.nearest), reverse=True)


def test_a_breakdown_says_what_each_verdict_moved() -> None:
    ranking = _ranking(relevant=[MUSK], not_relevant=[ENDPLATE])

    moved = {pmid: (kind, points) for pmid, kind, points in ranking.breakdown(AGRIN).verdicts}

    assert moved[MUSK.record_id][0] == "relevant"
    assert moved[MUSK.record_id][1] > 0
    assert moved[ENDPLATE.record_id][0] == "not"
    assert moved[ENDPLATE.record_id][1] < 0


# --- the room ------------------------------------------------------------------------------------------------------------------


def test_importing_the_room_does_not_import_numpy_or_scipy() -> None:
    told = "import sys, watcher.rank; print(sorted({'numpy', 'scipy'}.intersection(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)  # noqa: S603 - our own line

    assert done.stdout.strip() == "[]"
