"""The messages of a digest: what each kind of channel is sent, and what holds whatever the records say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as lxml_html
from support.digest_samples import (
    NEXT_AT,
    WATCHES,
    WEEK,
    WEEKLY,
    author,
    digest,
    empty,
    entry,
    first,
    full,
    many,
    paper,
    ris,
)

from watcher.digest.arrange import by_theme
from watcher.digest.personal import bare
from watcher.digest.render import Format, messages, preview, subject
from watcher.digest.view import page
from watcher.domain import (
    AbstractSection,
    Article,
    ChannelKind,
    Contact,
    Digest,
    FollowUp,
    Gap,
    GaveWay,
    Item,
    Journal,
    Message,
    Origin,
    Outage,
    Reasons,
    Receipt,
    Section,
    Term,
    Weeks,
    pubmed_id,
)

EVERY_KIND = tuple(ChannelKind)


def email(whole: Digest) -> tuple[Digest, Message]:
    fitted, (message,) = messages(whole, kinds=[ChannelKind.EMAIL], ris=ris)
    return fitted, message


def parts(whole: Digest, kind: ChannelKind) -> tuple[Message, ...]:
    return messages(whole, kinds=[kind], ris=ris)[1]


def pubmed(item: Item) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{item.article.pmid}/"


def words(element: etree._Element) -> str:
    """The text of an element and all within it."""
    return "".join(str(piece) for piece in element.itertext())


def visible(document: str) -> str:
    """What a reader sees of an HTML mail, white space folded."""
    body = lxml_html.fromstring(document).find("body")
    assert body is not None
    return " ".join(words(body).split())


# --- the subject ----------------------------------------------------------------------------------------------------------------


def test_the_subject_counts_first() -> None:
    whole = digest([entry(paper(n), 75 if n < 3 else 50) for n in range(1, 8)])

    assert subject(whole) == "[NMJ] 7 new papers, 2 highly relevant · 15–21 Sep"


def test_the_subject_counts_attached_papers_too() -> None:
    whole = digest(many(80), list_=replace(WEEKLY, limit=3))

    assert subject(whole).startswith(f"[NMJ] 80 new papers, {whole.highlights} highly relevant · ")
    assert whole.highlights > 3


def test_one_paper_is_singular_and_none_relevant_is_not_counted() -> None:
    assert subject(digest([entry(paper(1), 50)])) == "[NMJ] 1 new paper · 15–21 Sep"


def test_papers_that_come_again_are_not_called_new() -> None:
    whole = digest([entry(paper(1), 50), entry(paper(2), 50, kind=Section.STARTER)])

    assert subject(whole) == "[NMJ] 2 papers · 15–21 Sep"


def test_a_first_digest_is_headed_by_its_days() -> None:
    whole = first()

    assert subject(whole).endswith(" · the last 30 days")
    assert "the last 30 days" in visible(email(whole)[1].payload["html"])


def test_without_a_prefix_the_list_s_title_leads() -> None:
    whole = digest([], list_=replace(WEEKLY, subject_prefix=""))

    assert subject(whole) == "NMJ weekly: No papers to read · 15–21 Sep"


def test_follow_ups_alone_are_what_the_subject_tells() -> None:
    whole = digest([], follow_ups=[FollowUp(paper(1), 1, "now in Sample eLife")])

    assert subject(whole) == "[NMJ] 1 paper now published · 15–21 Sep"


def test_no_line_break_gets_into_the_subject_or_a_header() -> None:
    list_ = replace(WEEKLY, name="a\r\nBcc: x", title="T\r\nX", subject_prefix="[A]\r\nBcc: evil@x.example\u2028")

    message = email(digest(many(1), list_=list_))[1]

    lines = (message.subject, *message.headers.values())
    assert not any(set(line) & set("\r\n\u2028\x0b\x0c\x85") for line in lines)
    assert message.subject.startswith("[A] Bcc: evil@x.example 1 new paper")


# --- what reaches a reader ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [3, 0])
def test_every_shown_paper_stands_in_html_text_and_file_and_every_attached_one_in_the_file(limit: int) -> None:
    fitted, message = email(digest(many(150), list_=replace(WEEKLY, limit=limit)))

    assert fitted.items
    assert fitted.attached
    assert len(fitted.presented) == 150
    for item in fitted.items:
        assert f'href="{pubmed(item)}"' in message.payload["html"]
        assert f"{pubmed(item)}\n" in message.payload["text"]
    filed = re.findall(r"^AN {2}- (\d+)", message.payload["ris"], re.MULTILINE)
    assert filed == [str(item.article.pmid) for item in fitted.presented]
    for item in fitted.attached:
        assert pubmed(item) not in message.payload["text"]


def nbib(articles: Sequence[Article]) -> str:
    """The least nbib that tells which records it holds."""
    return "\n".join(f"PMID- {article.pmid}\n" for article in articles)


@pytest.mark.parametrize("attach", [("nbib",), ("ris", "nbib")])
def test_a_list_attaches_the_files_that_it_names(attach: tuple[str, ...]) -> None:
    whole = digest(many(450), list_=replace(WEEKLY, limit=4, attach=attach))

    _, (message,) = messages(whole, kinds=[ChannelKind.EMAIL], ris=ris, nbib=nbib)

    names = [f"lab-weekly-2026-09-21.{kind}" for kind in attach]
    assert [message.payload[f"{kind}_name"] for kind in attach] == names
    assert ("ris" in message.payload) == ("ris" in attach)
    assert re.findall(r"^PMID- (\d+)", message.payload["nbib"], re.MULTILINE) == [
        str(item.article.pmid) for item in whole.presented
    ]
    assert "\n\nPMID- " in message.payload["nbib"]
    assert "\n\n\n" not in message.payload["nbib"]
    assert f"446 more papers are in the attached {' and '.join(names)}." in message.payload["text"].replace("\n", " ")


def test_a_list_that_attaches_no_file_tells_the_rest_in_the_text_twin_and_links_them() -> None:
    fitted, message = email(digest(many(12), list_=replace(WEEKLY, limit=4, attach=())))

    assert set(message.payload) == {"text", "text_papers", "html"}
    assert all(f"{pubmed(item)}\n" in message.payload["text"] for item in fitted.presented)
    assert "8 more papers are in the plain-text part of this mail." in visible(message.payload["html"])
    attached = ",".join(str(item.article.pmid) for item in fitted.attached)
    assert f"https://pubmed.ncbi.nlm.nih.gov/?term={attached}" in unescape(message.payload["html"])


@pytest.mark.parametrize("kind", [ChannelKind.SLACK, ChannelKind.OTHER])
def test_a_channel_without_files_gets_every_paper_once_over_its_parts(kind: ChannelKind) -> None:
    whole = digest(many(150), list_=replace(WEEKLY, limit=30))

    sent = parts(whole, kind)

    everything = "\n".join(value for message in sent for value in message.payload.values())
    found = re.findall(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)/", everything)
    assert set(map(int, found)) == {item.article.pmid for item in whole.presented}
    assert [message.part for message in sent] == list(range(1, len(sent) + 1))


def test_the_kinds_asked_for_are_rendered_and_all_of_the_same_fitted_digest() -> None:
    whole = digest(many(90), list_=replace(WEEKLY, limit=0))

    fitted, sent = messages(whole, kinds=EVERY_KIND, ris=ris)
    alone = messages(whole, kinds=[ChannelKind.SLACK], ris=ris)

    assert {message.kind for message in sent} == set(EVERY_KIND)
    assert alone[0] == fitted
    assert alone[1] == tuple(message for message in sent if message.kind is ChannelKind.SLACK)
    assert messages(whole, kinds=[], ris=ris) == (fitted, ())


def test_the_same_digest_gives_the_same_bytes() -> None:
    assert messages(full(), kinds=EVERY_KIND, ris=ris) == messages(full(), kinds=EVERY_KIND, ris=ris)


def test_the_mail_carries_its_list_digest_and_period_in_its_headers() -> None:
    assert email(full())[1].headers == {
        "X-Watcher-List": "lab-weekly",
        "X-Watcher-Digest": "2026-09-21T08:00+02:00",
        "X-Watcher-Period": "2026-09-15/2026-09-21",
    }


@pytest.mark.parametrize(
    ("host", "title", "list_id"),
    [
        ("lab.example", "NMJ weekly", '"NMJ weekly" <lab-weekly.lab.example>'),
        ("127.0.0.1", 'NMJ "weekly"', "<lab-weekly.127.0.0.1>"),
        ("::1", "Wöchentlich", "<lab-weekly.localhost>"),
    ],
)
def test_the_mail_carries_its_list_s_identity_in_its_head(host: str, title: str, list_id: str) -> None:
    whole = digest(many(1), list_=replace(WEEKLY, title=title))

    (message,) = messages(whole, kinds=[ChannelKind.EMAIL], ris=ris, host=host)[1]

    assert message.headers["List-Id"] == list_id


def test_a_list_of_any_name_has_an_identity_of_the_form_that_the_rfc_asks_for() -> None:
    whole = digest([], list_=replace(WEEKLY, name="läb/w\r\n<x>", title="T\r\nBcc: x"))

    (message,) = messages(whole, kinds=[ChannelKind.EMAIL], ris=ris, host="lab.example")[1]

    assert message.headers["List-Id"] == '"T Bcc: x" <l-b-w-x.lab.example>'


@pytest.mark.parametrize(("is_answered", "how"), [(True, "Reply, or write there,"), (False, "Write there")])
def test_who_runs_it_and_how_to_change_or_stop_it_stands_in_every_kind(is_answered: bool, how: str) -> None:
    for whole in (digest(papers, contact=Contact("library@lab.example", is_answered=is_answered)) for papers in (many(2), [])):
        mail = email(whole)[1].payload
        for told in (visible(mail["html"]), " ".join(mail["text"].split())):
            assert f"Run by library@lab.example. {how} to change or stop this digest." in told
        assert 'href="mailto:library@lab.example"' in mail["html"]
        told = "Run by library@lab.example. Write there to change or stop this digest."
        assert told in parts(whole, ChannelKind.OTHER)[-1].payload["text"]
        assert told in parts(whole, ChannelKind.SLACK)[-1].payload["json"]


def test_the_file_is_named_after_list_and_day() -> None:
    list_ = replace(WEEKLY, name="läb/weekly")

    assert email(digest(many(1)))[1].payload["ris_name"] == "lab-weekly-2026-09-21.ris"
    assert email(digest(many(1), list_=list_))[1].payload["ris_name"] == "l-b-weekly-2026-09-21.ris"


# --- what it says ----------------------------------------------------------------------------------------------------------------


def test_a_pick_tells_all_a_reader_needs_to_decide() -> None:
    _, message = email(full())

    for told in (visible(message.payload["html"]), " ".join(message.payload["text"].split())):
        assert "11 new papers, 4 highly relevant" in told
        assert "Papers added to PubMed 15–21 September 2026." in told
        assert "Okonkwo-Reyes A … Vasquez Ferreira JM · Sample Neurosci · 17 Sep 2026 · ahead of print" in told
        assert "Raising soluble LRP4 in muscle alone is enough" in told
        assert "agrin, LRP4, endplate innervation, MuSK; MeSH Neuromuscular Junction; nearest seed “Agrin, LRP4 and MuSK" in told
        assert "Neuromuscular junction + ALS and the motor unit" in told
        assert "ahead of print" in told
    for url in (
        "https://doi.org/10.9999/sample.2026.0001",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC99000001/",
        "https://resolver.lab.example/?pmid=99000001&doi=10.9999%2Fsample.2026.0001",
    ):
        assert url in unescape(message.payload["html"])
        assert url in message.payload["text"]


def test_sections_stand_in_their_order_with_their_papers() -> None:
    text = email(full())[1].payload["text"]

    headings = re.findall(r"^([A-Z][A-Z ]+)\n-{3,}$", text, re.MULTILINE)
    assert headings == [
        "TOP PICKS", "NEUROMUSCULAR JUNCTION", "ALS AND THE MOTOR UNIT", "PREPRINTS", "LATE ARRIVALS", "NOW PUBLISHED", "RECEIPT",
    ]  # fmt: skip
    assert "OLDER PAPERS YOUR EDITED QUERY ADDS" in email(first())[1].payload["text"]


def test_the_receipt_tells_counts_gaps_failures_and_what_is_next() -> None:
    _, message = email(full())

    for told in (visible(message.payload["html"]), " ".join(message.payload["text"].split())):
        assert "Not covered yet: papers added 19–20 September 2026 for ALS and the motor unit, not searched since" in told
        assert "Failed: watch ALS and the motor unit: a run failed 2 times" in told
        assert "Watch ALS and the motor unit: its papers are not ranked and all are shown: no seed has text." in told
        assert "Next digest: Monday 28 September 2026, 08:00 (Europe/Berlin)" in told
        assert "PMID 99000201" in told
        assert "Synaptic basal lamina proteomics of human muscle. Now in Sample eLife" in told
    assert re.search(r"Checked: 1,412\nNew: 38\nShown: 11\nBelow the threshold: 23\n", message.payload["text"])
    assert "gov/99000201" not in message.payload["html"] + message.payload["text"]


def test_a_retracted_paper_is_named_in_slack_without_a_link() -> None:
    sent = " ".join(message.payload["json"] for message in parts(full(), ChannelKind.SLACK))

    assert "PMID 99000201" in sent
    assert "gov/99000201" not in sent


def test_a_late_digest_says_why() -> None:
    period = replace(WEEK, late_reason="the service was off or held up when it was due")

    told = email(digest(many(1), period=period))[1].payload

    assert "This digest is late: the service was off or held up when it was due." in visible(told["html"])
    assert "This digest is late: the service was off or held up when it was due." in told["text"].replace("\n  ", " ")


def test_an_empty_period_is_a_short_mail_without_a_file() -> None:
    _, message = email(empty())

    assert set(message.payload) == {"text", "html"}
    assert message.payload["text"] == (
        "NMJ weekly\nNo papers to read\nPapers added to PubMed 15–21 September 2026.\n"
        "412 records checked. 6 were new: 6 below the threshold.\n\n"
        "Next digest: Monday 28 September 2026, 08:00 (Europe/Berlin)\n"
    )
    assert "412 records checked. 6 were new: 6 below the threshold." in visible(message.payload["html"])


@pytest.mark.parametrize(
    ("receipt", "line"),
    [
        (Receipt(checked=1), "1 record checked, none of them new."),
        (Receipt(checked=9, below_threshold=1), "9 records checked. 1 was new: 1 below the threshold."),
        (
            Receipt(checked=9, excluded_type=2, retracted=(pubmed_id(7),)),
            "9 records checked. 3 were new: 2 of a type left out, 1 retracted (PMID 7).",
        ),
        (
            Receipt(checked=9, awaiting=2, unavailable=(pubmed_id(7), pubmed_id(8))),
            "9 records checked, none of them new. 2 await their record. Given up, since no record came: PMID 7, PMID 8.",
        ),
    ],
)
def test_the_one_line_receipt_adds_up(receipt: Receipt, line: str) -> None:
    assert line in " ".join(email(digest([], receipt=receipt))[1].payload["text"].split())


def test_a_paper_that_gave_way_says_to_which_pick_in_every_kind() -> None:
    like = GaveWay(paper(2).record_id, paper(3).record_id, 0.62)
    entries = [entry(paper(number, f"Sample {number}"), 90 + number) for number in range(1, 4)]
    whole = digest(entries, list_=replace(WEEKLY, top=2), giving_way=lambda *_: [like])

    told = "Very like pick 1, “Sample 3”, so no pick beside it."
    _, mail = email(whole)
    assert told in visible(mail.payload["html"])
    assert told in " ".join(mail.payload["text"].split())
    assert told in parts(whole, ChannelKind.SLACK)[0].payload["json"]
    assert told in parts(whole, ChannelKind.OTHER)[0].payload["text"]
    assert "Very like a pick, so no pick: 1" in mail.payload["text"]
    document = json.loads(preview(whole, "json", ris))
    assert document["receipt"]["gave_way"] == [{"pmid": 99000002, "to": 99000003, "similarity": 0.62}]
    assert [one["gave_way"] for one in document["items"]] == [None, None, document["receipt"]["gave_way"][0]]


def test_a_paper_that_gave_way_to_a_pick_that_found_no_room_names_it_by_its_pmid() -> None:
    like = GaveWay(paper(2).record_id, paper(3).record_id, 0.62)
    entries = [entry(paper(number, f"Sample {number}"), 90 + number) for number in range(1, 4)]
    whole = digest(entries, list_=replace(WEEKLY, top=1), giving_way=lambda *_: [like])
    (pick,) = (item for item in whole.items if item.section is Section.PICK)

    without = replace(whole, items=tuple(item for item in whole.items if item is not pick), attached=(pick,))

    assert "Very like PMID 99000003, so no pick beside it." in preview(without, "text", ris)


def test_compact_lists_can_be_grouped_by_chip() -> None:
    review, plain_one = paper(1, publication_types=("Review",)), paper(2)

    text = email(digest([entry(review), entry(plain_one)], list_=replace(WEEKLY, top=0, group_by="chip")))[1].payload["text"]

    assert text.index("REVIEW\n") < text.index("99000001")
    assert text.index("OTHER PAPERS\n") < text.index("99000002")


def test_compact_lists_can_be_grouped_by_theme_in_every_kind() -> None:
    entries = [entry(paper(number, f"Sample {number}"), 90 - number) for number in range(1, 6)]
    themes = {2: "Glia & co", 4: "Ageing", 5: "Glia & co"}
    list_ = replace(WEEKLY, top=1, group_by="theme")
    plain_digest = digest(entries, list_=list_)

    whole = by_theme(plain_digest, ("Ageing", "Glia & co"), lambda item: themes.get(item.article.record_id.id - 99_000_000, ""))

    assert [(item.article.record_id.id - 99_000_000, item.theme) for item in whole.items] == [
        (1, ""),
        (4, "Ageing"),
        (2, "Glia & co"),
        (5, "Glia & co"),
        (3, ""),
    ]
    heads = ["Top pick", "Ageing", "Glia & co", "Other"]
    assert [group.title for group in page(whole).groups] == heads
    _, mail = email(whole)
    for said in (visible(mail.payload["html"]), mail.payload["text"], parts(whole, ChannelKind.OTHER)[0].payload["text"]):
        told = [said.lower().rindex(head.lower()) for head in ("Ageing", "Glia & co", "Sample 2", "Sample 5", "Other", "Sample 3")]
        assert told == sorted(told)
    assert "*Glia &amp; co*" in parts(whole, ChannelKind.SLACK)[0].payload["json"]
    assert [one["theme"] for one in json.loads(preview(whole, "json", ris))["items"]][1] == "Ageing"


def test_a_paper_under_a_theme_says_which_watch_it_matched_where_there_are_several() -> None:
    list_ = replace(WEEKLY, top=0, group_by="theme")

    whole = by_theme(digest([entry(paper(1))], list_=list_), ("Ageing",), lambda _item: "Ageing")

    assert page(whole).groups[0].cards[0].watches == ("Neuromuscular junction",)


def test_a_list_of_one_watch_does_not_repeat_its_name_at_every_paper() -> None:
    one = digest([entry(paper(1))], list_=replace(WEEKLY, watches=("nmj",)), watches={"nmj": WATCHES["nmj"]})

    assert "Matched" not in visible(email(one)[1].payload["html"])


def whys(whole: Digest) -> dict[int, str]:
    """Why each shown or attached paper is there, by its number."""
    told = page(whole)
    cards = [card for group in told.groups for card in group.cards] + list(told.attached)
    return {card.record_id.id - 99_000_000: card.why for card in cards}


def because(*terms: str, seed: str = "") -> Reasons:
    return Reasons(tuple(Term(term, 0.2) for term in terms), (), seed, 0.4)


def test_every_paper_says_why_and_links_to_pubmed_in_every_kind() -> None:
    entries = [entry(paper(n, f"Sample {n}"), 90 - n, reasons=because(f"term{n}", seed="A seed")) for n in range(1, 8)]
    whole = digest(entries, list_=replace(WEEKLY, top=2, limit=5, attach=()))

    _, mail = email(whole)
    document = lxml_html.fromstring(mail.payload["html"])
    cells = [cell for cell in document.iter("td") if cell.get("class") in ("pick", "p")]
    assert len(cells) == 5
    for number, cell in enumerate(cells, 1):
        assert f"Why term{number}" in words(cell)
        assert [one.get("href") for one in cell.iter("a") if words(one) == "PubMed"] == [pubmed(whole.items[number - 1])]
    other = "\n".join(message.payload["text"] for message in parts(whole, ChannelKind.OTHER))
    for text in (mail.payload["text"], other):
        assert re.findall(r"Why: (term\d)", text) == [f"term{number}" for number in range(1, 8)]
    slack = "\n".join(message.payload["json"] for message in parts(whole, ChannelKind.SLACK))
    assert all(f"term{number}" in slack for number in range(1, 8))


def test_the_title_of_a_nearest_seed_is_named_once() -> None:
    seeds = {1: "Seed A", 2: "Seed B", 3: "Seed A", 4: "Seed B"}
    picks = [entry(paper(n), 90 - n, reasons=because("agrin", seed=seed)) for n, seed in seeds.items()]
    compact = [entry(paper(n), 50 - n, reasons=because(seed=seed)) for n, seed in {5: "Seed A", 6: "Seed C", 7: "Seed C"}.items()]

    assert whys(digest([*picks, *compact], list_=replace(WEEKLY, top=4))) == {
        1: "agrin; nearest seed “Seed A”",
        2: "agrin; nearest seed “Seed B”",
        3: "agrin; nearest seed as for pick 1",
        4: "agrin; nearest seed as for pick 2",
        5: "nearest seed as for pick 1",
        6: "nearest seed “Seed C”",
        7: "nearest seed as for PMID 99000006",
    }


def test_a_paper_that_nothing_was_ranked_by_says_how_it_was_found() -> None:
    found = [entry(paper(1)), entry(paper(2), origins=frozenset({Origin.SIMILAR}))]

    assert whys(digest(found)) == {
        1: "it matches the query of Neuromuscular junction",
        2: "PubMed lists it as similar to a seed",
    }


def test_a_heading_that_the_terms_say_is_not_repeated_and_few_terms_make_the_line() -> None:
    heading = (Term("Endplate", 0.1),)
    said = replace(because("motor endplate", "agrin"), headings=heading)
    long = because(*(f"a term of some thirty letters {n}" for n in range(4)))

    told = whys(digest([entry(paper(1), reasons=said), entry(paper(2), reasons=long)]))

    assert told[1] == "motor endplate, agrin"
    assert told[2] == "a term of some thirty letters 0, a term of some thirty letters 1"


_OLD = st.text(st.sampled_from("abcXYZ019<>;:()[]{}.,-_/'&%#?=+~@*|$!"), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(suffix=_OLD)
def test_a_doi_is_one_whole_address_in_every_kind(suffix: str) -> None:
    doi = f"10.9999/{suffix}"
    whole = digest(
        [entry(paper(1, doi=doi), 90, reasons=because(seed=doi)), entry(paper(2, doi=doi), 50)],
        list_=replace(WEEKLY, top=1, full_text_url=None),
        receipt=Receipt(remarks=(f"the seed {doi} has no text",)),
    )

    texts = [unescape(email(whole)[1].payload["html"]), email(whole)[1].payload["text"]]
    texts += [message.payload["text"] for message in parts(whole, ChannelKind.OTHER)]
    texts += [unescape(json.dumps(json.loads(m.payload["json"]), ensure_ascii=False)) for m in parts(whole, ChannelKind.SLACK)]
    for text in texts:
        assert not re.search(r"(?<!https://doi\.org/)\b10\.9999/", text)
        addresses = re.findall(r"https://doi\.org/10\.9999/[^\s\"“”<>|,;]+", text)
        assert any(unquote(address) == f"https://doi.org/{doi}" for address in addresses)


# --- spans without a search -------------------------------------------------------------------------------------------------------

OFF = "the service was off or held up"


def march(day: int, clock: str) -> datetime:
    """An instant of March 2026, by a clock in Berlin."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}").replace(tzinfo=ZoneInfo("Europe/Berlin"))


