"""What a page's form sends, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from watcher.digest import clean
from watcher.web.cookies import LONGEST_NAME
from watcher.web.site import site_of

TOKEN = "form_token"  # noqa: S105 - a field's name
_MOST_FIELDS = 1_000


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form of ours; the last one counts of several with one name.

    Raises HTTPException: it is no form, or not one of ours in this browser.
    """
    found = await _read(request)
    if not site_of(request).cookies(request).is_own_form(request, found.pop(TOKEN, "")):
        raise HTTPException(403, "This form has run out: load its page anew, and try again")
    return found


def reader_in(form: Mapping[str, str]) -> str:
    """Who a form says that its reader is; "" for nobody. Others see the name: it holds nothing that is invisible or turns their lines round."""
    return clean.plain(form.get("reader", ""))[:LONGEST_NAME].strip()


async def _read(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form of this page was expected")
    try:
        text = (await request.body()).decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(400, "The form cannot be read") from None
