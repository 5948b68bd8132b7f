"""What was checked, run, composed, sent and copied, printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from watcher.cli.console import document as json
from watcher.cli.console import line, table
from watcher.cli.show.words import count, warning
from watcher.domain import OTHER_THEMES, ResolvedSeed, RunReport, Theme, Warned, Watch
from watcher.flows.notices.summary import summary
from watcher.flows.search.corrections import is_worth_telling
from watcher.flows.search.corrections import summary as reread_line
from watcher.store import BackupFacts, Rereading, RestoreFacts, RunCommit, StoreFacts

if TYPE_CHECKING:
    from pathlib import Path

    from watcher.flows.deliver.deliver import Sending
    from watcher.flows.questions import check, corrections_told, explain
    from watcher.flows.questions.preview import Preview, Trial
    from watcher.flows.schedule.tick import Done
    from watcher.flows.scoring.embedding import DenseState
    from watcher.setup.founding import Founded

_LEFT_NAMED = 10
"""So many foreign things in a backup are named."""


def checked(found: check.Checked, *, as_json: bool) -> None:
    """Everything that a check knows; on a terminal, what several lines are about is told once."""
    if as_json:
        from watcher.flows.questions import check  # noqa: PLC0415 - only what is printed

        json(check.document(found))
        return
    lines = [("ok", "configuration", f"{found.path} is understood"), ("ok", "time zones", found.zones)]
    lines += [("warning", one.code.value, str(one)) for one in found.warnings]
    lines += [("ok", f"watch {one.name}", _watch_told(one)) for one in found.watches]
    for list_ in found.lists:
        slots = ", ".join(f"{slot:%a %d %b %H:%M %Z}" for slot in list_.upcoming)
        lines.append(("ok", f"list {list_.name}", f"{list_.schedule} ({list_.timezone}): next {slots}"))
        lines += [("ok", f"list {list_.name}", f"its readers write to {list_.contact}")] if list_.contact else []
    lines += [("ok", f"channel {name}", room) for name, room in found.limits.items()]
    lines += [("FAILED" if one.failed else "ok", one.about, one.told) for one in found.online or ()]
    rows, told = [], ""
    for state, about, text in lines:
        rows.append((state, "" if about == told and sys.stdout.isatty() else about, text))
        told = about
    table((), rows)


def _watch_told(one: check.CheckedWatch) -> str:
    own = f", {one.themes} themes of its own" if one.themes is not None else ""
    files = count(one.seeds, "seed")
    seeds = f"{files}, and those of {', '.join(one.follows)}" if one.follows else files
    return f"{seeds}, threshold {one.threshold:g}{own}"


def warnings(found: Sequence[Warned]) -> None:
    """What is warned of, one after the other."""
    for one in found:
        warning(one)


def seeds(watch: Watch, resolved: Sequence[ResolvedSeed], warnings: Sequence[Warned]) -> None:
    """What was understood of each seed of a watch, and how it was resolved."""
    line(f"watch {watch.name}: {count(len(resolved), 'seed')}")
    rows = [_seed_row(one) for one in resolved]
    if sys.stdout.isatty():
        for file, title, understood, record in rows:
            line(f"{file}\n    {title}\n    understood: {understood}\n    record: {record}")
    else:
        table((), rows)
    for one in warnings:
        line(f"warning: {one}")


def seeds_found(resolved: Iterable[ResolvedSeed]) -> None:
    """How many seeds have a record: the last line of a look-up."""
    has_record = [one.article is not None for one in resolved]
    line(f"{sum(has_record):,} of {len(has_record):,} found")


def reports(found: Sequence[RunReport]) -> None:
    """One line that counts for each run, and what it complained of."""
    for report in found:
        line(summary(report))
        _failure(report)


def commit(planned: RunCommit) -> None:
    """What a dry run found."""
    line(f"{summary(planned.report)} (dry run: nothing is kept)")
    _failure(planned.report)
    scores = {scored.record_id: scored.value for scored in planned.scores}
    new = [one for one in planned.articles if one.record_id in planned.news]
    new.sort(key=lambda one: (-scores.get(one.record_id, 0), -one.record_id.id))
    rows = [(f"{scores.get(one.record_id, 0):.1f}", str(one.record_id), one.display_title, one.journal.display) for one in new]
    if rows:
        table(("score", "pmid", "title", "journal"), rows)
    if planned.baseline:
        line(f"{count(len(planned.baseline), 'older record')} would be the baseline of {planned.report.watch}, not news")


def founded(done: Founded) -> None:
    """What was written for a new lab, and how its query does."""
    for told in done.warnings:
        line(f"warning: {told}")
    if done.offline:
        line(f"warning: PubMed was not asked, so the seeds stand on their own text and numbers are estimates: {done.offline}")
    for file in done.files:
        line(f"wrote {file}")
    themes = f", {count(done.themes, 'theme')}" if done.themes else ""
    line(f"watch {done.name}: {count(done.seeds, 'seed')}, {done.found} found in PubMed{themes}")
    line("\n".join(["", *(f"  {part}" for part in done.query.splitlines()), ""]))
    for sentence in done.told:
        line(sentence)


def trial(found: Trial, pages: Sequence[Path]) -> None:
    """What a trial brought, where it lies, and what it cost."""
    reports(found.runs)
    for preview in found.previews:
        line(_previewed(preview))
    for page in pages:
        line(f"wrote {page} and {page.with_suffix('.txt').name}")
    line(f"{count(found.requests, 'request')} to PubMed, {found.seconds:.0f} s; nothing was sent or recorded")


def _previewed(preview: Preview) -> str:
    digest = preview.digest
    days = " and ".join(str(one) for one in sorted(set(preview.days.values())))
    if not digest.presented:
        return f"{digest.list.name}: no paper in {days} days"
    attached = f" and {len(digest.attached)} attached" if digest.attached else ""
    shown = f"{count(len(digest.items), 'paper')} shown{attached}"
    return f"{digest.list.name}: {shown}, of the last {days} days; {digest.highlights} highly relevant"


def done(what: Done) -> None:
    """What a tick did; one line when nothing was due."""
    reread_now = what.rereading is not None and is_worth_telling(what.rereading)
    if what.rereading is not None and reread_now:
        line(reread_line(what.rereading))
    reports(what.runs)
    for draft in what.drafts:
        digest = draft.digest
        shown, attached = count(len(digest.items), "paper"), f"{len(digest.attached):,} attached"
        gaps = f", {count(len(digest.gaps), 'gap')}" if digest.gaps else ""
        line(f"list {digest.list.name}: digest of {digest.period.key}: {shown} shown, {attached}{gaps}")
    for told in what.waiting:
        line(f"waiting: {told}")
    _sending_lines(what.sendings)
    if what.told:
        line(f"corrections told at once: {count(what.told, 'paper')}")
    if what.pushed is not None:
        line(f"pushed into Zotero: {what.pushed.told}")
    if not (what.runs or what.drafts or what.waiting or what.sendings or reread_now or what.told or what.pushed):
        line("nothing is due")


def sendings(what: Sequence[Sending], owed: StoreFacts) -> None:
    """What became of each attempt, and what is still owed."""
    _sending_lines(what)
    still = owed.pending + owed.sending + owed.parked
    tail = f"; {owed.parked:,} of them parked" if owed.parked else ""
    sent = sum(not one.failed for one in what)
    line(f"{sent:,} sent, {count(still, 'delivery', 'deliveries')} still owed{tail}")


def copied(done: str, facts: BackupFacts | RestoreFacts) -> None:
    """The line of a backup that was written or restored."""
    line(
        f"{done} {facts.path}: {facts.size_bytes / 1_000_000:,.1f} MB, {facts.rows:,} rows, schema {facts.schema}, {facts.seconds:.1f} s"
    )


def left_behind(facts: RestoreFacts) -> None:
    """What a backup holds that is not watcher's, and was left there."""
    if facts.left:
        more = f" and {len(facts.left) - _LEFT_NAMED} more" if len(facts.left) > _LEFT_NAMED else ""
        line(f"left in the file, since only rows of watcher's tables are taken: {', '.join(facts.left[:_LEFT_NAMED])}{more}")


