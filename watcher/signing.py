"""Signs what comes back to us through a reader's hands: the links of a mail, and what a browser keeps.

HMAC-SHA1 by itsdangerous, a key of its own for each purpose (https://itsdangerous.palletsprojects.com, "Signing interface"). A signed text is
"text.signature"; it is no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from itsdangerous import BadSignature, Signer, TimestampSigner, base64_decode, base64_encode

S = TypeVar("S", bound=Signer)


@dataclass(frozen=True)
class Signing:
    """Signs for one purpose. `keys` are oldest first: the last one signs, all are believed, so that a key can give way to another."""

    keys: Sequence[str]
    purpose: str

    def sign(self, text: str) -> str:
        """The text with its signature, the same at each call."""
        return self._signer(Signer).sign(text).decode()

    def read(self, signed: str) -> str | None:
        """What was signed; None for what none of the keys has signed for this purpose."""
        return _unsigned(self._signer(Signer), signed)

    def sign_now(self, text: str) -> str:
        """The text with the present time of this machine and a signature."""
        return self._signer(TimestampSigner).sign(text).decode()

    def read_since(self, signed: str, seconds: int) -> str | None:
        """What was signed by `sign_now` at most so many seconds ago; None for anything else."""
        return _unsigned(self._signer(TimestampSigner), signed, max_age=seconds)

    def _signer(self, kind: type[S]) -> S:
        return kind(list(self.keys), salt=f"watcher {self.purpose}", key_derivation="hmac")


def _unsigned(signer: Signer, signed: str, **limits: Any) -> str | None:  # noqa: ANN401 - as each kind of signer has them
    given = signed.encode("ascii", "replace")
    try:
        text = signer.unsign(given, **limits).decode()
    except (BadSignature, UnicodeDecodeError):
        return None
    signature = given.rpartition(b".")[2]
    return (
        text if base64_encode(base64_decode(signature)) == signature else None
    )  # the last letter has bits that are not read (RFC 4648, 3.5)
