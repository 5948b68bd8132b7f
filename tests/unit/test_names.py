"""One word per idea: what the package calls its classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import watcher

PACKAGE = Path(watcher.__file__).parent


def classes_of(package: Path) -> dict[str, list[str]]:
    """The modules in which each public class is defined, by its name."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(package)))
    return dict(found)


def test_each_public_class_name_stands_once() -> None:
    found = classes_of(PACKAGE)

    assert {name: where for name, where in found.items() if len(where) > 1} == {}
    assert {"App", "DigestList", "Store"} < found.keys()


def test_a_name_that_stands_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Once: ...\nclass Twice: ...\nclass _Inner: ...\n")
    (tmp_path / "two.py").write_text("class Twice: ...\nclass _Inner: ...\n")

    assert classes_of(tmp_path) == {"Once": ["one.py"], "Twice": ["one.py", "two.py"]}
