"""From a few papers to a first digest: a lab whose topic has nothing to do with the shipped example."""

from __future__ import annotations

import logging
import os
import pty
import re
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command_line import Said

from standins.eutils.corpus import Corpus
from standins.eutils.papers import paper
from standins.eutils.server import EutilsServer
from watcher import clock
from watcher.cli import main
from watcher.pubmed.lint import flaws
from watcher.setup.loading import load_settings

NOW = "2026-03-09T08:00:00+01:00"
EMAIL = "reef@uni-sample.de"
HEADINGS = ("*Coral Reefs", "Anthozoa/*physiology", "Symbiosis", "Animals")

SEEDS = [
    paper(
        5_000_000 + number,
        title=f"{what} of corals under marine heatwaves",
        abstract=f"Coral bleaching follows when {why}. We followed {where} after a marine heatwave and measured symbiont density.",
        created=f"202{number % 5}-05-05",
        doi=f"10.9999/coral.{number}",
        mesh=HEADINGS,
        keywords=("coral bleaching", "Symbiodiniaceae"),
    )
    for number, (what, why, where) in enumerate(
        [
            ("Bleaching", "algal symbionts leave their hosts", "nurseries of Acropora"),
            ("Recovery", "heat stress lasts for weeks", "mounding Porites"),
            ("Heat tolerance", "photosystems fail", "Stylophora on shallow reefs"),
            ("Mortality", "degree heating weeks add up", "branching Pocillopora"),
            ("Symbiont shuffling", "Cladocopium gives way to Durusdinium", "Orbicella at depth"),
        ],
        1,
    )
]
FRESH = [
    paper(
        6_000_000 + number,
        title=f"Coral bleaching on reef {number} during a marine heatwave",
        abstract="Symbiont density fell in heat-stressed corals of the reef, and bleaching ended in mortality.",
        created=f"2026-03-0{number}",
    )
    for number in range(1, 8)
]
OTHERS = [
    paper(
        7_000_000 + number,
        title=f"Tooth bleaching with gel {number}: a randomized trial",
        abstract="Peroxide gel whitens teeth of adult patients; sensitivity was measured on a scale.",
        created=f"2026-03-0{number % 9 + 1}",
    )
    for number in range(1, 9)
]

NBIB = """PMID- 5000001
TI  - Bleaching of corals under marine heatwaves
AB  - Coral bleaching follows when algal symbionts leave their hosts. We followed nurseries of Acropora after a marine heatwave and
      measured symbiont density.
MH  - *Coral Reefs
MH  - Anthozoa/*physiology

"""
RIS = """TY  - JOUR
TI  - Recovery of corals under marine heatwaves
AB  - Coral bleaching follows when heat stress lasts for weeks. We followed mounding Porites.
DO  - 10.9999/coral.2
KW  - coral bleaching
ER  -

"""


@dataclass
class Shore:
    """A folder with the papers of a lab, and the PubMed that it asks."""

    folder: Path
    pubmed: EutilsServer
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Said:
        """Run a command in the folder."""
        self.monkeypatch.setattr(sys, "argv", ["watcher", *words])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = self.capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    def init(self, *words: str) -> Said:
        """Begin a lab."""
        return self("init", "lab", *words)

    @property
    def lab(self) -> Path:
        """Its folder."""
        return self.folder / "lab"

    def query(self) -> str:
        """The query that stands in its configuration."""
        (watch,) = load_settings(self.lab / "config").watches.values()
        return watch.query


@pytest.fixture
def shore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shore]:
    (tmp_path / "clock").write_text(NOW)
    (tmp_path / "one.nbib").write_text(NBIB)
    (tmp_path / "two.ris").write_text(RIS)
    (tmp_path / "no-secrets").mkdir()
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with EutilsServer(Corpus.of([*SEEDS, *FRESH, *OTHERS]), clock=clock.now) as pubmed:
        own = {
            clock.CLOCK_FILE: str(tmp_path / "clock"),
            "WATCHER_PUBMED__BASE_URL": pubmed.base_url,
            "WATCHER_PUBMED__API_KEY": "sample-key",
            "WATCHER_SECRETS_DIR": str(tmp_path / "no-secrets"),
        }
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        yield Shore(tmp_path, pubmed, monkeypatch, capsys)
    root.handlers[:], root.level = handlers, level


def nothing_of_a_lab(folder: Path) -> bool:
    return sorted(path.name for path in folder.iterdir()) == ["clock", "no-secrets", "one.nbib", "two.ris"]


