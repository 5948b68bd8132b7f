"""A compose project of a test's own: docker-compose.yml as it is, in a folder with a lab's files, under a name of its own."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

IMAGE = "watcher:container-test"
OF_A_CLONE = "watcher:container-test-clone"
"""What a clone builds, which has the last commit and nothing newer."""
POSTGRES = "postgres:17"
STAND_IN = "watcher-postgres:container-test"

UID = 10001
PATIENCE = 180.0
"""Seconds after which something that was to happen counts as never happening; generous, since nothing is measured."""

CONFIGURATION = """\
timezone: Europe/Berlin
pubmed:
  email: library@uni-sample.de
  base_url: http://neighbour:8080/entrez/eutils/
runs: {schedule: daily 05:30, jitter_minutes: 0}
channels:
  lab-mail: {kind: email, url_file: secrets/lab_mail_url, to: [pi@uni-sample.de]}
watches:
  nmj:
    query: '"neuromuscular junction*"[tiab]'
    seeds: [nmj]
    similar: false
    threshold: 0
lists:
  lab-weekly: {watches: [nmj], channels: [lab-mail], schedule: monday 08:00}
"""

PASSWORD = "Tr0ub4dor-and-3"

SEED = "Agrin at the neuromuscular junction\n\nAbstract\n\nAgrin and MuSK cluster acetylcholine receptors at the neuromuscular junction.\n"

FIRST_DAY, FIRST_DIGEST = "2026-09-07T09:00:00+02:00", "2026-09-14T08:05:00+02:00"
"""Days of the demo's records: the first search, and the Monday after it."""

T = TypeVar("T")


@cache
def engine() -> Mapping[str, str] | str:
    """The environment in which docker commands find an engine, or why there is none.

    CONTAINER_ENGINE may name a program that starts one with `up`, prints with `env` the variables that lead to it, and ends it with
    `down`.
    """
    given = dict(os.environ)
    if _answers(given):
        return given
    if "CONTAINER_ENGINE" not in given:
        return "no container engine: `docker info` or `docker compose version` fails"
    program = given["CONTAINER_ENGINE"]
    _run(program, "up", environ=given)
    atexit.register(_run, program, "down", environ=given)
    found = given | dict(re.findall(r"\b(\w+)=(\S+)", _run(program, "env", environ=given).out))
    return found if _answers(found) else f"no container engine: {program} brought up none"


def _answers(environ: Mapping[str, str]) -> bool:
    asked = (("info",), ("compose", "version"))
    return bool(shutil.which("docker")) and all(_run("docker", *one, environ=environ).code == 0 for one in asked)


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code, what it printed, and what it said of errors."""

    code: int
    out: str
    errors: str

    @property
    def text(self) -> str:
        """All that it said."""
        return self.out + self.errors


def _run(program: str, *arguments: str, environ: Mapping[str, str], folder: Path = ROOT, umask: int = -1) -> Finished:
    command = [shutil.which(program) or program, *arguments]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False, umask=umask)  # noqa: S603 - our own words
    return Finished(done.returncode, done.stdout, done.stderr)


def docker(*arguments: str, check: bool = True, environ: Mapping[str, str] | None = None, folder: Path = ROOT) -> str:
    """What a docker command prints."""
    found = environ or engine()
    assert not isinstance(found, str)
    done = _run("docker", *arguments, environ=found, folder=folder)
    assert not check or done.code == 0, f"docker {' '.join(arguments)}: {done.text}"
    return done.out


def until(wanted: Callable[[], T], what: str, told: Callable[[], str] = lambda: "") -> T:
    """Asks again and again until the answer is true, and gives it; `told` is what a failure shows."""
    ends = time.monotonic() + PATIENCE
    while not (answer := wanted()):
        assert time.monotonic() < ends, f"never: {what}\n{told()}"
        time.sleep(0.5)
    return answer


@dataclass(frozen=True)
class Project:
    """One lab in a folder, and its containers."""

    folder: Path
    name: str
    environ: Mapping[str, str]
    files: tuple[str, ...] = ("docker-compose.yml", "compose.yaml")
    umask: int = -1

    def write(self, name: str, text: str) -> None:
        """Replaces a file of the lab's as an editor does: another file takes its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)

    def secret(self, name: str, text: str) -> None:
        """A file in secrets/ that the service may read; nobody else, where this is root and so may give it away."""
        self.write(f"secrets/{name}", text)
        if os.geteuid() == 0:
            path = self.folder / "secrets" / name
            path.chmod(0o600)
            os.chown(path, UID, UID)

    def compose(self, *arguments: str, check: bool = True) -> str:
        """What `docker compose` prints."""
        return docker(*self._command(*arguments), check=check, environ=self.environ, folder=self.folder)

    def finished(self, *arguments: str) -> Finished:
        """A `docker compose` command whose end matters."""
        return _run("docker", *self._command(*arguments), environ=self.environ, folder=self.folder)

    def shell(self, lines: str) -> Finished:
        """What a person's shell says to these lines; it ends at the first that fails."""
        return _run("sh", "-e", "-c", lines, environ=self.environ, folder=self.folder, umask=self.umask)

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return (
            "compose",
            "--ansi",
            "never",
            "--project-name",
            self.name,
            *(part for file in self.files for part in ("--file", file)),
            *arguments,
        )

    def up(self) -> None:
        """Starts everything and waits until the service says that it is well."""
        self.compose("up", "--detach", "--no-build")
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        """Until the image's own check has passed."""
        until(lambda: self.state()["Health"]["Status"] == "healthy", "the service is healthy", self.everything)

    def identity(self, service: str = "watcher") -> str:
        """The engine's name of a service's container."""
        return self.compose("ps", "--all", "--quiet", service).strip()

    def container(self, service: str = "watcher") -> dict[str, Any]:
        """What the engine knows of a service's container."""
        (found,) = json.loads(docker("inspect", self.identity(service)))
        assert isinstance(found, dict)
        return found

    def state(self) -> dict[str, Any]:
        """Whether it runs, its health, and how it ended."""
        state = self.container()["State"]
        assert isinstance(state, dict)
        return state

    def log(self, service: str = "watcher", lines: str = "all") -> str:
        """All that a service's container has said, or the last lines of it."""
        # not by compose, which puts control characters in between
        return _run("docker", "logs", "--tail", lines, self.identity(service), environ=self.environ).text

    def everything(self) -> str:
        """For a failure: where things stand and what was said."""
        services = self.compose("ps", "--all", "--services").split()
        return "\n".join([self.compose("ps", "--all"), *(self.log(one, "30") for one in services)])

    def inside(self, *arguments: str) -> Finished:
        """A command in the running container."""
        return self.finished("exec", "--no-TTY", "watcher", *arguments)

    def status(self) -> dict[str, Any]:
        """`watcher status --json`, asked inside; {} while there is no answer."""
        said = self.compose("exec", "--no-TTY", "watcher", "watcher", "status", "--json", check=False)
        document = json.loads(said) if said.startswith("{") else {}
        assert isinstance(document, dict)
        return document

    def mails(self) -> list[dict[str, Any]]:
        """What has arrived at the mail server."""
        return [json.loads(line) for line in self.log("neighbour").splitlines() if line.startswith("{")]

    def move_clock(self, instant: str) -> None:
        """What the service and PubMed take for the present."""
        self.write("rehearsal/clock", instant)


