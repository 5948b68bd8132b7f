"""Runs in ASReview's own environment: reads a pool, then orders it from labelled rows. Knows nothing of watcher.

A line {"titles": […], "abstracts": […]} is answered by {"papers": N}; {"relevant": [rows], "not_relevant": [rows]}
by {"order": [rows]}, best first.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from asreview.learner import ActiveLearningCycle
from asreview.models.models import get_ai_config
from scipy.sparse import csr_matrix

MODEL = "elas_u4"


def main() -> None:
    """Answer line by line until the input ends."""
    cycle = ActiveLearningCycle.from_meta(get_ai_config(MODEL)["value"])
    pool: Any = None
    for line in sys.stdin:
        question = json.loads(line)
        if "titles" in question:
            pool = cycle.transform(pd.DataFrame({"title": question["titles"], "abstract": question["abstracts"]}))
            answer = {"papers": pool.shape[0]}
        else:
            answer = {"order": order(cycle, pool, question["relevant"], question["not_relevant"])}
        print(json.dumps(answer), flush=True)


def order(cycle: ActiveLearningCycle, pool: csr_matrix, relevant: list[int], not_relevant: list[int]) -> list[int]:
    """The rows as ASReview's cycle ranks them after training on the labelled ones."""
    np.random.seed(0)  # what LinearSVC draws from
    labels = np.array([1] * len(relevant) + [0] * len(not_relevant))
    cycle.fit(pool[relevant + not_relevant], labels)
    ranked: list[int] = cycle.rank(pool).tolist()
    return ranked


if __name__ == "__main__":
    main()
