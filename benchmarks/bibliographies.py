"""What the readers of bibliographies make of exports: each field beside the record's own, and what LaTeX prints.

    python benchmarks/bibliographies.py RECORDS.xml.gz [--half even] [--records 1000] [--against COMMIT] [--zotero TRANSLATORS]

Each reader is installed once, pinned, into FOLDER (npm and PyPI; `pdflatex`, `bibtex`, `pdftotext` and `ris2xml` are the machine's:
Debian's texlive-latex-base, poppler-utils and bibutils; without them their rows are missing, and it is said). A piece of work that is done
is not done again; no piece is begun after `--seconds`. `--half`: the records of even or odd PMID, so that what is tuned on one half is told
of the other. `--against`: another commit of this repository, whose exports are read beside. `--zotero`: a checkout of Zotero's translators.

Compared is text without markup, after NFKC, with white space folded and curled quotes straight, since TeX and pandoc curl them; pages
with a hyphen, the last in full. A name is family, given, suffix; a collective is one name. In a PDF, white space and hyphens are left out too.
A title that differs is counted under the first cause that explains it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from delivering import checked_out

from watcher.domain import Article, Author
from watcher.export import FORMATS
from watcher.export.fields import abstract_of, date_of, page_range
from watcher.export.keys import Keys
from watcher.pubmed import parse

NPM = (
    "@retorquere/bibtex-parser@9.0.29", "@citation-js/core@0.9.0", "@citation-js/plugin-bibtex@0.9.0", "@citation-js/plugin-ris@0.8.2",
    "biblatex-csl-converter@3.6.0", "@iebh/reflib@2.3.6",
)  # fmt: skip
PYPI = ("pypandoc_binary==1.17", "pybtex==0.26.1", "rispy==0.10.0", "biopython==1.88", "nbib==0.3.2")
READERS = {
    "bib": ("retorquere.mjs", "citation.mjs", "converter.mjs", "pandoc.py", "pybtex_fields.py", "pdflatex"),
    "ris": ("citation.mjs", "converter.mjs", "reflib.mjs", "bibutils.py", "pandoc.py", "rispy_fields.py"),
    "nbib": ("medline.py", "nbib_fields.py", "converter.mjs", "reflib.mjs"),
    "csl-json": ("citation.mjs", "pandoc.py", "converter.mjs"),
}
PROGRAMS = {"pdflatex": ("pdflatex", "bibtex", "pdftotext"), "bibutils.py": ("ris2xml",)}
"""What must be on the machine for a reader."""
CALLED = {
    "retorquere.mjs": "@retorquere/bibtex-parser", "citation.mjs": "@citation-js", "converter.mjs": "biblatex-csl-converter",
    "pandoc.py": "pandoc", "pybtex_fields.py": "pybtex", "pdflatex": "pdflatex, plain.bst", "rispy_fields.py": "rispy",
    "medline.py": "Bio.Medline", "nbib_fields.py": "nbib", "reflib.mjs": "@iebh/reflib", "bibutils.py": "bibutils",
    "zotero.mjs": "Zotero's own",
}  # fmt: skip
PIECE = 250
FIELDS = ("title", "authors", "doi", "pmid", "abstract", "container", "year", "volume", "pages")
SHOWN = 5
"""So many of them have columns of their own."""
Row = dict[str, Any]


# --- the ways of writing ---------------------------------------------------------------------------------------------------------

SUBSCRIPTS = dict(zip("0123456789+-=()aeox", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓ", strict=True))
SUPERSCRIPTS = dict(zip("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))


def _greek(text: str) -> str:
    def command(letter: re.Match[str]) -> str:
        name = unicodedata.name(letter[0]).split()[-1].lower().replace("lamda", "lambda")
        return f"$\\{name if letter[0].islower() else name.capitalize()}$"

    return re.sub("[α-μν-ξπ-ρσ-ωΓΔΘΛΞΠΣΦΨΩ]", command, text)


_SCRIPT = re.compile(r"\$([_^])\{\\textrm\{([^{}]*)\}\}\$|\\text(sub|super)script\{\{([^{}\\$]*)\}\}")
"""A script of one run of text in either way that the export has; what holds markup of its own stays."""


def _scripts(write: Callable[[str, str], str]) -> Callable[[str], str]:
    """All scripts in one way, which is given "_" or "^" and the text."""
    signs = {"sub": "_", "super": "^"}
    return lambda text: _SCRIPT.sub(lambda one: write(one[1] or signs[one[3]], one[2] or one[4]), text)


def _command(sign: str, content: str) -> str:
    return f"\\text{'sub' if sign == '_' else 'super'}script{{{{{content}}}}}"


def _signs(sign: str, content: str) -> str:
    table = SUBSCRIPTS if sign == "_" else SUPERSCRIPTS
    known = all(letter in table for letter in content)
    return "".join(table[letter] for letter in content) if known else _command(sign, content)


VARIANTS: dict[str, Callable[[str], str]] = {
    "as written": lambda text: text,
    "Greek as $\\alpha$": _greek,
    "₂ and ² as signs": _scripts(_signs),
    "scripts as $_{2}$": _scripts(lambda sign, content: f"${sign}{{{content}}}$"),
    "scripts as $_{\\textrm{2}}$": _scripts(lambda sign, content: f"${sign}{{\\textrm{{{content}}}}}$"),
    "scripts as \\textsubscript{2}": _scripts(_command),
    "< and > bare": lambda text: text.replace("$<$", "<").replace("$>$", ">"),
    "without @preamble": lambda text: text,
}


# --- installing ------------------------------------------------------------------------------------------------------------------


def install(folder: Path) -> None:
    """The pinned readers, once."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules").exists():
        # plugin-ris asks for the core before; it runs with this one
        command = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--legacy-peer-deps",
            "--prefix",
            str(folder),
            *NPM,
        ]
        subprocess.run(command, check=True)  # noqa: S603
    if not (folder / "venv").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)  # noqa: S603
        subprocess.run([str(folder / "venv/bin/pip"), "install", "--quiet", *PYPI], check=True)  # noqa: S603
    for script in (Path(__file__).parent / "readers").iterdir():
        if script.is_file():
            shutil.copy(script, folder)


