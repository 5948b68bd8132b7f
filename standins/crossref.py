"""A local Crossref: GET /works/{doi} as its REST API answers, with what is planted, and with its ways of failing."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from .answers import Answer

PATH = "/works/"


def update(kind: str, doi: str | None = None, source: str | None = None, day: str | None = None, **more: object) -> dict[str, Any]:
    """One entry of `updated-by`: its type, the notice's DOI, who says so ("publisher", "retraction-watch"), and an ISO day."""
    entry: dict[str, Any] = {"type": kind, "label": kind.replace("_", " ").capitalize(), **more}
    if doi:
        entry["DOI"] = doi
    if source:
        entry["source"] = source
    if day:
        entry["updated"] = {"date-parts": [[int(part) for part in day.split("-")]]}
    return entry


class CrossrefServer:
    """Crossref on 127.0.0.1. `works` are the updates of each DOI that it knows; `answers` are given to requests for a DOI instead. What was
    asked stands in `asked`, as DOI and mail address. A context manager."""

    def __init__(self, works: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self.works = {doi.lower(): list(entries) for doi, entries in (works or {}).items()}
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """What `corrections.crossref_url` may be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, doi: str, mailto: str) -> Answer:
        """The answer for a DOI: planted, a work, or that there is none."""
        self.asked.append((doi, mailto))
        planted = self.answers.get(doi.lower()) or self.answers.get("*")
        if planted is not None:
            return planted
        if doi.lower() not in self.works:
            return Answer(404, "Resource not found.", {"Content-Type": "text/plain"})
        entries = self.works[doi.lower()]
        work = {"DOI": doi.lower(), "type": "journal-article", **({"updated-by": entries} if entries else {})}
        document = {"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": work}
        return Answer(200, json.dumps(document), {"Content-Type": "application/json", "x-api-pool": "polite-single"})


def _handler(crossref: CrossrefServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            found = Answer(404, "Resource not found.", {"Content-Type": "text/plain"})
            if address.path.startswith(PATH):
                doi = unquote(address.path.removeprefix(PATH))
                found = crossref.answer(doi, parse_qs(address.query).get("mailto", [""])[0])
            body = found.body.encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            """Nothing is printed."""

    return Handler
