"""Why a paper is in a digest, or why it is not: the store's history of one record told as steps.

    matched -> fetched -> marked -> scored -> judged -> presented -> delivered -> corrected

Each step has an outcome and, where there is one, its time. The answer is one sentence for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.digest.corrections import line
from watcher.digest.wording import listed, long_day, moment, named
from watcher.domain import NO_TITLE, DeliveryState, HitState, Outcome, RecordId, VerdictKind
from watcher.store import ClaimFacts, DeliveryFacts, History, HitFacts, JudgementFacts, PresentedFacts, Store

ABSENT_READINGS = 3
ABSENT_FOR = timedelta(days=13)
"""When a record is said to be gone: absent in so many readings, from the first to the third weekly one less a day of slack (decision 0007)."""

_STATES = {
    HitState.BASELINE: "matched when the query was first read; created before the cut, so part of the baseline and not presented",
    HitState.AWAITING: "matched; EFetch does not return its record yet",
    HitState.NEWS: "matched as news",
    HitState.UNAVAILABLE: "matched, but EFetch never returned its record; given up",
}

_EDITED_IN = (
    "matched since the query was edited; older than the cut, but among the best of what the edit added, so it is shown once"
)

_OUTCOMES = {
    Outcome.SHOWN: "shown",
    Outcome.ATTACHED: "presented in the attached file, not among those shown",
    Outcome.BELOW_THRESHOLD: "not presented: its score is below the threshold",
    Outcome.EXCLUDED_TYPE: "not presented: its publication type is excluded",
    Outcome.ALREADY_PRESENTED: "not presented again: the readers had this work already",
    Outcome.IN_LIBRARY: "not presented: it is in the lab's Zotero library",
    Outcome.RETRACTED: "not presented: it is retracted",
}


_WORDS = {VerdictKind.RELEVANT: "relevant", VerdictKind.NOT: "not relevant", VerdictKind.LATER: "to be read later"}


@dataclass(frozen=True, slots=True)
class Step:
    """One station: its name, what happened there, when, and what else is known."""

    step: str
    outcome: str
    at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The steps of one record in order, and the answer in a sentence."""

    record_id: RecordId
    steps: tuple[Step, ...]
    answer: str


NextDigest = Callable[[str], datetime | None]
"""When the next digest of a list is composed, in the list's time zone; None when that is not known."""


def explain(store: Store, record_id: RecordId, now: datetime, next_digest: NextDigest = lambda _name: None) -> Explanation:
    """Tell what is known of `record_id` at the instant `now`; a record that no watch ever matched has an explanation too.

    Args:
        store: the store.
        record_id: the record that is asked about.
        now: the present instant.
        next_digest: says until when a paper waits that a list has still to judge.
    """
    return told(store.explain(record_id), now, next_digest)


def told(history: History, now: datetime, next_digest: NextDigest = lambda _name: None) -> Explanation:
    """The same of a history that was read."""
    steps = (
        *_matched(history, now),
        *_fetched(history),
        *_marked(history),
        *_scored(history),
        *(_judged(one) for one in history.judgements),
        *_presented(history),
        *_delivered(history.deliveries),
        *_corrected(history),
    )
    return Explanation(history.record_id, steps, _answer(history, now, next_digest))


def _matched(history: History, now: datetime) -> Iterable[Step]:
    if not history.hits:
        yield Step("matched", "never", None, "no watch's search has returned this pmid")
    for hit in history.hits:
        origins = ", ".join(sorted(hit.origins))
        told = _EDITED_IN if hit.starter_at else _STATES[hit.state]
        yield Step("matched", hit.state, hit.first_seen_at, f"watch {hit.watch}{f' by {origins}' if origins else ''}: {told}")
        if hit.state is HitState.AWAITING:
            yield Step("awaited", f"{hit.tries} tries", hit.first_seen_at, f"watch {hit.watch}: asked for again with each run")
        if hit.absent_since:
            detail = f"watch {hit.watch}: {hit.absent_readings} readings of the full set did not hold it any more"
            yield Step("absent", _absence(hit, now), hit.absent_since, detail)


