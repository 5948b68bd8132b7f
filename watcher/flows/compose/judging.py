"""What a digest decides about each hit, as pure functions: which papers pass, and which of them are one work.

retracted -> already presented -> excluded type -> below threshold -> in the lab's library -> passes
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watcher.digest.arrange import Entry
from watcher.digest.wording import long_day
from watcher.domain import Article, Candidate, DigestList, FollowUp, Origin, Outcome, RecordId, Scored, Section, Watch

RECONSIDERED_AT_MOST = 5
"""A digest is for news: of older papers that pass by now, the best few are told again."""

REJECTIONS = (Outcome.RETRACTED, Outcome.ALREADY_PRESENTED, Outcome.IN_LIBRARY, Outcome.EXCLUDED_TYPE, Outcome.BELOW_THRESHOLD)
"""What a work counts as that passed nowhere: the first of these that any of its records or watches gave."""

LATE_ORIGINS = frozenset({Origin.INDEXED, Origin.FULL_SET})


@dataclass(frozen=True, slots=True)
class Judged:
    """One hit with its score and the decision; `outcome` None passes and is decided by the room that the digest has. `note`: why it is judged
    once more. `remark`: what a reader is told beside the paper all the same."""

    watch: str
    candidate: Candidate
    scored: Scored
    kind: Section
    outcome: Outcome | None
    note: str = ""
    remark: str = ""

    @property
    def article(self) -> Article:
        """The candidate's article."""
        return self.candidate.article

    @property
    def is_new(self) -> bool:
        """Whether it is news to the readers: judged for the first time, or passing only now. Papers that are reconsidered, or older
        than the cut, stand in sections of their own."""
        return self.kind is Section.WATCH and (not self.note or self.outcome is None)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the news: `new` works, those of them that passed for no watch by their `rejections`, retracted records by name."""

    new: int
    rejections: Mapping[Outcome, int]
    retracted: tuple[RecordId, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a judgement looks at besides the candidate: the list, what its readers had, how to name a paper's chips; and by work
    the records that no longer stand; `left_out` are works that the lab has and does not want to be shown."""

    list: DigestList
    presented: Mapping[int, RecordId]
    chips: Callable[[Article], tuple[str, ...]]
    fallen: Mapping[int, tuple[Article, ...]] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()


def judge(
    basis: Basis,
    watch: Watch,
    candidates: Iterable[Candidate],
    scores: Mapping[RecordId, Scored],
    kind: Section = Section.WATCH,
    note: str = "",
) -> tuple[Judged, ...]:
    """Decide about each candidate of one watch.

    Args:
        basis: the list, and what its readers had.
        watch: whose threshold and excluded types count.
        candidates: the hits.
        scores: by record, one for each candidate.
        kind: a starter is not held against the threshold again: the edit chose it.
        note: why the list judges them once more, for the reader; "" for the first time.
    """
    return tuple(
        Judged(watch.name, one, scored, kind, _outcome(basis, watch, one, scored, kind), note)
        for one in candidates
        for scored in (scores[one.article.record_id],)
    )


def with_remarks(judged: Iterable[Judged], last_composed_at: datetime | None) -> tuple[Judged, ...]:
    """`judged`, with the day on which it was seen beside what was news before the list's last digest: that one was without the watch."""
    return tuple(replace(one, remark=_seen_before(one, last_composed_at)) for one in judged)


def reconsidered(
    basis: Basis, watch: Watch, candidates: Iterable[Candidate], scores: Mapping[RecordId, Scored]
) -> tuple[Judged, ...]:
    """Of what was below the threshold under another ranking, the best five that now pass; the others are not judged again."""
    judged = judge(basis, watch, candidates, scores, Section.RECONSIDERED, "reconsidered: the seeds or verdicts have changed")
    passing = [one for one in judged if one.outcome is None]
    return tuple(sorted(passing, key=lambda one: (-one.scored.value, -one.article.record_id.id))[:RECONSIDERED_AT_MOST])


def tally(judged: Sequence[Judged]) -> Tally:
    """Count each new work once, whichever watches and records it came through, so that a receipt adds up."""
    passed = {one.candidate.work_id for one in judged if one.outcome is None}
    found: defaultdict[int, set[Outcome | None]] = defaultdict(set)
    for one in judged:
        if one.is_new:
            found[one.candidate.work_id].add(one.outcome)
    rejected = [held for work_id, held in found.items() if work_id not in passed]
    retracted = {one.article.record_id for one in judged if one.is_new and one.outcome is Outcome.RETRACTED}
    return Tally(
        new=len(found),
        rejections=Counter(next(outcome for outcome in REJECTIONS if outcome in held) for held in rejected),
        retracted=tuple(sorted(retracted)),
    )