def outage(since: datetime, until: datetime, *, watches: tuple[str, ...] = ("nmj", "als"), lasts: bool = False) -> Outage:
    return Outage(watches, since, until, "HTTP 503 (service unavailable)", None if lasts else until)


def said(*outages: Outage, **fields: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever a digest takes
    return page(digest([], receipt=Receipt(outages=outages), **fields)).made_good


def test_an_outage_that_was_made_good_is_told_in_the_receipt_with_its_span_and_reason() -> None:
    (line,) = said(outage(march(3, "05:31"), march(4, "09:12")))

    assert line == (
        "PubMed was not searched from 3 March, 05:31 to 4 March, 09:12 (HTTP 503 (service unavailable)). "
        "It was read afterwards: nothing was lost."
    )
    assert said(Outage(("nmj", "als"), march(3, "05:31"), march(3, "09:12"), OFF, march(3, "09:14"))) == (
        f"PubMed was not searched from 3 March, 05:31 to 09:12 ({OFF}). It was read afterwards: nothing was lost.",
    )


def test_an_outage_of_one_watch_of_several_names_it_by_its_title() -> None:
    (line,) = said(outage(march(3, "05:31"), march(4, "09:12"), watches=("als",)))

    assert line.startswith("PubMed was not searched for ALS and the motor unit from 3 March, 05:31 to")


def test_outages_that_were_made_good_are_joined_into_one_sentence() -> None:
    off = [
        Outage(("nmj", "als"), march(day, "08:06"), march(day + 1, "08:05"), OFF, march(day + 1, "08:06")) for day in range(2, 9)
    ]

    (line,) = said(*off)

    assert line == (
        f"PubMed was not searched 7 times between 2 March, 08:06 and 9 March, 08:05, for up to 24 hours ({OFF}). "
        "It was read afterwards: nothing was lost."
    )
    assert said(*off, outage(march(9, "09:00"), march(9, "09:40"), watches=("als",)))[0].startswith(
        f"PubMed was not searched 8 times between 2 March, 08:06 and 9 March, 09:40, for up to 24 hours ({OFF}; HTTP 503 "
    )


def test_of_many_reasons_two_are_told() -> None:
    spans = [replace(outage(march(day, "05:31"), march(day, "09:00")), reason=f"reason {day}") for day in range(3, 8)]

    assert "(reason 3; reason 4; other reasons)" in said(*spans)[0]


def test_watches_that_were_all_not_searched_at_some_time_are_not_named() -> None:
    spans = [outage(march(day, "05:31"), march(day, "09:00"), watches=(name,)) for day, name in ((3, "nmj"), (4, "als"))]

    assert said(*spans)[0].startswith("PubMed was not searched 2 times between")
    assert said(spans[1], replace(spans[1], since=march(5, "05:31"), until=march(5, "06:00")))[0].startswith(
        "PubMed was not searched for ALS and the motor unit 2 times between"
    )


def test_an_outage_over_new_year_says_the_years() -> None:
    told = outage(datetime(2026, 12, 30, 4, 31, tzinfo=UTC), datetime(2027, 1, 2, 8, tzinfo=UTC))

    assert "from 30 December 2026, 05:31 to 2 January 2027, 09:00" in said(told)[0]


def test_an_outage_of_another_year_than_the_digests_says_its_year() -> None:
    told = outage(datetime(2025, 12, 30, 4, 31, tzinfo=UTC), datetime(2025, 12, 30, 9, tzinfo=UTC))

    assert "from 30 December 2025, 05:31 to 10:00 (" in said(told)[0]


def test_a_digest_that_covers_no_new_day_claims_no_span() -> None:
    period = replace(WEEK, covers_from=WEEK.covers_to)
    gaps = [Gap(name, date(2026, 9, 21), date(2026, 9, 28), "HTTP 503") for name in ("nmj", "als")]
    whole = digest([], period=period, gaps=gaps, receipt=Receipt())

    told = email(whole)[1].payload
    slack = " ".join(message.payload["json"] for message in parts(whole, ChannelKind.SLACK))

    assert page(whole).subject.endswith("No papers to read · no new days covered")
    assert json.loads(preview(whole, "json", ris))["subject"] == page(whole).subject
    for text in (visible(told["html"]), " ".join(told["text"].replace("\n! ", "\n").split()), slack):
        assert "No new days could be covered." in text
        assert "Not covered yet: papers added 21–28 September 2026 for ALS and the motor unit" in text
        assert "No records checked." in text
        assert "Papers added to PubMed" not in text


def test_a_first_digest_that_covers_no_new_day_claims_no_span() -> None:
    period = replace(WEEK, covers_from=WEEK.covers_to, first=True)
    gaps = [Gap(name, date(2026, 9, 21), date(2026, 9, 28), "HTTP 503") for name in ("nmj", "als")]

    text = email(digest([], period=period, gaps=gaps))[1].payload["text"]

    assert "No papers to read\nNo new days could be covered." in text


def test_a_day_that_some_watch_covers_is_claimed() -> None:
    period = replace(WEEK, covers_from=WEEK.covers_to)
    gaps = [Gap("als", date(2026, 9, 20), date(2026, 9, 21), "HTTP 503")]

    assert page(digest([], period=period, gaps=gaps)).coverage == "Papers added to PubMed 21 September 2026."


def test_an_outage_that_lasts_is_part_of_the_gap_that_it_makes_and_told_alone_without_one() -> None:
    told = outage(march(3, "05:31"), march(9, "14:00"), watches=("als",), lasts=True)
    gap = Gap("als", date(2026, 3, 3), date(2026, 3, 9), "HTTP 503 (service unavailable)")

    with_gap = page(digest([], receipt=Receipt(outages=(told,)), gaps=[gap]))

    (remark,) = with_gap.remarks
    assert with_gap.outages == ()
    assert remark.startswith(
        "Not covered yet: papers added 3–9 March 2026 for ALS and the motor unit, not searched since 3 March, 05:31. "
    )
    assert page(digest([], receipt=Receipt(outages=(told,)))).outages == (
        "PubMed has not been searched for ALS and the motor unit since 3 March, 05:31. Reason: HTTP 503 (service unavailable).",
    )


@pytest.mark.parametrize("papers", [0, 3])
def test_what_lasts_opens_every_kind_and_what_was_made_good_ends_it(papers: int) -> None:
    over, lasts = (
        outage(march(3, "05:31"), march(4, "09:12")),
        outage(march(5, "05:31"), march(6, "09:12"), watches=("als",), lasts=True),
    )
    period = replace(WEEK, late_reason="the service was off or held up when it was due")
    told = digest(many(papers), receipt=Receipt(outages=(over, lasts), next_digest_at=NEXT_AT), period=period)
    mail = email(told)[1].payload
    slack = " ".join(message.payload["json"] for message in parts(told, ChannelKind.SLACK))

    for text in (visible(mail["html"]), " ".join(mail["text"].split()), slack, parts(told, ChannelKind.OTHER)[0].payload["text"]):
        places = [
            text.index(words)
            for words in (
                "added to PubMed 15–21 September 2026.",
                "PubMed has not been searched for ALS and the motor unit since 5 March, 05:31.",
                "This digest is late: the service was off or held up when it was due.",
                "PubMed was not searched from 3 March, 05:31 to 4 March, 09:12 (HTTP 503 (service unavailable)).",
                "Next digest:",
            )
        ]
        assert places == sorted(places)
        assert papers == 0 or text.index("1 Agrin") < places[2]
    assert json.loads(preview(told, "json", ris))["receipt"]["outages"][0] == {
        "watches": ["nmj", "als"],
        "since": "2026-03-03T05:31:00+01:00",
        "until": "2026-03-04T09:12:00+01:00",
        "reason": "HTTP 503 (service unavailable)",
        "made_good_at": "2026-03-04T09:12:00+01:00",
    }


# --- weeks ------------------------------------------------------------------------------------------------------------------------


def counted_weeks(*watches: str) -> Receipt:
    """Receipts of eight weeks, written down before their digest showed anything."""
    known = tuple(Weeks(name, (0, 0, 12, 9, 0, 1_204, 7, 5), (0, 0, 3, 2, 0, 60, 1, 0)) for name in watches)
    return Receipt(checked=1, next_digest_at=NEXT_AT, weeks=known)


def test_the_receipt_has_the_last_weeks_in_every_kind_with_what_this_digest_shows() -> None:
    whole = digest(many(2), receipt=counted_weeks("nmj", "als"))
    line = "Neuromuscular junction, last 6 weeks, oldest first: found 12, 9, 0, 1,204, 7, 5; shown 3, 2, 0, 60, 1, 2"

    mail = email(whole)[1].payload
    slack = " ".join(message.payload["json"] for message in parts(whole, ChannelKind.SLACK))
    for text in (visible(mail["html"]), " ".join(mail["text"].split()), slack, parts(whole, ChannelKind.OTHER)[0].payload["text"]):
        assert line in text
        assert "ALS and the motor unit, last 6 weeks, oldest first: found 12, 9, 0, 1,204, 7, 5; shown 3, 2, 0, 60, 1, 0" in text
    assert json.loads(preview(whole, "json", ris))["receipt"]["weeks"][0]["shown"] == [0, 0, 3, 2, 0, 60, 1, 2]


def test_a_watch_that_has_no_week_behind_it_has_no_line_of_weeks_and_one_alone_no_title() -> None:
    young = replace(counted_weeks(), weeks=(Weeks("nmj", (0,) * 7 + (5,), (0,) * 8),))
    alone = {"list_": replace(WEEKLY, watches=("nmj",)), "watches": {"nmj": WATCHES["nmj"]}}

    assert page(digest(many(2), receipt=young)).weeks == ()
    assert page(digest(many(2), receipt=counted_weeks("nmj"), **alone)).weeks[0].startswith("Last 6 weeks, oldest first: found 12,")


# --- the budget -------------------------------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(
    count=st.sampled_from([1, 60, 500]),
    title_length=st.sampled_from([60, 1_000]),
    max_html_kb=st.sampled_from([20, 45, 90]),
)
def test_the_html_stays_under_its_budget_whatever_comes(count: int, title_length: int, max_html_kb: int) -> None:
    whole = digest(many(count, title_length=title_length), list_=replace(WEEKLY, limit=0, max_html_kb=max_html_kb))

    fitted, message = email(whole)

    assert len(message.payload["html"].encode()) <= max_html_kb * 1_000
    assert len(fitted.presented) == count
    assert message.payload["ris"].count("AN  - ") == count
    if fitted.attached:
        assert f"{len(fitted.attached)} more paper" in visible(message.payload["html"])


