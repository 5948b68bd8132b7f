"""Fetching a model from a hub on loopback that breaks off, lies and is not there."""

from __future__ import annotations

import fcntl
import socket
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.awkward import HTTP_DRIPS, OK, Conduct, answering, conducting, ended, packed, silent, whole
from support.tiny_model import TinyHub, tiny_hub

import watcher.hub
from watcher.errors import Busy, ConfigurationError, HubError, HubUnavailable, Stopped
from watcher.hub import Hub, HubName, Wanted, hub_name, read_record

MODEL = bytes(range(256)) * 5_000
TOKENIZER = b'{"version": "1.0"}'
TINY = HubName("lab", "tiny")
NAMES = {"model.onnx", "tokenizer.json", ".lock"}


@pytest.fixture
def server() -> Iterator[TinyHub]:
    with tiny_hub({"onnx/model.onnx": MODEL, "tokenizer.json": TOKENIZER}) as hub:
        yield hub


def wanted(model: str = "", tokenizer: str = "") -> tuple[Wanted, Wanted]:
    return Wanted(TINY.candidates, "model.onnx", model), Wanted(("tokenizer.json",), "tokenizer.json", tokenizer)


def hub(server: TinyHub, said: list[str] | None = None, tries: int = 2) -> Hub:
    return Hub(server.url, say=(said if said is not None else []).append, pauses=[0.0] * (tries - 1))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_both_files_are_fetched_and_told(server: TinyHub, tmp_path: Path) -> None:
    said: list[str] = []

    model, tokenizer = hub(server, said).pull(
        TINY, wanted(sha256(MODEL).hexdigest(), sha256(TOKENIZER).hexdigest()), tmp_path / "new"
    )

    assert (model.path.read_bytes(), tokenizer.path.read_bytes()) == (MODEL, TOKENIZER)
    assert (model.sha256, model.size, model.fresh) == (sha256(MODEL).hexdigest(), len(MODEL), True)
    assert names(tmp_path / "new") == NAMES
    assert said == ["model.onnx: 1.3 of 1.3 MB", "tokenizer.json: 0.0 of 0.0 MB"]


def test_what_is_there_is_not_fetched_again(server: TinyHub, tmp_path: Path) -> None:
    hub(server).pull(TINY, wanted(), tmp_path)
    server.asked.clear()

    again = hub(server).pull(TINY, wanted(sha256(MODEL).hexdigest()), tmp_path)

    assert [one.fresh for one in again] == [False, False]
    assert server.asked == []


def test_another_file_than_the_pinned_one_is_replaced_only_when_told_to(server: TinyHub, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"an older one")

    with pytest.raises(ConfigurationError, match=r"model\.onnx: there is a file already, with the sha256 .*\n.*--force"):
        hub(server).pull(TINY, wanted(sha256(MODEL).hexdigest()), tmp_path)
    kept = (tmp_path / "model.onnx").read_bytes()
    model, _ = hub(server).pull(TINY, wanted(sha256(MODEL).hexdigest()), tmp_path, force=True)

    assert kept == b"an older one"
    assert model.fresh
    assert model.path.read_bytes() == MODEL


def test_a_file_goes_on_where_it_broke_off(server: TinyHub, tmp_path: Path) -> None:
    server.breaks_after = [491_520]

    model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL
    assert server.gets()[:2] == [("main/onnx/model.onnx", ""), ("main/onnx/model.onnx", "bytes=491520-")]
    assert names(tmp_path) == NAMES


def test_the_next_pull_goes_on_where_the_last_one_gave_up(server: TinyHub, tmp_path: Path) -> None:
    server.breaks_after = [311_296, 196_608]
    with pytest.raises(HubUnavailable, match="what has come is kept"):
        hub(server).pull(TINY, wanted(), tmp_path)
    assert not (tmp_path / "model.onnx").exists()

    model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL
    assert [piece for path, piece in server.gets() if path.endswith("model.onnx")] == ["", "bytes=311296-", "bytes=507904-"]


def test_a_hub_without_ranges_begins_anew(server: TinyHub, tmp_path: Path) -> None:
    server.ranges, server.breaks_after = False, [491_520]

    model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL


def test_a_part_of_a_file_that_has_changed_since_is_not_gone_on_with(server: TinyHub, tmp_path: Path) -> None:
    server.breaks_after = [311_296, 1]
    with pytest.raises(HubUnavailable):
        hub(server).pull(TINY, wanted(), tmp_path)
    server.files["onnx/model.onnx"] = MODEL[::-1]

    model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL[::-1]
    assert names(tmp_path) == NAMES


