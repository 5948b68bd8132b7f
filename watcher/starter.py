"""The files that `watcher init` writes: the commented configuration, its schema and the example seeds, as this package ships them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from watcher.errors import ConfigurationError, Problem
from watcher.writing import told, whole

_PACKAGED = Path(__file__).parent / "starter_files"
_CHECKOUT = Path(__file__).parent.parent
_FOLDERS = ("config", "seeds")


def shipped() -> Path:
    """The folder that holds config/ and seeds/ as shipped: in the package, or in the checkout that it runs from.

    Raises:
        ConfigurationError: this installation goes without the files, as a container's image does.
    """
    found = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    if not (found / "config").is_dir():
        fix = "take config/ and seeds/ from the folder that the image was built from; `make demo` runs there"
        raise ConfigurationError(Problem("this installation goes without the shipped configuration and seeds", fix))
    return found


def write(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Copy config/ and seeds/ into `folder`, never over a file that is there, each file whole or not at all.

    Yields:
        Each path, and whether it was written.

    Raises:
        ConfigurationError: a file cannot be written; or see `shipped`.
    """
    root = shipped()
    for name in _FOLDERS:
        for source in sorted(path for path in (root / name).rglob("*") if path.is_file()):
            target = folder / source.relative_to(root)
            if os.path.lexists(target):  # also a link that leads nowhere yet
                yield target, False
                continue
            with told(target), whole(target) as part:
                shutil.copyfile(source, part)
            yield target, True