@pytest.mark.parametrize("max_html_kb", [20, 90])
def test_floods_of_gaps_failures_and_follow_ups_are_capped_in_html_and_whole_in_the_text(max_html_kb: int) -> None:
    receipt = Receipt(
        checked=1,
        retracted=tuple(pubmed_id(99_100_000 + n) for n in range(400)),
        unavailable=tuple(pubmed_id(99_200_000 + n) for n in range(400)),
        failures=tuple(f"failure {n} " + "word " * 40 for n in range(300)),
        remarks=tuple(f"unranked {n} " + "x" * 2_000 for n in range(300)),
        next_digest_at=NEXT_AT,
    )
    whole = digest(
        many(60),
        list_=replace(WEEKLY, max_html_kb=max_html_kb, title="Title " * 400, subject_prefix="P" * 5_000),
        receipt=receipt,
        follow_ups=[FollowUp(paper(1_000 + n, "Follow " * 150), n, "now " * 300) for n in range(200)],
        gaps=[Gap("nmj", date(2026, 9, 1), date(2026, 9, 2), "reason " * 90) for _ in range(100)],
        base_url="https://watcher.lab.example",
    )

    fitted, message = email(whole)

    assert len(message.payload["html"].encode()) <= max_html_kb * 1_000
    assert fitted.items
    assert "more, told in the plain-text part of this mail." in visible(message.payload["html"])
    assert all(f"failure {n} " in message.payload["text"] for n in range(300))
    assert all(f"gov/{99_001_000 + n}/" in message.payload["text"] for n in range(200))
    assert "PMID 99200399" in message.payload["text"].replace("\n  ", "")


