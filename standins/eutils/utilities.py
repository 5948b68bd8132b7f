"""The seven E-utilities, each a method from a call to a reply; no HTTP, no faults, no rate limit.

What is asked wrongly is refused as NCBI refuses it, or more strictly: a number that is none, an unknown database or rettype, more
than 200 ids by GET.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Literal
from zoneinfo import ZoneInfo

from . import bodies
from .bodies import LinkSet, LinkSetDb, Page, element, texts
from .corpus import Corpus, Edition
from .exchange import Call, Reply
from .fields import FIELDS, Kind, find_tag
from .neighbours import Links, Neighbourhood
from .papers import opening
from .search import Answer, Engine, HistoryGone, day_range, slashed
from .summary import Summary

CAP = 9_999
"""PubMed gives at most this many records of one search; a page that straddles the end is cut short without a word."""

NCBI_ZONE = "America/New_York"
"""PubMed's days begin and end in Bethesda."""

MOST_IDS_BY_GET = 200
MOST_IDS = 10_000

DATABASES = ("pubmed", "pmc", "mesh", "books", "gene", "protein", "nuccore", "taxonomy")
"""What EInfo lists; only pubmed is served."""

_START_TOO_LARGE = (
    "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first 9,999 records matching the query."
)
_EDIRECT = (
    " To obtain more than 9,999 PubMed records, consider using EDirect that contains additional logic to batch PubMed search results "
    "automatically so that an arbitrary number can be retrieved. For details see https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)
_DATE_FIELDS = {
    "pdat": "Date - Publication", "dp": "Date - Publication", "edat": "Date - Entry", "crdt": "Date - Create",
    "mhda": "Date - MeSH", "mdat": "Date - Modification", "lr": "Date - Modification",
}  # fmt: skip


class Refused(Exception):
    """A call that cannot be answered; carries the reply that says so."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


class History:
    """The history server: each WebEnv holds numbered sets of pmids. Safe for many threads."""

    def __init__(self) -> None:
        self._sets: dict[str, list[tuple[int, ...]]] = {}
        self._lock = threading.Lock()

    def store(self, pmids: Sequence[int], web_env: str = "") -> tuple[str, int]:
        """Keep a set, in a new environment or one that exists. Raises KeyError for an environment that does not."""
        with self._lock:
            if not web_env:
                web_env = f"MCID_{secrets.token_hex(12)}"
                self._sets[web_env] = []
            held = self._sets[web_env]
            held.append(tuple(pmids))
            return web_env, len(held)

    def recall(self, web_env: str, key: int) -> tuple[int, ...]:
        """A kept set. Raises KeyError when there is none."""
        with self._lock:
            held = self._sets[web_env]
            if not 1 <= key <= len(held):
                raise KeyError(key)
            return held[key - 1]

    def all_of(self, web_env: str) -> dict[int, frozenset[int]]:
        """Every set of an environment by its key; {} for an unknown one."""
        with self._lock:
            return {key: frozenset(held) for key, held in enumerate(self._sets.get(web_env, ()), start=1)}

    def expire(self) -> None:
        """Forget everything, as NCBI does after some hours."""
        with self._lock:
            self._sets.clear()


class Utilities:
    """E-utilities over one corpus. `now` says what time it is, at each call."""

    def __init__(self, corpus: Corpus, now: Callable[[], datetime], *, drop_unknown: bool = False) -> None:
        self.corpus = corpus
        self.engine = Engine(corpus, drop_unknown=drop_unknown)
        self.neighbours = Neighbourhood(self.engine)
        self.history = History()
        self._now = now
        self.tools: dict[str, Callable[[Call], Reply]] = {
            "esearch": self.esearch,
            "efetch": self.efetch,
            "esummary": self.esummary,
            "elink": self.elink,
            "epost": self.epost,
            "einfo": self.einfo,
            "espell": self.espell,
        }

    def answer(self, call: Call) -> Reply:
        """What the tool replies to a call; `call.tool` is one of `tools`."""
        try:
            return self.tools[call.tool](call)
        except Refused as refused:
            return refused.reply

    @property
    def today(self) -> date:
        """NCBI's day. The zone is made at each call: when this is imported, whoever gives the clock may not have chosen the release yet."""
        return self._now().astimezone(ZoneInfo(NCBI_ZONE)).date()

    # --- ESearch

    def esearch(self, call: Call) -> Reply:
        """A search: count, pmids, what became of the query."""
        self._pubmed_only(call)
        start, most = _number(call, "retstart", 0), min(_number(call, "retmax", 20), 10_000)
        if start > CAP - 1:
            return _start_too_large(call)
        answer = self._search(call)
        if call.value("rettype").lower() == "count":
            return bodies.count_only(len(answer.pmids), as_json=call.wants_json)
        ranked, messages = self._sorted(answer, call.value("sort"))
        page = Page(len(ranked), start, tuple(ranked[start : min(start + most, CAP)]))
        if call.value("usehistory").lower() == "y":
            web_env, key = self._store(call, ranked)
            page = replace(page, web_env=web_env, query_key=key)
        return bodies.esearch(replace(answer, messages=answer.messages + messages), page, as_json=call.wants_json)

    def _search(self, call: Call) -> Answer:
        term, key = call.value("term").strip(), call.value("query_key")
        if not term and not key:
            raise Refused(_error(call, "Empty term and query_key - nothing todo"))
        if key:
            recalled = f"#{_number(call, 'query_key', 0)}"
            term = f"({term}) AND {recalled}" if term else recalled
        limit = self._date_limit(call)
        whole = f"({term}) AND {limit}" if limit else term
        try:
            return self.engine.search(
                whole, self.today, recalled=self.history.all_of(call.value("WebEnv")), field_name=_field_name(call)
            )
        except HistoryGone as gone:
            raise Refused(_error(call, f"Unable to obtain query #{gone.args[0]}")) from gone

    def _date_limit(self, call: Call) -> str:
        """The limit of mindate and maxdate (both, or neither counts), or reldate: today and that many days before it."""
        name = _DATE_FIELDS.get(call.value("datetype", "edat").lower(), "Date - Entry")
        days = call.value("reldate")
        if days:
            first = self.today - timedelta(days=_number(call, "reldate", 0))
            return f"{slashed(first)}:{slashed(self.today)}[{name}]"
        low, high = (day_range(call.value(bound), self.today) for bound in ("mindate", "maxdate"))
        return f"{slashed(low[0])}:{slashed(high[1])}[{name}]" if low and high else ""

    def _store(self, call: Call, pmids: Sequence[int]) -> tuple[str, int]:
        try:
            return self.history.store(pmids, call.value("WebEnv"))
        except KeyError as gone:
            raise Refused(_error(call, "Unable to obtain query #1")) from gone

    def _sorted(self, answer: Answer, wish: str) -> tuple[list[int], tuple[str, ...]]:
        """The pmids in the order asked for; without a wish the most recently created first."""
        orders: dict[str, Callable[[Edition], tuple[object, ...]]] = {
            "": self._by_creation,
            "most recent": self._by_creation,
            "pub date": self._by_publication,
            "author": lambda edition: (*self._by_name(edition, "first author"), -edition.pmid),
            "first author": lambda edition: (*self._by_name(edition, "first author"), -edition.pmid),
            "journalname": lambda edition: (*self._by_name(edition, "journal"), -edition.pmid),
            "journal": lambda edition: (*self._by_name(edition, "journal"), -edition.pmid),
            "relevance": lambda edition: (-self._relevance(edition, answer.sought), *self._by_creation(edition)),
        }
        order = orders.get(wish.lower().replace("_", " ").replace("+", " "))
        messages = () if order else (f"Unknown sort schema '{wish}' ignored",)
        with self.corpus.lock:
            standing = [edition for pmid in answer.pmids if (edition := self.corpus.searchable(pmid, self.today))]
            return [edition.pmid for edition in sorted(standing, key=order or self._by_creation)], messages

    def _by_creation(self, edition: Edition) -> tuple[object, ...]:
        return (-self._day(edition, "crdt"), -edition.pmid)

    def _by_publication(self, edition: Edition) -> tuple[object, ...]:
        return (-self._day(edition, "dp"), -edition.pmid)

    def _day(self, edition: Edition, field: str) -> int:
        days = self.corpus.entry(edition.number).days.get(field)
        return days[0].toordinal() if days else 0

    def _by_name(self, edition: Edition, field: str) -> tuple[str]:
        names = self.corpus.entry(edition.number).names.get(field, ("",))
        return (names[0].casefold(),)

    def _relevance(self, edition: Edition, sought: Sequence[str]) -> int:
        zones = ((self.engine.index.zone("title"), 3), (self.engine.index.zone("abstract"), 1))
        return sum(weight * zone.texts[edition.number].count(f" {word.rstrip('*')}") for zone, weight in zones for word in sought)

    # --- EFetch, ESummary

    def efetch(self, call: Call) -> Reply:
        """Whole records; what PubMed does not know, or not yet give, is left out."""
        self._pubmed_only(call)
        form = _fetch_form(call)
        editions = self._editions(call, self._wanted(call))
        if form == "xml":
            records = b"\n".join(edition.xml for edition in editions)
            return Reply(opening() + records + b"</PubmedArticleSet>")
        writers: dict[str, Callable[[Edition], str]] = {
            "medline": lambda edition: Summary(edition.xml).as_medline(),
            "abstract": lambda edition: Summary(edition.xml).as_abstract(),
            "uilist": lambda edition: str(edition.pmid),
        }
        return Reply("\n".join(map(writers[form], editions)).encode() + b"\n", bodies.TEXT_TYPE)

    def esummary(self, call: Call) -> Reply:
        """Document summaries; for an unknown pmid an error of its own inside the answer."""
        self._pubmed_only(call)
        pmids = self._wanted(call)
        found = {edition.pmid: Summary(edition.xml) for edition in self._editions(call, pmids)}
        if call.wants_json:
            result: dict[str, object] = {"uids": [str(pmid) for pmid in pmids]}
            for pmid in pmids:
                missing = {"uid": str(pmid), "error": "cannot get document summary"}
                result[str(pmid)] = found[pmid].as_json() if pmid in found else missing
            return bodies.json_reply("esummary", {"result": result})
        parts = (
            found[pmid].as_xml() if pmid in found else texts("ERROR", [f"UID={pmid}: cannot get document summary"])
            for pmid in pmids
        )
        return bodies.xml_reply("esummary", "".join(parts))

    def _editions(self, call: Call, pmids: Iterable[int]) -> list[Edition]:
        today, all_versions = self.today, call.tool == "efetch"
        with self.corpus.lock:
            found = [self.corpus.fetchable(pmid, today) for pmid in pmids]
        return [edition for versions in found for edition in (versions if all_versions else versions[-1:])]

    def _wanted(self, call: Call) -> list[int]:
        """The pmids of a call, in its order and once each: its id list, or a page of a stored set."""
        if call.value("WebEnv") and not call.parameters.get("id"):
            return self._page_of_history(call)
        given = [one for value in call.parameters.get("id", []) for one in value.replace(" ", ",").split(",") if one]
        if call.method == "GET" and len(given) > MOST_IDS_BY_GET:
            raise Refused(bodies.html_reply("Request-URI Too Long", f"More than {MOST_IDS_BY_GET} ids go by POST.", 414))
        pmids = list(dict.fromkeys(int(one) for one in given if one.isdigit()))
        if not given and call.tool == "esummary":
            raise Refused(_error(call, "Neither query_key nor id specified"))
        if not pmids:
            raise Refused(_error(call, "ID list is empty! Possibly it has no correct IDs.", 400))
        start = _number(call, "retstart", 0)
        return pmids[start : start + min(_number(call, "retmax", MOST_IDS), MOST_IDS)]

    def _page_of_history(self, call: Call) -> list[int]:
        start, most = _number(call, "retstart", 0), min(_number(call, "retmax", MOST_IDS), MOST_IDS)
        if start > CAP - 1:
            raise Refused(_start_too_large(call))
        key = _number(call, "query_key", 1)
        try:
            held = self.history.recall(call.value("WebEnv"), key)
        except KeyError as gone:
            raise Refused(_error(call, f"Unable to obtain query #{key}")) from gone
        return list(held[start : min(start + most, CAP)])

    # --- EPost

    def epost(self, call: Call) -> Reply:
        """Keep a list of ids on the history server."""
        self._pubmed_only(call)
        given = [one.strip() for value in call.parameters.get("id", []) for one in value.split(",") if one.strip()]
        if call.method == "GET" and len(given) > MOST_IDS_BY_GET:
            return bodies.html_reply("Request-URI Too Long", f"More than {MOST_IDS_BY_GET} ids go by POST.", 414)
        pmids = list(dict.fromkeys(int(one) for one in given if one.isdigit() and len(one) < 20))
        if not pmids:
            return bodies.error("epost", "Empty ID list; Nothing to store", status=400)
        if len(pmids) > MOST_IDS:
            return bodies.error("epost", f"Too many IDs: at most {MOST_IDS} in one request", status=400)
        web_env, key = self._store(call, pmids)
        invalid = (
            ["Some IDs have invalid value and were omitted. Maximum ID value 18446744073709551615"]
            if len(pmids) < len(set(given))
            else []
        )
        return bodies.epost(key, web_env, invalid)

    # --- ELink

    def elink(self, call: Call) -> Reply:
        """Links of each id list: repeated `id` parameters make a set each, commas inside one are merged."""
        command = call.value("cmd", "neighbor").lower()
        if command not in ("neighbor", "neighbor_score", "neighbor_history"):
            return _error(call, f"Unknown or unsupported cmd: {command}", 400)
        self._pubmed_only(call, "dbfrom")
        target: str = call.value("db", "pubmed").lower()
        if target not in ("pubmed", "pmc"):
            return _error(call, f"Invalid db name specified: {target}", 400)
        sets = [self._linkset(call, ids, target, command) for ids in self._id_lists(call)]
        return bodies.elink(sets, scored=command == "neighbor_score", as_json=call.wants_json)

    def _id_lists(self, call: Call) -> list[tuple[int, ...]]:
        if call.value("WebEnv") and not call.parameters.get("id"):
            return [tuple(self._page_of_history(call))]
        lists = [tuple(int(one) for one in value.split(",") if one.strip().isdigit()) for value in call.parameters.get("id", [])]
        kept = [ids for ids in lists if ids]
        if not kept:
            raise Refused(_error(call, "ID list is empty! Possibly it has no correct IDs.", 400))
        return kept

    def _linkset(self, call: Call, ids: tuple[int, ...], target: str, command: str) -> LinkSet:
        asked = call.value("linkname")
        allowed = self._allowed(call)
        databases = [
            LinkSetDb(target, name, kept)
            for name, links in self._links(ids, target).items()
            if (not asked or name in asked.split(",")) and (kept := _allowed_of(links, allowed))
        ]
        if command != "neighbor_history":
            return LinkSet(ids, tuple(databases))
        web_env = call.value("WebEnv")
        stored = []
        for database in databases:
            web_env, key = self.history.store([pmid for pmid, _ in database.links], web_env)
            stored.append(replace(database, links=(), query_key=key))
        return LinkSet(ids, tuple(stored), web_env)

    def _allowed(self, call: Call) -> frozenset[int] | None:
        """The pmids that `term` and the dates leave; None for all."""
        terms = [part for part in (call.value("term"), self._date_limit(call)) if part]
        return self.engine.search(" AND ".join(f"({part})" for part in terms), self.today).pmids if terms else None

    def _links(self, ids: tuple[int, ...], target: str) -> dict[str, Links]:
        near, today = self.neighbours, self.today
        if target == "pmc":
            return {"pubmed_pmc": _merged(near.in_pmc(pmid, today) for pmid in ids)}
        similar = _merged(near.similar(pmid, today) for pmid in ids)
        reviews = near.of_type(similar, "Review", today)
        return {
            "pubmed_pubmed": similar,
            "pubmed_pubmed_citedin": _merged(near.cited_by(pmid, today) for pmid in ids),
            "pubmed_pubmed_combined": similar[:5],
            "pubmed_pubmed_five": similar[:5],
            "pubmed_pubmed_refs": _merged(near.references(pmid, today) for pmid in ids),
            "pubmed_pubmed_reviews": reviews,
            "pubmed_pubmed_reviews_five": reviews[:5],
        }

    # --- EInfo, ESpell

    def einfo(self, call: Call) -> Reply:
        """The databases, or PubMed's size, last update and fields."""
        database = call.value("db").lower()
        if not database:
            if call.wants_json:
                return bodies.json_reply("einfo", {"einforesult": {"dblist": list(DATABASES), "dbinfo": []}})
            return bodies.xml_reply("einfo", element("DbList", texts("DbName", DATABASES)))
        self._pubmed_only(call)
        facts = self._database_facts()
        fields = [_field_facts(field.code, field.name, field.describes, field.kind) for field in FIELDS if field.code]
        if call.wants_json:
            described = {name.lower(): value for name, value in facts.items()}
            listed = [{name.lower(): value for name, value in field.items()} for field in fields]
            return bodies.json_reply("einfo", {"einforesult": {"dbinfo": [described | {"fieldlist": listed, "linklist": []}]}})
        inner = "".join(texts(name, [value]) for name, value in facts.items())
        rows = (
            element("Field", *(element(name, *([_escaped(value)] if value else [])) for name, value in field.items()))
            for field in fields
        )
        return bodies.xml_reply("einfo", element("DbInfo", inner, element("FieldList", *rows)))

    def _database_facts(self) -> dict[str, str]:
        today = self.today
        count = len({self.corpus.editions[number].pmid for number in self.corpus.standing(today)})
        updated = min(self._now(), datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=11, minutes=33))
        return {
            "DbName": "pubmed",
            "MenuName": "PubMed",
            "Description": "PubMed bibliographic record",
            "DbBuild": f"Build-{updated:%Y.%m.%d.%H.%M}",
            "Count": str(count),
            "LastUpdate": f"{updated:%Y/%m/%d %H:%M}",
        }

    def espell(self, call: Call) -> Reply:
        """The nearest known spelling of each unknown word."""
        query = call.value("term")
        titles = self.engine.index.zone("title")
        with self.corpus.lock:
            known = set(titles.holders) | set(self.engine.index.zone("abstract").holders)
        corrected = [
            word if word in known else (get_close_matches(word, known, 1, 0.75) or [word])[0] for word in query.lower().split()
        ]
        changed = " ".join(corrected) if corrected != query.lower().split() else ""
        return bodies.xml_reply(
            "espell",
            texts("Database", ["pubmed"])
            + texts("Query", [query])
            + (texts("CorrectedQuery", [changed]) if changed else "<CorrectedQuery/>")
            + (element("SpelledQuery", texts("Replaced", [changed])) if changed else "<SpelledQuery/>")
            + "<ERROR/>",
        )

    def _pubmed_only(self, call: Call, parameter: Literal["db", "dbfrom"] = "db") -> None:
        database = call.value(parameter, "pubmed" if call.tool in ("esearch", "elink") else "").lower()
        if database != "pubmed":
            raise Refused(_error(call, f"Invalid db name specified: {database}", 400))


