"""`make simulate`: many seeds, one after the other or side by side, and what became of them.

python -m simulation --seeds 200 --jobs 2       # goes on where the last call with the same options and code ended
python -m simulation --seed 17 --trace          # one seed again, step by step
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from simulation import script
from simulation.batch import ROOT, Kept, Outcome, code_hash
from simulation.life import lives
from simulation.oracle import verdict
from simulation.premises import Premises
from simulation.service import Crew, Daemons, Ticks
from simulation.world import build

OUTCOMES = ROOT / "bench-out" / "simulation.jsonl"

Live = Callable[[int, argparse.Namespace], Outcome]


def main(arguments: Sequence[str] | None = None, live: Live | None = None) -> int:
    """Run what the command line asks for; 1 when a seed failed, 130 when it was broken off. `live` lives one seed of a batch."""
    asked = _arguments().parse_args(arguments)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself at each login
    for number in (signal.SIGINT, signal.SIGTERM):  # in the background of a shell SIGINT is ignored
        signal.signal(number, signal.default_int_handler)
    if asked.json:
        _end_with_parent()
        _say(json.dumps(asdict(_one(asked.seed, asked))))
        return 0
    if asked.seed is not None:
        outcome = _one(asked.seed, asked)
        _tell(outcome, asked)
        _sum_up([outcome])
        return int(bool(outcome.wrong))
    return _batch(range(asked.first, asked.first + asked.seeds), asked, live or _apart)


def _batch(seeds: Sequence[int], asked: argparse.Namespace, live: Live) -> int:
    """Take over what an earlier call has lived, live the others, and tell each as it ends."""
    kept = Kept(asked.out, _options(asked))
    outcomes = [] if asked.again else list(kept.taken_over(seeds, code_hash()))
    if outcomes:
        _say(
            f"taken over from {asked.out}: {len(outcomes)} of {len(seeds)} seeds, with the same options and code (--again lives all)"
        )
    for outcome in outcomes:
        _tell(outcome, asked)
    known = {outcome.seed for outcome in outcomes}
    try:
        for outcome in _lived([seed for seed in seeds if seed not in known], lambda seed: kept.keep(live(seed, asked)), asked.jobs):
            outcomes.append(outcome)
            _tell(outcome, asked)
    except KeyboardInterrupt:
        left = len(seeds) - len(kept.taken_over(seeds, code_hash()))
        _say(f"broken off: {left} of {len(seeds)} seeds are left; the same command goes on with them")
        return 130
    _sum_up(outcomes)
    return int(any(outcome.wrong for outcome in outcomes))


def _lived(seeds: Sequence[int], live: Callable[[int], Outcome], jobs: int) -> Iterator[Outcome]:
    """The outcomes as they come. Ctrl-C ends the years under way too."""
    pool = ThreadPoolExecutor(jobs)
    try:
        for future in as_completed([pool.submit(live, seed) for seed in seeds]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(_UNDER_WAY):
            process.send_signal(signal.SIGINT)
        pool.shutdown()


_UNDER_WAY: set[subprocess.Popen[str]] = set()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation", description="Simulates the service's life with everything going wrong."
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="this seed alone")
    parser.add_argument("--weeks", type=int, default=52, help="how long each life is")
    parser.add_argument("--hours", type=float, default=20.0, help="how far the clock moves at a time, about")
    parser.add_argument("--daemons", type=int, default=0, help="how many services over one database; 0: one or two, by seed")
    parser.add_argument("--ticks", action="store_true", help="`watcher tick` in place of `watcher serve`")
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="KIND", help="mishaps to leave out, as script.Severity calls them"
    )
    parser.add_argument("--steady", action="store_true", help="nobody edits the configuration")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL in place of SQLite")
    parser.add_argument("--jobs", type=int, default=1, help="how many seeds at a time")
    parser.add_argument("--trace", action="store_true", help="tell every step")
    parser.add_argument("--keep", type=Path, help="keep the folder of a seed here")
    parser.add_argument(
        "--out", type=Path, default=OUTCOMES, help="where the outcome of each seed is kept (bench-out/simulation.jsonl)"
    )
    parser.add_argument("--again", action="store_true", help="take nothing over from an earlier call")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    return parser


def _one(seed: int, asked: argparse.Namespace) -> Outcome:
    """Live one seed in this process."""
    code, world = code_hash(), build(seed, asked.weeks, edits=not asked.steady)
    severity = replace(script.Severity(), **dict.fromkeys(asked.without, 0.0))
    steps = script.write(world, hours=asked.hours, severity=severity, serving=not asked.ticks)
    outcome, began = Outcome(seed, asked.weeks, code=code), time.monotonic()
    say = _teller(began) if asked.trace else lambda _line: None
    folder = Path(tempfile.mkdtemp(prefix=f"simulation-{seed}-"))
    try:
        with _databases(asked) as fresh:
            happened, played = lives(folder, world, steps, _crew(seed, asked), database_url=fresh(), say=say)
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / "evidence.pickle").write_bytes(pickle.dumps(happened))
        found = verdict(world, happened)
        outcome.wrong, outcome.played = list(found.wrong), dict(played)
        outcome.messages, outcome.repeated, outcome.papers = found.messages, found.repeated, found.papers
        outcome.losses, outcome.duplicates, outcome.told = found.losses, found.duplicates, dict(found.told)
    except Exception as error:  # noqa: BLE001 - a seed that fails is told with the others
        outcome.wrong = [traceback.format_exc()]
        outcome.code = code if isinstance(error, AssertionError) else ""  # else the simulation itself failed: to be lived again
    finally:
        if asked.keep:
            shutil.copytree(folder, asked.keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


def _crew(seed: int, asked: argparse.Namespace) -> Callable[[Premises], Crew]:
    kind: type[Crew] = Ticks if asked.ticks else Daemons
    return lambda place: kind(place, asked.daemons or 1 + seed % 2)


def _databases(asked: argparse.Namespace) -> AbstractContextManager[Callable[[], str]]:
    """What makes a fresh database's address; "" for SQLite in the data folder."""
    if not asked.postgres:
        return nullcontext(lambda: "")
    from support.postgres_server import server  # noqa: PLC0415 - only where it is asked for

    return server()


