"""Holding a lease of the database while long work goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from watcher.errors import Busy
from watcher.store import Store

LEASE_SECONDS = 180.0
RENEW_SECONDS = 45.0


@contextmanager
def held(store: Store, name: str, holder: str) -> Iterator[None]:
    """Hold the lease `name` for the length of the block; a thread renews it.

    Raises:
        Busy: another process holds it.
    """
    token = store.take_lease(name, holder=holder, seconds=LEASE_SECONDS)
    if token is None:
        raise Busy(f"another process ({store.lease_holder(name) or 'just gone'}) holds {name!r}: try again when it is done")
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, name, token, done), name=f"lease-{name}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        store.release_lease(name, token)


def _renew(store: Store, name: str, token: str, done: threading.Event) -> None:
    while not done.wait(RENEW_SECONDS):
        if not store.renew_lease(name, token, seconds=LEASE_SECONDS):
            return
