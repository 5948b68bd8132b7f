"""Encoders as their makers mean them: pooling, pairs, prefixes and lengths, against numbers that NumPy gives here."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_model import (
    VOCABULARY,
    bert_tokenizer_bytes,
    encoder_bytes,
    encoder_folder,
    encoder_weights,
    tiny_model,
)

from watcher.domain import Article, Pooling, TextInput, embedded_text, pubmed_id
from watcher.errors import ConfigurationError
from watcher.rank import dense
from watcher.rank.usage import FILES, Configured

if why := dense.missing_extra():
    pytest.skip(why, allow_module_level=True)

TITLE, ABSTRACT = "Agrin of the synapse", "The mouse heart"
PAPER = embedded_text(Article(pubmed_id(1), title=TITLE, abstract=ABSTRACT))
AS_SENTENCE = "[CLS] agrin of the synapse . the mouse heart [SEP]"
AS_SEPARATED = "[CLS] agrin of the synapse [SEP] the mouse heart [SEP]"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
CLS_FLAGS = {"word_embedding_dimension": 4, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
MEAN_FLAGS = {"word_embedding_dimension": 4, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}


def oracle(words: str, segments: list[int] | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """The unit vector of each kind of pooling, by the arithmetic of the graph's description."""
    table, kinds, matrix = (one.astype(np.float64) for one in encoder_weights())
    ids = [VOCABULARY.index(word) for word in words.split()]
    embedded = table[ids] + kinds[segments or [0] * len(ids)]
    states = embedded + embedded.mean(axis=0)
    found = {
        "mean": states.mean(axis=0),
        "cls": states[0],
        "pooler": np.tanh(states[0] @ matrix),
        "sentence": states.max(axis=0),
    }
    return {name: vector / np.linalg.norm(vector) for name, vector in found.items()}


def vector(folder: Path, configured: Configured | None = None, text: str = PAPER) -> dense.Floats:
    encoder = dense.Encoder(dense.find_model(folder, configured))
    row: dense.Floats = dense.join(list(encoder.encode([text])))[0]
    return row


def close(found: dense.Floats, due: np.ndarray[Any, Any]) -> bool:
    return bool(np.allclose(found, due, atol=2**-12))


