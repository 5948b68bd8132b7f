"""The real ASReview package as a method: its default model (ELAS u4), trained anew on what is labelled.

Its pins are not ours, so it lives in an environment of its own, made here from requirements-asreview.lock, and is spoken with through a
subprocess (asreview_worker.py): one JSON object a line, both ways. It cannot start without a paper that is not relevant: it is given one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Known, Method, Score, Unavailable
from contest.sets import LabelledSet

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-asreview.lock"
ENVIRONMENT = ROOT / ".venv-asreview"
WORKER = Path(__file__).with_name("asreview_worker.py")


@contextmanager
def asreview() -> Iterator[Method]:
    """The method, for as long as its process is needed. Raises Unavailable."""
    command = [str(environment()), "-P", "-W", "ignore", str(WORKER)]
    # one of its dependencies leaves a cache in the working folder
    with subprocess.Popen(command, cwd=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        talk = _Talk(process)
        try:
            yield Method("ASReview", sha256_of([Path(__file__), WORKER, LOCK]), talk.prepare)
        finally:
            process.stdin.close() if process.stdin else None


def unaided(method: Method) -> Method:
    """A method without the random paper: until one is marked as not relevant, papers stand in the order of the set, which is random."""

    def prepare(pool: LabelledSet) -> Score:
        score = method.prepare(pool)

        def unaided_score(known: Known) -> Floats:
            if not known.not_relevant.size:
                return -np.arange(len(pool.articles), dtype=np.float64)
            return score(Known(known.seeds, known.relevant, known.not_relevant))

        return unaided_score

    return Method(f"{method.name}, unaided", method.version, prepare)


class _Talk:
    """Questions to the worker and its answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def prepare(self, pool: LabelledSet) -> Score:
        """ASReview reads title and abstract; headings, where there are any, stand behind the abstract."""
        abstracts = (" ".join((one.abstract, *(heading.name for heading in one.headings))) for one in pool.articles)
        self._ask({"titles": [one.title for one in pool.articles], "abstracts": list(abstracts)})

        def score(known: Known) -> Floats:
            relevant = np.concatenate((known.seeds, known.relevant)).tolist()
            not_relevant = np.concatenate((known.not_relevant, known.stranger)).tolist()
            order = np.array(self._ask({"relevant": relevant, "not_relevant": not_relevant})["order"])
            scores = np.empty(order.size)
            scores[order] = -np.arange(order.size)
            return scores

        return score

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise Unavailable("ASReview's process has no pipes")
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise Unavailable(f"ASReview's process ended with code {self._process.wait()}; what it said stands above")
        return dict(json.loads(answer))


def environment() -> Path:
    """The Python of ASReview's environment, made or renewed where it is not that of the lock. Raises Unavailable."""
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "lock.sha256"
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == _sha256(LOCK)):
        print(f"{ENVIRONMENT.name}: installing ASReview (some 400 MB, once)", file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
        install = "-m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement"
        _run([str(python), *install.split(), str(LOCK)])
        stamp.write_text(_sha256(LOCK), encoding="ascii")
    return python


def _run(command: Iterable[str]) -> None:
    try:
        subprocess.run(list(command), check=True)  # noqa: S603 - all ours
    except subprocess.CalledProcessError as fault:
        raise Unavailable(f"ASReview cannot be installed ({fault}); --without ASReview does without it") from fault


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
