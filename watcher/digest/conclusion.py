"""Finds the sentence in which a paper says what it found, for the picks of a digest.

A heuristic without a model: structured abstracts name their conclusion; others announce it by a cue ("Taken together, …"); else
the last sentence stands for it. What publishers append (copyright, registrations, funding) is never it.
"""

from __future__ import annotations

import re

from watcher.digest.clean import clip, plain
from watcher.domain import AbstractSection, Article

LENGTH = 300

_FLAGS = re.IGNORECASE | re.VERBOSE

_CONCLUSION_LABEL = re.compile(r"conclu|interpretation|implication|significance|take.?home|in\ summary", _FLAGS)
_ASIDE_LABEL = re.compile(r"regist|fund|keyword|copyright|conflict|data\ avail|trial\ number|level\ of\ evidence|protocol", _FLAGS)
_APPENDED = re.compile(
    r"""©|\bcopyright\b|all\ rights\ reserved|creative\ commons
    |^(published|reproduced)\ (by|with)\b|^(this\ is\ an\ )?open\ access
    |clinicaltrials\.gov|\bISRCTN|\bNCT\d{6}|\bPROSPERO\b
    |^((clinical\ )?trial|study|protocol)?\ ?regist(ration|ry|ered)\b
    |^(key\ ?words|fund(ing|ed)|conflicts?\ of\ interest|see\ also|supplement(al|ary)|graphical\ abstract|level\ of\ evidence)\b""",
    _FLAGS,
)

# Strongest first: the sentence that names itself the conclusion, then the one that says what the data mean, then mere inference.
_NAMES_ITSELF = re.compile(
    r"""\bin\ (conclusion|summary)\b|\bto\ (conclude|summari[sz]e)\b|\bwe\ (therefore\ |thus\ )?conclude\b|\btaken\ together\b
    |^(collectively|overall|altogether|together)\b""",
    _FLAGS,
)
_SAYS_WHAT_IT_MEANS = re.compile(
    r"""\b(our|these|the\ present|the\ current|this)\ (\w+\ ){0,3}?
    (results?|findings?|data|study|studies|work|observations?|evidence)\b
    .{0,80}?\b(suggest|indicat|demonstrat|show|reveal|establish|identif|support|provid|highlight|uncover|confirm|impl(y|ies))""",
    _FLAGS,
)
_INFERS = re.compile(
    r"""^(thus|therefore|hence|consequently)\b|^we\ (propose|suggest)\b
    |\bhere,?\ we\ (show|report|demonstrate|find|identify|describe)\b""",
    _FLAGS,
)
_CUES = (_NAMES_ITSELF, _SAYS_WHAT_IT_MEANS, _INFERS)

# A full stop after these, or after a single letter (an initial, the genus in "C. elegans"), ends no sentence.
_ABBREVIATION = re.compile(
    r"""(?:^|[\s(\[])
    (?:[A-Z]|e\.g|i\.e|et\ al|vs|cf|ca|approx|figs?|refs?|nos?|dr|prof|st|resp|spp?|subsp|var|etc|incl|eqs?|vol|dept
    |inc|ltd|u\.s|u\.k)
    \.$""",
    _FLAGS,
)
_LETTER_ENDS = re.compile(
    r"(?:vitamin|type|group|grade|class|protein|factor|hepatitis|influenza|botulinum\ \w+|\d)\ [A-Z]\.$", _FLAGS
)
_STOP = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9α-ωΑ-Ω])")


def conclusion(article: Article) -> str:
    """What the paper concludes, as plain text of at most 300 characters; "" when the record has no abstract.

    The section that is labelled or categorised (NlmCategory) as conclusion; else the sentence with the strongest cue, the last of
    several; else the last sentence.
    """
    named = _named(article.sections)
    if named:
        return _opening(sentences(named))
    body = [section.text for section in article.sections if not _ASIDE_LABEL.search(section.label)] or [article.abstract]
    found = [sentence for text in body for sentence in sentences(text) if not _APPENDED.search(sentence)]
    return clip(_telling(found), LENGTH)


def sentences(text: str) -> tuple[str, ...]:
    """`text` cut into its sentences; "e.g.", "et al.", "p < 0.05", decimals, initials and "C. elegans" cut nothing."""
    flat = plain(text)
    found, begin = [], 0
    for stop in _STOP.finditer(flat):
        if _ends(flat[begin : stop.start()]):
            found.append(flat[begin : stop.end()].strip())
            begin = stop.end()
    return tuple(sentence for sentence in (*found, flat[begin:]) if sentence)


def _ends(sentence: str) -> bool:
    return not _ABBREVIATION.search(sentence) or bool(_LETTER_ENDS.search(sentence))


def _named(sections: tuple[AbstractSection, ...]) -> str:
    by_category = [section.text for section in sections if section.category.upper().startswith("CONCLUSION")]
    by_label = [section.text for section in sections if _CONCLUSION_LABEL.search(section.label)]
    found = [text for text in by_category or by_label if plain(text)]
    return found[-1] if found else ""


def _opening(found: tuple[str, ...]) -> str:
    kept = [sentence for sentence in found if not _APPENDED.search(sentence)] or list(found)
    text = kept[0]
    for sentence in kept[1:]:
        if len(text) + 1 + len(sentence) > LENGTH:
            break
        text = f"{text} {sentence}"
    return clip(text, LENGTH)


def _telling(found: list[str]) -> str:
    for cue in _CUES:
        telling = [sentence for sentence in found if cue.search(sentence)]
        if telling:
            return telling[-1]
    return found[-1] if found else ""
