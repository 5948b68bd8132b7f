"""Values printed for people: tables on a terminal, plain lines when piped. Decides nothing."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from watcher.cli.console import columns as _width
from watcher.cli.console import document as _json
from watcher.cli.console import line as _line
from watcher.cli.console import table as _table
from watcher.cli.drawing import bar, has_blocks, sparkline
from watcher.domain import OTHER_THEMES, HitState, ResolvedSeed, RunReport, Theme, VerdictKind, Warned, Watch
from watcher.flows.deliver.deliver import Sending
from watcher.flows.notices.summary import summary
from watcher.flows.questions.check import Checked, WatchFacts
from watcher.flows.questions.corrections_told import Answered
from watcher.flows.questions.explain import Explanation
from watcher.flows.questions.preview import Preview, Trial
from watcher.flows.questions.rank import Against, Behind, Calibrated, Order, Standing
from watcher.flows.questions.status import State, warned, where
from watcher.flows.schedule.tick import Done
from watcher.flows.scoring.verdicts import Marked, Marking
from watcher.flows.search.corrections import is_worth_telling
from watcher.flows.search.corrections import summary as reread_line
from watcher.rank.calibration import ENOUGH, Border, Calibration, Share, Step
from watcher.rank.comparison import Moved
from watcher.store import BackupFacts, Rereading, RestoreFacts, RunCommit, StoreFacts

if TYPE_CHECKING:
    from pathlib import Path

    from watcher.flows.scoring.embedding import DenseState
    from watcher.setup.founding import Founded

_LEFT_NAMED = 10
"""So many foreign things in a backup are named."""


def checked(found: Checked, *, as_json: bool) -> None:
    """Everything that a check knows; on a terminal, what several lines are about is told once."""
    if as_json:
        _json(check_document(found))
        return
    lines = [("ok", "configuration", f"{found.path} is understood"), ("ok", "time zones", found.zones)]
    lines += [("warning", one.code.value, str(one)) for one in found.warnings]
    lines += [("ok", f"watch {one.name}", _watch_told(one)) for one in found.watches]
    for order in found.lists:
        slots = ", ".join(f"{slot:%a %d %b %H:%M %Z}" for slot in order.upcoming)
        lines.append(("ok", f"list {order.name}", f"{order.schedule} ({order.timezone}): next {slots}"))
        lines += [("ok", f"list {order.name}", f"its readers write to {order.contact}")] if order.contact else []
    lines += [("ok", f"channel {name}", room) for name, room in found.limits.items()]
    lines += [("FAILED" if one.failed else "ok", one.about, one.told) for one in found.online or ()]
    rows, told = [], ""
    for state, about, text in lines:
        rows.append((state, "" if about == told and sys.stdout.isatty() else about, text))
        told = about
    _table((), rows)


def _watch_told(one: WatchFacts) -> str:
    own = f", {one.themes} themes of its own" if one.themes is not None else ""
    return f"{_count(one.seeds, 'seed')}, threshold {one.threshold:g}{own}"


def check_document(found: Checked) -> dict[str, Any]:
    """A check in JSON, as docs/warnings.md shows it."""
    return {
        "configuration": {"file": str(found.path) if found.path else None, "state": "bad" if found.problems else "good"},
        "zones": found.zones or None,
        "problems": [{**where(one.place), "what": one.what, "fix": one.fix} for one in found.problems],
        "warnings": [warned(one) for one in found.warnings],
        "watches": [asdict(one) for one in found.watches],
        "lists": [asdict(one) | {"upcoming": [slot.isoformat() for slot in one.upcoming]} for one in found.lists],
        "limits": dict(found.limits),
        "online": None if found.online is None else [asdict(one) for one in found.online],
    }


def warnings(found: Sequence[Warned]) -> None:
    """What is warned of, one after the other."""
    for one in found:
        _warning(warned(one))


def seeds(watch: Watch, resolved: Sequence[ResolvedSeed], warnings: Sequence[Warned]) -> None:
    """What was understood of each seed of a watch, and how it was resolved."""
    _line(f"watch {watch.name}: {_count(len(resolved), 'seed')}")
    rows = [_seed_row(one) for one in resolved]
    if sys.stdout.isatty():
        for file, title, understood, record in rows:
            _line(f"{file}\n    {title}\n    understood: {understood}\n    record: {record}")
    else:
        _table((), rows)
    for line in warnings:
        _line(f"warning: {line}")


def seeds_found(resolved: Iterable[ResolvedSeed]) -> None:
    """How many seeds have a record: the last line of a look-up."""
    has_record = [one.article is not None for one in resolved]
    _line(f"{sum(has_record):,} of {len(has_record):,} found")


def reports(found: Sequence[RunReport]) -> None:
    """One line that counts for each run, and what it complained of."""
    for report in found:
        _line(summary(report))
        _trouble(report)


def commit(planned: RunCommit) -> None:
    """What a dry run found."""
    _line(f"{summary(planned.report)} (dry run: nothing is kept)")
    _trouble(planned.report)
    scores = {scored.pmid: scored.value for scored in planned.scores}
    new = [one for one in planned.articles if one.pmid in planned.news]
    new.sort(key=lambda one: (-scores.get(one.pmid, 0), -one.pmid))
    rows = [(f"{scores.get(one.pmid, 0):.1f}", str(one.pmid), one.display_title, one.journal.display) for one in new]
    if rows:
        _table(("score", "pmid", "title", "journal"), rows)
    if planned.baseline:
        _line(f"{_count(len(planned.baseline), 'older record')} would be the baseline of {planned.report.watch}, not news")


def founded(done: Founded) -> None:
    """What was written for a new lab, and how its query does."""
    for warning in done.doubts:
        _line(f"warning: {warning}")
    if done.offline:
        _line(f"warning: PubMed was not asked, so the seeds stand on their own text and numbers are estimates: {done.offline}")
    for file in done.files:
        _line(f"wrote {file}")
    themes = f", {_count(done.themes, 'theme')}" if done.themes else ""
    _line(f"watch {done.name}: {_count(done.seeds, 'seed')}, {done.found} found in PubMed{themes}")
    _line("\n".join(["", *(f"  {line}" for line in done.query.splitlines()), ""]))
    for sentence in done.told:
        _line(sentence)


def trial(found: Trial, pages: Sequence[Path]) -> None:
    """What a trial brought, where it lies, and what it cost."""
    reports(found.runs)
    for preview in found.previews:
        _line(_previewed(preview))
    for page in pages:
        _line(f"wrote {page} and {page.with_suffix('.txt').name}")
    _line(f"{_count(found.requests, 'request')} to PubMed, {found.seconds:.0f} s; nothing was sent or recorded")


def _previewed(preview: Preview) -> str:
    digest = preview.digest
    days = " and ".join(str(one) for one in sorted(set(preview.days.values())))
    if not digest.presented:
        return f"{digest.order.name}: no paper in {days} days"
    attached = f" and {len(digest.attached)} attached" if digest.attached else ""
    shown = f"{_count(len(digest.items), 'paper')} shown{attached}"
    return f"{digest.order.name}: {shown}, of the last {days} days; {digest.highlights} highly relevant"


def done(what: Done) -> None:
    """What a tick did; one line when nothing was due."""
    reread_now = what.rereading is not None and is_worth_telling(what.rereading)
    if what.rereading is not None and reread_now:
        _line(reread_line(what.rereading))
    reports(what.runs)
    for draft in what.drafts:
        digest = draft.digest
        shown, attached = _count(len(digest.items), "paper"), f"{len(digest.attached):,} attached"
        gaps = f", {_count(len(digest.gaps), 'gap')}" if digest.gaps else ""
        _line(f"list {digest.order.name}: digest of {digest.period.key}: {shown} shown, {attached}{gaps}")
    for line in what.waiting:
        _line(f"waiting: {line}")
    _sending_lines(what.sendings)
    if what.told:
        _line(f"corrections told at once: {_count(what.told, 'paper')}")
    if not (what.runs or what.drafts or what.waiting or what.sendings or reread_now or what.told):
        _line("nothing is due")


def sendings(what: Sequence[Sending], owed: StoreFacts) -> None:
    """What became of each attempt, and what is still owed."""
    _sending_lines(what)
    still = owed.pending + owed.sending + owed.parked
    tail = f"; {owed.parked:,} of them parked" if owed.parked else ""
    sent = sum(not one.failed for one in what)
    _line(f"{sent:,} sent, {_count(still, 'delivery', 'deliveries')} still owed{tail}")


def status(state: State, *, as_json: bool) -> None:
    """The state of everything; times are the configuration's."""
    document = state.document
    if as_json:
        _json(document)
        return
    zone = ZoneInfo(state.zone)
    clock = "" if document["clock"] == "system" else f", by the clock file {document['clock']}"
    _line(f"watcher {document['version']}, database schema {document['schema'] or 'unknown'}")
    _line(
        f"{datetime.fromisoformat(document['now']).astimezone(zone):%a %d %b %Y %H:%M} ({zone.key}){clock}; time zones: {document['zones']}"
    )
    _line(_service_line(document["service"], zone))
    _line(f"configuration: {document['config']['state']}{_in_force(document)}")
    _status_tables(document, zone)
    _line(_owed_line(document["deliveries"], document["now"], zone))
    for one in document["outages"]:
        _line(_outage_line(one, document["now"], zone))
    for line in state.remarks:
        _line(line)
    for one in document["warnings"]:
        _warning(one)
    for line in document["incidents"]:
        _line(f"incident: {line}")
    if not document["incidents"]:
        _line("no incidents")


