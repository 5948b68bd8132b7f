"""Vectors of texts, each kept under the model that made it and the hash of the text. What the bytes mean is the ranking's affair."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import RecordId, embedded_text, text_sha256
from watcher.store.articles import Texts, load
from watcher.store.columns import embeddings
from watcher.store.database import batches, change, upsert


def stored(session: sa.Connection, model_sha256: str, texts: Collection[str]) -> dict[str, bytes]:
    """The vectors of those of the texts (by hash) that have one of this model."""
    wanted = sa.select(embeddings.c.text_sha256, embeddings.c.vector).where(embeddings.c.model_sha256 == model_sha256)
    return {
        text: vector
        for batch in batches(texts)
        for text, vector in session.execute(wanted.where(embeddings.c.text_sha256.in_(batch)))
    }


def save(session: sa.Connection, model_sha256: str, vectors: Mapping[str, bytes], at: datetime) -> None:
    """Keeps vectors by the hashes of their texts, in the place of any that is there: it was found damaged."""
    key = {"model_sha256": model_sha256, "made_at": at}
    rows = [{**key, "text_sha256": text, "vector": vector} for text, vector in vectors.items()]
    upsert(session, embeddings, rows, key=("model_sha256", "text_sha256"))


def count(session: sa.Connection, model_sha256: str) -> int:
    """How many vectors of a model there are."""
    wanted = sa.select(sa.func.count()).select_from(embeddings).where(embeddings.c.model_sha256 == model_sha256)
    return int(session.execute(wanted).scalar_one())


def forget(session: sa.Connection, record_ids: Collection[RecordId], before: datetime) -> None:
    """Drops the vectors of papers whose texts are being dropped, and those made before an instant, whatever text they are of.

    The latter are of texts that PubMed has since changed, or of models no longer used; one that is still needed is computed again.
    """
    change(session, embeddings.delete().where(embeddings.c.made_at < before))
    if session.execute(sa.select(embeddings.c.text_sha256).limit(1)).first() is None:
        return
    for batch in batches(record_ids):
        papers = [embedded_text(article) for article in load(session, batch, Texts()).values()]
        texts = [key for text in papers for key in (text_sha256(text), text.parts_sha256)]
        for part in batches(texts):
            change(session, embeddings.delete().where(embeddings.c.text_sha256.in_(part)))
