"""What searching costs and finds, over real records: pubmed21n1298.xml.gz, of the sdist that benchmarks/background.py reads.

    python benchmarks/search.py speed FILE [--papers 200000] [--data FOLDER] [--datasette PROGRAM] [--report docs/search.md]
    python benchmarks/search.py words FILE [--papers 20000] [--report docs/search.md]

`speed` stores papers of the file, puts them there again and again under other numbers until there are so many, and asks for pages of 25: by
the flow that `watcher search` and the page call, by bare SQL on the same tables (count, the page's rows, their packed records, a snippet of
FTS5's own), and by Datasette on the same file. The flow and bare SQL are asked in turn, so that what else the machine does slows both. Each is
also asked for the counts by journal, type and chip, which the page shows beside its answers. `--data` keeps the database for another time.
Without `--datasette` it is installed into a folder that is removed at the end.

`words` asks for words as people type them: ours, FTS5 with its tokenizers unicode61 and porter, and PostgreSQL's 'english', each over the
same fields of the same records. PostgreSQL is the embedded one of `make setup-postgres`.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from contest import report

from watcher.domain import Article
from watcher.flows.questions.search import Search, fill, search
from watcher.pubmed.parse import articles
from watcher.store import Store
from watcher.store.search.folding import words as folded

TIMES, TIMES_COUNTED, TIMES_BESIDE = 41, 11, 5
PAGE = 25
PORT = 8_391
AT = datetime(2026, 9, 14, 6, tzinfo=UTC)

ASKED = (
    "alpha-synuclein",
    "IL-6",
    "p53",
    '"muscle weakness"',
    "CD8+",
    "COVID-19",
    "mice",
    "cancer",
    "patients -children",
    "title:cancer mice",
)

WORDS = (
    *("IL-6", "IL6", "interleukin-6", "TNF-α", "TNF-alpha", "TNFα", "IFN-γ", "TGF-β1", "TGFbeta1", "NF-κB", "NFκB", "α-synuclein"),
    *(
        "alpha-synuclein",
        "β-catenin",
        "beta-catenin",
        "Aβ",
        "5-HT2A",
        "5-HT",
        "Ca2+",
        "Na+",
        "CD8+",
        "CD4",
        "p53",
        "TP53",
        "PD-L1",
        "HER2",
    ),
    *(
        "SARS-CoV-2",
        "COVID-19",
        "H2O2",
        "miR-21",
        "microRNA-21",
        "Sjögren",
        "Sjogren",
        "naïve",
        "μm",
        "RAS",
        "RA",
        "ALS",
        "17β-estradiol",
        "Fe3O4",
    ),
)


def main() -> None:
    """Measures what the command line says, and prints or writes the table."""
    options = argparse.ArgumentParser(description="What searching costs and finds.")
    options.add_argument("what", choices=("speed", "words"))
    options.add_argument("file", type=Path)
    options.add_argument("--papers", type=int, default=0)
    options.add_argument("--data", type=Path)
    options.add_argument("--datasette", type=Path)
    options.add_argument("--report", type=Path, default=Path("bench-out/report.md"))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = chosen.data or Path(folder)
        if chosen.what == "speed":
            told = speed(chosen.file, chosen.papers or 200_000, place, chosen.datasette or installed(Path(folder) / "venv"))
        else:
            told = found(chosen.file, chosen.papers or 20_000, place)
    print(told)
    marker = f"search-{chosen.what}"
    report.prepare(chosen.report, {marker: "What it costs" if chosen.what == "speed" else "Words beside the databases' defaults"})
    report.into(chosen.report, marker, told)


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


# --- what it costs ----------------------------------------------------------------------------------------------------------------


def speed(file: Path, papers: int, folder: Path, datasette: Path) -> str:
    """The table of what pages cost."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "watcher.db"
    with Store.open(f"sqlite:///{database}", folder=folder) as store:
        taken = stored(store, file)
        repeat(database, papers)
        sizes = (database.stat().st_size, database.with_name("watcher.db.search").stat().st_size)
        rows = []
        with closing(bare_connection(database)) as connection, serving(datasette, database) as served:
            for asked in ASKED:
                match = matching(asked)
                total = search(store, Search(words=asked)).total
                plain = fastest(TIMES, partial(search, store, Search(words=asked)), partial(bare_page, connection, match))
                counted = fastest(
                    TIMES_COUNTED,
                    partial(search, store, Search(words=asked), counts=True),
                    partial(bare_page, connection, match, counts=True),
                )
                (beside,) = fastest(TIMES_BESIDE, partial(served, match))
                rows.append((asked, total, plain, counted, beside))
                say(f"{asked}: {total:,} papers, {compared(plain)}; with counts {compared(counted)}; Datasette {beside:.1f}")
    lines = [
        f"{papers:,} papers; the database {sizes[0] / papers:,.0f} bytes a paper, the text index {sizes[1] / papers:,.0f}"
        + (f", filled at {REAL / taken:,.0f} papers a second." if taken else "."),
        f"The least of {TIMES} times; with counts of {TIMES_COUNTED}, of Datasette of {TIMES_BESIDE}.",
        "",
        "| Asked | Papers | ours, ms | bare SQL, ms | ratio | with counts: ours, ms | bare SQL, ms | ratio | Datasette, ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| `{one}` | {total:,} | {compared(plain)} | {compared(counted)} | {beside:.1f} |"
            for one, total, plain, counted, beside in rows
        ),
    ]
    return "\n".join(lines)


