"""The sections of `watcher.yaml`, one model each. The description of a key stands here and nowhere else: editors (the schema), the
reference in docs/configuration.md and the messages all take it from here.

Only what holds for one section alone is checked here; what ties sections together is checked in `crosscheck`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from watcher.config.field_types import (
    ChannelUrl,
    Collection,
    Count,
    DatabaseUrl,
    Distinct,
    Email,
    FeedToken,
    FileName,
    FilePins,
    Highlight,
    Hours,
    Jitter,
    Kilobytes,
    Library,
    Listen,
    LockWait,
    Positive,
    Resolver,
    Score,
    Seconds,
    Secret,
    SecretWebAddress,
    SeedFolder,
    Sha256,
    SigningKey,
    Slug,
    Text,
    Tokens,
    WebAddress,
    Zone,
)
from watcher.domain import ChannelKind, Empty, Pooling, TextInput

FILE = "_file"
"""What the name of a key that names a secret's file ends in; its twin, the secret itself, goes without."""


_KINDS = [f"`{one}` ({one.facts.about})" if one.facts.about else f"`{one}`" for one in ChannelKind]
_URLS = [f"for {one.facts.label} {one.facts.url}" for one in ChannelKind if one.facts.url]


def _twins(*names: str, required: str | None = None) -> Callable[[dict[str, Any]], None]:
    """Tell the schema that of each name and its `_file` twin only one may stand, and which pair must."""

    def tell(schema: dict[str, Any]) -> None:
        if required:
            schema["required"] = [name for name in schema["required"] if name != required]
        schema["allOf"] = [
            {"oneOf": [{"required": [name]}, {"required": [name + FILE]}]}
            if name == required
            else {"not": {"required": [name, name + FILE]}}
            for name in names
        ]

    return tell