# --- reading ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """Where the readers are, and until when they may begin."""

    folder: Path
    ends: float
    zotero: Path | None

    def read(self, reader: str, text: str, articles: Sequence[Article], ending: str) -> list[Row] | None:
        """What a reader makes of a text, from an earlier run if it read the same; None when time is over."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        kept = self.folder / "read" / f"{reader}-{digest}.json"
        if not kept.exists():
            if time.monotonic() > self.ends:
                return None
            kept.parent.mkdir(exist_ok=True)
            rows = self._latex(text, articles) if reader == "pdflatex" else self._rows(reader, text, ending)
            kept.write_text(json.dumps(rows, ensure_ascii=False))
        return cast("list[Row]", json.loads(kept.read_text()))

    def _rows(self, reader: str, text: str, ending: str) -> list[Row]:
        file = self.folder / f"piece.{ending}"
        file.write_text(text, encoding="utf-8", newline="")
        program = ["node"] if reader.endswith(".mjs") else [str(self.folder / "venv/bin/python")]
        environment = dict(os.environ) | {"ZOTERO": str(self.zotero or "")}
        command = [*program, str(self.folder / reader), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        if done.returncode:
            return [{"error": f"stopped: {(done.stderr.strip().splitlines() or ['(says nothing)'])[-1]}"}]
        return [json.loads(line) for line in done.stdout.splitlines()] + [{"error": one} for one in done.stderr.splitlines()]

    def _latex(self, text: str, articles: Sequence[Article]) -> list[Row]:
        """Whether each title is in the PDF, and what LaTeX stops at; the article class alone, no package."""
        folder = self.folder / "latex"
        folder.mkdir(exist_ok=True)
        (folder / "piece.bib").write_text(text, encoding="utf-8")
        body = r"\nocite{*}\bibliographystyle{plain}\bibliography{piece}"
        (folder / "paper.tex").write_text(rf"\documentclass{{article}}\pagestyle{{empty}}\begin{{document}}{body}\end{{document}}")
        latex = ["pdflatex", "-interaction=nonstopmode", "paper"]
        for command in (latex, ["bibtex", "paper"], latex):
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603
        log = done.stdout.decode("utf-8", "replace")
        subprocess.run(["pdftotext", "-raw", "paper.pdf", "paper.txt"], cwd=folder, check=True)  # noqa: S607
        printed = solid((folder / "paper.txt").read_text(encoding="utf-8"))
        rows = [
            {"key": key, "title": one.display_title if solid(one.display_title) in printed else "(not found)"}
            for key, one in zip(keys_of(articles), articles, strict=True)
        ]
        return rows + [{"error": one} for one in re.findall(r"^! .*", log, re.MULTILINE)]


def keys_of(articles: Sequence[Article]) -> list[str]:
    """Their citation keys."""
    keys = Keys()
    return [keys.of(one) for one in articles]


# --- comparing -------------------------------------------------------------------------------------------------------------------

QUOTES = str.maketrans("‘’‚‛`´′“”„‟″", "'''''''\"\"\"\"\"")


def folded(text: object) -> str:
    """A text as it is compared."""
    bare = re.sub(r"</?(?:i|b|em|strong|sub|sup|span)\b[^<>]*>", "", str(text or ""))
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).translate(QUOTES)).replace('"', "''").split())


def solid(text: str) -> str:
    """The same for a page, which breaks lines and words."""
    return re.sub(r"[\s\-‐-―−_]", "", folded(text))  # an underscore is drawn, not set


def wanted(article: Article) -> Row:
    """What a reader should give."""
    return {
        "title": article.display_title,
        "authors": [person(one) for one in article.authors],
        "container": article.journal.title or article.journal.abbreviation,
        "year": date_of(article).year or "",
        "volume": article.volume,
        "pages": "-".join(page for page in page_range(article.pages) if page),
        "doi": article.doi,
        "pmid": str(article.pmid),
        "abstract": abstract_of(article),
    }


def person(author: Author) -> Row:
    """A name as readers give it."""
    if author.collective:
        return {"literal": author.collective}
    return {"family": author.last_name, "given": author.fore_name or author.initials, "suffix": author.suffix}


def name(person: Row) -> str:
    """A name as it is compared; what has one part is the same as a collective, and a suffix may stand behind the given name, where PubMed
    has it."""
    given = " ".join(part for part in (person.get("given"), person.get("suffix")) if part).replace(",", "")
    return "|".join(folded(part) for part in (person.get("literal"), person.get("family"), given) if part)


def same(field: str, want: Any, got: Any) -> bool:  # noqa: ANN401 - each field has its own type
    """Whether a reader gives what the record has."""
    if field == "authors":
        return [name(one) for one in want] == [name(one) for one in got or []]
    if field == "pages":
        return _in_full(want) == _in_full(got)
    if field == "doi":
        return folded(want).casefold() == folded(got).casefold()
    return folded(want) == folded(got)


def _in_full(pages: object) -> str:
    """Pages with a hyphen, the last in full."""
    return "-".join(page for page in page_range(re.sub("[-‐-―]+", "-", folded(pages))) if page)


def cause(want: str, got: object) -> str:
    """Why a title differs."""
    read, meant = folded(got), folded(want)
    if got is None:
        return "entry or title lost"
    if read.casefold() == meant.casefold():
        return "capitals changed"
    if re.sub("'+", "'", read) == re.sub("'+", "'", meant):
        return "quotes as the locale has them"
    if read == re.sub("[{}]", "", meant):
        return "braces dropped"
    if "\\" in read or "$" in read:
        return "LaTeX handed on"
    if read == "(not found)":
        return "not in the PDF"
    return "other"


def told_of(articles: Sequence[Article], rows: Sequence[Row]) -> list[Row]:
    """What a reader tells of each record: by its key or PMID; where it keeps neither and gives as many as there are, by order."""
    read = [row for row in rows if "error" not in row]
    by_key = {row.get("key"): row for row in read}
    found = [by_key.get(key) or by_key.get(str(one.pmid)) for key, one in zip(keys_of(articles), articles, strict=True)]
    return read if not any(found) and len(read) == len(articles) else [one or {} for one in found]


@dataclass
class Tally:
    """What one reader made of one way of writing."""

    records: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, articles: Sequence[Article], rows: Sequence[Row], fields: Sequence[str]) -> None:
        """Count a piece."""
        self.errors.update(row["error"][:120] for row in rows if "error" in row)
        for article, got in zip(articles, told_of(articles, rows), strict=True):
            want = wanted(article)
            self.records += 1
            for one in fields:
                if not same(one, want[one], got.get(one)):
                    self.wrong[one] += 1
                    self._explain(one, want[one], got.get(one))

    def _explain(self, part: str, want: Any, got: Any) -> None:  # noqa: ANN401 - each field has its own type
        if part == "title":
            part = cause(want, got)
            self.causes[part] += 1
        if part == "authors":
            pairs = zip_longest([name(one) for one in want], [name(one) for one in got or []])
            want, got = next(pair for pair in pairs if pair[0] != pair[1])
        elif part == "abstract":
            want, got = folded(want), folded(got)
            start = next((at for at, (one, other) in enumerate(zip_longest(want, got)) if one != other), 0)
            start = max(start - 30, 0)
            want, got = want[start : start + 90], got[start : start + 90]
        self.examples.setdefault(part, (str(want)[:250], str(got)[:250]))


# --- the runs --------------------------------------------------------------------------------------------------------------------


def pieces(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    """The records, so many at once."""
    return (articles[start : start + PIECE] for start in range(0, len(articles), PIECE))


def exported(format_: str, articles: Sequence[Article], variant: str) -> str:
    """The records in a format, written in one of the ways."""
    text = FORMATS[format_](articles)
    if format_ != "bib":
        return text
    start = re.search(r"^@(?!preamble)", text, re.MULTILINE)
    at = start.start() if start else 0
    head = "" if variant == "without @preamble" else text[:at]
    return head + VARIANTS[variant](text[at:])


def affected(articles: Sequence[Article], variant: str) -> Sequence[Article]:
    """The records whose title a way of writing changes: the rest reads the same."""
    if variant in ("as written", "without @preamble"):
        return articles

    def title(article: Article, way: str) -> str:
        found = re.search(r"^\ttitle = .*", exported("bib", [article], way), re.MULTILINE)
        return found[0] if found else ""

    return [one for one in articles if title(one, variant) != title(one, "as written")]


BEFORE = """
import sys
from pathlib import Path
from watcher.export import FORMATS
from watcher.pubmed import parse

