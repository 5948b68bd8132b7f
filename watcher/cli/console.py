"""The door of the command line: everything that it prints goes through here, made visible. Decides nothing."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any

from watcher.visible import visible, visible_in_json

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    **dict.fromkeys(("ok", "good", "sent", "shown", "pick"), "green"),
    **dict.fromkeys(("warning", "pending", "waiting"), "yellow"),
    **dict.fromkeys(("FAILED", "failed", "refused", "abandoned", "parked", "incident", "bad"), "bold red"),
}
"""How a word that stands for a state is coloured on a terminal."""

_TERMINAL = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""Variables by which Rich takes what is no terminal for one."""


def console() -> Console:
    """Standard output; wide and without colour when it is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - only when used

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def columns() -> int:
    """How wide the terminal is."""
    return console().width


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Something that hears what is going on: a moving line on a terminal, plain lines elsewhere, nothing when quiet."""
    made = cache(_progress)
    if quiet:
        yield lambda _line: None
    elif not sys.stderr.isatty() and not any(name in os.environ for name in _TERMINAL):
        yield lambda text: made().print(visible(text), markup=False)
    elif (out := made()).is_terminal:
        with out.status("") as moving:
            yield lambda text: moving.update(visible(text).replace("[", r"\["))
    else:
        yield lambda text: out.print(visible(text), markup=False)


def _progress() -> Console:
    """Where progress is told. Rich is loaded for it; most commands tell nothing."""
    from rich.console import Console  # noqa: PLC0415 - only when used

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line on standard output as it is."""
    sys.stdout.write(f"{visible(text)}\n")


def complain(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{visible(text)}\n")


def document(content: Mapping[str, Any]) -> None:
    """JSON on standard output. What is no value of JSON's is written by its `str`."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=_as_text)
    sys.stdout.write(f"{visible_in_json(text)}\n")


def prompt() -> None:
    """Shows that an answer is waited for."""
    sys.stdout.write("> ")
    sys.stdout.flush()


def file(text: str) -> None:
    """The content of a file on standard output: as it is, but on a terminal."""
    if sys.stdout.isatty():
        text = visible(text.replace("\r\n", "\n"))
    sys.stdout.write(text if not text or text.endswith("\n") else f"{text}\n")


def bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What Python says of an error that nobody expected, on standard error; a `sys.excepthook`."""
    sys.stderr.write(visible("".join(traceback.format_exception(kind, error, trace))))


def line(text: str) -> None:
    """One line; on a terminal its first word is coloured when it stands for a state, and what does not fit hangs below."""
    text = visible(text)
    if not sys.stdout.isatty():
        sys.stdout.write(f"{text}\n")
        return
    from rich.text import Text  # noqa: PLC0415 - only when used

    out = console()
    wrap = textwrap.TextWrapper(out.width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    shown = Text("\n".join(wrap.fill(part) for part in text.splitlines()))
    word = text.partition(" ")[0].rstrip(":")
    if word in _STYLES:
        shown.stylize(_STYLES[word], 0, len(word))
    out.print(shown, soft_wrap=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under heads on a terminal; elsewhere a line for each row, its cells parted by tabs."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(visible(" ".join(cell.split())) for cell in row) + "\n")
        return
    from rich.table import Table  # noqa: PLC0415 - only when used
    from rich.text import Text  # noqa: PLC0415 - only when used

    shown = Table(box=None, pad_edge=False, show_header=bool(heads), padding=(0, 2, 0, 0))
    for number in range(len(rows[0]) if rows else 0):
        shown.add_column(visible(heads[number]) if heads else "", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(visible(cell), style=_STYLES.get(cell, "")) for cell in row))
    console().print(shown)


def _as_text(value: object) -> str:
    """What is no value of JSON's: instants as ISO has them, anything else by its `str`."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
