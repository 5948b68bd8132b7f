"""A configuration is taken up: the database is made to know it."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher import clock
from watcher.config import Settings
from watcher.store import Store


def take_up(store: Store, settings: Settings, now: datetime, *, starting: bool, is_last_good: bool) -> None:
    """Make the database know a configuration: its watches and lists, and that it is in force. After any change of it, or when a service is
    `starting` with it, what was parked is tried again. `is_last_good`: it is the one that the database kept, and may lack a secret now."""
    known = store.configuration()
    changed = known is not None and known[0] != settings.sha256
    if starting or changed:
        store.wake_parked(now, refused_too=changed)
        store.zotero.wake_pushes(now)
    watches = [settings.watch(name) for name in settings.watches]
    lists = [settings.digest_list(name) for name in settings.lists]
    today = clock.ncbi_day(now)
    store.register(
        {watch.name: watch.was for watch in watches},
        {one.name: one.watches for one in lists},
        {watch.name: today - timedelta(days=watch.start.days) for watch in watches},
        now,
    )
    if not is_last_good:
        store.remember_configuration(settings.sha256, settings.document_without_secrets(), now)
