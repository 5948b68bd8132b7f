"""Texts -> sentence embeddings, by a model that lies in a folder: the optional dense part of the ranking.

    folder    model.onnx (or onnx/model.onnx, model_quantized.onnx) and tokenizer.json
    Encoder   tokens (at most 256) -> the model -> mean over the tokens -> unit length -> a grid (Reimers & Gurevych, 2019)
    Sample    the vectors of the background's sample papers, which a model needs before it can rank

Each text goes through the model alone, with one thread: its vector cannot depend on what is embedded beside it, and padding would
only cost time. onnxruntime and tokenizers are the extra `watcher[dense]`; both are imported by the first `Encoder`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from watcher.errors import ConfigurationError, Problem

Floats = npt.NDArray[np.float32]

CODE = "dense 1"
"""Names this way to make a vector; changes with anything that can move one."""

MOST_TOKENS = 256
GRID_BITS = 12
SAME_MODEL = 0.99
"""The least cosine between the vectors that two exports of one model give for the probes. An export with 8-bit weights has 0.999; one
that computes in 8 bits has 0.94 to 0.97, and all its vectors lean to one side: it needs a sample of its own."""

MODEL_FILES = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
TOKENIZER_FILE = "tokenizer.json"

SHIPPED = "dense_sample.npz"
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_INSTALL = "install watcher with its extra, watcher[dense]"


# --- the model ---------------------------------------------------------------------------------------------------------------------


def missing_extra() -> str:
    """Why no model can be used by this installation; empty when one can."""
    absent = [name for name in ("onnxruntime", "tokenizers") if importlib.util.find_spec(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The two files of a model, and the sha256 of each."""

    model: Path
    tokenizer: Path
    model_sha256: str
    tokenizer_sha256: str

    @property
    def sha256(self) -> str:
        """Stands for every vector that the model gives: both files, and this code."""
        said = f"{CODE} {MOST_TOKENS} {GRID_BITS} {self.model_sha256} {self.tokenizer_sha256}"
        return hashlib.sha256(said.encode()).hexdigest()


def find_model(folder: Path) -> ModelFiles:
    """The model that lies in a folder. Raises ConfigurationError when a file is missing or cannot be read."""
    models = [path for name in MODEL_FILES if (path := folder / name).is_file()]
    tokenizer = folder / TOKENIZER_FILE
    if not models or not tokenizer.is_file():
        absent = [name for name, there in (("model.onnx", models), (TOKENIZER_FILE, tokenizer.is_file())) if not there]
        raise ConfigurationError(
            Problem(
                f"{folder}: there is no {' and no '.join(absent)}",
                "put them there, or name a model on the hub: `watcher model pull` fetches it",
            )
        )
    try:
        return ModelFiles(models[0], tokenizer, file_sha256(models[0]), file_sha256(tokenizer))
    except OSError as error:
        raise ConfigurationError(Problem(f"{error.filename}: cannot be read: {error.strerror}", "let watcher read it")) from error


