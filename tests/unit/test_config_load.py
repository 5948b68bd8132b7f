"""What a sound configuration becomes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.configured import PUBMED, SECRET, SMALL, Home, home_in

from watcher.config import Settings, load
from watcher.domain import Channel, ChannelKind, Code, DigestList, Empty, Start, Watch, pubmed_id
from watcher.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT.parent / "shared" / "watcher.example.yaml"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def test_the_address_alone_is_enough_and_all_else_has_its_default(home: Home) -> None:
    settings = home.load(PUBMED)

    assert settings.timezone == "Europe/Berlin"
    assert settings.pubmed.base_url == "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
    assert (settings.runs.schedule, settings.runs.overlap_days) == ("daily 05:30", 3)
    assert (dict(settings.watches), dict(settings.lists), dict(settings.channels)) == ({}, {}, {})
    assert (settings.alerts, settings.vocabulary, settings.projects, settings.zotero) == (None, None, None, None)
    assert (settings.web.enabled, settings.web.listen) == (True, "127.0.0.1:8080")


def test_a_watch_without_options_has_the_domains_defaults(home: Home) -> None:
    settings = home.load(SMALL)

    assert settings.watch("nmj") == Watch(name="nmj", title="nmj", query="neuromuscular junction*[tiab]", seeds=("nmj",))


def test_a_list_without_options_takes_the_time_zone_of_the_file(home: Home) -> None:
    settings = home.load("timezone: Asia/Tokyo\n" + SMALL)

    assert settings.digest_list("lab-weekly") == DigestList(
        name="lab-weekly",
        title="lab-weekly",
        watches=("nmj",),
        channels=("lab-mail",),
        schedule="monday 08:00",
        timezone="Asia/Tokyo",
    )


def test_a_channel_keeps_its_address_to_itself(home: Home) -> None:
    settings = home.load(SMALL)

    channel = settings.channel("lab-mail")

    assert channel == Channel("lab-mail", ChannelKind.EMAIL, f"mailtos://user:{SECRET}@smtp.uni-sample.de", ("pi@uni-sample.de",))
    assert SECRET not in repr(channel) + repr(settings)


def test_every_option_of_a_watch_and_a_list_arrives(home: Home) -> None:
    settings = home.load(f"""\
{PUBMED}channels: {{box: {{kind: other, url: "json://127.0.0.1", reply_to: a@b.org}}}}
watches:
  nmj:
    title: Junction
    note: ours
    query: |
      agrin
      OR rapsyn
    seeds: [nmj]
    similar: false
    threshold: 12.5
    highlight: 20
    exclude_types: []
    late_after_days: 9
    start: {{days: 7}}
    must_find: [41224659]
    allow_over: 60_000
    was: old-name
lists:
  weekly:
    title: Weekly
    subject_prefix: "[W]"
    watches: [nmj]
    channels: [box]
    schedule: "0 8 * * 1"
    timezone: UTC
    empty: nothing
    top: 0
    limit: 0
    max_html_kb: 50
    attach: []
    group_by: chip
    chips: [Review]
    full_text_url: "https://resolver.uni-sample.de/?pmid={{pmid}}"
    pause_until: 2027-01-07