# --- what records cannot do ---------------------------------------------------------------------------------------------------------

ATTACK = "<script>alert(1)</script> &lt;script&gt; \"><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %} ' \u202e\x00\x1b[31m"


def attacked() -> Digest:
    """A digest in which every string that a record or PubMed can give is hostile."""
    article = paper(
        1,
        ATTACK,
        title_markup=ATTACK,
        authors=(author(ATTACK, ""), author("<b>", "x")),
        journal=Journal(abbreviation=ATTACK),
        publication_types=("Review",),
        sections=(AbstractSection("CONCLUSIONS", "CONCLUSIONS", ATTACK),),
        doi='10.9999/"><script>alert(3)</script>',
        pmcid='PMC1"><script>',
        pub_status="aheadofprint",
    )
    scripted = paper(2, "A second sample paper", doi="javascript:alert(4)")
    return digest(
        [entry(article, 80, also=((pubmed_id(3), ATTACK),), note=ATTACK), entry(scripted, 79)],
        watches={name: replace(watch, title=ATTACK) for name, watch in WATCHES.items()},
        list_=replace(WEEKLY, title=ATTACK, subject_prefix=ATTACK, full_text_url="javascript:alert({pmid})"),
        receipt=Receipt(failures=(ATTACK,), remarks=(ATTACK,)),
        gaps=[Gap("nmj", date(2026, 9, 1), date(2026, 9, 2), ATTACK)],
        follow_ups=[FollowUp(article, 1, ATTACK)],
        period=replace(WEEK, late_reason=ATTACK),
        base_url='javascript:alert("5")',
    )


