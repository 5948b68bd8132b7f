"""The plugin by which messages of ours pass through Apprise.

It derives from `NotifyBase` alone, the class that Apprise has for plugins of one's own, and has what such a plugin has to have: `send`
(decision 56).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apprise import NotifyBase

from watcher.errors import DeliveryError


class Carrier(NotifyBase):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Hands one message over when Apprise asks it to send, and keeps what came of it."""

    service_name = "watcher"

    def __init__(self, hand_over: Callable[[], str], asset: Any) -> None:  # noqa: ANN401 - Apprise's
        super().__init__(asset=asset)
        self._hand_over = hand_over
        self._remark: str | None = None
        self._failure: Exception | None = None

    def send(self, *_args: object, **_kwargs: object) -> bool:
        """Hand the message over, whatever text Apprise has. What is raised is kept: Apprise would tell that it failed, and no more."""
        try:
            self._remark = self._hand_over()
        except Exception as error:  # noqa: BLE001 - raised again by `outcome`
            self._failure = error
        return self._failure is None

    def outcome(self) -> str:
        """What `hand_over` returned.

        Raises:
            DeliveryError: Apprise never asked for the message; else what `hand_over` raised, once.
        """
        failure, self._failure = self._failure, None
        try:
            if failure is not None:
                raise failure
        finally:
            del failure  # holds this frame, and with it connections that are to be closed
        if self._remark is None:
            raise DeliveryError("Apprise did not ask for the message", permanent=False)
        return self._remark
