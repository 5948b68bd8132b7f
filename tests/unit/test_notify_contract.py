"""What watcher leans on in Apprise. When one of these fails after an upgrade, read `watcher/notify` again.

`make apprise-contract` runs this file alone, on the oldest and on the newest release that are allowed: it needs pytest and Apprise and no more.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apprise
import pytest
from packaging.specifiers import SpecifierSet

from watcher.domain import Channel, ChannelKind
from watcher.errors import DeliveryError
from watcher.notify import mail_url
from watcher.notify.carrier import Carrier
from watcher.notify.email import account
from watcher.notify.room import room_of
from watcher.notify.slack import SlackWay
from watcher.notify.through_apprise import asset, carried, instance, pushed

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = ">=2.2,<3"


def test_apprise_is_one_of_the_releases_that_are_allowed() -> None:
    assert version("apprise") in SpecifierSet(ALLOWED)
    assert f'"apprise{ALLOWED}"' in (ROOT / "pyproject.toml").read_text()


def test_no_plugin_of_apprises_is_named_in_an_import() -> None:
    imports = [
        line.strip()
        for file in (ROOT / "watcher" / "notify").glob("*.py")
        for line in file.read_text().splitlines()
        if re.match(r"\s*(from|import) apprise\b", line)
    ]

    assert imports
    assert not [line for line in imports if "plugins" in line]


# --- mail --------------------------------------------------------------------------------------------------------------------


MAIL = [
    ("mailtos://anna:pw@gmail.com", "smtp.gmail.com", 587, "starttls", "anna@gmail.com", "anna@gmail.com"),
    ("mailtos://anna:pw@outlook.com", "smtp.outlook.com", 587, "starttls", "anna@outlook.com", "anna@outlook.com"),
    ("mailtos://anna:pw@lab.example", "lab.example", 587, "starttls", "anna", "anna@lab.example"),
    ("mailto://anna:pw@lab.example", "lab.example", 25, "insecure", "anna", "anna@lab.example"),
    ("mailtos://anna:pw@lab.example?mode=ssl", "lab.example", 465, "ssl", "anna", "anna@lab.example"),
    ("mailtos://anna:pw@lab.example:2525", "lab.example", 2525, "starttls", "anna", "anna@lab.example"),
    ("mailtos://anna:pw@lab.example?smtp=relay.lab.example", "relay.lab.example", 587, "starttls", "anna", "anna@lab.example"),
]


@pytest.mark.parametrize(("url", "host", "port", "mode", "user", "sender"), MAIL)
def test_a_mail_urls_server_login_and_sender_are_attributes_of_its_instance(
    url: str, host: str, port: int, mode: str, user: str, sender: str
) -> None:
    plugin: Any = apprise.Apprise.instantiate(url)

    assert (plugin.smtp_host, plugin.port, plugin.secure_mode) == (host, port, mode)
    assert (plugin.user, plugin.password) == (user, "pw")
    assert plugin.from_addr[1] == sender
    assert plugin.targets == [(False, sender)]
    assert plugin.verify_certificate is True


@pytest.mark.parametrize(("url", "host", "port", "mode", "user", "sender"), MAIL)
def test_the_parts_of_a_mail_url_lead_to_the_same_instance(
    url: str, host: str, port: int, mode: str, user: str, sender: str
) -> None:
    found = account(mail_url.read(url))

    assert (found.server.host, found.server.port, found.server.secure_mode) == (host, port, mode)
    assert (found.server.user, found.server.password, found.server.verify) == (user, "pw", True)
    assert (found.name, found.address, found.own) == ("watcher", sender, sender)


def test_what_is_decoded_once_is_not_decoded_again() -> None:
    found = account(mail_url.read("mailtos://anna%2540:p%2525w%2B+%2F@lab.example?verify=no&from=Lab%20<w@lab.example>"))

    assert (found.server.user, found.server.password, found.server.verify) == ("anna%40", "p%25w++/", False)
    assert (found.name, found.address, found.own) == ("Lab", "w@lab.example", "w@lab.example")


@pytest.mark.parametrize("url", ["mailtos://lab.example", "mailtos://_?smtp=smtp.lab.example"])
def test_a_mail_url_that_leads_to_no_sender_has_no_instance(url: str) -> None:
    with pytest.raises(mail_url.MailUrlProblem, match="names no sender"):
        account(mail_url.read(url))


# --- Slack -------------------------------------------------------------------------------------------------------------------


TOKENS = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.mark.parametrize(
    ("url", "mode", "ends"),
    [
        (f"slack://{TOKENS}", "hook", f"https://hooks.slack.com/services/{TOKENS}"),
        (f"https://hooks.slack.com/services/{TOKENS}", "hook", f"https://hooks.slack.com/services/{TOKENS}"),
        (f"https://hooks.slack-gov.com/services/{TOKENS}", "gov-hook", f"https://hooks.slack-gov.com/services/{TOKENS}"),
        ("https://hooks.slack.com/workflows/T1/A1/123/abc", "workflow", "https://hooks.slack.com/workflows/T1/A1/123/abc"),
        ("https://hooks.slack.com/triggers/T1/123/abc", "trigger", "https://hooks.slack.com/triggers/T1/123/abc"),
        ("slack://xoxb-1234-1234-abc124/general", "bot", "https://slack.com/api/chat.postMessage"),
    ],
)
def test_a_slack_urls_mode_and_tokens_are_attributes_of_its_instance(url: str, mode: str, ends: str) -> None:
    plugin: Any = apprise.Apprise.instantiate(url)

    assert (plugin.secure_protocol, plugin.mode, plugin.verify_certificate) == ("slack", mode, True)
    assert SlackWay(Channel("lab", ChannelKind.SLACK, url))._address == ends


def test_the_bots_token_and_name_and_the_channels_are_attributes_too() -> None:
    bot: Any = apprise.Apprise.instantiate("slack://xoxb-1234-1234-abc124/general/@pi/+C0123/anna@lab.example")
    hook: Any = apprise.Apprise.instantiate(f"slack://Watcher@{TOKENS}")

    assert bot.access_token == "xoxb-1234-1234-abc124"
    assert sorted(bot.channels) == ["+C0123", "@pi", "anna@lab.example", "general"]
    assert (hook.user, hook.channels) == ("Watcher", [None])


@pytest.mark.parametrize("url", ["slack://no-tokens", "nonsense://x", "https://hooks.slack.com/elsewhere"])
def test_a_url_that_is_not_understood_has_no_instance(url: str) -> None:
    assert instance(url, secret="") is None


# --- sending -----------------------------------------------------------------------------------------------------------------


def test_our_carrier_derives_from_the_documented_base_alone() -> None:
    assert Carrier.__bases__ == (apprise.NotifyBase,)


def test_apprise_asks_a_carrier_once_and_in_the_callers_context() -> None:
    here: ContextVar[str] = ContextVar("here", default="elsewhere")
    asked: list[str] = []

    def hand_over() -> str:
        asked.append(here.get())
        return "a remark"

    here.set("in the exchange")

    assert carried(hand_over, "7 new papers") == "a remark"
    assert asked == ["in the exchange"]


@pytest.mark.parametrize("fault", [DeliveryError("no", permanent=True), ValueError("a bug")])
def test_what_a_carrier_raises_is_raised_and_tried_once(fault: Exception) -> None:
    tries: list[int] = []

    def hand_over() -> str:
        tries.append(1)
        raise fault

    with pytest.raises(type(fault)) as caught:
        carried(hand_over, "7 new papers")

    assert caught.value is fault
    assert tries == [1]


def test_a_message_goes_at_once_and_its_text_is_of_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    for subject in ("", "x" * 100_000, "@everyone <b> & \\n {{x}}", "7 new papers") * 2:
        assert carried(lambda: "", subject or " ") == ""
    assert waits == []


def test_a_result_is_true_only_for_success() -> None:
    assert not apprise.Apprise().notify(body="x")
    assert not pushed(Carrier(lambda: 1 / 0, asset()), "x", "", secret="")  # type: ignore[arg-type, return-value]
    assert pushed(Carrier(lambda: "", asset()), "x", "", secret="").status.name.lower() == "success"


# --- other services ----------------------------------------------------------------------------------------------------------


def test_the_room_of_a_service_is_in_its_plugin() -> None:
    chat = room_of(apprise.Apprise.instantiate("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"))
    hook = room_of(apprise.Apprise.instantiate("json://localhost"))

    assert (chat.most, chat.unit, chat.shares_it) == (2_000, "characters", True)
    assert (hook.most, hook.title_most, hook.shares_it) == (32_768, 250, False)


def test_apprises_log_lines_come_by_one_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        apprise.Apprise.instantiate("nonsense://verysecret")

    assert {record.name for record in caplog.records} == {"apprise"}