def test_no_record_can_put_an_element_an_attribute_or_a_script_into_the_mail() -> None:
    document = lxml_html.fromstring(email(attacked())[1].payload["html"])

    assert not list(document.iter("script", "img", "iframe", "object", "form", "svg", "link"))
    for element in document.iter("*"):
        assert not [name for name in element.attrib if str(name).lower().startswith("on")]
        assert str(element.attrib.get("href", "https://")).startswith("https://")
    assert "<script>alert(1)</script>" in words(document)
    assert "{{ 7*7 }}" in words(document)


def test_no_control_or_direction_character_reaches_any_message() -> None:
    for message in messages(attacked(), kinds=EVERY_KIND, ris=ris)[1]:
        for part in (message.subject, *(message.payload[key] for key in message.payload if key in ("html", "text", "json"))):
            assert not set(part) & set("\x00\x1b\u202e\u2066\ufeff")


def test_titles_choose_their_own_direction_and_are_isolated() -> None:
    document = lxml_html.fromstring(email(digest([entry(paper(1, "دراسة عينة"))]))[1].payload["html"])

    (title,) = [element for element in document.iter("h3") if "دراسة" in words(element)]
    assert title.get("dir") == "auto"


def test_the_mail_fetches_nothing_and_runs_nothing() -> None:
    document = email(full())[1].payload["html"]

    assert not re.search(r"<(script|img|link|iframe|video|audio|object)|@import|url\(|\ssrc=|background=", document)
    assert 'lang="en"' in document
    tables = list(lxml_html.fromstring(document).iter("table"))
    assert tables
    assert all(table.get("role") == "presentation" for table in tables)


