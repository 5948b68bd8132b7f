"""Search on both databases, held against a plain scan over text that this file folds by itself. All papers are invented."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.postgres_server import Server
from support.store_samples import MONDAY, RANKING, REASONS, Bench, days, new_database, paper, updates
from support.two_databases import Place

from watcher import clock
from watcher.digest.chips import chips
from watcher.domain import Article, Author, Heading, Journal, RankingFacts, RecordId, Scored, VerdictKind, pubmed_id
from watcher.errors import StoreError
from watcher.store import AnswerPage, SearchOrder, Selection, Store, VerdictFilter, read_query
from watcher.store.search import place as index_place

ALL = Selection()
REST = AnswerPage(limit=None)

# --- the oracle ---------------------------------------------------------------------------------------------------------------

GREEK = {"α": "alpha", "β": "beta", "κ": "kappa", "γ": "gamma", "μ": "mu"}


def folded(text: str) -> list[str]:
    """The words of a text, by the rules of docs/search.md, as far as the samples here need them."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()
    spelt = "".join(f" {GREEK[one]} " if one in GREEK else one for one in plain)
    return [
        part
        for run in re.findall(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+|\d+", spelt)
        for part in (re.fullmatch(r"(.{2,}?)(alpha|beta|gamma|kappa)", run) or re.fullmatch("(.+)", run)).groups()  # type: ignore[union-attr]
    ]


def texts(article: Article) -> Iterator[tuple[str, str]]:
    """Each text that is searched, with its field."""
    yield "title", article.title
    for author in article.authors:
        yield "author", author.display
        if author.fore_name:
            yield "author", f"{author.last_name} {author.fore_name} {author.last_name}"
    yield "journal", article.journal.title
    yield "journal", article.journal.abbreviation
    for text in (article.abstract, *(one.name for one in article.headings), *article.substances, *article.keywords):
        yield "", text


@cache
def scanned(article: Article) -> list[tuple[str, list[str]]]:
    """The same, folded."""
    return [(field, folded(text)) for field, text in texts(article)]


def stands(phrase: list[str], prefix: bool, text: list[str]) -> bool:
    """Whether the phrase stands somewhere in the text."""
    for start in range(len(text) - len(phrase) + 1):
        if not prefix and text[start] != phrase[0]:
            continue
        there = text[start : start + len(phrase)]
        if there[:-1] == phrase[:-1] and (there[-1].startswith(phrase[-1]) if prefix else there[-1] == phrase[-1]):
            return True
    return False


@dataclass(frozen=True)
class Asked:
    """A question as the tests write it: `op` is "word", "and", "or" or "not"."""

    op: str
    word: str = ""
    field: str = ""
    prefix: bool = False
    parts: tuple[Asked, ...] = ()

    def typed(self) -> str:
        """As somebody would type it."""
        if self.op == "word":
            return f'{self.field + ":" if self.field else ""}"{self.word}"{"*" if self.prefix else ""}'
        if self.op == "not":
            return f"NOT ({self.parts[0].typed()})"
        return "(" + f" {self.op.upper()} ".join(one.typed() for one in self.parts) + ")"

    def holds(self, article: Article) -> bool:
        """Whether it holds for a paper."""
        if self.op == "word":
            return any(
                stands(folded(self.word), self.prefix, text) for field, text in scanned(article) if self.field in ("", field)
            )
        held = [one.holds(article) for one in self.parts]
        return {"and": all(held), "or": any(held), "not": not held[0]}[self.op]


# --- the papers ---------------------------------------------------------------------------------------------------------------

NEURON = Journal(title="Sample Journal of Neurons", abbreviation="Sample J Neuron")
BLOOD = Journal(title="Sample Blood", abbreviation="Sample Blood")


def person(last: str, fore: str) -> Author:
    return Author(last_name=last, fore_name=fore, initials="".join(one[0] for one in fore.split()))


SAMPLES = (
    paper(1, "IL-6 and TNF-α in myositis", abstract="The receptor of IL6 rises. Mice were fed.", journal=NEURON),
    paper(2, "Interleukin 6 without a number six", abstract="IL 17 and a receptor for 6 days", crdt=date(2026, 9, 12)),
    paper(3, "α-synuclein at the synapse", authors=(person("Müller", "Anna Béla"), person("O'Brien", "Sean")), journal=NEURON),
    paper(4, "Alpha-synuclein, a review", publication_types=("Review",), abstract="synuclein alpha", journal=BLOOD),
    paper(5, "Ca²⁺ entry through Cav1.1", abstract="Ca2+ enters; CD8+ cells follow.", keywords=("calcium", "5-HT2A")),
    paper(6, "p53 in CD8+ T cells", abstract="TP53 and p53; NF-κB and NFkappaB, IFNgamma", headings=(Heading("Mice", "D1", True),)),
    paper(7, "RAS is not RA", abstract="rats, rat and ratio", authors=(person("Smith", "John Adam"),), doi="10.0000/Sample.7"),
    paper(8, "Naïve fibres: a ﬁbre of µm", abstract="fibre fibres fibrous", substances=("Agrin",), pmcid="PMC1234"),
    paper(9, "Жук and 神経筋 at one", abstract="жуки"),
    paper(10, "A retraction of the first", abstract="the first ends here"),
    paper(11, "the first words", keywords=("ends", "here")),
)


def crowd() -> Article:
    """More authors than a tsvector has places, and their initials more often than it keeps."""
    authors = tuple(person(f"Sample{number % 700}x{number % 13}", "Jo Al") for number in range(4_000))
    return paper(20, "A collaboration on IL-6", authors=(*authors, person("Zuletzt", "Zoe")), abstract="receptor mice")


def chant() -> Article:
    """One text with a word more often than a tsvector keeps, and more words than it counts."""
    words = [("fibre" if number % 9 else "receptor") + f" {number}" for number in range(9_000)]
    return paper(21, "A long text", abstract=" ".join([*words, "muscle fibre", "at the very end"]))


PAPERS = (*SAMPLES, crowd(), chant())
WORDS = (
    *("IL-6", "IL6", "il", "6", "receptor", "TNFα", "TNF-alpha", "α-synuclein", "synuclein", "alpha", "Ca2+", "CD8+", "CD8", "p53"),
    *("TP53", "NF-κB", "NFkappa", "IFN-γ", "mice", "RAS", "RA", "rat", "rats", "fibre", "muscle", "Müller", "muller", "O'Brien"),
    *("Smith", "Jo", "Al", "j", "naive", "µm", "жук", "神経", "5-HT2A", "calcium", "first", "the", "Neuron", "Zuletzt", "8999"),
)
PHRASES = (
    *("il 6", "the first", "ends here", "Smith JA", "John Adam Smith", "synuclein alpha", "fibre 7999", "fibre at", "first ends"),
    *("Jo Al Sample5x5", "very end", "of the first", "muscle fibre at the", "Sample Journal", "fibre 31 fibre 32", "p 53"),
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[tuple[Store, Store]]:
    """The same papers in an SQLite and a PostgreSQL database, all indexed."""
    stores = []
    for url in ("", postgres.migrated()):
        folder = tmp_path_factory.mktemp("data")
        if not url:
            new_database(folder)
        store = Store.open(url or f"sqlite:///{folder}/watcher.db", folder=folder)
        store.save_articles(PAPERS, MONDAY)
        assert store.follow(chips) == 0
        stores.append(store)
    yield stores[0], stores[1]
    for store in stores:
        store.close()


@pytest.fixture
def bench(migrated: Place) -> Iterator[Bench]:
    """A store of either kind with the watch nmj."""
    made = Bench(Store.open(migrated.url, folder=migrated.folder), migrated.url)
    made.register()
    yield made
    made.store.close()


def found(store: Store, typed: str, selection: Selection = ALL, order: SearchOrder = SearchOrder.NEWEST) -> list[int]:
    """The PMIDs of all papers of an answer, in its order."""
    answer = store.search(read_query(typed), selection, order, REST)
    assert answer.total == len(answer.papers)
    return [one.record_id.id for one in answer.papers]


def followed(store: Store) -> Store:
    """The store, with an index that has everything."""
    while store.follow(chips):
        pass
    return store


# --- the same answers -----------------------------------------------------------------------------------------------------------

terms = st.builds(
    Asked,
    op=st.just("word"),
    word=st.sampled_from((*WORDS, *PHRASES)),
    field=st.sampled_from(("", "", "", "title", "author", "journal")),
    prefix=st.just(False),
)
prefixes = st.builds(
    Asked, op=st.just("word"), word=st.sampled_from(("fib", "syn", "Sam", "muscle fib", "recep", "жу")), prefix=st.just(True)
)
questions = st.recursive(
    terms | prefixes,
    lambda inner: (
        st.builds(Asked, op=st.sampled_from(("and", "or")), parts=st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Asked, op=st.just("not"), parts=st.tuples(inner))
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions)
def test_both_databases_find_what_a_plain_scan_finds(both: tuple[Store, Store], question: Asked) -> None:
    expected = {one.record_id.id for one in PAPERS if question.holds(one)}

    answers = [
        [found(store, question.typed(), order=order) for store in both] for order in (SearchOrder.NEWEST, SearchOrder.RELEVANCE)
    ]

    assert [set(one) for pair in answers for one in pair] == [expected] * 4
    assert all(sqlite == postgresql for sqlite, postgresql in answers)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("IL-6", {1, 20}),
        ("IL6", {1, 20}),
        ("alpha-synuclein", {3, 4}),
        ("α-synuclein", {3, 4}),
        ("5-HT2A", {5}),
        ("Ca2+", {5}),
        ("CD8+", {5, 6}),
        ("p53", {6}),
        ("TNFalpha", {1}),
        ("RA", {7}),
        ("RAS", {7}),
        ("rat", {7}),
        ("fibre", {8, 21}),
        ("fibr*", {8, 21}),
        ("author:muller", {3}),
        ('author:"smith ja"', {7}),
        ("author:o'brien", {3}),
        ("zuletzt", {20}),
        ("journal:blood", {4}),
        ("title:mice", set()),
        ("mice", {1, 6, 20}),
        ('"first ends"', {10}),
        ('"here ends"', set()),
        ("IL-6 -mice", set()),
        ("receptor -mice", {2, 21}),
        ("7", {7, 20, 21}),
        ("10.0000/sample.7", {7}),
        ("doi:10.0000/SAMPLE.7", {7}),
        ("PMC1234", {8}),
        ("pmid:9 OR p53", {9, 6}),
        ("NOT fibre", {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 20}),
        ("синтез", set()),
        ("神経", {9}),
        ("", {one.record_id.id for one in PAPERS}),
    ],
)
def test_words_are_found_as_people_type_them(both: tuple[Store, Store], typed: str, expected: set[int]) -> None:
    assert [set(found(store, typed)) for store in both] == [expected, expected]


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(alphabet="ab\"()*:-|[]\\'& αORNT\x00\ud800é", max_size=40))
def test_nothing_that_is_typed_is_an_error(both: tuple[Store, Store], typed: str) -> None:
    sqlite, postgresql = (found(store, typed) for store in both)

    assert sqlite == postgresql


