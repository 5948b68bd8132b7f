"""What a few papers have in common and most papers have not: the clauses of a query that finds papers like them. Pure.

A candidate is a phrase of one to three words of their titles, abstracts and keywords, or two phrases that must both be there. The choice is
a budgeted maximum coverage, taken greedily (Khuller, Moss & Naor, Information Processing Letters 70:1, 1999): each step takes the candidate
that most raises

    Σ over seeds i of  1 - Π over chosen c that seed i holds of (1 - q_c)        q_c = SUREST · (s_c - 1 + (p_c / p)^¼) / n

with s_c of n seeds and the share p_c of general papers holding c, so that q_c is how often another seed confirms it; as long as the general
papers that the choice matches stay below the share p. Gains are weighed against what they bring of general papers. What one seed alone says
counts little, and what all say, once. benchmarks/drafted_queries.py measures it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import log

from watcher.domain import Clause, Phrase
from watcher.rank import words
from watcher.rank.rarity import Rarity
from watcher.rank.themes import tells

LONGEST = 3
"""Words of a phrase."""
MOST_CLAUSES = 14
MOST_HEADINGS = 4
COST = 1.0
"""What a clause that would take all the room must gain more than one that takes none, as a ratio less 1."""
SUREST = 0.6
"""However many seeds hold a phrase, others of their kind write it otherwise: so often at least a second and a third name is worth a line."""
LEAST_GAIN, LEAST_GAIN_OF_TWO = 0.005, 0.05
"""Of the papers that are hoped for, what a clause of one phrase, or of two, must add."""
PAIRED = 40
"""So many of the best phrases are tried two by two."""
KEPT_BACK = 0.1
"""The share of the room that is kept for seeds that hold none of the best clauses."""
TOO_WIDE = 0.5
"""Phrases are joined by AND where each alone takes more than this of what may be matched: a phrase alone finds more."""
FREQUENT = 300
"""So many of the best phrases are looked at."""

_WORD = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[ \u00a0\u2010\u2011-]")
"""What stands between words that PubMed takes for neighbours: a blank or a hyphen."""

_METHODS = """
    added additional adult adverse age aged alone analysed analyzed arm assessed available baseline blind blinded case cohort
    combination commonly compared conclusion confidence controlled controls crossover daily date day days diagnosed diagnosis dose
    double efficacy eight enrolled evaluated event fifty five follow followed forty four hazard hour hours hundred illness
    impression improvement include including index instrument intensity interval investigation least mean measured median men meta
    method minute month months multicenter multicentre nine number odd one open outcome patient patients percent phase placebo point
    population prognosis prospective protocol quality questionnaire random randomised randomized rate ratio received recruited
    regression relief report reproducibility result retrospective safety scale score sensitivity seven severity significance
    significantly six sixty standardised standardized statistical statistically structured subgroup subject survey symptom
    systematic ten term thirty three tolerability tolerated treated trial twenty two univariate versus visit week weeks weighed
    whereas women year years
"""
_SAY_HOW = frozenset(map(words.fold, _METHODS.split()))
"""How studies are done: it names no topic at a phrase's beginning or end."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Try:
    """A candidate: its phrases, which seeds hold them all, and which general papers do."""

    phrases: tuple[Words, ...]
    seeds: frozenset[int]
    papers: int
    share: float


@dataclass(frozen=True, slots=True)
class Ground:
    """The clauses that were chosen, and the share of general papers that hold one of them."""

    clauses: tuple[Clause, ...]
    share: float


def common_ground(
    texts: Sequence[Sequence[str]], rarity: Rarity, *, most: float, headings: Sequence[Mapping[str, bool]] = ()
) -> Ground:
    """Choose the clauses.

    Args:
        texts: title, abstract and keywords of each seed.
        rarity: how often general papers say a phrase.
        most: the share of general papers that the choice may match.
        headings: the MeSH headings of each seed, and whether they are what it is mostly about.

    Returns:
        At most MOST_CLAUSES clauses in the order of their weight; none where no phrase is telling and rare enough.
    """
    held, forms = _phrases(texts)
    tries = list(_tries(held, len(texts), rarity, most))
    chosen = _chosen(tries, len(texts), rarity, most)
    chosen = _without_redundant([*chosen, *_for_the_rest(tries, chosen, rarity, most)])
    clauses = [Clause(tuple(Phrase(one, forms[one]) for one in each.phrases), each.seeds) for each in chosen]
    named = _with_headings(clauses, chosen, headings, rarity, most)
    return Ground(tuple(named), _share(chosen, rarity))


