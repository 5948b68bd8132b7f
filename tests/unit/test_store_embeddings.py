from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.store_samples import MONDAY, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def test_vectors_are_found_by_model_and_text(bench: Bench) -> None:
    bench.store.save_embeddings("model", {"a": b"\x00\xff", "b": b"2"}, MONDAY)
    bench.store.save_embeddings("another", {"a": b"3"}, MONDAY)

    assert bench.store.embeddings("model", ["a", "b", "c"]) == {"a": b"\x00\xff", "b": b"2"}
    assert bench.store.embeddings("another", ["a", "b"]) == {"a": b"3"}
    assert bench.store.count_embeddings("model") == 2


def test_a_vector_that_is_given_anew_takes_the_place_of_a_damaged_one(bench: Bench) -> None:
    bench.store.save_embeddings("model", {"a": b"damag", "c": b"kept"}, MONDAY)

    bench.store.save_embeddings("model", {"a": b"second", "b": b"new"}, MONDAY)

    assert bench.store.embeddings("model", ["a", "b", "c"]) == {"a": b"second", "b": b"new", "c": b"kept"}


def test_more_texts_than_one_statement_takes_are_found(bench: Bench) -> None:
    texts = [f"text {number}" for number in range(2_000)]

    bench.store.save_embeddings("model", dict.fromkeys(texts, b"v"), MONDAY)

    assert bench.store.embeddings("model", texts).keys() == set(texts)
