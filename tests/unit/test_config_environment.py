"""Variables and secret files over the YAML."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.configured import PUBMED, SECRET, SMALL, Home, home_in


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def test_variables_win_over_secret_files_and_those_over_yaml(home: Home) -> None:
    home.environ["WATCHER_SECRETS_DIR"] = "secrets"
    home.write("secrets/watcher_pubmed__api_key", "from-file\n")
    home.write("secrets/watcher_pubmed__tool", "tool-from-file\n")
    text = "pubmed: {email: a@b.org, api_key: from-yaml, tool: from-yaml, max_attempts: 3}\n"

    pubmed = home.load(text, {"WATCHER_PUBMED__API_KEY": "from-variable"}).pubmed

    assert pubmed.api_key is not None
    assert pubmed.api_key.get_secret_value() == "from-variable"
    assert (pubmed.tool, pubmed.max_attempts) == ("tool-from-file", 3)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("WATCHER_PUBMED__EMAIL", "x@y.org", "x@y.org"),
        ("watcher_pubmed__email", "x@y.org", "x@y.org"),
        ("WATCHER_PUBMED", "{email: x@y.org, tool: mine}", "x@y.org"),
        ("WATCHER_PUBMED", '{"email": "x@y.org"}', "x@y.org"),
        ("WATCHER_PUBMED__EMAIL", "", "library@uni-sample.de"),
    ],
)
def test_a_variable_sets_a_key_or_a_section(home: Home, name: str, value: str, found: str) -> None:
    assert home.load(PUBMED, {name: value}).pubmed.email == found


def test_the_longer_variable_counts_more(home: Home) -> None:
    settings = home.load(PUBMED, {"WATCHER_PUBMED": "{email: x@y.org, tool: mine}", "WATCHER_PUBMED__EMAIL": "z@y.org"})

    assert (settings.pubmed.email, settings.pubmed.tool) == ("z@y.org", "mine")


def test_names_with_hyphens_are_reached_by_underscores(home: Home) -> None:
    settings = home.load(
        SMALL,
        {
            "WATCHER_CHANNELS__LAB_MAIL__TO": "[x@y.org, z@y.org]",
            "WATCHER_WATCHES__NMJ__THRESHOLD": "0",
            "WATCHER_WATCHES__NMJ__SIMILAR": "false",
            "WATCHER_WATCHES__NMJ__START__DAYS": "3",
            "WATCHER_LISTS__LAB_WEEKLY__PAUSE_UNTIL": "2027-01-07",
        },
    )

    assert settings.channel("lab-mail").to == ("x@y.org", "z@y.org")
    assert (settings.watch("nmj").threshold, settings.watch("nmj").similar, settings.watch("nmj").start.days) == (0, False, 3)
    assert str(settings.digest_list("lab-weekly").pause_until) == "2027-01-07"


def test_a_whole_channel_can_come_from_variables(home: Home) -> None:
    settings = home.load(SMALL, {"WATCHER_CHANNELS__BOX__KIND": "other", "WATCHER_CHANNELS__BOX__URL": "json://127.0.0.1"})

    assert (settings.channel("box").kind, settings.channel("box").url) == ("other", "json://127.0.0.1")


def test_a_variable_takes_the_place_of_a_file_that_need_not_be_there_then(home: Home) -> None:
    text = "pubmed: {email: a@b.org, api_key_file: nowhere}\n"

    settings = home.load(text, {"WATCHER_PUBMED__API_KEY": SECRET})

    assert settings.pubmed.api_key is not None
    assert settings.pubmed.api_key.get_secret_value() == SECRET
    assert settings.pubmed.api_key_file is None


def test_a_variable_may_name_a_file_over_a_secret_in_the_yaml(home: Home) -> None:
    path = home.write("key", "from-file\n")

    pubmed = home.load("pubmed: {email: a@b.org, api_key: from-yaml}\n", {"WATCHER_PUBMED__API_KEY_FILE": str(path)}).pubmed

    assert pubmed.api_key is not None
    assert pubmed.api_key.get_secret_value() == "from-file"


def test_a_secret_file_can_hold_a_channels_address(home: Home) -> None:
    home.environ["WATCHER_SECRETS_DIR"] = "secrets"
    home.write("secrets/watcher_channels__lab_mail__url", "json://secret-host\n")
    home.write("secrets/other_service_password", b"\xff\xfe\x00 not ours\n\n")

    settings = home.load(SMALL.replace(f"    url: mailtos://user:{SECRET}@smtp.uni-sample.de\n", ""))

    assert settings.channel("lab-mail").url == "json://secret-host"
    assert settings.warnings == ()


# --- what is refused -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("WATCHER_PUBMED_EMAIL", "did you mean WATCHER_PUBMED__EMAIL?"),
        ("WATCHER_DATABASE_URI", "did you mean WATCHER_DATABASE_URL?"),
        ("WATCHER_CHANNELS__LAB_MAIL__ULR", "did you mean WATCHER_CHANNELS__LAB_MAIL__URL?"),
        ("WATCHER_CLOCKFILE", "did you mean WATCHER_CLOCK_FILE?"),
        ("WATCHER_PUBMED__EMAIL__X", "did you mean WATCHER_PUBMED__EMAIL?"),
        ("WATCHER_XYZZY__PLUGH", "docs/configuration.md lists the settings"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_one(home: Home, name: str, fix: str) -> None:
    told = home.told(SMALL, {name: SECRET})

    assert told.startswith(f"environment: {name}: there is no such setting\n    {fix}")


def test_variables_that_are_no_settings_and_those_of_kubernetes_are_left_alone(home: Home) -> None:
    others = {
        "WATCHER_CLOCK_FILE": "clock",
        "WATCHER_TICK_SECONDS": "1",
        "WATCHER_SLACK_BASE_URL": "http://127.0.0.1",
        "WATCHER_CONFIG": "elsewhere",
        "WATCHER_SERVICE_HOST": "10.0.0.1",
        "WATCHER_SERVICE_PORT_HTTP": "80",
        "WATCHER_PORT": "tcp://10.0.0.1:80",
        "WATCHER_PORT_80_TCP_ADDR": "10.0.0.1",
        "WATCHERS": "many",
        "PATH": "/bin",
    }

    assert home.load(SMALL, others).document_without_secrets() == home.load(SMALL).document_without_secrets()


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"WATCHER_RUNS__OVERLAP_DAYS": "few"}, "environment: WATCHER_RUNS__OVERLAP_DAYS: 'few': this is not a whole number"),
        ({"WATCHER_DATABASE_URL": f"mysql://u:{SECRET}@h/d"}, "environment: WATCHER_DATABASE_URL: this is not a database"),
        ({"WATCHER_CHANNELS__LAB_MAIL__TO": "a@b.org"}, "environment: WATCHER_CHANNELS__LAB_MAIL__TO: this is not a list"),
        (
            {"WATCHER_CHANNELS__LAB_MAIL__TO": f"[{SECRET}"},
            "environment: WATCHER_CHANNELS__LAB_MAIL__TO: the value is not understood",
        ),
        (
            {"WATCHER_CHANNELS": f"{{m: {{kind: email, url: {SECRET}}}}}"},
            "environment: WATCHER_CHANNELS: channels.m.url: this is not a channel's",
        ),
        (
            {"WATCHER_PUBMED": "{tool: a, tool: b}"},
            "environment: WATCHER_PUBMED: the value is not understood: this key is here twice",
        ),
        (
            {"WATCHER_WATCHES__NMK__THRESHOLD": "3"},
            "environment: WATCHER_WATCHES__NMK__THRESHOLD: watches.nmk.query: query is missing",
        ),
        (
            {"WATCHER_LISTS__LAB_WEEKLY__WATCHES": "[nmk]"},
            "environment: WATCHER_LISTS__LAB_WEEKLY__WATCHES: lists.lab-weekly.watches[0]: there is no",
        ),
        (
            {"WATCHER_PUBMED__API_KEY_FILE": "no/where"},
            "environment: WATCHER_PUBMED__API_KEY_FILE: HOME/no/where: there is no such file",
        ),
        (
            {"WATCHER_DATABASE_URL": "sqlite:///a", "WATCHER_DATABASE__URL": "sqlite:///b"},
            "WATCHER_DATABASE_URL says the same as WATCHER_DATABASE__URL",
        ),
        ({"WATCHER_SECRETS_DIR": "nowhere"}, "environment: WATCHER_SECRETS_DIR: there is no folder HOME/nowhere"),
    ],
)
def test_a_variable_with_a_fault_is_named(home: Home, environ: dict[str, str], said: str) -> None:
    assert said in home.told(SMALL, environ)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_of_secrets_that_may_not_be_listed_says_so(home: Home) -> None:
    (home.folder / "no-secrets").chmod(0)

    assert "HOME/no-secrets: the folder cannot be read: Permission denied" in home.told(SMALL)


def test_a_secret_file_with_a_fault_is_named(home: Home) -> None:
    home.environ["WATCHER_SECRETS_DIR"] = "secrets"
    home.write("secrets/watcher_channels__lab_mail__url", SECRET)
    home.write("secrets/watcher_pubmed__api_key", "two\nlines\n")

    told = home.told(SMALL.replace(f"    url: mailtos://user:{SECRET}@smtp.uni-sample.de\n", ""))

    assert "HOME/secrets/watcher_channels__lab_mail__url: channels.lab-mail.url: this is not a channel's address" in told
    assert "HOME/secrets/watcher_pubmed__api_key: the file holds more than one line" in told


def test_a_secret_file_that_stands_for_nothing_is_a_warning_unless_a_key_names_it(home: Home) -> None:
    home.environ["WATCHER_SECRETS_DIR"] = "secrets"
    home.write("secrets/watcher_pubmed_api_key", "unused\n")
    home.write("secrets/watcher_mail", "json://127.0.0.1\n")

    settings = home.load(SMALL.replace(f"url: mailtos://user:{SECRET}@smtp.uni-sample.de", "url_file: secrets/watcher_mail"))

    assert [str(warning).replace(str(home.folder), "HOME").split(";")[0] for warning in settings.warnings] == [
        "HOME/secrets/watcher_pubmed_api_key: this secret file stands for no setting and is not used"
    ]
