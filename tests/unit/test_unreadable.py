"""What may not be read: said with who may not, what stands in the way, and the command. As root these tests are another user for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.another_user import SERVICE, reachable_folder, the_service
from support.configured import SMALL, Home

from watcher import unreadable
from watcher.config import load
from watcher.daemon.files import fingerprint
from watcher.errors import ConfigurationError, SeedError
from watcher.seeds import read

NOT_ROOT = os.geteuid() != 0
THEMES = "Ageing: [sarcopenia]\n"


@pytest.fixture
def home() -> Iterator[Home]:
    """A lab's folder that others can reach, with a file of each kind."""
    with reachable_folder() as folder:
        one = Home(folder, {})
        one.write("config/watcher.yaml", SMALL)
        one.write("config/themes/nmj.yaml", THEMES)
        one.write("seeds/nmj/agrin.list", "11\n")
        one.write("secrets/mail", "mailtos://user:pw@smtp.uni-sample.de")
        as_read_by_now(one)  # what is imported on the way could not be found as another user
        yield one
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700)


def as_read_by_now(home: Home) -> str:
    """What whoever we are says when they read the configuration and the seeds."""
    try:
        load(home.file, environ={})
        read(home.folder / "seeds" / "nmj", root=home.folder / "seeds")
    except (ConfigurationError, SeedError) as error:
        return str(error)
    return "read"


def told(home: Home) -> str:
    """What the service says."""
    with the_service():
        return as_read_by_now(home)


def fix(path: Path, *, enter: bool) -> str:
    """The beginning of the remedy: a command where the file is our own."""
    if NOT_ROOT:
        return f"mend it with: chmod -R u+rX {path}"
    return f"let uid {SERVICE}, as which watcher runs, {f'enter {path}' if enter else 'read it'}"


def test_what_all_may_read_is_read(home: Home) -> None:
    assert told(home) == "read"


@pytest.mark.parametrize("name", ["config/watcher.yaml", "config/themes/nmj.yaml", "seeds/nmj/agrin.list"])
def test_a_file_that_may_not_be_read_names_the_user_and_the_command(home: Home, name: str) -> None:
    (home.folder / name).chmod(0)

    said = told(home)

    assert f"{home.folder / name}: the file cannot be read: Permission denied\n    {fix(home.folder / name, enter=False)}" in said


@pytest.mark.parametrize("name", ["config", "config/themes", "seeds", "seeds/nmj"])
@pytest.mark.parametrize("mode", [0o000, 0o644], ids=["closed", "no entry"])
def test_a_folder_that_may_not_be_entered_is_what_is_named(home: Home, name: str, mode: int) -> None:
    folder = home.folder / name
    folder.chmod(mode)

    said = told(home)

    assert "cannot be read: Permission denied" in said
    assert str(folder) in said.splitlines()[-1] or f"{folder} cannot be read" in said or f"{folder}: the folder cannot" in said
    assert "there is no" not in said
    assert ("mend it with: chmod -R u+rX " if NOT_ROOT else f"let uid {SERVICE}, as which watcher runs, ") in said


def test_a_secret_is_for_the_service_alone(home: Home) -> None:
    home.write("config/watcher.yaml", SMALL.replace("url: mailtos", "url_file: secrets/mail  # mailtos"))
    (home.folder / "secrets" / "mail").chmod(0)

    said = told(home)

    assert f"{home.folder}/secrets/mail: the file cannot be read: Permission denied" in said
    assert fix(home.folder / "secrets" / "mail", enter=False) + ("" if NOT_ROOT else ", and nobody else") in said


@pytest.mark.skipif(NOT_ROOT, reason="what is one's own needs no help from outside")
def test_the_line_for_a_container_is_there_where_the_file_is_another_users(home: Home) -> None:
    home.file.chmod(0o600)

    assert "(for a container, beside docker-compose.yml: chmod 700 . && chmod -R a+rX config seeds secrets)" in told(home)


def test_a_folder_above_that_may_not_be_entered_is_no_crash(home: Home) -> None:
    home.folder.chmod(0o600)

    with the_service(), pytest.raises(ConfigurationError) as caught:
        load(home.file.parent, environ={})
    with the_service():
        seen = fingerprint([home.file, home.folder / "seeds"])

    assert fix(home.folder, enter=True) in str(caught.value)
    assert seen == frozenset()


def test_a_folder_of_secret_files_that_may_not_be_entered_is_told_once(home: Home) -> None:
    (home.folder / "secrets").chmod(0o600)

    with the_service(), pytest.raises(ConfigurationError) as caught:
        load(home.file, environ={"WATCHER_SECRETS_DIR": "secrets"})

    assert [problem.what for problem in caught.value.problems] == ["the folder cannot be read: Permission denied"]


def test_another_error_than_a_refusal_gets_no_command() -> None:
    assert unreadable.mend(Path("x"), IsADirectoryError()) == "make it readable for the user who runs watcher"


def test_themes_are_not_missed_where_there_are_none(home: Home) -> None:
    (home.folder / "config" / "themes" / "nmj.yaml").unlink()
    (home.folder / "config" / "themes").rmdir()

    assert told(home) == "read"
