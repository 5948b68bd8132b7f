"""Fetches a model's files from a model hub, by the protocol of Hugging Face's: GET BASE/OWNER/NAME/resolve/REVISION/PATH.

A file is written under a hidden name of its own (`.NAME.….part`), goes on where it stopped, and gets its name only when it is whole
and has the sha256 that it should have: the pinned one, else the one that the hub states. Whatever happens, there is never half a file
under a name that is used. A file is as long as the hub announced and no longer, and none is longer than MOST_BYTES; an answer that
drips is cut after a time that goes with the size, and the rest is asked for.

All files of a pull are of one commit: the first answer names it, and the others are asked for by it, in later pulls of the same name too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import requests

from watcher.deadline import MEGABYTE, Exchange, Late, new_session, within
from watcher.errors import Busy, ConfigurationError, HubError, HubUnavailable, Place, Problem, Stopped
from watcher.failing import in_words
from watcher.writing import private_folder, put

TIMEOUTS = (10, 60)
ATTEMPTS = 4
PAUSES = (1.0, 5.0, 15.0)

MOST_BYTES = 2_147 * MEGABYTE
"""A protobuf message, which an ONNX file is, cannot be longer (2 GiB)."""

MOST_UNANNOUNCED = 500 * MEGABYTE
"""How long a file may be whose size the hub does not state."""

PATIENCE_SECONDS = 90.0
SLOWEST_BYTES_A_SECOND = 100_000
"""What one answer may take: the first for its head, and as many seconds more as its size takes at the second."""

_CHUNK = 1 << 14
_TOLD_EVERY = 4 << 20
_NAME = re.compile(r"(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>[\w./-]+\.onnx))?")
_ONNX = ("onnx/model.onnx", "model.onnx")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_RECORD = ".pulled.json"


@dataclass(frozen=True, slots=True)
class HubName:
    """A model on the hub: `OWNER/NAME`, `OWNER/NAME@REVISION`, and perhaps which of its files: `OWNER/NAME/onnx/model_O2.onnx`."""

    owner: str
    name: str
    revision: str = ""
    file: str = ""

    @property
    def folder(self) -> str:
        """What the folder of its files is called: as the whole name, without slashes."""
        named = f"{self.owner}--{self.name}" + (f"@{self.revision}" if self.revision else "")
        return named + (f"--{self.file.replace('/', '--')}" if self.file else "")

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where its ONNX file may lie on the hub, best first."""
        return (self.file,) if self.file else _ONNX

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}" + (f"@{self.revision}" if self.revision else "") + (f"/{self.file}" if self.file else "")

    def url(self, base: str, path: str) -> str:
        """The address of one of its files."""
        return f"{base.rstrip('/')}/{self.owner}/{self.name}/resolve/{quote(self.revision or 'main')}/{quote(path)}"


