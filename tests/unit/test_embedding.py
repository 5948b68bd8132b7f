from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.configured import SMALL, Home, home_in
from support.store_samples import Bench, paper
from support.tiny_model import encoder_bytes, encoder_folder, tiny_model, tokenizer_bytes

from watcher import clock, rank
from watcher.app import App
from watcher.domain import (
    Article,
    Code,
    Fetched,
    Pooling,
    RecordId,
    ResolvedSeed,
    Seed,
    TextInput,
    embedded_text,
    pubmed_id,
    text_sha256,
)
from watcher.errors import ConfigurationError, IncompleteAnswer, Stopped
from watcher.flows.scoring import embedding
from watcher.flows.scoring.embedding import (
    BATCH,
    Choice,
    Embedding,
    Kept,
    dense_state,
    find_sample,
    open_embedding,
    open_encoder,
    prepare,
)
from watcher.flows.scoring.verdicts import Lessons
from watcher.rank import dense
from watcher.rank.usage import Configured, Usage
from watcher.setup.loading import load_settings
from watcher.store.columns import embeddings
from watcher.store.database import Database

if why := dense.missing_extra():
    pytest.skip(why, allow_module_level=True)

PMIDS = [11, 12, 13]


@dataclass
class Counting(dense.Encoder):
    """The real encoder, which also remembers what it was asked."""

    files: dense.ModelFiles
    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> Iterator[bytes]:
        """As it does."""
        self.asked += texts
        return super().encode(texts)


@dataclass
class Records:
    """A PubMed with some records."""

    articles: tuple[Article, ...]

    def fetch(self, pmids: Sequence[RecordId], *, progress: Callable[[int], None] | None = None) -> Fetched:
        """Those that there are."""
        assert progress
        progress(len(pmids))
        return Fetched(tuple(one for one in self.articles if one.record_id in pmids))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def choice(tmp_path: Path) -> Choice:
    tiny_model(tmp_path / "tiny")
    return Choice("tiny", tmp_path, tmp_path / "models")


@pytest.fixture
def kept(choice: Choice, bench: Bench) -> Kept:
    return Kept(Counting(dense.find_model(choice.folder)), bench.store)


def asked(kept: Kept) -> list[str]:
    assert isinstance(kept.encoder, Counting)
    return kept.encoder.asked


# --- never twice


def test_a_text_is_embedded_once_and_found_in_the_store_afterwards(kept: Kept, bench: Bench) -> None:
    first = kept(["agrin", "bone"])

    again = Kept(kept.encoder, bench.store)(["bone", "heart", "agrin"])

    assert asked(kept) == ["agrin", "bone", "heart"]
    assert again[[2, 0]].tolist() == first.tolist()


def test_a_text_that_is_asked_for_twice_at_once_is_embedded_once(kept: Kept) -> None:
    rows = kept(["agrin", "bone", "agrin"])

    assert asked(kept) == ["agrin", "bone"]
    assert rows[0].tolist() == rows[2].tolist() != rows[1].tolist()


@pytest.mark.parametrize("damaged", [b"", b"abc", b"abcd" * 1_000])
@pytest.mark.parametrize("asked_for", [["agrin"], ["agrin", "bone", "heart"], ["agrin", "bone", "new"]])
def test_a_vector_of_another_length_was_damaged_and_is_computed_again(
    kept: Kept, bench: Bench, tmp_path: Path, damaged: bytes, asked_for: list[str]
) -> None:
    sound = kept([*asked_for, "liver"]).tolist()
    database = Database(bench.url, folder=tmp_path)
    with database.writing() as session:
        key = text_sha256("agrin")
        session.execute(embeddings.update().where(embeddings.c.text_sha256 == key).values(vector=damaged))
    database.close()

    assert kept([*asked_for, "liver"]).tolist() == sound
    assert bench.store.embeddings(kept.encoder.sha256, [key])[key] not in (damaged, b"")


def test_another_model_does_not_get_these_vectors(kept: Kept, bench: Bench, tmp_path: Path) -> None:
    other = Kept(Counting(dense.find_model(tiny_model(tmp_path / "other", seed=1))), bench.store)

    assert kept(["agrin"]).tolist() != other(["agrin"]).tolist()
    assert asked(other) == ["agrin"]


def test_each_way_to_use_a_model_has_vectors_of_its_own(tmp_path: Path, bench: Bench) -> None:
    folder = encoder_folder(tmp_path / "encoder")
    text = embedded_text(paper(1, title="Agrin", abstract="It clusters bone."))
    ways = (Configured(), Configured(input=TextInput.PAIR), Configured(input=TextInput.SEPARATOR), Configured(pooling=Pooling.CLS))

    rows = [Kept(Counting(dense.find_model(folder, one)), bench.store)([text])[0].tolist() for one in ways]
    again = [Kept(Counting(dense.find_model(folder, one)), bench.store) for one in ways]

    assert [one([text])[0].tolist() for one in again] == rows
    assert [asked(one) for one in again] == [[], [], [], []]
    assert len({tuple(row) for row in rows}) == len(ways)


