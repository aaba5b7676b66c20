"""The two rooms of a case, the support room and the person's chat: found, checked, and written in.

The support room is used only while it is encrypted and the bot is in it. A person's chat is written in only while
nobody else is there. Texts stand there as plain text, so that no mark in them means anything.
"""

import logging
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied, Forbidden, GivenUp, LoggedOut, MatrixError
from bot.adapters.matrix.inbox import is_direct
from bot.adapters.matrix.named_room import NamedRoom
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.send import deliver, plain_name, transaction_id, undelivered
from bot.core.model import Message, Rendered, Reply
from bot.core.relaying import Case, Thread
from bot.core.render import render
from bot.ports import Barred, Clock
from bot.ports.cases import Copy

log = logging.getLogger(__name__)

_COPY, _WORD, _LETTER = 8, 10, 12
"""The ordinals of what is sent because of an event; the next one is of what is sent without its thread."""


class MatrixRooms:
    """Writes to both sides with one account."""

    def __init__(self, client: SafeClient, name: str, clock: Clock) -> None:
        """`name` is the support room's address or id."""
        self._client = client
        self._room = NamedRoom(client, name, "support_room", clock)

    async def look(self) -> None:
        """See whether the support room can be found by now."""
        await self._room.find(at_once=True)

    async def check(self) -> None:
        """Tell the log, at the start, if the room cannot be used. It is asked for, as no sync has told of it yet."""
        if trouble := await self._trouble_at_start():
            log.warning("the support room is not used for now: %s", trouble)

    async def trouble(self) -> str | None:
        """Why the room cannot be used now."""
        room_id = await self._room.find()
        if room_id is None:
            return self._room.unknown
        room = self._client.rooms.get(room_id)
        if room is None:
            return self._room.absent
        return None if room.encrypted else self._unencrypted

    async def open(self, letter: Reply, because: str) -> Thread:
        """Put the letter into the support room.

        Raises:
            Undelivered: it was refused. LoggedOut: the homeserver does not know the access token any more.
        """
        room_id = await self._room.find()
        if room_id is None:
            raise Barred(self._room.unknown)
        content = _formatted(render(letter.markdown))
        try:
            return Thread(room_id, await self._send(room_id, content, because, _LETTER))
        except Denied as error:
            raise undelivered(error) from error

    async def write(self, case: Case, to_person: bool, text: str, because: str) -> Copy:
        """Write a text into the thread of one side.

        Raises:
            Barred: the person is not there any more, or not alone with the bot. Undelivered, LoggedOut: as above.
        """
        content: dict[str, Any] = {"msgtype": "m.text", "body": text, "m.mentions": _mentions(case, to_person)}
        thread = self._thread(case, to_person)
        return Copy(thread.room_id, await self._send_in(thread, content, because, _COPY))

    async def tell(self, case: Case, to_person: bool, reply: Reply, because: str) -> None:
        """Say something of the bot's own in the thread of one side.

        Raises:
            Barred, Undelivered, LoggedOut: as above.
        """
        content = _formatted(render(reply.markdown)) | {"m.mentions": _mentions(case, to_person)}
        await self._send_in(self._thread(case, to_person), content, because, _WORD)

    async def rewrite(self, copy: Copy, text: str, because: str) -> None:
        """Put another text in the place of a copy (`m.replace`).

        Raises:
            Undelivered, LoggedOut: as above.
        """
        new = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        relation = {"rel_type": "m.replace", "event_id": copy.event_id}
        whole = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        try:
            await self._send(copy.room_id, whole, because, _COPY)
        except Denied as error:
            raise undelivered(error) from error

    async def withdraw(self, copy: Copy, because: str) -> None:
        """Redact a copy.

        Raises:
            Undelivered, LoggedOut: as above.
        """
        redact = partial(self._client.room_redact, copy.room_id, copy.event_id, tx_id=transaction_id(because, _COPY))
        try:
            await insist(redact, "to take back what was passed on")
        except Denied as error:
            raise undelivered(error) from error

    def name(self, message: Message) -> str:
        """The sender's name in the room of the message; where it is more than a name, the first part of their id."""
        room = self._client.rooms.get(message.room_id)
        shown = room.users[message.sender].display_name if room and message.sender in room.users else None
        return plain_name(shown) or message.sender[1:].partition(":")[0]

    def _thread(self, case: Case, to_person: bool) -> Thread:
        if not to_person:
            if case.support is None:
                raise Barred("the case does not stand in the support room")
            return case.support
        room = self._client.rooms.get(case.chat.room_id)
        if room is None or case.person not in room.users or not is_direct(room):
            raise Barred("the person's chat is no chat with them alone any more")
        return case.chat

    async def _send_in(self, thread: Thread, content: dict[str, Any], because: str, ordinal: int) -> str:
        """In the thread; where none can begin there, as from a reply, then as a reply to what would be its root."""
        reply = {"m.in_reply_to": {"event_id": thread.root}}
        relation = {"rel_type": "m.thread", "event_id": thread.root, "is_falling_back": True, **reply}
        try:
            return await self._send(thread.room_id, content | {"m.relates_to": relation}, because, ordinal)
        except Denied as error:
            if isinstance(error, Forbidden | GivenUp):
                raise undelivered(error) from error
        try:
            return await self._send(thread.room_id, content | {"m.relates_to": reply}, because, ordinal + 1)
        except Denied as error:
            raise undelivered(error) from error

    async def _send(self, room_id: str, content: dict[str, Any], because: str, ordinal: int) -> str:
        """What was encrypted once stays so: the room of a case is never written to in the clear."""
        room = self._client.rooms.get(room_id)
        if room is None or not room.encrypted:
            raise Forbidden("a room of the case is not there any more, or not encrypted")
        transaction = transaction_id(because, ordinal)
        return await deliver(self._client, room_id, "m.room.message", content, transaction, "a message of a case")

    async def _trouble_at_start(self) -> str | None:
        room_id = await self._room.find()
        if room_id is None:
            return self._room.unknown
        path = f"/rooms/{quote(room_id, safe='')}/state/m.room.encryption"
        try:
            await self._client.call(path, {}, "to tell whether the support room is encrypted", "GET")
        except LoggedOut:
            raise
        except MatrixError as error:
            return self._room.absent if isinstance(error, Forbidden) else self._unencrypted
        return None

    @property
    def _unencrypted(self) -> str:
        return f"{self._room} is not encrypted: turn its encryption on"


def _formatted(reply: Rendered) -> dict[str, Any]:
    formatted = {"format": "org.matrix.custom.html", "formatted_body": reply.html}
    return {"msgtype": "m.text", "body": reply.body, **formatted, "m.mentions": {}}


def _mentions(case: Case, to_person: bool) -> dict[str, Any]:
    return {"user_ids": [case.person]} if to_person else {}
