"""Names inside Apprise that our subclasses lean on. When one of these fails after an upgrade, read `watcher/notify` again."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from pathlib import Path

import apprise
import pytest
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.slack import NotifySlack

from watcher.notify import DigestEmail, DigestSlack

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_apprise_is_pinned_to_the_version_that_was_read() -> None:
    assert version("apprise") == "2.2.0"
    assert '"apprise==2.2.0"' in PYPROJECT.read_text()


def test_an_email_url_is_parsed_into_the_names_we_use() -> None:
    url = "mailtos://_?user=u%40lab.example&pass=p%2Fw&smtp=smtp.lab.example&port=465&mode=ssl&from=Lab%20<w@lab.example>&to=a@b.org&reply=r@b.org"

    plugin = apprise.Apprise.instantiate(url)

    assert isinstance(plugin, NotifyEmail)
    assert (plugin.smtp_host, plugin.port, plugin.secure_mode) == ("smtp.lab.example", 465, "ssl")
    assert (plugin.user, plugin.password) == ("u@lab.example", "p/w")
    assert tuple(plugin.from_addr) == ("Lab", "w@lab.example")
    assert plugin.targets == [(False, "a@b.org")]
    assert (plugin.cc, plugin.bcc, plugin.reply_to) == (set(), set(), {"r@b.org"})
    assert plugin.verify_certificate is True


@pytest.mark.parametrize(("mode", "port"), [("starttls", 587), ("ssl", 465)])
def test_the_tls_mode_comes_from_the_url(mode: str, port: int) -> None:
    plugin = apprise.Apprise.instantiate(f"mailtos://u:p@lab.example?mode={mode}")

    assert isinstance(plugin, NotifyEmail)
    assert (plugin.secure_mode, plugin.port) == (mode, port)


def test_the_methods_that_we_override_exist_with_the_arguments_we_expect() -> None:
    assert list(inspect.signature(NotifyEmail.send).parameters)[:5] == ["self", "body", "title", "notify_type", "attach"]
    assert list(inspect.signature(NotifySlack._send).parameters)[:4] == ["self", "url", "payload", "attach"]
    assert DigestEmail.send is not NotifyEmail.send
    assert DigestSlack._send is not NotifySlack._send


def test_slacks_addresses_are_attributes_that_an_instance_can_replace() -> None:
    assert NotifySlack.webhook_url == "https://hooks.slack.com/services"
    assert NotifySlack.api_url == "https://slack.com/api/{}"


def test_a_result_is_true_only_for_success() -> None:
    assert not apprise.Apprise().notify(body="x")
