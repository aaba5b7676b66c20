"""Signs of life: read receipts, typing notices, reactions. No answer ever waits for one, and what fails is let go.

A receipt says that a message was seen: of a room, the newest one for the bot, once nothing more waits there. What is
not for the bot gets none: in a busy room that would be a request a message, and nobody wonders whether it was seen.
Typing is shown only while an answer takes long. Reactions count towards the homeserver's limits, and answers would wait
for them in the end: a homeserver that limits the bot gets none for a while.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import quote

from bot.adapters.matrix.errors import Limited, LoggedOut

log = logging.getLogger(__name__)

_LONG = 0.5
"""Seconds after which an answer takes long."""
_TYPING = 30
"""Seconds that a typing notice holds."""
_GIVEN_UP = 10
"""Seconds after which a homeserver that does not react is left in peace."""
_AT_ONCE = 4
"""Requests in flight at the most, over all rooms."""
_BETWEEN = 2.0
"""Seconds between two receipts in one room: a lively room gets one for several messages."""
_SPARED = 600.0
"""Seconds for which a homeserver that limits the bot gets no reactions."""


class Caller(Protocol):
    """A session with the homeserver."""

    user_id: str

    async def call(
        self, path: str, content: dict[str, Any], what: str, method: str = "POST", once: bool = False
    ) -> dict[str, Any]:
        """The homeserver's answer; raises MatrixError where it refuses."""


class Signs:
    """Gives signs for one account, within `async with`. A revoked token is raised there."""

    def __init__(self, client: Caller, long: float = _LONG, between: float = _BETWEEN) -> None:
        self._client = client
        self._long = long
        self._between = between
        self._seen: dict[str, str] = {}
        """By room, the newest message that was seen and not told yet."""
        self._due: dict[str, str] = {}
        """By room, the one that is to be told now."""
        self._telling: set[str] = set()
        self._typing: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._spared_until = float("-inf")

    async def __aenter__(self) -> "Signs":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:  # one reason is enough
            raise group.exceptions[0] from None

    def seen(self, room_id: str, event_id: str) -> None:
        """The message `event_id` was handled; it is told once the room has settled."""
        self._seen[room_id] = event_id

    def settled(self, room_id: str) -> None:
        """Nothing more waits in the room: tell what was seen last."""
        if event_id := self._seen.pop(room_id, None):
            self._due[room_id] = event_id
            if room_id not in self._telling:
                self._telling.add(room_id)
                self._start(self._tell(room_id))

    @contextmanager
    def typing(self, room_id: str) -> Iterator[None]:
        """Let the room see that the bot is at it, where what is done within takes long."""
        done = asyncio.Event()
        timer = asyncio.get_running_loop().call_later(self._long, self._start_typing, room_id, done)
        try:
            yield
        finally:
            timer.cancel()
            done.set()

    def react(self, room_id: str, event_id: str, keys: Mapping[str, str]) -> None:
        """React to the message `event_id` with `keys`, by transaction id, one after the other, until one fails."""
        if asyncio.get_running_loop().time() >= self._spared_until:
            self._start(self._react(room_id, event_id, keys))

    def _start_typing(self, room_id: str, done: asyncio.Event) -> None:
        if room_id not in self._typing:  # else a slow homeserver still has the last notice in hand
            self._typing.add(room_id)
            self._start(self._type(room_id, done))

    def _start(self, sign: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            sign.close()
            return
        task = self._group.create_task(sign)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, room_id: str) -> None:
        while event_id := self._due.pop(room_id, None):
            # Without a thread's id it stands for everything up to the message, in threads and outside.
            await self._ask("POST", f"/rooms/{quote(room_id, '')}/receipt/m.read/{quote(event_id, '')}", {})
            await asyncio.sleep(self._between)
        self._telling.discard(room_id)

    async def _type(self, room_id: str, done: asyncio.Event) -> None:
        path = f"/rooms/{quote(room_id, '')}/typing/{quote(self._client.user_id, '')}"
        while not done.is_set():
            await self._ask("PUT", path, {"typing": True, "timeout": _TYPING * 1000})
            with suppress(TimeoutError):
                async with asyncio.timeout(_TYPING / 2):
                    await done.wait()
        await self._ask("PUT", path, {"typing": False})
        self._typing.discard(room_id)

    async def _react(self, room_id: str, event_id: str, keys: Mapping[str, str]) -> None:
        for transaction, key in keys.items():
            path = f"/rooms/{quote(room_id, '')}/send/m.reaction/{transaction}"
            relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
            if not await self._ask("PUT", path, {"m.relates_to": relation}):
                break

    async def _ask(self, method: str, path: str, content: dict[str, Any]) -> bool:
        """Whether the homeserver did it, asked once."""
        try:
            async with self._slots, asyncio.timeout(_GIVEN_UP):
                await self._client.call(path, content, "a sign", method, once=True)
        except LoggedOut:
            self._closing = True
            raise
        except Exception as error:  # it is only a sign
            if isinstance(error, Limited):
                self._spared_until = asyncio.get_running_loop().time() + _SPARED
            log.debug("a receipt, a typing notice or a reaction was lost: %s", type(error).__name__)
            return False
        return True
