"""The benchmark of bibliographies: its ways of writing differ where they should, and its comparison sees what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bibliographies import affected, exported, keys_of, same, told_of, wanted

from watcher.domain import Article, Author, pubmed_id

PLAIN = Article(record_id=pubmed_id(90000001), title="A sample of agrin", title_markup="A sample of agrin")
SCRIPTS = replace(PLAIN, record_id=pubmed_id(90000002), title="H2O at 10-3 M", title_markup="H<sub>2</sub>O at 10<sup>-3</sup> M")
GREEK = replace(PLAIN, record_id=pubmed_id(90000003), title="The α subunit", title_markup="The α subunit")
LESS = replace(PLAIN, record_id=pubmed_id(90000004), title="When p < 0.05", title_markup="When p &lt; 0.05")


@pytest.mark.parametrize(
    ("variant", "article", "written"),
    [
        ("scripts as $_{2}$", SCRIPTS, "{H}$_{2}${O at 10}$^{-3}${ M}"),
        ("scripts as $_{\\textrm{2}}$", SCRIPTS, r"{H}$_{\textrm{2}}${O at 10}$^{\textrm{-3}}${ M}"),
        ("scripts as \\textsubscript{2}", SCRIPTS, r"{H}\textsubscript{{2}}{O at 10}\textsuperscript{{-3}}{ M}"),
        ("₂ and ² as signs", SCRIPTS, "{H}₂{O at 10}⁻³{ M}"),
        ("Greek as $\\alpha$", GREEK, r"The $\alpha$ subunit"),
        ("< and > bare", LESS, "When p < 0.05"),
    ],
)
def test_each_way_of_writing_changes_the_titles_that_need_it_and_no_others(variant: str, article: Article, written: str) -> None:
    chosen = affected([PLAIN, SCRIPTS, GREEK, LESS], variant)

    assert chosen == [article]
    assert written in exported("bib", chosen, variant)


def test_what_readers_tell_is_found_by_key_by_pmid_or_by_order() -> None:
    articles = [PLAIN, SCRIPTS]
    by_key: list[dict[str, Any]] = [{"key": key, "title": key} for key in reversed(keys_of(articles))]
    by_pmid = [{"key": "90000002"}]
    in_order = [{"title": "one"}, {"title": "two"}]

    assert [one["title"] for one in told_of(articles, by_key)] == keys_of(articles)
    assert told_of(articles, by_pmid) == [{}, {"key": "90000002"}]
    assert told_of(articles, in_order) == in_order
    assert told_of(articles, in_order[:1]) == [{}, {}]


@pytest.mark.parametrize(
    ("field", "got", "is_same"),
    [
        ("authors", [{"family": "Sample", "given": "Jane A", "suffix": "Jr"}, {"literal": "Sample Network"}], True),
        ("authors", [{"family": "Sample", "given": "Jane A Jr"}, {"family": "Sample Network"}], True),
        ("authors", [{"family": "Sample", "given": "Jane A"}, {"literal": "Sample Network"}], False),
        ("authors", [{"family": "Sample", "given": "Jane A", "suffix": "Jr"}, {"family": "Network", "given": "Sample"}], False),
        ("authors", [{"family": "Sample", "given": "Jane A", "suffix": "Jr"}], False),
        ("pages", "187–94", True),
        ("pages", "187194", False),
        ("pmid", "90000001", True),
        ("pmid", None, False),
        ("doi", "10.0000/SAMPLE.1", True),
        ("doi", None, False),
    ],
)
def test_the_comparison_sees_what_is_lost(field: str, got: object, *, is_same: bool) -> None:
    authors = (Author("Sample", "Jane A", "JA", "Jr"), Author(collective="Sample Network"))
    want = wanted(replace(PLAIN, authors=authors, pages="187-94", doi="10.0000/sample.1"))

    assert same(field, want[field], got) is is_same
