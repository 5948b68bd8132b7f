from __future__ import annotations

import json
import smtplib
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from standins.answers import Answer
from standins.inbox import MailServer, SlackServer, TeamsServer


def wait_for(happened: Callable[[], object]) -> None:
    """Return when something has happened in another thread, or a minute later."""
    end = time.monotonic() + 60
    while not happened() and time.monotonic() < end:
        threading.Event().wait(0.01)


def letter(subject: str = "A sample") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "watcher@lab.example", "pi@lab.example", subject
    message.set_content("plain ä\nsecond line\n")
    message.add_alternative("<p>markup</p>", subtype="html")
    message.add_attachment(b"TY  - JOUR\r\n", maintype="application", subtype="x-research-info-systems")
    return message


def post(server: MailServer, message: EmailMessage, *to: str) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
        return smtp.send_message(message, to_addrs=to or ("pi@lab.example",))


def test_a_mail_is_kept_with_its_envelope_and_parts() -> None:
    with MailServer() as server:
        post(server, letter(), "pi@lab.example", "postdoc@lab.example")

        (mail,) = server.mails
    assert (mail.sender, mail.recipients) == ("watcher@lab.example", ("pi@lab.example", "postdoc@lab.example"))
    assert mail.message["Subject"] == "A sample"
    assert mail.part("text/plain") == "plain ä\nsecond line\n"
    assert mail.part("text/html").strip() == "<p>markup</p>"
    assert mail.part("application/x-research-info-systems") == "TY  - JOUR\n"
    assert mail.part("image/png") == ""


def test_planted_answers_are_given_in_place_of_taking_a_mail() -> None:
    with MailServer() as server:
        server.answers.append("451 later")

        with pytest.raises(smtplib.SMTPDataError, match="451"):
            post(server, letter("first"))
        post(server, letter("second"))

        assert [mail.message["Subject"] for mail in server.mails] == ["second"]


def test_one_recipient_can_be_refused() -> None:
    with MailServer() as server:
        server.refused["gone@lab.example"] = "550 no such user"

        refused = post(server, letter(), "gone@lab.example", "pi@lab.example")

        assert refused == {"gone@lab.example": (550, b"no such user")}
        assert server.mails[0].recipients == ("pi@lab.example",)


def test_its_address_is_one_that_apprise_understands() -> None:
    with MailServer() as server:
        assert server.url(to="a@lab.example") == f"mailto://127.0.0.1:{server.port}?from=watcher@lab.example&to=a@lab.example"


def test_a_slack_post_is_kept_and_answered_as_slack_does() -> None:
    with SlackServer() as server:
        webhook = requests.post(server.webhook, json={"text": "NMJ"}, timeout=60)
        bot = requests.post(f"{server.base_url}/api/chat.postMessage", json={"text": "NMJ", "channel": "c"}, timeout=60)

        assert (webhook.text, bot.json()) == ("ok", {"ok": True})
        assert [(one.path, one.payload["text"]) for one in server.posts] == [
            ("/services/T00000000/B00000000/samplesamplesamplesample", "NMJ"),
            ("/api/chat.postMessage", "NMJ"),
        ]


def test_slack_can_be_told_to_refuse() -> None:
    with SlackServer() as server:
        server.answers.append(Answer(429, "slow down", {"Retry-After": "30"}))

        refused = requests.post(server.webhook, json={"text": "NMJ"}, timeout=60)
        taken = requests.post(server.webhook, json={"text": "NMJ"}, timeout=60)

        assert (refused.status_code, refused.headers["Retry-After"], taken.status_code) == (429, "30", 200)
        assert len(server.posts) == 1


def test_slack_can_be_knocked_at_without_a_post() -> None:
    with SlackServer() as server:
        assert requests.head(server.base_url, timeout=60).status_code == 200
        assert server.posts == []


# --- faults of the mail server


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hangs-up", smtplib.SMTPServerDisconnected),
        ("busy", smtplib.SMTPConnectError),
        ("greylists", smtplib.SMTPRecipientsRefused),
        ("refuses", smtplib.SMTPRecipientsRefused),
        ("loses", smtplib.SMTPServerDisconnected),
    ],
)
def test_a_mail_that_meets_a_fault_is_not_kept_and_the_next_one_is(kind: str, error: type[Exception]) -> None:
    with MailServer() as server:
        server.plant(kind)

        with pytest.raises(error):
            post(server, letter("first"))
        post(server, letter("second"))

        assert [mail.message["Subject"] for mail in server.mails] == ["second"]
        assert [played.kind for played in server.mishaps.played] == [kind]


def test_a_mail_server_can_take_a_mail_and_not_say_so() -> None:
    with MailServer() as server:
        server.plant("takes-and-hangs-up")

        with pytest.raises(smtplib.SMTPServerDisconnected):
            post(server, letter())

        assert [mail.message["Subject"] for mail in server.mails] == ["A sample"]
        assert b"Subject: A sample" in server.mails[0].raw


@pytest.mark.parametrize(("kind", "kept"), [("hangs", 0), ("takes-and-hangs", 1)])
def test_a_mail_server_can_stay_silent_until_the_client_gives_up(kind: str, kept: int) -> None:
    with MailServer() as server:
        server.plant(kind)

        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail("watcher@lab.example")
            smtp.rcpt("pi@lab.example")
            smtp.docmd("DATA")
            smtp.send(letter().as_bytes() + b"\r\n.\r\n")
            wait_for(lambda: server.mishaps.played)
            assert smtp.sock is not None
            smtp.sock.settimeout(0.1)
            with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
                smtp.getreply()
        post(server, letter("next"))

        assert [mail.message["Subject"] for mail in server.mails] == [*["A sample"] * kept, "next"]


