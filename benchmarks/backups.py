"""What `watcher backup` takes when the database holds the papers of many other watches, beside another state of this repository.

    python benchmarks/backups.py [--beside bf9f56c] [--papers 9592] [--others 100] [--times 2] [--folder bench-out/backups] [--postgres]

As `scale.py`, but without the weeks of ticks: the papers of one other watch are written, and the database copies its rows for the rest, under
numbers between the watch's own. Each backup is a whole process, and the sides take turns. What is told are medians: CPU seconds (user and
system) of the process, seconds by the clock, the most memory, with `--postgres` the server's own CPU seconds, and each of them beside
the others divided by what it is with the watch's papers alone. Databases and figures stay in the folder; what is filled is not filled again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from delivering import ROOT, checked_out
from scale import START, Place, served

NUMBERS = 200_000
"""So far the works of one watch lie from those of the next."""


def main() -> None:
    """Fill what is not filled, make the backups in turns, and print the table."""
    options = argparse.ArgumentParser(description="A backup beside the papers of many other watches, beside another commit.")
    options.add_argument("--beside", default="bf9f56c", help="the other commit; empty: this tree alone")
    options.add_argument("--papers", type=int, default=9_592, help="of each watch")
    options.add_argument("--others", type=int, default=100, help="other watches")
    options.add_argument("--times", type=int, default=2)
    options.add_argument("--folder", type=Path, default=Path("bench-out/backups"))
    options.add_argument("--postgres", action="store_true")
    chosen = options.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as code, served(folder, wanted=chosen.postgres) as server:
        sides = [("this tree", ROOT)]
        if chosen.beside:
            sides.insert(0, (chosen.beside, checked_out(chosen.beside, Path(code))))
        places = {
            (name, others): Place(folder, name.replace(" ", "-"), where, chosen.papers, others, server)
            for name, where in sides
            for others in (0, chosen.others)
        }
        for place in places.values():
            fill(place)
        taken: dict[tuple[str, int], list[dict[str, float]]] = {key: [] for key in places}
        for _ in range(chosen.times):
            for key, place in places.items():
                taken[key].append(backed_up(place))
        tell([name for name, _ in sides], taken, chosen)


def fill(place: Place) -> None:
    """The watch's papers, and those of the others."""
    note = place.folder / "filled"
    if note.exists():
        return
    shutil.rmtree(place.folder, ignore_errors=True)  # what was broken off
    place.configure("http://127.0.0.1:1/", 25)
    if place.server:
        place.server.make(f"scale_{place.name}")
    for watch in range(min(place.others, 1) + 1):
        place.fill_watch(watch)
    with closing(_connected(place)) as connection:
        for further in range(1, place.others):
            _copy_watch(connection, further)
    if place.server:
        place.server.settle(f"scale_{place.name}")
    note.touch()
    print(f"{place.name}: filled", file=sys.stderr, flush=True)


def _connected(place: Place) -> Any:  # noqa: ANN401 - sqlite3's connection or psycopg's
    if not place.server:
        return sqlite3.connect(place.folder / "data" / "watcher.db", isolation_level=None)
    import psycopg  # noqa: PLC0415 - need not be there

    return psycopg.connect(place.url, autocommit=True)


def _copy_watch(connection: Any, further: int) -> None:  # noqa: ANN401 - as above
    """The rows of the first other watch once more, under numbers that many further."""
    ((watch,),) = connection.execute("SELECT id FROM watch WHERE name = 'other-1'")
    key = _columns(connection, "article")[0]  # the record's number, whatever it is called
    ours = f"FROM article JOIN hit USING ({key}) WHERE watch_id = {watch}"
    ((least, most),) = connection.execute(f"SELECT min(work_id), max(work_id) {ours}")
    numbers = f"BETWEEN {least} AND {most}"
    works = {"id": f"id + {further * NUMBERS}"}
    papers = {
        key: f"{key} + {further}",
        "work_id": f"work_id + {further * NUMBERS}",
        "doi": f"doi || '-{further}'",
    }
    hits = {key: f"{key} + {further}", "watch_id": f"watch_id + {further}"}
    for table, changed, which in (
        ("watch", {"id": f"id + {further}", "name": f"'other-{further + 1}'"}, f"id = {watch}"),
        ("work", works, f"id {numbers}"),
        ("article", papers, f"work_id {numbers}"),
        ("hit", hits, f"watch_id = {watch}"),
        ("hit_origin", hits, f"watch_id = {watch}"),
    ):
        names = _columns(connection, table)
        taken = ", ".join(changed.get(name, name) for name in names)
        connection.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {taken} FROM {table} WHERE {which}")  # noqa: S608 - our own


def _columns(connection: Any, table: str) -> list[str]:  # noqa: ANN401 - as above
    return [column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 0").description]  # noqa: S608 - our own


def backed_up(place: Place) -> dict[str, float]:
    """What one backup took."""
    copy, began = place.folder / "copy.db", time.monotonic()
    figures = place.run(START, "backup", str(copy))
    figures |= {"seconds": time.monotonic() - began, "bytes": copy.stat().st_size}
    copy.unlink()
    print(json.dumps({"place": place.name, **figures}), file=sys.stderr, flush=True)
    return figures


def tell(sides: list[str], taken: dict[tuple[str, int], list[dict[str, float]]], chosen: argparse.Namespace) -> None:
    """Print the medians."""
    print(f"| {chosen.papers:,} papers | | alone | beside {chosen.papers * chosen.others:,} | ratio |\n|---|---|---:|---:|---:|")
    for what, unit in (("cpu", "CPU s"), ("server", "server's CPU s"), ("seconds", "s"), ("megabytes", "MB of memory")):
        for name in sides:
            if what in taken[name, 0][0]:
                alone, beside = (median(row[what] for row in taken[name, others]) for others in (0, chosen.others))
                print(f"| {unit} | {name} | {alone:.2f} | {beside:.2f} | {beside / alone if alone else 0:.1f} |")


if __name__ == "__main__":
    main()
