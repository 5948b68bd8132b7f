"""What a real mail server answers, and what the service makes of it: logins, TLS, refusals, limits, bounces. `make mail-test`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from post_office import DOMAIN, PostOffice, missing, post_office
from support.command_line import Shell
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

pytestmark = pytest.mark.mail

START, MONDAY = "2026-03-03T09:00", "2026-03-09T08:00"
SENDER, OWNER, PI, POSTDOC = (f"{name}@{DOMAIN}" for name in ("watcher", "owner", "pi", "postdoc"))
NOBODY = f"nobody@{DOMAIN}"
BEYOND_ASCII = f"größe@{DOMAIN}"
RIS = "application/x-research-info-systems"
LONG = "Agrin and MuSK keep the endplate. " * 200


@pytest.fixture(scope="module")
def running() -> Iterator[PostOffice]:
    if missing():
        pytest.skip(missing())
    with post_office() as office:
        office.open_mailbox(SENDER, OWNER, PI, POSTDOC)
        yield office


@pytest.fixture
def office(running: PostOffice) -> Iterator[PostOffice]:
    """The post office as it was set up, with empty mailboxes."""
    before = (running.folder / "postfix" / "main.cf").read_text()
    yield running
    (running.folder / "postfix" / "main.cf").write_text(before)
    running.flush()
    for address in running.passwords:
        running.empty(address)


@pytest.fixture
def shell(
    office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A lab whose digests go to the PI through the relay, and whose alerts go to the owner."""
    papers = [
        Planted(paper(number, title=f"The neuromuscular junction {number}", abstract=LONG, created="2026-03-04"))
        for number in (1, 2, 3)
    ]
    with lab(tmp_path, papers, monkeypatch) as one:
        del one.document["channels"]["lab-slack"]
        one.document["lists"]["lab-weekly"]["channels"] = ["lab-mail"]
        one.document["channels"]["lab-mail"] |= {"url": relayed(office), "to": [PI]}
        one.document["channels"]["owner"] = {"kind": "email", "url": relayed(office), "to": [OWNER]}
        one.document["alerts"] = {"channel": "owner"}
        one.write()
        yield Shell(one, monkeypatch, capsys)


def relayed(office: PostOffice) -> str:
    return f"mailto://127.0.0.1:{office.relay}?from={SENDER}"


def with_login(port: int, password: str, *, host: str = "localhost", scheme: str = "mailtos", more: str = "") -> str:
    """The URL of a server that wants a login, as the PI."""
    return f"{scheme}://{quote(PI, safe='')}:{quote(password, safe='')}@{host}:{port}?from={SENDER}{more}"


def turn(shell: Shell, url: str, *readers: str) -> None:
    shell.lab.document["channels"]["lab-mail"] |= {"url": url, "to": list(readers) or [PI]}
    shell.lab.write()


def digest(shell: Shell) -> str:
    """Let the first digest become due; what the command says."""
    shell.at(START, "tick")
    return shell.at(MONDAY, "tick").out


def inbox(office: PostOffice, address: str) -> list[EmailMessage]:
    office.flush()
    return [message_from_bytes(raw, policy=policy.default) for raw in office.inbox(address)]


def subjects(office: PostOffice, address: str) -> list[str]:
    return [str(one["Subject"]) for one in inbox(office, address)]


def text(mail: EmailMessage) -> str:
    """A mail's text on one line."""
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def owed(shell: Shell) -> str:
    """What is owed, and why, as `status` tells it."""
    return " ".join(shell("status").out.split())


# --- TLS and logins ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "mechanism"), [("starttls", "plain"), ("starttls", "cram-md5"), ("ssl", "login")])
def test_a_login_inside_tls_with_a_ca_of_the_institutes_own(
    shell: Shell, office: PostOffice, monkeypatch: pytest.MonkeyPatch, mode: str, mechanism: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(office.authority))
    office.set(smtpd_sasl_mechanism_filter=mechanism)
    port = office.smtps if mode == "ssl" else office.submission
    turn(shell, with_login(port, office.passwords[PI], more=f"&mode={mode}"))

    digest(shell)

    (mail,) = inbox(office, PI)
    received = " ".join(str(mail.get_all("Received")).split())
    assert "with ESMTPSA id" in received  # RFC 3848: over TLS, logged in


