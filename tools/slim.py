"""Makes the libraries that an image holds small: `python tools/slim.py`, by the interpreter that will run watcher.

What goes: the libraries' own tests, type stubs and sources in C, and the parts of SciPy and Biopython that watcher never imports
(tests/unit/test_slim.py runs what uses the two libraries without them). What is compiled: the modules that watcher can load. The rest is
there, and is compiled each time that something imports it.
"""

from __future__ import annotations

import compileall
import importlib
import pkgutil
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

UNUSED = {
    "scipy": (
        "datasets", "differentiate", "fftpack", "integrate", "interpolate", "io", "misc", "ndimage", "odr", "optimize", "signal", "stats",
    ),
    "Bio": (
        "Affy", "Align", "AlignIO", "Alphabet", "Blast", "CAPS", "Cluster", "Compass", "Emboss", "ExPASy", "GenBank", "Geo", "Graphics",
        "HMM", "KEGG", "NMR", "Nexus", "PDB", "Pathway", "Phylo", "PopGen", "Restriction", "SCOP", "SVDSuperimposer", "SearchIO", "SeqIO",
        "SeqUtils", "Sequencing", "SwissProt", "TogoWS", "UniGene", "UniProt", "codonalign", "motifs", "phenotype",
    ),
}  # fmt: skip
"""Packages inside a library that watcher never imports, by library."""

SOURCES = (".pyi", ".pyx", ".pxd", ".pxi", ".h", ".hpp", ".c", ".cpp", ".a")
"""Endings of files that only builders and type checkers read."""

LATE = (
    "Bio.Entrez",
    "alembic.command",
    "apprise",
    "onnxruntime",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "tokenizers",
)
"""Modules that watcher, or a library of its, imports inside a function, where they are installed."""

WHOLE = ("watcher", "apprise")
"""Packages that are compiled whole: Apprise imports each of its plugins when it is first used."""


def main() -> None:
    """Slim the libraries of this interpreter."""
    site = Path(sysconfig.get_path("purelib"))
    before = size(site)
    remove(site)
    sys.dont_write_bytecode = False
    for name in (*modules("watcher"), *LATE):
        if find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    for name in WHOLE:
        compileall.compile_dir(site / name, quiet=1)
    print(f"libraries: {before / 1e6:.0f} MB as installed, {size(site) / 1e6:.0f} MB slimmed and compiled")  # noqa: T201 - a report


def remove(site: Path) -> None:
    """Removes what nothing loads.

    Args:
        site: the folder of the libraries.

    Raises:
        SystemExit: a package named in `UNUSED` is not there: the library has changed, and so must the list.
    """
    for library, packages in UNUSED.items():
        for package in packages:
            if not (site / library / package).is_dir():
                sys.exit(f"tools/slim.py: {library} has no package {package} any more: take it out of UNUSED")
            shutil.rmtree(site / library / package)
    for folder in [path for path in site.rglob("tests") if path.is_dir()]:
        shutil.rmtree(folder, ignore_errors=True)  # one inside another is gone already
    for path in [path for path in site.rglob("*") if path.suffix in SOURCES and path.is_file()]:
        path.unlink()


def modules(package: str) -> Iterator[str]:
    """The names of all modules of a package that can be imported here: the demo needs a library that an image goes without, and what
    migrations run in is no module."""
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        left_out = found.name.endswith((".__main__", ".migrations.env"))
        needs_more = found.name.startswith(("watcher.demo", "watcher.standins")) and find_spec("aiosmtpd") is None
        if not left_out and not needs_more:
            yield found.name


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
