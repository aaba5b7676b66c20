"""A mail server on loopback for the demo and the tests: it keeps what it receives, and passes nothing on."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


class NoMailcatcher(Exception):
    """The mail server could not be started; the text says why."""


class Mailcatcher:
    """A mail server on a free port of this machine."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        """It does not run yet.

        Raises:
            NoMailcatcher: aiosmtpd is not installed.
        """
        if find_spec("aiosmtpd") is None:
            raise NoMailcatcher("aiosmtpd is not installed: run `make demo` in the clone")
        self.port = 0
        """Known once it was started; started again, it has the same."""
        self.mails: asyncio.Queue[EmailMessage] = asyncio.Queue()
        """What it received."""
        self._server: asyncio.Server | None = None
        self._open: list[SMTP] = []

    async def start(self, **options: Any) -> None:
        """Start it; `options` are those of asyncio's `create_server`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, self.port, **options)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop it, if it runs, and break off its connections."""
        if self._server:
            self._server.close()
            for connection in self._open:
                if isinstance(connection.transport, asyncio.WriteTransport):
                    connection.transport.abort()
            self._open.clear()
            await self._server.wait_closed()
            self._server = None

    def protocol(self, **settings: Any) -> "SMTP":
        """What speaks with a client; `settings` are those of aiosmtpd."""
        from aiosmtpd.smtp import SMTP  # comes with the extra `demo`, which is optional

        return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=asyncio.get_running_loop(), **settings)

    async def handle_DATA(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:  # noqa: N802, ARG002
        """Keep a mail: aiosmtpd calls this, and sends what it returns."""
        as_kept = (envelope.original_content or b"").replace(b"\r\n", b"\n")  # as mailboxes keep it
        await self.mails.put(email.message_from_bytes(as_kept, policy=default))
        return "250 2.0.0 Accepted"

    def _connection(self) -> "SMTP":
        connection = self.protocol()
        self._open.append(connection)
        return connection


@asynccontextmanager
async def mailcatcher() -> AsyncIterator[Mailcatcher]:
    """A mail server, running; at the end it is stopped.

    Raises:
        NoMailcatcher: aiosmtpd is not installed.
    """
    running = Mailcatcher()
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
