"""What becomes of papers that readers had: found by reading them again, told once, by its right name, to those who had the paper.

The list's digests are due on Mondays, the rereadings on Saturdays at 4 o'clock. Papers are first presented on 9 March 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from support.flow_samples import NMJ, WEEKLY, Desk, desk, mail_channel
from support.records import in_numbers
from support.two_databases import Place

from standins.answers import Answer
from standins.crossref import CrossrefServer, update
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import clock
from watcher.cli.show import tables
from watcher.crossref import Crossref
from watcher.domain import ChannelKind, Code, DeliveryState, Notice, Seed, VerdictKind, pubmed_id
from watcher.errors import CrossrefUnavailable
from watcher.flows.notices.alert import Alerter
from watcher.flows.questions import warnings
from watcher.flows.questions.corrections_told import answered
from watcher.flows.questions.explain import explain
from watcher.flows.questions.status import document as document_of
from watcher.flows.questions.status import status
from watcher.flows.scoring.ranking import once
from watcher.flows.scoring.verdicts import lessons
from watcher.flows.search.seeds import resolve
from watcher.store import Store

START, FIRST = "2026-03-02T09:00", "2026-03-09T08:00"
SECTION = "CORRECTIONS TO PAPERS YOU HAD"
RETRACTED: dict[str, Any] = {
    "types": ["Journal Article", "Retracted Publication"],
    "relations": [("RetractionIn", 90, "J Sample Res. 2026 May;2(5):9")],
}


def on_nmj(pmid: int, created: str = "2026-03-04", **more: Any) -> Planted:  # noqa: ANN401 - whatever a paper takes
    return Planted(paper(pmid, **{"title": f"The neuromuscular junction, part {pmid}", "created": created, **more}))


def changing(pmid: int, *changes: tuple[str, dict[str, Any]], **more: Any) -> Planted:  # noqa: ANN401 - whatever a paper takes
    """A paper of the first week that reads otherwise from these days on; its DateRevised stays, so that no window finds it again."""
    later = tuple((date.fromisoformat(day), on_nmj(pmid, **{**more, **told}).xml) for day, told in changes)
    return replace(on_nmj(pmid, **more), changes=later)


def notice(pmid: int, kind: str, created: str, about: tuple[str, int], **more: Any) -> Planted:  # noqa: ANN401 - whatever a paper takes
    relations = [(*about, "J Sample Res. 2026 Mar;1(1):1"), *more.pop("relations", [])]
    return Planted(
        paper(pmid, **{"title": f"{kind}: a sample", "types": [kind], "created": created, "relations": relations, **more})
    )


def first_digest(one: Desk) -> None:
    one.tick(START)
    one.tick(FIRST)
    assert one.post.messages


def mails(one: Desk, recipient: str = "pi@lab.example") -> list[str]:
    """The texts of a reader's mails on one line each, in the order in which they came."""
    texts = [message.payload["text"] for _, to, message in one.post.messages if to == recipient]
    return [re.sub(r"\s+", " ", text) for text in texts]


def told(one: Desk, recipient: str = "pi@lab.example") -> list[str]:
    """What a reader's mails say of corrections, each mail that does so once."""
    return [text.split(SECTION, 1)[1].split("RECEIPT")[0] for text in mails(one, recipient) if SECTION in text]


Desks = Callable[..., AbstractContextManager[Desk]]


