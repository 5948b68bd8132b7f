"""What the key to Zotero may do in each library and collection that the configuration names: the answer to `watcher zotero check`.

Nothing is written there, and little is asked: one request for the key, and for each library and collection one or two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from watcher.domain import as_document
from watcher.errors import ZoteroError
from watcher.flows.ports import Libraries
from watcher.flows.questions.check import Finding

if TYPE_CHECKING:
    from watcher.zotero.answers import Access

ALL = "all"


@dataclass(frozen=True, slots=True)
class Use:
    """A library, or a collection of one, that is read or written; `what_for` says by which key of the configuration."""

    what_for: str
    library: str
    collection: str = ""
    writes: bool = False

    @property
    def place(self) -> str:
        """How a person is told of it."""
        return f"{self.library}, collection {self.collection}" if self.collection else self.library


def check(libraries: Libraries, uses: Sequence[Use], *, has_key: bool) -> tuple[Finding, ...]:
    """What the key may do, and whether that is enough for each use. Where Zotero does not answer, or the key is none, nothing further is asked:
    more than five answers to a bad key in five minutes lock out everybody behind the same address."""
    found: list[Finding] = []
    about = "key"
    try:
        access = libraries.access() if has_key else None
        found.append(Finding(about, _told(access)))
        if not uses:
            found.append(Finding("libraries", "the configuration names none: nothing is read or written"))
        for use in uses:
            about = use.what_for
            found += _used(libraries, use, access)
    except ZoteroError as error:
        found.append(_failed(about, error))
    return tuple(found)


def _failed(about: str, error: ZoteroError) -> Finding:
    return Finding(about, " - ".join(filter(None, [str(error), error.fix])), failed=True, unreachable=error.may_pass)


def _told(access: Access | None) -> str:
    """The key in words: whose it is, and what it may do where."""
    if access is None:
        return "there is none: public groups can be read, nothing can be written"
    rights = [f"the library of this user: {_rights(access.own)}" if access.own else "nothing in the library of this user"]
    rights += [
        f"{'every group' if name == ALL else f'groups/{name}'}: {_rights(held)}" for name, held in sorted(access.groups.items())
    ]
    return f"of the user {access.username or 'without a name'}, users/{access.user}; {'; '.join(rights)}"


def _rights(held: object) -> str:
    may = held if isinstance(held, dict) else {}
    return "read and write" if may.get("library") and may.get("write") else "read" if may.get("library") else "nothing"


def _used(libraries: Libraries, use: Use, access: Access | None) -> Iterator[Finding]:
    """Whether the key is enough for one use; a refusal concerns this use alone, an outage all."""
    try:
        yield from _rights_enough(libraries, use, access)
        if use.collection:
            yield _collection(libraries, use)
        else:
            found = libraries.versions(use.library)
            yield Finding(use.what_for, f"{use.place}: {len(found.keys) if found else 0:,} items can be read")
    except ZoteroError as error:
        if error.may_pass:
            raise
        yield _failed(use.what_for, error)


def _rights_enough(libraries: Libraries, use: Use, access: Access | None) -> Iterator[Finding]:
    held = access.of(use.library) if access else {}
    if not use.writes:
        return
    if not held.get("write"):
        told = f"{use.place}: the key may not write there - give it the right at zotero.org/settings/keys"
        yield Finding(use.what_for, told, failed=True)
    elif use.library.startswith("groups/") and access is not None:
        group = libraries.group(use.library)
        if group.editing == "admins" and access.user not in group.admins:
            told = f"{use.place}: only admins edit in the group {group.name}, and the key's user is none - use the key of an admin"
            yield Finding(use.what_for, told, failed=True)
        else:
            yield Finding(use.what_for, f"{use.place}: the key may write")
    else:
        yield Finding(use.what_for, f"{use.place}: the key may write")


def _collection(libraries: Libraries, use: Use) -> Finding:
    one = libraries.collection(use.library, use.collection)
    if one.is_trashed:
        told = f"{use.place} ({one.name}) lies in the trash: what is written there is seen by nobody - restore it in Zotero, or name another"
        return Finding(use.what_for, told, failed=True)
    found = libraries.versions(use.library, use.collection)
    count = len(found.keys) if found else 0
    return Finding(use.what_for, f"{use.place} ({one.name}): {count:,} {'item' if count == 1 else 'items'} directly in it")


def document(found: Sequence[Finding]) -> dict[str, Any]:
    """The check in JSON: {findings: [{about, told, failed, unreachable}]}."""
    return {"findings": [as_document(one) for one in found]}
