"""Which release of the world's time zones this process computes with: the newer of the system's and that of the `tzdata` package.

`zoneinfo` takes the system's files wherever there are any, however old. A long-lived distribution is years behind: Debian 12 has 2025b,
by which Vancouver's clocks still change in the autumn of 2026. So the two releases are compared when this module is first imported,
and the system's search path is put aside unless the system's is at least as new (docs/decisions/0040). Nothing may make a `ZoneInfo`
before; whoever needs zones imports `clock`, which imports this first.

Sources: the first line of `tzdata.zi`, "# version 2026f", which the tz database's makefile writes; `tzdata.IANA_VERSION` of the package.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import tzdata

_VERSION = re.compile(r"(?:# version )?(\d{4})([a-z]+)")
_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Zones:
    """The release in use, as IANA names it, and where it is from; `passed_over` is the other's, None where it is unknown or absent."""

    release: str
    of_system: bool
    passed_over: str | None

    def __str__(self) -> str:
        used, other = ("the system's", "the tzdata package") if self.of_system else ("the tzdata package's", "the system")
        older = f"; {other} has {self.passed_over}" if self.passed_over else ""
        return f"IANA {self.release}, {used}{older}"


def chosen(system: str | None, package: str) -> Zones:
    """The newer of two releases; the system's when both are one, the package's when the system's is unknown.

    Args:
        system: the release of the system's files, such as 2025b; None when it has none or does not say.
        package: that of the package.
    """
    if system is not None and _order(system) >= _order(package):
        return Zones(system, of_system=True, passed_over=package)
    return Zones(package, of_system=False, passed_over=system)


def release_in(folders: Iterable[str]) -> str | None:
    """The release of the first folder that holds zones, which is the one that `zoneinfo` looks into; None where it does not say."""
    for folder in map(Path, folders):
        if folder.is_dir():
            return _stated(folder / "tzdata.zi")
    return None


def _stated(path: Path) -> str | None:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            found = _VERSION.match(file.readline(_LONGEST_LINE))
    except OSError:
        return None
    return found[1] + found[2] if found else None


def _order(release: str) -> tuple[int, int, str]:
    """2025b is before 2025c, 2025z before 2025za, and all of them before 2026a."""
    found = _VERSION.fullmatch(release)
    return (int(found[1]), len(found[2]), found[2]) if found else (0, 0, "")


def _use() -> Zones:
    zones = chosen(release_in(zoneinfo.TZPATH), tzdata.IANA_VERSION)
    if not zones.of_system:
        zoneinfo.reset_tzpath(to=())
    return zones


IN_USE = _use()
"""What every `ZoneInfo` of this process is made from."""