@pytest.fixture
def on_both(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Desks:
    return lambda *records: desk(migrated.folder, monkeypatch, *records, url=migrated.url)


@pytest.fixture
def with_papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desks:
    return lambda *records: desk(tmp_path, monkeypatch, *records)


# --- a retraction eight weeks later


def test_a_retraction_eight_weeks_later_is_told_once_to_those_who_had_the_paper(on_both: Desks) -> None:
    retraction = notice(90, "Retraction of Publication", "2026-05-06", ("RetractionOf", 1))
    with on_both(changing(1, ("2026-05-06", RETRACTED)), on_nmj(2), retraction) as one:
        other = replace(WEEKLY, name="other", watches=("als",), channels=("other",))
        one.watches, one.lists = [NMJ, replace(NMJ, name="als", query="agrin[tiab]")], [WEEKLY, other]
        first_digest(one)
        for moment in ("2026-05-02T06:00", "2026-05-04T08:00", "2026-05-09T06:00", "2026-05-11T08:00", "2026-05-18T08:00"):
            one.tick(moment)

        (only,) = told(one)
        assert "The neuromuscular junction, part 1" in only
        assert "part 2" not in only
        assert "You had it on 9 March 2026." in only
        assert "Retracted: J Sample Res. 2026 May;2(5):9, PMID 90 (PubMed)." in only
        assert {channel for channel, _, message in one.post.messages if SECTION in message.payload["text"]} == {"mail"}


@pytest.mark.parametrize("broken", ["keep_reread", "owe_digest"])
def test_a_crash_between_finding_and_telling_neither_loses_nor_doubles_it(
    on_both: Desks, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_both(changing(1, ("2026-03-11", RETRACTED)), on_nmj(2)) as one:
        first_digest(one)

        with monkeypatch.context() as killed:
            killed.setattr(Store, broken, _dying)
            with pytest.raises(_Killed):
                _both(one, "2026-03-14T06:00", "2026-03-16T08:00")
        _both(one, "2026-03-16T08:05", "2026-03-23T08:00")

        (only,) = told(one)
        assert "Retracted" in only


def test_a_rereading_that_was_cut_off_goes_on_with_what_it_did_not_read(
    with_papers: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.flows.search.corrections.BATCH", 2)
    with with_papers(*(on_nmj(pmid) for pmid in range(1, 8))) as one:
        first_digest(one)
        one.at("2026-03-14T06:00")
        keep = Store.keep_reread
        kept: list[object] = []

        def dies_at_the_third(store: Store, *given: Any) -> None:  # noqa: ANN401 - whatever it is given
            if len(kept) == 2:
                raise _Killed
            kept.append(given)
            keep(store, *given)

        with monkeypatch.context() as killed:
            killed.setattr(Store, "keep_reread", dies_at_the_third)
            with pytest.raises(_Killed):
                one.tick("2026-03-14T06:00")
        one.pubmed.forget()
        done = one.tick("2026-03-14T06:10")

        asked = [call.parameters["id"][0] for call in one.pubmed.calls("efetch")]
        assert asked[:2] == ["5,6", "7"]
        assert done.rereading is not None
        assert (done.rereading.papers, done.rereading.finished_at is not None) == (7, True)


class _Killed(BaseException):
    """The process ends here."""


def _dying(*_: object, **__: object) -> None:
    raise _Killed


def _both(one: Desk, *moments: str) -> None:
    for moment in moments:
        one.tick(moment)


# --- kinds, and how one becomes another


def test_an_erratum_is_told_as_one_and_a_retraction_that_follows_it_beside_it(with_papers: Desks) -> None:
    erratum = ("ErratumIn", 80, "J Sample Res. 2026 Mar;1(2):8")
    both = {"types": RETRACTED["types"], "relations": [erratum, *RETRACTED["relations"]]}
    with with_papers(changing(1, ("2026-03-11", {"relations": [erratum]}), ("2026-03-18", both))) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00", "2026-03-30T08:00")

        first, second = told(one)
        assert "Erratum: J Sample Res. 2026 Mar;1(2):8, PMID 80 (PubMed)." in first
        assert "etract" not in first
        assert "Retracted: J Sample Res. 2026 May;2(5):9, PMID 90 (PubMed)." in second
        assert "Erratum" not in second


def test_a_concern_that_becomes_a_retraction_is_told_twice_each_by_its_name(with_papers: Desks) -> None:
    concern = {"relations": [("ExpressionOfConcernIn", 70, "J Sample Res. 2026 Mar;1(2):7")]}
    with with_papers(changing(1, ("2026-03-11", concern), ("2026-03-18", RETRACTED))) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00")

        first, second = told(one)
        assert "Expression of concern: J Sample Res. 2026 Mar;1(2):7, PMID 70 (PubMed)." in first
        assert "Retracted" in second


def test_two_notices_on_one_paper_stand_under_it_together(with_papers: Desks) -> None:
    two = {"relations": [("ErratumIn", 80, "J A. 2026;1:1"), ("ErratumIn", 81, "J A. 2026;2:2")]}
    with with_papers(changing(1, ("2026-03-11", two))) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-23T08:00")

        (only,) = told(one)
        assert only.count("part 1") == 1
        assert "PMID 80" in only
        assert "PMID 81" in only


def test_a_type_that_gets_its_link_later_is_told_once(with_papers: Desks) -> None:
    typed = {"types": RETRACTED["types"]}
    with with_papers(changing(1, ("2026-03-11", typed), ("2026-03-18", RETRACTED))) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00")

        (only,) = told(one)
        assert "Retracted (PubMed)." in only
        (kept,) = one.store.corrections()
        assert in_numbers((kept.correction.notice_record_id, kept.correction.citation)) == (90, "J Sample Res. 2026 May;2(5):9")


def test_a_notice_that_was_itself_retracted_is_told_of_the_paper_that_it_was_about(with_papers: Desks) -> None:
    concern = {"relations": [("ExpressionOfConcernIn", 70, "J Sample Res. 2026 Mar;1(2):7")]}
    told_of = notice(70, "Expression of Concern", "2026-03-10", ("ExpressionOfConcernFor", 1))
    void = notice(
        70,
        "Expression of Concern",
        "2026-03-10",
        ("ExpressionOfConcernFor", 1),
        types=["Expression of Concern", "Retracted Publication"],
    )
    with with_papers(changing(1, ("2026-03-11", concern)), replace(told_of, changes=((date(2026, 3, 18), void.xml),))) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00", "2026-03-30T08:00")

        first, second = told(one)
        assert "Expression of concern" in first
        assert "Notice retracted: the notice itself, PMID 70, was retracted (PubMed)." in second
        assert "part 1" in second


def test_a_retraction_that_pubmed_takes_back_is_told_as_taken_back(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED), ("2026-03-18", {}))) as one:
        first_digest(one)
        _both(
            one,
            "2026-03-14T06:00",
            "2026-03-16T08:00",
            "2026-03-21T06:00",
            "2026-03-23T08:00",
            "2026-03-30T08:00",
            "2026-04-06T08:00",
        )

        first, second = told(one)
        assert "Retracted" in first
        assert "Taken back: its record no longer says what you were told of it (PubMed)." in second


# --- before it was sent, and what never comes as news


def test_what_was_there_before_a_paper_is_sent_comes_with_it_and_is_not_told_again(with_papers: Desks) -> None:
    with with_papers(on_nmj(1, relations=[("ErratumIn", 80, "J Sample Res. 2026 Mar;1(2):8")])) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00")

        assert "Erratum: J Sample Res. 2026 Mar;1(2):8, PMID 80 (PubMed)." in mails(one)[0]
        assert told(one) == []
        (kept,) = one.store.corrections()
        assert [(one.list_name, one.with_paper) for one in kept.tellings] == [("weekly", True)]


@pytest.mark.parametrize(
    "fate",
    [
        RETRACTED,
        {"title": "WITHDRAWN: The neuromuscular junction"},
        {"title": "Retracted: The neuromuscular junction"},
        {"relations": [("RetractedandRepublishedIn", 5, "J A. 2026;1:1")]},
    ],
    ids=["retracted", "withdrawn", "retracted by its title", "republished"],
)
def test_what_does_not_stand_never_comes_as_news(with_papers: Desks, fate: dict[str, Any]) -> None:
    with with_papers(on_nmj(1, **fate), on_nmj(2)) as one:
        first_digest(one)

        assert "nih.gov/1/" not in mails(one)[0]
        assert "nih.gov/2/" in mails(one)[0]


def test_a_preprint_whose_article_was_retracted_is_no_news(with_papers: Desks) -> None:
    pre = on_nmj(1, types=["Preprint"], relations=[("UpdateIn", 2, "J A. 2026;1:1")])
    article = on_nmj(2, types=["Retracted Publication"], relations=[("UpdateOf", 1, "bioRxiv. 2026")])
    with with_papers(pre, article, on_nmj(3)) as one:
        first_digest(one)

        assert [int(pmid) for pmid in re.findall(r"nih\.gov/(\d+)/", mails(one)[0])] == [3]


def test_an_article_whose_preprint_was_withdrawn_is_news(with_papers: Desks) -> None:
    pre = on_nmj(1, types=["Preprint"], title="WITHDRAWN: The neuromuscular junction")
    with with_papers(pre, on_nmj(2, relations=[("UpdateOf", 1, "bioRxiv. 2026")])) as one:
        first_digest(one)

        assert "nih.gov/2/" in mails(one)[0]


# --- when, and to whom


def test_a_paused_list_is_told_when_it_comes_back(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED))) as one:
        first_digest(one)
        one.lists = [replace(WEEKLY, pause_until=date(2026, 4, 13), corrections_at_once=True)]
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-23T08:00")
        during = told(one)
        one.lists = [replace(WEEKLY, pause_until=date(2026, 4, 13))]
        _both(one, "2026-04-13T08:00", "2026-04-20T08:00")

        assert during == []
        assert len(told(one)) == 1


