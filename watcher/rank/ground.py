"""A watch's own ground: some hundreds of its papers, frozen, and how far they may speak about what words weigh.

Inside a narrow query the query's own words stand in every paper and part none. The snapshot knows that: what its papers hold often is worth
less in the direction of the score. In the spaces of words each feature of the positives is multiplied with

    (idf' / idf)²        idf' = (1 - SHARE) · idf + SHARE · ln((1 + N) / (1 + n))        n of the snapshot's N papers hold it

which is what it would be worth if papers and seeds had idf' for their weights; and the words that papers are about count in a space of their
own (docs/decisions/0072). The scores with the snapshot have a share of s, those without it one of 1 - s (`spaces.blended`). The strength s,
0 to 1, is earned. Each positive is left out and looked for among the snapshot's papers by the others, without the snapshot and with all that
it says. With p_i its place before, q_i its place after,

    s = Σ ln(p_i / q_i) + HOPE · Σ ln p_i   over   HOPE · Σ ln p_i + DOUBT

so that where the left-out stand first already there is nothing to earn, and with little evidence little is believed. See
docs/decisions/0070; benchmarks/choice.py chose the constants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from watcher.domain import Article, OwnGround
from watcher.rank.background import Background, Features, Floats, Vectors, on_grid
from watcher.rank.explanation import similarities
from watcher.rank.features import SIZE, Matrix, count_articles
from watcher.rank.spaces import ELITE, NAMES, Known, Parts, Seen, added, columns_of, rows_of, stacked, usual_of

SHARE = 0.7
HOPE = 0.2
DOUBT = 0.5
LEFT_OUT = 10
"""So many positives are left out at most."""
SAME = 0.8
"""A paper of the snapshot that is so like a positive is that paper, or tells the same."""
STEPS = 64
"""The strength is a whole number of so many parts of 1: no machine may round it otherwise."""
_FORMAT = b"watcher snapshot 1\n"

Worth = Callable[[npt.NDArray[np.integer]], Floats]
"""What features of examples are multiplied with, where the snapshot's weights have all their strength."""


def pack(articles: Sequence[Article]) -> bytes:
    """The papers as counts of hashed features, without any text; the same papers give the same bytes, in whatever order they come."""
    counts = count_articles(sorted(articles, key=lambda one: one.record_id))
    lengths = np.diff(counts.indptr)
    parts = ([len(articles)], lengths, counts.indices)
    head = b"".join(np.asarray(part).astype("<u4").tobytes() for part in parts)
    return b"".join((_FORMAT, head, np.minimum(counts.data, 255).astype(np.uint8).tobytes()))


def unpack(content: bytes) -> Matrix:
    """The counts, one row a paper. Raises ValueError for what `pack` did not make."""
    if not content.startswith(_FORMAT):
        raise ValueError("not a snapshot")
    body = content[len(_FORMAT) :]
    many = int(np.frombuffer(body, "<u4", 1)[0])
    lengths = np.frombuffer(body, "<u4", many, 4)
    indptr = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    indices = np.frombuffer(body, "<u4", indptr[-1], 4 + 4 * many).astype(np.int32)
    data = np.frombuffer(body, np.uint8, indptr[-1], 4 + 4 * many + 4 * int(indptr[-1])).astype(np.float64)
    return csr_array((data, indices, indptr.astype(np.int32)), shape=(many, SIZE))


def worths(counts: Matrix, background: Background) -> dict[str, Worth]:
    """What a snapshot makes of the features of examples, in the spaces in which it speaks: idf' beside idf among phrases and words, and
    among the words that papers are about ln((1 + N) / (1 + n)), as in PubMed's similar articles."""
    held, often = np.unique(counts.indices, return_counts=True)
    table = on_grid(np.log((1 + counts.shape[0]) / (1 + np.arange(counts.shape[0] + 1, dtype=np.float64))), bits=16)

    def own(features: npt.NDArray[np.integer]) -> Floats:
        where = np.searchsorted(held, features)
        known = np.append(held, -1)[where] == features
        found: Floats = table[np.where(known, np.append(often, 0)[where], 0)]
        return found

    def relative(features: npt.NDArray[np.integer]) -> Floats:
        frozen = background.weights.idf(features)
        mixed = (1 - SHARE) * frozen + SHARE * own(features)
        quotients = np.divide(mixed, frozen, out=np.zeros_like(mixed), where=frozen > 0)
        return on_grid(quotients * quotients, bits=12)

    return {**dict.fromkeys(NAMES[:2], relative), ELITE: own}


def weighed(rows: Matrix, worth: Floats) -> Matrix:
    """Examples in one space by the snapshot's weights: each number times what its feature is worth."""
    return csr_array((on_grid(rows.data * worth), rows.indices, rows.indptr), shape=rows.shape)


def on_own_ground(one: Known, worth: Worth) -> Known:
    """A space as a snapshot makes it."""
    return replace(one, positives=weighed(one.positives, worth(one.places[one.positives.indices])))


def earned(plain: Sequence[Seen], local: Sequence[Seen], snapshot: Matrix, positives: Matrix, background: Background) -> OwnGround:
    """How far the snapshot is believed, and by what evidence.

    Args:
        plain: the spaces as all positives see them.
        local: the same by the snapshot's weights alone, and the words that papers are about.
        snapshot: its counts, one row a paper.
        positives: the counts of the positives.
        background: what both are read with.
    """
    every = np.arange(positives.shape[0])
    papers = snapshot.shape[0]
    if every.size < 2:
        return OwnGround(papers, 0.0)
    left = np.unique(np.linspace(0, every.size - 1, min(LEFT_OUT, every.size)).astype(np.int64))
    features = background.features(stacked(snapshot, positives))
    like = similarities(*(Vectors(*(rows[some] for rows in features.vectors)) for some in (slice(papers), slice(papers, None))))
    others = np.flatnonzero(like.max(axis=1) < SAME)
    parts = [np.delete(every, place) for place in left]
    columns = {
        one.known.name: _columns(one.known, features) for one in local if one.known.name != "dense"
    }  # it has no texts to embed
    before, after = (_places(_scores(seen, parts, columns), papers + left, others) for seen in (plain, local))
    return OwnGround(others.size, strength(before, after), before, after)


_Columns = tuple[Matrix, Floats | float]


def _columns(known: Known, features: Features) -> _Columns:
    """Few papers in the columns of a space in which examples are not 0; and their products with the background's mean."""
    return columns_of(rows_of(features, known.name), known.places), usual_of(features, known.name)


def _scores(seen: Sequence[Seen], parts: Parts, columns: Mapping[str, _Columns]) -> Floats:
    """One row a part, one column a paper."""
    return added(one.left(parts).points_of(*columns[one.known.name]) for one in seen if one.known.name in columns)


def _places(scores: Floats, own: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """The place of each one left out among the others, by the scores of its row."""
    mine = scores[np.arange(own.size), own]
    return tuple((1 + (scores[:, others] > mine[:, np.newaxis]).sum(axis=1)).tolist())


def strength(before: Sequence[int], after: Sequence[int]) -> float:
    """What places before and after are worth, 0 to 1 in steps of 1/64."""
    logs = on_grid(np.log(np.array([before, after], np.float64)), bits=16).sum(axis=1)
    room, risen = float(logs[0]), float(logs[0] - logs[1])
    if not room:
        return 0.0
    share = (risen + HOPE * room) / (HOPE * room + DOUBT)
    return float(np.rint(np.clip(share, 0.0, 1.0) * STEPS) / STEPS)
