"""The page beside a real service: links of mails and of Slack, stops, logins, and who is not let in."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from threading import Thread

import pytest
from support.command_line import Shell
from support.paged import (
    BASE,
    LINK,
    PI,
    POSTDOC,
    SECOND,
    START,
    TOKEN,
    House,
    answers,
    digest,
    free_port,
    links,
    mail_to,
    paged_lab,
    paged_with_digest,
    until,
    verdicts,
)
from support.served import Served, served

from watcher.apart import is_possible
from watcher.errors import Stopped, WorkLost
from watcher.web import site
from watcher.web.pages import marking
from watcher.web.password import hashed

PASSWORD = "correct horse battery"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with paged_lab(tmp_path, monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def house(shell: Shell) -> Iterator[House]:
    with paged_with_digest(shell) as made:
        yield made


# --- marks


def test_a_link_shows_a_button_and_only_the_button_marks(house: House) -> None:
    path = digest(house)["4 relevant"]
    browser = house.browser()

    looked = [browser.get(path) for _ in range(3)]
    nothing = verdicts(house, 4)
    done = browser.post(path, given={"kind": "relevant"})

    assert [one.status_code for one in looked] == [200] * 3
    assert looked[0].text.count("<button") == 1
    assert PI in looked[0].text
    assert nothing == []
    assert done.status_code == 200
    assert "What the ranking learnt" in done.text
    assert [line for line in verdicts(house, 4) if PI in line and "via mail" in line and "relevant" in line]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """What a verdict teaches is worked out in another process: those there are."""
    monkeypatch.setattr("watcher.elsewhere.is_possible", is_possible)
    return lambda: [one for one in children(os.getpid()) if b"work_begun_anew" in program(one)]


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_another_process_works_out_what_a_verdict_teaches(house: House, begun: Callable[[], list[int]]) -> None:
    found, browser = digest(house), house.browser()
    watching = Thread(target=lambda: until(begun))

    watching.start()
    done = browser.post(found["4 relevant"], given={"kind": "relevant"})
    watching.join()

    assert "What the ranking learnt" in done.text
    assert re.search(r"of the last four weeks (moves|move)", done.text)
    assert [line for line in verdicts(house, 4) if PI in line and "via mail" in line and "relevant" in line]
    assert begun() == []


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_a_verdict_is_kept_where_the_process_that_works_out_what_it_teaches_is_killed(
    house: House, begun: Callable[[], list[int]]
) -> None:
    path = digest(house)["4 relevant"]

    def kill() -> bool:
        found = begun()
        for one in found:
            os.kill(one, signal.SIGKILL)
        return bool(found)

    killing = Thread(target=lambda: until(kill))
    killing.start()
    done = house.browser().post(path, given={"kind": "relevant"})
    killing.join()

    assert done.status_code == 200
    assert "could not be worked out now" in done.text
    assert [line for line in verdicts(house, 4) if PI in line and "relevant" in line]


def test_a_verdict_is_kept_where_what_it_teaches_is_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_given: object) -> None:
        raise Stopped

    monkeypatch.setattr("watcher.web.pages.marking.worked_out", stopped)

    done = house.browser().post(digest(house)["4 relevant"], given={"kind": "relevant"})

    assert done.status_code == 200
    assert "could not be worked out now" in done.text
    assert [line for line in verdicts(house, 4) if PI in line and "relevant" in line]


def test_a_verdict_does_not_wait_long_for_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path, browser, begun, over = digest(house)["4 relevant"], house.browser(), threading.Event(), threading.Event()
    turns = []

    def learning(*_: object, **__: object) -> None:
        turns.append(1)
        begun.set()
        over.wait(10)
        raise WorkLost("a long time")

    monkeypatch.setattr(site, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(marking, "worked_out", learning)
    other = Thread(target=lambda: house.browser().post(digest(house)["5 not"], given={"kind": "not"}))
    other.start()
    begun.wait(60)
    done = browser.post(path, given={"kind": "relevant"})
    over.set()
    other.join()

    assert len(turns) == 1
    assert "could not be worked out now" in done.text
    assert [line for line in verdicts(house, 4) if PI in line and "relevant" in line]
    assert [line for line in verdicts(house, 5) if PI in line and "not" in line]


def test_undo_takes_it_back_and_later_teaches_nothing(house: House) -> None:
    found = digest(house)
    browser = house.browser()

    browser.post(found["5 not"], given={"kind": "not"})
    browser.post(found["5 not"], given={"kind": "undo"})
    later = browser.post(found["5 later"], given={"kind": "later"})

    assert "learns nothing" in later.text
    assert house.shell("rank", "--json").out.count('"relevant": 0')


def test_readers_have_links_of_their_own(house: House) -> None:
    mine, theirs = digest(house), links(house, POSTDOC)

    assert not set(mine.values()) & set(theirs.values())
    assert POSTDOC in house.browser().get(theirs["4 not"]).text


def test_a_forged_a_changed_and_an_expired_link_do_nothing(house: House) -> None:
    path = digest(house)["4 relevant"]
    token = path.split("/")[2]
    forged = [token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace("4.", "5."), "0" * 17 + ".AAAA", "x", token + "x"]

    answers = [house.browser().get(f"/v/{one}/relevant") for one in forged]
    crossed = house.browser().get(f"/s/{token}")
    house.shell.lab.move_clock("2026-12-09T08:00")
    late = house.browser().get(path)
    sent = house.browser().post(path, given={"kind": "relevant"}, form_of="/")

    assert [one.status_code for one in [*answers, crossed]] == [404] * 6
    assert late.status_code == 410
    assert sent.status_code in (403, 410)
    assert verdicts(house, 4) == []


def test_a_form_of_another_site_is_refused(house: House) -> None:
    path = digest(house)["4 relevant"]
    browser = house.browser()
    browser.get(path)

    crossed = [
        browser.bare(path, {"kind": "relevant"}),
        browser.bare(path, {"kind": "relevant", "form_token": "guess"}),
        browser.post(path, given={"kind": "relevant"}, Sec_Fetch_Site="cross-site"),
        browser.post(path, given={"kind": "relevant"}, Origin="https://evil.example"),
    ]

    assert [one.status_code for one in crossed] == [403] * 4
    assert verdicts(house, 4) == []


def test_slack_asks_for_a_name_and_keeps_it(house: House) -> None:
    digest(house)
    text = "".join(str(post.payload) for post in house.shell.lab.slack.posts)
    path = next(one for one in LINK.findall(text) if one.endswith("/relevant"))
    pmid = int(re.match(r"/v/[0-9a-f]{16}(\d+)", path)[1])  # type: ignore[index]
    browser = house.browser()

    nameless = browser.post(path, given={"kind": "relevant", "reader": " "})
    browser.post(path, given={"kind": "relevant", "reader": "Anna <b>"})
    again = browser.get(path)

    assert "Please say who you are" in nameless.text
    assert [line for line in verdicts(house, pmid) if "Anna <b> via slack" in line]
    assert 'value="Anna &lt;b&gt;"' in again.text
    assert "/s/" not in "".join(one for one in LINK.findall(text))


def test_a_resent_mail_has_links_of_its_reader_and_they_are_the_same_each_time(house: House) -> None:
    first = digest(house)
    house.shell.lab.mail.mails.clear()

    house.shell("resend", "lab-weekly", "--since", "2026-03-01", "--to", "lab-mail", "--again")

    assert links(house) == first


def test_nothing_but_the_mail_holds_a_link(house: House, tmp_path: Path) -> None:
    path = digest(house)["4 relevant"]
    token = path.split("/")[2]
    house.browser().get(path)
    house.shell("digest", "lab-weekly", "--dry-run", "--out", str(tmp_path / "dry.html"))
    house.shell("export", "--list", "lab-weekly", "--format", "ris", "--out", str(tmp_path / "papers.ris"))
    told = house.shell("explain", 4).out + house.shell("status", "--json").out

    assert token not in told
    for file in [*tmp_path.glob("*.html"), *tmp_path.glob("*.ris"), *(tmp_path / "data").rglob("*")]:
        if file.is_file():
            assert token.encode() not in file.read_bytes()
    assert "/v/000" not in (tmp_path / "dry.html").read_text()


def test_links_outlive_a_new_key_and_its_former_one(house: House) -> None:
    path = digest(house)["4 relevant"]

    def answered() -> int:
        return house.browser().get(path).status_code

    house.edit("web", "signing_key", value="k" * 40)
    until(lambda: answered() == 200)
    second = digest(house, SECOND)
    house.edit("web", "signing_key", value="n" * 40)
    until(lambda: house.browser().get(second["11 not"]).status_code == 404)
    house.edit("web", "former_signing_key", value="k" * 40)

    until(lambda: house.browser().get(second["11 not"]).status_code == 200)
    assert answered() == 200


def test_a_request_under_way_survives_edits_of_the_configuration(house: House) -> None:
    path = digest(house)["4 relevant"]
    browser, answered = house.browser(), []
    asking = threading.Thread(target=lambda: answered.append(browser.post(path, given={"kind": "relevant"})))

    asking.start()
    for top in (3, 4, 5):
        house.edit("lists", "lab-weekly", "top", value=top)
    asking.join()

    assert [one.status_code for one in answered] == [200]
    assert "What the ranking learnt" in answered[0].text


# --- stops


def test_the_page_stops_the_list_and_the_next_digest_does_not_go_out(house: House) -> None:
    stop = digest(house)["stop"]
    house.shell.lab.mail.mails.clear()

    done = house.browser().post(stop, given={"do": "stop"})
    house.tick(SECOND)

    assert f"list lab-weekly sends {PI} nothing any more" in unescape(done.text)
    assert [one.message["To"] for one in house.shell.lab.mail.mails] == [POSTDOC]


def test_a_pause_needs_a_day_to_come_and_resuming_ends_it(house: House) -> None:
    stop = digest(house)["stop"]
    browser = house.browser()

    wrong = [browser.post(stop, given={"do": "pause", "until": day}).text for day in ("", "2026-03-09", "soon")]
    paused = browser.post(stop, given={"do": "pause", "until": "2026-04-01"}).text
    resumed = browser.post(stop, given={"do": "resume"}).text

    assert ["needs the day" in text for text in wrong] == [True] * 3
    assert "pauses it until 1 April" in paused
    assert "comes to pi@uni-sample.de again" in resumed


def test_a_mail_program_stops_it_by_one_click(house: House) -> None:
    stop = digest(house)["stop"]
    mail = mail_to(house, PI)

    done = house.browser().bare(stop, "List-Unsubscribe=One-Click", Content_Type="application/x-www-form-urlencoded")

    assert mail.message["List-Unsubscribe"] == f"<{BASE}{stop}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert done.status_code == 200
    assert f"{PI} stopped it" in house.shell("status").out


# --- who is let in


def test_the_page_is_for_this_machine_alone_until_it_has_a_password(house: House) -> None:
    here = house.browser().get("/")
    by_name = house.browser(BASE.removeprefix("https://")).get("/")
    by_proxy = house.browser().get("/", X_Forwarded_For="192.0.2.7")
    strange = house.browser("evil.example").get("/")
    health = house.browser("evil.example").get("/healthz")
    paths = [house.browser(f"watcher.uni-sample.de{path}").get("/").status_code for path in ("/static/", "/v/?", "/s/#")]

    assert here.status_code == 200
    assert "NMJ weekly" in here.text
    assert [by_name.status_code, by_proxy.status_code, strange.status_code, health.status_code] == [403, 403, 421, 421]
    assert paths == [421] * 3
    assert "watcher password" in by_name.text


def test_a_password_opens_it_and_wrong_ones_are_limited(house: House) -> None:
    house.edit("web", "password_hash", value=hashed(PASSWORD))
    until(lambda: house.browser().get("/").status_code == 303)
    browser = house.browser()

    asked = browser.get("/?a=b").headers["Location"]
    wrong = browser.post("/login", given={"password": "correct horse"})
    right = browser.post("/login", given={"password": PASSWORD, "to": "//evil.example/"})
    inside = browser.get("/")
    token = TOKEN.search(inside.text)
    out = browser.bare("/logout", {"form_token": token[1] if token else ""})
    after = browser.get("/")
    for _ in range(12):
        last = house.browser().post("/login", given={"password": "guess"})

    assert asked == "/login?to=/%3Fa%3Db"
    assert (wrong.status_code, right.status_code, right.headers["Location"]) == (403, 303, "/")
    assert (inside.status_code, out.status_code, after.status_code) == (200, 303, 303)
    assert "HttpOnly" in right.headers["Set-Cookie"]
    assert "SameSite=lax" in right.headers["Set-Cookie"]
    assert last.status_code == 429


def test_what_is_too_large_or_no_form_is_refused(house: House) -> None:
    path = digest(house)["stop"]

    large = house.browser().bare(path, {"do": "x" * 400_000})
    kind = house.browser().bare(path, "{}", Content_Type="application/json")

    assert large.status_code == 413
    assert kind.status_code == 415


def test_every_answer_says_what_it_may_load(house: House) -> None:
    for path in ("/", "/static/page.css", "/nowhere", "/healthz"):
        headers = house.browser().get(path).headers

        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert [house.browser().get(f"/static/{path}").status_code for path in ("../site.py", "%2e%2e/site.py", "..%2fsite.py")] == [
        404
    ] * 3


# --- beside the service


@pytest.fixture
def service(shell: Shell) -> Iterator[Served]:
    with served(shell.lab) as one:
        one.until(lambda: one.log("the page is there"))
        yield one


def test_a_busy_port_is_told_once_and_tried_again_and_stops_no_round(shell: Shell) -> None:
    host, port = shell.lab.document["web"]["listen"].split(":")
    with socket.create_server((host, int(port))), served(shell.lab) as service:
        service.until(lambda: service.log("the page cannot be shown"))
        service.at(START)
        service.rounds(3)

        assert len(service.log("the page cannot be shown")) == 1


def test_an_edit_moves_it_switches_it_off_and_on(service: Served, shell: Shell) -> None:
    before, moved = (f"http://{one}" for one in (shell.lab.document["web"]["listen"], f"127.0.0.1:{free_port()}"))

    shell.change("web", "listen", value=moved.removeprefix("http://"))
    service.until(lambda: answers(moved))
    is_there_still = answers(before)
    shell.change("web", "enabled", value=False)
    service.until(lambda: not answers(moved))
    shell.change("web", "enabled", value=True)
    service.until(lambda: answers(moved))

    assert not is_there_still


def test_it_never_outlives_the_service(service: Served, shell: Shell) -> None:
    service.kill()

    until(lambda: not answers(f"http://{shell.lab.document['web']['listen']}"))


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_beside_it_work_is_done_in_processes_begun_anew_and_one_that_is_killed_costs_its_round(shell: Shell) -> None:
    with served(shell.lab) as service:
        service.until(lambda: service.log("the page is there"))
        service.until(lambda: children(service.process.pid))
        (worker,) = children(service.process.pid)
        its_program = program(worker)
        os.kill(worker, signal.SIGKILL)
        service.until(lambda: service.log("ended by SIGKILL"))
        service.until(lambda: service.log("rounds work again"))
        is_there = answers(f"http://{shell.lab.document['web']['listen']}")

    assert b"work_begun_anew" in its_program
    assert is_there


def test_it_ends_in_order_with_the_service(service: Served, shell: Shell) -> None:
    ended = service.end()

    assert ended == 0
    assert not answers(f"http://{shell.lab.document['web']['listen']}")


def program(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task").glob("*/children")
    return [int(one) for path in found for one in path.read_text().split()]
