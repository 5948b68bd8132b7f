"""Mail URLs, read strictly: what stands there is understood as percent-decoded once, or refused with the encoding to write.

    mailto[s]://[user[:password]@]host[:port][?parameter=value&…]          RFC 3986, section 3
    mailto[s]://_?user=…&pass=…&smtp=…&from=…                              the same as parameters
    mailto[s]://password@host?user=…                                       a form of Apprise's

Apprise's own reader splits at `;`, cuts at `/`, `#` and a second `:`, and decodes twice, so that another password is sent than the one
that is meant. No message of this module repeats what may be a part of the password: the name of an unknown
parameter is told only where no part of the password can stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from urllib.parse import unquote_to_bytes

PARAMETERS = ("user", "pass", "password", "smtp", "port", "mode", "from", "name", "to", "cc", "bcc", "reply", "verify")
MODES = ("insecure", "starttls", "ssl")
ENCODING = "in a user name or password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, & as %26, ; as %3B and a blank as %20"

_HOST = re.compile(r"[^\W_][\w-]*(?:\.[^\W_][\w-]*)*\.?")
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[]*)(?::(.*))?")
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+")
_NOWHERE = "_"
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


class MailUrlProblem(Exception):
    """What is wrong with a mail URL, after "the url of channel …", and what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        self.what = what
        self.fix = fix
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class MailUrl:
    """A mail URL, understood. `host` is "" where the URL leaves it to the user's address; `smtp` is the server where it is another."""

    secure: bool
    host: str
    port: int | None
    user: str = ""
    password: str = field(default="", repr=False)
    smtp: str = ""
    mode: str = ""
    sender: tuple[str, str] = ("", "")
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply: tuple[str, ...] = ()
    verify: bool = True


def read(url: str) -> MailUrl:
    """What a mail URL says.

    Raises:
        MailUrlProblem: it is no mail URL, or it says what may not be meant.
    """
    scheme, colon, rest = url.partition("://")
    if not colon or scheme.lower() not in ("mailto", "mailtos"):
        example = "write for example mailtos://user:password@smtp.lab.example?from=watcher@lab.example"
        raise MailUrlProblem("is not an email URL", example)
    _refuse_characters(url)
    authority, question, query = rest.partition("?")
    given = _parameters(query, rest) if question else {}
    userinfo, host, port = _authority(authority)
    user, password = _login(userinfo, given)
    return MailUrl(
        secure=scheme.lower() == "mailtos",
        host=host,
        port=_port(given["port"]) if "port" in given else port,
        user=user,
        password=password,
        smtp=_host(given["smtp"]) if "smtp" in given else "",
        mode=_mode(given),
        sender=_sender(given),
        to=_addresses(given, "to"),
        cc=_addresses(given, "cc"),
        bcc=_addresses(given, "bcc"),
        reply=_addresses(given, "reply"),
        verify=_is_verified(given),
    )


def _refuse_characters(url: str) -> None:
    """The characters that end or part a URL wherever they stand, so that what was meant cannot be known."""
    if url != url.strip():
        raise MailUrlProblem("begins or ends with a blank", "take it away, or write it as %20 where it belongs to the password")
    if not url.isprintable():
        raise MailUrlProblem("holds an invisible character", "take it away, or write it percent-encoded (UTF-8)")
    if "#" in url:
        raise MailUrlProblem("holds a #, which ends a URL", f"write # as %23; {ENCODING}")
    if url.count("?") > 1:
        raise MailUrlProblem("holds more than one ?", f"write all but the one before the parameters as %3F; {ENCODING}")


# --- before the question mark --------------------------------------------------------------------------------------------------


def _authority(authority: str) -> tuple[str, str, int | None]:
    """The user with his password as they are written, the host, the port."""
    place, _, path = authority.partition("/")
    if path:
        fix = f"write / as %2F in a password, and name the readers by the channel's `to` or by to=; {ENCODING}"
        raise MailUrlProblem("holds a path behind a /, and a mail URL has none", fix)
    userinfo, at, named = place.rpartition("@")
    if "@" in userinfo:
        raise MailUrlProblem("holds more than one @ before its host", f"write all but the last as %40; {ENCODING}")
    parted = _HOST_AND_PORT.fullmatch(named)
    if parted is None:
        raise _no_host()
    host, port = parted[1], parted[2]
    if at and not userinfo:
        raise MailUrlProblem("holds an @ and no user before it", f"take the @ away, or write the user before it; {ENCODING}")
    return userinfo, "" if host == _NOWHERE else _host(host), None if port is None else _port(port)


def _host(written: str) -> str:
    """A host's name or address, without the brackets of IPv6."""
    if _IPV6.fullmatch(written):
        return written[1:-1]
    try:
        written.encode("idna")
    except UnicodeError:
        written = ""
    if not _HOST.fullmatch(written):
        raise _no_host()
    return written


def _no_host() -> MailUrlProblem:
    return MailUrlProblem("names no host that could be one", f"write the mail server's name; {ENCODING}")


