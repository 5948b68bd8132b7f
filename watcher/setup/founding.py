"""A lab's first configuration from a few papers: read, looked up in PubMed, a query drafted from what they share, all written at the end.

    wish -> seed files in a staged folder -> settings -> records from PubMed -> query, themes -> the staged files get their places

Until the last step nothing is to be seen, so that a mistake, a failure or Ctrl-C leaves nothing behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from watcher import clock
from watcher.config import Settings
from watcher.domain import ResolvedSeed, Seed, Theme
from watcher.errors import BadQuery, ConfigurationError, Place, Problem, PubMedError, SeedError
from watcher.flows.compose.themes import document as themes_document
from watcher.flows.ports import Source
from watcher.flows.search.seeds import look_up
from watcher.pubmed.lint import flaws
from watcher.rank import load_background
from watcher.rank.rarity import Rarity
from watcher.rank.themes import found as found_themes
from watcher.seeds import Examples, read_examples
from watcher.seeds.identifiers import identified
from watcher.setup import starter
from watcher.setup.drafting import LEAST, MOST, DraftedQuery, found_at, per_week, propose
from watcher.setup.loading import load_settings

LONGEST_TITLE = 80
"""A title heads each mail, where more is cut off."""
STAND_INS = 10
"""So many of PubMed's best matches stand in for seeds."""
USUAL_LIMIT = 50_000
"""The default of `allow_over`."""

ATTEMPTS = 2
"""How often a request is tried: a person waits, and there is a way without PubMed."""

