"""What has been measured is kept, one file for each task, pool and method, so that a run that was stopped goes on where it was.

A file counts as long as the pool's papers and labels, the method's version, the task's settings and the benchmark's code are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from contest.measures import Trial, Values
from contest.methods import Method
from contest.sets import LabelledSet, text_of


@dataclass(frozen=True)
class Measured:
    """What one method reached in one pool, and the seconds that it took, reading the pool included."""

    method: str
    values: Values
    seconds: float


def place(folder: Path, task: str, pool: LabelledSet, method: Method, settings: str) -> Path:
    """Where the results are kept."""
    parts = (fingerprint(pool), method.name, method.version, settings, code())
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return folder / f"{task}.{pool.name}.{method.name.replace(' ', '-').replace(',', '')}.{key}.json"


def load(path: Path, method: Method) -> Measured | None:
    """Results as they were kept, if they were."""
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    values = {Trial(topic, k, draw): value for topic, k, draw, value in kept["values"]}
    return Measured(method.name, values, kept["seconds"])


def save(path: Path, measured: Measured) -> None:
    """Keep results; a file is there whole or not at all."""
    rows = [[*trial, value] for trial, value in measured.values.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps({"seconds": measured.seconds, "values": rows}), encoding="utf-8")
    beside.replace(path)


def fingerprint(pool: LabelledSet) -> str:
    """A hash of all that a method or a task can see of a pool."""
    digest = hashlib.sha256(pool.years.tobytes())
    for article in pool.articles:
        digest.update(f"{text_of(article)}\n".encode())
    for topic, relevant in pool.topics.items():
        digest.update(topic.encode() + relevant.tobytes())
    return digest.hexdigest()


@cache
def code() -> str:
    """A hash of the code that every result depends on; a method's version stands for its own."""
    return sha256_of(Path(__file__).with_name(name) for name in ("measures.py", "methods.py", "sets.py", "tasks.py"))


def sha256_of(paths: Iterable[Path]) -> str:
    """One hash of several files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
