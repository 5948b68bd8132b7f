"""Every command over a lab: what it prints, writes and sends, and the code with which it ends."""

from __future__ import annotations

import csv
import json
import logging
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.command_line import Shell, wait_until
from support.rehearsal import Lab, lab, presented

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import __version__, demo, health
from watcher.cli import main
from watcher.errors import (
    BadQuery,
    Busy,
    ConfigurationError,
    IncompleteAnswer,
    Problem,
    PubMedUnavailable,
    QuietHours,
    StoreError,
    WatcherError,
)
from watcher.export import FORMATS

START = "2026-03-02T09:00"
TUESDAY = "2026-03-03T06:30"
MONDAY = "2026-03-09T08:00"
AFTER = "2026-03-09T08:01"
PERIOD = "2026-03-09T08:00+01:00"

RECORDS = [
    Planted(paper(1, title="Agrin at the neuromuscular junction", created="2026-03-04", abstract="MuSK.", doi="10.9999/one")),
    Planted(paper(2, title="The neuromuscular junction [of the frog]", created="2026-03-05")),
    Planted(paper(3, title="The neuromuscular junction of long ago", created="2020-01-01")),
    Planted(paper(4, title="A junction of roads", created="2020-01-01")),
]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, mail = logging.getLogger(), logging.getLogger("mail.log")
    handlers, level = root.handlers[:], root.level
    mail.setLevel(logging.WARNING)  # the local mail server runs in this process, and is not what is tested
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell in a new lab, on a Monday after its digest's hour; PubMed is asked once, not six times."""
    with lab(tmp_path, RECORDS, monkeypatch) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        one.move_clock(START)
        yield Shell(one, monkeypatch, capsys)


