"""The archive, papers, watches and how the service does, as a browser has them: over a lab whose digests were really sent."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from support.command_line import Shell
from support.paged import House, free_port, paged, until
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.web.password import hashed

START, FIRST, SECOND = "2026-03-02T09:00", "2026-03-09T08:00", "2026-03-16T08:00"
PI, POSTDOC = "pi@uni-sample.de", "postdoc@uni-sample.de"
BASE = "https://watcher.uni-sample.de"
SECRET = "sample-api-key-0123456789"
STRANGE = "Agrin <script>alert(1)</script> & \u202eendplates of mice"
DIGEST = "/digests/lab-weekly/2026-03-09T08:00%2B01:00"
PAGES = (
    "/", "/digests", "/digests/lab-weekly", DIGEST, "/watches", "/watches/nmj", "/operate", "/runs", "/deliveries", "/deliveries/1",
    "/configuration", "/configuration/watches/nmj", "/configuration/channels/lab-mail", "/configuration/changes", "/papers/4",
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    abstract = [
        ("AIMS", "Agrin was studied at the neuromuscular junction."),
        ("RESULTS", "The neuromuscular junctions of mice changed."),
    ]
    records = [
        Planted(paper(4, title=STRANGE, abstract=abstract, created="2026-03-04", doi="10.0000/sample.4", pmcid="PMC4")),
        Planted(paper(5, title="Neuromuscular junction: a preprint", created="2026-03-05", types=["Preprint"])),
        Planted(
            paper(6, title="Neuromuscular junction: the article", created="2026-03-06", relations=[("UpdateOf", 5, "Sample. 2026")])
        ),
        Planted(paper(11, title="Neuromuscular junction, later", created="2026-03-11")),
    ]
    with lab(tmp_path, records, monkeypatch) as one:
        one.document["channels"]["lab-mail"]["to"] = [PI, POSTDOC]
        one.document["pubmed"]["api_key"] = SECRET
        one.document["base_url"] = BASE
        one.document["web"] = {"enabled": True, "listen": f"127.0.0.1:{free_port()}"}
        one.document["lists"]["lab-weekly"]["full_text_url"] = "https://library.uni-sample.de/?id={doi}"
        one.write()
        one.move_clock(START)
        with paged(Shell(one, monkeypatch, capsys)) as made:
            yield made


@pytest.fixture
def sent(house: House) -> House:
    """The same after its first digest."""
    house.tick(FIRST)
    return house


def text_of(house: House, path: str) -> str:
    """What a page tells."""
    answer = house.browser().get(path)
    assert answer.status_code == 200, answer.text
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split()))


def column(house: House, statement: str) -> list[object]:
    """What the database holds, read beside the store."""
    with sqlite3.connect(house.shell.lab.folder / "data" / "watcher.db") as database:
        return [row[0] for row in database.execute(statement)]


def damage(house: House, statement: str) -> None:
    with sqlite3.connect(house.shell.lab.folder / "data" / "watcher.db") as database:
        database.execute(statement)


# --- all pages


def test_every_page_says_what_comes_next_before_anything_has_happened(house: House) -> None:
    assert "No digest yet: the first comes at monday 08:00" in text_of(house, "/digests/lab-weekly")
    assert "Nothing was ever owed" in text_of(house, "/deliveries")
    assert "Nothing: all that was owed is sent." in text_of(house, "/operate")
    assert house.browser().get("/papers/4711").status_code == 404
    assert "PMID 4711 is not known here" in house.browser().get("/papers/4711").text


def test_every_page_is_whole_leads_on_and_tells_its_zone(sent: House) -> None:
    for path in PAGES:
        answer = sent.browser().get(path)
        found = answer.text

        assert (answer.status_code, path) == (200, path)
        assert found.count("<h1") == 1
        assert found.count("<main") == 1
        assert "Times are those of Europe/Berlin" in found
        assert 'lang="en"' in found
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"<script(?! src=./static/)|style=|onclick", found)
        assert len(answer.content) < 100_000
        for address in set(re.findall(r'(?:href|src)="(/[^"]*)"', found)):
            assert (sent.browser().get(unescape(address)).status_code, address) in [(200, address), (303, address)]


def test_times_are_those_of_the_zone_that_the_readers_browser_tells(sent: House) -> None:
    def told(zone: str) -> tuple[str, str]:
        browser = sent.browser()
        browser.keeps.cookies.set("watcher_zone", zone)
        page = browser.get("/watches").text
        return re.findall(r"searched <time[^>]*>([^<]*)<", page)[0], page.partition("<footer>")[2].partition("</footer>")[0]

    berlin = told("")
    assert told("Asia/Tokyo") == (
        berlin[0].replace("08:00", "16:00"),
        "Times are those of Asia/Tokyo, the time zone of your browser.",
    )
    assert "08:00" in berlin[0]
    assert berlin[1] == "Times are those of Europe/Berlin, the time zone of the configuration."
    for unknown in (
        "Nowhere/Nowhere",
        "America",
        "../../etc/passwd",
        "/etc/passwd",
        "posixrules.",
        "x" * 3_000,
        "%00",
        "Europe/Berlin<b>",
    ):
        assert told(unknown) == berlin


def test_what_strangers_write_is_shown_and_never_obeyed(sent: House) -> None:
    for path in ("/papers/4", DIGEST):
        found = sent.browser().get(path).text

        assert "<script>alert" not in found
        assert "\u202e" not in found
        assert "alert(1)" in found


def test_pages_are_for_who_may_enter(sent: House) -> None:
    sent.edit("web", "password_hash", value=hashed("correct horse battery"))
    until(lambda: sent.browser().get("/digests").status_code == 303)

    for path in (*PAGES, f"{DIGEST}/sent", f"{DIGEST}/papers.ris", f"{DIGEST}/message/email/1", "/papers/4.ris"):
        assert (sent.browser().get(path).status_code, path) == (303, path)
    assert sent.browser().bare("/deliveries/1/again").status_code == 401


def test_no_page_tells_a_secret(sent: House) -> None:
    secrets = [
        SECRET,
        sent.shell.lab.document["channels"]["lab-slack"]["url"],
        sent.shell.lab.document["channels"]["lab-mail"]["url"],
    ]

    for path in PAGES:
        assert not [one for one in secrets if one in unescape(sent.browser().get(path).text)]


# --- the archive


def test_a_digest_stands_as_it_was_sent_without_its_readers_links(sent: House) -> None:
    mail = next(one for one in sent.shell.lab.mail.mails if one.message["To"] == PI)
    framed = sent.browser().get(f"{DIGEST}/sent")
    policy = framed.headers["Content-Security-Policy"]
    page = sent.browser().get(DIGEST).text

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert f'src="{DIGEST}/sent"' in page
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy
    assert "sandbox allow-popups" in policy
    assert "frame-ancestors 'self'" in policy
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "/v/" not in framed.text
    assert "/s/" not in framed.text
    assert "/v/" in mail.part("text/html")
    assert framed.text.count("pubmed.ncbi.nlm.nih.gov/4/") == mail.part("text/html").count("pubmed.ncbi.nlm.nih.gov/4/")


def test_a_mail_leads_to_its_archive(sent: House) -> None:
    mail = next(one for one in sent.shell.lab.mail.mails if one.message["To"] == PI)

    assert f'href="{BASE}/digests/lab-weekly"' in mail.part("text/html")


def test_the_text_and_the_files_are_those_of_the_mail(sent: House) -> None:
    mail = next(one for one in sent.shell.lab.mail.mails if one.message["To"] == PI)
    told = sent.browser().get(f"{DIGEST}/message/email/1")
    ris, nbib = (sent.browser().get(f"{DIGEST}/papers.{style}") for style in ("ris", "nbib"))

    assert told.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "/v/" not in told.text
    assert [line for line in told.text.splitlines() if line in mail.part("text/plain")]
    assert sorted(re.findall(r"^AN  - (\d+)", ris.text, re.MULTILINE)) == ["4", "6"]
    assert sorted(re.findall(r"^PMID- (\d+)", nbib.text, re.MULTILINE)) == ["4", "6"]
    assert 'filename="lab-weekly-2026-03-09.ris"' in ris.headers["Content-Disposition"]
    assert sent.browser().get(f"{DIGEST}/papers.exe").status_code == 404


def test_a_damaged_message_is_said_and_the_papers_stand_there(sent: House) -> None:
    damage(sent, "UPDATE message SET sha256 = 'x' WHERE kind = 'email'")

    told = text_of(sent, DIGEST)

    assert "A stored message of this digest is damaged" in told
    assert "Neuromuscular junction: the article" in told
    assert sent.browser().get(f"{DIGEST}/sent").status_code == 404


def test_digests_lead_to_one_another_and_a_removed_list_keeps_its_archive(sent: House) -> None:
    sent.tick(SECOND)
    page = sent.browser().get(DIGEST).text

    assert 'rel="next"' in page
    assert 'rel="prev"' not in page
    assert text_of(sent, "/digests/lab-weekly").count("made") == 2
    sent.edit("lists", value={"other": sent.shell.lab.document["lists"]["lab-weekly"]})
    sent.tick("2026-03-16T09:00")
    until(lambda: "no longer in the configuration" in text_of(sent, "/digests"))
    assert sent.browser().get(DIGEST).status_code == 200


# --- papers


def test_a_paper_tells_its_record_why_it_came_and_what_happened(sent: House) -> None:
    page = sent.browser().get("/papers/4").text
    told = text_of(sent, "/papers/4")

    assert "<mark>neuromuscular junction" in page
    assert "<b>Aims.</b>" in page
    assert "Nearest seed" in told
    assert "It reached list lab-weekly in the digest of 2026-03-09T08:00+01:00 (delivered)." in told
    for address in (
        "https://pubmed.ncbi.nlm.nih.gov/4/",
        "https://doi.org/10.0000/sample.4",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC4/",
    ):
        assert f'href="{address}"' in page
    assert 'href="https://library.uni-sample.de/?id=10.0000%2Fsample.4"' in page
    assert re.search(r"delivered : sent", told)
    assert f'href="{DIGEST}"' in page


def test_a_record_leads_to_its_work_with_itself_chosen(sent: House) -> None:
    answer = sent.browser().get("/papers/6")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/papers/5?record=6")
    assert '<h1 dir="auto">' in sent.browser().get("/papers/5?record=6").text
    assert "the article" in text_of(sent, "/papers/5?record=6")
    assert "a preprint" in text_of(sent, "/papers/5")
    assert "PMID 5: preprint" in text_of(sent, "/papers/5?record=6")
    assert "a preprint" in text_of(sent, "/papers/5?record=4")


def test_a_reader_marks_a_paper_and_hears_what_was_learnt(sent: House) -> None:
    browser = sent.browser()

    nameless = browser.post("/papers/4", given={"kind": "relevant", "reader": " "})
    before = column(sent, "SELECT reader FROM verdict")
    done = browser.post("/papers/4", given={"kind": "relevant", "reader": "Anna <b>"})
    kept = browser.get("/papers/4").text
    browser.post("/papers/4", given={"kind": "undo", "reader": "Anna <b>"})

    assert "please say who you are" in nameless.text
    assert before == []
    assert "Marked as relevant by Anna &lt;b&gt;." in done.text
    assert "of the last four weeks" in done.text
    assert 'value="Anna &lt;b&gt;"' in kept
    assert "You have marked it as relevant" in kept
    assert column(sent, "SELECT via FROM verdict") == ["page"]
    assert column(sent, "SELECT count(*) FROM verdict WHERE undone_at IS NULL") == [0]


def test_a_verdict_of_another_site_is_refused(sent: House) -> None:
    crossed = sent.browser().bare("/papers/4", {"kind": "relevant", "reader": "Anna"})

    assert crossed.status_code == 403
    assert column(sent, "SELECT count(*) FROM verdict") == [0]


def test_a_paper_is_taken_as_a_file(sent: House) -> None:
    found = {style: sent.browser().get(f"/papers/4.{style}") for style in ("ris", "nbib", "bib", "json")}

    assert "AN  - 4" in found["ris"].text
    assert "PMID- 4" in found["nbib"].text
    assert "10.0000/sample.4" in found["bib"].text
    assert found["json"].json()[0]["DOI"] == "10.0000/sample.4"
    assert sent.browser().get("/papers/4.exe").status_code == 404


def test_a_text_that_was_dropped_or_is_damaged_is_said(sent: House) -> None:
    damage(sent, "UPDATE article SET content_sha256 = 'x' WHERE record_id = 4")
    damage(sent, "UPDATE article SET body = NULL, forgotten_at = '2026-03-10 00:00:00.000000' WHERE record_id = 11")
    damage(sent, "UPDATE article SET body = NULL, forgotten_at = '2026-03-10 00:00:00.000000' WHERE record_id = 5")

    assert "The stored text of this paper is damaged" in text_of(sent, "/papers/4")
    assert "Its text was dropped on 10 March 2026" in text_of(sent, "/papers/5")
    assert sent.browser().get("/papers/5.ris").status_code == 404


def test_numbers_that_are_none_are_refused(sent: House) -> None:
    none = ("/papers/x", "/papers/0", "/papers/99999999999999", "/papers/arxiv:1", "/papers/-4", "/digests/none", f"{DIGEST}9")
    odd = (
        "/runs?below=x",
        "/deliveries?below=99999999999999999999",
        f"{DIGEST}?from=-1",
        "/runs?watch=none",
        "/deliveries?list=none",
    )

    assert [sent.browser().get(path).status_code for path in (*none, "/watches/x")] == [404] * 8
    assert [sent.browser().get(path).status_code for path in odd] == [200] * 5


# --- watches


def test_a_watch_tells_query_seeds_weeks_runs_and_warnings(sent: House) -> None:
    told = text_of(sent, "/watches/nmj")

    assert "neuromuscular junction[tiab]" in told
    assert "As PubMed reads it" in told
    assert "Agrin and the maintenance of the neuromuscular junction" in told
    assert "Not searched from 2 March 2026, 09:00 to 9 March 2026, 08:00 : the service was off or held up. Made good" in told
    assert "good" in told
    assert "NMJ weekly" in told


def test_an_edited_query_a_failed_run_and_a_warning_are_said(sent: House) -> None:
    sent.edit("watches", "nmj", "query", value="neuromuscular junction[tiab] OR agrin[tiabb]")
    until(lambda: "The query was edited since it was last read" in text_of(sent, "/watches/nmj"))
    told = text_of(sent, "/watches/nmj")

    assert "PubMed knows no field [tiabb]" in told


# --- how it does


def test_runs_are_told_and_those_of_a_kind(sent: House) -> None:
    assert "good" in text_of(sent, "/runs?watch=nmj")
    assert "There is none of this kind" in text_of(sent, "/runs?outcome=failed")


def test_a_sent_delivery_goes_again_in_the_next_round_and_not_from_the_page(sent: House) -> None:
    number = column(sent, "SELECT id FROM delivery WHERE recipient = 'pi@uni-sample.de'")[0]
    first = next(one for one in sent.shell.lab.mail.mails if one.message["To"] == PI)
    sent.shell.lab.mail.mails.clear()

    asked = sent.browser().post(f"/deliveries/{number}/again", given={}, form_of=f"/deliveries/{number}")
    before = len(sent.shell.lab.mail.mails)
    sent.tick("2026-03-09T08:10")

    assert "the service sends it in its next round" in asked.text
    assert before == 0
    assert [one.message["Message-ID"] for one in sent.shell.lab.mail.mails] == [first.message["Message-ID"]]


def test_who_stopped_the_list_is_sent_nothing_by_the_page(sent: House) -> None:
    number = column(sent, "SELECT id FROM delivery WHERE recipient = 'pi@uni-sample.de'")[0]
    sent.shell("stop", "lab-weekly", PI)

    asked = sent.browser().post(f"/deliveries/{number}/again", given={}, form_of=f"/deliveries/{number}")

    assert "its reader stopped the list" in asked.text
    assert set(column(sent, "SELECT state FROM delivery")) == {"sent"}


def test_what_is_parked_is_given_up_after_a_question(sent: House) -> None:
    damage(sent, "UPDATE delivery SET state = 'parked', reason = 'the sample server said no' WHERE id = 1")
    browser = sent.browser()

    listed = text_of(sent, "/deliveries?state=parked")
    question = browser.get("/deliveries/1/drop").text
    still = column(sent, "SELECT state FROM delivery WHERE id = 1")
    done = browser.post("/deliveries/1/drop", given={})
    after = browser.get("/deliveries/1/drop")

    assert "the sample server said no" in listed
    assert "the sample server said no" in text_of(sent, "/operate") or done
    assert "Give delivery 1 up?" in question
    assert still == ["parked"]
    assert "It was given up" in done.text
    assert column(sent, "SELECT state FROM delivery WHERE id = 1") == ["dropped"]
    assert after.status_code == 303


def test_forms_of_deliveries_are_ours_alone(sent: House) -> None:
    for path in ("/deliveries/1/again", "/deliveries/1/drop"):
        assert sent.browser().bare(path, {"form_token": "guess"}).status_code == 403
    assert set(column(sent, "SELECT state FROM delivery")) == {"sent"}


def test_the_configuration_is_told_with_places_and_its_changes(sent: House) -> None:
    sent.edit("watches", "nmj", "threshold", value=17)
    sent.tick("2026-03-09T09:00")
    until(lambda: "17" in text_of(sent, "/configuration/watches/nmj"))

    part = text_of(sent, "/configuration/watches/nmj")
    whole = text_of(sent, "/configuration")
    changes = text_of(sent, "/configuration/changes")

    assert re.search(r"watches\.nmj\.threshold 17(\.0)? watcher\.yaml:\d+", part)
    assert "watches.nmj.late_after_days 180 default" in part
    assert "pubmed.api_key set, and not shown watcher.yaml:" in whole
    assert re.search(r"watches\.nmj\.threshold 0(\.0)? 17(\.0)?", changes)
