"""The frozen background: what words weigh, and which general papers the 0-100 number is measured against.

Package data, built once from 50,788 real PubMed records by benchmarks/background.py: how many of them hold each feature, where
words stand in a space of topics (which words occur in the same papers), and the counts of a fixed sample of recent papers. Only hashes
and numbers, no text. Its sha256 is part of every score. Nothing here changes because papers arrive.

Every weight is rounded to a grid of powers of two that is coarse enough for sums of products to be exact in double precision. So a
score does not depend on the order of additions: not on the machine, the numerical library, or what else is scored beside it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from importlib import resources
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array, vstack

from watcher import memory
from watcher.errors import ConfigurationError, Problem
from watcher.rank.features import PLACES, SIZE, STOP_IDS, Matrix

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SATURATION = 1.2
SLOPE = 0.8
LAMBDA, MU = 0.022, 0.013
"""How often, by words of text, a word stands in papers that are about it, and in others: what Lin & Wilbur found for PubMed."""

_FORMAT = b"watcher background 2"
_FILE = "background.npz"
_BLOCK = 500
_MEASURED = 1_000
_PLACED = 4_096
_PIECE = 1 << 16


class Vectors(NamedTuple):
    """Papers as weighted rows in the two spaces: words and pairs, and words alone without stop words."""

    phrases: Matrix
    words: Matrix


class Topics(NamedTuple):
    """Where words stand in the space of topics: `places[i] · 2^-steps[i]` is the row of the word with feature `words[i]`, in order.

    The rows are those of a truncated singular value decomposition of papers × words (latent semantic analysis, Deerwester et al.,
    JASIS 41:6, 1990), each rounded to eight bits.
    """

    words: npt.NDArray[np.int32]
    places: npt.NDArray[np.int8]
    steps: npt.NDArray[np.uint8]


NO_TOPICS = Topics(np.zeros(0, np.int32), np.zeros((0, 0), np.int8), np.zeros(0, np.uint8))


@dataclass(frozen=True, eq=False)
class Frozen:
    """What the file holds. `frequencies[f]`: how many of `documents` papers hold feature f. `sample`: counts (at most 255), one row
    for each of `pmids`."""

    documents: int
    frequencies: npt.NDArray[np.uint16]
    pmids: npt.NDArray[np.uint32]
    sample: Matrix
    topics: Topics = NO_TOPICS

    @cached_property
    def sha256(self) -> str:
        """Hash of the content, whatever way it is compressed."""
        return _hashed(sorted(_packed(self).items()))

    def write(self, path: Path) -> None:
        """Write the file; the same content gives the same bytes."""
        stated = np.frombuffer(bytes.fromhex(self.sha256), np.uint8)
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **_packed(self), sha256=stated)


def read(file: IO[bytes]) -> Frozen:
    """What `Frozen.write` wrote. Raises ConfigurationError when the content does not have the hash that it states."""
    with _opened(file) as stored:
        frozen = _unpacked(stored)
        vars(frozen)["sha256"] = stored["sha256"].tobytes().hex()  # packing it all again, for the same hash, takes 50 MB
        return frozen


def read_weights(file: IO[bytes]) -> Weights:
    """Of what `Frozen.write` wrote, what words weigh: a block of the sample at a time, so that little memory is taken. Raises as `read`."""
    with _opened(file) as stored:
        return _weights(int(_joined(stored["documents"], 4)[0]), _frequencies(stored), _blocks(stored))


def read_sha256(file: IO[bytes]) -> str:
    """The hash of what `Frozen.write` wrote, which is all read for it, in pieces. Raises as `read`."""
    with _opened(file) as stored:
        return stored["sha256"].tobytes().hex()


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[np.lib.npyio.NpzFile]:
    """The arrays of a file whose content has the hash that it states; what is found wrong in the block is damage too."""
    try:
        found = _hash_of(file)
        file.seek(0)
        with np.load(file, allow_pickle=False) as stored:
            if found != stored["sha256"].tobytes().hex():
                raise _damaged("its content does not have the sha256 that it states")
            yield stored
    except (KeyError, IndexError, ValueError, EOFError, OSError, BadZipFile, zlib.error) as error:
        raise _damaged(str(error)) from error


def _hash_of(file: IO[bytes]) -> str:
    """The hash of the content as `_hashed` has it, of which only a piece is there at a time."""
    digest = hashlib.sha256(_FORMAT)
    with ZipFile(file) as stored:
        for name in sorted(one.removesuffix(".npy") for one in stored.namelist()):
            if name != "sha256":
                with stored.open(f"{name}.npy") as member:
                    np.lib.format.read_magic(member)
                    (size,), _, _ = np.lib.format.read_array_header_1_0(member)
                    digest.update(f"{name} {size} ".encode())
                    for piece in iter(partial(member.read, _PIECE), b""):
                        digest.update(piece)
    return digest.hexdigest()


def _hashed(arrays: Iterable[tuple[str, npt.NDArray[np.uint8]]]) -> str:
    digest = hashlib.sha256(_FORMAT)
    for name, array in arrays:
        digest.update(f"{name} {array.size} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _packed(frozen: Frozen) -> dict[str, npt.NDArray[np.uint8]]:
    """The arrays as bytes that compress well: indices as gaps, each number split into planes of equal significance."""
    topics = frozen.topics
    return {
        "documents": _planes(np.array([frozen.documents]), 4),
        "frequencies": _planes(frozen.frequencies, 2),
        "pmids": _planes(frozen.pmids, 4),
        "words": _planes(np.diff(topics.words, prepend=0), 3),
        "steps": topics.steps,
        "places": topics.places.T.reshape(-1).view(np.uint8),
        **_packed_counts(frozen.sample),
    }


def _unpacked(stored: np.lib.npyio.NpzFile) -> Frozen:
    words = np.cumsum(_joined(stored["words"], 3)).astype(np.int32)
    places = stored["places"].view(np.int8).reshape(-1, words.size).T if words.size else NO_TOPICS.places
    return Frozen(
        documents=int(_joined(stored["documents"], 4)[0]),
        frequencies=_frequencies(stored),
        pmids=_joined(stored["pmids"], 4).astype(np.uint32),
        sample=vstack(tuple(_blocks(stored)), format="csr"),
        topics=Topics(words, np.ascontiguousarray(places), stored["steps"]),
    )


def _frequencies(stored: np.lib.npyio.NpzFile) -> npt.NDArray[np.uint16]:
    return _joined(stored["frequencies"], 2).astype(np.uint16)


def _packed_counts(counts: Matrix) -> dict[str, npt.NDArray[np.uint8]]:
    gaps = np.diff(counts.indices, prepend=0)
    starts = counts.indptr[:-1][np.diff(counts.indptr) > 0]
    gaps[starts] = counts.indices[starts]
    lengths_, numbers = _planes(np.diff(counts.indptr), 2), _planes(counts.data, 1)
    return {"lengths": lengths_, "gaps": _planes(gaps, 3), "counts": numbers}


def _blocks(stored: np.lib.npyio.NpzFile, rows: int = _BLOCK) -> Iterator[Matrix]:
    """The sample's counts, so many papers at a time."""
    many = _joined(stored["lengths"], 2)
    gaps, counts = stored["gaps"].reshape(3, -1), stored["counts"]
    ends = np.concatenate(([0], np.cumsum(many)))
    for first in range(0, many.size, rows):
        some = many[first : first + rows]
        start, end = ends[first], ends[first + some.size]
        yield _unpacked_counts(some, _joined(gaps[:, start:end], 3), counts[start:end])


