"""A number that no record can have costs itself wherever it comes in, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from support.entrez_bodies import elink
from support.flow_samples import NMJ, WEEKLY, Desk, desk
from support.two_databases import Place

from standins.eutils.papers import paper
from watcher.domain import HIGHEST_PMID, Neighbour, pubmed_id
from watcher.pubmed.answers import read_neighbours
from watcher.pubmed.parse import read_fetch
from watcher.pubmed.pmid import Pmid
from watcher.pubmed.reply import Reply
from watcher.seeds.identifiers import pmid_of, pmids_in

START, MONDAY = "2026-03-02T09:00", "2026-03-09T07:00"
BEYOND = ("2147483648", "9999999999", "99999999999999999999")

Desks = Callable[..., Desk]


@pytest.fixture
def at_place(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    """Opens a desk over a database of either kind."""
    with ExitStack() as stack:

        def opened(*records: bytes) -> Desk:
            one = stack.enter_context(desk(migrated.folder, monkeypatch, *records, url=migrated.url))
            one.watches, one.lists = [replace(NMJ, threshold=0)], [WEEKLY]
            return one

        yield opened


def on_nmj(pmid: int | str, **more: object) -> bytes:
    return paper(pmid, title="The neuromuscular junction", created="2026-03-04", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("strange", BEYOND)
def test_a_search_that_lists_one_brings_all_others_and_says_so(at_place: Desks, strange: str) -> None:
    one = at_place(on_nmj(1), on_nmj(strange), on_nmj(HIGHEST_PMID))
    one.tick(START)

    digest = one.digest(MONDAY)

    assert sorted(item.article.record_id.id for item in digest.presented) == [1, HIGHEST_PMID]
    last = one.store.run_history("nmj").last_good
    assert last is not None
    said = f"PubMed lists {strange}, which cannot be the number of a record: it is left out"
    assert said in [warning.what for warning in last.warnings]


@pytest.mark.parametrize("strange", BEYOND)
def test_a_record_that_names_one_as_its_preprint_is_kept_without_the_link(at_place: Desks, strange: str) -> None:
    one = at_place(on_nmj(1, relations=[("UpdateOf", strange, "bioRxiv. 2026")]))
    one.tick(START)

    (item,) = one.digest(MONDAY).presented

    assert [(relation.kind, relation.record_id) for relation in item.article.relations] == [("UpdateOf", None)]


@pytest.mark.parametrize("strange", BEYOND)
def test_a_similar_article_of_such_a_number_is_left_out(strange: str) -> None:
    answer = Reply(200, elink(10, [(int(strange), 900), (11, 300)]))

    assert read_neighbours(answer, seed=Pmid(10)) == (Neighbour(pubmed_id(11), 300),)


@pytest.mark.parametrize("strange", BEYOND)
def test_a_record_of_such_a_number_is_broken_and_the_others_are_read(strange: str) -> None:
    records = on_nmj(1), on_nmj(strange)

    found = read_fetch(b"<PubmedArticleSet>" + b"".join(records) + b"</PubmedArticleSet>")

    assert [article.pmid for article in found.articles] == [1]
    ((pmid, reason),) = found.broken
    assert pmid is None
    assert f"its PMID '{strange}' is not the number of a record" in reason


@pytest.mark.parametrize("strange", BEYOND)
def test_such_a_number_is_no_pmid_of_a_seed(strange: str) -> None:
    assert pmid_of(strange) is None
    assert pmids_in(f"PMID: {strange}") == ()
