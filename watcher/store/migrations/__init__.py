"""Alembic's scripts, oldest first in `versions/`. `schema.migrate` runs them at start; nobody runs them by hand."""
