"""The dense part at work: the model that the configuration names, with vectors that are kept and never computed twice.

    find      configuration -> the model's folder and files, as pinned
    sample    the background's sample papers in the model's space: shipped, or made once by `prepare`
    Kept      texts -> vectors: those of the store, and the rest by the model, kept as they are made

Whatever is missing is a ConfigurationError that says what to do; the App then ranks by words alone and tells it once.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from watcher import clock
from watcher.domain import ENCODER_FILES, embedded_text, pubmed_id
from watcher.errors import ConfigurationError, IncompleteAnswer, Place, Problem, Stopped
from watcher.flows.ports import Source
from watcher.hub import HubName, Wanted, hub_name, read_record
from watcher.rank import dense
from watcher.rank.usage import Configured
from watcher.store import Store
from watcher.writing import private_folder, told, whole

RECOMMENDED = "sentence-transformers/all-MiniLM-L6-v2@1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
"""The model that ranking was measured with."""

BATCH = 64
"""Vectors that are kept together: so many are lost when a process is killed."""

_MOST_MISSING = 0.01
"""The share of the sample papers that others may stand in for: papers are measured against all 10,000, and so few make no difference."""
_NO_SAMPLE = "the dense part has no vectors of the background's sample papers for this model"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the configuration says of the dense part. `place`: where it says it."""

    model: str
    home: Path
    models: Path
    model_sha256: str = ""
    tokenizer_sha256: str = ""
    place: Place | None = None
    usage: Configured = field(default_factory=Configured)
    files_sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the model's files lie, or will: the folder that is named, else the hub model's own among the models."""
        named = self.home / Path(self.model).expanduser()
        return named if self._is_folder else self.models / self.hub_name.folder

    @property
    def _is_folder(self) -> bool:
        return self.model.startswith(("/", "./", "../", "~")) or (self.home / self.model).is_dir()

    @property
    def hub_name(self) -> HubName:
        """The model on the hub. Raises ConfigurationError when the configuration names a folder, or nothing of the kind."""
        if not self.model:
            raise self.refused("no model is configured", f"name one: ranking: {{dense_model: {RECOMMENDED}}}")
        if self._is_folder:
            raise self.refused(
                f"{self.model} is a folder", "put model.onnx and tokenizer.json there; only a name on the hub is fetched"
            )
        return hub_name(self.model)

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The files to fetch, as pinned: the model and its tokenizer, and those that say how it is used, where it has them."""
        name = self.hub_name
        tokenizer = Wanted((dense.TOKENIZER_FILE,), dense.TOKENIZER_FILE, self.tokenizer_sha256)
        others = (Wanted((one,), one, self.files_sha256.get(one, ""), optional=True) for one in ENCODER_FILES)
        return Wanted(name.candidates, "model.onnx", self.model_sha256), tokenizer, *others

    @property
    def beside(self) -> tuple[Path, ...]:
        """The other folders that the same model was pulled into, by another name or of another commit."""
        name = self.hub_name
        found = self.models.glob(f"{replace(name, revision='', file='').folder}*")
        return tuple(sorted(one for one in found if one.is_dir() and one != self.folder))

    @property
    def pinned_name(self) -> str:
        """The name with the commit that was pulled, where the configuration names none, or a branch; else empty."""
        commit = "" if self._is_folder else read_record(self.folder).revision
        if not commit or (self.hub_name.revision and commit.startswith(self.hub_name.revision)):
            return ""
        return str(replace(self.hub_name, revision=commit))

    def sample_file(self, model_sha256: str) -> Path:
        """Where `prepare` keeps the sample of a model."""
        return self.models / f"sample-{model_sha256[:16]}.npz"

    def refused(self, what: str, fix: str) -> ConfigurationError:
        """An error at the key."""
        return ConfigurationError(Problem(what, fix, self.place))


def open_encoder(choice: Choice) -> dense.Encoder:
    """The model, as pinned; nothing is loaded yet. Raises ConfigurationError when it, or the extra, is not there, or is another one."""
    encoder = dense.Encoder(dense.find_model(choice.folder, choice.usage))
    files = encoder.files
    for path, found, pinned, key in (
        (files.model, files.model_sha256, choice.model_sha256, "dense_sha256"),
        (files.tokenizer, files.tokenizer_sha256, choice.tokenizer_sha256, "dense_tokenizer_sha256"),
    ):
        if pinned and found != pinned:
            raise choice.refused(
                f"{path} has the sha256 {found}, not the one that ranking.{key} pins",
                f"put the right file there, or set {key}: {found}",
            )
    _require_pinned(choice, dict(files.others))
    return encoder


