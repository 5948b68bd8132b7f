"""A batch goes on where an earlier one ended, and takes over nothing that was lived otherwise."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.__main__ import main
from simulation.batch import Kept, Outcome, code_hash

WELL = Outcome(3, 52, played={"kill": 7}, messages=12, papers=30, seconds=4.5, code="abc")
OPTIONS = {"weeks": 52, "hours": 20.0, "postgres": False}


class Lives:
    """Lives a seed at once; Ctrl-C comes in place of the seed `cut`."""

    def __init__(self, *, cut: int = 0, wrong: int = 0) -> None:
        self.lived: list[int] = []
        self._cut = cut
        self._wrong = wrong

    def __call__(self, seed: int, asked: argparse.Namespace) -> Outcome:
        """What became of the seed."""
        if seed == self._cut:
            raise KeyboardInterrupt
        self.lived.append(seed)
        return Outcome(seed, asked.weeks, ["LOST"] if seed == self._wrong else [], code=code_hash())


def batch(folder: Path, lives: Lives, *more: str) -> int:
    """What a call for four seeds ends with."""
    return main(["--seeds", "4", "--out", str(folder / "kept" / "outcomes.jsonl"), *more], lives)


def test_what_ctrl_c_breaks_off_goes_on_with_the_seeds_that_are_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = Lives(cut=4), Lives()

    broken_off = batch(tmp_path, first)
    told = capsys.readouterr().out
    whole = batch(tmp_path, second)

    assert (broken_off, whole) == (130, 0)
    assert first.lived == [1, 2, 3]
    assert "1 of 4 seeds are left" in told
    assert second.lived == [4]
    assert f"taken over from {tmp_path}/kept/outcomes.jsonl: 3 of 4 seeds" in capsys.readouterr().out


def test_all_that_is_taken_over_counts_as_if_it_were_lived_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    batch(tmp_path, Lives(wrong=2))
    capsys.readouterr()
    again = Lives()

    ended = batch(tmp_path, again)

    assert again.lived == []
    assert ended == 1
    assert "failing seeds: 2" in capsys.readouterr().out


def test_all_is_lived_again_when_that_is_asked_for(tmp_path: Path) -> None:
    batch(tmp_path, Lives())
    again = Lives()

    batch(tmp_path, again, "--again")

    assert again.lived == [1, 2, 3, 4]


@pytest.mark.parametrize("other", [["--weeks", "4"], ["--hours", "30"], ["--postgres"], ["--without", "kill"], ["--steady"]])
def test_nothing_is_taken_over_with_other_options(tmp_path: Path, other: list[str]) -> None:
    batch(tmp_path, Lives())
    lives = Lives()

    batch(tmp_path, lives, *other)

    assert lives.lived == [1, 2, 3, 4]


def test_an_outcome_is_read_as_it_was_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "outcomes.jsonl", OPTIONS)

    kept.keep(WELL)

    assert kept.taken_over([2, 3], "abc") == (WELL,)
    assert kept.taken_over([2], "abc") == ()


def test_nothing_is_taken_over_from_other_code(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "outcomes.jsonl", OPTIONS)
    kept.keep(WELL)

    assert kept.taken_over([3], "abd") == ()


def test_a_line_that_a_kill_has_cut_costs_itself_alone(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "outcomes.jsonl", OPTIONS)
    kept.keep(WELL)
    kept.keep(replace(WELL, seed=4))
    kept.path.write_bytes(kept.path.read_bytes()[:-40])

    kept.keep(replace(WELL, seed=5))

    assert [outcome.seed for outcome in kept.taken_over([3, 4, 5], "abc")] == [3, 5]


def test_what_the_simulation_itself_broke_off_is_not_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "outcomes.jsonl", OPTIONS)

    kept.keep(replace(WELL, code=""))

    assert kept.taken_over([3], "") == ()
