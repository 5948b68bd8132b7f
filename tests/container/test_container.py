"""The image is built and composed up from this folder's files, and lived with: `make container-test`. Skipped where there is no engine.

The tests of a project share one running service, and leave it well. What they wait for is asked for again and again, with patience;
nothing is measured.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from compose_project import (
    CONFIGURATION,
    FIRST_DIGEST,
    IMAGE,
    OF_A_CLONE,
    PASSWORD,
    ROOT,
    UID,
    Finished,
    Project,
    build,
    build_postgres,
    clone,
    docker,
    engine,
    project,
    until,
)
from support.readme import container_lines

import watcher

pytestmark = pytest.mark.container


@pytest.fixture(scope="module", autouse=True)
def _image() -> Iterator[None]:
    if isinstance(reason := engine(), str):
        pytest.skip(reason)
    build()
    yield
    docker("image", "rm", "--force", IMAGE, OF_A_CLONE, check=False)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A service that is well, on SQLite; its first search is done."""
    with project(tmp_path_factory.mktemp("lab"), "lab") as one:
        one.up()
        until(lambda: searched(one), "the first search is done", one.everything)
        yield one


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Project]:
    """A lab whose service has not been started."""
    with project(tmp_path, "stopped") as one:
        yield one


def searched(one: Project) -> bool:
    """Whether the watch has had a good run."""
    return any(watch["last_good_run_at"] for watch in one.status().get("watches", ()))


def shell(*lines: str) -> str:
    """What the image's shell prints, without a service."""
    return docker("run", "--rm", "--read-only", "--entrypoint", "sh", IMAGE, "-c", "\n".join(lines))


# --- the image ---------------------------------------------------------------------------------------------------------------------


def test_the_image_says_what_it_is() -> None:
    (image,) = json.loads(docker("image", "inspect", IMAGE))

    assert image["Config"]["Labels"]["org.opencontainers.image.version"] == watcher.__version__
    assert image["Config"]["User"] == f"{UID}:{UID}"
    assert image["Config"]["Healthcheck"]["Test"] == ["CMD", "watcher", "healthcheck"]


def test_nothing_that_builds_or_installs_is_left_in_it() -> None:
    tools = "gcc cc c++ ld make pip pip3 uv hatchling pytest ruff mypy"
    modules = "pip ensurepip setuptools hatchling pytest mypy"

    said = shell(
        f"for tool in {tools}; do command -v $tool; done",
        f'for name in {modules}; do python -c "import $name" 2>/dev/null && echo $name; done; true',
    )

    assert said == ""


def test_nothing_of_the_labs_is_in_it() -> None:
    said = shell("cd /srv/watcher; find . -type f; find / -xdev -name watcher.yaml; ls -A /run/secrets")

    assert said == ""


def test_it_is_compiled_so_that_no_start_has_to_do_it() -> None:
    said = shell(
        "cd /opt/watcher/lib/python3*/site-packages/watcher",
        "find . -name '*.py' | sed 's/.*/x/' | sort | uniq -c; find . -name '*.pyc' | sed 's/.*/x/' | sort | uniq -c",
    )

    sources, compiled = said.splitlines()
    assert sources == compiled


def test_its_demo_names_the_extra_that_it_goes_without() -> None:
    said = shell("watcher demo --out /tmp/demo 2>&1; echo $?")

    assert said.splitlines()[-1] == "1"
    assert "pip install 'watcher[demo]'" in said


# --- a fresh clone -----------------------------------------------------------------------------------------------------------------

LETS_READ = next(line.partition("#")[0].strip() for line in container_lines(ROOT).splitlines() if line.startswith("chmod"))


@pytest.fixture(scope="module", params=[0o022, 0o077], ids=["umask 022", "umask 077"])
def cloned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Finished]]:
    """A fresh clone after README's lines, and what they said."""
    with clone(tmp_path_factory.mktemp("clone"), f"clone{request.param:o}", request.param) as one:
        yield one, one.shell(container_lines(one.folder))


def test_the_readmes_lines_bring_a_fresh_clone_up(cloned: tuple[Project, Finished]) -> None:
    one, said = cloned

    assert said.code == 0, said.text + one.everything()
    assert re.search(r"(?m)^service: process \d+, running since .*, well$", said.out)
    assert "configuration: good" in said.out
    assert one.container()["RestartCount"] == 0
    assert stat.S_IMODE(one.folder.stat().st_mode) == 0o700
    assert one.inside("watcher", "seeds").code == 0


