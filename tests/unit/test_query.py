"""Terms are written as PubMed reads them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from watcher.pubmed import query

TERMS = st.text(alphabet=st.sampled_from('ab()[]":* \n\tANDORNOT#~/0129')) | st.text()


# --- terms -------------------------------------------------------------------------------------------------------------------------


def test_white_space_outside_quotes_makes_no_other_query() -> None:
    block = '\n  ("motor  endplate"[tiab]\n   OR\tagrin[tiab])  \n'

    assert query.normalise(block) == '("motor  endplate"[tiab] OR agrin[tiab])'


def test_white_space_inside_a_phrase_is_kept() -> None:
    assert query.normalise('"motor  endplate"') != query.normalise('"motor endplate"')


@given(TERMS)
def test_the_normal_form_is_its_own_normal_form(term: str) -> None:
    once = query.normalise(term)

    assert query.normalise(once) == once


@given(st.lists(st.sampled_from(["agrin", '"a  b"', "OR", "("]), min_size=1), st.sampled_from([" ", "\n", " \t ", "\r\n"]))
def test_terms_that_differ_in_white_space_only_are_one_version(words: list[str], gap: str) -> None:
    assert query.normalise(gap.join(words)) == query.normalise(" ".join(words))


def test_a_window_asks_for_created_entered_indexed_and_revised() -> None:
    assert query.windowed("a OR b", date(2026, 3, 2)) == (
        '(a OR b) AND (("2026/03/02"[crdt] : "3000"[crdt]) OR ("2026/03/02"[edat] : "3000"[edat])'
        ' OR ("2026/03/02"[mhda] : "3000"[mhda]) OR ("2026/03/02"[lr] : "3000"[lr]))'
    )


def test_dates_bound_creation_and_entry() -> None:
    since, until = date(2020, 1, 31), date(2020, 2, 1)

    assert query.created_between("a", since, until) == '(a) AND ("2020/01/31"[crdt] : "2020/02/01"[crdt])'
    assert query.created_between("a", since, None) == '(a) AND ("2020/01/31"[crdt] : "3000"[crdt])'
    assert query.created_between("a", None, until) == '(a) AND ("1800/01/01"[crdt] : "2020/02/01"[crdt])'
    assert query.entered_between("a", since, until) == '(a) AND ("2020/01/31"[edat] : "2020/02/01"[edat])'
    assert query.created_never("a") == '(a) NOT ("1800/01/01"[crdt] : "3000"[crdt])'


def test_years_bound_publication() -> None:
    assert query.published_in("a", 1998, 2001) == '(a) AND ("1998"[dp] : "2001"[dp])'
