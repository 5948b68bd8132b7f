"""Ranking methods side by side on labelled sets, by the same draws, in one run. The command is benchmarks/ranking.py.

    sets        labelled papers on disk -> LabelledSet; the fixed draws
    measures    average precision, means, paired ratios with bootstrap intervals
    methods     what a method is: it reads a pool of papers, then scores all of them from a few known ones
    ours        watcher's own ranking as a method (`embedding`: its dense part)
    bm25        BM25 by bm25s
    rivals      a TF-IDF centroid, arxiv-sanity-lite's classifier (scikit-learn, from requirements-bench.lock)
    pmra        PubMed's similar articles, from its published formula
    asreview_client  the real ASReview package, in an environment of its own (`asreview_worker` runs there)
    kept        results on disk, so that a run goes on where it was stopped
    ground      variants of watcher's ranking that know the papers among which they rank
    variants    every one of them that benchmarks/choice.py tries
    tasks       few-seed ranking, and a stream with feedback
    report      the tables and the picture of docs/ranking.md

What tests/unit/test_contest.py imports (all but rivals, asreview_* and the picture) runs with requirements.lock alone.
"""
