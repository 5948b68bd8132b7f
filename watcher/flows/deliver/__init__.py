"""Sends what is owed, once and by one process at a time; and the message that tries a channel."""
