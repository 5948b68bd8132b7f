"""What no command writes over, of all rooms."""

from __future__ import annotations

import os
from pathlib import Path

from watcher import clock, health
from watcher.config import Settings, guarded
from watcher.store import Store
from watcher.writing import Guarded, Reach


def off_limits(settings: Settings) -> tuple[Guarded, ...]:
    """The database and what belongs to it, the configuration's folder, secrets, seeds, models, the service's sign of life, the clock."""
    folder, named = settings.data_folder, os.environ.get(clock.CLOCK_FILE)
    return (
        *Store.guarded(settings.database_url, folder=folder),
        *guarded(settings),
        Guarded(folder / "models", "a file of a model", Reach.THERE),
        *(Guarded(pulse, "the service's sign of life") for pulse in health.pulse_files(folder)),
        *([Guarded(Path(named), "the clock file")] if named else ()),
    )
