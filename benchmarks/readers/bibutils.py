"""A RIS file by bibutils (`ris2xml`), as its MODS says: one JSON object a line."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

MODS = "{http://www.loc.gov/mods/v3}"


def titled(record: ET.Element, within: str = "") -> str:
    """A title with its subtitle, which MODS keeps apart."""
    found = record.find(f"./{within}{MODS}titleInfo")
    if found is None:
        return ""
    article = found.findtext(f"{MODS}nonSort", "")
    whole = ": ".join(filter(None, (found.findtext(f"{MODS}title", ""), found.findtext(f"{MODS}subTitle", ""))))
    return f"{article} {whole}".strip()


def author(name: ET.Element) -> dict[str, str]:
    """A name as the benchmark compares it."""
    parts: dict[str, list[str]] = {}
    for part in name.iter(f"{MODS}namePart"):
        parts.setdefault(part.get("type", "literal"), []).append(part.text or "")
    if "literal" in parts:
        return {"literal": " ".join(parts["literal"])}
    given, family = " ".join(parts.get("given", [])), " ".join(parts.get("family", []))
    return {"family": family, "given": given, "suffix": " ".join(parts.get("suffix", []))} if given else {"literal": family}


def row(record: ET.Element) -> dict[str, object]:
    """A record as the benchmark compares it."""
    host = f"{MODS}relatedItem[@type='host']/"
    names = [one for one in record.findall(f"{MODS}name") if one.findtext(f"{MODS}role/{MODS}roleTerm") == "author"]
    extent = record.find(f".//{MODS}extent[@unit='page']")
    pages = (
        [one.text or "" for one in extent]
        if extent is not None
        else [record.findtext(f".//{MODS}detail[@type='page']/{MODS}number", "")]
    )
    notes = " ".join(one.text or "" for one in record.findall(f"{MODS}note"))
    noted = re.search(r"PMID: (\d+)", notes)
    return {
        "pmid": noted[1] if noted else None,
        "key": noted[1] if noted else None,
        "authors": [author(one) for one in names],
        "title": titled(record),
        "container": titled(record, host),
        "year": (record.findtext(f".//{MODS}dateIssued") or record.findtext(f".//{MODS}part/{MODS}date") or "")[:4],
        "volume": record.findtext(f".//{MODS}detail[@type='volume']/{MODS}number"),
        "pages": "-".join(pages),
        "doi": record.findtext(f"{MODS}identifier[@type='doi']"),
        "abstract": record.findtext(f"{MODS}abstract"),
    }


done = subprocess.run(["ris2xml", "-i", "utf8", sys.argv[1]], capture_output=True, check=True)  # noqa: S603, S607
for record in ET.fromstring(done.stdout.decode("utf-8-sig")):  # noqa: S314 - of a program of this machine
    print(json.dumps(row(record)))
