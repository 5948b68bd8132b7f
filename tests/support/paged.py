"""The page over a lab whose digests are sent by commands: in a thread of the test's process, asked as a browser asks."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import requests

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from support.command_line import Shell
from support.rehearsal import lab
from watcher.setup.loading import load_whole
from watcher.web import Changes, live

START, FIRST, SECOND = "2026-03-02T09:00", "2026-03-09T08:00", "2026-03-16T08:00"
PI, POSTDOC = "pi@uni-sample.de", "postdoc@uni-sample.de"
PASSWORD = "correct horse battery"
BASE = "https://watcher.uni-sample.de"
LINK = re.compile(rf"{BASE}(/[vs]/[\w.:~-]+(?:/\w+)?)")
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class Browser:
    """What a reader's browser does: keeps cookies, and sends a page's form back."""

    at: str
    host: str = ""
    keeps: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Look at a page."""
        return self._asked("GET", path, headers)

    def post(self, path: str, *, given: dict[str, str], form_of: str = "", **headers: str) -> requests.Response:
        """Fill the form of a page in, which is the one that it is sent to unless told otherwise."""
        found = TOKEN.search(self.get(form_of or path).text)
        token = {"form_token": found[1]} if found else {}
        return self._asked("POST", path, headers, given | token)

    def bare(self, path: str, given: Any = None, **headers: str) -> requests.Response:  # noqa: ANN401 - whatever is sent
        """Send something without having looked at a page."""
        return self._asked("POST", path, headers, given)

    def _asked(self, method: str, path: str, headers: dict[str, str], given: Any = None) -> requests.Response:  # noqa: ANN401
        named = {"Host": self.host} if self.host else {}
        told = named | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.keeps.request(method, f"{self.at}{path}", headers=told, data=given, timeout=60, allow_redirects=False)


@dataclass
class House:
    """A lab whose digests are sent by commands, and its page in a thread."""

    shell: Shell
    at: str
    changes: Changes

    def browser(self, host: str = "") -> Browser:
        """A browser without cookies, which asks for the page by a name."""
        return Browser(self.at, host)

    def tick(self, instant: str) -> None:
        """Do what is due at an instant."""
        assert self.shell.at(instant, "tick").code == 0

    def edit(self, *keys: str, value: Any) -> None:  # noqa: ANN401 - any configuration value
        """Edit the configuration, and have the page take it up."""
        self.shell.change(*keys, value=value)
        self.changes.put(load_whole(self.shell.lab.config))


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def paged_lab(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A lab of four papers and two readers, with a page that is not there yet. What verdicts teach is worked out in its thread, where a
    process that is begun anew takes a second for each; tests of that have it as it is."""
    monkeypatch.setattr("watcher.elsewhere.is_possible", lambda: False)
    records = [
        Planted(
            paper(
                number,
                title=f"The neuromuscular junction, part {number}",
                abstract=f"Agrin and the {topic} at the neuromuscular junction of mice were studied. The {topic} changed with age.",
                created=f"2026-03-{day:02}",
            )
        )
        for number, topic, day in ((4, "endplate", 4), (5, "toxin", 5), (6, "sarcopenia", 6), (11, "agrin", 11))
    ]
    with lab(folder, records, monkeypatch) as one:
        one.document["channels"]["lab-mail"]["to"] = [PI, POSTDOC]
        one.document["base_url"] = BASE
        one.document["web"] = {"enabled": True, "listen": f"127.0.0.1:{free_port()}"}
        one.write()
        one.move_clock(START)
        yield Shell(one, monkeypatch, capsys)


@contextmanager
def paged(shell: Shell) -> Iterator[House]:
    """The lab with its page, after the first search."""
    with page_of(shell) as changes:
        at = f"http://{shell.lab.document['web']['listen']}"
        until(lambda: answers(at))
        shell.at(START, "tick")
        yield House(shell, at, changes)


_KEPT: dict[str, Any] = {}
"""What `paged_lab` has after its first digest, made once in a process: the data folder, the mails and the posts."""


@contextmanager
def paged_with_digest(shell: Shell) -> Iterator[House]:
    """The lab of `paged_lab` with its page, after its first digest."""
    data = shell.lab.folder / "data"
    if not _KEPT:
        for instant in (START, FIRST):
            assert shell.at(instant, "tick").code == 0
        kept = Path(tempfile.mkdtemp()) / "data"
        shutil.copytree(data, kept)
        _KEPT.update(data=kept, mails=list(shell.lab.mail.mails), posts=list(shell.lab.slack.posts))
    else:
        shutil.copytree(_KEPT["data"], data, dirs_exist_ok=True)
        shell.lab.mail.mails.extend(_KEPT["mails"])
        shell.lab.slack.posts.extend(_KEPT["posts"])
        shell.lab.move_clock(FIRST)
    with page_of(shell) as changes:
        at = f"http://{shell.lab.document['web']['listen']}"
        until(lambda: answers(at))
        yield House(shell, at, changes)


@contextmanager
def page_of(shell: Shell) -> Iterator[Changes]:
    """The page of a lab, and what brings it another configuration."""
    changes: Changes = SimpleQueue()
    running = threading.Thread(target=live, args=(load_whole(shell.lab.config), changes))
    running.start()
    try:
        yield changes
    finally:
        changes.put(None)
        running.join(60)
        assert not running.is_alive()


def until(happened: Callable[[], object]) -> None:
    """Return when something has happened."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def answers(at: str) -> bool:
    """Whether a page is there."""
    try:
        return bool(requests.get(f"{at}/healthz", timeout=60).status_code)
    except requests.ConnectionError:
        return False


def mail_to(house: House, reader: str) -> Any:  # noqa: ANN401 - a mail
    """The first mail to a reader."""
    return next(one for one in house.shell.lab.mail.mails if one.message["To"] == reader)


def links(house: House, reader: str = PI) -> dict[str, str]:
    """The paths of a reader's links, by what they do: "4 relevant", "stop"."""
    found = {}
    for path in LINK.findall(mail_to(house, reader).part("text/html")):
        of = re.match(r"/v/[0-9a-f]{16}(\d+)\.[\w-]+/(\w+)", path)
        found[f"{of[1]} {of[2]}" if of else "stop"] = path
    return found


def verdicts(house: House, pmid: int) -> list[str]:
    """What was said of a paper, a line each."""
    told = house.shell("explain", pmid).out
    return [" ".join(line.split()) for line in told.splitlines() if "marked" in line]


def digest(house: House, instant: str = FIRST) -> dict[str, str]:
    """Send a digest; the links of its first reader. The first one is there already where the lab is one `paged_with_digest`."""
    if instant != FIRST or not house.shell.lab.mail.mails:
        house.shell.lab.mail.mails.clear()
        house.tick(instant)
    return links(house)