def dense(state: DenseState, kept: int, *, as_json: bool) -> None:
    """Whether the dense part is in use, and with what."""
    if as_json:
        from watcher.flows.scoring.embedding import document  # noqa: PLC0415 - NumPy only when used

        json(document(state, kept))
        return
    if not state.model:
        line("no model is configured (ranking.dense_model): papers are ranked by their words alone")
        return
    line(f"{state.model}: {'NOT in use' if state.why else 'in use'}")
    line(f"folder {state.folder}")
    for path, sha256 in state.files:
        line(f"{path}  sha256 {sha256}")
    for key, value in state.pins.items():
        shown = value if isinstance(value, str) else f"[{', '.join(value)}]"
        line(f"not pinned: set ranking.{key}: {shown}")
    for part in state.used_lines():
        line(part)
    line(f"vectors kept: {kept:,}")
    if state.why:
        line(f"{state.why}\n    {state.fix}")


def themes(found: Sequence[Theme], got: Mapping[str | None, int]) -> None:
    """Each theme with how many papers it gets, and its words."""
    rows = [(str(got.get(theme.name, 0)), theme.name, ", ".join(theme.words)) for theme in found]
    table(("papers", "theme", "words"), [*rows, (str(got.get(None, 0)), OTHER_THEMES, "")])


