"""What a run has found waits for its commit: as it was, in its order, in memory or on disk, and in no file that stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.store_samples import paper

from watcher.domain import Article, Reasons, Scored, pubmed_id
from watcher.errors import StoreError
from watcher.store import Spool, codec
from watcher.store.spool import ROOM

MANY = 2 * ROOM + 150


@pytest.fixture(params=[0, 1, ROOM, ROOM + 1, MANY])
def articles(request: pytest.FixtureRequest) -> list[Article]:
    return [paper(number, title=f"Agrin\n{number} β \ud800") for number in range(1, request.param + 1)]


@pytest.fixture
def spool(articles: list[Article], tmp_path: Path) -> Spool[Article]:
    made = Spool(Article, tmp_path)
    for start in range(0, len(articles), 700):
        made.extend(articles[start : start + 700])
    return made


def test_values_come_back_as_they_were_as_often_as_they_are_asked_for(spool: Spool[Article], articles: list[Article]) -> None:
    assert list(spool) == articles
    assert list(spool) == articles
    assert len(spool) == len(articles)


def test_each_comes_with_its_canonical_text(spool: Spool[Article], articles: list[Article]) -> None:
    assert list(spool.pairs()) == [(one, codec.dumps(one)) for one in articles]


def test_any_can_be_asked_for_by_its_place(spool: Spool[Article], articles: list[Article]) -> None:
    places = [
        place for place in (0, 99, 100, ROOM - 1, ROOM, ROOM + 1, len(articles) - 1, -1) if -len(articles) <= place < len(articles)
    ]

    assert [spool[place] for place in places] == [articles[place] for place in places]
    assert spool[1:3] == articles[1:3]
    with pytest.raises(IndexError):
        _ = spool[len(articles)]


def test_no_more_than_a_part_stays_in_memory_and_no_file_has_a_name(tmp_path: Path) -> None:
    spool = Spool(Article, tmp_path)

    spool.extend(paper(number) for number in range(1, MANY))

    assert len(spool._held) <= ROOM
    assert list(tmp_path.iterdir()) == []


def test_scores_come_back_to_the_last_bit(tmp_path: Path) -> None:
    scores = [Scored(pubmed_id(number), number / 7, Reasons()) for number in range(1, MANY)]
    spool = Spool(Scored, tmp_path)

    spool.extend(scores)

    assert list(spool) == scores


def test_a_folder_that_takes_nothing_is_told(tmp_path: Path) -> None:
    spool = Spool(Article, tmp_path / "gone")

    with pytest.raises(StoreError, match="cannot be written"):
        spool.extend(paper(number) for number in range(1, MANY))
