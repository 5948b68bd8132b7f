"""How the messages of each kind of channel are made: a module for each kind, and the table of them.

What each module has is said by `Renderer`. A new kind is a value of `ChannelKind`, a module and a row here, and the same in `notify`
(decision 55).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from watcher.digest.kinds import email, other, slack, teams
from watcher.digest.parts import Fits
from watcher.digest.sheets import CorrectionsSheet, Edition, NoticeSheet
from watcher.domain import ChannelKind, Message


class Renderer(Protocol):
    """The messages of one kind. Pure; what is the same is the same bytes. `fits`: whether a channel takes a text with a subject in one
    message, where that is for the channel to say."""

    def digest(self, edition: Edition) -> Sequence[Message]:
        """A digest, in parts counted from 1."""

    def notice(self, sheet: NoticeSheet, fits: Fits) -> Message:
        """A failure or its end, in one message."""

    def at_once(self, sheet: CorrectionsSheet, fits: Fits) -> Sequence[Message]:
        """Corrections, each told in full, in parts counted from 1."""

    def trial(self, subject: str, text: str, fits: Fits) -> Message:
        """A test message that begins with this text and is as long as the longest part of a digest."""

    def preview(self, edition: Edition, form: str) -> str:
        """A digest as it would be sent, in one text, in one of the kind's formats (`KindFacts.previews`)."""


renderers: Final[Mapping[ChannelKind, Renderer]] = {
    ChannelKind.EMAIL: email,
    ChannelKind.SLACK: slack,
    ChannelKind.TEAMS: teams,
    ChannelKind.OTHER: other,
}
