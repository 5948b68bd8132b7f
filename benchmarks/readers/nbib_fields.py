"""A file in PubMed's format by the nbib library: one JSON object a line. Run in the environment that the benchmark makes."""

import json
import sys
from typing import Any

import nbib


def author(one: dict[str, Any]) -> dict[str, str | None]:
    """A name as the benchmark compares it."""
    if "last_name" in one:
        return {"family": one["last_name"], "given": one.get("first_name")}
    return {"literal": one.get("author")}


with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    records = nbib.read(file.read())
for record in records:
    corporate = [{"literal": record["corporate_author"]}] if "corporate_author" in record else []
    print(
        json.dumps(
            {
                "key": str(record["pubmed_id"]),
                "pmid": str(record["pubmed_id"]),
                "authors": [author(one) for one in record.get("authors", [])] + corporate,
                "title": record.get("title"),
                "container": record.get("journal"),
                "year": record.get("publication_date", "")[:4],
                "volume": record.get("journal_volume"),
                "pages": record.get("pages"),
                "doi": record.get("doi"),
                "abstract": record.get("abstract"),
            }
        )
    )
