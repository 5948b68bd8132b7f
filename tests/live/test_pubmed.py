"""PubMed itself against what the code and the local server assume. Run by hand: `WATCHER_LIVE_EMAIL=you@your.lab make live`."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from support.live_checks import Deposited, Paper, Topic, check

from watcher import clock
from watcher.domain import pubmed_id
from watcher.pubmed.client import EUTILS, Entrez

EMAIL = "WATCHER_LIVE_EMAIL"
API_KEY = "WATCHER_PUBMED__API_KEY"
BASE_URL = "WATCHER_PUBMED__BASE_URL"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get(EMAIL), reason=f"PubMed wants to know who asks: {EMAIL}=you@your.lab make live"),
]


def topic() -> Topic:
    """The neuromuscular junction in the last weeks, and the two seeds that the project ships."""
    today = clock.ncbi_day(clock.real_now())
    return Topic(
        term='"neuromuscular junction"[tiab]',
        since=today - timedelta(days=45),
        until=today - timedelta(days=20),
        large="muscle[tiab]",
        known=Paper(
            pubmed_id(41224659),
            doi="10.1523/jneurosci.1353-25.2025",
            title="The Neuromuscular Junction: A Shared Vulnerability in Aging and Disease",
        ),
        deposited=Deposited(doi="10.3390/ijms27031253", pmcid="PMC12898414"),
        absent=pubmed_id(99_999_998),
        unknown="zqxwvblorf",
        scattered="junction agrin sarcopenia organoid",
    )


def test_pubmed_answers_as_assumed() -> None:
    """Thirteen requests, at PubMed's pace."""
    key, address = os.environ.get(API_KEY) or None, os.environ.get(BASE_URL) or EUTILS
    with Entrez(email=os.environ[EMAIL], api_key=key, base_url=address, max_attempts=3, on_retry=print) as pubmed:
        print()  # noqa: T201 - below pytest's own line
        differences = check(pubmed, topic(), say=print)

    if differences:
        pytest.fail("PubMed answers otherwise than assumed:\n" + "\n".join(map(str, differences)), pytrace=False)
