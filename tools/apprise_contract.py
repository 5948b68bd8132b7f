"""Runs what watcher leans on in Apprise on the oldest and on the newest release that pyproject.toml allows.

Each gets a virtual environment of its own, in a temporary folder, with pytest beside it and nothing of watcher's other dependencies. Where
a release cannot be had, that is said, and it is skipped. The exit code is 1 when the contract is broken on a release.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "tests" / "unit" / "test_notify_contract.py"


def wanted() -> list[str]:
    """The oldest and the newest release, as pip takes them.

    Raises:
        ValueError: pyproject.toml allows no range of releases.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (spec,) = (one.removeprefix("apprise") for one in project["dependencies"] if one.startswith("apprise"))
    oldest = re.match(r">=([\d.]+),", spec)
    if oldest is None:
        raise ValueError(f"apprise{spec} is no range of releases")
    return [f"apprise=={oldest[1]}", f"apprise{spec}"]


def installed(what: str, folder: Path) -> str:
    """Why a release could not be installed; "" when it was."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, what, "pytest"], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def held(folder: Path) -> bool:
    """Whether the contract holds there."""
    python = folder / "bin" / "python"
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={ROOT}"]
    where = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([python, "-m", "pytest", *options, CONTRACT], cwd=ROOT, env=where, check=False).returncode == 0


def release(folder: Path) -> str:
    """Which release is installed there."""
    ask = "from importlib.metadata import version; print(version('apprise'))"
    return subprocess.run([folder / "bin" / "python", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def tell(line: str) -> None:
    """Say it at once, among what pytest says."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Runs it on each release."""
    broken = 0
    for what in wanted():
        with TemporaryDirectory(prefix="watcher-apprise-") as named:
            folder = Path(named)
            if why := installed(what, folder):
                tell(f"skipped: {what} could not be installed: {why}")
                continue
            kept = held(folder)
            tell(f"apprise {release(folder)}: the contract {'holds' if kept else 'is broken'}")
            broken += not kept
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
