"""Seeds and verdicts -> views -> the 0-100 number, with what is behind it.

    score_S(d) = d · W_S · (mean(positives) - mean(background))                               in each space S (Rocchio, 1971)
    score(d)   = Σ_S w_S · (score_S(d) - m_S) / s_S               m_S, s_S: mean and deviation over the background's sample
    number(d)  = how many percent of the N sample papers with the highest scores score lower than d, interpolated

W_S is the inverse covariance in the spaces of topics and embeddings, and nothing in those of words (`spaces`). When the positives fall
apart into groups of different topics, score(d) is half that of all positives and half that of the group that d is nearest to. Where
there are papers that are not relevant, a linear model of the labels adds its answer.

Closed form: one seed is enough, and a verdict counts at once. Nothing here reads text or names words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from watcher.domain import Article, Breakdown, OwnGround, Part, RankingFacts, RecordId, ResolvedSeed, Scored, Seed, embedded_text
from watcher.errors import ConfigurationError, Problem
from watcher.rank.background import IS_TELLING, Background, Features, Floats, Vectors
from watcher.rank.explanation import Gains, SeedVectors, explain, headings_of, terms_of, written
from watcher.rank.features import Matrix, Passage, count, count_articles, example, paper
from watcher.rank.ground import Worth, earned, on_own_ground, unpack, weighed, worths
from watcher.rank.spaces import (
    ELITE,
    NAMES,
    NEAREST,
    Directions,
    Example,
    Known,
    Labels,
    Measure,
    Parts,
    Seen,
    Space,
    View,
    blended,
    groups,
    joined,
    known_elite,
    known_of,
    labels_of,
    points,
    rows_of,
    seen,
    side_by_side,
    stacked,
    totals,
    views_of,
    whitened,
)

if TYPE_CHECKING:
    from watcher.rank import Embed

CODE = "lexical 3"
"""Names this algorithm; changes with anything that can move a score."""
CODE_WITH_SNAPSHOT = "lexical 4"
"""Names the same where there is a snapshot of the watch's own papers."""
CODE_WITH_LABELS = "lexical 5"
"""Names the same where there are papers that are not relevant, with a snapshot and without."""

NEAREST_SEEDS = 5

Places = npt.NDArray[np.int64]

