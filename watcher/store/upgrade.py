"""Runs the migrations inside this package with Alembic, on a connection and in a transaction of the caller's."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from watcher.errors import SchemaTooNew


def to_head(connection: sa.Connection, *, found: str | None, shown: str) -> None:
    """Upgrades from the revision `found` (None: no tables yet) to the newest one. `shown` is what messages call the database.

    Raises SchemaTooNew when `found` is none of ours.
    """
    scripts = ScriptDirectory.from_config(configuration())
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaTooNew(
            f"{shown}: written by a newer watcher (schema {found}; this one knows up to {scripts.get_current_head()}); install that "
            "version again, or put a backup from before the upgrade in its place"
        )
    config = configuration()
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration: the scripts inside this package, no ini file."""
    config = Config()
    config.set_main_option("script_location", "watcher.store:migrations")
    return config
