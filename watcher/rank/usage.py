"""How texts are given to a sentence-embedding model, and how its answer becomes one vector: what the configuration says, else the model's
own files, else "title. abstract", the mean over the tokens, and 256 tokens.

    modules.json                        the modules of sentence-transformers, in their order
    1_Pooling/config.json               how the tokens' states become one vector
    sentence_bert_config.json           max_seq_length
    config_sentence_transformers.json   prompts and default_prompt_name: what is put before each text
    tokenizer_config.json               model_max_length, where the one above says nothing; sep_token

The files are those that sentence-transformers writes (Reimers & Gurevych, 2019), and the tokenizer's own of transformers. Vectors come to
unit length in any case, since only their directions are compared: a Normalize module changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watcher.domain import ENCODER_FILES, Pooling, TextInput
from watcher.errors import ConfigurationError, Problem

MODULES, POOLING, LENGTH, PROMPTS, TOKENIZER_CONFIG = FILES = ENCODER_FILES

MOST_TOKENS = 256
"""How many tokens of a text are read where nothing says it."""

LEAST_TOKENS = 8
UNSAID_TOKENS = 1_000_000
"""A model_max_length from here on says that there is none; transformers writes 10^30 then."""

_AS_MEAN = {"mean", "mean_tokens", "mean_sqrt_len_tokens"}
"""Kinds of pooling whose vectors have the direction of the mean: the sum over another divisor."""
_AS_CLS = {"cls", "cls_token"}
_FLAG = "pooling_mode_"
_SEPARATORS = ("[SEP]", "</s>")
_WRITE_POOLING = "write ranking.dense_pooling: mean, cls, or ready for the vector that the export itself gives"
_FOLDER = re.compile(r"(?:\w[\w.-]*)?")


@dataclass(frozen=True, slots=True)
class Configured:
    """What the configuration says of a model's use; None where it leaves it to the model's files."""

    pooling: Pooling | None = None
    input: TextInput = TextInput.SENTENCE
    prefix: str | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How a model is used. `separator`: the token between title and abstract, empty where none is put there. `said_by`: for each of the
    others who says it: a key of the configuration, a file, or "default"."""

    pooling: Pooling = Pooling.MEAN
    input: TextInput = TextInput.SENTENCE
    prefix: str = ""
    max_tokens: int = MOST_TOKENS
    separator: str = ""
    said_by: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)

    @property
    def is_plain(self) -> bool:
        """Whether it is the way that was the only one before there was a choice, and that the shipped sample was made in."""
        return self == Usage()

    @property
    def identity(self) -> str:
        """The same for two usages exactly where they make the same vectors of one model."""
        return json.dumps([self.pooling, self.input, self.prefix, self.max_tokens, self.separator])

    def told(self) -> dict[str, tuple[str | int, str]]:
        """Each part: its value and who says it."""
        values = {"pooling": self.pooling.value, "input": self.input.value, "prefix": self.prefix, "max_tokens": self.max_tokens}
        return {name: (value, self.said_by.get(name, "default")) for name, value in values.items()}


def read_usage(folder: Path, configured: Configured, tokenizer: Path) -> Usage:
    """How the model in a folder is used. `tokenizer`: its tokenizer.json.

    Raises:
        ConfigurationError: a file cannot be read, or says what is not supported; not where the configuration says that part itself.
    """
    pooling, prefix, length = _pooling(folder, configured), _prefix(folder, configured), _max_tokens(folder, configured)
    said_by = {name: by for name, (_, by) in (("pooling", pooling), ("prefix", prefix), ("max_tokens", length))}
    if prefix[0] and not said_by["pooling"].startswith("ranking."):
        _require_prompt_pooled(folder, said_by["pooling"])
    separator = _separator(folder, tokenizer) if configured.input is TextInput.SEPARATOR else ""
    by = "ranking.dense_input" if configured.input is not TextInput.SENTENCE else "default"
    return Usage(pooling[0], configured.input, prefix[0], length[0], separator, {**said_by, "input": by})


# --- pooling ------------------------------------------------------------------------------------------------------------------------


def _pooling(folder: Path, configured: Configured) -> tuple[Pooling, str]:
    if configured.pooling is not None:
        return configured.pooling, "ranking.dense_pooling"
    name = _pooling_file(folder)
    document = _read(folder, name, _WRITE_POOLING)
    if document is None:
        return Pooling.MEAN, "default"
    modes = _modes(document)
    if len(modes) == 1 and modes <= _AS_MEAN:
        return Pooling.MEAN, name
    if len(modes) == 1 and modes <= _AS_CLS:
        return Pooling.CLS, name
    what = " and ".join(sorted(modes)) if modes else "no kind of pooling"
    raise _refused(folder / name, f"says {what}, which is not supported", _WRITE_POOLING)


def _modes(document: Mapping[str, Any]) -> set[str]:
    """The kinds of pooling that are switched on: `pooling_mode_KIND: true`, or `pooling_mode: KIND` as later versions write it."""
    named = document.get("pooling_mode")
    if named is not None:
        return {str(one) for one in (named if isinstance(named, list) else [named])}
    return {key.removeprefix(_FLAG) for key, value in document.items() if key.startswith(_FLAG) and value is True}