_BATCH = 1_000
_EXPLAINED = 50
"""What each feature of so many papers added is there at once: some 60 kB a paper."""
_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class MarkedPapers:
    """Papers that a reader marked, the relevant ones first. `places`: which of the positives each of these is; `rows`: each of these in every
    space (by its name), so that its product with a paper is what it counts there, without its weight; `own`: the same by the weights of the
    watch's own papers, where these are others; `shares`: how much of each paper stands in the labels, and `labelled` its row there."""

    record_ids: tuple[RecordId, ...]
    places: range
    rows: Mapping[str, Matrix]
    own: Mapping[str, Matrix]
    shares: Floats
    labelled: Matrix

    def weights(self, view: View) -> Floats:
        """What each relevant paper weighs in a view's means."""
        return np.array([(place in view.members) / view.members.size for place in self.places])

    def points(self, features: Features, shares: Sequence[tuple[View, float]], labels: Space | None) -> Floats:
        """What each verdict adds to one paper's score in all spaces and by the labels. `shares`: of each view."""
        added = np.zeros(len(self.record_ids))
        relevant = added[: len(self.places)]
        for number, one in enumerate(shares[0][0].spaces):
            paper_ = rows_of(features, one.name)
            each = [(view.spaces[number], share, self.weights(view)) for view, share in shares]
            scale = sum(share * space.scale * (1 - space.own) * weights for space, share, weights in each)
            if one.own < 1:
                relevant += _products(self.rows[one.name], paper_) * scale
            if labels and number == 0:
                added += _products(self.labelled, paper_) * self.shares * labels.scale
            if one.own:
                scale = sum(share * space.scale * space.own * weights for space, share, weights in each)
                relevant += _products(self.own[one.name], paper_) * scale
        return added

    def kind(self, number: int) -> str:
        """How the paper was marked."""
        return "relevant" if number < len(self.places) else "not"


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted ranking. `views`: that of all positives, then one for each group if they fall apart. `labels`: the linear model, if
    there is something to learn from. `rungs`: the scores of the N nearest sample papers, lowest first. `own`: how far the watch's own
    papers are believed, where there is a snapshot of them."""

    ground: Measure
    views: tuple[View, ...]
    labels: Space | None
    rungs: Floats
    examples: SeedVectors
    judged: MarkedPapers
    own: OwnGround | None = None

    @cached_property
    def by_topics(self) -> tuple[Floats, ...]:
        """For each view, what each row of the background's places is worth in points, to a paper that is nearest to its group."""
        return _by_topics(self.views, self.ground.background)

    @cached_property
    def _directions(self) -> tuple[Directions, ...]:
        return tuple(map(side_by_side, zip(*(view.spaces for view in self.views), strict=True)))

    @property
    def _has_elite(self) -> bool:
        return self.views[0].spaces[-1].name == ELITE

    def scores(self, features: Features) -> tuple[Floats, Places]:
        """The papers' scores, and which view after the first each is nearest to (0 where there are no groups); see `spaces.totals`."""
        each = totals(self._directions, features)
        best = each[1:].argmax(axis=0) + 1 if each.shape[0] > 1 else np.zeros(each.shape[1], np.int64)
        return _joined(each, _learnt(self.labels, features)), best

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """Score articles in batches of bounded memory; see `watcher.rank.Ranking.score`."""
        return tuple(scored for batch in _batches(articles) for scored in self._scored(batch))

    def _scored(self, articles: Sequence[Article]) -> Iterator[Scored]:
        features = self._read(articles)
        totals, best = self.scores(features)
        near = self.examples.nearest(features.vectors)
        parts = zip(articles, written(articles), self._numbers(totals, features), near, self._gains(features, best), strict=True)
        for article, texts, number, nearest, gained in parts:
            yield Scored(article.record_id, number, explain(article, texts, gained, nearest))

    def values_of(self, features: Features) -> tuple[float, ...]:
        """The numbers of papers whose features were read; 0 for a paper without any text."""
        return self._numbers(_joined(totals(self._directions, features), _learnt(self.labels, features)), features)

    def _numbers(self, totals: Floats, features: Features) -> tuple[float, ...]:
        numbers = percent(totals, self.rungs)
        numbers[np.diff(features.vectors.phrases.indptr) == 0] = 0.0
        return tuple(numbers.tolist())

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers alone, in batches of bounded memory; see `watcher.rank.Ranking.values`."""
        return tuple(number for batch in _batches(articles) for number in self.values_of(self._read(batch)))

    def _read(self, articles: Sequence[Article]) -> Features:
        return read(articles, self.ground.background, self.ground.embed)

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind one number; see `watcher.rank.Ranking.breakdown`."""
        features = self._read([article])
        totals, best = self.scores(features)
        (gains,) = self._gains(features, best)
        shares = _shares(self.views, int(best[0]))
        each = dict(zip(self.views, np.array([*points(self._directions, features)])[:, :, 0].T, strict=True))
        added = sum((share * each[view] for view, share in shares), start=np.zeros(1))
        learnt = [Part(self.labels.name, float(_learnt(self.labels, features)[0]))] if self.labels else []
        return Breakdown(
            value=self._numbers(totals, features)[0],
            total=float(totals[0]),
            spaces=(*(Part(space.name, one) for space, one in zip(self.views[0].spaces, added.tolist(), strict=True)), *learnt),
            terms=terms_of(article, gains),
            headings=headings_of(article, gains),
            nearest=self.examples.ranked(features.vectors)[:NEAREST_SEEDS],
            verdicts=self._moved(features, shares),
            ground=self.own,
        )

    def _moved(self, features: Features, shares: Sequence[tuple[View, float]]) -> tuple[tuple[RecordId, str, float], ...]:
        """What each verdict added to one paper's score, the most first."""
        points = self.judged.points(features, shares, self.labels)
        moved = [
            (record_id, self.judged.kind(number), float(points[number])) for number, record_id in enumerate(self.judged.record_ids)
        ]
        return tuple(sorted(moved, key=lambda verdict: (-abs(verdict[2]), verdict[0])))

    def _gains(self, features: Features, best: Places) -> Iterator[Gains]:
        """For each paper, what each of its features added to the score (of the dense part nothing can be told)."""
        for start in range(0, best.size, _EXPLAINED):
            some = slice(start, start + _EXPLAINED)
            yield from self._gains_of(self._wide(features, some), features.divisors[some], best[some])

    def _wide(self, features: Features, some: slice) -> tuple[Matrix, ...]:
        """Some papers in the spaces of words: two, or three where there is that of the words that papers are about."""
        wide = (*features.vectors, features.elite) if self._has_elite else features.vectors
        return tuple(rows[some] for rows in wide)

    def _gains_of(self, wide: tuple[Matrix, ...], divisors: Floats, best: Places) -> list[Gains]:
        gains = [Gains(best[:0], np.zeros(0))] * best.size
        for group in np.unique(best).tolist():
            among = np.flatnonzero(best == group)
            those = tuple(rows[among] for rows in wide)
            for place, gained in zip(among.tolist(), self._gained(those, divisors[among], group), strict=True):
                gains[place] = gained
        return gains

    def _gained(self, wide: tuple[Matrix, ...], divisors: Floats, best: int) -> Iterator[Gains]:
        """For each paper that is nearest to a group, what each of its features adds along the directions of the phrases, the words, by
        words the topics, and the words that papers are about."""
        phrases, words, *elite = wide
        background = self.ground.background
        added = phrases.data * self._direction("phrases", phrases.indices, best)
        by_topic = self.by_topics[best][background.rows[words.indices]] / np.repeat(divisors, np.diff(words.indptr))
        told = words.data * (self._direction("words", words.indices, best) + by_topic)
        for rows in elite:
            told += rows.data * self._direction(ELITE, rows.indices, best)
        added[IS_TELLING[phrases.indices]] += told
        for start, end in zip(phrases.indptr[:-1].tolist(), phrases.indptr[1:].tolist(), strict=True):
            yield Gains(phrases.indices[start:end], added[start:end])

    def _direction(self, name: str, features: npt.NDArray[np.integer], best: int) -> Floats:
        """What each of these features is worth in points in a space of words, to a paper nearest to that group."""
        means = dict(zip(NAMES, self.ground.background.mean, strict=False))
        usual = means[name][features].astype(np.float64) if name in means else 0.0
        shares = _shares(self.views, best)
        direction = sum((share * view.direction(name, features, usual) for view, share in shares), start=np.zeros(1))
        if self.labels and name == "phrases":
            direction = direction + self.labels.direction(features, 0.0)
        return direction


