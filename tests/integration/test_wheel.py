"""What is built from this folder: an sdist with all stand-ins, and from it a wheel with those of the demo, which an empty environment runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

import watcher

ROOT = Path(__file__).parents[2]

ONE_WEEK = """\
import sys
from watcher import demo
from watcher.__main__ import main
demo.DAYS = 7
sys.argv = ["watcher", "demo", "--out", "out"]
main()
"""

LOADED = """\
import importlib, json, pkgutil, sys
import watcher.demo
from watcher import standins
for found in pkgutil.walk_packages(standins.__path__, "watcher.standins."):
    importlib.import_module(found.name)
homes = [watcher.demo.eutils.EutilsServer, watcher.demo.inbox.MailServer]
print(json.dumps([[one.__module__ for one in homes], [name for name in sys.modules if name.split(".")[0] == "standins"]]))
"""


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and the packages that it needs from the one of these tests. `sdist` and `wheel` name their files."""

    folder: Path
    sdist: frozenset[str]
    wheel: frozenset[str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, in the folder above it and with nothing of the caller's."""
        program = self.folder / "bin" / words[0]
        given = {"HOME": str(self.folder.parent), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return subprocess.run(  # noqa: S603 - our own words
            [program, *words[1:]], cwd=self.folder.parent, env=given, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, made without a network."""
    for tool in ("hatchling", "pip"):
        if find_spec(tool) is None:
            pytest.skip(f"nothing can be built and installed without {tool}: make setup brings it")
    folder = tmp_path_factory.mktemp("built")
    sdist = _build("sdist", ROOT, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
        inside = frozenset(name.partition("/")[2] for name in archive.getnames())
    (source,) = (folder / "source").iterdir()
    wheel = _build("wheel", source, folder)
    _environment(folder / "environment", wheel)
    return Installed(folder / "environment", inside, frozenset(zipfile.ZipFile(wheel).namelist()))


def _build(target: str, source: Path, folder: Path) -> Path:
    """Builds with hatchling as it is installed here; the file that it made."""
    _checked(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder / target), folder=source)
    (made,) = (folder / target).iterdir()
    return made


def _environment(folder: Path, wheel: Path) -> None:
    """An environment with the wheel; its dependencies are found where these tests find them, the checkout is not."""
    venv.create(folder, with_pip=False)
    python = str(folder / "bin" / "python")
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    shared = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (own / "dependencies.pth").write_text("\n".join(shared), encoding="utf-8")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-compile")
    _checked(sys.executable, "-m", "pip", "--python", python, "install", *quiet, str(wheel), folder=folder)


def _checked(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stdout + done.stderr


def _files(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_sdist_holds_every_stand_in(installed: Installed) -> None:
    standins = _files("standins")

    assert "standins/crossref.py" in standins
    assert standins - installed.sdist == set()
    assert [name for name in installed.sdist if name.endswith(".pyc")] == []


def test_the_wheel_holds_the_demos_stand_ins_and_no_others_under_watchers_name(installed: Installed) -> None:
    needed = {name for name in _files("standins") if name != "standins/crossref.py"}

    held = {name.removeprefix("watcher/") for name in installed.wheel if name.startswith("watcher/standins/")}

    assert held == needed
    assert {PurePosixPath(name).parts[0] for name in installed.wheel} == {"watcher", f"watcher-{watcher.__version__}.dist-info"}


def test_each_stand_in_of_the_wheel_is_loaded_once_under_one_name(installed: Installed) -> None:
    said = installed.run("python", "-c", LOADED)

    assert said.returncode == 0, said.stderr
    homes, elsewhere = json.loads(said.stdout)
    assert homes == ["watcher.standins.eutils.server", "watcher.standins.inbox.mail"]
    assert elsewhere == []


def test_an_installed_watcher_lives_through_its_demo(installed: Installed) -> None:
    said = installed.run("python", "-c", ONE_WEEK)

    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == "out/digest.html"
    assert "2 mails and " in said.stdout
    assert "<html" in (installed.folder.parent / "out" / "digest.html").read_text(encoding="utf-8")


def test_its_command_is_there(installed: Installed) -> None:
    said = installed.run("watcher", "demo", "--help")

    assert said.returncode == 0, said.stderr
    assert "three simulated weeks" in said.stdout
