"""How text is folded, how what somebody types is understood, and where words are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.store import SearchPhrase, marked, read_query, searched_for, snippet
from watcher.store.search.folding import words
from watcher.store.search.query import MOST_TERMS, WINDOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IL-6", "il 6"),
        ("IL6", "il 6"),
        ("α-Synuclein", "alpha synuclein"),
        ("alpha-synuclein", "alpha synuclein"),
        ("TNFα", "tnf alpha"),
        ("TNF-alpha", "tnf alpha"),
        ("TNFalpha", "tnf alpha"),
        ("IFNgamma1b", "ifn gamma 1 b"),
        ("NF-κB", "nf kappa b"),
        ("Ca²⁺", "ca 2"),
        ("Ca2+", "ca 2"),
        ("5-HT2A", "5 ht 2 a"),
        ("CD8+", "cd 8"),
        ("p53", "p 53"),
        ("µm and μm", "mu m and mu m"),
        ("Ωmega", "omega mega"),
        ("ς σ ϑ ά", "sigma sigma theta alpha"),
        ("λ", "lambda"),
        ("Müller Sørensen Łódź Straße", "muller sorensen lodz strasse"),
        ("ﬁbre soft\u00adhyphen zero\u200bwidth", "fibre softhyphen zerowidth"),
        ("e\u0301tude", "etude"),
        ("½ ١٢", "1 2 12"),
        ("alphabet diabeta abeta", "alphabet dia beta abeta"),
        ("+ - – … \x00 \ud800", ""),
        ("A" * 300, "a" * 200),
    ],
)
def test_text_is_folded(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


def test_letters_of_other_scripts_keep_their_prefixes_and_ideographs_are_words() -> None:
    assert words("жуки")[0].startswith(words("Жук")[0])
    assert words("神経") == [*words("神"), *words("経")]
    assert all(word.isascii() for word in words("жуки 神経 한글 עברית"))


@given(text=st.text(max_size=60))
def test_words_are_ascii_letters_or_digits_and_folding_them_again_changes_nothing(text: str) -> None:
    found = words(text)

    assert all(word.isascii() and (word.isalpha() or word.isdecimal()) for word in found)
    assert words(" ".join(found)) == found


@given(text=st.text(alphabet="aB1 αé²\u0301ﬁ-ß½", max_size=40))
def test_each_word_of_a_text_is_marked_where_it_stands(text: str) -> None:
    for word in set(words(text)):
        ranges = marked(text, [SearchPhrase((word,))])

        assert ranges
        assert all(0 <= start < end <= len(text) for start, end in ranges)
        assert all(word in words(text[start:end]) for start, end in ranges)


def placed(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a text in ASCII and where they stand, by the rules of docs/search.md."""
    for run in re.finditer("[a-z]+|[0-9]+", text.lower()):
        name = re.search("(?<=..)(alpha|beta|theta)$", run[0])
        cut = run.end() - len(name[0]) if name else run.end()
        yield text[run.start() : cut].lower(), run.start(), cut
        if name:
            yield name[0], cut, run.end()


def scanned(text: str, phrase: SearchPhrase) -> set[int]:
    """The places of all characters of a text in which the phrase stands, found word by word."""
    there, count = list(placed(text)), len(phrase.words)
    found: set[int] = set()
    for first in range(len(there) - count + 1):
        some = there[first : first + count]
        *before, last = [word for word, _, _ in some]
        holds = last.startswith(phrase.words[-1]) if phrase.is_prefix else last == phrase.words[-1]
        if holds and before == [*phrase.words[:-1]]:
            found |= set(range(some[0][1], some[-1][2]))
    return found


PIECES = ("alpha", "Beta", "theta", "eta", "x", "a", "al", "ifn", "tnf", "6", "53", "p", " ", " ", "-", "(")


@settings(max_examples=400)
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=16),
    start=st.integers(0, 8),
    count=st.integers(1, 3),
    cut=st.none() | st.integers(1, 4),
)
def test_phrases_are_marked_where_a_scan_word_by_word_finds_them(
    pieces: list[str], start: int, count: int, cut: int | None
) -> None:
    text = "".join(pieces)
    asked = [word for word, _, _ in placed(text)][start : start + count] or ["alpha"]
    phrase = SearchPhrase((*asked[:-1], asked[-1][:cut]), is_prefix=cut is not None)

    assert {place for first, last in marked(text, [phrase]) for place in range(first, last)} == scanned(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase", "shown"),
    [
        ("a a a b", SearchPhrase(("a", "a")), ["a a a"]),
        ("p 53, p 5 and up 53", SearchPhrase(("p", "53")), ["p 53"]),
        ("ifnalpha ifnal", SearchPhrase(("ifnal",), is_prefix=True), ["ifnal"]),
        ("ifnalpha xalpha", SearchPhrase(("al",), is_prefix=True), ["alpha"]),
        ("ifnalpha xalpha alpha", SearchPhrase(("alpha",)), ["alpha", "alpha"]),
        ("ifnalpha ifnbet ifn", SearchPhrase(("ifn",)), ["ifn", "ifn"]),
    ],
)
def test_a_phrase_is_marked_by_its_words_not_by_its_letters(text: str, phrase: SearchPhrase, shown: list[str]) -> None:
    assert [text[start:end] for start, end in marked(text, [phrase])] == shown


