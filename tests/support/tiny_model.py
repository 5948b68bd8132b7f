"""A sentence-embedding model of a few numbers, through the same files as a real one, and a hub on loopback that hands it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WORDS = ("[UNK]", "agrin", "musk", "synapse", "bone", "heart", "trial", "of", "the", "mouse", ".")
DIMENSIONS = 4


def word_vectors(seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The model's only weights: a vector for each word."""
    return np.random.default_rng(seed).normal(size=(len(WORDS), DIMENSIONS)).astype(np.float32)


def model_bytes(seed: int = 0, *, inputs: tuple[str, ...] = ("input_ids", "attention_mask"), pooled: bool = False) -> bytes:
    """An ONNX graph that gives each token its word's vector, or with `pooled` the text the vector of its first word."""
    axes = ["batch"] if pooled else ["batch", "sequence"]
    nodes = [helper.make_node("Gather", ["vectors", "input_ids"], ["states"])]
    if pooled:
        nodes.append(helper.make_node("Gather", ["states", "first"], ["sentence"], axis=1))
    name = "sentence" if pooled else "states"
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(one, TensorProto.INT64, ["batch", "sequence"]) for one in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [*axes, DIMENSIONS])],
        [numpy_helper.from_array(word_vectors(seed), "vectors"), numpy_helper.from_array(np.array(0, np.int64), "first")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def tokenizer_bytes() -> bytes:
    """A tokenizer that knows a dozen words."""
    document = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": {word: place for place, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    return json.dumps(document).encode()


def tiny_model(folder: Path, seed: int = 0) -> Path:
    """Writes the model into a folder; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model_bytes(seed))
    (folder / "tokenizer.json").write_bytes(tokenizer_bytes())
    return folder


# --- an encoder as biomedical ones are exported -------------------------------------------------------------------------------------

SPECIAL = ("[CLS]", "[SEP]")
VOCABULARY = (*WORDS, *SPECIAL)
OUTPUTS = ("last_hidden_state", "pooler_output", "sentence_embedding")


def encoder_weights(seed: int = 0) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], ...]:
    """A vector for each word of VOCABULARY, one for each segment, and the matrix behind pooler_output."""
    random = np.random.default_rng(seed)
    shapes = ((len(VOCABULARY), DIMENSIONS), (2, DIMENSIONS), (DIMENSIONS, DIMENSIONS))
    words, segments, pooler = (random.normal(size=shape).astype(np.float32) for shape in shapes)
    return words, segments, pooler


def encoder_bytes(
    seed: int = 0, *, outputs: tuple[str, ...] = OUTPUTS, segments: bool = True, most_tokens: int | None = None
) -> bytes:
    """An ONNX graph whose states depend on the word, its segment and the whole text: last_hidden_state is the vector of the word and of its
    segment and the mean over the text, pooler_output the tanh of a matrix times the first state, sentence_embedding the largest number over
    the tokens. `segments`: whether it asks for token_type_ids. `most_tokens`: it fails at a longer text, as a model with positions does."""
    words, kinds, pooler = encoder_weights(seed)
    node = helper.make_node
    nodes = [node("Gather", ["words", "input_ids"], ["of_words"])]
    if segments:
        nodes += [
            node("Gather", ["segments", "token_type_ids"], ["of_segments"]),
            node("Add", ["of_words", "of_segments"], ["both"]),
        ]
    else:
        nodes.append(node("Identity", ["of_words"], ["both"]))
    constants: list[tuple[np.ndarray[Any, Any], str]] = [
        (words, "words"),
        (kinds, "segments"),
        (pooler, "pooler"),
        (np.array(0, np.int64), "first"),
    ]
    if most_tokens is not None:
        constants.append((np.zeros((1, most_tokens, 1), np.float32), "positions"))
        constants += [(np.array([1], np.int64), "axis"), (np.array([0], np.int64), "start")]
        nodes += [
            node("Shape", ["input_ids"], ["shape"]),
            node("Gather", ["shape", "first_axis"], ["length"]),
            node("Slice", ["positions", "start", "length", "axis"], ["cut"]),
            node("Add", ["both", "cut"], ["placed"]),
        ]
        constants.append((np.array([1], np.int64), "first_axis"))
    placed = "both" if most_tokens is None else "placed"
    nodes += [
        node("ReduceMean", [placed], ["whole"], axes=[1], keepdims=1),
        node("Add", [placed, "whole"], ["last_hidden_state"]),
        node("Gather", ["last_hidden_state", "first"], ["first_state"], axis=1),
        node("MatMul", ["first_state", "pooler"], ["pooling"]),
        node("Tanh", ["pooling"], ["pooler_output"]),
        node("ReduceMax", ["last_hidden_state"], ["sentence_embedding"], axes=[1], keepdims=0),
    ]
    asked = ("input_ids", "attention_mask", *(("token_type_ids",) if segments else ()))
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info(one, TensorProto.INT64, ["batch", "sequence"]) for one in asked],
        [
            helper.make_tensor_value_info(
                one, TensorProto.FLOAT, ["batch", *(["sequence"] if one == "last_hidden_state" else []), DIMENSIONS]
            )
            for one in outputs
        ],
        [numpy_helper.from_array(array, name) for array, name in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def bert_tokenizer_bytes(separator: str = "[SEP]") -> bytes:
    """A tokenizer of the same words that writes [CLS] A [SEP], and pairs as [CLS] A [SEP] B [SEP] with B as the second segment."""
    words = [*WORDS, "[CLS]", separator]
    special = {"[CLS]": len(WORDS), separator: len(WORDS) + 1}

    def piece(kind: str, name: str, segment: int) -> dict[str, object]:
        return {kind: {"id": name, "type_id": segment}}

    single = [piece("SpecialToken", "[CLS]", 0), piece("Sequence", "A", 0), piece("SpecialToken", separator, 0)]
    second = [piece("Sequence", "B", 1), piece("SpecialToken", separator, 1)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    document = {
        "version": "1.0",
        "added_tokens": [{"id": number, "content": token, **flags} for token, number in special.items()],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": [*single, *second],
            "special_tokens": {one: {"id": one, "ids": [number], "tokens": [one]} for one, number in special.items()},
        },
        "model": {"type": "WordLevel", "vocab": {word: place for place, word in enumerate(words)}, "unk_token": "[UNK]"},
    }
    return json.dumps(document).encode()


def encoder_folder(folder: Path, *, seed: int = 0, model: bytes | None = None, **files: Any) -> Path:  # noqa: ANN401 - what JSON holds
    """Writes an encoder and its tokenizer into a folder; `files`: JSON by the name before `.json`, the pooling module's as `pooling`."""
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(encoder_bytes(seed) if model is None else model)
    (folder / "tokenizer.json").write_bytes(bert_tokenizer_bytes())
    for name, content in files.items():
        (folder / ("1_Pooling/config.json" if name == "pooling" else f"{name}.json")).write_text(json.dumps(content))
    return folder


# --- a hub -----------------------------------------------------------------------------------------------------------------------------


@dataclass
class TinyHub:
    """A hub with some files. `breaks_after`: it hangs up after so many bytes, once for each number. `states`: the sha256 that it claims
    of its files, where it is not the true one. `commit`: the commit that `main` is at, and that it names in each answer."""

    files: dict[str, bytes]
    ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    states: str = ""
    commit: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def gets(self) -> list[tuple[str, str]]:
        """What was fetched: the path behind the model's name, and the range."""
        return [(path.partition("/resolve/")[2], piece) for method, path, piece in self.asked if method == "GET"]


@contextmanager
def tiny_hub(files: Mapping[str, bytes]) -> Iterator[TinyHub]:
    """A hub on loopback; `files` by their path on it, such as onnx/model.onnx."""
    hub = TinyHub(dict(files))

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            """What a file is."""
            self._answer()

        def do_GET(self) -> None:
            """A file, or the rest of it."""
            body = self._answer()
            cut = hub.breaks_after.pop(0) if body and hub.breaks_after else len(body)
            self.wfile.write(body[:cut])

        def _answer(self) -> bytes:
            piece = self.headers.get("Range", "")
            hub.asked.append((self.command, self.path, piece))
            found = re.fullmatch(r"/lab/tiny/resolve/[\w.-]+/(.+)", self.path)
            body = hub.files.get(found[1]) if found else None
            status = hub.statuses.pop(0) if hub.statuses else 404 if body is None else 200
            whole, start = body or b"", 0
            if status == 200 and piece and hub.ranges:
                start = int(piece.removeprefix("bytes=").removesuffix("-"))
                status = 206
            self.send_response(status)
            sent = whole[start:] if status < 400 else b""
            self.send_header("Content-Length", str(len(sent)))
            if hub.commit:
                revision = self.path.partition("/resolve/")[2].partition("/")[0]
                self.send_header("X-Repo-Commit", hub.commit if revision == "main" else revision)
            self.send_header("X-Linked-Etag", f'"{hub.states or sha256(whole).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(whole)))
            self.end_headers()
            return sent

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_address[1]}/"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield hub
        finally:
            server.shutdown()
