"""The variants of the ranking that benchmarks/choice.py tries: the ranking as it is first, and every one that was thought of, losers too."""

from __future__ import annotations

from contest.ground import PLAIN, SNAPSHOT, Sketch, Space

TOPICS = Space("topics")


def mixed(share: float, *, both: bool = False, common: float = 2.0) -> tuple[Space, ...]:
    """The three spaces, the weights of words with a share of the snapshot's; see `Space`."""
    words = (Space(kind, share=share, both=both, common=common) for kind in ("phrases", "words"))
    return (*words, TOPICS)


def _room(
    name: str, local: tuple[Space, ...], hope: float, doubt: float, *, snapshot: int = SNAPSHOT, blend: str = "weights"
) -> Sketch:
    """A variant that is believed as far as left-out seeds have room to rise, and do."""
    named = f"{name}, room {hope:g} {doubt:g}"
    return Sketch(named, local, rule="room", hope=hope, need=hope, doubt=doubt, snapshot=snapshot, blend=blend)


def _rules(share: float) -> tuple[Sketch, ...]:
    """The rules by which left-out seeds may decide on one share."""
    local, name = mixed(share), f"direction {share:g}"
    return (
        Sketch(name, local),
        Sketch(f"{name}, when better", local, rule="better"),
        Sketch(f"{name}, shrunk by 1", local, rule="shrunk", doubt=1.0, blend="weights"),
        Sketch(f"{name}, best of five strengths", local, rule="grid"),
        *(_room(name, local, hope, doubt) for hope, doubt in ((0.2, 0.5), (0.1, 0.5), (0.1, 1.0))),
    )


def with_pmra(share: float, weight: float) -> tuple[Space, ...]:
    """The three spaces, and one after PubMed's similar articles by the snapshot's weights."""
    return (*mixed(share), Space("pmra", weight, share=1.0))


def for_words(share: float, weight: float) -> tuple[Space, ...]:
    """The same without the space of words."""
    phrases, _, topics, pmra = with_pmra(share, weight)
    return (phrases, topics, pmra)


def _roomy(name: str, local: tuple[Space, ...], *hopes: float) -> tuple[Sketch, ...]:
    """Scores blended, by several hopes."""
    return tuple(_room(name, local, hope, 0.5, blend="scores") for hope in hopes)


PMRA_FOUR_TIMES = (*PLAIN, Space("pmra", 4.0, share=1.0))
WITH_PMRA = with_pmra(0.7, 2.0)
"""What the ranking makes of a snapshot that it believes wholly."""

VARIANTS = (
    Sketch("as it is", most=0.0),
    Sketch("papers and direction 0.2", mixed(0.2, both=True)),
    Sketch("papers and direction 0.7", mixed(0.7, both=True)),
    Sketch("papers and direction 1", mixed(1.0, both=True)),
    Sketch("direction 0.2", mixed(0.2)),
    *_rules(0.4),
    *_rules(0.7),
    *_rules(1.0),
    _room("direction 0.7, scores blended", mixed(0.7), 0.1, 0.5, blend="scores"),
    _room("direction 0.7, 150 papers", mixed(0.7), 0.1, 0.5, snapshot=150),
    _room("direction 0.7, 500 papers", mixed(0.7), 0.1, 0.5, snapshot=500),
    Sketch("without what half of its papers hold", mixed(0.0, common=0.5)),
    Sketch("without what a quarter holds", mixed(0.0, common=0.25)),
    Sketch("and PMRA, frozen", (*PLAIN, Space("pmra"))),
    Sketch("and PMRA, its own", (*PLAIN, Space("pmra", share=1.0))),
    Sketch("and PMRA four times, its own", PMRA_FOUR_TIMES),
    _room("and PMRA four times", PMRA_FOUR_TIMES, 0.1, 0.5, blend="scores"),
    Sketch("direction 0.4 and PMRA twice", with_pmra(0.4, 2.0)),
    *_roomy("direction 0.4 and PMRA twice", with_pmra(0.4, 2.0), 0.1, 0.2, 0.5, 1.0),
    *_roomy("direction 0.4 and PMRA once", with_pmra(0.4, 1.0), 0.2, 0.5),
    *_roomy("direction 0.4 and PMRA four times", with_pmra(0.4, 4.0), 0.1, 0.2, 0.5),
    *_roomy("direction 0.55 and PMRA three times", with_pmra(0.55, 3.0), 0.2, 0.5),
    *_roomy("direction 0.7 and PMRA once", with_pmra(0.7, 1.0), 0.2),
    *_roomy("direction 0.7 and PMRA twice", WITH_PMRA, 0.1, 0.2, 0.5, 1.0),
    *_roomy("direction 0.7 and PMRA three times", with_pmra(0.7, 3.0), 0.2),
    *_roomy("direction 0.85 and PMRA twice", with_pmra(0.85, 2.0), 0.2),
    *_roomy("direction 0.4, PMRA twice for words", for_words(0.4, 2.0), 0.2),
    *_roomy("direction 0.55, PMRA twice for words", for_words(0.55, 2.0), 0.2),
    *_roomy("direction 0.7, PMRA 1.5 times for words", for_words(0.7, 1.5), 0.2),
    *_roomy("direction 0.7, PMRA twice for words", for_words(0.7, 2.0), 0.1, 0.2, 0.5, 1.0),
    *_roomy("direction 0.7, PMRA three times for words", for_words(0.7, 3.0), 0.1, 0.2),
    *_roomy("direction 0.85, PMRA twice for words", for_words(0.85, 2.0), 0.2),
    *_roomy("direction 0.7, labels spread, half", (*mixed(0.7), Space("spread", 0.5)), 0.2),
    *_roomy("direction 0.7, labels spread", (*mixed(0.7), Space("spread")), 0.2),
    *_roomy("direction 0.4, PMRA twice, labels spread, half", (*with_pmra(0.4, 2.0), Space("spread", 0.5)), 0.2),
    *_roomy("direction 0.4, PMRA twice, labels spread", (*with_pmra(0.4, 2.0), Space("spread")), 0.2),
    Sketch("PMRA, its own, alone", (Space("pmra", share=1.0),)),
    Sketch("topics with its covariance", (*PLAIN[:2], Space("topics", share=0.5))),
    Sketch("topics twice", (*PLAIN[:2], Space("topics", 2.0))),
    Sketch("no topics", PLAIN[:2]),
)
