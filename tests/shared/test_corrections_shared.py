"""Real records: what became of each paper, held against a reading of its own, by XPath; and recorded answers of Crossref."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from watcher.crossref import understood
from watcher.domain import CorrectionKind, corrections_of, pubmed_id
from watcher.pubmed.parse import articles

SHARED = Path(__file__).parents[3] / "shared"
UPDATE = SHARED / "pubmed" / "records" / "pubmed21n1298.xml.gz"
CROSSREF = SHARED / "crossref"
pytestmark = pytest.mark.skipif(not UPDATE.exists(), reason="the shared recordings are not there")

LINKS = {"RetractionIn": "retraction", "ErratumIn": "erratum", "ExpressionOfConcernIn": "concern"}


def links() -> Iterator[tuple[int, str, str]]:
    """Each link of the file that says what became of a paper: the paper, what, and the notice's number or place."""
    with gzip.open(UPDATE) as file:
        for _, element in etree.iterparse(file, tag="PubmedArticle"):
            pmid = int(str(element.findtext("MedlineCitation/PMID")))
            for link in element.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
                if link.get("RefType") in LINKS:
                    told = link.findtext("PMID")
                    yield pmid, LINKS[str(link.get("RefType"))], f"PMID {told}" if told else str(link.findtext("RefSource"))
            element.clear()


def test_every_link_of_a_real_update_file_is_found_and_nothing_else() -> None:
    found = [(one.record_id.id, one.kind.value, one.notice) for article in articles(UPDATE) for one in corrections_of(article)]
    by_title = [one for one in found if not one[2]]

    assert Counter(one for one in found if one[2]) == Counter(links())
    assert Counter(kind for _, kind, notice in found if notice) == {"erratum": 164, "retraction": 4, "concern": 1}
    assert sorted(by_title) == [(15320745, "retraction", ""), (33759656, "withdrawal", "")]


def test_recorded_answers_of_crossref_are_understood() -> None:
    work = json.loads((CROSSREF / "work_retracted_lancet_1998_trimmed.json").read_text())["message"]
    fragments = json.loads((CROSSREF / "updated_by_fragments.json").read_text())
    itself = json.loads((CROSSREF / "work_plos_new_version_both_ways_2026.json").read_text())

    first = understood(pubmed_id(1), work)
    third = understood(pubmed_id(1), fragments[2])
    plos = understood(pubmed_id(1), itself.get("message", itself))

    assert [(one.kind, one.notice_doi) for one in first] == [
        (CorrectionKind.RETRACTION, "10.1016/s0140-6736(10)60175-4"),
        (CorrectionKind.ERRATUM, "10.1016/s0140-6736(04)15715-2"),
    ]
    assert {source for one in first for source in one.sources} == {"Crossref (Retraction Watch)"}
    assert [one.kind for one in third] == [CorrectionKind.RETRACTION, CorrectionKind.CONCERN]
    assert plos == ()
