"""Tells the alerts' channel that the service itself cannot work: its rounds fail, most often because of the database.

The message goes out directly, since nothing can be owed without a database: once when it has gone on for a while, once when it ends.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from watcher.app import App
from watcher.config import Settings
from watcher.digest import notice as rendering
from watcher.domain import Delivery, DeliveryState, Notice
from watcher.errors import ConfigurationError, DeliveryError

TELL_AFTER = timedelta(minutes=15)

_TODO = (
    "Nothing is lost: what is due is done once it works again. Look at the service's log, at the room on the disk, and at the database. "
    "`watcher status` tells how things stand."
)

_log = structlog.get_logger(__name__)


@dataclass
class Alarm:
    """Remembers whether the failure that goes on was told. Instants are the machine's own."""

    _since: datetime | None = None
    _told: bool = False

    def after_round(self, settings: Settings, error: str, now: datetime) -> None:
        """Hear how a round ended; `error` is what it failed of, "" when it did not."""
        if error:
            self._since = self._since or now
            if not self._told and now - self._since >= TELL_AFTER:
                self._told = True
                _send(settings, Notice("service", self._since, f"The watcher cannot work. Its rounds fail: {error}", _TODO), now)
            return
        if self._told and self._since is not None:
            _send(settings, Notice("service", self._since, "The watcher works again.", recovered_at=now), now)
        self._since, self._told = None, False


def _send(settings: Settings, notice: Notice, now: datetime) -> None:
    """To every recipient of the alerts' channel; who cannot be reached is named in the log."""
    if settings.alerts is None or settings.alerts.channel is None:
        return
    app = App(settings)
    channel = app.channels[settings.alerts.channel]
    messages = rendering.render(notice, {channel.kind}, zone=settings.timezone)
    try:
        for message in messages:
            for recipient in app.notifier.recipients(channel):
                identity = f"notice.{secrets.token_hex(8)}@{app.message_host}"
                delivery = Delivery(0, channel.name, recipient, message, identity, DeliveryState.SENDING, 1, now)
                app.notifier.send(delivery, channel, now=now)
    except (DeliveryError, ConfigurationError) as error:
        _log.warning("nobody could be told that the service cannot work", channel=channel.name, reason=str(error))