def _error(call: Call, text: str, status: int = 200) -> Reply:
    return bodies.error(call.tool, text, as_json=call.wants_json, status=status)


def _start_too_large(call: Call) -> Reply:
    if call.tool != "esearch":
        return _error(call, f"Search backend cannot retrieve history data. Reason: Exception: {_START_TOO_LARGE}", 400)
    reply = _error(call, f"Search Backend failed: Exception:\n{_START_TOO_LARGE}{_EDIRECT}")
    return replace(reply, body=reply.body.replace(b"Exception:\\n", b"Exception:\n"))


def _number(call: Call, name: str, default: int) -> int:
    written = call.value(name).strip()
    if not written:
        return default
    if not written.isdigit():
        raise Refused(_error(call, f"Invalid value for {name}: {written}", 400))
    return int(written)


def _field_name(call: Call) -> str | None:
    written = call.value("field")
    if written and find_tag(written) is None:
        raise Refused(_error(call, f"Unknown field: {written}", 400))
    return written or None


_FORMS = {
    ("", ""): "xml", ("", "xml"): "xml", ("abstract", "xml"): "xml", ("medline", "xml"): "xml", ("xml", "xml"): "xml",
    ("full", "xml"): "xml", ("medline", "text"): "medline", ("medline", ""): "medline", ("abstract", "text"): "abstract",
    ("abstract", ""): "abstract", ("uilist", "text"): "uilist", ("uilist", ""): "uilist",
}  # fmt: skip


