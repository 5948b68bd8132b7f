# noqa: INP001 - a script, no package
"""Takes the picture of the README: the top of the demo's last digest, as headless Chromium draws it.

    make demo && make picture

Reads demo-out/digest.html, writes docs/images/digest.png. It opens no address: the page holds everything that it shows.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "demo-out" / "digest.html"
PICTURE = ROOT / "docs" / "images" / "digest.png"
WIDTH, HEIGHT = 680, 930
LARGEST_BYTES = 250_000

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIETLY = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


def main() -> None:
    """Take the picture, or say what is missing."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is installed")
    if not PAGE.exists():
        sys.exit(f"{PAGE} is not there: run `make demo` first")
    with tempfile.TemporaryDirectory(prefix="watcher-picture-") as profile:
        shot = Path(profile) / "digest.png"
        command = [browser, *QUIETLY, f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]
        subprocess.run([*command, PAGE.as_uri()], check=True, capture_output=True, timeout=120)  # noqa: S603 - a browser of this machine
        if shot.stat().st_size > LARGEST_BYTES:
            sys.exit(f"the picture has {shot.stat().st_size:,} bytes, more than {LARGEST_BYTES:,}: lower HEIGHT")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shot, PICTURE)
    sys.stdout.write(f"{PICTURE}\n")


if __name__ == "__main__":
    main()