def test_a_list_that_is_silent_about_empty_weeks_speaks_of_a_correction(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED))) as one:
        from watcher.domain import Empty  # noqa: PLC0415

        one.lists = [replace(WEEKLY, empty=Empty.NOTHING)]
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-23T08:00")

        subjects = [message.subject for _, _, message in one.post.messages]
        assert len(subjects) == 2
        assert "1 retraction" in subjects[1]


def test_at_once_goes_to_the_readers_who_got_the_paper_and_are_still_there(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED)), on_nmj(2)) as one:
        one.lists = [replace(WEEKLY, corrections_at_once=True)]
        one.recipients = ("pi@lab.example", "left@lab.example")
        first_digest(one)
        one.recipients = ("pi@lab.example", "new@lab.example")
        done = one.tick("2026-03-14T06:00")
        _both(one, "2026-03-14T07:00", "2026-03-16T08:00")

        assert done.told == 1
        assert len(told(one)) == 1
        assert told(one, "left@lab.example") == told(one, "new@lab.example") == []
        (subject,) = [message.subject for _, _, message in one.post.messages if "X-Watcher-Corrections" in message.headers]
        assert subject == "NMJ weekly: Retracted: The neuromuscular junction, part 1"
        assert [fact.topic for fact in one.store.deliveries(states={DeliveryState.SENT}) if fact.topic] == ["corrections:weekly"]
        assert one.store.open_notices() == ()