def holders(clauses: Sequence[Clause], texts: Sequence[Sequence[str]]) -> frozenset[int]:
    """Which of the texts (title, abstract, keywords) hold all phrases of one of the clauses."""
    said = [[_words(passage) for passage in passages] for passages in texts]
    return frozenset(
        number
        for number, passages in enumerate(said)
        if any(all(any(_is_within(one.words, each) for each in passages) for one in clause.phrases) for clause in clauses)
    )


def _words(passage: str) -> Words:
    return tuple(word.lower() for word in _WORD.findall(_plain(passage)))


# --- candidates ------------------------------------------------------------------------------------------------------------------


def _phrases(texts: Sequence[Sequence[str]]) -> tuple[Mapping[Words, frozenset[int]], Mapping[Words, tuple[str, ...]]]:
    """Each phrase with the seeds that hold it, and with its spellings. What one seed alone says must stand in its title or keywords,
    or twice."""
    holders: defaultdict[Words, set[int]] = defaultdict(set)
    spelled: defaultdict[Words, Counter[str]] = defaultdict(Counter)
    central: set[Words] = set()
    for number, passages in enumerate(texts):
        times: Counter[Words] = Counter()
        for place, passage in enumerate(passages):
            for phrase, text in _runs(passage):
                holders[phrase].add(number)
                spelled[phrase][text] += 1
                times[phrase] += 1 if place == 1 else 2  # the title comes first, then the abstract, then keywords
        central |= {phrase for phrase, count in times.items() if count > 1}
    held = {phrase: frozenset(seeds) for phrase, seeds in holders.items() if len(seeds) > 1 or phrase in central}
    return held, {phrase: _forms(spelled[phrase]) for phrase in held}


def _forms(spelled: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(spelled, key=lambda text: (-spelled[text], text)))


def _runs(passage: str) -> Iterator[tuple[Words, str]]:
    """Every phrase of a passage."""
    found = list(_WORD.finditer(_plain(passage)))
    text = _plain(passage)
    for start in range(len(found)):
        for end in range(start, min(start + LONGEST, len(found))):
            if end > start and not _JOINT.fullmatch(text[found[end - 1].end() : found[end].start()]):
                break
            spelled = [one.group() for one in found[start : end + 1]]
            if phrase := _telling(spelled):
                yield phrase, " ".join(spelled)


