"""The only room that knows SQL: what the service has seen, judged, presented and owes.

`Store` is the door. Rows stay inside; frozen values of `watcher.domain` and of `values` cross. The room decides nothing about papers:
it keeps promises by constraints, and answers questions.
"""

from watcher.domain import RankingFacts
from watcher.store.backup import BackupFacts
from watcher.store.process_lock import ProcessLock, is_dead
from watcher.store.restore import RestoreFacts
from watcher.store.spool import Spool
from watcher.store.store import Store
from watcher.store.values import (
    Absent,
    ClaimFacts,
    CorrectionFacts,
    DeliveryFacts,
    DigestFacts,
    FollowUpFacts,
    History,
    HitFacts,
    Judgement,
    JudgementFacts,
    LastGood,
    LeftOut,
    ListHistory,
    NewVersion,
    NoticeFacts,
    Owed,
    PaperFacts,
    PresentedFacts,
    QueryVersion,
    Rereading,
    ResolvedSeedRow,
    RunCommit,
    RunHistory,
    ScoreFacts,
    Snapshot,
    SnapshotFacts,
    StopFacts,
    StoredArticle,
    StoreFacts,
    TellingFacts,
    Untold,
    Waiting,
)

__all__ = [
    "Absent",
    "BackupFacts",
    "ClaimFacts",
    "CorrectionFacts",
    "DeliveryFacts",
    "DigestFacts",
    "FollowUpFacts",
    "History",
    "HitFacts",
    "Judgement",
    "JudgementFacts",
    "LastGood",
    "LeftOut",
    "ListHistory",
    "NewVersion",
    "NoticeFacts",
    "Owed",
    "PaperFacts",
    "PresentedFacts",
    "ProcessLock",
    "QueryVersion",
    "RankingFacts",
    "Rereading",
    "ResolvedSeedRow",
    "RestoreFacts",
    "RunCommit",
    "RunHistory",
    "ScoreFacts",
    "Snapshot",
    "SnapshotFacts",
    "Spool",
    "StopFacts",
    "Store",
    "StoreFacts",
    "StoredArticle",
    "TellingFacts",
    "Untold",
    "Waiting",
    "is_dead",
]