def test_a_secret_that_is_written_later_is_read_at_once_or_told_with_the_line_that_lets_it(
    cloned: tuple[Project, Finished],
) -> None:
    one, _ = cloned
    is_open = one.umask == 0o022

    wrote = one.shell(f"echo 'mailtos://user:{PASSWORD}@127.0.0.1:9?from=watcher@uni-sample.de' > secrets/lab_mail_url")
    text = (one.folder / "config" / "watcher.yaml").read_text()
    one.write("config/watcher.yaml", re.sub(r"(?m)^    url: mailtos.*", "    url_file: secrets/lab_mail_url", text))

    assert wrote.code == 0, wrote.text
    if not is_open:
        until(lambda: LETS_READ in one.log(), "the log names the line", one.everything)
        assert one.status()["config"]["state"] == "bad"
        assert one.shell(LETS_READ).code == 0
    until(lambda: is_read(one), "the secret is read", one.everything)
    assert one.shell("git status --porcelain secrets").text == ""


def is_read(one: Project) -> bool:
    """Whether the configuration is good, and no channel's URL the example any more."""
    status = one.status()
    warned = {warning["key"] for warning in status.get("warnings", ()) if warning["code"] == "example-address"}
    return status.get("config", {}).get("state") == "good" and "channels.lab-mail.url" not in warned


def test_a_clone_that_only_its_owner_may_read_says_so_and_goes_on_after_the_line(tmp_path: Path) -> None:
    with clone(tmp_path, "forgotten", 0o077) as one:
        said = one.shell("".join(line for line in container_lines(one.folder).splitlines(True) if not line.startswith("chmod")))

        assert said.code != 0, said.text
        log = one.shell("docker compose logs watcher")
        assert "/srv/watcher/config/watcher.yaml: the file cannot be read: Permission denied" in log.text
        assert f"let uid {UID}, as which watcher runs, enter /srv/watcher/config" in log.text
        assert LETS_READ in log.text
        assert one.shell(LETS_READ).code == 0
        one.wait_until_healthy()


# --- the running service -----------------------------------------------------------------------------------------------------------


def test_it_runs_without_rights_on_a_root_that_cannot_be_written(service: Project) -> None:
    rights = service.inside("sh", "-c", "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/1/status; touch /srv/watcher/x /opt/x")
    host = service.container()["HostConfig"]

    assert rights.text.splitlines()[0] == str(UID)
    assert re.findall(r"Cap\w+:\s+(\w+)", rights.text) == ["0" * 16] * 2
    assert re.findall(r"NoNewPrivs:\s+(\d)", rights.text) == ["1"]
    assert rights.text.count("Read-only file system") == 2
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Init"]) == (True, ["ALL"], True)


def test_it_does_its_work_there(service: Project) -> None:
    (watch,) = service.status()["watches"]

    assert watch["matched"] > 0


def test_its_secrets_are_files_that_nobody_else_reads_and_no_log_repeats(service: Project) -> None:
    described = json.dumps(service.container())

    assert service.inside("sh", "-c", "cat /run/secrets/lab_mail_url").text.strip().endswith(PASSWORD)
    assert PASSWORD not in described + service.log()


def test_a_good_edit_is_taken_up_without_a_restart(service: Project) -> None:
    before, started = service.status()["config"]["sha256"], service.state()["StartedAt"]

    service.write("config/watcher.yaml", CONFIGURATION.replace("threshold: 0", "threshold: 1"))

    until(lambda: service.inside("sh", "-c", "grep -c 'threshold: 1' config/watcher.yaml").text.strip() == "1", "the file arrives")
    until(lambda: service.status().get("config", {}).get("sha256", before) != before, "the edit is taken up", service.everything)
    assert service.state()["StartedAt"] == started


def test_a_bad_edit_is_told_with_its_line_and_the_service_stays_well(service: Project) -> None:
    line = CONFIGURATION.splitlines().index("    threshold: 0") + 1
    started = service.state()["StartedAt"]

    service.write("config/watcher.yaml", CONFIGURATION.replace("threshold: 0", "threshold: many"))

    place = f"config/watcher.yaml:{line}"
    until(lambda: place in service.log(), "the log names the line", service.everything)
    until(lambda: service.status().get("config", {}).get("state") == "bad", "status says so", service.everything)
    assert service.status()["config"]["error"]["line"] == line
    assert service.inside("watcher", "healthcheck").code == 0
    assert service.state()["StartedAt"] == started
    service.write("config/watcher.yaml", CONFIGURATION)
    until(lambda: service.status().get("config", {}).get("state") == "good", "the mended file is taken up", service.everything)


