"""Text for a terminal, a log or a header, with everything that would act there shown instead.

A title, a file's text or another machine's answer may hold an escape sequence that paints over a line, or a control that turns the
order of letters round. Nobody's text is trusted: the doors through which text leaves (`cli.console`, `logs`, a mail's headers) put all
of it through here.
"""

from __future__ import annotations

import re

# The controls C0 and C1 (ECMA-48) but tab and line feed, Unicode's line separators, its bidirectional controls (UAX 9, 2), and
# surrogates without a partner, which cannot be encoded.
_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""`text` with each character that acts written as Python writes it, such as `\x1b` or `\u202e`; tabs and line feeds stay."""
    return _ACTING.sub(_as_python_writes, text)


def visible_in_json(document: str) -> str:
    r"""A JSON document that says the same, with each character that acts escaped as JSON has it, such as `\u009b`."""
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _as_python_writes(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