def _teller(began: float) -> Callable[[str], None]:
    return lambda line: _say(f"{time.monotonic() - began:7.1f} s  {line}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a report


def _apart(seed: int, asked: argparse.Namespace) -> Outcome:
    """Live one seed in a process of its own."""
    words = [sys.executable, "-m", "simulation", "--seed", str(seed), "--json", *_passed_on(asked)]
    process = subprocess.Popen(  # noqa: S603 - this very program
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    _UNDER_WAY.add(process)
    told, erred = process.communicate()
    _UNDER_WAY.discard(process)
    try:
        return Outcome(**json.loads(told.splitlines()[-1]))
    except (ValueError, IndexError):
        return Outcome(seed, asked.weeks, [f"the simulation itself ended with {process.returncode}: {erred[-2000:]}"])


def _end_with_parent() -> None:
    """A year whose batch was killed ends too: nobody would hear of it."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=look, daemon=True).start()


def _options(asked: argparse.Namespace) -> dict[str, Any]:
    """All that a life depends on besides its seed and the code."""
    said = vars(asked)
    return {name: said[name] for name in ("weeks", "hours", "daemons", "ticks", "without", "steady", "postgres")}


def _passed_on(asked: argparse.Namespace) -> list[str]:
    given = ["--weeks", str(asked.weeks), "--hours", str(asked.hours), "--daemons", str(asked.daemons)]
    given += ["--without", *asked.without] if asked.without else []
    return given + [f"--{name}" for name in ("ticks", "postgres", "steady") if getattr(asked, name)]


def _tell(outcome: Outcome, asked: argparse.Namespace) -> None:
    _say(
        f"seed {outcome.seed}: {'FAILED' if outcome.wrong else 'well'}; {outcome.weeks} weeks, {sum(outcome.played.values())} faults, "
        f"{outcome.messages} messages, {outcome.repeated} of them repeated in the documented window, {outcome.papers} papers, "
        f"{sum(outcome.told.values())} corrections, "
        f"{outcome.seconds:.0f} s"
    )
    for line in outcome.wrong:
        _say(f"    {line}")
    if outcome.wrong:
        _say(f"    again: PYTHONPATH=tests python -m simulation --seed {outcome.seed} --trace {' '.join(_passed_on(asked))}")


def _sum_up(outcomes: Sequence[Outcome]) -> None:
    played = sum((Counter(outcome.played) for outcome in outcomes), Counter[str]())
    failing = [outcome.seed for outcome in outcomes if outcome.wrong]
    _say(f"\n{sum(outcome.weeks for outcome in outcomes)} weeks simulated in {len(outcomes)} lives")
    _say("faults survived: " + (", ".join(f"{kind} {number}" for kind, number in sorted(played.items()) if number) or "none"))
    _say(
        f"{sum(outcome.messages for outcome in outcomes)} messages, {sum(outcome.duplicates for outcome in outcomes)} duplicates, "
        f"{sum(outcome.losses for outcome in outcomes)} losses"
    )
    told = sum((Counter(outcome.told) for outcome in outcomes), Counter[str]())
    _say("corrections told: " + (", ".join(f"{name} {number}" for name, number in sorted(told.items())) or "none"))
    _say(f"failing seeds: {', '.join(map(str, failing)) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