def test_check_and_send_test_reach_a_server_with_a_login(shell: Shell, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(office.authority))
    turn(shell, with_login(office.submission, office.passwords[PI]))

    online = shell.at(START, "check", "--online")
    sent = shell("send-test", "lab-mail")

    assert f"localhost:{office.submission} answers and accepts the login" in online.out
    assert sent.code == 0
    assert subjects(office, PI) == ["[watcher] test of channel lab-mail"]


@pytest.mark.parametrize(
    ("host", "knows_ca", "why"),
    [
        ("localhost", False, "the certificate of localhost cannot be verified: unable to get local issuer certificate"),
        ("127.0.0.1", True, "the certificate of 127.0.0.1 cannot be verified: IP address mismatch"),
    ],
)
def test_a_certificate_that_is_not_trusted_parks_the_digest_and_is_told(
    shell: Shell, office: PostOffice, monkeypatch: pytest.MonkeyPatch, host: str, knows_ca: bool, why: str
) -> None:
    if knows_ca:
        monkeypatch.setenv("SSL_CERT_FILE", str(office.authority))
    turn(shell, with_login(office.submission, office.passwords[PI], host=host))

    digest(shell)

    (told,) = (one for one in inbox(office, OWNER) if one["X-Watcher-Notice"] == "channel:lab-mail")
    assert why in text(told)
    assert "SSL_CERT_FILE" in text(told)
    assert inbox(office, PI) == []


def test_a_wrong_password_parks_the_digest_and_is_told_and_the_right_one_brings_both(
    shell: Shell, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(office.authority))
    turn(shell, with_login(office.submission, "another"))

    digest(shell)
    before = inbox(office, PI)
    turn(shell, with_login(office.submission, office.passwords[PI]))
    shell.at("2026-03-09T08:10", "tick")

    assert before == []
    first, last = (one for one in inbox(office, OWNER) if one["X-Watcher-Notice"] == "channel:lab-mail")
    assert "localhost refused the login (535 5.7.8 Error: authentication failed" in text(first)
    assert last["Subject"] == "[watcher] Channel lab-mail takes messages again"
    assert len(inbox(office, PI)) == 1


def test_a_login_without_tls_at_a_server_that_wants_it_is_refused_with_the_mode_to_write(shell: Shell, office: PostOffice) -> None:
    turn(shell, with_login(office.submission, office.passwords[PI], scheme="mailto"))

    digest(shell)

    (told,) = (one for one in inbox(office, OWNER) if one["X-Watcher-Notice"] == "channel:lab-mail")
    assert "mode=" in text(told)
    assert inbox(office, PI) == []


# --- recipients ----------------------------------------------------------------------------------------------------------------------


def test_an_address_that_there_is_not_costs_the_others_nothing_and_is_told(shell: Shell, office: PostOffice) -> None:
    turn(shell, relayed(office), PI, NOBODY, POSTDOC)

    digest(shell)
    shell.at("2026-03-09T08:05", "tick")

    assert [len(inbox(office, reader)) for reader in (PI, POSTDOC)] == [1, 1]
    (told,) = (one for one in inbox(office, OWNER) if one["X-Watcher-Notice"] == "channel:lab-mail")
    assert f"127.0.0.1 answered 550 5.1.1 <{NOBODY}>: Recipient address rejected: User unknown" in text(told)


def test_more_unknown_addresses_than_a_server_bears_cost_nobody_else_a_digest(shell: Shell, office: PostOffice) -> None:
    office.set(smtpd_error_sleep_time="0")  # Postfix hangs up at the twentieth error
    turn(shell, relayed(office), *(f"left-{number}@{DOMAIN}" for number in range(25)), PI, POSTDOC)

    digest(shell)
    for minute in range(10, 60, 10):
        shell.at(f"2026-03-09T08:{minute}", "tick")

    assert [len(inbox(office, reader)) for reader in (PI, POSTDOC)] == [1, 1]
    assert "421 4.7.0" in office.told() or "too many errors" in office.told()