def entries(judged: Iterable[Judged], records: Mapping[int, Sequence[Article]]) -> tuple[Entry, ...]:
    """One entry for each work that passes: its published article rather than a preprint, the newest of several.

    Args:
        judged: all that was judged.
        records: every stored record of each work, for the links to its other forms.
    """
    works: defaultdict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.outcome is None:
            works[one.candidate.work_id].append(one)
    return tuple(_entry(work_id, group, records.get(work_id, ())) for work_id, group in works.items())


def outcomes(
    judged: Iterable[Judged], shown: frozenset[RecordId], attached: frozenset[RecordId]
) -> tuple[tuple[Judged, Outcome], ...]:
    """The final decision about each hit, once the digest has found room. A record whose work stands there under another record
    counts as already presented."""
    return tuple((one, one.outcome or _placed(one.article.record_id, shown, attached)) for one in judged)


def follow_ups(judged: Iterable[Judged], basis: Basis, records: Mapping[int, Sequence[Article]]) -> tuple[FollowUp, ...]:
    """Articles of works that the readers had as a preprint."""
    told: dict[RecordId, FollowUp] = {}
    for one in judged:
        work_id, article = one.candidate.work_id, one.article
        had = next((a for a in records.get(work_id, ()) if a.record_id == basis.presented.get(work_id)), None)
        later = one.outcome is Outcome.ALREADY_PRESENTED and had is not None and had.record_id != article.record_id
        if later and had is not None and had.is_preprint and not article.is_preprint:
            told[article.record_id] = FollowUp(article, work_id, f"now in {article.journal.display or 'a journal'}")
    return tuple(told.values())


def _outcome(basis: Basis, watch: Watch, candidate: Candidate, scored: Scored, kind: Section) -> Outcome | None:
    article = candidate.article
    if not article.stands or any(_is_later(one, article) for one in basis.fallen.get(candidate.work_id, ())):
        return Outcome.RETRACTED
    if candidate.work_id in basis.presented:
        return Outcome.ALREADY_PRESENTED
    if set(watch.exclude_types) & set(article.publication_types):
        return Outcome.EXCLUDED_TYPE
    if basis.list.chips and not set(basis.list.chips) & set(basis.chips(article)):
        return Outcome.EXCLUDED_TYPE
    if kind is not Section.STARTER and scored.value < watch.threshold:
        return Outcome.BELOW_THRESHOLD
    return Outcome.IN_LIBRARY if candidate.work_id in basis.left_out else None


def _is_later(fallen: Article, article: Article) -> bool:
    """Whether what was retracted is the record itself or a later form of it: the article of a preprint, a later version. That a preprint
    was withdrawn says nothing of its article."""
    if fallen.is_preprint != article.is_preprint:
        return article.is_preprint
    return fallen.record_id >= article.record_id


def _seen_before(one: Judged, last_composed_at: datetime | None) -> str:
    seen_at = min((hit.news_at for hit in one.candidate.hits if hit.news_at), default=None)
    if seen_at is None or last_composed_at is None or seen_at > last_composed_at:
        return ""
    return f"seen on {long_day(seen_at.date())}: the digests of this list since then were without its watch"


def _placed(record_id: RecordId, shown: frozenset[RecordId], attached: frozenset[RecordId]) -> Outcome:
    if record_id in shown:
        return Outcome.SHOWN
    return Outcome.ATTACHED if record_id in attached else Outcome.ALREADY_PRESENTED


def _entry(work_id: int, group: Sequence[Judged], records: Sequence[Article]) -> Entry:
    chosen = max(group, key=lambda one: (not one.article.is_preprint, one.article.record_id)).article
    scores: dict[str, Scored] = {}
    for one in sorted(group, key=lambda one: one.article.record_id == chosen.record_id):
        scores[one.watch] = one.scored
    origins = frozenset[Origin]().union(*(hit.origins for one in group for hit in one.candidate.hits))
    kinds = {one.kind for one in group}
    return Entry(
        article=chosen,
        work_id=work_id,
        scores=scores,
        kind=next(kind for kind in (Section.WATCH, Section.RECONSIDERED, Section.STARTER) if kind in kinds),
        also=tuple((other.record_id, _form(other)) for other in records if other.record_id != chosen.record_id),
        origins=origins,
        by_late_dates=bool(origins) and origins <= LATE_ORIGINS,
        note=next((text for one in group if (text := one.note or one.remark)), ""),
    )


def _form(article: Article) -> str:
    return f"{'preprint' if article.is_preprint else 'article'} in {article.journal.display or 'an unnamed journal'}"
