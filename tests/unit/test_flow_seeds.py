"""Seeds and their records: which identifier counts, what is told, what is remembered. All papers are made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.flow_samples import Desk
from support.store_samples import paper as article

from standins.eutils import papers
from standins.eutils.papers import Markup
from watcher.domain import Article, ResolvedSeed, Seed
from watcher.flows.scoring.ranking import once
from watcher.flows.search.agreement import Held, agreement, same_title
from watcher.flows.search.seeds import look_up, resolve

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
AGRIN = "Agrin and the maintenance of the neuromuscular junction in aged mice."
WARDS = "Rates of infection in the wards of four hospitals: a cohort study."
Desks = Callable[..., Desk]


def paper(pmid: int, **what: Any) -> bytes:  # noqa: ANN401 - whatever a record takes
    return papers.paper(pmid, created="2026-01-05", **what)


def seed(locator: str = "", **what: Any) -> Seed:  # noqa: ANN401 - whatever a seed takes
    return Seed("nmj/x.ris", locator, "0" * 64, **what)


def resolved(one: Desk, *seeds: Seed, now: datetime = NOW) -> tuple[ResolvedSeed, ...]:
    return resolve("nmj", seeds, store=one.store, source=one.source, now=now, say=one.heard.append)[0]


def outcome(found: ResolvedSeed) -> tuple[int | None, str | None, str | None]:
    return (found.article.pmid if found.article else None), found.resolved_by, found.problem


# --- which identifier counts


@pytest.mark.parametrize(
    "what",
    [
        {"pmid": 1},
        {"pmid": 1, "title": "AGRIN AND THE MAINTENANCE OF THE NEUROMUSCULAR JUNCTION…"},
        {"pmid": 1, "title": AGRIN, "doi": "10.5555/preprint"},
    ],
)
def test_a_pmid_is_taken_where_nothing_speaks_against_it(at_desk: Desks, what: dict[str, Any]) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"))

    (found,) = resolved(one, seed(**what))

    assert outcome(found) == (1, "pmid", None)


def test_two_identifiers_of_one_record_outweigh_the_title_and_that_is_told(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"))

    (found,) = resolved(one, seed(pmid=1, doi="10.5555/AGRIN", title="Somebody's notes of a journal club"))

    assert outcome(found) == (1, "pmid", f"PMID 1 is “{AGRIN}” at PubMed, and “Somebody's notes of a journal club” here")


def test_a_pmid_of_another_paper_is_told_with_both_titles_and_the_doi_is_asked(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"), paper(2, title=WARDS))

    (found,) = resolved(one, seed(pmid=2, doi="10.5555/agrin", title=AGRIN))

    assert outcome(found) == (1, "doi", f"PMID 2 is “{WARDS}” at PubMed, and “{AGRIN}” here")


def test_after_the_doi_come_the_pmcid_and_the_title(at_desk: Desks) -> None:
    one = at_desk(
        paper(1, title=AGRIN),
        paper(2, title=WARDS),
        paper(3, title="LRP4 in muscle, again.", pmcid="PMC77"),
        paper(4, title="The fourth paper.", doi="10.5555/fourth"),
    )
    strange = {"pmid": 2, "doi": "10.5555/fourth"}

    by_pmcid, by_title = resolved(
        one, seed("1", **strange, pmcid="PMC77", title="LRP4 in muscle, again"), seed("2", **strange, title=AGRIN)
    )

    assert outcome(by_pmcid)[:2] == (3, "pmcid")
    assert outcome(by_title) == (
        1,
        "title",
        (
            f"PMID 2 is “{WARDS}” at PubMed, and “{AGRIN}” here; "
            f"the DOI 10.5555/fourth is “The fourth paper.” at PubMed, and “{AGRIN}” here"
        ),
    )


def test_a_pmid_of_another_paper_alone_leaves_the_seed_to_its_own_text(at_desk: Desks) -> None:
    one = at_desk(paper(2, title=WARDS))

    (found,) = resolved(one, seed(pmid=2, title=AGRIN))

    assert outcome(found) == (None, None, f"PMID 2 is “{WARDS}” at PubMed, and “{AGRIN}” here: its own text is used")


def test_a_pmid_that_pubmed_does_not_know_hides_no_doi_and_is_told(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"))

    by_doi, by_title, lost = resolved(
        one,
        seed("1", pmid=999, doi="10.5555/agrin"),
        seed("2", pmid=999, doi="10.5555/unknown", title=AGRIN),
        seed("3", pmid=999, pmcid="PMC5", title="Nothing that PubMed holds"),
    )

    assert outcome(by_doi) == (1, "doi", "PubMed has no record for PMID 999")
    assert outcome(by_title) == (1, "title", "PubMed has no record for PMID 999")
    assert outcome(lost)[2] == "PubMed has no record for PMID 999, PMC5, its title: its own text is used"


def test_without_a_title_the_doi_has_the_last_word_where_pubmed_knows_it(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"), paper(2, title=WARDS, doi="10.5555/wards"))

    known, unknown = resolved(one, seed("1", pmid=2, doi="10.5555/agrin"), seed("2", pmid=2, doi="10.5555/of-nobody"))

    assert outcome(known) == (1, "doi", f"PMID 2 is “{WARDS}” at PubMed, with the DOI 10.5555/wards, not 10.5555/agrin")
    assert outcome(unknown) == (2, "pmid", f"PMID 2 is “{WARDS}” at PubMed, with the DOI 10.5555/wards, not 10.5555/of-nobody")


def test_a_doi_of_another_paper_is_told_too(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN), paper(2, title=WARDS, doi="10.5555/wards"))

    (found,) = resolved(one, seed(doi="10.5555/wards", title=AGRIN))

    assert outcome(found) == (1, "title", f"the DOI 10.5555/wards is “{WARDS}” at PubMed, and “{AGRIN}” here")


def test_a_number_that_nobody_calls_a_pmid_counts_only_where_the_record_agrees(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN), paper(2, title=WARDS), paper(3, title="The third.", doi="10.5555/third"))

    other, same, bare = resolved(
        one,
        seed("1", claimed_pmid=2, doi="10.5555/of-nobody", title="A made-up study of play"),
        seed("2", claimed_pmid=1, title=AGRIN),
        seed("3", claimed_pmid=3),
    )

    assert outcome(other) == (
        None,
        None,
        f"the number 2 is “{WARDS}” at PubMed, and “A made-up study of play” here: its own text is used",
    )
    assert outcome(same) == (1, "pmid", None)
    assert outcome(bare)[:2] == (None, None)


def test_of_a_preprint_and_its_article_with_one_title_the_article_is_found(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, types=("Preprint",)), paper(2, title=AGRIN))

    (found,) = resolved(one, seed(title=AGRIN))

    assert outcome(found) == (2, "title", None)


def test_a_title_in_capitals_with_pubmeds_operators_is_no_query(at_desk: Desks) -> None:
    one = at_desk(paper(1, title="Cats and dogs or neither of them."))

    (found,) = resolved(one, seed(title="CATS AND DOGS OR NEITHER OF THEM"))

    assert outcome(found) == (1, "title", None)
    assert "AND" not in one.terms()[0]


# --- how many requests, and what is left when it stops


def test_dois_are_asked_for_together(at_desk: Desks) -> None:
    one = at_desk(*(paper(n, title=f"Paper {n}.", doi=f"10.5555/{n}") for n in range(1, 31)))

    found = resolved(one, *(seed(str(n), doi=f"10.5555/{n}") for n in range(1, 31)))

    assert [outcome(each)[0] for each in found] == list(range(1, 31))
    assert len(one.terms()) == 2


def test_a_doi_that_brings_dozens_of_records_hides_no_other(at_desk: Desks) -> None:
    one = at_desk(
        paper(1, title=AGRIN, doi="10.5555/agrin"), *(paper(n, title=f"Abstract {n}.", doi="10.5555/all") for n in range(2, 40))
    )

    agrin, many = resolved(one, seed("1", doi="10.5555/agrin"), seed("2", doi="10.5555/all"))

    assert outcome(agrin) == (1, "doi", None)
    assert outcome(many)[1] == "doi"
    assert len(one.terms()) == 3


def test_what_was_found_before_pubmed_failed_is_kept_and_the_rest_is_told(at_desk: Desks) -> None:
    one = at_desk(*(paper(n, title=f"Paper {n}.", doi=f"10.5555/{n}") for n in range(1, 31)))
    seeds = [seed(str(n), doi=f"10.5555/{n}") for n in range(1, 31)]
    one.pubmed.faults.plant("esearch", kind="http-503", times=2, when=lambda call: '"10.5555/21"' in call.value("term"))

    found, warnings = resolve("nmj", seeds, store=one.store, source=one.source, now=NOW)

    assert [each.article is not None for each in found] == [True] * 20 + [False] * 10
    assert warnings[0].what.startswith("10 seeds could not be looked up and stand on their own text for now")
    assert len(one.store.seeds("nmj")) == 20


def test_an_interruption_loses_nothing_that_was_found(at_desk: Desks) -> None:
    one = at_desk(*(paper(n, title=f"Paper {n}.", doi=f"10.5555/{n}") for n in range(1, 31)))
    seeds = [seed(str(n), doi=f"10.5555/{n}") for n in range(1, 31)]

    def interrupted(line: str) -> None:
        one.heard.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resolve("nmj", seeds, store=one.store, source=one.source, now=NOW, say=interrupted)
    one.pubmed.forget()
    again = resolved(one, *seeds)

    assert one.heard[0] == "nmj: 20 of 30 seeds looked up"
    assert all(each.article for each in again)
    assert len(one.terms()) == 1


# --- what is remembered


def test_what_is_known_is_not_asked_again_while_the_file_is_the_same(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"), paper(2, title=WARDS))
    strange = seed(pmid=2, doi="10.5555/agrin", title=AGRIN)
    first = resolved(one, strange)
    one.pubmed.forget()

    again = resolved(one, strange, now=NOW + timedelta(days=60))

    assert again == first
    assert one.pubmed.calls("efetch") == []


def test_a_record_that_an_earlier_version_took_without_a_word_is_held_against_the_seed(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN, doi="10.5555/agrin"), paper(2, title=WARDS))
    (wrong,) = look_up([seed(pmid=2)], one.source)
    mine = seed(pmid=2, doi="10.5555/agrin", title=AGRIN)
    one.store.add_seeds("nmj", [ResolvedSeed(mine, wrong.article, "pmid")], NOW)

    (offline,) = resolve("nmj", [mine], store=one.store, source=None, now=NOW)[0]
    (found,) = resolved(one, mine)

    assert offline.article is None
    assert outcome(found)[:2] == (1, "doi")


def test_a_pmid_that_is_now_read_from_the_same_file_is_asked_at_once(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN))
    resolved(one, seed(title="A title that nobody has"))

    (found,) = resolved(one, seed(pmid=1))

    assert outcome(found) == (1, "pmid", None)


def test_looking_again_at_some_does_not_put_off_the_others(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=AGRIN))
    unknown = seed("1", doi="10.5555/later")
    resolved(one, unknown)

    resolved(one, unknown, seed("2", pmid=1), now=NOW + timedelta(days=20))
    one.pubmed.forget()
    resolved(one, unknown, now=NOW + timedelta(days=29))

    assert ['"10.5555/later"[aid]' in term for term in one.terms()] == [True]
    assert [row.locator for row in one.store.seeds("nmj")] == ["1"]


# --- when two titles are of one paper


@pytest.mark.parametrize(
    ("title", "record"),
    [
        ("Agrin", article(1, "Agrin.")),
        ("The neuromuscular junction", article(1, "The neuromuscular junction: a shared vulnerability.")),
        ("The role of TGF-β1 in <i>Drosophila</i> muscle", article(1, "The role of TGF-beta1 in Drosophila muscle.")),
        ("Ca²⁺ &amp; the naïve endplate of Müller", article(1, "Ca2+ & the naive endplate of Muller")),
        ("Agrin and the maintenance of the neuromuscular …", article(1, AGRIN)),
        (f"{AGRIN} - PubMed - NCBI", article(1, AGRIN)),
        ("Die Myasthenie bei Kindern", article(1, "[Myasthenia in children].", vernacular_title="Die Myasthenie bei Kindern.")),
        ("Myasthenia in children", article(1, "[Myasthenia in children].", vernacular_title="Die Myasthenie bei Kindern.")),
    ],
)
def test_titles_of_one_paper_are_recognised_however_they_are_written(title: str, record: Article) -> None:
    assert agreement(seed(title=title), record, "pmid").held is Held.SAME


@pytest.mark.parametrize(
    ("title", "record"),
    [
        (AGRIN, article(1, WARDS)),
        ("Agrin", article(1, "Agrin and its many partners in the muscle of the mouse.")),
        ("Treatment of arthritis in the elderly: a review", article(1, "Treatment of heart failure in the elderly: a review")),
        ("Agrin in the muscle of mice", article(1, "Correction: Agrin in the muscle of mice.", doi="10.5555/erratum")),
    ],
)
def test_titles_of_two_papers_are_told_apart(title: str, record: Article) -> None:
    assert agreement(seed(title=title, doi="10.5555/a"), record, "pmid").held is Held.OTHER


@pytest.mark.parametrize(
    ("title", "record"),
    [
        ("", article(1, AGRIN)),
        (AGRIN, article(1, "[Not Available].")),
        ("重症筋無力症の研究", article(1, "[A study of myasthenia].")),
    ],
)
def test_where_nothing_can_be_compared_nothing_is_said(title: str, record: Article) -> None:
    assert agreement(seed(title=title), record, "pmid").held is Held.UNKNOWN


def test_an_abstract_speaks_for_a_record_whose_title_is_not_the_pages() -> None:
    abstract = "Agrin is released by motor neurons and binds LRP4 on the muscle, which wakes MuSK. " * 4

    held = agreement(seed(title="My notes of Tuesday", abstract=abstract), article(1, AGRIN, abstract=abstract), "pmid").held

    assert held is Held.SAME


def test_a_search_by_title_wants_the_whole_title() -> None:
    assert same_title("agrin and the maintenance of the neuromuscular junction in aged mice", article(1, AGRIN))
    assert not same_title("Agrin and the maintenance of the neuromuscular junction", article(1, AGRIN))


def test_markup_in_a_record_is_no_part_of_its_title(at_desk: Desks) -> None:
    one = at_desk(paper(1, title=Markup("Agrin in <i>Mus musculus</i> and Ca<sup>2+</sup>.")))

    (found,) = resolved(one, seed(pmid=1, title="Agrin in Mus musculus and Ca2+"))

    assert outcome(found) == (1, "pmid", None)


def test_a_paper_that_two_seeds_led_to_counts_once_by_the_one_that_agrees() -> None:
    found = article(1)
    doubtful = ResolvedSeed(seed("a", title=WARDS), found, "pmid", "the record's title is another")
    agreeing = ResolvedSeed(seed("b", title=AGRIN), found, "doi", None)
    other = ResolvedSeed(seed("c", title=AGRIN), article(2), "doi", None)
    alone = (ResolvedSeed(seed("d", title=AGRIN), None, None, None), ResolvedSeed(seed("e", title=AGRIN), None, None, None))

    assert once((doubtful, agreeing, other, *alone)) == (agreeing, other, *alone)
    assert once((doubtful,)) == (doubtful,)