Say = Callable[[str], None]
OpenSource = Callable[[Settings, Say], AbstractContextManager[Source]]
"""Opens PubMed as the settings say."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lab wants. `seeds` are files, folders, PMIDs, PMCIDs and DOIs as they were typed; without any, PubMed's best matches of the
    `topic`, or of the `query`, stand in. An empty `title`, `query` or `timezone` leaves it to us."""

    folder: Path
    email: str
    seeds: tuple[str, ...]
    title: str = ""
    query: str = ""
    timezone: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Founded:
    """What was written. `found` of `seeds` have a record in PubMed; `offline` says why PubMed was not asked, "" where it was; `told` are
    sentences about the query; `warnings` what of the seed files was passed over, and what PubMed and a seed disagree about."""

    name: str
    files: tuple[Path, ...]
    query: str
    seeds: int
    found: int
    themes: int
    told: tuple[str, ...]
    offline: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The papers that somebody named: files, and what names a paper by itself. `why` says where the latter are from."""

    files: tuple[Path, ...] = ()
    identifiers: tuple[str, ...] = ()
    why: str = "The papers that were named to `watcher init`: a PMID, PMCID or DOI on each line."


def gathered(words: Sequence[str]) -> Gathered:
    """Tells files from identifiers.

    Raises:
        ConfigurationError: each word that is neither, and each folder without files.
    """
    files: list[Path] = []
    identifiers: list[str] = []
    problems: list[Problem] = []
    for word in words:
        path = Path(word).expanduser()
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
            files += inside
            problems += [] if inside else [Problem("the folder holds no files", "name files, PMIDs or DOIs", Place(path))]
        elif os.path.lexists(path):
            files.append(path)
        elif identified(word):
            identifiers.append(word)
        else:
            fix = "name files (PubMed, RIS, BibTeX … exports or lists), PMIDs such as 41224659, or DOIs, with blanks between them"
            problems.append(Problem(f"there is no file {word}, and it is no PMID, PMCID or DOI", fix))
    if problems:
        raise ConfigurationError(*problems)
    return Gathered(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(identifiers)))


def read_seeds(papers: Gathered, stage: Path, name: str) -> Examples:
    """Copies the papers to the stage and reads them there; what is wrong is told with the files' own places.

    Raises:
        SeedError: a file cannot be read or understood.
    """
    origin = starter.taken_in(stage, name, papers.files, papers.identifiers, papers.why)
    root = stage / "seeds"
    try:
        found = read_examples(root / name, root=root)
    except SeedError as error:
        raise SeedError(*(_at_home(one, origin, stage) for one in error.problems)) from None
    return Examples(found.seeds, tuple(_at_home(one, origin, stage) for one in found.passed_over))


def _at_home(problem: Problem, origin: Mapping[Path, Path], stage: Path) -> Problem:
    """The problem with the place of the file that was copied."""
    place = problem.place
    if place is None:
        return problem
    if place.path in origin:
        return replace(problem, place=replace(place, path=origin[place.path]))
    hidden = place.path.is_relative_to(stage)
    return replace(problem, place=replace(place, path=place.path.relative_to(stage)) if hidden else place)


def checked(wish: Wish) -> None:
    """Refuses what can be refused before any work: a place that is taken, papers that are not there, a query that falls apart.

    Raises:
        ConfigurationError: as said.
    """
    starter.refuse_taken(wish.folder, starter.name_of(wish.title) if wish.title else None)
    broken = [Problem(one.told, one.fix) for one in flaws(wish.query) if one.breaks] if wish.query else []
    if broken:
        raise ConfigurationError(*broken)
    gathered(wish.seeds)


def found_lab(wish: Wish, *, open_source: OpenSource, say: Say) -> Founded:
    """Write a lab's first configuration.

    Args:
        wish: what the lab wants.
        open_source: opens PubMed.
        say: hears what is going on.

    Raises:
        ConfigurationError: something is in the way, cannot be read, or gives no query; nothing was written.
    """
    checked(wish)
    with starter.staged(wish.folder) as stage:
        work = _Founding(wish, stage, open_source, say)
        return work.done()


@dataclass(slots=True)
class _Founding:
    """The work under way. `offline` is set once PubMed has failed, `stood_in` when its best matches stand in for seeds."""

    wish: Wish
    stage: Path
    open_source: OpenSource
    say: Say
    offline: str = ""
    stood_in: bool = False
    warnings: list[str] = field(default_factory=list)

    def done(self) -> Founded:
        """Everything, in its order."""
        examples = read_seeds(self._papers(), self.stage, _FIRST_NAME)
        self.warnings += map(str, examples.passed_over)
        with self._opened() as source:
            resolved = self._resolved(source, examples.seeds)
            lab = self._drafted(source, resolved)
        (self.stage / "seeds" / _FIRST_NAME / _KEPT_OPEN).unlink()
        themes = found_themes(resolved, load_background())
        lab = replace(lab, themes=_themes_file(lab.name, themes))
        starter.refuse_taken(self.wish.folder, lab.name)
        (self.stage / "seeds" / _FIRST_NAME).rename(self.stage / "seeds" / lab.name)
        starter.stage_lab(self.stage, lab)
        load_settings(self.stage / "config", with_seeds=True)
        return Founded(
            name=lab.name,
            files=starter.put_in_place(self.stage, self.wish.folder),
            query=lab.query,
            seeds=len(resolved),
            found=sum(one.article is not None for one in resolved),
            themes=len(themes),
            told=lab.told,
            offline=self.offline,
            warnings=tuple(self.warnings),
        )

    def _papers(self) -> Gathered:
        """What the lab named, else PubMed's best matches of its topic."""
        if self.wish.seeds:
            return gathered(self.wish.seeds)
        term = self.wish.topic or self.wish.query
        self.say(f"asking PubMed for the best matches of {term}")
        with self._opened() as source:
            found = source.best_matches(term, retmax=STAND_INS)
        if not found:
            raise ConfigurationError(Problem(f"PubMed finds nothing for {term}", "write other words, or name papers with --seeds"))
        self.stood_in = True
        why = f"PubMed's best matches of: {term}. Take out what is not yours, and put your own papers in."
        return Gathered(identifiers=tuple(map(str, found)), why=why)

    def _opened(self) -> AbstractContextManager[Source]:
        """PubMed as the lab will ask it: by its settings and the environment's."""
        query = self.wish.query or "title[tiab]"
        (self.stage / "seeds" / _FIRST_NAME).mkdir(parents=True, exist_ok=True)
        (self.stage / "seeds" / _FIRST_NAME / _KEPT_OPEN).touch()
        lab = starter.NewLab(_FIRST_NAME, "Topic", self.wish.email, self._zone, query)
        starter.stage_lab(self.stage, lab)
        settings = load_settings(self.stage / "config")
        pubmed = settings.pubmed.model_copy(update={"max_attempts": ATTEMPTS})
        return self.open_source(settings.model_copy(update={"pubmed": pubmed}), self.say)

    @property
    def _zone(self) -> str:
        return self.wish.timezone or zone_here()

    def _resolved(self, source: Source, seeds: Sequence[Seed]) -> tuple[ResolvedSeed, ...]:
        """The seeds with their records; with their own texts where PubMed is out of reach."""
        try:
            source.ping()
            self.say(f"looking up {len(seeds)} seeds in PubMed")
            found = look_up(seeds, source, say=self.say)
        except PubMedError as error:
            self.offline = str(error)
            return tuple(ResolvedSeed(seed, problem="not looked up") for seed in seeds)
        self.warnings += [f"{each.seed.label}: {each.problem}" for each in found if each.problem]
        return found

    def _drafted(self, opened: Source, resolved: Sequence[ResolvedSeed]) -> starter.NewLab:
        today = clock.ncbi_day(clock.now())
        source: Source | None = None if self.offline else opened
        if self.wish.query:
            return self._own_query(resolved, source)
        self.say("drafting a query from what the seeds share")
        rarity = Rarity(load_background())
        try:
            drafted = propose(resolved, rarity, source=source, today=today, say=self.say)
        except PubMedError as error:
            self.offline = str(error)
            drafted = propose(resolved, rarity, source=None, today=today, say=self.say)
        lab = self._lab(
            self.wish.title or self.wish.topic[:LONGEST_TITLE] or drafted.title[:LONGEST_TITLE],
            drafted.query,
            len(resolved),
            _sentences(drafted),
        )
        return replace(lab, lines=drafted.lines, holds=drafted.holds, allow_over=_allowed(drafted.matched))

    def _own_query(self, resolved: Sequence[ResolvedSeed], source: Source | None) -> starter.NewLab:
        """The lab's query as it is, with what PubMed says of it."""
        told, matched = ["The query is your own."], None
        if source is not None:
            try:
                week = per_week(self.wish.query, source, clock.ncbi_day(clock.now()))
                hits = found_at(self.wish.query, source, resolved)
                matched = source.search(self.wish.query, retmax=0).facts.count
                told.append(f"PubMed finds {hits} of {len(resolved)} seeds with it, and {_papers(week)} a week.")
            except BadQuery as error:
                raise ConfigurationError(Problem(f"PubMed refuses the query: {error}", "write another one: --query")) from error
            except PubMedError as error:
                self.offline = str(error)
        lab = self._lab(self.wish.title or "My topic", self.wish.query, len(resolved), told)
        return replace(lab, allow_over=_allowed(matched))

    def _lab(self, title: str, query: str, seeds: int, told: Sequence[str]) -> starter.NewLab:
        name = starter.name_of(title)
        told = [*told, *([_STOOD_IN] if self.stood_in else [])]
        return starter.NewLab(name, title, self.wish.email, self._zone, query, seeds, told=tuple(told))


