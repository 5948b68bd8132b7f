"""Items of a Zotero library, as its Web API gives their `data`: `item` writes down what is kept of one, `read_items` reads that as seeds.

The PMID and PMCID have fields of their own in articles since Zotero 8, and stand as lines in Extra in all other items; DOIs too, in what
was made before December 2025. Addresses at PubMed and doi.org count as well. Of the tags only those count that came with an import: what
people tag is theirs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from watcher.domain import Seed
from watcher.errors import Problem
from watcher.seeds import Examples
from watcher.seeds.entry import folded, shown
from watcher.seeds.evidence import Evidence
from watcher.seeds.identifiers import Identifiers

NO_PAPERS = frozenset({"attachment", "note", "annotation"})
"""Items of these types lie beside papers, or alone, and say nothing of any."""
_KEPT = ("itemType", "title", "abstractNote", "DOI", "PMID", "PMCID", "extra", "url", "filename")
_AUTOMATIC = 1
_LONGEST = 200_000
"""Characters of a field that are kept; Zotero takes 65,535 bytes."""
_SHORTEST_TITLE = 20
"""Letters of a title that says which paper it is: there are many called Editorial."""
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_NOWHERE = Path()


def item(data: Mapping[str, Any]) -> str:
    """What is kept of an item: its words and identifiers, as JSON."""
    kept = {name: str(data[name])[:_LONGEST] for name in _KEPT if data.get(name)}
    tags = data.get("tags")
    imported = [one for one in (tags if isinstance(tags, list) else []) if isinstance(one, dict) and one.get("type") == _AUTOMATIC]
    named = [str(one["tag"]) for one in imported if one.get("tag")]
    return json.dumps({**kept, "tags": named}, ensure_ascii=False, sort_keys=True)


def is_paper(data: Mapping[str, Any]) -> bool:
    """Whether an item is one that may be a paper."""
    return data.get("itemType") not in NO_PAPERS


def identifiers(data: Mapping[str, Any]) -> Identifiers:
    """The identifiers that an item gives as its own."""
    return _evidence(data).ids


def title_key(data: Mapping[str, Any], parsed_date: str = "") -> str:
    """What two items of one paper share that have no identifier: the title's letters and digits, and the year; "" where one is not
    known, or says little."""
    letters = "".join(re.findall(r"\w", shown(str(data.get("title") or "")).casefold()))
    year = _YEAR.search(f"{parsed_date} {data.get('date') or ''}")
    return f"{letters} {year[0]}" if len(letters) >= _SHORTEST_TITLE and year else ""


def read_items(items: Iterable[tuple[str, str]], path: str) -> Examples:
    """The seeds of a collection.

    Args:
        items: the key of each item, and what `item` wrote down of it.
        path: the collection, as seeds of it are told.

    Returns:
        The seeds, and what was passed over: files without a paper's data, and items of which nothing is understood, each with its key.
    """
    seeds: list[Seed] = []
    passed_over: list[Problem] = []
    for key, text in items:
        data = json.loads(text)
        evidence = _evidence(data)
        if not is_paper(data):
            passed_over += _told_of_file(data, key, path)
            continue
        passed_over += [Problem(f"{path} item {key}: {one.what}", one.fix) for one in evidence.passed_over(_NOWHERE, 1)]
        seed = _seed(data, evidence, key, path, text)
        if seed.pmid or seed.doi or seed.pmcid or seed.title or seed.abstract:
            seeds.append(seed)
        else:
            what = f"{path} item {key}: neither an identifier nor a title is found here"
            passed_over.append(Problem(what, "give it a title, a DOI or a PMID in Zotero, or take it out of the collection"))
    return Examples(tuple(seeds), tuple(passed_over))


def _told_of_file(data: Mapping[str, Any], key: str, path: str) -> list[Problem]:
    if data.get("itemType") != "attachment":
        return []
    named = folded(str(data.get("title") or data.get("filename") or "a file"))
    what = f"{path} item {key} (“{named}”) is a file without a paper's data: nothing is learnt from it"
    return [Problem(what, "in Zotero, let it retrieve the metadata of the file, or create a parent item by its DOI or PMID")]


def _evidence(data: Mapping[str, Any]) -> Evidence:
    def of(name: str) -> list[str]:
        return [str(data[name])] if data.get(name) else []

    evidence = Evidence()
    evidence.numbers(of("PMID"))
    evidence.doi_fields(of("DOI"))
    evidence.pmcid_fields(of("PMCID"))
    evidence.labelled(of("extra"))
    evidence.addresses(of("url"))
    return evidence


def _seed(data: Mapping[str, Any], evidence: Evidence, key: str, path: str, text: str) -> Seed:
    return Seed(
        path=path,
        locator=f"item {key}",
        file_sha256=hashlib.sha256(text.encode()).hexdigest(),
        pmid=evidence.ids.pmid,
        doi=evidence.ids.doi,
        pmcid=evidence.ids.pmcid,
        title=shown(str(data.get("title") or "")),
        abstract=shown(str(data.get("abstractNote") or "")),
        keywords=tuple(dict.fromkeys(folded(one) for one in data.get("tags", ()) if one.strip())),
        claimed_pmid=evidence.claimed,
    )
