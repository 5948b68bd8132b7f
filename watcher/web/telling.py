"""How pages tell what all of them have: instants, pages of a long list, addresses of papers and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from watcher.digest.wording import day_and_time
from watcher.domain import RecordId

T = TypeVar("T")

LARGEST = 2**31
"""No row has so large a number: PostgreSQL's integers end below it, and it fails of larger ones."""


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """A page of a long list: what stands on it, and the address of the next one, "" for none."""

    rows: Sequence[T]
    more: str


def leaf(request: Request, found: Sequence[T], size: int, **following: str | int) -> Leaf[T]:
    """The page of what was `found`, one row more than a page has where there is more; `following` asks for the next page."""
    if len(found) <= size:
        return Leaf(found, "")
    kept = {name: value for name, value in request.query_params.items() if name not in following}
    return Leaf(found[:size], f"{quote(request.url.path)}?{urlencode({**kept, **following})}")


def number(request: Request, name: str) -> int | None:
    """A number of the address; None for none, or for what is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 17 and int(text) < LARGEST else None


class _Number(Convertor[int]):
    """A number in the path of an address, `{name:number}`. Starlette's own `int` fails of one that Python reads none of."""

    regex = "[0-9]{1,16}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


def at(instant: datetime, zone: str) -> Markup:
    """An instant on a clock in the zone, which programs can read too."""
    told = day_and_time(instant, zone, year=True)
    return Markup('<time datetime="{}">{}</time>').format(instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), told)


def paper_at(record_id: RecordId) -> str:
    """The address of a paper's page."""
    return f"/papers/{record_id.plain}"


def digest_at(list_name: str, period: str) -> str:
    """The address of a digest's page."""
    return f"/digests/{quote(list_name, safe='')}/{quote(period, safe=':')}"
