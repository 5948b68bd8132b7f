"""The files that `watcher init` writes: a lab's own first configuration, or the example that this package ships.

A lab's files are made in a folder beside the place where they shall be and get there at the end, whole; the configuration is the last. What
is there already is never written over.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import watcher
from watcher.errors import ConfigurationError, Place, Problem
from watcher.writing import private_file, private_folder, put, told, whole

_PACKAGE = Path(watcher.__file__).parent
_PACKAGED = _PACKAGE / "starter_files"
_CHECKOUT = _PACKAGE.parent
_FOLDERS = ("config", "seeds")

CONFIGURATION, SCHEMA = Path("config/watcher.yaml"), Path("config/watcher.schema.json")
MAIL_URL = Path("secrets/lab_mail_url")
EXAMPLE_URL = "mailtos://user:password@smtp.lab.example?from=watcher@lab.example"
"""Stands in the place of a mail server's URL until the lab writes its own; `watcher check` warns of it."""

_WIDTH = 100


def shipped() -> Path:
    """The folder that holds config/ and seeds/ as shipped: in the package, or in the checkout that it runs from.

    Raises:
        ConfigurationError: this installation goes without the files, as a container's image does.
    """
    found = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    if not (found / "config").is_dir():
        fix = "take config/ and seeds/ from the folder that the image was built from; `make demo` runs there"
        raise ConfigurationError(Problem("this installation goes without the shipped configuration and seeds", fix))
    return found


