"""A lab that changes its mind: what an edited configuration, new seeds and changed records do to the digests that arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.rehearsal import EVERYTHING, lab, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

START = "2026-03-02T09:00"
FIRST, SECOND = "2026-03-09T08:00", "2026-03-16T08:00"


def on_nmj(pmid: int, created: str = "2026-03-04", **more: object) -> Planted:
    return Planted(paper(pmid, **{"title": "The neuromuscular junction", "created": created, **more}))  # type: ignore[arg-type]


def test_a_renamed_watch_keeps_what_it_has_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(tmp_path, [on_nmj(1), on_nmj(2, "2026-03-12")], monkeypatch) as one:
        one.tick(START)
        one.tick(FIRST)

        watches = one.document["watches"]
        watches["synapse"] = {**watches.pop("nmj"), "was": "nmj"}
        one.document["lists"]["lab-weekly"]["watches"] = ["synapse"]
        one.write()
        done = one.tick(SECOND)

        assert [(run.watch, run.kind) for run in done.runs] == [("synapse", "full")]
        assert [presented(mail) for mail in one.mail.mails] == [{1}, {2}]


def test_a_list_that_comes_later_begins_at_its_own_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(tmp_path, [on_nmj(1, "2026-02-05"), on_nmj(2, "2026-03-04")], monkeypatch) as one:
        one.tick(START)
        one.tick(FIRST)

        one.document["lists"]["second"] = {**one.document["lists"]["lab-weekly"], "channels": ["lab-mail"]}
        one.write()
        one.tick("2026-03-10T09:00")
        one.tick(SECOND)

        arrived = {str(mail.message["X-Watcher-List"]): presented(mail) for mail in one.mail.mails[1:]}
        assert presented(one.mail.mails[0]) == {1, 2}
        assert arrived == {"lab-weekly": set(), "second": {2}}


def test_new_seeds_bring_a_paper_back_labelled_as_reconsidered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheat = on_nmj(1, title="Winter wheat and the neuromuscular junction", abstract="Wheat yield fell with drought in dry soil.")
    with lab(tmp_path, [wheat], monkeypatch, threshold=99.9, highlight=100) as one:
        one.tick(START)
        one.tick(FIRST)

        seed = one.folder / "seeds" / "nmj" / "wheat.txt"
        seed.write_text("Winter wheat\n\nAbstract\n\nWheat yield fell with drought in dry soil.\n\nKeywords\n\nwheat, drought\n")
        one.edit(threshold=90)
        one.tick(SECOND)

        first, second = one.mail.mails
        assert (presented(first), presented(second)) == (set(), {1})
        assert "RECONSIDERED" in second.part("text/plain")
        assert "the seeds or verdicts have changed" in second.part("text/plain")


def test_the_article_of_a_preprint_is_told_in_a_line_and_not_presented_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pre = on_nmj(1, types=["Preprint"], journal="bioRxiv", doi="10.9999/pre")
    article = on_nmj(2, "2026-03-12", journal="eLife", relations=[("UpdateOf", 1, "bioRxiv. 2026")])
    with lab(tmp_path, [pre, article], monkeypatch) as one:
        one.tick(START)
        one.tick(FIRST)
        one.tick(SECOND)

        first, second = one.mail.mails
        assert "PREPRINTS" in first.part("text/plain")
        assert (presented(first), presented(second)) == ({1}, set())
        assert second.message["Subject"].startswith("[NMJ] 1 paper now published")
        assert "Now in eLife." in second.part("text/plain")
        assert "https://pubmed.ncbi.nlm.nih.gov/2/" in second.part("text/plain")


def test_a_retracted_paper_is_named_in_the_receipt_without_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(tmp_path, [on_nmj(1), on_nmj(41, types=["Retracted Publication"])], monkeypatch) as one:
        one.tick(START)
        one.tick(FIRST)

        (mail,) = one.mail.mails
        assert presented(mail) == {1}
        for kind in ("text/plain", "text/html"):
            assert "PMID 41" in mail.part(kind)
            assert "nih.gov/41" not in mail.part(kind)


def test_a_title_that_gains_its_abstract_gets_a_second_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = paper(1, title="A letter of thanks", created="2026-03-04")
    full = paper(
        1,
        title="A letter of thanks",
        abstract="Agrin, LRP4 and MuSK build and keep the neuromuscular junction between motor neurons and skeletal muscle fibres.",
        created="2026-03-04",
        revised="2026-03-12",
    )
    with lab(tmp_path, [Planted(bare, changes=((date(2026, 3, 12), full),))], monkeypatch, "thanks[ti]", threshold=35) as one:
        one.tick(START)
        one.tick(FIRST)
        one.tick(SECOND)

        first, second = one.mail.mails
        assert (presented(first), presented(second)) == (set(), {1})
        assert "Its abstract or its MeSH headings have arrived." in second.part("text/plain")


def test_a_watch_with_broken_seeds_is_a_line_in_the_others_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(tmp_path, [on_nmj(1)], monkeypatch) as one:
        one.document["watches"]["frog"] = {"title": "Frogs", "query": "frog[ti]", "seeds": ["frog"], **EVERYTHING}
        one.document["lists"]["lab-weekly"]["watches"] = ["frog", "nmj"]
        frog = one.folder / "seeds" / "frog"
        frog.mkdir(parents=True)
        (frog / "broken.ris").write_bytes(b"\xff\xfe\x00")
        one.write()
        first = one.tick(START)
        one.tick(FIRST)

        (mail,) = one.mail.mails
        assert {run.watch: str(run.outcome) for run in first.runs} == {"nmj": "good", "frog": "failed"}
        assert presented(mail) == {1}
        assert "for Frogs" in mail.part("text/plain")
        assert "The file holds no reference" in mail.part("text/plain")
        assert "broken.ris" not in mail.part("text/plain")


def test_a_first_search_that_comes_late_still_reaches_back_to_where_the_list_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest says that it covers those days, so it must."""
    with lab(tmp_path, [on_nmj(1, "2026-02-01"), on_nmj(2, "2026-01-25")], monkeypatch) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        one.pubmed.faults.plant("esearch", kind="http-500")
        one.tick(START)

        one.tick(FIRST)

        assert presented(one.mail.mails[0]) == {1}
        assert "31 Jan" in one.mail.mails[0].part("text/plain")