def test_papers_with_more_words_than_a_tsvector_holds_are_found_to_their_end(both: tuple[Store, Store]) -> None:
    asked = ('"fibre 8998 fibre"', '"muscle fibre at the very end"', "fibre -receptor", 'author:"zuletzt z"', '"jo al" -fibre')

    assert [found(both[0], one) for one in asked] == [found(both[1], one) for one in asked] == [[21], [21], [8], [20], [20]]
    assert found(both[1], '"fibre 8999"') == found(both[0], '"fibre 8999"') == [21]


# --- orders, pages, filters -----------------------------------------------------------------------------------------------------


def test_the_newest_come_first_and_pages_are_stable_while_papers_come(bench: Bench) -> None:
    bench.news(*(paper(number, f"agrin {number}", crdt=date(2026, 9, 1) + timedelta(days=number % 4)) for number in range(1, 13)))
    store = followed(bench.store)
    whole = found(store, "agrin")

    first = store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage(5))
    bench.news(paper(99, "agrin 99", crdt=date(2026, 9, 30)))
    followed(store)
    second = store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage(5, first.papers[-1].place))

    assert whole == [11, 7, 3, 10, 6, 2, 9, 5, 1, 12, 8, 4]
    assert [one.record_id.id for one in (*first.papers, *second.papers)] == whole[:10]
    assert (first.total, second.total) == (12, 13)
    assert first.papers[0].day == date(2026, 9, 4)


