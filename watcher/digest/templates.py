"""The Jinja2 environments: in HTML everything is escaped by itself, in Slack text likewise by `mrkdwn`; plain text needs none."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from watcher.digest.mentions import quiet_in_slack

_ESCAPED = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        # Slack knows no escape for its formatting marks: look-alikes stand in for them.
        "*": "∗",
        "_": "ˍ",
        "~": "∼",
        "`": "ˋ",
    }
)
_EMOJI = re.compile(r":(?=[\w+'-]+:)")


class Mrkdwn(str):
    """Text that is Slack markup already."""

    __slots__ = ()


def mrkdwn(value: object) -> str:
    """`value` so that Slack shows it literally: &, < and > escaped, nothing bold, struck, quoted or an emoji ("1:100:1"),
    and nobody called."""
    if isinstance(value, Mrkdwn):
        return value
    text = _EMOJI.sub("∶", quiet_in_slack(str(value))).translate(_ESCAPED)
    return f"\u200b{text}" if text.startswith("&gt;") else text


def address(url: str) -> Mrkdwn:
    """A percent-encoded address for Slack's `<address|label>`."""
    return Mrkdwn(url.replace("&", "&amp;"))


def indented(text: str, width: int | None, first: str = "", rest: str | None = None) -> str:
    """`text` behind `first`, wrapped to `width` (None: not at all) with later lines behind `rest`; addresses are never broken."""
    if width is None:
        return first + text
    rest = " " * len(first) if rest is None else rest
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


@cache
def html() -> Environment:
    """For `*.html.j2`: autoescaped."""
    return _environment(autoescape=True)


@cache
def text() -> Environment:
    """For `*.txt.j2`: as it stands; filter `indented`."""
    environment = _environment()
    environment.filters["indented"] = indented
    return environment


@cache
def slack() -> Environment:
    """For `*.slack.j2`: every expression is escaped by `mrkdwn`; filter `address` for links."""
    environment = _environment(finalize=mrkdwn)
    environment.filters["address"] = address
    return environment


def _environment(*, autoescape: bool = False, finalize: Callable[[object], str] | None = None) -> Environment:
    return Environment(
        loader=PackageLoader("watcher.digest"),
        autoescape=autoescape,  # noqa: S701 -- off for text and Slack only, whose reader is no browser
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
