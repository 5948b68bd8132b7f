"""What PubMed would silently misread is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.pubmed import lint

TERMS = st.text(alphabet=st.sampled_from('ab()[]":* \n\tANDORNOT#~/0129')) | st.text()


def told(term: str) -> list[str]:
    return [flaw.told for flaw in lint.flaws(term)]


GOOD = [
    '("Neuromuscular Junction"[mh] OR neuromuscular junction*[tiab] OR "motor endplate"[tiab])\nNOT (comment[pt] OR editorial[pt])',
    '"Neuromuscular Junction"[MeSH Terms:noexp] AND agrin[Title/Abstract]',
    '"2020/01/01"[Date - Create] : "3000"[Date - Create]',
    "2019:2021[dp] AND mice[mh:noexp] AND agrin[tiab]",
    '"asthma treatment"[Title:~3] OR "cable fly"[tiab:~0] OR "Bethesda NIH"[ad:~2]',
    '"last 5 years"[dp] AND free full text[sb]',
    "Smith J[1au] OR 0000-0002-1825-0097[auid]",
    '"TRPV4:p.Arg"[tiab] AND NOT review[pt]',
    "NOT review[pt]",
    "a AND b NOT c",
    "(a OR b) AND c",
]


@pytest.mark.parametrize("term", GOOD)
def test_a_good_query_has_no_problem(term: str) -> None:
    assert told(term) == []


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("", "the query is empty"),
        (" \n ", "the query is empty"),
        ("((agrin)", "column 1: this parenthesis is never closed"),
        ("agrin)", "column 6: this closing parenthesis was never opened"),
        ("agrin AND ()", "column 11: these parentheses are empty"),
        ('"agrin', "column 1: this quotation mark has no second one"),
        ("agrin[tiab", "column 6: [ stands alone"),
        ("agrin[tib]", "column 6: PubMed knows no field [tib]"),
        ("agrin[mh:exp]", "PubMed knows no field [mh:exp]"),
        ("agrin[tiab:noexp]", "PubMed knows no field [tiab:noexp]"),
        ('"a b"[mh:~3]', "PubMed has no proximity search in MeSH Terms"),
        ('"a b"[tiab:~x]', "the distance in [tiab:~x] is no number"),
        ("(agrin OR musk)[tiab]", "no word stands before [tiab]"),
        ("agrin or musk", "column 7: or is searched as a word"),
        ("agrin And musk", "And is searched as a word"),
        ("agrin AND", "column 7: nothing stands after AND"),
        ("OR agrin", "column 1: nothing stands before OR"),
        ("(agrin OR) AND musk", "nothing stands after OR"),
        ("agrin AND OR musk", "AND OR stand side by side"),
        ("a OR b AND c", "AND after OR without parentheses"),
        ("a OR b NOT c", "NOT after OR without parentheses"),
        ('"rest* tremor"[tiab:~3]', "a wildcard inside a proximity search"),
        ("nmj*[tiab]", "fewer than four letters before * in nmj*"),
        ("*itis", "fewer than four letters before *"),
        (
            "agrin[tiab] # synapse\n# by hand\nAND musk",
            "line 1, column 13: PubMed knows no comments and searches these words (2 places)",
        ),
        ("#1 AND agrin", "this is the number of an earlier search"),
        ("muscle NEAR/3 nerve", "NEAR, NEXT, W/ or PRE/ are another database's syntax"),
        ("“motor endplate”", "“ is no quotation mark"),
        ('"2026/13/01"[crdt]', '"2026/13/01" is no date'),
        ("yesterday[edat]", "yesterday is no date"),
        ("2021 : 2019[dp]", "the range 2021 : 2019 ends before it begins"),
        ("2019 : 2021", "the range 2019 : 2021 has no field"),
    ],
)
def test_what_pubmed_would_misread_is_told(term: str, says: str) -> None:
    assert any(says in what for what in told(term)), told(term)


def test_a_problem_names_line_and_column_and_what_to_write() -> None:
    (problem,) = lint.flaws("agrin[tiab]\n  AND musk[tiabb]")

    assert (problem.line, problem.column) == (2, 11)
    assert problem.fix == "did you mean [tiab]?"


def test_all_problems_are_told_in_their_order() -> None:
    assert [what.partition(":")[0] for what in told("ab* or (x[zz]")] == [
        "line 1, column 1",
        "line 1, column 5",
        "line 1, column 8",
        "line 1, column 10",
    ]


@given(TERMS)
def test_any_text_can_be_read_for_mistakes(term: str) -> None:
    assert all(problem.what and problem.fix for problem in lint.flaws(term))