def test_a_restart_keeps_what_was_done_and_owes_what_comes(service: Project) -> None:
    before = service.status()["watches"]

    service.compose("restart", "watcher")
    service.wait_until_healthy()

    assert service.status()["watches"] == before
    service.move_clock(FIRST_DIGEST)
    until(service.mails, "the digest arrives", service.everything)
    service.compose("up", "--detach", "--no-build", "--force-recreate", "watcher")
    service.wait_until_healthy()
    until(lambda: service.status()["deliveries"] | {"oldest_at": None} == NOTHING_OWED, "nothing is owed", service.everything)
    assert [mail["to"] for mail in service.mails()] == [["pi@uni-sample.de"]]


NOTHING_OWED = {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None}


def test_a_killed_one_comes_back_by_itself_and_waits_for_nobody(service: Project) -> None:
    before = service.state()["StartedAt"]

    service.inside("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")

    until(lambda: service.state()["StartedAt"] != before and service.state()["Running"], "it is started again", service.everything)
    service.wait_until_healthy()
    done = service.inside("watcher", "run")
    assert done.code == 0, done.text


def test_it_ends_within_the_grace_period_of_its_own_accord(service: Project) -> None:
    service.compose("stop", "watcher")

    state = service.state()
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    service.up()


def test_a_backup_comes_out_of_the_volume_and_goes_back(service: Project) -> None:
    before = service.status()["watches"]

    saved = service.inside("watcher", "backup", "data/mine.db")
    service.compose("cp", "watcher:/srv/watcher/data/mine.db", "mine.db")
    (service.folder / "mine.db").chmod(0o644)
    service.compose("cp", "mine.db", "watcher:/srv/watcher/data/back.db")
    service.compose("stop", "watcher")
    restored = service.finished("run", "--rm", "--no-deps", "--no-TTY", "watcher", "restore", "data/back.db")
    service.up()

    assert (saved.code, restored.code) == (0, 0), saved.text + restored.text
    assert service.status()["watches"] == before


def test_one_more_process_on_the_same_volume_is_harmless(service: Project) -> None:
    done = service.finished("run", "--rm", "--no-deps", "--no-TTY", "watcher", "tick")

    assert done.code in (0, 5), done.text
    assert service.inside("watcher", "healthcheck").code == 0


# --- what a lab gets wrong ---------------------------------------------------------------------------------------------------------


def refused(one: Project) -> str:
    """What the service says before it ends with the code for a wrong input."""
    done = one.finished("run", "--rm", "--no-deps", "--no-TTY", "watcher")
    assert done.code == 1, done.text
    return done.text


def test_a_volume_that_cannot_be_written_is_told_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    with project(tmp_path, "unwritable", DATA_FOLDER="./data") as one:
        told = refused(one)

    assert f"sudo chown -R {UID}:{UID}" in told
    assert "Traceback" not in told


def test_a_secret_that_cannot_be_read_is_named(stopped: Project) -> None:
    stopped.write("secrets/lab_mail_url", "mailto://neighbour:2525")
    (stopped.folder / "secrets" / "lab_mail_url").chmod(0o600)

    told = refused(stopped)

    assert "/srv/watcher/secrets/lab_mail_url: the file cannot be read: Permission denied" in told
    assert LETS_READ in told


def test_a_first_start_with_a_bad_configuration_ends_with_its_line(stopped: Project) -> None:
    stopped.write("config/watcher.yaml", CONFIGURATION.replace("schedule: monday 08:00", "schedule: someday"))

    told = refused(stopped)

    assert re.search(r"config/watcher\.yaml:\d+:\d+: lists\.lab-weekly\.schedule", told)


@pytest.mark.parametrize("name", ["config", "seeds", "secrets"])
def test_a_missing_folder_is_named_and_not_made_up(stopped: Project, name: str) -> None:
    shutil.rmtree(stopped.folder / name)

    done = stopped.finished("up", "--detach", "--no-build", "--no-deps", "watcher")

    assert done.code != 0
    assert str(stopped.folder / name) in done.text
    assert not (stopped.folder / name).exists()


# --- with a database server beside it --------------------------------------------------------------------------------------------


def test_the_postgres_profile_waits_for_its_server_and_works(tmp_path: Path) -> None:
    build_postgres()
    with project(tmp_path, "postgres", COMPOSE_PROFILES="postgres") as one:
        one.secret("postgres_password", PASSWORD)
        one.secret("watcher_database_url", f"postgresql+psycopg://watcher:{PASSWORD}@postgres/watcher")

        one.up()

        until(lambda: searched(one), "the first search is done", one.everything)
        assert one.status()["database"]["kind"] == "postgresql"
        assert one.state()["StartedAt"] > one.container("postgres")["State"]["StartedAt"]
        one.compose("restart", "postgres")
        until(lambda: searched(one), "the server is found again", one.everything)
        one.wait_until_healthy()
        assert PASSWORD not in one.log() + one.log("postgres")
