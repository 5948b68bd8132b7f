"""What mail programs make of a mail: Python's own reader, and `mailparser` of npm, in which another reading of the standards shows."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

MAILPARSER = "3.14.2"
NPM_SECONDS = 60
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment: its name, type and the sha256 of its bytes."""

    name: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail as a program shows it; line ends are line feeds, and none stands last. `headers` are by their names in small letters."""

    subject: str
    sender: tuple[str, str]
    to: tuple[str, ...]
    reply_to: tuple[str, ...]
    sent_at: datetime
    message_id: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    headers: Mapping[str, str]


def by_python(raw: bytes) -> Opened:
    """What Python makes of it. There must be no defect in any part."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert [defect for part in message.walk() for _, value in part.items() for defect in value.defects] == []
    sender = message["From"].addresses[0]
    return Opened(
        subject=str(message["Subject"]),
        sender=(sender.display_name, sender.addr_spec),
        to=tuple(one.addr_spec for one in message["To"].addresses),
        reply_to=tuple(one.addr_spec for one in message["Reply-To"].addresses) if "Reply-To" in message else (),
        sent_at=message["Date"].datetime.astimezone(UTC),
        message_id=str(message["Message-ID"]),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        attachments=tuple(_attachment(part) for part in message.iter_attachments())
        if message.get_content_type() == "multipart/mixed"
        else (),
        headers={name.lower(): str(value) for name, value in message.items()},
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n") if part is not None else ""


def _attachment(part: Any) -> Attachment:  # noqa: ANN401 - a message, in typeshed's two minds
    return Attachment(part.get_filename(), part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest())


class NoMailparser(Exception):
    """Why `mailparser` cannot be asked."""


def install_mailparser(folder: Path) -> None:
    """Put `mailparser` with what it needs into a folder, from the registry that npm is set to.

    Raises:
        NoMailparser: there is no Node or npm, or it cannot be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NoMailparser("no Node with npm, which mailparser runs on")
    (folder / "package.json").write_text('{"private": true}')
    words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", f"mailparser@{MAILPARSER}"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=NPM_SECONDS)  # noqa: S603 - pinned
    except subprocess.TimeoutExpired:
        raise NoMailparser(f"npm's registry did not hand mailparser over within {NPM_SECONDS} s") from None
    if done.returncode != 0:
        raise NoMailparser(f"npm could not install mailparser {MAILPARSER}: {done.stderr[-300:]}")


def by_mailparser(mails: Sequence[bytes], folder: Path) -> list[Opened]:
    """What `mailparser`, installed in this folder, makes of mails."""
    place = folder / "mails"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for number, raw in enumerate(mails):
        (place / f"{number:05}.eml").write_bytes(raw)
    words = [shutil.which("node") or "", str(HERE / "mailparser.mjs"), str(place)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - the test's own
    return [_opened(one) for one in json.loads(done.stdout)]


def _opened(read: Mapping[str, Any]) -> Opened:
    (sender,) = read["from"]
    return Opened(
        subject=read["subject"],
        sender=(sender["name"], sender["address"]),
        to=tuple(one["address"] for one in read["to"]),
        reply_to=tuple(one["address"] for one in read["replyTo"]),
        sent_at=datetime.fromisoformat(read["date"]),
        message_id=read["messageId"],
        text=read["text"].rstrip("\n"),
        html=(read["html"] or "").rstrip("\n"),
        attachments=tuple(Attachment(one["filename"], one["contentType"], one["sha256"]) for one in read["attachments"]),
        headers=read["headers"],
    )
