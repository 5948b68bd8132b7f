"""A lab's folder with a configuration in it, for the tests of the room `config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from watcher.config import Settings, load
from watcher.errors import ConfigurationError, Problem

PUBMED = "pubmed: {email: library@uni-sample.de}\n"
SECRET = "Tr0ub4dor-and-3"

SMALL = f"""\
{PUBMED}channels:
  lab-mail:
    kind: email
    url: mailtos://user:{SECRET}@smtp.uni-sample.de
    to: [pi@uni-sample.de]
watches:
  nmj:
    query: neuromuscular junction*[tiab]
    seeds: [nmj]
lists:
  lab-weekly:
    watches: [nmj]
    channels: [lab-mail]
    schedule: monday 08:00
"""


@dataclass
class Home:
    """The folder, and what the environment says."""

    folder: Path
    environ: dict[str, str]

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.folder / "config" / "watcher.yaml"

    def write(self, name: str, content: str | bytes) -> Path:
        """A file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, text: str | bytes | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings that `text`, or what was last written, gives."""
        if text is not None:
            self.write("config/watcher.yaml", text)
        return load(self.file, environ={**self.environ, **(environ or {})})

    def problems(self, text: str | bytes | None = None, environ: Mapping[str, str] | None = None) -> list[Problem]:
        """What is wrong with it; the settings must be refused."""
        with pytest.raises(ConfigurationError) as refusal:
            self.load(text, environ)
        assert SECRET not in str(refusal.value)
        assert refusal.value.__context__ is None or refusal.value.__suppress_context__  # what pydantic says holds values
        return list(refusal.value.problems)

    def told(self, text: str | bytes | None = None, environ: Mapping[str, str] | None = None) -> str:
        """The same as one text, its paths short."""
        return "\n".join(map(str, self.problems(text, environ))).replace(str(self.folder), "HOME")


def home_in(folder: Path) -> Home:
    """A folder with a seed and without secrets: not those of the machine that runs the test either."""
    (folder / "no-secrets").mkdir()
    home = Home(folder, {"WATCHER_SECRETS_DIR": str(folder / "no-secrets")})
    home.write("seeds/nmj/papers.list", "41224659\n")
    return home