def test_relevance_counts_what_stands_in_the_title(bench: Bench) -> None:
    both_words, one_word, none = paper(1, "agrin and MuSK"), paper(2, "agrin", abstract="MuSK"), paper(3, abstract="agrin MuSK")
    bench.news(none, one_word, both_words, paper(4, "agrin", abstract="MuSK", crdt=date(2026, 9, 20)))
    store = followed(bench.store)

    order = found(store, "agrin musk", order=SearchOrder.RELEVANCE)
    first = store.search(read_query("agrin musk"), ALL, SearchOrder.RELEVANCE, AnswerPage(2))
    second = store.search(read_query("agrin musk"), ALL, SearchOrder.RELEVANCE, AnswerPage(2, first.papers[-1].place))

    assert order == [1, 4, 2, 3]
    assert [one.record_id.id for one in second.papers] == [2, 3]


def scored(bench: Bench, ranking: RankingFacts, **values: float) -> None:
    rows = [Scored(pubmed_id(int(number[1:])), value, REASONS) for number, value in values.items()]
    bench.store.save_scores("nmj", ranking, rows, MONDAY)


def test_the_score_under_the_newest_ranking_orders_and_filters(bench: Bench) -> None:
    bench.news(paper(1), paper(2), paper(3), paper(4))
    scored(bench, RANKING, p1=90, p2=40, p3=20)
    scored(bench, replace(RANKING, sha256="ranking-2"), p1=10, p2=60.5)
    store = followed(bench.store)

    answer = store.search(read_query("synapses"), ALL, SearchOrder.SCORE, AnswerPage(2))

    assert found(store, "synapses", order=SearchOrder.SCORE) == [2, 3, 1, 4]
    assert [dict(one.scores) for one in answer.papers] == [{"nmj": 60.5}, {"nmj": 20.0}]
    behind = store.search(read_query("synapses"), ALL, SearchOrder.SCORE, AnswerPage(2, answer.papers[-1].place))
    assert [one.record_id.id for one in behind.papers] == [1, 4]
    assert found(store, "", Selection(min_score=15)) == [3, 2]


