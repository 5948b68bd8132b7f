"""What one run has found and not yet committed: in memory while it is little, else in a file without a name in the data folder.

A run is committed whole or not at all, and a first run may bring tens of thousands of papers. The file is given back by the system when it is
closed, also by a process that is killed.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Generic, TypeVar, overload

from watcher.store import access, codec

T = TypeVar("T")

ROOM = 400
"""So many values stay in memory."""

_TOGETHER = 100
"""Values that are read back from the file at a time."""


@dataclass(eq=False)
class Spool(Sequence[T], Generic[T]):
    """Frozen values of one kind in the order in which they came. Each is written once it is one of more than `ROOM`, and read anew each time
    that it is asked for."""

    kind: type[T]
    folder: Path
    _held: list[T] = field(default_factory=list)
    _file: IO[bytes] | None = None
    _parts: list[tuple[int, int]] = field(default_factory=list)
    _count: int = 0

    def extend(self, values: Iterable[T]) -> None:
        """Add values. Raises StoreError when there is no room for them on the disk."""
        for value in values:
            self._held.append(value)
            self._count += 1
            if len(self._held) > ROOM:
                self._write()

    def pairs(self) -> Iterator[tuple[T, str]]:
        """Each value with its canonical text."""
        for number in range(len(self._parts)):
            for text in self._texts(number):
                yield codec.loads(self.kind, text), text
        for value in self._held:
            yield value, codec.dumps(value)

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self._parts)):
            for text in self._texts(number):
                yield codec.loads(self.kind, text)
        yield from self._held

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._count))]
        number = index + self._count if index < 0 else index
        if not 0 <= number < self._count:
            raise IndexError(index)
        written = self._count - len(self._held)
        if number >= written:
            return self._held[number - written]
        part, place = divmod(number, _TOGETHER)
        return codec.loads(self.kind, self._texts(part)[place])

    def _write(self) -> None:
        """Put what is held into the file, in whole parts."""
        with access.writing(self.folder):
            if self._file is None:
                self._file = self._made()
            file, held = self._file, iter(self._held)
            start = file.seek(0, 2)
            for _ in range(len(self._held) // _TOGETHER):
                text = "\n".join(map(codec.dumps, islice(held, _TOGETHER))).encode()
                file.write(text)
                self._parts.append((start, len(text)))
                start += len(text)
            file.flush()
        self._held = list(held)

    def _made(self) -> IO[bytes]:
        """A file that has no name, and is closed when nobody holds the spool any more."""
        handle, name = tempfile.mkstemp(dir=self.folder)
        weakref.finalize(self, os.close, handle)
        Path(name).unlink()
        return os.fdopen(handle, "w+b", closefd=False)

    def _texts(self, number: int) -> list[str]:
        assert self._file is not None  # noqa: S101 - a part was written
        start, size = self._parts[number]
        self._file.seek(start)
        return self._file.read(size).decode().split("\n")