def _port(written: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", written) or not 0 < int(written) < 65_536:
        raise MailUrlProblem("names no port that could be one", f"write a number from 1 to 65535 behind the host; {ENCODING}")
    return int(written)


def _login(userinfo: str, given: Mapping[str, str]) -> tuple[str, str]:
    """The user and the password, decoded, from before the host or from the parameters."""
    named, colon, secret = userinfo.partition(":")
    passwords = [given[key] for key in ("pass", "password") if key in given] + [_decoded(secret)] * bool(colon)
    if named and not colon and "user" in given and not passwords:
        return given["user"], _decoded(named)
    if userinfo and "user" in given:
        raise MailUrlProblem("gives the user more than once", f"write it before the host or as user=; {ENCODING}")
    user = given.get("user") or _decoded(named)
    if len(passwords) > 1:
        raise MailUrlProblem("gives the password more than once", f"write it once; {ENCODING}")
    if passwords and not passwords[0]:
        raise MailUrlProblem("has an empty password", "write the password, or take the `:` or `pass=` away where none is needed")
    if passwords and not user:
        raise MailUrlProblem("has a password and no user", f"write the user before the `:` or as user=; {ENCODING}")
    return user, passwords[0] if passwords else ""


# --- the parameters ------------------------------------------------------------------------------------------------------------


def _parameters(query: str, rest: str) -> dict[str, str]:
    """The parameters, decoded, by name."""
    if ";" in query:
        raise MailUrlProblem("holds a ; among its parameters", f"write ; as %3B, and & between parameters; {ENCODING}")
    given: dict[str, str] = {}
    hidden_to = _secret_end(rest, query)
    start, secret_begins = len(rest) - len(query), len(rest)
    for number, piece in enumerate(query.split("&"), 1):
        key, equals, value = piece.partition("=")
        name = key.lower()
        if not equals or name not in PARAMETERS:
            may_be_told = bool(equals) and hidden_to <= start < secret_begins and re.fullmatch(r"[A-Za-z]{1,20}", key)
            raise _unknown(f"{key!r}" if may_be_told else f"number {number}")
        if name in given:
            raise MailUrlProblem("gives a parameter twice", f"write it once; {ENCODING}")
        if name in ("pass", "password"):
            secret_begins = min(secret_begins, start)
        given[name] = _decoded(value)
        start += len(piece) + 1
    return given


def _secret_end(rest: str, query: str) -> int:
    """Up to where a password before the host may reach, were an @ or ? of it not encoded: the last @ behind a `:`, or behind anything
    where `user=` makes a password of what stands before the host."""
    last = rest.rfind("@")
    if last < 0 or rest.startswith(f"{_NOWHERE}?"):
        return 0
    return last if ":" in rest[:last] or "user=" in query.lower() else 0


def _unknown(which: str) -> MailUrlProblem:
    known = ", ".join(f"{name}=" for name in PARAMETERS)
    return MailUrlProblem(
        f"has a parameter that a mail URL does not have ({which})",
        f"there are {known}; a & or = of a password is written as %26 or %3D; {ENCODING}",
    )


def _decoded(written: str) -> str:
    """What stands there, percent-decoded once."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", written):
        raise MailUrlProblem("holds a % that begins no code such as %40", f"write % itself as %25; {ENCODING}")
    try:
        text = unquote_to_bytes(written).decode()
    except UnicodeError:
        raise MailUrlProblem("holds percent codes that are no UTF-8", "write ü as %C3%BC, say, or as it is") from None
    if any(unicodedata.category(one) == "Cc" for one in text):
        raise MailUrlProblem("holds the code of a control character", "take it away")
    return text


def _mode(given: Mapping[str, str]) -> str:
    mode = given.get("mode", "").lower()
    if "mode" in given and mode not in MODES:
        raise MailUrlProblem("has a mode= that there is not", f"write one of {', '.join(MODES)}")
    return mode


def _is_verified(given: Mapping[str, str]) -> bool:
    said = given.get("verify", "yes").lower()
    if said not in _YES | _NO:
        raise MailUrlProblem("has a verify= that is neither yes nor no", "write yes or no")
    return said in _YES


def _sender(given: Mapping[str, str]) -> tuple[str, str]:
    """The name and the address of `from`; a `from` that is no address is a name."""
    said, name = given.get("from", ""), given.get("name", "")
    if "@" not in said:
        return name or said, ""
    found = getaddresses([said])
    if len(found) != 1 or not _ADDRESS.fullmatch(found[0][1]):
        raise MailUrlProblem("has a from= that is not one address", f"write for example from=watcher@lab.example; {ENCODING}")
    return name or found[0][0], found[0][1]


def _addresses(given: Mapping[str, str], key: str) -> tuple[str, ...]:
    said = given.get(key, "")
    found = [one for _, one in getaddresses([said])] if "<" in said else [one for one in re.split(r"[\s,]+", said) if one]
    if key in given and (not found or not all(_ADDRESS.fullmatch(one) for one in found)):
        raise MailUrlProblem(
            f"has a {key}= that holds something other than addresses", f"write addresses, with commas between; {ENCODING}"
        )
    return tuple(dict.fromkeys(found))
