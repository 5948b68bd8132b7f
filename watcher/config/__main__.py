"""`python -m watcher.config`: renew config/watcher.schema.json and the table of keys in docs/configuration.md from the models."""

from __future__ import annotations

from pathlib import Path

from watcher.config.reference import write_reference, write_schema


def main(root: Path) -> None:
    """Write both files below the project's folder `root`."""
    (root / "config" / "watcher.schema.json").write_text(write_schema(), encoding="utf-8")
    page = root / "docs" / "configuration.md"
    page.write_text(write_reference(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path.cwd())
