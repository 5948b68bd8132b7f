"""What PubMed says instead of an answer, and whether asking again can help.

E-utilities report most failures inside HTTP 200, in three dialects: an ERROR element in the XML, a JSON object whatever was asked
for, and a page of HTML from something in between. Every one of them becomes either `Again` (ask again; and what it means when that
does not help) or a typed error that no asking can cure. An unknown failure is never taken for "no results".
"""

from __future__ import annotations

import json
import re

from watcher import waits
from watcher.errors import BadCredentials, BadQuery, IncompleteAnswer, PubMedError, PubMedUnavailable
from watcher.pubmed.reply import Reply

RATE_WINDOW = 1.1
"""Seconds after which a refusal for too many requests is over, when PubMed does not say how long to wait."""

LONGEST_WAIT = 120.0
"""Seconds that a Retry-After is honoured for at most."""


class Again(Exception):
    """The exchange failed in a way that may pass.

    `what` happened, in words for the user; `kind` is the error to raise when asking again has not helped; `at_least` are the
    seconds to wait before.
    """

    def __init__(
        self,
        what: str,
        *,
        kind: type[PubMedError] = PubMedUnavailable,
        status: int | None = None,
        at_least: float = 0.0,
    ) -> None:
        self.what = what
        self.kind = kind
        self.status = status
        self.at_least = at_least
        super().__init__(what)

    def final(self, tool: str, tries: int) -> PubMedError:
        """The error to raise after the last of so many tries."""
        message = f"{tool}: {self.what} ({tries} {'try' if tries == 1 else 'tries'})"
        return self.kind(message, status=self.status) if issubclass(self.kind, PubMedUnavailable) else self.kind(message)


class HistoryExpired(Exception):
    """PubMed no longer knows the WebEnv that a request named."""


class NothingToFetch(Exception):
    """EFetch knows none of the ids that it was asked for."""


_LOST_HISTORY = re.compile(r"unable to obtain query|webenv", re.IGNORECASE)
_NO_IDS = re.compile(r"id list is empty", re.IGNORECASE)
_RATE = re.compile(r"rate limit|too many requests", re.IGNORECASE)
_KEY = re.compile(r"api.?key.{0,20}(invalid|unknown|not valid|not recogni[sz]ed)|invalid.{0,10}api.?key", re.IGNORECASE)
_PASSING = re.compile(
    r"search backend|backend failed|address table is empty|time.?d? ?out|temporar|unavailable|try again|external viewer"
    r"|unable to obtain|couldn't resolve|could not resolve|connection|\b50[0-9]\b|internal|maintenance|overload",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"unbalanced|unmatched|parenthes[ie]s|quotation|syntax|pars(?:e|ing) (?:error|fail)|(?:can|could)(?:not|n't| not) parse|malformed"
    r"|(?:invalid|illegal|bad) (?:query|term|field|date|range|search)|empty (?:term|query)|wild.?card|(?:query|term) is too (?:long|complex)",
    re.IGNORECASE,
)


def check(reply: Reply, tool: str) -> None:
    """Pass a reply that can be an answer of `tool`; raise what its body or status complains of otherwise.

    Raises Again, HistoryExpired, NothingToFetch, BadQuery or BadCredentials.
    """
    body = reply.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body[:1] in (b"{", b"["):
        raise failure_of(_said_in_json(body), tool, reply)
    said = _said_in_xml(body)
    if said is not None:
        raise failure_of(said, tool, reply)
    if reply.status == 429:
        raise Again("PubMed asks for fewer requests (HTTP 429)", status=429, at_least=_wait(reply))
    if reply.status != 200:
        raise Again(f"HTTP {reply.status}", status=reply.status, at_least=_wait(reply, default=0.0))
    if not body:
        raise Again("the answer was empty", status=200)
    if re.match(rb"<(!doctype\s+)?html", body, re.IGNORECASE):
        raise Again("a web page came instead of an answer", status=200)


def failure_of(said: str, tool: str, reply: Reply) -> Exception:
    """The exception that PubMed's words mean. A query can be the reason in ESearch only."""
    said = " ".join(said.split())[:300] or "an error without words"
    status = reply.status
    if tool == "efetch" and _NO_IDS.search(said):
        return NothingToFetch(said)
    if _KEY.search(said):
        return BadCredentials("NCBI refused the API key: check pubmed.api_key, or remove it to go on at 3 requests a second")
    if _RATE.search(said) or status == 429:
        return Again("PubMed asks for fewer requests", status=status, at_least=_wait(reply))
    if reply.by_history and _LOST_HISTORY.search(said):
        return HistoryExpired(said)
    at_fault = tool == "esearch" and _QUERY.search(said) is not None
    if at_fault and not _PASSING.search(said):
        return BadQuery(f'PubMed refused the query: "{said}"')
    return Again(f'PubMed said "{said}"', kind=BadQuery if at_fault else PubMedUnavailable, status=status)


def incomplete(what: str) -> Again:
    """An answer that holds less, or other things, than it announced."""
    return Again(what, kind=IncompleteAnswer, status=200)


def _wait(reply: Reply, default: float = RATE_WINDOW) -> float:
    """Seconds to wait: what Retry-After asks for, within reason."""
    return min(max(waits.asked_for(reply.headers) or 0.0, default), LONGEST_WAIT)


def _said_in_json(body: bytes) -> str:
    """The words of an error in JSON. NCBI writes raw line breaks inside strings, and echoes the API key beside them."""
    try:
        found = json.loads(body.decode("utf-8", "replace"), strict=False)
    except ValueError:
        return "unreadable JSON"
    return "; ".join(_errors(found)) or "JSON instead of XML"


def _errors(found: object) -> list[str]:
    if isinstance(found, dict):
        own = [value for name, value in found.items() if name.lower() in ("error", "message") and isinstance(value, str)]
        return own + [text for name, value in found.items() if name != "api-key" for text in _errors(value)]
    if isinstance(found, list):
        return [one for value in found for one in ([value] if isinstance(value, str) and not value.isdigit() else _errors(value))]
    return []


_RESULT = re.compile(rb"<(e(?:Fetch|Search|Link|Post|Info|Summary)Result)\b", re.IGNORECASE)
_ERROR = re.compile(rb"<ERROR>(.*?)</ERROR>", re.IGNORECASE | re.DOTALL)
_ANSWERS = re.compile(rb"<(?:Count|LinkSet|WebEnv|DbInfo|InvalidIdList)\b")


def _said_in_xml(body: bytes) -> str | None:
    """The words of an ERROR that stands where the answer should be; beside an answer it is a remark on some of its ids."""
    root = _RESULT.search(body[:2_000])
    error = _ERROR.search(body) if root else None
    if error is None or _ANSWERS.search(body):
        return None
    return _unescaped(error[1].decode("utf-8", "replace"))


def _unescaped(text: str) -> str:
    for name, character in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        text = text.replace(f"&{name};", character)
    return text
