"""What is common around a watch: papers that its query finds, frozen, whose mean takes the place of the general one.

Against general papers every paper of a narrow field looks near. What all papers of the field say tells none of them apart, and is taken
away by their mean. Only hashes and counts are kept; the papers' order makes no difference. A score still depends on no other paper: what
is around a watch is part of its ranking, and of the ranking's hash.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from watcher.domain import Article
from watcher.rank.background import Background, Floats, mean, mean_row, on_grid, packed_counts, unpacked_counts
from watcher.rank.features import Matrix, count, paper

if TYPE_CHECKING:
    from watcher.rank import Embed

MOST = 2000
"""More papers than this change the mean little."""


@dataclass(frozen=True, eq=False)
class Domain:
    """The feature counts (at most 255) of the papers around a watch, one row for each; and the mean of their embeddings, if they
    have any, with the sha256 of what made them."""

    counts: Matrix
    dense: Floats = field(default_factory=lambda: np.zeros(0))
    dense_sha256: str = ""

    @classmethod
    def of(cls, articles: Sequence[Article], embed: Embed | None = None) -> Domain:
        """The domain of at most 2,000 papers, the first ones; papers without text are passed over."""
        found = [(article, passages) for article in articles[:MOST] if (passages := paper(article))]
        counts = count([passages for _, passages in found])
        counts.data = np.minimum(counts.data, 255)
        if embed is None or not found:
            return cls(counts)
        rows = np.asarray(embed([f"{article.title}. {article.abstract}" for article, _ in found]), np.float64)
        return cls(counts, mean_row(on_grid(rows, bits=12)), embed.sha256)

    @property
    def sha256(self) -> str:
        """Hash of the content: the same whatever the order of the papers."""
        counts = self.counts
        bounds = zip(counts.indptr[:-1].tolist(), counts.indptr[1:].tolist(), strict=True)
        rows = (counts.indices[a:b].astype("<i4").tobytes() + counts.data[a:b].astype("u1").tobytes() for a, b in bounds)
        papers = b"".join(sorted(hashlib.sha256(row).digest() for row in rows))
        return hashlib.sha256(papers + self.dense.astype("<f8").tobytes() + self.dense_sha256.encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """A compressed form to keep: some 400 bytes a paper."""
        file = io.BytesIO()
        named = np.frombuffer(self.dense_sha256.encode(), np.uint8)
        np.savez_compressed(file, allow_pickle=False, **packed_counts(self.counts), dense=self.dense, dense_sha256=named)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Domain:
        """What `to_bytes` gave. Raises ValueError, OSError or BadZipFile for other bytes."""
        with np.load(io.BytesIO(kept), allow_pickle=False) as stored:
            return cls(unpacked_counts(stored), stored["dense"], stored["dense_sha256"].tobytes().decode())

    def means(self, background: Background, dense_sha256: str = "") -> tuple[Floats, ...]:
        """The papers' mean in the spaces of words and of topics, and in the dense one if `dense_sha256` made their embeddings."""
        vectors = background.vectors(self.counts)
        lexical = (mean(vectors.phrases), mean(vectors.words), mean_row(background.topics(vectors.words)[0]))
        return (*lexical, self.dense) if dense_sha256 and dense_sha256 == self.dense_sha256 else lexical
