"""How counts, days, names and addresses read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.digest_samples import author, paper

from watcher.digest import clean, links, wording
from watcher.domain import PartialDate


@pytest.mark.parametrize(
    ("first", "last", "short", "long"),
    [
        (date(2026, 9, 15), date(2026, 9, 21), "15–21 Sep", "15–21 September 2026"),
        (date(2026, 9, 21), date(2026, 9, 21), "21 Sep", "21 September 2026"),
        (date(2026, 8, 28), date(2026, 9, 3), "28 Aug – 3 Sep", "28 August – 3 September 2026"),
        (date(2026, 12, 29), date(2027, 1, 4), "29 Dec 2026 – 4 Jan 2027", "29 December 2026 – 4 January 2027"),
        (date(2026, 9, 21), date(2027, 9, 21), "21 Sep 2026 – 21 Sep 2027", "21 September 2026 – 21 September 2027"),
    ],
)
def test_a_span_names_month_and_year_once_when_they_are_the_same(first: date, last: date, short: str, long: str) -> None:
    assert wording.short_span(first, last) == short
    assert wording.long_span(first, last) == long


@pytest.mark.parametrize(
    ("number", "read"), [(0, "0 new papers"), (1, "1 new paper"), (2, "2 new papers"), (1204, "1,204 new papers")]
)
def test_a_count_has_its_plural_and_its_commas(number: int, read: str) -> None:
    assert wording.count(number, "new paper") == read


def test_a_moment_is_told_on_the_list_s_own_clock_across_summer_time() -> None:
    assert (
        wording.moment(datetime(2026, 9, 28, 6, tzinfo=UTC), "Europe/Berlin") == "Monday 28 September 2026, 08:00 (Europe/Berlin)"
    )
    assert wording.moment(datetime(2026, 11, 2, 7, tzinfo=UTC), "Europe/Berlin") == "Monday 2 November 2026, 08:00 (Europe/Berlin)"
    assert wording.moment(datetime(2026, 9, 28, 6, tzinfo=UTC), "Asia/Tokyo") == "Monday 28 September 2026, 15:00 (Asia/Tokyo)"


@pytest.mark.parametrize(
    ("when", "read"),
    [
        (PartialDate("2026 Sep 12", 2026, 9, 12), "12 Sep 2026"),
        (PartialDate("2026 Sep", 2026, 9), "Sep 2026"),
        (PartialDate("2026 Winter", 2026), "2026 Winter"),
        (PartialDate("", 2026), "2026"),
        (PartialDate(), ""),
    ],
)
def test_a_publication_date_is_as_precise_as_its_record(when: PartialDate, read: str) -> None:
    assert wording.published(when) == read


def test_first_and_last_author_stand_for_all() -> None:
    ada, bo, cy = author("Ada", "A"), author("Bo", "B"), author("Cy", "C")

    assert wording.byline((), complete=True) == ""
    assert wording.byline((ada,), complete=True) == "Ada A"
    assert wording.byline((ada, bo), complete=True) == "Ada A, Bo B"
    assert wording.byline((ada, bo, cy), complete=True) == "Ada A … Cy C"
    assert wording.byline((ada, bo, cy), complete=False) == "Ada A … Cy C, et al."


@pytest.mark.parametrize(("days", "read"), [(200, "7 months"), (31, "1 month"), (730, "2 years"), (1500, "4 years")])
def test_elapsed_time_is_told_in_months_then_years(days: int, read: str) -> None:
    begin = date(2020, 1, 1)

    assert wording.elapsed(begin, date.fromordinal(begin.toordinal() + days)) == read


@pytest.mark.parametrize("doi", ["javascript:alert(1)", "10.99", "10.9999/a b", "", None, "10.9999/" + "x" * 600])
def test_a_doi_that_is_none_makes_no_link(doi: str | None) -> None:
    assert links.doi(paper(1, doi=doi)) is None


def test_a_doi_with_quotes_and_brackets_is_percent_encoded() -> None:
    assert (
        links.doi(paper(1, doi='10.1002/(SICI)1097<1::AID-"X">3.0')) == "https://doi.org/10.1002/(SICI)1097%3C1::AID-%22X%22%3E3.0"
    )


@pytest.mark.parametrize(
    ("doi", "address"),
    [
        ("10.1002/a(98)<1:b>3.0.CO;2-X", "10.1002/a(98)%3C1:b%3E3.0.CO%3B2-X"),
        ("10.1016/0000-0000(93)90001", "10.1016/0000-0000(93)90001"),
        ("10.1016/(93)", "10.1016/%2893%29"),
        ("10.1016/a)b", "10.1016/a%29b"),
        ("10.1000/a.", "10.1000/a%2E"),
        ("10.1000/a,b'c&d", "10.1000/a%2Cb%27c%26d"),
        ("10.1000/Übung", "10.1000/%C3%9Cbung"),
    ],
)
def test_the_address_of_a_doi_holds_nothing_at_which_a_program_lets_it_end(doi: str, address: str) -> None:
    assert links.doi(paper(1, doi=doi)) == f"https://doi.org/{address}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("see 10.1000/a<b>;2-C, and more", "see https://doi.org/10.1000/a%3Cb%3E%3B2-C, and more"),
        ("(doi: 10.1000/xyz)", "(https://doi.org/10.1000/xyz)"),
        ("DOI 10.1000/x(1)y.", "https://doi.org/10.1000/x(1)y."),
        ("http://dx.doi.org/10.1000/a<b", "https://doi.org/10.1000/a%3Cb"),
        ("https://doi.org/10.1000/a%3Cb.", "https://doi.org/10.1000/a%3Cb."),
        ("“10.1000/a” and `10.1000/b`", "“https://doi.org/10.1000/a” and `https://doi.org/10.1000/b`"),
        ("https://lab.example/doi/10.1000/a stays", "https://lab.example/doi/10.1000/a stays"),
        ("p = 10.5/2, 110.1000/a, v10.1000/a", "p = 10.5/2, 110.1000/a, v10.1000/a"),
        ("10.1000/" + "x" * 600, "(a DOI too long to be an address)"),
    ],
)
def test_a_doi_in_a_text_becomes_an_address(text: str, told: str) -> None:
    assert links.addressed(text) == told
    assert links.addressed(told) == told


def test_a_text_is_never_clipped_within_an_address() -> None:
    assert clean.clip("see https://doi.org/10.1000/abcdefghijklmnopqrstuvwxyz", 30) == "see…"


def test_the_resolver_gets_pmid_and_doi_url_quoted() -> None:
    article = paper(1, doi="10.9999/a&b=c")

    assert links.library(article, "https://r.example/?p={pmid}&d={doi}") == "https://r.example/?p=99000001&d=10.9999%2Fa%26b%3Dc"
    assert links.library(paper(1), "https://r.example/?d={doi}") is None
    assert links.library(paper(1), None) is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//host", "https://", None, ""])
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert links.web(url) is None


def test_quotes_in_an_address_cannot_leave_their_attribute() -> None:
    assert links.web('https://lab.example/"onmouseover=x \r\n|<') == "https://lab.example/%22onmouseover=x%20%0D%0A%7C%3C"


def test_records_are_listed_at_pubmed_in_sets_of_two_hundred() -> None:
    records = [paper(number).record_id for number in range(1, 402)]

    urls = links.pubmed_sets(records)

    assert [len(url.partition("=")[2].split(",")) for url in urls] == [200, 200, 1]
    assert urls[2].endswith("?term=99000401")


@given(st.text())
def test_plain_text_is_one_line_without_anything_invisible(text: str) -> None:
    cleaned = clean.plain(text)

    assert cleaned == cleaned.strip()
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000 for letter in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\ufeff")
    assert clean.plain(cleaned) == cleaned


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_clipping_never_exceeds_the_limit_and_marks_the_cut(text: str, limit: int) -> None:
    clipped = clean.clip(text, limit)

    assert len(clipped) <= limit
    assert clipped == text or clipped.endswith("…")


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("Role of <i>sLRP4</i> at p &lt; 0.05 in H<sub>2</sub>O", "Role of <i>sLRP4</i> at p &lt; 0.05 in H<sub>2</sub>O"),
        ('<b onclick="x()">Bold</b><img src=x onerror=y><a href="javascript:z">link</a>', "<b>Bold</b>link"),
        ("<script>alert(1)</script>Safe &lt;script&gt;", "Safe &lt;script&gt;"),
        ("", "The &lt;b&gt; title &amp; more"),
    ],
)
def test_a_title_keeps_its_four_tags_and_loses_all_else(markup: str, shown: str) -> None:
    assert clean.title_markup(paper(1, "The <b> title & more", title_markup=markup), 400) == shown


def test_an_endless_title_is_shown_plain_and_clipped() -> None:
    article = paper(1, "word " * 300, title_markup="<i>" + "word " * 300 + "</i>")

    shown = clean.title_markup(article, 400)

    assert len(shown) <= 400
    assert shown.endswith("word…")


def test_a_record_without_a_title_is_named_by_what_it_has() -> None:
    assert clean.title(paper(1, "", vernacular_title="La plaque motrice")) == "La plaque motrice"
    assert clean.title(paper(1, "")) == "PMID 99000001 (no title)"