_FIRST_NAME = "topic"
"""What the watch is called until it has a title."""
_KEPT_OPEN = ".keep"
"""Stands in the folder of seeds while there are none: a configuration whose seeds are missing is refused."""


_STOOD_IN = "The seeds are only PubMed's best matches of your words: put papers that you trust in their place."


def _allowed(matched: int | None) -> int | None:
    """`allow_over` for a query that comes near the default: twice what it matches, in round numbers."""
    if matched is None or matched <= USUAL_LIMIT / 2:
        return None
    return -(-2 * matched // 10_000) * 10_000


def _sentences(drafted: DraftedQuery) -> list[str]:
    """What is to be said of a drafted query."""
    how = "counted at PubMed over the last four weeks" if drafted.is_counted else "estimated, since PubMed was not asked"
    finds = f"{drafted.finds} of {drafted.seeds} of them, and {_papers(drafted.per_week)} a week ({how})"
    told = [f"The query was drafted from what {_count(drafted.seeds, 'seed')} share. It finds {finds}."]
    if drafted.kept is not None:
        kept, of = drafted.kept
        told.append(f"Left out in turn, {kept} of {of} seeds are found by the words of a query drafted from the others.")
    if drafted.seeds == 1:
        told.append("One seed says little of what others write: add a few papers, or names by hand.")
    if len(drafted.groups) > 1:
        sizes = " and ".join(map(str, drafted.groups))
        told.append(f"The seeds fall into groups of {sizes} that share no line: two watches, each with its own seeds, rank better.")
    if drafted.per_week > MOST:
        told.append(f"That is more than {MOST} a week: narrow a line by AND, or take it out.")
    if drafted.is_counted and drafted.per_week < LEAST:
        told.append(f"That is fewer than {LEAST} a week: add what others call it, by OR.")
    return told


def _papers(week: float) -> str:
    number = f"{week:.0f}" if week >= 10 else f"{week:.1f}".removesuffix(".0")
    return f"about {number} papers"


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def _themes_file(name: str, themes: Sequence[Theme]) -> str | None:
    return themes_document(name, themes) if themes else None


def zone_here() -> str:
    """This machine's time zone by its name: from TZ, else from the link /etc/localtime; UTC where neither names one."""
    link = Path("/etc/localtime")
    named = (os.environ.get("TZ", "").lstrip(":"), str(link.resolve()).partition("zoneinfo/")[2] if link.is_symlink() else "")
    return next((one for one in named if one and _is_zone(one)), "UTC")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True