def _pooling_file(folder: Path) -> str:
    """The pooling module's configuration, after a look at what else the modules do. That it is there is required where modules.json
    names it."""
    modules = _modules(folder)
    if not modules:
        return POOLING
    kinds = [kind for kind, _ in modules]
    if unknown := [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]:
        raise _refused(folder / MODULES, f"has the module {unknown[0]}, which is not supported", _WRITE_POOLING)
    if kinds[:2] != ["Transformer", "Pooling"]:
        raise _refused(folder / MODULES, f"has the modules {', '.join(kinds)}, of which none pools", _WRITE_POOLING)
    name = f"{modules[1][1]}/config.json".lstrip("/")
    if not (folder / name).is_file():
        raise _refused(folder / name, "is not there, and modules.json names it", f"put it there, or {_WRITE_POOLING}")
    return name


def _modules(folder: Path) -> list[tuple[str, str]]:
    """The kind and the folder of each module."""
    fix = f"put the right file there, or {_WRITE_POOLING}"
    listed = _json(folder / MODULES, fix)
    if listed is None:
        return []
    try:
        found = [(str(one["type"]).rpartition(".")[2], str(one["path"])) for one in listed]
    except (TypeError, KeyError):
        raise _refused(folder / MODULES, "is no list of modules with `type` and `path`", fix) from None
    for _, path in found:
        if not _FOLDER.fullmatch(path):
            raise _refused(folder / MODULES, f"names {path!r}, which is no folder beside it", fix)
    return found


def _require_prompt_pooled(folder: Path, name: str) -> None:
    """A prefix is pooled with the text; a model that leaves it out is not supported."""
    document = _read(folder, name, _WRITE_POOLING) if name != "default" else None
    if document is not None and document.get("include_prompt", True) is False:
        what = "says include_prompt: false, to leave the prefix out of the pooling, which is not supported"
        raise _refused(folder / name, what, "write ranking.dense_prefix: '', or ranking.dense_pooling to pool the prefix as well")


# --- prefix, length, separator --------------------------------------------------------------------------------------------------------


def _prefix(folder: Path, configured: Configured) -> tuple[str, str]:
    if configured.prefix is not None:
        return configured.prefix, "ranking.dense_prefix"
    fix = "write ranking.dense_prefix: the text that is put before each paper's, or '' for none"
    document = _read(folder, PROMPTS, fix) or {}
    name = document.get("default_prompt_name")
    if name is None:
        return "", "default"
    prompts = document.get("prompts")
    prompt = prompts.get(name) if isinstance(prompts, dict) and isinstance(name, str) else None
    if not isinstance(prompt, str):
        raise _refused(folder / PROMPTS, f"has the default_prompt_name {name!r} and no such prompt", fix)
    return prompt, PROMPTS


def _max_tokens(folder: Path, configured: Configured) -> tuple[int, str]:
    if configured.max_tokens is not None:
        return configured.max_tokens, "ranking.dense_max_tokens"
    fix = "write ranking.dense_max_tokens: how many tokens of a text are read"
    for name, key in ((LENGTH, "max_seq_length"), (TOKENIZER_CONFIG, "model_max_length")):
        said = (_read(folder, name, fix) or {}).get(key)
        if said is None or (_is_whole(said) and said >= UNSAID_TOKENS):
            continue
        if not _is_whole(said) or said < LEAST_TOKENS:
            raise _refused(folder / name, f"says {key}: {said!r}, which is no number of tokens", fix)
        return int(said), name
    return MOST_TOKENS, "default"


def _is_whole(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool)


def _separator(folder: Path, tokenizer: Path) -> str:
    """The tokenizer's separator token: as tokenizer_config.json says, else the usual one that tokenizer.json has."""
    fix = "write ranking.dense_input: sentence or pair"
    said = (_read(folder, TOKENIZER_CONFIG, fix) or {}).get("sep_token")
    token = said.get("content") if isinstance(said, dict) else said
    added = (_read(folder, tokenizer.name, fix) or {}).get("added_tokens") or ()
    known = {one.get("content") for one in added if isinstance(one, dict)}
    for one in (token,) if token else _SEPARATORS:
        if isinstance(one, str) and one in known:
            return one
    raise _refused(tokenizer, f"has no separator token {token or ' or '.join(_SEPARATORS)} among its added_tokens", fix)


# --- files ----------------------------------------------------------------------------------------------------------------------------


def _read(folder: Path, name: str, fix: str) -> dict[str, Any] | None:
    """The object that a file holds; None where there is no such file."""
    found = _json(folder / name, f"put the right file there, or {fix}")
    if found is None or isinstance(found, dict):
        return found
    raise _refused(folder / name, "is no JSON object", f"put the right file there, or {fix}")


def _json(path: Path, fix: str) -> Any:  # noqa: ANN401 - a tree of text, numbers, lists and objects
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}", "let watcher read it") from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"is no JSON: {error}", fix) from error


def _refused(path: Path, what: str, fix: str) -> ConfigurationError:
    return ConfigurationError(Problem(f"{path} {what}", fix))
