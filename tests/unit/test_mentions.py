"""Nobody is called by what a title says, and a reader sees it as it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.digest_samples import full, ris

from watcher.digest.mentions import quiet
from watcher.digest.render import messages
from watcher.domain import ChannelKind

CALLS = [
    "@everyone", "@here", "@channel", "@all", "foo@everyone", "@room!", "@smith", "(@smith)", "@**all**", "<!channel>", "<!here|here>",
    "<@U0123456>", "<@!123>", "<@&123>", "<#C0123>", "<!subteam^S0123|team>", "<users/all>", "<at>All</at>", "<:party:123>", "</run:123>",
    "<t:123:R>", "@EVERYONE",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_parted_by_what_nobody_sees(call: str) -> None:
    told = quiet(f"On {call} and more")

    assert call not in told
    assert told.replace("\u200b", "") == f"On {call} and more"


@pytest.mark.parametrize(
    "text",
    ["p < 0.05 and q > 3", "p<0.05", "a <b> c", "lab@uni-sample.de", "lab@here.example", "5 @ 20 mM", "x<-y", "CD8+ T cells"],
)
def test_what_calls_nobody_stays_as_it_is(text: str) -> None:
    assert quiet(text) == text


def test_an_address_leads_to_the_same_page() -> None:
    assert quiet("see https://sample.example/@everyone?a=@b, @here") == "see https://sample.example/%40everyone?a=%40b, @\u200bhere"


@given(st.text(st.sampled_from("<@!#&>/: everyonhrcal"), max_size=30))
def test_nothing_but_what_nobody_sees_is_added(text: str) -> None:
    told = quiet(text)

    assert told.replace("\u200b", "") == text
    assert not [call for call in ("@everyone", "@here", "@channel", "<!", "<@", "<#") if call in told.lower()]


@pytest.mark.parametrize("kind", [ChannelKind.SLACK, ChannelKind.OTHER])
def test_titles_abstracts_and_names_call_nobody(kind: ChannelKind) -> None:
    bad = "@everyone <!channel> @here <@U0123456>"
    whole = full()
    items = tuple(
        replace(one, article=replace(one.article, title=bad, title_markup="", abstract=f"Conclusion: {bad}"), note=bad)
        for one in whole.items
    )
    digest = replace(whole, items=items, list=replace(whole.list, title=bad), watch_titles=dict.fromkeys(whole.watch_titles, bad))

    sent = messages(digest, kinds=[kind], ris=ris)[1]

    for message in sent:
        told = message.subject + "".join(message.payload.values())
        if kind is ChannelKind.SLACK:
            told = json.dumps(json.loads(message.payload["json"]), ensure_ascii=False)
        assert not [call for call in ("@everyone", "@here", "<!channel", "<@U") if call in told]
    assert any("everyone" in "".join(message.payload.values()) for message in sent)
