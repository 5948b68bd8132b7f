"""The three places that settings come from, as sources of pydantic-settings: environment over secret files over YAML over defaults.

Each layer turns its own `*_file` keys into the secrets they name, and drops its half of a pair (`url`, `url_file`) when a layer above
it has the other half. Problems are gathered, not raised: all are told at once.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, InitSettingsSource

from watcher.config.document import Document, KeyPath, dotted, read_flow
from watcher.config.key_tree import all_keys, key_tree_at, secret_files, twin_of
from watcher.config.secret_file import read_secret
from watcher.config.sections import FILE
from watcher.config.settings import Settings
from watcher.config.suggest import nearest
from watcher.errors import ConfigurationError, Place, Problem
from watcher.unreadable import is_absence, is_folder, mend, unlisted

PREFIX = "WATCHER_"
DELIMITER = "__"
SECRETS_FOLDER = Path("/run/secrets")
SECRETS_DIR = "WATCHER_SECRETS_DIR"
CONFIG = "WATCHER_CONFIG"
ENVIRONMENT = Path("environment")
"""Stands for the file in the place of a variable."""

_SHORT_NAMES: Mapping[str, KeyPath] = {"WATCHER_DATABASE_URL": ("database", "url")}
_FILES: Mapping[str, KeyPath] = {"WEB_PASSWORD_HASH": ("web", "password_hash")}
"""Secret files that go by a name without prefix: a container's page opens once that one is there, with no edit of the configuration."""
_NOT_SETTINGS = frozenset({CONFIG, SECRETS_DIR, "WATCHER_CLOCK_FILE", "WATCHER_TICK_SECONDS", "WATCHER_SLACK_BASE_URL"})
_KUBERNETES = re.compile(r"WATCHER_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")
"""What Kubernetes puts into every container beside a service called `watcher`."""

_NAME_OF_A_FILE = re.compile(r"[\w. -]*/[\w. /-]*$")
"""What may be repeated in a message; anything else might be a secret that was written in the place of its file."""


class Layer(InitSettingsSource):
    """One source of settings; `home` is where relative `*_file` paths start. `problems` and `files` are filled when it is read."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any], home: Path) -> None:
        super().__init__(settings_cls, values)
        self.problems: list[Problem] = []
        self.files: set[Path] = set()
        self._values = values
        self._home = home

    @abstractmethod
    def place(self, key: KeyPath) -> Place | None:
        """Where this layer says something about `key`, or None."""

    def keep_secrets(self) -> None:
        """Forget whatever is neither a secret nor names the file of one."""
        self._values = _secrets_in(self._values)
        self.problems.clear()

    def __call__(self) -> dict[str, Any]:
        """The layer's values, with the secrets that its `*_file` keys name."""
        for key, named in list(secret_files(self._values)):
            secret = twin_of(key)
            if secret is not None and value_at(self.current_state, secret) is not None:
                _section_of(self._values, key).pop(str(key[-1]))
            elif secret is not None and isinstance(named, str) and named.strip():
                self._take(secret, key, named.strip())
        return self._values

    def _take(self, secret: KeyPath, key: KeyPath, named: str) -> None:
        section = _section_of(self._values, secret)
        if section.get(str(secret[-1])) is not None:
            fix = f"keep {dotted(key)} or {dotted(secret)}"
            self.problems.append(Problem(f"{secret[-1]} and {key[-1]} stand side by side", fix, self.place(key)))
            return
        path = self._home / named
        self.files.add(path)
        try:
            section[str(secret[-1])] = read_secret(path)
        except ConfigurationError as error:
            shown = f"{path}: " if _NAME_OF_A_FILE.match(named) else ""
            fix = "" if shown else f" (or name {secret[-1]} what stands here, if it is the secret itself)"
            self.problems += [Problem(f"{shown}{one.what}", one.fix + fix, self.place(key)) for one in error.problems]


class YamlLayer(Layer):
    """What the YAML file says."""

    def __init__(self, document: Document, home: Path) -> None:
        super().__init__(Settings, copied(document.values), home)
        self._document = document

    def place(self, key: KeyPath) -> Place | None:
        """Where the file holds `key`, or None."""
        return self._document.place(key) if self._document.holds(key) else None


class NamedLayer(Layer):
    """Settings by name, such as variables: `WATCHER_PUBMED__API_KEY`. `unknown` are names that stand for no setting."""

    def __init__(self, texts: Mapping[str, str], home: Path) -> None:
        self._names: dict[KeyPath, str] = {}
        self.unknown: list[str] = []
        found: list[Problem] = []
        values: dict[str, Any] = {}
        # the longest last: WATCHER_PUBMED__EMAIL counts more than the email in WATCHER_PUBMED
        for name in sorted(texts, key=lambda name: (name.count(DELIMITER), name)):
            found += self._read(name, texts[name], values)
        super().__init__(Settings, values, home)
        self.problems = found

    def place(self, key: KeyPath) -> Place | None:
        """The name that gives `key`, or a section around it, or None."""
        for length in range(len(key), 0, -1):
            name = self._names.get(key[:length])
            if name is not None:
                return self._named(name, key)
        return None

    def place_beside(self, key: KeyPath) -> Place | None:
        """A name that gives something else in the section of `key`, or None."""
        section = key[:-1]
        return next((self._named(name, key) for path, name in self._names.items() if path[: len(section)] == section), None)

    @abstractmethod
    def _named(self, name: str, key: KeyPath) -> Place:
        """The place of `key`, which `name` gives."""

    def _read(self, name: str, text: str, values: dict[str, Any]) -> Iterator[Problem]:
        key = key_of(name)
        tree = key_tree_at(key) if key else None
        if key is None or tree is None:
            self.unknown.append(name)
            return
        if key in self._names:
            yield Problem(f"{self._names[key]} says the same as {name}", "keep one of the two", self._named(name, key))
            return
        self._names[key] = name
        try:
            put(values, key, text if tree.is_single else read_flow(text))
        except ConfigurationError as error:
            yield Problem(
                f"the value is not understood: {error.problems[0].what}", "write [a, b] or {a: 1}", self._named(name, key)
            )


