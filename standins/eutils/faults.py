"""The faults that the local PubMed can be told to play: every way in which E-utilities have been seen to fail.

    server.faults.plant("efetch", kind="http-503", times=2)
    server.faults.plant("esearch", kind="short-id-list", when=lambda call: "crdt" in call.value("term"))

`FAULTS` lists all kinds with what they do and which tools they befall. A fault stands before or in place of the right answer, in the
server only; the corpus never knows. The bodies say what NCBI's say, in the same shape, over this server's own values.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from . import bodies
from .exchange import Call, Reply, Wire
from .papers import DTD_YEAR

EVERY_TOOL = frozenset({"esearch", "efetch", "elink", "epost", "esummary", "einfo", "espell"})

Answer = Callable[[], Reply]
"""Computes what the server would have answered."""

Played = Callable[[Call, Answer], Reply]
"""Makes a fault of a call and its right answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: what the client sees, and which tools it can befall."""

    describes: str
    play: Played
    tools: frozenset[str] = EVERY_TOOL


FAULTS: dict[str, Fault] = {}
"""Every kind of fault by name."""


def _fault(kind: str, describes: str, *tools: str) -> Callable[[Played], Played]:
    def register(play: Played) -> Played:
        FAULTS[kind] = Fault(describes, play, frozenset(tools) or EVERY_TOOL)
        return play

    return register


@dataclass
class Plan:
    """One planted fault: it is played `times` times for calls of `tool` ("*": any) that `when` accepts."""

    tool: str
    kind: str
    times: int
    when: Callable[[Call], bool] = field(default=lambda _call: True, repr=False)

    def meets(self, call: Call) -> bool:
        """Whether this call is to be spoiled."""
        return self.times > 0 and self.tool in ("*", call.tool) and call.tool in FAULTS[self.kind].tools and self.when(call)


class Faults:
    """The faults planted in one server, played in the order of planting. Safe for many threads."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []
        self._lock = threading.Lock()

    def plant(self, tool: str, *, kind: str, times: int = 1, when: Callable[[Call], bool] | None = None) -> None:
        """Spoil the next `times` matching calls.

        Args:
            tool: "esearch", "efetch", … or "*".
            kind: a name from `FAULTS`.
            times: how often.
            when: only for calls that this accepts.

        Raises ValueError for a kind that does not exist or cannot befall the tool.
        """
        fault = FAULTS.get(kind)
        if fault is None:
            raise ValueError(f"no fault of the kind {kind!r}; there are: {', '.join(sorted(FAULTS))}")
        if tool != "*" and tool not in fault.tools:
            raise ValueError(f"{kind} cannot befall {tool}, only {', '.join(sorted(fault.tools))}")
        with self._lock:
            self._plans.append(Plan(tool, kind, times, when or (lambda _call: True)))

    def clear(self) -> None:
        """Forget all planted faults."""
        with self._lock:
            self._plans.clear()

    @property
    def pending(self) -> int:
        """How many faults are still to be played."""
        with self._lock:
            return sum(plan.times for plan in self._plans)

    def take(self, call: Call) -> str | None:
        """The kind of fault that this call meets, counted as played; None when it goes well."""
        with self._lock:
            plan = next((plan for plan in self._plans if plan.meets(call)), None)
            if plan is None:
                return None
            plan.times -= 1
            self._plans = [kept for kept in self._plans if kept.times > 0]
            return plan.kind


# --- refusals ----------------------------------------------------------------------------------------------------------------


def _limit_body(call: Call) -> bytes:
    key = call.value("api_key")
    refused = {
        "error": "API rate limit exceeded",
        "api-key": key or "127.0.0.1",
        "count": "11" if key else "4",
        "limit": "10" if key else "3",
    }
    return json.dumps(refused, separators=(",", ":")).encode() + b"\n"


def too_many(call: Call, *, retry_after: int | None = None) -> Reply:
    """NCBI's refusal of too many requests: JSON whatever was asked for, with the API key or the caller's address in it."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return Reply(_limit_body(call), bodies.JSON_TYPE, 429, headers)


def bad_key(call: Call) -> Reply:
    """NCBI's refusal of an API key that it does not know."""
    refused = {"error": "API key invalid", "api-key": call.value("api_key"), "type": "invalid", "status": "unknown"}
    return Reply(json.dumps(refused, separators=(",", ":")).encode(), bodies.JSON_TYPE, 400)


@_fault("rate-limit", "429 with the caller's API key in the body, without Retry-After, as NCBI sends it")
def _rate_limit(call: Call, _answer: Answer) -> Reply:
    return too_many(call)


@_fault("rate-limit-retry-after", "429 with `Retry-After: 1`")
def _rate_limit_retry_after(call: Call, _answer: Answer) -> Reply:
    return too_many(call, retry_after=1)