def test_filters_all_hold_and_of_several_names_one_is_enough(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None})
    review: dict[str, Any] = {"publication_types": ("Review",), "journal": NEURON}
    bench.news(
        paper(1, **review), paper(2, journal=BLOOD, crdt=date(2026, 9, 1)), paper(3, headings=(Heading("Mice", "D", False),))
    )
    bench.news(paper(4, **review), watch="als")
    bench.store.give_verdict(pubmed_id(1), VerdictKind.RELEVANT, ("nmj",), reader="pi", at=MONDAY, via="cli")
    bench.store.give_verdict(pubmed_id(4), VerdictKind.NOT, ("als",), reader="pi", at=MONDAY, via="cli")
    store = followed(bench.store)

    def left(**chosen: object) -> list[int]:
        return found(store, "", Selection(**chosen))  # type: ignore[arg-type]

    assert left(watches=("nmj",)) == [3, 1, 2]
    assert left(watches=("nmj", "als")) == [4, 3, 1, 2]
    assert left(types=("review",)) == left(journals=("sample journal of neurons",)) == left(journals=("Sample J Neuron",)) == [4, 1]
    assert left(journals=("Sample Blood", "Sample J Neuron"), watches=("nmj",)) == [1, 2]
    assert left(chips=("Mice",)) == [3]
    assert left(since=date(2026, 9, 2)) == [4, 3, 1]
    assert left(until=date(2026, 9, 1)) == left(since=date(2026, 9, 1), until=date(2026, 9, 1)) == [2]
    assert left(verdict=VerdictFilter.RELEVANT) == [1]
    assert left(verdict=VerdictFilter.ANY) == [4, 1]
    assert left(verdict=VerdictFilter.NONE) == [3, 2]
    assert left(verdict=VerdictFilter.NOT, watches=("nmj",)) == []
    assert store.search(read_query(""), Selection(journals=("Nature",)), SearchOrder.NEWEST, REST).unknown == (
        "no paper has the journal 'Nature'",
    )
    nobodys = store.search(read_query(""), Selection(watches=("none",)), SearchOrder.NEWEST, REST)
    assert (nobodys.total, nobodys.unknown) == (0, ("no watch is called 'none'",))


