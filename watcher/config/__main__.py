"""`python -m watcher.config`: renew config/watcher.schema.json and the table of keys in docs/configuration.md from the models."""

from __future__ import annotations

import json
from pathlib import Path

from watcher.config.reference import write_reference, write_schema
from watcher.errors import ConfigurationError, Place, Problem
from watcher.writing import write


def main(root: Path) -> None:
    """Write both files below the project's folder `root`.

    Raises:
        ConfigurationError: this is not the project's folder, or a file cannot be written; each is then what it was.
    """
    schema, page = root / "config" / "watcher.schema.json", root / "docs" / "configuration.md"
    if not page.is_file():
        raise ConfigurationError(Problem("there is no such file", "run this in the project's folder", Place(page)))
    renewed = write_reference(page.read_text(encoding="utf-8"))
    write(schema, write_schema().encode(), force=True, read_back=lambda part: json.loads(part.read_bytes()))
    write(page, renewed.encode(), force=True)


if __name__ == "__main__":
    main(Path.cwd())
