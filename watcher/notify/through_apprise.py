"""What Apprise is asked: what it makes of a channel's URL, and to send. It is loaded when it is first asked, with two hundred plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watcher.notify.hush import hushed


def asset() -> Any:  # noqa: ANN401 - Apprise's, which is loaded here only
    """One attempt, in this thread, as long as its own time-outs allow."""
    import apprise  # noqa: PLC0415

    return apprise.AppriseAsset(app_id="watcher", async_mode=False, service_timeout=0)


def instance(url: str | dict[str, Any], *, secret: str) -> Any | None:  # noqa: ANN401 - Apprise ships no types for its plugins
    """The plugin that Apprise makes of a URL, providers' defaults filled in; None where it makes none.

    Args:
        url: the URL, or in place of one the plugin's `schema` and arguments.
        secret: what Apprise's log lines are told without; "" drops them all.
    """
    import apprise  # noqa: PLC0415

    with hushed(secret):
        return apprise.Apprise.instantiate(url, asset=asset())


def pushed(plugin: Any, text: str, subject: str, *, secret: str) -> Any:  # noqa: ANN401 - the same
    """Apprise's result of one text to one plugin; it is true when the plugin has sent it. `secret` is as for `instance`."""
    import apprise  # noqa: PLC0415

    service = apprise.Apprise(asset=asset())
    service.add(plugin)
    with hushed(secret):
        return service.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT)


def carried(hand_over: Callable[[], str], subject: str) -> str:
    """Have one message of ours handed over by Apprise.

    Args:
        hand_over: does it, and returns what is to be known of how it was taken.
        subject: what Apprise is told of it.

    Returns:
        What `hand_over` returned.

    Raises:
        DeliveryError: it was not taken. What else `hand_over` raises is raised too.
    """
    from watcher.notify.carrier import Carrier  # noqa: PLC0415

    carrier = Carrier(hand_over, asset())
    pushed(carrier, subject, "", secret="")
    return carrier.outcome()
