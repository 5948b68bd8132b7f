"""From where a request comes, and by which name it asks."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"[a-z0-9._-]+(:\d{1,5})?|\[[0-9a-f:.]+\](:\d{1,5})?")
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_from_this_machine(request: Request) -> bool:
    """Whether a request was made on this machine, to a name of this machine, and by no proxy that lets others in. nginx, left as it is, says
    nothing of whom it speaks for, but speaks HTTP/1.0, which no browser does (ngx_http_proxy_module, proxy_http_version)."""
    peer = request.client.host if request.client else ""
    is_near = _is_loopback(peer) and host_of(request) in LOOPBACK
    is_direct = request.scope["http_version"] != "1.0" and not any(name in request.headers for name in _FORWARDED)
    return is_near and is_direct


def host_of(request: Request) -> str:
    """The name that a request asks for, without the port, in small letters; "" for none."""
    host = request.headers.get("host", "").strip().casefold()
    if not _HOST.fullmatch(host):  # a path in it would become part of what Starlette takes for the address
        return ""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name.rstrip(".")


def hosts_of(listen: str, base_url: str | None) -> frozenset[str]:
    """The names that a page goes by."""
    at, public = listen.rpartition(":")[0].casefold(), urlsplit(base_url or "").hostname or ""
    return LOOPBACK | {at, f"[{public}]" if ":" in public else public} - {""}


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