@_fault("rate-limit-documented", "429 in the shorter form of NCBI's manual")
def _rate_limit_documented(_call: Call, _answer: Answer) -> Reply:
    return Reply(b'{"error":"API rate limit exceeded","count":"11"}', bodies.JSON_TYPE, 429)


@_fault("rate-limit-in-200", "the body of a 429 inside HTTP 200")
def _rate_limit_in_200(call: Call, _answer: Answer) -> Reply:
    return replace(too_many(call), status=200)


@_fault("api-key-invalid", "400: the API key is not known")
def _api_key_invalid(call: Call, _answer: Answer) -> Reply:
    return bad_key(call)


# --- errors inside an answer ---------------------------------------------------------------------------------------------------


def _error(call: Call, text: str, status: int = 200) -> Reply:
    return bodies.error(call.tool, text, as_json=call.wants_json, status=status)


@_fault("backend-failed", "200 with ERROR: the search backend cannot be found", "esearch")
def _backend_failed(call: Call, _answer: Answer) -> Reply:
    return _error(call, "Search Backend failed: Couldn't resolve #pmquerysrv-demo?dbaf=pubmed, the address table is empty.")


@_fault("backend-502", "200 with ERROR: the search backend answered 502", "esearch")
def _backend_502(call: Call, _answer: Answer) -> Reply:
    return _error(call, "Search Backend failed: Status: 502")


@_fault("efetch-timeout", "400 with ERROR: the viewer timed out", "efetch")
def _efetch_timeout(call: Call, _answer: Answer) -> Reply:
    return _error(call, "Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout", 400)


@_fault("webenv-expired", "200 with ERROR: the history is gone", "esearch", "efetch", "esummary", "elink")
def _webenv_expired(call: Call, _answer: Answer) -> Reply:
    return _error(call, f"Unable to obtain query #{call.value('query_key', '1')}")


@_fault("elink-outage", "200 with ERROR: ELink's own servers cannot be found", "elink")
def _elink_outage(call: Call, _answer: Answer) -> Reply:
    return _error(call, "Couldn't resolve #exLinkSrv2, the address table is empty.")


@_fault("html-page", "a maintenance page inside HTTP 200")
def _html_page(_call: Call, _answer: Answer) -> Reply:
    return bodies.html_reply("Maintenance", "This service is being looked after. Please come back later.", 200)


@_fault("http-500", "500 with an HTML page")
def _http_500(_call: Call, _answer: Answer) -> Reply:
    return bodies.html_reply("Internal Server Error", "The server met an unexpected condition.", 500)


@_fault("http-502", "502 with an HTML page")
def _http_502(_call: Call, _answer: Answer) -> Reply:
    return bodies.html_reply("Bad Gateway", "The server behind this one did not answer.", 502)


@_fault("http-503", "503 with an HTML page")
def _http_503(_call: Call, _answer: Answer) -> Reply:
    return bodies.html_reply("Service Unavailable", "The service is overloaded.", 503)


# --- broken exchanges ------------------------------------------------------------------------------------------------------------


@_fault("empty-body", "200 with nothing in it")
def _empty_body(_call: Call, answer: Answer) -> Reply:
    return replace(answer(), body=b"")


