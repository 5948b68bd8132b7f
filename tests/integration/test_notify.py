"""What leaves through Apprise, received by a real SMTP server and a real HTTP server."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email import policy as email_policy
from functools import cache
from itertools import pairwise
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.awkward import HTTP_DRIPS, OK, Conduct, answering, conducting, packed, silent, whole
from support.chat import CHAT_URL, Chat, chatting
from support.digest_samples import WEEKLY, digest, full, many, ris

from standins.answers import Answer
from standins.inbox import MailServer, SlackServer
from watcher.digest.render import messages
from watcher.domain import Channel, ChannelKind, Delivery, DeliveryState, Message
from watcher.errors import ConfigurationError, DeliveryError
from watcher.flows.deliver.trial import trial_deliveries
from watcher.notify import Notifier, sending
from watcher.notify import smtp as mailing

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
MAIL = Message(
    ChannelKind.EMAIL,
    1,
    "[NMJ] 7 new papers – α-motor",
    {
        "text": "plain ü\nhttps://pubmed.ncbi.nlm.nih.gov/1/\n",
        "html": "<p>rich ü</p>",
        "ris": "TY  - JOUR\nAN  - 1\nER  - \n",
        "ris_name": "nmj.ris",
    },
    {"X-Watcher-List": "lab-weekly", "X-Watcher-Digest": "2026-03-02T08:00+01:00", "X-Watcher-Period": "2026-02-23/2026-03-02"},
)
BLOCKS = {
    "text": "7 new papers",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "p &lt; 0.05 <https://x.org|x>"}}],
}
SLACK = Message(ChannelKind.SLACK, 1, "7 new papers", {"json": json.dumps(BLOCKS)})


def delivery(message: Message, recipient: str = "", number: int = 17) -> Delivery:
    return Delivery(number, "c", recipient, message, f"{number}.abcdef01@lab.example", DeliveryState.SENDING, 1, NOW, "token")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def mail_channel(server: MailServer, **changes: object) -> Channel:
    values = {"name": "lab-mail", "kind": ChannelKind.EMAIL, "url": server.url(), "to": ("pi@lab.example",)} | changes
    return Channel(**values)  # type: ignore[arg-type]


def slack_channel(url: str) -> Channel:
    return Channel("lab-slack", ChannelKind.SLACK, url)


def test_a_server_in_the_lab_is_not_asked_for_certificates_that_a_mail_in_the_open_does_not_need(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append("all certificates of the machine"))

    Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert len(mail.mails) == 1
    assert read == []


def test_a_mail_arrives_with_its_parts_and_headers(mail: MailServer) -> None:
    channel = mail_channel(mail, reply_to="library@lab.example")

    Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=NOW)

    (received,) = mail.mails
    message = received.message
    assert received.recipients == ("pi@lab.example",)
    assert (message["To"], message["Subject"]) == ("pi@lab.example", "[NMJ] 7 new papers – α-motor")
    assert message["Message-ID"] == "<17.abcdef01@lab.example>"
    assert message["Reply-To"] == "library@lab.example"
    assert message["Date"].datetime == NOW
    assert message["X-Watcher-List"] == "lab-weekly"
    assert message["X-Watcher-Digest"] == "2026-03-02T08:00+01:00"
    assert message["X-Watcher-Period"] == "2026-02-23/2026-03-02"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/x-research-info-systems",
    ]
    assert received.part("text/plain") == MAIL.payload["text"]
    assert received.part("text/html").strip() == "<p>rich ü</p>"
    assert received.part("application/x-research-info-systems") == MAIL.payload["ris"]
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "nmj.ris"


def test_each_file_is_attached_under_its_own_type_and_name(mail: MailServer) -> None:
    files = {"nbib": "PMID- 1\nTI  - β\n", "nbib_name": "nmj.nbib"}

    Notifier().send(delivery(replace(MAIL, payload=dict(MAIL.payload) | files), "pi@lab.example"), mail_channel(mail), now=NOW)

    received = mail.mails[0]
    names = [(part.get_content_type(), part.get_filename()) for part in received.message.iter_attachments()]
    assert names == [("application/x-research-info-systems", "nmj.ris"), ("application/nbib", "nmj.nbib")]
    assert received.part("application/nbib") == files["nbib"]


def test_each_header_stands_once(mail: MailServer) -> None:
    Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    names = [name.lower() for name in mail.mails[0].message]
    assert len(names) == len(set(names) - {"x-peer", "x-mailfrom", "x-rcptto"}) + len(
        {"x-peer", "x-mailfrom", "x-rcptto"} & set(names)
    )


def test_a_second_attempt_sends_the_same_bytes(mail: MailServer) -> None:
    channel = mail_channel(mail)
    later = NOW.replace(hour=9)

    Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=NOW)
    Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=later)

    first, second = (bytes(one.message) for one in mail.mails)
    assert first == second


def test_to_replaces_every_recipient_of_the_url(mail: MailServer) -> None:
    channel = mail_channel(mail, url=f"{mail.url(to='old@lab.example')}&cc=copy@lab.example", to=("new@lab.example",))

    assert Notifier().recipients(channel) == ("new@lab.example",)
    Notifier().send(delivery(MAIL, "new@lab.example"), channel, now=NOW)

    assert [one.recipients for one in mail.mails] == [("new@lab.example",)]


def test_without_to_each_recipient_of_the_url_is_named_once(mail: MailServer) -> None:
    url = f"{mail.url(to='a@lab.example,b@lab.example')}&cc=a@lab.example,c@lab.example&bcc=d@lab.example"

    assert Notifier().recipients(mail_channel(mail, url=url, to=())) == (
        "a@lab.example",
        "b@lab.example",
        "c@lab.example",
        "d@lab.example",
    )


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [("451 later please", False), ("421 too busy", False), ("550 no such user", True), ("552 too big", True)],
)
def test_an_smtp_answer_says_whether_trying_again_can_help(mail: MailServer, answer: str, permanent: bool) -> None:
    mail.answers += [answer] * 2  # one that is too large is sent twice

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert caught.value.code == int(answer[:3])
    assert caught.value.permanent is permanent
    assert answer[4:] in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            "534-5.7.9 go to\r\n534-5.7.9  https://support.example/a\r\n534 5.7.9 b2 - gsmtp",
            "5.7.9 go to https://support.example/a b2 - gsmtp",
        ),
        ("550-5.7.1 no\r\n550 5.7.26 unsigned", "5.7.1 no 5.7.26 unsigned"),
        ("550-5.7.1 no\r\n550 5.7.11 digits", "5.7.1 no 5.7.11 digits"),
        ("550-no\r\n550 5.7.1 by rule", "no 5.7.1 by rule"),
    ],
)
def test_an_answer_of_several_lines_has_its_enhanced_code_once(mail: MailServer, answer: str, told: str) -> None:
    mail.answers.append(answer)

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert str(caught.value).endswith(f"{answer[:3]} {told}")


@pytest.mark.parametrize(("answer", "permanent"), [("450 greylisted", False), ("550 unknown", True)])
def test_a_refused_recipient_keeps_its_code(mail: MailServer, answer: str, permanent: bool) -> None:
    mail.refused["pi@lab.example"] = answer

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert (caught.value.code, caught.value.permanent) == (int(answer[:3]), permanent)


def test_a_server_that_wants_no_login_is_told_as_a_setting(mail: MailServer) -> None:
    url = f"mailto://user:topsecret@127.0.0.1:{mail.port}?from=w@lab.example&to=pi@lab.example"

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail, url=url), now=NOW)

    assert caught.value.permanent
    assert "topsecret" not in str(caught.value)


def _takes_a_mail_and_says_no_goodbye(listening: socket.socket, drips: bool) -> None:
    connection, _ = listening.accept()
    connection.settimeout(20)
    with connection, connection.makefile("rwb", buffering=0) as talk:
        talk.write(b"220 ready\r\n")
        for line in iter(talk.readline, b""):
            if line.upper().startswith(b"DATA"):
                talk.write(b"354 go on\r\n")
                while talk.readline() != b".\r\n":
                    pass
            if not line.upper().startswith(b"QUIT"):
                talk.write(b"250 ok\r\n")
            with suppress(OSError):
                while drips and line.upper().startswith(b"QUIT"):
                    talk.write(b"221-wait\r\n")
                    time.sleep(0.05)


@pytest.mark.parametrize("drips", [False, True])
def test_a_server_that_takes_a_mail_and_says_no_goodbye_has_taken_it(drips: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "QUIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=_takes_a_mail_and_says_no_goodbye, args=(listening, drips))
        server.start()
        url = f"mailto://127.0.0.1:{listening.getsockname()[1]}?from=watcher@lab.example&mode=insecure"

        Notifier().send(delivery(MAIL, "pi@lab.example"), Channel("c", ChannelKind.EMAIL, url, to=("pi@lab.example",)), now=NOW)

        server.join(30)
    assert not server.is_alive()


def assert_late(channel: Channel, message: Message, recipient: str = "") -> None:
    with pytest.raises(DeliveryError, match=r"did not finish within 0\.5 s") as caught:
        Notifier().send(delivery(message, recipient), channel, now=NOW)

    assert (caught.value.permanent, caught.value.code) == (False, None)
    assert "verysecret" not in str(caught.value)


def assert_too_long(channel: Channel, message: Message, recipient: str = "") -> None:
    with pytest.raises(DeliveryError, match="sent more than 1 MB") as caught:
        Notifier().send(delivery(message, recipient), channel, now=NOW)

    assert not caught.value.permanent


SMTP_STEPS = ["", "ehlo", "mail", "rcpt", "data", "."]
"""Where a mail server can hang: before its greeting, and after each command."""


def smtp_that(step: str, says: bytes, drop: bytes = b"", *, endless: bool = False) -> Conduct:
    """A mail server that is well until a step; there it says something, and then drips, or talks without end."""
    answers = {"ehlo": b"250 ok", "mail": b"250 ok", "rcpt": b"250 ok", "data": b"354 go on", ".": b"250 taken"}

    def conduct(connection: socket.socket, over: threading.Event) -> None:
        with connection.makefile("rb") as lines:
            if step:
                connection.sendall(b"220 ready\r\n")
                for line in lines:
                    word = line.decode().strip().lower()[:4]
                    if word == step:
                        break
                    if word in answers:
                        connection.sendall(answers[word] + b"\r\n")
            connection.sendall(says)
            while not over.wait(0 if endless else 0.01):
                connection.sendall(drop)

    return conduct


def smtp_channel(port: int) -> Channel:
    url = f"mailto://127.0.0.1:{port}?from=watcher@lab.example&mode=insecure"
    return Channel("c", ChannelKind.EMAIL, url, to=("pi@lab.example",))


@pytest.mark.parametrize("step", SMTP_STEPS)
@pytest.mark.parametrize(("says", "drop"), [(b"", b""), (b"2", b"5"), (b"250-wait\r\n", b"250-wait\r\n")])
def test_a_mail_server_that_hangs_or_drips_is_left_at_the_deadline(
    step: str, says: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    with conducting(smtp_that(step, says, drop)) as port:
        assert_late(smtp_channel(port), MAIL, "pi@lab.example")


@pytest.mark.parametrize("step", SMTP_STEPS)
def test_a_mail_servers_reply_without_end_is_not_read_to_its_end(step: str) -> None:
    with conducting(smtp_that(step, b"", b"250-wait\r\n" * 5_000, endless=True)) as port:
        assert_too_long(smtp_channel(port), MAIL, "pi@lab.example")


@pytest.mark.parametrize("url", ["mailtos://127.0.0.1:{}?mode=ssl", "mailtos://127.0.0.1:{}?mode=starttls"])
def test_a_mail_server_that_hangs_in_the_handshake_is_left_at_the_deadline(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def starts(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"220 ready\r\n")
        connection.recv(1 << 16)
        connection.sendall(b"250-lab\r\n250 STARTTLS\r\n")
        connection.recv(1 << 16)
        connection.sendall(b"220 go on\r\n")
        over.wait()

    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    with conducting(starts if "starttls" in url else silent) as port:
        channel = Channel("c", ChannelKind.EMAIL, f"{url.format(port)}&from=w@lab.example", to=("pi@lab.example",))
        assert_late(channel, MAIL, "pi@lab.example")


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_a_slack_that_drips_is_left_at_the_deadline(before: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    with conducting(answering(before, drop)) as port:
        assert_late(slack_channel(f"http://127.0.0.1:{port}/services/T/B/verysecret"), SLACK)


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_any_other_service_that_drips_is_left_at_the_deadline(before: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    with conducting(answering(before, drop)) as port:
        channel = Channel("hook", ChannelKind.OTHER, f"json://127.0.0.1:{port}?rto=30&cto=30")
        assert_late(channel, Message(ChannelKind.OTHER, 1, "s", {"text": "t"}))


BOMBS = {
    "endless": answering(OK + b"\r\n", b" " * 65_536, endless=True),
    "gzip": whole(packed(50, "gzip"), b"Content-Encoding: gzip\r\n"),
    "gzip in gzip": whole(packed(50, "gzip, gzip"), b"Content-Encoding: gzip, gzip\r\n"),
    "refusal": answering(b"HTTP/1.1 404 Not Found\r\n\r\n", b" " * 65_536, endless=True),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_an_answer_that_is_too_long_is_not_read_to_its_end(bomb: Conduct) -> None:
    with conducting(bomb) as port:
        assert_too_long(slack_channel(f"http://127.0.0.1:{port}/services/T/B/verysecret"), SLACK)
        other = Message(ChannelKind.OTHER, 1, "s", {"text": "t"})
        assert_too_long(Channel("hook", ChannelKind.OTHER, f"json://127.0.0.1:{port}?rto=30&cto=30"), other)


# --- a connection that is kept open ------------------------------------------------------------------------------------------------------

READERS = ("a@lab.example", "b@lab.example", "c@lab.example")


class Talk:
    """A mail server that keeps what is said to it, connection by connection, and may end one before it answers a command."""

    def __init__(self, *ends: tuple[int, str]) -> None:
        self.said: list[list[str]] = []
        self.contents: list[bytes] = []
        self.mails = 0
        self._ends = set(ends)

    def __call__(self, connection: socket.socket, _over: threading.Event) -> None:
        """One connection."""
        said: list[str] = []
        self.said.append(said)
        connection.sendall(b"220 ready\r\n")
        for word in commands(connection, self.contents):
            said.append(word)
            if (len(self.said), f"{word} {said.count(word)}") in self._ends:
                return
            connection.sendall(self.answer(word))

    def answer(self, word: str) -> bytes:
        """What the last connection hears."""
        self.mails += word == "."
        return {"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")


def commands(connection: socket.socket, contents: list[bytes]) -> Iterator[str]:
    """What a client says, a mail's content, which is kept, being one "."."""
    with connection.makefile("rb") as lines:
        for line in lines:
            yield line.decode().split()[0].upper()
            if line.upper().startswith(b"DATA"):
                contents.append(b"".join(iter(lambda: next(lines, b".\r\n"), b".\r\n")))
                yield "."


