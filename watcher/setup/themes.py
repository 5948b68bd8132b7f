"""The themes of each watch: those of its file under config/themes, else those that its seeds speak of; and the file that a lab edits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from watcher.config import THEMES, Settings, must_hold
from watcher.domain import ResolvedSeed, Theme, Watch
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.compose.themes import Facets, document
from watcher.flows.scoring.ranking import theme_of, themes_found
from watcher.setup.guarded import off_limits
from watcher.writing import write


@dataclass(frozen=True, slots=True)
class Themes:
    """Knows the themes of watches. `resolved` gives a watch's seeds without asking PubMed."""

    settings: Settings
    resolved: Callable[[Watch], Sequence[ResolvedSeed]]

    def facets(self, watch: Watch) -> Facets:
        """The themes of a watch: its file's, else those found from its seeds."""
        own = self.settings.themes.get(watch.name)
        origin = str(self.file(watch)) if own else "found from the seeds"
        themes = own or self.found(watch)
        return Facets(themes, partial(theme_of, themes), origin)

    def found(self, watch: Watch) -> tuple[Theme, ...]:
        """The themes that the watch's seeds speak of."""
        return themes_found(self.resolved(watch))

    def file(self, watch: Watch) -> Path:
        """Where the watch's own themes stand, or would."""
        return self.settings.path.parent / THEMES / f"{watch.name}.yaml"

    def write(self, watch: Watch, *, force: bool) -> tuple[Path, int]:
        """Writes the themes that the watch's seeds speak of to its file, for the lab to edit; the file, and how many they are.

        Raises ConfigurationError when there is a file and `force` was not given, or when it cannot be written.
        """
        file, themes = self.file(watch), self.found(watch)
        if not themes:
            fix = "`watcher seeds` shows what is understood of each; put one text page or one export beside them"
            raise ConfigurationError(Problem(f"the seeds of {watch.name} have no text that themes could be found in", fix))
        if file.exists() and not force:
            raise ConfigurationError(Problem("this file is there already", "edit it, or say --force to replace it", Place(file)))
        elsewhere = [one for one in off_limits(self.settings) if not file.is_relative_to(one.path)]
        content = document(watch.name, themes).encode()
        write(file, content, elsewhere, force=force, read_back=partial(must_hold, themes=themes))
        return file, len(themes)
