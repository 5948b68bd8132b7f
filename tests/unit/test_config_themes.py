"""The files of themes beside the configuration: read, refused with file, line and fix, kept with the last good configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configured import SMALL, Home, home_in

from watcher.config import files_of, load_last_good
from watcher.domain import Code, Theme
from watcher.errors import ConfigurationError, Place

GOOD = """\
# a comment
ALS and CMT: [amyotrophic lateral sclerosis, ALS]
Ageing:
  - sarcopenia
  - "denervat*"
"""
FILE = "config/themes/nmj.yaml"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = home_in(tmp_path)
    made.write("config/watcher.yaml", SMALL)
    return made


def refused(home: Home, text: str) -> tuple[int | None, str, str]:
    """Line, fault and fix of the one problem."""
    home.write(FILE, text)
    with pytest.raises(ConfigurationError) as refusal:
        home.load()
    (problem,) = refusal.value.problems
    assert problem.place is not None
    assert problem.place.path.name == "nmj.yaml"
    assert problem.fix
    return problem.place.line, problem.what, problem.fix


def test_the_themes_of_a_watch_are_read_in_their_order(home: Home) -> None:
    home.write(FILE, GOOD)

    assert home.load().themes == {
        "nmj": (Theme("ALS and CMT", ("amyotrophic lateral sclerosis", "ALS")), Theme("Ageing", ("sarcopenia", "denervat*")))
    }


def test_without_a_file_there_are_none_and_the_hash_is_what_it_was(home: Home) -> None:
    before = home.load()
    (home.folder / "config" / "themes").mkdir()

    assert home.load().themes == {}
    assert home.load().sha256 == before.sha256
    home.write(FILE, GOOD)
    assert home.load().sha256 != before.sha256


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", None, "the file is empty"),
        ("# only this\n", None, "the file is empty"),
        ("- a list\n", 1, "the file holds a list, not keys"),
        ("Ageing: [sarcopenia\n", 1, "a bracket is not closed"),
        ("Ageing: [sarcopenia]\nAgeing: [frailty]\n", 2, "this key is here twice"),
        ("Ageing: sarcopenia\n", 1, "a theme needs a list of words"),
        ("Ageing: []\n", 1, "a theme needs a list of words"),
        ("Glia: [glia]\nAgeing:\nMuscle: [muscle]\n", 2, "a theme needs a list of words"),
        ("Ageing:\n  - sarcopenia\n  - 1971\n", 3, "this is not text"),
        ("Ageing:\n  - sarcopenia\n  - x\n", 3, "this is no word to look for"),
        ("Ageing:\n  - sarcopenia\n  - '53'\n", 3, "this is no word to look for"),
        ('Ageing:\n  - "sar*penia"\n', 2, "this is no word to look for"),
        ("Ageing: [sarcopenia]\nMuscle:\n  - Sarcopenia\n", 3, "this word is here twice"),
        ("Glia: [glia]\nother: [sarcopenia]\n", 2, "Other is the heading of what fits no theme"),
        (f"{'x' * 101}: [sarcopenia]\n", 1, "this is no name of a theme"),
        ("".join(f"T{number}: [word{number}]\n" for number in range(31)), None, "these are more than 30 themes"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_write(text: str, line: int | None, what: str, home: Home) -> None:
    found_line, told, _ = refused(home, text)

    assert (found_line, what in told) == (line, True)


@pytest.mark.parametrize("name", ["nmi.yaml", "nmj.yml"])
def test_a_file_of_no_watch_is_a_warning_and_a_near_name_proposed(name: str, home: Home) -> None:
    file = home.write(f"config/themes/{name}", GOOD)

    settings = home.load(SMALL)

    (warning,) = settings.warnings
    assert (warning.code, warning.fix, warning.place) == (Code.ORPHAN_THEMES, "rename it to nmj.yaml", Place(file))
    assert settings.themes == {}


def test_a_watch_that_is_renamed_leaves_its_themes_behind_with_a_warning(home: Home) -> None:
    home.write(FILE, "Ageing: Sarcopenia, not a list")  # what is not used need not be right

    settings = home.load(SMALL.replace("nmj:", "junction:").replace("watches: [nmj]", "watches: [junction]"))

    assert [warning.code for warning in settings.warnings] == [Code.ORPHAN_THEMES]


def test_the_last_good_themes_outlive_a_broken_file(home: Home) -> None:
    home.write(FILE, GOOD)
    good = home.load()
    home.write(FILE, "Ageing: sarcopenia")

    kept = load_last_good(good.document_without_secrets(), good.sha256, home.file, environ=home.environ)

    assert kept.themes == good.themes
    assert kept.sha256 == good.sha256


def test_a_service_watches_the_folder_of_themes(home: Home) -> None:
    assert home.file.parent / "themes" in files_of(home.file, environ=home.environ)