class ConfigSection(BaseModel):
    """What all sections share: unknown keys are refused, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, value: object) -> object:
        return {} if value is None else value


class PubMedSection(ConfigSection):
    """How PubMed is asked. NCBI wants to know who asks, and gives ten requests a second instead of three to those with a key."""

    model_config = ConfigDict(json_schema_extra=_twins("api_key"))

    email: Email = Field(
        description="Your address. It goes with every request, so that NCBI can write to you before it blocks you.",
        examples=["library@lab.example"],
    )
    tool: Annotated[str, Field(pattern=r"^\S+$")] = Field(
        default="watcher", description="The name of this program as NCBI sees it; no spaces.", examples=["watcher"]
    )
    api_key: Secret | None = Field(default=None, description="NCBI's API key. Better in a file of its own (`api_key_file`).")
    api_key_file: FileName | None = Field(
        default=None, description="The file that holds NCBI's API key, alone on one line.", examples=["/run/secrets/ncbi_api_key"]
    )
    base_url: WebAddress = Field(
        default="https://eutils.ncbi.nlm.nih.gov/entrez/eutils/",
        description="Where the E-utilities are; another address only for tests and mirrors.",
        examples=["https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"],
    )
    connect_timeout_seconds: Seconds = Field(default=10, description="How long to wait for a connection.")
    read_timeout_seconds: Seconds = Field(default=60, description="How long to wait for the next piece of an answer.")
    deadline_seconds: Seconds = Field(
        default=180, description="How long one request may take in all, redirections counted, retries not."
    )
    max_attempts: Positive = Field(default=6, description="How often one request is tried before the run fails.")


class DatabaseSection(ConfigSection):
    """Where everything is remembered."""

    url: DatabaseUrl = Field(
        default="sqlite:///data/watcher.db",
        validate_default=True,
        description="SQLite (a path relative to the folder around `config/`) or PostgreSQL. `WATCHER_DATABASE_URL` wins.",
        examples=["sqlite:///data/watcher.db", "postgresql+psycopg://watcher:password@db.lab.example/watcher"],
    )
    lock_wait_seconds: LockWait = Field(
        default=15,
        description="How long to wait for another program that holds the database. A round of the service that waits longer fails, and the "
        "next one tries again.",
    )
    keep_backups: Count = Field(default=7, description="How many of its own backups watcher keeps; 0: it makes none.")
    forget_unselected_after_days: Positive = Field(
        default=730,
        description="Texts of papers that no digest presented are dropped after so many days. That they were seen is never forgotten.",
    )


class RunsSection(ConfigSection):
    """When PubMed is searched."""

    schedule: Text = Field(
        default="daily 05:30",
        description="When each watch is searched: `daily HH:MM`, a weekday and a time, or a crontab line.",
        examples=["daily 05:30", "30 5 * * *"],
    )
    jitter_minutes: Jitter = Field(
        default=30,
        description="Each watch starts up to so many minutes later, always by the same, so that not all labs ask at once.",
    )
    overlap_days: Count = Field(default=3, description="A search reaches back so many days before the end of the last good one.")
    corrections: Text = Field(
        default="saturday 04:00",
        description="When papers that readers had are read again for retractions, errata and concerns. What was presented more than 24 months "
        "ago is read once in four weeks, all else each time.",
        examples=["saturday 04:00"],
    )
    fetch_again_for_days: Positive = Field(
        default=30, description="A paper that PubMed lists but does not hand over yet is asked for during so many days."
    )
    wait_for_pubmed_hours: Hours = Field(
        default=6, description="A digest waits at most so long for a fresh search when PubMed fails, then goes out and says so."
    )


class CorrectionsSection(ConfigSection):
    """Who is asked beside PubMed what became of papers. Left out: PubMed alone."""

    crossref_email: Email | None = Field(
        default=None,
        description="Your address. With it, Crossref is asked too about each paper that readers had: it knows what publishers deposit and what "
        "Retraction Watch records. It goes with every request.",
        examples=["library@lab.example"],
    )
    crossref_url: WebAddress = Field(
        default="https://api.crossref.org/",
        description="Where Crossref's REST API is; another address only for tests and mirrors.",
        examples=["https://api.crossref.org/"],
    )


class ChannelSection(ConfigSection):
    """One destination. Its name is how lists call it."""

    model_config = ConfigDict(json_schema_extra=_twins("url", required="url"))

    kind: ChannelKind = Field(description=f"How messages are rendered: {', '.join(_KINDS[:-1])}, or {_KINDS[-1]}.")
    url: ChannelUrl = Field(
        description=f"Where to send, as an Apprise URL; {', '.join(_URLS)}. It holds a password: better in a file of its own "
        "(`url_file`).",
        examples=["mailtos://user:password@smtp.lab.example?from=watcher@lab.example"],
    )
    url_file: FileName | None = Field(
        default=None, description="The file that holds the URL, alone on one line.", examples=["/run/secrets/lab_mail_url"]
    )
    to: Annotated[tuple[Email, ...], Field(min_length=1), Distinct] | None = Field(
        default=None,
        description="Who gets it, each in a message of their own. Replaces every recipient in the URL; left out: those of the URL.",
        examples=[["pi@lab.example", "postdoc@lab.example"]],
    )
    reply_to: Email | None = Field(
        default=None,
        description="Where answers to a mail go, and whom messages name as who runs the service. Left out: answers go to the sender, and "
        "`pubmed.email` is named.",
        examples=["library@lab.example"],
    )
    max_mail_mb: Annotated[float, Field(gt=0, le=1_000)] = Field(
        default=10,
        description="How large a mail may be, in megabytes as it travels; a server that announces less counts. Papers that have no room are "
        "counted in the mail, with the command that writes them all; its text may always take 64 kB.",
    )


class StartSection(ConfigSection):
    """A new watch's first digest, and what an edited query adds."""

    days: Count = Field(default=30, description="How many days the first digest looks back.")
    papers: Count = Field(default=20, description="At most so many papers are shown; the rest is attached.")


class SeedsFromSection(ConfigSection):
    """A collection of Zotero whose papers are seeds."""

    library: Annotated[Library, Field(min_length=1)] = Field(
        description="Its library: `groups/NUMBER` or `users/NUMBER`.", examples=["groups/12345"]
    )
    collection: Annotated[Collection, Field(min_length=1)] = Field(description="Its key.", examples=["EFGH6789"])
    subcollections: bool = Field(default=False, description="Whether the collections below it count too.")


def _seeds_or_collections(schema: dict[str, Any]) -> None:
    """Tell the schema that a watch has seeds of one kind at least."""
    schema["anyOf"] = [{"required": ["seeds"]}, {"required": ["seeds_from"]}]