def hub_name(text: str) -> HubName:
    """The model that a text names. Raises ConfigurationError for a text that is no name on a hub."""
    found = _NAME.fullmatch(text)
    if found is None or ".." in text:
        fix = "write a folder, or a name such as sentence-transformers/all-MiniLM-L6-v2"
        raise ConfigurationError(Problem(f"{text!r} names no model: there is no such folder, and it is no name on a hub", fix))
    return HubName(found["owner"], found["name"], found["revision"] or "", found["file"] or "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: where it may lie on the hub (best first), its name here, and the sha256 that it must have ("": not pinned).
    `optional`: a model need not have it, unless it is pinned."""

    paths: tuple[str, ...]
    name: str
    sha256: str = ""
    optional: bool = False

    @property
    def may_lack(self) -> bool:
        """Whether a hub without it is no fault."""
        return self.optional and not self.sha256


@dataclass(frozen=True, slots=True)
class Pulled:
    """A file that is there now. `fresh`: it was fetched just now."""

    path: Path
    sha256: str
    size: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class PullRecord:
    """What is known of a folder that was pulled into: the commit that its files are of ("": unknown), and which the hub does not have."""

    revision: str = ""
    absent: tuple[str, ...] = ()


def read_record(folder: Path) -> PullRecord:
    """What the last pulls into a folder left; nothing where there is no such file, or it is damaged: then the hub is asked again."""
    try:
        held = json.loads((folder / _RECORD).read_bytes())
        revision, absent = held["revision"], tuple(map(str, held["absent"]))
    except (OSError, ValueError, TypeError, KeyError):
        return PullRecord()
    return PullRecord(revision if isinstance(revision, str) and _COMMIT.fullmatch(revision) else "", absent)


@dataclass(frozen=True, slots=True)
class _Offer:
    """What the hub says of a file before it sends it. `sha256` is empty where it says none, `commit` too, and `url` where it has none."""

    url: str
    identity: str
    size: int | None
    sha256: str
    commit: str = ""

    @property
    def most_bytes(self) -> int:
        """How many bytes of it are taken."""
        return MOST_UNANNOUNCED if self.size is None else self.size


_NOTHING = _Offer("", "", None, "")


class Hub:
    """One model hub. `say` hears how far a file is; once `stopping` is set, no further piece is asked for."""

    def __init__(
        self,
        base_url: str,
        *,
        say: Callable[[str], None] = lambda _line: None,
        stopping: threading.Event | None = None,
        pauses: Sequence[float] = PAUSES,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._base = base_url
        self._say = say
        self._stopping = stopping or threading.Event()
        self._pauses = tuple(pauses)
        self._patience = patience

    def pull(
        self, model: HubName, wanted: Sequence[Wanted], folder: Path, *, force: bool = False, beside: Sequence[Path] = ()
    ) -> tuple[Pulled, ...]:
        """Fetch what is not there yet. A file that is there and is the pinned one, or is not pinned, is left as it is; another one is
        replaced only with `force`. An optional file that the hub does not have is left out, and not asked for again without `force`. From
        `beside`, other folders of the same model, the pinned files are taken over.

        Raises:
            Busy: another process fetches into this folder.
            ConfigurationError: another file is there than the pinned one, and `force` was not given.
            HubUnavailable: the hub cannot be reached, or broke off each time; what came is kept, and the next pull goes on.
            HubError: the hub has no such file, refuses it, or sends another than the pinned one.
        """
        with _alone(folder):
            return tuple(self._all(model, wanted, folder, force=force, beside=beside))

    def _all(
        self, model: HubName, wanted: Sequence[Wanted], folder: Path, *, force: bool, beside: Sequence[Path]
    ) -> Iterator[Pulled]:
        before = _known(model, folder, beside)
        known = PullRecord() if force else before
        for each in wanted:
            _take_over([other / each.name for other in beside], folder / each.name, each.sha256)
        there = [_there(folder / each.name, each, force=force) for each in wanted]
        if force and not all(there):
            (folder / _RECORD).unlink(missing_ok=True)
        for each, found in zip(wanted, there, strict=True):
            path = folder / each.name
            if found:
                yield found
                continue
            if each.may_lack and each.name in known.absent:
                continue
            at = replace(model, revision=model.revision or known.revision)
            offer = self._again(partial(self._offer, at, each), each.name)
            if not known.revision and (not any(there) or offer.commit == before.revision):
                known = replace(known, revision=offer.commit)
            if not offer.url:
                known = replace(known, absent=(*known.absent, each.name))
            if known != PullRecord():
                _write_record(folder, known)
            if offer.url:
                yield self._fetched(each, offer, path, force=force)

    def _fetched(self, wanted: Wanted, offer: _Offer, path: Path, *, force: bool) -> Pulled:
        with _writing(path.parent):
            private_folder(path.parent)
        part = path.parent / f".{path.name}.{hashlib.sha256(offer.identity.encode()).hexdigest()[:16]}.part"
        for old in path.parent.glob(f".{path.name}.*.part"):
            if old != part:
                old.unlink()
        self._again(lambda: self._fill(part, offer, wanted.name), wanted.name)
        sha256 = _accept(part, wanted, offer)
        with _writing(path):
            put(part, path, force=force)
            part.unlink(missing_ok=True)
        return Pulled(path, sha256, path.stat().st_size, fresh=True)

    # --- what the hub has

    def _offer(self, model: HubName, wanted: Wanted) -> _Offer:
        paths = wanted.paths
        for path in paths:
            url = model.url(self._base, path)
            with self._answer("HEAD", url, size=0) as answer:
                if answer.status_code == requests.codes.not_found:
                    continue
                _refuse(answer, url)
                commit = _commit(answer)
                return _offered(answer, replace(model, revision=model.revision or commit).url(self._base, path), commit)
        if wanted.may_lack:
            return _NOTHING
        raise HubError(
            f"{model.url(self._base, paths[0])}: the hub has no such file (tried {', '.join(paths)}); check the model's name"
        )

    @contextmanager
    def _answer(self, method: str, url: str, headers: dict[str, str] | None = None, *, size: int) -> Iterator[requests.Response]:
        """The answer to one request for `size` bytes.

        Raises HubUnavailable when it takes too long; what was read of it until then is right.
        """
        plain = {"Accept-Encoding": "identity", "User-Agent": "watcher", **(headers or {})}
        seconds = self._patience + size / SLOWEST_BYTES_A_SECOND
        with within(seconds, most_bytes=size + MEGABYTE) as exchange, new_session() as session:
            try:
                with session.request(method, url, headers=plain, timeout=TIMEOUTS, stream=True, allow_redirects=True) as answer:
                    yield answer
                _checked(exchange, url)
            except OSError:
                _checked(exchange, url)
                raise

    # --- fetching

    def _again(self, once: Callable[[], _Offer | None], name: str) -> _Offer:
        """Tries, and again after a pause when the way to the hub fails. What a file has got so far is kept from try to try."""
        for pause in (*self._pauses, None):
            try:
                return once() or _NOTHING
            except (requests.RequestException, HubUnavailable) as error:
                why = _why(error)
            if pause is None:
                break
            self._say(f"{name}: {why}; asking again in {pause:g} s")
            if self._stopping.wait(pause):
                raise Stopped("the fetching was stopped; the next `watcher model pull` goes on")
        raise HubUnavailable(
            f"the model hub {self._base} cannot be reached ({why}). Try again later: what has come is kept. Without a network: put model.onnx "
            "and tokenizer.json into a folder by hand, and name the folder in ranking.dense_model"
        )

    def _fill(self, part: Path, offer: _Offer, name: str) -> None:
        """Bring the part to the offered size."""
        have = part.stat().st_size if part.exists() else 0
        if offer.size is not None and have == offer.size:
            return
        headers = {"Range": f"bytes={have}-"} if have and (offer.size is None or have < offer.size) else {}
        with self._answer("GET", offer.url, headers, size=offer.most_bytes) as answer:
            goes_on = answer.status_code == requests.codes.partial_content
            if answer.status_code != requests.codes.requested_range_not_satisfiable:
                _refuse(answer, offer.url)
            elif have:
                part.unlink()
                raise HubUnavailable("the hub could not go on where it stopped")
            self._write(answer, part, have if goes_on else 0, offer, name)

    def _write(self, answer: requests.Response, part: Path, have: int, offer: _Offer, name: str) -> None:
        told = have
        with _writing(part), part.open("ab" if have else "wb") as file:
            for piece in answer.iter_content(_CHUNK):
                if self._stopping.is_set():
                    raise Stopped("the fetching was stopped; the next `watcher model pull` goes on")
                have += len(piece)
                if have > offer.most_bytes:
                    part.unlink()
                    raise HubError(f"{offer.url}: the hub sends more than {_told_most(offer)}; it was thrown away")
                file.write(piece)
                if have - told >= _TOLD_EVERY or have == offer.size:
                    told = have
                    self._say(f"{name}: {_share(have, offer.size)}")
        if offer.size is not None and have != offer.size:
            raise HubUnavailable(f"it broke off after {have:,} of {offer.size:,} bytes")


def _checked(exchange: Exchange, url: str) -> None:
    """Raises what it means when an exchange went beyond its bounds."""
    if exchange.was_too_long:
        raise HubError(f"{url}: the hub {exchange.failure}; no more of it was taken")
    if exchange.failure:
        raise HubUnavailable(f"it {exchange.failure}")


def _told_most(offer: _Offer) -> str:
    return f"{offer.most_bytes:,} bytes, which " + (
        "it announced" if offer.size is not None else "is the most without a stated size"
    )


def _why(error: requests.RequestException | HubUnavailable) -> str:
    if isinstance(error, HubUnavailable):
        return str(error)
    kinds: dict[type[Exception], str] = {
        requests.Timeout: "no answer in time",
        requests.exceptions.SSLError: "its certificate is not trusted",
        requests.exceptions.ChunkedEncodingError: "it broke off",
        requests.ConnectionError: "no connection",
    }
    return next((told for kind, told in kinds.items() if isinstance(error, kind)), in_words(error))


def _said(answer: requests.Response, name: str) -> str:
    """A header of the answer or of one on the way to it: the hub states what it knows in headers of its own, before it leads elsewhere."""
    return next((found for one in (*answer.history, answer) if (found := one.headers.get(name))), "")


def _commit(answer: requests.Response) -> str:
    """The commit that a file is of, as the hub names it; empty where it names none."""
    said = _said(answer, "X-Repo-Commit")
    return said if _COMMIT.fullmatch(said) else ""


def _offered(answer: requests.Response, url: str, commit: str) -> _Offer:
    """What the headers say of a file."""
    tag = (_said(answer, "X-Linked-Etag") or _said(answer, "ETag")).removeprefix("W/").strip('"')
    size = _said(answer, "X-Linked-Size") or answer.headers.get("Content-Length", "")
    announced = int(size) if size.isdecimal() else None
    if announced is not None and announced > MOST_BYTES:
        raise HubError(f"{url}: the hub announces {announced:,} bytes; an ONNX file has at most {MOST_BYTES:,}")
    return _Offer(
        url=url,
        identity=f"{url} {_said(answer, 'X-Repo-Commit')} {tag} {size}",
        size=announced,
        sha256=tag if re.fullmatch(r"[0-9a-f]{64}", tag) else "",
        commit=commit,
    )


def _refuse(answer: requests.Response, url: str) -> None:
    """Raises for an answer that is no file: HubUnavailable when it may be one later."""
    status = answer.status_code
    if status in (401, 403):
        raise HubError(f"{url}: the hub refuses it ({status}): check the model's name; one that needs an account cannot be fetched")
    if status == requests.codes.too_many or status >= 500:
        raise HubUnavailable(f"the hub answered {status}")
    if status >= 400:
        raise HubError(f"{url}: the hub answered {status}")


def _accept(part: Path, wanted: Wanted, offer: _Offer) -> str:
    """The sha256 of a whole file that is what it should be. Raises HubError for another one, which is thrown away."""
    found, due = _sha256(part), wanted.sha256 or offer.sha256
    if due and found != due:
        part.unlink()
        whose = "the configuration pins" if wanted.sha256 else "the hub states"
        raise HubError(f"{wanted.name}: the hub sent a file with the sha256 {found}, {whose} {due}; it was thrown away")
    return found


# --- what is there -------------------------------------------------------------------------------------------------------------------


def _there(path: Path, wanted: Wanted, *, force: bool) -> Pulled | None:
    """The file that is there and may stay. Raises ConfigurationError for another than the pinned one, without `force`."""
    if not path.is_file():
        return None
    found = _sha256(path)
    if found == (wanted.sha256 or found):
        return Pulled(path, found, path.stat().st_size, fresh=False)
    if not force:
        raise _another(path, found)
    return None


def _known(model: HubName, folder: Path, beside: Sequence[Path]) -> PullRecord:
    """What is known of a folder, or of one beside it that is of the same commit."""
    records = [read_record(folder), *(one for one in map(read_record, beside) if model.revision and one.revision == model.revision)]
    return next((one for one in records if one != PullRecord()), PullRecord())


def _take_over(others: Sequence[Path], path: Path, sha256: str) -> None:
    """Copies the first of the files that is the pinned one, where there is none yet."""
    if not sha256 or path.is_file():
        return
    if old := next((one for one in others if one.is_file() and _sha256(one) == sha256), None):
        part = path.parent / f".{path.name}.copy.part"
        with _writing(path):
            private_folder(path.parent)
            shutil.copyfile(old, part)
            put(part, path)
            part.unlink(missing_ok=True)


def _write_record(folder: Path, known: PullRecord) -> None:
    path = folder / _RECORD
    part = folder / f"{_RECORD}.part"
    with _writing(path):
        part.write_text(json.dumps(asdict(known)))
        put(part, path, force=True)


def _another(path: Path, sha256: str) -> ConfigurationError:
    fix = "pin this one if it is the right one, or replace it: `watcher model pull --force`"
    return ConfigurationError(
        Problem(f"there is a file already, with the sha256 {sha256}, which is not the pinned one", fix, Place(path))
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _share(have: int, size: int | None) -> str:
    whole = f" of {size / 1e6:.1f}" if size else ""
    return f"{have / 1e6:.1f}{whole} MB"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time fetches into a folder; the lock dies with it."""
    with _writing(folder):
        private_folder(folder)
        lock = (folder / ".lock").open("ab")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process fetches into {folder}: try again when it is done") from None
        yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turns the system's refusal to write into an error that names the place."""
    try:
        yield
    except (requests.RequestException, Late):
        raise
    except OSError as error:
        raise HubError(f"{path}: cannot be written: {error.strerror or error}") from error