def _plain(text: str) -> str:
    """Letters without their accents, as PubMed searches them."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def _telling(spelled: Sequence[str]) -> Words | None:
    """The phrase of some words if it can name a topic; None if it cannot."""
    low = [word.lower() for word in spelled]
    phrase = (*low[:-1], words.fold(low[-1]))
    ends = (words.fold(low[0]), phrase[-1])
    names = all(len(one) > 2 and tells(one) and one not in _SAY_HOW for one in ends)
    is_run = all(word.isascii() and word not in words.STOP_WORDS for word in low)
    return phrase if names and is_run else None


def _tries(held: Mapping[Words, frozenset[int]], count: int, rarity: Rarity, most: float) -> Iterator[_Try]:
    """What can be chosen: the best phrases that are rare enough, and two of them together."""
    shares = {phrase: rarity.share(phrase) for phrase in held}
    weights = {phrase: len(seeds) * _weight(shares[phrase]) for phrase, seeds in held.items()}
    best = sorted(held, key=lambda phrase: (-weights[phrase], phrase))[:FREQUENT]
    best = [phrase for phrase in best if not _is_part(phrase, held, best)]
    singles = [one for phrase in best if (one := _single(phrase, held[phrase], rarity, shares[phrase])) is not None]
    yield from (one for one in singles if one.share <= most)
    enough = max(2, count / 2)
    often = [one for one in singles if len(one.seeds) >= enough and one.share > most * TOO_WIDE][:PAIRED]
    for one, other in combinations(often, 2):
        if not set(one.phrases[0]) & set(other.phrases[0]):
            both = _pair(one, other)
            if len(both.seeds) >= enough and both.papers.bit_count() <= most * rarity.papers:
                yield both


def _is_part(word: Words, held: Mapping[Words, frozenset[int]], best: Sequence[Words]) -> bool:
    """Whether a word stands in a phrase that the same seeds hold: alone it finds more that is not meant, such as the bleaching of teeth."""
    return len(word) == 1 and any(
        len(phrase) > 1 and held[phrase] == held[word] and _is_within(word, tuple(map(words.fold, phrase))) for phrase in best
    )


def _weight(share: float) -> float:
    """How much a phrase of this share tells: its surprise."""
    return -log(max(share, 1e-6))


def _single(phrase: Words, seeds: frozenset[int], rarity: Rarity, share: float) -> _Try | None:
    papers = rarity.holding(phrase)
    return None if papers is None else _Try((phrase,), seeds, papers, share)


def _pair(one: _Try, other: _Try) -> _Try:
    papers = one.papers & other.papers
    return _Try((*one.phrases, *other.phrases), one.seeds & other.seeds, papers, min(one.share, other.share))


# --- the choice ------------------------------------------------------------------------------------------------------------------


def _chosen(tries: Sequence[_Try], count: int, rarity: Rarity, most: float) -> list[_Try]:
    """Greedily: what is gained most by, for the general papers that it brings; of equals what brings fewer."""
    chosen: list[_Try] = []
    missed, papers, room = [1.0] * count, 0, most * rarity.papers * (1 - KEPT_BACK)
    sure = {one.phrases: _sureness(one, count, most) for one in tries}
    while len(chosen) < MOST_CLAUSES:
        best: tuple[tuple[float, float, tuple[Words, ...]], _Try] | None = None
        for one in tries:
            gain = sum(missed[seed] for seed in one.seeds) * sure[one.phrases] / count
            added = (papers | one.papers).bit_count() - papers.bit_count()
            if gain < _least_gain(one) or papers.bit_count() + added > room or _is_held(one, chosen):
                continue
            key = (-gain / (1 + COST * added / room), one.share, one.phrases)
            if best is None or key < best[0]:
                best = (key, one)
        if best is None:
            break
        one = best[1]
        chosen.append(one)
        papers |= one.papers
        missed = [miss * (1 - sure[one.phrases]) if place in one.seeds else miss for place, miss in enumerate(missed)]
    return chosen


def _for_the_rest(tries: Sequence[_Try], chosen: Sequence[_Try], rarity: Rarity, most: float) -> Iterator[_Try]:
    """Clauses for the seeds that hold none of the chosen ones: what most of them hold, then what few general papers do."""
    found = frozenset[int]().union(*(one.seeds for one in chosen))
    papers = 0
    for one in chosen:
        papers |= one.papers
    while left := [one for one in tries if one.seeds - found and (papers | one.papers).bit_count() <= most * rarity.papers]:
        best = min(left, key=lambda one: (-len(one.seeds - found), (papers | one.papers).bit_count(), one.share, one.phrases))
        yield best
        found, papers = found | best.seeds, papers | best.papers


def _least_gain(one: _Try) -> float:
    return LEAST_GAIN if len(one.phrases) == 1 else LEAST_GAIN_OF_TWO


def _sureness(one: _Try, count: int, most: float) -> float:
    """How likely another paper of this kind holds it, too: as often as another seed does, and more for what many papers say anyway."""
    usual = float(min(one.share / most, 1.0) ** 0.25)
    return SUREST * (len(one.seeds) - 1 + usual) / count


def _is_held(one: _Try, chosen: Iterable[_Try]) -> bool:
    """Whether each paper that holds it is found already: a shorter phrase of it is chosen."""
    return any(all(any(_is_within(short, long) for long in one.phrases) for short in other.phrases) for other in chosen)


def _is_within(short: Words, long: Words) -> bool:
    """Whether a phrase stands in another one. A last word is folded and searched with any ending, so it may stand inside, too."""
    size = len(short)
    return any(_is_same(short, long[start : start + size]) for start in range(len(long) - size + 1))


def _is_same(short: Words, part: Words) -> bool:
    return short[:-1] == part[:-1] and short[-1] == words.fold(part[-1])


def _without_redundant(chosen: Sequence[_Try]) -> list[_Try]:
    """Without what a later, shorter choice finds as well."""
    return [one for one in chosen if not _is_held(one, (other for other in chosen if other is not one))]


def _share(chosen: Sequence[_Try], rarity: Rarity) -> float:
    """The share of general papers that hold any of them: counted in the sample, and no less than the most frequent one's."""
    papers = 0
    for one in chosen:
        papers |= one.papers
    alone = [one.share for one in chosen if len(one.phrases) == 1]
    return max([papers.bit_count() / rarity.papers, *alone], default=0.0)


