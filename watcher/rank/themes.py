"""Themes: what the seeds speak of besides their common subject, and which of them a paper fits best. Pure.

Found by keyphrases: candidates are runs of words between stop words, punctuation and the words that all research is written in (RAKE;
Rose et al. 2010); each weighs its number of sentences × the mean idf of its words before the frozen background (tf × idf, Salton & Buckley
1988). Those that share sentences and lie near each other in the space of topics are one theme (average linkage; Sokal & Michener 1958).

A paper fits the theme whose words weigh most in it. Nothing here changes a score.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array

from watcher.domain import LONGEST_THEME_NAME, OTHER_THEMES, Article, ResolvedSeed, Theme
from watcher.rank import words
from watcher.rank.background import SATURATION, Background, Floats
from watcher.rank.features import SIZE, TITLE_WEIGHT, Passage, example, is_check_tag, word_ids

MOST = 8
PHRASES = 48
WORDS_SHOWN = 12
LONGEST = 4
COMMON = 0.25
"""Words in more than this share of the sentences are the subject of all the seeds, and part no theme from another."""
RARE = 3.0
"""The least mean idf of a keyphrase."""

Terms = Sequence[tuple[str, ...]]

_HEADS = frozenset(["cell", "change", "difference", "disease", "disorder", "muscle", "model", "receptor"])
"""What all research speaks of, but names something with the word before it."""

_CLAUSE = re.compile(r"[.,;:()\[\]!?\"“”\n]| - ")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_RESEARCH_WORDS = """
    abstract accumulating action address addressed advance advanced aim aimed allow analysis animal approach area article aspect
    assessment association author avenue background based basis become best biology biomarker bridge broad capacity case cause cell
    central challenge change characteristic characterizing clinical common communication comparison complex component conclusion
    condition connection considered contrast contribute contributing contribution control critical crosstalk current data decade decline
    decreased defect deficit demonstrate demonstrated depending describe design detail determine develop developed developing
    development difference different direction discuss discussed disease disorder distinct diverse driver drug dysfunction early effect
    effective efficient elucidating emerging emphasize emphasizing enable enabling essential establish establishing evidence examine
    exhibit experiment experimental explore explored explores factor feature field final finally finding focus formation function
    functional functionality fundamental furthermore future gap gene general governed group growing healthy high higher highlight
    highlighted highlighting highly human hypothesis impair impaired impairment implicated implication important improve improved
    increase increased increasing increasingly individual influence information insight integrate integrating interface intervention
    introduction investigate investigated involved issue journal key knowledge large level limited literature long loss low lower
    maintain maintaining maintenance major mass mean measure mechanism mechanistic mediated method model modifiable molecular
    morphological multiple network new normal novel number objective observed older onset opportunity original outcome overview paper
    part past pathogenesis pathogenic pathway patient people perspective phenotypically play posed possible potential present presented
    preserve preserving primary process progress progression promising proposed protein provide provided provides purpose question range
    recent recently recognized reduced region regulate regulatory related relationship relevant remain report reported require research
    researcher reside residing respect response result reveal revealed revealing review risk role sample science section shared short
    significant similar single site special specialized specific specificity stabilizing state strategy strength structural structure
    study substantial summary support supported synthesize system target targeted targeting technique test therapeutic therapy time tool
    topic total traditionally translating treatment type uncover uncovered uncovering underlying underscore understand understanding
    unique use useful value variable variety vary view vulnerability vulnerable work year
"""
_RESEARCH = frozenset(map(words.fold, _RESEARCH_WORDS.split()))
"""Words that all research is written in: they name no topic."""


def fitting(article: Article, themes: Sequence[Theme], background: Background) -> str | None:
    """The name of the theme that an article fits best: the one whose words weigh most in it; the first of equals; None if it has none.

    A word weighs the sum of its words' idf times its saturated count, twice in the title.
    """
    tokens = [(_tokens(text), TITLE_WEIGHT if place == 0 else 1) for place, text in enumerate(_said(article))]
    weights = [sum(_weight(term, tokens, background) for term in set(map(_term, theme.words))) for theme in themes]
    best = max(range(len(themes)), key=lambda place: weights[place], default=None)
    return themes[best].name if best is not None and weights[best] > 0 else None


def _said(article: Article) -> Iterator[str]:
    yield article.title
    yield article.abstract
    yield from article.keywords
    yield from (heading.name for heading in article.headings if not is_check_tag(heading.name))


def _tokens(text: str) -> list[str]:
    return [words.fold(text[start:end]) for start, end in words.spans(text)]


@lru_cache(maxsize=1 << 12)
def _term(text: str) -> tuple[str, ...]:
    """A theme's word as it is looked for: folded; a star at its end stays and stands for any ending."""
    folded = _tokens(text)
    if text.endswith("*") and folded:
        last = text[words.spans(text)[-1][0] :]
        return (*folded[:-1], last.lower())
    return tuple(folded)


def _weight(term: tuple[str, ...], texts: Sequence[tuple[list[str], int]], background: Background) -> float:
    times = sum(weight * _count(term, tokens) for tokens, weight in texts)
    return _idf(term, background) * times * (SATURATION + 1) / (times + SATURATION) if times else 0.0


def _count(term: tuple[str, ...], tokens: Sequence[str]) -> int:
    """How often a term's words stand side by side."""
    size = len(term)
    return sum(all(map(_is, term, tokens[start : start + size])) for start in range(len(tokens) - size + 1)) if size else 0


def _is(wanted: str, token: str) -> bool:
    return token.startswith(wanted[:-1]) if wanted.endswith("*") else token == wanted


def _idf(term: Iterable[str], background: Background) -> float:
    """The sum over a term's words."""
    return float(sum(background.weights.idf(_feature(word.rstrip("*"))) for word in term))


