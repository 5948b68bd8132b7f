"""What the tagged formats have in common (RIS, PubMed's, Web of Science's, EndNote's): a tag before each value, on lines of their own.

Only what is asked for is read, so that a problem in what nobody asks for costs nothing. A library for each of them would refuse the
whole file; see docs/decisions/0031-tagged-formats-are-read-here.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from watcher.errors import Place, Problem
from watcher.seeds.entry import SeedEntry, refused


@dataclass(slots=True)
class Field:
    """One value: its tag, the line that it begins on, and its lines as they stand, without the tag."""

    tag: str
    line: int
    lines: list[str]
    after_blank: bool = False

    @property
    def value(self) -> str:
        """The value with the line ends that the file has."""
        return "\n".join(line.strip() for line in self.lines).strip()


@dataclass(slots=True)
class Record:
    """One reference: its fields in their order. An empty one is false."""

    fields: list[Field] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields)

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.fields[0].line

    def has(self, *tags: str) -> bool:
        """Whether any of these tags is there."""
        return any(one.tag in tags for one in self.fields)

    def all(self, *tags: str) -> list[str]:
        """The values of these tags that are not empty: those of the first tag, then those of the next."""
        return [value for tag in tags for one in self.fields if one.tag == tag and (value := one.value)]

    def first(self, *tags: str) -> str:
        """The first such value, or nothing."""
        return next(iter(self.all(*tags)), "")

    def line_of(self, value: str) -> int:
        """The line of the field with this value, or of the record where there is none."""
        return next((one.line for one in self.fields if value in one.value), self.line)


def fields(text: str, tag_of: Callable[[str], tuple[str, str] | None], *, indented: bool = False) -> Iterator[Field]:
    """The fields of a text. What stands before the first tag is passed over; a line without a tag goes on with the value above it.

    Args:
        text: with line feeds only.
        tag_of: tag and value of a line that begins a field, or None.
        indented: whether behind an empty line only an indented one goes on with a value; another (a number, a heading) is nobody's.
    """
    current: Field | None = None
    blank = True
    for number, line in enumerate(text.split("\n"), start=1):
        found = tag_of(line)
        if found is not None:
            if current is not None:
                yield current
            current = Field(found[0], number, [found[1]], after_blank=blank)
        elif blank and indented and line[:1].strip():
            continue
        elif current is not None:
            current.lines.append(line)
        blank = not line.strip()
    if current is not None:
        yield current


def begun(found: Iterable[Field], first: str, ends: Collection[str] = ()) -> Iterator[Record]:
    """The references that begin with the tag `first` and go on to the next, or to one of `ends`; what stands between is nobody's."""
    record = Record()
    for one in found:
        if record and (one.tag == first or one.tag in ends):
            yield record
            record = Record()
        if one.tag == first or record:
            record.fields.append(one)
    if record:
        yield record


def entries(
    records: Iterable[Record], read: Callable[[Record, Path], SeedEntry], path: Path, beginning: str
) -> tuple[SeedEntry, ...]:
    """The papers of a file's records.

    Raises:
        SeedError: there is none; `beginning` is how one begins.
    """
    found = tuple(read(record, path) for record in records)
    if not found:
        raise refused(path, 1, "the file holds no reference", f"a reference begins with a line {beginning!r}; export it anew")
    return found


def not_understood(path: Path, line: int, what: str, fix: str) -> Problem:
    """What is to be told of a line."""
    return Problem(what, fix, Place(path, line))
