"""The files that an image is made of, as far as they can be judged without building one; `make container-test` builds it."""

from __future__ import annotations

import re
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.readme import container_lines

import watcher
from watcher.domain import ENCODER_FILES
from watcher.unreadable import FOR_A_CONTAINER

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LOCKS = ("requirements-run.lock", "requirements-dense.lock", "requirements-build.lock", "requirements-postgres.lock")

Pins = dict[tuple[str, str], frozenset[str]]
"""Name and version of a package, with the hashes of its files."""


def pins(name: str) -> Pins:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {
        (found["name"], found["version"]): frozenset(re.findall(r"sha256:\w{64}", found["hashes"]))
        for found in re.finditer(
            r"(?m)^(?P<name>[\w.-]+)(?:\[.*?\])?==(?P<version>\S+)[^\n]*\n(?P<hashes>(?:    --hash=.*\n)+)", text
        )
    }


def names(found: Pins) -> set[str]:
    return {name for name, _version in found}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def needed(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ]", one)[0].lower().replace(".", "-") for one in requirements}


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """What the compose file says of the service."""
    document = YAML(typ="safe", pure=True).load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    service = document["services"]["watcher"]
    assert isinstance(service, dict)
    return service


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_tested_is_what_is_shipped(name: str) -> None:
    tested, shipped = pins("requirements.lock"), pins(name)

    assert shipped
    assert {pin: hashes for pin, hashes in shipped.items() if pin[0] in names(tested) and tested.get(pin) != hashes} == {}


@pytest.mark.parametrize("name", ["requirements.lock", *LOCKS])
def test_every_line_of_a_lock_has_its_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert len(re.findall(r"(?m)^[\w.-]+.*==", text)) == len(pins(name))
    assert not re.search(r"https?://|--index-url|--find-links", text)


def test_the_image_gets_all_that_the_service_needs_and_nothing_of_the_workshop() -> None:
    declared = project()
    run = names(pins("requirements-run.lock"))
    workshop = needed([one for one in declared["dependency-groups"]["dev"] if isinstance(one, str)])

    assert needed(declared["project"]["dependencies"] + declared["project"]["optional-dependencies"]["postgres"]) <= run
    assert workshop & run == set()


def test_the_image_goes_without_the_demos_mail_server() -> None:
    demo = needed(project()["project"]["optional-dependencies"]["demo"])

    assert demo <= names(pins("requirements.lock")), "make setup installs it"
    assert demo & (names(pins("requirements-run.lock")) | names(pins("requirements-dense.lock"))) == set()


def test_a_library_without_a_first_version_has_an_upper_bound() -> None:
    """Below 1.0 each release may break what the one before promised."""
    declared = project()
    extras, groups = declared["project"]["optional-dependencies"].values(), declared["dependency-groups"].values()
    asked = [one for group in (declared["project"]["dependencies"], *extras, *groups) for one in group if isinstance(one, str)]
    below_one = {name for name, version in pins("requirements.lock") if version.startswith("0.")}

    unbounded = [one for one in asked if needed([one]) & below_one and "<" not in one and "==" not in one]

    assert unbounded == []


def test_the_extra_adds_its_packages_to_the_image_and_changes_no_other() -> None:
    run, dense = pins("requirements-run.lock"), pins("requirements-dense.lock")

    assert run.items() <= dense.items()
    assert needed(project()["project"]["optional-dependencies"]["dense"]) <= names(dense)
    assert needed(project()["project"]["optional-dependencies"]["dense"]) & names(run) == set()


@pytest.mark.parametrize(("extra", "code", "lock"), [("", 0, "run"), ("dense", 0, "dense"), ("dens", 1, "")])
def test_the_build_argument_chooses_the_lock(extra: str, code: int, lock: str) -> None:
    guard = re.findall(r'(?m)^RUN (case "\$EXTRA".+ esac) \\$', DOCKERFILE)[0]
    (named,) = re.findall(r'"/source/requirements-\$\{EXTRA:-run\}\.lock"', DOCKERFILE)

    done = subprocess.run(["sh", "-c", f"{guard}; echo {named}"], env={"EXTRA": extra}, capture_output=True, text=True, check=False)  # noqa: S603, S607 - the Dockerfile's own line

    assert (done.returncode, done.stdout.strip()) == (code, f"/source/requirements-{lock}.lock" if lock else "")


