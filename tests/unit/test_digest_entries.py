"""Entries of feeds: what stands in them of digests, runs and corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import html
from support import digest_samples as samples
from support.digest_samples import digest, entry, paper

from watcher.digest.entries import Match, of_corrected, of_digest, of_run
from watcher.digest.scripts import scripted
from watcher.domain import (
    Corrected,
    Correction,
    CorrectionKind,
    EntryKind,
    FollowUp,
    GaveWay,
    Journal,
    Reasons,
    Relation,
    Scored,
    Section,
    Term,
    pubmed_id,
)

WHY = Reasons((Term("agrin", 0.5),), (), "A seed of the lab", 0.4)


def test_a_digest_gives_an_entry_for_each_paper_shown_or_attached_in_its_order() -> None:
    told = digest([entry(paper(number, f"Paper {number}"), 90 - number) for number in range(1, 5)])
    split = replace(told, items=told.items[:2], attached=told.items[2:])

    found = of_digest(split)

    assert [one.key for one in found] == [f"paper {item.article.record_id}" for item in split.presented]
    assert {one.kind for one in found} == {EntryKind.PAPER}
    assert found[0].url == f"https://pubmed.ncbi.nlm.nih.gov/{split.items[0].article.pmid}/"
    assert found[0].authors == "Almeida RS … Castellano MT"


def test_of_a_digest_with_more_papers_than_a_feed_has_the_first_are_worded() -> None:
    told = digest(samples.many(230), list_=replace(samples.WEEKLY, limit=0))

    found = of_digest(told)

    assert [one.record_id for one in found] == [item.article.record_id for item in told.presented[:200]]


def test_an_empty_digest_gives_none() -> None:
    assert of_digest(samples.empty()) == ()


def test_an_entry_stands_alone_with_its_conclusion_and_a_reason_that_names_no_other_paper() -> None:
    abstract = "Agrin was studied. In conclusion, agrin matters."
    papers = [entry(paper(number, f"Paper {number}", abstract=abstract), 90 - number, reasons=WHY) for number in range(1, 8)]
    told = digest(papers)
    assert [item.section for item in told.items].count(Section.WATCH) == 2
    gave = GaveWay(told.items[-1].article.record_id, told.items[0].article.record_id, 0.9)
    told = replace(told, items=(*told.items[:-1], replace(told.items[-1], gave_way=gave)))

    found = of_digest(told)

    assert all("In conclusion, agrin matters." in one.html and one.summary == "In conclusion, agrin matters." for one in found)
    assert all("nearest seed “A seed of the lab”" in one.html for one in found)
    assert not any("pick 1" in one.html or "as for" in one.html for one in found)
    assert f"Very like PMID {told.items[0].article.pmid}" in found[-1].html


def test_markup_of_strangers_is_text_and_every_link_is_whole() -> None:
    hostile = paper(
        1,
        "A <script>alert(1)</script> & more",
        title_markup='A &lt;script&gt;alert(1)&lt;/script&gt; <i onclick="x()">agrin</i><img src=x onerror=alert(2)>',
        journal=Journal(abbreviation="<b>J</b>"),
        abstract="In conclusion, <iframe src='https://evil.example'></iframe> matters.",
        doi="10.9999/a<b>.1",
        pmcid="PMC1",
    )

    (found,) = of_digest(digest([entry(hostile, reasons=Reasons((Term("<u>agrin</u>", 1.0),)))]))
    tree = html.fragment_fromstring(found.html, create_parent="div")

    assert {node.tag for node in tree.iter()} <= {"div", "p", "b", "i", "a", "bdi", "sub", "sup"}
    assert all(set(node.attrib) <= {"href", "dir"} for node in tree.iter())
    assert all(address.startswith("https://") for address in tree.xpath("//a/@href"))
    assert "<" not in found.title.replace("<script>", "").replace("</script>", "")
    assert "<iframe" in found.summary  # text, which both forms escape


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Ca<sup>2+</sup> and CO<sub>2</sub>", "Ca²⁺ and CO₂"),
        ("IC<sub>50</sub>, 10<sup>−3</sup>", "IC₅₀, 10⁻³"),
        ("<i>C. elegans</i> <b>x</b>", "C. elegans x"),
        ("K<sub>v</sub>7, <sup><i>n</i></sup>", "Kᵥ7, ⁿ"),
        ("<sup>177</sup>Lu-PSMA", "¹⁷⁷Lu-PSMA"),
        ("Mg<sub>ATP</sub> &lt; 5 &amp; more", "MgATP < 5 & more"),
        ("x<sup>a<sub>2</sub></sup>", "xᵃ²"),
    ],
)
def test_titles_have_the_scripts_that_unicode_has_and_stay_whole_elsewhere(markup: str, text: str) -> None:
    assert scripted(markup) == text


def test_a_title_with_markup_stands_in_the_html_too() -> None:
    (found,) = of_digest(digest([entry(paper(1, "Ca2+ in mice", title_markup="Ca<sup>2+</sup> in <i>mice</i>"))]))
    (plain,) = of_digest(digest([entry(paper(1, "Agrin in mice", title_markup="Agrin in mice"))]))

    assert found.title == "Ca²⁺ in mice"
    assert "<b>Ca<sup>2+</sup> in <i>mice</i></b>" in found.html
    assert plain.title == "Agrin in mice"
    assert "Agrin in mice" not in plain.html


def test_chips_and_what_is_highly_relevant_are_tags() -> None:
    (found,) = of_digest(digest([entry(paper(1, publication_types=("Review",)), 95)]))

    assert found.tags == ("Highly relevant", "Review")
    assert "● Highly relevant" in found.html


def test_a_retraction_is_an_entry_of_its_own_by_its_right_name() -> None:
    had_at = datetime(2026, 9, 14, 6, tzinfo=UTC)
    retraction = Correction(pubmed_id(99_000_001), CorrectionKind.RETRACTION, pubmed_id(90), citation="Sample J. 2026;1:2", id=7)
    erratum = Correction(pubmed_id(99_000_001), CorrectionKind.ERRATUM, notice_doi="10.9999/notice", sources=("Crossref",), id=8)

    first, second = of_corrected([Corrected(pubmed_id(99_000_001), "Old title", had_at, (retraction, erratum), paper(1, "Agrin"))])
    (damaged,) = of_corrected([Corrected(pubmed_id(99_000_002), "What is <left>", had_at, (retraction,))])

    assert (first.title, first.kind, first.correction) == ("Retracted: Agrin", EntryKind.CORRECTION, 7)
    assert first.key == "correction 99000001 retraction PMID 90"
    assert first.summary == "Retracted: Sample J. 2026;1:2, PMID 90 (PubMed). You had this paper on 14 September 2026."
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/90/"' in first.html
    assert (second.title, second.tags) == ("Erratum: Agrin", ("Erratum",))
    assert 'href="https://doi.org/10.9999/notice"' in second.html
    assert damaged.title == "Retracted: What is <left>"
    assert "What is &lt;left&gt;" in damaged.html


def test_what_a_digest_tells_of_earlier_papers_stands_around_its_own() -> None:
    retraction = Correction(pubmed_id(99_000_009), CorrectionKind.RETRACTION, id=3)
    corrected = Corrected(pubmed_id(99_000_009), "Old", samples.COMPOSED_AT, (retraction,), paper(9, "Old"))
    later = FollowUp(paper(8, "The article", journal=Journal(abbreviation="eLife")), 8, "now in eLife")
    told = digest([entry(paper(1))], follow_ups=(later,))

    found = of_digest(replace(told, corrected=(corrected,)))

    assert [one.kind for one in found] == [EntryKind.CORRECTION, EntryKind.PAPER, EntryKind.LATER]
    assert found[-1].title == "Now in eLife: The article"
    assert found[-1].key == "later-record 99000008"


def test_a_run_gives_papers_with_score_and_reason_and_what_their_records_say_of_them() -> None:
    known = paper(1, relations=(Relation("ErratumIn", pubmed_id(77), "Sample J. 2026;3:4"),))
    near = Match(paper(2), Scored(pubmed_id(99_000_002), 41.7, Reasons()), is_neighbour=True)

    first, second = of_run(samples.NMJ, [Match(known, Scored(known.record_id, 71.9, WHY)), near], samples.COMPOSED_AT)

    assert "agrin" in first.html
    assert "score 71" in first.html
    assert "Erratum: Sample J. 2026;3:4" in first.html
    assert "PubMed lists it as similar to a seed" in second.html
