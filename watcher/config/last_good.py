"""The last good configuration, from the document that the database keeps, with its secrets found again.

    document, its secrets starred out + environment + secret files + what is left of the broken file -> Settings

The document holds all that was in force, so the environment and the secret files are heeded only as far as they are sound: whole, or
for their secrets alone, or not at all. A channel whose URL cannot be found gets one that no message can go to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic_settings import InitSettingsSource, PydanticBaseSettingsSource

from watcher.config.document import KeyPath, dotted
from watcher.config.key_tree import key_tree_at
from watcher.config.layers import EnvironmentLayer, Layer, SecretsLayer, copied, put, value_at
from watcher.config.salvage import Salvage
from watcher.config.secret_file import read_secret
from watcher.config.sections import FILE, DatabaseSection
from watcher.config.settings import Settings, SettingsOrigin, data_folder_of, database_url_of, sqlite_file_of
from watcher.domain import UNKNOWN_URL, Code, Theme, Warned
from watcher.errors import ConfigurationError, Place, Problem

_STARS = str(SecretStr("any"))
_DATABASE: KeyPath = ("database", "url")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the database is, told without a sound configuration: its URL with driver and absolute path, the data folder, and the file
    if it is SQLite's."""

    database_url: str
    data_folder: Path
    file: Path | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is, or was, a database: what is set aside keeps the name's beginning. A server is asked elsewhere."""
        return self.file is None or any(self.file.parent.glob(f"{self.file.name}*"))


def whereabouts(file: Path, home: Path, environ: Mapping[str, str]) -> Whereabouts:
    """Where the database of a broken configuration is: as the environment or a secret file says, else as the file's remains do, else
    in its usual place."""
    named = [value_at(layer(), _DATABASE) for layer in _for_secrets(environ, home)]
    found = [url for url in named if isinstance(url, str) and _is_sound(_DATABASE, url)]
    found += [url] if (url := _salvaged(Salvage.of(file), _DATABASE, home)) else []
    url = database_url_of(found[0] if found else DatabaseSection().url.get_secret_value(), home)
    return Whereabouts(url, data_folder_of(url, home), sqlite_file_of(url))