def write(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Copy the shipped config/ and seeds/ into `folder`, never over a file that is there, each file whole or not at all.

    Yields:
        Each path, and whether it was written.

    Raises:
        ConfigurationError: a file cannot be written; or see `shipped`.
    """
    root = shipped()
    for name in _FOLDERS:
        for source in sorted(path for path in (root / name).rglob("*") if path.is_file()):
            target = folder / source.relative_to(root)
            if os.path.lexists(target):  # also a link that leads nowhere yet
                yield target, False
                continue
            with told(target), whole(target) as part:
                shutil.copyfile(source, part)
            yield target, True


# --- a lab's own ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewLab:
    """What a lab's first configuration says. `lines` are the query's, `holds` how many of `seeds` hold each; both empty for a query that
    the lab wrote. `told` says how the query did, in sentences. `allow_over` is None where the default will do."""

    name: str
    title: str
    email: str
    timezone: str
    query: str
    seeds: int = 0
    lines: tuple[str, ...] = ()
    holds: tuple[int, ...] = ()
    told: tuple[str, ...] = ()
    allow_over: int | None = None
    themes: str | None = None


def refuse_taken(folder: Path, name: str | None = None) -> None:
    """Raises ConfigurationError where a file of a lab's would have to be written over. `name`: the watch, once it is known."""
    taken = [CONFIGURATION, MAIL_URL, *((Path("seeds") / name, Path(f"config/themes/{name}.yaml")) if name else ())]
    for one in taken:
        if os.path.lexists(folder / one):
            fix = "name another folder, or edit what is there: nothing is written over"
            raise ConfigurationError(Problem("this is there already", fix, Place(folder / one)))


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder in which a lab's files are made, on the disk where `folder` is or will be; removed at the end.

    Raises:
        ConfigurationError: nothing can be written there.
    """
    base = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    with told(folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise NotADirectoryError(20, "this is no folder")
        place = Path(mkdtemp(prefix=".watcher-init-", dir=base))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put_in_place(stage: Path, folder: Path) -> tuple[Path, ...]:
    """Gives all staged files their places, the configuration the last; what was placed is taken back where one cannot be.

    Raises:
        ConfigurationError: a file is in the way, or cannot be written; nothing has changed.
    """
    files = sorted((path for path in stage.rglob("*") if path.is_file()), key=lambda path: (path == stage / CONFIGURATION, path))
    made: list[Path] = []
    placed: list[Path] = []
    try:
        for file in files:
            target = folder / file.relative_to(stage)
            with told(target):
                made += _folders(target.parent, private=file.parent.name == MAIL_URL.parent.name)
                put(file, target)
            placed.append(target)
    except BaseException:  # whatever stopped it, an interruption too: no half of a configuration stays behind
        for path in placed:
            path.unlink(missing_ok=True)
        for path in reversed(made):
            path.rmdir()
        raise
    return tuple(placed)


def _folders(path: Path, *, private: bool) -> list[Path]:
    """Makes a folder and those on the way; the ones that were made."""
    missing = [one for one in (path, *path.parents) if not one.exists()][::-1]
    for one in missing:
        if private and one == path:
            private_folder(one)
        else:
            one.mkdir()
    return missing


def stage_lab(stage: Path, lab: NewLab) -> None:
    """Writes the configuration, the schema, the place of the mail server's URL and the themes; the seeds are there already."""
    (stage / "config").mkdir(exist_ok=True)
    (stage / CONFIGURATION).write_text(document(lab), encoding="utf-8")
    (stage / SCHEMA).write_text(_schema(), encoding="utf-8")
    private_folder(stage / MAIL_URL.parent)
    if not (stage / MAIL_URL).exists():
        private_file(stage / MAIL_URL)
        (stage / MAIL_URL).write_text(f"{EXAMPLE_URL}\n", encoding="utf-8")
    if lab.themes:
        (stage / "config" / "themes").mkdir(exist_ok=True)
        (stage / "config" / "themes" / f"{lab.name}.yaml").write_text(lab.themes, encoding="utf-8")


def _schema() -> str:
    """The schema as shipped, without its examples: they are of the shipped example's topic."""
    whole = json.loads((shipped() / SCHEMA).read_text(encoding="utf-8"))
    return json.dumps(_without_examples(whole), indent=2, ensure_ascii=False) + "\n"


def _without_examples(part: object) -> object:
    if isinstance(part, dict):
        return {key: _without_examples(value) for key, value in part.items() if key != "examples"}
    return [_without_examples(one) for one in part] if isinstance(part, list) else part


def document(lab: NewLab) -> str:
    """The configuration of a new lab, with what a person who edits it needs to know beside each key."""
    drafted = "".join(f"    # {line}".rstrip() + "\n" for line in _about_query(lab))
    query = textwrap.indent(lab.query.strip("\n"), "      ")
    allow = (
        f"    allow_over: {lab.allow_over}            # a query with more matches than this is refused\n" if lab.allow_over else ""
    )
    return _DOCUMENT.format(
        name=lab.name,
        title=_quoted(lab.title),
        weekly=_quoted(f"{lab.title} weekly"),
        prefix=_quoted(f"[{lab.title}]"),
        email=_quoted(lab.email),
        timezone=_quoted(lab.timezone),
        about=drafted,
        query=query,
        allow=allow,
        group="theme" if lab.themes else "watch",
    )


def _about_query(lab: NewLab) -> Iterator[str]:
    for sentence in lab.told:
        yield from textwrap.wrap(sentence, _WIDTH)
    if lab.lines:
        yield ""
        yield "Its lines, and how many of your papers each holds for:"
        width = len(str(len(lab.lines)))
        for number, (line, count) in enumerate(zip(lab.lines, lab.holds, strict=True), 1):
            yield f"  {number:>{width}}  {count} of {lab.seeds}  {line if len(line) <= _WIDTH else line[: _WIDTH - 1] + '…'}"


def _quoted(text: str) -> str:
    """A text in YAML, in quotes where it needs them."""
    is_plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 @./_+-]*[A-Za-z0-9]", text) and text.lower() not in (
        "true",
        "false",
        "null",
        "yes",
        "no",
    )
    return text if is_plain else json.dumps(text, ensure_ascii=False)


