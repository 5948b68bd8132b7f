"""The configuration: one YAML file, environment variables and secret files become one frozen `Settings`.

    YAML text -> Document -> layers (environment over secret files over YAML) -> Settings -> Watch, DigestList, Channel

All problems are told at once, each with its file, line and key (or its variable) and what to write instead; none shows a secret. This
room reads files and variables only: it knows no schedule, no Apprise and no PubMed, and never writes, save when `python -m
watcher.config` renews the schema and the reference. It says which files no command may write over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from watcher.config.crosscheck import SEEDS, problems_in, warnings_for
from watcher.config.document import Document, KeyPath, read_document
from watcher.config.key_tree import twin_of
from watcher.config.last_good import Whereabouts, rebuild, whereabouts
from watcher.config.layers import CONFIG, EnvironmentLayer, Layer, SecretsLayer, YamlLayer
from watcher.config.reference import write_reference, write_schema
from watcher.config.settings import Settings, SettingsOrigin
from watcher.config.themes import FOLDER as THEMES
from watcher.config.themes import must_hold, read_themes
from watcher.config.wording import problems_of
from watcher.domain import Code, Warned
from watcher.errors import ConfigurationError, Place, Problem
from watcher.unreadable import is_folder, is_there
from watcher.writing import Guarded, Reach

__all__ = [
    "THEMES",
    "Settings",
    "Whereabouts",
    "files_of",
    "guarded",
    "in_use",
    "load",
    "load_last_good",
    "locate_database",
    "must_hold",
    "write_reference",
    "write_schema",
]

FILE_NAME = "watcher.yaml"
DEFAULT = Path("config") / FILE_NAME
SECRETS = "secrets"
"""The folder, below home, where the pages tell to put secrets."""


def load(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the configuration.

    Args:
        path: the file, or its folder; None means WATCHER_CONFIG, else config/watcher.yaml below the working folder.
        environ: the variables to heed.

    Raises:
        ConfigurationError: every problem found, in the order of the file.
    """
    file = _located(path, environ)
    document = read_document(file)
    home = _home_of(file)
    gathering = _Gathering(document, environ, home)
    settings = gathering.settings()
    watches = document.values.get("watches")
    found = read_themes(file.parent / THEMES, list(watches) if isinstance(watches, Mapping) else [])
    problems = [*gathering.problems, *found.problems]
    if settings is None or problems:
        raise ConfigurationError(*sorted(dict.fromkeys(problems), key=_order))
    warnings = (*gathering.warnings(settings), *found.warnings)
    settings.come_from(SettingsOrigin(path=file, home=home, place=gathering.place, warnings=warnings, themes=found.themes))
    return settings