def _unpacked_counts(many: npt.NDArray[np.int32], gaps: npt.NDArray[np.int32], counts: npt.NDArray[np.uint8]) -> Matrix:
    """Rows of so many features each, whose indices are given as gaps."""
    indptr = np.concatenate(([0], np.cumsum(many)))
    climbed = np.concatenate(([0], np.cumsum(gaps)))
    indices = climbed[1:] - np.repeat(climbed[indptr[:-1]], np.diff(indptr))
    return csr_array((counts, indices.astype(np.int32), indptr.astype(np.int32)), shape=(indptr.size - 1, SIZE))


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
class Features:
    """Papers as every ranking reads them: a matrix of one row a paper in each space (phrases, words, topics, and dense if there is a
    model for it), what each row's product with the background's mean is in the spaces of words, what each was divided by in that of
    topics (`Background.topics`; none for the background's own sample, which nobody explains), and how `often` each of the numbers among
    the words was counted (at most 255)."""

    spaces: tuple[Matrix, ...]
    usual: tuple[Floats, Floats]
    divisors: Floats = field(default_factory=lambda: np.zeros(0))
    often: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    @property
    def vectors(self) -> Vectors:
        """The spaces of words."""
        return Vectors(*self.spaces[:2])

    @cached_property
    def columns(self) -> tuple[Matrix, ...]:
        """The spaces column by column: quicker for many rankings, of which each looks at few features of words."""
        phrases, words, *narrow = self.spaces
        return (_by_columns(phrases), self._in_order(words), *map(_by_columns, narrow))

    @cached_property
    def _order(self) -> Matrix:
        """The words column by column: the place of each number in their rows."""
        words = self.vectors.words
        return csc_array(csr_array((np.arange(words.nnz, dtype=np.int32), words.indices, words.indptr), shape=words.shape))

    def _in_order(self, rows: Matrix) -> Matrix:
        """What has the places of the words, column by column."""
        if isinstance(rows, csc_array):
            return rows
        order = self._order
        return csc_array((_held(rows.data)[order.data], order.indices, order.indptr), shape=rows.shape)

    def with_dense(self, rows: Floats) -> Features:
        """With what the papers are in the dense space."""
        whole = replace(self, spaces=(*self.spaces, rows))
        vars(whole).update({name: kept for name, kept in vars(self).items() if name == "elite"})
        return whole

    @cached_property
    def elite(self) -> Matrix:
        """Which words each paper is about; see `elite`. Made for the first ranking that asks."""
        return elite(self.vectors.words, self.often)

    @cached_property
    def elite_columns(self) -> Matrix:
        """The same column by column."""
        return self._in_order(self.elite)


