"""What a daily search misses, by the rule that it goes by: watcher beside the date rules of common tools.

    python benchmarks/completeness.py als_2026_arrivals.jsonl [--update pubmed21n1298.xml.gz]

The first file holds JSON lines with `pmid`, `title`, `abstract` and `date`, the publication date: 337 papers on amyotrophic lateral
sclerosis that a public feed (DY-bucm/als-research-site) gathered from June to August 2026. PubMed numbers its records in the order in
which it makes them, so the day on which each was made is read off a line through PMIDs and dates (Theil and Sen's, over the papers of
the summer): the feed's own daily snapshots show the papers 0 to 2 days after that line, in the middle half of the cases. The earliest
comes in June 2025. One record of 2013 is planted as what it is, an old one that comes to match by a revision. Each can be found from
its entry date on, the day after it was made, as 98 % of PubMed's new records have it.

The second file is a daily update file of PubMed, as it is: the records on patients among those that were made from 1 June 2021 on, with
their own dates, 1.6 % of which are set back by more than a month. Each can be found from the day on which it was made.

No rule is harmed by a lag of the index, and none by an outage. Each asks once a day, at half past midnight in Bethesda. watcher is the
whole service, from its search to the mails that arrive. A paper is missed when the rule has never listed it, or no mail has presented
it, by the end; late when it is first listed more than two days after it could be found.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from itertools import combinations
from pathlib import Path
from statistics import median

import requests
from lxml import etree
from ruamel.yaml import YAML

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.papers import paper
from standins.eutils.server import EutilsServer
from standins.inbox import MailServer
from watcher import clock
from watcher.app import App
from watcher.setup.loading import load_settings

ASKED_AT = time(4, 30, tzinfo=UTC)
SUMMER = date(2026, 6, 18)
A_YEAR = timedelta(days=365)
PUNCTUAL = timedelta(days=2)
REVISED = {24340223: date(2026, 8, 21)}
"""A record of 2013: it came to match when it was revised; the day is that on which the feed first shows it."""

_AN = re.compile(r"^AN  - (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Paper:
    """One record: when it was made, when it was entered and can be found, and when it was published."""

    pmid: int
    title: str
    abstract: str
    published: date
    created: date

    @property
    def found_from(self) -> date:
        """The first day on which a search can list it."""
        return REVISED.get(self.pmid, self.created + timedelta(days=1))

    @property
    def entered(self) -> date:
        """EDAT: the day after it was made, or its publication's where that is more than a year earlier."""
        day = self.created + timedelta(days=1)
        return self.published if day - self.published > A_YEAR else day

    def planted(self) -> Planted:
        """The record as the local server holds it."""
        before, after = self._xml(self.pmid not in REVISED), self._xml(matches=True)
        if self.pmid in REVISED:
            return Planted(before, appears_at=self.created, changes=((self.found_from, after),))
        return Planted(after, appears_at=self.found_from)

    def _xml(self, matches: bool) -> bytes:
        text = f"{self.abstract} amyotrophic lateral sclerosis" if matches else "An abstract that was shorter once."
        return paper(
            self.pmid,
            title=self.title if matches else "A title that was shorter once.",
            abstract=text,
            created=self.created,
            entered=self.entered,
            revised=REVISED.get(self.pmid) if matches else None,
            published=f"{self.published:%Y %b %d}",
            electronic=self.published,
        )


def read(path: Path) -> list[Paper]:
    """The papers of the file, in the order of their PMIDs, each with the day on which it was made."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    dated = [(int(line["pmid"]), date.fromisoformat(line["date"])) for line in lines]
    created = _line([(pmid, day.toordinal()) for pmid, day in dated if day >= SUMMER])
    found = [
        Paper(pmid, line["title"], line["abstract"], day, created(pmid) if pmid not in REVISED else day)
        for (pmid, day), line in zip(dated, lines, strict=True)
    ]
    return sorted(found, key=lambda one: one.pmid)


def _line(points: Sequence[tuple[int, int]]) -> Callable[[int], date]:
    """Theil and Sen's line through PMIDs and days."""
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] - a[0] > 50_000)
    start = median(day - slope * pmid for pmid, day in points)
    return lambda pmid: date.fromordinal(round(start + slope * pmid))


# --- the rules of common tools ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its name, and what it asks for on a day."""

    name: str
    asks: Callable[[date], Mapping[str, str]]


def _dated(field: str, first: date, last: date) -> dict[str, str]:
    return {"datetype": field, "mindate": f"{first:%Y/%m/%d}", "maxdate": f"{last:%Y/%m/%d}", "retmax": "9999"}


RULES = (
    Rule("yesterday by publication date", lambda day: _dated("pdat", day - timedelta(days=1), day - timedelta(days=1))),
    Rule("a watermark on the entry date", lambda day: _dated("edat", day - timedelta(days=1), day)),
    Rule("the entry date, 14 days' overlap", lambda _day: {"datetype": "edat", "reldate": "14", "retmax": "9999"}),
    Rule("the newest 100", lambda _day: {"sort": "pub_date", "retmax": "100"}),
)


def by_rule(rule: Rule, query: str, base_url: str, days: Iterable[date], move: Callable[[datetime], None]) -> dict[int, date]:
    """The day on which the rule first lists each paper."""
    listed: dict[int, date] = {}
    with requests.Session() as session:
        for day in days:
            move(datetime.combine(day, ASKED_AT))
            asked = {"db": "pubmed", "term": query, "retmode": "json", **rule.asks(day)}
            answer = session.get(f"{base_url}esearch.fcgi", params=asked, timeout=60).json()["esearchresult"]
            for pmid in map(int, answer["idlist"]):
                listed.setdefault(pmid, day)
    return listed


