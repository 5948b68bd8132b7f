"""The kinds of value that the configuration knows: each refuses what it is not, says what to write, and describes itself to editors.

A refusal never repeats the value: whether it may be shown is decided in one place, `wording`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from watcher.config.document import is_showable
from watcher.config.suggest import nearest
from watcher.domain import ENCODER_FILES

_T = TypeVar("_T")

_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_EMAIL = r"^[^@\s,;:<>()\"]+@[^@\s,;:<>()\"/]+$"
_FOLDER = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"
_LISTEN = r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$"
_OF_TOKENS = r"^[A-Za-z0-9._~-]{20,200}$"
_SHA256 = r"^([0-9a-f]{64})?$"
_FILE_PIN = r"^([0-9a-f]{64}) [ *]?(\S+)$"
_LIBRARY = r"^((users|groups)/[1-9][0-9]*)?$"
_LIBRARY_AT = re.compile(r"^https?://(?:www\.|api\.)?zotero\.org/(groups/[0-9]+)(?:/.*)?$")
_COLLECTION = r"^([23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8})?$"
_DATABASE = r"^(sqlite:///(?!:memory:).+|postgresql(\+psycopg)?://.+)$"
_PLACEHOLDERS = frozenset({"pmid", "doi"})


def refusal(what: str, fix: str, *, position: int | None = None) -> PydanticCustomError:
    """The error that a validator raises: what is wrong, what to write instead, and for a list which of its entries is meant."""
    return PydanticCustomError("refused", "{what}", {"what": what, "fix": fix, "position": position})


def _matching(pattern: str, what: str, fix: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.match(pattern, value):
            raise refusal(what, fix)
        return value

    return check


def _file_pins(lines: tuple[str, ...]) -> tuple[str, ...]:
    names = []
    for line in lines:
        found = re.fullmatch(_FILE_PIN, line)
        if found is None or found[2] not in ENCODER_FILES:
            what = f"{line!r} is no sha256 and name of a file that says how a model is used"
            raise refusal(what, f"write as sha256sum does: SHA256  NAME, the name being one of {', '.join(ENCODER_FILES)}")
        names.append(found[2])
    if again := [name for name in names if names.count(name) > 1]:
        raise refusal(f"{again[0]} is pinned twice", "leave the right line")
    return lines


def _library(value: str) -> str:
    """A library as Zotero's API names it; the address of a group's page will do."""
    at = _LIBRARY_AT.match(value)
    said = at[1] if at else value.strip("/")
    if not re.match(_LIBRARY, said):
        fix = "write groups/NUMBER, the number in the group's web address, or users/NUMBER: `watcher zotero check` tells yours"
        raise refusal("this is no library of Zotero", fix)
    return said


def _slug(value: str) -> str:
    if not re.match(_SLUG, value):
        better = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if is_showable(value) else ""
        raise refusal("this is not a name: small letters, digits and single hyphens", f"write for example {better or 'lab-weekly'}")
    return value


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise refusal("this is a number's place", "write digits, not true or false")
    return value


def _highlight(value: object) -> object:
    if value == "auto":
        return value
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise refusal("this is neither auto nor a score", "write auto, or a number from 0 to 100")
    return number


def _not_blank(value: str) -> str:
    if not value.strip():
        raise refusal("this is empty", "write a text, or remove the key")
    return value.strip()


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(value, available_timezones())
        raise refusal(
            "this is not a time zone", f"did you mean {near}?" if near else "write an IANA name such as Europe/Berlin"
        ) from None
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        port_is_sound = parts.port != 0
    except ValueError:
        parts, port_is_sound = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_sound or re.search(r"\s", value):
        raise refusal("this is not a web address", "write for example https://watcher.lab.example")
    if parts.username or parts.password:
        raise refusal("a web address here holds no user name and no password", "write it without the part before the @")
    return value


def _resolver(value: str) -> str:
    _web_address(re.sub(r"[{}]", "", value))
    names = set(re.findall(r"\{(.*?)\}", value))
    if (
        not names & _PLACEHOLDERS
        or names - _PLACEHOLDERS
        or re.sub(r"\{\w+\}", "", value).strip("{}") != re.sub(r"\{\w+\}", "", value)
    ):
        raise refusal("the places for the paper's identifiers are {pmid} and {doi}", "write one or both of them into the address")
    return value


def _secret_web_address(value: SecretStr) -> SecretStr:
    if not re.match(r"https?://[^/\s]+\S*$", value.get_secret_value()):
        raise refusal("this is not a web address", "write for example https://hc-ping.com/your-check")
    return value


def _channel_url(value: SecretStr) -> SecretStr:
    if not re.match(r"^[A-Za-z][A-Za-z0-9+.-]*://.+$", value.get_secret_value()):
        raise refusal(
            "this is not a channel's address", "write for example mailtos://user:password@smtp.lab.example?from=watcher@lab.example"
        )
    return value


def _feed_token(value: SecretStr) -> SecretStr:
    if not re.match(_OF_TOKENS, value.get_secret_value()):
        raise refusal(
            "a token has 20 to 200 letters, digits, hyphens, underscores, full stops or tildes",
            "make one with `openssl rand -hex 20`",
        )
    return value


def _database_url(value: SecretStr) -> SecretStr:
    if not re.match(_DATABASE, value.get_secret_value()):
        raise refusal(
            "this is not a database that watcher knows",
            "write sqlite:///data/watcher.db, or postgresql+psycopg://user:password@host/name",
        )
    return value


def _distinct(values: tuple[_T, ...]) -> tuple[_T, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise refusal("an entry is here twice", "remove one of the two", position=position)
    return values


def _said(**schema: Any) -> WithJsonSchema:  # noqa: ANN401 - JSON Schema's own words
    return WithJsonSchema({"type": "string", **schema})


Text = Annotated[str, AfterValidator(_not_blank)]
FileName = Annotated[str, AfterValidator(_not_blank), _said(format="file-path")]
Slug = Annotated[str, AfterValidator(_slug), _said(pattern=_SLUG)]
Email = Annotated[
    str,
    AfterValidator(_matching(_EMAIL, "this is not an email address", "write for example library@lab.example")),
    _said(format="email"),
]
SeedFolder = Annotated[
    str,
    AfterValidator(_matching(_FOLDER, "this is not a folder below seeds/", "write its name, such as nmj")),
    _said(pattern=_FOLDER),
]
Listen = Annotated[
    str,
    AfterValidator(_matching(_LISTEN, "this is not an address and a port", "write for example 127.0.0.1:8080")),
    _said(pattern=_LISTEN),
]
Sha256 = Annotated[
    str,
    AfterValidator(_matching(_SHA256, "this is not a sha256", "write its 64 hexadecimal digits in small letters")),
    _said(pattern=_SHA256),
]
FilePins = Annotated[
    tuple[Annotated[str, _said(pattern=_FILE_PIN)], ...],
    AfterValidator(_file_pins),
]
Zone = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address), _said(format="uri", pattern="^https?://")]
Library = Annotated[str, AfterValidator(_library)]
Collection = Annotated[
    str,
    AfterValidator(
        _matching(
            _COLLECTION,
            "this is no key of a collection",
            "write the eight capital letters and digits behind /collections/ in the collection's web address, such as ABCD2345",
        )
    ),
    _said(pattern=_COLLECTION),
]
Resolver = Annotated[str, AfterValidator(_resolver), _said(pattern=r"^https?://.*\{(pmid|doi)\}")]

Secret = Annotated[SecretStr, Field(min_length=1)]
SigningKey = Annotated[SecretStr, Field(min_length=32)]
SecretWebAddress = Annotated[SecretStr, AfterValidator(_secret_web_address)]
ChannelUrl = Annotated[SecretStr, AfterValidator(_channel_url)]
FeedToken = Annotated[SecretStr, AfterValidator(_feed_token)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]

_NUMBER = BeforeValidator(_no_truth)
Count = Annotated[int, Field(ge=0), _NUMBER]
Positive = Annotated[int, Field(ge=1), _NUMBER]
Jitter = Annotated[int, Field(ge=0, le=720), _NUMBER]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), _NUMBER]
LockWait = Annotated[float, Field(gt=0, le=30, allow_inf_nan=False), _NUMBER]
"""The service ends within 45 seconds, whatever it waits for."""
Hours = Annotated[float, Field(ge=0, allow_inf_nan=False), _NUMBER]
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False), _NUMBER]
Highlight = Annotated[
    float | Literal["auto"],
    BeforeValidator(_highlight),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "number", "minimum": 0, "maximum": 100}]}),
]
Tokens = Annotated[int, Field(ge=8, le=32_768), _NUMBER]
Kilobytes = Annotated[int, Field(ge=10), _NUMBER]


def problem_in(kind: Any, value: str) -> tuple[str, str] | None:  # noqa: ANN401 - one of the kinds above
    """What is wrong with a value of a kind, and what to write instead; None where nothing is."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        told = error.errors()[0].get("ctx", {})
        return str(told.get("what", "this cannot be used")), str(told.get("fix", ""))
    return None


Distinct = AfterValidator(_distinct)
"""On a tuple: no entry twice."""