def test_styles_are_inlined_and_dark_rules_are_kept() -> None:
    document = email(full())[1].payload["html"]

    assert re.search(r'<h1 class="h1" style="[^"]*font-size:26px', document)
    assert "@media (prefers-color-scheme:dark)" in document
    dark = document.partition("@media (prefers-color-scheme:dark){")[2].partition("}}")[0]
    assert all(
        "!important" in declaration for declaration in re.findall(r"[a-z-]+:[^;}]+", dark.replace("}", ";}")) if "#" in declaration
    )


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colours(css: str, scheme: str) -> dict[str, str]:
    """The text colour of each class in `css`."""
    found = re.findall(r"([^{}]+)\{([^{}]*)\}", css)
    pairs = [(name.strip().lstrip("."), body) for selectors, body in found for name in selectors.split(",")]
    texts = {name: match[1] for name, body in pairs if (match := re.search(r"(?:^|;)color:(#[0-9a-f]{6})", body))}
    ground = next(match[1] for name, body in pairs if name == "card" and (match := re.search(r"background:(#[0-9a-f]{6})", body)))
    assert texts, scheme
    return texts | {"ground": ground}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(scheme: str) -> None:
    document = email(full())[1].payload["html"]
    if scheme == "dark":
        css = document.partition("@media (prefers-color-scheme:dark){")[2].partition("}}")[0] + "}"
    else:
        css = "".join(
            f".{names.split()[0]}{{{style}}}" for names, style in re.findall(r'class="([^"]+)"[^>]*style="([^"]+)"', document)
        )

    found = colours(css, scheme)

    ground = luminance(found.pop("ground"))
    for name, colour in found.items():
        lighter, darker = sorted((luminance(colour), ground), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, colour)