def test_a_mail_that_is_taken_and_comes_back_goes_to_the_sender_and_names_the_delivery(shell: Shell, office: PostOffice) -> None:
    office.announce(NOBODY)
    turn(shell, relayed(office), PI, NOBODY)

    digest(shell)

    (mail,), (bounce,) = inbox(office, PI), inbox(office, SENDER)
    assert bounce.get_content_type() == "multipart/report"
    assert "Status: 5.1.1" in bounce.as_string()
    (returned,) = (part for part in bounce.walk() if part["X-Watcher-List"])
    assert (returned["To"], returned["X-Watcher-Digest"]) == (NOBODY, mail["X-Watcher-Digest"])
    assert returned["Message-ID"] != mail["Message-ID"]


def test_an_address_beyond_ascii_at_a_server_that_takes_none_is_told_with_what_to_do(shell: Shell, office: PostOffice) -> None:
    turn(shell, relayed(office), BEYOND_ASCII, PI)

    digest(shell)
    shell.at("2026-03-09T08:05", "tick")

    (told,) = (one for one in inbox(office, OWNER) if one["X-Watcher-Notice"] == "channel:lab-mail")
    assert "127.0.0.1 takes no address with letters beyond ASCII (SMTPUTF8)" in text(told)
    assert len(inbox(office, PI)) == 1


def test_an_address_beyond_ascii_is_taken_where_smtputf8_is_offered(shell: Shell, office: PostOffice) -> None:
    office.announce(BEYOND_ASCII)
    office.set(smtpd_discard_ehlo_keywords="", strict_8bitmime="no")
    turn(shell, relayed(office), BEYOND_ASCII, PI)

    digest(shell)

    assert "pending" not in owed(shell)
    assert "parked" not in owed(shell)
    assert len(inbox(office, PI)) == 1
    assert f"to=<{BEYOND_ASCII}>" in office.told()  # where it ends: Dovecot 2.3 has no SMTPUTF8, and neither has the way back


# --- limits --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keywords", ["8bitmime,smtputf8", "8bitmime,smtputf8,size"])
def test_a_server_that_takes_less_than_the_mail_says_so_before_or_after_and_gets_what_it_has_room_for(
    shell: Shell, office: PostOffice, keywords: str
) -> None:
    digest(shell)
    office.flush()
    (whole,) = office.inbox(PI)
    office.set(message_size_limit=str(len(whole) - 2_000), smtpd_discard_ehlo_keywords=keywords)
    turn(shell, relayed(office), PI, POSTDOC)

    resent = shell("resend", "lab-weekly", "--since", MONDAY[:10], "--to", "lab-mail")
    (mail,) = inbox(office, POSTDOC)

    attached = [part.get_content().decode().count("TY  - ") for part in mail.walk() if part.get_content_type() == RIS]
    assert attached == ([] if "size" in keywords else [2])
    assert "This digest has 3 papers" in text(mail)
    assert resent.code == 0


@pytest.mark.parametrize(
    "limit",
    [
        {"smtpd_client_message_rate_limit": "2"},  # 450 4.7.1
        {"smtpd_client_recipient_rate_limit": "2"},  # 450 4.7.1
        {"smtpd_client_connection_rate_limit": "1"},  # 421 4.7.0
    ],
)
def test_a_server_that_takes_a_few_mails_at_a_time_gets_all_of_them_once(
    shell: Shell, office: PostOffice, limit: dict[str, str]
) -> None:
    readers = [f"reader-{number}@{DOMAIN}" for number in range(7)]
    office.open_mailbox(*readers)
    office.set(smtpd_client_event_limit_exceptions="", **limit)
    turn(shell, relayed(office), *readers)

    digest(shell)
    hours = iter(range(9, 24))
    while "pending" in owed(shell):
        time.sleep(2.1)  # Postfix counts by the machine's clock, in whole seconds, and begins anew after one
        shell.at(f"2026-03-09T{next(hours):02}:00", "tick")

    assert [len(inbox(office, reader)) for reader in readers] == [1] * 7
    assert "too much mail" in office.told() or "too many recipients" in office.told() or "rate limit" in office.told()