def _require_pinned(choice: Choice, found: Mapping[str, str]) -> None:
    """Raises ConfigurationError when a file that says how the model is used is missing, or another than the pinned one."""
    for name, pinned in choice.files_sha256.items():
        path = choice.folder / name
        if name not in found:
            raise choice.refused(
                f"{path} is not there, and ranking.dense_files_sha256 pins it", "`watcher model pull`, or take it out of the pins"
            )
        if found[name] != pinned:
            raise choice.refused(
                f"{path} has the sha256 {found[name]}, not the one that ranking.dense_files_sha256 pins",
                f"put the right file there, or write there: {found[name]}  {name}",
            )


def find_sample(
    choice: Choice, encoder: dense.Encoder, embed: Callable[[Sequence[str]], dense.Floats], pmids: Sequence[int]
) -> dense.Sample:
    """The sample in the model's space: the one that `prepare` made, else the shipped one if it is of this model, used as it was then.

    Raises ConfigurationError when there is none for it and for these sample papers.
    """
    prepared = choice.sample_file(encoder.sha256)
    if prepared.is_file():
        with prepared.open("rb") as file:
            sample = dense.read_sample(file, str(prepared))
        if sample.is_of(pmids):
            return sample
    elif encoder.files.usage.is_plain:
        sample = dense.shipped_sample()
        if sample.is_of(pmids) and sample.fits(embed):
            return sample
    raise choice.refused(
        f"{_NO_SAMPLE} ({choice.model})", "`watcher model prepare` makes them once: it asks PubMed for 10,000 records"
    )


@dataclass(frozen=True, slots=True)
class DenseState:
    """Whether the dense part is in use. `why` not, and the `fix`; both empty when it is, or when no model is named. `pins`: keys that are
    not set, and what to set them to. `usage`: how the model is used, each part with its value and who says it."""

    model: str = ""
    folder: Path | None = None
    files: tuple[tuple[str, str], ...] = ()
    sha256: str = ""
    pins: dict[str, str | list[str]] = field(default_factory=dict)
    usage: dict[str, tuple[str | int, str]] = field(default_factory=dict)
    why: str = ""
    fix: str = ""

    def used(self) -> dict[str, dict[str, str | int]]:
        """How the model is used, in JSON: for each part its value and who says it."""
        return {name: {"value": value, "said_by": by} for name, (value, by) in self.usage.items()}

    def used_lines(self) -> tuple[str, ...]:
        """How the model is used, for a person."""
        shown = {
            name: f'"{value}"' if isinstance(value, str) and name == "prefix" else value for name, (value, _) in self.usage.items()
        }
        return tuple(f"{name.replace('_', ' ')} {shown[name]} ({by})" for name, (_, by) in self.usage.items())


def dense_state(choice: Choice, pmids: Callable[[], Sequence[int]]) -> DenseState:
    """How the dense part stands, found out without the database. `pmids` gives the background's sample papers."""
    if not choice.model:
        return DenseState()
    state = DenseState(choice.model)
    try:
        state = replace(state, folder=choice.folder)
        files = dense.find_model(choice.folder, choice.usage)
        state = replace(
            state,
            files=(
                (str(files.model), files.model_sha256),
                (str(files.tokenizer), files.tokenizer_sha256),
                *((str(choice.folder / name), sha256) for name, sha256 in files.others),
            ),
            sha256=files.sha256,
            usage=files.usage.told(),
            pins=_pins(choice, files),
        )
        encoder = open_encoder(choice)
        find_sample(choice, encoder, lambda texts: dense.join(list(encoder.encode(texts))), pmids())
    except ConfigurationError as error:
        return replace(state, why=error.problems[0].what, fix=error.problems[0].fix)
    return state


def _pins(choice: Choice, files: dense.ModelFiles) -> dict[str, str | list[str]]:
    """The keys that would pin what is there, as far as they are not set."""
    unpinned: dict[str, str | list[str]] = {}
    if name := choice.pinned_name:
        unpinned["dense_model"] = name
    if not choice.model_sha256:
        unpinned["dense_sha256"] = files.model_sha256
    if not choice.tokenizer_sha256:
        unpinned["dense_tokenizer_sha256"] = files.tokenizer_sha256
    if any(name not in choice.files_sha256 for name, _ in files.others):
        unpinned["dense_files_sha256"] = [f"{sha256}  {name}" for name, sha256 in files.others]
    return unpinned


