from __future__ import annotations

import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.tiny_model import DIMENSIONS, WORDS, model_bytes, tiny_model, tokenizer_bytes, word_vectors

from watcher.errors import ConfigurationError
from watcher.rank import dense, load_background

if why := dense.missing_extra():
    pytest.skip(why, allow_module_level=True)

TEXTS = ["Agrin of the synapse", "bone", "The trial of the heart of the mouse . Agrin"]


@pytest.fixture
def encoder(tmp_path: Path) -> dense.Encoder:
    return dense.Encoder(dense.find_model(tiny_model(tmp_path)))


def vectors(encoder: dense.Encoder, *texts: str) -> dense.Floats:
    return dense.join(list(encoder.encode(texts)))


def mean_of(*words: str) -> dense.Floats:
    """The unit vector of the words' mean, computed here."""
    mean = word_vectors()[[WORDS.index(word) for word in words]].mean(axis=0)
    unit: dense.Floats = mean / np.linalg.norm(mean)
    return unit


# --- vectors


def test_a_vector_is_the_mean_of_the_tokens_at_unit_length(encoder: dense.Encoder) -> None:
    (found,) = vectors(encoder, "Agrin of bone")

    assert np.allclose(found, mean_of("agrin", "of", "bone"), atol=2**-12)


def test_vectors_stand_on_the_grid(encoder: dense.Encoder) -> None:
    found = vectors(encoder, *TEXTS)

    assert found.dtype == np.float32
    assert np.array_equal(np.ldexp(found, 12), np.rint(np.ldexp(found, 12)))
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 0.001


def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(encoder: dense.Encoder) -> None:
    alone = [next(encoder.encode([text])) for text in TEXTS]

    assert list(encoder.encode(TEXTS)) == alone
    assert list(encoder.encode(TEXTS[::-1])) == alone[::-1]


def test_what_stands_after_the_256th_token_is_not_read(encoder: dense.Encoder) -> None:
    long, longer = " ".join(["agrin", "bone"] * 128), " ".join(["agrin", "bone"] * 128 + ["heart"])
    shorter = " ".join(["agrin", "bone"] * 127 + ["agrin"])

    whole, more, less = encoder.encode([long, longer, shorter])

    assert whole == more != less


def test_the_runtime_keeps_nothing_of_its_own_and_reports_to_nobody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    folder = tiny_model(tmp_path)
    code = (
        "import os, pathlib, sys; from watcher.rank import dense\n"
        "next(dense.Encoder(dense.find_model(pathlib.Path(sys.argv[1]))).encode(['agrin']))\n"
        "print(os.environ.get('ORT_DISABLE_TELEMETRY'))"
    )
    # without `CI`, which silences the runtime as well
    bare = {"HOME": f"{home}", "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run([sys.executable, "-c", code, f"{folder}"], env=bare, capture_output=True, text=True, check=True)  # noqa: S603

    assert list(home.rglob("*")) == []
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_an_empty_text_has_a_vector_of_zeros_and_no_warning(tmp_path: Path) -> None:
    encoder = dense.Encoder(dense.find_model(tiny_model(tmp_path)))

    (found,) = vectors(encoder, "")

    assert not found.any()


def test_a_model_gets_only_what_it_asks_for(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    (folder / "model.onnx").write_bytes(model_bytes(inputs=("input_ids", "attention_mask", "token_type_ids")))
    three = vectors(dense.Encoder(dense.find_model(folder)), "bone")
    (folder / "model.onnx").write_bytes(model_bytes(inputs=("input_ids",)))
    one = vectors(dense.Encoder(dense.find_model(folder)), "bone")

    assert np.array_equal(one, three)


def test_a_model_that_pools_by_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    (folder / "model.onnx").write_bytes(model_bytes(pooled=True))

    (found,) = vectors(dense.Encoder(dense.find_model(folder)), "heart bone")

    assert np.allclose(found, mean_of("heart"), atol=2**-12)


def test_no_vectors_are_no_rows() -> None:
    assert dense.join([]).shape == (0, 0)


# --- files


@pytest.mark.parametrize("name", dense.MODEL_FILES)
def test_a_model_is_found_under_the_names_that_exports_have(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(model_bytes())
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_bytes())

    assert dense.find_model(tmp_path).model == tmp_path / name


@pytest.mark.parametrize(
    ("gone", "said"), [("model.onnx", r"there is no model\.onnx$"), ("tokenizer.json", r"no tokenizer\.json$")]
)
def test_a_missing_file_is_named(tmp_path: Path, gone: str, said: str) -> None:
    (tiny_model(tmp_path) / gone).unlink()

    with pytest.raises(ConfigurationError) as caught:
        dense.find_model(tmp_path)

    assert caught.value.problems[0].what.startswith(str(tmp_path))
    assert re.search(said, caught.value.problems[0].what)


def test_another_tokenizer_makes_another_hash(tmp_path: Path) -> None:
    before = dense.find_model(tiny_model(tmp_path))
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_bytes() + b" ")

    after = dense.find_model(tmp_path)

    assert after.model_sha256 == before.model_sha256
    assert after.sha256 != before.sha256


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, name: str) -> None:
    (tiny_model(tmp_path) / name).write_text("<html>Sign in</html>")

    with pytest.raises(ConfigurationError, match=rf"{name}: cannot be used as a sentence-embedding model: .*\n"):
        vectors(dense.Encoder(dense.find_model(tmp_path)), "bone")