def send_to_all(channel: Channel, *, keep: bool = True) -> list[str]:
    """A mail to each reader; what became of each."""
    notifier, became = Notifier(), []
    with notifier.kept_open(channel) if keep else nullcontext():
        for number, reader in enumerate(READERS):
            try:
                notifier.send(delivery(MAIL, reader, number), channel, now=NOW)
                became.append("sent")
            except DeliveryError as error:
                became.append("for good" if error.permanent else "may pass")
    return became


def words(said: list[str]) -> str:
    """The commands of one connection, the lines of mails left out."""
    known = {"EHLO": "E", "MAIL": "M", "RCPT": "R", "DATA": "D", "RSET": "S", "QUIT": "Q", "AUTH": "A"}
    return "".join(known.get(word, "") for word in said)


def test_mails_of_one_channel_share_a_connection_that_ends_with_a_goodbye() -> None:
    with conducting(talk := Talk()) as port:
        became = send_to_all(smtp_channel(port))

    assert became == ["sent"] * 3
    assert [words(said) for said in talk.said] == ["EMRDSMRDSMRDQ"]


def test_a_mail_alone_has_a_connection_alone() -> None:
    with conducting(talk := Talk()) as port:
        became = send_to_all(smtp_channel(port), keep=False)

    assert became == ["sent"] * 3
    assert [words(said) for said in talk.said] == ["EMRDQ"] * 3