def load_last_good(document: str, sha256: str, path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration that `document` stands for, while the file is broken.

    The document comes from `Settings.document_without_secrets`; its secrets are found again as `config.last_good` says.

    Args:
        document: the JSON text.
        sha256: the hash that the configuration had; the settings keep it.
        path: as for `load`.
        environ: the variables to heed.

    Raises:
        ConfigurationError: this version does not understand the document.
    """
    file = _located(path, environ)
    return rebuild(document, sha256, file, _home_of(file), environ)


def locate_database(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Whereabouts:
    """Where the database of a broken configuration is; `path` and `environ` as for `load`."""
    file = _located(path, environ)
    return whereabouts(file, _home_of(file), environ)


def in_use(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> frozenset[Path]:
    """The configuration file that commands would read, and the SQLite file that they would open, if they are there."""
    named = (_located(path, environ), locate_database(path, environ=environ).file)
    return frozenset(one for one in named if one is not None and is_there(one))


def files_of(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> frozenset[Path]:
    """The files and folders that a configuration comes from, be it good or bad: its file, the folders of themes and of secret files,
    and each file that a `…_file` key names."""
    file = _located(path, environ)
    try:
        document = read_document(file)
    except ConfigurationError:
        document = Document(file, {})
    gathering = _Gathering(document, environ, _home_of(file))
    gathering.settings()
    return frozenset({file, file.parent / THEMES, *gathering.files})


def guarded(settings: Settings, *, environ: Mapping[str, str] = os.environ) -> Iterator[Guarded]:
    """What no command may write over: the file and all that lies in its folder, the files of themes, the secrets, and the seeds. And where
    a new file would be read, which must be meant."""
    file, home = settings.path, settings.home
    yield Guarded(file, "the configuration file")
    yield Guarded(file.parent / THEMES, "a place of themes", Reach.BELOW)
    secrets = files_of(file, environ=environ) - {file, file.parent / THEMES}
    secrets |= {home / SECRETS}
    seeds = {home / SEEDS, *(home / SEEDS / folder for watch in settings.watches.values() for folder in watch.seeds)}
    for one in sorted(secrets):
        yield Guarded(one, "a secret", Reach.THERE if is_folder(one) else Reach.FILE)
    for one in sorted(seeds):
        yield Guarded(one, "a seed file", Reach.THERE)
    yield Guarded(file.parent, "a file of the configuration's folder", Reach.THERE)
    yield from (Guarded(one, "is read as seeds at the next look", Reach.NEW) for one in sorted(seeds))
    yield from (Guarded(one, "may be read as a secret", Reach.NEW) for one in sorted(secrets))
    yield Guarded(file.parent, "belongs to the configuration, where no command replaces it", Reach.NEW)


class _Gathering:
    """One reading of all layers: the settings, or what is wrong with them."""

    def __init__(self, document: Document, environ: Mapping[str, str], home: Path) -> None:
        kinds = ("channels", "watches", "lists")
        names = {kind: tuple(found) for kind in kinds if isinstance(found := document.values.get(kind), Mapping)}
        self._document = document
        self._home = home
        self._environment = EnvironmentLayer(environ, home, names)
        self._secrets = SecretsLayer(environ, home)
        self._yaml = YamlLayer(document, home)
        self.problems = list(document.problems)

    def settings(self) -> Settings | None:
        """The settings, or None; `problems` then says why. A value may be fine and yet have problems beside it."""
        layers: tuple[Layer, ...] = (self._environment, self._secrets, self._yaml)
        merged = InitSettingsSource(Settings, {})  # pydantic-settings shows the last source what all before it gave
        settings: Settings | None = None
        try:
            settings = Settings(_build_sources=((*layers, merged), {}))  # type: ignore[call-arg]  # mypy knows the fields only
        except ValidationError as error:
            self.problems += problems_of(error, merged.current_state, self.place)
        self.problems += [problem for layer in layers for problem in layer.problems]
        self.problems += problems_in(merged.current_state, self._home, self.place)
        return settings

    @property
    def files(self) -> frozenset[Path]:
        """The folder of secret files, and the files that were named."""
        layers: tuple[Layer, ...] = (self._environment, self._secrets, self._yaml)
        return frozenset({self._secrets.folder}.union(*(layer.files for layer in layers)))

    def place(self, key: KeyPath) -> Place:
        """Where the value in force of `key` was written, or where it should stand."""
        layers: tuple[Layer, ...] = (self._environment, self._secrets, self._yaml)
        for one in filter(None, (key, twin_of(key))):
            for layer in layers:
                if place := layer.place(one):
                    return place
        if key[:-1] and not self._document.holds(key[:-1]):
            for named in (self._environment, self._secrets):
                if place := named.place_beside(key):
                    return place
        return self._document.place(key)

    def warnings(self, settings: Settings) -> Iterator[Warned]:
        """What is allowed but hardly meant."""
        yield from warnings_for(settings, self._home, self.place)
        used = self._yaml.files | self._environment.files
        for name in self._secrets.unknown:
            file = self._secrets.folder / name
            if file not in used:
                fix = "name it like a variable: watcher_pubmed__api_key; or in a key that ends in _file"
                yield Warned(Code.UNUSED_SECRET, "this secret file stands for no setting and is not used", fix, Place(file))


def _located(path: Path | None, environ: Mapping[str, str]) -> Path:
    named = path or (Path(environ[CONFIG]) if environ.get(CONFIG) else DEFAULT)
    return named / FILE_NAME if is_folder(named) else named


def _home_of(file: Path) -> Path:
    return Path(os.path.abspath(file)).parent.parent  # noqa: PTH100 - resolve() would follow the links of mounted folders


def _order(problem: Problem) -> tuple[str, int, int, str]:
    place = problem.place
    return (str(place.path), place.line or 0, place.column or 0, place.key or "") if place else ("", 0, 0, "")
