"""A Microsoft Teams on loopback: workflows that take a post by their address, and cards that come of it. It can be told to fail.

    teams.plant("rate-limit", path=teams.path("lab"))

A workflow answers before it posts (202, nothing more), so that a card which Teams refuses is refused in silence: `refused` has those, with
why, and `cards` what readers see. What Teams takes is written here from its pages alone, and shares nothing with who makes the cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..answers import Answer
from ..mishaps import LONGEST_SILENCE
from .webhooks import Post, WebhookServer

TEAMS_FAULTS: Mapping[str, str] = {
    "rate-limit": "429 with `Retry-After: 30`",
    "error": "500",
    "unavailable": "503 with an HTML page",
    "gone": "404 WorkflowNotFound: there is no such workflow",
    "switched-off": "400 WorkflowTriggerIsNotEnabled: the workflow is off, or was deleted",
    "wants-login": "401 DirectApiAuthorizationRequired: the workflow is for users of the tenant",
    "answers-itself": "200 without a body: a step of the workflow answers; the post is not kept",
    "talks": "202 with a sentence; the post is not kept",
    "login-page": "200 with the web page of a login: a proxy stands in between; the post is not kept",
    "redirects": "302 to a login; the post is not kept",
    "truncates": "202 with less body than is announced, and the connection closed; the post is not kept",
    "hangs": "silence until the client gives up; the post is not kept",
    "loses": "the connection is closed; the post is not kept",
    "takes-and-hangs-up": "the post is kept, and the connection closed before the client is told",
    "takes-and-hangs": "the post is kept, and then silence until the client gives up",
}
"""Every way in which the Teams can be told to fail."""

MOST_BYTES = 28 * 1024
"""What Teams takes in a message: https://learn.microsoft.com/en-us/connectors/teams/ (message size limit)."""

_ELEMENTS: Mapping[str, frozenset[str]] = {
    "TextBlock": frozenset({"text"}),
    "RichTextBlock": frozenset({"inlines"}),
    "Container": frozenset({"items"}),
}
"""Elements of a card's body, with what each has to have (https://adaptivecards.io/explorer)."""
_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
_SIGNATURE = "sample-signature_0123456789abcdefghij"


def _refusal(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message}})
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


_TEAMS_ANSWERS: Mapping[str, Answer] = {
    "rate-limit": _refusal(429, "TooManyRequests", "Rate limit is exceeded.", {"Retry-After": "30"}),
    "error": _refusal(500, "InternalServerError", "Encountered internal server error."),
    "unavailable": Answer(503, "<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"}),
    "gone": _refusal(404, "WorkflowNotFound", "The workflow 'sample' could not be found."),
    "switched-off": _refusal(
        400, "WorkflowTriggerIsNotEnabled", "Could not execute workflow trigger 'manual' with state 'Disabled'."
    ),
    "wants-login": _refusal(401, "DirectApiAuthorizationRequired", "The request must be authenticated by OAuth."),
    "answers-itself": Answer(200),
    "talks": Answer(202, "The card is under way.", {"Content-Type": "text/plain"}),
    "login-page": Answer(200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", {"Content-Type": "text/html"}),
    "redirects": Answer(302, "", {"Location": "https://login.lab.example/"}),
    "truncates": Answer(202, "", {"Content-Length": "11"}),
    "hangs": Answer(0, silence=LONGEST_SILENCE),
    "loses": Answer(0),
    "takes-and-hangs-up": Answer(0),
    "takes-and-hangs": Answer(0, silence=LONGEST_SILENCE),
}


class TeamsServer(WebhookServer):
    """Workflows of Power Automate and the channels that they post to, on 127.0.0.1."""

    def __init__(self) -> None:
        super().__init__(TEAMS_FAULTS, _TEAMS_ANSWERS)
        self.refused: list[tuple[Post, str]] = []

    def url(self, name: str = "lab") -> str:
        """The address of a workflow that anyone may start who knows it; its signature is the secret."""
        return f"{self.base_url}{self.path(name)}"

    @staticmethod
    def path(name: str = "lab") -> str:
        """The path of a workflow, with the query that belongs to it."""
        query = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={_SIGNATURE}"
        return f"/powerautomate/automations/direct/workflows/{name}/triggers/manual/paths/invoke?{query}"

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards that readers see, in order."""
        return [attachment["content"] for post in self.posts for attachment in post.payload["attachments"]]

    def texts(self) -> list[str]:
        """What each card shows, a line for each of its texts."""
        return ["\n".join(_shown(card)) for card in self.cards]

    def taken(self, post: Post) -> Answer:
        """Start the workflow, whose answer says nothing of what becomes of the card."""
        given = parse_qs(urlsplit(post.path).query)
        if given.get("sig") != [_SIGNATURE]:
            return _refusal(401, "AuthorizationFailed", "The provided signature is not valid.")
        why = _fault(post)
        if why:
            self.refused.append((post, why))
        else:
            self.posts.append(post)
        return Answer(202)


def _fault(post: Post) -> str:
    """Why no card comes of a post; "" where one does."""
    if len(post.raw) > MOST_BYTES:
        return "RequestEntityTooLarge"
    if post.payload.get("type") != "message" or not isinstance(post.payload.get("attachments"), list):
        return "there are no attachments that the workflow could go through"
    for attachment in post.payload["attachments"]:
        card = attachment.get("content", {})
        if attachment.get("contentType") != "application/vnd.microsoft.card.adaptive" or card.get("type") != "AdaptiveCard":
            return "no Adaptive Card"
        if card.get("version") not in _VERSIONS or not card.get("body"):
            return "a card without a version or a body"
        for element in _elements(card["body"]):
            lacking = _ELEMENTS.get(element.get("type", ""), frozenset({"a type that is known"})) - element.keys()
            if lacking:
                return f"{element.get('type')} without {', '.join(sorted(lacking))}"
    return ""


def _elements(body: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for element in body:
        yield element
        yield from _elements(element.get("items", []))


def _shown(card: dict[str, Any]) -> Iterator[str]:
    for element in _elements(card["body"]):
        if element["type"] == "TextBlock":
            yield element["text"]
        elif element["type"] == "RichTextBlock":
            yield "".join(run if isinstance(run, str) else run["text"] for run in element["inlines"])