def test_another_file_than_the_pinned_one_never_gets_its_name(server: TinyHub, tmp_path: Path) -> None:
    with pytest.raises(
        HubError,
        match=rf"model\.onnx: the hub sent a file with the sha256 {sha256(MODEL).hexdigest()}, the configuration pins 0000",
    ):
        hub(server).pull(TINY, wanted("0" * 64), tmp_path)

    assert names(tmp_path) == {".lock"}


def test_a_file_that_is_not_what_the_hub_states_never_gets_its_name(server: TinyHub, tmp_path: Path) -> None:
    server.states = "1" * 64

    with pytest.raises(HubError, match="the hub states 1111"):
        hub(server).pull(TINY, wanted(), tmp_path)

    assert names(tmp_path) == {".lock"}


def test_an_interruption_leaves_no_half_file_under_a_name_that_is_used(server: TinyHub, tmp_path: Path) -> None:
    def interrupted(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Hub(server.url, say=interrupted).pull(TINY, wanted(), tmp_path)
    assert not (tmp_path / "model.onnx").exists()

    model, _ = hub(server).pull(TINY, wanted(sha256(MODEL).hexdigest()), tmp_path)

    assert model.path.read_bytes() == MODEL


def test_a_service_that_stops_fetches_no_further(server: TinyHub, tmp_path: Path) -> None:
    stopping = threading.Event()
    stopping.set()

    with pytest.raises(Stopped):
        Hub(server.url, stopping=stopping).pull(TINY, wanted(), tmp_path)

    assert not (tmp_path / "model.onnx").exists()


def test_a_hub_that_is_not_there_is_told_with_the_way_round(tmp_path: Path) -> None:
    with tiny_hub({}) as gone:
        url = gone.url
    said: list[str] = []

    with pytest.raises(
        HubUnavailable,
        match=rf"the model hub {url} cannot be reached \(no connection\).*put model\.onnx and tokenizer\.json into a folder",
    ):
        Hub(url, say=said.append, pauses=[0.0]).pull(TINY, wanted(), tmp_path)

    assert said == ["model.onnx: no connection; asking again in 0 s"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_hub_that_is_busy_is_asked_again(server: TinyHub, tmp_path: Path, status: int) -> None:
    server.statuses = [status]

    model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL


@pytest.mark.parametrize(("status", "said"), [(401, "needs an account"), (403, "needs an account"), (410, "the hub answered 410")])
def test_a_refusal_is_not_asked_again(server: TinyHub, tmp_path: Path, status: int, said: str) -> None:
    server.statuses = [status]

    with pytest.raises(HubError, match=said) as caught:
        hub(server).pull(TINY, wanted(), tmp_path)

    assert not isinstance(caught.value, HubUnavailable)
    assert len(server.asked) == 1


def test_a_model_at_the_top_of_its_repository_is_found_too(tmp_path: Path) -> None:
    with tiny_hub({"model.onnx": MODEL, "tokenizer.json": TOKENIZER}) as server:
        model, _ = hub(server).pull(TINY, wanted(), tmp_path)

    assert model.path.read_bytes() == MODEL


def test_a_name_that_the_hub_does_not_know_is_told_with_what_was_tried(server: TinyHub, tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"the hub has no such file \(tried onnx/model\.onnx, model\.onnx\)"):
        hub(server).pull(HubName("lab", "tiney"), wanted(), tmp_path)


def test_the_revision_is_part_of_the_address(server: TinyHub, tmp_path: Path) -> None:
    hub(server).pull(hub_name("lab/tiny@1110a24"), wanted(), tmp_path)

    assert [path for path, _ in server.gets()] == ["1110a24/onnx/model.onnx", "1110a24/tokenizer.json"]


def announcing(size: int | None, body: Conduct) -> Conduct:
    """A hub whose HEAD announces a size, or none; GET is answered by `body`, which begins before the answer's own head."""

    def conduct(connection: socket.socket, over: threading.Event) -> None:
        head = connection.recv(1 << 16, socket.MSG_PEEK)
        if head.startswith(b"HEAD"):
            connection.recv(1 << 16)
            stated = b"" if size is None else b"X-Linked-Size: %d\r\n" % size
            connection.sendall(OK + stated + b"Connection: close\r\n\r\n")
            ended(connection)
        else:
            body(connection, over)

    return conduct


def test_a_file_longer_than_announced_is_not_taken(tmp_path: Path) -> None:
    with (
        conducting(announcing(100_000, answering(OK + b"\r\n", b" " * 65_536, endless=True))) as port,
        pytest.raises(HubError, match="sends more than 100,000 bytes, which it announced; it was thrown away"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[]).pull(TINY, wanted(), tmp_path)

    assert names(tmp_path) == {".lock"}


def test_a_file_of_no_stated_size_has_an_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher.hub, "MOST_UNANNOUNCED", 300_000)
    with (
        conducting(announcing(None, answering(OK + b"\r\n", b" " * 65_536, endless=True))) as port,
        pytest.raises(HubError, match="sends more than 300,000 bytes, which is the most without a stated size"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[]).pull(TINY, wanted(), tmp_path)

    assert names(tmp_path) == {".lock"}


def test_a_packed_file_that_nobody_asked_for_packed_is_bounded_by_its_announced_size(tmp_path: Path) -> None:
    bomb = whole(packed(50, "gzip"), b"Content-Encoding: gzip\r\n")
    with (
        conducting(announcing(200_000, bomb)) as port,
        pytest.raises(HubError, match="sends more than 200,000 bytes"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[]).pull(TINY, wanted(), tmp_path)

    assert names(tmp_path) == {".lock"}


def test_a_size_that_no_model_has_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with (
        conducting(announcing(5_000_000_000, answering(b""))) as port,
        pytest.raises(HubError, match="announces 5,000,000,000 bytes; an ONNX file has at most 2,147,000,000"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[]).pull(TINY, wanted(), tmp_path)


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_a_hub_that_drips_is_left_and_what_has_come_is_kept(before: bytes, drop: bytes, tmp_path: Path) -> None:
    with (
        conducting(announcing(10_000, answering(before, drop))) as port,
        pytest.raises(HubUnavailable, match=r"\(it did not finish within 0\.4 s\)|it broke off after"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[], patience=0.3).pull(TINY, wanted(), tmp_path)

    assert not (tmp_path / "model.onnx").exists()


def test_a_hub_that_hangs_before_it_says_anything_is_left(tmp_path: Path) -> None:
    with (
        conducting(silent) as port,
        pytest.raises(HubUnavailable, match=r"\(it did not finish within 0\.3 s\)"),
    ):
        Hub(f"http://127.0.0.1:{port}", pauses=[], patience=0.3).pull(TINY, wanted(), tmp_path)


def test_two_processes_do_not_fetch_into_one_folder(server: TinyHub, tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(Busy, match="another process fetches into"):
            hub(server).pull(TINY, wanted(), tmp_path)

    assert server.asked == []


def test_a_folder_that_cannot_be_made_is_named(server: TinyHub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")

    with pytest.raises(HubError, match=r"models/tiny: cannot be written"):
        hub(server).pull(TINY, wanted(), tmp_path / "models" / "tiny")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("lab/tiny", HubName("lab", "tiny")),
        ("lab/tiny-v1.5@main", HubName("lab", "tiny-v1.5", "main")),
        ("lab/tiny/onnx/model_O2.onnx", HubName("lab", "tiny", "", "onnx/model_O2.onnx")),
        ("lab/tiny@a1/model_quantized.onnx", HubName("lab", "tiny", "a1", "model_quantized.onnx")),
    ],
)
def test_a_name_on_the_hub_may_name_a_revision_and_a_file(text: str, name: HubName) -> None:
    assert hub_name(text) == name


@pytest.mark.parametrize("text", ["minilm", "lab/../tiny", "https://hub.example/lab/tiny", "lab/tiny/model.bin", ""])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="names no model: there is no such folder"):
        hub_name(text)


def test_models_files_and_revisions_lie_apart() -> None:
    named = ["lab/tiny", "lab/tiny@a1", "lab/tiny/model.onnx", "lab/tiny@a1/onnx/model.onnx", "other/tiny"]

    assert len({hub_name(name).folder for name in named}) == len(named)
    assert not any("/" in hub_name(name).folder for name in named)


# --- optional files, and one commit -----------------------------------------------------------------------------------------------------

A, B = "a" * 40, "b" * 40
MODULES = b"[]"


def with_optional(modules: str = "") -> tuple[Wanted, ...]:
    pooling = Wanted(("1_Pooling/config.json",), "1_Pooling/config.json", optional=True)
    return *wanted(), Wanted(("modules.json",), "modules.json", modules, optional=True), pooling


def test_an_optional_file_is_fetched_into_its_folder(server: TinyHub, tmp_path: Path) -> None:
    server.files |= {"1_Pooling/config.json": b"{}", "modules.json": MODULES}

    found = hub(server).pull(TINY, with_optional(), tmp_path)

    assert [one.path.relative_to(tmp_path).as_posix() for one in found] == [
        "model.onnx", "tokenizer.json", "modules.json", "1_Pooling/config.json",
    ]  # fmt: skip
    assert (tmp_path / "1_Pooling" / "config.json").read_bytes() == b"{}"
    assert names(tmp_path / "1_Pooling") == {"config.json"}


def test_what_the_hub_lacks_is_left_out_and_asked_for_again_only_when_told_to(server: TinyHub, tmp_path: Path) -> None:
    first = hub(server).pull(TINY, with_optional(), tmp_path)
    server.asked.clear()
    server.files["modules.json"] = MODULES

    again = hub(server).pull(TINY, with_optional(), tmp_path)
    asked = list(server.asked)
    forced = hub(server).pull(TINY, with_optional(), tmp_path, force=True)

    assert [len(found) for found in (first, again, forced)] == [2, 2, 3]
    assert asked == []


def test_an_optional_file_that_is_pinned_must_be_there(server: TinyHub, tmp_path: Path) -> None:
    hub(server).pull(TINY, with_optional(), tmp_path)

    with pytest.raises(HubError, match=r"the hub has no such file \(tried modules\.json\)"):
        hub(server).pull(TINY, with_optional("0a" * 32), tmp_path)


def test_an_optional_file_that_is_another_than_the_pinned_one_is_thrown_away(server: TinyHub, tmp_path: Path) -> None:
    server.files["modules.json"] = MODULES

    with pytest.raises(HubError, match=r"modules\.json: the hub sent a file with the sha256 .*, the configuration pins 0a0a"):
        hub(server).pull(TINY, with_optional("0a" * 32), tmp_path)

    assert not (tmp_path / "modules.json").exists()


def test_a_damaged_record_of_earlier_pulls_is_as_none(server: TinyHub, tmp_path: Path) -> None:
    hub(server).pull(TINY, with_optional(), tmp_path)
    server.files["modules.json"] = MODULES
    (tmp_path / ".pulled.json").write_text("[")

    assert len(hub(server).pull(TINY, with_optional(), tmp_path)) == 3


def test_all_files_are_of_the_commit_that_the_first_answer_names(server: TinyHub, tmp_path: Path) -> None:
    server.commit, server.breaks_after = A, [311_296, 196_608]
    with pytest.raises(HubUnavailable):
        hub(server).pull(TINY, wanted(), tmp_path)
    server.commit = B

    hub(server).pull(TINY, wanted(), tmp_path)

    assert {path.partition("/")[0] for path, _ in server.gets()} == {A}
    assert [piece for path, piece in server.gets() if path.endswith("model.onnx")] == ["", "bytes=311296-", "bytes=507904-"]
    assert read_record(tmp_path).revision == A


def test_a_forced_pull_is_of_a_commit_when_it_replaces_all(server: TinyHub, tmp_path: Path) -> None:
    server.commit = A
    hub(server).pull(TINY, wanted(), tmp_path)
    server.commit, server.files = B, {"onnx/model.onnx": MODEL[::-1], "tokenizer.json": TOKENIZER + b" "}
    model, tokenizer = (sha256(content).hexdigest() for content in server.files.values())

    hub(server).pull(TINY, wanted(model), tmp_path, force=True)
    mixed = read_record(tmp_path).revision
    (tmp_path / "model.onnx").unlink()
    hub(server).pull(TINY, wanted(model, tokenizer), tmp_path, force=True)

    assert mixed == ""
    assert read_record(tmp_path).revision == B


def test_files_from_before_are_not_said_to_be_of_a_commit(server: TinyHub, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(MODEL)
    server.commit = A

    hub(server).pull(TINY, wanted(), tmp_path)

    assert read_record(tmp_path).revision == ""


def test_the_pinned_files_of_the_same_commit_are_taken_over(server: TinyHub, tmp_path: Path) -> None:
    server.commit = A
    old, new, at = tmp_path / "old", tmp_path / "new", HubName("lab", "tiny", A)
    hub(server).pull(TINY, with_optional(), old)
    server.asked.clear()
    pinned = (*wanted(sha256(MODEL).hexdigest(), sha256(TOKENIZER).hexdigest()), *with_optional()[2:])

    found = hub(server).pull(at, pinned, new, beside=[old])

    assert server.asked == []
    assert [(one.path.name, one.fresh) for one in found] == [("model.onnx", False), ("tokenizer.json", False)]
    assert names(new) == NAMES
    assert (new / "model.onnx").read_bytes() == MODEL


def test_what_is_not_the_pinned_file_is_not_taken_over(server: TinyHub, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "model.onnx").write_bytes(b"another")
    (old / "tokenizer.json").write_bytes(TOKENIZER)

    model, tokenizer = hub(server).pull(TINY, wanted(sha256(MODEL).hexdigest()), new, beside=[old])

    assert (model.fresh, tokenizer.fresh) == (True, True)