class EnvironmentLayer(NamedLayer):
    """What `WATCHER_` variables say. An empty variable is as if it were not set."""

    def __init__(self, environ: Mapping[str, str], home: Path, known_names: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__({name: text for name, text in environ.items() if is_setting(name) and text.strip()}, home)
        known = {
            name.removeprefix(PREFIX): name for name in (*_NOT_SETTINGS, *_SHORT_NAMES, *map(variable_of, all_keys(known_names)))
        }
        for name in self.unknown:
            near = nearest(name[len(PREFIX) :], known)
            fix = (
                f"did you mean {known[near]}?"
                if near
                else "docs/configuration.md lists the settings; variables of others need another prefix"
            )
            self.problems.append(Problem("there is no such setting", fix, Place(ENVIRONMENT, key=name)))

    def _named(self, name: str, key: KeyPath) -> Place:
        return Place(ENVIRONMENT, key=name if key_of(name) == key else f"{name}: {dotted(key)}")


class SecretsLayer(NamedLayer):
    """What files named like variables say: `/run/secrets/watcher_pubmed__api_key`."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        named = environ.get(SECRETS_DIR)
        self.folder = home / named if named else SECRETS_FOLDER
        names, refused = _names_in(self.folder)
        texts, unread = _texts_of(self.folder, [name for name in names if key_of(name)])
        super().__init__(texts, home)
        self.unknown = [name for name in names if not key_of(name)]
        self.problems += refused + unread
        if named and not refused and not is_folder(self.folder):
            place = Place(ENVIRONMENT, key=SECRETS_DIR)
            self.problems.append(Problem(f"there is no folder {self.folder}", "name the folder of the secret files", place))

    def _named(self, name: str, key: KeyPath) -> Place:
        return Place(self.folder / name, key=dotted(key))


def is_setting(name: str) -> bool:
    """Whether a variable must be a setting of ours."""
    upper = name.upper()
    return upper.startswith(PREFIX) and upper not in _NOT_SETTINGS and not _KUBERNETES.match(upper)


def variable_of(key: KeyPath) -> str:
    """The variable that sets `key`: a name's hyphens become underscores."""
    return PREFIX + DELIMITER.join(str(part).upper().replace("-", "_") for part in key)


def key_of(name: str) -> KeyPath | None:
    """The key that a variable (or a secret file) of this name sets, or None."""
    if short := _SHORT_NAMES.get(name.upper()) or _FILES.get(name.upper()):
        return short
    key: KeyPath = ()
    for part in name[len(PREFIX) :].lower().split(DELIMITER):
        tree = key_tree_at(key)
        # names of sections hold hyphens, which most shells do not take in a variable
        key = (*key, part.replace("_", "-") if tree and tree.named else part)
    return key if key_tree_at(key) and all(key) else None


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX) or name.upper() in _FILES


def _names_in(folder: Path) -> tuple[list[str], list[Problem]]:
    """The files in `folder` that are named like ours, and why there are none."""
    if (error := unlisted(folder)) is None:
        return sorted(path.name for path in folder.iterdir() if _is_ours(path.name) and not path.is_dir()), []
    if is_absence(error):
        return [], []
    return [], [Problem(f"the folder cannot be read: {error.strerror}", mend(folder, error), Place(folder))]


def _texts_of(folder: Path, names: Iterable[str]) -> tuple[dict[str, str], list[Problem]]:
    """The secrets in these files, and what went wrong."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            texts[name] = read_secret(folder / name)
        except ConfigurationError as error:
            problems += error.problems
    return texts, problems


def copied(value: Any) -> Any:  # noqa: ANN401 - a tree of text, numbers, lists and mappings
    """The same tree, with mappings of its own."""
    if isinstance(value, Mapping):
        return {key: copied(one) for key, one in value.items()}
    return value


def value_at(values: Any, key: KeyPath) -> Any:  # noqa: ANN401 - see copied
    """What stands at `key`, or None."""
    for part in key:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _secrets_in(values: Mapping[str, Any], key: KeyPath = ()) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in values.items():
        below = (*key, name)
        tree, twin = key_tree_at(below), twin_of(below)
        if isinstance(value, Mapping):
            kept |= {name: inner} if (inner := _secrets_in(value, below)) else {}
        elif (tree and tree.is_secret) or (twin and name.endswith(FILE)):
            kept[name] = value
    return kept


def _section_of(values: dict[str, Any], key: KeyPath) -> dict[str, Any]:
    section = values
    for part in key[:-1]:
        section = section[str(part)]
    return section


def put(values: dict[str, Any], key: KeyPath, value: Any) -> None:  # noqa: ANN401 - see copied
    """Sets what stands at `key`, with the sections on the way; a section is joined with the one that is there."""
    for part in key[:-1]:
        below = values.get(str(part))
        if not isinstance(below, dict):
            below = values[str(part)] = {}
        values = below
    last = str(key[-1])
    values[last] = {**values[last], **value} if isinstance(values.get(last), dict) and isinstance(value, dict) else value