@contextmanager
def project(folder: Path, name: str, **environ: str) -> Iterator[Project]:
    """A lab with one watch, and nothing started yet; in the end all that belongs to it is taken away."""
    found = engine()
    assert not isinstance(found, str), found
    shutil.copy(ROOT / "docker-compose.yml", folder)
    shutil.copy(HERE / "compose.yaml", folder)
    given = {"SOURCE": str(ROOT), "IMAGE": IMAGE, "POSTGRES_IMAGE": postgres_image(), **environ}
    one = Project(folder, f"watcher-test-{name}-{os.getpid()}", {**found, **given})
    one.write("config/watcher.yaml", CONFIGURATION)
    one.write("seeds/nmj/agrin.txt", SEED)
    one.secret("lab_mail_url", f"mailto://neighbour:2525?from=watcher@uni-sample.de&user=lab&pass={PASSWORD}")
    (folder / "secrets").chmod(0o755)
    copy_the_extra(folder / "extra")
    one.move_clock(FIRST_DAY)
    try:
        yield one
    finally:
        one.compose("--profile", "*", "down", "--volumes", "--timeout", "5", check=False)


EDITOR = """\
import pathlib, re, sys
path = pathlib.Path(sys.argv[1])
path.write_text(re.sub("email: library@lab.example.*", r"email: library@uni-sample.de\\n  base_url: http://127.0.0.1:9/", path.read_text()))
"""
"""What stands for a person at an editor: writes another address into the configuration, and a PubMed that nobody has to answer for."""


@contextmanager
def clone(folder: Path, name: str, umask: int) -> Iterator[Project]:
    """A fresh clone of this folder's last commit, as it comes to who has this umask; nothing is started yet."""
    found = engine()
    assert not isinstance(found, str), found
    if not (ROOT / ".git").exists():
        pytest.skip("this folder is no clone, and none can be made of it")
    (folder / "editor.py").write_text(EDITOR, encoding="utf-8")
    project = f"watcher-test-{name}-{os.getpid()}"
    given = {"COMPOSE_PROJECT_NAME": project, "IMAGE": OF_A_CLONE, "EDITOR": f"{sys.executable} {folder / 'editor.py'}"}
    one = Project(folder / "watcher", project, {**found, **given}, ("docker-compose.yml",), umask)
    made = _run("git", "clone", "--quiet", str(ROOT), str(one.folder), environ=found, umask=umask)
    assert made.code == 0, made.text
    try:
        yield one
    finally:
        one.compose("down", "--volumes", "--timeout", "5", check=False)


def copy_the_extra(folder: Path) -> None:
    """The packages of `watcher[demo]`, which the neighbour needs and the image goes without: pure Python, as they are installed here."""
    for name in ("aiosmtpd", "atpublic", "attrs"):
        found = metadata.distribution(name)
        for file in found.files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(found.locate_file(file)), target)


@cache
def build() -> None:
    """The image, from the project's own files."""
    found = engine()
    assert not isinstance(found, str), found
    files = ("--file", str(ROOT / "docker-compose.yml"))
    docker("compose", *files, "build", "watcher", environ={**found, "IMAGE": IMAGE})


def postgres_image() -> str:
    """The official image where it is at hand, else what stands in for it."""
    return POSTGRES if docker("image", "ls", "--quiet", POSTGRES) else STAND_IN


def build_postgres() -> None:
    """The stand-in, where it is needed."""
    if postgres_image() == STAND_IN:
        docker("build", "--quiet", "--tag", STAND_IN, "--file", str(HERE / "postgres.Dockerfile"), str(HERE))