def test_papers_are_counted_by_what_they_have(bench: Bench) -> None:
    bench.news(
        paper(1, publication_types=("Review",), journal=NEURON), paper(2, publication_types=("Review",), journal=BLOOD), paper(3)
    )
    bench.store.give_verdict(pubmed_id(2), VerdictKind.RELEVANT, ("nmj",), reader="pi", at=MONDAY, via="cli")
    store = followed(bench.store)

    counts = store.search(read_query("synapses -3"), ALL, SearchOrder.NEWEST, AnswerPage(1, counts=True)).counts

    assert counts is not None
    assert (counts.watches, counts.types, counts.chips) == ((("nmj", 2),), (("Review", 2),), (("Review", 2),))
    assert counts.journals == (("Sample Blood", 1), ("Sample J Neuron", 1))
    assert counts.verdicts == (("relevant", 1),)
    of_all = store.search(read_query(""), ALL, SearchOrder.NEWEST, AnswerPage(1, counts=True)).counts
    assert of_all is not None
    assert (of_all.watches, of_all.verdicts, of_all.types) == ((("nmj", 3),), (("relevant", 1),), (("Review", 2),))


@pytest.mark.parametrize("typed", ["", "receptor OR IL-6", "-receptor", "title:the"])
@pytest.mark.parametrize("selection", [ALL, Selection(journals=("Sample Blood", "Sample Journal of Neurons"))])
def test_both_databases_count_what_a_plain_scan_counts(both: tuple[Store, Store], typed: str, selection: Selection) -> None:
    left = {one.record_id.id for one in PAPERS} & {*found(both[0], typed, selection)}
    some = [one for one in PAPERS if one.record_id.id in left]

    for store in both:
        counts = store.search(read_query(typed), selection, SearchOrder.NEWEST, AnswerPage(1, counts=True)).counts
        assert counts is not None
        assert dict(counts.journals) == Counter(one.journal.abbreviation for one in some if one.journal.abbreviation)
        assert dict(counts.types) == Counter(kind for one in some for kind in one.publication_types)
        assert dict(counts.chips) == Counter(chip for one in some for chip in chips(one))


def test_a_page_takes_few_statements_however_many_papers_it_has(bench: Bench) -> None:
    bench.news(*(paper(number, "agrin") for number in range(1, 31)))
    store = followed(bench.store)
    store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage())  # looks for the tables of the index
    taken: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        taken.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    answer = store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage())
    sa.event.remove(sa.Engine, "before_cursor_execute", note)

    assert len(answer.papers) == 25
    assert len([one for one in taken if one.startswith("SELECT") and "pg_catalog" not in one]) == 9


