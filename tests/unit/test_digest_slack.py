"""The Slack payloads: inside Slack's limits whatever comes, and literal whatever a title holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from digest_samples import WEEKLY, digest, empty, entry, full, many, paper, ris
from hypothesis import given
from hypothesis import strategies as st

from watcher.digest.render import messages
from watcher.digest.templates import Mrkdwn, mrkdwn
from watcher.domain import ChannelKind, Digest, FollowUp, Pmid, Receipt


def payloads(whole: Digest) -> list[dict[str, Any]]:
    return [json.loads(message.payload["json"]) for message in messages(whole, kinds=[ChannelKind.SLACK], ris=ris)[1]]


def texts(payload: dict[str, Any]) -> Iterator[str]:
    """Every mrkdwn text of a payload's blocks."""
    for block in payload["blocks"]:
        for holder in (block.get("text"), *block.get("elements", ())):
            if holder and holder["type"] == "mrkdwn":
                yield holder["text"]


def flooded() -> Digest:
    """More of everything than Slack takes."""
    ampersands = [entry(paper(n, "& < > " * 400, doi=f"10.9999/{'&' * 150}{n}"), 99) for n in range(1, 60)]
    return digest(
        [*ampersands, *many(120, title_length=1_000)],
        order=replace(WEEKLY, title="A & B " * 100, subject_prefix="", limit=0, top=5),
        receipt=Receipt(
            failures=("word & " * 200,) * 60, remarks=("<" * 900,) * 60, retracted=tuple(Pmid(n) for n in range(1, 900))
        ),
        follow_ups=[FollowUp(paper(500 + n, "* " * 600), n, "now in _Sample_") for n in range(60)],
    )


@pytest.mark.parametrize("whole", [full(), empty(), flooded()], ids=["full", "empty", "flooded"])
def test_every_payload_stays_inside_slack_s_limits(whole: Digest) -> None:
    for payload in payloads(whole):
        assert payload["text"]
        assert 1 <= len(payload["blocks"]) <= 50
        assert all(0 < len(text) <= 3_000 for text in texts(payload))
        assert all(len(block["text"]["text"]) <= 150 for block in payload["blocks"] if block["type"] == "header")
        assert sum(len(text) for text in texts(payload)) <= 10_000
        assert len(json.dumps(payload)) <= 40_000


def test_parts_are_numbered_and_never_end_with_a_heading() -> None:
    sent = payloads(flooded())

    assert len(sent) > 2
    for number, payload in enumerate(sent, 1):
        assert f"(part {number} of {len(sent)})" in payload["text"]
        assert payload["blocks"][-1]["type"] != "header"
        assert not re.fullmatch(r"\*[^*\n]+\*(\n_[^_]+_)?", list(texts(payload))[-1])
    assert sent[0]["blocks"][0]["type"] == "header"
    assert f"part 2 of {len(sent)}" in next(texts(sent[1]))


def test_a_paper_is_never_torn_over_two_messages() -> None:
    for payload in payloads(digest(many(90, title_length=300), order=replace(WEEKLY, top=40))):
        whole = "\n".join(texts(payload))
        assert set(re.findall(r"gov/(\d+)/\|\d", whole)) >= set(re.findall(r"gov/(\d+)/\|PubMed", whole))


def test_the_fallback_text_is_the_subject() -> None:
    (payload,) = payloads(full())

    assert payload["text"] == "[NMJ] 11 new papers, 4 highly relevant · 15–21 Sep"


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("p < 0.05 & n > 3", "p &lt; 0.05 &amp; n &gt; 3"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("&lt;", "&amp;lt;"),
        ("*bold* _it_ ~no~ `code`", "∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ"),
        ("diluted 1:100:1", "diluted 1∶100:1"),
        ("agrin: a review", "agrin: a review"),
        (">50% of mice", "\u200b&gt;50% of mice"),
    ],
)
def test_slack_shows_a_text_as_it_is_written(text: str, literal: str) -> None:
    assert mrkdwn(text) == literal


@given(st.text())
def test_no_text_can_open_slack_s_markup(text: str) -> None:
    escaped = mrkdwn(text)

    assert not set(escaped) & set("<>*_~`")
    assert all(re.match(r"&(amp|lt|gt);", escaped[match.start() :]) for match in re.finditer("&", escaped))


def test_markup_that_is_ours_is_left_alone() -> None:
    assert mrkdwn(Mrkdwn("https://x.example/a_b?c&amp;d")) == "https://x.example/a_b?c&amp;d"


def test_addresses_keep_their_underscores_and_escape_their_ampersands() -> None:
    (payload,) = payloads(digest([entry(paper(1, doi="10.9999/a_b*c"))]))

    whole = "\n".join(texts(payload))
    assert "<https://doi.org/10.9999/a_b%2Ac|DOI>" in whole
    assert "?pmid=99000001&amp;doi=10.9999%2Fa_b%2Ac|Library>" in whole


def test_attached_papers_are_listed_in_short() -> None:
    whole = digest(many(5), order=replace(WEEKLY, limit=3, top=3))

    listed = [text for payload in payloads(whole) for text in texts(payload) if text.startswith("• ")]

    assert len(listed) == 1
    assert re.findall(r"gov/(\d+)/", listed[0]) == ["99000004", "99000005"]


def test_a_receipt_with_nothing_to_tell_is_left_out() -> None:
    (payload,) = payloads(digest([], receipt=Receipt()))

    assert [block["type"] for block in payload["blocks"]] == ["header", "section"]