@dataclass(frozen=True, eq=False)
class Weights:
    """What words weigh: how many papers hold each feature and what that makes of it, and the median lengths of the sample's papers in the
    two spaces. Frequencies take two bytes, and the table of all weights is short."""

    frequencies: npt.NDArray[np.uint16]
    table: Floats
    pivots: tuple[float, float]

    def idf(self, features: npt.NDArray[np.integer] | int) -> Floats:
        """ln((1 + documents) / (1 + df)) of each feature."""
        found: Floats = self.table[self.frequencies[features]]
        return found

    def vectors(self, counts: Matrix) -> Vectors:
        """Counts as weighted rows: saturating term frequency × inverse document frequency ÷ pivoted length.

        tf = c · 2.2 / (c + 1.2) (Robertson & Walker, SIGIR 1994); idf = ln((1 + documents) / (1 + df)); length = 0.2 · pivot +
        0.8 · Euclidean length (Singhal, Buckley & Mitra, SIGIR 1996), so that a bare title does not pass for a whole paper.
        """
        phrases, words = self.undivided(counts)
        return Vectors(_divided(phrases, self.pivots[0]), _divided(words, self.pivots[1]))

    def undivided(self, counts: Matrix) -> Vectors:
        """The same before it is divided by lengths."""
        many = counts.data.astype(np.float64)
        saturated = many * (SATURATION + 1) / (many + SATURATION)
        phrases = csr_array((saturated * self.idf(counts.indices), counts.indices, counts.indptr), shape=counts.shape)
        telling = IS_TELLING[counts.indices]
        indptr = np.concatenate(([0], np.cumsum(telling, dtype=np.int32)), dtype=np.int32)[counts.indptr]
        words = csr_array((phrases.data[telling], counts.indices[telling], indptr), shape=counts.shape)
        return Vectors(phrases, words)


