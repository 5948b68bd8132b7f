"""What only looks loads none of the parts that search, rank, compose and send, and builds no model of a table (decision 60)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "Bio", "alembic", "apprise", "apscheduler", "bibtexparser", "css_inline", "jinja2", "lxml", "numpy", "pylatexenc",
    "rapidfuzz", "requests", "rich", "scipy", "smtplib",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "sqlmodel", "structlog", "watchfiles",
)  # fmt: skip

CONFIG = """
pubmed: {email: library@lab.example}
watches:
  nmj: {query: "agrin[tiab]", seeds: [nmj]}
lists:
  weekly: {watches: [nmj], channels: [mail, slack], schedule: monday 08:00}
channels:
  mail: {kind: email, url: "mailtos://watcher:sample@smtp.lab.example?from=w@lab.example", to: [pi@lab.example]}
  slack: {kind: slack, url: "https://hooks.slack.com/services/T00000000/B00000000/000000000000000000000000"}
"""

SCRIPT = """
import sys
from watcher.__main__ import main
try:
    main()
finally:
    print(*sorted(name for name in sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("lab")
    for folder in ("config", "seeds/nmj"):
        (home / folder).mkdir(parents=True)
    (home / "config" / "watcher.yaml").write_text(CONFIG)
    (home / "seeds" / "nmj" / "seeds.txt").write_text("PMID 99000001\n")
    asked(home, "status")  # makes the database, which needs Alembic once
    return home


def asked(home: Path, *words: str) -> set[str]:
    """The modules that a command had loaded when it ended."""
    whole = [sys.executable, "-c", SCRIPT, "--config", str(home / "config"), *words]
    done = subprocess.run(whole, capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603 - our own words
    return set(done.stderr.splitlines()[-1].split())


def said_by(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "watcher", *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words", [("status",), ("status", "--json"), ("explain", "99000001"), ("mark", "99000001", "relevant"), ("healthcheck",)]
)
def test_a_command_that_looks_loads_nothing_heavy(words: tuple[str, ...], lab: Path) -> None:
    loaded = asked(lab, *words)

    assert "watcher" in loaded
    assert sorted(loaded & set(HEAVY)) == []


def test_a_healthcheck_says_the_same_with_and_without_the_command_line(lab: Path) -> None:
    options = (("--config", str(lab / "config")), ("-c", str(lab / "config")), (f"--config={lab / 'config'}",))

    said = {said_by(*words, "healthcheck") for words in options}

    assert said == {(1, "no service is running\n", "")}
    assert "typer" not in asked(lab, "healthcheck")


def test_help_and_healthcheck_load_neither_the_database_nor_the_configuration(lab: Path) -> None:
    loaded = asked(lab, "--help") | asked(lab, "healthcheck")

    assert sorted(loaded & {"sqlalchemy", "ruamel.yaml", "watcher.config", "watcher.domain", "watcher.store"}) == []
