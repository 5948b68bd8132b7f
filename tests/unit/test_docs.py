"""What the pages say is so: commands, options, exit codes, targets, links, variables, words, and YAML that loads."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main
from ruamel.yaml import YAML
from support.configured import SMALL, Home, home_in

import watcher
from watcher import cli
from watcher.app import App
from watcher.cli.commands import FAILURES_LISTED, UNREACHABLE, program
from watcher.config.document import KeyPath
from watcher.config.key_tree import all_keys, key_tree_at
from watcher.config.sections import FILE
from watcher.config.without_effect import ANY, WITHOUT_EFFECT
from watcher.domain import Code, DeliveryState, ErrorKind, HitState, Outcome, Place, RunKind, RunOutcome, RunReport, Section, Warned
from watcher.errors import BadQuery, Busy, ConfigurationError, PubMedUnavailable
from watcher.flows.questions import check
from watcher.flows.questions.check import Checked, CheckedList, CheckedWatch
from watcher.flows.questions.status import Around, status
from watcher.flows.questions.status import document as document_of
from watcher.flows.scoring.embedding import DenseState
from watcher.setup.loading import load_settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README, OPERATIONS, GLOSSARY = ROOT / "README.md", DOCS / "operations.md", DOCS / "glossary.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

TO_COME: set[str] = set()
"""Commands that the pages announce, and say that they are not there."""

WORDS = (
    *("watch", "seed", "pmid", "record", "article", "work", "hit", "candidate", "score", "list", "digest", "judged", "message"),
    *("channel", "delivery", "notice", "run", "window", "verdict", "baseline", "cut", "full-set", "ledger", "late", "origin"),
    *("period", "presented", "receipt", "slot", "threshold", "tick", "outage", "pulse", "round"),
    *("correction", "rereading"),
)
"""The words of the project; states and outcomes come on top."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks() -> list[Block]:
    fence = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE)
    return [
        Block(page, found["language"], re.sub(rf"(?m)^{found['indent']}", "", found["text"]))
        for page in PAGES
        for found in fence.finditer(read(page))
    ]


def code(page: Path) -> str:
    """All code of a page: fenced blocks, and what stands between backquotes."""
    text = read(page)
    fenced = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", re.sub(r"```\w*\n.*?```", "", text, flags=re.DOTALL))])


def group() -> typer.core.TyperGroup:
    """The command line as Typer builds it."""
    found = typer.main.get_command(program)
    assert isinstance(found, typer.core.TyperGroup)
    return found


COMMANDS = group().commands


def named(pages: list[Path]) -> pytest.MarkDecorator:
    """The test once for each page."""
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


# --- the command line ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_row_with_every_option(name: str) -> None:
    (row,) = re.findall(rf"(?m)^\| `watcher {name}(?: [^`]*)?` \|.*", read(README))

    options = [option for one in COMMANDS[name].params for option in one.opts if option.startswith("--")]

    assert [option for option in options if option not in row and option != "--help"] == []


@named(PAGES)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    said = re.findall(r"(?m)(?:^|bin/|[\s;&|(])watcher(?: --quiet| --config \S+)* (?!watcher )([a-z][a-z-]+)", code(page))

    assert set(said) - COMMANDS.keys() - TO_COME == set()


def test_every_command_to_come_is_said_not_to_be_there() -> None:
    absent = read(README).split("## What is not there yet")[1]

    assert TO_COME & COMMANDS.keys() == set(), "it is there now: correct README.md, operations.md and TO_COME"
    assert [name for name in sorted(TO_COME) if name not in absent] == []


@named([README, OPERATIONS])
def test_every_exit_code_is_explained(page: Path) -> None:
    used = [int(number) for number in re.findall(r"\b(\d+) [a-zA-Z]", cli.__doc__ or "")]

    table = re.search(r"(?m)^\| (?:Exit code|Code) \|.*\n\|.*\n((?:\|.*\n)+)", read(page))

    assert table
    assert [int(row) for row in re.findall(r"(?m)^\| (\d+) \|", table[1])] == used


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    errors = (ConfigurationError(), BadQuery("sample"), PubMedUnavailable("sample"), Busy("sample"))

    assert [cli._code(error) for error in errors] == [1, FAILURES_LISTED, UNREACHABLE, 5]


def test_every_option_before_the_command_is_told() -> None:
    options = [option for one in group().params for option in one.opts if option.startswith("--")]

    told = read(README).split("Before the command:")[1].splitlines()[0]

    assert [option for option in options if option not in told and option != "--help"] == []


