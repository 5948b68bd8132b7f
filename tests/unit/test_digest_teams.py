"""A digest as an Adaptive Card: what stands in it, what does not, and that it is within what Teams takes whatever there is to tell."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.digest_samples import WEEKLY, digest, empty, entry, first, full, many, paper, ris

from watcher.digest import at_once
from watcher.digest.notice import render
from watcher.digest.render import messages, preview
from watcher.domain import (
    Channel,
    ChannelKind,
    Contact,
    Corrected,
    Correction,
    CorrectionKind,
    Digest,
    FollowUp,
    Message,
    Notice,
    pubmed_id,
)
from watcher.flows.deliver.trial import trial_deliveries

MOST = 28 * 1024
"""What Teams takes (the connector's known limits); refusals have been met from 21 KB on."""
TEAMS, EMAIL, SLACK = ChannelKind.TEAMS, ChannelKind.EMAIL, ChannelKind.SLACK
EXPORT = "watcher export --list lab-weekly --digest 2026-09-21T08:00+02:00 --out papers.ris"
HAD_AT = datetime(2026, 3, 9, 7, tzinfo=UTC)
HOSTILE = "A *bold* _it_ [x](http://e.example) `code` <at>pi</at> @everyone {{DATE(2026-01-01T00:00:00Z)}} # - 1. \\* &amp; <b>"
ANY_TEXT = st.text(max_size=300)


def card(message: Message) -> dict[str, Any]:
    payload = json.loads(message.payload["json"])
    assert set(payload) == {"type", "attachments"}
    (attachment,) = payload["attachments"]
    assert (payload["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert attachment["contentUrl"] is None
    return dict(attachment["content"])


def lines(message: Message) -> list[str]:
    """What the card shows, each element a line."""
    shown = []
    for element in card(message)["body"]:
        kind = element["type"]
        assert kind in ("RichTextBlock", "TextBlock")
        shown.append(element["text"] if kind == "TextBlock" else "".join(run["text"] for run in element["inlines"]))
    return shown


def size(message: Message) -> int:
    return len(message.payload["json"].encode())


def sent(one: Digest, *others: ChannelKind) -> Message:
    _, made = messages(one, kinds={TEAMS, *others}, ris=ris)
    (message,) = (message for message in made if message.kind is TEAMS)
    return message


def corrected(count: int) -> tuple[Corrected, ...]:
    return tuple(
        Corrected(
            pubmed_id(pmid),
            f"Paper {pmid} <b>",
            HAD_AT,
            (Correction(pubmed_id(pmid), CorrectionKind.ERRATUM, pubmed_id(900 + pmid)),),
        )
        for pmid in range(1, count + 1)
    )


def test_a_digest_is_one_card_with_its_best_papers_their_links_and_reasons() -> None:
    message = sent(full(), EMAIL)

    told = lines(message)
    assert message.part == 1
    assert told[0] == "NMJ weekly: 11 new papers, 4 highly relevant"
    assert "Papers added to PubMed 15–21 September 2026." in told
    at = told.index("Muscle-derived sLRP4 restores agrin signalling and endplate innervation in aged mice.")
    assert told[at + 1].endswith("· 17 Sep 2026 · ahead of print · Highly relevant, score 94 · Mice")
    assert told[at + 2].startswith("Why: agrin, LRP4, endplate innervation")
    assert told[at + 3].startswith(
        "[PubMed](https://pubmed.ncbi.nlm.nih.gov/99000001/) · [DOI](https://doi.org/10.9999/sample.2026.0001)"
    )
    assert sum(line.startswith("Why: ") for line in told) == 8
    assert "All papers stand in the mail with conclusions and further links, 3 more papers among them." in told
    assert "Next digest: Monday 28 September 2026, 08:00 (Europe/Berlin)" in told
    assert card(message)["fallbackText"] == message.subject


@pytest.mark.parametrize(
    ("others", "where"),
    [
        ([EMAIL, SLACK], "All papers stand in the mail with conclusions and further links, 4 more papers among them."),
        ([SLACK], "All papers stand in the digest's other messages with conclusions and further links, 4 more papers among them."),
        (
            [],
            f"Not shown: 4 more papers. Where the service runs, {EXPORT} writes all papers.",
        ),
    ],
)
def test_what_is_left_out_is_counted_with_where_it_is(others: list[ChannelKind], where: str) -> None:
    assert where in lines(sent(digest(many(12)), *others))


def test_a_slack_that_has_the_first_post_alone_is_no_place_for_the_rest() -> None:
    told = lines(sent(digest(many(12), list_=replace(WEEKLY, top_only=True)), SLACK))

    assert [line for line in told if line.startswith("Not shown: 4 more papers.")]


def test_a_digest_that_is_told_whole_leaves_nothing_out() -> None:
    told = lines(sent(digest(many(8))))

    assert sum(line.startswith("Why: ") for line in told) == 8
    assert not [line for line in told if "Not shown" in line]
    assert "Papers" in told


def test_picks_come_first_and_then_the_others_by_score() -> None:
    found = [entry(paper(number, title=f"Paper {number}"), score) for number, score in ((1, 61), (2, 75), (3, 90), (4, 66))]
    told = lines(sent(digest(found, list_=replace(WEEKLY, top=1))))

    assert [line for line in told if line.startswith("Paper ")] == ["Paper 3", "Paper 2", "Paper 4", "Paper 1"]


def test_no_text_of_a_record_is_read_as_markdown_or_as_a_call() -> None:
    hostile = digest([entry(paper(1, title=HOSTILE), 90)])
    message = sent(replace(hostile, corrected=(replace(corrected(1)[0], title=HOSTILE),)))

    titles = [line for line in lines(message) if "*bold*" in line]
    assert len(titles) == 2
    for element in card(message)["body"]:
        if element["type"] == "TextBlock":  # the only element that reads Markdown
            assert "bold" not in element["text"]
            assert element["text"].startswith("[PubMed](https://pubmed.ncbi.nlm.nih.gov/")
    assert "entities" not in json.dumps(card(message))
    assert all("<at>" not in line and "@everyone" not in line and "{{" not in line for line in titles)
    assert all(line.replace("\u200b", "").endswith(HOSTILE) for line in titles)


def test_an_address_never_ends_its_link() -> None:
    list_ = replace(WEEKLY, full_text_url="https://lab.example/(x)?p={pmid}")
    (links,) = (line for line in lines(sent(digest(many(1), list_=list_))) if line.startswith("[PubMed]"))

    assert links.endswith("[Library](https://lab.example/%28x%29?p=99000001)")


def test_corrections_come_before_the_papers_and_are_counted() -> None:
    told = lines(sent(replace(full(), corrected=corrected(30)), EMAIL))

    assert told.index("Corrections to papers you had") < told.index("Best papers")
    assert sum(line.startswith("Erratum: Paper ") for line in told) == 8
    assert "3 more papers and 22 more corrections among them." in "\n".join(told)


def test_a_list_of_teams_alone_is_told_how_to_list_corrections() -> None:
    told = "\n".join(lines(sent(replace(full(), corrected=corrected(30)))))

    assert "Not shown: 3 more papers and 22 more corrections." in told
    assert "writes all papers, and watcher corrections lists corrections." in told


def test_a_digest_of_papers_now_published_tells_them() -> None:
    told = lines(sent(digest([], follow_ups=[FollowUp(paper(1, title="A preprint"), 1, "now in Sample eLife")])))

    at = told.index("A preprint")
    assert told[at - 1 : at + 2] == ["Now published", "A preprint", "Now in Sample eLife."]


def test_an_empty_week_says_so() -> None:
    told = lines(sent(empty()))

    assert told[0] == "NMJ weekly: No papers to read"
    assert not [line for line in told if line.startswith("[")]


WIDE = "𝛼" * 400


@pytest.mark.parametrize(
    "one",
    [
        full(),
        first(),
        empty(),
        digest(many(90)),
        digest(many(40, title_length=1_500)),
        digest([entry(paper(number, title=WIDE), 90) for number in range(1, 30)]),
        replace(full(), corrected=tuple(replace(one, title=WIDE) for one in corrected(60))),
        replace(full(), receipt=replace(full().receipt, remarks=(WIDE,) * 90, failures=(WIDE,) * 90)),
    ],
)
@pytest.mark.parametrize("others", [(), (EMAIL,)])
def test_a_card_is_within_what_teams_takes(one: Digest, others: tuple[ChannelKind, ...]) -> None:
    message = sent(one, *others)

    assert size(message) <= 20_000 < MOST
    assert [line for line in lines(message) if line.startswith("Why: ")] or not one.presented


def test_the_preview_is_the_post() -> None:
    shown = preview(full(), "teams", ris, {TEAMS, EMAIL})

    assert json.loads(shown) == json.loads(sent(full(), EMAIL).payload["json"])
    assert shown.startswith('{\n  "type": "message"')


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_no_text_bends_a_notice(headline: str, what: str, todo: str, topic: str) -> None:
    notice = Notice(topic, HAD_AT, headline=headline, what=what * 40, todo=todo)
    (message,) = render(notice, [TEAMS], zone="UTC", contact=Contact("library@lab.example"))

    assert size(message) <= 20_000
    assert all(element["inlines"] for element in card(message)["body"])


def test_a_notice_has_what_is_to_be_typed_in_a_type_of_its_own() -> None:
    notice = Notice(
        "watch:nmj", HAD_AT, headline="Watch nmj fails", what="4 tries failed.\nThe last: *503*", todo="Try `watcher check`."
    )
    (message,) = render(notice, [TEAMS], zone="UTC", contact=Contact("library@lab.example"))

    told = lines(message)
    assert told[:4] == ["Watch nmj fails", "4 tries failed.", "The last: *503*.", "What to do: Try watcher check."]
    assert told[4].startswith("Needs attention · Failing since Monday 9 March 2026, 07:00 (UTC) · ")
    typed = [run["text"] for element in card(message)["body"] for run in element["inlines"] if run.get("fontType") == "Monospace"]
    assert typed == ["watcher check", "watcher status"]


def test_corrections_at_once_are_told_in_as_many_cards_as_they_need() -> None:
    made = at_once.messages(WEEKLY, corrected(120), [TEAMS], contact=Contact("library@lab.example"))

    told = ["\n".join(lines(message)) for message in made]
    assert [message.part for message in made] == list(range(1, len(made) + 1))
    assert len(made) > 1
    assert all(size(message) <= 20_000 for message in made)
    assert all(sum(f"PMID {900 + pmid} " in text for text in told) == 1 for pmid in range(1, 121))
    assert "Run by library@lab.example" in told[-1]


def test_a_test_message_is_as_large_as_any() -> None:
    (trial,) = trial_deliveries(Channel("lab-teams", TEAMS, ""), ("",), host="lab.example", now=HAD_AT)

    assert 19_800 <= size(trial.message) <= 20_000
    assert lines(trial.message)[0].startswith("This is a test of the channel lab-teams")
