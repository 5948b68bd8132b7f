"""What the service keeps is its owner's alone when it is made; what is wider is told, and stays as it is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.store_samples import MONDAY, Bench

from watcher import clock, health
from watcher.health import Pulse
from watcher.store import ProcessLock, Store, sound


@pytest.fixture(autouse=True)
def _a_usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def made(folder: Path) -> Bench:
    """A database as watcher itself makes it."""
    url = f"sqlite:///{folder}/watcher.db"
    return Bench(Store.open(url, folder=folder, check=True), url)


def modes(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_everything_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "data"
    made(folder).store.close()
    bench = made(folder)
    bench.store.take_lease("pubmed", holder="me")

    with closing(bench.store) as store, ProcessLock.claim(folder):
        weekly, mine = store.weekly_backup(MONDAY), store.backup(tmp_path / "mine.db")
        assert health.write(health.pulse_file(folder), Pulse(clock.now(), clock.now(), 1, 20))
        found = modes(folder)

    assert weekly is not None
    assert {
        "watcher.db",
        "watcher.db-wal",
        "watcher.db-shm",
        "locks/at-work.lock",
        "locks/folder",
        "locks/watcher.db.sound",
    } <= set(found)
    folders = {".", "locks", "backups"}
    assert {name: mode for name, mode in found.items() if mode != (0o700 if name in folders else 0o600)} == {}
    assert stat.S_IMODE(mine.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_what_a_restore_puts_there_is_its_owners_alone_whatever_the_backup_was(tmp_path: Path) -> None:
    bench = made(tmp_path / "old")
    bench.store.backup(tmp_path / "friday.db")
    bench.store.close()
    (tmp_path / "friday.db").chmod(0o644)
    folder = tmp_path / "new"

    Store.restore(f"sqlite:///{folder}/watcher.db", tmp_path / "friday.db", folder=folder)

    assert modes(folder)["watcher.db"] == 0o600
    assert modes(folder)["."] == 0o700


def test_a_backup_over_a_wider_file_is_not_wide(tmp_path: Path) -> None:
    bench = made(tmp_path / "data")
    (tmp_path / "friday.db").touch(mode=0o644)

    with closing(bench.store) as store:
        facts = store.backup(tmp_path / "friday.db", force=True)

    assert stat.S_IMODE(facts.path.stat().st_mode) == 0o600


def test_the_note_of_a_damaged_file_is_private_too(tmp_path: Path) -> None:
    bench = made(tmp_path / "data")
    bench.store.close()
    os.truncate(tmp_path / "data" / "watcher.db", 5000)

    with pytest.raises(Exception, match="set aside"):
        Store.open(bench.url, folder=tmp_path / "data", check=True)

    assert {name: mode for name, mode in modes(tmp_path / "data").items() if mode not in (0o600, 0o700)} == {}


def test_what_is_wider_is_told_with_the_command_and_not_changed(tmp_path: Path) -> None:
    folder = tmp_path / "a lab"
    bench = made(folder)
    bench.store.weekly_backup(MONDAY)
    bench.store.close()
    (backup,) = (folder / "backups").iterdir()
    assert Store.warnings_about(bench.url, folder=folder) == ()
    for path, mode in ((folder, 0o755), (folder / "watcher.db", 0o640), (backup, 0o604)):
        path.chmod(mode)

    with Store.open(bench.url, folder=folder, check=True):
        (told,) = Store.warnings_about(bench.url, folder=folder)
    (told_closed,) = Store.warnings_about(bench.url, folder=folder)
    after = (modes(folder)["."], modes(folder)["watcher.db"], modes(folder)[f"backups/{backup.name}"])
    mended = os.system(told_closed.fix.removeprefix("if that is not meant: "))  # noqa: S605 - the command that is told

    assert f"{folder} (mode 755), {folder}/watcher.db (mode 640)" in told.what
    assert f"{folder} (mode 755), {folder}/watcher.db (mode 640), {backup} (mode 604)" in told_closed.what
    assert after == (0o755, 0o640, 0o604)
    assert mended == 0
    assert Store.warnings_about(bench.url, folder=folder) == ()


def test_a_note_is_kept_where_the_folder_is_new(tmp_path: Path) -> None:
    file = tmp_path / "watcher.db"
    file.touch()

    sound.note(file, tmp_path / "data", clock.real_now())

    assert sound.was_found(file, tmp_path / "data", clock.real_now())
