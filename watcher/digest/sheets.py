"""What messages say, worded, before any markup of a kind: a digest, a notice, corrections that are told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from watcher.digest import imprint
from watcher.digest.parts import Fits
from watcher.digest.view import Correctedness, Page, page
from watcher.domain import Article, Carries, ChannelKind, Contact, Digest

Ris: TypeAlias = Callable[[Sequence[Article]], str]
"""Writes papers as a file: in RIS, or as RIS is written."""

MOST_BYTES = 10_000_000
WHAT = "these messages"
"""What a reader of corrections may have changed or stopped."""


@dataclass(frozen=True)
class Edition:
    """A digest as it was fitted. `kinds` are those of the list's channels. `writers` write the files that it may
    attach, each of at most `most_bytes`; `fits`: what the other channels take in one message; `host` ends the list's List-Id, "" for none."""

    digest: Digest
    kinds: frozenset[ChannelKind]
    writers: Mapping[str, Ris | None]
    fits: Fits = field(default=lambda _subject, _text: True)
    most_bytes: int = MOST_BYTES
    host: str = ""

    @cached_property
    def page(self) -> Page:
        """The digest, worded."""
        return page(self.digest)

    def place_of_the_whole(self, but: ChannelKind) -> str:
        """Where a reader of this kind's short message finds the whole digest: "in the mail". "" where no other channel carries it."""
        whole = (Carries.WHOLE,) if self.page.top_only else (Carries.WHOLE, Carries.AS_SAID)
        return next((one.facts.place for one in ChannelKind if one in self.kinds - {but} and one.facts.carries in whole), "")


@dataclass(frozen=True, slots=True)
class NoticeSheet:
    """A notice, worded: plain text, commands in backticks. `part` is 2 of an end, else 1. `todo` may be "", `state` heads it; `signed` says
    where to learn more, and who runs the service."""

    topic: str
    part: int
    subject: str
    headline: str
    when: str
    told: tuple[str, ...]
    todo: str
    recovered: bool
    state: str
    signed: str


@dataclass(frozen=True, slots=True)
class CorrectionsSheet:
    """Corrections for the readers of the list `name`, worded. `contact` is who runs the service; `host` ends the list's List-Id, "" for
    none."""

    name: str
    subject: str
    title: str
    counts: str
    why: str
    papers: tuple[Correctedness, ...]
    contact: Contact | None
    host: str = ""

    def signed(self, *, in_mail: bool) -> str:
        """Who runs the service, as a sentence; "" when nobody is known."""
        address = self.contact.address if self.contact else ""
        return address.join(imprint.run_by(self.contact, in_mail=in_mail, what=WHAT))