def rebuild(document: str, sha256: str, file: Path, home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings that the document stands for.

    Args:
        document: what `Settings.document_without_secrets` gave.
        sha256: what `Settings.sha256` was; it stays that.
        file: the configuration file, which is broken now.
        home: the folder around the configuration's own.
        environ: the variables to heed.

    Raises:
        ConfigurationError: this version does not understand the document.
    """
    salvage = Salvage.of(file)
    for heeded in (_whole, _for_secrets, _none):
        values, themes = _understood(document, file)
        settings = _Rebuilding(values, heeded(environ, home), salvage, home).settings(file, sha256, themes)
        if settings is not None:
            return settings
    raise ConfigurationError(
        Problem("the last good configuration was kept by another version of watcher", "mend the configuration file", Place(file))
    )


def _understood(document: str, file: Path) -> tuple[dict[str, Any], dict[str, tuple[Theme, ...]]]:
    """The values and the themes of a document. Raises ConfigurationError when it is damaged."""
    try:
        values: dict[str, Any] = json.loads(document)
        found = values.pop("themes", {}).items()
        return values, {watch: tuple(Theme(one["name"], tuple(one["words"])) for one in held) for watch, held in found}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            Problem("the last good configuration is damaged in the database", "mend the configuration file", Place(file))
        ) from error


class _StoredLayer(Layer):
    """The stored document; where its values once stood is not known."""

    def place(self, key: KeyPath) -> Place | None:
        """Nowhere."""
        del key
        return None


class _Rebuilding:
    """One attempt: the document below the layers that are heeded."""

    def __init__(self, values: dict[str, Any], above: Sequence[Layer] | None, salvage: Salvage, home: Path) -> None:
        self._lost = list(_without_secrets(values))
        self._values = values
        self._above = above
        self._salvage = salvage
        self._home = home

    def settings(self, file: Path, sha256: str, themes: Mapping[str, tuple[Theme, ...]]) -> Settings | None:
        """The settings; None when the layers above do not go with the document, or the document is not understood."""
        if self._above is None:
            return None
        found: dict[str, Any] = {}
        warnings = tuple(self._sought(found, file))
        settings, _ = self._merged(found)
        if settings is not None:
            settings.come_from(SettingsOrigin(file, self._home, partial(_place, file), warnings, sha256, themes))
        return settings

    def _sought(self, found: dict[str, Any], file: Path) -> Iterator[Warned]:
        """Puts what the layers lack into `found`; a warning of each secret that is nowhere."""
        _, known = self._merged({})
        for key in self._lost:
            if value_at(known, key) is not None:
                continue
            text = _salvaged(self._salvage, key, self._home)
            if text is not None:
                put(found, key, text)
            elif key[0] == "channels":
                put(found, key, UNKNOWN_URL)
                yield _unreadable(file, key, f"nothing can be sent to {key[1]}")
            elif key != _DATABASE:
                yield _unreadable(file, key, "the service goes on without it")

    def _merged(self, found: dict[str, Any]) -> tuple[Settings | None, dict[str, Any]]:
        """The settings, if they are valid, and the merged values."""
        sources: list[PydanticBaseSettingsSource] = [*(self._above or ()), _StoredLayer(Settings, copied(self._values), self._home)]
        merged = InitSettingsSource(Settings, {})  # pydantic-settings shows the last source what all before it gave
        settings: Settings | None = None
        try:
            settings = Settings(_build_sources=((*sources, InitSettingsSource(Settings, found), merged), {}))  # type: ignore[call-arg]  # mypy knows the fields only
        except ValidationError:
            settings = None
        return settings, merged.current_state


def _place(file: Path, key: KeyPath) -> Place:
    """The key's place as far as it is known. A process that is begun anew is given it too, which no function without a name can be."""
    return Place(file, key=dotted(key) or None)


def _unreadable(file: Path, key: KeyPath, told: str) -> Warned:
    what = f"{dotted(key)} cannot be read: {told} until the configuration file is mended"
    return Warned(
        Code.UNREADABLE_SECRET, what, "mend the file, or put the secret into a file of its own", Place(file, key=dotted(key))
    )


# --- how much of the environment is heeded -------------------------------------------------------------------------------------

_Heeding = Callable[[Mapping[str, str], Path], Sequence[Layer] | None]


def _whole(environ: Mapping[str, str], home: Path) -> Sequence[Layer] | None:
    """All of it; None when there is anything wrong with it."""
    layers = (EnvironmentLayer(environ, home, {}), SecretsLayer(environ, home))
    for layer in layers:
        layer()
    return None if any(layer.problems for layer in layers) else layers


def _for_secrets(environ: Mapping[str, str], home: Path) -> Sequence[Layer]:
    layers = (EnvironmentLayer(environ, home, {}), SecretsLayer(environ, home))
    for layer in layers:
        layer.keep_secrets()
    return layers


def _none(environ: Mapping[str, str], home: Path) -> Sequence[Layer]:
    del environ, home
    return ()


# --- secrets -------------------------------------------------------------------------------------------------------------------


def _without_secrets(values: dict[str, Any], key: KeyPath = ()) -> Iterator[KeyPath]:
    """Takes the stars out of a tree of values; the keys that had them."""
    for name, value in list(values.items()):
        below = (*key, name)
        if isinstance(value, dict):
            yield from _without_secrets(value, below)
        elif value == _STARS and (tree := key_tree_at(below)) and tree.is_secret:
            del values[name]
            yield below


def _salvaged(salvage: Salvage, key: KeyPath, home: Path) -> str | None:
    """A secret as the remains of the file give it: itself, or the file that they name. None when it is not there or not sound."""
    text = salvage.text(key)
    named = salvage.text((*key[:-1], f"{key[-1]}{FILE}")) if text is None else None
    if named is not None:
        try:
            text = read_secret(home / named)
        except ConfigurationError:
            return None
    return text if text is not None and _is_sound(key, text) else None


def _is_sound(key: KeyPath, text: str) -> bool:
    tree = key_tree_at(key)
    if tree is None or tree.field is None:
        return False
    kind: Any = tree.field.annotation
    for check in tree.field.metadata:
        kind = Annotated[kind, check]
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True
