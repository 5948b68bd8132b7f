"""The frozen background: what words weigh, and which general papers the 0-100 number is measured against.

Package data, built once from 50,788 real PubMed records by benchmarks/background.py: how many of them hold each feature, and the
counts of a fixed sample of recent papers. Only hashes and counts, no text. Its sha256 is part of every score. Nothing here changes
because papers arrive.

Every weight is rounded to a grid of powers of two that is coarse enough for sums of products to be exact in double precision. So a
score does not depend on the order of additions: not on the machine, the numerical library, or what else is scored beside it.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from watcher.errors import ConfigurationError, Problem
from watcher.rank.features import PLACES, SIZE, STOP_IDS, Matrix

Floats = npt.NDArray[np.float64]

SATURATION = 1.2
SLOPE = 0.8

_FORMAT = b"watcher background 1"
_FILE = "background.npz"


class Vectors(NamedTuple):
    """Papers as weighted rows in the two spaces: words and pairs, and words alone without stop words."""

    phrases: Matrix
    words: Matrix


@dataclass(frozen=True, eq=False)
class Frozen:
    """What the file holds. `frequencies[f]`: how many of `documents` papers hold feature f. `sample`: counts (at most 255), one row
    for each of `pmids`."""

    documents: int
    frequencies: npt.NDArray[np.uint16]
    pmids: npt.NDArray[np.uint32]
    sample: Matrix

    @property
    def sha256(self) -> str:
        """Hash of the content, whatever way it is compressed."""
        digest = hashlib.sha256(_FORMAT)
        for name, array in sorted(_packed(self).items()):
            digest.update(f"{name} {array.size} ".encode() + array.tobytes())
        return digest.hexdigest()

    def write(self, path: Path) -> None:
        """Write the file; the same content gives the same bytes."""
        stated = np.frombuffer(bytes.fromhex(self.sha256), np.uint8)
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **_packed(self), sha256=stated)


def read(file: IO[bytes]) -> Frozen:
    """What `Frozen.write` wrote. Raises ConfigurationError when the content does not have the hash that it states."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            frozen = _unpacked(stored)
            stated = stored["sha256"].tobytes().hex()
    except (KeyError, IndexError, ValueError, EOFError, OSError, BadZipFile, zlib.error) as fault:
        raise _damaged(str(fault)) from fault
    if frozen.sha256 != stated:
        raise _damaged("its content does not have the sha256 that it states")
    return frozen


def _packed(frozen: Frozen) -> dict[str, npt.NDArray[np.uint8]]:
    """The arrays as bytes that compress well: indices as gaps, each number split into planes of equal significance."""
    sample = frozen.sample
    gaps = np.diff(sample.indices, prepend=0)
    starts = sample.indptr[:-1][np.diff(sample.indptr) > 0]
    gaps[starts] = sample.indices[starts]
    return {
        "documents": _planes(np.array([frozen.documents]), 4),
        "frequencies": _planes(frozen.frequencies, 2),
        "pmids": _planes(frozen.pmids, 4),
        "lengths": _planes(np.diff(sample.indptr), 2),
        "gaps": _planes(gaps, 3),
        "counts": _planes(sample.data, 1),
    }


def _unpacked(stored: np.lib.npyio.NpzFile) -> Frozen:
    indptr = np.concatenate(([0], np.cumsum(_joined(stored["lengths"], 2))))
    climbed = np.concatenate(([0], np.cumsum(_joined(stored["gaps"], 3))))
    indices = climbed[1:] - np.repeat(climbed[indptr[:-1]], np.diff(indptr))
    counts = _joined(stored["counts"], 1).astype(np.float64)
    return Frozen(
        documents=int(_joined(stored["documents"], 4)[0]),
        frequencies=_joined(stored["frequencies"], 2).astype(np.uint16),
        pmids=_joined(stored["pmids"], 4).astype(np.uint32),
        sample=csr_array((counts, indices.astype(np.int32), indptr.astype(np.int32)), shape=(indptr.size - 1, SIZE)),
    )


def _planes(numbers: npt.NDArray[np.generic], size: int) -> npt.NDArray[np.uint8]:
    whole = numbers.astype(np.int32)
    return np.concatenate([((whole >> (8 * plane)) & 0xFF).astype(np.uint8) for plane in range(size)])


