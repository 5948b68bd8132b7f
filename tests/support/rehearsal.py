"""A lab in a folder: a configuration, a seed, a local PubMed, a mail server, a Slack, and a clock that the test moves.

The service is the real one. What a test reads is what arrived: PMIDs in the .ris, in the text and in the HTML of mails, and in posts.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.server import EutilsServer
from standins.inbox import Mail, MailServer, SlackServer
from support.store_samples import new_database
from watcher import clock
from watcher.app import App
from watcher.flows.schedule.tick import Done
from watcher.setup.loading import load_settings

SEED = """Agrin and the maintenance of the neuromuscular junction

Abstract

Agrin, LRP4 and MuSK build and keep the neuromuscular junction, the synapse between motor neurons and skeletal muscle fibres.
Its loss in ageing, sarcopenia and amyotrophic lateral sclerosis weakens neuromuscular transmission.

Keywords

Neuromuscular Junction, Agrin, Motor Neurons
"""

_AN = re.compile(r"^AN  - (\d+)", re.MULTILINE)
_LINK = re.compile(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)")

EVERYTHING: Mapping[str, Any] = {"similar": False, "threshold": 0, "exclude_types": []}


@dataclass
class Lab:
    """The folder, the servers and the clock of one rehearsal."""

    folder: Path
    pubmed: EutilsServer
    mail: MailServer
    slack: SlackServer
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config" / "watcher.yaml"

    def write(self) -> None:
        """Put the configuration and the seed where the service looks for them."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        seeds = self.folder / "seeds" / "nmj"
        seeds.mkdir(parents=True, exist_ok=True)
        (seeds / "agrin.txt").write_text(SEED, encoding="utf-8")
        with self.config.open("w", encoding="utf-8") as file:
            YAML().dump(self.document, file)

    def edit(self, watch: str = "nmj", **changes: Any) -> None:  # noqa: ANN401 - any configuration value
        """Change keys of a watch, as a postdoc would."""
        self.document["watches"][watch].update(changes)
        self.write()

    def forget(self) -> None:
        """Be a lab whose service has never run: without a database."""
        shutil.rmtree(self.folder / "data")

    def move_clock(self, instant: str) -> None:
        """Set the service's clock; without an offset the time is Berlin's winter or summer time as the zone has it."""
        (self.folder / "clock").write_text(aware(instant).isoformat(), encoding="utf-8")

    def tick(self, instant: str) -> Done:
        """Do what is due at this instant, as `watcher tick` does, in a service that has just started."""
        self.move_clock(instant)
        with self.app() as app:
            app.at_work(clock.now())
            return app.ticker().tick(clock.now())

    def app(self) -> App:
        """The service, freshly configured."""
        return App(load_settings(self.config))

    def requests(self, tool: str) -> int:
        """How many requests of one kind the local PubMed has answered, faults included."""
        return sum(exchange.tool == tool for exchange in self.pubmed.log)


def aware(instant: str) -> datetime:
    """An instant in the lab's time zone unless it carries an offset."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    found = datetime.fromisoformat(instant)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Europe/Berlin"))


def configuration(base_url: str, mail_url: str, slack_url: str, query: str, **watch: Any) -> dict[str, Any]:  # noqa: ANN401
    """One watch, one list, mail and Slack."""
    return {
        "timezone": "Europe/Berlin",
        "pubmed": {"email": "library@lab.example", "base_url": base_url, "api_key": "sample-key"},
        "runs": {"schedule": "daily 05:30", "jitter_minutes": 0},
        "channels": {
            "lab-mail": {"kind": "email", "url": mail_url, "to": ["pi@uni-sample.de"]},
            "lab-slack": {"kind": "slack", "url": slack_url},
        },
        "watches": {"nmj": {"title": "Neuromuscular junction", "query": query, "seeds": ["nmj"], **EVERYTHING, **watch}},
        "lists": {
            "lab-weekly": {
                "title": "NMJ weekly",
                "subject_prefix": "[NMJ]",
                "watches": ["nmj"],
                "channels": ["lab-mail", "lab-slack"],
                "schedule": "monday 08:00",
                "limit": 0,
            }
        },
        "web": {"enabled": False},
    }


@contextmanager
def lab(
    folder: Path,
    records: list[Planted],
    monkeypatch: pytest.MonkeyPatch,
    query: str = "neuromuscular junction[tiab]",
    **watch: Any,  # noqa: ANN401 - any configuration value
) -> Iterator[Lab]:
    """A lab whose local PubMed holds these records. Its database has this version's tables, and no rows."""
    monkeypatch.setenv(clock.CLOCK_FILE, str(folder / "clock"))
    with EutilsServer(Corpus.of(records), clock=clock.now) as pubmed, MailServer() as mail, SlackServer() as slack:
        one = Lab(
            folder,
            pubmed,
            mail,
            slack,
            configuration(pubmed.base_url, mail.url().replace("lab.example", "uni-sample.de"), slack.webhook, query, **watch),
        )
        one.write()
        if not (folder / "data").exists():
            (folder / "data").mkdir(mode=0o700)
            new_database(folder / "data")
        yield one


def presented(mail: Mail) -> set[int]:
    """PMIDs that a mail presents: those of its .ris."""
    return {int(found) for found in _AN.findall(mail.part("application/x-research-info-systems"))}


def shown(mail: Mail) -> set[int]:
    """PMIDs whose PubMed address stands in the mail's text."""
    return {int(found) for found in _LINK.findall(mail.part("text/plain"))}


def shown_in_html(mail: Mail) -> set[int]:
    """PMIDs whose PubMed address stands in the mail's HTML."""
    return {int(found) for found in _LINK.findall(mail.part("text/html"))}


def posted(slack: SlackServer) -> set[int]:
    """PMIDs whose PubMed address stands in any Slack post."""
    return {int(found) for post in slack.posts for found in _LINK.findall(str(post.payload))}
