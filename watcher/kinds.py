"""The kinds of channels, and what each can do. Apart from `domain`, which has them too, since the command line's help names their formats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Self


class Carries(Enum):
    """What of a digest a kind of channel carries."""

    WHOLE = "all of it"
    AS_SAID = "all of it, or with `top_only` its first post alone"
    TOP = "its first post alone"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What a kind of channel can do. Who acts by a channel's kind asks these, and never which kind it is.

    `label` is what readers call the service; `place` is where its messages are, as another one says it ("in the mail"). `previews` are the
    formats in which a digest of the kind can be looked at. `attaches`: files go along, as far as `max_mail_mb` allows. `is_answered`: a
    reader can reply to a message. For who writes the configuration, `about` says what is not plain of the kind, and `url` what its URL is
    where that is more than an Apprise URL.
    """

    label: str
    carries: Carries
    previews: tuple[str, ...]
    place: str = "in the digest's other messages"
    attaches: bool = False
    is_answered: bool = False
    about: str = ""
    url: str = ""


class ChannelKind(StrEnum):
    """How a channel's messages are rendered."""

    facts: KindFacts
    """What the kind can do. How it is done stands in the tables of `digest.kinds` and `notify.notifier` (decision 55)."""

    EMAIL = "email", KindFacts("mail", Carries.WHOLE, ("html", "text"), "in the mail", attaches=True, is_answered=True)
    SLACK = "slack", KindFacts("Slack", Carries.AS_SAID, ("slack",), url="the webhook's https address or slack://…")
    TEAMS = (
        "teams",
        KindFacts(
            "Teams",
            Carries.TOP,
            ("teams",),
            about="a digest's best papers on Microsoft Teams, by a workflow",
            url="the workflow's https address",
        ),
    )
    OTHER = "other", KindFacts("another service", Carries.WHOLE, ("other",), about="text, for any other Apprise URL")

    def __new__(cls, value: str, *facts: KindFacts) -> Self:
        """A kind and its facts, which stand once for each; `ChannelKind("email")` looks it up without them."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        (kind.facts,) = facts
        return kind