def test_a_model_that_is_not_there_is_not_copied(service: dict[str, Any]) -> None:
    copied, of_its_use = re.findall(r"(?m)^COPY (.*tokenizer.*) /model/$", DOCKERFILE)
    folder = "${MODEL_FOLDER:-watcher}"

    assert copied.split() == ["LICENSE", f"{folder}/model.onn[x]", f"{folder}/tokenizer.jso[n]"]
    own_folder_or_its_list = {"1_Pooling/config.json", "modules.json"}
    assert of_its_use.split() == [
        "LICENSE", *(f"{folder}/{name[:-1]}[n]" for name in ENCODER_FILES if name not in own_folder_or_its_list),
    ]  # fmt: skip
    assert service["build"]["args"].keys() >= {"EXTRA", "MODEL_FOLDER"}
    assert (ROOT / "watcher").is_dir()  # a builder refuses a folder that is absent
    assert not {"model.onnx", "tokenizer.json", *ENCODER_FILES} & {path.name for path in (ROOT / "watcher").iterdir()}


def test_the_image_carries_this_version() -> None:
    (version,) = re.findall(r'org\.opencontainers\.image\.version="(.+?)"', DOCKERFILE)

    assert version == watcher.__version__


def test_every_file_that_is_copied_into_the_image_gets_through_the_ignore_file() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    copied = {
        re.sub(r"\[(\w)\]$", r"\1", name.replace("${MODEL_FOLDER:-watcher}", "**"))
        for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE)
        for name in line.split()
        if not name.startswith("--")
    }

    assert copied == let_through
    assert not {"config", "seeds", "secrets", "data", ".git"} & let_through


def test_the_service_is_given_no_rights(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service, "the image says who runs it"
    assert re.findall(r"(?m)^USER (.+)$", DOCKERFILE) == ["10001:10001"]


def test_only_the_memory_can_be_written(service: dict[str, Any]) -> None:
    bound = [one for one in service["volumes"] if isinstance(one, dict)]

    assert all(one["read_only"] for one in bound)
    assert [one for one in service["volumes"] if one not in bound] == ["${DATA_FOLDER:-data}:/srv/watcher/data"]


# --- a fresh clone -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def closed_clone(tmp_path: Path) -> Path:
    """The last commit, as it comes to a person whose files nobody else may read."""
    if not (ROOT / ".git").exists():
        pytest.skip("this folder is no clone, and none can be made of it")
    folder = tmp_path / "watcher"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, capture_output=True, umask=0o077)  # noqa: S603, S607
    return folder


def mounted(service: dict[str, Any]) -> list[str]:
    return [one["source"].removeprefix("./") for one in service["volumes"] if isinstance(one, dict)]


def test_a_clone_has_each_folder_that_is_mounted_and_none_is_made_up_by_root(service: dict[str, Any], closed_clone: Path) -> None:
    bound = [one for one in service["volumes"] if isinstance(one, dict)]

    assert sorted(mounted(service)) == ["config", "secrets", "seeds"]
    assert [name for name in mounted(service) if not (closed_clone / name).is_dir()] == []
    assert all(one["bind"]["create_host_path"] is False for one in bound)


def test_a_secret_in_its_folder_is_not_for_git(closed_clone: Path) -> None:
    (closed_clone / "secrets" / "lab_mail_url").write_text("mailtos://user:pw@smtp.uni-sample.de")

    changed = subprocess.run(["git", "status", "--porcelain"], cwd=closed_clone, check=True, capture_output=True, text=True)  # noqa: S607

    assert changed.stdout == ""


def test_readmes_line_lets_the_images_user_read_what_is_mounted_and_nobody_else(
    service: dict[str, Any], closed_clone: Path
) -> None:
    (line,) = (line for line in container_lines(ROOT).splitlines() if line.startswith("chmod"))
    (closed_clone / "secrets" / "lab_mail_url").touch(mode=0o600)

    subprocess.run(["sh", "-e", "-c", line], cwd=closed_clone, check=True)  # noqa: S603, S607 - README's own words

    found = [path for name in mounted(service) for path in (closed_clone / name, *(closed_clone / name).rglob("*"))]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o007 for path in found if path.is_dir()} == {0o005}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o007 for path in found if path.is_file()} == {0o004}
    assert stat.S_IMODE(closed_clone.stat().st_mode) == 0o700


def test_what_is_refused_is_told_with_readmes_line() -> None:
    operations, composed = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/operations.md", "docker-compose.yml"))

    assert all(FOR_A_CONTAINER in text for text in (container_lines(ROOT), operations, composed))


def test_readmes_lines_need_no_root_and_wait_for_what_becomes_of_the_service() -> None:
    lines = container_lines(ROOT)

    assert "sudo" not in lines
    assert "docker compose up --detach --build --wait " in lines


def test_the_engine_waits_longer_than_the_service_takes_to_end(service: dict[str, Any]) -> None:
    assert service["stop_grace_period"] == "60s"
    assert service["init"] is True
    assert service["restart"] == "unless-stopped"
