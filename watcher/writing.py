"""How commands write files: whole or not at all, and never over what matters.

    accepted   where a file may be written: not over what is guarded; over another file, or where it would be read, only when told to
    whole      a hidden file beside it, which gets the name once it is finished and on the disk

What is guarded is said by the caller. It is known by its path, by every link to it, and by its name in any case.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from watcher.errors import ConfigurationError, Place, Problem

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700

_DAY = 86_400
_PART = ".part"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Reach(Enum):
    """How far a guard reaches: the file of this name, be it there or not; what is there below a folder; every name below it; below it what
    is not there yet, as long as nobody says `--force`."""

    FILE = "file"
    THERE = "there"
    BELOW = "below"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Guarded:
    """What no command writes over. `what` is how messages call it, such as "the database"; with `Reach.NEW`, what becomes of a new file."""

    path: Path
    what: str
    reach: Reach = Reach.FILE


def accepted(target: Path, guarded: Iterable[Guarded] = (), *, force: bool = False, streams: bool = False) -> Path:
    """Where to write what shall be written to `target`: the place that it leads to, if it is a link.

    Args:
        target: what the user named.
        guarded: what is never written over.
        force: another file that is there may be replaced, and a new one put where it would be read.
        streams: a terminal, a pipe or the like will do.

    Raises:
        ConfigurationError: it is guarded, a folder or a disk; or `force` was not given, and there is a file, or a new one would be read.
    """
    place = Path(os.path.realpath(target))  # unlike resolve(), it takes links that lead in a circle
    for one in guarded:
        if one.reach is Reach.NEW:
            _must_be_meant(target, place, one, force=force)
        elif _is_reached(place, one):
            raise _refused(target, f"this is {one.what}, and no command writes over it", "name another file")
    found = _mode(place)
    if found is None or (streams and _is_stream(found)):
        return place
    if stat.S_ISDIR(found):
        raise _refused(target, "this is a folder", f"name the file, for example {target / 'watcher-papers'}")
    if not stat.S_ISREG(found):
        raise _refused(target, "this is no file, but a device", "name a file")
    if not force:
        raise there_already(target)
    return place


def _must_be_meant(target: Path, place: Path, one: Guarded, *, force: bool) -> None:
    if not force and not os.path.lexists(place) and any(_is_same(parent, one.path) for parent in place.parents):
        raise _refused(target, f"a new file here {one.what}", "name another place, or write it here with --force")


def there_already(target: Path) -> ConfigurationError:
    """The refusal to write over a file unasked."""
    return _refused(target, "there is a file already", "name another one, or replace it with --force")


def write(
    target: Path,
    content: bytes,
    guarded: Iterable[Guarded] = (),
    *,
    force: bool = False,
    read_back: Callable[[Path], object] = lambda _part: None,
) -> None:
    """Writes a file, with the folders on the way. A terminal or a pipe gets the content as it comes.

    Args:
        target: what the user named.
        content: what will be in it.
        guarded: what is never written over.
        force: replace a file that is there, or put a new one where it would be read.
        read_back: reads what was written, under another name, as its user will; what it raises ends the writing.

    Raises:
        ConfigurationError: see `accepted`; or it cannot be written, and then nothing has changed.
    """
    place = accepted(target, guarded, force=force, streams=True)
    with told(target):
        found = _mode(place)
        if found is not None and _is_stream(found):
            place.write_bytes(content)
            return
        with whole(place, force=force) as part:
            part.write_bytes(content)
            read_back(part)


@contextmanager
def told(target: Path) -> Iterator[None]:
    """Turns the refusal of the file system into an error that names the file that was wanted."""
    try:
        yield
    except FileExistsError as error:
        if error.errno is None:  # of `put`, not of the system
            raise there_already(target) from None
        raise _cannot(target, error) from error
    except OSError as error:
        raise _cannot(target, error) from error


@contextmanager
def whole(place: Path, *, force: bool = False, private: bool = False) -> Iterator[Path]:
    """A name to write to, hidden beside the place; what was written gets its own at the end, with the mode of the file that it replaces.

    Args:
        place: where it goes.
        force: replace a file that is there.
        private: nobody but its owner may read it, whatever was there before.

    Raises:
        FileExistsError: a file has come meanwhile, and `force` was not given.
        OSError: it cannot be written; nothing is left of it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(place)
    _sweep(place)
    try:
        if private:
            part.unlink(missing_ok=True)
            private_file(part)
        yield part
        found = _mode(place) if force and not private else None
        if found is not None:
            part.chmod(stat.S_IMODE(found))
        put(part, place, force=force)
    finally:
        part.unlink(missing_ok=True)


