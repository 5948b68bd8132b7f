"""A chat service on loopback that answers as Discord does: 400 above 2,000 characters, else 204."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from apprise.plugins.discord import NotifyDiscord

CHAT_URL = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
MOST = 2_000


class Chat(BaseHTTPRequestHandler):
    """One exchange. `posts` holds what was taken, `refused` how long each was that was not."""

    posts: ClassVar[list[str]] = []
    refused: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        """Take a post, or refuse it for its length."""
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["content"]
        taken = len(content) <= MOST
        if taken:
            self.posts.append(content)
        else:
            self.refused.append(len(content))
        self.send_response(204 if taken else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@contextmanager
def chatting(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Chat]]:
    """The service is there; CHAT_URL leads to it."""
    Chat.posts.clear()
    Chat.refused.clear()
    with HTTPServer(("127.0.0.1", 0), Chat) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://127.0.0.1:{server.server_port}/api/webhooks")
        try:
            yield Chat
        finally:
            server.shutdown()
            thread.join()