def test_at_once_speaks_slack_and_plain_text_too() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    from watcher.digest.at_once import messages  # noqa: PLC0415
    from watcher.domain import Contact, Corrected, Correction, CorrectionKind  # noqa: PLC0415

    had_at = datetime(2026, 3, 9, 7, tzinfo=UTC)
    papers = [
        Corrected(
            pubmed_id(pmid),
            f"Paper {pmid} <b>",
            had_at,
            (Correction(pubmed_id(pmid), CorrectionKind.ERRATUM, pubmed_id(900 + pmid)),),
        )
        for pmid in range(1, 61)
    ]

    contact = Contact("library@lab.example", is_answered=True)
    made = messages(WEEKLY, papers, set(ChannelKind), host="lab.example", contact=contact)

    for kind in ChannelKind:
        texts = ["".join(message.payload.values()) for message in made if message.kind is kind]
        assert all(sum(f"PMID {900 + pmid} " in text for text in texts) == 1 for pmid in range(1, 61)) or kind is ChannelKind.EMAIL
    (mail,) = (message for message in made if message.kind is ChannelKind.EMAIL)
    assert mail.subject == "NMJ weekly: 60 corrections: papers you had"
    assert "And 20 more, told in the plain-text part of this mail." in mail.payload["html"]
    assert "<b>" not in mail.payload["html"].split("Paper 1 ")[1][:10]
    by_mail, elsewhere = "Reply, or write there,", "Run by library@lab.example. Write there to change or stop these messages."
    assert mail.payload["text"].endswith(f"Run by library@lab.example. {by_mail} to change or stop these\n   messages.\n")
    assert 'Run by <a class="a w" href="mailto:library@lab.example"' in mail.payload["html"]
    assert f"</a>. {by_mail} to change or stop these messages.</p>" in mail.payload["html"]
    for kind in (ChannelKind.SLACK, ChannelKind.OTHER):
        texts = ["".join(message.payload.values()) for message in made if message.kind is kind]
        assert [elsewhere in text for text in texts] == [False] * (len(texts) - 1) + [True]
    assert [message.headers.get("List-Id") for message in made if message.headers] == ['"NMJ weekly" <weekly.lab.example>']


def test_a_mail_at_once_belongs_to_the_list_whose_readers_get_it(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED))) as one:
        one.lists = [replace(WEEKLY, corrections_at_once=True)]
        first_digest(one)
        one.tick("2026-03-14T06:00")

        digest, at_once = (message.headers for _, _, message in one.post.messages)
        assert "X-Watcher-Corrections" in at_once
        assert at_once["List-Id"] == digest["List-Id"] == '"NMJ weekly" <weekly.lab.example>'


# --- for people


def test_it_is_listed_what_was_found_and_whom_it_was_told(with_papers: Desks, capsys: pytest.CaptureFixture[str]) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED)), on_nmj(2, relations=[("ErratumIn", 80, "J A. 2026;1:1")])) as one:
        first_digest(one)
        one.tick("2026-03-14T06:00")
        lists = {"weekly": WEEKLY}

        def sentences(instant: str, **changes: Any) -> list[tuple[str, ...]]:  # noqa: ANN401 - whatever a list takes
            given = {"weekly": replace(WEEKLY, **changes)} if changes else lists
            return [one_of.told for one_of in answered(one.store, given, one.at(instant), lambda _name: None)]

        waiting, paused = sentences("2026-03-14T07:00"), sentences("2026-03-14T07:00", pause_until=date(2026, 5, 1))
        without = [one_of.told for one_of in answered(one.store, {}, one.at("2026-03-14T07:00"), lambda _name: None)]
        one.tick("2026-03-16T08:00")
        after = sentences("2026-03-16T09:00")
        tables.corrections(
            answered(one.store, lists, one.at("2026-03-16T09:00"), lambda _name: None),
            one.store.last_rereading(clock.now()),
            as_json=True,
        )
        steps = [(step.step, step.outcome) for step in explain(one.store, pubmed_id(1), clock.now()).steps]

        assert waiting == [
            ("list weekly: not told yet, it comes with the next digest",),
            ("list weekly: it came with the paper, in the digest of 2026-03-09T08:00+01:00",),
        ]
        assert paused[0] == ("list weekly: not told yet, the list is paused until 2026-05-01",)
        assert without[0] == ("list weekly: not told yet, the configuration is without this list",)
        had = "it had the paper in that of 2026-03-09T08:00+01:00"
        assert after[0] == (f"list weekly: told on 16 March 2026 in the digest of 2026-03-16T08:00+01:00; {had}",)
        told_of = json.loads(capsys.readouterr().out)
        assert [(what["pmid"], what["kind"], what["sources"]) for what in told_of["corrections"]] == [
            (1, "retraction", ["PubMed"]),
            (2, "erratum", ["PubMed"]),
        ]
        assert told_of["last_rereading"]["papers"] == 3
        assert steps[-2:] == [("corrected", "retraction"), ("told", "retraction")]


# --- seeds and marked papers


def test_a_retracted_seed_leaves_the_ranking_and_its_owner_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = "2026-03-01"
    with desk(tmp_path, monkeypatch, changing(1, ("2026-03-11", RETRACTED), created=early), on_nmj(2, early)) as one:
        one.seeds = tuple(Seed("nmj/seeds.txt", f"line {pmid}", "0" * 64, pmid=pmid) for pmid in (1, 2))
        first_digest(one)
        before, _ = resolve("nmj", one.seeds, store=one.store, source=None, now=one.at("2026-03-09T09:00"))
        one.tick("2026-03-14T06:00")
        after, _ = resolve("nmj", one.seeds, store=one.store, source=None, now=one.at("2026-03-14T07:00"))

        assert [seed.article.pmid for seed in once(before) if seed.article] == [1, 2]
        assert [seed.article.pmid for seed in once(after) if seed.article] == [2]
        (warned,) = warnings.retracted(tmp_path, one.store.seeds("nmj"), one.seeds, one.store)
        assert warned.code is Code.SEED_RETRACTED
        assert "PMID 1) no longer stands" in warned.what
        assert (warned.place and warned.place.line) == 1


