"""What somebody wrote is read again: nobody keeps it, so it is fetched by its id and decrypted once more."""

from functools import partial
from typing import Any

import nio

from bot.adapters.matrix.edits import edited, rewritten
from bot.adapters.matrix.errors import Denied, GivenUp
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.key_requests import KeyRequests
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.undecrypted import is_sealed
from bot.core.conversation import Quoted
from bot.ports import Undelivered


class MatrixMessages:
    """Reads again with one account."""

    def __init__(self, client: nio.AsyncClient, keys: KeyRequests, inbox: Inbox) -> None:
        self._client = client
        self._keys = keys
        self._inbox = inbox

    async def text(self, quoted: Quoted, sender: str) -> str | None:
        """The sender's own words in this message, or in this edit of one, as they were read at first.

        None where it is gone, another's, in another room, not to be decrypted, or no text.

        Raises:
            Undelivered: the homeserver does not tell, for now.
            LoggedOut: the homeserver does not know the access token any more.
        """
        try:
            found = await insist(
                partial(self._client.room_get_event, quoted.room_id, quoted.event_id), "a message that is quoted"
            )
        except GivenUp as error:
            raise Undelivered(str(error)) from error
        except Denied:
            return None
        event = self._readable(found.event, quoted.room_id)
        if event is None or event.sender != sender:
            return None
        room = self._client.rooms.get(quoted.room_id) or nio.MatrixRoom(quoted.room_id, self._client.user_id)
        return self._inbox.words(room, rewritten(event, event) if edited(event) else event)

    def _readable(self, event: Any, room_id: str) -> Any:
        """The event, or what is sealed in it; None where that cannot be read, or where it is of another room."""
        if isinstance(event, nio.UnknownBadEvent) or event.source.get("room_id", room_id) != room_id:
            return None
        if not is_sealed(event):
            return event
        event.room_id = room_id  # what was encrypted does not say it
        readable = self._keys.readable(event) if isinstance(event, nio.MegolmEvent) else None
        return None if isinstance(readable, nio.UnknownBadEvent) else readable