asked = set(sys.stdin.read().split())
sys.stdout.write(FORMATS["bib"]([one for one in parse.articles(Path(sys.argv[1])) if f"{one.pmid}.{one.version}" in asked]))
"""


def before(commit: str, articles: Sequence[Article], source: Path) -> str:
    """The same records as BibTeX of another commit."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | {"PYTHONPATH": str(checked_out(commit, Path(folder)))}
        asked = " ".join(f"{one.pmid}.{one.version}" for one in articles)
        command = [sys.executable, "-c", BEFORE, str(source.resolve())]
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, env=environment, cwd=folder)  # noqa: S603
    return done.stdout


def tally(bench: Bench, format_: str, reader: str, articles: Sequence[Article], variant: str) -> Tally:
    """All pieces of one cell of the table, as far as time allows."""
    found = Tally()
    for piece in pieces(articles):
        rows = bench.read(reader, exported(format_, piece, variant), piece, "json" if format_ == "csl-json" else format_)
        if rows is None:
            break
        found.add(piece, rows, told_by(reader))
    return found


def row(label: str, reader: str, found: Tally) -> str:
    """One line of the table, in Markdown."""
    share = [f"{found.wrong[field]} ({found.wrong[field] / max(found.records, 1):.1%})" for field in FIELDS[:SHOWN]]
    rest = ", ".join(f"{field} {found.wrong[field]}" for field in FIELDS[SHOWN:] if found.wrong[field])
    causes = [f"{why} {count}" for why, count in found.causes.most_common()]
    if found.errors or reader == "pdflatex":
        causes.insert(0, f"{found.errors.total()} errors")
    if reader == "pdflatex":
        share[1:] = [""] * (SHOWN - 1)
    return f"| {label} | {CALLED[reader]} | {found.records:,} | {' | '.join(share)} | {rest} | {'; '.join(causes)} |"