def test_a_paper_that_was_marked_and_is_retracted_teaches_nothing_any_more(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED)), on_nmj(2)) as one:
        first_digest(one)
        now = one.at("2026-03-09T09:00")
        for pmid in (1, 2):
            one.store.give_verdict(pubmed_id(pmid), VerdictKind.RELEVANT, ["nmj"], reader="pi", at=now)
        before = [paper.pmid for paper in lessons(one.store, "nmj").relevant]
        one.tick("2026-03-14T06:00")

        assert before == [1, 2]
        assert [paper.pmid for paper in lessons(one.store, "nmj").relevant] == [2]
        assert [warned.code for warned in warnings.of_marked(one.store, NMJ)] == [Code.MARKED_RETRACTED]


CONCERN: dict[str, Any] = {"relations": [("ExpressionOfConcernIn", 70, "J Sample Res. 2026 Mar;1(2):7")]}
ERRATUM: dict[str, Any] = {"relations": [("ErratumIn", 80, "J Sample Res. 2026 Mar;1(2):8")]}


def alerter(one: Desk, channel: str | None = "mail") -> Alerter:
    """What tells the owner, as the App makes it."""
    channels = {"mail": mail_channel()}
    lists, watches = {list_.name: list_ for list_ in one.lists}, {watch.name: watch for watch in one.watches}
    return Alerter(one.store, channels, lists, watches, lambda _channel: ("owner@lab.example",), "lab.example", channel)


def round_of(one: Desk, *instants: str, channel: str | None = "mail") -> None:
    """Rounds as the service makes them: the tick, what is to be told, and its delivery."""
    for instant in instants:
        one.tick(instant)
        if alerter(one, channel).after_tick(clock.now()):
            one.ticker().deliverer.deliver(clock.now())


def heard(one: Desk) -> list[tuple[str, str]]:
    """Subject and text of each notice of a correction that the owner got."""
    return [
        (message.subject, " ".join(message.payload["text"].split()))
        for _, to, message in one.post.messages
        if message.headers.get("X-Watcher-Notice") == "correction" and to == "owner@lab.example"
    ]


def seeds(*pmids: int) -> tuple[Seed, ...]:
    return tuple(Seed("nmj/seeds.txt", f"line {pmid}", "0" * 64, pmid=pmid) for pmid in pmids)


def of_before(pmid: int, *changes: tuple[str, dict[str, Any]]) -> Planted:
    """A paper that was there before the list: none presents it."""
    return changing(pmid, *changes, created="2025-12-01")