@pytest.mark.parametrize("end", ["RSET 1", "MAIL 2", "RCPT 2"])
def test_a_connection_that_was_dropped_between_two_mails_is_made_anew(end: str) -> None:
    with conducting(talk := Talk((1, end))) as port:
        became = send_to_all(smtp_channel(port))

    assert became == ["sent"] * 3
    assert len(talk.said) == 2
    assert talk.mails == 3


@pytest.mark.parametrize(("end", "mails"), [("DATA 2", 2), (". 2", 2)])
def test_a_mail_whose_content_was_under_way_when_the_connection_broke_is_not_sent_again_at_once(end: str, mails: int) -> None:
    with conducting(talk := Talk((1, end))) as port:
        became = send_to_all(smtp_channel(port))

    assert became == ["sent", "may pass", "sent"]
    assert (len(talk.said), talk.mails) == (2, mails)


def test_a_first_connection_that_breaks_is_told_and_not_repeated() -> None:
    with conducting(talk := Talk((1, "MAIL 1"))) as port:
        became = send_to_all(smtp_channel(port))

    assert became == ["may pass", "sent", "sent"]
    assert len(talk.said) == 2


def test_a_server_that_wants_an_end_after_some_mails_gets_a_new_connection() -> None:
    class Tired(Talk):
        def answer(self, word: str) -> bytes:
            """Enough after one mail."""
            tired = word == "MAIL" and self.said[-1].count("MAIL") > 1
            return b"421 4.7.0 enough for one connection\r\n" if tired else super().answer(word)

    with conducting(talk := Tired()) as port:
        became = send_to_all(smtp_channel(port))

    assert became == ["sent"] * 3
    assert len(talk.said) == 3