def explanation(told: explain.Explanation, *, as_json: bool) -> None:
    """The steps of one record and the answer."""
    if as_json:
        from watcher.flows.questions import explain  # noqa: PLC0415 - only what is printed

        json(explain.document(told))
        return
    rows = [(step.step, step.outcome, f"{step.at:%Y-%m-%d %H:%M}" if step.at else "", step.detail) for step in told.steps]
    table(("step", "outcome", "when (UTC)", "detail"), rows)
    line(f"{told.record_id.label}: {told.answer}")


def reread(one: Rereading) -> None:
    """What a rereading did."""
    line(reread_line(one))


def corrections(found: Sequence[corrections_told.Answered], last: Rereading | None, *, as_json: bool) -> None:
    """What became of papers, and whom it was told."""
    if as_json:
        from watcher.flows.questions import corrections_told  # noqa: PLC0415 - only what is printed

        json(corrections_told.document(found, last))
        return
    for one in found:
        what = one.facts.correction
        line(f"{what.found_at:%Y-%m-%d}  {what.record_id.label}  {one.facts.title}")
        line(f"    {one.line}")
        for sentence in one.told:
            line(f"    {sentence}")
    line(f"{count(len(found), 'correction')} of papers that readers had, marked or gave as seeds")
    if last is not None:
        line(f"last rereading {last.started_at:%Y-%m-%d %H:%M} UTC: {reread_line(last)}")


def _failure(report: RunReport) -> None:
    if report.error_kind:
        line(f"    {report.error}")
    if report.fix:
        line(f"    {report.fix}")
    for one in report.warnings:
        if one.code.passes:
            line(f"    warning: {one}")


def _sending_lines(what: Sequence[Sending]) -> None:
    for one in what:
        to = f"{one.delivery.channel} {one.delivery.recipient}".strip()
        told = one.failure.reason if one.failure else one.remark
        number = f" (delivery {one.delivery.id}): {told}" if told else ""
        then = f"; next try {one.next_at:%d %b %H:%M} UTC" if one.next_at else ""
        part = f", part {one.delivery.message.part}" if one.delivery.message.part > 1 else ""
        line(f"{one.state} to {to}: {one.delivery.message.subject}{part}{number}{then}")
        if one.failure and one.failure.fix:
            line(f"    {one.failure.fix}")


def _seed_row(one: ResolvedSeed) -> tuple[str, str, str, str]:
    seed = one.seed
    named = [f"PMID {seed.pmid}" if seed.pmid else "", seed.doi or "", seed.pmcid or ""]
    understood = [part for part in named if part]
    understood += ["abstract"] if seed.abstract else []
    understood += [count(len(seed.keywords), "keyword")] if seed.keywords else []
    understood += [count(len(seed.headings), "heading")] if seed.headings else []
    understood += ["notes"] if seed.notes else []
    record = f"{one.article.record_id.label} by {one.resolved_by}" if one.article else ""
    fate = "it no longer stands: the ranking goes without it" if one.retracted else ""
    record = "; ".join(filter(None, [record, one.problem, fate])) or "not looked up yet"
    title = seed.title or (one.article.display_title if one.article else "")
    return f"{seed.path} {seed.locator}".strip(), title or "(no title)", ", ".join(understood) or "nothing", record
