"""How a mail's headers are folded: as Python does it, but with the first word beside the header's name.

Python leaves the first line empty where all words would just fit a line of their own ("Subject:" and then a line of 70 letters). The fold
is allowed; readers differ in what they make of it: Python's own shows a blank first, filters take it for an attempt to hide something.
"""

from __future__ import annotations

from email.policy import EmailPolicy
from typing import Final

LONGEST: Final = 78
"""Letters that a line should have at most (RFC 5322, 2.1.1); 998 is what it may have."""


class HeaderPolicy(EmailPolicy):
    """Python's policy for mails as they travel, without empty first lines."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header's bytes, with its line ends."""
        folded, end = super().fold_binary(name, value), self.linesep.encode()
        head = f"{name}:".encode()
        if not folded.startswith(head + end + b" "):
            return folded
        return _broken(head + folded[len(head + end) :], len(head) + 1, end)


def _broken(folded: bytes, begins: int, end: bytes) -> bytes:
    """A header whose first line may be too long: it is broken before its last word that would be beyond LONGEST, if it has one behind
    the place where its text begins."""
    first = folded.partition(end)[0]
    at = first.rfind(b" ", begins, LONGEST + 1) if len(first) > LONGEST else -1
    return folded[:at] + end + folded[at:] if at > 0 else folded