class WatchSection(ConfigSection):
    """One standing question to PubMed. Its name stays for ever: the papers it has seen are kept under it."""

    model_config = ConfigDict(json_schema_extra=_seeds_or_collections)

    title: Text | None = Field(
        default=None, description="How digests call it; left out: its name.", examples=["Neuromuscular junction"]
    )
    note: str = Field(default="", description="For those who edit this file.", examples=["Synapse biology and disease"])
    query: Text = Field(
        description="The search as you would type it into PubMed. Test it there first; `watcher check` shows what PubMed makes of it.",
        examples=['"Neuromuscular Junction"[mh] OR neuromuscular junction*[tiab]'],
    )
    seeds: Annotated[tuple[SeedFolder, ...], Field(min_length=1), Distinct] = Field(
        default=(),
        description="Folders below `seeds/` with the papers that new ones are compared with. Needed unless there is `seeds_from`.",
        examples=[["nmj"]],
    )
    seeds_from: tuple[SeedsFromSection, ...] = Field(
        default=(),
        description="Collections of Zotero whose papers are seeds too, as they come and go there. See docs/zotero.md.",
        examples=[[{"library": "groups/12345", "collection": "EFGH6789", "subcollections": False}]],
    )
    similar: bool = Field(default=True, description="Whether PubMed's similar articles of the seeds are looked at too.")
    threshold: Score = Field(
        default=35,
        description="The score, 0 to 100, from which a paper is presented; 0 = everything. See docs/ranking.md.",
        examples=[35],
    )
    highlight: Highlight = Field(
        default="auto",
        description="The score from which a paper is marked as highly relevant. `auto`: the best eighth of what the watch brought in "
        "twelve weeks; with ten verdicts of each kind, what they say. See docs/ranking.md.",
        examples=["auto", 70],
    )
    exclude_types: tuple[Text, ...] = Field(
        default=("Comment", "Editorial"),
        description="Publication types, as PubMed writes them, that are never presented.",
        examples=[["Comment", "Editorial"]],
    )
    lift: Annotated[tuple[Text, ...], Distinct] = Field(
        default=(),
        description="Names of word lists from `vocabulary`; a paper that holds one of their words is lifted over the threshold.",
        examples=[["nmj-genes"]],
    )
    late_after_days: Count = Field(
        default=180,
        description="A paper that enters PubMed so many days after its publication counts as late, in a section of its own.",
    )
    start: StartSection = Field(default_factory=StartSection)
    must_find: tuple[Positive, ...] = Field(
        default=(),
        description="PMIDs that you would hate to miss; the self-test looks whether query and threshold let them through.",
        examples=[[41224659]],
    )
    allow_over: Positive = Field(default=50_000, description="A query with more matches than this is refused.")
    was: Slug | None = Field(
        default=None, description="This watch's former name: it keeps what it has seen under that name.", examples=["nmj"]
    )


class ListSection(ConfigSection):
    """One standing order: which watches go to which channels, when, and how the digest looks."""

    title: Text | None = Field(
        default=None, description="The digest's heading; left out: the list's name.", examples=["NMJ weekly"]
    )
    subject_prefix: str = Field(default="", description="What each mail's subject begins with.", examples=["[NMJ]"])
    watches: Annotated[tuple[Slug, ...], Field(min_length=1), Distinct] = Field(
        description="Which watches it gathers, in this order.", examples=[["nmj"]]
    )
    channels: Annotated[tuple[Slug, ...], Field(min_length=1), Distinct] = Field(
        description="Where its digests go.", examples=[["lab-mail"]]
    )
    schedule: Text = Field(
        description="When a digest goes out: `daily HH:MM`, a weekday and a time, or a crontab line (1 = Monday).",
        examples=["monday 08:00", "0 8 * * 1"],
    )
    timezone: Zone | None = Field(
        default=None,
        description="The time zone of `schedule`; left out: the one at the top of the file.",
        examples=["America/New_York"],
    )
    empty: Empty = Field(
        default=Empty.RECEIPT, description="A week without papers: `receipt` sends one line that says so, `nothing` sends nothing."
    )
    top: Count = Field(default=5, description="How many of the best papers open the digest, with the reason and the conclusion.")
    limit: Count = Field(default=60, description="How many papers are shown; the rest is counted and attached. 0 = no limit.")
    max_html_kb: Kilobytes = Field(
        default=90,
        description="The largest HTML part of a mail in kilobytes; Gmail cuts at 102. What does not fit is counted and attached.",
    )
    attach: Annotated[tuple[Literal["ris", "nbib"], ...], Distinct] = Field(
        default=("ris",),
        description="Files that go with a mail: `ris` for EndNote, Mendeley and others, `nbib` best for Zotero. [] = none.",
        examples=[["ris"], ["nbib"], ["ris", "nbib"]],
    )
    corrections: Literal["next-digest", "at-once"] = Field(
        default="next-digest",
        description="When a retraction, erratum or concern about a presented paper is told: on top of the next digest, or at once to those who "
        "got the paper.",
    )
    group_by: Literal["watch", "chip", "theme"] = Field(
        default="watch", description="How the papers below the picks are grouped; `theme`: by the seeds' themes."
    )
    chips: Annotated[tuple[Text, ...], Distinct] = Field(
        default=(), description="Only papers with one of these chips; empty = all.", examples=[["Review"]]
    )
    full_text_url: Resolver | None = Field(
        default=None,
        description="Your library's link resolver; {pmid} and {doi} are filled in.",
        examples=["https://resolver.lab.example/?pmid={pmid}&doi={doi}"],
    )
    top_only: bool = Field(
        default=False,
        description="On Slack only the first post: the head and the best eight papers, a line each. Refused unless another channel of the "
        "list, such as mail, carries the whole digest. Where all channels are Teams, which carry no more, it says that this is meant.",
    )
    pause_until: date | None = Field(
        default=None, description="No digest before this day; the papers are kept for the next one.", examples=["2027-01-07"]
    )