def test_a_refused_reader_costs_the_others_no_connection(mail: MailServer) -> None:
    mail.refused["b@lab.example"] = "550 no such user"

    assert send_to_all(mail_channel(mail)) == ["sent", "for good", "sent"]


def test_every_connection_logs_in() -> None:
    with MailServer(logins={"user": "topsecret"}) as server:
        url = f"mailto://user:topsecret@127.0.0.1:{server.port}?from=w@lab.example&to=pi@lab.example&mode=insecure"
        became = send_to_all(mail_channel(server, url=url)) + send_to_all(mail_channel(server, url=url), keep=False)

    assert became == ["sent"] * 6


def test_each_mail_on_a_kept_connection_has_a_deadline_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Hanging(Talk):
        def answer(self, word: str) -> bytes:
            """Silence for the second reader."""
            if len(self.said) == 1 and self.said[0].count("RCPT") == 2:
                over.wait(60)
            return super().answer(word)

    with conducting(talk := Hanging()) as port:
        channel, notifier = smtp_channel(port), Notifier()
        with notifier.kept_open(channel):
            notifier.send(delivery(MAIL, READERS[0], 1), channel, now=NOW)
            with monkeypatch.context() as soon:
                soon.setattr(sending, "SEND_SECONDS", 0.3)
                with pytest.raises(DeliveryError, match=r"did not finish within 0\.3 s"):
                    notifier.send(delivery(MAIL, READERS[1], 2), channel, now=NOW)
            notifier.send(delivery(MAIL, READERS[2], 3), channel, now=NOW)
        over.set()

    assert talk.mails == 2


# --- a mail that is too large -------------------------------------------------------------------------------------------------------------

LARGE = replace(
    MAIL, payload=dict(MAIL.payload) | {"ris": "".join(f"TY  - JOUR\nAN  - {n}\nAB  - {'x' * 500}\nER  - \n\n" for n in range(60))}
)


class Narrow(Talk):
    """A mail server that announces a SIZE, and refuses what is larger than another."""

    def __init__(self, announced: int = 0, allowed: int = 0, refusal: bytes = b"552 5.3.4 message too big for system") -> None:
        super().__init__()
        self.announced, self.allowed, self.refusal = announced, allowed, refusal
        self.sizes: list[int] = []
        self.taken: list[bytes] = []

    def answer(self, word: str) -> bytes:
        """With SIZE, and by size."""
        if word == "EHLO":
            return b"250-lab\r\n250-8BITMIME\r\n250 SIZE %d\r\n" % self.announced
        if word == ".":
            self.sizes.append(len(self.contents[-1]))
            if self.allowed and self.sizes[-1] > self.allowed:
                return self.refusal + b"\r\n"
            self.taken.append(self.contents[-1])
        return super().answer(word)


def attached(content: bytes) -> int:
    """How many papers are attached to a mail."""
    message = message_from_bytes(content, policy=email_policy.default)
    return sum(part.get_content().decode().count("ER  - ") for part in message.iter_attachments())


def test_a_mail_keeps_to_the_size_that_its_server_announces() -> None:
    with conducting(talk := Narrow(announced=20_000)) as port:
        remark = Notifier().send(delivery(LARGE, "pi@lab.example"), smtp_channel(port), now=NOW)

    (content,) = talk.taken
    assert 12_000 < len(content) <= 20_000
    assert remark == f"sent with {attached(content)} of 60 papers attached: a larger mail is not allowed"
    assert b"watcher export --list lab-weekly" in content.replace(b"=\r\n", b"").replace(b"=20", b" ")


def test_a_mail_keeps_to_the_size_that_the_channel_allows() -> None:
    with conducting(talk := Narrow(announced=1_000_000)) as port:
        Notifier().send(delivery(LARGE, "pi@lab.example"), replace(smtp_channel(port), max_mail_mb=0.015), now=NOW)

    assert 8_000 < talk.sizes[0] <= 15_000


def test_without_limits_everything_is_attached_and_nothing_to_be_said() -> None:
    with conducting(talk := Narrow()) as port:
        remark = Notifier().send(delivery(LARGE, "pi@lab.example"), smtp_channel(port), now=NOW)

    assert (attached(talk.taken[0]), remark) == (60, "")


@pytest.mark.parametrize("refusal", [b"552 too big", b"552 5.3.4 message too big", b"554 5.3.4 message too big"])
def test_a_mail_that_is_refused_for_its_size_goes_again_without_attachment(refusal: bytes) -> None:
    with conducting(talk := Narrow(allowed=20_000, refusal=refusal)) as port:
        remark = Notifier().send(delivery(LARGE, "pi@lab.example"), smtp_channel(port), now=NOW)

    refused, taken = (message_from_bytes(content, policy=email_policy.default) for content in talk.contents)
    assert remark.startswith("sent without its attachment of 60 papers: 127.0.0.1 answered 55")
    assert (attached(talk.taken[0]), taken["Message-ID"]) == (0, refused["Message-ID"])
    assert taken["Message-ID"] == "<17.abcdef01@lab.example>"
    plain = taken.get_body(("plain",))
    assert plain is not None
    assert "they are not attached, since the mail would be too large" in plain.get_content()


@pytest.mark.parametrize("message", [LARGE, replace(MAIL, payload={"text": "x", "html": "<p>x</p>"})], ids=["bare too", "no file"])
def test_a_mail_that_is_too_large_without_attachment_is_refused_for_good(message: Message) -> None:
    with conducting(talk := Narrow(allowed=100)) as port, pytest.raises(DeliveryError, match="552") as caught:
        Notifier().send(delivery(message, "pi@lab.example"), smtp_channel(port), now=NOW)

    assert caught.value.permanent
    assert len(talk.sizes) == (2 if message is LARGE else 1)


@cache
def unlimited(count: int = 700) -> Message:
    """A digest of many papers that all stand in its text."""
    list_ = replace(WEEKLY, limit=0, attach=())
    return messages(digest(many(count), list_=list_), kinds=[ChannelKind.EMAIL], ris=ris)[1][0]