def _joined(planes: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.int32]:
    parts = planes.reshape(size, -1)
    numbers = np.zeros(parts.shape[1], np.int32)
    for plane, part in enumerate(parts):
        numbers |= part.astype(np.int32) << (8 * plane)
    return numbers


def _damaged(why: str) -> ConfigurationError:
    return ConfigurationError(Problem(f"the ranking's background ({_FILE}) cannot be used: {why}", "install watcher anew"))


@dataclass(frozen=True, eq=False)
class Background:
    """The background in use: weights of features, and the sample as vectors in both spaces with their mean.

    `pivots` are the median lengths of the sample's papers in the two spaces.
    """

    sha256: str
    documents: int
    idf: Floats
    pivots: tuple[float, float]
    pmids: npt.NDArray[np.uint32]
    sample: Vectors
    mean: tuple[Floats, Floats]

    def vectors(self, counts: Matrix) -> Vectors:
        """Counts as weighted rows: saturating term frequency × inverse document frequency ÷ pivoted length.

        tf = c · 2.2 / (c + 1.2) (Robertson & Walker, SIGIR 1994); idf = ln((1 + documents) / (1 + df)); length = 0.2 · pivot +
        0.8 · Euclidean length (Singhal, Buckley & Mitra, SIGIR 1996), so that a bare title does not pass for a whole paper.
        """
        phrases, words = _weighted(counts, self.idf)
        return Vectors(_divided(phrases, self.pivots[0]), _divided(words, self.pivots[1]))


def background_of(frozen: Frozen) -> Background:
    """The background that a file's content amounts to."""
    idf = on_grid(np.log((1 + frozen.documents) / (1 + frozen.frequencies.astype(np.float64))), bits=16)
    weighted = _weighted(frozen.sample, idf)
    pivots = (float(np.median(lengths(weighted.phrases))), float(np.median(lengths(weighted.words))))
    sample = Vectors(_divided(weighted.phrases, pivots[0]), _divided(weighted.words, pivots[1]))
    means = (mean(sample.phrases), mean(sample.words))
    return Background(frozen.sha256, frozen.documents, idf, pivots, frozen.pmids, sample, means)


@cache
def load_background() -> Background:
    """The background that ships with the package, read once per process (half a second, some 200 MB)."""
    with (resources.files(__package__) / _FILE).open("rb") as file:
        return background_of(read(file))


def on_grid(numbers: Floats, bits: int = 24) -> Floats:
    """Numbers rounded to multiples of 2^-bits."""
    rounded: Floats = np.rint(np.ldexp(numbers, bits))
    return np.ldexp(rounded, -bits)


def lengths(matrix: Matrix) -> Floats:
    """The Euclidean length of each row."""
    squares = np.bincount(_rows(matrix), weights=matrix.data * matrix.data, minlength=matrix.shape[0])
    roots: Floats = np.sqrt(squares)
    return roots


def mean(matrix: Matrix) -> Floats:
    """The mean of the rows, one number for each feature."""
    return on_grid(np.bincount(matrix.indices, weights=matrix.data, minlength=SIZE) / matrix.shape[0])


def _weighted(counts: Matrix, idf: Floats) -> Vectors:
    saturated = counts.data * (SATURATION + 1) / (counts.data + SATURATION)
    phrases = csr_array((saturated * idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape)
    telling = IS_TELLING[counts.indices]
    indptr = np.concatenate(([0], np.cumsum(telling)))[counts.indptr]
    words = csr_array((phrases.data[telling], counts.indices[telling], indptr), shape=counts.shape)
    return Vectors(phrases, words)


def _divided(weighted: Matrix, pivot: float) -> Matrix:
    divisors = (1 - SLOPE) * pivot + SLOPE * lengths(weighted)
    data = on_grid(weighted.data / divisors[_rows(weighted)])
    return csr_array((data, weighted.indices, weighted.indptr), shape=weighted.shape)


def _rows(matrix: Matrix) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _telling() -> npt.NDArray[np.bool_]:
    telling = np.zeros(SIZE, np.bool_)
    telling[:PLACES] = True
    telling[list(STOP_IDS)] = False
    return telling


IS_TELLING = _telling()
"""Which features are words other than stop words."""
