"""The bodies that E-utilities answer with, as XML and JSON: shapes and names as NCBI writes them, from plain values.

Document types are those that Biopython ships the DTDs of, so that `Bio.Entrez.read` accepts every XML body. Nothing here knows a
corpus, a clock or HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from .exchange import Reply
from .search import Answer

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"
TEXT_TYPE = "text/plain; charset=UTF-8"

_DOCTYPES = {
    "esearch": ("eSearchResult", "esearch 20060628", "20060628/esearch.dtd"),
    "efetch": ("eFetchResult", "efetch 20131226", "20131226/efetch.dtd"),
    "elink": ("eLinkResult", "elink 20101123", "20101123/elink.dtd"),
    "epost": ("ePostResult", "epost 20090526", "20090526/epost.dtd"),
    "esummary": ("eSummaryResult", "esummary v1 20041029", "20041029/esummary-v1.dtd"),
    "einfo": ("eInfoResult", "einfo 20190110", "20190110/einfo.dtd"),
    "espell": ("eSpellResult", "eSpellResult, 23 November 2004", "eSpell.dtd"),
}
_JSON_RESULTS = {"esearch": "esearchresult", "einfo": "einforesult"}


def element(tag: str, *children: str) -> str:
    """An element around children that are XML already; an empty one where there are none."""
    inner = "".join(children)
    return f"<{tag}>{inner}</{tag}>" if inner else f"<{tag}/>"


def texts(tag: str, values: Iterable[object]) -> str:
    """One element for each value, its text escaped."""
    return "".join(element(tag, escape(str(value))) for value in values)


def xml_reply(tool: str, inner: str, status: int = 200) -> Reply:
    """A whole XML answer of a tool."""
    root, name, path = _DOCTYPES[tool]
    document = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        f'<!DOCTYPE {root} PUBLIC "-//NLM//DTD {name}//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/{path}">\n'
        f"<{root}>{inner}</{root}>\n"
    )
    return Reply(document.encode(), status=status)


def json_reply(tool: str, result: Mapping[str, object], status: int = 200) -> Reply:
    """A whole JSON answer of a tool."""
    body = {"header": {"type": tool, "version": "0.3"}, **result}
    return Reply(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", JSON_TYPE, status)


def html_reply(title: str, sentence: str, status: int) -> Reply:
    """A page where an answer should be, as proxies and maintenance write it."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{sentence}</p></body></html>\n"
    return Reply(page.encode(), HTML_TYPE, status)


def error(tool: str, text: str, *, as_json: bool = False, status: int = 200) -> Reply:
    """A tool's way of saying that something went wrong, most often inside HTTP 200."""
    if not as_json or tool in ("efetch", "epost"):
        return xml_reply(tool, element("ERROR", escape(text)), status)
    if tool == "esummary":
        return json_reply(tool, {"esummaryresult": [text]}, status)
    if tool == "elink":
        return json_reply(tool, {"linksets": [], "ERROR": text}, status)
    return json_reply(tool, {_JSON_RESULTS.get(tool, "result"): {"ERROR": text}}, status)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search's pmids and where it was stored."""

    count: int
    start: int
    pmids: tuple[int, ...]
    web_env: str = ""
    query_key: int = 0


def esearch(answer: Answer, page: Page, *, as_json: bool) -> Reply:
    """What ESearch answers."""
    return _esearch_json(answer, page) if as_json else _esearch_xml(answer, page)


def count_only(count: int, *, as_json: bool) -> Reply:
    """What ESearch answers to rettype=count."""
    if as_json:
        return json_reply("esearch", {"esearchresult": {"count": str(count)}})
    return xml_reply("esearch", element("Count", str(count)))


def _esearch_json(answer: Answer, page: Page) -> Reply:
    result: dict[str, object] = {"count": str(page.count), "retmax": str(len(page.pmids)), "retstart": str(page.start)}
    if page.web_env:
        result |= {"querykey": str(page.query_key), "webenv": page.web_env}
    result |= {
        "idlist": [str(pmid) for pmid in page.pmids],
        "translationset": [{"from": typed, "to": to} for typed, to in answer.mappings],
        "querytranslation": answer.translation,
    }
    if answer.phrases_not_found or answer.fields_not_found:
        result["errorlist"] = {
            "phrasesnotfound": list(answer.phrases_not_found),
            "fieldsnotfound": list(answer.fields_not_found),
        }
    if answer.phrases_ignored or answer.quoted_not_found or answer.messages:
        result["warninglist"] = {
            "phrasesignored": list(answer.phrases_ignored),
            "quotedphrasesnotfound": list(answer.quoted_not_found),
            "outputmessages": list(answer.messages),
        }
    return json_reply("esearch", {"esearchresult": result})


