"""The page before strangers: odd addresses, forms of odd make, and connections that say nothing."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from support.command_line import Shell
from support.paged import (
    BASE,
    FIRST,
    PASSWORD,
    START,
    House,
    answers,
    digest,
    free_port,
    paged,
    paged_lab,
    paged_with_digest,
    until,
    verdicts,
)
from support.postgres_server import Server
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.web import serving
from watcher.web.pages import login
from watcher.web.pages.stopping import is_one_click
from watcher.web.password import hashed

PARTS = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with paged_lab(tmp_path, monkeypatch, capsys) as shell, paged_with_digest(shell) as made:
        yield made


@pytest.fixture
def on_postgres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], postgres: Server
) -> Iterator[House]:
    with paged_lab(tmp_path, monkeypatch, capsys) as shell:
        shell.lab.document["database"] = {"url": postgres.migrated()}
        shell.lab.write()
        with paged(shell) as made:
            yield made


def open_connection(house: House) -> socket.socket:
    host, port = house.at.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def is_closed(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("path", ["/deliveries/{}", "/deliveries/{}/drop", "/digests/lab-weekly/x/message/email/{}"])
def test_a_number_without_end_is_an_address_that_is_not_there(house: House, path: str) -> None:
    found = [house.browser().get(path.format("9" * digits)).status_code for digits in (12, 16, 17, 5_000)]

    assert found == [404] * 4


def test_what_postgresql_takes_no_number_or_text_for_is_no_fault_of_the_program(on_postgres: House) -> None:
    on_postgres.tick(FIRST)
    browser = on_postgres.browser()

    looked = [
        browser.get(path).status_code for path in ("/deliveries?below=4294967296", "/runs?below=9007199254740991", "/search?q=%00")
    ]
    noted = browser.post("/triage/4", given={"reader": "an\0na", "note": "see\0below"}, form_of="/triage")

    assert looked == [200] * 3
    assert noted.status_code == 303


@pytest.mark.parametrize("record", ["0", "99999999999", f"pubmed:{'9' * 19}", "²"])
def test_a_note_or_verdict_on_what_is_no_paper_is_refused(house: House, record: str) -> None:
    browser = house.browser()
    browser.post("/triage/name", given={"reader": "anna"}, form_of="/triage")

    for given in ({"kind": "relevant"}, {"note": "see below"}):
        assert browser.post(f"/triage/{record}", given=given, form_of="/triage").status_code == 404


@pytest.mark.parametrize(
    ("said", "shown"), [("a\0n\x1bna", "a n na"), ("\u202eanna\u202c \u200b", "anna"), ("n\u200b" * 80, "n" * 80)]
)
def test_a_name_holds_nothing_that_acts_on_the_lines_of_others(house: House, said: str, shown: str) -> None:
    browser = house.browser()
    browser.post("/triage/name", given={"reader": said}, form_of="/triage")

    browser.post("/triage/4", given={"kind": "relevant"}, form_of="/triage")
    browser.post("/triage/5", given={"note": "see\0 below"}, form_of="/triage")

    assert [line for line in verdicts(house, 4) if f"by {shown} via" in line]
    assert ">see below<" in browser.get("/triage").text


def test_a_name_of_nothing_that_is_seen_is_none(house: House) -> None:
    sent = house.browser().post("/papers/4", given={"reader": "\u200b\u2060", "kind": "relevant"})

    assert "please say who you are" in sent.text
    assert verdicts(house, 4) == []


def test_strangers_who_guess_do_not_keep_out_whom_the_page_knows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_ATTEMPTS", login.Attempts())
    house.edit("web", "password_hash", value=hashed(PASSWORD))
    until(lambda: house.browser().get("/").status_code == 303)
    right, known = {"password": PASSWORD, "reader": "anna"}, house.browser()
    known.post("/login", given=right)
    known.keeps.cookies.pop("watcher_login")

    guessed = [house.browser().post("/login", given={"password": "guess"}).status_code for _ in range(11)]
    strange = house.browser().post("/login", given=right).status_code
    let_in = known.post("/login", given=right).status_code
    forged = house.browser()
    forged.keeps.cookies.set("watcher_reader", "616e6e61.guess")

    assert guessed[-1] == 429
    assert (strange, forged.post("/login", given=right).status_code, let_in) == (429, 429, 303)


def test_what_search_shows_of_a_paper_turns_no_line_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Agrin \u202eof\u202c mi\u200bce at the neuromuscular junction"
    record = Planted(paper(4, title=text, abstract=text, created="2026-03-04"))
    with lab(tmp_path, [record], monkeypatch) as one:
        one.document["web"] = {"enabled": True, "listen": f"127.0.0.1:{free_port()}"}
        one.write()
        one.move_clock(START)
        with paged(Shell(one, monkeypatch, capsys)) as made:
            made.tick(FIRST)
            found = made.browser().get("/search?q=neuromuscular").text

    assert "Agrin of mice at the <mark>neuromuscular</mark> junction" in found
    assert not re.search("[\u200b\u202a-\u202e]", found)


def test_an_origin_in_no_ascii_is_another_site(house: House) -> None:
    sent = house.browser().post("/triage/name", given={"reader": "anna"}, form_of="/triage", Origin="http://m\xfcnchen.example")

    assert sent.status_code == 403


def test_no_answer_leads_to_http_where_the_page_is_behind_https(house: House) -> None:
    browser = house.browser(BASE.removeprefix("https://"))
    path = digest(house)["4 relevant"]

    found = [browser.get(f"{path}/"), browser.get("/feeds/"), browser.get("/static")]

    assert [(one.status_code, one.headers.get("Location")) for one in found] == [(404, None), (404, None), (403, None)]


def test_a_mail_program_may_post_its_click_in_parts(house: House) -> None:
    stop = digest(house)["stop"]

    done = house.browser().bare(stop, PARTS, Content_Type="multipart/form-data; boundary=x")

    assert (done.status_code, done.text) == (200, "stopped\n")
    assert "pi@uni-sample.de stopped it" in house.shell("status").out


@pytest.mark.parametrize(
    "body",
    [
        "",
        "List-Unsubscribe=No",
        PARTS.replace("One-Click", "No"),
        PARTS.replace("Unsubscribe", "Subscribe"),
        PARTS.replace("--x--\r\n", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'),
        "--x\r\n" + "A: b\r\n" * 20_000 + PARTS,
        "--x\r\n" + "A: b\r\n" * 300,
    ],
)
def test_another_body_is_no_click(body: str) -> None:
    began = time.monotonic()

    assert not is_one_click(body.encode())
    assert time.monotonic() - began < 0.5


def test_a_request_that_does_not_come_whole_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "REQUEST_SECONDS", 0.5)
    head = f"POST /login HTTP/1.1\r\nHost: {house.at.removeprefix('http://')}\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na"
    answered = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    with ExitStack() as ended:
        kept = [ended.enter_context(open_connection(house)) for _ in range(4)]
        for one, said in zip(kept, (b"", head, head + form, answered), strict=True):
            one.sendall(said)
        while b"\r\n\r\n" not in kept[3].recv(4_096):
            pass
        kept[3].sendall(b"G")
        began = time.monotonic()
        while not all(is_closed(one) for one in kept):
            assert time.monotonic() - began < 30

    assert time.monotonic() - began < 4


def test_readers_get_in_again_after_all_places_were_taken_by_silence(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "REQUEST_SECONDS", 1.0)

    with ExitStack() as ended:
        kept = [ended.enter_context(open_connection(house)) for _ in range(serving.MOST_CONNECTIONS)]
        refused = house.browser().get("/").status_code
        until(lambda: all(is_closed(one) for one in kept))

    assert refused == 503
    assert house.browser().get("/").status_code == 200


def test_who_takes_nothing_of_an_answer_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "REQUEST_SECONDS", 0.5)
    asked, size = 200, len(house.browser().get("/static/htmx.min.js").content)

    with open_connection(house) as one:
        one.sendall(b"GET /static/htmx.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * asked)
        time.sleep(4)
        taken = 0
        with suppress(ConnectionResetError):
            while found := one.recv(1_000_000):
                taken += len(found)

    assert taken < asked * size


def test_who_hangs_up_within_a_form_is_no_fault_of_the_program(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with open_connection(house) as one:
        one.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na"
        )
        one.shutdown(socket.SHUT_WR)
        is_closed(one)

    assert answers(house.at)
    assert not [line for line in caplog.messages if "fail" in line or "Exception" in line]
