"""What the bot says of itself in a room that it has joined: who it is, once a room, or why it goes again.

These are notices, so that they ring nobody. Their transaction ids derive from the bot's joining: a crash doubles none.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import nio

from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.inbox import is_direct
from bot.adapters.matrix.send import deliver, notice, transaction_id
from bot.config import Matrix
from bot.core.desk import Desk
from bot.core.model import Language, Message, Reply
from bot.ports import Store

log = logging.getLogger(__name__)

_WELCOME, _TOO_LARGE, _UNENCRYPTED = range(3)
"""The ordinals of what may be said about one joining."""


async def _nothing(_room_id: str) -> None:
    """Where there is no room of admins, none has words of its own."""


class Welcome:
    """Speaks for one account."""

    def __init__(
        self,
        client: nio.AsyncClient,
        config: Matrix,
        desk: Desk,
        store: Store,
        for_admins: Callable[[str], Awaitable[Reply | None]] = _nothing,
    ) -> None:
        """`for_admins`: what is said instead in a room that is that of the admins."""
        self._for_admins = for_admins
        self._client = client
        self._config = config
        self._desk = desk
        self._store = store

    async def say(self, room: nio.MatrixRoom, join: nio.RoomMemberEvent) -> None:
        """Introduce the bot, which joined with the event `join`, unless the room knows it.

        In a direct chat that began with a question, this comes after the answer and is shorter: the person came to ask,
        has seen how the bot answers, and is told what it keeps. Where the bot will not answer, it says that instead.
        """
        if not room.encrypted and self._config.unencrypted == "refuse":
            await self._point_to_encryption(room, join)
        elif not await self._store.was_told(room.room_id, "welcomed"):
            language = await self._spoken_with_partner(room)
            reply = await self._for_admins(room.room_id) or self._desk.notices.welcome(
                "several" if not is_direct(room) else "answered already" if language else "alone with one",
                self._config.display_name,
                language or self._language(room),
            )
            if await self._send(room, join, reply, _WELCOME):
                await self.take_as_said(room.room_id)

    async def take_as_said(self, room_id: str) -> None:
        """Remember that the room knows the bot."""
        await self._store.tell(room_id, "welcomed")

    async def say_too_large(self, room: nio.MatrixRoom, join: nio.RoomMemberEvent) -> None:
        """Say why the bot, which joined with the event `join`, does not stay, and who may allow it."""
        reply = self._desk.notices.too_large(self._config.largest_room, self._language(room))
        await self._send(room, join, reply, _TOO_LARGE)

    async def _point_to_encryption(self, room: nio.MatrixRoom, join: nio.RoomMemberEvent) -> None:
        if await self._store.was_told(room.room_id, "unencrypted"):
            return
        if await self._send(room, join, self._desk.notices.unencrypted(self._language(room)), _UNENCRYPTED):
            await self._store.tell(room.room_id, "unencrypted")

    async def _spoken_with_partner(self, room: nio.MatrixRoom) -> Language | None:
        """The language in which the other person of a direct chat was answered; None where nobody was."""
        partner = next((user for user in room.users if user != self._client.user_id), None)
        if partner is None or not is_direct(room):
            return None
        any_message = Message("", room.room_id, partner, None, datetime.now(UTC))
        return (await self._store.conversation(any_message)).language

    def _language(self, room: nio.MatrixRoom) -> Language:
        return self._desk.language_of("\n".join(filter(None, (room.name, room.topic))))

    async def _send(self, room: nio.MatrixRoom, join: nio.RoomMemberEvent, reply: Reply, ordinal: int) -> bool:
        """Whether the room was told; it may be one where the bot has no right to write."""
        transaction = transaction_id(join.event_id, ordinal)
        try:
            words = notice(reply)
            await deliver(self._client, room.room_id, "m.room.message", words, transaction, "an introduction")
        except Denied as error:
            log.warning("the bot could not introduce itself in a room: %s", error)
            return False
        return True
