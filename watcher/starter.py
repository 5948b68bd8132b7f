"""The files that `watcher init` writes: the commented configuration, its schema and the example seeds, as this package ships them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from watcher.errors import ConfigurationError, Problem

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
    """Copy config/ and seeds/ into `folder`, never over a file that is there.

    Yields:
        Each path, and whether it was written.

    Raises:
        OSError: the folder cannot be written.
        ConfigurationError: see `shipped`.
    """
    root = shipped()
    for name in _FOLDERS:
        for source in sorted(path for path in (root / name).rglob("*") if path.is_file()):
            target = folder / source.relative_to(root)
            if target.exists():
                yield target, False
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            yield target, True
