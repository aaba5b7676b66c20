"""How an account's requests reach the homeserver: nio's client on a connection that outlasts outages and limits."""

import json
from functools import partial
from typing import Any

import nio

from bot.adapters.matrix.connection import Connection
from bot.adapters.matrix.errors import refusal
from bot.adapters.matrix.responses import OURS

_LONGEST_ANSWER = 600
"""Seconds that the largest answer may take: from a homeserver that fell silent, none would ever come."""


class Transport(nio.AsyncClient):  # type: ignore[misc]
    """The requests of one account."""

    connection: Connection | None = None
    """What outages are outlasted with; without it, as nio does."""
    opened_rooms: frozenset[str] = frozenset()
    """The rooms that the bot opened itself."""

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        headers: dict[str, str] | None = None,
        trace_context: Any = None,
        timeout: float | None = None,
    ) -> Any:
        """Send one request. What goes through nio ends here, too: its own retries would hide an outage."""
        if timeout == 0:  # to nio, the first sync may take for ever
            timeout = _LONGEST_ANSWER
        ask = partial(super().send, method, path, data, headers, trace_context, timeout)
        if self.connection is None or not isinstance(data, str | None):  # a stream is sent once
            return await ask()
        return await self.connection.outlast(ask)

    async def call(
        self, path: str, content: dict[str, Any], what: str, method: str = "POST", once: bool = False
    ) -> dict[str, Any]:
        """The answer to a request that nio knows no method for; `what` says what is asked for.

        Asked `once`, it outlasts no outage and no limit.

        Raises:
            MatrixError: the homeserver refuses; see `refusal`.
        """
        headers = {"Authorization": f"Bearer {self.access_token}", "Content-Type": "application/json"}
        send = super().send if once else self.send
        response = await send(method, f"/_matrix/client/v3{path}", json.dumps(content), headers)
        told = await self.parse_body(response)
        told = told if isinstance(told, dict) else {}
        if response.status != 200:
            raise refusal(response.status, told, what)
        return told

    async def _send(self, response_class: type, *arguments: Any, **options: Any) -> Any:
        return await super()._send(OURS.get(response_class, response_class), *arguments, **options)

    async def receive_response(self, response: Any) -> None:
        """As nio does, but it forgets no token: every request that is under way is to hear why it was refused."""
        if not isinstance(response, nio.ErrorResponse):
            await super().receive_response(response)

    async def _handle_sync(self, response: Any) -> None:
        await super()._handle_sync(response)
        if self.connection:
            self.connection.synced()
