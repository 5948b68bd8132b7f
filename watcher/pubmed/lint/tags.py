"""Field tags that PubMed does not know, or that stand where they mean something else; and queries of headings alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise

from watcher.domain import Code
from watcher.pubmed.fields import DATES, NAMES, PROXIMITY, UNEXPLODED
from watcher.pubmed.lint.tokens import CLOSE, Token, field, negated, operands
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def tags(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """Tags without a word, unknown tags, and tags inside phrases."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.kind != "tag":
            continue
        if before is None or not before.is_operand:
            yield UnplacedFlaw(
                token.start,
                Code.QUERY_TAG,
                f"no word stands before {token.text}",
                "put a field behind the word or phrase it belongs to",
                token.text,
            )
        yield from _tag(token, before.text if before is not None and before.kind == "word" else "")
    yield from _tags_in_phrases(tokens)


def _tags_in_phrases(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """A tag inside the quotation marks is a part of the phrase."""
    for token in tokens:
        inside = _TAG_INSIDE.search(token.text) if token.kind == "phrase" else None
        if inside and " ".join(inside[1].lower().split()) in NAMES:
            what = "a field tag inside the quotation marks is searched as a word of the phrase"
            yield UnplacedFlaw(token.start, Code.QUERY_TAG, what, 'write it behind the quotation marks: "asthma"[tiab]', token.text)


_TAG_INSIDE = re.compile(r"\[([^\[\]:\"]{1,60})(?::[^\[\]\"]{0,20})?\]")


def _tag(token: Token, word: str = "") -> Iterator[UnplacedFlaw]:
    name, modifier = field(token)
    if name is None:
        yield from _unknown(token, word)
    elif modifier.startswith("~"):
        if not re.fullmatch(r"~\d+", modifier):
            yield UnplacedFlaw(
                token.start, Code.QUERY_PROXIMITY, f"the distance in {token.text} is no number", "write it as [tiab:~3]"
            )
        elif name not in PROXIMITY:
            what = f"PubMed has no proximity search in {name}"
            yield UnplacedFlaw(token.start, Code.QUERY_PROXIMITY, what, "use [ti:~N], [tiab:~N] or [ad:~N]")
    elif modifier and not (modifier.replace(" ", "") == "noexp" and name in UNEXPLODED):
        fix = f"write [{token.text[1:-1].partition(':')[0]}]"
        yield UnplacedFlaw(token.start, Code.QUERY_FIELD, f"PubMed knows no field {token.text}", fix, token.text)


def _unknown(token: Token, word: str) -> Iterator[UnplacedFlaw]:
    """A tag that is none. A heading inside the brackets is another database's way, and told as that."""
    if re.match(r"\[(?:mh\s+|mp\s*=)", token.text, re.IGNORECASE):
        return
    if word.lower() == "hasabstract":
        yield UnplacedFlaw(
            token.start,
            Code.QUERY_FIELD,
            f"hasabstract needs no tag, and PubMed knows no field {token.text}",
            "write hasabstract alone",
            token.text,
        )
        return
    what = f"PubMed knows no field {token.text} and searches the words everywhere"
    is_subset = re.fullmatch(r"jsubset\w+", word, re.IGNORECASE)
    fix = f"a subset takes [sb]: {word}[sb]" if is_subset else _meant(token.text[1:-1])
    yield UnplacedFlaw(token.start, Code.QUERY_FIELD, what, fix, token.text)


_MEANT = {
    **dict.fromkeys(
        ("title, abstract", "title-abstract", "title and abstract", "title or abstract", "ti/ab", "ti,ab", "ti ab", "tab"), "tiab"
    ),
    **dict.fromkeys(("mesh heading", "mesh headings", "subject heading", "subject headings", "descriptor", "meshterms"), "mh"),
    **dict.fromkeys(("majr topic", "major topic", "mesh major"), "majr"),
    **dict.fromkeys(("type", "article type", "publication types", "pub type"), "pt"),
    **dict.fromkeys(("year", "date", "pub date", "publication year"), "dp"),
    **dict.fromkeys(("authors", "author name"), "au"),
    **dict.fromkeys(("journal name", "source", "journal title"), "ta"),
    **dict.fromkeys(("abstracts", "abs"), "ab"),
}
"""What people write for a field, by what they mean."""
_WORTH_GUESSING = ("tiab", "mesh", "majr", *(name for name in NAMES if len(name) >= 8))
"""Spellings that are nobody else's: a letter too many or too few in them is a slip."""


def _meant(tag: str) -> str:
    """What to write for an unknown tag. Nothing is proposed for a short one by its letters: [text] is not [tt]."""
    bare = " ".join(tag.lower().partition(":")[0].split())
    near = get_close_matches(bare, _WORTH_GUESSING, n=1, cutoff=0.85)
    meant = _MEANT.get(bare) or (near[0] if near else "")
    return f"did you mean [{meant}]?" if meant else "the tags are listed in PubMed's help; [tiab] is title, abstract and keywords"


_OF_HEADINGS = frozenset({"MeSH Terms", "MeSH Major Topic", "MeSH Subheading"})
_BESIDE = frozenset({"Language", "Filter", "Publication Type", *DATES})


def headings(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """A query of headings alone."""
    fields = list(_fields_met(tokens))
    if _OF_HEADINGS & set(fields) and set(fields) <= _OF_HEADINGS | _BESIDE:
        what = "all terms are headings, which new records get weeks to months after they appear: papers come late"
        yield UnplacedFlaw(tokens[0].start, Code.QUERY_HEADINGS, what, 'add words, joined by OR: "Asthma"[mh] OR asthma*[tiab]')


def _fields_met(tokens: list[Token]) -> Iterator[str | None]:
    """The field of each term that is not excluded by NOT, "" for none. A range of dates has one, at its end."""
    excluded, behind = negated(tokens), {token.start: after for token, after in pairwise([*tokens, CLOSE])}
    for run, tag in operands(tokens):
        if run[0].start in excluded or behind[run[-1].start].kind == "colon":
            continue
        if [token.text.lower() for token in run] == ["hasabstract"]:
            yield "Filter"
        else:
            yield field(tag)[0] if tag is not None else ""
