"""The last good configuration, rebuilt from what the database keeps while the file is broken: all values, and the secrets if at all."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.configured import PUBMED, SECRET, SMALL, Home, home_in

from watcher.config import Settings, Whereabouts, files_of, load_last_good, locate_database
from watcher.config.salvage import Salvage
from watcher.domain import UNKNOWN_URL
from watcher.errors import ConfigurationError

URL = f"mailtos://user:{SECRET}@smtp.uni-sample.de"
NAMED = SMALL.replace(f"url: {URL}", "url_file: secrets/mail")
KEYED = SMALL.replace(PUBMED, "pubmed: {email: library@uni-sample.de, api_key: 0123abcd}\n")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def rebuilt(home: Home, good: Settings, broken: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """What a service starts with when the file has become `broken`."""
    if broken is not None:
        home.write("config/watcher.yaml", broken)
    return load_last_good(good.document_without_secrets(), good.sha256, home.file, environ={**home.environ, **(environ or {})})


def everything(settings: Settings) -> tuple[object, ...]:
    """All that other rooms get from settings."""
    return (
        settings.document_without_secrets(),
        settings.sha256,
        [settings.watch(name) for name in settings.watches],
        [settings.digest_list(name) for name in settings.lists],
        [settings.channel(name) for name in settings.channels],
        settings.database_url,
    )


# --- values


@pytest.mark.parametrize(
    "broken",
    [
        SMALL + "lists: {}\n",
        SMALL.replace("schedule: monday", "schedule monday"),
        SMALL.replace("  nmj:", "nmj:"),
        SMALL.replace("threshold", "treshold").replace("seeds: [nmj]", "seeds: [als]"),
        SMALL.replace("    kind: email", "   kind: email"),
        SMALL.replace("    to:", "  to:"),
        SMALL.replace("channels:\n", "", 1),
        SMALL.replace("watches:\n", "\twatches:\n", 1),
        SMALL.replace("kind: email", 'kind: "email'),
    ],
)
def test_whatever_is_broken_around_it_the_same_settings_come_back(home: Home, broken: str) -> None:
    good = home.load(SMALL)

    found = rebuilt(home, good, broken)

    assert everything(found) == everything(good)
    assert found.warnings == ()


def test_it_knows_its_file_its_home_and_no_lines(home: Home) -> None:
    found = rebuilt(home, home.load(SMALL), "broken: [")

    assert (found.path, found.home) == (home.file, home.folder)
    assert str(found.place(("lists", "lab-weekly", "schedule"))) == f"{home.file}: lists.lab-weekly.schedule"


def test_it_can_be_handed_to_another_process(home: Home) -> None:
    found = rebuilt(home, home.load(SMALL), "broken: [")

    other = pickle.loads(pickle.dumps(found))  # noqa: S301 - just made

    assert everything(other) == everything(found)
    assert other.place(("watches", "nmj")) == found.place(("watches", "nmj"))


def test_a_document_that_this_version_does_not_know_is_refused(home: Home) -> None:
    document = home.load(SMALL).document_without_secrets().replace('"threshold"', '"nearness"')

    with pytest.raises(ConfigurationError, match="another version"):
        load_last_good(document, "0" * 64, home.file, environ=home.environ)


# --- secrets


@pytest.mark.parametrize("document", ["", '{"broken', "[]", '{"themes": [1]}', '{"themes": {"nmj": [{}]}}'])
def test_a_document_that_is_damaged_is_refused(home: Home, document: str) -> None:
    with pytest.raises(ConfigurationError, match="the last good configuration is damaged in the database"):
        load_last_good(document, "sha256", home.file, environ=home.environ)


def test_a_secret_in_a_file_of_its_own_is_read_again(home: Home) -> None:
    home.write("secrets/mail", URL)
    good = home.load(NAMED)

    found = rebuilt(home, good, "broken: [")

    assert found.channel("lab-mail").url == URL


def test_environment_and_secret_files_apply_as_always(home: Home) -> None:
    good = home.load(SMALL)
    home.write("no-secrets/watcher_pubmed__api_key", "0123abcd")

    found = rebuilt(home, good, "broken: [", {"WATCHER_CHANNELS__LAB_MAIL__URL": f"{URL}?env", "WATCHER_RUNS__OVERLAP_DAYS": "9"})

    assert found.channel("lab-mail").url == f"{URL}?env"
    assert found.pubmed.api_key is not None
    assert found.runs.overlap_days == 9


@pytest.mark.parametrize(
    "environ",
    [{"WATCHER_RUNS__OVERLAP_DAYS": "many"}, {"WATCHER_RUNNS": "1"}, {"WATCHER_LISTS": "[a, b]"}, {"WATCHER_WATCHES": "{x: {}}"}],
)
def test_of_an_environment_that_is_wrong_itself_only_the_secrets_are_taken(home: Home, environ: dict[str, str]) -> None:
    good = home.load(SMALL)

    found = rebuilt(home, good, environ={**environ, "WATCHER_CHANNELS__LAB_MAIL__URL": f"{URL}?env"})

    assert found.channel("lab-mail").url == f"{URL}?env"
    assert (found.runs.overlap_days, list(found.watches)) == (3, ["nmj"])


def test_a_secret_in_the_environment_that_is_wrong_itself_gives_way_to_the_files(home: Home) -> None:
    good = home.load(SMALL)

    found = rebuilt(home, good, environ={"WATCHER_CHANNELS__LAB_MAIL__URL": "no address"})

    assert found.channel("lab-mail").url == URL


@pytest.mark.parametrize(
    "broken",
    [
        "broken: [",
        SMALL.replace(f"    url: {URL}\n", ""),
        SMALL.replace(f"url: {URL}", "url: no address"),
        SMALL.replace(f"url: {URL}", "url: [1, 2]"),
        SMALL.replace("lab-mail", "lab-post"),
        SMALL.replace(f"url: {URL}", "url_file: secrets/none"),
        "",
    ],
)
def test_a_channel_whose_url_is_nowhere_gets_one_that_nothing_goes_to(home: Home, broken: str) -> None:
    good = home.load(SMALL)

    found = rebuilt(home, good, broken)

    assert found.channel("lab-mail").url == UNKNOWN_URL
    assert found.channel("lab-mail").to == ("pi@uni-sample.de",)
    assert found.sha256 == good.sha256
    assert [one.what for one in found.warnings] == [
        "channels.lab-mail.url cannot be read: nothing can be sent to lab-mail until the configuration file is mended",
    ]


def test_the_url_of_another_channel_is_never_taken_for_the_lost_one(home: Home) -> None:
    other = "  lab-post:\n    kind: email\n    url: mailtos://other:pass@smtp.uni-sample.de\n    to: [boss@uni-sample.de]\n"
    good = home.load(SMALL.replace("watches:\n  nmj", f"{other}watches:\n  nmj"))
    text = home.file.read_text()

    for broken in (text.replace(f"    url: {URL}\n", ""), text.replace(f"    url: {URL}\n", "") + "x [\n"):
        found = rebuilt(home, good, broken)

        assert found.channel("lab-mail").url == UNKNOWN_URL
        assert found.channel("lab-post").url == "mailtos://other:pass@smtp.uni-sample.de"


def test_a_secret_that_the_broken_file_now_keeps_elsewhere_is_followed(home: Home) -> None:
    good = home.load(SMALL)
    home.write("secrets/mail", f"{URL}?new")

    found = rebuilt(home, good, NAMED + "x: [\n")

    assert found.channel("lab-mail").url == f"{URL}?new"


def test_a_secret_file_that_is_gone_is_missed_and_named(home: Home) -> None:
    path = home.write("secrets/mail", URL)
    good = home.load(NAMED)
    path.unlink()

    found = rebuilt(home, good)

    assert found.channel("lab-mail").url == UNKNOWN_URL


def test_secrets_of_every_kind_are_found_in_what_is_left_of_the_file(home: Home) -> None:
    alerts = "alerts:\n  heartbeat_url: https://hc-ping.com/0123\nzotero:\n  api_key: k4567\nx: [\n"
    good = home.load(KEYED + alerts.replace("x: [\n", ""))

    found = rebuilt(home, good, KEYED + alerts)

    assert everything(found) == everything(good)
    assert found.warnings == ()
    assert good.alerts is not None
    assert found.alerts == good.alerts
    assert (found.pubmed, found.zotero) == (good.pubmed, good.zotero)


def test_without_the_api_key_the_service_goes_on_and_says_so(home: Home) -> None:
    good = home.load(KEYED)

    found = rebuilt(home, good, SMALL + "x: [\n")

    assert found.pubmed.api_key is None
    assert [one.what for one in found.warnings] == [
        "pubmed.api_key cannot be read: the service goes on without it until the configuration file is mended",
    ]


def test_no_secret_is_repeated_in_a_warning_or_a_refusal(home: Home) -> None:
    good = home.load(KEYED)

    found = rebuilt(home, good, SMALL.replace(f"url: {URL}", f"url: {SECRET}"))

    assert SECRET not in " ".join(map(str, found.warnings)) + repr(found)


# --- what is left of a broken file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("database:\n  url: sqlite:///here.db\n", "sqlite:///here.db"),
        ("database: {url: 'sqlite:///here.db'}\nx: [\n", "sqlite:///here.db"),
        ('database:\n   x: 1\n  url: "sqlite:///here.db"  # ours\n', "sqlite:///here.db"),
        ("database:\n\turl: sqlite:///here.db # ours\nx: ]\n", "sqlite:///here.db"),
        ("database:\n  keep: 3\nzotero:\n  url: other\n: [\n", None),
        ("database:\n  url:\n    - sqlite:///here.db\n", None),
        ("url: sqlite:///here.db\nx: [\n", None),
    ],
)
def test_what_stands_in_a_broken_file_is_found_under_its_own_section_only(text: str, found: str | None) -> None:
    assert Salvage(text, Path("watcher.yaml")).text(("database", "url")) == found


def test_a_file_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert Salvage.of(tmp_path / "none.yaml").text(("database", "url")) is None


# --- where the database is


def located(home: Home, text: str, environ: Mapping[str, str] | None = None) -> Whereabouts:
    home.write("config/watcher.yaml", text)
    return locate_database(home.file, environ={**home.environ, **(environ or {})})


def test_the_database_of_a_broken_configuration_is_the_environments_the_files_or_the_usual_one(home: Home) -> None:
    written = "database:\n  url: sqlite:///written/w.db\nx: [\n"

    assert located(home, written, {"WATCHER_DATABASE_URL": "sqlite:///env/w.db"}).file == home.folder / "env" / "w.db"
    assert located(home, written).file == home.folder / "written" / "w.db"
    assert located(home, "x: [\n").file == home.folder / "data" / "watcher.db"
    assert located(home, "x: [\n", {"WATCHER_RUNNS": "1"}).data_folder == home.folder / "data"


def test_a_server_is_found_too_and_this_machines_own_files_are_in_data(home: Home) -> None:
    found = located(home, "database: {url: 'postgresql://w:p@db/w'}\nx: [\n")

    assert found.database_url == "postgresql+psycopg://w:p@db/w"
    assert found.data_folder == home.folder / "data"
    assert found.is_there


def test_a_database_that_was_never_made_is_not_there_and_one_that_was_set_aside_is(home: Home) -> None:
    before = located(home, "x: [\n").is_there
    home.write("data/watcher.db.damaged-20260302T080000Z", "")

    assert (before, located(home, "x: [\n").is_there) == (False, True)


# --- the files that count


def test_the_files_of_a_configuration_are_its_own_the_secrets_folder_and_each_named_secret(home: Home) -> None:
    home.write("config/watcher.yaml", NAMED)

    found = files_of(home.file, environ=home.environ)

    assert found == {home.file, home.file.parent / "themes", home.folder / "no-secrets", home.folder / "secrets" / "mail"}


def test_of_a_broken_file_the_file_itself_counts_still(home: Home) -> None:
    home.write("config/watcher.yaml", "x: [\n")

    assert files_of(home.file, environ=home.environ) == {home.file, home.file.parent / "themes", home.folder / "no-secrets"}