_DOCUMENT = """\
# yaml-language-server: $schema=./watcher.schema.json
#
# What this watcher does, and for whom. Every key and its default: docs/configuration.md in watcher's own folder.
#   1. `watcher try` shows the first digest in your browser; nothing is sent. Edit the query below and try again until you like it
#   2. put your mail server into secrets/lab_mail_url, then `watcher send-test lab-mail`
#   3. `watcher check --online` names file, line and key of whatever is wrong; `watcher serve` starts the service
# Paths are relative to the folder around config/.

timezone: {timezone}            # of every schedule in this file: Europe/Berlin, America/New_York, Asia/Tokyo …

pubmed:
  email: {email}     # NCBI wants to know who asks
  # api_key_file: secrets/ncbi_api_key    # a free key from your NCBI account: ten requests a second instead of three

# Where digests go. The URL holds a password, so it stands in a file that only the watcher reads.
channels:
  lab-mail:
    kind: email
    url_file: secrets/lab_mail_url    # one line: mailtos://user:password@your.mail.server?from=its@address
    to: [{email}]     # who reads it; each gets a mail of their own
  # lab-slack:
  #   kind: slack
  #   url_file: secrets/lab_slack_url     # holds the address that Slack shows for an incoming webhook
  # lab-teams:                            # a digest's best papers on Microsoft Teams; docs/configuration.md says how to make a workflow
  #   kind: teams
  #   url_file: secrets/lab_teams_url     # holds the address that the workflow shows

# What is looked for. A watch is a question to PubMed, and a few papers that you would have wanted to find (the seeds). The query says
# which papers are looked at; how near they are to the seeds decides which of them you get. So the query is wide on purpose: what it
# leaves out nobody will ever see, and what it brings too much ends up at the bottom of the ranking.
watches:
  {name}:
    title: {title}
    #
{about}    #
    # [mh] is a MeSH heading with all that stands below it; it reaches papers once they are indexed, weeks to months after they appear.
    # [tiab] is title, abstract and authors' keywords; it reaches new papers, too. Quotes keep words together, * stands for any ending.
    # A good edit adds what others call the same thing, by OR on a line of its own: an older name, an abbreviation, a gene, a drug.
    # A line that brings much that you never want is narrowed by AND inside parentheses: (opioid*[tiab] AND withdrawal*[tiab]).
    # NOT loses papers that speak of both: leave noise to the ranking. `watcher check --online` says what PubMed makes of an edit.
    query: |
{query}
    seeds: [{name}]       # folders below seeds/; put papers in or take them out at any time, five to ten are better than one
    similar: true                 # also look at what PubMed calls similar to the seeds
    threshold: 35                 # 0 to 100; higher = fewer papers; 0 = everything
    highlight: auto               # marks the best eighth of twelve weeks as highly relevant; a number: from that score on
    exclude_types: [Comment, Editorial]
    start: {{days: 30, papers: 20}} # the first digest looks back so far, and shows at most so many
{allow}
# Who gets what, when. One digest a week; every paper once.
lists:
  lab-weekly:
    title: {weekly}
    subject_prefix: {prefix}
    watches: [{name}]
    channels: [lab-mail]          # or [lab-mail, lab-slack]
    schedule: monday 08:00        # or `daily 07:30`, or a crontab line: "0 8 * * 1" (1 = Monday)
    empty: receipt                # a week without papers: one line that says so; `nothing` sends nothing
    top: 5                        # so many open the digest, each with the reason and its conclusion
    limit: 60                     # at most so many are shown; the rest is counted and attached
    group_by: {group}               # `theme`: under the names in config/themes/{name}.yaml, which are yours to edit
    attach: [ris]                 # opens in Zotero, EndNote and others

# Who is told when PubMed or a mail server fails for long.
alerts:
  channel: lab-mail
"""


def name_of(title: str) -> str:
    """A watch's name from its title: small letters, digits and single hyphens; "topic" where none are left."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "topic"


def taken_in(stage: Path, name: str, files: Sequence[Path], identifiers: Sequence[str], why: str) -> dict[Path, Path]:
    """Copies seed files below the stage's seeds/NAME, and writes identifiers there as a list, below a comment that says `why`; where each
    copy is from.

    A name that comes twice gets a number.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    folder = stage / "seeds" / name
    folder.mkdir(parents=True, exist_ok=True)
    origin: dict[Path, Path] = {}
    for file in files:
        target = _free(folder, file)
        with _read(file):
            shutil.copyfile(file, target)
        origin[target] = file
    if identifiers:
        lines = [f"# {' '.join(why.split())}", *identifiers]
        _free(folder, Path("papers.list")).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return origin


def _free(folder: Path, file: Path) -> Path:
    names = (file.name, *(f"{file.stem}-{number}{file.suffix}" for number in range(2, 10_000)))
    return next(folder / name for name in names if not (folder / name).exists())


@contextmanager
def _read(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise ConfigurationError(Problem(what, "name another one, or mend its rights", Place(file))) from error
