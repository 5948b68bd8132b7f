"""What the service under test talks to: the stand-ins for PubMed and a mail server, in a container of the same image.

Both listen on loopback only, as everywhere; here their ports are handed on to the network that the containers share. Each mail
that arrives is printed as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from standins.eutils.corpus import Corpus
from standins.eutils.samples import planted
from standins.eutils.server import EutilsServer
from standins.inbox import MailServer
from watcher import clock

PASSWORD = "Tr0ub4dor-and-3"  # as in compose_project.py, which is not in the container
PUBMED, MAIL = 8080, 2525
"""The ports on the shared network."""


async def hand_on(port: int, target: int) -> asyncio.Server:
    """Whoever connects to `port`, from anywhere, talks to `target` on loopback."""

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    return await asyncio.start_server(join, "0.0.0.0", port)


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes, until one side hangs up."""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def serve() -> None:
    """Until the container is stopped."""
    with EutilsServer(Corpus.of(planted()), clock=clock.now) as pubmed, MailServer(logins={"lab": PASSWORD}) as mail:
        await hand_on(MAIL, mail.port)
        await hand_on(PUBMED, pubmed.port)
        told = 0
        while True:
            for one in mail.mails[told:]:
                headers = {name: str(one.message[name]) for name in ("Subject", "Message-ID")}
                print(json.dumps({"to": one.recipients, **headers}), flush=True)  # noqa: T201
                told += 1
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(serve())
