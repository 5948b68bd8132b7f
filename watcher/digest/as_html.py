"""The digest as an HTML mail: tables and inlined styles for mail clients, no script, no image, nothing fetched from anywhere.

Every string is escaped by the template; titles keep i, b, sub and sup. What a flood of failures, gaps or follow-ups would add is
capped, and said: the text twin holds it whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import css_inline

from watcher.digest import corrections, links, templates
from watcher.digest.clean import clip
from watcher.digest.view import Page

_LINE = 300
_LINKED_SETS = 5
_ROOM_FOR_FRAME = 0.5
_TOLD = (12, 4, 1, 0)
"""How many corrections, follow-ups, outages, remarks and failures each are told: the most that leave half of the budget to the papers."""


def html(page: Page, *, max_bytes: int) -> str:
    """The whole HTML document. It is as long as the page's groups make it; `max_bytes` bounds only the frame around them."""
    frame = replace(page, groups=())
    told = next((limit for limit in _TOLD if size(_document(frame, limit)) <= max_bytes * _ROOM_FOR_FRAME), _TOLD[-1])
    return _document(page, told)


def size(document: str) -> int:
    """Bytes in UTF-8, as mail clients count them before they clip a message."""
    return len(document.encode())


def _document(page: Page, told: int) -> str:
    rendered = (
        templates.html()
        .get_template("digest.html.j2")
        .render(
            page=page,
            outages=_lines(page.outages, told),
            remarks=_lines(page.remarks, told),
            corrections_title=corrections.TITLE,
            corrected=page.corrected[:told],
            corrected_more=_more(len(page.corrected), told),
            follow_ups=page.follow_ups[:told],
            follow_ups_more=_more(len(page.follow_ups), told),
            attached_links=page.attached_links[: min(told, _LINKED_SETS)],
            receipt=[(label, clip(value, _LINE)) for label, value in page.receipt],
            weeks=_lines(page.weeks, told),
            made_good=[clip(line, _LINE) for line in page.made_good],
            failures=_lines(page.failures, told),
            run_by=page.run_by(in_mail=True),
            mail_to=links.mail(page.contact.address) if page.contact else "",
        )
    )
    return inlined(rendered)


def inlined(document: str) -> str:
    """A rendered page with its styles where mail clients want them, and without its indentation."""
    return _inliner().inline(re.sub(r"\n\s*", "\n", document))


def _lines(lines: Sequence[str], told: int) -> list[str]:
    more = _more(len(lines), told)
    return [clip(line, _LINE) for line in lines[:told]] + ([more] if more else [])


def _more(total: int, told: int) -> str:
    return f"And {total - told:,} more, told in the plain-text part of this mail." if total > told else ""


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_style_tags=True, remove_inlined_selectors=True, minify_css=True, load_remote_stylesheets=False
    )
