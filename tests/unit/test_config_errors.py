"""What is said of a configuration that cannot be: the file, the line, the key, what to write instead, and never a secret."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest
from support.configured import PUBMED, SECRET, SMALL, Home, home_in


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def small(**changes: str) -> str:
    """The small configuration with a line added to a watch or list, or in place of another."""
    text = SMALL
    for after, line in changes.items():
        before = {"watch": "    seeds: [nmj]\n", "order": "    schedule: monday 08:00\n", "channel": "    kind: email\n"}[after]
        text = text.replace(before, f"{before}    {line}\n")
    return text


# --- no file that can be read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "HOME/config/watcher.yaml: the file is empty"),
        (b"# nothing but a comment\n", "the file is empty"),
        (b"- a\n- b\n", "watcher.yaml:1:1: the file holds a list, not keys"),
        (b"words", "the file holds plain text, not keys"),
        (b"pubmed:\n\temail: a@b.org\n", "watcher.yaml:2:1: a tab stands where only spaces may stand"),
        (b"pubmed:\n  email: a@b.org\n  tool: 'x\n", "watcher.yaml:3:9: a quote is opened here and never closed"),
        (b"pubmed: {email: a@b.org\nruns: {}\n", "watcher.yaml:1:9: a bracket is not closed, or a comma is missing"),
        (b"pubmed:\n  email: a@b.org: c\n", "watcher.yaml:2:17: a colon stands where none can be"),
        (b"a: *b\n", "this alias (*) has no anchor (&) above it"),
        (b"a: &a [*a]\n", "this alias (*) stands inside its own anchor (&)"),
        (b"a: &a {<<: *a}\n", "`<<` takes over the keys of another section only"),
        (b"a: !secret x\n", "YAML tags"),
        (b"? [a]\n: b\n", "a key cannot be a list"),
        (b"? {a: b}\n: b\n", "a key cannot be keys"),
        (b'a: "\\q"\n', "watcher.yaml:1:6: this is not YAML"),
        (b"a: 1\n---\na: 2\n", "watcher.yaml:2:1: a second document begins here"),
        (b"pubmed:\n  tool: caf\xe9\n", "watcher.yaml:2:12: the file is not in UTF-8"),
        ("pubmed: {}\n".encode("utf-16"), "the file is in UTF-16"),
        (b"a: \x07\n", "watcher.yaml:1: a control character (code 0x07) is not allowed"),
        (b"[" * 5000, "the file is nested too deeply"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_with_its_line(home: Home, content: bytes, said: str) -> None:
    told = home.told(content)

    assert said in told
    assert "\n    " in told  # what to do


def test_a_broken_line_is_not_repeated(home: Home) -> None:
    for line in (
        f"api_key {SECRET}",
        f'api_key: "{SECRET}" x',
        f"api_key: *{SECRET}",
        f"api_key: {{{SECRET} y: 1 z: 2}}",
        f"? {SECRET}\n- x",
    ):
        home.problems(f"pubmed:\n  email: a@b.org\n  {line}\n")  # refuses, without the secret


def test_a_folder_in_the_files_place_cannot_be_read(home: Home) -> None:
    (home.file / "watcher.yaml").mkdir(parents=True)

    assert "the file cannot be read" in home.told()


def test_a_file_of_the_other_spelling_is_pointed_at(home: Home) -> None:
    home.write("config/watcher.yml", PUBMED)

    assert "rename HOME/config/watcher.yml to watcher.yaml" in home.told()


# --- keys ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PUBMED + "databse: {}\n", "HOME/config/watcher.yaml:2:1: databse: there is no such key\n    did you mean database?"),
        (PUBMED + "email: a@b.org\n", ":2:1: email: there is no such key\n    it belongs under pubmed"),
        (PUBMED + "runs: {timezone: UTC}\n", "runs.timezone: there is no such key\n    it belongs to the top of the file"),
        (PUBMED + "log: {file: x}\n", "log.file: there is no such key\n    remove it; known here: level, format"),
        ("pubmed: {emial: a@b.org}\n", "pubmed.email: email is missing\n    write for example library@lab.example"),
        ("timezone: UTC\n", "pubmed.email: email is missing"),
        (small(watch="threshhold: 3"), ":11:5: watches.nmj.threshhold: there is no such key\n    did you mean threshold?"),
        (PUBMED + "Runs: {}\n", "Runs: there is no such key\n    did you mean runs?"),
        (PUBMED + "1: 2\n", ":2:1: 1: there is no such key"),
    ],
)
def test_an_unknown_or_missing_key_is_told_with_the_right_one(home: Home, text: str, said: str) -> None:
    assert said in home.told(text)


def test_keys_that_stand_twice_are_all_refused(home: Home) -> None:
    told = home.told(small(watch="seeds: [nmj]") + f"timezone: UTC\n{PUBMED}")

    assert "watcher.yaml:11:5: watches.nmj.seeds: this key is here twice\n    keep one of the two; the other is on line 10" in told
    assert "watcher.yaml:18:1: pubmed: this key is here twice" in told


def test_a_value_under_an_unknown_key_is_never_repeated(home: Home) -> None:
    told = home.told(f"{PUBMED}channels: {{m: {{kind: email, ulr: 'mailtos://u:{SECRET}@h'}}}}\nmailtos://u:{SECRET}@h: 1\n")

    assert "channels.m.ulr: there is no such key\n    did you mean url?" in told
    assert "channels.m.url: url is missing" in told
    assert "…: there is no such key" in told


# --- values --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SMALL.replace("kind: email", "kind: emial"),
            "lab-mail.kind: 'emial': this is not allowed\n    did you mean email? write email or slack",
        ),
        (small(watch="threshold: 101"), "watches.nmj.threshold: 101: this is not allowed\n    write at most 100"),
        (small(watch="threshold: high"), "nmj.threshold: 'high': this is not a number"),
        (small(watch="threshold: true"), "nmj.threshold: true: this is a number's place"),
        (small(watch="threshold: .nan"), "nmj.threshold: NaN: this is not a finite number"),
        (small(watch="similar: perhaps"), "nmj.similar: 'perhaps': this is neither true nor false\n    write true or false"),
        (small(watch="allow_over: 0"), "nmj.allow_over: 0: this is not allowed\n    write at least 1"),
        (small(watch="allow_over: 2.5"), "nmj.allow_over: 2.5: this is not a whole number"),
        (small(watch="must_find: [1, -4]"), "nmj.must_find[1]: -4: this is not allowed"),
        (small(watch="must_find: 4"), "nmj.must_find: this is not a list\n    write it in brackets: [a, b]"),
        (
            f"{SMALL}database: {{lock_wait_seconds: 0}}\n",
            "database.lock_wait_seconds: 0: this is not allowed\n    write greater than 0",
        ),
        (
            f"{SMALL}database: {{lock_wait_seconds: 31}}\n",
            "database.lock_wait_seconds: 31: this is not allowed\n    write at most 30",
        ),
        (small(watch="start: {days: -1}"), "nmj.start.days: -1: this is not allowed\n    write at least 0"),
        (small(watch="title: 12"), "nmj.title: 12: this is not text\n    put it in quotes"),
        (small(watch="title: ' '"), "nmj.title: ' ': this is empty"),
        (small(watch="similar:"), "nmj.similar: this has no value"),
        (SMALL.replace("[tiab]", "").replace("neuromuscular junction*", "''"), "nmj.query: this is empty"),
        (SMALL.replace("seeds: [nmj]", "seeds: []"), "nmj.seeds: this list is empty\n    write at least one entry"),
        (SMALL.replace("seeds: [nmj]", "seeds: [nmj, nmj]"), ":10:18: watches.nmj.seeds[1]: an entry is here twice"),
        (SMALL.replace("seeds: [nmj]", "seeds: [../nmj]"), "nmj.seeds[0]: '../nmj': this is not a folder below seeds/"),
        (SMALL.replace("pi@uni-sample.de", "pi"), "lab-mail.to[0]: 'pi': this is not an email address"),
        (SMALL.replace("[pi@uni-sample.de]", "[a@b.org, a@b.org]"), "lab-mail.to[1]: an entry is here twice"),
        (
            PUBMED + "timezone: Europe/Berln\n",
            ":2:1: timezone: 'Europe/Berln': this is not a time zone\n    did you mean Europe/Berlin?",
        ),
        (PUBMED + "timezone: Mars\n", "write an IANA name such as Europe/Berlin"),
        (PUBMED + "base_url: lab.example\n", "base_url: 'lab.example': this is not a web address"),
        (PUBMED + "base_url: https://lab.example:port/\n", "base_url: this is not a web address"),
        (PUBMED + f"base_url: https://u:{SECRET}@lab.example\n", "a web address here holds no user name and no password"),
        (PUBMED + "database: {url: postgres://db/w}\n", "database.url: this is not a database that watcher knows"),
        (PUBMED + "database: {url: 'sqlite:///:memory:'}\n", "database.url: this is not a database that watcher knows"),
        (
            PUBMED + "web: {listen: here}\n",
            "web.listen: 'here': this is not an address and a port\n    write for example 127.0.0.1:8080",
        ),
        (PUBMED + "ranking: {dense_sha256: abc}\n", "ranking.dense_sha256: 'abc': this is not a sha256"),
        (
            PUBMED + "ranking: {dense_files_sha256: [abc  modules.json]}\n",
            "write as sha256sum does: SHA256  NAME, the name being one",
        ),
        (
            PUBMED + f"ranking: {{dense_files_sha256: [{'0a' * 32}  config.json]}}\n",
            "is no sha256 and name of a file that says how",
        ),
        (
            PUBMED + f"ranking: {{dense_files_sha256: [{'0a' * 32}  modules.json, {'0b' * 32}  modules.json]}}\n",
            "modules.json is pinned twice",
        ),
        (PUBMED + "ranking: {dense_pooling: max}\n", "'max': this is not allowed\n    write mean or cls or ready"),
        (
            PUBMED + "ranking: {dense_input: pairs}\n",
            "'pairs': this is not allowed\n    did you mean pair? write sentence or separator or pair",
        ),
        (PUBMED + "ranking: {dense_max_tokens: 7}\n", "ranking.dense_max_tokens: 7: this is not allowed\n    write at least 8"),
        (PUBMED + "ranking: {dense_prefix: 5}\n", "ranking.dense_prefix: 5: this is not text"),
        (PUBMED + "alerts: {heartbeat_url: nowhere}\n", "alerts.heartbeat_url: this is not a web address"),
        (PUBMED + "runs: [daily]\n", "runs: this is not a section"),
        (PUBMED + "watches: [nmj]\n", "watches: these are not named sections"),
        (PUBMED + "watches: {NMJ Weekly: {query: x, seeds: [nmj]}}\n", "write for example nmj-weekly"),
        ("pubmed: {email: a@b.org, tool: 'a b'}\n", "pubmed.tool: 'a b': this is not allowed here"),
        ("pubmed: {email: library}\n", "pubmed.email: 'library': this is not an email address"),
        (
            small(order="attach: [bib]"),
            "lab-weekly.attach[0]: 'bib': this is not allowed\n    did you mean nbib? write ris or nbib",
        ),
        (small(order="empty: never"), "lab-weekly.empty: 'never': this is not allowed\n    write receipt or nothing"),
        (small(order="pause_until: soon"), "lab-weekly.pause_until: 'soon': this is not a day\n    write it as 2027-01-07"),
        (small(order="pause_until: 2027-02-31"), "lab-weekly.pause_until: '2027-02-31': this is not a day"),
        (small(order="full_text_url: 'https://r.org/{pmidd}'"), "the places for the paper's identifiers are {pmid} and {doi}"),
        (small(order="full_text_url: 'https://r.org/'"), "the places for the paper's identifiers are {pmid} and {doi}"),
        (small(order="full_text_url: 'https://r.org/{pmid'"), "the places for the paper's identifiers are {pmid} and {doi}"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_what_to_write(home: Home, text: str, said: str) -> None:
    problems = home.problems(text)

    assert said in "\n".join(map(str, problems))
    assert all(problem.fix and problem.place and problem.place.path == home.file for problem in problems)


def test_a_wrong_secret_is_never_repeated_wherever_it_stands(home: Home) -> None:
    told = home.told(f"""\
