"""A channel of Microsoft Teams, from its address to a card in the channel, against workflows on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.awkward import HTTP_DRIPS, answering, conducting
from support.command_line import Shell
from support.digest_samples import WEEKLY, digest, full, many, ris
from support.rehearsal import lab

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.inbox import TEAMS_FAULTS, TeamsServer
from watcher.digest import at_once
from watcher.digest.notice import render
from watcher.digest.render import messages
from watcher.domain import (
    Channel,
    ChannelKind,
    Corrected,
    Correction,
    CorrectionKind,
    Delivery,
    DeliveryState,
    Message,
    Notice,
    pubmed_id,
)
from watcher.errors import ConfigurationError, DeliveryError
from watcher.flows.deliver.trial import trial_deliveries
from watcher.notify import Notifier, sending
from watcher.notify.posting import HttpAnswer

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
TEAMS = ChannelKind.TEAMS
ADDRESS = (
    "https://0123456789abcdef.09.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/abc/triggers/manual"
    "/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=verysecret_signature"
)


@pytest.fixture
def teams() -> Iterator[TeamsServer]:
    with TeamsServer() as server:
        yield server


def channel(url: str) -> Channel:
    return Channel("lab-teams", TEAMS, url)


def delivery(message: Message) -> Delivery:
    return Delivery(17, "lab-teams", "", message, "17.abc@lab.example", DeliveryState.SENDING, 1, NOW, "token")


def card() -> Message:
    (message,) = messages(full(), kinds=[TEAMS], ris=ris)[1]
    return message


def send(server: TeamsServer, message: Message) -> str:
    return Notifier().send(delivery(message), channel(server.url()), now=NOW)


def refusal(server: TeamsServer) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(server, card())
    assert "sample-signature" not in f"{caught.value}{caught.value.fix}"
    return caught.value


def test_a_digest_arrives_as_it_was_stored(teams: TeamsServer) -> None:
    message = card()

    assert send(teams, message) == ""

    (post,) = teams.posts
    assert post.path == teams.path()
    assert post.raw == message.payload["json"].encode()
    assert "NMJ weekly: 11 new papers, 4 highly relevant" in teams.texts()[0]
    assert teams.refused == []


def test_every_sort_of_message_is_a_card_that_teams_takes(teams: TeamsServer) -> None:
    correction = Correction(pubmed_id(1), CorrectionKind.ERRATUM, pubmed_id(900))
    papers = [Corrected(pubmed_id(pmid), "𝛼" * 300, NOW, (correction,)) for pmid in range(1, 60)]
    notice = Notice("watch:nmj", NOW, headline="Watch nmj fails", what="𝛼 " * 5_000, todo="Try `watcher check`.")
    (trial,) = trial_deliveries(channel(""), ("",), host="lab.example", now=NOW)
    made = [
        *messages(digest(many(90, title_length=1_500)), kinds=[TEAMS], ris=ris)[1],
        *render(notice, [TEAMS], zone="UTC"),
        *render(replace(notice, recovered_at=NOW + timedelta(days=1)), [TEAMS], zone="UTC"),
        *at_once.messages(WEEKLY, papers, [TEAMS]),
        trial.message,
    ]

    for message in made:
        send(teams, message)

    assert teams.refused == []
    assert len(teams.posts) == len(made) > 5
    assert max(len(post.raw) for post in teams.posts) <= 20_000


def test_a_card_beyond_teams_limit_would_be_refused_in_silence(teams: TeamsServer) -> None:
    message = card()
    payload = json.loads(message.payload["json"])
    payload["attachments"][0]["content"]["body"] *= 4

    send(teams, replace(message, payload={"json": json.dumps(payload)}))

    assert [why for _, why in teams.refused] == ["RequestEntityTooLarge"]
    assert teams.posts == []


@pytest.mark.parametrize(
    ("fault", "said", "permanent", "fix"),
    [
        ("rate-limit", "Teams answered 429 TooManyRequests", False, ""),
        ("error", "Teams answered 500 InternalServerError", False, ""),
        ("unavailable", "Teams answered 503 with a web page", False, ""),
        ("gone", "Teams answered 404 WorkflowNotFound", True, "make a new workflow"),
        ("switched-off", "Teams answered 400 WorkflowTriggerIsNotEnabled", True, "switch the workflow on"),
        ("wants-login", "Teams answered 401 DirectApiAuthorizationRequired", True, "to Anyone"),
        ("answers-itself", "Teams answered 200 without a word, where a workflow says 202", True, "a step that answers"),
        (
            "talks",
            "Teams answered 202 The card is under way., where a workflow says 202 and nothing more",
            True,
            "a step that answers",
        ),
        ("login-page", "Teams answered 200 with a web page “Sign in”", True, "login page"),
        ("redirects", "Teams answered 302 sends elsewhere", True, "login page"),
        ("truncates", "its answer broke off", False, ""),
        ("loses", "Teams (127.0.0.1)", False, ""),
    ],
)
def test_a_post_is_sent_only_when_the_workflow_says_so(
    teams: TeamsServer, fault: str, said: str, permanent: bool, fix: str
) -> None:
    teams.plant(fault)

    error = refusal(teams)

    assert said in str(error)
    assert error.permanent is permanent
    assert fix in error.fix
    assert bool(error.fix) is permanent
    assert (teams.posts, teams.refused) == ([], [])


def test_every_fault_of_the_stand_in_is_a_failure(teams: TeamsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    for fault in TEAMS_FAULTS:
        teams.plant(fault)
        refusal(teams)


def test_how_long_the_service_asks_to_wait_is_kept(teams: TeamsServer) -> None:
    teams.plant("rate-limit")

    error = refusal(teams)

    assert (error.code, error.retry_after) == (429, 30.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "Mon, 02 Mar 2026 07:01:30 GMT", "Date": "Mon, 02 Mar 2026 07:00:00 GMT"}, 90.0),
        ({"Retry-After": "Mon, 02 Mar 2026 06:00:00 GMT", "Date": "Mon, 02 Mar 2026 07:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 02 Mar 2026 07:01:30 GMT"}, 0.0),  # over, by our own clock
        ({"Retry-After": "soon", "Date": "Mon, 02 Mar 2026 07:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_wait_may_be_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert HttpAnswer(429, "", headers, b"").retry_after == seconds


def test_an_answer_that_repeats_the_address_is_told_without_its_secret(teams: TeamsServer) -> None:
    teams.answers.append(Answer(403, f"Not for you: {teams.url()} or sig=sample-signature_0123456789abcdefghij"))

    error = refusal(teams)

    assert str(error) == "Teams answered 403 Not for you: *** or sig=***"


def test_an_address_with_another_signature_is_refused_by_the_workflow(teams: TeamsServer) -> None:
    url = teams.url().replace("sample-signature", "another-signature")

    with pytest.raises(DeliveryError, match="Teams answered 401 AuthorizationFailed") as caught:
        Notifier().send(delivery(card()), channel(url), now=NOW)

    assert caught.value.permanent
    assert "copy the workflow's whole address again" in caught.value.fix


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_a_workflow_that_drips_is_left_at_the_deadline(before: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.5)
    with conducting(answering(before, drop)) as port, pytest.raises(DeliveryError, match=r"did not finish within 0\.5 s") as caught:
        Notifier().send(delivery(card()), channel(f"http://127.0.0.1:{port}/workflows/x?sig=verysecret"), now=NOW)

    assert not caught.value.permanent
    assert "verysecret" not in str(caught.value)


def test_the_address_of_a_workflow_is_understood() -> None:
    notifier, one = Notifier(), channel(ADDRESS)

    notifier.check(one)

    assert notifier.server(one) == "0123456789abcdef.09.environment.api.powerplatform.com:443"
    assert notifier.recipients(one) == ("",)
    assert notifier.room(one) is None
    assert (notifier.warnings(one), notifier.answers_to(one)) == ((), "")


@pytest.mark.parametrize(
    "url",
    [
        ADDRESS.partition("&sig=")[0],
        ADDRESS.replace("verysecret_signature", ""),
        "https://lab.webhook.office.com/webhookb2/verysecret_signature/IncomingWebhook/x/y",
        "workflows://prod-1.westeurope.logic.azure.com:443/abc/verysecret_signature",
        "slack://verysecret_signature",
        "https://[verysecret_signature/?sig=verysecret_signature",
        "https:///?sig=verysecret_signature",
    ],
)
def test_an_address_that_starts_no_workflow_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Notifier().check(channel(url))

    assert "the url of channel 'lab-teams' is not a Teams URL" in str(caught.value)
    assert "with its sig=" in str(caught.value)
    assert "verysecret" not in str(caught.value)


def test_an_address_in_plain_http_is_for_loopback_only() -> None:
    with pytest.raises(ConfigurationError, match="plain http"):
        Notifier().check(channel(ADDRESS.replace("https://", "http://")))


def test_reach_asks_the_host_and_posts_nothing(teams: TeamsServer) -> None:
    assert (
        Notifier().reach(channel(teams.url())) == "127.0.0.1 answers; a webhook can only be tried by sending (`watcher send-test`)"
    )
    assert (teams.posts, teams.refused) == ([], [])


# --- the whole way -------------------------------------------------------------------------------------------------------------


RECORDS = [
    Planted(paper(number, title=f"Agrin at the neuromuscular junction, part {number}", created="2026-03-04", abstract="MuSK."))
    for number in range(1, 13)
]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], teams: TeamsServer
) -> Iterator[Shell]:
    """A lab that reads its digests by mail and on Teams; the address stands in a secret file."""
    with lab(tmp_path, RECORDS, monkeypatch) as one:
        secret = tmp_path / "secrets" / "lab_teams_url"
        secret.parent.mkdir()
        secret.write_text(teams.url() + "\n")
        one.document["channels"]["lab-teams"] = {"kind": "teams", "url_file": "secrets/lab_teams_url"}
        one.document["lists"]["lab-weekly"] |= {"channels": ["lab-mail", "lab-teams"]}
        one.write()
        one.move_clock("2026-03-02T09:00")
        yield Shell(one, monkeypatch, capsys)


def test_a_digest_comes_by_mail_whole_and_on_teams_in_short(shell: Shell, teams: TeamsServer) -> None:
    assert shell.at("2026-03-02T09:05", "tick").code == 0  # the first run
    teams.posts.clear()

    said = shell.at("2026-03-09T08:01", "tick")

    assert said.code == 0
    assert "sent to lab-teams: [NMJ] 12 new papers" in said.out
    (text,) = teams.texts()
    assert sum(line.startswith("Why: ") for line in text.splitlines()) == 8
    assert "All papers stand in the mail with conclusions and further links, 4 more papers among them." in text
    assert "sample-signature" not in said.out + said.err
    shown = shell("digest", "lab-weekly", "--dry-run", "--format", "teams")
    assert json.loads(shown.out)["attachments"][0]["content"]["type"] == "AdaptiveCard"


def test_a_workflow_that_is_switched_off_is_told_with_what_to_do_and_by_mail(shell: Shell, teams: TeamsServer) -> None:
    shell.at("2026-03-02T09:05", "tick")
    teams.plant("switched-off", times=9)

    said = shell.at("2026-03-09T08:01", "tick")
    status = shell("status")

    assert "Teams answered 400 WorkflowTriggerIsNotEnabled" in said.out + said.err
    assert "switch the workflow on in the Workflows app of Teams" in status.out
    assert "sample-signature" not in said.out + said.err + status.out + status.err


def test_a_test_message_and_a_check_name_no_secret(shell: Shell, teams: TeamsServer) -> None:
    sent, checked = shell("send-test", "lab-teams"), shell("check", "--online")

    assert (sent.code, sent.out) == (0, "sent to lab-teams\n")
    assert "This is a test of the channel lab-teams" in teams.texts()[0]
    assert "ok\tchannel lab-teams\t127.0.0.1 answers" in checked.out
    assert "sample-signature" not in sent.out + sent.err + checked.out + checked.err


def test_a_list_of_teams_alone_has_to_say_that_it_is_meant(shell: Shell, teams: TeamsServer) -> None:
    shell.change("lists", "lab-weekly", "channels", value=["lab-teams"])
    refused = shell("check")
    shell.change("lists", "lab-weekly", "top_only", value=True)
    shell.at("2026-03-02T09:05", "tick")
    teams.posts.clear()

    said = shell.at("2026-03-09T08:01", "tick")

    assert refused.code == 1
    assert "lists.lab-weekly.channels: Teams carries a digest's best papers alone" in refused.err
    assert said.code == 0
    (text,) = teams.texts()
    told = "Not shown: 4 more papers. Where the service runs, watcher export --list lab-weekly --digest 2026-03-09T08:00+01:00 --out papers.ris"
    assert told in text