def _status_tables(document: dict[str, Any], zone: ZoneInfo) -> None:
    now = document["now"]
    if document["watches"]:
        heads = ("watch", "last good run", "next run", "matched", "awaiting", "read up to")
        _table(heads, [_watch_row(one, now, zone) for one in document["watches"]])
    if document["lists"]:
        titles = ("list", "last digest", "papers", "next digest")
        _table(titles, [_list_row(one, now, zone) for one in document["lists"]])
    if document["watches"]:
        titles_of_weeks = ("eight weeks", "", "oldest first", "") if sys.stdout.isatty() else ()
        _table(titles_of_weeks, [row for one in document["watches"] for row in _weeks_rows(one)])
    for kind, what in (("watches", "runs of"), ("lists", "digests of")):
        for one in document[kind]:
            slots = " · ".join(_moment(slot, now, zone) for slot in one["upcoming"])
            _line(f"next {what} {one['name']}: {slots}")


_NAME_SHOWN = 20


def _weeks_rows(one: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What a watch found and what was shown of it in each week: with a sparkline on a terminal, else the numbers alone."""
    name, on_terminal, blocks = one["name"], sys.stdout.isatty(), has_blocks()
    short = name if len(name) <= _NAME_SHOWN or not on_terminal else f"{name[: _NAME_SHOWN - 1]}{'…' if blocks else '.'}"
    wide = max(len(str(number)) for kind in ("found", "shown") for number in one["weeks"][kind])
    for kind in ("found", "shown"):
        numbers = one["weeks"][kind]
        if on_terminal:
            yield (
                short if kind == "found" else "",
                kind,
                sparkline(numbers, blocks=blocks),
                " ".join(f"{n:>{wide}}" for n in numbers),
            )
        else:
            yield ("weeks", name, kind, " ".join(map(str, numbers)))


def copied(done: str, facts: BackupFacts | RestoreFacts) -> None:
    """The line of a backup that was written or restored."""
    _line(
        f"{done} {facts.path}: {facts.size_bytes / 1_000_000:,.1f} MB, {facts.rows:,} rows, schema {facts.schema}, {facts.seconds:.1f} s"
    )


def left_behind(facts: RestoreFacts) -> None:
    """What a backup holds that is not watcher's, and was left there."""
    if facts.left:
        more = f" and {len(facts.left) - _LEFT_NAMED} more" if len(facts.left) > _LEFT_NAMED else ""
        _line(f"left in the file, since only rows of watcher's tables are taken: {', '.join(facts.left[:_LEFT_NAMED])}{more}")


def dense(state: DenseState, kept: int, *, as_json: bool) -> None:
    """Whether the dense part is in use, and with what."""
    if as_json:
        _json(asdict(state) | {"vectors": kept})
        return
    if not state.model:
        _line("no model is configured (ranking.dense_model): papers are ranked by their words alone")
        return
    _line(f"{state.model}: {'NOT in use' if state.why else 'in use'}")
    _line(f"folder {state.folder}")
    for path, sha256 in state.files:
        _line(f"{path}  sha256 {sha256}")
    for key, sha256 in state.pins.items():
        _line(f"not pinned: set ranking.{key}: {sha256}")
    _line(f"vectors kept: {kept:,}")
    if state.why:
        _line(f"{state.why}\n    {state.fix}")


def themes(found: Sequence[Theme], got: Mapping[str | None, int]) -> None:
    """Each theme with how many papers it gets, and its words."""
    rows = [(str(got.get(theme.name, 0)), theme.name, ", ".join(theme.words)) for theme in found]
    _table(("papers", "theme", "words"), [*rows, (str(got.get(None, 0)), OTHER_THEMES, "")])


def explanation(told: Explanation, *, as_json: bool) -> None:
    """The steps of one pmid and the answer."""
    if as_json:
        document = {"pmid": told.pmid, "steps": [asdict(step) for step in told.steps], "answer": told.answer}
        _json(document)
        return
    rows = [(step.step, step.outcome, f"{step.at:%Y-%m-%d %H:%M}" if step.at else "", step.detail) for step in told.steps]
    _table(("step", "outcome", "when (UTC)", "detail"), rows)
    _line(f"PMID {told.pmid}: {told.answer}")


# --- corrections --------------------------------------------------------------------------------------------------------------------


def reread(one: Rereading) -> None:
    """What a rereading did."""
    _line(reread_line(one))


def corrections(found: Sequence[Answered], last: Rereading | None, *, as_json: bool) -> None:
    """What became of papers, and whom it was told."""
    if as_json:
        _json({"last_rereading": asdict(last) if last else None, "corrections": [_correction_document(one) for one in found]})
        return
    for one in found:
        what = one.facts.correction
        _line(f"{what.found_at:%Y-%m-%d}  PMID {what.pmid}  {one.facts.title}")
        _line(f"    {one.line}")
        for sentence in one.told:
            _line(f"    {sentence}")
    _line(f"{_count(len(found), 'correction')} of papers that readers had, marked or gave as seeds")
    if last is not None:
        _line(f"last rereading {last.started_at:%Y-%m-%d %H:%M} UTC: {reread_line(last)}")


def _correction_document(one: Answered) -> dict[str, Any]:
    facts = one.facts
    what = {name: held for name, held in asdict(facts.correction).items() if name not in ("id", "about")}
    return {
        **what,
        "title": facts.title,
        "line": one.line,
        "ended_at": facts.ended_at,
        "seed_of": list(facts.seed_of),
        "marked_for": list(facts.marked_for),
        "owner_told_at": facts.owner_told_at,
        "lists": [asdict(each) for each in facts.tellings],
        "told": list(one.told),
    }


# --- verdicts and the order of papers ---------------------------------------------------------------------------------------------

_SAID = {VerdictKind.RELEVANT: "relevant", VerdictKind.NOT: "not relevant"}


def marking(done: Marking) -> None:
    """What became of a verdict, for each watch."""
    _line(f"PMID {done.pmid}: {done.title}")
    for one in done.watches:
        _line(f"watch {one.watch}: {_change(one, done.reader)}{_meaning(one)}")


def _change(one: Marked, reader: str) -> str:
    if one.now is None:
        return f"{reader} takes back {_SAID[one.before]}" if one.before else f"nothing to undo, {reader} has not marked it"
    if one.now is one.before:
        return f"{reader} had marked it {_SAID[one.now]} already; the date is renewed"
    instead = f" instead of {_SAID[one.before]}" if one.before else ""
    return f"marked {_SAID[one.now]}{instead} by {reader}"


def _meaning(one: Marked) -> str:
    """What the watch learns from it, where that is not what was just said."""
    others = ", ".join(f"{other.reader} says {_SAID[other.kind]}" for other in one.others)
    told = f"; {others}" if others else ""
    if one.others and one.agreed is None:
        told += ": as many for as against, so it counts neither way"
    elif one.others and one.agreed is not one.now and one.agreed is not None:
        told += f": it counts as {_SAID[one.agreed]}"
    if one.agreed is None or one.has_text:
        return told
    if one.state is HitState.UNAVAILABLE:
        return f"{told}; PubMed never gave its record, so nothing can be learnt from it unless that comes"
    return f"{told}; its text is not stored yet: the next run fetches it, and it counts from then on"


def orders(found: Sequence[Order], *, top: int, as_json: bool) -> None:
    """The papers of watches, best first."""
    if as_json:
        _json({"watches": [_order_document(one, top) for one in found]})
        return
    for order in found:
        _line(_order_line(order, top))
        rows = [_standing_row(one) for one in order.standings[:top]]
        if sys.stdout.isatty():
            for place, score, day, pmid, state, verdict, title in rows:
                marked = f"  marked {verdict}" if verdict else ""
                _line(f"{place:>4}  {score:>5}  {day}  PMID {pmid}  {state}{marked}\n    {title}")
        else:
            _table((), rows)


def _order_line(order: Order, top: int) -> str:
    since = f"news since {order.since} and what is still to be judged" if order.since else "every stored paper"
    shown = f", the best {top:,}" if len(order.standings) > top else ""
    learnt = f"; learnt from {order.learnt[0]} relevant, {order.learnt[1]} not relevant" if any(order.learnt) else ""
    warning = f"; {order.unranked}" if order.unranked else ""
    papers = _count(len(order.standings), "paper")
    return f"watch {order.watch.name}: {papers} ({since}){shown}; threshold {order.watch.threshold:g}{learnt}{warning}"


def _standing_row(one: Standing) -> tuple[str, ...]:
    article, verdict = one.article, _SAID[one.verdict] if one.verdict else ""
    day = article.crdt.isoformat() if article.crdt else "-"
    return str(one.place), _cut(one.value), day, str(article.pmid), one.state, verdict, article.display_title


def _order_document(order: Order, top: int) -> dict[str, Any]:
    return {
        "watch": order.watch.name,
        "ranking": order.ranking.sha256,
        "threshold": order.watch.threshold,
        "highlight": order.watch.highlight,
        "since": order.since.isoformat() if order.since else None,
        "unranked": order.unranked or None,
        "relevant": order.learnt[0],
        "not_relevant": order.learnt[1],
        "papers_in_all": len(order.standings),
        "papers": [
            {
                "place": one.place,
                "pmid": one.article.pmid,
                "score": one.value,
                "created": one.article.crdt.isoformat() if one.article.crdt else None,
                "state": one.state,
                "verdict": one.verdict,
                "title": one.article.display_title,
            }
            for one in order.standings[:top]
        ],
    }


def behind(found: Sequence[Behind], *, as_json: bool) -> None:
    """What is behind the number of one paper."""
    if as_json:
        _json({"watches": [_behind_document(one) for one in found]})
        return
    for one in found:
        what = one.breakdown
        _line(f"PMID {one.article.pmid}: {one.article.display_title}")
        _line(
            f"watch {one.watch.name}: score {_cut(what.value)} (threshold {one.watch.threshold:g}), {what.total:+.2f} points in all"
        )
        if one.unranked:
            _line(one.unranked)
        if one.retracted:
            _line(f"seeds that no longer stand, so the ranking goes without them: {'; '.join(one.retracted)}")
        rows = [("space", f"{part.points:+.2f}", part.name) for part in what.spaces]
        rows += [("term", f"{part.points:+.2f}", part.name) for part in what.terms]
        rows += [("heading", f"{part.points:+.2f}", part.name) for part in what.headings]
        rows += [("verdict", f"{points:+.2f}", f"PMID {pmid} {_SAID[VerdictKind(kind)]}") for pmid, kind, points in what.verdicts]
        rows += [("seed", f"{cosine:.2f}", label) for label, cosine in what.nearest]
        if rows:
            _table(("part", "points", "what"), rows)


def _behind_document(one: Behind) -> dict[str, Any]:
    told = {"unranked": one.unranked or None, "retracted_seeds": list(one.retracted)}
    return {"watch": one.watch.name, "pmid": one.article.pmid, **told, **asdict(one.breakdown)}


def against(found: Sequence[Against], *, top: int, as_json: bool) -> None:
    """What other seeds would change."""
    if as_json:
        _json({"watches": [_against_document(one) for one in found]})
        return
    for one in found:
        what = one.comparison
        since = f"since {one.since}" if one.since else "stored"
        seeds = f"by its {_count(one.seeds, 'seed')} and by the other {one.others:,}"
        _line(f"watch {one.watch.name}: {_count(what.papers, 'paper')} {since}, {seeds}, threshold {one.watch.threshold:g}")
        passing = f"{what.both:,} pass with both, {len(what.gained):,} only with the others, {len(what.lost):,} only with its own"
        close = f"; rank correlation {what.correlation:.2f} (Spearman)" if what.correlation is not None else ""
        _line(f"{passing}{close}")
        for line in one.warnings:
            _line(f"warning: {line}")
        for title, moved in (("come in", what.gained[:top]), ("fall out", what.lost[:top]), ("moved most", what.movers)):
            _moved(title, moved)


def _moved(title: str, moved: Sequence[Moved]) -> None:
    heads = (title, "before", "after", "pmid", "title")
    places = ((f"{one.place_before}-{one.place_after}", one) for one in moved)
    rows = [(f"{title} {place}", _cut(one.before), _cut(one.after), str(one.pmid), one.title) for place, one in places]
    if rows:
        _table(heads, [(row[0].removeprefix(f"{title} "), *row[1:]) for row in rows] if sys.stdout.isatty() else rows)


def _against_document(one: Against) -> dict[str, Any]:
    counts = {"watch": one.watch.name, "since": one.since.isoformat() if one.since else None, "threshold": one.watch.threshold}
    return {**counts, "seeds": one.seeds, "others": one.others, "warnings": one.warnings, **asdict(one.comparison)}


def calibrated(found: Sequence[Calibrated], *, as_json: bool) -> None:
    """What each threshold would have let through, and the proposed one."""
    if as_json:
        _json({"watches": [_calibrated_document(one) for one in found]})
        return
    for one in found:
        what = one.calibration
        papers = f"{_count(what.papers, 'paper')} from {what.since} to {what.until}"
        _line(f"watch {one.watch.name}: {papers}, threshold {what.present:g}")
        if one.unranked:
            _line(one.unranked)
            continue
        if sys.stdout.isatty():
            _bars(what)
        _steps(what)
        for line in _calibration_lines(one):
            _line(line)
        for border in what.borders:
            _border(border)


def _calibrated_document(one: Calibrated) -> dict[str, Any]:
    return {"watch": one.watch.name, "unranked": one.unranked or None, "left_out": one.left_out, **asdict(one.calibration)}


def _steps(what: Calibration) -> None:
    heads = ["threshold", "papers", "a week", "most"]
    marked = what.relevant + what.not_relevant > 0
    heads += ["relevant", "not", "precision", "recall"] if marked else []
    rows = []
    for step in what.steps:
        named = " now" if step.threshold == what.present else " new" if step.threshold == what.proposal.threshold else ""
        row = [f"{step.threshold:g}{named}", f"{step.papers:,}", f"{step.per_week:.1f}", str(step.most)]
        row += [str(step.relevant), str(step.not_relevant), _share(step.precision), _share(step.recall)] if marked else []
        rows.append(row)
    _table(heads, rows)


def _bars(what: Calibration) -> None:
    """How many papers have a number between each threshold and the next, the highest first, as far as the terminal is wide."""
    rows = list(_bins(what))
    most = max(papers for _, papers, _ in rows)
    label, note = max(len(name) for name, _, _ in rows), max(len(told) for _, _, told in rows)
    number = len(f"{most:,}")
    width, blocks = _width() - label - number - note - 6, has_blocks()
    for name, papers, told in rows:
        drawn = bar(papers, most, width, blocks=blocks)
        _line("  ".join(filter(None, (f"{name:>{label}}", f"{papers:>{number},}", drawn, told))))


def _bins(what: Calibration) -> Iterator[tuple[str, int, str]]:
    """Of each span of numbers its name, its papers, and what is said of it: marked papers, the threshold in force, the proposed one."""
    for step, above in zip(reversed(what.steps), (None, *reversed(what.steps[1:])), strict=True):
        relevant, wrong = (step.relevant, step.not_relevant) if above is None else _between(step, above)
        told = [f"{relevant} relevant"] if relevant else []
        told += [f"{wrong} not"] if wrong else []
        told += ["< now"] if step.threshold == what.present else []
        told += ["< new"] if step.threshold == what.proposal.threshold != what.present else []
        yield f"from {step.threshold:g}", step.papers - (above.papers if above else 0), ", ".join(told)


def _between(step: Step, above: Step) -> tuple[int, int]:
    return step.relevant - above.relevant, step.not_relevant - above.not_relevant


def _share(share: Share | None) -> str:
    """A proportion and its interval, in per cent."""
    return f"{100 * share.value:.0f} ({100 * share.low:.0f}–{100 * share.high:.0f})" if share else "-"


def _calibration_lines(one: Calibrated) -> Iterator[str]:
    what = one.calibration
    verdicts = f"verdicts: {what.relevant} relevant, {what.not_relevant} not relevant"
    if not what.enough:
        yield f"{verdicts}: too few to propose from, {ENOUGH} of each are needed"
    if what.relevant + what.not_relevant:
        yield (
            f"{verdicts if what.enough else 'precision and recall'}: per cent of the marked papers, each scored without its own verdict, with "
            "95 % intervals (Wilson). What was never shown was hardly ever marked, so the true recall may be lower."
        )
    if one.left_out:
        yield f"left out: {_count(one.left_out, 'marked paper')} without a text, among the seeds, or without anything else to rank by"
    stays = what.proposal.threshold == what.present
    change = f"keep {what.present:g}" if stays else f"`threshold: {what.proposal.threshold:g}`"
    end = "" if stays else " Nothing is changed: the key is yours to set."
    too_low = what.proposal.threshold > one.watch.highlight
    also = f" `highlight` ({one.watch.highlight:g}) must not be below it: raise it too." if too_low else ""
    yield f"proposal: {change}. {what.proposal.rule}{end}{also}"


def _border(border: Border) -> None:
    for side, papers in (("just above", border.above), ("just below", border.below)):
        name = f"{side} {border.threshold:g}"
        rows = [(name, _cut(one.value), str(one.pmid), one.title) for one in papers]
        if rows and sys.stdout.isatty():
            _table((name, "pmid", "title"), [row[1:] for row in rows])
        elif rows:
            _table((), rows)


def _cut(value: float) -> str:
    """A score with one decimal, never rounded up."""
    return f"{math.floor(value * 10) / 10:.1f}"


# --- words -------------------------------------------------------------------------------------------------------------------------


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _moment(iso: str | None, now: str, zone: ZoneInfo) -> str:
    """An instant in the zone, its year only where it is not the present one."""
    if iso is None:
        return "never"
    if iso == now:
        return "now"
    at, present = (datetime.fromisoformat(one).astimezone(zone) for one in (iso, now))
    return f"{at:%a %d %b %H:%M}" if at.year == present.year else f"{at:%d %b %Y %H:%M}"


def _trouble(report: RunReport) -> None:
    if report.error_kind:
        _line(f"    {report.error}")
    if report.fix:
        _line(f"    {report.fix}")
    for warning in report.warnings:
        if warning.code.passes:
            _line(f"    warning: {warning}")


def _warning(one: Mapping[str, Any]) -> None:
    place = ":".join(str(one[part]) for part in ("file", "line", "column") if one[part] is not None)
    _line(f"warning: {': '.join(part for part in (place, one['key'], one['what']) if part)}")
    if one["fix"]:
        _line(f"    {one['fix']}")


def _sending_lines(what: Sequence[Sending]) -> None:
    for one in what:
        to = f"{one.delivery.channel} {one.delivery.recipient}".strip()
        told = one.failure.reason if one.failure else one.remark
        number = f" (delivery {one.delivery.id}): {told}" if told else ""
        then = f"; next try {one.next_at:%d %b %H:%M} UTC" if one.next_at else ""
        part = f", part {one.delivery.message.part}" if one.delivery.message.part > 1 else ""
        _line(f"{one.state} to {to}: {one.delivery.message.subject}{part}{number}{then}")
        if one.failure and one.failure.fix:
            _line(f"    {one.failure.fix}")


def _service_line(service: dict[str, Any], zone: ZoneInfo) -> str:
    if not service["running"]:
        return "; ".join(service["problems"])
    since = datetime.fromisoformat(service["since"]).astimezone(zone)
    state = "well" if service["healthy"] else f"NOT WELL: {'; '.join(service['problems'])}"
    return f"service: process {service['pid']}, running since {since:%d %b %Y %H:%M}, {state}"


def _in_force(document: dict[str, Any]) -> str:
    if document["config"]["state"] == "good" or document["config"]["sha256"] is None:
        return ""
    return f"; {'the service works by' if document['service']['running'] else 'this is told by'} the last good one"


def _outage_line(one: dict[str, Any], now: str, zone: ZoneInfo) -> str:
    since, until = (_moment(one[key], now, zone) for key in ("since", "until"))
    end = f"made good {_moment(one['made_good_at'], now, zone)}" if one["made_good_at"] else "not made good yet"
    return f"outage: {', '.join(one['watches'])} not searched {since} to {until} ({one['reason']}); {end}"


def _owed_line(owed: dict[str, Any], now: str, zone: ZoneInfo) -> str:
    if not owed["oldest_at"]:
        return "deliveries: nothing is owed"
    counts = ", ".join(f"{owed[state]:,} {state}" for state in ("pending", "sending", "parked") if owed[state])
    return f"deliveries: {counts}; the oldest: {_moment(owed['oldest_at'], now, zone)}"


def _seed_row(one: ResolvedSeed) -> tuple[str, str, str, str]:
    seed = one.seed
    named = [f"PMID {seed.pmid}" if seed.pmid else "", seed.doi or "", seed.pmcid or ""]
    understood = [part for part in named if part]
    understood += ["abstract"] if seed.abstract else []
    understood += [_count(len(seed.keywords), "keyword")] if seed.keywords else []
    understood += [_count(len(seed.headings), "heading")] if seed.headings else []
    understood += ["notes"] if seed.notes else []
    record = f"PMID {one.article.pmid} by {one.resolved_by}" if one.article else ""
    fate = "it no longer stands: the ranking goes without it" if one.retracted else ""
    record = "; ".join(filter(None, [record, one.problem, fate])) or "not looked up yet"
    title = seed.title or (one.article.display_title if one.article else "")
    return f"{seed.path} {seed.locator}".strip(), title or "(no title)", ", ".join(understood) or "nothing", record


def _watch_row(one: dict[str, Any], now: str, zone: ZoneInfo) -> tuple[str, ...]:
    matched = f"{one['matched']:,}" if one["matched"] is not None else "-"
    last, coming = _moment(one["last_good_run_at"], now, zone), _moment(one["next_run_at"], now, zone)
    return (one["name"], last, coming, matched, f"{one['awaiting']:,}", one["covers_to"] or "-")


def _list_row(one: dict[str, Any], now: str, zone: ZoneInfo) -> tuple[str, ...]:
    last = one["last_digest"] or {"period": "none yet", "papers": "-"}
    return (one["name"], last["period"], str(last["papers"]), _moment(one["next_digest_at"], now, zone))
