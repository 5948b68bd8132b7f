"""The newer of two releases of the time zones: what is chosen, and what a process then computes with."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import tzdata

from watcher import zones

ASK = (
    "from watcher import clock, zones; from datetime import datetime; from zoneinfo import ZoneInfo; "
    "print(datetime(2026, 12, 1, tzinfo=ZoneInfo('America/New_York')).utcoffset(), zones.IN_USE.of_system, clock.zones_in_use())"
)


@pytest.mark.parametrize(
    ("system", "package", "of_system"),
    [
        ("2025b", "2026f", False),
        ("2026f", "2026f", True),
        ("2027a", "2026f", True),
        ("2026za", "2026z", True),
        ("2026b", "2026za", False),
        (None, "2026f", False),
    ],
)
def test_the_newer_release_is_used_and_that_of_the_package_where_the_system_does_not_say(
    system: str | None, package: str, of_system: bool
) -> None:
    used = zones.chosen(system, package)

    assert used.of_system is of_system
    assert used.release == (system if of_system else package)


@pytest.mark.parametrize(
    ("first_line", "release"),
    [
        ("# version 2025b", "2025b"),
        ("# version 2026f-dirty", "2026f"),
        ("# This zic input file is in the public domain.", None),
        ("", None),
    ],
)
def test_the_release_stands_in_the_first_line(tmp_path: Path, first_line: str, release: str | None) -> None:
    (tmp_path / "tzdata.zi").write_text(f"{first_line}\nR d 1916 o - Jun 14 23s 1 S\n", encoding="ascii")

    found = zones.release_in([str(tmp_path / "absent"), str(tmp_path)])

    assert found == release


@pytest.mark.parametrize(("version", "of_system"), [("1999a", False), ("2999a", True), (None, False)])
def test_a_process_computes_with_the_newer_files(tmp_path: Path, version: str | None, of_system: bool) -> None:
    """The system's New York is planted: it never changes its clocks and stands at UTC."""
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "New_York").write_bytes((resources.files(tzdata) / "zoneinfo" / "Etc" / "UTC").read_bytes())
    if version:
        (tmp_path / "tzdata.zi").write_text(f"# version {version}\n", encoding="ascii")

    told = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", ASK], env={**os.environ, "PYTHONTZPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    ).stdout

    assert told.startswith("0:00:00 True IANA 2999a, the system's" if of_system else "-1 day, 19:00:00 False IANA 20")
