"""A Slack on loopback that keeps what it receives, and can be told to fail."""

from __future__ import annotations

from collections.abc import Mapping

from ..answers import Answer
from ..mishaps import LONGEST_SILENCE
from .webhooks import Post, WebhookServer

SLACK_FAULTS: Mapping[str, str] = {
    "rate-limit": "429 with `Retry-After: 30`",
    "error": "500",
    "unavailable": "503 with an HTML page",
    "gone": "404 no_service: the webhook was removed",
    "login-page": "200 with the web page of a login: a proxy stands in between; the post is not kept",
    "invalid-blocks": "200 with the text invalid_blocks; the post is not kept",
    "empty": "200 without a body; the post is not kept",
    "no-content": "204; the post is not kept",
    "redirects": "302 to a login; the post is not kept",
    "truncates": "200 with the beginning of an answer, and the connection closed; the post is not kept",
    "hangs": "silence until the client gives up; the post is not kept",
    "loses": "the connection is closed; the post is not kept",
    "takes-and-hangs-up": "the post is kept, and the connection closed before the client is told",
    "takes-and-hangs": "the post is kept, and then silence until the client gives up",
}
"""Every way in which the Slack can be told to fail."""

_SLACK_ANSWERS: Mapping[str, Answer] = {
    "rate-limit": Answer(429, "rate_limited", {"Retry-After": "30"}),
    "error": Answer(500, "internal_error"),
    "unavailable": Answer(503, "<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"}),
    "gone": Answer(404, "no_service"),
    "login-page": Answer(200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", {"Content-Type": "text/html"}),
    "invalid-blocks": Answer(200, "invalid_blocks"),
    "empty": Answer(200),
    "no-content": Answer(204),
    "redirects": Answer(302, "", {"Location": "https://login.lab.example/"}),
    "truncates": Answer(200, '{"ok":tr', {"Content-Length": "11"}),
    "hangs": Answer(0, silence=LONGEST_SILENCE),
    "loses": Answer(0),
    "takes-and-hangs-up": Answer(0),
    "takes-and-hangs": Answer(0, silence=LONGEST_SILENCE),
}


class SlackServer(WebhookServer):
    """Slack's webhooks, workflows and chat.postMessage on 127.0.0.1, whose address WATCHER_SLACK_BASE_URL may be set to."""

    def __init__(self) -> None:
        super().__init__(SLACK_FAULTS, _SLACK_ANSWERS)

    @property
    def webhook(self) -> str:
        """A webhook address of its own."""
        return f"{self.base_url}{self.path()}"

    @staticmethod
    def path(name: str = "B00000000") -> str:
        """The path of a webhook; any is taken."""
        return f"/services/T00000000/{name}/samplesamplesamplesample"

    def taken(self, post: Post) -> Answer:
        """Keep it, and say so in the form of what was asked."""
        self.posts.append(post)
        if post.path.endswith("chat.postMessage") or post.path.startswith(("/triggers/", "/workflows/")):
            return Answer(200, '{"ok": true}', {"Content-Type": "application/json"})
        return Answer(200, "ok", {"Content-Type": "text/plain"})
