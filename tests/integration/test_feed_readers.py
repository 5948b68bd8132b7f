"""What feed readers make of a feed: every entry, with its id, title, link, date, author and content.

feedparser is always there; Debian's newsboat and rss2email, and npm's rss-parser and feed-extractor, are asked where they are installed, as
`.ci/run` does. Each reads a feed of a digest with all that digests can hold, of a run and of corrections.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import feedparser
import pytest
from support import digest_samples as samples
from support.digest_samples import paper

from standins.inbox import MailServer
from watcher.digest.entries import Match, of_corrected, of_digest, of_run
from watcher.domain import Corrected, Correction, CorrectionKind, Entered, Feed, FeedEntry, Reasons, Scored, pubmed_id
from watcher.feeds import FeedForm, is_current, written

AT = datetime(2026, 9, 21, 6, 0, 12, tzinfo=UTC)
NODE = Path(__file__).parents[1] / "readers"
PACKAGES = {"rss-parser": "3.13.0", "@extractus/feed-extractor": "8.0.3"}
NPM_SECONDS = 60


def entries() -> list[FeedEntry]:
    """What a digest, a run and corrections give, with titles that are hard on readers."""
    retraction = Correction(pubmed_id(99_000_077), CorrectionKind.RETRACTION, pubmed_id(90), citation="Sample J. 2026;1:2")
    hard = [
        paper(77, "Ca2+ & <agrin>: a “sample”", title_markup="Ca<sup>2+</sup> &amp; &lt;agrin&gt;: a “sample”"),
        paper(78, "Größe und Schlaf – 睡眠 α-synuclein", abstract="In conclusion, 5 < 6 & 7 > 6."),
        paper(
            79,
            "&lt;b&gt;not bold&lt;/b&gt; &amp;amp; [brackets]",
            title_markup="&amp;lt;b&amp;gt;not bold&amp;lt;/b&amp;gt; &amp;amp;amp; [brackets]",
        ),
    ]
    found = [Match(one, Scored(one.record_id, 70, Reasons())) for one in hard]
    corrected = Corrected(pubmed_id(99_000_077), "", AT, (retraction,), hard[0])
    return [*of_corrected([corrected]), *of_run(samples.NMJ, found, AT), *of_digest(samples.full())]


def feed() -> Feed:
    """They with ids and dates, an hour apart."""
    entered = tuple(
        Entered(f"urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-{number:012}", AT - timedelta(hours=number), entry)
        for number, entry in enumerate(entries())
    )
    return Feed("urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-3a5a7f1f0001", "NMJ & weekly", "What digests presented.", AT, entered)


@dataclass(frozen=True)
class Read:
    """An entry as a reader has it."""

    id: str
    title: str
    url: str
    at: datetime
    authors: str
    content: str


def expected(of: Feed) -> list[Read]:
    return [Read(one.id, one.entry.title, one.entry.url, one.at, one.entry.authors, _folded(one.entry.html)) for one in of.entries]


def _folded(text: str) -> str:
    return " ".join(text.split())


@dataclass
class Server:
    """Serves the two forms of a feed, with ETags. `asked`: the status of each answer."""

    feed: Feed
    asked: list[int]
    address: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(feed(), [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            form = FeedForm(self.path.rpartition(".")[2])
            document = written(one.feed, form)
            known = is_current(self.headers["If-None-Match"], document.etag)
            one.asked.append(304 if known else 200)
            self.send_response(one.asked[-1])
            self.send_header("ETag", document.etag)
            self.send_header("Content-Type", document.content_type)
            content = b"" if known else document.content
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        one.address = f"http://127.0.0.1:{http.server_port}/feeds/lists/weekly"
        yield one
        http.shutdown()


def ran(words: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - of subprocess
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60, **more)  # noqa: S603 - the test's own


# --- Python ------------------------------------------------------------------------------------------------------------------------


def test_feedparser_reads_every_entry_whole() -> None:
    of = feed()

    found = feedparser.parse(written(of, FeedForm.ATOM).content, sanitize_html=False)

    assert not found.bozo, found.get("bozo_exception")
    assert (found.version, found.feed.id, found.feed.title) == ("atom10", of.id, of.title)
    assert {one.title_detail.type for one in found.entries} == {"text/plain"}
    assert [
        Read(
            one.id,
            one.title,
            one.link,
            datetime.fromtimestamp(timegm(one.updated_parsed), UTC),
            one.get("author", "") if one.get("author") != "watcher" else "",
            _folded(one.content[0].value),
        )
        for one in found.entries
    ] == expected(of)
    assert [one.get("published") for one in found.entries] == [one.get("updated") for one in found.entries]


def test_what_feedparser_takes_out_as_dangerous_is_nothing() -> None:
    found = feedparser.parse(written(feed(), FeedForm.ATOM).content)

    plain = [_folded(one.entry.html).replace("<bdi>", "").replace("</bdi>", "") for one in feed().entries]
    assert [_folded(one.content[0].value).replace("<bdi>", "").replace("</bdi>", "") for one in found.entries] == plain


# --- Debian's readers --------------------------------------------------------------------------------------------------------------


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{package} is not installed: apt-get install {package}")
    return found


def newsboat(folder: Path, address: str) -> list[Read]:
    """What newsboat keeps of a feed after it has asked for it."""
    (folder / "urls").write_text(f"{address}\n")
    (folder / "config").write_text("cleanup-on-quit no\n")
    files = ["-u", str(folder / "urls"), "-c", str(folder / "cache.db"), "-C", str(folder / "config")]
    ran([program("newsboat", "newsboat"), *files, "-x", "reload"], env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"})
    wanted = "SELECT guid, title, url, pubDate, author, content FROM rss_item ORDER BY pubDate DESC"
    with closing(sqlite3.connect(folder / "cache.db")) as cache:
        rows = cache.execute(wanted).fetchall()
    return [
        Read(guid, title, url, datetime.fromtimestamp(at, UTC), by, _folded(content)) for guid, title, url, at, by, content in rows
    ]


def test_newsboat_reads_every_entry_whole_and_none_twice(server: Server, tmp_path: Path) -> None:
    found = newsboat(tmp_path, f"{server.address}.atom")
    again = newsboat(tmp_path, f"{server.address}.atom")

    assert [replace(one, authors="") for one in found] == [replace(one, authors="") for one in expected(server.feed)]
    assert {one.authors for one in found} >= {one.authors for one in expected(server.feed) if one.authors}
    assert again == found


def test_newsboat_has_a_revised_feed_under_the_same_ids(server: Server, tmp_path: Path) -> None:
    newsboat(tmp_path, f"{server.address}.atom")
    late = Entered(
        "urn:uuid:5f0c7b0e-6f3f-4c53-9d0a-999999999999", AT + timedelta(days=7), replace(entries()[0], title="Retracted: later")
    )
    server.feed = replace(server.feed, entries=(late, *server.feed.entries), updated_at=late.at)

    found = newsboat(tmp_path, f"{server.address}.atom")

    assert [one.id for one in found] == [one.id for one in server.feed.entries]


def test_rss2email_sends_each_entry_once_and_takes_304(server: Server, tmp_path: Path) -> None:
    r2e = [program("r2e", "rss2email"), "-c", str(tmp_path / "config"), "-d", str(tmp_path / "data.json")]
    own = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    ran([*r2e, "new", "reader@uni-sample.de"], env=own)
    with MailServer() as mail:
        told = {"email-protocol": "smtp", "smtp-server": "127.0.0.1", "smtp-port": str(mail.port), "html-mail": "True"}
        _set(tmp_path / "config", {**told, "from": "feeds@uni-sample.de", "use-8bit": "True"})
        ran([*r2e, "add", "weekly", f"{server.address}.atom"], env=own)
        ran([*r2e, "run"], env=own)
        ran([*r2e, "run"], env=own)
        mails = mail.mails

    found = sorted(" ".join(str(one.message["Subject"]).split()) for one in mails)
    assert found == sorted(" ".join(one.entry.title.split()) for one in server.feed.entries)
    assert all("https://pubmed.ncbi.nlm.nih.gov/" in one.part("text/html") for one in mails)
    assert server.asked == [200, 304]


def _set(config: Path, values: Mapping[str, str]) -> None:
    """Write keys of rss2email's configuration, one line each."""
    known = config.read_text().splitlines()
    kept = [line for line in known if line.partition("=")[0].strip() not in values]
    at = kept.index("[DEFAULT]") + 1
    config.write_text("\n".join([*kept[:at], *(f"{key} = {value}" for key, value in values.items()), *kept[at:]]) + "\n")


