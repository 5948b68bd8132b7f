from __future__ import annotations

import re

import pytest
from markupsafe import Markup

from watcher.web.shared import marked, marked_markup


def _marks(text: str, *terms: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", str(marked(text, terms)))


@pytest.mark.parametrize(
    ("text", "terms", "found"),
    [
        ("Agrin at the endplate, and agrin.", ["agrin"], ["Agrin", "agrin"]),
        ("NMJs and the NMJ", ["NMJ"], ["NMJs", "NMJ"]),
        ("biopsies of muscle", ["biopsy"], ["biopsies"]),
        ("Perisynaptic Schwann cells", ["perisynaptic Schwann cell"], ["Perisynaptic Schwann cells"]),
        ("muscle-specific kinase", ["muscle specific kinase"], ["muscle-specific kinase"]),
        ("agrin, kinase", ["agrin kinase"], []),
        ("an agrinate", ["agrin"], []),
        ("muscle weakness and muscle", ["muscle", "muscle weakness"], ["muscle weakness", "muscle"]),
        ("type 2 fibres", ["type fibres"], ["type 2 fibres"]),
        ("α-synuclein and Ångström", ["synuclein", "ångström"], ["synuclein", "Ångström"]),
        ("nothing of it", ["agrin"], []),
        ("agrin", [], []),
    ],
)
def test_a_term_is_marked_where_the_ranking_reads_it(text: str, terms: list[str], found: list[str]) -> None:
    assert _marks(text, *terms) == found


def test_whatever_a_text_holds_is_escaped_and_nothing_is_lost() -> None:
    text = "<script>alert('agrin')</script> & agrin < x"

    told = marked(text, ["agrin", "script"])

    assert told.striptags() == text
    assert set(re.findall(r"<[^>]*>", str(told))) == {"<mark>", "</mark>"}


def test_a_title_keeps_its_italics() -> None:
    told = marked_markup(Markup("Loss of <i>agrin</i> &amp; CO<sub>2</sub> in agrin"), ["agrin"])

    assert str(told) == "Loss of <i><mark>agrin</mark></i> &amp; CO<sub>2</sub> in <mark>agrin</mark>"
