"""Seeds joined with their PubMed records, once.

    PMID -> EFetch; else DOI, then PMCID -> ESearch, EFetch; else a number that may be a PMID -> EFetch; else title -> ESearch, EFetch

What an identifier leads to is held against the rest of what the seed says (`agreement`); where that speaks of another paper, the next
identifier is asked, and both titles are told. A number of which the file does not say whose it is counts only where the record agrees.

What was resolved is remembered with the file's hash, portion by portion, and never asked for again while the file stays the same. What
was not found stands on its own text, is said, and is looked for again after four weeks, since a paper may reach PubMed later than the lab.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watcher.domain import Article, Code, RecordId, ResolvedSeed, Seed, Warned, pubmed_id
from watcher.errors import BadQuery, PubMedError
from watcher.flows.ports import Source
from watcher.flows.scoring.verdicts import fallen
from watcher.flows.search.agreement import Held, agreement, same_title
from watcher.store import ResolvedSeedRow, Store

LOOK_AGAIN_AFTER = timedelta(days=28)
"""What PubMed did not have is looked for again after so long: a paper may reach it later than the lab."""
TITLE_CANDIDATES = 20
"""So many of the records that a search finds are held against a title."""
FETCHED_AT_ONCE = 200
"""Seeds with a PMID that are looked up together: one request."""
SEARCHED_AT_ONCE = 20
"""Seeds without one that are looked up together: each may need requests of its own."""
_NAMES = {"pmid": "PMID {}", "doi": "the DOI {}", "pmcid": "{}"}

Key = tuple[str, str]


def resolve(
    watch: str,
    seeds: Sequence[Seed],
    *,
    store: Store,
    source: Source | None,
    now: datetime,
    say: Callable[[str], None] = lambda _line: None,
) -> tuple[tuple[ResolvedSeed, ...], tuple[Warned, ...]]:
    """Join each seed with its record, and remember what was found, if the store knows the watch.

    Args:
        watch: whose seeds they are.
        seeds: as the files give them.
        store: remembers what was resolved, and keeps the records.
        source: PubMed; None uses only what is remembered, and writes nothing.
        now: the present instant.
        say: hears how far it is, where that takes more than one step.

    Returns:
        The seeds in their order, and one warning for a failure of PubMed that left some unresolved for now. What was found before a
        failure, or before an interruption, is remembered.
    """
    rows = {(row.path, row.locator): row for row in store.seeds(watch)}
    known = _remembered(seeds, rows, store)
    open_ones = [seed for seed in seeds if _is_open(known.get(_key(seed)), now)]
    fresh: dict[Key, ResolvedSeed] = {}
    warnings: tuple[Warned, ...] = ()
    if source is not None:
        try:
            for found in _looked_up(open_ones, source, lambda done: say(f"{watch}: {done} of {len(open_ones)} seeds looked up")):
                store.add_seeds(watch, found, now)
                fresh |= {_key(one.seed): one for one in found}
        except PubMedError as error:
            left = len(open_ones) - len(fresh)
            what = f"{left} seeds could not be looked up and stand on their own text for now: {error}"
            warnings = (Warned(Code.SEEDS_NOT_ASKED, what, "the next run asks again"),)
        store.drop_seeds(watch, rows.keys() - {_key(seed) for seed in seeds}, now)
    joined = [fresh.get(_key(seed)) or known.get(_key(seed), (_own_text(seed), now))[0] for seed in seeds]
    return held_against_corrections(joined, store), warnings


def held_against_corrections(seeds: Sequence[ResolvedSeed], store: Store) -> tuple[ResolvedSeed, ...]:
    """The seeds, with those named that were retracted, withdrawn or removed."""
    void = fallen({one.article.record_id for one in seeds if one.article}, store)
    return tuple(
        replace(one, retracted=True) if one.article and (one.article.record_id in void or not one.article.stands) else one
        for one in seeds
    )


def look_up(seeds: Sequence[Seed], source: Source, *, say: Callable[[str], None] = lambda _line: None) -> tuple[ResolvedSeed, ...]:
    """Ask PubMed for the records of these seeds, in their order; `say` hears how far it is.

    Raises:
        PubMedError: PubMed failed; nothing was learnt.
    """
    portions = _looked_up(seeds, source, lambda done: say(f"{done} of {len(seeds)} seeds looked up"))
    found = {_key(one.seed): one for portion in portions for one in portion}
    return tuple(found[_key(seed)] for seed in seeds)


def _looked_up(seeds: Sequence[Seed], source: Source, done: Callable[[int], None]) -> Iterator[tuple[ResolvedSeed, ...]]:
    """What PubMed says of these seeds, a portion at a time."""
    count = 0
    for portion in _portions(seeds):
        yield _Search(source, [_Asked(seed) for seed in portion]).outcome()
        count += len(portion)
        if len(seeds) > SEARCHED_AT_ONCE:
            done(count)


def _portions(seeds: Sequence[Seed]) -> Iterator[Sequence[Seed]]:
    numbered = [seed for seed in seeds if seed.pmid]
    others = [seed for seed in seeds if not seed.pmid]
    for group, size in ((numbered, FETCHED_AT_ONCE), (others, SEARCHED_AT_ONCE)):
        yield from (group[start : start + size] for start in range(0, len(group), size))


# --- one portion -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Asked:
    """A seed, and what its identifiers have led to so far. `fallback` is taken when nothing better is found."""

    seed: Seed
    found: Article | None = None
    by: str = ""
    unknown: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    fallback: tuple[Article, str] | None = None

    def take(self, article: Article, by: str) -> None:
        self.found, self.by = article, by

    def hold(self, article: Article, by: str) -> None:
        """Take the record, unless the seed speaks of another paper."""
        compared = agreement(self.seed, article, by)
        if compared.differs:
            self.differences.append(f"{_NAMES[by].format(getattr(self.seed, by))} {compared.differs}")
        if compared.held is not Held.OTHER:
            self.take(article, by)
        elif compared.is_weak and self.fallback is None:
            self.fallback = (article, by)

    def hold_claim(self, article: Article) -> None:
        """Take the record of a number of which the file does not say whose it is, if it is the seed's."""
        compared = agreement(replace(self.seed, pmid=article.pmid), article, "pmid")
        if compared.held is Held.SAME:
            self.take(article, "pmid")
        elif compared.held is Held.OTHER:
            self.differences.append(f"the number {article.record_id} {compared.differs}")

    def told(self) -> ResolvedSeed:
        """The outcome."""
        if self.found is None and self.fallback is not None:
            self.take(*self.fallback)
        if self.found is not None:
            return ResolvedSeed(self.seed, self.found, self.by, "; ".join([*self._strange(), *self.differences]) or None)
        if self.differences:
            what = "; ".join([*self._strange(), *self.differences])
            return ResolvedSeed(self.seed, None, None, f"{what}: its own text is used")
        named = ", ".join([*self.unknown, *(["its title"] if self.seed.title else [])]) or "nothing to ask by"
        return ResolvedSeed(self.seed, None, None, f"PubMed has no record for {named}: its own text is used")

    def _strange(self) -> list[str]:
        """A PMID is PubMed's own: one that it does not know was mistyped. DOIs it need not know."""
        named = f"PMID {self.seed.pmid}"
        return [f"PubMed has no record for {named}"] if named in self.unknown else []


