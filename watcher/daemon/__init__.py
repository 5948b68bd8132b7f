"""The service: it runs for years, and does what is due.

    main thread     compares the clocks, writes the pulse, hears signals
    scheduler       one interval job; each time it fires, one round: take up a new configuration, do what is due, tell what fails
    files           sees edits of the configuration, the seeds and the secrets, and reads them at once

Nothing is kept here that the database does not know: a process that ends at any moment loses nothing. The only room that knows
APScheduler and watchfiles.
"""

from watcher.daemon.serve import serve

__all__ = ["serve"]
