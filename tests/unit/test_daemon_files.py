from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from watcher.daemon.files import FileWatch, fingerprint


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "seeds" / "nmj").mkdir(parents=True)
    (tmp_path / "config" / "watcher.yaml").write_text("a: 1\n")
    (tmp_path / "seeds" / "nmj" / "agrin.txt").write_text("Agrin\n")
    return tmp_path


def paths(home: Path) -> list[Path]:
    return [home / "config" / "watcher.yaml", home / "seeds"]


class Heard:
    """Counts changes; `wait` for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._event = threading.Event()

    def __call__(self) -> None:
        """A change is heard."""
        self.count += 1
        self._event.set()

    def wait(self) -> None:
        """Until a change is heard; a minute is never needed."""
        assert self._event.wait(60)
        self._event.clear()


@pytest.fixture
def heard(home: Path) -> Iterator[Heard]:
    """A watch over the files of `home`, in a thread."""
    stopping, found = threading.Event(), Heard()
    watch = FileWatch(lambda: paths(home), found, stopping=stopping)
    thread = watch.start()
    yield found
    stopping.set()
    thread.join(30)
    assert not thread.is_alive()


def edit(home: Path) -> None:
    (home / "config" / "watcher.yaml").write_text("a: 2\n")


def replace(home: Path) -> None:
    (home / "config" / ".new").write_text("a: 2\n")
    (home / "config" / ".new").replace(home / "config" / "watcher.yaml")


def remove(home: Path) -> None:
    (home / "config" / "watcher.yaml").unlink()


def add_seed(home: Path) -> None:
    (home / "seeds" / "nmj" / "musk.txt").write_text("MuSK\n")


def add_folder(home: Path) -> None:
    (home / "seeds" / "als").mkdir()


def lock(home: Path) -> None:
    (home / "seeds" / "nmj" / "agrin.txt").chmod(0o600)


def same_size_and_time(home: Path) -> None:
    file = home / "config" / "watcher.yaml"
    before = file.stat()
    file.write_text("a: 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


EDITS = [edit, replace, remove, add_seed, add_folder, lock, same_size_and_time]


@pytest.mark.parametrize("change", EDITS)
def test_every_kind_of_edit_changes_the_fingerprint(change: Callable[[Path], None], home: Path) -> None:
    before = fingerprint(paths(home))

    change(home)

    assert fingerprint(paths(home)) != before


def test_what_lies_beside_the_configuration_and_is_none_of_it_changes_nothing(home: Path) -> None:
    before = fingerprint(paths(home))

    (home / "config" / ".watcher.yaml.swp").write_text("an editor's own")

    assert fingerprint(paths(home)) == before


@pytest.mark.parametrize("change", EDITS)
def test_every_kind_of_edit_is_heard_of(change: Callable[[Path], None], home: Path, heard: Heard) -> None:
    change(home)

    heard.wait()


def test_an_edit_in_a_folder_that_came_later_is_heard_too(home: Path, heard: Heard) -> None:
    add_folder(home)
    heard.wait()

    (home / "seeds" / "als" / "tdp43.txt").write_text("TDP-43\n")

    heard.wait()


def test_a_file_that_is_written_in_several_steps_is_heard_of_when_it_is_whole(home: Path) -> None:
    found: list[str] = []
    file = home / "config" / "watcher.yaml"
    stopping = Paced(lambda: file.write_text("a: 1\nb: 2\n"))
    watch = FileWatch(lambda: paths(home), lambda: found.append(file.read_text()), stopping=stopping)

    file.write_text("")  # an editor empties the file, and fills it a moment later
    watch.look()

    assert found == ["a: 1\nb: 2\n"]


def test_a_fault_while_an_edit_is_read_does_not_end_the_watch(home: Path) -> None:
    stopping, found = threading.Event(), Heard()

    def changed() -> None:
        found()
        if found.count == 1:
            raise ZeroDivisionError("a fault of ours")

    thread = FileWatch(lambda: paths(home), changed, stopping=stopping).start()

    edit(home)
    found.wait()
    add_seed(home)
    found.wait()

    stopping.set()
    thread.join(30)
    assert found.count == 2


class Paced(threading.Event):
    """Does a thing in the first pause, and makes no pause."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:
        """The next step, at once."""
        del timeout
        if self._steps:
            self._steps.pop(0)()
        return self.is_set()


def test_where_the_kernel_tells_nothing_the_files_are_compared_all_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_watches_left(*_paths: Path, **_options: object) -> Iterator[None]:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", no_watches_left)
    monkeypatch.setattr("watcher.daemon.files.COMPARE_SECONDS", 0.05)
    stopping, found = threading.Event(), Heard()
    thread = FileWatch(lambda: paths(home), found, stopping=stopping).start()

    edit(home)
    found.wait()

    stopping.set()
    thread.join(30)
    assert found.count == 1