def test_papers_of_the_same_line_and_other_parts_are_embedded_apart_in_pairs(tmp_path: Path, bench: Bench) -> None:
    one, other = paper(1, title="Agrin", abstract="Bone. Heart"), paper(2, title="Agrin. Bone", abstract="Heart")
    folder = encoder_folder(tmp_path / "encoder")

    plain, pairs = (Kept(Counting(dense.find_model(folder, Configured(input=way))), bench.store) for way in list(TextInput)[::2])
    texts = [embedded_text(one), embedded_text(other)]

    assert len({tuple(row) for row in plain(texts).tolist()}) == 1
    assert len({tuple(row) for row in pairs(texts).tolist()}) == 2


def test_many_texts_are_kept_batch_by_batch_and_told(kept: Kept) -> None:
    said: list[str] = []
    kept.say = said.append
    texts = [f"agrin {'bone ' * number}" for number in range(BATCH + 6)]

    rows = kept(texts)

    assert rows.shape[0] == BATCH + 6
    assert said == [f"embedded {BATCH} of {BATCH + 6} texts", f"embedded {BATCH + 6} of {BATCH + 6} texts"]


def test_what_was_embedded_before_a_stop_is_kept(kept: Kept, bench: Bench) -> None:
    kept.stopping = threading.Event()
    kept.say = lambda _line: kept.stopping.set()
    texts = [f"agrin {'bone ' * number}" for number in range(BATCH + 6)]

    with pytest.raises(Stopped):
        kept(texts)

    assert bench.store.count_embeddings(kept.encoder.sha256) == BATCH
    kept.stopping.clear()
    assert kept(texts).shape[0] == BATCH + 6
    assert len(asked(kept)) == BATCH + 6


def test_a_text_is_known_by_title_and_abstract() -> None:
    assert embedded_text(paper(1, title="Agrin", abstract="It clusters.")) == "Agrin. It clusters."
    assert embedded_text(Article(pubmed_id(1), title="Agrin")) == "Agrin. "
    assert embedded_text(Article(pubmed_id(1))) == ""
    assert text_sha256("\ud800") == text_sha256("?")


# --- which model


def test_a_folder_is_taken_from_the_home_and_a_name_from_the_models(choice: Choice, tmp_path: Path) -> None:
    named = Choice("lab/other@a1", tmp_path, tmp_path / "models")

    assert choice.folder == tmp_path / "tiny"
    assert named.folder == tmp_path / "models" / "lab--other@a1"
    assert Choice(str(tmp_path / "tiny"), Path("/elsewhere"), tmp_path).folder == tmp_path / "tiny"


@pytest.mark.parametrize(
    ("named", "due"),
    [
        ("lab/tiny", f"lab/tiny@{'c0' * 20}"),
        ("lab/tiny/onnx/model_O2.onnx", f"lab/tiny@{'c0' * 20}/onnx/model_O2.onnx"),
        ("lab/tiny@main", f"lab/tiny@{'c0' * 20}"),
        ("lab/tiny@c0c0c0c", ""),
        (f"lab/tiny@{'c0' * 20}", ""),
        ("tiny", ""),
    ],
)
def test_the_commit_that_was_pulled_is_told_where_none_is_named(choice: Choice, named: str, due: str) -> None:
    one = replace(choice, model=named)
    one.folder.mkdir(parents=True, exist_ok=True)
    (one.folder / ".pulled.json").write_text(f'{{"revision": "{"c0" * 20}", "absent": []}}')

    assert one.pinned_name == due


def test_the_other_folders_of_a_model_are_those_of_its_name(choice: Choice) -> None:
    for name in ("lab--tiny", "lab--tiny@a", "lab--tiny@b", "lab--other"):
        (choice.models / name).mkdir(parents=True)

    assert [one.name for one in replace(choice, model="lab/tiny@b").beside] == ["lab--tiny", "lab--tiny@a"]


def test_a_folder_is_not_fetched(choice: Choice) -> None:
    with pytest.raises(ConfigurationError, match="tiny is a folder"):
        _ = choice.wanted


@pytest.mark.parametrize(("key", "pin"), [("dense_sha256", "model_sha256"), ("dense_tokenizer_sha256", "tokenizer_sha256")])
def test_another_file_than_the_pinned_one_is_not_used(choice: Choice, key: str, pin: str) -> None:
    found = getattr(dense.find_model(choice.folder), pin)

    assert open_encoder(replace(choice, **{pin: found})).sha256
    with pytest.raises(ConfigurationError, match=rf"has the sha256 {found}, not the one that ranking\.{key} pins"):
        open_encoder(replace(choice, **{pin: "0" * 64}))  # type: ignore[arg-type]