def told(content: bytes) -> int:
    """How many papers a mail's text tells."""
    plain = message_from_bytes(content, policy=email_policy.default).get_body(("plain",))
    assert plain is not None
    return len(set(re.findall(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)/", plain.get_content())))


def test_a_body_keeps_to_the_size_that_its_server_announces() -> None:
    with conducting(talk := Narrow(announced=150_000, allowed=150_000)) as port:
        remark = Notifier().send(delivery(unlimited(), "pi@lab.example"), smtp_channel(port), now=NOW)

    assert len(talk.sizes) == 1
    assert 100_000 < talk.sizes[0] <= 150_000
    assert remark == f"sent with the first {told(talk.taken[0])} of 700 papers: a larger mail is not allowed"


def test_a_body_that_is_refused_for_its_size_is_halved_until_it_is_taken() -> None:
    with conducting(talk := Narrow(allowed=90_000)) as port:
        remark = Notifier().send(delivery(unlimited(), "pi@lab.example"), smtp_channel(port), now=NOW)

    assert talk.sizes == sorted(talk.sizes, reverse=True)
    assert all(later <= earlier / 2 for earlier, later in pairwise(talk.sizes[:-1]))
    assert all(after < before for before, after in pairwise(talk.sizes))
    assert len({message_from_bytes(content)["Message-ID"] for content in talk.contents}) == 1
    count = told(talk.taken[0])
    assert 10 < count < 700
    assert remark == f"sent with the first {count} of 700 papers: 127.0.0.1 answered 552 5.3.4 message too big for system"


def test_each_reader_is_offered_all_before_less() -> None:
    notifier, message = Notifier(), unlimited()
    with conducting(talk := Narrow(allowed=90_000)) as port, notifier.kept_open(smtp_channel(port)):
        for number, reader in enumerate(READERS):
            notifier.send(delivery(message, reader, number), smtp_channel(port), now=NOW)

    assert talk.sizes == talk.sizes[:3] * len(READERS)
    assert [message_from_bytes(content)["To"] for content in talk.taken] == list(READERS)
    assert len({message_from_bytes(content)["Message-ID"] for content in talk.contents}) == len(READERS)
    assert {told(content) for content in talk.taken} == {told(talk.taken[0])}


def test_a_body_is_not_cut_below_what_every_server_takes() -> None:
    with conducting(talk := Narrow(allowed=100)) as port, pytest.raises(DeliveryError, match="552") as caught:
        Notifier().send(delivery(unlimited(), "pi@lab.example"), smtp_channel(port), now=NOW)

    assert caught.value.permanent
    assert 50_000 < talk.sizes[-1] <= 64_000
    assert all(after < before for before, after in pairwise(talk.sizes))


def test_a_full_mailbox_is_no_reason_to_cut_a_text() -> None:
    with conducting(talk := Narrow(allowed=90_000, refusal=b"552 5.2.2 mailbox full")) as port, pytest.raises(DeliveryError):
        Notifier().send(delivery(unlimited(), "pi@lab.example"), smtp_channel(port), now=NOW)

    assert len(talk.sizes) == 1


def test_a_reader_beyond_ascii_gets_a_body_that_fits_too() -> None:
    class Modern(Narrow):
        """Takes addresses in UTF-8 as well."""

        def answer(self, word: str) -> bytes:
            said = super().answer(word)
            return said.replace(b"250-8BITMIME", b"250-8BITMIME\r\n250-SMTPUTF8")

    with conducting(talk := Modern(announced=150_000)) as port:
        Notifier().send(delivery(unlimited(), "jürgen@lab.example"), smtp_channel(port), now=NOW)

    assert 100_000 < talk.sizes[0] <= 150_000


def test_a_server_is_known_by_its_host_and_port(mail: MailServer, slack: SlackServer) -> None:
    notifier = Notifier()

    assert notifier.server(mail_channel(mail)) == f"127.0.0.1:{mail.port}"
    assert notifier.server(slack_channel(slack.webhook)) == slack.base_url.removeprefix("http://")
    assert notifier.server(Channel("hook", ChannelKind.OTHER, "json://chat.lab.example:8080/x")) == "chat.lab.example:8080"
    assert notifier.server(Channel("broken", ChannelKind.EMAIL, "nonsense://x")) == ""


def test_nobody_listening_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        channel = Channel("lab-mail", ChannelKind.EMAIL, f"mailto://127.0.0.1:{port}?from=w@lab.example&to=pi@lab.example")

        with pytest.raises(DeliveryError) as caught:
            Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=NOW)

    assert not caught.value.permanent


LOGINS = [
    "mailto://lab:{}@127.0.0.1:{}?from=w@lab.example&to=pi@lab.example&mode=insecure",
    "mailto://_?user=lab&pass={}&smtp=127.0.0.1&port={}&from=w@lab.example&to=pi@lab.example&mode=insecure",
]


@pytest.fixture(scope="module")
def gate() -> Iterator[MailServer]:
    """A mail server that wants a login."""
    with MailServer(logins={"lab": "correct"}) as server:
        yield server


@pytest.mark.parametrize("form", LOGINS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    password=st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=20)
    | st.text(st.sampled_from(";&:/@#?%+ =üab1"), min_size=1, max_size=12)
)
def test_the_password_that_arrives_is_the_one_that_is_meant(
    form: str, password: str, gate: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    gate.heard.clear()
    channel = Channel("lab-mail", ChannelKind.EMAIL, form.format(password, gate.port))

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=NOW)

    assert bool(gate.heard) is (caught.value.code == 535)
    assert gate.heard or "the url of channel 'lab-mail'" in str(caught.value)
    assert {given for _, given in gate.heard} <= {unquote_to_bytes(password).decode(errors="replace")}
    assert caplog.text == ""


@pytest.mark.parametrize("form", LOGINS)
@pytest.mark.parametrize("character", list(";&:/@#?%+ =üλ"))
def test_each_awkward_character_arrives_when_it_is_encoded(form: str, character: str, gate: MailServer) -> None:
    gate.heard.clear()
    channel = Channel("lab-mail", ChannelKind.EMAIL, form.format(quote(f"a{character}b", safe=""), gate.port))

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(MAIL, "pi@lab.example"), channel, now=NOW)

    assert caught.value.code == 535
    assert set(gate.heard) == {("lab", f"a{character}b")}