def test_a_fault_can_wait_for_one_recipient() -> None:
    with MailServer() as server:
        server.plant("greylists", to="postdoc@lab.example")

        post(server, letter("to the pi"), "pi@lab.example")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            post(server, letter("to the postdoc"), "postdoc@lab.example")

        assert [mail.message["Subject"] for mail in server.mails] == ["to the pi"]


def test_a_login_is_offered_asked_for_and_can_be_refused() -> None:
    with MailServer(logins={"lab": "password"}) as server:
        server.plant("refuses-login")

        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("lab", "password")
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("lab", "wrong")
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
            smtp.login("lab", "password")


# --- faults of the Slack


@pytest.mark.parametrize(("kind", "status"), [("rate-limit", 429), ("error", 500), ("unavailable", 503), ("gone", 404)])
def test_a_post_that_is_answered_badly_is_not_kept(kind: str, status: int) -> None:
    with SlackServer() as server:
        server.plant(kind)

        refused = requests.post(server.webhook, json={"text": "NMJ"}, timeout=60)

        assert refused.status_code == status
        assert server.posts == []


@pytest.mark.parametrize(("kind", "kept"), [("loses", 0), ("takes-and-hangs-up", 1)])
def test_a_slack_that_hangs_up_may_or_may_not_have_kept_the_post(kind: str, kept: int) -> None:
    with SlackServer() as server:
        server.plant(kind)

        with pytest.raises(requests.ConnectionError):
            requests.post(server.webhook, json={"text": "NMJ"}, timeout=60)

        assert len(server.posts) == kept


@pytest.mark.parametrize(("kind", "kept"), [("hangs", 0), ("takes-and-hangs", 1)])
def test_a_slack_can_stay_silent(kind: str, kept: int) -> None:
    with SlackServer() as server:
        server.plant(kind)

        with pytest.raises(requests.ReadTimeout):
            requests.post(server.webhook, json={"text": "NMJ"}, timeout=(60, 0.2))
        wait_for(lambda: server.mishaps.played and len(server.posts) == kept)

        assert len(server.posts) == kept


def test_a_slack_fault_can_wait_for_one_webhook() -> None:
    with SlackServer() as server:
        server.plant("error", path=server.path("club"))

        lab = requests.post(f"{server.base_url}{server.path('lab')}", json={"text": "NMJ"}, timeout=60)
        club = requests.post(f"{server.base_url}{server.path('club')}", json={"text": "NMJ"}, timeout=60)

        assert (lab.status_code, club.status_code) == (200, 500)


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with MailServer() as mail, SlackServer() as slack:
        for server in (mail, slack):
            with pytest.raises(ValueError, match="no fault of the kind 'tired'"):
                server.plant("tired")


CARD = {
    "type": "message",
    "attachments": [
        {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "NMJ"}, ": 7 new papers"]},
                    {"type": "Container", "items": [{"type": "TextBlock", "text": "[PubMed](https://pubmed.ncbi.nlm.nih.gov/1/)"}]},
                ],
            },
        }
    ],
}


def test_a_workflow_says_202_and_nothing_more_and_its_card_is_shown() -> None:
    with TeamsServer() as server:
        answer = requests.post(server.url(), json=CARD, timeout=60)

        assert (answer.status_code, answer.text) == (202, "")
        assert [post.path for post in server.posts] == [server.path()]
        assert server.texts() == ["NMJ: 7 new papers\n[PubMed](https://pubmed.ncbi.nlm.nih.gov/1/)"]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"text": "NMJ"}, "there are no attachments that the workflow could go through"),
        ({**CARD, "attachments": [{"contentType": "text/plain", "content": {}}]}, "no Adaptive Card"),
        ({**CARD, "padding": "x" * 28_672}, "RequestEntityTooLarge"),
        (json.loads(json.dumps(CARD).replace("1.4", "9.9")), "a card without a version or a body"),
        (json.loads(json.dumps(CARD).replace('"TextBlock"', '"Textblock"')), "Textblock without a type that is known"),
        (json.loads(json.dumps(CARD).replace("inlines", "texts")), "RichTextBlock without inlines"),
    ],
)
def test_what_teams_would_not_show_is_taken_and_refused_in_silence(payload: dict[str, Any], why: str) -> None:
    with TeamsServer() as server:
        answer = requests.post(server.url(), json=payload, timeout=60)

        assert answer.status_code == 202
        assert ([told for _, told in server.refused], server.posts) == ([why], [])


def test_a_workflow_asks_for_its_signature() -> None:
    with TeamsServer() as server:
        answer = requests.post(server.url().replace("sig=", "sig=x"), json=CARD, timeout=60)

        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthorizationFailed")
        assert (server.posts, server.refused) == ([], [])


def test_a_workflows_fault_befalls_the_path_that_it_was_planted_for() -> None:
    with TeamsServer() as server:
        server.plant("rate-limit", path=server.path("other"))

        here, there = (requests.post(server.url(name), json=CARD, timeout=60) for name in ("lab", "other"))

        assert (here.status_code, there.status_code, there.headers["Retry-After"]) == (202, 429, "30")
        with pytest.raises(ValueError, match="no fault of the kind"):
            server.plant("nonsense")