def _esearch_xml(answer: Answer, page: Page) -> Reply:
    stored = (element("QueryKey", str(page.query_key)) + element("WebEnv", page.web_env)) if page.web_env else ""
    mappings = [texts("From", [typed]) + texts("To", [to]) for typed, to in answer.mappings]
    errors = texts("PhraseNotFound", answer.phrases_not_found) + texts("FieldNotFound", answer.fields_not_found)
    warnings = (
        texts("PhraseIgnored", answer.phrases_ignored)
        + texts("QuotedPhraseNotFound", answer.quoted_not_found)
        + texts("OutputMessage", answer.messages)
    )
    return xml_reply(
        "esearch",
        texts("Count", [page.count])
        + texts("RetMax", [len(page.pmids)])
        + texts("RetStart", [page.start])
        + stored
        + element("IdList", texts("Id", page.pmids))
        + element("TranslationSet", *(element("Translation", mapping) for mapping in mappings))
        + texts("QueryTranslation", [answer.translation])
        + (element("ErrorList", errors) if errors else "")
        + (element("WarningList", warnings) if warnings else ""),
    )


def epost(query_key: int, web_env: str, complaints: Sequence[str] = ()) -> Reply:
    """What EPost answers; it knows no JSON."""
    return xml_reply("epost", texts("QueryKey", [query_key]) + texts("WebEnv", [web_env]) + texts("ERROR", complaints))


@dataclass(frozen=True, slots=True)
class LinkSetDb:
    """The links of one name; `query_key` instead of links for neighbor_history."""

    db_to: str
    name: str
    links: tuple[tuple[int, int], ...]
    query_key: int = 0


@dataclass(frozen=True, slots=True)
class LinkSet:
    """The links of one id list."""

    ids: tuple[int, ...]
    databases: tuple[LinkSetDb, ...]
    web_env: str = ""


def elink(sets: Sequence[LinkSet], *, scored: bool, as_json: bool) -> Reply:
    """What ELink answers: ids alone, or with scores."""
    if as_json:
        return json_reply("elink", {"linksets": [_linkset_json(one, scored=scored) for one in sets]})
    return xml_reply("elink", "\n".join(_linkset_xml(one, scored=scored) for one in sets))


def _linkset_json(one: LinkSet, *, scored: bool) -> dict[str, object]:
    result: dict[str, object] = {"dbfrom": "pubmed", "ids": [str(pmid) for pmid in one.ids]}
    if one.web_env:
        histories = [{"dbto": db.db_to, "linkname": db.name, "querykey": str(db.query_key)} for db in one.databases]
        return result | {"linksetdbhistories": histories, "webenv": one.web_env}
    databases = [
        {
            "dbto": db.db_to,
            "linkname": db.name,
            "links": [{"id": str(pmid), "score": score} if scored else str(pmid) for pmid, score in db.links],
        }
        for db in one.databases
    ]
    return result | ({"linksetdbs": databases} if databases else {})


def _linkset_xml(one: LinkSet, *, scored: bool) -> str:
    head = element("DbFrom", "pubmed") + element("IdList", texts("Id", one.ids))
    if one.web_env:
        histories = (
            element("LinkSetDbHistory", texts("DbTo", [db.db_to]), texts("LinkName", [db.name]), texts("QueryKey", [db.query_key]))
            for db in one.databases
        )
        return element("LinkSet", head, *histories, texts("WebEnv", [one.web_env]))
    return element("LinkSet", head, *(_linksetdb_xml(db, scored=scored) for db in one.databases))


def _linksetdb_xml(db: LinkSetDb, *, scored: bool) -> str:
    links = (element("Link", texts("Id", [pmid]), texts("Score", [score]) if scored else "") for pmid, score in db.links)
    return element("LinkSetDb", texts("DbTo", [db.db_to]), texts("LinkName", [db.name]), *links)
