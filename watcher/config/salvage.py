"""What can still be read of a configuration file that is broken: its secrets, and nothing else.

The last good configuration is kept in the database without its secrets. When the service starts over a broken file, those that stand
in the file itself are sought here: as YAML with the offending lines left out, and, where that lost them, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from watcher.config.document import KeyPath, parse_document, read_flow
from watcher.errors import ConfigurationError

_MOST_LINES = 40
"""Lines that are left out before the file is given up."""

_KEY = re.compile(r"\s*(?:- )?['\"]?(?P<name>[\w-]+)['\"]?\s*:(?:\s+(?P<rest>.*))?$")


class Salvage:
    """The texts that stand in one broken file."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.splitlines()
        self._values = _values_in(self._lines, path)

    @classmethod
    def of(cls, path: Path) -> Salvage:
        """What the file at `path` holds; of one that cannot be read, nothing."""
        try:
            text = path.read_bytes().decode("utf-8-sig", errors="replace")
        except OSError:
            text = ""
        return cls(text, path)

    def text(self, key: KeyPath) -> str | None:
        """The text at `key`, or None. Where the structure is lost it is looked for by its name, below its section's."""
        found: Any = self._values
        for part in key:
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None:
            names = [str(part) for part in key]
            found = self._by_line(names) or (self._by_line(names[1:]) if len(names) > 2 else None)
        return found.strip() if isinstance(found, str) and found.strip() else None

    def _by_line(self, names: Sequence[str]) -> str | None:
        """The text behind the last of the names, where the others stand above it in this order and nothing less indented between."""
        indents: list[int] = []
        for line in self._lines:
            match = _KEY.match(line)
            if match is None:
                continue
            if match["name"] != names[len(indents)]:
                while indents and _indent(line) <= indents[-1]:
                    indents.pop()
            elif len(indents) + 1 < len(names):
                indents.append(_indent(line))
            else:
                return _plain(match["rest"] or "")
        return None


def _values_in(lines: Sequence[str], path: Path) -> Mapping[str, Any]:
    """The file as YAML, without the lines that stand in the way."""
    left = list(lines)
    for _ in range(_MOST_LINES):
        try:
            return parse_document("\n".join(left), path).values
        except ConfigurationError as error:
            place = error.problems[0].place
            if place is None or place.line is None or not _leave_out(left, place.line):
                return {}
    return {}


def _leave_out(lines: list[str], number: int) -> bool:
    """Empties the line, or the nearest one above it that is not empty; whether there was one."""
    for position in range(min(number, len(lines)) - 1, -1, -1):
        if lines[position].strip():
            lines[position] = ""
            return True
    return False


def _plain(rest: str) -> str | None:
    """The text of a scalar on one line, without its quotes and its comment; None when it is no text."""
    try:
        value = read_flow(rest)
    except ConfigurationError:
        value = re.split(r"\s+#", rest)[0].strip().strip("'\"")
    return value if isinstance(value, str) else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