def _fetch_form(call: Call) -> str:
    """How EFetch writes; JSON is not among the ways, although other tools know it."""
    asked = (call.value("rettype").lower(), call.value("retmode").lower())
    if asked not in _FORMS:
        raise Refused(_error(call, f"rettype={asked[0]} and retmode={asked[1]} is not supported for pubmed", 400))
    return _FORMS[asked]


def _merged(many: Iterable[Links]) -> Links:
    """Several link lists as one, each pmid with its highest score, the highest first."""
    scores: dict[int, int] = {}
    for links in many:
        for pmid, score in links:
            scores[pmid] = max(score, scores.get(pmid, 0))
    return tuple(sorted(scores.items(), key=lambda pair: -pair[1]))


def _allowed_of(links: Links, allowed: frozenset[int] | None) -> Links:
    return links if allowed is None else tuple(link for link in links if link[0] in allowed)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _field_facts(code: str, name: str, describes: str, kind: Kind) -> dict[str, str]:
    is_date, is_number, is_tree = (("Y" if kind is one else "N") for one in (Kind.DATE, Kind.NUMBER, Kind.HEADING))
    return {
        "Name": code,
        "FullName": name,
        "Description": describes,
        "TermCount": "",
        "IsDate": is_date,
        "IsNumerical": is_number,
        "SingleToken": "N" if kind is Kind.WORDS else "Y",
        "Hierarchy": is_tree,
        "IsHidden": "N",
    }