def _products(rows: Matrix, paper_: Matrix) -> Floats:
    """What each row is along one paper."""
    products = rows @ paper_.T
    return np.asarray(products if isinstance(products, np.ndarray) else products.toarray(), np.float64)[:, 0]


def _shares(views: Sequence[View], best: int) -> tuple[tuple[View, float], ...]:
    """The views that make the score of a paper that is nearest to the group `best`, and their shares."""
    return ((views[0], 0.5), (views[best], 0.5)) if best else ((views[0], 1.0),)


def _by_topics(views: Sequence[View], background: Background) -> tuple[Floats, ...]:
    """For each view, what each row of the background's places is worth in points, to a paper that is nearest to its group."""
    every = np.arange(background.places.shape[1])
    return background.along(
        [
            sum((share * view.direction("topics", every, 0.0) for view, share in _shares(views, best)), start=np.zeros(1))
            for best in range(len(views))
        ]
    )


def _learnt(labels: Space | None, features: Features) -> Floats:
    """What the linear model, if there is one, adds to the papers' scores."""
    return side_by_side([labels]).points(features.columns[0])[0] if labels else np.zeros(1)


def _joined(totals: Floats, learnt: Floats) -> Floats:
    """The scores of papers by what they have in each view; see `Model.scores`."""
    whole = totals[0]
    found: Floats = (whole if totals.shape[0] == 1 else (whole + totals[1:].max(axis=0)) / 2) + learnt
    return found


