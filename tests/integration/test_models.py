"""`watcher model`: fetched from a hub on loopback, looked at, and made ready with the local PubMed's records."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.command_line import Said
from support.configured import Home, home_in
from support.tiny_model import TinyHub, encoder_folder, model_bytes, tiny_hub, tiny_model, tokenizer_bytes

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.papers import paper
from standins.eutils.server import EutilsServer
from watcher import clock
from watcher.cli import main
from watcher.rank import dense

if why := dense.missing_extra():
    pytest.skip(why, allow_module_level=True)

PUBMED = "pubmed: {email: lab@example.org}\n"
MODEL, TOKENIZER = model_bytes(), tokenizer_bytes()
Shell = Callable[..., Said]


@pytest.fixture
def hub() -> Iterator[TinyHub]:
    with tiny_hub({"onnx/model.onnx": MODEL, "tokenizer.json": TOKENIZER}) as one:
        yield one


@pytest.fixture
def home(tmp_path: Path, hub: TinyHub, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = home_in(tmp_path)
    monkeypatch.setenv("WATCHER_SECRETS_DIR", str(tmp_path / "no-secrets"))
    monkeypatch.setenv("WATCHER_RANKING__HUB_URL", hub.url)
    return made


@pytest.fixture
def shell(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Writes the ranking's keys and runs one command."""

    def run(ranking: str, *words: str) -> Said:
        home.write("config/watcher.yaml", f"{PUBMED}ranking: {{{ranking}}}\n")
        monkeypatch.setattr(sys, "argv", ["watcher", "--config", str(home.file), *words])
        with pytest.raises(SystemExit) as end:
            main()
        return Said(int(end.value.code or 0), *capsys.readouterr())

    return run


def test_a_model_is_pulled_pinned_and_told(shell: Shell, home: Home) -> None:
    said = shell("dense_model: lab/tiny", "model", "pull")

    folder = home.folder / "data" / "models" / "lab--tiny"
    assert said.code == 0
    assert (folder / "model.onnx").read_bytes() == MODEL
    assert (folder / "tokenizer.json").read_bytes() == TOKENIZER
    assert f"  dense_sha256: {sha256(MODEL).hexdigest()}\n  dense_tokenizer_sha256: {sha256(TOKENIZER).hexdigest()}\n" in said.out
    assert "next: `watcher model prepare` makes them once" in said.out
    assert "model.onnx: 0.0 of 0.0 MB" in said.err


def test_a_pinned_model_is_pulled_without_a_word_of_pins_and_kept_the_next_time(shell: Shell, hub: TinyHub) -> None:
    pinned = (
        f"dense_model: lab/tiny, dense_sha256: {sha256(MODEL).hexdigest()}, dense_tokenizer_sha256: {sha256(TOKENIZER).hexdigest()}"
    )
    first = shell(pinned, "model", "pull")
    hub.asked.clear()

    second = shell(pinned, "model", "pull")

    assert "pin it" not in first.out
    assert [line.split()[0] for line in second.out.splitlines()[:2]] == ["kept", "kept"]
    assert hub.asked == []


def test_the_small_files_and_the_commit_are_pinned_and_used(shell: Shell, hub: TinyHub) -> None:
    hub.commit = "c0" * 20
    small = {"1_Pooling/config.json": b'{"pooling_mode_cls_token": true}', "tokenizer_config.json": b'{"model_max_length": 64}'}
    hub.files |= small
    first = shell("dense_model: lab/tiny", "model", "pull")
    lines = first.out.partition("\nranking:\n")[2].partition("then `watcher model pull`")[0]
    hub.asked.clear()

    pinned = YAML(typ="safe").load(lines)
    assert pinned == {
        "dense_model": f"lab/tiny@{hub.commit}",
        "dense_sha256": sha256(MODEL).hexdigest(),
        "dense_tokenizer_sha256": sha256(TOKENIZER).hexdigest(),
        "dense_files_sha256": [f"{sha256(content).hexdigest()}  {name}" for name, content in small.items()],
    }
    keys = json.dumps(pinned)[1:-1]
    missing, pulled = shell(keys, "model", "status"), shell(keys, "model", "pull")
    told = json.loads(shell(keys, "model", "status", "--json").out)

    assert "there is no model.onnx" in missing.out
    assert "pin it" not in pulled.out
    assert hub.asked == []
    assert Path(told["folder"]).name == f"lab--tiny@{hub.commit}"
    assert (told["pins"], told["why"][:32]) == ({}, "the dense part has no vectors of")
    assert {name: part["value"] for name, part in told["usage"].items()} == {
        "pooling": "cls", "input": "sentence", "prefix": "", "max_tokens": 64,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [(b'{"model_max_length": 32}', "has the sha256 "), (None, "is not there, and ranking.dense_files_sha256 pins it")],
)
def test_a_small_file_that_is_not_the_pinned_one_is_not_used(shell: Shell, home: Home, content: bytes | None, told: str) -> None:
    folder = tiny_model(home.folder / "tiny")
    right = b'{"model_max_length": 64}'
    keys = f"dense_model: tiny, dense_files_sha256: ['{sha256(right).hexdigest()}  tokenizer_config.json']"
    if content is not None:
        (folder / "tokenizer_config.json").write_bytes(content)

    said = shell(keys, "model", "status")
    (folder / "tokenizer_config.json").write_bytes(right)
    mended = shell(keys, "model", "status")

    assert said.code == 3
    assert f"{folder}/tokenizer_config.json {told}" in said.out
    assert "dense_files_sha256 pins" in said.out
    assert told not in mended.out.replace("  sha256", "")
    assert "not pinned: set ranking.dense_sha256: " in mended.out
    assert "set ranking.dense_files_sha256" not in mended.out