class AlertsSection(ConfigSection):
    """Who is told when something fails. Left out: the channels of the lists that are concerned."""

    model_config = ConfigDict(json_schema_extra=_twins("heartbeat_url"))

    channel: Slug | None = Field(
        default=None,
        description="The channel that failures and recoveries are told on, and the only one for a configuration that is wrong.",
        examples=["admin"],
    )
    after_failed_runs: Positive = Field(default=3, description="After how many failed searches in a row a watch is reported.")
    heartbeat_url: SecretWebAddress | None = Field(
        default=None,
        description="A web address that hears of each run's start and end; its service raises the alarm when the calls stop.",
    )
    heartbeat_url_file: FileName | None = Field(
        default=None, description="The file that holds the heartbeat's address.", examples=["/run/secrets/heartbeat_url"]
    )


class VocabularySection(ConfigSection):
    """Word lists of the lab. Left out: chips are publication types and MeSH check tags only."""

    chips: FileName | None = Field(
        default=None, description="The file that says which words make which chip.", examples=["config/vocabulary/nmj-chips.yaml"]
    )
    names: Annotated[tuple[FileName, ...], Distinct] = Field(
        default=(),
        description="Word lists, such as genes; each is called by its file's name without the ending.",
        examples=[["config/vocabulary/nmj-genes.yaml"]],
    )


class ProjectsSection(ConfigSection):
    """Cards that describe the lab's projects; a paper near to one is told there. Left out: none."""

    folder: FileName = Field(
        default="config/projects",
        description="The folder of the cards, Markdown with `channel:` in the front matter.",
        examples=["config/projects"],
    )
    threshold: Score = Field(default=60, description="The score from which a paper is told to a project.")


class RankingSection(ConfigSection):
    """How papers are compared."""

    dense_model: str = Field(
        default="",
        description="A sentence-embedding model (ONNX) that joins the word statistics: a folder with `model.onnx` and `tokenizer.json`, or "
        "a name on the hub, which `watcher model pull` fetches; empty = none.",
        examples=["sentence-transformers/all-MiniLM-L6-v2@1110a243fdf4706b3f48f1d95db1a4f5529b4d41", "models/minilm"],
    )
    dense_sha256: Sha256 = Field(
        default="",
        description="The sha256 of the model's ONNX file, so that scores cannot change unnoticed. With another file nothing dense is done.",
    )
    dense_tokenizer_sha256: Sha256 = Field(default="", description="The same for its `tokenizer.json`.")
    dense_files_sha256: FilePins = Field(
        default=(),
        description="The same for the files that say how the model is used, as `sha256sum` writes them; `watcher model pull` prints the lines.",
        examples=[["e4ce9877abf3edfe10b0d82785e83bdcb973e1171e68f2ff7e2cf47a1f5e5d5a  modules.json"]],
    )
    dense_pooling: Pooling | None = Field(
        default=None,
        description="How the model's answer becomes one vector: the mean over the tokens, the first token (`cls`), or the vector that the "
        "export itself gives for the text (`ready`). Left out: what `1_Pooling/config.json` beside the model says, else `mean`.",
    )
    dense_input: TextInput = Field(
        default=TextInput.SENTENCE,
        description='How a paper is given to the model: as "title. abstract", as title and abstract with the separator of the tokenizer '
        "between them (SPECTER2), or as the two segments of a pair (MedCPT).",
    )
    dense_prefix: str | None = Field(
        default=None,
        description="What is put before each paper, in quotes and with its last space. Left out: the default prompt in "
        "`config_sentence_transformers.json` beside the model, else nothing.",
        examples=["passage: "],
    )
    dense_max_tokens: Tokens | None = Field(
        default=None,
        description="How many tokens of a paper are read. Left out: what `sentence_bert_config.json`, else `tokenizer_config.json`, beside the "
        "model says, else 256.",
        examples=[512],
    )
    hub_url: WebAddress = Field(
        default="https://huggingface.co/",
        description="Where models are fetched from; another address for a mirror.",
        examples=["https://huggingface.co/"],
    )
    diversity: bool = Field(default=True, description="Whether near-duplicates among the picks give way to other papers.")