def test_a_lab_of_another_topic_sees_its_first_digest_after_two_commands(shore: Shore) -> None:
    papers = ["--seeds", "one.nbib", "two.ris", "5000003", "PMID:5000004", "10.9999/coral.5"]

    begun = shore.init("--email", EMAIL, *papers, "--title", "Coral bleaching")
    tried = shore("--config", "lab/config", "try")

    assert (begun.code, tried.code) == (0, 0), begun.err + tried.err
    (page,) = (shore.lab / "preview").glob("*.html")
    shown = {int(one) for one in re.findall(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)", page.read_text())}
    assert shown == {6_000_000 + number for number in range(1, 8)}
    assert "watch coral-bleaching: 5 seeds, 5 found in PubMed" in begun.out
    assert "It finds 5 of 5 of them" in begun.out
    assert "counted at PubMed" in begun.out
    assert not flaws(shore.query())
    assert "coral" in shore.query().lower()
    assert (shore.lab / "seeds" / "coral-bleaching" / "one.nbib").read_text() == NBIB
    assert (shore.lab / "config" / "themes" / "coral-bleaching.yaml").is_file()
    assert (shore.lab / "secrets" / "lab_mail_url").stat().st_mode & 0o77 == 0
    files = [path for path in shore.lab.rglob("*") if path.is_file()]
    assert not [path for path in files if re.search("nmj|neuromuscular|agrin", path.read_text(), re.IGNORECASE)]
    assert not list(shore.lab.glob(".watcher-init-*"))


def test_the_same_papers_give_the_same_files(shore: Shore) -> None:
    papers = ["--email", EMAIL, "--seeds", "one.nbib", "two.ris", "5000003"]

    shore("init", "first", *papers)
    shore("init", "second", *papers)

    names = sorted(path.relative_to(shore.folder / "first") for path in (shore.folder / "first").rglob("*") if path.is_file())
    assert Path("config/watcher.yaml") in names
    for name in names:
        assert (shore.folder / "first" / name).read_bytes() == (shore.folder / "second" / name).read_bytes()


def test_without_pubmed_the_files_own_texts_give_the_query_and_that_is_said(shore: Shore) -> None:
    shore.pubmed.close()

    said = shore.init("--email", EMAIL, "--seeds", "one.nbib", "two.ris")

    assert said.code == 0, said.err
    assert "PubMed was not asked" in said.out
    assert "estimated" in (shore.lab / "config" / "watcher.yaml").read_text()
    assert "coral" in shore.query().lower()


def test_numbers_alone_give_no_query_without_pubmed(shore: Shore) -> None:
    shore.pubmed.close()

    said = shore.init("--email", EMAIL, "--seeds", "5000001")

    assert said.code == 1
    assert "no title or abstract is known of any seed" in said.err
    assert nothing_of_a_lab(shore.folder)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--seeds", "one.nbib"), "--email you@your.lab"),
        (("--email", EMAIL), "--seeds, with files"),
        (("--email", "reef at uni", "--seeds", "one.nbib"), "this is not an email address"),
        (("--email", EMAIL, "--seeds", "three.ris"), "there is no file three.ris"),
        (("--email", EMAIL, "--seeds", "one.nbib", "--timezone", "Europe/Berln"), "did you mean Europe/Berlin?"),
        (("--email", EMAIL, "--seeds", "one.nbib", "--query", '(coral[tiab] OR "reef'), "has no second one"),
        (("--email", EMAIL, "--seeds", "clock"), "clock"),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_written(shore: Shore, words: tuple[str, ...], told: str) -> None:
    said = shore.init(*words)

    assert said.code == 1
    assert told in said.err
    assert ".watcher-init" not in said.err
    assert nothing_of_a_lab(shore.folder)


def test_a_configuration_that_is_there_is_never_written_over(shore: Shore) -> None:
    (shore.lab / "config").mkdir(parents=True)
    (shore.lab / "config" / "watcher.yaml").write_text("mine")

    said = shore.init("--email", EMAIL, "--seeds", "one.nbib")

    assert (said.code, "this is there already" in said.err) == (1, True)
    assert [path.name for path in shore.lab.rglob("*")] == ["config", "watcher.yaml"]
    assert (shore.lab / "config" / "watcher.yaml").read_text() == "mine"


def test_other_files_in_the_folder_stay_as_they_are(shore: Shore) -> None:
    shore.lab.mkdir()
    (shore.lab / "notes.txt").write_text("mine")

    said = shore.init("--email", EMAIL, "--seeds", "one.nbib", "two.ris")

    assert said.code == 0, said.err
    assert (shore.lab / "notes.txt").read_text() == "mine"
    assert (shore.lab / "config" / "watcher.yaml").is_file()


def test_a_query_of_ones_own_is_taken_as_it_is(shore: Shore) -> None:
    own = "coral*[tiab] AND bleaching[tiab]"

    said = shore.init("--email", EMAIL, "--seeds", "one.nbib", "5000002", "--query", own)

    assert said.code == 0, said.err
    assert shore.query().strip() == own
    assert "PubMed finds 2 of 2 seeds with it, and about 1.8 papers a week" in said.out


def test_without_papers_pubmeds_best_matches_of_a_topic_stand_in(shore: Shore) -> None:
    said = shore.init("--email", EMAIL, "--topic", "coral bleaching recovery")

    assert said.code == 0, said.err
    listed = (shore.lab / "seeds" / "coral-bleaching-recovery" / "papers.list").read_text().splitlines()
    assert listed[0].startswith("# PubMed's best matches of: coral bleaching recovery.")
    assert listed[1:] == ["5000002"]
    assert "only PubMed's best matches" in said.out
    assert list(load_settings(shore.lab / "config", with_seeds=True).watches) == ["coral-bleaching-recovery"]


def test_a_topic_that_pubmed_finds_nothing_for_is_told(shore: Shore) -> None:
    said = shore.init("--email", EMAIL, "--topic", "gibberish of zyzzyva")

    assert (said.code, "PubMed finds nothing for gibberish of zyzzyva" in said.err) == (1, True)
    assert nothing_of_a_lab(shore.folder)


def test_the_commands_at_the_end_work_from_where_one_stands(shore: Shore) -> None:
    said = shore.init("--email", EMAIL, "--seeds", "one.nbib", "two.ris")

    (command,) = re.findall(r"(?m)^  (.+ try) +#", said.out)
    words = shlex.split(command)
    tried = shore(*words[words.index("--config") :])

    assert tried.code == 0, tried.err


AT_A_TERMINAL = """
import os, signal, sys
terminal = os.open(sys.argv[1], os.O_RDWR)  # of a new session: it becomes the one that Ctrl-C comes from
for number in range(3):
    os.dup2(terminal, number)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite that runs in the background may have been told to ignore it
sys.argv = ["watcher", *sys.argv[2:]]
from watcher.cli import main
main()
"""


class Terminal:
    """A person at a terminal: reads what is asked, and types."""

    def __init__(self, shore: Shore, *words: str) -> None:
        self.parent, child = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", AT_A_TERMINAL, os.ttyname(child), *words],
            cwd=shore.folder,
            env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
            start_new_session=True,
        )
        self.child = child
        self.said = ""

    def until(self, text: str) -> None:
        """Read on until something is said."""
        start = len(self.said)
        while text not in self.said[start:]:
            piece = os.read(self.parent, 10_000).decode(errors="replace")
            assert piece, self.said
            self.said += piece

    def type(self, text: str) -> None:
        """Type."""
        os.write(self.parent, text.encode())

    def end(self, key: str = "") -> int:
        """Read to the end, and type a key again while nothing comes: Python's prompt misses a signal that arrives between its prompt
        and its waiting. One that was heard is enough: another would end Python in the middle of its own end. How the command ended."""
        os.close(self.child)
        try:
            while True:
                if key and "interrupted" not in self.said and not select.select([self.parent], [], [], 1.0)[0]:
                    self.type(key)
                elif piece := os.read(self.parent, 10_000):
                    self.said += piece.decode(errors="replace")
                else:
                    break
        except OSError:  # Linux: the other end is closed
            pass
        os.close(self.parent)
        return self.process.wait()


def test_at_a_terminal_it_asks_and_checks_each_answer_at_once(shore: Shore) -> None:
    person = Terminal(shore, "init", "lab")

    person.until("> ")
    person.type("reef at uni\n")
    person.until("> ")
    person.type(f"{EMAIL}\n")
    person.until("> ")
    person.type("three.ris\n")
    person.until("> ")
    person.type("one.nbib two.ris 5000003\n")
    person.until("> ")
    person.type("Coral bleaching\n")
    code = person.end()

    assert code == 0, person.said
    assert "this is not an email address" in person.said
    assert "there is no file three.ris" in person.said
    assert person.said.count("A good answer: ") == 3
    assert list(load_settings(shore.lab / "config", with_seeds=True).watches) == ["coral-bleaching"]


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_breaking_off_leaves_nothing(shore: Shore, key: str) -> None:
    person = Terminal(shore, "init", "lab")

    person.until("> ")
    person.type(f"{EMAIL}\n")
    person.until("> ")
    person.type(key)
    code = person.end(key)

    assert (code, "nothing was written" in person.said) == (130, True), person.said
    assert nothing_of_a_lab(shore.folder)