# --- headings --------------------------------------------------------------------------------------------------------------------


def _with_headings(
    clauses: Sequence[Clause], chosen: list[_Try], headings: Sequence[Mapping[str, bool]], rarity: Rarity, most: float
) -> list[Clause]:
    """The clauses with the headings that say the same, and clauses of further headings that many seeds share, with their words, as far as
    there is room. What these match is added to `chosen`."""
    named, shared = list(clauses), _shared(headings)
    for heading, seeds in shared.items():
        twin = _twin(heading)
        same = next((place for place, one in enumerate(named) if _says(one, twin)), None)
        if same is not None:
            named[same] = replace(named[same], heading=heading, seeds=named[same].seeds | seeds)
            continue
        papers = rarity.holding(twin)
        if papers is None or sum(1 for one in named if one.heading) >= MOST_HEADINGS:
            continue
        found = papers
        for one in chosen:
            found |= one.papers
        if found.bit_count() <= most * rarity.papers and rarity.share(twin) <= most:
            chosen.append(_Try((twin,), seeds, papers, rarity.share(twin)))
            named.append(Clause((Phrase(twin, (" ".join(twin),)),), seeds, heading))
    return named


def _shared(headings: Sequence[Mapping[str, bool]]) -> dict[str, frozenset[int]]:
    """Headings that many seeds share and that at least one is mostly about, the most shared first."""
    holders: defaultdict[str, set[int]] = defaultdict(set)
    weight: Counter[str] = Counter()
    is_any_major = any(major for each in headings for major in each.values())
    for number, each in enumerate(headings):
        for name, major in each.items():
            holders[name].add(number)
            weight[name] += major
    least = max(2, len(headings) / 3) if len(headings) > 1 else 1
    kept = [
        name for name, seeds in holders.items() if len(seeds) >= least and (weight[name] or not is_any_major) and _names_topic(name)
    ]
    ordered = sorted(kept, key=lambda name: (-weight[name], -len(holders[name]), name))
    return {name: frozenset(holders[name]) for name in ordered}


def _names_topic(heading: str) -> bool:
    """Whether it can stand in a query, and says what a study is about, not how it was done or on whom."""
    if heading.lower() in words.CHECK_TAGS or not heading.isascii() or re.search(r'["\[\]*]', heading):
        return False
    return any(len(one) > 2 and tells(one) and one not in _SAY_HOW for one in _twin(heading))


def _twin(heading: str) -> Words:
    """A heading as papers write it: "Muscle, Skeletal" is skeletal muscle."""
    parts = re.sub(r"\(.*?\)", "", heading).split(", ")
    low = [one.lower() for one in _WORD.findall(" ".join(reversed(parts)))]
    return (*low[:-1], words.fold(low[-1])) if low else ()


def _says(clause: Clause, twin: Words) -> bool:
    return len(clause.phrases) == 1 and clause.phrases[0].words == twin