def test_a_login_with_a_letter_outside_ascii_is_taken() -> None:
    with MailServer(logins={"läb": "grün"}) as server:
        url = f"mailto://läb:grün@127.0.0.1:{server.port}?from=w@lab.example&mode=insecure"

        Notifier().send(delivery(MAIL, "pi@lab.example"), Channel("c", ChannelKind.EMAIL, url), now=NOW)

        assert len(server.mails) == 1


def test_a_failed_connection_names_the_host() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"mailto://_?user=lab&pass=sesame&smtp=127.0.0.1&port={taken.getsockname()[1]}&from=w@lab.example&mode=insecure"

        with pytest.raises(DeliveryError) as caught:
            Notifier().send(delivery(MAIL, "pi@lab.example"), Channel("c", ChannelKind.EMAIL, url), now=NOW)

    assert str(caught.value) == "127.0.0.1 could not be reached or hung up (connection refused)"


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("mailto://lab:pw@smtp.lab.example?from=w@lab.example", ["sends the password unencrypted to smtp.lab.example"]),
        ("mailtos://lab:pw@smtp.lab.example?from=w@lab.example&mode=insecure", ["sends the password unencrypted"]),
        ("mailtos://lab:pw@smtp.lab.example?from=w@lab.example&verify=no", ["does not verify the certificate of smtp.lab.example"]),
        ("mailtos://lab:pw@smtp.lab.example?from=w@lab.example", []),
        ("mailto://lab:pw@smtp.lab.example?from=w@lab.example&mode=starttls", []),
        ("mailto://smtp.lab.example?from=w@lab.example", []),
        ("mailto://lab:pw@gmail.com", []),
        ("nonsense", []),
    ],
)
def test_a_password_in_the_open_and_an_unverified_certificate_are_warned_of(url: str, warned: list[str]) -> None:
    found = Notifier().warnings(Channel("lab-mail", ChannelKind.EMAIL, url))

    assert len(found) == len(warned)
    assert all(wanted in one.what and one.fix for wanted, one in zip(warned, found, strict=True))


def test_what_apprise_drops_of_a_url_is_logged_without_the_url(caplog: pytest.LogCaptureFixture) -> None:
    channel = Channel("phone", ChannelKind.OTHER, "tgram://123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr/not!a!chat/12345")

    Notifier().check(channel)

    assert "not!a!chat" not in caplog.text
    assert "AAbbCC" not in caplog.text
    assert "***" in caplog.text


def test_a_crlf_in_a_subject_is_no_header(mail: MailServer) -> None:
    evil = Message(ChannelKind.EMAIL, 1, "a\r\nBcc: everyone@lab.example", {"text": "x", "html": "<p>x</p>"})

    Notifier().send(delivery(evil, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert mail.mails[0].message["Bcc"] is None
    assert mail.mails[0].recipients == ("pi@lab.example",)


def test_no_header_of_a_mail_holds_what_acts_on_a_terminal(mail: MailServer) -> None:
    acting = "a \x1b[2J\x9b\u202e b"
    payload = {"text": "x", "html": "<p>x</p>", "ris": "TY  - JOUR\n", "ris_name": f"{acting}.ris"}
    message = Message(ChannelKind.EMAIL, 1, acting, payload, {"X-Watcher-List": acting})

    Notifier().send(delivery(message, "pi@lab.example"), mail_channel(mail), now=NOW)

    received = mail.mails[0].message
    (attached,) = received.iter_attachments()
    shown = "a \\x1b[2J\\x9b\\u202e b"
    assert (received["Subject"], received["X-Watcher-List"], attached.get_filename()) == (shown, shown, f"{shown}.ris")


def test_a_mail_without_papers_has_no_attachment(mail: MailServer) -> None:
    plain = Message(ChannelKind.EMAIL, 1, "nothing new", {"text": "nothing", "html": "<p>nothing</p>"})

    Notifier().send(delivery(plain, "pi@lab.example"), mail_channel(mail), now=NOW)

    assert mail.mails[0].message.get_content_type() == "multipart/alternative"


def test_slack_gets_our_blocks_and_a_top_level_text(slack: SlackServer) -> None:
    Notifier().send(delivery(SLACK), slack_channel(slack.webhook), now=NOW)

    (post,) = slack.posts
    assert post.payload == BLOCKS
    assert post.path == "/services/T00000000/B00000000/samplesamplesamplesample"


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ],
)
def test_slacks_hosts_can_be_replaced(slack: SlackServer, url: str) -> None:
    Notifier(slack_base_url=slack.base_url).send(delivery(SLACK), slack_channel(url), now=NOW)

    assert [post.path for post in slack.posts] == ["/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"]


def test_the_environment_replaces_slacks_hosts_too(slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_SLACK_BASE_URL", slack.base_url)

    Notifier().send(delivery(SLACK), slack_channel("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"), now=NOW)

    assert len(slack.posts) == 1


def test_a_bot_posts_to_its_channel(slack: SlackServer) -> None:
    url = "slack://xoxb-1234-1234-abc124/general"

    Notifier(slack_base_url=slack.base_url).send(delivery(SLACK), slack_channel(url), now=NOW)

    (post,) = slack.posts
    assert post.path == "/api/chat.postMessage"
    assert post.payload == {**BLOCKS, "channel": "#general"}


@pytest.mark.parametrize(
    ("answer", "permanent", "retry_after"),
    [
        (Answer(429, "rate_limited", {"Retry-After": "30"}), False, 30.0),
        (Answer(503, "down"), False, None),
        (Answer(404, "no_service"), True, None),
        (Answer(403, "invalid_token"), True, None),
        (Answer(400, "invalid_blocks"), True, None),
        (Answer(302, "", {"Location": "https://elsewhere.example/"}), True, None),
    ],
)
def test_a_slack_answer_says_whether_trying_again_can_help(
    slack: SlackServer, answer: Answer, permanent: bool, retry_after: float | None
) -> None:
    slack.answers.append(answer)

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(SLACK), slack_channel(slack.webhook), now=NOW)

    assert (caught.value.permanent, caught.value.retry_after, caught.value.code) == (permanent, retry_after, answer.status)
    assert "samplesample" not in str(caught.value)