HEAD = "| written | reader | records | titles wrong | authors | DOI | PMID | abstracts | others | causes |\n" + "|---" * 10 + "|"


def main() -> None:
    """Reads the command line, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("bench-out/bibliographies"))
    parser.add_argument("--half", choices=("even", "odd"))
    parser.add_argument("--records", type=int, default=0, help="at most so many, spread over the file")
    parser.add_argument("--formats", nargs="*", default=list(READERS))
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--readers", nargs="*")
    parser.add_argument("--against", metavar="COMMIT", help="BibTeX of another commit, in the same table")
    parser.add_argument("--zotero", type=Path)
    parser.add_argument("--seconds", type=float, default=500)
    parser.add_argument("--examples", action="store_true")
    asked = parser.parse_args()
    bench = Bench(asked.folder, time.monotonic() + asked.seconds, asked.zotero)
    install(asked.folder)
    run(bench, asked, sampled(asked))


def sampled(asked: argparse.Namespace) -> list[Article]:
    """The records that are asked for."""
    kept = [one for one in parse.articles(asked.source) if asked.half is None or one.record_id.id % 2 == (asked.half == "odd")]
    step = max(1, -(-len(kept) // asked.records)) if asked.records else 1
    return kept[::step]


def run(bench: Bench, asked: argparse.Namespace, articles: Sequence[Article]) -> None:
    """The tables, and how long the writing takes."""
    for format_, write in FORMATS.items():
        begun = time.process_time()
        write(articles)
        print(f"{format_}: {len(articles):,} records written in {time.process_time() - begun:.1f} s")
    print(HEAD)
    for format_ in asked.formats:
        for variant in asked.variants if format_ == "bib" else ("as written",):
            chosen = affected(articles, variant) if format_ == "bib" else articles
            ways = [variant] if len(chosen) == len(articles) else ["as written", variant]
            for reader in readers(asked, format_):
                for way in ways:
                    show(f"{format_}, {way}", reader, tally(bench, format_, reader, chosen, way), examples=asked.examples)
    if asked.against:
        against(bench, asked, articles)


def readers(asked: argparse.Namespace, format_: str) -> list[str]:
    """The readers of a format that are asked for."""
    known = [*READERS[format_], *(["zotero.mjs"] if asked.zotero and format_ != "csl-json" else [])]
    return [one for one in known if (not asked.readers or one.partition(".")[0] in asked.readers) and is_here(one)]


def is_here(reader: str) -> bool:
    """Whether the machine has what a reader needs; what it lacks is said."""
    missing = [program for program in PROGRAMS.get(reader, ()) if shutil.which(program) is None]
    if missing:
        print(f"{CALLED[reader]} is left out: {', '.join(missing)} not found", file=sys.stderr)
    return not missing


def against(bench: Bench, asked: argparse.Namespace, articles: Sequence[Article]) -> None:
    """The BibTeX of another commit, in the same table."""
    text = before(asked.against, articles, asked.source)
    entries = re.findall(r"^@\w+\{.*?^\}\n", text, re.MULTILINE | re.DOTALL)
    by_pmid = {int(pmid[1]): one for one in entries if (pmid := re.search(r"pmid = \{(\d+)\}", one))}
    for reader in readers(asked, "bib"):
        found = Tally()
        for piece in pieces(articles):
            own = [by_pmid[one.record_id.id] for one in piece]
            keys = {one.partition("{")[2].partition(",")[0]: key for one, key in zip(own, keys_of(piece), strict=True)}
            rows = bench.read(reader, "\n".join(own), piece, "bib")
            if rows is None:
                break
            found.add(
                piece, [one | {"key": keys.get(one["key"], one["key"])} if "key" in one else one for one in rows], told_by(reader)
            )
        show(f"bib, {asked.against}", reader, found, examples=asked.examples)


def told_by(reader: str) -> Sequence[str]:
    """The fields that are compared."""
    return ("title",) if reader == "pdflatex" else FIELDS


def show(label: str, reader: str, found: Tally, *, examples: bool) -> None:
    """A line of the table, and what lies behind it."""
    print(row(label, reader, found), flush=True)
    if examples:
        for error, count in found.errors.most_common(8):
            print(f"    {count} × {error}")
        for why, (want, got) in found.examples.items():
            print(f"    {why}:\n        {want}\n        {got}")


if __name__ == "__main__":
    main()