@dataclass(slots=True)
class _Search:
    """The seeds of one portion on their way through the identifiers."""

    source: Source
    asked: list[_Asked]

    def outcome(self) -> tuple[ResolvedSeed, ...]:
        """Ask by each kind of identifier for what is still open."""
        self._by_pmid()
        self._by_term("doi", lambda value: f'"{value}"[aid]')
        self._by_term("pmcid", lambda value: value)
        self._by_claim()
        for one in self._open():
            self._by_title(one)
        return tuple(one.told() for one in self.asked)

    def _open(self) -> list[_Asked]:
        return [one for one in self.asked if one.found is None]

    def _by_pmid(self) -> None:
        articles = self._fetched(one.seed.record_id for one in self.asked if one.seed.record_id)
        for one in self.asked:
            if one.seed.record_id in articles:
                one.hold(articles[one.seed.record_id], "pmid")
            elif one.seed.pmid:
                one.unknown.append(f"PMID {one.seed.pmid}")

    def _by_claim(self) -> None:
        mine = [one for one in self._open() if one.seed.claimed_pmid]
        claimed = [pubmed_id(one.seed.claimed_pmid or 0) for one in mine]
        articles = self._fetched(claimed)
        for one, record_id in zip(mine, claimed, strict=True):
            if record_id in articles:
                one.hold_claim(articles[record_id])

    def _by_term(self, name: str, term: Callable[[str], str]) -> None:
        """Ask for all DOIs, or PMCIDs, of the portion at once; where that brings more than they can mean, for each alone."""
        mine = [one for one in self._open() if getattr(one.seed, name)]
        values = list(dict.fromkeys(str(getattr(one.seed, name)) for one in mine))
        for start in range(0, len(values), SEARCHED_AT_ONCE):
            part = values[start : start + SEARCHED_AT_ONCE]
            articles = self._with(name, part, term)
            for one in mine:
                value = getattr(one.seed, name)
                if value in articles:
                    one.hold(articles[value], name)
                elif value in part:
                    one.unknown.append(value)

    def _with(self, name: str, values: Sequence[str], term: Callable[[str], str]) -> dict[str, Article]:
        most = 2 * len(values) + TITLE_CANDIDATES
        found = self.source.search(" OR ".join(map(term, values)), retmax=most)
        if found.facts.count > most and len(values) > 1:
            return {key: article for value in values for key, article in self._with(name, [value], term).items()}
        articles = self._fetched(found.record_ids).values()
        wanted = {value.lower(): value for value in values}
        held = {str(getattr(one, name) or "").lower(): one for one in reversed(list(articles))}
        return {wanted[key]: article for key, article in held.items() if key in wanted}

    def _by_title(self, one: _Asked) -> None:
        words = re.sub(r"[^\w\s-]", " ", one.seed.title.lower()).split()
        if len(words) < 3:
            return
        try:
            record_ids = self.source.search(f"{' '.join(words)}[ti]", retmax=TITLE_CANDIDATES).record_ids
        except BadQuery:  # a title that PubMed takes for a query: nothing is found by it
            return
        same = [article for article in self._fetched(record_ids).values() if same_title(one.seed.title, article)]
        printed = [article for article in same if not article.is_preprint] or same
        if len(printed) == 1:
            one.take(printed[0], "title")

    def _fetched(self, record_ids: Iterable[RecordId]) -> dict[RecordId, Article]:
        wanted = list(dict.fromkeys(record_ids))
        return {article.record_id: article for article in self.source.fetch(wanted).articles} if wanted else {}


