"""The only room that knows Apprise and smtplib: one stored message to one recipient of one channel.

`notifier` is its door, and has the table of the ways out, one for each kind of channel. `smtp` is the conversation with a mail server,
`posting` that with a webhook; `through_apprise` is what Apprise is asked, `sending` the bounds of each send. What is used of Apprise is
documented by it, and watched by a contract test (decision 56). This room keeps nothing.
"""

from watcher.notify.notifier import Notifier

__all__ = ["Notifier"]