class FeedTokenSection(ConfigSection):
    """The token of one reader, or of one reading program."""

    model_config = ConfigDict(json_schema_extra=_twins("token"))

    token: FeedToken | None = Field(
        default=None,
        description="The secret in the addresses of its reader: whoever has it reads all feeds, without logging in. Better in a file of its "
        "own (`token_file`).",
    )
    token_file: FileName | None = Field(
        default=None, description="The file that holds the token.", examples=["/run/secrets/feed_token_alice"]
    )


class FeedsSection(ConfigSection):
    """Feeds of lists and watches, as Atom and JSON Feed. See docs/feeds.md."""

    folder: str = Field(
        default="",
        description="Where the service writes the feeds as plain files too, after each digest and run; relative to the folder around "
        "`config/`. Empty = nowhere.",
        examples=["data/feeds"],
    )
    tokens: Mapping[Slug, FeedTokenSection] = Field(
        default={},
        description="Who may read the feeds without logging in, by name. Taking a name out revokes its token.",
        json_schema_extra={"additionalProperties": False},
    )


class PushSection(ConfigSection):
    """Papers that readers marked go into a collection of `zotero.library`."""

    collection: Collection = Field(
        default="", description="The key of the collection; empty = that of `zotero.collection`.", examples=["ABCD2345"]
    )
    what: Literal["relevant", "later"] = Field(default="relevant", description="Which papers: those marked so.")


class ZoteroSection(ConfigSection):
    """The lab's Zotero library. Left out: none."""

    model_config = ConfigDict(json_schema_extra=_twins("api_key"))

    library: Library = Field(
        default="",
        description="The library as in its web address: `groups/NUMBER`, or `users/NUMBER` for a person's own; empty = off.",
        examples=["groups/12345"],
    )
    collection: Collection = Field(
        default="",
        description="The key of the collection that papers are pushed into; empty = the library itself.",
        examples=["ABCD2345"],
    )
    push: PushSection | None = Field(
        default=None, description="Papers that readers marked go into the library, or a collection of it. Left out: none."
    )
    mark_known: bool = Field(
        default=False, description='Whether papers that are in the library have the chip "In your library" in digests.'
    )
    leave_out_known: bool = Field(
        default=False, description="Whether papers that are in the library are left out of digests; the receipt counts them."
    )
    base_url: WebAddress = Field(
        default="https://api.zotero.org/",
        description="Where Zotero's Web API is; another address for a server of your own that speaks it.",
        examples=["https://api.zotero.org/"],
    )
    api_key: Secret | None = Field(
        default=None,
        description="Zotero's API key. Better in a file of its own (`api_key_file`). Public groups can be read without one.",
    )
    api_key_file: FileName | None = Field(
        default=None, description="The file that holds Zotero's API key.", examples=["/run/secrets/zotero_key"]
    )


class WebSection(ConfigSection):
    """The web page, which `watcher serve` shows."""

    model_config = ConfigDict(json_schema_extra=_twins("password_hash", "signing_key", "former_signing_key"))

    enabled: bool = Field(default=True, description="Whether there is a page.")
    listen: Listen = Field(
        default="127.0.0.1:8080",
        description="Address and port; 127.0.0.1 is reachable from this machine only. From elsewhere the page wants a password.",
    )
    password_hash: Secret | None = Field(
        default=None, description="The hash of the page's password, as `watcher password` writes it. With one, everybody logs in."
    )
    password_hash_file: FileName | None = Field(
        default=None, description="The file that holds the password's hash.", examples=["/run/secrets/web_password_hash"]
    )
    signing_key: SigningKey | None = Field(
        default=None,
        description="The key that signs links and logins, of 32 characters or more. Left out: one is made and kept in the database.",
    )
    signing_key_file: FileName | None = Field(
        default=None, description="The file that holds the signing key.", examples=["/run/secrets/web_signing_key"]
    )
    former_signing_key: SigningKey | None = Field(
        default=None, description="The key that `signing_key` took the place of: what it signed is still believed."
    )
    former_signing_key_file: FileName | None = Field(
        default=None, description="The file that holds the former key.", examples=["/run/secrets/web_former_signing_key"]
    )


class LogSection(ConfigSection):
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is logged.")
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="`auto`: lines for people on a terminal, JSON elsewhere."
    )
