from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.domain import (
    AbstractSection,
    Article,
    Author,
    ChannelKind,
    Digest,
    DigestList,
    Empty,
    Gap,
    Heading,
    Item,
    Journal,
    Message,
    OtherAbstract,
    Outage,
    PartialDate,
    Period,
    Qualifier,
    Reasons,
    Receipt,
    Relation,
    Section,
    Term,
    pubmed_id,
)
from watcher.store import codec

TEXT = st.text(max_size=8)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
DAYS = st.none() | st.dates()
PMIDS = st.integers(1, 99_999_999).map(pubmed_id)
PARTIAL_DATES = st.builds(
    PartialDate, TEXT, st.none() | st.integers(1800, 2100), st.none() | st.integers(1, 12), st.none() | st.just(3)
)
AUTHORS = st.lists(st.builds(Author, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, WORDS), max_size=2).map(tuple)
HEADINGS = st.builds(
    Heading, TEXT, TEXT, st.booleans(), st.lists(st.builds(Qualifier, TEXT, TEXT, st.booleans()), max_size=2).map(tuple)
)
ARTICLES = st.builds(
    Article,
    record_id=PMIDS,
    title=TEXT,
    abstract=TEXT,
    version=st.integers(1, 9),
    sections=st.lists(st.builds(AbstractSection, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    other_abstracts=st.lists(st.builds(OtherAbstract, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    authors=AUTHORS,
    authors_complete=st.booleans(),
    editors=AUTHORS,
    journal=st.builds(Journal, TEXT, TEXT, TEXT, TEXT, TEXT),
    published=PARTIAL_DATES,
    electronic=PARTIAL_DATES,
    languages=WORDS,
    publication_types=WORDS,
    headings=st.lists(HEADINGS, max_size=2).map(tuple),
    keywords=WORDS,
    doi=st.none() | TEXT,
    pmcid=st.none() | TEXT,
    crdt=DAYS,
    edat=DAYS,
    mhda=DAYS,
    lr=DAYS,
    relations=st.lists(st.builds(Relation, TEXT, st.none() | PMIDS, TEXT), max_size=2).map(tuple),
    is_book=st.booleans(),
)


@given(ARTICLES)
def test_any_article_comes_back_equal(article: Article) -> None:
    text = codec.dumps(article)

    back = codec.loads(Article, text)

    assert back == article
    assert codec.dumps(back) == text


@given(
    st.builds(
        Receipt,
        checked=st.integers(0),
        retracted=st.lists(PMIDS, max_size=2).map(tuple),
        failures=WORDS,
        next_digest_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_any_receipt_comes_back_equal(receipt: Receipt) -> None:
    assert codec.loads(Receipt, codec.dumps(receipt)) == receipt


def test_a_receipt_keeps_its_outages_and_one_from_before_there_were_any_has_none() -> None:
    at = datetime(2026, 9, 14, 6, tzinfo=UTC)
    told = Receipt(outages=(Outage(("nmj", "als"), at, at, "HTTP 503", at), Outage(("als",), at, at, "no connection")))

    assert codec.loads(Receipt, codec.dumps(told)) == told
    assert codec.loads(Receipt, '{"checked":3,"failures":["als: a run failed"]}').outages == ()


def test_tuples_of_values_come_back_equal() -> None:
    gaps = (Gap("nmj", date(2026, 9, 1), date(2026, 9, 3), "PubMed did not answer"),)

    assert codec.loads(tuple[Gap, ...], codec.dumps(gaps)) == gaps


def test_a_whole_digest_comes_back_equal() -> None:
    item = Item(
        Article(pubmed_id(7)),
        1,
        ("nmj",),
        71.5,
        Reasons(),
        Section.PICK,
        highlight=True,
        also=((pubmed_id(8), "preprint in bioRxiv"),),
    )
    list_ = DigestList("weekly", "Weekly", ("nmj",), ("mail",), "monday 08:00", "Europe/Berlin", empty=Empty.NOTHING)
    slot = datetime(2026, 9, 14, 6, tzinfo=UTC)
    period = Period("2026-09-14T08:00+02:00", slot, date(2026, 9, 7), date(2026, 9, 14))
    digest = Digest(list_, period, slot, {"nmj": "Neuromuscular junction"}, items=(item,))

    assert codec.loads(Digest, codec.dumps(digest)) == digest


def test_a_message_comes_back_equal_with_and_without_headers() -> None:
    bare = Message(ChannelKind.SLACK, 1, "NMJ", {"json": "{}"})
    full = Message(ChannelKind.EMAIL, 2, "NMJ", {"text": "α"}, {"X-Watcher-List": "weekly"})

    assert [codec.loads(Message, codec.dumps(message)) for message in (bare, full)] == [bare, full]
    assert "headers" not in codec.dumps(bare)


def test_sets_and_pairs_come_back_equal() -> None:
    value = Odd(frozenset({"b", "a"}), (1, "one"))

    assert codec.loads(Odd, codec.dumps(value)) == value
    assert codec.dumps(value) == '{"names":["a","b"],"pair":[1,"one"]}'


@dataclass(frozen=True)
class Odd:
    """What no value of the domain holds yet."""

    names: frozenset[str]
    pair: tuple[int, str]


def test_a_score_that_was_given_as_a_whole_number_comes_back_as_a_float() -> None:
    reasons = codec.loads(Reasons, codec.dumps(Reasons((Term("agrin", 1),))))

    assert isinstance(reasons.terms[0].weight, float)


def test_the_text_is_sorted_compact_and_leaves_defaults_out() -> None:
    article = Article(
        pubmed_id(7), title="α", journal=Journal(title="J"), crdt=date(2026, 9, 1), authors=(Author(last_name="Roe"),)
    )

    assert codec.dumps(article) == (
        '{"authors":[{"last_name":"Roe"}],"crdt":"2026-09-01","journal":{"title":"J"},"pmid":7,"title":"\\u03b1"}'
    )


def test_the_hash_of_a_content_never_changes() -> None:
    article = Article(pubmed_id(7), title="A sample title")

    assert codec.sha256(codec.dumps(article)) == "068dad57305fa69985cdd298829741c3d4a2972e47b36fc4a779071424905658"


@dataclass(frozen=True)
class Older:
    """A value as an older version knew it."""

    name: str
    made_at: datetime | None = None


@dataclass(frozen=True)
class Newer:
    """The same value with a field more."""

    name: str
    made_at: datetime | None = None
    kinds: frozenset[str] = frozenset({"plain"})


def test_an_older_version_ignores_what_it_does_not_know() -> None:
    text = codec.dumps(Newer("agrin", kinds=frozenset({"odd", "even"})))

    assert codec.loads(Older, text) == Older("agrin")


def test_a_newer_version_gives_what_is_missing_its_default() -> None:
    text = codec.dumps(Older("agrin", datetime(2026, 9, 1, tzinfo=UTC)))

    assert codec.loads(Newer, text) == Newer("agrin", datetime(2026, 9, 1, tzinfo=UTC))


def test_a_field_added_later_does_not_change_the_text() -> None:
    assert codec.dumps(Newer("agrin")) == codec.dumps(Older("agrin"))


def test_a_missing_field_without_a_default_is_an_error() -> None:
    with pytest.raises(codec.Undecodable, match="name"):
        codec.loads(Older, "{}")