def test_another_model_than_the_pinned_one_is_refused_with_1(shell: Shell, home: Home) -> None:
    said = shell(f"dense_model: lab/tiny, dense_sha256: {'0a' * 32}", "model", "pull")

    assert said.code == 1
    assert "the configuration pins 0a0a" in said.err
    assert not list(home.folder.rglob("model.onnx"))


def test_a_hub_that_is_not_there_ends_with_4(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with tiny_hub({}) as gone:
        monkeypatch.setenv("WATCHER_RANKING__HUB_URL", gone.url)
    monkeypatch.setattr("watcher.hub.PAUSES", ())

    said = shell("dense_model: lab/tiny", "model", "pull")

    assert said.code == 4
    assert "cannot be reached (no connection)" in said.err


@pytest.mark.parametrize(
    ("named", "told"), [("", "no model is configured"), ("minilm", "names no model"), ("tiny", "tiny is a folder")]
)
def test_what_is_no_name_on_the_hub_is_not_pulled(shell: Shell, home: Home, named: str, told: str) -> None:
    tiny_model(home.folder / "tiny")

    said = shell(f"dense_model: '{named}'", "model", "pull")

    assert said.code == 1
    assert told in said.err


def test_the_status_tells_what_is_missing_and_ends_with_3(shell: Shell) -> None:
    said = shell("dense_model: lab/tiny", "model", "status")

    assert said.code == 3
    assert said.out.startswith("lab/tiny: NOT in use\n")
    assert "there is no model.onnx and no tokenizer.json" in said.out


def test_without_a_model_the_status_says_so_and_all_is_well(shell: Shell) -> None:
    said = shell("", "model", "status")

    assert (said.code, said.out) == (0, "no model is configured (ranking.dense_model): papers are ranked by their words alone\n")


def test_check_and_status_warn_of_a_model_that_is_missing(shell: Shell) -> None:
    checked, status = shell("dense_model: lab/tiny", "check"), shell("dense_model: lab/tiny", "status")

    for said in (checked, status):
        assert said.code == 0
        assert said.out.count("ranking by words alone, without the dense part: ") == 1


def test_how_a_model_is_used_is_told_with_who_says_it(shell: Shell, home: Home) -> None:
    encoder_folder(home.folder / "tiny", pooling={"pooling_mode_cls_token": True}, tokenizer_config={"model_max_length": 64})
    keys = "dense_model: tiny, dense_prefix: 'bone '"

    said, shown, status = (shell(keys, *words) for words in (("model", "status"), ("status",), ("status", "--json")))
    as_json = shell(keys, "model", "status", "--json")

    lines = [
        "pooling cls (1_Pooling/config.json)",
        "input sentence (default)",
        'prefix "bone " (ranking.dense_prefix)',
        "max tokens 64 (tokenizer_config.json)",
    ]
    assert "\n".join(lines) in said.out
    assert f"dense part: tiny, NOT in use: {', '.join(lines)}\n" in shown.out
    used = json.loads(as_json.out)
    told = json.loads(status.out)["dense"]
    assert used["usage"] == told["usage"]
    assert told["usage"]["pooling"] == {"value": "cls", "said_by": "1_Pooling/config.json"}
    assert (told["model"], told["in_use"], told["sha256"]) == ("tiny", False, used["sha256"])


def test_a_pooling_that_is_not_supported_is_warned_of_with_what_to_write(shell: Shell, home: Home) -> None:
    encoder_folder(home.folder / "tiny", pooling={"pooling_mode_lasttoken": True})

    said, checked = shell("dense_model: tiny", "model", "status"), shell("dense_model: tiny", "check")

    assert said.code == 3
    for one in (said, checked):
        assert "1_Pooling/config.json says lasttoken, which is not supported" in one.out
        assert "write ranking.dense_pooling: mean, cls, or ready" in one.out


def test_a_model_is_made_ready_and_then_in_use(shell: Shell, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_model(home.folder / "tiny")
    pmids = [1, 2, 3]
    monkeypatch.setattr("watcher.flows.scoring.ranking.sample_pmids", lambda: pmids)
    records = [Planted(paper(pmid, title=f"Agrin and bone {pmid}", created="2026-01-01")) for pmid in pmids]
    with EutilsServer(Corpus.of(records), clock=clock.now) as server:
        monkeypatch.setenv("WATCHER_PUBMED__BASE_URL", server.base_url)
        before = shell("dense_model: tiny", "model", "status", "--json")
        prepared = shell("dense_model: tiny", "model", "prepare")
        after = shell("dense_model: tiny", "model", "status", "--json")

    assert (before.code, prepared.code, after.code) == (3, 0, 0)
    assert "fetched 3 of 3 sample records" in prepared.err
    assert Path(prepared.out.removeprefix("wrote ").strip()).is_file()
    found = json.loads(after.out)
    assert (found["why"], found["vectors"]) == ("", 3)
    assert json.loads(before.out)["why"].startswith("the dense part has no vectors")
