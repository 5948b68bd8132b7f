"""A reader's own links: their places hold in each form of a digest, and take no more room than the links."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import pytest
from support.digest_samples import digest, full, many, ris

from watcher.digest import personal
from watcher.digest.personal import Act, bare, filled, is_personal
from watcher.digest.render import messages, preview
from watcher.domain import ChannelKind, Digest, Message, VerdictKind
from watcher.flows.deliver.personal import Links

BASE = "https://watcher.lab.example"
KINDS = (ChannelKind.EMAIL, ChannelKind.SLACK, ChannelKind.TEAMS, ChannelKind.OTHER)


def with_page(of: Digest) -> Digest:
    return replace(of, base_url=BASE)


def without_page() -> Digest:
    return replace(full(), base_url=None)


def rendered(of: Digest) -> dict[ChannelKind, list[Message]]:
    found: dict[ChannelKind, list[Message]] = {}
    for message in messages(of, kinds=KINDS, ris=ris)[1]:
        found.setdefault(message.kind, []).append(message)
    return found


def link(place: Act) -> str:
    return f"{BASE}/{place.record_id or 'stop'}/{place.kind or 'choose'}"


def papers(message: Message) -> list[str]:
    """The papers of a mail's text, cut out by the places that are stored for it."""
    text, found = message.payload["text"], []
    for start, *lengths in json.loads(message.payload["text_papers"]):
        bounds = list(accumulate(lengths, initial=start))
        found += [text[begins:ends] for begins, ends in pairwise(bounds)]
    return found


def test_without_a_page_nothing_is_personal() -> None:
    assert not [one for some in rendered(without_page()).values() for one in some if is_personal(one)]


def test_each_paper_of_a_mail_has_its_three_verdicts_and_the_mail_its_stop() -> None:
    of = with_page(full())
    (mail,) = rendered(of)[ChannelKind.EMAIL]

    html = filled(mail, link).payload["html"]

    for item in of.items:
        for kind in VerdictKind:
            assert f'href="{BASE}/{item.article.record_id}/{kind}"' in html
    assert html.count(f'href="{BASE}/stop/choose"') == 1
    assert "~~~" not in html


def test_its_text_has_a_page_for_each_paper() -> None:
    of = with_page(full())
    (mail,) = rendered(of)[ChannelKind.EMAIL]

    text = filled(mail, link).payload["text"]

    assert [f"Mark it: {BASE}/{item.article.record_id}/choose" in text for item in of.items] == [True] * len(of.items)
    assert f"Pause or stop these mails: {BASE}/stop/choose" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_slack_has_them_beside_each_paper_and_no_stop() -> None:
    of = with_page(full())

    text = "".join(json.dumps(json.loads(filled(one, link).payload["json"])) for one in rendered(of)[ChannelKind.SLACK])

    for item in of.items:
        for kind in VerdictKind:
            assert f"<{BASE}/{item.article.record_id}/{kind}|{kind}>" in text
    assert "stop" not in text
    assert "~~~" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_bare_is_as_it_would_be_without_a_page(kind: ChannelKind) -> None:
    plain, own = (rendered(of)[kind] for of in (without_page(), with_page(full())))

    stripped = [bare(one) for one in own]

    assert not [one for one in stripped if is_personal(one)]
    if kind in (ChannelKind.EMAIL, ChannelKind.SLACK):
        shown = [json.dumps(dict(one.payload)) for one in stripped]
        assert all("Mark it" not in text and "Pause or stop" not in text for text in shown)
    assert len(stripped) >= len(plain)


@pytest.mark.parametrize("change", [bare, lambda message: filled(message, link)], ids=["bare", "filled"])
def test_where_papers_stand_in_the_text_stays_true(change: Any) -> None:  # noqa: ANN401 - two functions
    (plain,) = rendered(without_page())[ChannelKind.EMAIL]
    (own,) = rendered(with_page(full()))[ChannelKind.EMAIL]
    titles = [one.strip().splitlines()[-1 if one.isspace() else 0] for one in papers(plain)]

    cut = papers(change(own))

    assert [one.strip().splitlines()[0] for one in cut] == titles
    assert "".join(cut) in change(own).payload["text"] or len(json.loads(own.payload["text_papers"])) > 1


def test_a_place_is_as_long_as_the_link_that_takes_it() -> None:
    place = personal.marking(BASE, full().items[0].article.record_id, VerdictKind.RELEVANT)
    address = Links(["k" * 40], BASE).address(77, "77.0a1b2c3d@lab", Act(full().items[0].article.record_id, VerdictKind.RELEVANT))

    assert len(address) == len(place)


def test_a_large_digest_with_links_still_fits_the_room_of_its_list() -> None:
    (mail,) = rendered(with_page(digest(many(200))))[ChannelKind.EMAIL]

    html = filled(mail, lambda place: personal.marking(BASE, place.record_id, place.kind) if place.record_id else BASE).payload[
        "html"
    ]

    assert len(html.encode()) <= 90_000


@pytest.mark.parametrize("form", ["html", "text", "slack", "teams", "other"])
def test_what_is_only_looked_at_has_none(form: str) -> None:
    text = preview(with_page(full()), form, ris)

    assert "0000000000000000" not in text
    assert "Mark it" not in text


def test_a_title_that_looks_like_a_place_stays_what_it_is() -> None:
    evil = f"/v/{'0' * 16}1.{'~' * 27}/relevant"
    mail = Message(ChannelKind.EMAIL, 1, "s", {"text": f"a {evil}\n", "html": f"<p>{evil}</p>"})
    post = Message(ChannelKind.SLACK, 1, "s", {"json": json.dumps({"text": f"&lt;{BASE}{evil}|x&gt;"})})

    assert filled(mail, link) == mail
    assert filled(post, link) == post