# --- watcher ----------------------------------------------------------------------------------------------------------------------


def by_watcher(
    folder: Path, query: str, base_url: str, days: Sequence[date], move: Callable[[datetime], None]
) -> tuple[dict[int, date], list[int]]:
    """The day of the run that first found each paper, and what its mails present, each time that they do."""
    listed: dict[int, date] = {}
    with MailServer() as mail, App(load_settings(_configuration(folder, query, base_url, mail.url()))) as app:
        move(datetime.combine(days[0], ASKED_AT))
        app.at_work(clock.now())
        for day in days:
            move(datetime.combine(day, ASKED_AT))
            app.ticker().tick(clock.now())
            for record_id in app.store.ledger("lab"):
                listed.setdefault(record_id.id, day)
        parts = [one.part("application/x-research-info-systems") for one in mail.mails]
    return listed, [int(pmid) for part in parts for pmid in _AN.findall(part)]


def _configuration(folder: Path, query: str, base_url: str, mail_url: str) -> Path:
    path = folder / "config" / "watcher.yaml"
    path.parent.mkdir()
    (folder / "seeds" / "lab").mkdir(parents=True)
    (folder / "seeds" / "lab" / "motor.txt").write_text("Motor neurons in amyotrophic lateral sclerosis\n", encoding="utf-8")
    document = {
        "timezone": "Europe/Berlin",
        "pubmed": {"email": "library@lab.example", "base_url": base_url, "api_key": "sample-key"},
        "runs": {"schedule": "daily 05:30", "jitter_minutes": 0},
        "channels": {"mail": {"kind": "email", "url": mail_url, "to": ["pi@lab.example"]}},
        "watches": {"lab": {"query": query, "seeds": ["lab"], "similar": False, "threshold": 0, "exclude_types": []}},
        "lists": {"weekly": {"watches": ["lab"], "channels": ["mail"], "schedule": "monday 05:30", "limit": 0}},
    }
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(document, file)
    return path


# --- the table --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the papers under one rule."""

    name: str
    missed: int
    late: int
    longest_wait: int

    def __str__(self) -> str:
        return f"| {self.name} | {self.missed} | {self.late} | {self.longest_wait} |"


@dataclass(frozen=True, slots=True)
class Replay:
    """A corpus, a query, the days on which it is asked, and from which day on each new paper can be found."""

    title: str
    corpus: Corpus
    query: str
    first: date
    last: date
    papers: Mapping[int, date]

    @property
    def days(self) -> list[date]:
        """Every day from the first to the last."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def arrivals(path: Path) -> Replay:
    """The papers on amyotrophic lateral sclerosis, as they were made."""
    papers = read(path)
    corpus, query = Corpus.of(one.planted() for one in papers), '"amyotrophic lateral sclerosis"[tiab]'
    found_from = {one.pmid: one.found_from for one in papers}
    return Replay("papers of a feed of 2026", corpus, query, date(2025, 6, 1), date(2026, 9, 21), found_from)


def update(path: Path) -> Replay:
    """The new records on patients of a daily update file, by their own dates."""
    first, found_from = date(2021, 6, 1), dict[int, date]()
    for _, record in etree.iterparse(BytesIO(gzip.decompress(path.read_bytes())), tag="PubmedArticle"):
        text = " ".join(t for one in record.iter("ArticleTitle", "AbstractText") for t in one.itertext())
        created = record.find("PubmedData/History/PubMedPubDate[@PubStatus='entrez']")
        day = date(*(int(created.findtext(part)) for part in ("Year", "Month", "Day")))
        if day >= first and re.search(r"\bpatients\b", text, re.IGNORECASE):
            found_from[int(record.findtext("MedlineCitation/PMID"))] = day
        record.clear()
    title = "new records on patients of an update file of 2021"
    return Replay(title, Corpus.from_files([path]), "patients[tiab]", first, date(2021, 6, 28), found_from)


def row(name: str, found_from: Mapping[int, date], listed: Mapping[int, date]) -> Row:
    """Hold what a rule listed against the papers."""
    waits = [listed[pmid] - day for pmid, day in found_from.items() if pmid in listed]
    late = sum(wait > PUNCTUAL for wait in waits)
    return Row(name, len(found_from) - len(waits), late, max(wait.days for wait in waits))


def compare(replay: Replay) -> list[Row]:
    """A row for each rule."""
    with tempfile.TemporaryDirectory() as folder, EutilsServer(replay.corpus, clock=clock.now) as pubmed:
        file = Path(folder) / "clock"
        os.environ[clock.CLOCK_FILE] = str(file)

        def move(instant: datetime) -> None:
            file.write_text(instant.isoformat(), encoding="utf-8")

        world = (replay.query, pubmed.base_url, replay.days, move)
        rows = [row(rule.name, replay.papers, by_rule(rule, *world)) for rule in RULES]
        listed, presented = by_watcher(Path(folder), *world)
    mailed = {pmid: day for pmid, day in listed.items() if pmid in set(presented)}
    twice = len(presented) - len(set(presented))
    return [*rows, row(f"watcher (mailed twice: {twice})", replay.papers, mailed)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="What a daily search misses, by the rule that it goes by.")
    parser.add_argument("data", type=Path, help="JSON lines with pmid, title, abstract and date")
    parser.add_argument("--update", type=Path, help="a daily update file of PubMed, packed")
    asked = parser.parse_args(arguments)
    for replay in [arrivals(asked.data), *([update(asked.update)] if asked.update else [])]:
        print(f"| {replay.title}: {len(replay.papers):,} | missed | late | longest wait, days |\n|---|---|---|---|")
        print("\n".join(map(str, compare(replay))), end="\n\n")


if __name__ == "__main__":
    main()
