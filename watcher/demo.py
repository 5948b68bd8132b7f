"""Three weeks in a few seconds: the real service over sample papers, a local PubMed, a local mail server and a local Slack.

Everything is real but the world around it: the clock is a file that is moved day by day, the papers are invented. The demo watches
the neuromuscular junction with the query and the seeds that the project ships.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from watcher import clock
from watcher.app import App
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.schedule.tick import Done
from watcher.setup import starter
from watcher.setup.loading import load_settings, load_whole
from watcher.writing import told, write

if TYPE_CHECKING or not find_spec("watcher.standins"):
    from standins import eutils, inbox  # a checkout has them beside watcher
    from standins.zotero.server import ZoteroServer
else:
    from watcher.standins import eutils, inbox  # the wheel brings them, see docs/decisions/0054
    from watcher.standins.zotero.server import ZoteroServer

ZONE = ZoneInfo("Europe/Berlin")
DAYS = 21
MORNING, DIGEST_TIME = time(6, 30), time(8, 0)
_TICK_SECONDS = 1.0
_LIBRARY, _COLLECTION, _KEY = "groups/12345", "DEMA2345", "demo-key"
_MARK = ".watcher-demo"
_FOLDERS = ("config", "seeds")
_FILES = (_MARK, "clock", "digest.html", "digest.ris")


def live(out: Path, *, say: Callable[[str], None], in_use: Collection[Path] = (), page_at: str = "") -> Path:
    """Run the demo.

    Args:
        out: the folder for its configuration, database and the last digest; an earlier demo there is replaced.
        say: hears what happens.
        in_use: the configuration and the database that the user works with; the demo keeps away from them.
        page_at: an address for the page, such as "127.0.0.1:8080": it is shown on what the weeks brought, and the service goes on beside
            it, until Ctrl-C. "" for no page.

    Returns:
        The path of the last digest's HTML.

    Raises:
        ConfigurationError: the folder holds something that is not an untouched demo's, or cannot be written.
    """
    _cleared(out, in_use)
    with (
        eutils.EutilsServer(eutils.Corpus.of(eutils.planted(), also_indexed=_words_of_the_query()), clock=clock.now) as pubmed,
        inbox.MailServer() as mail,
        inbox.SlackServer() as slack,
        ZoteroServer(clock=clock.now) as library,
        _clock_file(out / "clock") as moved,
    ):
        config = _configuration(out, pubmed.base_url, mail, slack, _zotero(library) if page_at else None, page_at)
        for instant in _instants():
            moved(instant)
            with App(load_settings(config)) as app:
                app.at_work(clock.now())
                _tell(instant, app.ticker().tick(clock.now()), say)
                app.file_feeds(clock.now())
        say(
            f"\n{len(mail.mails)} mails and {len(slack.posts)} Slack messages arrived, after {len(pubmed.log)} requests to the local PubMed."
        )
        page = _last(out, mail.mails, say)
        if page_at:
            _shown(config, page_at, lambda: len(library.library(_LIBRARY).items), say)
        return page


def _zotero(server: ZoteroServer) -> dict[str, object]:
    """A library with an empty collection, and what the configuration says of it: what is marked as relevant goes there."""
    server.library(_LIBRARY).add_collection(_COLLECTION, "To read")
    server.key(_KEY, 1, groups={_LIBRARY.partition("/")[2]: {"library": True, "write": True}})
    push = {"collection": _COLLECTION, "what": "relevant"}
    return {"library": _LIBRARY, "base_url": server.base_url, "api_key": _KEY, "push": push, "mark_known": True}


def _shown(config: Path, page_at: str, in_zotero: Callable[[], int], say: Callable[[str], None]) -> None:
    """Show the page, and do what comes to be due meanwhile, until Ctrl-C. The clock stands where the weeks ended. What comes to be in Zotero
    is said."""
    from watcher import web  # noqa: PLC0415 - only where the page is wanted

    loaded = load_whole(config)
    changes: web.Changes = SimpleQueue()
    running = Thread(target=web.live, args=(loaded, changes), name="page")
    say(f"\nThe page: http://{page_at}/   (Ctrl-C ends it)")
    running.start()
    try:
        with App(loaded.settings, loaded=loaded) as app, suppress(KeyboardInterrupt):
            told = 0
            while running.is_alive():
                app.ticker().tick(clock.now())
                if (items := in_zotero()) != told:
                    told = items
                    say(f"the local Zotero has {items} of the papers that were marked as relevant")
                running.join(_TICK_SECONDS)
    finally:
        changes.put(None)
        running.join()


def _words_of_the_query() -> Iterator[str]:
    """What the shipped query asks for. PubMed knows all of it; the samples alone do not hold every phrase."""
    path = starter.shipped() / "config" / "watcher.yaml"
    for watch in YAML().load(path)["watches"].values():
        yield from (leaf.text for leaf in eutils.leaves(watch["query"]))


def _instants() -> Iterator[datetime]:
    """The first morning, then each day's run, and on Mondays the digest's hour."""
    yield datetime.combine(eutils.DEMO_START, time(9, 0), ZONE)
    for day in (eutils.DEMO_START + timedelta(days=number) for number in range(1, DAYS + 1)):
        yield datetime.combine(day, MORNING, ZONE)
        if day.weekday() == 0:
            yield datetime.combine(day, DIGEST_TIME, ZONE)


def _tell(instant: datetime, done: Done, say: Callable[[str], None]) -> None:
    for run in done.runs:
        new = f"{run.new} new" if run.new else "nothing new"
        say(
            f"{instant:%a %d %b %H:%M}  {run.watch}: {run.matched} match, {new}, {run.requests} requests{f', {run.error}' if run.error else ''}"
        )
    for draft in done.drafts:
        papers = len(draft.digest.presented)
        say(
            f"{instant:%a %d %b %H:%M}  digest {draft.digest.list.name}: {papers} papers, {draft.digest.highlights} highly relevant"
        )
    for sending in done.sendings:
        to, message = f"{sending.delivery.channel} {sending.delivery.recipient}".strip(), sending.delivery.message
        part = f", part {message.part}" if message.part > 1 else ""
        say(f"{instant:%a %d %b %H:%M}  {sending.state} to {to}: {message.subject}{part}")


def _last(out: Path, mails: list[inbox.Mail], say: Callable[[str], None]) -> Path:
    last = mails[-1]
    page = out / "digest.html"
    write(page, last.part("text/html").encode())
    write(out / "digest.ris", last.part("application/x-research-info-systems").encode())
    say("\nThe last digest, as its text part reads:\n")
    say(last.part("text/plain"))
    say(f"{out / 'data' / 'feeds'} (the same as feeds, for a feed reader)")
    say(str(page))
    return page


def _configuration(
    out: Path,
    base_url: str,
    mail: inbox.MailServer,
    slack: inbox.SlackServer,
    library: Mapping[str, object] | None = None,
    page_at: str = "",
) -> Path:
    """The shipped configuration with its addresses turned to the local servers; `library` is what it says of Zotero, `page_at` where the
    page is."""
    for _ in starter.write(out):
        pass
    path = out / "config" / "watcher.yaml"
    yaml = YAML()
    document = yaml.load(path)
    document["pubmed"] = {"email": "demo@lab.example", "base_url": base_url, "api_key": "demo"}
    document["channels"] = {
        "lab-mail": {"kind": "email", "url": mail.url(), "to": ["pi@lab.example", "postdoc@lab.example"]},
        "lab-slack": {"kind": "slack", "url": slack.webhook},
    }
    for list_ in document["lists"].values():
        list_["channels"] = ["lab-mail", "lab-slack"]
    document.pop("alerts", None)
    document["runs"] = {"schedule": "daily 05:30"}
    document["feeds"] = {"folder": "data/feeds"}
    document["web"] = {"enabled": bool(page_at)} | ({"listen": page_at} if page_at else {})
    if library:
        document["zotero"] = dict(library)
    if page_at:
        document["base_url"] = f"http://{page_at}"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    (out / _MARK).write_text(json.dumps(_hashes(out)), encoding="utf-8")
    return path


@contextmanager
def _clock_file(path: Path) -> Iterator[Callable[[datetime], None]]:
    """The demo's own time, and none of the caller's settings, for the length of the block."""

    def move(instant: datetime) -> None:
        path.write_text(instant.isoformat(), encoding="utf-8")

    with _environment({clock.CLOCK_FILE: str(path)}):
        yield move


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: value for name, value in os.environ.items() if name.startswith("WATCHER_")}
    for name in before:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in [*values, *before]:
            os.environ.pop(name, None)
        os.environ.update(before)


def _cleared(out: Path, in_use: Collection[Path] = ()) -> None:
    """Make room; a folder that is not an earlier demo's, or holds anything that the demo did not write, is left alone.

    Raises:
        ConfigurationError: it is left alone, or cannot be written.
    """
    if any(Path(os.path.realpath(one)).is_relative_to(os.path.realpath(out)) for one in in_use):
        raise _left_alone(out, "the configuration or the database that you work with lies here")
    if out.exists() and not (out.is_dir() and ((out / _MARK).exists() or not any(out.iterdir()))):
        raise _left_alone(out, "this is no folder of a demo")
    if strange := _strange(out):
        raise _left_alone(out, f"{strange} is not what the demo wrote")
    with told(out):
        for name in (*_FOLDERS, "data"):
            if (out / name).exists():
                shutil.rmtree(out / name)
        for name in _FILES:
            (out / name).unlink(missing_ok=True)
        out.mkdir(parents=True, exist_ok=True)
        (out / _MARK).touch()


def _strange(out: Path) -> str | None:
    """A file in an earlier demo's folder that somebody has put there or changed."""
    if not (out / _MARK).exists():
        return None
    unknown = [path.name for path in out.iterdir() if path.name not in {*_FOLDERS, "data", *_FILES}]
    said = (out / _MARK).read_text(encoding="utf-8")
    known = json.loads(said) if said else None  # of a demo that was killed before it had written them all
    changed = [name for name, sha256 in _hashes(out).items() if known is not None and known.get(name) != sha256]
    return next(iter(unknown + changed), None)


def _hashes(out: Path) -> dict[str, str]:
    """The configuration and the seeds that a demo works with, by their paths."""
    files = (path for name in _FOLDERS for path in (out / name).rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _left_alone(out: Path, what: str) -> ConfigurationError:
    return ConfigurationError(Problem(what, "name an empty or new folder with --out", Place(out)))
