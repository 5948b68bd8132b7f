from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from starlette.requests import Request

from watcher.web.near import hosts_of, is_from_this_machine
from watcher.web.pages.login import local
from watcher.web.password import hashed, is_hash, matches
from watcher.web.serving import bound, why_not


def test_a_hash_is_that_of_its_password_alone_and_another_each_time() -> None:
    first, second = hashed("correct horse battery"), hashed("correct horse battery")

    assert first != second
    assert matches("correct horse battery", first)
    assert not matches("correct horse batterx", first)
    assert "horse" not in first


def test_a_hash_made_by_hashlib_is_understood() -> None:
    digest = hashlib.scrypt(b"sesame", salt=b"salt of the lab", n=2**14, r=8, p=1, dklen=32)

    assert matches("sesame", f"scrypt$16384$8$1${b64encode(b'salt of the lab').decode()}${b64encode(digest).decode()}")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "sesame",
        "scrypt$1$8$1$AA==$AA==",
        "scrypt$16384$8$1$$",
        "scrypt$99999999$8$1$AA==$AA==",
        "scrypt$16384$8$1$?$?",
        "bcrypt$1$2$3$4$5",
    ],
)
def test_what_is_no_hash_matches_nothing(bad: str) -> None:
    assert not is_hash(bad)
    assert not matches("sesame", bad)


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\nb", "", "evil"])
def test_nobody_is_sent_elsewhere_after_a_login(to: str) -> None:
    assert local(to) == "/"


def test_the_page_goes_by_the_names_that_it_was_given() -> None:
    assert hosts_of("0.0.0.0:8080", "https://Watcher.lab.example/x") >= {"localhost", "127.0.0.1", "watcher.lab.example"}
    assert "evil.example" not in hosts_of("127.0.0.1:8080", None)


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({}, True),
        ({"host": b"[::1]:8080"}, True),
        ({"host": b"localhost/static/"}, False),
        ({"host": b"192.0.2.1"}, False),
        ({"client": ("192.0.2.7", 1)}, False),
        ({"http_version": "1.0"}, False),
        ({"more": [(b"x-forwarded-for", b"192.0.2.7")]}, False),
    ],
)
def test_what_comes_from_this_machine_is_told_from_what_a_proxy_lets_in(changes: dict[str, Any], near: bool) -> None:
    headers = [(b"host", changes.pop("host", b"localhost:8080")), *changes.pop("more", [])]
    scope = {"type": "http", "http_version": "1.1", "client": ("127.0.0.1", 1), "path": "/", "headers": headers, **changes}

    assert is_from_this_machine(Request(scope)) is near


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "192.0.2.1:8080"])
def test_an_address_that_cannot_be_had_is_told_and_leaves_nothing_open(address: str) -> None:
    with pytest.raises(OSError, match=r"there is no port 99999|assign requested address") as refused:
        bound(address)

    assert why_not(refused.value)
