"""The dense part for the benchmark: a model in a folder, with vectors kept on disk, so that none is computed twice."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contest.methods import Unavailable
from watcher import rank
from watcher.errors import ConfigurationError
from watcher.rank import dense

PATIENCE = 10.0
_KEY = 32


class Embedding:
    """What `rank.build` and `rank.read` ask of a dense part. The vectors lie in one file of a folder: the sha256 of a text, its vector, the
    next one's."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Raises Unavailable when the model, the extra or a fitting sample is not there."""
        try:
            self._encoder = dense.Encoder(dense.find_model(model))
            self._file = folder / f"vectors-{self._encoder.sha256[:16]}.bin"
            self._sample = dense.shipped_sample()
            plain = self._encoder.files.usage.is_plain
            if not (plain and self._sample.is_of(rank.load_background().pmids.tolist()) and self._sample.fits(self)):
                raise Unavailable(f"{model}: the sample that ships with watcher is not of this model")
        except ConfigurationError as fault:
            raise Unavailable(f"{fault}") from fault

    @property
    def sha256(self) -> str:
        """Of the model and of the sample."""
        return hashlib.sha256(f"{self._encoder.sha256} {self._sample.sha256}".encode()).hexdigest()

    @cached_property
    def sample(self) -> npt.NDArray[np.float32]:
        """The sample papers' vectors."""
        return self._sample.rows()

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of some texts, one row each."""
        keys = [bytes.fromhex(self._encoder.key(text)) for text in texts]
        absent = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
        if absent:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                for key, vector in zip(absent, told(self._encoder.encode([*absent.values()]), len(absent)), strict=True):
                    file.write(key + vector)
                    self._kept[key] = vector
        return dense.join([self._kept[key] for key in keys])

    @cached_property
    def _kept(self) -> dict[bytes, bytes]:
        """What the file holds; the beginning of a record that a stopped run left at its end is cut off."""
        if not self._file.exists():
            return {}
        held = self._file.read_bytes()
        record = _KEY + 2 * self._sample.vectors.shape[1]
        whole = len(held) - len(held) % record
        if whole < len(held):
            with self._file.open("r+b") as file:
                file.truncate(whole)
        return {held[at : at + _KEY]: held[at + _KEY : at + record] for at in range(0, whole, record)}


def told(vectors: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same, with a line of progress now and then."""
    last = time.perf_counter()
    for number, vector in enumerate(vectors, 1):
        yield vector
        if time.perf_counter() > last + PATIENCE:
            last = time.perf_counter()
            print(f"embedding: {number:,} of {size:,} texts", file=sys.stderr, flush=True)
