"""Runs the migrations inside this package with Alembic, on a connection and in a transaction of the caller's."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from watcher.errors import SchemaTooNew


def refuse_newer(found: str | None, *, shown: str) -> None:
    """Raises SchemaTooNew when the revision `found` is none of ours. `shown` is what the message calls the database."""
    scripts = ScriptDirectory.from_config(configuration())
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaTooNew(
            f"{shown}: written by a newer watcher (schema {found}; this one knows up to {scripts.get_current_head()}); install that "
            "version again, or watcher restore a backup from before the upgrade"
        )


def to(connection: sa.Connection, revision: str = "head") -> None:
    """Upgrades to a revision, from whichever the database has; without tables, from the beginning."""
    config = configuration()
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config, revision)


def ahead(connection: sa.Connection, revision: str) -> None:
    """Makes the changes of one revision's script before its turn, while the tables have no rows. When its turn comes it finds them made."""
    script = ScriptDirectory.from_config(configuration()).get_revision(revision)
    with Operations.context(MigrationContext.configure(connection)):
        script.module.upgrade()


def configuration() -> Config:
    """Alembic's configuration: the scripts inside this package, no ini file."""
    config = Config()
    config.set_main_option("script_location", "watcher.store:migrations")
    return config