@pytest.mark.parametrize(("error", "permanent"), [("ratelimited", False), ("channel_not_found", True)])
def test_a_bots_refusal_inside_200_is_a_refusal(slack: SlackServer, error: str, permanent: bool) -> None:
    slack.answers.append(Answer(200, json.dumps({"ok": False, "error": error})))

    with pytest.raises(DeliveryError, match=error) as caught:
        Notifier(slack_base_url=slack.base_url).send(
            delivery(SLACK), slack_channel("slack://xoxb-1234-1234-abc124/general"), now=NOW
        )

    assert caught.value.permanent is permanent


BOT = "slack://xoxb-1234-1234-abc124/general"


@pytest.mark.parametrize(
    ("fault", "said", "permanent"),
    [
        ("login-page", "200 with a web page “Sign in”", True),
        ("invalid-blocks", "200 invalid_blocks", True),
        ("empty", "200 without a word", True),
        ("no-content", "204 without a word", True),
        ("redirects", "302 sends elsewhere", True),
        ("truncates", "its answer broke off", False),
    ],
)
@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", BOT])
def test_a_post_is_sent_only_when_slack_says_so(slack: SlackServer, url: str, fault: str, said: str, permanent: bool) -> None:
    slack.plant(fault)

    with pytest.raises(DeliveryError) as caught:
        Notifier(slack_base_url=slack.base_url).send(delivery(SLACK), slack_channel(url), now=NOW)

    assert said in str(caught.value)
    assert caught.value.permanent is permanent
    assert bool(caught.value.fix) is permanent
    assert slack.posts == []


@pytest.mark.parametrize(
    "body",
    ["ok", " ok\n", "\ufeffok", '{"ok":true}', '{"success":true}', '{"ok": true, "channel": "C1", "ts": "1"}'],
)
def test_slacks_own_words_of_success_count(slack: SlackServer, body: str) -> None:
    slack.answers.append(Answer(200, body))

    Notifier().send(delivery(SLACK), slack_channel(slack.webhook), now=NOW)

    assert not slack.answers


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (Answer(200, "OK, I guess"), True),
        (Answer(200, '{"ok":"true"}'), True),
        (Answer(200, '{"ok":false,"success":true}'), True),
        (Answer(200, '{"success":1}'), True),
        (Answer(200, "true"), True),
        (Answer(200, "[]"), True),
        (Answer(200, '{"ok":tru'), False),
        (Answer(200, "o"), False),
        (Answer(200, '{"ok":false,"error":"internal_error"}'), False),
        (Answer(200, "rollup_error"), False),
        (Answer(500, "ok"), False),
        (Answer(404, '{"ok":true}'), True),
        (Answer(408, ""), False),
    ],
)
def test_nothing_else_counts_as_sent(slack: SlackServer, answer: Answer, permanent: bool) -> None:
    slack.answers.append(answer)

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(SLACK), slack_channel(slack.webhook), now=NOW)

    assert caught.value.permanent is permanent


@pytest.mark.parametrize(
    "kind", ["workflows/T1JJ3T3L2/A1BRTD4JD/123456789/TIiajkdnlazkcOXrIdevi7FQ", "triggers/T1JJ3T3L2/123/abcdef"]
)
def test_a_workflow_is_told_of_success_in_its_own_form(slack: SlackServer, kind: str) -> None:
    Notifier(slack_base_url=slack.base_url).send(delivery(SLACK), slack_channel(f"https://hooks.slack.com/{kind}"), now=NOW)

    assert [post.path for post in slack.posts] == [f"/{kind}"]


def test_an_answer_that_repeats_the_address_is_told_without_its_secret(slack: SlackServer) -> None:
    slack.answers.append(Answer(404, f"Cannot POST {slack.path()}\x1b[31m"))

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(SLACK), slack_channel(slack.webhook), now=NOW)

    assert str(caught.value) == "Slack answered 404 Cannot POST *** [31m"


def test_a_webhook_in_plain_http_is_for_loopback_only() -> None:
    with pytest.raises(ConfigurationError, match="plain http"):
        Notifier().check(slack_channel("http://chat.lab.example/services/a/b/c"))


def test_a_webhook_with_a_broken_host_is_refused_without_its_address() -> None:
    with pytest.raises(ConfigurationError, match="is not a Slack URL") as caught:
        Notifier().check(slack_channel("https://[verysecret/services/a/b/c"))

    assert "verysecret" not in str(caught.value)


def test_an_unreachable_slack_may_pass_and_keeps_its_secret(slack: SlackServer) -> None:
    gone = "http://127.0.0.1:9/services/T/B/verysecret"

    with pytest.raises(DeliveryError) as caught:
        Notifier().send(delivery(SLACK), slack_channel(gone), now=NOW)

    assert not caught.value.permanent
    assert str(caught.value) == "Slack (127.0.0.1) could not be reached: connection refused"
    assert slack.posts == []


def test_any_other_apprise_url_gets_the_text(slack: SlackServer) -> None:
    message = Message(ChannelKind.OTHER, 1, "7 new papers", {"text": "1. A paper\nhttps://pubmed.ncbi.nlm.nih.gov/1/"})
    channel = Channel("hook", ChannelKind.OTHER, slack.base_url.replace("http://", "json://"))

    Notifier().send(delivery(message), channel, now=NOW)

    (post,) = slack.posts
    assert post.payload["title"] == "7 new papers"
    assert post.payload["message"] == message.payload["text"]


def test_another_service_that_fails_is_told(slack: SlackServer) -> None:
    slack.answers.append(Answer(500, "no"))
    message = Message(ChannelKind.OTHER, 1, "s", {"text": "t"})

    with pytest.raises(DeliveryError, match="hook"):
        Notifier().send(
            delivery(message), Channel("hook", ChannelKind.OTHER, slack.base_url.replace("http://", "json://")), now=NOW
        )


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_a_url_that_is_none_is_refused_without_being_repeated(kind: ChannelKind) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Notifier().check(Channel("lab", kind, "nonsense://user:secretword@host"))

    assert "secretword" not in str(caught.value)
    assert "'lab'" in str(caught.value)


