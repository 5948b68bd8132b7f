"""The schema and the reference are made from the models, and what they promise is so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from support.configured import SMALL, Home, home_in

from watcher.config import write_reference, write_schema
from watcher.config.__main__ import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT.parent / "shared" / "watcher.example.yaml"


def complaints(text: str) -> list[str]:
    """What an editor with the schema would mark in a YAML text."""
    document = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    return [error.json_path for error in Draft202012Validator(json.loads(write_schema())).iter_errors(document)]


def test_the_schema_in_the_project_is_that_of_the_models() -> None:
    committed = (ROOT / "config" / "watcher.schema.json").read_text(encoding="utf-8")

    assert committed == write_schema(), "run `python -m watcher.config`"


def test_the_reference_in_the_docs_is_that_of_the_models() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == write_reference(page), "run `python -m watcher.config`"


def test_the_command_renews_both(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "configuration.md").write_text(
        re.sub(r"(?s)(?<=do not edit -->).*(?=<!-- end)", "\n", PAGE.read_text("utf-8"))
    )

    main(tmp_path)

    assert (tmp_path / "config" / "watcher.schema.json").read_text("utf-8") == write_schema()
    assert (tmp_path / "docs" / "configuration.md").read_text("utf-8") == PAGE.read_text("utf-8")


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        write_reference("# A page\n")


def test_the_schema_is_one_and_describes_every_key() -> None:
    schema = json.loads(write_schema())

    Draft202012Validator.check_schema(schema)
    assert [name for name, model in schema["$defs"].items() if not model.get("description")] == []
    assert [key for key, field in properties(schema) if not field.get("description") and "$ref" not in json.dumps(field)] == []


def test_the_reference_names_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8")
    schema = json.loads(write_schema())

    missing = [key for key, _ in properties(schema) if not re.search(rf"`(\w+: )?{key}:?`", page)]

    assert missing == ["tokens", "start", "push"]  # their keys stand there


def properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for model in (schema, *schema["$defs"].values()):
        yield from model.get("properties", {}).items()


def test_the_shipped_file_names_the_schema_in_its_first_line_and_agrees_with_it() -> None:
    text = (ROOT / "config" / "watcher.yaml").read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=./watcher.schema.json\n")
    assert complaints(text) == []


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example configuration (../shared) is not here")
def test_the_example_with_every_key_agrees_with_the_schema() -> None:
    assert complaints(EXAMPLE.read_text(encoding="utf-8")) == []


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example configuration (../shared) is not here")
def test_the_schema_knows_every_key_of_the_example_and_its_values_are_the_defaults() -> None:
    example = YAML(typ="safe", pure=True).load(EXAMPLE.read_text(encoding="utf-8"))
    schema = json.loads(write_schema())
    for section in ("pubmed", "database", "runs", "ranking", "web", "log"):
        fields = schema["$defs"][{"pubmed": "PubMed"}.get(section, section.capitalize()) + "Section"]["properties"]
        shown = {key: value for key, value in example[section].items() if key != "email" and not key.endswith("_file")}
        assert {key: fields[key]["default"] for key in shown} == shown


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("kind: email", "kind: emial", "$.channels['lab-mail'].kind"),
        ("seeds: [nmj]", "seedz: [nmj]", "$.watches.nmj"),
        ("watches:\n", "Watches:\n", "$"),
        ("schedule: monday 08:00", "top: -1", "$.lists['lab-weekly'].top"),
        ("    url: ", "    url_file: x\n    url: ", "$.channels['lab-mail']"),
        ("  nmj:\n", "  N M J:\n", "$.watches"),
    ],
)
def test_an_editor_marks_what_loading_would_refuse(before: str, after: str, where: str) -> None:
    assert complaints(SMALL) == []

    assert where in complaints(SMALL.replace(before, after))


def blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = home_in(tmp_path)
    home.write("secrets/lab_mail_url", "mailtos://user:password@smtp.uni-sample.de\n")
    return home


@pytest.mark.parametrize("block", blocks())
def test_every_yaml_block_of_the_page_loads(home: Home, block: str) -> None:
    assert home.load(block).digest_list("lab-weekly").channels == ("lab-mail",)


def test_the_variables_that_the_page_shows_are_understood(home: Home) -> None:
    shown = re.search(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    lines = [line.partition("    #")[0].strip() for line in shown[1].splitlines()]

    settings = home.load(SMALL, {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)})

    assert settings.watch("nmj").threshold == 50
    assert settings.channel("lab-mail").to == ("pi@lab.example", "postdoc@lab.example")
    assert settings.database_url.startswith("postgresql+psycopg://")


def test_the_fault_that_the_page_shows_reads_so(home: Home) -> None:
    told = home.told(SMALL.replace("watches: [nmj]", "watches: [nmi]"))

    shown = re.search(r"```\nconfig/watcher\.yaml:\d+:\d+(: .*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1] in told
