"""The text index after its filling was killed again and again: the same as one that was filled at once. All papers are invented."""

from __future__ import annotations

import random
import signal
import time
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from support.store_samples import MONDAY, new_database, paper
from support.two_databases import Place

from watcher.domain import Article
from watcher.store import AnswerPage, SearchOrder, Selection, Store, read_query

PAPERS, PIECE, KILLS = 900, 30, 3
PROTEINS = ("agrin", "rapsyn", "musk", "lrp4")
ASKED = (*PROTEINS, "first", "later", '"synapse 7"', "title:later -agrin")
_PROCESSES = get_context("forkserver")


def _chips(_article: Article) -> tuple[str, ...]:
    return ()


def _follow(url: str, folder: Path, has_begun: Event) -> None:
    """What is killed: it follows the database piece by piece, and goes on when it has caught up."""
    with Store.open(url, folder=folder) as store:
        while True:
            store.follow(_chips, limit=PIECE)
            has_begun.set()


def _papers(edition: str) -> list[Article]:
    """Each edition revises every paper."""
    return [paper(number, f"{PROTEINS[number % 4]} synapse {number} {edition}") for number in range(1, PAPERS + 1)]


def _answers(store: Store) -> dict[str, list[int]]:
    """What the whole index answers."""
    while store.follow(_chips):
        pass
    found = {words: store.search(read_query(words), Selection(), SearchOrder.NEWEST, AnswerPage(limit=None)) for words in ASKED}
    return {words: [one.record_id.id for one in answer.papers] for words, answer in found.items()}


def test_after_any_number_of_kills_it_answers_as_one_that_was_filled_at_once(migrated: Place, tmp_path: Path) -> None:
    dice, left = random.Random(7), []  # noqa: S311 - nothing secret
    for edition in ("first", "later"):
        with Store.open(migrated.url, folder=migrated.folder) as store:
            store.save_articles(_papers(edition), MONDAY)
        for _ in range(KILLS):
            has_begun = _PROCESSES.Event()
            process = _PROCESSES.Process(target=_follow, args=(migrated.url, migrated.folder, has_begun))
            process.start()
            assert has_begun.wait(60)
            time.sleep(dice.uniform(0.0, 0.05))
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
            with Store.open(migrated.url, folder=migrated.folder) as store:
                left.append(store.search(read_query("synapse"), Selection(), SearchOrder.NEWEST, AnswerPage()).papers_missing)
    with Store.open(migrated.url, folder=migrated.folder) as store:
        killed = _answers(store)

    new_database(tmp_path)
    with Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path) as store:
        store.save_articles(_papers("later"), MONDAY)
        at_once = _answers(store)
    assert killed == at_once
    assert len(at_once["later"]) == PAPERS
    assert at_once["first"] == []
    assert any(0 < one < PAPERS for one in left), "none was killed in the middle"
