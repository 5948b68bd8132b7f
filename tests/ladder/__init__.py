"""The upgrade ladder: databases that lived a year with an earlier build, opened by this one and lived on for four weeks.

Each rung is a folder of `tests/records/ladder`, called by its commit: what the world was, what had arrived, and the database as SQL, for
SQLite and for PostgreSQL. `live_rung.py` makes one from a checkout of its commit; `rung` reads it, `judge` says what went wrong after it.
"""
