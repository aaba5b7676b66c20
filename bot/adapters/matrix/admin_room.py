"""The room of those who keep the FAQ: what they are told there without having asked."""

import logging

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.named_room import NamedRoom
from bot.adapters.matrix.send import deliver, notice, transaction_id, undelivered
from bot.core.model import Reply
from bot.ports import Barred, Clock

log = logging.getLogger(__name__)


class MatrixAdminRoom:
    """One room, with one account."""

    def __init__(self, client: SafeClient, name: str, clock: Clock) -> None:
        """`name` is its address or id."""
        self._client = client
        self._room = NamedRoom(client, name, "admin_room", clock)

    async def check(self) -> None:
        """Find it; tell the log if there is none."""
        if await self._room.find() is None:
            log.warning("%s", self._room.unknown)

    async def look(self) -> None:
        """See whether it can be found by now."""
        await self._room.find(at_once=True)

    async def is_it(self, room_id: str) -> bool:
        """Whether this is its id."""
        return room_id == await self._room.find()

    async def tell(self, reply: Reply, because: str, rings: bool = False) -> None:
        """Say something there; what `rings` is a text that calls all who are there.

        Raises:
            Undelivered: there is no such room, the bot is not in it, or the homeserver refuses.
            LoggedOut: it does not know the access token any more.
        """
        room_id = await self._room.find()
        if room_id is None:
            raise Barred(self._room.unknown)
        if room_id not in self._client.rooms:
            raise Barred(self._room.absent)
        content = notice(reply)
        if rings:
            content |= {"msgtype": "m.text", "m.mentions": {"room": True}}
        try:
            await deliver(
                self._client, room_id, "m.room.message", content, transaction_id(because), "a message to the admins"
            )
        except Denied as error:
            raise undelivered(error) from error