@named(PAGES)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", read(ROOT / "Makefile")))

    said = re.findall(r"(?m)(?:^|\s|&& )make ([a-z-]+)", code(page))

    assert set(said) - targets == set()


# --- links and pictures ------------------------------------------------------------------------------------------------------------


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as code forges make it."""
    titles = re.findall(r"(?m)^#+ (.+)$", read(page))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@named(PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)

    assert lost == []


def test_no_page_holds_the_marks_of_a_merge() -> None:
    marked = [page.name for page in PAGES if re.search(r"^(<{7}|={7}|>{7})( |$)", page.read_text(encoding="utf-8"), re.MULTILINE)]

    assert marked == []


def test_every_decision_is_listed_and_has_its_four_parts() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))

    listed = [target for target in links(DOCS / "README.md") if target.startswith("decisions/")]

    assert listed == [f"decisions/{page.name}" for page in decisions]
    numbers = [page.name[:5] for page in decisions]
    assert all(re.fullmatch(r"\d{4}-", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    for page in decisions:
        assert re.findall(r"(?m)^\*\*(.+?)\.\*\*", read(page)) == ["Context", "Decision", "Consequences", "When to revisit"]


def test_the_picture_is_as_wide_as_a_mail_and_small_enough_for_a_readme() -> None:
    picture = (DOCS / "images" / "digest.png").read_bytes()

    width, _height = struct.unpack(">II", picture[16:24])

    assert width == 680
    assert len(picture) < 250_000


# --- configuration -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = home_in(tmp_path)
    home.write("secrets/lab_mail_url", "mailtos://user:password@smtp.lab.example")
    home.write("secrets/zotero_key", "SAMPLEKEYSAMPLEKEY000001")
    home.write("secrets/feed_token_alice", "sample-token-of-alice-0001")
    return home


def merged(over: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    both = {key for key in over if isinstance(over[key], Mapping) and isinstance(under.get(key), Mapping)}
    return {**under, **over, **{key: merged(over[key], under[key]) for key in both}}


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "yaml"], ids=lambda block: block.page.name)
def test_every_block_of_yaml_loads_as_configuration_or_as_a_part_of_one(block: Block, home: Home, tmp_path: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    part = yaml.load(block.text)

    whole = merged(part, yaml.load(SMALL)) if "pubmed" not in part else part
    with (tmp_path / "whole.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(whole, file)

    assert home.load((tmp_path / "whole.yaml").read_text(encoding="utf-8")).lists


def without_effect() -> set[KeyPath]:
    """The keys that the README says have no effect, those of named sections below NAME; a section with "all" stands for itself."""
    told: set[KeyPath] = set()
    for section, said in re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", read(README).split("## What is not there yet")[1]):
        place = (section, "NAME") if section in ("channels", "watches", "lists") else (section,)
        told |= {(section,)} if said.startswith("all") else {(*place, key) for key in re.findall(r"`(\w+)`", said)}
    return told


def test_every_key_without_effect_is_a_key() -> None:
    assert without_effect()
    assert [key for key in without_effect() if key_tree_at(key) is None] == []


def test_the_readmes_keys_without_effect_are_those_of_the_code() -> None:
    known = {tuple("NAME" if part == ANY else part for part in key) for key in WITHOUT_EFFECT}

    assert without_effect() == known


def test_every_code_of_a_warning_has_its_row_and_every_row_its_code() -> None:
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$", read(DOCS / "warnings.md"))

    assert rows == [code.value for code in Code]


def test_every_code_of_a_warning_is_given_somewhere() -> None:
    sources = "\n".join(read(path) for path in (ROOT / "watcher").rglob("*.py"))

    given = set(re.findall(r"(?:Warned|UnplacedFlaw)\(\s*(?:[^,]+,\s*)?Code\.(\w+)", sources))

    assert [code for code in Code if code.name not in given] == []


def test_the_page_of_warnings_shows_the_shape_of_the_document() -> None:
    told = re.search(r"(?s)```json\n(.*?)```", read(DOCS / "warnings.md"))
    assert told
    shape = json.loads(told[1])

    place = Place(Path("/srv/watcher/config/watcher.yaml"), 31, 17, "watches.nmj.query")
    found = Checked(
        place.path,
        (CheckedWatch("nmj", 19, 35),),
        (CheckedList("lab-weekly", "monday 08:00", "Europe/Berlin", (datetime(2026, 9, 7, 6, tzinfo=UTC),)),),
        (Warned(Code.QUERY_FIELD, "-", "-", place),),
    )

    made = check.document(found)
    assert list(made["configuration"]) == list(shape["configuration"])
    assert list(made) == list(shape)
    for kind in ("warnings", "watches", "lists"):
        assert list(made[kind][0]) == list(shape[kind][0])


def test_every_key_that_nothing_reads_is_said_to_have_no_effect() -> None:
    modules = [path for path in (ROOT / "watcher").rglob("*.py") if "config" not in path.parts and path.name != "domain.py"]
    used = set(re.findall(r"\.([a-z_0-9]+)\b", "\n".join(map(read, modules))))
    told = without_effect()

    keys = all_keys({kind: ["NAME"] for kind in ("channels", "watches", "lists")})
    idle = [key for key in keys if key[-1] not in used and not str(key[-1]).endswith(FILE)]

    assert [key for key in idle if key not in told and key[:1] not in told] == []


def test_every_message_that_operations_explains_is_one_of_ours() -> None:
    sources = "\n".join(read(path) for path in (ROOT / "watcher").rglob("*.py"))
    spoken = re.sub(r"\"\s*\n\s*f?\"", "", sources)
    quoted = [part for said in re.findall(r"(?m)^\| \"(.+?)\"", read(OPERATIONS)) for part in said.split(" … ")]

    assert quoted
    assert [part for part in quoted if part.strip(" …") not in spoken] == []


def test_every_variable_that_the_code_knows_is_documented() -> None:
    sources = [*(ROOT / "watcher").rglob("*.py"), *(ROOT / "tests" / "live").glob("*.py")]
    known = {name for path in sources for name in re.findall(r"[\"'](WATCHER_[A-Z_]*[A-Z])[\"']", read(path))}

    told = read(OPERATIONS)

    assert "WATCHER_CLOCK_FILE" in known
    assert sorted(name for name in known if f"`{name}`" not in told) == []


@named(PAGES)
def test_every_variable_that_a_page_names_is_understood(page: Path, home: Home) -> None:
    values = {"TO": "[pi@lab.example]", "THRESHOLD": "50", "EMAIL": "library@lab.example"}
    special = {"WATCHER_CONFIG", "WATCHER_SECRETS_DIR", "WATCHER_LIVE_EMAIL"}
    said = {
        name for name in re.findall(r"\bWATCHER_[A-Z_]*[A-Z]\b", code(page)) if not name.endswith("__KEY") and name not in special
    }

    settings = home.load(SMALL, environ={name: values.get(name.rpartition("__")[2], "") for name in said})

    assert settings.watches


def test_the_document_of_status_has_just_the_names_that_are_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write("config/watcher.yaml", SMALL)
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    with App(load_settings(home.file)) as one:
        now = datetime(2026, 9, 21, 6, tzinfo=UTC)
        failed = RunReport("nmj", RunKind.FIRST, RunOutcome.FAILED, now, now, error_kind=ErrorKind.NO_ANSWER, error="503")
        store = one.at_work(now)
        store.fail_run(store.begin_run("nmj", "first", now), failed)
        around = Around(warnings=(Warned(Code.NO_MATCH, "-"),), dense=DenseState("models/tiny"), library="groups/12345")
        document = document_of(status(one.ticker(), one.store, now=now, config_sha256=one.settings.sha256, around=around))

    (block,) = (block.text for block in blocks() if block.page == OPERATIONS and block.text.startswith("now,"))
    frame, *sections = block.splitlines()
    told = {line.split()[0]: re.split(r" {3,}", line[12:])[0].split(", ") for line in sections if "sentences" not in line}

    assert [*frame.split(", "), *(line.split()[0] for line in sections)] == list(document)
    for section, names in told.items():
        held = document[section]
        assert list(held[0] if isinstance(held, list) else held) == names


# --- words -----------------------------------------------------------------------------------------------------------------------


def test_the_glossary_has_every_word() -> None:
    rows = " ".join(re.findall(r"(?m)^\| \*\*(.+?)\*\*", read(GLOSSARY))).replace(",", "").replace("full set", "full-set").split()

    assert [word for word in WORDS if word not in rows] == []


def test_the_glossary_names_every_state_and_outcome() -> None:
    states = [*HitState, *Outcome, *DeliveryState, *Section]

    assert [state.value for state in states if not re.search(rf"\b{state.value}\b", read(GLOSSARY))] == []


def test_every_row_of_the_glossary_stands_in_the_order_of_the_alphabet() -> None:
    words = re.findall(r"(?m)^\| \*\*(\w+)", read(GLOSSARY).split("PubMed's own words")[0])

    assert words == sorted(words)


def test_the_changelog_begins_with_this_version() -> None:
    (newest, *_) = re.findall(r"(?m)^## \[(.+?)\]", read(ROOT / "CHANGELOG.md"))

    assert newest == watcher.__version__
