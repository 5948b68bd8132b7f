"""The commands. Each opens the App, calls one flow and hands its value to `show`. `program` is the command line, `app` the App."""

from __future__ import annotations

import getpass
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import console
from watcher.kinds import ChannelKind

if TYPE_CHECKING:
    from watcher.app import App
    from watcher.domain import DigestList
    from watcher.setup.loading import Loaded
    from watcher.store import StopFacts

WRONG_INPUT = 1
NOT_WELL = 1
FAILURES_LISTED = 3
UNREACHABLE = 4
INTERRUPTED = 130

program = typer.Typer(
    name="watcher",
    help="Watch PubMed for a lab and send it one digest a week.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dataclass
class Common:
    """Options that stand before the command."""

    config: Path | None = None
    quiet: bool = False


class Said(StrEnum):
    """What a reader says of a paper, or that they take it back."""

    RELEVANT = "relevant"
    NOT = "not"
    LATER = "later"
    UNDO = "undo"


class ExportFormat(StrEnum):
    """How papers are written out; `watcher.export.FORMATS` has a writer for each."""

    RIS = "ris"
    NBIB = "nbib"
    BIB = "bib"
    CSL_JSON = "csl-json"
    CSV = "csv"


_PREVIEWS = (*(form for kind in ChannelKind for form in kind.facts.previews), "json")
"""How a digest is written out."""


def _preview(said: str) -> str:
    if said not in _PREVIEWS:
        raise ValueError(f"{said!r} is not one of {', '.join(map(repr, _PREVIEWS))}.")
    return said


_ENDINGS = {"json": ExportFormat.CSL_JSON, **{style.value: style for style in ExportFormat}}
"""The format of a file that is named without one."""


HIGHEST_PMID = 99_999_999
"""A PMID has up to eight digits."""

LONGEST_NAME = 100
"""Characters of a reader's name."""

STANDARD_OUTPUT = frozenset({"-", "/dev/stdout", "/dev/fd/1"})
"""What stands for it where a file is named."""


def _paper(said: str | None) -> str | None:
    """A PMID as it is typed, or a DOI."""
    if said is None or (said.isascii() and said.isdigit() and 1 <= int(said) <= HIGHEST_PMID):
        return said
    from watcher.seeds.dois import doi_of  # noqa: PLC0415

    if (doi := doi_of(said)) is None:
        raise typer.BadParameter(f"{said!r} is neither a PMID (a number of up to eight digits) nor a DOI (10.…/…)")
    return doi


PaperArgument = Annotated[str, typer.Argument(metavar="PMID|DOI", callback=_paper, help="A paper's PMID, or its DOI.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead of standard output.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="With --out: replace a file that is there, or write among seeds or configuration.")
]


@program.callback(invoke_without_command=True)
def common(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Configuration file or its folder (WATCHER_CONFIG).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Watch PubMed for a lab and send it one digest a week."""
    if version:
        from watcher import __version__  # noqa: PLC0415

        console.say(f"watcher {__version__}")
        raise typer.Exit
    context.obj = Common(config, quiet)


def as_called() -> str:
    """How this program is called from where one stands: by its name where the shell finds it, else as it was called now."""
    called, on_path = Path(sys.argv[0]), shutil.which("watcher")
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m watcher"
    by_name = called.name == str(called) or (on_path is not None and Path(on_path).resolve() == called.resolve())
    return "watcher" if by_name else shlex.quote(str(called))


@program.command()
def check(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask PubMed for counts and phrases, and try to reach each channel.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Validate the configuration, the seeds and the queries."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.errors import ConfigurationError  # noqa: PLC0415
    from watcher.flows.questions.check import Checked  # noqa: PLC0415

    try:
        with opened(context, with_seeds=True) as app:
            now, checker = _now(), app.checker()
            found = checker.online(app.warnings(now), now) if online else checker.offline(app.file_warnings(now), now)
    except ConfigurationError as error:
        if as_json:
            tables.checked(Checked(None, problems=error.problems), as_json=True)
        raise
    tables.checked(found, as_json=as_json)
    if found.failures:
        raise typer.Exit(UNREACHABLE if all(one.unreachable for one in found.failures) else FAILURES_LISTED)


@program.command()
def seeds(
    context: typer.Context,
    watch: Annotated[str | None, typer.Argument(help="Only this watch.")] = None,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Look unresolved seeds up in PubMed now, and at Zotero's collections.")
    ] = False,
) -> None:
    """Show what was understood of each seed, and its record."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.questions.seeds import understood  # noqa: PLC0415

    now = _now()
    with opened(context, with_seeds=True) as app:
        if resolve:
            app.store.introduce({each.name: each.was for each in app.watches.values()}, now)
        found = understood(
            [app.watch(watch)] if watch else list(app.watches.values()),
            app.seeds,
            app.seed_warnings,
            store=app.store,
            source=app.source if resolve else None,
            now=now,
            say=app.say,
            **({"follow": app.follower().follow} if resolve else {}),
        )
    for each in found:
        tables.seeds(each.watch, each.seeds, each.warnings)
    if resolve:
        tables.seeds_found(resolved for each in found for resolved in each.seeds)


@program.command()
def run(
    context: typer.Context,
    watch: Annotated[str | None, typer.Argument(help="Only this watch.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask PubMed, keep nothing.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Do not wait for NCBI's quiet hours with a large job.")] = False,
) -> None:
    """Search PubMed for new papers now, and keep them."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.schedule.manual import rehearse_now, run_now  # noqa: PLC0415

    instant = _now()
    with opened(context) as app:
        app.at_work(instant)
        ticker, watches = app.ticker(), [app.watch(watch)] if watch else list(app.watches.values())
        if dry_run:
            ran = rehearse_now(ticker, watches, app.warnings_now, instant, at_once=now)
        else:
            ran = run_now(ticker, watches, app.alerter(), app.warnings_now, instant, at_once=now)
            _file_feeds(app)
    for one_plan in ran.rehearsed:
        tables.commit(one_plan)
    tables.reports(ran.reports)
    tables.warnings(ran.warnings)
    _exit_for_runs(ran.reports)


@program.command()
def digest(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list whose digest is composed.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compose from what is stored; search, keep and send nothing.")] = False,
    style: Annotated[
        str, typer.Option("--format", "-f", metavar=f"<{'|'.join(_PREVIEWS)}>", parser=_preview, help="How to print the digest.")
    ] = "text",
    out: OutOption = None,
    force: ForceOption = False,
) -> None:
    """Search, compose and send a digest now; or look at it."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.digest.render import preview  # noqa: PLC0415
    from watcher.export import to_ris  # noqa: PLC0415
    from watcher.flows.schedule.manual import compose_now, draft_now  # noqa: PLC0415

    now = _now()
    with opened(context) as app:
        list_, writer = app.digest_list(name), _writer(app, out, force=force)
        kinds = {app.channels[channel].kind for channel in list_.channels}
        app.at_work(now)
        if dry_run:
            writer(preview(draft_now(app.ticker(), list_).digest, style, to_ris, kinds))
            return
        done, warnings = compose_now(app.ticker(), list_, now), app.warnings(_now())
        _file_feeds(app)
        tables.done(done)
        tables.warnings(warnings)
        if out is not None:
            writer(preview(done.drafts[0].digest, style, to_ris, kinds))
    _exit_for(done)


@program.command()
def deliver(
    context: typer.Context,
    drop: Annotated[int | None, typer.Option("--drop", metavar="ID", help="Give this delivery up for ever.")] = None,
) -> None:
    """Send everything that is owed now.

    Also what waits for a later try, and what is parked.
    """
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.errors import Problem, UnknownNameError  # noqa: PLC0415

    now = _now()
    with opened(context) as app:
        store = app.at_work(now)
        if drop is not None:
            if not store.drop(drop, now):
                raise UnknownNameError(Problem(f"delivery {drop} is not owed", "`watcher status` lists what is"))
            console.say(f"delivery {drop} is dropped: it will not be sent")
            return
        sendings = app.deliverer().deliver(now, everything=True)
        owed = store.facts()
    tables.sendings(sendings, owed)
    if any(sending.failed for sending in sendings):
        raise typer.Exit(FAILURES_LISTED)


@program.command()
def tick(context: typer.Context) -> None:
    """Do everything that is due now, and exit."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.schedule.manual import tick_now  # noqa: PLC0415
    from watcher.flows.schedule.tick import Done  # noqa: PLC0415

    now = _now()
    with opened(context) as app:
        app.at_work(now)
        ticked = tick_now(app.ticker(), app.alerter(), app.warnings_now, now)
        _file_feeds(app)
    tables.done(ticked.done)
    if ticked.is_news or ticked.done != Done():  # by cron, what stands is not printed every five minutes
        tables.warnings(ticked.warnings)
    _exit_for(ticked.done)


@program.command()
def serve(context: typer.Context) -> None:
    """Do everything when it is due, until it is stopped.

    Edits of the configuration are taken up as they are saved.

    Ends on SIGTERM or Ctrl-C, with what is under way left for the next start.
    """
    from watcher.daemon import serve as run_service  # noqa: PLC0415

    run_service(context.obj.config)


@program.command()
def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Tell how things stand.

    The service, last and next runs and digests, what is owed, what fails.
    """
    from watcher.cli.show import status as shown  # noqa: PLC0415
    from watcher.errors import ConfigurationError  # noqa: PLC0415
    from watcher.flows.questions.status import broken  # noqa: PLC0415
    from watcher.flows.questions.status import status as state  # noqa: PLC0415
    from watcher.setup.loading import load_kept, load_whole  # noqa: PLC0415

    now, config = _now(), context.obj.config
    try:
        loaded = load_whole(config)
    except ConfigurationError as error:
        kept = load_kept(config, error)
        if kept is None:
            shown.status(broken(error, now=now), as_json=as_json)
            raise
        loaded = kept
    refused = ConfigurationError(*loaded.problems) if loaded.problems else None
    with opened(context, loaded=loaded) as app:
        around = app.around(refused, _now())
        found = state(app.calendar(), app.store, now=now, config_sha256=app.settings.sha256, around=around)
    shown.status(found, as_json=as_json)
    if refused:
        raise refused


@program.command()
def healthcheck(context: typer.Context) -> None:
    """Tell by the exit code whether the service is well."""
    from watcher.setup.healthcheck import look, told  # noqa: PLC0415

    why = look(context.obj.config)
    console.say(told(why))
    if why:
        raise typer.Exit(NOT_WELL)


@program.command()
def explain(
    context: typer.Context,
    paper: PaperArgument,
    as_json: JsonOption = False,
) -> None:
    """Tell why a paper is in a digest, or why it is not."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.questions.explain import explain as explained  # noqa: PLC0415
    from watcher.flows.questions.named import record_named  # noqa: PLC0415

    with opened(context) as app:
        now, calendar = _now(), app.calendar()
        explanation = explained(app.store, record_named(app.store, paper), now, lambda name: calendar.next_digest_of(name, now))
    tables.explanation(explanation, as_json=as_json)


@program.command()
def mark(
    context: typer.Context,
    paper: PaperArgument,
    said: Annotated[Said, typer.Argument(metavar="relevant|not|later|undo", help="Your verdict, or that you take it back.")],
    watch: Annotated[
        str | None, typer.Option("--watch", help="Only for this watch; else for all that have seen the paper.")
    ] = None,
    reader: Annotated[str | None, typer.Option("--reader", help="Who says so; else your name on this machine.")] = None,
) -> None:
    """Say that a paper is relevant or not, or keep it for later.

    The ranking learns from the first two; `later` is a reading list.
    """
    from watcher.cli.show.marking import marking  # noqa: PLC0415
    from watcher.domain import VerdictKind  # noqa: PLC0415
    from watcher.flows.questions.named import record_named  # noqa: PLC0415
    from watcher.flows.scoring.verdicts import mark as marked  # noqa: PLC0415

    kind = None if said is Said.UNDO else VerdictKind(said.value)
    with opened(context) as app:
        only = app.watch(watch).name if watch else None
        record_id = record_named(app.store, paper)
        done = marked(app.store, record_id, kind, app.watches, reader=_reader(reader), via="cli", now=_now(), only=only)
    marking(done)


@program.command()
def stop(
    context: typer.Context,
    list_name: Annotated[str, typer.Argument(metavar="LIST", help="A list.")],
    reader: Annotated[str, typer.Argument(metavar="READER", help="The address that its digests go to.")],
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Only up to this day; else for good.")
    ] = None,
) -> None:
    """Send a reader nothing of a list any more.

    What is owed is dropped. It holds whatever the configuration says; `watcher resume` ends it.
    """
    from watcher.flows.deliver.stopping import stop as stopped  # noqa: PLC0415

    with opened(context) as app:
        list_ = app.digest_list(list_name)
        done = stopped(app.store, list_, _recipient(app, list_, reader), until.date() if until else None, via="cli", now=_now())
    console.say(done.told)


@program.command()
def resume(
    context: typer.Context,
    list_name: Annotated[str, typer.Argument(metavar="LIST", help="A list.")],
    reader: Annotated[str, typer.Argument(metavar="READER", help="The address that its digests go to.")],
) -> None:
    """Send a list to a reader again who had stopped it.

    `watcher resend` sends the digests that they missed.
    """
    with opened(context) as app:
        list_ = app.digest_list(list_name)
        ended = app.store.resume(list_.name, reader, _now())
    console.say(
        f"list {list_.name} goes to {reader} again" if ended else f"{reader} has not stopped list {list_.name}: nothing to do"
    )


def _recipient(app: App, list_: DigestList, reader: str) -> str:
    """A reader as the list's channels know them. Raises UnknownNameError for another."""
    known = [one for name in list_.channels for one in app.notifier.recipients(app.channel(name)) if one]
    if reader.strip().casefold() not in {one.casefold() for one in known}:
        from watcher.errors import Problem, UnknownNameError  # noqa: PLC0415

        fix = f"its readers are: {', '.join(dict.fromkeys(known))}" if known else "none of its channels names its readers"
        raise UnknownNameError(Problem(f"list {list_.name} does not go to {reader}", fix))
    return reader.strip()


@program.command()
def corrections(
    context: typer.Context,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only what was found on this day or later.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Read the papers again first, whether or not it is time.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what became of papers that readers had.

    Retractions, errata, concerns: which source says so, and which list was told when.
    """
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.questions.corrections_told import answered  # noqa: PLC0415
    from watcher.flows.schedule.manual import reread_now  # noqa: PLC0415

    instant = _now()
    with opened(context) as app:
        if now:
            app.at_work(instant)
            tables.reread(reread_now(app.rereader(), app.process_lock.name, instant))
        start = since.replace(tzinfo=UTC) if since else None
        ticker, last = app.ticker(), app.store.last_rereading(_now())
        found = answered(app.store, app.lists, instant, lambda name: ticker.next_digest_of(name, instant), since=start)
    tables.corrections(found, last, as_json=as_json)
    if now and last is not None and last.error:
        raise typer.Exit(FAILURES_LISTED)


@program.command()
def rank(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[WATCH]", help="Only this watch.")] = None,
    watch: Annotated[str | None, typer.Option("--watch", help="The same as WATCH.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many papers are printed at most.")] = 50,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="News since this day; else of four weeks.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every stored paper of the watch.")] = False,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="PMID|DOI", callback=_paper, help="What is behind this paper's score."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="SEEDS", help="What other seeds, a folder or file, would change.")
    ] = None,
    resolve: Annotated[bool, typer.Option("--resolve", help="Look the other seeds up in PubMed now.")] = False,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="What each threshold would have let through; proposes one.")
    ] = False,
    per_week: Annotated[
        float | None, typer.Option("--per-week", min=0, max=100_000, help="With --calibrate: how many papers a week you want.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the present order of a watch's papers.

    Nothing is changed by looking.
    """
    from watcher.cli.show import ranking  # noqa: PLC0415
    from watcher.flows.questions.named import record_named  # noqa: PLC0415

    _fit_together(name and watch, (explain is not None, against is not None, calibrate), since is not None, everything)
    if (resolve and against is None) or (per_week is not None and not calibrate):
        raise typer.BadParameter("--resolve belongs to --against, --per-week to --calibrate")
    now, chosen = _now(), name or watch
    with opened(context) as app:
        watches, orderer = [app.watch(chosen)] if chosen else list(app.watches.values()), app.orderer()
        start = None if everything else _since(since, now)
        if explain is not None:
            ranking.behind(orderer.behind(record_named(app.store, explain), watches), as_json=as_json)
        elif against is not None:
            others = app.other_seeds(against, ask=resolve)
            ranking.against([orderer.against(each, others, start) for each in watches], top=top, as_json=as_json)
        elif calibrate:
            ranking.calibrated([orderer.calibrate(each, now, per_week) for each in watches], as_json=as_json)
        else:
            ranking.orders([orderer.order(each, start) for each in watches], top=top, as_json=as_json)
        if damaged := app.store.facts().damaged:
            console.complain(f"records left out, whose texts are damaged and are fetched again by the next run: {damaged:,}")


@program.command()
def export(
    context: typer.Context,
    list_name: Annotated[str | None, typer.Option("--list", help="Papers that this list presented.")] = None,
    watch: Annotated[str | None, typer.Option("--watch", help="Papers that this watch found.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on.")] = None,
    period: Annotated[str | None, typer.Option("--digest", metavar="PERIOD", help="Only the list's digest of this period.")] = None,
    style: Annotated[ExportFormat | None, typer.Option("--format", "-f", help="Left out: by the ending of FILE, else ris.")] = None,
    out: OutOption = None,
    force: ForceOption = False,
) -> None:
    """Write papers for a reference manager or a spreadsheet."""
    from watcher.export import FORMATS  # noqa: PLC0415

    if list_name and watch:
        raise typer.BadParameter("give --list or --watch, not both")
    if period and not list_name:
        raise typer.BadParameter("--digest goes with --list")
    with opened(context) as app:
        if list_name:
            app.digest_list(list_name)
        if watch:
            app.watch(watch)
        writer = _writer(app, out, force=force)
        articles = app.store.export(list_name=list_name, watch=watch, since=_day(since), period=period)
        left_out = app.store.left_out(list_name=list_name, watch=watch, since=_day(since), period=period)
        if left_out.dropped:
            console.complain(f"papers left out, whose texts were dropped since no digest presented them: {left_out.dropped:,}")
        if left_out.damaged:
            console.complain(
                f"papers left out, whose texts are damaged and are fetched again by the next run: {left_out.damaged:,}"
            )
        writer(FORMATS[(style or _format_of(out)).value](articles))
    if out is not None and str(out) not in STANDARD_OUTPUT:
        console.say(f"{len(articles)} papers written to {out}")


@program.command()
def feeds(
    context: typer.Context,
    token: Annotated[
        str | None, typer.Option("--token", metavar="NAME", help="The addresses for the reader who has this token.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Write all feeds as files into this folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the feeds of lists and watches, with their addresses.

    Atom and JSON Feed, for any feed reader.
    """
    from watcher.cli.show import feeds as shown  # noqa: PLC0415
    from watcher.errors import Problem, UnknownNameError  # noqa: PLC0415
    from watcher.flows.questions.feeds import states  # noqa: PLC0415

    with opened(context) as app:
        tokens, files = app.settings.feed_tokens, app.feed_files(out)
        if token is not None and token not in tokens:
            named = ", ".join(tokens) or "none"
            raise UnknownNameError(Problem(f"there is no token {token!r}", f"the configuration has, under feeds: tokens: {named}"))
        found = states(app.feeds(), files, tokens[token] if token else None, page=app.settings.page_address)
        filed = files.write() if files and out is not None else None
        zone = app.settings.timezone
    shown.feeds(found, zone, as_json=as_json)
    if filed is not None:
        shown.filed(filed)
        if filed.problems:
            raise typer.Exit(WRONG_INPUT)


@program.command()
def resend(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list whose digests are sent again.")],
    since: Annotated[datetime, typer.Option("--since", formats=["%Y-%m-%d"], help="Digests composed on or after this day.")],
    to: Annotated[str, typer.Option("--to", metavar="CHANNEL", help="To the recipients of this channel who lack them.")],
    again: Annotated[bool, typer.Option("--again", help="Also to those who have them, under the same Message-ID.")] = False,
) -> None:
    """Owe stored digests to those who lack them, and send them."""
    from watcher.cli.show import tables  # noqa: PLC0415
    from watcher.flows.deliver.resend import resend as resent  # noqa: PLC0415

    now = _now()
    with opened(context) as app:
        app.at_work(now)
        list_, channel = app.digest_list(name), app.channel(to)

        def owed(count: int) -> None:
            console.say(f"owed to {channel.name} again: {count} {'delivery' if count == 1 else 'deliveries'} of list {list_.name}")

        done = resent(
            app.deliverer(),
            list_,
            channel,
            app.notifier.recipients(channel),
            since=since.date(),
            again=again,
            host=app.contacts.message_host,
            now=now,
            owed=owed,
        )
    tables.sendings(done.sendings, done.facts)
    if any(sending.failed for sending in done.sendings):
        raise typer.Exit(FAILURES_LISTED)


@program.command("send-test")
def send_test(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel to try.")],
) -> None:
    """Send a test message, as long as a digest's longest part."""
    from watcher.flows.deliver.trial import tried  # noqa: PLC0415

    now, failed = _now(), False
    with opened(context) as app:
        channel = app.channel(name)
        fits, recipients = app.notifier.fits([channel]), app.notifier.recipients(channel)
        for delivery, error in tried(app.notifier, channel, recipients, host=app.contacts.message_host, now=now, fits=fits):
            to = f"{channel.name} {delivery.recipient}".strip()
            if error is None:
                console.say(f"sent to {to}")
            else:
                failed = True
                console.complain(f"not sent to {to}: {error}{f' - {error.fix}' if error.fix else ''}")
    if failed:
        raise typer.Exit(FAILURES_LISTED)


@program.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where the copy goes: one SQLite file, also of a PostgreSQL database.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there, or write among seeds or configuration.")
    ] = False,
) -> None:
    """Copy the database into one file, while everything runs."""
    from watcher.cli.show import tables  # noqa: PLC0415

    with opened(context) as app:
        done = app.store.backup(file, force=force, guarded=app.guarded)
    tables.copied("wrote", done)


@program.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the rows of a PostgreSQL database that has some.")] = False,
) -> None:
    """Put a backup in the place of the database.

    Stop the service first. What was there is set aside or backed up, never overwritten.
    """
    from watcher.cli.show import tables  # noqa: PLC0415

    with opened(context) as app:
        done = app.restore(file, force=force)
    tables.copied("restored", done)
    tables.left_behind(done)
    if done.set_aside is not None:
        console.say(f"what was there before: {done.set_aside}")
    _stopped_since(done.stops)


def _stopped_since(stops: Sequence[StopFacts] | None) -> None:
    """What readers stopped after the backup was made."""
    if stops is None:
        console.say("what was there before cannot be read: lists that readers stopped since the backup may be sent to them again")
    for one in stops or ():
        until = f" until {one.until_at:%Y-%m-%d}" if one.until_at else ""
        console.say(f"stays stopped, since the backup: list {one.list_name} for {one.reader}{until}")


@program.command()
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo's digest and database.")] = Path("demo-out"),
    serve: Annotated[bool, typer.Option("--serve", help="Then show the page on what they brought, until Ctrl-C.")] = False,
    listen: Annotated[str, typer.Option("--listen", help="With --serve: the page's address.")] = "127.0.0.1:8080",
) -> None:
    """Live through three simulated weeks with sample papers.

    With a local PubMed, a local mail server and a local Slack; nothing leaves this machine.
    """
    from watcher.config import in_use  # noqa: PLC0415
    from watcher.errors import ConfigurationError, Problem  # noqa: PLC0415

    try:
        from watcher.demo import live  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "aiosmtpd":
            raise
        fix = "install the extra: pip install 'watcher[demo]'; `make demo` in a checkout has it"
        raise ConfigurationError(Problem("this installation goes without aiosmtpd, the demo's mail server", fix)) from None

    live(out, say=console.say, in_use=in_use(context.obj.config), page_at=listen if serve else "")


# --- around the commands -------------------------------------------------------------------------------------------------------


@contextmanager
def opened(context: typer.Context, *, with_seeds: bool = False, loaded: Loaded | None = None) -> Iterator[App]:
    """The App of what was `loaded`, or of the configuration that the options name; closed at the end, also of an interruption."""
    from watcher.app import App  # noqa: PLC0415
    from watcher.logs import set_up  # noqa: PLC0415
    from watcher.setup.loading import load_settings  # noqa: PLC0415

    options: Common = context.obj
    settings = loaded.settings if loaded else load_settings(options.config, with_seeds=with_seeds)
    set_up(settings.log.level, settings.log.format)
    try:
        with console.progress(quiet=options.quiet) as say, App(settings, say=say, loaded=loaded) as app:
            yield app
    except KeyboardInterrupt:
        console.complain("interrupted: what was begun is left for the next run, nothing is lost")
        raise typer.Exit(INTERRUPTED) from None


def _file_feeds(app: App) -> None:
    """Brings the folder of feeds up to date; what could not be written stops nothing."""
    filed = app.file_feeds(_now())
    if filed is not None and filed.problems:
        from watcher.cli.show import feeds as shown  # noqa: PLC0415

        shown.unwritten(filed)


def _now() -> datetime:
    from watcher import clock  # noqa: PLC0415

    return clock.now()


def _fit_together(twice: object, views: tuple[bool, ...], since: bool, everything: bool) -> None:
    """Refuses options of `rank` that contradict each other."""
    if twice:
        raise typer.BadParameter("give WATCH or --watch, not both")
    if sum(views) > 1:
        raise typer.BadParameter("give one of --explain, --against and --calibrate")
    if since and everything:
        raise typer.BadParameter("give --since or --all, not both")
    if (since or everything) and (views[0] or views[2]):
        raise typer.BadParameter("--since and --all do not go with --explain or --calibrate")


def _since(day: datetime | None, now: datetime) -> datetime:
    """The instant from which papers are told of: the day's beginning in UTC, or four weeks ago."""
    from watcher.flows.questions.rank import LATELY  # noqa: PLC0415

    return day.replace(tzinfo=UTC) if day else now - LATELY


def _reader(name: str | None) -> str:
    """Who marks: the name that was given, else that of the user on this machine, else "lab"."""
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            name = "lab"
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise typer.BadParameter(f"the reader needs a name that can be printed, of at most {LONGEST_NAME} characters")
    return name.strip()


def _day(instant: datetime | None) -> date | None:
    return instant.date() if instant else None


def _format_of(out: Path | None) -> ExportFormat:
    """What a file's name asks for: .ris, .nbib, .bib, .json or .csv, and RIS in any other."""
    return _ENDINGS.get(out.suffix.lower().removeprefix("."), ExportFormat.RIS) if out else ExportFormat.RIS


def _writer(app: App, out: Path | None, *, force: bool) -> Callable[[str], None]:
    """What writes a text where the options say, "-" being standard output. A file that may not be replaced is refused here and now, before
    any work is done or anything is sent."""
    from watcher.writing import accepted, write  # noqa: PLC0415

    if out is None or str(out) in STANDARD_OUTPUT:
        return console.file
    accepted(out, app.guarded, force=force, streams=True)
    return lambda text: write(out, text.encode(), app.guarded, force=force)


def _exit_for(done: Any) -> None:  # noqa: ANN401 - flows.schedule.tick.Done, imported only when a command runs
    if done.misconfigured:
        raise typer.Exit(WRONG_INPUT)
    if done.unreachable:
        raise typer.Exit(UNREACHABLE)
    if done.failed:
        raise typer.Exit(FAILURES_LISTED)


def _exit_for_runs(reports: Sequence[Any]) -> None:
    from watcher.flows.schedule.tick import Done  # noqa: PLC0415

    _exit_for(Done(runs=tuple(reports)))
