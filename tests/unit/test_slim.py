"""What the image goes without is what watcher never imports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys, json
unused = json.loads(sys.argv[1])
class Refused:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in unused):
            raise ImportError(name + " is not in the image")
sys.meta_path.insert(0, Refused())
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[2:]]))
"""

USERS = ("test_rank_themes", "test_rank_features", "test_pubmed_answers")
"""The tests of what calls SciPy's clustering and sparse matrices, and Biopython's Entrez."""


@pytest.fixture(scope="module")
def slim() -> ModuleType:
    """The tool, which is no package's module."""
    found = spec_from_file_location("slim", ROOT / "tools" / "slim.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def unused(slim: ModuleType) -> list[str]:
    return [f"{library}.{package}" for library, packages in slim.UNUSED.items() for package in packages]


def test_what_uses_scipy_and_biopython_works_without_what_is_left_out(slim: ModuleType) -> None:
    files = [f"tests/unit/{name}.py" for name in USERS]

    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WITHOUT, json.dumps(unused(slim)), *files], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_importing_all_of_watcher_imports_nothing_that_is_left_out(slim: ModuleType) -> None:
    importing = (
        "import sys, json, importlib; sys.path.insert(0, 'tools'); import slim\n"
        "[importlib.import_module(name) for name in (*slim.modules('watcher'), 'Bio.Entrez')]\n"
        "print(json.dumps(sorted(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", importing], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours

    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "watcher.flows.schedule.tick" in loaded
    assert "scipy.cluster.hierarchy" in loaded
    assert set(loaded) & set(unused(slim)) == set()


def test_each_package_that_is_left_out_is_one_of_its_library(slim: ModuleType) -> None:
    for name in unused(slim):
        library, _, package = name.partition(".")
        found = find_spec(library)
        assert found is not None
        assert found.submodule_search_locations is not None
        assert Path(found.submodule_search_locations[0], package).is_dir(), name


def a_site(folder: Path, slim: ModuleType) -> Path:
    """Libraries with what is left out, and one module each that is not."""
    for name in unused(slim):
        library, _, package = name.partition(".")
        (folder / library / package).mkdir(parents=True)
        (folder / library / package / "__init__.py").write_text("")
    for path in ("scipy/sparse/__init__.py", "scipy/sparse/tests/test_it.py", "lxml/etree.pyx", "lxml/etree.so", "lxml/etree.pyi"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")
    return folder


def test_tests_sources_and_what_is_left_out_go_and_the_rest_stays(slim: ModuleType, tmp_path: Path) -> None:
    site = a_site(tmp_path, slim)

    slim.remove(site)

    left = sorted(str(path.relative_to(site)) for path in site.rglob("*") if path.is_file())
    assert left == ["lxml/etree.so", "scipy/sparse/__init__.py"]


def test_a_package_that_the_library_no_longer_has_stops_the_build(slim: ModuleType, tmp_path: Path) -> None:
    site = a_site(tmp_path, slim)
    (site / "scipy" / "stats" / "__init__.py").unlink()
    (site / "scipy" / "stats").rmdir()

    with pytest.raises(SystemExit, match=re.escape("scipy has no package stats any more: take it out of UNUSED")):
        slim.remove(site)