# --- the sample papers


def test_a_model_without_vectors_of_the_sample_is_told_how_to_get_them(choice: Choice, kept: Kept) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"no vectors of the background's sample papers for this model \(tiny\)\n    `watcher model prepare`",
    ):
        find_sample(choice, kept.encoder, kept, PMIDS)


def test_the_shipped_sample_is_taken_for_an_export_of_its_model(
    choice: Choice, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = dense.sample_of("lab/tiny", PMIDS, kept(["a", "b", "c"]), ("agrin", "bone"), kept(["agrin", "bone"]))
    monkeypatch.setattr(dense, "shipped_sample", lambda: shipped)

    assert find_sample(choice, kept.encoder, kept, PMIDS) is shipped
    with pytest.raises(ConfigurationError, match="no vectors"):
        find_sample(choice, kept.encoder, kept, PMIDS[::-1])


def test_the_shipped_sample_is_not_taken_for_another_use_of_its_model(
    choice: Choice, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = dense.sample_of("lab/tiny", PMIDS, kept(["a", "b", "c"]), ("agrin", "bone"), kept(["agrin", "bone"]))
    monkeypatch.setattr(dense, "shipped_sample", lambda: shipped)
    shorter = replace(choice, usage=Configured(max_tokens=128))
    encoder = open_encoder(shorter)

    assert shipped.fits(lambda texts: dense.join(list(encoder.encode(texts))))
    with pytest.raises(ConfigurationError, match="no vectors"):
        find_sample(shorter, encoder, lambda texts: dense.join(list(encoder.encode(texts))), PMIDS)


def test_a_model_that_fails_at_long_texts_is_told_before_pubmed_is_asked(choice: Choice, bench: Bench, tmp_path: Path) -> None:
    encoder_folder(tmp_path / "tiny", model=encoder_bytes(most_tokens=12))
    kept = Kept(open_encoder(choice), bench.store)

    with pytest.raises(ConfigurationError, match=r"it fails at a text of 256 tokens: [\s\S]*ranking\.dense_max_tokens"):
        prepare(choice, kept, Records(()), PMIDS)  # type: ignore[arg-type]


def test_preparing_embeds_the_samples_papers_in_their_order(choice: Choice, kept: Kept) -> None:
    said: list[str] = []
    kept.say = said.append
    texts = {11: "agrin", 12: "bone", 13: "heart trial"}
    source = Records(tuple(paper(pmid, title=title) for pmid, title in reversed(texts.items())))

    path = prepare(choice, kept, source, PMIDS)  # type: ignore[arg-type]

    one = open_embedding(choice, kept, PMIDS)
    assert path.parent == choice.models
    assert (one.sample * kept([f"{title}. " for title in texts.values()])).sum(axis=1) == pytest.approx(1, abs=0.001)
    assert said == ["fetched 3 of 3 sample records"]
    assert [name.name for name in choice.models.iterdir()] == [path.name]


def test_a_record_that_is_gone_is_stood_in_for(choice: Choice, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_MOST_MISSING", 0.4)
    source = Records((paper(11, title="agrin"), paper(13, title="heart")))

    prepare(choice, kept, source, PMIDS)  # type: ignore[arg-type]

    rows = open_embedding(choice, kept, PMIDS).sample
    assert rows[1].tolist() == rows[0].tolist() != rows[2].tolist()


def test_too_few_records_make_no_sample(choice: Choice, kept: Kept) -> None:
    source = Records((paper(11), paper(12)))

    with pytest.raises(IncompleteAnswer, match="PubMed gave 2 of 3 sample records"):
        prepare(choice, kept, source, PMIDS)  # type: ignore[arg-type]

    assert not choice.models.exists()


def test_the_hash_is_of_the_model_and_the_sample(choice: Choice, kept: Kept) -> None:
    def hash_with(title: str) -> str:
        prepare(choice, kept, Records(tuple(paper(pmid, title=f"{title} {pmid}") for pmid in PMIDS)), PMIDS)  # type: ignore[arg-type]
        return open_embedding(choice, kept, PMIDS).sha256

    agrin = hash_with("agrin")

    assert hash_with("bone") != agrin
    assert hash_with("agrin") == agrin


# --- how it stands


def test_the_state_tells_the_files_and_what_to_pin(choice: Choice, kept: Kept) -> None:
    prepare(choice, kept, Records(tuple(paper(pmid) for pmid in PMIDS)), PMIDS)  # type: ignore[arg-type]
    files = dense.find_model(choice.folder)

    state = dense_state(choice, lambda: PMIDS)

    assert (state.why, state.sha256) == ("", files.sha256)
    assert state.pins == {"dense_sha256": files.model_sha256, "dense_tokenizer_sha256": files.tokenizer_sha256}
    assert dense_state(Choice("", choice.home, choice.models), lambda: PMIDS).why == ""


def test_the_state_tells_what_is_missing(choice: Choice) -> None:
    (choice.folder / "model.onnx").unlink()

    state = dense_state(choice, lambda: PMIDS)

    assert state.why.endswith("there is no model.onnx")
    assert state.fix


# --- in the App


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return home_in(tmp_path / "home")


def opened(home: Home, more: str) -> App:
    return App(load_settings(home.write("config/watcher.yaml", SMALL + more)))


def test_without_a_model_there_is_no_dense_part_and_no_word_of_it(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    with opened(home, "") as app:
        assert app.rankings.embedding is None
        assert [one for one in app.file_warnings(clock.now()) if one.code is Code.DENSE_OFF] == []

    assert caplog.records == []


def test_a_model_that_is_missing_is_told_once_and_ranking_goes_on_by_words(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    for _ in range(2):
        with opened(home, "ranking: {dense_model: lab/missing}\n") as app:
            assert app.rankings.embedding is None
            (warning,) = [one for one in app.file_warnings(clock.now()) if one.code is Code.DENSE_OFF]
            assert warning.what.startswith("ranking by words alone, without the dense part: ")

    (record,) = caplog.records
    assert "ranking by words alone" in record.getMessage()
    assert "lab--missing: there is no model.onnx and no tokenizer.json" in record.getMessage()


def test_the_ranking_is_given_the_dense_part_only_where_there_is_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    honest = rank.build

    def build(seeds: Sequence[ResolvedSeed], *, embed: object, **more: Any) -> rank.Ranking:  # noqa: ANN401 - passed on
        given.append(embed)
        return honest(seeds, **more)

    monkeypatch.setattr("watcher.flows.scoring.ranking.build", build)
    seeds = [ResolvedSeed(Seed("", "1", ""), paper(1))]
    with opened(home, "") as app:
        app.rankings.rank_by(seeds, Lessons())
        app.rankings.embedding = ready = Embedding(Kept(None, app.store), None)  # type: ignore[arg-type]
        app.rankings.rank_by(seeds, Lessons())

    assert given == [None, ready]


def test_the_keys_of_the_configuration_say_how_a_model_is_used(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder_folder(home.folder / "encoder", pooling={"pooling_mode_max_tokens": True})
    monkeypatch.setattr("watcher.flows.scoring.ranking.sample_pmids", lambda: PMIDS)
    keys = "dense_model: encoder, dense_pooling: cls, dense_input: pair, dense_prefix: 'bone ', dense_max_tokens: 99"
    with opened(home, f"ranking: {{{keys}}}\n") as app:
        app.source = Records(tuple(paper(pmid) for pmid in PMIDS))  # type: ignore[assignment]
        app.rankings.prepare_dense()
        embed = app.rankings.embedding
        state = app.around(None, clock.now()).dense

        assert embed is not None
        assert embed.kept.encoder.files.usage == Usage(Pooling.CLS, TextInput.PAIR, "bone ", 99)
        assert state is not None
        assert (state.why, state.usage["prefix"]) == ("", ("bone ", "ranking.dense_prefix"))


def test_a_ranking_of_another_use_of_the_model_is_another(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder_folder(home.folder / "encoder")
    monkeypatch.setattr("watcher.flows.scoring.ranking.sample_pmids", lambda: PMIDS)
    hashes = set()
    for more in ("", ", dense_pooling: cls", ", dense_input: pair", ", dense_prefix: 'bone '", ", dense_max_tokens: 99"):
        with opened(home, f"ranking: {{dense_model: encoder{more}}}\n") as app:
            app.source = Records(tuple(paper(pmid) for pmid in PMIDS))  # type: ignore[assignment]
            app.rankings.prepare_dense()
            assert app.rankings.embedding is not None
            hashes.add(app.rankings.embedding.sha256)

    assert len(hashes) == 5


def test_a_model_that_is_ready_is_used(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_model(home.folder / "tiny")
    monkeypatch.setattr("watcher.flows.scoring.ranking.sample_pmids", lambda: PMIDS)
    with opened(home, "ranking: {dense_model: tiny}\n") as app:
        app.source = Records(tuple(paper(pmid) for pmid in PMIDS))  # type: ignore[assignment]
        made = app.rankings.prepare_dense()
        embed = app.rankings.embedding

        assert embed is not None
        assert embed.sample.shape == (3, 4)
        assert [one for one in app.file_warnings(clock.now()) if one.code is Code.DENSE_OFF] == []
        assert made.is_relative_to(app.data_folder)
        app.rankings.rest()
        (folder / "tokenizer.json").write_bytes(tokenizer_bytes() + b" ")
        assert app.rankings.embedding is None
