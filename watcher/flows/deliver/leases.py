"""Holding a lease of the database while long work goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from watcher.errors import Busy, StoreError
from watcher.store import Store

LEASE_SECONDS = 180.0
RENEW_SECONDS = 45.0
"""So often that two renewals in a row may fail, of a locked database, before another process may take the work."""

_LEFT: WeakKeyDictionary[Store, dict[str, str]] = WeakKeyDictionary()
"""Leases that could not be given back since the database could not be written: they are before they are taken again."""


@contextmanager
def held(store: Store, name: str, holder: str) -> Iterator[None]:
    """Hold the lease `name` for the length of the block; a thread renews it.

    Raises:
        Busy: another process holds it.
    """
    left = _LEFT.setdefault(store, {})
    if name in left:
        store.release_lease(name, left[name])
        del left[name]
    token = store.take_lease(name, holder=holder, seconds=LEASE_SECONDS)
    if token is None:
        raise _busy(name, store.lease_holder(name))
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, name, token, done), name=f"lease-{name}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        try:
            store.release_lease(name, token)
        except StoreError:
            left[name] = token  # what went wrong inside the block counts, and the lease runs out by itself


def refuse_if_held(store: Store, name: str) -> None:
    """Nothing, unless another process holds the lease. Raises Busy."""
    holder = store.lease_holder(name)
    if holder is not None:
        raise _busy(name, holder)


def _busy(name: str, holder: str | None) -> Busy:
    return Busy(f"another process ({holder or 'just gone'}) holds {name!r}: try again when it is done")


def _renew(store: Store, name: str, token: str, done: threading.Event) -> None:
    while not done.wait(RENEW_SECONDS):
        try:
            if not store.renew_lease(name, token, seconds=LEASE_SECONDS):
                return
        except StoreError:
            continue  # it may be written again before the lease runs out