""")

    assert settings.watch("nmj") == Watch(
        name="nmj",
        title="Junction",
        note="ours",
        query="agrin\nOR rapsyn",
        seeds=("nmj",),
        similar=False,
        threshold=12.5,
        highlight=20,
        exclude_types=(),
        late_after_days=9,
        start=Start(days=7, papers=20),
        must_find=(pubmed_id(41224659),),
        allow_over=60_000,
        was="old-name",
    )
    assert settings.digest_list("weekly") == DigestList(
        name="weekly",
        title="Weekly",
        subject_prefix="[W]",
        watches=("nmj",),
        channels=("box",),
        schedule="0 8 * * 1",
        timezone="UTC",
        empty=Empty.NOTHING,
        top=0,
        limit=0,
        max_html_kb=50,
        attach=(),
        group_by="chip",
        chips=("Review",),
        full_text_url="https://resolver.uni-sample.de/?pmid={pmid}",
        pause_until=date(2027, 1, 7),
    )
    assert settings.channel("box").reply_to == "a@b.org"


def test_a_section_whose_lines_are_all_commented_out_counts_as_left_out(home: Home) -> None:
    settings = home.load(PUBMED + "alerts:\n  # channel: admin\nwatches:\nruns:\nbase_url:\n")

    assert settings.alerts is None
    assert dict(settings.watches) == {}
    assert settings.runs.schedule == "daily 05:30"


def test_yaml_words_and_times_stay_text(home: Home) -> None:
    settings = home.load(SMALL + "    title: no\n    subject_prefix: 10:30\n")

    assert (settings.digest_list("lab-weekly").title, settings.digest_list("lab-weekly").subject_prefix) == ("no", "10:30")


def test_anchors_and_merge_keys_repeat_what_they_name(home: Home) -> None:
    settings = home.load(
        f"{PUBMED}watches:\n"
        "  nmj: &all {query: &q agrin, seeds: [nmj], threshold: 10}\n"
        "  more: {<<: *all, threshold: 20}\n"
        "  third: {query: *q, seeds: [nmj]}\n"
    )

    assert [(settings.watch(name).query, settings.watch(name).threshold) for name in settings.watches] == [
        ("agrin", 10),
        ("agrin", 20),
        ("agrin", 35),
    ]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(home: Home) -> None:
    settings = home.load(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())

    assert settings.watch("nmj").seeds == ("nmj",)


# --- where it lies ---------------------------------------------------------------------------------------------------------------


def test_the_configuration_is_found_by_variable_by_folder_and_below_the_working_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.load(PUBMED)
    monkeypatch.chdir(home.folder)

    found = [
        load(environ={**home.environ, "WATCHER_CONFIG": str(home.file)}),
        load(environ={**home.environ, "WATCHER_CONFIG": "config"}),
        load(home.file.parent, environ=home.environ),
        load(environ=home.environ),
    ]

    assert {settings.home for settings in found} == {home.folder}
    assert [str(settings.path) for settings in found[1::2]] == ["config/watcher.yaml"] * 2


def test_a_relative_database_lies_below_home(home: Home) -> None:
    settings = home.load(PUBMED + "database: {url: 'sqlite:///store/w.db?timeout=5'}\n")

    assert settings.database_url == f"sqlite:///{home.folder}/store/w.db?timeout=5"
    assert settings.data_folder == home.folder / "store"


def test_an_absolute_database_stays_where_it_is(home: Home) -> None:
    settings = home.load(PUBMED, {"WATCHER_DATABASE_URL": "sqlite:////var/lib/watcher/w.db"})

    assert settings.database_url == "sqlite:////var/lib/watcher/w.db"
    assert settings.data_folder == Path("/var/lib/watcher")


def test_postgresql_gets_its_driver(home: Home) -> None:
    settings = home.load(PUBMED, {"WATCHER_DATABASE_URL": "postgresql://u:p@db/w"})

    assert settings.database_url == "postgresql+psycopg://u:p@db/w"
    assert settings.data_folder == home.folder / "data"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("lists", "lab-weekly", "schedule"), 15),
        (("watches", "nmj", "seeds", 0), 10),
        (("channels", "lab-mail", "url_file"), 5),
        (("lists", "lab-weekly", "timezone"), 12),
        (("watches", "nmj", "query", "words"), 9),
        (("runs", "schedule"), None),
    ],
)
def test_a_place_is_the_line_of_the_key_or_of_the_section_around_it(home: Home, key: tuple[str, ...], line: int | None) -> None:
    settings = home.load(SMALL)

    place = settings.place(key)

    assert (place.path, place.line) == (home.file, line)


# --- what is remembered ------------------------------------------------------------------------------------------------------------


def test_the_document_holds_what_is_in_force_and_no_secret(home: Home) -> None:
    settings = home.load(SMALL, {"WATCHER_PUBMED__API_KEY": SECRET, "WATCHER_RUNS__OVERLAP_DAYS": "9"})

    document = settings.document_without_secrets()

    assert SECRET not in document
    assert json.loads(document)["runs"]["overlap_days"] == 9
    assert json.loads(document)["watches"]["nmj"]["threshold"] == 35


def test_the_hash_changes_with_a_setting_and_with_a_secret_and_not_with_a_comment(home: Home) -> None:
    first = home.load(SMALL).sha256
    again = home.load("# a comment\n" + SMALL).sha256
    by_setting = home.load(SMALL, {"WATCHER_RUNS__OVERLAP_DAYS": "9"}).sha256
    by_secret = home.load(SMALL.replace(SECRET, "another")).sha256

    assert first == again
    assert len({first, by_setting, by_secret}) == 3


def test_settings_cannot_be_changed(home: Home) -> None:
    settings = home.load(SMALL)

    with pytest.raises(ValueError, match="frozen"):
        settings.timezone = "UTC"


# --- warnings ----------------------------------------------------------------------------------------------------------------------


def test_what_is_hardly_meant_is_a_warning_with_its_place(home: Home) -> None:
    text = SMALL.replace("library@uni-sample.de", "library@lab.example").replace("smtp.uni-sample.de", "smtp.lab.example")
    warnings = home.load(text + "  other: {watches: [nmj], channels: [lab-mail], schedule: daily 1:00}\n").warnings

    assert [str(warning).replace(str(home.file), "FILE").split(";")[0] for warning in warnings] == [
        "FILE:1:10: pubmed.email: this is still the example address",
        "FILE:5:5: channels.lab-mail.url: lab-mail still has the example address: nothing will arrive",
    ]


def test_an_example_address_does_no_harm_away_from_pubmed_itself(home: Home) -> None:
    text = SMALL.replace("library@uni-sample.de", "library@lab.example")

    assert home.load(text, {"WATCHER_PUBMED__BASE_URL": "http://127.0.0.1:8000/eutils/"}).warnings == ()


def test_a_watch_that_reaches_nobody_a_lost_word_list_and_missing_files_are_warnings(home: Home) -> None:
    home.write("config/genes.yaml", "")

    warnings = home.load(
        f"{PUBMED}watches: {{nmj: {{query: agrin, seeds: [nmj], lift: [genes, gene]}}}}\n"
        "vocabulary: {chips: config/chips.yaml, names: [config/genes.yaml]}\nprojects: {}\n"
    ).warnings

    told = "\n".join(map(str, warnings)).replace(str(home.folder), "HOME")
    assert "watches.nmj: no list has the watch nmj" in told
    assert "watches.nmj.lift[1]: there is no word list gene: it lifts nothing; did you mean genes?" in told
    assert "HOME/config/chips.yaml: it has no effect" in told
    assert "HOME/config/projects: it has no effect" in told
    assert [one.code for one in warnings].count(Code.WITHOUT_EFFECT) == 3
    assert len(warnings) == 7


def test_the_first_post_alone_without_a_channel_of_slack_is_a_warning(home: Home) -> None:
    (warning,) = home.load(SMALL + "    top_only: true\n").warnings

    assert warning.code is Code.WITHOUT_EFFECT
    assert "lists.lab-weekly.top_only: no channel of the list lab-weekly is Slack: the key has no effect" in str(warning)


def test_a_slack_webhook_copied_from_the_manual_is_a_warning(home: Home) -> None:
    warnings = home.load(
        SMALL.replace(
            f"mailtos://user:{SECRET}@smtp.uni-sample.de", "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX"
        )
        .replace("email\n    url", "slack\n    url")
        .replace("    to: [pi@uni-sample.de]\n", "")
    ).warnings

    assert ["example address" in warning.what for warning in warnings] == [True]


def test_a_channels_address_may_be_odder_than_python_can_read(home: Home) -> None:
    settings = home.load(SMALL.replace("@smtp.uni-sample.de", "@[smtp]"))

    assert settings.warnings == ()


# --- the files that come with the project -------------------------------------------------------------------------------------------


def shipped() -> Settings:
    return load(ROOT / "config", environ={})


def test_the_shipped_configuration_loads_as_it_is_and_says_what_to_edit() -> None:
    settings = shipped()

    assert settings.digest_list("lab-weekly").watches == ("nmj",)
    assert [warning.place.key for warning in settings.warnings if warning.place] == [
        "pubmed.email",
        "channels.lab-mail.url",
        "channels.lab-mail.to[0]",
    ]


def test_the_shipped_query_is_wide_and_drops_nothing() -> None:
    query = shipped().watch("nmj").query

    assert " NOT " not in query
    assert query.count("(") == query.count(")")
    assert query.count('"') % 2 == 0
    for term in (
        '"Neuromuscular Junction"[mh]',
        "endplate*[tiab]",
        '"neuromuscular junction*"[tiab]',
        "myasthen*[tiab]",
        "LRP4[tiab]",
    ):
        assert term in query


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example configuration (../shared) is not here")
def test_the_example_with_every_key_loads_once_its_secrets_are_there(home: Home) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("/run/secrets/", "secrets/")
    home.write("secrets/ncbi_api_key", "0123456789\n")
    home.write("secrets/zotero_key", "0123456789\n")
    home.write("secrets/lab_mail_url", "mailtos://user:pass@smtp.lab.example?from=a@lab.example\n")
    home.write("secrets/lab_slack_url", "slack://TokenA/TokenB/TokenC\n")
    home.write("secrets/heartbeat_url", "https://hc.lab.example/x\n")

    settings = home.load(text)

    assert settings.channel("admin").to == ("sysadmin@lab.example",)
    assert settings.digest_list("lab-weekly").full_text_url == "https://resolver.lab.example/?pmid={pmid}&doi={doi}"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example configuration (../shared) is not here")
def test_the_example_without_its_secrets_names_each_missing_file(home: Home) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("/run/secrets/", "secrets/")

    problems = home.problems(text)

    assert len(problems) == 6
    assert all("there is no such file" in problem.what for problem in problems)


def test_a_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere/watcher\.yaml: there is no such file\n    run `watcher init`"):
        load(tmp_path / "nowhere" / "watcher.yaml", environ={})
