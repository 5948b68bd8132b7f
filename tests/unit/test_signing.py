from __future__ import annotations

import pytest
import time_machine

from watcher.signing import Signing

OLD, NEW = "o" * 40, "n" * 40


def test_what_was_signed_comes_back_and_the_same_each_time() -> None:
    signing = Signing([OLD], "links")

    assert signing.read(signing.sign("0000004d")) == "0000004d"
    assert signing.sign("0000004d") == signing.sign("0000004d")


@pytest.mark.parametrize("bent", ["", ".", "0000004d", "0000004d.", "é.x", "\x00", "0000004e.{}", "{}x", "{}.{}"])
def test_anything_else_is_nothing(bent: str) -> None:
    signing = Signing([OLD], "links")
    signature = signing.sign("0000004d").rpartition(".")[2]

    assert signing.read(bent.replace("{}", signature)) is None


def test_another_purpose_or_key_does_not_count() -> None:
    signed = Signing([OLD], "links").sign("0000004d")

    assert Signing([OLD], "stops").read(signed) is None
    assert Signing([NEW], "links").read(signed) is None


def test_a_former_key_is_believed_and_the_newest_signs() -> None:
    both = Signing([OLD, NEW], "links")

    assert both.read(Signing([OLD], "links").sign("a")) == "a"
    assert Signing([NEW], "links").read(both.sign("a")) == "a"


def test_what_was_signed_with_its_time_ends() -> None:
    signing = Signing([OLD], "login")
    with time_machine.travel("2026-12-01T08:00Z", tick=False) as clock:
        signed = signing.sign_now("in")
        assert signing.read_since(signed, 60) == "in"
        clock.shift(61)
        assert signing.read_since(signed, 60) is None
    assert signing.read_since("", 60) is None


def test_no_other_spelling_of_a_signature_counts() -> None:
    signing = Signing([OLD], "links")
    signed, timed = signing.sign("0000004d"), signing.sign_now("in")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="

    assert [one for one in letters if signing.read(signed[:-1] + one) is not None] == [signed[-1]]
    assert [one for one in letters if signing.read_since(timed[:-1] + one, 60) is not None] == [timed[-1]]
    assert signing.read(f"{signed}=") is None