class Measured(NamedTuple):
    """The background's sample as rankings are measured by it: in the spaces of words, column by column, since a ranking looks at few
    features; in the space of topics; the products of its rows with its mean in the spaces of words; and which words each paper is about,
    by columns too, whose places are those of the words."""

    columns: Vectors
    topics: Singles
    usual: tuple[Floats, Floats]
    elite: Matrix

    @property
    def features(self) -> Features:
        """The sample as papers are read."""
        found = Features((*self.columns, self.topics.astype(np.float64)), self.usual)
        vars(found)["elite"] = self.elite
        return found


@dataclass(frozen=True, eq=False)
class Background:
    """The background in use, in little memory: what words weigh, their places among the topics in bytes, and the sample as counts.

    `mean`: the sample's mean in the spaces of words. `rows[f]` is the row of the word f in `places`, the space of topics, whose numbers
    are to be multiplied with 2^-`steps`; the last row, all zeros, stands for words without one.
    """

    sha256: str
    documents: int
    weights: Weights
    pmids: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.int32]
    places: npt.NDArray[np.int8]
    steps: npt.NDArray[np.int32]
    counts: Matrix
    mean: tuple[Singles, Singles]

    def vectors(self, counts: Matrix) -> Vectors:
        """Counts as weighted rows; see `Weights`."""
        return self.weights.vectors(counts)

    def placed(self, rows: npt.NDArray[np.integer] | slice) -> Floats:
        """Rows of the space of topics."""
        numbers: Floats = self.places[rows].astype(np.float64)
        numbers *= np.ldexp(1.0, -self.steps[rows])[:, np.newaxis]
        return numbers

    def along(self, directions: Sequence[Floats]) -> tuple[Floats, ...]:
        """What each row of the space of topics is along each direction, a block at a time."""
        size = self.places.shape[0]
        blocks = (self.placed(slice(first, first + _PLACED)) for first in range(0, size, _PLACED))
        along = [[block @ direction for direction in directions] for block in blocks]
        return tuple(map(np.concatenate, zip(*along, strict=True)))

    def topics(self, words: Matrix) -> tuple[Floats, Floats]:
        """Rows of the space of words as rows of the space of topics, of length one (0 where no word has a place), and what they
        were divided by: the mean of the words' places, by their weights, divided by its length.

        All places are whole numbers times a power of two, so the sums are exact; they are rounded so that squares add up exactly too.
        """
        sums = np.empty((words.shape[0], self.places.shape[1]))
        for first, some in _rows_of(words, _MEASURED):
            sums[first : first + some.shape[0]] = self._sums(some)
        sums = on_grid(sums, bits=16)
        divisors = np.sqrt((sums * sums).sum(axis=1))
        divisors[divisors == 0] = 1.0
        return on_grid(sums / divisors[:, np.newaxis], bits=12), divisors

    def _sums(self, words: Matrix) -> Floats:
        """By the places of these papers' words alone."""
        rows = self.rows[words.indices]
        is_used = np.zeros(self.places.shape[0], np.bool_)
        is_used[rows] = True
        used, where = np.flatnonzero(is_used), np.cumsum(is_used, dtype=np.int32) - 1
        sums: Floats = csr_array((words.data, where[rows], words.indptr), shape=(words.shape[0], used.size)) @ self.placed(used)
        return sums

    @cached_property
    def sample(self) -> Vectors:
        """The sample in the spaces of words, in single precision, which holds these numbers as they are."""
        counts = self.counts
        many = np.cumsum(IS_TELLING[counts.indices], dtype=np.int32)
        ends = np.concatenate(([0], many), dtype=np.int32)[counts.indptr]
        phrases = csr_array((np.empty(counts.nnz, np.float32), counts.indices, counts.indptr), shape=counts.shape)
        words = csr_array((np.empty(ends[-1], np.float32), np.empty(ends[-1], np.int32), ends), shape=counts.shape)
        for first, block in _rows_of(counts):
            some, last = self.vectors(block), first + block.shape[0]
            phrases.data[counts.indptr[first] : counts.indptr[last]] = some.phrases.data
            words.data[ends[first] : ends[last]] = some.words.data
            words.indices[ends[first] : ends[last]] = some.words.indices
        return Vectors(phrases, words)

    @cached_property
    def measured(self) -> Measured:
        """What rankings need of the sample. Its rows, which take 20 MB, are not kept beside it."""
        sample = self.sample
        vars(self).pop("sample")
        topics = np.asfortranarray(_as_singles(self.topics(sample.words)[0]))
        columns, often = Vectors(*map(csc_array, sample)), csc_array(_counted(self.counts, sample.words))
        return Measured(columns, topics, self._usual(sample), elite(columns.words, often.data))

    @property
    def spaces(self) -> tuple[Matrix, ...]:
        """The sample in the spaces of words and of topics."""
        return (*self.sample, self.measured.topics.astype(np.float64))

    @cached_property
    def means(self) -> tuple[Floats | Singles, ...]:
        """The sample's mean in the spaces of words and of topics."""
        return (*self.mean, mean_row(self.measured.topics.astype(np.float64)))

    @property
    def usual(self) -> tuple[Floats, Floats]:
        """The products of the sample's rows with its mean, in the spaces of words."""
        return self.measured.usual

    def _usual(self, vectors: Vectors) -> tuple[Floats, Floats]:
        """Block by block: the products of each word are there only until they are added."""
        pairs = zip(vectors, self.mean, strict=True)
        blocks = [[_product(block, mean_) for _, block in _rows_of(rows, _MEASURED)] for rows, mean_ in pairs]
        nothing = np.zeros(0)
        return np.concatenate((nothing, *blocks[0])), np.concatenate((nothing, *blocks[1]))

    def features(self, counts: Matrix) -> Features:
        """Counts as every ranking reads them."""
        vectors = self.vectors(counts)
        topics, divisors = self.topics(vectors.words)
        return Features((*vectors, topics), self._usual(vectors), divisors, _counted(counts, vectors.words).data)