def test_what_became_of_a_seed_is_told_to_the_owner_once_by_its_name_and_it_stays_in_the_ranking(on_both: Desks) -> None:
    doubted = of_before(1, ("2026-03-11", CONCERN))
    mended = of_before(2, ("2026-03-18", ERRATUM))
    with on_both(doubted, mended, on_nmj(3)) as one:
        one.seeds = seeds(1, 2)
        round_of(one, START, FIRST, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00")

        (first, of_concern), (second, of_erratum) = heard(one)
        assert first == "[watcher] Expression of concern: The neuromuscular junction, part 1"
        assert "PMID 1, a seed of watch nmj (The neuromuscular junction, part 1): Expression of concern:" in of_concern
        assert "J Sample Res. 2026 Mar;1(2):7, PMID 70 (PubMed)." in of_concern
        assert "The ranking goes on learning from it. Taking a seed out of its folder ends that." in of_concern
        assert second == "[watcher] Erratum: The neuromuscular junction, part 2"
        assert "etract" not in of_concern + of_erratum
        assert "oncern" not in of_erratum
        after, _ = resolve("nmj", one.seeds, store=one.store, source=None, now=clock.now())
        assert [seed.article.pmid for seed in once(after) if seed.article] == [1, 2]
        assert told(one) == []
        assert one.store.open_notices() == ()


def test_several_are_told_in_one_message_worst_first(with_papers: Desks) -> None:
    records = [of_before(pmid, ("2026-03-11", ERRATUM)) for pmid in (1, 2)]
    with with_papers(*records, of_before(3, ("2026-03-11", CONCERN)), on_nmj(4)) as one:
        one.seeds = seeds(1, 2, 3)
        round_of(one, START, FIRST, "2026-03-14T06:00", "2026-03-16T08:00")

        ((subject, text),) = heard(one)
        assert subject == "[watcher] 1 expression of concern, 2 corrections: papers that the ranking learns from"
        assert re.findall(r"PMID (\d+), a seed", text) == ["3", "1", "2"]


def test_what_became_of_a_marked_paper_that_no_list_presented_is_told_to_the_owner(with_papers: Desks) -> None:
    with with_papers(of_before(1, ("2026-03-11", CONCERN)), on_nmj(2)) as one:
        one.seeds = seeds(1)
        round_of(one, START, FIRST)
        one.seeds = ()
        one.run("2026-03-09T09:00")
        one.store.give_verdict(pubmed_id(1), VerdictKind.RELEVANT, ["nmj"], reader="pi", at=clock.now())
        round_of(one, "2026-03-14T06:00", "2026-03-16T08:00")

        ((_, text),) = heard(one)
        assert "PMID 1, marked as relevant for watch nmj (" in text
        assert "`watcher mark PMID undo` takes a verdict back." in text
        assert [paper.pmid for paper in lessons(one.store, "nmj").relevant] == [1]


def test_what_a_list_presented_is_told_by_the_list_and_a_retracted_seed_by_its_warning(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", ERRATUM)), of_before(2, ("2026-03-11", RETRACTED))) as one:
        round_of(one, START, FIRST)
        one.seeds = seeds(1, 2)
        round_of(one, "2026-03-10T06:00", "2026-03-14T06:00", "2026-03-16T08:00")

        assert len(told(one)) == 1
        assert len(one.store.corrections()) == 2
        assert heard(one) == []


@pytest.mark.parametrize("broken", ["keep_reread", "tell_owner"])
def test_a_crash_between_finding_and_telling_the_owner_neither_loses_nor_doubles_it(
    on_both: Desks, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_both(of_before(1, ("2026-03-11", CONCERN)), on_nmj(2)) as one:
        one.seeds = seeds(1)
        round_of(one, START, FIRST)

        with monkeypatch.context() as killed:
            killed.setattr(Store, broken, _dying)
            with pytest.raises(_Killed):
                round_of(one, "2026-03-14T06:00")
        round_of(one, "2026-03-14T06:05", "2026-03-14T06:10", "2026-03-21T06:00")

        assert len(heard(one)) == 1


def test_what_another_process_told_meanwhile_is_not_told_again(on_both: Desks) -> None:
    with on_both(of_before(1, ("2026-03-11", CONCERN)), on_nmj(2)) as one:
        one.seeds = seeds(1)
        round_of(one, START, FIRST)
        one.tick("2026-03-14T06:00")
        found = [facts.correction.id for facts in one.store.untold_to_owner({"nmj"}, clock.now())]
        notice = Notice("correction", clock.now(), headline="Expression of concern")

        tries = [one.store.tell_owner(found, notice, (), host="lab.example", at=clock.now()) for _ in range(2)]

        assert tries == [True, False]
        assert one.store.untold_to_owner({"nmj"}, clock.now()) == ()


def test_without_a_channel_for_alerts_it_waits_until_there_is_one(with_papers: Desks) -> None:
    with with_papers(of_before(1, ("2026-03-11", CONCERN)), on_nmj(2)) as one:
        one.seeds = seeds(1)
        round_of(one, START, FIRST, "2026-03-14T06:00", channel=None)
        (waiting,) = answered(one.store, {"weekly": WEEKLY}, clock.now(), lambda _name: None)
        before = heard(one)
        round_of(one, "2026-03-15T06:00")
        (after,) = answered(one.store, {"weekly": WEEKLY}, clock.now(), lambda _name: None)

        assert before == []
        assert len(heard(one)) == 1
        nobody = "no list has presented it, so no reader is told"
        assert waiting.told == ("a seed of watch nmj", f"{nobody}; the owner is told through alerts.channel")
        assert after.told == ("a seed of watch nmj", f"{nobody}; the owner was told on 15 March 2026")
        (step,) = [step for step in explain(one.store, pubmed_id(1), clock.now()).steps if step.step == "told"]
        assert step.detail == "the owner of the seed or verdict"


def test_a_concern_about_a_seed_that_is_taken_back_is_told_after_a_week(with_papers: Desks) -> None:
    with with_papers(of_before(1, ("2026-03-11", CONCERN), ("2026-03-18", {})), on_nmj(2)) as one:
        one.seeds = seeds(1)
        round_of(one, START, FIRST, "2026-03-14T06:00", "2026-03-21T06:00", "2026-03-22T06:00")
        early = len(heard(one))
        round_of(one, "2026-03-28T06:00", "2026-04-04T06:00")

        assert early == 1
        assert [subject.partition(":")[0] for subject, _ in heard(one)] == [
            "[watcher] Expression of concern",
            "[watcher] Taken back",
        ]


# --- records that PubMed deleted


def test_a_record_that_is_missing_once_is_not_told_as_gone(with_papers: Desks) -> None:
    with with_papers(on_nmj(1), on_nmj(2)) as one:
        first_digest(one)
        one.pubmed.faults.plant("efetch", kind="omitted-records", times=2)
        absent = one.tick("2026-03-14T06:00").rereading
        _both(one, "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00")

        assert absent is not None
        assert absent.absent > 0
        assert told(one) == []


def test_a_deleted_record_is_told_as_gone_after_two_readings(with_papers: Desks) -> None:
    gone = replace(on_nmj(1), vanishes_at=date(2026, 3, 11))
    with with_papers(gone, on_nmj(2)) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00")
        early = told(one)
        _both(one, "2026-03-21T06:00", "2026-03-23T08:00", "2026-03-30T08:00")

        assert early == []
        (only,) = told(one)
        assert "Deleted from PubMed: PubMed no longer has this record." in only


def test_a_deleted_record_is_joined_to_the_living_one_of_its_doi_and_to_no_other(with_papers: Desks) -> None:
    gone = replace(on_nmj(1, doi="10.9999/Same"), vanishes_at=date(2026, 3, 11))
    living = on_nmj(7, "2026-03-19", doi="10.9999/same", title="Another title for the neuromuscular junction")
    alike = on_nmj(8, "2026-03-19", title="The neuromuscular junction, part 1")
    with with_papers(gone, on_nmj(2), living, alike) as one:
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-21T06:00", "2026-03-23T08:00")

        (only,) = told(one)
        assert "Deleted from PubMed: the paper's record is now PMID 7 (same DOI)." in only
        assert in_numbers(one.store.explain(pubmed_id(1)).work_record_ids) == (1, 7)
        assert "nih.gov/8/" in mails(one)[-1]
        assert "nih.gov/7/" not in mails(one)[-1]


# --- Crossref


@pytest.fixture
def crossref() -> Iterator[CrossrefServer]:
    with CrossrefServer() as server:
        yield server


def ask(server: CrossrefServer) -> Crossref:
    return Crossref("library@lab.example", base_url=server.base_url, a_second=10_000)


def test_what_pubmed_and_crossref_say_of_one_retraction_is_told_in_one_line(with_papers: Desks, crossref: CrossrefServer) -> None:
    crossref.works["10.9999/one"] = [update("retraction", "10.9999/n", "retraction-watch", "2026-03-10")]
    crossref.works["10.9999/two"] = [update("expression_of_concern", "10.9999/c", "publisher")]
    with with_papers(changing(1, ("2026-03-11", RETRACTED), doi="10.9999/One"), on_nmj(2, doi="10.9999/two"), on_nmj(3)) as one:
        one.crossref = ask(crossref)
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-16T08:00", "2026-03-23T08:00")

        (only,) = told(one)
        retracted = "Retracted: J Sample Res. 2026 May;2(5):9, PMID 90, 10 March 2026 (PubMed and Crossref (Retraction Watch))."
        assert retracted in only
        assert "Expression of concern: https://doi.org/10.9999/c (Crossref (publisher))." in only
        assert sorted(set(crossref.asked)) == [("10.9999/one", "library@lab.example"), ("10.9999/two", "library@lab.example")]
        assert len(crossref.asked) == 6  # in each of three rereadings, the first of which went on after the first digest


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, "Resource not found.", {"Content-Type": "text/plain"}),
        Answer(429, "<html>Too many requests</html>", {"Retry-After": "60"}),
        Answer(503, "maintenance"),
        Answer(200, "<html>Hello</html>", {"Content-Type": "text/html"}),
        Answer(200, "[]"),
    ],
    ids=["unknown", "too many", "maintenance", "a page", "a list"],
)
def test_a_doi_that_crossref_does_not_answer_for_stops_nothing(
    with_papers: Desks, crossref: CrossrefServer, answer: Answer
) -> None:
    crossref.answers["10.9999/1"] = answer
    crossref.works["10.9999/2"] = [update("retraction")]
    with with_papers(on_nmj(1, doi="10.9999/1"), on_nmj(2, doi="10.9999/2")) as one:
        one.crossref = ask(crossref)
        first_digest(one)
        _both(one, "2026-03-14T06:00", "2026-03-14T07:00", "2026-03-16T08:00")

        assert "Retracted (Crossref)." in told(one)[0]


