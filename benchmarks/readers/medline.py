"""A file in PubMed's format by Bio.Medline: one JSON object a line, its key the PMID. Run in the environment that the benchmark makes."""

import json
import re
import sys

from Bio import Medline


def author(name: str) -> dict[str, str]:
    """A name as the benchmark compares it."""
    family, _, given = name.partition(", ")
    return {"family": family, "given": given} if given else {"literal": name}


with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    for record in Medline.parse(file):  # type: ignore[no-untyped-call]  # Biopython's
        dois = [one.removesuffix(" [doi]") for one in record.get("AID", []) if one.endswith("[doi]")]
        print(
            json.dumps(
                {
                    "key": record["PMID"],
                    "pmid": record["PMID"],
                    "authors": [author(name) for name in record.get("FAU", [])]
                    + [{"literal": name} for name in record.get("CN", [])],
                    "title": record.get("TI"),
                    "container": record.get("JT"),
                    "year": (re.findall(r"\d{4}", record.get("DP", "")) or [None])[0],
                    "volume": record.get("VI"),
                    "pages": record.get("PG"),
                    "doi": dois[0] if dois else None,
                    "abstract": record.get("AB"),
                }
            )
        )