# --- text for other channels, previews --------------------------------------------------------------------------------------------


def test_other_texts_stay_short_and_are_split_between_papers() -> None:
    whole = digest(many(60, title_length=1_000))

    sent = parts(whole, ChannelKind.OTHER)

    assert len(sent) > 1
    assert all(len(message.payload["text"]) <= 3_500 for message in sent)
    assert sent[1].payload["text"].startswith(f"NMJ weekly, 15–21 September 2026: part 2 of {len(sent)}\n")
    assert sent[1].subject == f"{subject(whole)} (2/{len(sent)})"
    for message in sent:
        titles = re.findall(r"^(?:- |\d+\.) +(\d+) Agrin", message.payload["text"], re.MULTILINE)
        links = re.findall(r"gov/99(\d+)/$", message.payload["text"], re.MULTILINE)
        assert [int(number) for number in titles] == [int(number) for number in links]


def test_one_word_longer_than_a_part_is_cut_and_not_lost() -> None:
    sent = parts(digest([entry(paper(1, "x" * 9_000))]), ChannelKind.OTHER)

    assert all(len(message.payload["text"]) <= 3_500 for message in sent)
    assert sum(message.payload["text"].count("x") for message in sent) >= 9_000


def test_the_text_twin_is_wrapped_but_no_address_is_broken() -> None:
    text = email(full())[1].payload["text"]

    assert all(len(line) <= 76 or "https://" in line for line in text.splitlines())