@pytest.mark.parametrize("is_date", [False, True])
def test_how_long_crossref_asks_to_wait_is_heard(crossref: CrossrefServer, is_date: bool) -> None:
    until = format_datetime(clock.real_now() + timedelta(seconds=90), usegmt=True)
    crossref.answers["*"] = Answer(429, "later", {"Retry-After": until if is_date else "90"})

    with pytest.raises(CrossrefUnavailable) as failed:
        ask(crossref).corrections(pubmed_id(1), "10.9999/1")

    assert failed.value.retry_after == pytest.approx(90, abs=5)


def test_a_crossref_that_is_down_is_told_and_given_up_until_the_next_rereading(
    with_papers: Desks, crossref: CrossrefServer
) -> None:
    crossref.answers["*"] = Answer(500, "stack")
    with with_papers(*(on_nmj(pmid, doi=f"10.9999/{pmid}") for pmid in range(1, 6))) as one:
        one.crossref = ask(crossref)
        first_digest(one)
        crossref.asked.clear()
        for hour in range(5, 20, 3):
            last = one.tick(f"2026-03-14T{hour:02}:50").rereading
        asked = len(crossref.asked)
        crossref.answers.clear()
        one.tick("2026-03-16T08:00")
        still = len(crossref.asked)
        again = one.tick("2026-03-21T06:00").rereading

        assert last is not None
        assert (last.error or "").startswith("Crossref answered 500")
        assert last.finished_at is not None
        assert asked == still == 15
        assert again is not None
        assert (again.dois, again.unanswered, again.error) == (5, 0, None)


# --- rereadings


def test_a_rereading_that_pubmed_fails_is_told_and_tried_again(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED))) as one:
        first_digest(one)
        one.tick("2026-03-14T02:00")
        one.pubmed.faults.plant("efetch", kind="http-500", times=2)
        failed = one.tick("2026-03-14T04:00").rereading
        too_early = one.tick("2026-03-14T04:05").rereading
        again = one.tick("2026-03-14T05:00").rereading

        assert failed is not None
        assert failed.error
        assert too_early is None
        assert again is not None
        assert (again.error, again.found, again.finished_at is not None) == (None, 1, True)


def notices(one: Desk, topic: str) -> list[tuple[str, str]]:
    """Subject and text of each notice of a topic that the owner got."""
    return [
        (message.subject, " ".join(message.payload["text"].split()))
        for _, to, message in one.post.messages
        if message.headers.get("X-Watcher-Notice") == topic and to == "owner@lab.example"
    ]


