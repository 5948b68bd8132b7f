"""A BibTeX file by pybtex, its rich text as plain text: one JSON object a line. Run in the environment that the benchmark makes."""

import json
import sys

from pybtex.database import Person, parse_file
from pybtex.richtext import Text


def text(latex: str) -> str:
    """LaTeX as pybtex understands it."""
    return str(Text.from_latex(latex))


def author(person: Person) -> dict[str, str]:
    """A name as the benchmark compares it."""
    family = " ".join(map(text, [*person.prelast_names, *person.last_names]))
    given = " ".join(map(text, [*person.first_names, *person.middle_names]))
    return {"family": family, "given": given, "suffix": " ".join(map(text, person.lineage_names))}


for key, entry in parse_file(sys.argv[1], bib_format="bibtex").entries.items():
    fields = {name: text(value) for name, value in entry.fields.items()}
    print(
        json.dumps(
            {
                "key": key,
                "authors": [author(person) for person in entry.persons.get("author", [])],
                "title": fields.get("title"),
                "container": fields.get("journal") or fields.get("booktitle"),
                "year": fields.get("year"),
                "volume": fields.get("volume"),
                "pages": fields.get("pages"),
                "doi": entry.fields.get("doi"),
                "pmid": entry.fields.get("pmid"),
                "abstract": fields.get("abstract"),
            }
        )
    )
