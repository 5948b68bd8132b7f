"""Verdicts and papers in their order, printed: what is behind a number, what other seeds or another threshold would change."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence

from watcher.cli.console import columns, line, table
from watcher.cli.console import document as json
from watcher.cli.drawing import bar, has_blocks
from watcher.cli.show.words import VERDICTS, count
from watcher.domain import VerdictKind
from watcher.flows.questions.rank import (
    Against,
    Behind,
    Calibrated,
    Order,
    Placed,
    against_document,
    behind_document,
    calibrated_document,
    orders_document,
)
from watcher.flows.scoring.ground import told as told_of_its_papers
from watcher.rank.calibration import ENOUGH, Border, Calibration, Share, ThresholdStep
from watcher.rank.comparison import Moved


def orders(found: Sequence[Order], *, top: int, as_json: bool) -> None:
    """The papers of watches, best first."""
    if as_json:
        json(orders_document(found, top))
        return
    for order in found:
        line(_order_line(order, top))
        rows = [_standing_row(one) for one in order.standings[:top]]
        if sys.stdout.isatty():
            for one, (place, score, day, _, state, verdict, title) in zip(order.standings, rows, strict=False):
                marked = f"  marked {verdict}" if verdict else ""
                line(f"{place:>4}  {score:>5}  {day}  {one.article.record_id.label}  {state}{marked}\n    {title}")
        else:
            table((), rows)


def _order_line(order: Order, top: int) -> str:
    since = f"news since {order.since} and what is still to be judged" if order.since else "every stored paper"
    shown = f", the best {top:,}" if len(order.standings) > top else ""
    learnt = f"; learnt from {order.learnt[0]} relevant, {order.learnt[1]} not relevant" if any(order.learnt) else ""
    warning = f"; {order.unranked}" if order.unranked else ""
    papers = count(len(order.standings), "paper")
    return f"watch {order.watch.name}: {papers} ({since}){shown}; threshold {order.watch.threshold:g}{learnt}{warning}"


def _standing_row(one: Placed) -> tuple[str, ...]:
    article, verdict = one.article, VERDICTS[one.verdict] if one.verdict else ""
    day = article.crdt.isoformat() if article.crdt else "-"
    return str(one.place), _cut(one.value), day, str(article.record_id), one.state, verdict, article.display_title


def behind(found: Sequence[Behind], *, as_json: bool) -> None:
    """What is behind the number of one paper."""
    if as_json:
        json(behind_document(found))
        return
    for one in found:
        what = one.breakdown
        line(f"{one.article.record_id.label}: {one.article.display_title}")
        line(
            f"watch {one.watch.name}: score {_cut(what.value)} (threshold {one.watch.threshold:g}), {what.total:+.2f} points in all"
        )
        if one.unranked:
            line(one.unranked)
        if one.nearer is not None:
            line(f"nearer than {one.nearer} % of the {one.brought:,} papers that this watch brought in the last twelve weeks")
        if one.retracted:
            line(f"seeds that no longer stand, so the ranking goes without them: {'; '.join(one.retracted)}")
        if what.ground:
            line(told_of_its_papers(what.ground))
        rows = [("space", f"{part.points:+.2f}", part.name) for part in what.spaces]
        rows += [("term", f"{part.points:+.2f}", part.name) for part in what.terms]
        rows += [("heading", f"{part.points:+.2f}", part.name) for part in what.headings]
        rows += [
            ("verdict", f"{points:+.2f}", f"{record_id.label} {VERDICTS[VerdictKind(kind)]}")
            for record_id, kind, points in what.verdicts
        ]
        rows += [("seed", f"{cosine:.2f}", label) for label, cosine in what.nearest]
        if rows:
            table(("part", "points", "what"), rows)


def against(found: Sequence[Against], *, top: int, as_json: bool) -> None:
    """What other seeds would change."""
    if as_json:
        json(against_document(found))
        return
    for one in found:
        what = one.comparison
        since = f"since {one.since}" if one.since else "stored"
        seeds = f"by its {count(one.seeds, 'seed')} and by the other {one.others:,}"
        line(f"watch {one.watch.name}: {count(what.papers, 'paper')} {since}, {seeds}, threshold {one.watch.threshold:g}")
        passing = f"{what.both:,} pass with both, {len(what.gained):,} only with the others, {len(what.lost):,} only with its own"
        close = f"; rank correlation {what.correlation:.2f} (Spearman)" if what.correlation is not None else ""
        line(f"{passing}{close}")
        for told in one.warnings:
            line(f"warning: {told}")
        for title, moved in (("come in", what.gained[:top]), ("fall out", what.lost[:top]), ("moved most", what.movers)):
            _moved(title, moved)


def _moved(title: str, moved: Sequence[Moved]) -> None:
    heads = (title, "before", "after", "pmid", "title")
    places = ((f"{one.place_before}-{one.place_after}", one) for one in moved)
    rows = [(f"{title} {place}", _cut(one.before), _cut(one.after), str(one.record_id), one.title) for place, one in places]
    if rows:
        table(heads, [(row[0].removeprefix(f"{title} "), *row[1:]) for row in rows] if sys.stdout.isatty() else rows)


def calibrated(found: Sequence[Calibrated], *, as_json: bool) -> None:
    """What each threshold would have let through, and the proposed one."""
    if as_json:
        json(calibrated_document(found))
        return
    for one in found:
        what = one.calibration
        papers = f"{count(what.papers, 'paper')} from {what.since} to {what.until}"
        line(f"watch {one.watch.name}: {papers}, threshold {what.present:g}")
        if one.unranked:
            line(one.unranked)
            continue
        if sys.stdout.isatty():
            _bars(what)
        _steps(what)
        for told in _calibration_lines(one):
            line(told)
        for border in what.borders:
            _border(border)


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
    table(heads, rows)


def _bars(what: Calibration) -> None:
    """How many papers have a number between each threshold and the next, the highest first, as far as the terminal is wide."""
    rows = list(_bins(what))
    most = max(papers for _, papers, _ in rows)
    label, note = max(len(name) for name, _, _ in rows), max(len(told) for _, _, told in rows)
    number = len(f"{most:,}")
    width, blocks = columns() - label - number - note - 6, has_blocks()
    for name, papers, told in rows:
        drawn = bar(papers, most, width, blocks=blocks)
        line("  ".join(filter(None, (f"{name:>{label}}", f"{papers:>{number},}", drawn, told))))


def _bins(what: Calibration) -> Iterator[tuple[str, int, str]]:
    """Of each span of numbers its name, its papers, and what is said of it: marked papers, the threshold in force, the proposed one."""
    for step, above in zip(reversed(what.steps), (None, *reversed(what.steps[1:])), strict=True):
        relevant, wrong = (step.relevant, step.not_relevant) if above is None else _between(step, above)
        told = [f"{relevant} relevant"] if relevant else []
        told += [f"{wrong} not"] if wrong else []
        told += ["< now"] if step.threshold == what.present else []
        told += ["< new"] if step.threshold == what.proposal.threshold != what.present else []
        yield f"from {step.threshold:g}", step.papers - (above.papers if above else 0), ", ".join(told)


def _between(step: ThresholdStep, above: ThresholdStep) -> tuple[int, int]:
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
        yield f"left out: {count(one.left_out, 'marked paper')} without a text, among the seeds, or without anything else to rank by"
    stays = what.proposal.threshold == what.present
    change = f"keep {what.present:g}" if stays else f"`threshold: {what.proposal.threshold:g}`"
    end = "" if stays else " Nothing is changed: the key is yours to set."
    highlight = one.watch.highlight
    too_low = highlight is not None and what.proposal.threshold > highlight
    also = f" `highlight` ({highlight:g}) must not be below it: raise it too." if too_low else ""
    yield f"proposal: {change}. {what.proposal.rule}{end}{also}"


def _border(border: Border) -> None:
    for side, papers in (("just above", border.above), ("just below", border.below)):
        name = f"{side} {border.threshold:g}"
        rows = [(name, _cut(one.value), str(one.record_id), one.title) for one in papers]
        if rows and sys.stdout.isatty():
            table((name, "pmid", "title"), [row[1:] for row in rows])
        elif rows:
            table((), rows)


def _cut(value: float) -> str:
    """A score with one decimal, never rounded up."""
    return f"{math.floor(value * 10) / 10:.1f}"
