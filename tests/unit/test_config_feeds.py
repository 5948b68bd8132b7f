"""The tokens of feeds: where they may stand, what is no token, and that none is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configured import SMALL, Home, home_in

from watcher.config import load_last_good

ALICE, BOB = "sample-token-of-alice-0001", "sample-token-of-bob-00002"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def of(*lines: str) -> str:
    return SMALL + "\n".join(("feeds:", "  tokens:", *lines)) + "\n"


def test_a_token_stands_in_the_file_in_a_file_of_its_own_or_in_a_variable(home: Home) -> None:
    home.write("secrets/bob", BOB + "\n")

    found = home.load(
        of("    alice:", f"      token: {ALICE}", "    bob:", "      token_file: secrets/bob"),
        {"WATCHER_FEEDS__TOKENS__LAB_PAGE__TOKEN": "sample-token-of-the-page"},
    )

    assert found.feed_tokens == {"alice": ALICE, "bob": BOB, "lab-page": "sample-token-of-the-page"}


def test_without_the_section_there_is_no_token_and_no_folder(home: Home) -> None:
    found = home.load(SMALL)

    assert (found.feed_tokens, found.feeds_folder) == ({}, None)


def test_the_folder_lies_beside_the_configurations_own(home: Home) -> None:
    assert home.load(SMALL + "feeds: {folder: data/feeds}\n").feeds_folder == home.folder / "data" / "feeds"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (("    alice:", "      token: short"), "a token has 20 to 200 letters"),
        (("    alice:", "      token: with blanks and so on, 20"), "a token has 20 to 200 letters"),
        (("    alice: {}",), "alice has no token"),
        (("    alice:", f"      token: {ALICE}", "    bob:", f"      token: {ALICE}"), "bob has the token of alice"),
        (("    Alice Sample:", f"      token: {ALICE}"), "this is not a name"),
    ],
)
def test_what_is_no_token_is_refused_with_its_line_and_never_repeated(home: Home, lines: tuple[str, ...], what: str) -> None:
    (problem,) = home.problems(of(*lines))

    assert problem.what.startswith(what)
    assert problem.fix
    assert problem.place is not None
    assert problem.place.line is not None
    assert not any(secret in str(problem) for secret in (ALICE, "short", "with blanks"))


def test_a_token_is_in_no_document_and_changes_the_hash(home: Home) -> None:
    before = home.load(of("    alice:", f"      token: {ALICE}"))
    after = home.load(of("    alice:", f"      token: {BOB}"))

    assert ALICE not in before.document_without_secrets() + repr(before)
    assert before.document_without_secrets() == after.document_without_secrets()
    assert before.sha256 != after.sha256


def test_while_the_file_is_broken_a_token_is_found_again_or_lets_nobody_in(home: Home) -> None:
    home.write("secrets/bob", BOB)
    good = home.load(of("    alice:", f"      token: {ALICE}", "    bob:", "      token_file: secrets/bob"))
    home.write("config/watcher.yaml", of("    bob:", "      token_file: secrets/bob") + "nonsense: [\n")

    found = load_last_good(good.document_without_secrets(), good.sha256, home.file, environ={})

    assert found.feed_tokens == {"bob": BOB}
    assert any("feeds.tokens.alice.token cannot be read" in warning.what for warning in found.warnings)