def stored(store: Store, file: Path) -> float:
    """Stores the file's papers and takes them into the index; the seconds that the latter took, 0 where there was nothing to do."""
    if not store.facts().articles:
        say(f"storing {REAL:,} papers")
        store.save_articles(islice(articles(file), REAL), AT)
    if not search(store, Search(limit=1)).notes:
        return 0.0
    say("indexing")
    start = time.perf_counter()
    fill(store)
    return time.perf_counter() - start


def repeat(database: Path, papers: int) -> None:
    """Puts the papers there again and again under other numbers, until there are so many, in the database and in its index alike."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS search", (f"{database}.search",))
        (there,) = connection.execute("SELECT count(*) FROM article").fetchone()
        for turn in range(round(there / REAL), papers // REAL):
            say(f"{turn * REAL:,} papers")
            numbers = {"works": turn * WORKS, "records": turn * RECORDS, "last": WORKS, "records_of_file": RECORDS}
            connection.execute("BEGIN")
            for statement in _COPIES:
                connection.execute(statement, numbers)
            connection.execute("COMMIT")


REAL = 10_000
WORKS, RECORDS = 1_000_000, 40_000_000
"""What is added to the numbers of works and records in each turn."""

_ARTICLES = """INSERT INTO article SELECT record_id + :records, work_id + :works, version, NULL, NULL, title, body, crdt, edat, mhda, lr,
pub_status, is_notice, has_abstract, has_headings, content_sha256, fetched_at, NULL, NULL, NULL, NULL FROM article WHERE work_id < :last"""
_TEXTS = """INSERT INTO search_text (rowid, title, author, journal, other) SELECT rowid + :works, title, author, journal, other FROM search_text
WHERE rowid IN (SELECT key FROM search_paper WHERE work_id < :last)"""
_COPIES = (
    _ARTICLES,
    "INSERT INTO search_change SELECT work_id + :works, 0 FROM search_change WHERE work_id < :last",
    _TEXTS,
    "INSERT INTO search_record SELECT record_id + :records, key + :works FROM search_record WHERE record_id < :records_of_file",
    "INSERT INTO search_tag SELECT value_id, key + :works FROM search_tag WHERE key IN (SELECT key FROM search_paper WHERE work_id < :last)",
    "INSERT INTO search_paper SELECT key + :works, work_id + :works, record_id + :records FROM search_paper WHERE work_id < :last",
)


def fastest(times: int, *works: Callable[[], object]) -> list[float]:
    """Milliseconds of each, asked in turn: the least of so many times, which other programs have delayed least."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, some in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            some.append((time.perf_counter() - start) * 1_000)
    return list(map(min, taken))


def compared(pair: Sequence[float]) -> str:
    """Ours, bare SQL's, and how many times as long ours takes."""
    ours, bare = pair
    return f"{ours:.1f} | {bare:.1f} | {ours / bare:.1f}"


def matching(asked: str) -> str:
    """The question in FTS5's own words, as somebody would write it by hand."""
    by_hand = {
        '"muscle weakness"': '"muscle weakness"',
        "patients -children": '"patients" NOT "children"',
        "title:cancer mice": '{title} : "cancer" AND "mice"',
    }
    return by_hand.get(asked) or f'"{" ".join(folded(asked))}"'


def bare_connection(database: Path) -> sqlite3.Connection:
    """Both files in one connection."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.execute("ATTACH ? AS search", (f"{database}.search",))
    return connection


_BARE_COUNTS = """WITH counted AS (SELECT search_tag.value_id, count(*) AS papers FROM search_text
JOIN search_tag ON search_tag.key = search_text.rowid WHERE search_text MATCH ? GROUP BY search_tag.value_id)
SELECT kind, value, papers FROM counted JOIN search_value ON search_value.id = counted.value_id WHERE kind IN ('journal', 'type', 'chip')"""


def bare_page(connection: sqlite3.Connection, match: str, *, counts: bool = False) -> list[tuple[str, str, object]]:
    """A page by SQL alone: how many, the newest 25 with their records, and FTS5's snippets of them; with `counts` also how many of the papers
    each journal, type and chip has."""
    connection.execute("SELECT count(*) FROM search_text WHERE search_text MATCH ?", (match,)).fetchone()
    if counts:
        connection.execute(_BARE_COUNTS, (match,)).fetchall()
    rows = connection.execute(
        "SELECT article.title, article.body, snippet(search_text, -1, '[', ']', '…', 30) FROM search_text "
        "JOIN search_paper ON search_paper.key = search_text.rowid JOIN article ON article.record_id = search_paper.record_id "
        "WHERE search_text MATCH ? ORDER BY search_text.rowid DESC LIMIT ?",
        (match, PAGE),
    )
    return [(title, shown, json.loads(zlib.decompress(body))) for title, body, shown in rows]


def installed(folder: Path) -> Path:
    """Datasette in an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)  # noqa: S603 - our own interpreter
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "datasette"], check=True)  # noqa: S603 - as above
    return folder / "bin" / "datasette"


