"""Direct chats that the bot opens: what concerns nobody else is said in one.

A chat that is there is always used again, were it one that the person has not joined yet. So nobody gets a second one,
not even after a crash in between. What is said there is readable for the invited person, who gets the keys, too.
"""

import asyncio
from functools import partial
from urllib.parse import quote, urlencode
from weakref import WeakValueDictionary

import nio

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.inbox import is_direct
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.rooms import Event
from bot.core.model import Addressed, Message
from bot.ports import DirectChat

_ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class Chats:
    """Finds and opens direct chats, with one account."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By person: one chat is opened at a time."""

    async def with_sender(self, message: Message) -> DirectChat | None:
        """A direct chat with the sender: the one that they wrote in, else an encrypted one.

        It is opened where there is none; None where the homeserver refuses that.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
        """
        here, person = self._client.rooms.get(message.room_id), message.sender
        if here and self._is_chat(here) and (person in here.users or message.addressed is Addressed.DIRECT):
            return self._chat(message.room_id)
        async with self._opening.setdefault(person, asyncio.Lock()):
            try:
                return self._chat(await insist(partial(self._found_or_opened, person), "a direct chat"))
            except Denied:
                return None

    def _chat(self, room_id: str) -> DirectChat:
        """The link names a homeserver that knows the room, as its id may not ("Matrix URIs", routing)."""
        server = self._client.user_id.partition(":")[2]
        return DirectChat(room_id, f"https://matrix.to/#/{quote(room_id, '!')}?{urlencode({'via': server})}")

    async def _found_or_opened(self, person: str) -> str:
        """A request that got no answer may have been heard: before another one, the chat is looked for again."""
        return self._found(person) or await self._opened(person)

    def _found(self, person: str) -> str | None:
        """A chat that the person has joined, or that the bot has invited them to. It is the same each time.

        Where somebody else has invited them is none: its name, and who may come in, are theirs to say.
        """
        chats = [
            room
            for room in self._client.rooms.values()
            if room.encrypted
            and self._is_chat(room)
            and person in room.users
            and (room.room_id in self._client.opened_rooms or person not in room.invited_users)
            and room.join_rule == "invite"
        ]
        best = min(chats, key=lambda room: (person in room.invited_users, room.room_id), default=None)
        return best and str(best.room_id)

    def _is_chat(self, room: nio.MatrixRoom) -> bool:
        return is_direct(room) and room.room_id not in self._client.staff_rooms

    async def _opened(self, person: str) -> str:
        wanted = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [person],
            "initial_state": [_ENCRYPTION],
        }
        told = await self._client.call("/createRoom", wanted, "a direct chat", once=True)
        room_id = str(told["room_id"])
        self._take_in(room_id, person)
        return room_id

    def _take_in(self, room_id: str, person: str) -> None:
        """Know the room now, as the next sync will tell of it: nothing may go out unencrypted before."""
        client = self._client
        room = client.rooms.setdefault(room_id, nio.MatrixRoom(room_id, client.user_id))
        room.encrypted = True
        room.add_member(client.user_id, None, None)
        room.add_member(person, None, None, invited=True)
        client.opened_rooms |= {room_id}


def opens_room(event: Event, user: str) -> bool:
    """Whether, by this event, the account `user` opened the event's room. What was encrypted is no state."""
    if isinstance(event, nio.UnknownBadEvent) or event.decrypted:
        return False
    return bool(event.source.get("type") == "m.room.create" and event.sender == user)
