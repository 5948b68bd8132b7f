"""Files in a folder of seeds: what is read of them, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.domain import Seed
from watcher.errors import SeedError
from watcher.seeds import read, read_examples


def seeds_of(folder: Path, name: str, content: str | bytes) -> tuple[Seed, ...]:
    """The seeds of one file, in the folder seeds/lab."""
    lab = folder / "seeds" / "lab"
    lab.mkdir(parents=True, exist_ok=True)
    (lab / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read(lab, root=folder / "seeds")


def told(folder: Path, name: str, content: str | bytes) -> str:
    """What is said of a file that is refused."""
    with pytest.raises(SeedError) as refusal:
        seeds_of(folder, name, content)
    assert all(problem.fix and problem.place for problem in refusal.value.problems)
    return str(refusal.value).replace(str(folder / "seeds" / "lab"), "LAB")


def passed_over(folder: Path) -> list[str]:
    """What is said of that which was passed over in files that were read, without the mends."""
    passed_over = read_examples(folder / "seeds" / "lab", root=folder / "seeds").passed_over
    assert all(problem.fix and problem.place for problem in passed_over)
    return [f"{problem.place}: {problem.what}".replace(str(folder / "seeds" / "lab"), "LAB") for problem in passed_over]


def ids(seed: Seed) -> tuple[int | None, str | None, str | None]:
    return seed.pmid, seed.doi, seed.pmcid