@contextmanager
def serving(datasette: Path, database: Path) -> Iterator[Callable[[str], bytes]]:
    """Datasette over the text index; a call asks for a page of it."""
    command = [str(datasette), "serve", f"{database}.search", "--port", str(PORT), "--setting", "sql_time_limit_ms", "60000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - what was named

    def asked(match: str) -> bytes:
        query = urllib.parse.urlencode({"_search": match, "_searchmode": "raw", "_size": PAGE, "_sort_desc": "rowid"})
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/watcher~2Edb/search_text.json?{query}", timeout=120) as answer:
            return bytes(answer.read())

    try:
        wait_for(lambda: urllib.request.urlopen(f"http://127.0.0.1:{PORT}/-/versions.json", timeout=5).read())
        yield asked
    finally:
        process.terminate()
        process.wait()


def wait_for(work: Callable[[], object]) -> None:
    """Until it works, for half a minute."""
    for _ in range(60):
        try:
            work()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TimeoutError("Datasette does not answer")


# --- what it finds ----------------------------------------------------------------------------------------------------------------


def found(file: Path, papers: int, folder: Path) -> str:
    """The table of what words find."""
    folder.mkdir(parents=True, exist_ok=True)
    some = list(islice(articles(file), papers))
    with Store.open(f"sqlite:///{folder}/watcher.db", folder=folder) as store:
        store.save_articles(some, AT)
        fill(store)
        ours = [search(store, Search(words=word)).total for word in WORDS]
    plain = [of_fts5(some, tokenizer) for tokenizer in ("unicode61", "porter unicode61")]
    english = of_postgresql(some)
    lines = [
        _HOW.format(papers=len(some)),
        "",
        "| Typed | ours | FTS5 unicode61 | FTS5 porter | PostgreSQL 'english' |",
        "|---|---:|---:|---:|---:|",
    ]
    for place, word in enumerate(WORDS):
        others = [counts[place] for counts in (*plain, english)]
        lines.append(f"| `{word}` | {ours[place]:,} | " + " | ".join(_told(one, ours[place]) for one in others) + " |")
    return "\n".join(lines)


_HOW = """{papers:,} records of June 2021; how many papers each finds. FTS5 is given the word as a phrase, since `IL-6` alone is an error in its
language; PostgreSQL by `plainto_tsquery`. Bold: what differs from ours."""


def _told(number: int, ours: int) -> str:
    return f"{number:,}" if number == ours else f"**{number:,}**"


def text_of(article: Article) -> str:
    """The fields that ours searches, as they are."""
    names = [text for one in (*article.authors, *article.editors) for text in (one.display, f"{one.fore_name} {one.last_name}")]
    others = [one.text for one in article.other_abstracts]
    headings = [one.name for one in article.headings]
    journal = (article.journal.title, article.journal.abbreviation)
    parts = (
        article.title,
        article.vernacular_title,
        article.abstract,
        *others,
        *names,
        *journal,
        *headings,
        *article.supplementary,
    )
    return "\n".join((*parts, *article.substances, *article.keywords))


def of_fts5(some: Sequence[Article], tokenizer: str) -> list[int]:
    """What FTS5 finds with a tokenizer of its own."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = '{tokenizer}')")
        connection.executemany("INSERT INTO texts VALUES (?)", ((text_of(one),) for one in some))
        asked = "SELECT count(*) FROM texts WHERE texts MATCH ?"
        return [connection.execute(asked, (f'"{word}"',)).fetchone()[0] for word in WORDS]


def of_postgresql(some: Sequence[Article]) -> list[int]:
    """What PostgreSQL finds with its configuration for English."""
    import sqlalchemy as sa  # noqa: PLC0415

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support import postgres_server  # noqa: PLC0415 - the tests' own server

    with postgres_server.server() as running:
        engine = sa.create_engine(sa.make_url(running()).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE texts (words TSVECTOR)")
            insert = sa.text("INSERT INTO texts VALUES (to_tsvector('english', :text))")
            for start in range(0, len(some), 1_000):
                connection.execute(insert, [{"text": text_of(one)} for one in some[start : start + 1_000]])
            asked = sa.text("SELECT count(*) FROM texts WHERE words @@ plainto_tsquery('english', :word)")
            counts = [int(connection.execute(asked, {"word": word}).scalar_one()) for word in WORDS]
        engine.dispose()
    return counts


if __name__ == "__main__":
    main()