@pytest.mark.parametrize(("format", "key"), [("html", "html"), ("text", "text")])
def test_a_preview_is_what_would_be_sent(format: Format, key: str) -> None:  # noqa: A002 -- the parameter's own name
    assert preview(full(), format, ris) == bare(email(full())[1]).payload[key]


def test_the_slack_preview_is_an_array_of_the_payloads() -> None:
    sent = [json.loads(bare(message).payload["json"]) for message in parts(full(), ChannelKind.SLACK)]

    assert json.loads(preview(full(), "slack", ris)) == sent


def test_the_json_preview_has_its_documented_shape() -> None:
    shape = json.loads(preview(digest(many(3), list_=replace(WEEKLY, limit=2)), "json", ris))

    assert list(shape) == [
        "schema", "subject", "list", "period", "composed_at", "corrected", "items", "attached", "follow_ups", "gaps", "receipt",
    ]  # fmt: skip
    assert shape["schema"] == 1
    assert shape["period"]["slot_at"] == datetime(2026, 9, 21, 6, tzinfo=UTC).isoformat()
    assert shape["period"]["covers_to"] == "2026-09-21"
    assert [one["pmid"] for one in shape["items"]] == [99_000_001, 99_000_002]
    assert [one["pmid"] for one in shape["attached"]] == [99_000_003]
    assert shape["items"][0]["section"] == "pick"
    assert shape["items"][0]["url"] == "https://pubmed.ncbi.nlm.nih.gov/99000001/"
    assert (shape["receipt"]["shown"], shape["receipt"]["attached"]) == (2, 1)


def test_the_json_preview_tells_follow_ups_gaps_and_reasons() -> None:
    shape = json.loads(preview(full(), "json", ris))

    assert shape["follow_ups"] == [
        {
            "pmid": 99_000_020,
            "title": "Synaptic basal lamina proteomics of human muscle.",
            "text": "now in Sample eLife; you had the preprint in July",
            "url": "https://pubmed.ncbi.nlm.nih.gov/99000020/",
        }
    ]
    assert shape["gaps"][0] | {"reason": ""} == {"watch": "als", "since": "2026-09-19", "until": "2026-09-20", "reason": ""}
    assert shape["items"][0]["reasons"]["terms"][0] == {"text": "agrin", "weight": 0.2}
    assert shape["items"][0]["conclusion"].startswith("Raising soluble LRP4")


def test_an_inbox_previews_the_first_titles_or_the_coverage() -> None:
    def preheader(whole: Digest) -> str:
        divisions = lxml_html.fromstring(email(whole)[1].payload["html"]).iter("div")
        (hidden,) = [one for one in divisions if one.get("class") == "pre"]
        return words(hidden)

    assert preheader(digest([entry(paper(1, "One."), 90), entry(paper(2, "Two."), 80)])) == "One. · Two."
    assert preheader(empty()) == "Papers added to PubMed 15–21 September 2026."


def test_one_attached_paper_is_singular() -> None:
    told = visible(email(digest(many(2), list_=replace(WEEKLY, limit=1)))[1].payload["html"])

    assert "1 more paper is in the attached lab-weekly-2026-09-21.ris." in told
    assert "Open them in PubMed" not in told
    assert "Open in PubMed" in told


def test_an_attachment_holds_no_more_than_a_mail_has_room_for_and_says_of_how_many() -> None:
    many = digest([entry(paper(number), 50) for number in range(1, 601)])

    _, (whole,) = messages(many, kinds=[ChannelKind.EMAIL], ris=ris)
    _, (cut,) = messages(many, kinds=[ChannelKind.EMAIL], ris=ris, most_bytes=len(whole.payload["ris"].encode()) // 2)

    assert "ris_total" not in whole.payload
    assert cut.payload["ris_total"] == "600"
    assert whole.payload["ris"].startswith(cut.payload["ris"])
    assert len(cut.payload["ris"]) < len(whole.payload["ris"])