def file_sha256(path: Path) -> str:
    """The sha256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Encoder:
    """Gives texts their vectors. The model is loaded by the first text."""

    def __init__(self, files: ModelFiles) -> None:
        """Loads nothing yet. Raises ConfigurationError when the extra is not installed."""
        if why := missing_extra():
            raise ConfigurationError(Problem(why, _INSTALL))
        self.files = files

    @property
    def sha256(self) -> str:
        """See `ModelFiles.sha256`."""
        return self.files.sha256

    def encode(self, texts: Sequence[str]) -> Iterator[bytes]:
        """The vector of each text, in order, as `join` reads it: 16-bit whole numbers of 2^-12, least byte first.

        Raises ConfigurationError when the model cannot be loaded, or is none of sentences.
        """
        for text in texts:
            yield split(self._vector(text))

    def _vector(self, text: str) -> Floats:
        encoding = self._tokenizer.encode(text)
        given = {"input_ids": encoding.ids, "attention_mask": [1] * len(encoding.ids), "token_type_ids": [0] * len(encoding.ids)}
        fed = {one.name: np.array([given[one.name]], _integers(one.type)) for one in self._session.get_inputs()}
        states = np.asarray(self._session.run(self._output, fed)[0], np.float32)
        pooled: Floats = states[0].sum(axis=0, dtype=np.float64).astype(np.float32) if states.ndim == 3 else states[0]
        return pooled / (float(np.linalg.norm(pooled.astype(np.float64))) or 1.0)

    @cached_property
    def _tokenizer(self) -> Any:  # noqa: ANN401 - the vendor's class, which has no types
        from tokenizers import Tokenizer  # noqa: PLC0415 - the extra

        try:
            tokenizer = Tokenizer.from_file(str(self.files.tokenizer))
        except Exception as error:  # tokenizers raises nothing narrower
            raise _unusable(self.files.tokenizer, error) from error
        tokenizer.enable_truncation(MOST_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:  # noqa: ANN401 - as above
        # since 1.29 it tells its maker of each process and model, and keeps an identifier in the home folder, unless this is set before
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime  # noqa: PLC0415 - the extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(self.files.model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no class in common
            raise _unusable(self.files.model, error) from error
        if unknown := {one.name for one in session.get_inputs()} - _INPUTS:
            raise _unusable(self.files.model, f"it asks for {', '.join(sorted(unknown))}")
        return session

    @cached_property
    def _output(self) -> list[str]:
        """The states of the tokens, else the vector of the whole."""
        outputs = self._session.get_outputs()
        for size in (3, 2):
            for one in outputs:
                if len(one.shape) == size:
                    return [one.name]
        raise _unusable(self.files.model, "it gives no vectors")


def _integers(kind: str) -> type[np.signedinteger[Any]]:
    return np.int32 if kind == "tensor(int32)" else np.int64


def _unusable(path: Path, why: object) -> ConfigurationError:
    first = str(why).strip().partition("\n")[0]
    return ConfigurationError(
        Problem(f"{path}: cannot be used as a sentence-embedding model: {first}", "take an ONNX export with mean pooling")
    )


# --- vectors as bytes ----------------------------------------------------------------------------------------------------------------


def split(vector: Floats) -> bytes:
    """A vector on the grid of 2^-12, two bytes a number."""
    return np.rint(np.ldexp(vector.astype(np.float64), GRID_BITS)).astype("<i2").tobytes()


def join(vectors: Sequence[bytes]) -> Floats:
    """Vectors as rows; each number is exactly a multiple of 2^-12. Raises ValueError when they differ in length."""
    if not vectors:
        return np.zeros((0, 0), np.float32)
    whole = np.frombuffer(b"".join(vectors), "<i2").reshape(len(vectors), -1)
    rows: Floats = np.ldexp(whole.astype(np.float32), -GRID_BITS)
    return rows


# --- the background's sample -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sample:
    """The sample papers in a model's space. `vectors`: one row of whole numbers up to ±127 for each of `pmids`, whose direction
    counts. `probes` and `answers`: sentences, and the model's vectors for them, by which another export of it is known."""

    model: str
    pmids: npt.NDArray[np.uint32]
    vectors: npt.NDArray[np.int8]
    probes: tuple[str, ...]
    answers: Floats

    @property
    def sha256(self) -> str:
        """Hash of the content, whatever way it is compressed."""
        digest = hashlib.sha256(b"watcher dense sample 1 ")
        for name, array in sorted(self._arrays().items()):
            digest.update(f"{name} {array.size} ".encode() + array.tobytes())
        return digest.hexdigest()

    def rows(self) -> Floats:
        """Unit vectors, on the same grid as those of papers."""
        whole = self.vectors.astype(np.float64)
        unit = whole / np.maximum(np.sqrt((whole * whole).sum(axis=1)), 1.0)[:, np.newaxis]
        rows: Floats = np.ldexp(np.rint(np.ldexp(unit, GRID_BITS)), -GRID_BITS).astype(np.float32)
        return rows

    def is_of(self, pmids: Sequence[int]) -> bool:
        """Whether it is of these sample papers, in this order."""
        return np.array_equal(self.pmids, np.asarray(pmids, np.uint32))

    def fits(self, embed: Callable[[Sequence[str]], Floats]) -> bool:
        """Whether this is the sample of the model that `embed` asks: it answers the probes alike."""
        if not self.probes:
            return False
        given = embed(self.probes)
        if given.shape != self.answers.shape:
            return False
        lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(self.answers, axis=1)
        return bool(((given * self.answers).sum(axis=1) >= SAME_MODEL * np.maximum(lengths, 1e-6)).all())

    def write(self, file: IO[bytes]) -> None:
        """The same content gives the same bytes."""
        stated = np.frombuffer(bytes.fromhex(self.sha256), np.uint8)
        np.savez_compressed(file, allow_pickle=False, **self._arrays(), sha256=stated)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        said = json.dumps({"model": self.model, "probes": self.probes}, ensure_ascii=False).encode()
        return {
            "said": np.frombuffer(said, np.uint8),
            "pmids": self.pmids.astype("<u4"),
            "vectors": self.vectors,
            "answers": self.answers.astype("<f4"),
        }


def sample_of(
    model: str, pmids: Sequence[int], vectors: Floats, probes: Sequence[str] = (), answers: Floats | None = None
) -> Sample:
    """The sample, packed: each vector is scaled so that its largest number becomes 127."""
    if answers is None:
        answers = np.zeros((0, vectors.shape[1]), np.float32)
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    packed = np.rint(vectors.astype(np.float64) * (127 / largest)).astype(np.int8)
    return Sample(model, np.array(pmids, np.uint32), packed, tuple(probes), answers)


def shipped_sample() -> Sample:
    """The sample that ships with the package: that of sentence-transformers/all-MiniLM-L6-v2, in any export."""
    with (resources.files(__package__) / SHIPPED).open("rb") as file:
        return read_sample(file, SHIPPED)


def read_sample(file: IO[bytes], name: str) -> Sample:
    """What `Sample.write` wrote. Raises ConfigurationError when the content does not have the hash that it states."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            said = json.loads(stored["said"].tobytes())
            sample = Sample(said["model"], stored["pmids"], stored["vectors"], tuple(said["probes"]), stored["answers"])
            stated = stored["sha256"].tobytes().hex()
    except (KeyError, ValueError, EOFError, OSError, BadZipFile) as error:
        raise ConfigurationError(Problem(f"{name} cannot be read: {error}", "make it anew: `watcher model prepare`")) from error
    if sample.sha256 != stated:
        raise ConfigurationError(
            Problem(f"{name} is damaged: not the sha256 that it states", "make it anew: `watcher model prepare`")
        )
    return sample
