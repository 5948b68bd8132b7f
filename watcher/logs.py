"""Logging: structlog over the standard library, with secrets taken out.

`auto` writes console lines on a terminal and JSON elsewhere. Anything that looks like an API key, a password in a URL or a Slack
token is replaced before it is written, and no character acts on the terminal that shows it, whichever library logged it.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from watcher.visible import visible

if TYPE_CHECKING:
    import structlog

_SECRETS = (
    re.compile(r"(?P<keep>api[_-]?key[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s/:]*:)[^\s/\"']+(?=@)", re.IGNORECASE),
    re.compile(r"(?P<keep>hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[^\s\"']+", re.IGNORECASE),
    re.compile(r"(?P<keep>/services/)T\w+/B\w+/\w+"),
    re.compile(r"(?P<keep>\bslack://)[^\s\"']+", re.IGNORECASE),
    re.compile(r"(?P<keep>\bxox[a-z]-)[\w-]+"),
    re.compile(r"(?P<keep>(?:pass(?:word|wd)?|token|secret)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+", re.IGNORECASE),
)
_NOISY = ("apprise", "urllib3", "alembic", "sqlalchemy.engine", "uvicorn")


def redact(text: str) -> str:
    """The text with everything that looks like a secret replaced by ***."""
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: f"{found['keep']}***", text)
    return text


def set_up(level: str, style: str) -> None:
    """Send all logging to standard error.

    Args:
        level: debug, info, warning or error.
        style: auto, json or console.
    """
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    if "structlog" in sys.modules:  # else nobody logs by it: a command that ends at once need not load it
        _configure()


class _Lines(logging.Formatter):
    """What structlog makes of a record of the standard library's. It is loaded by the first one; most commands log nothing."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    @cached_property
    def _formatter(self) -> structlog.stdlib.ProcessorFormatter:
        import structlog  # noqa: PLC0415 - only when something is logged

        renderer = (
            structlog.processors.JSONRenderer() if self._as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        )
        final = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=final)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return self._formatter.format(record)


def _configure() -> None:
    """Let structlog's own loggers write by the standard library's."""
    import structlog  # noqa: PLC0415 - only where it is loaded already

    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _shared() -> list[structlog.typing.Processor]:
    import structlog  # noqa: PLC0415 - only when something is logged

    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return [structlog.stdlib.add_log_level, stamp, structlog.processors.format_exc_info, _redact_values]


def _redact_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key.startswith("_") else _redacted(value) for key, value in event.items()}


def _redacted(value: object) -> object:
    """The value without secrets and without what acts; what is neither text nor number is written as its `repr` would be."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {key: _redacted(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(one) for one in value]
    return visible(redact(value if isinstance(value, str) else repr(value)))
