"""`watcher healthcheck`: finds the pulse of the service and says whether it is well. Here, so that it can be asked without the command line.

A container asks every half minute, so the way to the answer is short: the pulse lies in the data folder, whose usual places can be
told from the environment alone. The configuration is read only when no healthy service is found there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from watcher import health

_SQLITE = "sqlite:///"
_SECRETS = Path("/run/secrets")
_NAMED = re.compile(r"database|\\(?:[xuU]|$)")
"""The section's name, and what may write it otherwise: YAML's escapes, which also join lines. An alias repeats what stands somewhere."""


def look(config: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Why the service is not well; () when it is.

    Args:
        config: the configuration file or its folder, as the command line names it; None means WATCHER_CONFIG or the default.
        environ: the variables to heed.
    """
    told: tuple[str, ...] = ()
    for folder in _folders(config, environ):
        now = datetime.now(UTC)
        pulse = health.read(health.pulse_file(folder)) or health.latest(folder, now)
        found = health.verdict(pulse, now)
        if pulse is not None and not found:
            return ()
        if pulse is not None or not told:
            told = found
    return told


def told(why: tuple[str, ...]) -> str:
    """What `look` found, in one line."""
    return " ".join("; ".join(why).split()) or "well"


def _folders(config: Path | None, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where the data may be: as the environment says, then, if that was not it, as the configuration says."""
    guessed = _guess(config, environ)
    yield guessed
    if not _is_named(config, environ):
        return
    configured = _configured(config, environ)
    if configured != guessed:
        yield configured


def _guess(config: Path | None, environ: Mapping[str, str]) -> Path:
    named = config or Path(environ.get("WATCHER_CONFIG") or "config")
    folder = named.parent if named.suffix in (".yaml", ".yml") else named
    home = Path(os.path.abspath(folder)).parent  # noqa: PTH100 - as the configuration does: links of mounted folders stay
    url = environ.get("WATCHER_DATABASE_URL", "")
    return (home / url.removeprefix(_SQLITE).partition("?")[0]).parent if url.startswith(_SQLITE) else home / "data"


def _is_named(config: Path | None, environ: Mapping[str, str]) -> bool:
    """Whether anything may name the database's place: a variable, a secret file, or a line of the configuration that is no comment. Where
    nothing does it lies in the usual one, and nothing need be loaded that reads a configuration (docs/decisions/0060)."""
    if "WATCHER_SECRETS_DIR" in environ or _SECRETS.exists() or any("DATABASE" in name.upper() for name in environ):
        return True
    file = config or Path(environ.get("WATCHER_CONFIG") or "config")
    try:
        text = (file / "watcher.yaml" if file.is_dir() else file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return True
    return any(_NAMED.search(line) for line in text.splitlines() if not line.lstrip().startswith("#"))


def _configured(config: Path | None, environ: Mapping[str, str]) -> Path:
    """The data folder of the configuration, or of what is left of a broken one."""
    from watcher.config import load, locate_database  # noqa: PLC0415 - heavy, and hardly ever needed
    from watcher.errors import ConfigurationError  # noqa: PLC0415

    try:
        return load(config, environ=environ).data_folder
    except ConfigurationError:
        return locate_database(config, environ=environ).data_folder
