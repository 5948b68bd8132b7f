"""Notices as messages: what stands in each kind, and what holds whatever a server said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from watcher.digest.notice import render
from watcher.domain import ChannelKind, Message, Notice

FAILS = Notice(
    "watch:nmj",
    datetime(2026, 3, 3, 4, 31, tzinfo=UTC),
    headline="Watch nmj has not been searched since 2 March: PubMed does not answer",
    what="4 tries failed. The last one said: HTTP 503 <b>&.",
    todo="Nothing is lost. `watcher check --online` tries a_b at once.",
)
WORKS = replace(
    FAILS,
    headline="Watch nmj is searched again",
    what="4 tries had failed.",
    todo="",
    recovered_at=datetime(2026, 3, 5, tzinfo=UTC),
)
ANY_TEXT = st.text(max_size=400)


def message(notice: Notice, kind: ChannelKind) -> Message:
    (one,) = render(notice, [kind], zone="Europe/Berlin")
    return one


def visible(document: str) -> str:
    body = lxml_html.fromstring(document).find("body")
    assert body is not None
    return " ".join("".join(str(piece) for piece in body.itertext()).split())


def test_each_kind_gets_one_message_and_no_other_does() -> None:
    assert [one.kind for one in render(FAILS, list(ChannelKind), zone="UTC")] == list(ChannelKind)
    assert [set(message(FAILS, kind).payload) for kind in ChannelKind] == [{"text", "html"}, {"json"}, {"json"}, {"text"}]
    assert render(FAILS, [], zone="UTC") == ()


@pytest.mark.parametrize("kind", ChannelKind)
def test_the_headline_is_the_subject(kind: ChannelKind) -> None:
    assert message(FAILS, kind).subject == "[watcher] Watch nmj has not been searched since 2 March: PubMed does not answer"


@pytest.mark.parametrize("kind", ChannelKind)
def test_the_end_of_a_failure_is_the_second_part(kind: ChannelKind) -> None:
    assert (message(FAILS, kind).part, message(WORKS, kind).part) == (1, 2)


def test_the_same_notice_is_the_same_bytes() -> None:
    assert render(FAILS, list(ChannelKind), zone="UTC") == render(FAILS, list(ChannelKind), zone="UTC")


def test_the_mail_says_what_since_when_and_what_to_do() -> None:
    payload = message(FAILS, ChannelKind.EMAIL).payload

    for told in (visible(payload["html"]), " ".join(payload["text"].split())):
        assert "Failing since Tuesday 3 March 2026, 05:31 (Europe/Berlin)" in told
        assert "4 tries failed. The last one said: HTTP 503 <b>&." in told
        assert "Nothing is lost." in told
        assert "watcher check --online" in told
    assert message(FAILS, ChannelKind.EMAIL).headers == {"X-Watcher-Notice": "watch:nmj"}


def test_the_mail_of_the_end_says_from_when_to_when_and_asks_for_nothing() -> None:
    told = visible(message(WORKS, ChannelKind.EMAIL).payload["html"])

    assert "Works again Watch nmj is searched again" in told
    assert "Failed from Tuesday 3 March 2026, 05:31 to Thursday 5 March 2026, 01:00 (Europe/Berlin)" in told
    assert "What to do" not in told


def test_commands_are_code_in_html_and_slack_and_nothing_else_is_markup() -> None:
    document = message(FAILS, ChannelKind.EMAIL).payload["html"]
    slack = message(FAILS, ChannelKind.SLACK).payload["json"]

    assert [one.text for one in lxml_html.fromstring(document).iter("code")] == ["watcher check --online", "watcher status"]
    assert "&lt;b&gt;&amp;" in document
    assert "`watcher check --online` tries aˍb at once" in slack
    assert "&lt;b&gt;&amp;" in slack


def test_a_slack_message_is_under_slacks_limits_whatever_was_said() -> None:
    long = replace(FAILS, what=f"{'x' * 500} {'word ' * 4_000}", todo="y" * 5_000)

    payload = json.loads(message(long, ChannelKind.SLACK).payload["json"])

    header, *rest = payload["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert all(len(one["text"]["text"]) <= 3_000 for one in rest if one["type"] == "section")
    assert len(payload["blocks"]) <= 50


def test_a_headline_is_never_cut_at_what_looks_like_its_end() -> None:
    sheet = message(replace(FAILS, headline="Channel dr. meyer says: 5.7.1 no. thanks"), ChannelKind.EMAIL)

    assert sheet.subject == "[watcher] Channel dr. meyer says: 5.7.1 no. thanks"


def test_several_lines_are_several_paragraphs() -> None:
    told = message(replace(FAILS, what="One.\nTwo\n\nThree."), ChannelKind.OTHER).payload["text"]

    assert "\nOne.\n\nTwo.\n\nThree.\n" in told


@settings(max_examples=40, deadline=None)
@given(headline=ANY_TEXT, what=ANY_TEXT, todo=ANY_TEXT, topic=ANY_TEXT)
def test_no_text_bends_a_message(headline: str, what: str, todo: str, topic: str) -> None:
    told = Notice(topic, FAILS.since, headline=headline, what=what, todo=todo)
    for one in render(told, list(ChannelKind), zone="UTC"):
        assert one.subject.startswith("[watcher]")
        assert not set("\r\n") & set(one.subject + "".join(one.headers.values()))
        assert len(one.subject) <= 200
        json.dumps(one.payload).encode()
    document = message(replace(told, topic="t"), ChannelKind.EMAIL).payload["html"]
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "p", "h1", "h2", "code"}
    assert {str(one.tag) for one in lxml_html.fromstring(document).iter("*")} <= allowed
