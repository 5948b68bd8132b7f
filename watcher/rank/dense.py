"""Texts -> sentence embeddings, by a model that lies in a folder: the optional dense part of the ranking.

    folder    model.onnx (or onnx/model.onnx, model_quantized.onnx) and tokenizer.json; and what says how it is used (`usage`)
    Encoder   tokens -> the model -> one vector (the mean over the tokens, the first, or ready-made) -> unit length -> a grid
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
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from watcher.domain import EmbeddedText, Pooling, TextInput, text_sha256
from watcher.errors import ConfigurationError, Problem
from watcher.rank.usage import FILES, MOST_TOKENS, Configured, Usage, read_usage

Floats = npt.NDArray[np.float32]

CODE = "dense 1"
"""Names this way to make a vector; changes with anything that can move one."""

GRID_BITS = 12
SAME_MODEL = 0.99
"""The least cosine between the vectors that two exports of one model give for the probes. An export with 8-bit weights has 0.999; one
that computes in 8 bits has 0.94 to 0.97, and all its vectors lean to one side: it needs a sample of its own."""

MODEL_FILES = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
TOKENIZER_FILE = "tokenizer.json"

SHIPPED = "dense_sample.npz"
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_READY = ("sentence_embedding", "pooler_output")
"""What exports call the vector of the whole text, best first."""
_INSTALL = "install watcher with its extra, watcher[dense]"


# --- the model ---------------------------------------------------------------------------------------------------------------------


def missing_extra() -> str:
    """Why no model can be used by this installation; empty when one can."""
    absent = [name for name in ("onnxruntime", "tokenizers") if importlib.util.find_spec(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The two files of a model, the sha256 of each, and how it is used. `others`: the files that may say that, and lie beside them, each
    with its sha256."""

    model: Path
    tokenizer: Path
    model_sha256: str
    tokenizer_sha256: str
    usage: Usage = field(default_factory=Usage)
    others: tuple[tuple[str, str], ...] = ()

    @property
    def sha256(self) -> str:
        """Stands for every vector that the model gives: both files, how it is used, and this code."""
        used = "" if self.usage.is_plain else f" {self.usage.identity}"
        said = f"{CODE} {MOST_TOKENS} {GRID_BITS} {self.model_sha256} {self.tokenizer_sha256}{used}"
        return hashlib.sha256(said.encode()).hexdigest()


def find_model(folder: Path, configured: Configured | None = None) -> ModelFiles:
    """The model that lies in a folder, and how it is used: as the configuration says, else as its own files say.

    Raises:
        ConfigurationError: a file is missing or cannot be read, or says what is not supported.
    """
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
    usage = read_usage(folder, configured or Configured(), tokenizer)
    try:
        others = tuple((name, file_sha256(path)) for name in FILES if (path := folder / name).is_file())
        return ModelFiles(models[0], tokenizer, file_sha256(models[0]), file_sha256(tokenizer), usage, others)
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

    def require_length(self) -> None:
        """Gives the model a text as long as any that it will get. Raises ConfigurationError when it cannot take it, or cannot be used."""
        self._vector("a " * self._usage.max_tokens)

    def key(self, text: str) -> str:
        """What a text's vector is kept under: the hash of the text, or of its two parts where the model is given two."""
        if isinstance(text, EmbeddedText) and self._usage.input is not TextInput.SENTENCE:
            return text.parts_sha256
        return text_sha256(text)

    @property
    def _usage(self) -> Usage:
        return self.files.usage

    def _vector(self, text: str) -> Floats:
        ids, types = self._tokens(text)
        given = {"input_ids": ids, "attention_mask": [1] * len(ids), "token_type_ids": types}
        fed = {one.name: np.array([given[one.name]], _integers(one.type)) for one in self._session.get_inputs()}
        pooled = _pooled(np.asarray(self._run(fed), np.float32)[0], self._usage.pooling)
        return pooled / (float(np.linalg.norm(pooled.astype(np.float64))) or 1.0)

    def _tokens(self, text: str) -> tuple[list[int], list[int]]:
        """The numbers of a text's tokens, and of which segment each is."""
        usage = self._usage
        title, abstract = (text.title_part, text.abstract_part) if isinstance(text, EmbeddedText) else (text, "")
        if usage.input is TextInput.PAIR:
            encoding = self._tokenizer.encode(usage.prefix + title, abstract)
            return encoding.ids, encoding.type_ids
        whole = f"{title}{usage.separator}{abstract}" if usage.input is TextInput.SEPARATOR else text
        encoding = self._tokenizer.encode(usage.prefix + whole)
        return encoding.ids, [0] * len(encoding.ids)

    def _run(self, fed: dict[str, Any]) -> Any:  # noqa: ANN401 - the vendor's arrays
        session, output = self._session, self._output
        try:
            return session.run(output, fed)[0]
        except Exception as error:  # its errors have no class in common
            tokens = fed["input_ids"].shape[1] if "input_ids" in fed else 0
            raise ConfigurationError(
                Problem(
                    f"{self.files.model}: it fails at a text of {tokens} tokens: {_first_line(error)}",
                    f"set ranking.dense_max_tokens to what the model takes; now it is {self._usage.max_tokens}",
                )
            ) from error

    @cached_property
    def _tokenizer(self) -> Any:  # noqa: ANN401 - the vendor's class, which has no types
        from tokenizers import Tokenizer  # noqa: PLC0415 - the extra

        try:
            tokenizer = Tokenizer.from_file(str(self.files.tokenizer))
        except Exception as error:  # tokenizers raises nothing narrower
            raise _unusable(self.files.tokenizer, error) from error
        tokenizer.enable_truncation(self._usage.max_tokens)
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
        """What is asked of the model: the states of the tokens, or the vector of the whole text.

        For the mean, a model that gives no states has taken it already.
        """
        outputs = [(one.name, len(one.shape)) for one in self._session.get_outputs()]
        states, ready = [name for name, axes in outputs if axes == 3], [name for name, axes in outputs if axes == 2]
        match self._usage.pooling:
            case Pooling.READY:
                chosen = [name for name in _READY if name in ready] or (ready if len(ready) == 1 else [])
                lacking = f"it gives no vector of the whole text (outputs: {', '.join(name for name, _ in outputs)})"
            case Pooling.CLS:
                chosen, lacking = states, "it gives no states of tokens, whose first would be taken"
            case Pooling.MEAN:
                chosen, lacking = states + ready, "it gives no vectors"
        if not chosen:
            raise _unusable(self.files.model, lacking)
        return chosen[:1]


def _pooled(given: Floats, pooling: Pooling) -> Floats:
    """One vector of the states of tokens (tokens, dimensions); one that is ready stays as it is. The mean may have any length."""
    if given.ndim == 1:
        return given
    if pooling is Pooling.CLS:
        first: Floats = given[0] if len(given) else np.zeros(given.shape[1], np.float32)
        return first
    total: Floats = given.sum(axis=0, dtype=np.float64).astype(np.float32)
    return total


def _integers(kind: str) -> type[np.signedinteger[Any]]:
    return np.int32 if kind == "tensor(int32)" else np.int64


def _unusable(path: Path, why: object) -> ConfigurationError:
    fix = (
        "take an ONNX export that gives last_hidden_state, or for one that gives the text's vector set ranking.dense_pooling: ready"
    )
    return ConfigurationError(Problem(f"{path}: cannot be used as a sentence-embedding model: {_first_line(why)}", fix))


def _first_line(why: object) -> str:
    return str(why).strip().partition("\n")[0]


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
