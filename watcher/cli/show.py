"""Values printed for people: tables on a terminal, plain lines when piped. Decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from watcher.domain import ResolvedSeed, RunReport, Watch
from watcher.flows.check import Finding
from watcher.flows.deliver import Sending
from watcher.flows.explain import Explanation
from watcher.flows.tick import Done
from watcher.store import RunCommit, StoreFacts

_STATES = {"good": "ok", "warning": "warning", "failed": "FAILED"}


def console() -> Console:
    """Standard output; wide and without colour when it is no terminal."""
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Something that hears what is going on: a moving line on a terminal, plain lines elsewhere, nothing when quiet."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    if quiet:
        yield lambda _line: None
    elif out.is_terminal:
        with out.status("") as line:
            yield lambda text: line.update(_plain(text))
    else:
        yield lambda text: out.print(text, markup=False)


def findings(found: Sequence[Finding]) -> None:
    """The lines of a check."""
    _table(("", "about", ""), [(_STATES[one.state], one.about, one.told) for one in found])


def seeds(watch: Watch, resolved: Sequence[ResolvedSeed], warnings: Sequence[str]) -> None:
    """What was understood of each seed of a watch, and how it was resolved."""
    console().print(f"watch {watch.name}: {_count(len(resolved), 'seed')}", markup=False)
    _table(("file", "title", "understood", "record"), [_seed_row(one) for one in resolved])
    for line in warnings:
        console().print(f"warning: {line}", markup=False)


def reports(found: Sequence[RunReport]) -> None:
    """One line that counts for each run, and what it complained of."""
    for report in found:
        console().print(_run_line(report), markup=False)
        for warning in report.warnings:
            console().print(f"    warning: {warning}", markup=False)


def commit(planned: RunCommit, watch: Watch) -> None:
    """What a dry run found."""
    console().print(f"{_run_line(planned.report)} (dry run: nothing is kept)", markup=False)
    scores = {scored.pmid: scored.value for scored in planned.scores}
    new = [one for one in planned.articles if one.pmid in planned.news]
    new.sort(key=lambda one: -scores.get(one.pmid, 0))
    rows = [(f"{scores.get(one.pmid, 0):.1f}", str(one.pmid), one.display_title, one.journal.display) for one in new]
    if rows:
        _table(("score", "pmid", "title", "journal"), rows)
    for warning in planned.report.warnings:
        console().print(f"    warning: {warning}", markup=False)
    if len(planned.baseline):
        console().print(f"    {len(planned.baseline):,} older records would be baseline for {watch.name}", markup=False)


def done(what: Done) -> None:
    """What a tick did; one line when nothing was due."""
    out = console()
    reports(what.runs)
    for draft in what.drafts:
        digest = draft.digest
        out.print(
            f"list {digest.order.name}: digest of {digest.period.key}: {_count(len(digest.items), 'paper')} shown, "
            f"{len(digest.attached)} attached",
            markup=False,
        )
    for line in what.waiting:
        out.print(f"waiting: {line}", markup=False)
    _sending_lines(what.sendings)
    if not (what.runs or what.drafts or what.waiting or what.sendings):
        out.print("nothing is due")


def sendings(what: Sequence[Sending], owed: StoreFacts) -> None:
    """What became of each attempt, and what is still owed."""
    _sending_lines(what)
    still = owed.pending + owed.sending + owed.parked
    tail = f"; {owed.parked} of them parked" if owed.parked else ""
    sent = sum(not one.reason for one in what)
    console().print(f"{sent} sent, {_count(still, 'delivery', 'deliveries')} still owed{tail}", markup=False)


def status(document: dict[str, Any], *, as_json: bool) -> None:
    """The state of everything."""
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    out = console()
    out.print(
        f"watcher {document['version']}  now {document['now']}  clock {document['clock']}  schema {document['schema'] or '-'}",
        markup=False,
    )
    out.print(f"configuration: {document['config']['state']}", markup=False)
    if document["watches"]:
        _table(
            ("watch", "last good run", "next run", "matched", "awaiting", "covers to"),
            [_watch_row(one) for one in document["watches"]],
        )
    if document["lists"]:
        _table(("list", "last digest", "papers", "next digests"), [_list_row(one) for one in document["lists"]])
    owed = document["deliveries"]
    out.print(
        f"deliveries: {owed['pending']} pending, {owed['sending']} sending, {owed['parked']} parked, oldest {owed['oldest_at'] or '-'}",
        markup=False,
    )
    for line in document["incidents"]:
        out.print(f"incident: {line}", markup=False)
    if not document["incidents"]:
        out.print("no incidents")


def explanation(told: Explanation, *, as_json: bool) -> None:
    """The steps of one pmid and the verdict."""
    if as_json:
        document = {"pmid": told.pmid, "steps": [asdict(step) for step in told.steps], "verdict": told.verdict}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=lambda at: at.isoformat()) + "\n")
        return
    rows = [(step.step, step.outcome, f"{step.at:%Y-%m-%d %H:%M}" if step.at else "", step.detail) for step in told.steps]
    _table(("step", "outcome", "when (UTC)", "detail"), rows)
    console().print(f"PMID {told.pmid}: {told.verdict}", markup=False)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False, show_header=any(heads))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    console().print(table)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _run_line(report: RunReport) -> str:
    line = (
        f"run {report.watch} ({report.kind}) {report.outcome}: matched {report.matched:,}, known {report.known:,}, fetched {report.fetched:,}, "
        f"new {report.new:,}, awaiting {report.awaiting:,}, {_count(report.requests, 'request')}, {report.seconds:.1f} s"
    )
    return f"{line}\n    {report.error}" if report.error else line


def _sending_lines(what: Sequence[Sending]) -> None:
    for one in what:
        to = f"{one.delivery.channel} {one.delivery.recipient}".strip()
        tail = f": {one.reason}" if one.reason else ""
        then = f"; next try {one.next_at:%d %b %H:%M} UTC" if one.next_at else ""
        fix = f"\n    {one.fix}" if one.fix else ""
        console().print(f"{one.state} {one.delivery.message.subject} -> {to}{tail}{then}{fix}", markup=False)


def _seed_row(one: ResolvedSeed) -> tuple[str, str, str, str]:
    seed = one.seed
    named = [f"PMID {seed.pmid}" if seed.pmid else "", seed.doi or "", seed.pmcid or ""]
    understood = [part for part in named if part]
    understood += ["abstract"] if seed.abstract else []
    understood += [_count(len(seed.keywords), "keyword")] if seed.keywords else []
    understood += [_count(len(seed.headings), "heading")] if seed.headings else []
    record = f"PMID {one.article.pmid} by {one.resolved_by}" if one.article else one.problem or "not looked up yet"
    return f"{seed.path} {seed.locator}".strip(), seed.title or "(no title)", ", ".join(understood), record


def _watch_row(one: dict[str, Any]) -> tuple[str, ...]:
    matched = f"{one['matched']:,}" if one["matched"] is not None else "-"
    return (
        one["name"],
        one["last_good_run_at"] or "never",
        one["next_run_at"],
        matched,
        str(one["awaiting"]),
        one["covers_to"] or "-",
    )


def _list_row(one: dict[str, Any]) -> tuple[str, ...]:
    last = one["last_digest"] or {"period": "none yet", "papers": "-"}
    paused = f" (paused until {one['paused_until']})" if one["paused_until"] else ""
    return (one["name"], last["period"], str(last["papers"]), ", ".join(one["upcoming"]) + paused)