def document(state: DenseState, kept: int) -> dict[str, Any]:
    """The state in JSON, with how many vectors of the model are kept."""
    return asdict(state) | {"usage": state.used(), "vectors": kept}


@dataclass
class Kept:
    """Texts -> vectors of one model: what the store has is taken from there, what it lacks is computed and kept at once."""

    encoder: dense.Encoder
    store: Store
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __call__(self, texts: Sequence[str]) -> dense.Floats:
        """(texts, dimensions). Raises Stopped between two batches when the service is to stop; what was computed is kept."""
        keys = [self.encoder.key(text) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        found = _of_one_length(self.store.embeddings(self.encoder.sha256, wanted.keys()))
        made = self._made({key: text for key, text in wanted.items() if key not in found})
        if made and (wrong := found.keys() - _of_one_length(found | made, like=next(iter(made.values()))).keys()):
            made |= self._made({key: wanted[key] for key in wrong})
        found |= made
        return dense.join([found[key] for key in keys])

    def _made(self, missing: Mapping[str, str]) -> dict[str, bytes]:
        """The vectors of texts, computed and kept batch by batch."""
        found: dict[str, bytes] = {}
        for part in _parts(missing):
            if self.stopping.is_set():
                raise Stopped
            made = dict(zip(part, self.encoder.encode(tuple(part.values())), strict=True))
            self.store.save_embeddings(self.encoder.sha256, made, clock.now())
            found |= made
            if len(missing) > BATCH:
                self.say(f"embedded {len(found):,} of {len(missing):,} texts")
        return found


def _parts(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    ordered = list(texts.items())
    return (dict(ordered[start : start + BATCH]) for start in range(0, len(ordered), BATCH))


def _of_one_length(vectors: Mapping[str, bytes], like: bytes | None = None) -> dict[str, bytes]:
    """The vectors without those that are cut or too long, beside most of them or one that is sound: they were damaged in the database,
    and are computed again."""
    lengths = Counter(len(vector) for vector in vectors.values())
    usual = len(like) if like else max(lengths, key=lambda length: lengths[length], default=0)
    return {key: vector for key, vector in vectors.items() if len(vector) == usual}


@dataclass
class Embedding:
    """The dense part, ready for a ranking: `watcher.rank.Embed`."""

    kept: Kept
    packed: dense.Sample

    @cached_property
    def sha256(self) -> str:
        """Of the model, its tokenizer, the code and the sample."""
        return hashlib.sha256(f"{self.kept.encoder.sha256} {self.packed.sha256}".encode()).hexdigest()

    @cached_property
    def sample(self) -> dense.Floats:
        """The sample papers' vectors."""
        return self.packed.rows()

    def __call__(self, texts: Sequence[str]) -> dense.Floats:
        """The vectors of texts, see `Kept`."""
        return self.kept(texts)


def open_embedding(choice: Choice, kept: Kept, pmids: Sequence[int]) -> Embedding:
    """The dense part with its sample. Raises ConfigurationError when there is no sample for the model."""
    return Embedding(kept, find_sample(choice, kept.encoder, kept, pmids))


def prepare(choice: Choice, kept: Kept, source: Source, pmids: Sequence[int]) -> Path:
    """Make the sample of a model: its papers from PubMed, their vectors, one file beside the models.

    A record that PubMed no longer gives is stood in for by the one before it.

    Raises:
        ConfigurationError: the model cannot be used as it is to be.
        PubMedError: PubMed did not give the records; IncompleteAnswer when more than one in a hundred is missing.
    """
    kept.encoder.require_length()
    total = f"{len(pmids):,}"
    asked = [pubmed_id(int(pmid)) for pmid in pmids]
    answer = source.fetch(asked, progress=lambda done: kept.say(f"fetched {done:,} of {total} sample records"))
    got = {article.record_id: article for article in answer.articles}
    if len(got) < (1 - _MOST_MISSING) * len(asked) or not got:
        raise IncompleteAnswer(f"PubMed gave {len(got):,} of {total} sample records: `watcher model prepare` later")
    stand_in, texts = next(iter(got.values())), []
    for record_id in asked:
        stand_in = got.get(record_id, stand_in)
        texts.append(embedded_text(stand_in))
    sample = dense.sample_of(choice.model, pmids, kept(texts))
    path = choice.sample_file(kept.encoder.sha256)
    with told(path):
        private_folder(path.parent)
    with told(path), whole(path, force=True) as part:
        with part.open("wb") as file:
            sample.write(file)
        with part.open("rb") as file:
            dense.read_sample(file, str(path))
    return path
