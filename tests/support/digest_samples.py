"""Sample papers and digests, all invented for these tests: no such paper, author or finding exists. Pmids start at 99000001."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from watcher.digest.arrange import Entry, Yardstick, arrange
from watcher.domain import (
    AbstractSection,
    Article,
    Author,
    Digest,
    DigestList,
    FollowUp,
    Gap,
    Heading,
    Journal,
    Origin,
    Outage,
    PartialDate,
    Period,
    Reasons,
    Receipt,
    Scored,
    Section,
    Term,
    Watch,
    pubmed_id,
)

NMJ = Watch(name="nmj", title="Neuromuscular junction", query="neuromuscular junction*[tiab]", seeds=("nmj",))
ALS = Watch(name="als", title="ALS and the motor unit", query="amyotrophic lateral sclerosis[tiab]", seeds=("als",))
WATCHES = {"nmj": NMJ, "als": ALS}

WEEKLY = DigestList(
    name="lab-weekly",
    title="NMJ weekly",
    watches=("nmj", "als"),
    channels=("lab-mail", "lab-slack"),
    schedule="monday 08:00",
    timezone="Europe/Berlin",
    subject_prefix="[NMJ]",
    full_text_url="https://resolver.lab.example/?pmid={pmid}&doi={doi}",
)
WEEK = Period(
    key="2026-09-21T08:00+02:00",
    slot_at=datetime(2026, 9, 21, 6, tzinfo=UTC),
    covers_from=date(2026, 9, 15),
    covers_to=date(2026, 9, 21),
)
COMPOSED_AT = datetime(2026, 9, 21, 6, 0, 12, tzinfo=UTC)
OFF_FROM, BACK_AT = datetime(2026, 9, 16, 3, 34, tzinfo=UTC), datetime(2026, 9, 18, 7, 12, tzinfo=UTC)
NEXT_AT = datetime(2026, 9, 28, 6, tzinfo=UTC)


def ris(articles: Sequence[Article]) -> str:
    """The least RIS that tells which records it holds."""
    return "".join(f"TY  - JOUR\r\nAN  - {article.pmid}\r\nER  - \r\n" for article in articles)


def paper(number: int, title: str = "A sample paper", **fields: Any) -> Article:  # noqa: ANN401 -- whatever an Article takes
    """A sample article; `number` 1 becomes pmid 99000001."""
    values: dict[str, Any] = {
        "record_id": pubmed_id(99_000_000 + number),
        "title": title,
        "abstract": "Agrin was studied.",
        "authors": (author("Almeida", "RS"), author("Berg", "K"), author("Castellano", "MT")),
        "journal": Journal(title="Sample Journal of Synapses", abbreviation="Sample J Synapses"),
        "published": PartialDate("2026 Sep 14", 2026, 9, 14),
        "crdt": date(2026, 9, 16),
    }
    return Article(**(values | fields))


def author(last: str, initials: str) -> Author:
    """One invented author."""
    return Author(last_name=last, initials=initials)


def entry(article: Article, score: float = 60, *, watches: Mapping[str, float] | None = None, **fields: Any) -> Entry:  # noqa: ANN401 -- an Entry's
    """`article` as it passed for watch nmj with `score`, or for `watches` with theirs."""
    by_watch = watches or {"nmj": score}
    reasons = fields.pop("reasons", Reasons())
    scores = {name: Scored(article.record_id, value, reasons) for name, value in by_watch.items()}
    return Entry(article=article, work_id=article.record_id.id, scores=scores, **fields)


def digest(entries: Sequence[Entry], **fields: Any) -> Digest:  # noqa: ANN401 -- whatever `arrange` takes
    """A digest of `entries` for the sample week, with whatever else `fields` says."""
    values: dict[str, Any] = {"list_": WEEKLY, "watches": WATCHES, "period": WEEK, "composed_at": COMPOSED_AT}
    values["receipt"] = Receipt(checked=412, below_threshold=6, next_digest_at=NEXT_AT)
    told = values | fields
    yardsticks = {name: Yardstick(70 if watch.highlight is None else watch.highlight) for name, watch in told["watches"].items()}
    return arrange(entries, **({"yardsticks": yardsticks} | told))


def many(count: int, *, title_length: int = 90) -> list[Entry]:
    """`count` papers with long titles of words and markup, scores falling from 99."""
    words = "Agrin & LRP4 <sup>2+</sup> signalling at the neuromuscular endplate of ageing mice "
    title = (words * (title_length // len(words) + 1))[:title_length]
    return [
        entry(paper(number, f"{number} {title}", doi=f"10.9999/sample.{number}", pmcid=f"PMC{number}"), 99 - number * 60 / count)
        for number in range(1, count + 1)
    ]


def _why(terms: str, seed: str) -> Reasons:
    return Reasons(
        terms=tuple(Term(term, 0.2) for term in terms.split(", ")),
        headings=(Term("Neuromuscular Junction", 0.1),),
        nearest_seed=seed,
        nearest_similarity=0.42,
    )


_SEED = "Agrin, LRP4 and MuSK: how a synapse is built (sample seed)"

PICKS = (
    entry(
        paper(
            1,
            "Muscle-derived sLRP4 restores agrin signalling and endplate innervation in aged mice.",
            title_markup="Muscle-derived <i>sLRP4</i> restores agrin signalling and endplate innervation in aged mice.",
            authors=(author("Okonkwo-Reyes", "A"), author("Lind", "P"), author("Vasquez Ferreira", "JM")),
            journal=Journal(abbreviation="Sample Neurosci"),
            electronic=PartialDate("2026 Sep 17", 2026, 9, 17),
            pub_status="aheadofprint",
            headings=(Heading("Animals", "", major=False), Heading("Mice", "", major=False)),
            sections=(
                AbstractSection("BACKGROUND", "BACKGROUND", "Endplates fragment with age."),
                AbstractSection(
                    "CONCLUSIONS",
                    "CONCLUSIONS",
                    "Raising soluble LRP4 in muscle alone is enough to re-innervate aged endplates (fragmentation 41% vs. 18%,"
                    " p < 0.001), which makes the muscle side of the synapse a target in sarcopenia.",
                ),
            ),
            doi="10.9999/sample.2026.0001",
            pmcid="PMC99000001",
        ),
        94.2,
        watches={"nmj": 94.2, "als": 71.0},
        reasons=_why("agrin, LRP4, endplate innervation, MuSK", _SEED),
    ),
    entry(
        paper(
            2,
            "Terminal Schwann cells tune Ca²⁺ buffering at motor nerve terminals before denervation in SOD1-G93A mice.",
            title_markup="Terminal Schwann cells tune Ca<sup>2+</sup> buffering at motor nerve terminals before denervation in"
            " SOD1<sup>G93A</sup> mice.",
            authors=(author("Hallström", "E"), author("Nakagawa", "S")),
            journal=Journal(abbreviation="Sample J Physiol"),
            abstract="We imaged motor nerve terminals. Terminal Schwann cells buffered calcium, as in Rao et al. 2019."
            " Taken together, our results place perisynaptic glia upstream of denervation, weeks before motor neurons are lost.",
            headings=(Heading("Animals", "", major=False), Heading("Mice", "", major=False)),
            doi="10.9999/sample.2026.0002",
        ),
        83.6,
        watches={"als": 83.6, "nmj": 80.1},
        reasons=_why("terminal Schwann cells, motor nerve terminal, denervation", "Perisynaptic glia (sample seed)"),
    ),
    entry(
        paper(
            3,
            "Efgartigimod in MuSK-antibody myasthenia gravis: a randomised, double-blind trial.",
            authors=(author("Moreau", "C"), author("Duarte", "F"), author("Iqbal", "Z")),
            journal=Journal(abbreviation="Sample Lancet Neurol"),
            publication_types=("Journal Article", "Randomized Controlled Trial"),
            headings=(Heading("Humans", "", major=False),),
            sections=(
                AbstractSection("FINDINGS", "RESULTS", "MG-ADL fell by 4.6 points."),
                AbstractSection("INTERPRETATION", "CONCLUSIONS", "Efgartigimod was effective and well tolerated over 26 weeks."),
            ),
            doi="10.9999/sample.2026.0003",
            pmcid="PMC99000003",
        ),
        66.4,
        reasons=_why("MuSK, myasthenia gravis, antibodies", _SEED),
    ),
)

REST = (
    entry(
        paper(4, "Botulinum neurotoxin A and the recovery of quantal content: a systematic review.",
              publication_types=("Review", "Systematic Review"), doi="10.9999/sample.2026.0004"),
        58.0,
    ),
    entry(
        paper(5, "Rapsyn phase separation seeds acetylcholine receptor clusters in zebrafish.",
              headings=(Heading("Zebrafish", "", major=False),), pmcid="PMC99000005", doi="10.9999/sample.2026.0005"),
        55.5,
    ),
    entry(
        paper(6, "[Electromyography of the motor endplate in childhood].", authors=(author("Šimková", "L"),),
              headings=(Heading("Humans", "", major=False),)),
        47.1,
    ),
    entry(
        paper(7, "TDP-43 loss uncouples synaptic vesicle release from calcium entry in motor neurons derived from patients.",
              doi="10.9999/sample.2026.0007"),
        watches={"als": 72.5},
    ),
    entry(paper(8, "Respiratory decline predicts survival in a Nordic ALS cohort.", doi="10.9999/sample.2026.0008"), watches={"als": 41.0}),
    entry(
        paper(9, "A human neuromuscular organoid with functional endplates and fatigue.", publication_types=("Preprint",),
              journal=Journal(abbreviation="sampleRxiv"), doi="10.9999/sample.2026.0009"),
        77.3,
    ),
    entry(
        paper(10, "Dok-7 dosage and synapse size in Drosophila.", published=PartialDate("2024 Mar", 2024, 3), crdt=date(2026, 9, 17),
              headings=(Heading("Drosophila", "", major=False),), doi="10.9999/sample.2024.0010"),
        52.8,
        also=((pubmed_id(99_000_110), "preprint in sampleRxiv"),),
    ),
    entry(
        paper(11, "Endplate pathology in 212 muscle biopsies.", crdt=date(2026, 5, 4), published=PartialDate("2026 Apr", 2026, 4)),
        44.0,
        by_late_dates=True,
    ),
)  # fmt: skip


def full() -> Digest:
    """A week with everything in it: picks, two watches, a preprint, late arrivals, a follow-up, a gap, a failure, a warning."""
    followed = paper(
        20,
        "Synaptic basal lamina proteomics of human muscle.",
        journal=Journal(abbreviation="Sample eLife"),
        doi="10.9999/sample.2026.0020",
    )
    return digest(
        [*PICKS, *REST],
        list_=replace(WEEKLY, top=3),
        follow_ups=[FollowUp(followed, 20, "now in Sample eLife; you had the preprint in July")],
        gaps=[
            Gap("als", date(2026, 9, 19), date(2026, 9, 20), "PubMed could not be reached; its papers come with the next digest")
        ],
        receipt=Receipt(
            checked=1_412,
            below_threshold=23,
            excluded_type=2,
            already_presented=1,
            retracted=(pubmed_id(99_000_201),),
            awaiting=1,
            failures=("watch ALS and the motor unit: a run failed 2 times, last on 20 September, 07:31: PubMed answered 502",),
            outages=(
                Outage(("nmj", "als"), OFF_FROM, BACK_AT, "the service was off or held up", BACK_AT),
                Outage(("als",), datetime(2026, 9, 19, 3, 31, tzinfo=UTC), COMPOSED_AT, "PubMed could not be reached"),
            ),
            remarks=("watch ALS and the motor unit: its papers are not ranked and all are shown: no seed has text",),
            next_digest_at=NEXT_AT,
        ),
        base_url="https://watcher.lab.example",
    )


def first() -> Digest:
    """A list's first digest, with older papers of an edited query."""
    starter = entry(paper(30, "The frog sartorius endplate, revisited."), 71, kind=Section.STARTER)
    similar = entry(paper(31, "Synapse elimination and the clock."), 62, origins=frozenset({Origin.SIMILAR}))
    period = replace(WEEK, covers_from=date(2026, 8, 22), first=True)
    return digest([*PICKS, *REST, starter, similar], period=period)


def empty() -> Digest:
    """A week without a paper."""
    return digest([])
