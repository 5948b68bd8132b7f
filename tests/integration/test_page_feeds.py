"""Feeds by the page: who may read them, what an answer holds, and where a token never stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest
import requests
from support.command_line import Shell
from support.paged import free_port, page_of, until
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.setup.loading import load_whole
from watcher.web import Changes

ALICE = "sample-token-of-alice-0001"
BASE = "https://watcher.uni-sample.de"
ELSEWHERE = {"Host": "watcher.uni-sample.de"}
ATOM = "/feeds/lists/lab-weekly.atom"


class Page:
    """A page with a digest behind it, and what brings it another configuration."""

    def __init__(self, shell: Shell, changes: Changes) -> None:
        self.shell, self.changes = shell, changes
        self.at = f"http://{shell.lab.document['web']['listen']}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask, as from another machine when a Host is named."""
        return requests.get(f"{self.at}{path}", headers=headers, timeout=60, allow_redirects=False)

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.get("/healthz").status_code)
        except requests.ConnectionError:
            return False


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Page]:
    records = [Planted(paper(4, title="The neuromuscular junction, part 4", abstract="Agrin.", created="2026-03-04"))]
    with lab(tmp_path, records, monkeypatch) as one:
        one.document["base_url"] = BASE
        one.document["web"] = {"enabled": True, "listen": f"127.0.0.1:{free_port()}"}
        one.document["feeds"] = {"tokens": {"alice": {"token": ALICE}}}
        one.write()
        shell = Shell(one, monkeypatch, capsys)
        for instant in ("2026-03-02T09:00", "2026-03-09T08:00"):
            assert shell.at(instant, "tick").code == 0
        with page_of(shell) as changes:
            found = Page(shell, changes)
            until(found.is_there)
            yield found


def test_a_feed_is_read_on_this_machine_and_elsewhere_with_a_token_alone(page: Page) -> None:
    near, far = page.get(ATOM), page.get(ATOM, **ELSEWHERE)
    with_token, with_another = page.get(f"{ATOM}?token={ALICE}", **ELSEWHERE), page.get(f"{ATOM}?token={ALICE}x", **ELSEWHERE)
    absent = page.get("/feeds/lists/nonsense.atom", **ELSEWHERE)

    assert (near.status_code, near.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    assert f'href="{BASE}{ATOM}"' in near.text
    assert [one.status_code for one in (far, with_another, absent)] == [403, 403, 403]
    assert far.text == absent.text
    assert with_token.status_code == 200
    assert ALICE not in with_token.text
    assert [entry.title for entry in feedparser.parse(with_token.content).entries] == ["The neuromuscular junction, part 4"]
    assert page.get("/feeds/lists/nonsense.atom").status_code == 404


def test_a_reader_that_has_the_feed_gets_304(page: Page) -> None:
    first = page.get(f"/feeds/watches/nmj.json?token={ALICE}", **ELSEWHERE)
    again = page.get(f"/feeds/watches/nmj.json?token={ALICE}", **ELSEWHERE, **{"If-None-Match": first.headers["ETag"]})

    assert json.loads(first.content)["title"] == "Neuromuscular junction"
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_a_token_that_is_taken_out_lets_nobody_in_any_more(page: Page) -> None:
    before = page.get(f"{ATOM}?token={ALICE}", **ELSEWHERE)
    page.shell.change("feeds", "tokens", value={"bob": {"token": "sample-token-of-bob-00002"}})
    page.changes.put(load_whole(page.shell.lab.config))
    until(lambda: page.get(f"{ATOM}?token={ALICE}", **ELSEWHERE).status_code == 403)

    assert before.status_code == 200
    assert page.get(f"{ATOM}?token=sample-token-of-bob-00002", **ELSEWHERE).status_code == 200


def test_the_page_leads_to_the_feeds_and_a_token_stands_in_no_log(page: Page) -> None:
    shown = page.get("/feeds")
    page.get(f"{ATOM}?token={ALICE}", **ELSEWHERE)
    page.get(f"/feeds/lists/%00?token={ALICE}", **ELSEWHERE)
    said = page.shell.capsys.readouterr()

    assert shown.status_code == 200
    assert f'href="{ATOM}"' in shown.text
    assert 'rel="alternate" type="application/atom+xml" title="NMJ weekly"' in shown.text
    assert ALICE not in shown.text + said.out + said.err
    assert page.get("/feeds", **ELSEWHERE).status_code == 403
