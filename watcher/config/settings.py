"""The configuration as one frozen value, and what the other rooms get from it: watches, lists and channels of the domain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, PrivateAttr, SecretStr, model_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, SettingsConfigDict

from watcher.config.document import KeyPath
from watcher.config.field_types import Slug, WebAddress, Zone
from watcher.config.sections import (
    AlertsSection,
    ChannelSection,
    CorrectionsSection,
    DatabaseSection,
    FeedsSection,
    ListSection,
    LogSection,
    ProjectsSection,
    PubMedSection,
    RankingSection,
    RunsSection,
    VocabularySection,
    WatchSection,
    WebSection,
    ZoteroSection,
)
from watcher.domain import UNKNOWN_URL, Channel, DigestList, SeedsFrom, Start, Theme, Warned, Watch, pubmed_id
from watcher.errors import Place

_SQLITE = "sqlite:///"
_NO_OTHER_NAMES: JsonDict = {"additionalProperties": False}


@dataclass(frozen=True, slots=True)
class SettingsOrigin:
    """Where settings came from. `home` is the folder around the configuration's own; relative paths start there. `sha256` is given
    for those that were kept in the database: it stays what it was, also where a secret cannot be found again. `themes` are those of the
    watches that have a file of them."""

    path: Path
    home: Path
    place: Callable[[KeyPath], Place]
    warnings: tuple[Warned, ...] = ()
    sha256: str | None = None
    themes: Mapping[str, tuple[Theme, ...]] = field(default_factory=dict)


class Settings(BaseSettings):
    """The configuration of one watcher."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, case_sensitive=True, title="Configuration of watcher"
    )

    timezone: Zone = Field(
        default="Europe/Berlin", description="The time zone of every schedule.", examples=["Europe/Berlin", "America/New_York"]
    )
    base_url: WebAddress | None = Field(
        default=None,
        description="The web page's address, for links in mail; left out: no links to the page.",
        examples=["https://watcher.lab.example"],
    )
    pubmed: PubMedSection
    database: DatabaseSection = Field(default_factory=DatabaseSection)
    runs: RunsSection = Field(default_factory=RunsSection)
    corrections: CorrectionsSection = Field(default_factory=CorrectionsSection)
    channels: Mapping[Slug, ChannelSection] = Field(
        default={}, description="Destinations, by name.", json_schema_extra=_NO_OTHER_NAMES
    )
    watches: Mapping[Slug, WatchSection] = Field(
        default={}, description="Standing questions to PubMed, by name.", json_schema_extra=_NO_OTHER_NAMES
    )
    lists: Mapping[Slug, ListSection] = Field(
        default={},
        description="Standing orders: which watches go to which channels, when; by name.",
        json_schema_extra=_NO_OTHER_NAMES,
    )
    alerts: AlertsSection | None = None
    vocabulary: VocabularySection | None = None
    projects: ProjectsSection | None = None
    ranking: RankingSection = Field(default_factory=RankingSection)
    feeds: FeedsSection = Field(default_factory=FeedsSection)
    zotero: ZoteroSection | None = None
    web: WebSection = Field(default_factory=WebSection)
    log: LogSection = Field(default_factory=LogSection)

    _origin: SettingsOrigin = PrivateAttr()

    @model_validator(mode="before")
    @classmethod
    def _empty_means_absent(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """A section whose lines are all commented out is as if it were not there."""
        return {"pubmed": {}} | {key: value for key, value in values.items() if value is not None}

    def come_from(self, origin: SettingsOrigin) -> None:
        """Say where these settings came from; `load` does it once."""
        self._origin = origin

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self._origin.path

    @property
    def home(self) -> Path:
        """The folder around the configuration's own, absolute; relative paths start there."""
        return self._origin.home

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What is allowed but hardly meant, such as an example address; each with its place and what to do."""
        return self._origin.warnings

    @property
    def themes(self) -> Mapping[str, tuple[Theme, ...]]:
        """The themes of each watch that has a file of them."""
        return self._origin.themes

    def place(self, key: KeyPath) -> Place:
        """Where a value was written: `place(("lists", "lab-weekly", "schedule"))`."""
        return self._origin.place(key)

    # --- the domain's values ------------------------------------------------------------------------------------------------------

    def watch(self, name: str) -> Watch:
        """The watch of this name; KeyError when there is none."""
        section = self.watches[name]
        return Watch(
            name=name,
            title=section.title or name,
            query=section.query,
            seeds=section.seeds,
            note=section.note,
            similar=section.similar,
            threshold=section.threshold,
            highlight=None if section.highlight == "auto" else section.highlight,
            exclude_types=section.exclude_types,
            late_after_days=section.late_after_days,
            start=Start(section.start.days, section.start.papers),
            must_find=tuple(map(pubmed_id, section.must_find)),
            allow_over=section.allow_over,
            was=section.was,
            seeds_from=tuple(
                dict.fromkeys(SeedsFrom(one.library, one.collection, one.subcollections) for one in section.seeds_from)
            ),
        )

    def digest_list(self, name: str) -> DigestList:
        """The list of this name; KeyError when there is none."""
        section = self.lists[name]
        return DigestList(
            name=name,
            title=section.title or name,
            watches=section.watches,
            channels=section.channels,
            schedule=section.schedule,
            timezone=section.timezone or self.timezone,
            subject_prefix=section.subject_prefix,
            empty=section.empty,
            top=section.top,
            limit=section.limit,
            max_html_kb=section.max_html_kb,
            attach=section.attach,
            group_by=section.group_by,
            chips=section.chips,
            full_text_url=section.full_text_url,
            top_only=section.top_only,
            pause_until=section.pause_until,
            corrections_at_once=section.corrections == "at-once",
        )

    def channel(self, name: str) -> Channel:
        """The channel of this name; KeyError when there is none."""
        section = self.channels[name]
        return Channel(name, section.kind, section.url.get_secret_value(), section.to or (), section.reply_to, section.max_mail_mb)

    @property
    def page_url(self) -> str | None:
        """Where readers find the page; None where there is none, or nobody said where."""
        return self.base_url if self.web.enabled else None

    def without_urls(self, channels: Collection[str]) -> Settings:
        """The same, with URLs for these channels that no message can go to."""
        unknown = {"url": SecretStr(UNKNOWN_URL)}
        changed = {name: one.model_copy(update=unknown) if name in channels else one for name, one in self.channels.items()}
        return self.model_copy(update={"channels": changed})

    @property
    def feed_tokens(self) -> Mapping[str, str]:
        """The tokens that let their readers in, by name. They are secrets."""
        return {name: one.token.get_secret_value() for name, one in self.feeds.tokens.items() if one.token is not None}

    @property
    def page_address(self) -> str | None:
        """Where the page is read: at `page_url`, else at the address at which it listens; None where it is switched off."""
        return self.page_url or (f"http://{self.web.listen}" if self.web.enabled else None)

    @property
    def feeds_folder(self) -> Path | None:
        """Where feeds are written as files; None where they are not."""
        return self.home / self.feeds.folder if self.feeds.folder else None

    # --- the database ---------------------------------------------------------------------------------------------------------------

    def with_database(self, file: Path) -> Settings:
        """The same, over a SQLite file of its own."""
        return self.model_copy(update={"database": self.database.model_copy(update={"url": SecretStr(f"{_SQLITE}{file}")})})

    @property
    def database_url(self) -> str:
        """The database's URL with its driver; a SQLite file's path is absolute. It may hold a password."""
        return database_url_of(self.database.url.get_secret_value(), self.home)

    @property
    def data_folder(self) -> Path:
        """Where this machine's own files live: beside the SQLite file, else `data` in the home folder."""
        return data_folder_of(self.database_url, self.home)

    # --- what it is, for the record -------------------------------------------------------------------------------------------------

    def document_without_secrets(self) -> str:
        """All settings in force as JSON, defaults and environment included; each secret is a row of stars."""
        themes = {watch: [asdict(theme) for theme in found] for watch, found in self.themes.items()}
        document = self.model_dump(mode="json") | ({"themes": themes} if themes else {})
        return json.dumps(document, indent=2, ensure_ascii=False)

    @cached_property
    def sha256(self) -> str:
        """A hash of all settings in force. It changes with a secret too, but does not give a weak one away: secrets enter it
        through scrypt, so that guessing them from a copy of the database costs as much as with a password hash."""
        if self._origin.sha256 is not None:
            return self._origin.sha256
        secrets = json.dumps(sorted(_secrets(self)))
        return hashlib.sha256(self.document_without_secrets().encode() + _slow_hash(secrets)).hexdigest()


@lru_cache(maxsize=2)
def _slow_hash(secrets: str) -> bytes:
    """Some 50 ms of work, and 16 MB; most edits leave the secrets as they are."""
    return hashlib.scrypt(secrets.encode(), salt=b"watcher configuration", n=2**14, r=8, p=1)


def database_url_of(url: str, home: Path) -> str:
    """A database's URL with its driver; a SQLite file's path is made absolute."""
    if url.startswith(_SQLITE):
        name, mark, options = url.removeprefix(_SQLITE).partition("?")
        return f"{_SQLITE}{home / name}{mark}{options}"
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def data_folder_of(url: str, home: Path) -> Path:
    """Where this machine's own files live beside the database of this (absolute) URL."""
    file = sqlite_file_of(url)
    return file.parent if file else home / "data"


def sqlite_file_of(url: str) -> Path | None:
    """The file of an (absolute) SQLite URL, else None."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None


def _secrets(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every secret below `value`, with the way to it."""
    if isinstance(value, SecretStr):
        yield key, value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name), f"{key}.{name}")
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _secrets(one, f"{key}.{name}")