def refused(folder: Path, configured: Configured | None = None) -> tuple[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        vector(folder, configured)
    problem = caught.value.problems[0]
    return problem.what, problem.fix


# --- pooling


def test_the_four_poolings_of_the_oracle_differ() -> None:
    found = list(oracle(AS_SENTENCE).values())

    assert all(not np.allclose(one, other, atol=0.01) for place, one in enumerate(found) for other in found[:place])


def test_where_nothing_is_said_it_is_the_mean_of_title_and_abstract(tmp_path: Path) -> None:
    assert close(vector(encoder_folder(tmp_path)), oracle(AS_SENTENCE)["mean"])


@pytest.mark.parametrize(("pooling", "due"), [(Pooling.MEAN, "mean"), (Pooling.CLS, "cls"), (Pooling.READY, "sentence")])
def test_the_configuration_says_the_pooling_whatever_the_files_say(tmp_path: Path, pooling: Pooling, due: str) -> None:
    folder = encoder_folder(tmp_path, pooling={"pooling_mode_max_tokens": True}, modules="damaged")

    assert close(vector(folder, Configured(pooling=pooling)), oracle(AS_SENTENCE)[due])


@pytest.mark.parametrize(
    ("config", "due"),
    [
        (CLS_FLAGS, "cls"),
        (MEAN_FLAGS, "mean"),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_mean_sqrt_len_tokens": True}, "mean"),
        ({"pooling_mode": "cls", "include_prompt": True}, "cls"),
        ({"pooling_mode": ["mean"]}, "mean"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"modules": MODULES}, {"modules": MODULES[:2]}])
def test_the_models_own_files_say_the_pooling(tmp_path: Path, config: object, due: str, more: dict[str, Any]) -> None:
    folder = encoder_folder(tmp_path, pooling=config, **more)

    assert close(vector(folder), oracle(AS_SENTENCE)[due])


def test_modules_that_lie_elsewhere_are_read_there(tmp_path: Path) -> None:
    modules = [MODULES[0], {**MODULES[1], "path": "9_Pool", "type": "sentence_transformers.sentence_transformer.modules.Pooling"}]
    folder = encoder_folder(tmp_path, modules=modules, pooling=MEAN_FLAGS)
    (folder / "9_Pool").mkdir()
    (folder / "9_Pool" / "config.json").write_text(json.dumps(CLS_FLAGS))

    assert close(vector(folder), oracle(AS_SENTENCE)["cls"])


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"pooling_mode_max_tokens": True}, "says max_tokens"),
        ({"pooling_mode_weightedmean_tokens": True}, "says weightedmean_tokens"),
        ({"pooling_mode_lasttoken": True}, "says lasttoken"),
        ({"pooling_mode": "lasttoken"}, "says lasttoken"),
        ({**CLS_FLAGS, "pooling_mode_mean_tokens": True}, "says cls_token and mean_tokens"),
        ({"pooling_mode_cls_token": False}, "says no kind of pooling"),
    ],
)
def test_a_pooling_that_is_not_supported_names_the_file_and_what_to_write(tmp_path: Path, config: object, told: str) -> None:
    what, fix = refused(encoder_folder(tmp_path, pooling=config))

    assert what == f"{tmp_path}/1_Pooling/config.json {told}, which is not supported"
    assert fix == "write ranking.dense_pooling: mean, cls, or ready for the vector that the export itself gives"


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ([*MODULES[:2], {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}], "has the module Dense, which is"),
        (MODULES[:1], "has the modules Transformer, of which none pools"),
        ([MODULES[0], {**MODULES[1], "path": "../1_Pooling"}], "names '../1_Pooling', which is no folder beside it"),
        ([{"name": "0"}], "is no list of modules"),
        (7, "is no list of modules"),
    ],
)
def test_modules_that_cannot_be_followed_are_refused(tmp_path: Path, modules: object, told: str) -> None:
    what, fix = refused(encoder_folder(tmp_path, modules=modules, pooling=MEAN_FLAGS))

    assert what.startswith(f"{tmp_path}/modules.json {told}")
    assert "ranking.dense_pooling: mean, cls, or ready" in fix


def test_a_pooling_file_that_modules_name_must_be_there(tmp_path: Path) -> None:
    what, _ = refused(encoder_folder(tmp_path, modules=MODULES))

    assert what == f"{tmp_path}/1_Pooling/config.json is not there, and modules.json names it"