def background_of(frozen: Frozen) -> Background:
    """The background that a file's content amounts to."""
    weights = _weights(frozen.documents, frozen.frequencies, (block for _, block in _rows_of(frozen.sample)))
    rows, places, steps = _placed(frozen.topics)
    nothing = np.zeros(0, np.float32)
    bare = Background(
        frozen.sha256, frozen.documents, weights, frozen.pmids, rows, places, steps, frozen.sample, (nothing, nothing)
    )
    whole = replace(bare, mean=(_as_singles(mean(bare.sample.phrases)), _as_singles(mean(bare.sample.words))))
    vars(whole)["sample"] = bare.sample
    return whole


def _as_singles(numbers: Floats) -> Singles:
    """Numbers in half the room: those below 1 on a grid of 2^-24 are the same in single precision."""
    return numbers.astype(np.float32)


def elite(words: Matrix, often: npt.NDArray[np.uint8]) -> Matrix:
    """How surely each word of a paper is one that the paper is about, 0 to 1, in the places of `words`: rows or columns.

    1 / (1 + (μ / λ)^(k - 1) · exp(-(μ - λ) · l)), the word standing k times among l words that count: the part of PubMed's similar articles
    that knows no other paper (Lin & Wilbur, BMC Bioinformatics 8:423, 2007). On a grid of 2^-16.
    """
    by_columns = isinstance(words, csc_array)
    rows = words.indices if by_columns else _rows(words)
    many = np.bincount(rows, weights=often, minlength=words.shape[0])
    falling = (MU / LAMBDA) ** np.arange(-1.0, 255.0)
    sure = on_grid(1 / (1 + falling[often] * np.exp((LAMBDA - MU) * many)[rows]), bits=16)
    kind = csc_array if by_columns else csr_array
    return kind((_as_singles(sure), words.indices, words.indptr), shape=words.shape)


def _counted(counts: Matrix, words: Matrix) -> Matrix:
    """How often each word stands in each paper, at most 255, in the places of `words`."""
    often = np.minimum(counts.data[IS_TELLING[counts.indices]], 255).astype(np.uint8)
    return csr_array((often, words.indices, words.indptr), shape=words.shape)