def _feature(word: str) -> int:
    return int(word_ids(np.array([words.key(word)], np.uint64))[0])


# --- found from the seeds --------------------------------------------------------------------------------------------------------


def found(seeds: Sequence[ResolvedSeed], background: Background) -> tuple[Theme, ...]:
    """The seeds' own themes, at most eight, the weightiest first: each with its keyphrases, and called by the best two."""
    sentences = [sentence for seed in seeds for sentence in _sentences(example(seed))]
    places, spelled = _phrases(sentences)
    weights = {
        phrase: len(where) * _idf(phrase, background) / len(phrase) ** 0.5
        for phrase, where in places.items()
        if _idf(phrase, background) >= RARE * sum(map(tells, phrase)) and _is_known(phrase, background)
    }
    best = sorted(weights, key=lambda phrase: (-weights[phrase], phrase))[:PHRASES]
    if not best:
        return ()
    groups: defaultdict[int, list[tuple[str, ...]]] = defaultdict(list)
    for phrase, group in zip(best, _grouped(best, places, background), strict=True):
        groups[group].append(phrase)
    ranked = sorted(groups.values(), key=lambda group: (-sum(weights[phrase] for phrase in group), group))
    return tuple(_named([spelled[phrase] for phrase in group] for group in ranked[:MOST]))


def _is_known(phrase: tuple[str, ...], background: Background) -> bool:
    """Whether some word of it has a place among the topics."""
    return any(background.rows[_feature(word)] < background.places.shape[0] - 1 for word in phrase)


def _named(groups: Iterable[Sequence[str]]) -> Iterator[Theme]:
    """A theme of each group, called by its best two phrases; by others where that is too long, or taken."""
    taken = {OTHER_THEMES.lower()}
    for phrases in groups:
        pairs = (" and ".join(phrases[:count]) for count in (2, 1))
        others = (*phrases[1:], f"{phrases[0][: LONGEST_THEME_NAME - 1]}…")
        name = next(one for one in (*pairs, *others) if len(one) <= LONGEST_THEME_NAME and one.lower() not in taken)
        taken.add(name.lower())
        yield Theme(name[:1].upper() + name[1:], tuple(phrases[:WORDS_SHOWN]))


def _sentences(passages: Iterable[Passage]) -> Iterator[str]:
    for passage in passages:
        yield from filter(str.strip, _SENTENCE.split(passage.text))


def _phrases(sentences: Sequence[str]) -> tuple[Mapping[tuple[str, ...], frozenset[int]], Mapping[tuple[str, ...], str]]:
    """Candidates with the sentences that they stand in, and how they are spelled at first."""
    common = _subject(sentences)
    places: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    spelled: dict[tuple[str, ...], str] = {}
    for number, sentence in enumerate(sentences):
        for clause in _CLAUSE.split(sentence):
            for phrase, text in _runs(clause, common):
                places[phrase].add(number)
                spelled.setdefault(phrase, text)
    return {phrase: frozenset(where) for phrase, where in places.items()}, spelled


def _subject(sentences: Sequence[str]) -> frozenset[str]:
    counts = Counter(token for sentence in sentences for token in set(_tokens(sentence)))
    return frozenset(token for token, number in counts.items() if number > max(COMMON * len(sentences), 2))


def _runs(clause: str, common: frozenset[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Runs of at most four telling words, the last ones of a longer run: English names end with what they name."""
    run: list[tuple[int, int]] = []
    for start, end in [*words.spans(clause), (len(clause), len(clause))]:
        word = words.fold(clause[start:end])
        if word and tells(word) and word not in common:
            run.append((start, end))
            continue
        if run:
            kept = [*run, (start, end)] if word in _HEADS and start - run[-1][1] == 1 else run
            kept = kept[-LONGEST:]
            yield tuple(words.fold(clause[one:other]) for one, other in kept), clause[kept[0][0] : kept[-1][1]]
        run = []


def tells(word: str) -> bool:
    """Whether a folded word can name a topic: no stop word, no number, none of the words that all research is written in."""
    return word not in words.STOP_WORDS and word not in _RESEARCH and not word.isdecimal()


def _grouped(phrases: Terms, places: Mapping[tuple[str, ...], frozenset[int]], background: Background) -> Sequence[int]:
    """A number of its theme for each phrase."""
    if len(phrases) == 1:
        return [1]
    near = (_near_topics(phrases, background) + _together(phrases, places)) / 2
    apart = 1 - near[np.triu_indices(len(phrases), 1)]
    groups: list[int] = fcluster(linkage(apart, "average"), MOST, "maxclust").tolist()
    return groups


def _near_topics(phrases: Terms, background: Background) -> Floats:
    """Cosines of the phrases' topics, less what all of them have in common; negative ones count as 0."""
    rows = [(row, _feature(word)) for row, phrase in enumerate(phrases) for word in phrase if tells(word)]
    at = (np.array([row for row, _ in rows]), np.array([feature for _, feature in rows]))
    topics, _ = background.topics(csr_array((background.weights.idf(at[1]), at), shape=(len(phrases), SIZE)))
    own = topics - topics.mean(axis=0)
    lengths = np.linalg.norm(own, axis=1)
    cosines: Floats = np.maximum(own @ own.T / np.outer(lengths, lengths).clip(1e-9), 0.0)
    return cosines


def _together(phrases: Terms, places: Mapping[tuple[str, ...], frozenset[int]]) -> Floats:
    """The share of sentences of the rarer of two phrases that hold both."""
    return np.array(
        [[len(places[one] & places[other]) / min(len(places[one]), len(places[other])) for other in phrases] for one in phrases]
    )
