"""What `make setup` installs a lock file with: pip, and a line that says how far it is.

    python tools/install.py requirements.lock

Packages come with the hashes of the file, and nothing else comes with them. The exit code is pip's, and so is all that it says
when it fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")
_LOCKED = ("--require-hashes", "--no-deps", "--requirement")
_EACH = 10
"""Where nobody watches, so many packages make one line."""


def main(lock: str) -> int:
    """Install what the lock file names; pip's exit code."""
    total = len(re.findall(r"(?m)^[\w.-]+(\[.*\])?==", Path(lock).read_text(encoding="utf-8")))
    said, count = [], 0
    with subprocess.Popen((*_PIP, *_LOCKED, lock), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if line.startswith(("Collecting ", "Processing ", "Requirement already satisfied: ", "Ignoring ")):
                count += 1
                _tell(f"{count} of {total} packages", last=False, number=count)
            elif line.startswith("Installing collected packages"):
                _tell(f"{count} of {total} packages looked at; installing", last=True, number=0)
    if pip.returncode:
        sys.stderr.writelines(["\n", *said])
    return pip.returncode


def _tell(what: str, *, last: bool, number: int) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"\r{what:<60}" + ("\n" if last else ""))
    elif number % _EACH == 0:
        sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
