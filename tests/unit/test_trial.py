"""The message that tries a channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from support.flow_samples import Plain, final

from watcher.domain import Channel, ChannelKind, Delivery
from watcher.flows.deliver.trial import tried

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Choosy(Plain):
    """Takes messages for all but those that it refuses."""

    refused: frozenset[str] = frozenset()
    taken: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> str | None:
        """Take it, or refuse."""
        assert (channel.name, now) == ("lab", NOW)
        if delivery.recipient in self.refused:
            raise final()
        self.taken.append(delivery)
        return None


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_each_recipient_is_tried_and_a_refusal_keeps_none_from_the_others(kind: ChannelKind) -> None:
    sender = Choosy(refused=frozenset({"a@lab.example"}))

    found = list(
        tried(
            sender,
            Channel("lab", kind, "json://127.0.0.1"),
            ("a@lab.example", "b@lab.example"),
            host="lab.example",
            now=NOW,
            fits=lambda _subject, text: len(text) < 2_000,
        )
    )

    assert [(delivery.recipient, error is None) for delivery, error in found] == [("a@lab.example", False), ("b@lab.example", True)]
    assert [delivery.recipient for delivery in sender.taken] == ["b@lab.example"]
    assert all(delivery.message.kind is kind and delivery.rfc822_id.endswith("@lab.example") for delivery, _ in found)
