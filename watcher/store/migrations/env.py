"""Runs the migrations on the connection that `schema` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from watcher.store.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_server_default=True,
)
context.run_migrations()