def private_folder(path: Path) -> None:
    """Makes a folder, and those on the way, that only their owner may look into; one that is there stays as it is."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def private_file(path: Path) -> None:
    """Makes an empty file that only its owner may read. Raises FileExistsError when there is one."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))


def part_of(place: Path) -> Path:
    """The name of a file that is being written. Names have up to 255 bytes (NAME_MAX), so a long one is cut."""
    return place.with_name(f".{_cut(place)}.{os.getpid()}{_PART}")


def put(part: Path, place: Path, *, force: bool = False) -> None:
    """Gives a finished file its name, for good.

    Raises:
        FileExistsError: there is one already, and `force` was not given; without an `errno`.
    """
    sync(part)
    if force:
        part.replace(place)
    else:
        _link(part, place)
    sync(place.parent)


def sync(path: Path) -> None:
    """Waits until the content of a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _link(part: Path, place: Path) -> None:
    """Renames without ever replacing, where the file system can; some know no hard links."""
    try:
        os.link(part, place)
    except FileExistsError:
        raise FileExistsError(f"{place}") from None
    except OSError:
        if os.path.lexists(place):
            raise FileExistsError(f"{place}") from None
        part.rename(place)


def _sweep(place: Path) -> None:
    """Removes what a process left that was killed while it wrote; none takes a day."""
    for path in place.parent.glob(f".{glob.escape(_cut(place))}.*{_PART}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _DAY:
                path.unlink()


def _cut(place: Path) -> str:
    return os.fsdecode(os.fsencode(place.name)[:200])


# --- what is guarded -----------------------------------------------------------------------------------------------------------


def _is_reached(place: Path, one: Guarded) -> bool:
    if one.reach is Reach.FILE:
        return _is_same(place, one.path) or _is_same(place, Path(os.path.realpath(one.path)))
    is_there = os.path.lexists(place)
    if one.reach is Reach.THERE and not is_there:
        return False
    return any(_is_file(parent, one.path) for parent in place.parents) or (is_there and _is_linked_below(place, one.path))


def _is_same(place: Path, path: Path) -> bool:
    """Whether both are one file, or would be one where the case of letters makes no difference."""
    return _is_file(place, path) or (place.name.casefold() == path.name.casefold() and _is_file(place.parent, path.parent))


def _is_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_linked_below(place: Path, folder: Path) -> bool:
    """Whether a file has another name in the folder."""
    found = place.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink < 2:
        return False
    return any(_is_file(place, Path(where, name)) for where, _, names in os.walk(folder) for name in names)


def _mode(place: Path) -> int | None:
    try:
        return place.stat().st_mode
    except OSError:
        return None


def _is_stream(mode: int) -> bool:
    """A terminal, a pipe or the like, where nothing can be replaced."""
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _cannot(target: Path, error: OSError) -> ConfigurationError:
    fix = "make room on the disk, or name another place" if error.errno in _NO_ROOM else "name another place"
    return _refused(target, f"cannot be written: {error.strerror or type(error).__name__}", fix)


def _refused(target: Path, what: str, fix: str) -> ConfigurationError:
    return ConfigurationError(Problem(what, fix, Place(target)))