@_fault("truncated", "200; the body stops in the middle and Content-Length agrees with it")
def _truncated(_call: Call, answer: Answer) -> Reply:
    whole = answer()
    return replace(whole, body=whole.body[: len(whole.body) * 2 // 3])


@_fault("short-body", "200; Content-Length promises the whole body, two thirds come, the connection is closed")
def _short_body(_call: Call, answer: Answer) -> Reply:
    return replace(answer(), wire=Wire.SHORT)


@_fault("chunks-cut", "200, chunked; the connection is closed before the last chunk")
def _chunks_cut(_call: Call, answer: Answer) -> Reply:
    return replace(answer(), wire=Wire.CHUNKS_CUT)


@_fault("reset", "the connection is reset before the answer")
def _reset(_call: Call, _answer: Answer) -> Reply:
    return Reply(b"", wire=Wire.RESET)


@_fault("hang", "the connection stays open and silent until the client gives up")
def _hang(_call: Call, _answer: Answer) -> Reply:
    return Reply(b"", wire=Wire.HANG)


@_fault("drip", "a byte now and then: no read times out, the answer never ends")
def _drip(_call: Call, answer: Answer) -> Reply:
    return replace(answer(), wire=Wire.DRIP)


# --- answers that look whole and are not ---------------------------------------------------------------------------------------------

_XML_ID = re.compile(rb"\s*<Id>\d+</Id>")
_RECORD = re.compile(rb"<Pubmed(?:Book)?Article[ >].*?</Pubmed(?:Book)?Article>", re.DOTALL)
_OWN_PMID = re.compile(rb"<PMID[^>]*>\d+</PMID>")


def _with_ids(reply: Reply, keep: Callable[[int], int]) -> Reply:
    """The reply with the first keep(n) of its n ids; every count in it stays."""
    if reply.content_type == bodies.JSON_TYPE:
        document = json.loads(reply.body, strict=False)
        ids = document.get("esearchresult", {}).get("idlist", [])
        del ids[keep(len(ids)) :]
        return replace(reply, body=json.dumps(document).encode())
    found = list(_XML_ID.finditer(reply.body))
    if not found:
        return reply
    kept = keep(len(found))
    start = found[kept].start() if kept < len(found) else found[-1].end()
    return replace(reply, body=reply.body[:start] + reply.body[found[-1].end() :])


@_fault("short-id-list", "an ESearch answer with fewer ids than it announces: the last third is missing, at least one", "esearch")
def _short_id_list(_call: Call, answer: Answer) -> Reply:
    return _with_ids(answer(), lambda count: min(count - count // 3, count - 1))


@_fault("no-ids", "an ESearch answer that counts matches and lists none", "esearch")
def _no_ids(_call: Call, answer: Answer) -> Reply:
    return _with_ids(answer(), lambda _count: 0)


@_fault("shrunken-set", "an ESearch answer over a third of the set, count and ids in agreement", "esearch")
def _shrunken_set(_call: Call, answer: Answer) -> Reply:
    short = _with_ids(answer(), lambda count: count // 3)
    kept = (
        len(json.loads(short.body)["esearchresult"]["idlist"])
        if short.content_type == bodies.JSON_TYPE
        else len(_XML_ID.findall(short.body))
    )
    told = re.sub(rb'("(?:count|retmax)": ?")\d+', rb"\g<1>%d" % kept, short.body)
    return replace(short, body=re.sub(rb"(<(?:Count|RetMax)>)\d+", rb"\g<1>%d" % kept, told))


@_fault(
    "raw-control-characters",
    "JSON with a raw line break inside a string, which a strict parser refuses",
    "esearch",
    "esummary",
    "elink",
)
def _raw_control_characters(_call: Call, answer: Answer) -> Reply:
    whole = answer()
    return replace(whole, body=whole.body.replace(b'"version":"0.3"', b'"version":"0.3","note":"first line\nsecond line"'))


def _with_records(reply: Reply, change: Callable[[list[bytes]], list[bytes]]) -> Reply:
    """The EFetch reply with its records put through `change`."""
    found = list(_RECORD.finditer(reply.body))
    if not found:
        return reply
    records = change([one.group() for one in found])
    return replace(reply, body=reply.body[: found[0].start()] + b"\n".join(records) + reply.body[found[-1].end() :])


@_fault("omitted-records", "an EFetch answer without every third record, the first among them", "efetch")
def _omitted_records(_call: Call, answer: Answer) -> Reply:
    return _with_records(answer(), lambda records: [record for place, record in enumerate(records) if place % 3])


@_fault("repeated-record", "an EFetch answer that brings its first record twice", "efetch")
def _repeated_record(_call: Call, answer: Answer) -> Reply:
    return _with_records(answer(), lambda records: [records[0], *records])


@_fault("broken-record", "an EFetch answer whose first record has no usable PMID; the document is well-formed", "efetch")
def _broken_record(_call: Call, answer: Answer) -> Reply:
    return _with_records(
        answer(), lambda records: [_OWN_PMID.sub(b'<PMID Version="1">none</PMID>', records[0], count=1), *records[1:]]
    )


@_fault(
    "malformed-record",
    "an EFetch answer whose first record is not well-formed: a bare ampersand and an open tag in its title",
    "efetch",
)
def _malformed_record(_call: Call, answer: Answer) -> Reply:
    return _with_records(
        answer(), lambda records: [re.sub(rb"<ArticleTitle[^>]*>", rb"\g<0>R&D <b>", records[0], count=1), *records[1:]]
    )


@_fault("unknown-dtd", "an EFetch answer that names next decade's DTD", "efetch")
def _unknown_dtd(_call: Call, answer: Answer) -> Reply:
    year = DTD_YEAR + 10
    whole = answer()
    body = whole.body.replace(b"1st January %d" % DTD_YEAR, b"1st January %d" % year)
    return replace(whole, body=body.replace(b"pubmed_%02d0101.dtd" % (DTD_YEAR % 100), b"pubmed_%02d0101.dtd" % (year % 100)))


def described() -> Mapping[str, str]:
    """Every kind of fault with what it does, for documentation."""
    return {kind: fault.describes for kind, fault in FAULTS.items()}