# --- what is remembered --------------------------------------------------------------------------------------------------------


def _remembered(
    seeds: Sequence[Seed], rows: Mapping[Key, ResolvedSeedRow], store: Store
) -> dict[Key, tuple[ResolvedSeed, datetime]]:
    """What earlier runs found out about these seeds, by (path, locator), with when; a changed file is forgotten, and so is a record whose
    text is stored no longer, or damaged."""
    same = {_key(seed): (seed, rows[_key(seed)]) for seed in seeds if _is_as_before(seed, rows.get(_key(seed)))}
    articles = store.articles([row.record_id for _, row in same.values() if row.record_id and row.resolved_by])
    recalled = {
        key: (_recalled(seed, row, articles), row.resolved_at) for key, (seed, row) in same.items() if _is_there(row, articles)
    }
    return {key: one for key, one in recalled.items() if not _is_outdated(one[0])}


def _is_there(row: ResolvedSeedRow, articles: Mapping[RecordId, Article]) -> bool:
    return row.resolved_by is None or row.record_id in articles


def _recalled(seed: Seed, row: ResolvedSeedRow, articles: Mapping[RecordId, Article]) -> ResolvedSeed:
    article = articles.get(row.record_id) if row.record_id and row.resolved_by else None
    return ResolvedSeed(seed, article, row.resolved_by if article else None, row.problem)


def _is_outdated(one: ResolvedSeed) -> bool:
    """Whether a record that was taken without a word is now seen to be another paper's."""
    if one.article is None or one.problem or one.resolved_by not in _NAMES:
        return False
    return agreement(one.seed, one.article, one.resolved_by).held is Held.OTHER


def _is_open(known: tuple[ResolvedSeed, datetime] | None, now: datetime) -> bool:
    if known is None:
        return True
    return known[0].article is None and now - known[1] >= LOOK_AGAIN_AFTER


def _is_as_before(seed: Seed, row: ResolvedSeedRow | None) -> bool:
    """Whether a row is about this very seed: of the same file, and, where nothing was found, by the same PMID."""
    if row is None or row.file_sha256 != seed.file_sha256:
        return False
    return row.resolved_by is not None or row.record_id == seed.record_id


def _own_text(seed: Seed) -> ResolvedSeed:
    return ResolvedSeed(seed, None, None, "not looked up yet: its own text is used")


def _key(seed: Seed) -> Key:
    return seed.path, seed.locator
