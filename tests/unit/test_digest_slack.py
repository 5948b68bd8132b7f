"""The Slack payloads: inside Slack's limits whatever comes, and literal whatever a title holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.digest_samples import WEEKLY, digest, empty, entry, full, many, paper, ris

from watcher.digest.render import messages
from watcher.digest.templates import Mrkdwn, mrkdwn
from watcher.domain import ChannelKind, Digest, FollowUp, Receipt, pubmed_id


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
        list_=replace(WEEKLY, title="A & B " * 100, subject_prefix="", limit=0, top=5),
        receipt=Receipt(
            failures=("word & " * 200,) * 60, remarks=("<" * 900,) * 60, retracted=tuple(pubmed_id(n) for n in range(1, 900))
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
    for payload in payloads(digest(many(90, title_length=300), list_=replace(WEEKLY, top=40))):
        whole = "\n".join(texts(payload))
        assert set(re.findall(r"gov/(\d+)/\|\d", whole)) >= set(re.findall(r"gov/(\d+)/\|PubMed", whole))


def test_the_fallback_text_is_the_subject_and_the_part() -> None:
    (payload,) = payloads(digest(many(3)))
    _, second, *more = payloads(digest(many(20)))

    assert payload["text"] == "[NMJ] 3 new papers, 1 highly relevant · 15–21 Sep"
    assert second["text"] == f"[NMJ] 20 new papers, 9 highly relevant · 15–21 Sep (part 2 of {2 + len(more)})"


def lines(payload: dict[str, Any]) -> list[str]:
    """The lines that name a paper each."""
    return [line for text in texts(payload) for line in text.splitlines() if line.startswith("• ")]


def numbers(text: str) -> list[int]:
    """The papers that a text links to, by their numbers."""
    return [int(pmid) - 99_000_000 for pmid in re.findall(r"gov/(\d+)/", text)]


@pytest.mark.parametrize("papers", [9, 150])
def test_the_first_post_has_a_line_for_each_of_the_best_eight_and_the_parts_have_every_paper_once(papers: int) -> None:
    whole = digest(many(papers), list_=replace(WEEKLY, limit=60))

    first, *further = payloads(whole)

    listed = lines(first)
    assert [numbers(line) for line in listed] == [[number] for number in range(1, 9)]
    assert all(re.search(r"\|\d+ Agrin .*> · Sample J Synapses · \d+ · it matches the query of", line) for line in listed)
    heads = [found for part in further for text in texts(part) for found in re.findall(r"gov/(\d+)/\|\d+ Agrin", text)]
    assert sorted(int(pmid) - 99_000_000 for pmid in heads) == list(range(1, papers + 1))
    told = "\n".join(texts(first))
    assert (
        f"All papers stand below with conclusions and further links, {papers - 8} more paper{'s' if papers > 9 else ''} among them."
        in told
    )
    assert "Next digest:" not in told
    assert "Next digest:" in "\n".join(texts(further[-1]))


def test_what_fits_into_one_post_is_one_with_its_papers_in_full() -> None:
    (payload,) = payloads(digest(many(5)))

    assert lines(payload) == []
    assert sorted(set(numbers("\n".join(texts(payload))))) == [1, 2, 3, 4, 5]


def test_the_first_post_begins_with_the_picks_and_goes_on_by_score_over_all_sections() -> None:
    preprint = entry(paper(20, publication_types=("Preprint",)), 97)
    whole = digest([*many(20), preprint], list_=replace(WEEKLY, top=2))

    assert [numbers(line)[0] for line in lines(payloads(whole)[0])] == [1, 2, 20, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("papers", "told"), [(3, "further links."), (12, "further links, 4 more papers among them.")])
def test_a_list_may_want_the_first_post_alone(papers: int, told: str) -> None:
    whole = digest(many(papers), list_=replace(WEEKLY, top_only=True))

    (payload,) = payloads(whole)

    assert len(lines(payload)) == min(papers, 8)
    said = "\n".join(texts(payload))
    assert f"All papers stand in the digest's other messages with conclusions and {told}" in said
    assert "Next digest:" in said
    assert "part" not in payload["text"]


def test_the_mail_of_a_list_that_wants_one_post_holds_everything() -> None:
    whole = digest(many(12), list_=replace(WEEKLY, top_only=True))

    mail, post = messages(whole, kinds=[ChannelKind.EMAIL, ChannelKind.SLACK], ris=ris)[1]

    assert mail.payload["ris"].count("AN  - ") == 12
    assert set(numbers(mail.payload["text"])) == set(range(1, 13))
    assert "All papers stand in the mail with conclusions" in post.payload["json"]


def test_follow_ups_alone_are_told_at_once_also_where_one_post_is_wanted() -> None:
    whole = digest([], list_=replace(WEEKLY, top_only=True), follow_ups=[FollowUp(paper(1), 1, "now in Sample eLife")])

    (payload,) = payloads(whole)

    assert numbers("\n".join(texts(payload))) == [1]


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
    whole = digest(many(5), list_=replace(WEEKLY, limit=3, top=3))

    listed = [text for payload in payloads(whole) for text in texts(payload) if text.startswith("• ")]

    assert len(listed) == 1
    assert re.findall(r"gov/(\d+)/", listed[0]) == ["99000004", "99000005"]


def test_a_receipt_with_nothing_to_tell_is_left_out() -> None:
    (payload,) = payloads(digest([], receipt=Receipt()))

    assert [block["type"] for block in payload["blocks"]] == ["header", "section"]
