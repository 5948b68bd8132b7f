"""Tells the alerts' channel that the service itself cannot work: its rounds fail, most often because of the database.

The message goes out directly, since nothing can be owed without a database: once when it has gone on for a while, once when it ends.
Each recipient is told alone: who cannot be reached is tried again while it goes on, and hears of the end only after the beginning.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from watcher.app import App
from watcher.config import Settings
from watcher.digest import notice as rendering
from watcher.domain import Channel, Delivery, DeliveryState, Notice
from watcher.errors import ConfigurationError, DeliveryError

TELL_AFTER = timedelta(minutes=15)
"""A database that is restarted or locked is back by then: nobody is written to for that."""
TRY_AGAIN_AFTER = timedelta(minutes=5)

_TODO = (
    "Nothing is lost: what is due is done once it works again. Look at the service's log, at the room on the disk, and at the database. "
    "`watcher status` tells how things stand."
)

_log = structlog.get_logger(__name__)


@dataclass
class Alarm:
    """Remembers who was told of the failure that goes on: recipients by channel. Instants are the machine's own."""

    _since: datetime | None = None
    _tried_at: datetime | None = None
    _told: dict[str, set[str]] = field(default_factory=dict)

    def after_round(self, settings: Settings, error: str | None, now: datetime) -> None:
        """Hear how a round ended; `error` is what it failed of, None when it did not."""
        if error is not None:
            self._since = self._since or now
            if now - self._since >= TELL_AFTER and self._may_try(now):
                self._tried_at = now
                what = f"Its rounds fail: {error}"
                self._begun(
                    settings, Notice("service", self._since, headline="The watcher cannot work", what=what, todo=_TODO), now
                )
            return
        told, since = self._told, self._since
        self._since, self._tried_at, self._told = None, None, {}
        if since is not None:
            notice = Notice("service", since, headline="The watcher works again", recovered_at=now)
            for name, recipients in told.items():
                _send(settings, name, notice, now, only=recipients)

    def _may_try(self, now: datetime) -> bool:
        return self._tried_at is None or abs(now - self._tried_at) >= TRY_AGAIN_AFTER

    def _begun(self, settings: Settings, notice: Notice, now: datetime) -> None:
        """Tell whoever of the alerts' channel does not know yet."""
        name = settings.alerts.channel if settings.alerts else None
        if name is not None:
            known = self._told.get(name, set())
            reached = _send(settings, name, notice, now, but=known)
            if reached:
                self._told[name] = known | reached


def _send(
    settings: Settings, name: str, notice: Notice, now: datetime, *, only: Collection[str] | None = None, but: Collection[str] = ()
) -> set[str]:
    """To a channel's recipients, each alone; who was reached. Who was not is named in the log."""
    app = App(settings)
    channel = app.channels.get(name)
    if channel is None:
        return set()
    try:
        wanted = [one for one in app.notifier.recipients(channel) if one not in but and (only is None or one in only)]
    except ConfigurationError as error:
        _log.warning("nobody could be told that the service cannot work", channel=name, reason=str(error))
        return set()
    failed = {one: reason for one in wanted if (reason := _failure(app, channel, one, notice, now)) is not None}
    if failed:
        who = "nobody" if len(failed) == len(wanted) and not but else "not everybody"
        about = "works again" if notice.recovered_at else "cannot work"
        reason = next(iter(failed.values()))
        _log.warning(f"{who} could be told that the service {about}", channel=name, recipients=[*failed], reason=reason)
    return set(wanted) - failed.keys()


def _failure(app: App, channel: Channel, recipient: str, notice: Notice, now: datetime) -> str | None:
    """Sends to one recipient; why that failed, if it did."""
    fits, contact = app.notifier.fits([channel]), app.contacts.of([channel])
    try:
        for message in rendering.render(notice, {channel.kind}, zone=app.settings.timezone, fits=fits, contact=contact):
            identity = f"notice.{secrets.token_hex(8)}@{app.contacts.message_host}"
            delivery = Delivery(0, channel.name, recipient, message, identity, DeliveryState.SENDING, 1, now)
            app.notifier.send(delivery, channel, now=now)
    except (DeliveryError, ConfigurationError) as error:
        return str(error)
    return None