@pytest.fixture(scope="module")
def first_week(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A lab that has sent its first digest, with papers 1 and 2."""
    with pytest.MonkeyPatch.context() as patch, lab(tmp_path_factory.mktemp("lab"), RECORDS, patch) as one:
        assert not one.tick(START).failed
        assert not one.tick(MONDAY).failed
        return one


@pytest.fixture
def lived(shell: Shell, first_week: Lab) -> Shell:
    """A shell in a new lab that has lived through the first week."""
    shutil.copytree(
        first_week.folder / "data", shell.lab.folder / "data", ignore=shutil.ignore_patterns("locks"), dirs_exist_ok=True
    )
    shell.lab.move_clock(AFTER)
    return shell


# --- help


def test_help_loads_nothing_heavy() -> None:
    heavy = (
        "Bio",
        "sqlmodel",
        "sqlalchemy",
        "apprise",
        "numpy",
        "scipy",
        "sklearn",
        "requests",
        "lxml",
        "pydantic",
        "rich",
        "jinja2",
    )
    code = (
        "import sys\nimport watcher.cli\nsys.argv = ['watcher', '--help']\n"
        "try:\n    watcher.cli.main()\n"
        f"finally:\n    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own

    assert "Usage: watcher" in said.stdout
    assert said.stderr.strip() == "[]"


def test_every_command_has_a_sentence_that_fits_a_terminal(shell: Shell) -> None:
    shell.monkeypatch.setenv("COLUMNS", "80")

    commands = shell("--help").out.partition("Commands:")[2].strip().splitlines()

    assert [line.split()[0] for line in commands] == [
        "init", "try", "check", "seeds", "run", "digest", "deliver", "tick", "serve", "status", "healthcheck", "explain", "mark",
        "stop", "resume", "corrections", "rank", "export", "feeds", "resend", "send-test", "backup", "restore", "demo",
        "password", "forget-reader", "search", "themes", "model", "zotero",
    ]  # fmt: skip
    assert all(line.endswith(".") and not line.endswith("...") for line in commands)


@pytest.mark.parametrize("command", ["", "run", "digest", "send-test"])
def test_help_of_a_command_is_no_error(command: str, shell: Shell) -> None:
    said = shell(*filter(None, [command]), "--help")

    assert (said.code, "Usage: watcher" in said.out) == (0, True)


def test_the_version(shell: Shell) -> None:
    assert shell("--version").out == f"watcher {__version__}\n"


# --- setting up


def test_init_writes_a_configuration_that_checks(shell: Shell) -> None:
    said = shell("init", "new-lab", "--example", "nmj", config=False)
    shell.lab.folder.joinpath("new-lab/secrets").mkdir()
    checked = shell("-c", "new-lab/config", "check", config=False)
    again = shell("init", "new-lab", "--example", "nmj", config=False)

    assert said.code == 0
    assert "wrote new-lab/config/watcher.yaml\n" in said.out
    assert said.out.rstrip().endswith("(pubmed.email), then `watcher --config new-lab/config check`")
    assert checked.code == 0
    assert "ok\tconfiguration\t" in checked.out
    assert "still the example address" in checked.out
    assert "wrote" not in again.out


@pytest.mark.parametrize("called", [("bin/watcher",), (sys.executable, "-m", "watcher")], ids=["the script", "the module"])
def test_init_ends_with_a_command_that_works_from_where_one_stands(tmp_path: Path, called: tuple[str, ...]) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "watcher").write_text(f"#!{sys.executable}\nfrom watcher.__main__ import main\nmain()\n")
    (tmp_path / "bin" / "watcher").chmod(0o755)

    words = [*called, "init", "my lab", "--example", "nmj"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout  # noqa: S603
    (command,) = re.findall("`(.+)`", said.splitlines()[-1])
    checked = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603, S607

    assert (checked.returncode, "still the example address" in checked.stdout) == (0, True), checked.stderr


def test_a_demo_without_its_mail_server_names_the_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("watcher.demo", "standins.inbox", "standins.inbox.mail"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("standins.inbox", raising=False)
    for name in ("aiosmtpd", "aiosmtpd.controller"):
        monkeypatch.setitem(sys.modules, name, None)

    said = shell("demo", config=False)

    assert said.code == 1
    assert said.err.startswith("this installation goes without aiosmtpd, the demo's mail server\n")
    assert "pip install 'watcher[demo]'" in said.err


def test_init_where_nothing_can_be_written_is_an_error_that_names_the_place(shell: Shell) -> None:
    (shell.lab.folder / "file").write_text("")

    said = shell("init", "file/lab", "--example", "nmj", config=False)

    assert said.code == 1
    assert said.err.startswith("file/lab/config/")
    assert said.err.splitlines()[0].endswith(": cannot be written: Not a directory")


def test_check_tells_seeds_schedules_and_warnings(shell: Shell) -> None:
    said = shell("check")

    assert said.code == 0
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert ["ok", "watch nmj", "1 seed, threshold 0"] in rows
    assert any(row[:2] == ["ok", "list lab-weekly"] and "Mon 09 Mar 08:00 CET, Mon 16 Mar" in row[2] for row in rows)
    assert shell.lab.pubmed.log == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mailto://lab:Xq7+Rt/wD@127.0.0.1:2526?from=w@lab.example", "%2F"),
        ("mailto://lab:Xq7@Rt@wD@127.0.0.1:2526?from=w@lab.example", "%40"),
        ("mailto://lab:Xq7#Rt@127.0.0.1:2526?from=w@lab.example", "%23"),
        ("mailto://_?user=lab&pass=Xq7.Rt;wD&smtp=127.0.0.1&port=2526&from=w@lab.example", "%3B"),
        ("mailto://_?user=lab&pass=Xq7&Rt&smtp=127.0.0.1&port=2526&from=w@lab.example", "%26"),
        ("mailto://_?user=lab&pass=Xq7?Rt&smtp=127.0.0.1&port=2526&from=w@lab.example", "%3F"),
        ("mailto://_?user=lab&pass=Xq7%Rt&smtp=127.0.0.1&port=2526&from=w@lab.example", "%25"),
    ],
)
def test_check_refuses_a_mail_url_whose_password_would_be_cut_and_says_how_to_write_it(shell: Shell, url: str, code: str) -> None:
    shell.change("channels", "lab-mail", "url", value=url)

    said = [shell("check"), shell("send-test", "lab-mail"), shell("status"), shell("tick")]

    assert [one.code for one in said[:2]] == [1, 1]
    assert re.search(rf"watcher\.yaml:\d+:\d+: channels\.lab-mail\.url: .*\n.*{code}", said[0].err)
    assert not [piece for piece in ("Xq7", "Rt", "wD") for one in said if piece in one.out + one.err]


def test_check_warns_of_a_password_in_the_open(shell: Shell) -> None:
    shell.change("channels", "lab-mail", "url", value="mailto://lab:sesame@smtp.lab.example?from=w@lab.example")

    said = shell("check")

    assert said.code == 0
    assert "warning\tchannel-url\t" in said.out
    assert "sends the password unencrypted to smtp.lab.example" in said.out
    assert "sesame" not in said.out + said.err


def test_check_names_what_a_channel_takes_in_one_message(shell: Shell) -> None:
    shell.change("channels", "chat", value={"kind": "other", "url": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"})

    said = shell("check")

    assert said.code == 0
    assert "ok\tchannel chat\ttakes 2,000 characters a message, the subject with it; longer digests come in parts\n" in said.out


def test_check_online_asks_pubmed_and_reaches_the_channels_of_a_fresh_installation(shell: Shell) -> None:
    shell.change("watches", "nmj", "query", value='neuromuscular junction[tiab] OR "gibberish phrase"[tiab]')

    said = shell("check", "--online")

    assert said.code == 0
    assert "ok\twatch nmj\t1 record matches; this query has not been read yet\n" in said.out
    assert "warning\tpubmed-phrase\t" in said.out
    assert "gibberish phrase" in said.out
    assert f"ok\tchannel lab-mail\t127.0.0.1:{shell.lab.mail.port} answers\n" in said.out
    assert "ok\tchannel lab-slack\t127.0.0.1 answers" in said.out
    assert (shell.lab.mail.mails, shell.lab.slack.posts) == ([], [])


def test_check_as_json_tells_warnings_with_their_code_and_place(shell: Shell) -> None:
    shell.change("watches", "nmj", "query", value="neuromuscular junction[tiabb]")

    said = shell("check", "--json")

    document = json.loads(said.out)
    assert (said.code, document["configuration"]["state"], document["problems"], document["online"]) == (0, "good", [], None)
    (warning,) = document["warnings"]
    assert (warning["code"], warning["key"], warning["fix"]) == ("query-field", "watches.nmj.query", "did you mean [tiab]?")
    assert shell.lab.config.read_text().splitlines()[warning["line"] - 1][warning["column"] - 1 :].startswith("[tiabb]")
    assert [one["name"] for one in (*document["watches"], *document["lists"])] == ["nmj", "lab-weekly"]


def test_check_and_status_give_a_paused_list_the_same_slots(shell: Shell) -> None:
    shell.at(START, "tick")
    shell.change("lists", "lab-weekly", "pause_until", value="2026-03-18")

    checked, status = (json.loads(shell(command, "--json").out)["lists"][0]["upcoming"] for command in ("check", "status"))

    assert [datetime.fromisoformat(slot) for slot in checked] == [datetime.fromisoformat(slot) for slot in status]
    assert checked[0].startswith("2026-03-18")


def test_check_as_json_tells_what_a_configuration_is_refused_for(shell: Shell) -> None:
    shell.change("watches", "nmj", "query", value="(neuromuscular")

    said = shell("check", "--json")

    document = json.loads(said.out)
    assert (said.code, document["configuration"]["state"], document["warnings"]) == (1, "bad", [])
    (problem,) = document["problems"]
    assert (problem["key"], problem["what"]) == ("watches.nmj.query", "this parenthesis is never closed")


def test_run_tick_and_status_tell_what_check_knows_of_an_edited_query(lived: Shell) -> None:
    lived.change("watches", "nmj", "query", value="neuromuscular junction[tiab] or frog[tiab]")
    what = "or is searched as a word"

    told = [lived(*command).out for command in (["check"], ["tick"], ["tick"], ["run"], ["run", "--dry-run"], ["status"])]
    document = json.loads(lived("status", "--json").out)

    assert [what in text for text in told] == [True, True, False, True, True, True]
    assert told[2] == "nothing is due\n"
    assert "query-operator" in [one["code"] for one in document["warnings"]]


def test_check_online_counts_old_and_new(lived: Shell) -> None:
    before = lived("check", "--online").out
    lived.change("watches", "nmj", "query", value="frog[tiab]")
    after = lived("check", "--online").out

    assert "1 record matched when it was first read, 3 records match now" in before
    assert "the query was edited: 3 records match the old one, 1 record matches the new one" in after


def test_check_online_without_pubmed_ends_with_4_and_with_a_dead_channel_with_3(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("esearch", kind="http-500")
    without_pubmed = shell("check", "--online")
    shell.change("channels", "lab-mail", "url", value="mailto://127.0.0.1:9?from=watcher@lab.example")
    without_mail = shell("check", "--online")

    assert (without_pubmed.code, "FAILED\twatch nmj\t" in without_pubmed.out) == (4, True)
    assert (without_mail.code, "FAILED\tchannel lab-mail\t" in without_mail.out) == (3, True)


def test_seeds_shows_what_was_understood_before_and_after_the_first_run(shell: Shell) -> None:
    fresh = shell("seeds")
    shell("tick")
    resolved = shell("seeds", "nmj")

    heading, row = fresh.out.splitlines()
    assert heading == "watch nmj: 1 seed"
    assert row.split("\t") == [
        "nmj/agrin.txt",
        "Agrin and the maintenance of the neuromuscular junction",
        "abstract, 3 keywords",
        "not looked up yet: its own text is used",
    ]
    assert "PubMed has no record for its title: its own text is used" in resolved.out
    assert (fresh.code, resolved.code) == (0, 0)


def test_seeds_can_be_looked_up_before_anything_ran(shell: Shell) -> None:
    (shell.lab.folder / "seeds" / "nmj" / "more.list").write_text("3\n")

    looked_up = shell("seeds", "--resolve")

    assert "PMID 3 by pmid" in looked_up.out
    assert "The neuromuscular junction of long ago" in looked_up.out
    assert looked_up.out.splitlines()[-1] == "1 of 2 found"
    assert "PMID 3 by pmid" in shell("seeds").out  # what was found is kept, though no watch has run yet
    assert "found" not in shell("seeds").out.splitlines()[-1]


def test_seeds_looked_up_before_a_renamed_watch_has_run_leave_it_its_name(lived: Shell) -> None:
    lived.change("watches", value={"junctions": lived.lab.document["watches"]["nmj"] | {"was": "nmj"}})
    for list_ in lived.lab.document["lists"].values():
        list_["watches"] = ["junctions"]
    lived.lab.write()

    lived("seeds", "--resolve")
    checked = lived("check", "--online")

    assert "1 record matched when it was first read" in checked.out


def test_a_seed_whose_number_leads_to_another_paper_is_told_with_both_titles(shell: Shell) -> None:
    table = "PMID,Title\n3,A made-up study of play in four schools\n"
    (shell.lab.folder / "seeds" / "nmj" / "table.csv").write_text(table)

    looked_up = shell("seeds", "--resolve")

    assert "PMID 3 is “The neuromuscular junction of long ago" in looked_up.out
    assert "“A made-up study of play in four schools” here: its own text is used" in looked_up.out


# --- read-only commands on a fresh database


def test_looking_starts_no_clock(shell: Shell) -> None:
    looks = (
        "status", "status --json", "seeds", "check --online", "explain 1", "rank", "rank --calibrate",
        "export --list lab-weekly", "export --watch nmj", "export",
    )  # fmt: skip

    codes = {look: shell.at("2026-03-02T07:00", *look.split()).code for look in looks}
    worked = shell.at("2026-03-02T09:00", "tick")

    assert codes == dict.fromkeys(looks, 0)
    assert "run nmj (first) good" in worked.out
    assert "digest of" not in worked.out


# --- working


def test_run_searches_and_keeps(shell: Shell) -> None:
    said = shell.at("2026-03-06T09:00", "run", "nmj")
    again = shell("run")

    assert said.code == 0
    assert said.out.startswith("run nmj (first) good: matched 3, known 0, fetched 2, new 2, awaiting 0, ")
    assert again.out.startswith("run nmj (window) good: matched 2, known 2, fetched 2, new 0, awaiting 0, 2 requests, ")
    assert "nmj: searching (first)\n" in said.err
    assert shell.lab.mail.mails == []


def test_quiet_says_no_progress(shell: Shell) -> None:
    assert shell("-q", "tick").err == ""


def test_a_dry_run_shows_what_it_would_keep_and_keeps_nothing(shell: Shell) -> None:
    said = shell.at("2026-03-06T09:00", "run", "--dry-run")

    first, *rows, last = said.out.splitlines()
    assert "fetched 2, new 2, awaiting 0, 4 requests" in first
    assert first.endswith("(dry run: nothing is kept)")
    assert [row.split("\t")[1:3] for row in rows] == [
        ["1", "Agrin at the neuromuscular junction"],
        ["2", "The neuromuscular junction [of the frog]"],
    ]
    assert last == "1 older record would be the baseline of nmj, not news"
    assert shell("export", "--watch", "nmj").out == ""
    assert shell("run").out.startswith("run nmj (first)")


def test_a_tick_does_what_is_due_and_says_so(shell: Shell) -> None:
    first = shell.at(START, "tick")
    second = shell.at(MONDAY, "tick")
    third = shell("tick")

    assert (first.code, second.code, third.code) == (0, 0, 0)
    subject = shell.lab.mail.mails[0].message["Subject"]
    assert second.out.splitlines()[1:] == [
        f"list lab-weekly: digest of {PERIOD}: 2 papers shown, 0 attached",
        f"sent to lab-mail pi@uni-sample.de: {subject}",
        f"sent to lab-slack: {subject}",
    ]
    assert third.out == "nothing is due\n"
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1, 2}]


def test_a_digest_can_be_looked_at_in_each_format(shell: Shell) -> None:
    shell.at("2026-03-06T09:00", "tick")
    marks = {"text": "https://pubmed.ncbi.nlm.nih.gov/1/", "html": "<!doctype html", "slack": '"blocks"', "json": '"pmid": 1'}

    printed = {style: shell("digest", "lab-weekly", "--dry-run", "--format", style) for style in marks}
    written = {style: shell("digest", "lab-weekly", "--dry-run", "-f", style, "--out", f"out/{style}") for style in marks}

    assert {said.code for said in (*printed.values(), *written.values())} == {0}
    for style, mark in marks.items():
        text = (shell.lab.folder / "out" / style).read_text("utf-8")
        assert mark in text.lower()
        assert (text.rstrip(), written[style].out) == (printed[style].out.rstrip(), "")
    assert json.loads(printed["slack"].out)[0]["blocks"]
    assert json.loads(printed["json"].out)
    assert (shell.lab.mail.mails, shell.lab.slack.posts) == ([], [])


def test_themes_are_shown_counted_and_written_once_to_be_edited(lived: Shell) -> None:
    file = lived.lab.config.parent / "themes" / "nmj.yaml"

    before = lived("themes", "nmj")
    wrote = lived("themes", "nmj", "--write")
    found = file.read_text("utf-8")
    refused = lived("themes", "nmj", "--write")
    file.write_text("Frogs: [frog]\nAgrin: [agrin]\n")
    edited, checked = lived("themes", "nmj"), lived("check")
    kept = file.read_text()
    forced = lived("themes", "nmj", "--write", "--force")

    assert (before.code, before.out.splitlines()[0].partition("; ")[0].endswith("found from the seeds")) == (0, True)
    assert (wrote.code, wrote.out.startswith(f"wrote {file}")) == (0, True)
    assert (refused.code, f"{file}" in refused.err, "--force" in refused.err) == (1, True, True)
    assert "papers of the last 4 weeks: 2" in edited.out
    assert edited.out.splitlines()[1:] == ["1\tFrogs\tfrog", "1\tAgrin\tagrin", "0\tOther\t"]
    assert ", 2 themes of its own\n" in checked.out
    assert kept == "Frogs: [frog]\nAgrin: [agrin]\n"
    assert (forced.code, file.read_text("utf-8")) == (0, found)


def test_a_bad_file_of_themes_is_told_by_check_with_its_line(shell: Shell) -> None:
    folder = shell.lab.config.parent / "themes"
    folder.mkdir()
    (folder / "nmj.yaml").write_text("Glia: [glia]\nAgeing: sarcopenia\n")

    said = shell("check")

    assert said.code == 1
    assert "nmj.yaml:2" in said.err
    assert "write for example [sarcopenia, aging]" in said.err


def test_a_digest_by_hand_is_searched_composed_and_sent_for_real(shell: Shell) -> None:
    said = shell.at("2026-03-06T09:00", "digest", "lab-weekly", "--out", "digest.txt")
    slot = shell.at(MONDAY, "tick")

    assert said.code == 0
    assert said.out.splitlines()[0].startswith("run nmj (first) good: ")
    assert "list lab-weekly: digest of manual:2026-03-06T08:00:00+00:00: 2 papers shown, 0 attached" in said.out
    assert "https://pubmed.ncbi.nlm.nih.gov/2/" in (shell.lab.folder / "digest.txt").read_text("utf-8")
    assert f"digest of {PERIOD}: 0 papers shown" in slot.out
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1, 2}, set()]


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(lived: Shell) -> None:
    (lived.lab.folder / "file").write_text("")

    said = lived("digest", "lab-weekly", "--dry-run", "--out", "file/digest.txt")

    assert said.code == 1
    assert said.err.startswith("file/digest.txt: cannot be written: ")


# --- delivering


def test_deliver_sends_what_waits_and_what_is_parked(shell: Shell) -> None:
    shell("tick")
    shell.lab.mail.answers.append("550 no")
    shell.lab.slack.answers.append(Answer(503))
    failed = shell.at(MONDAY, "tick")

    said = shell("deliver")
    again = shell("deliver")

    assert failed.code == 3
    assert "parked to lab-mail pi@uni-sample.de: " in failed.out
    assert "(delivery 1): 127.0.0.1 answered 550 no; next try 10 Mar 07:00 UTC" in failed.out
    assert "pending to lab-slack: " in failed.out
    assert (said.code, said.out.splitlines()[-1]) == (0, "2 sent, 0 deliveries still owed")
    assert again.out == "0 sent, 0 deliveries still owed\n"
    assert (len(shell.lab.mail.mails), len(shell.lab.slack.posts)) == (1, 2)  # Slack also hears that mail does not go out


def test_deliver_that_fails_lists_it_and_ends_with_3(shell: Shell) -> None:
    shell("tick")
    shell.lab.mail.answers.extend(["451 later", "451 later"])
    shell.at(MONDAY, "tick")

    said = shell("deliver")

    assert said.code == 3
    assert said.out.splitlines()[-1] == "0 sent, 1 delivery still owed"


def test_a_delivery_that_was_dropped_is_never_sent(shell: Shell) -> None:
    shell("tick")
    shell.lab.mail.answers.append("550 no")
    shell.at(MONDAY, "tick")

    said = shell("deliver", "--drop", 1)
    twice = shell("deliver", "--drop", 1)
    shell.at("2026-03-11T08:00", "deliver")

    assert (said.code, said.out) == (0, "delivery 1 is dropped: it will not be sent\n")
    assert (twice.code, "delivery 1 is not owed" in twice.err) == (1, True)
    assert shell.lab.mail.mails == []


def test_resend_owes_a_digest_to_who_lacks_it(lived: Shell) -> None:
    lived.change("channels", "lab-mail", "to", value=["pi@uni-sample.de", "new@uni-sample.de"])

    said = lived("resend", "lab-weekly", "--since", "2026-03-09", "--to", "lab-mail")
    nothing_new = lived("resend", "lab-weekly", "--since", "2026-03-09", "--to", "lab-mail")
    too_late = lived("resend", "lab-weekly", "--since", "2026-03-10", "--to", "lab-mail", "--again")

    assert said.code == 0
    assert said.out.splitlines()[0] == "owed to lab-mail again: 1 delivery of list lab-weekly"
    assert [(mail.recipients, presented(mail)) for mail in lived.lab.mail.mails] == [(("new@uni-sample.de",), {1, 2})]
    assert nothing_new.out.splitlines()[0] == "owed to lab-mail again: 0 deliveries of list lab-weekly"
    assert too_late.out.splitlines()[0] == "owed to lab-mail again: 0 deliveries of list lab-weekly"


def test_resend_again_comes_under_the_same_message_id(lived: Shell, first_week: Lab) -> None:
    said = lived("resend", "lab-weekly", "--since", "2026-03-01", "--to", "lab-mail", "--again")

    (first,), (second,) = first_week.mail.mails, lived.lab.mail.mails
    assert said.code == 0
    assert [first.message[name] for name in ("Message-ID", "Date")] == [second.message[name] for name in ("Message-ID", "Date")]


def test_the_day_of_resend_begins_at_midnight_in_the_lists_time_zone(lived: Shell) -> None:
    lived.change("lists", "lab-weekly", "timezone", value="Pacific/Honolulu")  # where it was still the 8th, 21:00

    on_the_8th = lived("resend", "lab-weekly", "--since", "2026-03-08", "--to", "lab-mail", "--again")
    on_the_9th = lived("resend", "lab-weekly", "--since", "2026-03-09", "--to", "lab-mail", "--again")

    assert ("1 delivery" in on_the_8th.out, "0 deliveries" in on_the_9th.out) == (True, True)


def test_send_test_goes_to_every_recipient_and_is_owed_by_nobody(shell: Shell) -> None:
    shell.change("channels", "lab-mail", "to", value=["a@lab.example", "b@lab.example"])

    mail, slack = shell("send-test", "lab-mail"), shell("send-test", "lab-slack")

    assert (mail.code, mail.out) == (0, "sent to lab-mail a@lab.example\nsent to lab-mail b@lab.example\n")
    assert (slack.code, slack.out) == (0, "sent to lab-slack\n")
    assert [one.message["Subject"] for one in shell.lab.mail.mails] == ["[watcher] test of channel lab-mail"] * 2
    assert "This is a test of the channel lab-slack" in str(shell.lab.slack.posts[0].payload)
    assert json.loads(shell("status", "--json").out)["deliveries"]["pending"] == 0


def test_a_send_test_that_fails_says_why_and_ends_with_3(shell: Shell) -> None:
    shell.lab.mail.answers.append("550 no relaying")

    said = shell("send-test", "lab-mail")

    assert (said.code, said.err) == (3, "not sent to lab-mail pi@uni-sample.de: 127.0.0.1 answered 550 no relaying\n")


# --- asking


def test_status_as_json_has_exactly_the_keys_that_others_rely_on(lived: Shell) -> None:
    said = lived("status", "--json")

    document = json.loads(said.out)
    assert said.code == 0
    assert set(document) == {
        "now", "clock", "timezone", "zones", "version", "schema", "service", "database", "config", "watches", "lists", "deliveries",
        "corrections", "dense", "zotero", "outages", "warnings", "incidents", "troubles",
    }  # fmt: skip
    assert document["dense"] is None
    assert set(document["config"]) == {"state", "sha256", "error"}
    assert set(document["watches"][0]) == {
        "name", "last_good_run_at", "next_run_at", "matched", "awaiting", "covers_to", "gaps", "marked", "weeks", "upcoming", "snapshot",
        "seeds_from",
    }  # fmt: skip
    assert set(document["lists"][0]) == {"name", "next_digest_at", "last_digest", "upcoming"}
    assert document["lists"][0]["last_digest"] == {"period": PERIOD, "papers": 2}
    assert set(document["deliveries"]) == {"pending", "sending", "parked", "oldest_at"}
    assert document["now"] == "2026-03-09T07:01:00+00:00"
    assert document["clock"] == str(lived.lab.folder / "clock")


def test_status_for_people_names_what_fails(lived: Shell) -> None:
    lived.lab.pubmed.faults.plant("esearch", kind="http-500")
    lived.at("2026-03-10T06:30", "tick")

    said = lived("status")

    assert said.code == 0
    assert "\nnmj\tMon 09 Mar 08:00\tTue 10 Mar 06:40\t3\t0\t2026-03-09\n" in said.out
    assert f"\nlab-weekly\t{PERIOD}\t2\tMon 16 Mar 08:00\n" in said.out
    assert "\nincident: watch nmj fails since 2026-03-10T05:30:00+00:00 (once): " in said.out


def test_status_of_a_broken_configuration_tells_the_rest_by_the_last_good_one(lived: Shell) -> None:
    lived("deliver")  # takes up the configuration as it is now
    good = json.loads(lived("status", "--json").out)
    lived.lab.config.write_text("pubmed: {email: library@lab.example}\nchanels: {}\n")

    said = lived("status", "--json")

    document = json.loads(said.out)
    assert said.code == 1
    assert document["config"]["state"] == "bad"
    assert document["config"]["error"] == {"file": str(lived.lab.config), "line": 2, "key": "chanels"}
    assert document["config"]["sha256"] == good["config"]["sha256"]
    assert f"{lived.lab.config}:2" in document["incidents"][0]
    assert f"{lived.lab.config}:2" in said.err
    assert [document[key] for key in ("watches", "lists", "timezone", "database")] == [
        good[key] for key in ("watches", "lists", "timezone", "database")
    ]


def test_status_of_a_broken_configuration_before_there_was_a_good_one_is_still_a_document(shell: Shell) -> None:
    shell.lab.config.write_text("pubmed: {email: library@lab.example}\nchanels: {}\n")

    said = shell("status", "--json")

    document = json.loads(said.out)
    assert said.code == 1
    assert document["config"] == {
        "state": "bad", "sha256": None, "error": {"file": str(shell.lab.config), "line": 2, "key": "chanels"},
    }  # fmt: skip
    assert document["watches"] == []
    assert f"{shell.lab.config}:2" in said.err


def test_status_names_a_broken_seed_file(lived: Shell) -> None:
    broken = lived.lab.folder / "seeds" / "nmj" / "broken.ris"
    broken.write_bytes(b"\xff\xfe\x00")

    said = lived("status", "--json")

    document = json.loads(said.out)
    assert (said.code, document["config"]["state"]) == (1, "bad")
    assert document["config"]["error"]["file"] == str(broken)
    assert document["config"]["sha256"]
    assert document["watches"][0]["matched"] == 3


def test_healthcheck_reads_the_pulse_beside_the_database(shell: Shell) -> None:
    before = shell("healthcheck")
    data = shell.lab.folder / "data"
    now = datetime.now(UTC)

    written = health.write(health.pulse_file(data), health.Pulse(at=now, started_at=now, pid=1, tick_seconds=20))
    after = shell("healthcheck")

    assert written
    assert (before.code, before.out) == (1, "no service is running\n")
    assert (after.code, after.out) == (0, "well\n")


def test_explain_refuses_a_number_that_is_no_pmid(shell: Shell) -> None:
    said = shell("explain", 10**20)

    assert (said.code, "neither a PMID (a number of up to eight digits) nor a DOI" in said.err) == (2, True)


def test_explain_tells_the_journey_of_a_paper(lived: Shell) -> None:
    said = lived("explain", 1)
    document = json.loads(lived("explain", 1, "--json").out)

    assert said.code == 0
    assert said.out.splitlines()[-1] == f"PMID 1: It reached list lab-weekly in the digest of {PERIOD} (delivered)."
    assert set(document) == {"pmid", "steps", "answer"}
    assert document["pmid"] == 1
    assert all(set(step) == {"step", "outcome", "at", "detail"} for step in document["steps"])
    assert [step["step"] for step in document["steps"]] == [
        "matched", "fetched", "scored", "judged", "presented", "delivered", "delivered",
    ]  # fmt: skip
    assert document["steps"][-1]["at"] == "2026-03-09T07:00:00+00:00"


def test_a_paper_is_named_by_the_doi_of_its_record_too(lived: Shell) -> None:
    assert lived("explain", "https://doi.org/10.9999/ONE").out == lived("explain", 1).out
    unknown = lived("explain", "10.9999/of-nobody")
    assert (unknown.code, "no stored record has the DOI 10.9999/of-nobody" in unknown.err) == (1, True)
    assert "neither a PMID (a number of up to eight digits) nor a DOI" in lived("explain", "the first").err


def test_explain_of_an_old_and_of_an_unknown_paper(lived: Shell) -> None:
    assert "part of the baseline and not presented" in lived("explain", 3).out
    assert "No watch has ever matched it" in lived("explain", 999).out


def test_export_writes_each_format(lived: Shell) -> None:
    marks = {"ris": "AN  - 1", "bib": "pmid = {1}", "nbib": "PMID- 1", "csl-json": '"PMID": "1"', "csv": "10.9999/one"}
    for style, mark in marks.items():
        printed = lived("export", "--list", "lab-weekly", "--format", style)
        written = lived("export", "--list", "lab-weekly", "--format", style, "--out", f"papers.{style}")

        assert printed.code == 0
        assert mark in printed.out
        assert written.out == f"2 papers written to papers.{style}\n"
        assert mark in (lived.lab.folder / f"papers.{style}").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("a.bib", "@article{"),
        ("a.nbib", "PMID- "),
        ("a.json", '[\n {\n  "id": '),
        ("a.CSV", "pmid,"),
        ("a.ris", "TY  - "),
        ("a.txt", "TY  - "),
    ],
)
def test_without_a_format_the_name_of_the_file_says_it(lived: Shell, name: str, mark: str) -> None:
    lived("export", "--out", name)

    assert mark in (lived.lab.folder / name).read_text("utf-8")[:2_000]


def test_export_is_of_a_list_a_watch_or_everything_since_a_day(lived: Shell) -> None:
    def titles(*words: str) -> set[str]:
        return {row["pmid"] for row in csv.DictReader(lived("export", "-f", "csv", *words).out.lstrip("\ufeff").splitlines())}

    assert titles("--list", "lab-weekly") == titles("--watch", "nmj") == titles() == {"1", "2"}
    assert titles("--since", "2026-03-09") == {"1", "2"}
    assert titles("--list", "lab-weekly", "--since", "2026-03-10") == set()


def test_a_mail_without_room_names_the_command_that_writes_all_papers(shell: Shell) -> None:
    shell.change("channels", "lab-mail", "max_mail_mb", value=0.001)
    shell.lab.tick(START)
    shell.lab.tick(MONDAY)

    text = next(mail.part("text/plain") for mail in shell.lab.mail.mails if "watcher export" in mail.part("text/plain"))
    command = next(line for line in text.splitlines() if "watcher export" in line)
    words = shlex.split(command[command.index("watcher export") :])[1:]
    done = shell(*words)

    assert "they are not attached" in command
    assert not [mail for mail in shell.lab.mail.mails if mail.part("application/x-research-info-systems")]
    assert (done.code, done.out) == (0, f"2 papers written to {words[-1]}\n")
    with shell.lab.app() as app:
        assert {one.remark for one in app.store.deliveries() if one.channel == "lab-mail"} == {
            "sent without its attachment of 2 papers"
        }


def test_an_export_says_how_many_papers_it_leaves_out_because_their_text_was_dropped(lived: Shell) -> None:
    with closing(sqlite3.connect(lived.lab.folder / "data" / "watcher.db")) as database, database:
        database.execute("UPDATE article SET body = NULL, forgotten_at = '2028-03-09 07:00:00.000000' WHERE record_id = 2")

    done = lived("export", "--watch", "nmj", "--format", "csv")

    assert [row["pmid"] for row in csv.DictReader(done.out.lstrip("\ufeff").splitlines())] == ["1"]
    assert done.err == "papers left out, whose texts were dropped since no digest presented them: 1\n"


def test_line_ends_of_an_export_are_those_of_its_format(lived: Shell) -> None:
    lived("export", "--format", "csv", "--out", "papers.csv")

    assert b"\r\r\n" not in (lived.lab.folder / "papers.csv").read_bytes()


# --- exit codes


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError(Problem("x")), 1),
        (StoreError("x"), 1),
        (BadQuery("x"), 3),
        (QuietHours("x"), 3),
        (PubMedUnavailable("x"), 4),
        (IncompleteAnswer("x"), 4),
        (Busy("x"), 5),
    ],
    ids=lambda one: type(one).__name__,
)
def test_each_kind_of_error_has_its_code(
    error: WatcherError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("watcher.cli.command", lambda: fail)

    with pytest.raises(SystemExit) as end:
        main()

    assert (end.value.code, capsys.readouterr().err) == (code, "x\n")


def test_1_an_input_is_wrong(shell: Shell) -> None:
    wrong = {
        "run nope": "there is no watch 'nope'",
        "digest nope": "there is no list 'nope'",
        "send-test nope": "there is no channel 'nope'",
        "export --list nope": "there is no list 'nope'",
        "resend lab-weekly --since 2026-03-01 --to nope": "there is no channel 'nope'",
        "deliver --drop 99": "there is no delivery 99",
    }

    said = {words: shell(*words.split()) for words in wrong}

    assert {one.code for one in said.values()} == {1}
    assert {words: one.err.splitlines()[0] for words, one in said.items()} == wrong


def test_1_the_configuration_is_wrong(shell: Shell) -> None:
    shell.lab.forget()
    shell.change("lists", "lab-weekly", "schedule", value="mondays 08:00")

    said = [shell(command) for command in ("check", "seeds", "run", "tick", "status", "export", "deliver")]

    assert {one.code for one in said} == {1}
    assert all("lists.lab-weekly.schedule: 'mondays' is not a day" in one.err for one in said)
    assert not (shell.lab.folder / "data").exists()


def test_1_there_is_no_configuration(shell: Shell) -> None:
    shell.lab.config.unlink()

    said = shell("check")

    assert said.code == 1
    assert str(shell.lab.config) in said.err


def test_1_every_watchs_seeds_are_broken(shell: Shell) -> None:
    (shell.lab.folder / "seeds" / "nmj" / "broken.ris").write_bytes(b"\xff\xfe\x00")

    run, check = shell("run"), shell("check")

    assert (run.code, "broken.ris" in run.out) == (1, True)
    assert (check.code, "broken.ris" in check.err) == (1, True)


def test_2_the_usage_is_wrong(shell: Shell) -> None:
    wrong = (
        "nope",
        "run --nope",
        "digest",
        "digest lab-weekly --format pdf",
        "explain agrin",
        "explain 0",
        "export --since yesterday",
        "export --list lab-weekly --watch nmj",
        "resend lab-weekly --to lab-mail",
    )

    said = {words: shell(*words.split()) for words in wrong}

    assert {words: one.code for words, one in said.items()} == dict.fromkeys(wrong, 2)
    assert all(one.err.startswith("Usage: watcher") for one in said.values())


def test_3_one_broken_watch_is_listed_and_the_other_goes_on(shell: Shell) -> None:
    wide = {"title": "All", "query": "junction[tiab]", "seeds": ["nmj"], "similar": False, "threshold": 0, "allow_over": 1}
    shell.change("watches", "wide", value=wide)
    shell.change("lists", "lab-weekly", "watches", value=["wide", "nmj"])
    shell("tick")

    said = shell.at(MONDAY, "tick")

    assert said.code == 3
    assert "run wide (first) refused: " in said.out
    assert "run nmj (full) good" in said.out
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1, 2}]


def test_3_a_key_that_ncbi_refuses(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("*", kind="api-key-invalid", times=9)

    said = shell("run")

    assert said.code == 3
    assert "sample-key" not in said.out + said.err


def test_4_pubmed_does_not_answer(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("*", kind="http-500", times=99)

    codes = {command: shell(*command.split()).code for command in ("tick", "run --dry-run", "run")}

    assert codes == {"tick": 4, "run --dry-run": 4, "run": 4}


def test_4_is_not_for_one_watch_of_two(shell: Shell) -> None:
    shell.change("watches", "frog", value={"title": "Frog", "query": "frog[tiab]", "seeds": ["nmj"], "similar": False})
    shell.lab.pubmed.faults.plant("esearch", kind="http-500", times=9, when=lambda call: "frog" in call.value("term"))

    assert shell("run").code == 3


HOLDING = """
import os, signal, sys
from pathlib import Path
from watcher import clock
from watcher.app import App
from watcher.setup.loading import load_settings
app = App(load_settings(Path(os.environ["HELD_CONFIG"])))
print(app.at_work(clock.now()).take_lease("pubmed", holder=app.process_lock.name), flush=True)
signal.pause()
"""


def test_5_another_process_holds_the_work_until_it_dies(shell: Shell) -> None:
    shell.monkeypatch.setenv("HELD_CONFIG", str(shell.lab.config))
    holder = shell.fork(code=HOLDING)
    wait_until(lambda: holder.out.exists() and holder.out.read_text(), holder)
    shell.monkeypatch.delenv("HELD_CONFIG")

    held = [shell(*command.split()) for command in ("tick", "run", "digest lab-weekly")]
    lease = holder.kill().out.strip()
    free = shell("tick")

    assert lease != "None"
    assert [said.code for said in held] == [5, 5, 5]
    assert all(said.err.startswith("another process (") for said in held)
    assert free.code == 0


def test_looking_does_not_wait_for_another_process(shell: Shell) -> None:
    shell("tick")
    with shell.lab.app() as app:
        app.store.take_lease("pubmed", holder="another")

        codes = [shell(*words).code for words in (("status",), ("explain", 1), ("export",), ("check", "--online"), ("seeds",))]

    assert codes == [0] * 5


# --- the demo


def test_the_demo_ends_with_the_path_of_its_digest(shell: Shell) -> None:
    shell.monkeypatch.setattr(demo, "DAYS", 7)

    said = shell("demo", "--out", "demo-out", config=False)

    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[-1] == "demo-out/digest.html"
    assert (shell.lab.folder / lines[-1]).stat().st_size > 10_000
    assert sum("digest lab-weekly: " in line for line in lines) == 1
    assert sum("sent to lab-mail " in line for line in lines) == 2
    assert "sent to lab-slack: " in said.out
    assert "https://pubmed.ncbi.nlm.nih.gov/" in said.out


# --- searching


def test_search_indexes_what_is_stored_and_finds_it(lived: Shell) -> None:
    said = lived("search", "agrin", "OR", "nothing-of-this")
    again = lived("-q", "search", "agrin")

    assert said.code == 0
    assert "PMID 1  " in said.out
    assert "    Agrin at the neuromuscular junction\n" in said.out
    assert said.out.splitlines()[-1] == "1 paper for agrin OR nothing-of-this"
    assert again.err == ""


def test_search_answers_in_json_with_the_ranges_of_its_words(lived: Shell) -> None:
    found = json.loads(lived("search", "title:AGRIN", "--counts", "--sort", "relevance", "--json").out)

    (one,) = found["papers"]
    start, end = one["title_marks"][0]
    assert (one["pmid"], one["title"][start:end], one["watches"]) == (1, "Agrin", ["nmj"])
    assert (found["understood"], found["address"], found["total"]) == ("title:AGRIN", "q=title%3AAGRIN&sort=relevance", 1)
    assert found["counts"]["watches"] == {"nmj": 1}


def test_search_pages_and_filters_and_tells_what_it_did_not_find(lived: Shell) -> None:
    everything = lived("search", "--json").out
    first = lived("search", "--limit", 1)
    place = first.out.split("--after ")[1].strip()

    assert json.loads(everything)["total"] > 1
    assert lived("search", "--limit", 1, "--after", place).out.splitlines()[0] != first.out.splitlines()[0]
    assert lived("search", "--journal", "Nowhere").err.endswith("note: no paper has the journal 'Nowhere'\n")
    assert lived("search", "--until", "1990-01-01", "--watch", "nmj", "--verdict", "any", "--min-score", 99).out == "0 papers\n"


def test_search_writes_all_papers_found_in_each_format(lived: Shell) -> None:
    for style in FORMATS:
        assert lived("search", "--limit", 1, "--export", style).out == lived("search", "--export", style, "--out", "-").out
    said = lived("search", "agrin", "--out", "found.nbib")

    assert said.out == "1 papers written to found.nbib\n"
    assert "PMID- 1" in (lived.lab.folder / "found.nbib").read_text()
    assert lived("search", "--json", "--export", "ris").code == 2


def test_search_that_does_not_wait_tells_what_is_not_indexed_yet(shell: Shell) -> None:
    shell.at("2026-03-06T09:00", "run")

    said = shell("search", "--no-wait")

    assert said.out == "0 papers\n"
    assert "papers are not indexed yet" in said.err