def _batches(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    return (articles[start : start + _BATCH] for start in range(0, max(len(articles), 1), _BATCH))


def read(articles: Sequence[Article], background: Background, embed: Embed | None) -> Features:
    """What every ranking reads of papers; see `watcher.rank.read`."""
    ground = Measure(background, embed)
    return joined([ground.read(count_articles(some), [*map(embedded_text, some)]) for some in _batches(articles)])


@dataclass(frozen=True, slots=True)
class Shown:
    """What a ranking learns from: the seeds that have a text, and the papers that readers marked, each in an order of its own."""

    seeds: tuple[Example, ...]
    liked: Mapping[RecordId, Article]
    disliked: Mapping[RecordId, Article]

    @property
    def marked(self) -> tuple[list[Example], list[Example]]:
        """The relevant papers and those that are not, as examples."""
        return [*map(_as_example, self.liked.values())], [*map(_as_example, self.disliked.values())]


def shown(seeds: Sequence[ResolvedSeed], relevant: Sequence[Article] = (), not_relevant: Sequence[Article] = ()) -> Shown:
    """What a ranking learns from, whatever the order it is given in; see `watcher.rank.build`.

    Raises ConfigurationError when no seed and no relevant article has text to rank by.
    """
    _require_text(seeds, relevant)
    return Shown(
        tuple(
            sorted(((_label(seed), passages, _seed_text(seed)) for seed in seeds if (passages := example(seed))), key=_example_hash)
        ),
        {article.record_id: article for article in sorted(relevant, key=_record_id) if paper(article)},
        {article.record_id: article for article in sorted(not_relevant, key=_record_id) if paper(article)},
    )


def fit(
    shown: Shown, background: Background, *, embed: Embed | None = None, depth: int = NEAREST, snapshot: bytes | None = None
) -> Model:
    """The model of what was shown. `depth` is N; `snapshot`: of the watch's own papers (`watcher.rank.ground`)."""
    seeds, kinds = shown.seeds, shown.marked
    ground = Measure(background, embed)
    positives, negatives = ground.examples([*seeds, *kinds[0]]), ground.examples(kinds[1])
    sample = ground.sample
    known = known_of(positives, ground, sample)
    parts = [np.arange(len(seeds) + len(shown.liked)), *groups(known)]
    plain, own = seen(known, parts), None
    if snapshot is not None:
        counts = count([passages for _, passages, _ in (*seeds, *kinds[0])])
        own = _own(plain, known_elite(positives, sample), parts, unpack(snapshot), counts, ground.background)
    trusted = own if own and own.found.strength else None
    views, sampled = blended(parts, plain, trusted.seen, trusted.found.strength) if trusted else views_of(parts, plain)
    labels = labels_of(positives.spaces[0], negatives.spaces[0])
    learnt = labels.space if labels else None
    rungs = np.sort(_joined(sampled, _learnt(learnt, sample)))[-depth:]
    examples = SeedVectors(tuple(label for label, _, _ in seeds), Vectors(*(rows[: len(seeds)] for rows in positives.vectors)))
    marked = _judged(([*shown.liked], [*shown.disliked]), positives, negatives, ground, labels, trusted.worths if trusted else {})
    return Model(ground, views, learnt, rungs, examples, marked, own.found if own else None)


class _Own(NamedTuple):
    """What the watch's own papers say: how far they are believed, what they make of features, and of the spaces."""

    found: OwnGround
    worths: Mapping[str, Worth]
    seen: Sequence[Seen]


def _own(plain: Sequence[Seen], elite: Known, parts: Parts, snapshot: Matrix, positives: Matrix, background: Background) -> _Own:
    """`positives`: their counts."""
    worth = worths(snapshot, background)
    words = seen(
        [on_own_ground(one, worth[one.name]) for one in (*(one.known for one in plain), elite) if one.name in worth], parts
    )
    own = [*words[:-1], *(one for one in plain if one.known.name not in worth), words[-1]]
    return _Own(earned(plain, own, snapshot, positives, background), worth, own)


def _require_text(seeds: Sequence[ResolvedSeed], relevant: Sequence[Article]) -> None:
    if not any(map(example, seeds)) and not any(map(paper, relevant)):
        raise _no_text(seeds)


def _as_example(article: Article) -> Example:
    return article.title, paper(article), embedded_text(article)


def _record_id(article: Article) -> RecordId:
    return article.record_id


def _example_hash(shown: Example) -> str:
    return _hash([shown[0], *map(_said, shown[1])])


def _judged(
    kinds: tuple[Sequence[RecordId], Sequence[RecordId]],
    positives: Features,
    negatives: Features,
    ground: Measure,
    labels: Labels | None,
    worth: Mapping[str, Worth],
) -> MarkedPapers:
    """The last rows of the positives are the liked papers."""
    liked, disliked = kinds
    first = positives.spaces[0].shape[0] - len(liked)
    names = (*NAMES[: len(positives.spaces)], *([ELITE] if ELITE in worth else []))
    plain = {name: rows_of(positives, name)[first:] for name in names}
    own = {name: weighed(plain[name], of(plain[name].indices)) for name, of in worth.items()}
    whiteners = dict(zip(NAMES, ground.whiteners, strict=False))
    rows = {name: one if (by := whiteners.get(name)) is None else whitened(one, by) for name, one in plain.items()}
    shares = labels.shares[first:] if labels else np.zeros(len(liked))
    labelled = stacked(plain["phrases"], negatives.spaces[0])
    return MarkedPapers((*liked, *disliked), range(first, first + len(liked)), rows, own, shares, labelled)


def percent(scores: Floats, rungs: Floats) -> Floats:
    """The 0-100 number of raw scores, rounded to 6 decimals.

    With the N rungs s_1 ≤ … ≤ s_N, step = 100 / (N + 1) and g = s_N - s_1: step · k at s_k, linear between rungs. Where the plain share
    is the same for all, nearer papers still come first: below s_1 step · g / (g + s_1 - score), above s_N
    100 - step · g / (g + score - s_N).
    """
    step, gap = 100 / (rungs.size + 1), float(rungs[-1] - rungs[0]) or 1.0
    climbed = np.interp(scores, rungs, step * np.arange(1, rungs.size + 1))
    beyond, short = np.maximum(scores - rungs[-1], 0.0), np.maximum(rungs[0] - scores, 0.0)
    numbers: Floats = np.round(climbed + step * beyond / (gap + beyond) - step * short / (gap + short), _DECIMALS)
    return numbers


def _label(seed: ResolvedSeed) -> str:
    record_title = seed.article.title if seed.article else ""
    return seed.seed.title or record_title or seed.seed.label


def _no_text(seeds: Sequence[ResolvedSeed]) -> ConfigurationError:
    if not seeds:
        return ConfigurationError(Problem("there are no seeds to rank by", "put an example paper into a folder under seeds/"))
    return ConfigurationError(*(_empty(seed.seed, seed.problem) for seed in seeds))


def _empty(seed: Seed, problem: str | None) -> Problem:
    place = f"{seed.path} {seed.locator}".strip()
    what = f"seed {place} has no text to rank by ({problem or 'it is empty'})"
    return Problem(what, "give it a title and an abstract, or an identifier that PubMed knows")


def facts_of(
    shown: Shown, background_sha256: str, embed_sha256: str | None = None, snapshot_sha256: str | None = None
) -> RankingFacts:
    """The facts that name the ranking by what was shown, before a background, with a dense part and a snapshot or without."""
    seeds = _hash(sorted(map(_example_hash, shown.seeds)))
    verdicts = [sorted(_hash(list(map(_said, passages))) for _, passages, _ in labels) for labels in shown.marked]
    code = CODE_WITH_LABELS if verdicts[1] else CODE_WITH_SNAPSHOT if snapshot_sha256 else CODE
    return RankingFacts(
        sha256=_hash([seeds, background_sha256, code, *verdicts, embed_sha256, *filter(None, [snapshot_sha256])]),
        seeds_sha256=seeds,
        background_sha256=background_sha256,
        code=code,
        snapshot_sha256=snapshot_sha256,
    )


def _seed_text(seed: ResolvedSeed) -> str:
    own, found = seed.seed, seed.article
    title = (found.title if found else "") or own.title
    abstract = (found.abstract if found else "") or own.abstract or own.notes
    return f"{title}. {abstract}" if title or abstract else ""


def _said(passage: Passage) -> list[object]:
    return [passage.text, passage.weight]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
