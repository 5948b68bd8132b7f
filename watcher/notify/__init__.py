"""The only room that knows Apprise and smtplib: one stored message to one recipient of one channel.

`notifier` is its door, and has the table of the ways out, one for each kind of channel. `smtp` is the conversation with a mail server,
`instance` the plugin that Apprise makes of a channel's URL, `sending` the bounds of each send. The subclasses of Apprise's plugins lean on
names inside Apprise, so its version is pinned exactly and a contract test watches those names. This room keeps nothing.
"""

from watcher.notify.email import DigestEmail
from watcher.notify.notifier import Notifier
from watcher.notify.slack import DigestSlack

__all__ = ["DigestEmail", "DigestSlack", "Notifier"]