FILTERS = (
    Selection(watches=("nmj",)),
    Selection(types=("Review",)),
    Selection(journals=("Sample Blood",)),
    Selection(chips=("Review",)),
    Selection(min_score=50.0),
    Selection(since=date(2026, 9, 11), until=date(2026, 9, 13)),
    *(Selection(verdict=one) for one in VerdictFilter),
    *(Selection(watches=("nmj",), verdict=one, min_score=10.0) for one in (VerdictFilter.NONE, VerdictFilter.RELEVANT)),
)


def test_words_with_a_filter_find_what_both_find(bench: Bench) -> None:
    dates = [date(2026, 9, 10 + number % 5) for number in range(12)]
    some = [
        paper(number, "agrin" if number % 2 else "rapsyn", publication_types=("Review",) if number % 3 else (), crdt=dates[number])
        for number in range(12)
        if number
    ]
    some = [replace(one, journal=BLOOD if place % 4 else NEURON) for place, one in enumerate(some)]
    bench.news(*some[:9])
    bench.store.save_articles(some[9:], MONDAY)
    bench.store.save_scores(
        "nmj", RANKING, [Scored(one.record_id, 12.0 * place, REASONS) for place, one in enumerate(some[:7])], MONDAY
    )
    for number, kind in ((1, VerdictKind.RELEVANT), (3, VerdictKind.NOT), (5, VerdictKind.LATER), (4, VerdictKind.RELEVANT)):
        bench.store.give_verdict(pubmed_id(number), kind, ("nmj",), reader="pi", at=MONDAY, via="cli")
    store = followed(bench.store)

    for selection in FILTERS:
        left = found(store, "", selection)
        assert found(store, "agrin", selection) == [one for one in left if one % 2], selection
        assert found(store, "rapsyn OR pmid:11", selection) == [one for one in left if one % 2 == 0 or one == 11], selection


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store with one paper, indexed. Without statistics SQLite plans for few papers as for many."""
    new_database(tmp_path)
    with Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path) as store:
        bench = Bench(store, "")
        bench.register()
        bench.news(paper(1, "agrin"))
        yield followed(store)


@contextmanager
def planned() -> Iterator[list[str]]:
    """The steps that SQLite plans for statements with words."""
    steps: list[str] = []

    def note(connection: Any, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:  # noqa: ANN401 - SQLAlchemy's
        if "MATCH" in statement:
            rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(row[3] for row in rows)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield steps
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_words_are_looked_for_once_whatever_the_filter(on_sqlite: Store) -> None:
    with planned() as steps:
        for selection in FILTERS:
            on_sqlite.search(read_query("agrin"), selection, SearchOrder.NEWEST, AnswerPage())

    asked = [one for one in steps if "VIRTUAL TABLE INDEX" in one]
    assert len(asked) == 2 * len(FILTERS)
    assert [one for one in asked if "=" in one] == []  # fts5_main.c, fts5BestIndexMethod: "=" is a question for each rowid


def test_watches_are_counted_from_the_papers_found_not_from_all_that_a_watch_saw(on_sqlite: Store) -> None:
    with planned() as steps:
        counts = on_sqlite.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage(counts=True)).counts

    assert counts is not None
    assert counts.watches == (("nmj", 1),)
    (of_hits,) = [one for one in steps if re.search(r"\bhit\b", one)]
    assert of_hits.endswith("(record_id=?)")


def test_all_papers_of_an_answer_hold_once_what_they_have_alike(bench: Bench) -> None:
    bench.news(paper(1, journal=NEURON), paper(2, journal=NEURON))
    store = followed(bench.store)

    one, other = store.search(read_query(""), ALL, SearchOrder.NEWEST, REST).papers

    assert one.article is not None
    assert other.article is not None
    assert one.article.journal is other.article.journal


# --- the index follows ------------------------------------------------------------------------------------------------------------


def test_what_is_not_indexed_yet_is_told(bench: Bench) -> None:
    bench.news(paper(1), paper(2), paper(3))

    before = bench.store.search(read_query("synapses"), ALL, SearchOrder.NEWEST, AnswerPage())
    left = bench.store.follow(chips, limit=2)
    between = bench.store.search(read_query("synapses"), ALL, SearchOrder.NEWEST, AnswerPage())
    followed(bench.store)
    after = bench.store.search(read_query("synapses"), ALL, SearchOrder.NEWEST, AnswerPage())

    assert left == 1
    assert [(one.total, one.papers_stored, one.papers_missing) for one in (before, between, after)] == [
        (0, 3, 3),
        (2, 3, 1),
        (3, 0, 0),
    ]


def test_a_revised_record_is_found_by_its_new_words_alone(bench: Bench) -> None:
    bench.news(paper(1, "agrin at the synapse", crdt=date(2026, 9, 10)))
    followed(bench.store)

    bench.store.save_articles([paper(1, "rapsyn at the synapse", publication_types=("Review",), crdt=date(2026, 9, 11))], MONDAY)
    left = bench.store.follow(chips)

    assert left == 0
    assert [found(bench.store, one) for one in ("agrin", "rapsyn", "synapse")] == [[], [1], [1]]
    assert found(bench.store, "", Selection(types=("Review",), since=date(2026, 9, 11))) == [1]


def test_a_dropped_text_leaves_its_title(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1)}))
    bench.store.save_articles([paper(1, "agrin", abstract="rapsyn", crdt=date(2020, 1, 1))], days_ago(900))
    followed(bench.store)

    forgotten = bench.store.forget(MONDAY)
    followed(bench.store)
    (kept,) = bench.store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage()).papers

    assert forgotten == 1
    assert found(bench.store, "rapsyn") == []
    assert (kept.title, kept.article) == ("agrin", None)


def days_ago(number: int) -> datetime:
    return MONDAY - days(number)


def test_records_of_one_work_are_one_paper(bench: Bench) -> None:
    preprint = paper(1, "agrin, a preprint", abstract="rapsyn", crdt=date(2026, 8, 1))
    bench.news(preprint)
    followed(bench.store)
    assert found(bench.store, "agrin") == [1]

    bench.news(paper(2, "agrin, the article", abstract="MuSK", relations=updates("UpdateOf", 1), crdt=date(2026, 9, 12)))
    followed(bench.store)
    (one,) = bench.store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage()).papers

    assert (one.record_id, one.record_ids, one.day) == (pubmed_id(2), (pubmed_id(1), pubmed_id(2)), date(2026, 9, 12))
    assert found(bench.store, "rapsyn musk") == found(bench.store, "1") == [2]


def test_works_that_turn_out_to_be_one_leave_none_behind(bench: Bench) -> None:
    bench.news(paper(1, "agrin one"), paper(2, "agrin two"))
    followed(bench.store)

    bench.news(paper(3, "agrin three", relations=(*updates("UpdateOf", 1), *updates("UpdateOf", 2))))
    followed(bench.store)

    assert found(bench.store, "agrin") == [3]


def test_a_damaged_text_is_found_by_its_title_until_it_is_fetched_again(migrated: Place) -> None:
    with Store.open(migrated.url, folder=migrated.folder) as store:
        bench = Bench(store, migrated.url)
        bench.register()
        bench.news(paper(1, "agrin", abstract="rapsyn"))
        followed(store)
        _damage(migrated)

        (one,) = store.search(read_query("rapsyn"), ALL, SearchOrder.NEWEST, REST).papers  # reads the text, and notes the damage
        assert (one.record_id, one.title, one.article) == (pubmed_id(1), "agrin", None)
        followed(store)
        assert (found(store, "rapsyn"), found(store, "agrin")) == ([], [1])
        store.save_articles([paper(1, "agrin", abstract="rapsyn")], MONDAY)
        followed(store)
        assert found(store, "rapsyn") == [1]


def _damage(place: Place) -> None:
    from watcher.store.database import Database  # noqa: PLC0415

    database = Database(place.url, folder=place.folder)
    with database.writing() as session:
        session.execute(sa.text("UPDATE article SET body = :body"), {"body": b"x no text"})
    database.close()


def test_a_restored_database_gets_an_index_of_its_own(migrated: Place, tmp_path: Path) -> None:
    with Store.open(migrated.url, folder=migrated.folder) as store:
        Bench(store, migrated.url).register()
        store.save_articles([paper(1, "agrin")], MONDAY)
        followed(store)
        store.backup(tmp_path / "friday.db")
        store.save_articles([paper(1, "rapsyn"), paper(2, "agrin")], MONDAY)
        followed(store)

    Store.restore(migrated.url, tmp_path / "friday.db", folder=migrated.folder, force=True)

    with Store.open(migrated.url, folder=migrated.folder) as store:
        nothing = store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage())
        followed(store)
        assert (nothing.total, nothing.papers_missing) == (0, 1)
        assert (found(store, "agrin"), found(store, "rapsyn")) == ([1], [])
    with closing(sqlite3.connect(tmp_path / "friday.db")) as copy:
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'search_text%'").fetchone() == (0,)


def test_an_index_of_another_form_is_made_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.news(paper(1, "agrin"))
    followed(bench.store)

    monkeypatch.setattr("watcher.store.search.filling.FORM", 2)
    before = bench.store.search(read_query("agrin"), ALL, SearchOrder.NEWEST, AnswerPage())
    followed(bench.store)

    assert before.papers_missing == 1
    assert found(bench.store, "agrin") == [1]


def test_a_damaged_index_is_removed_and_made_anew(tmp_path: Path) -> None:
    with Bench.at(tmp_path).store as store:
        store.save_articles([paper(1, "agrin")], MONDAY)
        followed(store)
        index = index_place.file_beside(tmp_path / "watcher.db")
        index.write_bytes(b"not a database " * 1_000)

        with pytest.raises(StoreError, match=r"watcher\.db\.search: the text index was damaged, so it was removed; ask again"):
            found(store, "agrin")
        followed(store)

        assert found(store, "agrin") == [1]


def test_the_index_of_a_database_that_is_gone_is_not_taken_for_anothers(tmp_path: Path) -> None:
    with Bench.at(tmp_path).store as store:
        store.save_articles([paper(1, "agrin"), paper(2, "agrin")], MONDAY)
        followed(store)
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"watcher.db{ending}").unlink(missing_ok=True)

    with Bench.at(tmp_path).store as store:
        store.save_articles([paper(7, "rapsyn")], clock.now())
        followed(store)
        assert (found(store, "agrin"), found(store, "rapsyn")) == ([], [7])


def test_the_index_is_for_its_owner_alone_and_no_command_writes_over_it(tmp_path: Path) -> None:
    with Bench.at(tmp_path).store as store:
        store.save_articles([paper(1, "agrin")], MONDAY)
        followed(store)

    index = index_place.file_beside(tmp_path / "watcher.db")
    guarded = {one.path for one in Store.guarded(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)}
    assert index.stat().st_mode & 0o777 == 0o600
    assert index in guarded


def record_ids(found: Iterable[RecordId]) -> list[int]:
    return [one.id for one in found]


def test_all_papers_of_a_search_are_named_in_its_order(bench: Bench) -> None:
    bench.news(*(paper(number, f"agrin {number}") for number in range(1, 31)))
    store = followed(bench.store)

    assert record_ids(store.found(read_query("agrin"), ALL, SearchOrder.NEWEST)) == list(range(30, 0, -1))
