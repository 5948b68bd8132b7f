"""What SpamAssassin makes of the mails, by its rules alone and without a network: the table of docs/mail.md. `make mail-test`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from pathlib import Path

import pytest
from support.command_line import Shell
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.eutils.samples import planted
from standins.inbox import Mail

pytestmark = pytest.mark.mail

PAGE = Path(__file__).parents[2] / "docs" / "mail.md"
MADE_FOR = "4.0.1"
"""The version whose points the page states; another one has other rules."""
NMJ = '"neuromuscular junction"[tiab] OR agrin[tiab] OR "motor endplate"[tiab] OR MuSK[tiab]'
START, MONDAYS = "2026-09-01T09:00", ("2026-09-07T08:00", "2026-09-14T08:00")

ANDROLOGY = (
    "Sildenafil (Viagra) and tadalafil (Cialis) for erectile dysfunction after prostatectomy: a sample trial.",
    "Penile prosthesis implantation in men whose erectile dysfunction resists sildenafil.",
    "Penis length and girth in a sample of 900 men, measured by one observer.",
    "Premature ejaculation: dapoxetine on demand in a made-up cohort.",
    "Male enhancement products that are sold online hold undeclared sildenafil: sample findings.",
    "Sexual desire and testosterone in ageing men, and weight loss.",
    "Vardenafil (Levitra) or Viagra? Preference of men with erectile dysfunction in a crossover of samples.",
)


@dataclass(frozen=True, slots=True)
class Points:
    """What a mail costs: points, and the rules that gave some, by name."""

    total: float
    rules: Mapping[str, float]


@cache
def absent() -> str:
    """Why there are no points to be had here; "" when there are."""
    if shutil.which("spamassassin") is None:
        return "spamassassin is not installed (apt-get install spamassassin)"
    said = subprocess.run(["spamassassin", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return "" if f"version {MADE_FOR}" in said else f"docs/mail.md is of SpamAssassin {MADE_FOR}, and this is {said.split()[2]}"


@pytest.fixture(autouse=True)
def _is_there() -> None:
    if absent():
        pytest.skip(absent())


def points(mail: Mail, folder: Path) -> Points:
    """What a mail costs that came through the lab's own server from outside. The address is reserved (RFC 7526), and none that is for
    examples: those cost points."""
    came = format_datetime(parsedate_to_datetime(str(mail.message["Date"])) + timedelta(seconds=9))
    hops = (
        "from mail.uni-sample.de (mail.uni-sample.de [192.88.99.25]) by mx.reader.example with ESMTPS id 2",
        "from watcher.uni-sample.de (watcher.uni-sample.de [10.0.0.5]) by mail.uni-sample.de with ESMTP id 1",
    )
    received = "".join(f"Received: {hop};\r\n\t{came}\r\n" for hop in hops)
    words = ["spamassassin", "--local", "--test-mode", "--nocreate-prefs"]
    raw, environment = received.encode() + mail.raw, {**os.environ, "HOME": str(folder)}
    done = subprocess.run(words, input=raw, capture_output=True, check=True, env=environment)  # noqa: S603 - the test's own
    _, _, report = done.stdout.decode(errors="replace").rpartition("Content analysis details:")
    total = re.search(r"\((-?[\d.]+) points", report)
    assert total is not None, report
    given = {name: float(cost) for cost, name in re.findall(r"(?m)^\s*(-?\d+\.\d) ([A-Z][A-Z0-9_]+) ", report)}
    return Points(float(total[1]), {name: cost for name, cost in given.items() if cost})


def stated() -> dict[str, Points]:
    """The table of the page."""
    rows = re.findall(r"(?m)^\| ([a-z][^|]+) \| (-?[\d.]+) \| (.*) \|$", PAGE.read_text(encoding="utf-8"))
    return {
        what: Points(float(total), {name: float(cost) for name, cost in re.findall(r"`([A-Z0-9_]+)` (-?[\d.]+)", rules)})
        for what, total, rules in rows
    }


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A lab over the demo's papers and those of another field."""
    others = [
        Planted(paper(90_000_001 + number, title=title, abstract=title * 3, created="2026-09-03"))
        for number, title in enumerate(ANDROLOGY)
    ]
    with lab(tmp_path, [*planted(), *others], monkeypatch, NMJ) as one:
        yield Shell(one, monkeypatch, capsys)


def test_a_digest_costs_what_the_page_states(shell: Shell, tmp_path: Path) -> None:
    for instant in (START, *MONDAYS):
        shell.at(instant, "tick")

    cost = [points(mail, tmp_path) for mail in shell.lab.mail.mails]

    assert cost == [stated().get("digest")] * len(MONDAYS)


def test_a_notice_and_its_end_cost_what_the_page_states(shell: Shell, tmp_path: Path) -> None:
    shell.change("pubmed", "max_attempts", value=1)
    shell.lab.pubmed.faults.plant("esearch", kind="http-503", times=3)
    for instant in (START, "2026-09-02T06:30", "2026-09-03T06:30", "2026-09-04T06:30"):
        shell.at(instant, "tick")

    told = [points(mail, tmp_path) for mail in shell.lab.mail.mails if mail.message["X-Watcher-Notice"] == "watch:nmj"]

    assert told == [stated().get("notice of a failure"), stated().get("notice of its end")]


def test_a_trial_message_costs_what_the_page_states(shell: Shell, tmp_path: Path) -> None:
    shell.at(START, "send-test", "lab-mail")

    (mail,) = shell.lab.mail.mails
    assert points(mail, tmp_path) == stated().get("trial message")


def test_a_digest_of_a_field_whose_words_are_spams_costs_what_the_page_states(shell: Shell, tmp_path: Path) -> None:
    shell.lab.edit(query="erectile[tiab] OR penis[tiab] OR ejaculation[tiab] OR sildenafil[tiab] OR testosterone[tiab]")
    for instant in (START, MONDAYS[0]):
        shell.at(instant, "tick")

    (mail,) = shell.lab.mail.mails
    assert points(mail, tmp_path) == stated().get("digest on andrology")
