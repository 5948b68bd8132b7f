"""What a browser keeps for us, signed: that it is logged in, the name its reader gave, and what its forms must bring along."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from watcher.signing import Signing

LOGGED_IN, READER, FORM = "watcher_login", "watcher_reader", "watcher_form"
LOGIN_SECONDS: Final = 30 * 86_400
READER_SECONDS: Final = 365 * 86_400
LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Cookies:
    """Reads and writes the cookies of one configuration. `password_hash`: another password ends every login."""

    keys: Sequence[str]
    password_hash: str
    is_https: bool

    def is_logged_in(self, request: Request) -> bool:
        """Whether this browser gave the password in the last 30 days."""
        return self._login.read_since(request.cookies.get(LOGGED_IN, ""), LOGIN_SECONDS) == "in"

    def log_in(self, response: Response) -> None:
        """Have the browser stay logged in."""
        self._set(response, LOGGED_IN, self._login.sign_now("in"), LOGIN_SECONDS)

    def log_out(self, response: Response) -> None:
        """Have the browser forget that."""
        response.delete_cookie(LOGGED_IN, path="/", httponly=True, secure=self.is_https, samesite="lax")

    def reader(self, request: Request) -> str:
        """The name that this browser's reader gave; "" for none."""
        hexed = self._reader.read(request.cookies.get(READER, "")) or ""
        return bytes.fromhex(hexed).decode() if hexed else ""

    def remember(self, response: Response, reader: str) -> None:
        """Keep the name of the browser's reader."""
        self._set(response, READER, self._reader.sign(reader.encode().hex()), READER_SECONDS)

    # --- forms: OWASP's signed double-submit cookie

    def form_token(self, request: Request) -> tuple[str, str]:
        """What a form must bring along, and the cookie that it must fit: the browser's own, or a fresh one."""
        cookie = request.cookies.get(FORM, "")
        if not (20 <= len(cookie) <= 64 and cookie.isascii()):
            cookie = secrets.token_urlsafe(24)
        return self._form.sign(cookie).rpartition(".")[2], cookie

    def keep_form(self, response: Response, cookie: str) -> None:
        """Have the browser keep the forms' cookie."""
        self._set(response, FORM, cookie, None)

    def is_own_form(self, request: Request, token: str) -> bool:
        """Whether a form comes from a page of ours, in this browser."""
        cookie = request.cookies.get(FORM, "")
        return bool(cookie) and cookie.isascii() and self._form.read(f"{cookie}.{token}") == cookie and _is_from_here(request)

    @property
    def _login(self) -> Signing:
        return Signing(self.keys, f"login {hashlib.sha256(self.password_hash.encode()).hexdigest()}")

    @property
    def _reader(self) -> Signing:
        return Signing(self.keys, "reader")

    @property
    def _form(self) -> Signing:
        return Signing(self.keys, "form")

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, secure=self.is_https, samesite="lax")


def _is_from_here(request: Request) -> bool:
    """Whether the browser does not say that another site sent the form (Fetch Metadata; Origin for older ones)."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2].casefold() == request.headers.get("host", "").casefold()
