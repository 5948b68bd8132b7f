"""A RIS file by rispy: one JSON object a line, its key the PMID. Run in the environment that the benchmark makes."""

import json
import sys

import rispy


def author(name: str) -> dict[str, str]:
    """A name as the benchmark compares it."""
    family, *rest = name.split(", ")
    return {"family": family, "given": rest[0], "suffix": ", ".join(rest[1:])} if rest else {"literal": name}


with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    entries = rispy.load(file)
for entry in entries:
    pages = [entry[name] for name in ("start_page", "end_page") if entry.get(name)]
    print(
        json.dumps(
            {
                "key": entry["accession_number"],
                "pmid": entry["accession_number"],
                "authors": [author(name) for name in entry.get("authors", [])],
                "title": entry.get("title"),
                "container": entry.get("secondary_title"),
                "year": entry.get("year"),
                "volume": entry.get("volume"),
                "pages": "-".join(pages),
                "doi": entry.get("doi"),
                "abstract": entry.get("abstract"),
            }
        )
    )