# --- npm's readers -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, str], list[Read]]:
    """Asks a reader of npm's for a feed: a package, the form's ending, and the document or its address."""
    node, installer = shutil.which("node"), shutil.which("npm")
    if node is None or installer is None:
        pytest.skip("no Node with npm, which rss-parser and feed-extractor run on")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    words = [installer, "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=NPM_SECONDS)  # noqa: S603 - pinned
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm's registry did not hand {' and '.join(PACKAGES)} over within {NPM_SECONDS} s")
    if done.returncode != 0:
        pytest.skip(f"npm could not install {' and '.join(wanted)}: {done.stderr[-300:]}")

    def read(package: str, form: str, address: str) -> list[Read]:
        said = ran([node, str(NODE / "feeds.mjs"), package, form, address], cwd=folder).stdout
        return [
            Read(**{**one, "at": datetime.fromisoformat(one["at"]), "content": _folded(one["content"])}) for one in json.loads(said)
        ]

    return read


def test_rss_parser_reads_every_entry_whole(server: Server, npm: Callable[[str, str, str], list[Read]]) -> None:
    assert npm("rss-parser", "atom", f"{server.address}.atom") == expected(server.feed)


@pytest.mark.parametrize("form", list(FeedForm))
def test_feed_extractor_reads_every_entry_whole(server: Server, npm: Callable[[str, str, str], list[Read]], form: FeedForm) -> None:
    """Of Atom it resolves entities in a title twice, so that text which looks like one is shown as what it would stand for."""
    found = npm("@extractus/feed-extractor", form.value, f"{server.address}.{form}")

    again = html.unescape if form is FeedForm.ATOM else str
    assert found == [replace(one, title=again(one.title)) for one in expected(server.feed)]