@pytest.mark.parametrize("name", [one for one in FILES if one != "modules.json"])
@pytest.mark.parametrize(
    ("content", "told"), [(b"<html>", "is no JSON: "), (b"[]", "is no JSON object"), (b"\xff", "is no JSON: ")]
)
def test_a_file_that_is_damaged_is_named(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (encoder_folder(tmp_path) / name).write_bytes(content)

    what, fix = refused(tmp_path)

    assert what.startswith(f"{tmp_path}/{name} {told}")
    assert "write ranking.dense_" in fix


# --- vectors that the export gives itself


@pytest.mark.parametrize(
    ("outputs", "due"),
    [
        (("last_hidden_state", "pooler_output"), "pooler"),
        (("last_hidden_state", "pooler_output", "sentence_embedding"), "sentence"),
        (("sentence_embedding",), "sentence"),
    ],
)
def test_a_ready_vector_counts_where_it_is_asked_for(tmp_path: Path, outputs: tuple[str, ...], due: str) -> None:
    folder = encoder_folder(tmp_path, model=encoder_bytes(outputs=outputs))

    assert close(vector(folder, Configured(pooling=Pooling.READY)), oracle(AS_SENTENCE)[due])


def test_a_ready_vector_beside_the_states_does_not_count_unasked(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path, model=encoder_bytes(outputs=("pooler_output", "sentence_embedding", "last_hidden_state")))

    assert close(vector(folder), oracle(AS_SENTENCE)["mean"])


@pytest.mark.parametrize(
    ("outputs", "pooling", "told"),
    [
        (("last_hidden_state",), Pooling.READY, "it gives no vector of the whole text (outputs: last_hidden_state)"),
        (("sentence_embedding",), Pooling.CLS, "it gives no states of tokens, whose first would be taken"),
    ],
)
def test_a_model_without_the_output_is_refused(tmp_path: Path, outputs: tuple[str, ...], pooling: Pooling, told: str) -> None:
    what, fix = refused(encoder_folder(tmp_path, model=encoder_bytes(outputs=outputs)), Configured(pooling=pooling))

    assert what == f"{tmp_path}/model.onnx: cannot be used as a sentence-embedding model: {told}"
    assert "ranking.dense_pooling: ready" in fix


# --- title and abstract


@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize("pooling", list(Pooling)[:2])
def test_a_pair_is_two_segments_as_the_tokenizer_joins_them(tmp_path: Path, pooling: Pooling, segments: bool) -> None:
    folder = encoder_folder(tmp_path, model=encoder_bytes(segments=segments))
    kinds = [0] * 6 + [1] * 4
    due = oracle(AS_SEPARATED, kinds)
    if not segments:
        table = encoder_weights()[0].astype(np.float64)[[VOCABULARY.index(word) for word in AS_SEPARATED.split()]]
        states = table + table.mean(axis=0)
        due = {"mean": states.mean(axis=0), "cls": states[0]}
        due = {name: one / np.linalg.norm(one) for name, one in due.items()}

    assert close(vector(folder, Configured(pooling=pooling, input=TextInput.PAIR)), due[pooling])


def test_a_separator_stands_between_title_and_abstract_in_one_segment(tmp_path: Path) -> None:
    found = vector(encoder_folder(tmp_path), Configured(pooling=Pooling.CLS, input=TextInput.SEPARATOR))

    assert close(found, oracle(AS_SEPARATED)["cls"])


@pytest.mark.parametrize(
    ("said", "token"),
    [({"sep_token": "</s>"}, "</s>"), ({"sep_token": {"content": "</s>"}}, "</s>"), ({}, "</s>"), (None, "</s>"), (None, "[SEP]")],
)
def test_the_separator_is_the_tokenizers_own(tmp_path: Path, said: object, token: str) -> None:
    files: dict[str, Any] = {} if said is None else {"tokenizer_config": said}
    folder = encoder_folder(tmp_path, **files)
    (folder / "tokenizer.json").write_bytes(bert_tokenizer_bytes(token))
    configured = Configured(pooling=Pooling.CLS, input=TextInput.SEPARATOR)

    assert dense.find_model(folder, configured).usage.separator == token
    assert close(vector(folder, configured), oracle(AS_SEPARATED)["cls"])


def test_a_tokenizer_without_the_separator_is_refused(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path, tokenizer_config={"sep_token": "<sep>"})

    what, fix = refused(folder, Configured(input=TextInput.SEPARATOR))

    assert what == f"{tmp_path}/tokenizer.json has no separator token <sep> among its added_tokens"
    assert fix == "write ranking.dense_input: sentence or pair"


def test_papers_that_read_alike_in_one_line_are_two_where_the_parts_count(tmp_path: Path) -> None:
    one, other = (
        embedded_text(Article(pubmed_id(1), title=title, abstract=abstract))
        for title, abstract in (("agrin", "bone. heart"), ("agrin. bone", "heart"))
    )
    folder = encoder_folder(tmp_path)
    plain, paired = (
        dense.Encoder(dense.find_model(folder, Configured(input=kind))) for kind in (TextInput.SENTENCE, TextInput.PAIR)
    )

    assert one == other
    assert plain.key(one) == plain.key(other)
    assert paired.key(one) != paired.key(other)
    assert next(paired.encode([one])) != next(paired.encode([other]))


# --- prefix and length


@pytest.mark.parametrize(
    ("kind", "words", "kinds"),
    [
        (TextInput.SENTENCE, "[CLS] bone agrin of the synapse . the mouse heart [SEP]", [0] * 10),
        (TextInput.SEPARATOR, "[CLS] bone agrin of the synapse [SEP] the mouse heart [SEP]", [0] * 11),
        (TextInput.PAIR, "[CLS] bone agrin of the synapse [SEP] the mouse heart [SEP]", [0] * 7 + [1] * 4),
    ],
)
def test_a_prefix_stands_before_the_paper(tmp_path: Path, kind: TextInput, words: str, kinds: list[int]) -> None:
    found = vector(encoder_folder(tmp_path), Configured(input=kind, prefix="Bone "))

    assert close(found, oracle(words, [*kinds, 0][: len(words.split())])["mean"])


@pytest.mark.parametrize(
    ("said", "configured", "due"),
    [
        ({"prompts": {"query": "trial ", "passage": "bone "}, "default_prompt_name": "passage"}, None, "bone "),
        ({"prompts": {"query": "trial ", "passage": "bone "}, "default_prompt_name": None}, None, ""),
        ({"prompts": {"passage": "bone "}, "default_prompt_name": "passage"}, "", ""),
        ({"prompts": {"passage": "bone "}, "default_prompt_name": "passage"}, "trial ", "trial "),
    ],
)
def test_the_default_prompt_is_the_prefix(tmp_path: Path, said: object, configured: str | None, due: str) -> None:
    folder = encoder_folder(tmp_path, config_sentence_transformers=said)

    assert close(vector(folder, Configured(prefix=configured)), oracle(f"[CLS] {due}{AS_SENTENCE[6:]}")["mean"])


def test_a_default_prompt_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = {"prompts": {"query": "trial "}, "default_prompt_name": "passage"}

    what, fix = refused(encoder_folder(tmp_path, config_sentence_transformers=said))

    assert what == f"{tmp_path}/config_sentence_transformers.json has the default_prompt_name 'passage' and no such prompt"
    assert "ranking.dense_prefix" in fix


def test_a_prompt_that_is_to_be_left_out_of_the_pooling_is_refused(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path, pooling={**MEAN_FLAGS, "include_prompt": False})

    assert close(vector(folder), oracle(AS_SENTENCE)["mean"])
    what, fix = refused(folder, Configured(prefix="bone "))
    assert what.startswith(f"{tmp_path}/1_Pooling/config.json says include_prompt: false")
    assert "ranking.dense_prefix: ''" in fix


@pytest.mark.parametrize(
    ("files", "configured", "due"),
    [
        ({"sentence_bert_config": {"max_seq_length": 9}}, None, 9),
        ({"sentence_bert_config": {"max_seq_length": 9}, "tokenizer_config": {"model_max_length": 8}}, None, 9),
        ({"sentence_bert_config": {"max_seq_length": None}, "tokenizer_config": {"model_max_length": 8}}, None, 8),
        ({"sentence_bert_config": {"max_seq_length": 9}}, 8, 8),
        ({"tokenizer_config": {"model_max_length": 10**30}}, None, 256),
        ({}, None, 256),
    ],
)
def test_so_many_tokens_are_read(tmp_path: Path, files: dict[str, Any], configured: int | None, due: int) -> None:
    folder, text = encoder_folder(tmp_path, **files), " ".join(["agrin", "bone", "heart"] * 100)
    kept = text.split()[: due - 2]

    found = vector(folder, Configured(max_tokens=configured), text)

    assert close(found, oracle(f"[CLS] {' '.join(kept)} [SEP]")["mean"])


def test_a_pair_that_is_too_long_loses_of_its_longer_part(tmp_path: Path) -> None:
    text = embedded_text(Article(pubmed_id(1), title="agrin bone", abstract="heart trial mouse the of synapse"))

    found = vector(encoder_folder(tmp_path), Configured(input=TextInput.PAIR, max_tokens=8), text)

    assert close(found, oracle("[CLS] agrin bone [SEP] heart trial mouse [SEP]", [0] * 4 + [1] * 4)["mean"])


@pytest.mark.parametrize("said", ["512", 512.5, 0, True, -1])
def test_a_length_that_is_none_is_refused(tmp_path: Path, said: object) -> None:
    what, fix = refused(encoder_folder(tmp_path, sentence_bert_config={"max_seq_length": said}))

    assert what == f"{tmp_path}/sentence_bert_config.json says max_seq_length: {said!r}, which is no number of tokens"
    assert "ranking.dense_max_tokens" in fix


def test_a_text_that_is_longer_than_the_model_takes_is_told(tmp_path: Path) -> None:
    folder, text = encoder_folder(tmp_path, model=encoder_bytes(most_tokens=12)), "agrin " * 20
    encoder = dense.Encoder(dense.find_model(folder, Configured(max_tokens=16)))

    with pytest.raises(
        ConfigurationError, match=r"model\.onnx: it fails at a text of 16 tokens: [\s\S]*set ranking.dense_max_tokens"
    ):
        next(encoder.encode([text]))
    with pytest.raises(ConfigurationError, match="it fails at a text of 16 tokens"):
        encoder.require_length()
    assert close(vector(folder, Configured(max_tokens=12), text), oracle(f"[CLS] {'agrin ' * 10}[SEP]")["mean"])


# --- what stands for it all


def test_a_model_that_is_used_as_before_keeps_its_hash(tmp_path: Path) -> None:
    bare = tiny_model(tmp_path)
    files = dense.find_model(bare)
    before = hashlib.sha256(f"dense 1 256 12 {files.model_sha256} {files.tokenizer_sha256}".encode()).hexdigest()
    minilm: dict[str, object] = {
        "modules": MODULES,
        "pooling": {**MEAN_FLAGS, "word_embedding_dimension": 384},
        "sentence_bert_config": {"max_seq_length": 256, "do_lower_case": False},
        "config_sentence_transformers": {"__version__": {"sentence_transformers": "2.0.0"}},
        "tokenizer_config": {"do_lower_case": True, "sep_token": "[SEP]", "model_max_length": 512},
    }
    for name, content in minilm.items():
        path = bare / ("1_Pooling/config.json" if name == "pooling" else f"{name}.json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))

    with_files = dense.find_model(bare)

    assert files.sha256 == before
    assert with_files.sha256 == before
    assert with_files.usage.is_plain
    assert [name for name, _ in with_files.others] == list(FILES)
    assert dense.find_model(bare, Configured(Pooling.MEAN, TextInput.SENTENCE, "", 256)).sha256 == before


def test_each_part_of_the_usage_has_a_hash_of_its_own(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path)
    ways = [
        Configured(),
        Configured(pooling=Pooling.CLS),
        Configured(pooling=Pooling.READY),
        Configured(input=TextInput.PAIR),
        Configured(input=TextInput.SEPARATOR),
        Configured(prefix="bone "),
        Configured(prefix="bone"),
        Configured(max_tokens=255),
    ]

    assert len({dense.find_model(folder, one).sha256 for one in ways}) == len(ways)


def test_who_says_each_part_is_told_and_changes_no_hash(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path, pooling=CLS_FLAGS, sentence_bert_config={"max_seq_length": 64})

    by_files = dense.find_model(folder, Configured(input=TextInput.PAIR))
    by_keys = dense.find_model(folder, Configured(Pooling.CLS, TextInput.PAIR, "", 64))

    assert by_files.sha256 == by_keys.sha256
    assert by_files.usage.told() == {
        "pooling": ("cls", "1_Pooling/config.json"),
        "input": ("pair", "ranking.dense_input"),
        "prefix": ("", "default"),
        "max_tokens": (64, "sentence_bert_config.json"),
    }
    assert {by for _, by in by_keys.usage.told().values()} == {
        "ranking.dense_pooling", "ranking.dense_input", "ranking.dense_prefix", "ranking.dense_max_tokens",
    }  # fmt: skip
