"""Scores and reasons to the last bit: what makes them sooner leaves every one as it is. The scores were written down at commit 1c7928e."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.rank_samples import AGEING, AGRIN, CROPS, ENDPLATE, MUSK, RECEPTORS, WHEAT

from standins.eutils.samples import record_files
from watcher import rank
from watcher.domain import Article, Heading, OtherAbstract, ResolvedSeed, Seed, pubmed_id
from watcher.pubmed.parse import articles
from watcher.rank.spaces import exact_sums, standard

KEPT = Path(__file__).parent.parent / "records" / "scores.json"
REAL = Path(__file__).parents[3] / "shared" / "ranking" / "cf.jsonl"

ODD = (
    Article(pubmed_id(31)),
    Article(pubmed_id(32), title="2026 – 1234 µ β α"),
    Article(pubmed_id(33), title="Vitamin D, vitamin d and VITAMINS", abstract="Vitamin. D vitamins? a b c d\x1fe_f __ g-h"),
    Article(pubmed_id(34), title="Plectin", abstract="Plectin", keywords=("plectin", "PLECTIN", "humans", " Humans ")),
    Article(
        pubmed_id(35), title="Dose–response of 5±3 µg/kg α‑bungarotoxin", abstract="Ångström, naïve, İstanbul, ſtudies, ²³⁵U, x²"
    ),
    Article(
        pubmed_id(36),
        title="神経筋接合部 und Endplatten",
        abstract="Acetylcholinrezeptoren\u00a0häufen\u2003sich\nan\tder\x0bEndplatte",
    ),
    replace(
        AGRIN, record_id=pubmed_id(37), other_abstracts=(OtherAbstract("publisher", "eng", "Old mice again, in plain words."),)
    ),
    replace(AGRIN, record_id=pubmed_id(38), headings=(*AGRIN.headings, Heading("Aged, 80 and over", "D000369", major=False)) * 2),
)


class _Embed:
    """Unit vectors drawn from a text's hash."""

    sha256 = "a model"

    @property
    def sample(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return self([f"general paper {number}" for number in range(10_000)])

    def __call__(self, texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        rows = np.array([np.frombuffer(hashlib.sha256(text.encode()).digest(), np.int32) / 2**31 for text in texts]).reshape(-1, 8)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _seeds(*shown: Article) -> list[ResolvedSeed]:
    return [ResolvedSeed(Seed("", str(article.pmid), ""), article) for article in shown]


@cache
def _rankings() -> tuple[rank.Ranking, ...]:
    """One seed, several topics, verdicts of both kinds, nothing but verdicts, a seed of numbers alone, a dense part."""
    background = rank.load_background()
    return (
        rank.build([AGEING], background=background),
        rank.build([AGEING, CROPS, RECEPTORS], background=background),
        rank.build([AGEING, CROPS], background=background, relevant=[AGRIN, MUSK], not_relevant=[ENDPLATE, ODD[4]]),
        rank.build([], background=background, relevant=[WHEAT], not_relevant=[AGRIN]),
        rank.build(_seeds(ODD[1]), background=background),
        rank.build(_seeds(*ODD[2:], MUSK), background=background),
        rank.build([AGEING, CROPS], background=background, not_relevant=[ENDPLATE], embed=_Embed()),
    )


def _scores(papers: Sequence[Article]) -> list[list[float]]:
    """What each ranking gives each of the papers."""
    return [list(numbers) for numbers in zip(*(ranking.values(papers) for ranking in _rankings()), strict=True)]


def _name(article: Article) -> str:
    """Stands for all that is read of a paper."""
    return hashlib.sha256(_told(replace(article, record_id=pubmed_id(1))).encode()).hexdigest()[:16]


def _samples() -> dict[str, Article]:
    """The shipped samples and the papers of these tests, by what they say."""
    shipped = [article for file in record_files() for article in articles(io.BytesIO(file.read_bytes()))]
    return {_name(article): article for article in (*ODD, AGRIN, MUSK, ENDPLATE, WHEAT, *shipped)}


def test_scores_of_samples_are_what_they_were() -> None:
    kept: dict[str, list[float]] = json.loads(KEPT.read_text(encoding="utf-8"))
    there = {name: article for name, article in _samples().items() if name in kept}

    scores = _scores([*there.values()])

    assert {name: kept[name] for name in there} == dict(zip(there, scores, strict=True))
    assert len(there) > 0.8 * len(kept)  # a sample that has been rewritten since is passed over
    assert {_name(article) for article in ODD} <= there.keys()


def test_reasons_are_what_they_were() -> None:
    """Of odd and plain papers, in each ranking; a reason's digits depend on the order of additions. Written down at commit f0bc3ee."""
    papers = [*ODD, AGRIN, MUSK, ENDPLATE, WHEAT, *(seed.article for seed in (AGEING, CROPS, RECEPTORS) if seed.article)]

    told = [[scored.reasons for scored in ranking.score(papers)] for ranking in _rankings()]
    parts = [[ranking.breakdown(paper) for paper in papers] for ranking in _rankings()]

    assert sum(bool(reasons.terms) for some in told for reasons in some) > len(papers)
    assert _digest(told) == "f8ce926a8194e05e38ab7b934c4834bc8b040ee0a5588645caf561b2e982791e"
    assert _digest(parts) == "36f0f0181a41a7d1c346dc089f3470928ac45c32db2dd23417a14c6da2530270"


def _digest(values: object) -> str:
    return hashlib.sha256(_told(values).encode()).hexdigest()


def _told(values: object) -> str:
    """As `repr` told values when the hashes were written down: records by their PMIDs, and no snapshot of a watch's own papers."""
    told = re.sub(r"RecordId\(source='pubmed', id=(\d+)\)", r"\1", repr(values)).replace("record_id=", "pmid=")
    return told.replace(", ground=None)", ")")


@pytest.mark.skipif(not REAL.exists(), reason="the labelled sets (../shared/ranking) are not here")
def test_scores_of_real_papers_are_what_they_were() -> None:
    rows = [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]
    papers = [
        Article(pubmed_id(place), title=row["title"] or "", abstract=row["abstract"] or "") for place, row in enumerate(rows, 1)
    ]
    background = rank.load_background()
    features = rank.read(papers, background=background)

    rankings = [
        rank.build(_seeds(*papers[start : start + 5]), background=background, relevant=more[:2], not_relevant=more[2:])
        for start, more in ((0, []), (100, []), (200, papers[300:303]), (400, papers[500:506]))
    ]

    told = json.dumps([ranking.values_of(features) for ranking in rankings])
    reasons = [scored.reasons for ranking in rankings for scored in ranking.score(papers)]

    assert _digest(reasons) == "f03449e42624b8c04aa4bd3169020989b6cb86c250a657ffd8a65dbdd484b05c"
    assert hashlib.sha256(told.encode()).hexdigest() == "cb80bfafbc33196ca9e24bd78cd4c57efd0d45db8ebbc0cdbcef9ade64aefc2c"


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e12])
def test_sums_are_exact_however_many_numbers_and_however_far_apart(scale: float) -> None:
    generator = np.random.RandomState(0)
    rows = generator.standard_normal((4, 10_000)) * np.exp(generator.uniform(-60, 20, (4, 10_000))) * scale
    rows[1] = np.concatenate((rows[1, :5_000], -rows[1, :5_000]))
    rows[2] = 0.0

    assert exact_sums(rows).tolist() == [math.fsum(row) for row in rows.tolist()]


def test_mean_and_deviation_are_exactly_rounded_and_a_row_of_equals_has_1() -> None:
    rows = np.vstack((np.random.RandomState(0).standard_normal(10_000) ** 3, np.full(10_000, 0.1)))

    middles, spreads = standard(rows)

    assert middles.tolist() == [math.fsum(row) / 10_000 for row in rows.tolist()]
    assert spreads[0] == math.sqrt(math.fsum(((rows[0] - middles[0]) ** 2).tolist()) / 10_000)
    assert spreads[1] == 1.0