pubmed: {{email: "{SECRET}@", api_key: [{SECRET}]}}
base_url: mailtos://u:{SECRET}@h
channels:
  one: {{kind: "https://hooks.slack.com/{SECRET}", url: {SECRET}}}
  two: mailtos://u:{SECRET}@h
  three: {{kind: email, url: "mailtos://u:{SECRET}@h", to: "mailtos://u:{SECRET}@h"}}
watches: {{nmj: {{query: x, seeds: ["u:{SECRET}@h"]}}}}
alerts: {{heartbeat_url: "ftp://{SECRET}"}}
""")

    for key in (
        "pubmed.email",
        "pubmed.api_key",
        "base_url",
        "one.kind",
        "one.url",
        "two",
        "three.to",
        "seeds[0]",
        "alerts.heartbeat_url",
    ):
        assert f"{key}: this is not" in told


# --- what ties sections together --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SMALL.replace("watches: [nmj]", "watches: [nmi]"),
            "13:15: lists.lab-weekly.watches[0]: there is no watch 'nmi'\n    did you mean nmj?",
        ),
        (
            SMALL.replace("[lab-mail]", "[lab-mail, slack]"),
            "14:26: lists.lab-weekly.channels[1]: there is no channel 'slack'\n    write one of: lab-mail",
        ),
        (SMALL + "alerts: {channel: lab-mial}\n", "alerts.channel: there is no channel 'lab-mial'\n    did you mean lab-mail?"),
        (PUBMED + "alerts: {channel: admin}\n", "alerts.channel: there is no channel 'admin'\n    write it under channels:"),
        (
            SMALL.replace("seeds: [nmj]", "seeds: [nmk]"),
            "10:13: watches.nmj.seeds[0]: there is no folder 'nmk' in HOME/seeds\n    did you mean nmj?",
        ),
        (SMALL.replace("seeds: [nmj]", "seeds: [als]"), "create the folder HOME/seeds/als"),
        (SMALL.replace("seeds: [nmj]", f"seeds: [{'n' * 300}]"), "create it and put one or more papers into it"),
        (SMALL.replace("seeds: [nmj]", "seeds: [void]"), "the folder HOME/seeds/void is empty"),
        (
            small(watch="threshold: 80\n    highlight: 70"),
            "watches.nmj.highlight: highlight (70) is below threshold (80)\n    write auto, or 80 or more",
        ),
        (
            small(watch="highlight: best"),
            "watches.nmj.highlight: 'best': this is neither auto nor a score\n    write auto, or a number from 0 to 100",
        ),
        (small(watch="highlight: 101"), "watches.nmj.highlight: 101: this is neither auto nor a score"),
        (small(watch="highlight: true"), "watches.nmj.highlight: true: this is neither auto nor a score"),
        (small(watch="was: nmj"), "watches.nmj.was: a watch cannot have been itself"),
        (small(watch="was: als") + "  als: {watches: [nmj], channels: [lab-mail], schedule: x}\n", ""),
    ],
)
def test_a_name_that_nothing_bears_is_told_with_its_place(home: Home, text: str, said: str) -> None:
    (home.folder / "seeds" / "void").mkdir()

    if said:
        assert said in home.told(text)
    else:
        assert home.load(text).watch("nmj").was == "als"


_POSTS = (
    "  lab-slack: {kind: slack, url: https://hooks.slack.com/services/T024BE7LD/B024BE7LH/s3cr3t}\n"
    "  lab-teams: {kind: teams, url: 'https://prod-1.westeurope.logic.azure.com/workflows/x/invoke?sig=s3cr3t'}\n"
    "  lab-teams-2: {kind: teams, url: 'https://prod-1.westeurope.logic.azure.com/workflows/y/invoke?sig=s3cr3t'}\n"
)


@pytest.mark.parametrize(
    ("channels", "top_only", "said"),
    [
        ("lab-teams", "false", "channels: Teams carries a digest's best papers alone"),
        ("lab-teams, lab-teams-2", "false", "channels: Teams carries a digest's best papers alone"),
        ("lab-teams", "true", ""),
        ("lab-teams, lab-teams-2", "true", ""),
        ("lab-teams, lab-mail", "false", ""),
        ("lab-teams, lab-mail", "true", ""),
        ("lab-teams, lab-slack", "false", ""),
        ("lab-teams, lab-slack", "true", "top_only: no other channel of the list carries the whole digest"),
        ("lab-teams, lab-slack, lab-mail", "true", ""),
    ],
)
def test_a_list_whose_channels_all_carry_less_than_the_digest_has_to_say_that_it_is_meant(
    home: Home, channels: str, top_only: str, said: str
) -> None:
    text = small(order=f"top_only: {top_only}").replace("watches:\n  nmj", f"{_POSTS}watches:\n  nmj", 1)
    text = text.replace("channels: [lab-mail]", f"channels: [{channels}]")

    if said:
        assert f"lists.lab-weekly.{said}: " in home.told(text)
    else:
        assert home.load(text).digest_list("lab-weekly").top_only is (top_only == "true")


def test_what_a_list_of_teams_alone_may_write_is_told(home: Home) -> None:
    text = (
        small().replace("watches:\n  nmj", f"{_POSTS}watches:\n  nmj", 1).replace("channels: [lab-mail]", "channels: [lab-teams]")
    )

    assert home.told(text).endswith(
        "lists.lab-weekly.channels: Teams carries a digest's best papers alone: the list's readers would never see the rest\n"
        "    name a channel of mail in the list too, or write `top_only: true` if that is meant"
    )


@pytest.mark.parametrize("channels", ["lab-teams", "lab-teams, lab-teams-2"])
def test_top_only_has_an_effect_where_it_lets_teams_be_alone(home: Home, channels: str) -> None:
    text = small(order="top_only: true").replace("watches:\n  nmj", f"{_POSTS}watches:\n  nmj", 1)

    alone = home.load(text.replace("channels: [lab-mail]", f"channels: [{channels}]"))
    beside = home.load(text.replace("channels: [lab-mail]", f"channels: [{channels}, lab-mail]"))

    assert not [one for one in alone.warnings if "no effect" in str(one)]
    assert [one for one in beside.warnings if "no channel of the list lab-weekly is Slack: the key has no effect" in str(one)]


@pytest.mark.parametrize("written", ["true", "yes", "'on'", "1"])
def test_the_first_post_alone_is_refused_where_nobody_else_carries_the_digest(home: Home, written: str) -> None:
    post = "  lab-slack: {kind: slack, url: https://hooks.slack.com/services/T024BE7LD/B024BE7LH/s3cr3t}\n"
    both = small(order=f"top_only: {written}").replace("watches:\n  nmj", f"{post}watches:\n  nmj", 1)
    alone, beside = both.replace("[lab-mail]", "[lab-slack]"), both.replace("[lab-mail]", "[lab-slack, lab-mail]")

    assert (
        "lists.lab-weekly.top_only: no other channel of the list carries the whole digest: its readers would never see the rest\n"
        "    name a channel of mail in the list too, or remove the key"
    ) in home.told(alone)
    assert home.load(beside).digest_list("lab-weekly").top_only
    assert home.load(alone.replace(f"top_only: {written}", "top_only: false")).digest_list("lab-weekly").top_only is False


def test_a_watch_can_only_have_been_one_that_is_gone_and_only_one_can(home: Home) -> None:
    told = home.told(
        f"{PUBMED}watches:\n"
        "  a: {query: x, seeds: [nmj], was: b}\n"
        "  b: {query: x, seeds: [nmj], was: gone}\n"
        "  c: {query: x, seeds: [nmj], was: gone}\n"
    )

    assert "3:31: watches.a.was: the watch 'b' is still there" in told
    assert "5:31: watches.c.was: b was 'gone' already" in told


def test_all_faults_are_told_at_once_in_the_order_of_the_file(home: Home) -> None:
    problems = home.problems(
        "pubmed: {emial: a@b.org}\nrunz: {}\nchannels:\n  m: {kind: mail, url_file: nowhere}\n"
        "watches:\n  nmj: {query: '', seeds: [nmk], threshold: 90, highlight: 80}\n"
        "lists:\n  l: {watches: [nmi], channels: [m], schedule: x, top: -1}\n",
        {"WATCHER_TIMEZON": "UTC"},
    )

    assert [(problem.place.line, problem.place.key) for problem in problems if problem.place] == [
        (1, "pubmed.email"),
        (1, "pubmed.emial"),
        (2, "runz"),
        (4, "channels.m.kind"),
        (4, "channels.m.url_file"),
        (6, "watches.nmj.query"),
        (6, "watches.nmj.seeds[0]"),
        (6, "watches.nmj.highlight"),
        (8, "lists.l.watches[0]"),
        (8, "lists.l.top"),
        (None, "WATCHER_TIMEZON"),
    ]


# --- files that hold secrets -----------------------------------------------------------------------------------------------------------


def with_file(name: str) -> str:
    return SMALL.replace(f"url: mailtos://user:{SECRET}@smtp.uni-sample.de", f"url_file: {name}")


def test_a_secret_is_read_from_the_file_that_its_twin_names(home: Home) -> None:
    home.write("secrets/mail", f"\ufeffmailtos://user:{SECRET}@smtp.uni-sample.de\r\n")

    assert home.load(with_file("secrets/mail")).channel("lab-mail").url == f"mailtos://user:{SECRET}@smtp.uni-sample.de"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "HOME/secrets/mail: there is no such file\n    create it, with the secret alone on one line"),
        (b" \n", "HOME/secrets/mail: the file is empty"),
        (f"{SECRET}\n{SECRET}\n".encode(), "HOME/secrets/mail: the file holds more than one line"),
        (SECRET.encode() + b"\xff", "HOME/secrets/mail: this is no file of UTF-8 text"),
        (SECRET.encode(), "channels.lab-mail.url_file: this is not a channel's address"),
    ],
)
def test_a_secrets_file_that_is_of_no_use_is_told_at_the_key_that_names_it(home: Home, content: bytes | None, said: str) -> None:
    if content is not None:
        home.write("secrets/mail", content)

    told = home.told(with_file("secrets/mail"))

    assert told.startswith("HOME/config/watcher.yaml:5:5: channels.lab-mail.url_file: ")
    assert said in told
    assert told.count("watcher.yaml") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_secrets_file_that_may_not_be_read_says_so(home: Home) -> None:
    home.write("secrets/mail", SECRET).chmod(0)

    assert "the file cannot be read: Permission denied" in home.told(with_file("secrets/mail"))


def test_a_folder_in_a_secrets_place_says_so(home: Home) -> None:
    assert "HOME/seeds/nmj: this is a folder, not a file\n    name a plain file" in home.told(with_file("seeds/nmj"))


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def an_endless_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening, chdir(path.parent):
        listening.bind(path.name)  # an address has room for 107 bytes


@pytest.mark.parametrize(
    ("make", "what"), [(a_pipe, "a pipe"), (a_link_to_a_pipe, "a pipe"), (an_endless_device, "a device"), (a_socket, "a socket")]
)
def test_what_is_no_plain_file_is_no_secret_and_is_never_waited_for(home: Home, make: Callable[[Path], None], what: str) -> None:
    (home.folder / "secrets").mkdir()
    make(home.folder / "secrets" / "mail")
    make(home.folder / "no-secrets" / "watcher_pubmed__api_key")

    told = home.told(with_file("secrets/mail"))

    assert f"HOME/secrets/mail: this is {what}, not a file\n    name a plain file" in told
    assert f"HOME/no-secrets/watcher_pubmed__api_key: this is {what}, not a file" in told


def test_a_long_secret_is_whole_or_refused_with_the_limit(home: Home) -> None:
    key = "k" * 65_536
    named = SMALL.replace(PUBMED, "pubmed: {email: library@uni-sample.de, api_key_file: secrets/key}\n")
    home.write("secrets/key", key)
    whole = home.load(named).pubmed.api_key
    home.write("secrets/key", f"{key}k")

    told = home.told(named)

    assert whole is not None
    assert whole.get_secret_value() == key
    assert "HOME/secrets/key: the file holds more than 64 KB\n    a secret has at most that" in told
    assert "kkk" not in told


@pytest.mark.parametrize("named", [f"mailtos://user:{SECRET}@h", SECRET, f"$argon2id$v=19$m=1,t=2$c2E/{SECRET}/x"])
def test_a_secret_in_the_place_of_its_file_is_not_repeated(home: Home, named: str) -> None:
    told = home.told(with_file(f"'{named}'"))

    assert "channels.lab-mail.url_file: there is no such file" in told
    assert "or name url what stands here, if it is the secret itself" in told


def test_the_name_of_a_secrets_file_is_text(home: Home) -> None:
    told = home.told("pubmed: {email: a@b.org, api_key_file: [a]}\n" + with_file("''").removeprefix(PUBMED))

    assert "pubmed.api_key_file: this is not text" in told
    assert "channels.lab-mail.url_file: '': this is empty" in told or "lab-mail.url_file: this is empty" in told


def test_a_secret_and_its_file_cannot_stand_side_by_side(home: Home) -> None:
    told = home.told(small(channel="url_file: secrets/mail"))

    assert "watcher.yaml:5:5: channels.lab-mail.url_file: url and url_file stand side by side" in told
    assert "keep channels.lab-mail.url_file or channels.lab-mail.url" in told


def test_a_channel_without_an_address_is_told_of_both_ways(home: Home) -> None:
    told = home.told(f"{PUBMED}channels: {{m: {{kind: email}}}}\n")

    assert "channels.m.url: url is missing" in told
    assert "or url_file with the name of a file that holds it" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_of_seeds_that_may_not_be_listed_says_so(home: Home) -> None:
    (home.folder / "seeds" / "nmj").chmod(0)

    assert "the folder HOME/seeds/nmj cannot be read: Permission denied" in home.told(SMALL)
