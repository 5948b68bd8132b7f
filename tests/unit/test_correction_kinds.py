"""What a record, or Crossref, says became of a paper is called by its right name: by links, types and titles, and never by another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from support.digest_samples import digest, many, ris
from support.records import in_numbers
from support.store_samples import Bench, paper

from standins.crossref import update
from watcher.crossref import understood
from watcher.digest.corrections import counts, line
from watcher.digest.render import messages
from watcher.domain import Article, ChannelKind, Corrected, Correction, CorrectionKind, Relation, corrections_of, pubmed_id

K = CorrectionKind
NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)
NOTICES = ["Retraction of Publication"]


def of(*links: str, types: tuple[str, ...] = (), title: str = "Agrin in mice") -> list[CorrectionKind]:
    """What became of a paper with these links, types and title."""
    relations = tuple(Relation(kind, pubmed_id(900 + place), "J A. 2026;1:1") for place, kind in enumerate(links))
    article = Article(pubmed_id(1), title=title, relations=relations, publication_types=("Journal Article", *types))
    return [one.kind for one in corrections_of(article)]


THIRTY: list[tuple[str, list[CorrectionKind], list[CorrectionKind]]] = [
    # links
    ("a retraction", of("RetractionIn", types=("Retracted Publication",)), [K.RETRACTION]),
    ("a retraction whose type is missing", of("RetractionIn"), [K.RETRACTION]),
    ("two retraction notices", of("RetractionIn", "RetractionIn", types=("Retracted Publication",)), [K.RETRACTION, K.RETRACTION]),
    ("retracted and republished", of("RetractedandRepublishedIn", types=("Retracted Publication",)), [K.REPLACED]),
    ("a partial retraction", of("PartialRetractionIn"), [K.PARTIAL_RETRACTION]),
    (
        "a partial retraction that carries the type",
        of("PartialRetractionIn", types=("Retracted Publication",)),
        [K.PARTIAL_RETRACTION],
    ),
    ("an expression of concern", of("ExpressionOfConcernIn"), [K.CONCERN]),
    ("an erratum", of("ErratumIn"), [K.ERRATUM]),
    ("three errata", of("ErratumIn", "ErratumIn", "ErratumIn"), [K.ERRATUM] * 3),
    ("corrected and republished", of("CorrectedandRepublishedIn"), [K.CORRECTED_AND_REPUBLISHED]),
    ("an erratum, then a retraction", of("ErratumIn", "RetractionIn"), [K.ERRATUM, K.RETRACTION]),
    ("a concern, then a retraction", of("ExpressionOfConcernIn", "RetractionIn"), [K.CONCERN, K.RETRACTION]),
    ("an erratum beside the bare type", of("ErratumIn", types=("Retracted Publication",)), [K.RETRACTION, K.ERRATUM]),
    # types and titles
    ("the type alone", of(types=("Retracted Publication",)), [K.RETRACTION]),
    ("withdrawn", of(title="WITHDRAWN: Agrin in mice"), [K.WITHDRAWAL]),
    ("withdrawn, in brackets", of(title="[Withdrawn] Agrin in mice"), [K.WITHDRAWAL]),
    ("withdrawn, and linked as a retraction", of("RetractionIn", title="WITHDRAWN: Agrin in mice"), [K.RETRACTION]),
    ("withdrawn, with an erratum", of("ErratumIn", title="WITHDRAWN: Agrin in mice"), [K.WITHDRAWAL, K.ERRATUM]),
    ("retracted by its title", of(title="RETRACTED ARTICLE: Agrin in mice"), [K.RETRACTION]),
    ("retracted by a title in brackets", of(title="[Retracted] Agrin in mice"), [K.RETRACTION]),
    ("removed", of(title="TEMPORARY REMOVAL: Agrin in mice"), [K.REMOVAL]),
    # what is none
    ("a plain paper", of(), []),
    ("a comment", of("CommentIn"), []),
    ("a preprint with its article", of("UpdateIn"), []),
    ("reprinted elsewhere", of("RepublishedIn", "ReprintIn"), []),
    ("a retraction notice with the paper's title", of("RetractionOf", types=tuple(NOTICES), title="Retracted: Agrin in mice"), []),
    ("a retraction notice without a link", of(types=tuple(NOTICES), title="[Retracted] Agrin in mice"), []),
    ("an erratum", of("ErratumFor", types=("Published Erratum",), title="Erratum: Agrin in mice"), []),
    ("an expression of concern", of("ExpressionOfConcernFor", types=("Expression of Concern",)), []),
    ("the republished paper", of("CorrectedandRepublishedFrom", types=("Corrected and Republished Article",)), []),
    ("withdrawal as a word", of(title="Withdrawn patients: a cohort"), []),
    ("removal as a word", of(title="Removed: what becomes of receptors"), []),
    ("an erratum of an erratum", of("ErratumFor", "ErratumIn", types=("Published Erratum",)), [K.ERRATUM]),
    ("a retraction notice that was retracted", of("RetractionOf", types=(*NOTICES, "Retracted Publication")), [K.RETRACTION]),
]


@pytest.mark.parametrize(("what", "found", "meant"), THIRTY, ids=[f"{place}: {what}" for place, (what, _, _) in enumerate(THIRTY)])
def test_each_notice_is_called_by_its_name(what: str, found: list[CorrectionKind], meant: list[CorrectionKind]) -> None:
    assert found == meant, what


def test_thirty_notices_and_more_are_judged() -> None:
    assert len(THIRTY) >= 30


@pytest.mark.parametrize(
    "kind", [kind for kind in K if kind not in (K.RETRACTION, K.REPLACED, K.PARTIAL_RETRACTION, K.NOTICE_RETRACTED)]
)
def test_nothing_but_a_retraction_is_called_retracted(kind: CorrectionKind) -> None:
    one = Correction(pubmed_id(1), kind, pubmed_id(2), citation="J A. 2026;1:1")

    assert "etract" not in line(one)
    assert "etract" not in counts([Corrected(pubmed_id(1), "Agrin", NOW, (one,))])


def test_a_line_says_what_where_when_and_who() -> None:
    both = ("PubMed", "Crossref (Retraction Watch)")
    one = Correction(pubmed_id(1), K.RETRACTION, pubmed_id(2), "10.9999/n", "J A. 2026 May;2(5):9", both, dated=date(2026, 5, 2))

    assert line(one) == "Retracted: J A. 2026 May;2(5):9, PMID 2, 2 May 2026 (PubMed and Crossref (Retraction Watch))."


def test_a_flood_of_corrections_is_whole_in_the_text_and_counted_in_the_html() -> None:
    papers = tuple(
        Corrected(
            pubmed_id(number), f"Paper {number}", NOW, (Correction(pubmed_id(number), K.ERRATUM, pubmed_id(10_000 + number)),)
        )
        for number in range(1, 401)
    )
    flooded = replace(digest(many(3)), corrected=papers)

    _, (mail,) = messages(flooded, kinds=[ChannelKind.EMAIL], ris=ris)
    _, posts = messages(flooded, kinds=[ChannelKind.SLACK], ris=ris)

    shown = mail.payload["html"].count("You had it on")
    assert f"And {400 - shown} more, told in the plain-text part of this mail." in mail.payload["html"]
    assert mail.payload["text"].count("You had it on") == 400
    assert sum(post.payload["json"].count("You had it on") for post in posts) == 400
    assert "400 corrections" in mail.subject


# --- Crossref


def crossref(*entries: Any) -> list[tuple[CorrectionKind, str | None, tuple[str, ...]]]:  # noqa: ANN401 - whatever an answer holds
    found = understood(pubmed_id(1), {"DOI": "10.9999/paper", "updated-by": list(entries)})
    return [(one.kind, one.notice_doi, one.sources) for one in found]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("retraction", K.RETRACTION),
        ("Retraction", K.RETRACTION),
        ("withdrawal", K.WITHDRAWAL),
        ("removal", K.REMOVAL),
        ("partial-retraction", K.PARTIAL_RETRACTION),
        ("expression of concern", K.CONCERN),
        ("corrigendum", K.ERRATUM),
        ("addendum", K.ERRATUM),
        ("reinstatement", K.REINSTATEMENT),
        ("something_new", K.OTHER),
    ],
)
def test_crossrefs_types_have_their_kinds(said: str, kind: CorrectionKind) -> None:
    assert crossref(update(said, "10.9999/N"))[0][:2] == (kind, "10.9999/n")


def test_a_type_that_is_not_known_is_told_by_its_name() -> None:
    (one,) = understood(pubmed_id(1), {"updated-by": [{"type": "something_new", "label": "Something new"}]})

    assert line(one) == "Update: Something new (Crossref)."


def test_a_new_version_is_no_alarm() -> None:
    assert crossref(update("new_version", "10.9999/paper"), update("new_edition")) == []


def test_one_event_from_publisher_and_retraction_watch_is_one() -> None:
    assert crossref(update("retraction", "10.9999/n", "publisher"), update("retraction", "10.9999/m", "retraction-watch")) == [
        (K.RETRACTION, "10.9999/n", ("Crossref (publisher)", "Crossref (Retraction Watch)"))
    ]


def test_one_notice_under_two_types_counts_as_the_worse() -> None:
    found = crossref(
        update("erratum", "10.9999/n"), update("retraction", "10.9999/n"), update("expression_of_concern", "10.9999/c")
    )

    assert [one[:2] for one in found] == [(K.RETRACTION, "10.9999/n"), (K.CONCERN, "10.9999/c")]


def test_a_retraction_that_was_taken_back_is_a_reinstatement() -> None:
    found = crossref(update("retraction", "10.9999/n", day="2024-01-02"), update("reinstatement", "10.9999/n2", day="2025-01-02"))

    assert [one[0] for one in found] == [K.REINSTATEMENT]


@pytest.mark.parametrize(
    "odd", [None, "text", [None, 3, "x"], [{}], [{"type": None, "DOI": 7, "updated": {"date-parts": [[2024]]}}]]
)
def test_an_answer_of_another_shape_breaks_nothing(odd: Any) -> None:  # noqa: ANN401 - whatever an answer holds
    assert all(one.kind is K.OTHER for one in understood(pubmed_id(1), {"updated-by": odd}))


# --- the same event from two sources, in either order


@pytest.fixture
def bench(tmp_path: Any) -> Any:  # noqa: ANN401 - pytest's
    one = Bench.at(tmp_path)
    yield one
    one.store.close()


def retracted(pmid: int) -> Article:
    return paper(pmid, doi="10.9999/paper", relations=(Relation("RetractionIn", pubmed_id(90), "J A. 2026;1:1"),))


def kept(bench: Bench) -> list[Correction]:
    return list(bench.store.corrections_of([pubmed_id(1)]).get(pubmed_id(1), ()))


def test_what_crossref_says_after_pubmed_joins_it(bench: Bench) -> None:
    bench.store.save_articles([retracted(1)], NOW)
    bench.store.keep_crossref(
        pubmed_id(1), understood(pubmed_id(1), {"updated-by": [update("retraction", "10.9999/n", "retraction-watch")]}), NOW
    )

    (one,) = kept(bench)
    assert in_numbers((one.kind, one.notice_record_id, one.notice_doi)) == (K.RETRACTION, 90, "10.9999/n")
    assert one.sources == ("PubMed", "Crossref (Retraction Watch)")


def test_what_pubmed_says_after_crossref_joins_it_and_keeps_its_number(bench: Bench) -> None:
    bench.store.save_articles([paper(1, doi="10.9999/paper")], NOW)
    bench.store.keep_crossref(pubmed_id(1), understood(pubmed_id(1), {"updated-by": [update("withdrawal", "10.9999/n")]}), NOW)
    (before,) = kept(bench)
    bench.store.save_articles([retracted(1)], NOW)

    (after,) = kept(bench)
    assert (before.kind, after.kind) == (K.WITHDRAWAL, K.RETRACTION)
    assert (after.id, after.sources) == (before.id, ("PubMed", "Crossref"))


def test_errata_are_joined_by_the_dois_of_their_notices(bench: Bench) -> None:
    two = tuple(Relation("ErratumIn", pubmed_id(pmid), f"J A. 2026;1:{pmid}") for pmid in (80, 81))
    notices = [paper(80, doi="10.9999/e0"), paper(81, doi="10.9999/e1")]
    bench.store.save_articles([*notices, paper(1, relations=two)], NOW)
    said = {"updated-by": [update("erratum", "10.9999/e1"), update("correction", "10.9999/e2")]}
    bench.store.keep_crossref(pubmed_id(1), understood(pubmed_id(1), said), NOW)

    assert [(one.notice_doi, one.sources) for one in kept(bench)] == [
        ("10.9999/e0", ("PubMed",)),
        ("10.9999/e1", ("PubMed", "Crossref")),
        ("10.9999/e2", ("Crossref",)),
    ]


def test_what_crossref_no_longer_says_is_pubmeds_alone(bench: Bench) -> None:
    bench.store.save_articles([retracted(1)], NOW)
    bench.store.keep_crossref(pubmed_id(1), understood(pubmed_id(1), {"updated-by": [update("retraction")]}), NOW)
    bench.store.keep_crossref(pubmed_id(1), (), NOW)

    assert [(one.kind, one.sources) for one in kept(bench)] == [(K.RETRACTION, ("PubMed",))]


def test_a_citation_that_is_rewritten_or_gets_its_pmid_stays_one_event(bench: Bench) -> None:
    for relation in (
        Relation("ErratumIn", None, "J A. 2026 Jun 7;:"),
        Relation("ErratumIn", None, "J A. 2026 Jul;18(13):2747"),
        Relation("ErratumIn", pubmed_id(80), "J A. 2026 Jul;18(13):2747-2748"),
    ):
        bench.store.save_articles([paper(1, relations=(relation,))], NOW)

    (one,) = kept(bench)
    assert in_numbers((one.notice_record_id, one.citation)) == (80, "J A. 2026 Jul;18(13):2747-2748")