def test_a_model_of_something_else_than_texts_is_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    (folder / "model.onnx").write_bytes(model_bytes(inputs=("input_ids", "pixels")))

    with pytest.raises(ConfigurationError, match="it asks for pixels"):
        vectors(dense.Encoder(dense.find_model(folder)), "bone")


def test_without_the_extra_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = dense.find_model(tiny_model(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tokenizers" else name)

    with pytest.raises(
        ConfigurationError, match=r"^tokenizers not installed\n    install watcher with its extra, watcher\[dense\]"
    ):
        dense.Encoder(files)


# --- the sample


def sample(encoder: dense.Encoder) -> dense.Sample:
    return dense.sample_of(
        "lab/tiny",
        [7, 3, 5],
        vectors(encoder, *TEXTS),
        ("agrin", "bone of the heart"),
        vectors(encoder, "agrin", "bone of the heart"),
    )


def written(one: dense.Sample) -> bytes:
    file = io.BytesIO()
    one.write(file)
    return file.getvalue()


def test_a_sample_is_read_as_it_was_written(encoder: dense.Encoder) -> None:
    one = sample(encoder)

    read = dense.read_sample(io.BytesIO(written(one)), "sample.npz")

    assert (read.model, read.probes, read.sha256) == ("lab/tiny", ("agrin", "bone of the heart"), one.sha256)
    assert written(read) == written(one)
    assert read.is_of([7, 3, 5])
    assert not read.is_of([3, 7, 5])


def test_a_samples_rows_are_the_papers_unit_vectors(encoder: dense.Encoder) -> None:
    rows, exact = sample(encoder).rows(), vectors(encoder, *TEXTS)

    assert (rows * exact).sum(axis=1) == pytest.approx(1, abs=0.001)
    assert np.array_equal(np.ldexp(rows, 12), np.rint(np.ldexp(rows, 12)))


def test_a_sample_fits_its_own_model_and_no_other(encoder: dense.Encoder, tmp_path: Path) -> None:
    other = dense.Encoder(dense.find_model(tiny_model(tmp_path / "other", seed=1)))
    one = sample(encoder)

    assert one.fits(lambda texts: vectors(encoder, *texts))
    assert not one.fits(lambda texts: vectors(other, *texts))
    assert not one.fits(lambda texts: np.ones((len(texts), DIMENSIONS + 1), np.float32))


def test_a_sample_without_probes_fits_nothing(encoder: dense.Encoder) -> None:
    one = dense.sample_of("lab/tiny", [1], vectors(encoder, "bone"))

    assert not one.fits(lambda texts: vectors(encoder, *texts))


@pytest.mark.parametrize("damage", [lambda whole: whole[:200], lambda _whole: b"", lambda _whole: b"PK\x03\x04 not a zip"])
def test_a_damaged_sample_is_refused(encoder: dense.Encoder, damage: object) -> None:
    assert callable(damage)

    with pytest.raises(ConfigurationError, match=r"sample\.npz cannot be read: [\s\S]*watcher model prepare"):
        dense.read_sample(io.BytesIO(damage(written(sample(encoder)))), "sample.npz")


def test_a_sample_with_another_content_than_it_states_is_refused(encoder: dense.Encoder) -> None:
    one = sample(encoder)
    with np.load(io.BytesIO(written(one))) as stored:
        arrays = dict(stored)
    arrays["vectors"] = -arrays["vectors"]
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    file.seek(0)

    with pytest.raises(ConfigurationError, match="not the sha256 that it states"):
        dense.read_sample(file, "sample.npz")


def test_the_shipped_sample_is_of_the_shipped_background() -> None:
    shipped = dense.shipped_sample()

    assert shipped.model == "sentence-transformers/all-MiniLM-L6-v2"
    assert shipped.is_of(load_background().pmids.tolist())
    assert shipped.vectors.shape == (10_000, 384)
    assert np.linalg.norm(shipped.rows(), axis=1) == pytest.approx(np.ones(10_000), abs=0.002)
    assert shipped.sha256 == "31085b603137638b57fe975fde0b6e515b558ef66344483caf8d4dc5518590f4"