def test_reach_goes_as_far_as_a_login_and_sends_nothing(mail: MailServer, slack: SlackServer) -> None:
    notifier = Notifier()

    assert str(mail.port) in notifier.reach(mail_channel(mail))
    assert "127.0.0.1" in notifier.reach(slack_channel(slack.webhook))
    assert (mail.mails, slack.posts) == ([], [])


def test_a_mail_survives_the_way_over_the_wire_as_valid_mime(mail: MailServer) -> None:
    Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(mail), now=NOW)

    again = message_from_bytes(bytes(mail.mails[0].message), policy=email_policy.default)
    assert not [defect for part in again.walk() for defect in part.defects]


# --- what a channel takes


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    """A channel of a Discord on loopback; what it took is in `Chat.posts`."""
    with chatting(monkeypatch):
        yield Channel("chat", ChannelKind.OTHER, CHAT_URL)


def test_a_digest_arrives_on_a_service_that_takes_two_thousand_characters(discord: Channel) -> None:
    notifier = Notifier()
    sent = messages(full(), kinds=[ChannelKind.OTHER], ris=ris, fits=notifier.fits([discord]))[1]

    for message in sent:
        notifier.send(delivery(message), discord, now=NOW)

    assert len(Chat.posts) == len(sent) > 1
    assert all(len(post) <= 2_000 for post in Chat.posts)
    assert max(map(len, Chat.posts)) > 1_200


def test_a_text_that_was_made_for_another_channel_arrives_in_pieces(discord: Channel) -> None:
    text = "\n\n".join(f"{number}. A paper\n   https://pubmed.ncbi.nlm.nih.gov/{number}/" for number in range(1, 90))

    Notifier().send(delivery(Message(ChannelKind.OTHER, 1, "7 new papers", {"text": text})), discord, now=NOW)

    told = "\n\n".join(post.removeprefix("7 new papers").strip() for post in Chat.posts)
    assert len(Chat.posts) == 3
    assert told.replace("\r\n", "\n") == text


def test_a_test_message_is_as_long_as_the_channel_takes(discord: Channel) -> None:
    notifier = Notifier()
    (trial,) = trial_deliveries(discord, ("",), host="lab.example", now=NOW, fits=notifier.fits([discord]))

    notifier.send(trial, discord, now=NOW)

    assert [1_990 <= len(post) <= 2_000 for post in Chat.posts] == [True]


@pytest.mark.parametrize(
    ("url", "most", "unit", "shares_it"),
    [
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", 2_000, "characters", True),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", 4_096, "characters", True),
        ("mmost://localhost/3ccdd113474722377935511fc85d3dd4", 4_000, "characters", True),
        ("ntfy://topic", 7_800, "bytes", True),
        ("json://localhost", 32_768, "characters", False),
    ],
)
def test_the_room_of_a_channel_is_its_services(url: str, most: int, unit: str, shares_it: bool) -> None:
    room = Notifier().room(Channel("chat", ChannelKind.OTHER, url))

    assert room is not None
    assert (room.most, room.unit, room.shares_it) == (most, unit, shares_it)
    assert f"takes {most:,} {unit} a message" in room.told


def test_characters_beyond_the_first_plane_count_as_two_and_bytes_as_bytes() -> None:
    notifier = Notifier()
    chat = notifier.room(Channel("chat", ChannelKind.OTHER, "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"))
    push = notifier.room(Channel("push", ChannelKind.OTHER, "ntfy://topic"))

    assert chat is not None
    assert push is not None
    assert (chat.fits("s", "𝛼" * 998), chat.fits("s", "𝛼" * 999)) == (True, False)
    assert (push.fits("s", "α" * 3_898), push.fits("s", "α" * 3_899)) == (True, False)


@pytest.mark.parametrize(
    "url", ["tgram://123456789:abcdefg_hijklmnop/1/", f"sinch://{'a' * 32}:{'b' * 32}@15551231234/15551231236", CHAT_URL]
)
def test_a_long_subject_never_leaves_a_text_without_room(url: str) -> None:
    notifier = Notifier()
    channel = Channel("chat", ChannelKind.OTHER, url)
    digest = full()
    long = replace(digest, list=replace(digest.list, subject_prefix="[" + "x" * 900 + "]", title="y" * 900))

    sent = messages(long, kinds=[ChannelKind.OTHER], ris=ris, fits=notifier.fits([channel]))[1]

    room = notifier.room(channel)
    assert room is not None
    assert all(room.fits(message.subject, message.payload["text"]) for message in sent)
    assert len(sent) < 400


def test_a_channel_of_very_short_messages_is_warned_of() -> None:
    (warning,) = Notifier().warnings(Channel("sms", ChannelKind.OTHER, f"sinch://{'a' * 32}:{'b' * 32}@15551231234/15551231236"))

    assert "no more than 160 characters" in warning.what


@pytest.mark.parametrize("eight_bit", [True, False])
def test_a_mail_goes_in_seven_bits_which_every_server_takes(eight_bit: bool) -> None:
    with MailServer(eight_bit=eight_bit) as server:
        Notifier().send(delivery(MAIL, "pi@lab.example"), mail_channel(server), now=NOW)

        (received,) = server.mails
    assert received.raw.isascii()
    assert received.message["Message-ID"] == "<17.abcdef01@lab.example>"
    assert received.part("text/plain") == MAIL.payload["text"]
    assert received.part("text/html").strip() == "<p>rich ü</p>"
    assert received.part("application/x-research-info-systems") == MAIL.payload["ris"]
    assert [defect for part in received.message.walk() for defect in part.defects] == []


def test_an_address_beyond_ascii_at_a_server_that_takes_none_is_refused_with_what_to_write() -> None:
    with MailServer(eight_bit=False) as server, pytest.raises(DeliveryError) as refusal:
        Notifier().send(delivery(MAIL, "größe@lab.example"), mail_channel(server), now=NOW)

    assert str(refusal.value) == "127.0.0.1 takes no address with letters beyond ASCII (SMTPUTF8)"
    assert refusal.value.permanent
    assert refusal.value.fix == "write an address in ASCII, or use a server that takes others"