def incidents(one: Desk) -> list[str]:
    """What `status` says of rereadings."""
    document = document_of(status(one.ticker(), one.store, now=clock.now(), config_sha256="0" * 64))
    return [told for told in document["incidents"] if "corrections" in told]


def failing(one: Desk, *instants: str) -> None:
    """Rounds in which PubMed gives no record."""
    for instant in instants:
        one.pubmed.faults.plant("efetch", kind="http-500", times=2)
        round_of(one, instant)


TRIES = ("2026-03-14T04:00", "2026-03-14T04:15", "2026-03-14T04:40", "2026-03-14T05:30", "2026-03-14T07:30")


def test_a_rereading_that_keeps_failing_is_told_once_and_once_when_it_is_well_again(on_both: Desks) -> None:
    with on_both(changing(1, ("2026-03-11", RETRACTED))) as one:
        round_of(one, START, FIRST, "2026-03-14T02:00")
        failing(one, *TRIES[:2])
        early, unsaid = notices(one, "rereading"), incidents(one)
        failing(one, *TRIES[2:])
        during = incidents(one)
        round_of(one, "2026-03-14T12:00", "2026-03-14T13:00", "2026-03-16T08:00")

        assert early == []
        assert unsaid == []
        (first, why), (second, end) = notices(one, "rereading")
        assert first == "[watcher] No corrections could be looked for since 14 March"
        assert "3 tries in a row failed to read again the papers that readers had. The last one said: efetch" in why
        (incident,) = during
        assert "No corrections could be looked for since 14 March. 3 tries in a row failed" in incident
        assert second == "[watcher] Corrections are looked for again"
        assert "1 record read again, 1 correction found." in end
        assert incidents(one) == []


def test_the_failures_of_a_rereading_count_on_where_slots_come_sooner_than_tries(with_papers: Desks) -> None:
    with with_papers(on_nmj(1)) as one:
        one.corrections = "*/10 * * * *"
        round_of(one, START, FIRST)
        failing(one, *(f"2026-03-14T02:{minute}0" for minute in range(1, 5)))
        round_of(one, "2026-03-14T02:50")

        assert [subject for subject, _ in notices(one, "rereading")] == [
            "[watcher] No corrections could be looked for since 14 March",
            "[watcher] Corrections are looked for again",
        ]


def test_a_rereading_that_the_service_dies_over_is_told_once(with_papers: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    with with_papers(on_nmj(1)) as one:
        round_of(one, START, FIRST, "2026-03-14T02:00")
        failing(one, *TRIES[:2])
        with monkeypatch.context() as killed:
            killed.setattr(Store, "open_notice", _dying)
            with pytest.raises(_Killed):
                failing(one, TRIES[2])
        round_of(one, "2026-03-14T04:41", "2026-03-14T04:42")

        assert len(notices(one, "rereading")) == 1


def test_a_crossref_that_keeps_failing_is_told_once_and_once_when_it_answers(with_papers: Desks, crossref: CrossrefServer) -> None:
    crossref.answers["*"] = Answer(500, "stack")
    with with_papers(*(on_nmj(pmid, doi=f"10.9999/{pmid}") for pmid in range(1, 6))) as one:
        one.crossref = ask(crossref)
        round_of(one, START, FIRST, *(f"2026-03-14T{hour:02}:50" for hour in range(5, 20, 3)), "2026-03-16T08:00")
        during, said = notices(one, "crossref"), incidents(one)
        crossref.answers.clear()
        round_of(one, "2026-03-21T06:00", "2026-03-22T06:00", "2026-03-28T06:00")

        ((subject, text),) = during
        assert subject.startswith("[watcher] Crossref has not answered for corrections since ")
        assert "3 tries in a row failed to ask what became of papers. The last one said: Crossref answered 500" in text
        assert len(said) == 1
        assert [subject for subject, _ in notices(one, "crossref")[1:]] == ["[watcher] Crossref answers again"]
        assert "5 DOIs asked about." in notices(one, "crossref")[1][1]
        assert notices(one, "rereading") == []
        assert incidents(one) == []


def test_of_a_crossref_that_is_no_longer_asked_nothing_is_told(with_papers: Desks, crossref: CrossrefServer) -> None:
    crossref.answers["*"] = Answer(500, "stack")
    with with_papers(*(on_nmj(pmid, doi=f"10.9999/{pmid}") for pmid in range(1, 6))) as one:
        one.crossref = ask(crossref)
        round_of(one, START, FIRST, *(f"2026-03-14T{hour:02}:50" for hour in range(5, 20, 3)))
        one.crossref = None
        round_of(one, "2026-03-21T06:00")

        assert len(notices(one, "crossref")) == 1
        assert one.store.open_notices() == ()


def test_a_paper_of_long_ago_is_read_once_in_four_weeks(with_papers: Desks) -> None:
    with with_papers(on_nmj(1)) as one:
        first_digest(one)
        counts = []
        for day in ("2028-04-01", "2028-04-08", "2028-04-15", "2028-04-22", "2028-04-29"):
            done = one.tick(f"{day}T06:00").rereading
            assert done is not None
            counts.append(done.papers)

        assert counts == [1, 0, 0, 0, 1]