def _absence(hit: HitFacts, now: datetime) -> str:
    """Three weekly readings without it: it is gone. Lists that compose daily read more often, so the days count too."""
    since = hit.absent_since
    for_long = since is not None and now - since >= ABSENT_FOR
    return "removed, or no longer matching" if for_long and hit.absent_readings >= ABSENT_READINGS else "missing"


def _fetched(history: History) -> Iterable[Step]:
    article = history.article
    if history.is_damaged:
        kept = "what is stored of it is not what was written: the next run fetches it again"
        yield Step("fetched", "damaged", None, f"{history.title or NO_TITLE}: {kept}")
    if history.forgotten_at:
        kept = "no digest presented it, so its text was dropped when it was old; what was decided stays"
        yield Step("fetched", "forgotten", history.forgotten_at, f"{history.title or NO_TITLE}: {kept}")
    if article is None:
        return
    others = [record_id for record_id in history.work_record_ids if record_id != history.record_id]
    also = f"; one work with {named(others)}" if others else ""
    yield Step("fetched", "stored", None, f"{article.display_title} ({article.journal.display or 'no journal'}){also}")


def _marked(history: History) -> Iterable[Step]:
    for one in history.verdicts:
        via = f" via {one.via}" if one.via else ""
        yield Step("marked", _WORDS[one.kind], one.made_at, f"watch {one.watch}: by {one.reader}{via}")
        if one.undone_at:
            yield Step("unmarked", _WORDS[one.kind], one.undone_at, f"watch {one.watch}: {one.reader} took it back, or changed it")


def _scored(history: History) -> Iterable[Step]:
    for score in history.scores:
        if score.current:
            terms = ", ".join(term.text for term in score.scored.reasons.terms)
            detail = f"watch {score.watch}; terms: {terms or 'none in common with the seeds'}"
            yield Step("scored", f"{score.scored.value:.1f}", score.made_at, detail)


def _judged(one: JudgementFacts) -> Step:
    detail = f"list {one.list_name}, watch {one.watch}, period {one.period}: {_OUTCOMES[one.outcome]}"
    return Step("judged", one.outcome, one.composed_at, f"{detail} (score {one.score:.1f}, threshold {one.threshold:g})")


def _presented(history: History) -> Iterable[Step]:
    for one in history.presented:
        under = "" if one.record_id == history.record_id else f" as {one.record_id.label}"
        way = f"; no pick, as it is very like {one.gave_way_to.label}: it gave way to other papers" if one.gave_way_to else ""
        yield Step("presented", one.section, one.composed_at, f"list {one.list_name}, period {one.period}{under}{way}")
    for later in history.follow_ups:
        yield Step(
            "followed up",
            "told",
            later.composed_at,
            f"list {later.list_name}, period {later.period}: a later form of a paper sent before",
        )


def _delivered(deliveries: Iterable[DeliveryFacts]) -> Iterable[Step]:
    for one in deliveries:
        to = f"{one.channel} {one.recipient}".strip()
        part = f", part {one.part}" if one.part > 1 else ""
        why = f"{one.reason} - {one.fix}" if one.fix else one.reason
        said = why if one.has_failed else one.remark
        reason = f": {said}" if said else ""
        yield Step("delivered", one.state, one.sent_at, f"list {one.list_name}, period {one.period}, to {to}{part}{reason}")


def _corrected(history: History) -> Iterable[Step]:
    """What became of the paper, and of its other records, and which lists were told."""
    for facts in history.corrections:
        one = facts.correction
        under = "" if one.record_id == history.record_id else f"{one.record_id.label}: "
        ended = f" No source says so any more since {long_day(facts.ended_at.date())}." if facts.ended_at else ""
        yield Step("corrected", one.kind, one.found_at, f"{under}{line(one)}{ended}")
        for each in (each for each in facts.tellings if each.told_at):
            how = "with the paper" if each.with_paper else f"in the digest of {each.period}" if each.period else "at once"
            yield Step("told", one.kind, each.told_at, f"list {each.list_name}: {how}")
        if facts.owner_told_at:
            yield Step("told", one.kind, facts.owner_told_at, "the owner of the seed or verdict")


