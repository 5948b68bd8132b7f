"""What a command writes is written whole or not at all, and never over what is guarded."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher import writing
from watcher.errors import ConfigurationError
from watcher.writing import Guarded, Reach, accepted, write


def guard(folder: Path) -> tuple[Guarded, ...]:
    """A lab's folder in small, and what is guarded there."""
    for name in ("data/watcher.db", "data/locks/folder", "config/watcher.yaml", "config/notes/a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("kept")
    return (
        Guarded(folder / "data" / "watcher.db", "the database"),
        Guarded(folder / "data" / "watcher.db-wal", "a part of the database"),
        Guarded(folder / "data" / "locks", "a lock file", Reach.BELOW),
        Guarded(folder / "config", "a file of the configuration's folder", Reach.THERE),
    )


def the_path(folder: Path) -> Path:
    return folder / "data" / "watcher.db"


def a_way_around(folder: Path) -> Path:
    return folder / "config" / ".." / "data" / "." / "watcher.db"


def a_relative_path(folder: Path) -> Path:
    return Path(os.path.relpath(folder / "data" / "watcher.db"))


def a_symbolic_link(folder: Path) -> Path:
    (folder / "link").symlink_to("data/watcher.db")
    return folder / "link"


def a_link_to_a_link(folder: Path) -> Path:
    (folder / "second").symlink_to(a_symbolic_link(folder))
    return folder / "second"


def a_hard_link(folder: Path) -> Path:
    (folder / "papers.ris").hardlink_to(folder / "data" / "watcher.db")
    return folder / "papers.ris"


def a_link_to_its_folder(folder: Path) -> Path:
    (folder / "elsewhere").symlink_to(folder / "data")
    return folder / "elsewhere" / "watcher.db"


def other_letters(folder: Path) -> Path:
    return folder / "data" / "Watcher.DB"


def a_part_that_is_not_there(folder: Path) -> Path:
    return folder / "data" / "watcher.db-wal"


def a_link_to_a_part_that_is_not_there(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "data" / "watcher.db-wal")
    return folder / "link"


def a_new_lock(folder: Path) -> Path:
    return folder / "data" / "locks" / "new.lock"


def a_file_deep_in_a_folder(folder: Path) -> Path:
    return folder / "config" / "notes" / "a.txt"


def a_hard_link_to_a_file_in_a_folder(folder: Path) -> Path:
    (folder / "b.txt").hardlink_to(folder / "config" / "notes" / "a.txt")
    return folder / "b.txt"


WAYS: list[Callable[[Path], Path]] = [
    the_path,
    a_way_around,
    a_relative_path,
    a_symbolic_link,
    a_link_to_a_link,
    a_hard_link,
    a_link_to_its_folder,
    other_letters,
    a_part_that_is_not_there,
    a_link_to_a_part_that_is_not_there,
    a_new_lock,
    a_file_deep_in_a_folder,
    a_hard_link_to_a_file_in_a_folder,
]


@pytest.mark.parametrize("name", ["seeds/new.ris", "seeds/a/b/new.ris", "Seeds/new.ris", "soft/new.ris", "seeds/a/../new.ris"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_new_file_in_a_folder_that_is_read_must_be_meant(name: str, tmp_path: Path, *, is_there: bool) -> None:
    if is_there:
        (tmp_path / "seeds" / "a").mkdir(parents=True)
    (tmp_path / "soft").symlink_to("seeds")
    target, guarded = tmp_path / name, (Guarded(tmp_path / "seeds", "is read as seeds", Reach.NEW),)

    with pytest.raises(ConfigurationError) as refusal:
        accepted(target, guarded)
    place = accepted(target, guarded, force=True)

    assert (
        str(refusal.value) == f"{target}: a new file here is read as seeds\n    name another place, or write it here with --force"
    )
    assert place == Path(os.path.realpath(target))


def test_beside_a_folder_that_is_read_a_new_file_needs_no_force(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    target = tmp_path / "seeds.ris"

    assert accepted(target, [Guarded(tmp_path / "seeds", "is read as seeds", Reach.NEW)]) == target


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_guarded_is_written_over_by_no_way_and_by_no_force(way: Callable[[Path], Path], tmp_path: Path) -> None:
    guarded = guard(tmp_path)
    target = way(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    for force in (False, True):
        with pytest.raises(ConfigurationError, match="and no command writes over it\n    name another file") as refusal:
            write(target, b"new", guarded, force=force)
        assert str(refusal.value).startswith(f"{target}: this is ")
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_new_file_beside_what_is_guarded_is_written(tmp_path: Path) -> None:
    guarded = guard(tmp_path)

    for name in ("data/mine.db", "config/new.ris", "deep/er/papers.ris"):
        write(tmp_path / name, b"new", guarded)

        assert (tmp_path / name).read_bytes() == b"new"
        assert [one.name for one in (tmp_path / name).parent.iterdir() if one.name.endswith(".part")] == []


def test_another_file_is_replaced_only_when_told_to_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "papers.ris"
    target.write_text("mine")
    target.chmod(0o640)

    with pytest.raises(ConfigurationError) as refusal:
        write(target, b"new")
    kept = target.read_text()
    write(target, b"new", force=True)

    assert str(refusal.value) == f"{target}: there is a file already\n    name another one, or replace it with --force"
    assert (kept, target.read_text(), target.stat().st_mode & 0o777) == ("mine", "new", 0o640)


def test_a_link_stays_a_link_and_its_end_is_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "latest.ris").symlink_to("share/papers.ris")

    write(tmp_path / "latest.ris", b"first")
    with pytest.raises(ConfigurationError, match="there is a file already"):
        write(tmp_path / "latest.ris", b"second")
    write(tmp_path / "latest.ris", b"third", force=True)

    assert (tmp_path / "latest.ris").is_symlink()
    assert (tmp_path / "share" / "papers.ris").read_bytes() == b"third"


def test_folders_and_links_that_lead_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")

    with pytest.raises(ConfigurationError, match="this is a folder\n    name the file"):
        write(tmp_path, b"new", force=True)
    with pytest.raises(ConfigurationError, match="circle: there is a file already"):
        write(tmp_path / "circle", b"new")


def test_a_pipe_gets_the_content_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()

    write(pipe, b"new")

    reader.join(30)
    assert got == [b"new"]
    assert pipe.is_fifo()
    with pytest.raises(ConfigurationError, match="this is no file, but a device"):
        accepted(pipe, force=True)
    write(Path(os.devnull), b"new")
    assert Path(os.devnull).is_char_device()


def test_what_cannot_be_read_back_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "themes.yaml"
    target.write_text("mine")

    def refuse(part: Path) -> None:
        assert part.read_bytes() == b"new"
        raise ConfigurationError

    with pytest.raises(ConfigurationError):
        write(target, b"new", force=True, read_back=refuse)

    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "papers.ris"

    with pytest.raises(ConfigurationError, match="there is a file already"):
        write(target, b"new", read_back=lambda _part: target.write_text("somebody else's"))

    assert target.read_text() == "somebody else's"
    assert list(tmp_path.iterdir()) == [target]


def test_where_there_are_no_hard_links_nothing_is_replaced_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)

    write(tmp_path / "papers.ris", b"first")
    with pytest.raises(ConfigurationError, match="there is a file already"):
        write(tmp_path / "papers.ris", b"second")

    assert (tmp_path / "papers.ris").read_bytes() == b"first"


FULL_DISK = """
import resource, sys
from pathlib import Path
from watcher.errors import ConfigurationError
from watcher.writing import write
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    write(Path(sys.argv[1]), b"x" * 10_000, force=True)
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("before", ["mine", None], ids=["over a file", "new"])
def test_without_room_nothing_changes(before: str | None, tmp_path: Path) -> None:
    target = tmp_path / "papers.ris"
    if before:
        target.write_text(before)

    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", FULL_DISK, str(target)], capture_output=True, text=True, check=True
    ).stdout

    assert said == f"{target}: cannot be written: File too large\n    make room on the disk, or name another place\n"
    assert [path.read_text() for path in tmp_path.iterdir()] == ([before] if before else [])
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_long_name_can_be_written_and_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    target = tmp_path / ("ä" * 120 + ".ris")
    left = [writing.part_of(target).with_name(f".{'ä' * 100}.{number}.part") for number in (1, 2)]
    for path in left:
        path.write_text("half")
    os.utime(left[0], (0, 0))

    write(target, b"new")

    assert set(tmp_path.iterdir()) == {target, left[1]}