def _by_columns(rows: Matrix) -> Matrix:
    """A matrix column by column; a sparse one in single precision where it can be (`_held`)."""
    if isinstance(rows, np.ndarray):
        return np.asfortranarray(rows)
    if isinstance(rows, csc_array):
        return rows
    return csc_array(csr_array((_held(rows.data), rows.indices, rows.indptr), shape=rows.shape))


def _held(numbers: Floats | Singles) -> Floats | Singles:
    """Numbers on a grid of 2^-24 in single precision where that holds them as they are."""
    return numbers.astype(np.float32, copy=False) if numbers.max(initial=0.0) <= 1 else numbers


def _rows_of(counts: Matrix, size: int = _BLOCK) -> Iterator[tuple[int, Matrix]]:
    """A matrix in blocks of rows, each with the number of its first one."""
    if counts.shape[0] <= size:
        return iter([(0, counts)])
    return ((first, counts[first : first + size]) for first in range(0, counts.shape[0], size))


def _product(rows: Matrix, singles: Singles) -> Floats:
    """Rows times a vector; their products add up exactly."""
    weights = rows.data.astype(np.float64) * singles[rows.indices]
    return np.bincount(_rows(rows), weights=weights, minlength=rows.shape[0]).astype(np.float64)


def _weights(documents: int, frequencies: npt.NDArray[np.uint16], blocks: Iterable[Matrix]) -> Weights:
    """What words weigh, of the sample's counts, a block at a time."""
    table = on_grid(np.log((1 + documents) / (1 + np.arange(1 << 16, dtype=np.float64))), bits=16)
    bare = Weights(frequencies, table, (1.0, 1.0))
    found = [tuple(map(lengths, bare.undivided(block))) for block in blocks]
    return replace(bare, pivots=_pivots(*map(np.concatenate, zip(*found, strict=True))))


def _pivots(phrases: Floats, words: Floats) -> tuple[float, float]:
    return float(np.median(phrases)), float(np.median(words))


def _placed(topics: Topics) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    rows = np.full(PLACES, topics.words.size, np.int32)
    rows[topics.words] = np.arange(topics.words.size, dtype=np.int32)
    places = np.vstack((topics.places, np.zeros((1, topics.places.shape[1]), np.int8)))
    return rows, places, np.append(topics.steps.astype(np.int32), np.int32(0))


def mean_row(rows: Floats) -> Floats:
    """The mean of rows that stand on a coarse grid, one number for each column."""
    return on_grid(rows.sum(axis=0) / max(rows.shape[0], 1))


@cache
def load_background() -> Background:
    """The background that ships with the package, read once per process (about a second, some 75 MB). What reading it took for a while
    is given back."""
    with (resources.files(__package__) / _FILE).open("rb") as file:
        background = background_of(read(file))
    memory.hand_back()
    return background


@cache
def shipped_sha256() -> str:
    """The hash of the shipped background, whose file is read for damage once per process. Raises as `read`."""
    with (resources.files(__package__) / _FILE).open("rb") as file:
        return read_sha256(file)


def load_weights() -> Weights:
    """What words weigh, of the loaded background, or, where none is loaded, alone from the file: some 10 MB, which are not kept."""
    if load_background.cache_info().currsize:
        return load_background().weights
    with (resources.files(__package__) / _FILE).open("rb") as file:
        return read_weights(file)


def on_grid(numbers: Floats, bits: int = 24) -> Floats:
    """Numbers rounded to multiples of 2^-bits."""
    rounded: Floats = numbers * 2.0**bits
    np.rint(rounded, out=rounded)
    rounded *= 2.0**-bits
    return rounded


def lengths(matrix: Matrix) -> Floats:
    """The Euclidean length of each row."""
    data = matrix.data.astype(np.float64, copy=False)
    squares = np.bincount(_rows(matrix), weights=data * data, minlength=matrix.shape[0])
    roots: Floats = np.sqrt(squares)
    return roots


def mean(matrix: Matrix) -> Floats:
    """The mean of the rows, one number for each feature."""
    return on_grid(np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1]) / matrix.shape[0])


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