def _answer(history: History, now: datetime, next_digest: NextDigest) -> str:
    decided = _decided(history)
    waits = [f"{_which(one.list_name, now, next_digest)}" for one in history.claims if one.owed and one.until is None]
    if waits:
        also = "It also waits" if decided else f"{_came(history)} and waits"
        return " ".join([*decided, f"{also} for the next digest of {listed(list(dict.fromkeys(waits)))}{_once_fetched(history)}."])
    if decided:
        return " ".join(decided)
    if any(hit.state is HitState.NEWS or hit.starter_at for hit in history.hits):
        return _unheard(history)
    if history.hits:
        return f"It is not in any digest: {_STATES[history.hits[0].state]}."
    return "No watch has ever matched it: run `watcher check --online` to see what the queries find."


def _decided(history: History) -> list[str]:
    """What digests have made of it, in sentences."""
    if history.presented:
        return [_reached(one, history) for one in history.presented]
    if history.judgements:
        last = history.judgements[-1]
        return [f"List {last.list_name} judged it in the digest of {last.period}: {_OUTCOMES[last.outcome]}."]
    return []


def _came(history: History) -> str:
    is_news = any(hit.state is HitState.NEWS for hit in history.hits)
    return "It is news" if is_news else "An edit of the query added it"


def _which(list_name: str, now: datetime, next_digest: NextDigest) -> str:
    """The list, and when its next digest is."""
    at = next_digest(list_name)
    if at is None:
        return f"list {list_name}"
    zone = getattr(at.tzinfo, "key", "UTC")
    return f"list {list_name} ({'due now' if at <= now else moment(at, zone)})"


def _once_fetched(history: History) -> str:
    """What has to happen first when its text is not stored."""
    return "" if history.article else "; its text is not stored, and the next run fetches it again"


def _unheard(history: History) -> str:
    """Why no digest has judged it, and whether one will."""
    owed = [one for one in history.claims if one.owed]
    if owed:
        reasons = "; ".join(dict.fromkeys(map(_parting, owed)))
        then = listed(list(dict.fromkeys(f"list {one.list_name}" for one in owed)))
        return (
            f"{_came(history)}, and no digest has judged it: {reasons}. When that is undone, the next digest of {then} judges it."
        )
    if history.forgotten_at:
        return "It is not in any digest: it was news, no list had to judge it, and its text was dropped when it was old."
    return f"It is not in any digest, and none will judge it: {'; '.join(_not_taken(history.claims, history.hits))}."


def _parting(claim: ClaimFacts) -> str:
    """How a list came to be without a watch."""
    if claim.list_removed_at:
        return f"list {claim.list_name} left the configuration on {long_day(claim.list_removed_at.date())}"
    if claim.watch_removed_at:
        return f"watch {claim.watch} left the configuration on {long_day(claim.watch_removed_at.date())}"
    since = f" since {long_day(claim.until)}" if claim.until else ""
    return f"list {claim.list_name} has not taken watch {claim.watch}{since}"


def _not_taken(claims: Sequence[ClaimFacts], hits: Sequence[HitFacts]) -> Iterable[str]:
    """Why the news of the watches that saw it is nobody's."""
    for one in claims:
        if one.until is None:
            yield f"list {one.list_name} takes the news of watch {one.watch} from {long_day(one.since)} on, and this came before"
        else:
            yield f"it came when {_parting(one)}"
    for name in sorted({hit.watch for hit in hits} - {claim.watch for claim in claims}):
        yield f"no list takes watch {name}"


def _reached(one: PresentedFacts, history: History) -> str:
    """How far the digest that presented the work has come."""
    work = "It" if one.record_id == history.record_id else f"Its work, as {one.record_id.label},"
    mine = [each.state for each in history.deliveries if (each.list_name, each.period) == (one.list_name, one.period)]
    if DeliveryState.SENT in mine:
        state = "delivered"
    elif set(mine) <= {DeliveryState.DROPPED}:
        state = "sent to nobody"
    else:
        state = "owed, not delivered yet"
    return f"{work} reached list {one.list_name} in the digest of {one.period} ({state})."


def document(explanation: Explanation) -> dict[str, Any]:
    """An explanation in JSON."""
    steps = [asdict(step) for step in explanation.steps]
    return {"pmid": explanation.record_id.plain, "steps": steps, "answer": explanation.answer}
