"""In which time zone a page tells: the reader's, which the browser says by a cookie (static/zone.js), else the configuration's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request

COOKIE: Final = "watcher_zone"
_NAME: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its name in the IANA database. `is_readers`: the browser gave it."""

    name: str
    is_readers: bool


def zone_of(request: Request, configured: str) -> Zone:
    """The zone of the reader; `configured` where the browser gives none, or one that this machine does not know."""
    name = request.cookies.get(COOKIE, "")
    return Zone(name, is_readers=True) if _is_known(name) else Zone(configured, is_readers=False)


def _is_known(name: str) -> bool:
    if not _NAME.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, a folder of zones, a file that is none
        return False
    return True