def test_a_record_that_came_while_the_service_was_off_for_weeks_is_not_given_up_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = replace(on_nmj(1), fetchable_at=date(2026, 3, 10))
    with lab(tmp_path, [late], monkeypatch) as one:
        one.tick(START)
        one.tick("2026-03-05T06:30")

        one.tick("2026-04-13T08:00")

        assert [presented(mail) for mail in one.mail.mails] == [{1}]


def test_a_watch_that_was_taken_out_for_a_month_and_comes_back_tells_no_outage_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agrin = Planted(paper(2, title="Agrin in mice", created="2026-03-20"))
    with lab(tmp_path, [on_nmj(1), agrin], monkeypatch) as one:
        watch = {**one.document["watches"]["nmj"], "title": "Agrin biology", "query": "agrin[tiab]"}
        list_ = one.document["lists"]["lab-weekly"]
        one.document["watches"]["agrin"], list_["watches"] = watch, ["nmj", "agrin"]
        one.write()
        one.tick(START)

        del one.document["watches"]["agrin"]
        list_["watches"] = ["nmj"]
        one.write()
        for day in range(3, 30):
            one.tick(f"2026-03-{day:02}T05:30")
        one.document["watches"]["agrin"], list_["watches"] = watch, ["nmj", "agrin"]
        one.write()
        one.tick("2026-03-29T09:00")
        one.tick("2026-03-30T05:30")
        one.tick("2026-03-30T08:00")

        last = one.mail.mails[-1]
        assert presented(last) == {2}
        assert "Agrin biology from" not in last.part("text/plain")
