"""A reader is forgotten: what they said stays, and nobody can tell any more who said it.

Their name or address is replaced, wherever a row holds it, by one that nothing else holds. What they taught a ranking stays: taking it away
would change what others read.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from watcher.domain import DeliveryState
from watcher.store.columns import attempts, config_versions, deliveries, messages, notes, notices, stops, verdicts
from watcher.store.database import change

_WAITING = (DeliveryState.PENDING.value, DeliveryState.PARKED.value, DeliveryState.SENDING.value)


@dataclass(frozen=True, slots=True)
class ForgottenFacts:
    """What was changed: rows of each kind, and the name that stands there now."""

    verdicts: int
    notes: int
    deliveries: int
    stops: int
    texts: int
    stands: str

    @property
    def rows(self) -> int:
        """How many in all."""
        return self.verdicts + self.notes + self.deliveries + self.stops + self.texts


def is_owed(session: sa.Connection, reader: str) -> bool:
    """Whether a message is still owed to the reader."""
    mine = sa.and_(sa.func.lower(deliveries.c.recipient) == reader.lower(), deliveries.c.state.in_(_WAITING))
    return bool(session.execute(sa.select(sa.exists().where(mine))).scalar())


def forget(session: sa.Connection, reader: str) -> ForgottenFacts:
    """Replaces a reader's name or address everywhere, whatever its case; notes are theirs alone and go."""
    stands = f"forgotten-{secrets.token_hex(4)}"

    def named(column: sa.Column[str]) -> sa.ColumnElement[bool]:
        return sa.func.lower(column) == reader.lower()

    return ForgottenFacts(
        verdicts=change(session, verdicts.update().where(named(verdicts.c.reader)).values(reader=stands)),
        notes=change(session, notes.delete().where(named(notes.c.reader))),
        deliveries=change(session, deliveries.update().where(named(deliveries.c.recipient)).values(recipient=stands)),
        stops=change(session, stops.update().where(named(stops.c.reader)).values(reader=stands)),
        texts=sum(_texts(session, reader, stands)),
        stands=stands,
    )


def _texts(session: sa.Connection, reader: str, stands: str) -> Iterator[int]:
    """Replaces it in what was written of them: reasons of failures, notices and their messages, earlier configurations."""
    for table, columns in (
        (deliveries, ("reason", "fix", "remark")),
        (attempts, ("reason", "fix")),
        (notices, ("headline", "what", "todo")),
        (config_versions, ("document",)),
    ):
        for name in columns:
            yield _replaced(session, table, table.c[name], reader, stands)
    yield _messages(session, reader, stands)


def _replaced(session: sa.Connection, table: sa.Table, column: sa.Column[str], reader: str, stands: str) -> int:
    holds = sa.func.lower(column).contains(reader.lower(), autoescape=True)
    rows = session.execute(sa.select(table.c.id, column).where(holds)).all()
    for number, text in rows:
        session.execute(table.update().where(table.c.id == number).values({column.name: without(text, reader, stands)}))
    return len(rows)


def _messages(session: sa.Connection, reader: str, stands: str) -> int:
    """Messages of notices name readers; those of digests do not."""
    wanted = sa.select(messages.c.id, messages.c.subject, messages.c.payload).where(messages.c.notice_id.is_not(None))
    changed = 0
    for number, subject, payload in session.execute(wanted).all():
        text = payload if isinstance(payload, str) else bytes(payload).decode()
        told = without(text, reader, stands)
        if told != text or reader.lower() in subject.lower():
            stored = told.encode()
            values = {"subject": without(subject, reader, stands), "payload": stored, "sha256": hashlib.sha256(stored).hexdigest()}
            session.execute(messages.update().where(messages.c.id == number).values(**values))
            changed += 1
    return changed


def without(text: str, reader: str, stands: str) -> str:
    """A text with a reader's name replaced, whatever its case; "" stays."""
    folded, name, pieces, at = text.lower(), reader.lower(), [], 0
    if len(folded) != len(text):  # a letter whose small form is longer: then only the name as it was written
        return text.replace(reader, stands)
    while (found := folded.find(name, at)) >= 0:
        pieces += [text[at:found], stands]
        at = found + len(name)
    return "".join([*pieces, text[at:]])
