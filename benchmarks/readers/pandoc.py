"""A file by pandoc, as its HTML shows it: one JSON object a line. Run in the environment that the benchmark makes."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pypandoc

PANDOC = pypandoc.get_pandoc_path()
FORMATS = {"bib": "bibtex", "ris": "ris", "json": "csljson"}
FIELDS = {
    "title": "title",
    "container-title": "container",
    "volume": "volume",
    "page": "pages",
    "abstract": "abstract",
    "doi": "doi",
    "DOI": "doi",
    "pmid": "pmid",
    "PMID": "pmid",
}
"""What pandoc calls a field, which is not the same in each format, and the benchmark."""


def pandoc(text: str, source: str, target: str) -> str:
    """What pandoc writes."""
    command = [PANDOC, "--from", source, "--to", target, "--wrap", "none", "--standalone"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603


def inlines(value: dict[str, Any]) -> list[Any]:
    """A metadata value as inlines, whatever pandoc keeps it as."""
    kind, content = value["t"], value["c"]
    if kind == "MetaString":
        return [{"t": "Str", "c": content}]
    if kind == "MetaBlocks":
        return [one for block in content for one in block["c"]]
    return list(content)


def shown(values: list[list[Any]]) -> list[str]:
    """Each list of inlines as HTML without its tags."""
    meta = {
        "pandoc-api-version": API,
        "meta": {},
        "blocks": [{"t": "Para", "c": [*value, {"t": "Str", "c": "\u2063"}]} for value in values],
    }
    body = pandoc(json.dumps(meta), "json", "html").partition("<body>")[2]
    return [
        html.unescape(re.sub(r"<[^>]+>", "", one)).replace("\u2063", "") for one in re.findall(r"<p>(.*?)</p>", body, re.DOTALL)
    ]


def names(people: dict[str, Any] | None) -> Iterator[list[tuple[str, list[Any]]]]:
    """The parts of each name."""
    for one in people["c"] if people else ():
        parts = {name: part for name, part in one["c"].items() if part["t"] != "MetaBool"}
        yield [(name, inlines(part)) for name, part in parts.items()]


def author(parts: dict[str, str]) -> dict[str, str | None]:
    """A name as the benchmark compares it."""
    if "literal" in parts:
        return {"literal": parts["literal"]}
    particles = [parts[name] for name in ("non-dropping-particle", "dropping-particle") if name in parts]
    return {"family": " ".join([*particles, parts.get("family", "")]), "given": parts.get("given"), "suffix": parts.get("suffix")}


with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    document = json.loads(pandoc(file.read(), FORMATS[sys.argv[1].rpartition(".")[2]], "json"))
API = document["pandoc-api-version"]
references = [one["c"] for one in document["meta"]["references"]["c"]]
asked = [
    (number, field, inlines(one[name])) for number, one in enumerate(references) for name, field in FIELDS.items() if name in one
]
people = [(number, parts) for number, one in enumerate(references) for parts in names(one.get("author"))]
values = [value for _, _, value in asked] + [value for _, parts in people for _, value in parts]
texts = iter(shown(values))
rows = [{"key": inlines(one["id"])[0]["c"], "authors": []} for one in references]
for number, field, _ in asked:
    rows[number][field] = next(texts)
for number, parts in people:
    rows[number]["authors"].append(author({name: next(texts) for name, _ in parts}))
for row, reference in zip(rows, references, strict=True):
    issued = reference.get("issued")
    row["year"] = "".join(part["c"] for part in inlines(issued) if part["t"] == "Str")[:4] if issued else None
    print(json.dumps(row))