def test_a_word_longer_than_is_looked_at_is_marked_whole() -> None:
    long = "acgt" * 60

    assert marked(f"primer {long} end", [SearchPhrase(tuple(words(f"{long} end")))]) == ((7, 251),)


@pytest.mark.parametrize(
    ("typed", "understood", "notes"),
    [
        ("IL-6 receptor", "IL-6 AND receptor", ()),
        ('"muscle fibre" OR p53 -mouse', '"muscle fibre" OR (p53 AND NOT mouse)', ()),
        ('title:agrin Author:"Smith J" MuSK*', 'title:agrin AND author:"Smith J" AND MuSK*', ()),
        ("agrin[ti] smith[au] x[tiab]", "title:agrin AND author:smith AND x", ()),
        ("x[zz]", "x", ("[zz] is not known here: the word is looked for anywhere",)),
        ("(a1 OR b) NOT (c d)", "(a1 OR b) AND NOT (c AND d)", ()),
        ("a1 | b", "a1 OR b", ()),
        ("rat and mouse", "rat AND and AND mouse", ()),
        ("12345678", "pmid:12345678 OR 12345678", ()),
        ("https://pubmed.ncbi.nlm.nih.gov/12345678/", "pmid:12345678", ()),
        ("12345678 23456789", "pmid:12345678 OR pmid:23456789", ()),
        ("2026 12", "2026 AND 12", ()),
        ("https://doi.org/10.0000/ABC.", "doi:10.0000/abc", ()),
        ("pmid: 77", "pmid:77", ()),
        ("PMC0123", "pmcid:PMC123", ()),
        ("pmid:x", "x", ("x: no PMID; the words are looked for anywhere",)),
        ('"unbalanced words', '"unbalanced words"', ("the quotation mark that is not closed reaches to the end",)),
        ("“curly quotes”", '"curly quotes"', ()),
        ("(a1", "a1", ("a parenthesis that is not closed reaches to the end",)),
        ("a1)", "a1", ("a parenthesis closes nothing, so it is left out",)),
        ("OR", "", ("OR joins nothing, so it is left out",)),
        ("a1 AND", "a1", ("AND joins nothing, so it is left out",)),
        ("NOT", "", ("NOT joins nothing, so it is left out",)),
        ("rat - mouse", "rat AND mouse", ("-: no letter or digit, so it is left out",)),
        ("x*", "x", ("x*: a * needs 2 letters before it; the whole word is looked for",)),
        ("(" * 12 + "a1" + ")" * 12, "a1", ("parentheses are followed 10 deep",)),
        ("(" * 900, "", ("parentheses are followed 10 deep", "a parenthesis that is not closed reaches to the end")),
        ("a1 a1 A1", "a1 AND A1", ()),
        ("", "", ()),
    ],
)
def test_what_is_typed_is_understood_and_told(typed: str, understood: str, notes: tuple[str, ...]) -> None:
    query = read_query(typed)

    assert (str(query), query.notes) == (understood, notes)


def test_long_queries_and_phrases_are_bounded_and_told() -> None:
    many = read_query(" ".join(f"w{number}" for number in range(60)))
    long = read_query('"' + " ".join(["word"] * (WINDOW + 5)) + '"')

    assert str(many).count(" AND ") == MOST_TERMS - 1
    assert many.notes == (f"only the first {MOST_TERMS} words and phrases are looked for",)
    assert long.notes == (f"a phrase of more than {WINDOW} words is looked for in pieces",)
    assert read_query("x" * 2_000).notes == ("only the first 1,000 characters are looked at",)


def test_matched_words_are_marked_in_the_text_itself() -> None:
    text = "The Σ of α‐Synuclein, TNFα and IL‑6 in naïve fibres"
    anywhere, titled = searched_for(read_query("alpha-synuclein tnf-alpha il6 NAIVE fib* title:sigma -of"))

    shown = [text[start:end] for start, end in marked(text, anywhere)]

    assert shown == ["α‐Synuclein", "TNFα", "IL‑6", "naïve", "fibres"]
    assert [text[start:end] for start, end in marked(text, titled)] == ["Σ"]


def test_a_snippet_shows_where_most_of_the_words_stand() -> None:
    text = "agrin stands alone. " + "Filler words follow here. " * 40 + "Here agrin binds MuSK and rapsyn at once. " + "More. " * 80

    found = snippet(text, searched_for(read_query("agrin MuSK rapsyn"))[0])

    assert found.is_cut_before
    assert found.is_cut_behind
    assert [found.text[start:end] for start, end in found.marks] == ["agrin", "MuSK", "rapsyn"]
    assert found.text in text
    assert len(found.text) <= 260
    assert snippet("Short.", ()).text == "Short."
