"""How much text a channel of another service takes in one message.

Apprise's plugins know it (`body_maxlen`), and by default send longer texts all the same, which most services refuse. What counts is the
text as it travels: turned into the service's markup where Apprise does that, with the subject where the service has no place for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_IN_BYTES: Final = frozenset({"dingtalk", "fcm", "feishu", "lark", "ntfy", "wechat", "wecombot", "xmatters"})
"""Plugins whose services count bytes of UTF-8; the others count characters, those beyond U+FFFF as two, as most of them do."""

_BETWEEN: Final = "\r\n"
"""What Apprise puts between a subject and a text that share one field."""


@dataclass(frozen=True, slots=True)
class TextRoom:
    """The room of one channel: at most `most` of `unit` ("characters", "bytes"). `shares_it` when the subject stands in it too;
    `title_most` characters has the field for it where there is one."""

    most: int
    unit: str
    shares_it: bool
    title_most: int
    as_sent: Callable[[str], str]

    @property
    def told(self) -> str:
        """The room in a sentence's words."""
        beside = ", the subject with it" if self.shares_it else ""
        return f"takes {self.most:,} {self.unit} a message{beside}; longer digests come in parts"

    def title(self, subject: str) -> str:
        """The subject as it is sent: clipped to its field, and to a third of a room that it shares."""
        limits = [self.title_most] * (self.title_most > 0) + [self.most // 3] * self.shares_it
        longest = min(limits, default=len(subject))
        return subject if len(subject) <= longest else f"{subject[: longest - 1].rstrip()}…"

    def fits(self, subject: str, text: str) -> bool:
        """Whether one message holds this text."""
        whole = f"{self.title(subject)}{_BETWEEN}{text}" if self.shares_it else text
        return self._size(self.as_sent(whole)) <= self.most

    def _size(self, text: str) -> int:
        return len(text.encode("utf-8", "replace")) if self.unit == "bytes" else len(text.encode("utf-16-le", "replace")) // 2


def room_of(plugin: Any) -> TextRoom:  # noqa: ANN401 - Apprise ships no types for its plugins
    """The room of the channel that a plugin of Apprise's stands for."""
    from apprise import NotifyFormat  # noqa: PLC0415 - Apprise, only when it is asked
    from apprise.conversion.format import convert_between  # noqa: PLC0415

    form = plugin.resolve_format(NotifyFormat.TEXT)
    service = type(plugin).__module__.removeprefix("apprise.plugins.").partition(".")[0]
    return TextRoom(
        most=int(plugin.body_maxlen),
        unit="bytes" if service in _IN_BYTES else "characters",
        title_most=int(plugin.title_maxlen),
        shares_it=plugin.title_maxlen <= 0 or bool(plugin.overflow_amalgamate_title),
        as_sent=(lambda text: text)
        if form == NotifyFormat.TEXT
        else (lambda text: str(convert_between(NotifyFormat.TEXT, form, text))),
    )
