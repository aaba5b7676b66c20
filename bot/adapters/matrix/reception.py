"""One event of a room is received: read, brought to the helpdesk, tried again, and in the end put aside.

Whatever goes wrong with one event stops no other, but for what stops the bot: a revoked token, a broken store.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import nio

from bot.adapters.matrix.edits import edited, fate, rewritten
from bot.adapters.matrix.errors import Denied, LoggedOut
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.membership import Membership, concerns_membership
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.rooms import Event
from bot.adapters.matrix.verification import Verification, belongs_to_verification
from bot.core.model import Message
from bot.helpdesk import Helpdesk
from bot.ports import Barred, Store, StoreBroken, Undelivered

log = logging.getLogger(__name__)

_PAUSES = (1.0, 3.0)
"""Seconds between the three tries that a message has."""


class Reception:
    """Receives the events of all rooms."""

    def __init__(
        self,
        client: nio.AsyncClient,
        inbox: Inbox,
        helpdesk: Helpdesk,
        verification: Verification,
        membership: Membership,
        store: Store,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._helpdesk = helpdesk
        self._verification = verification
        self._membership = membership
        self._store = store
        self._pauses = pauses

    async def receive(self, room_id: str, event: Event, following: Iterable[Event]) -> None:
        """Receive `event`; `following` wait behind it.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
            StoreBroken: what was done cannot be recorded.
        """
        room = self._client.rooms.get(room_id)
        if room is None or isinstance(event, nio.UnknownBadEvent):  # left meanwhile; an event without an id
            return
        if isinstance(event, nio.RedactionEvent):
            withdraw = partial(self._helpdesk.withdraw, room_id, event.redacts, event.event_id)
            await self._tried(event, withdraw)
            return
        if concerns_membership(event):
            await self._tried(event, partial(self._membership.receive, room, event))
            return
        if belongs_to_verification(event):
            await self._tried(event, partial(self._verification.decline, room, event))
            return
        read = self._edit(room, event) if edited(event) else self._message(room, event, following)
        try:
            message = await read
        except (LoggedOut, StoreBroken):
            raise
        except Exception as error:  # what strangers send has no end of shapes
            log.error("%s could not be read: %s", event.event_id, type(error).__name__)
            return
        if message and not await self._tried(event, partial(self._helpdesk.handle, message)):
            await self._put_aside(event, message)
        if isinstance(event, nio.MegolmEvent):
            log.warning("%s could not be decrypted: its key did not come", event.event_id)

    async def _message(self, room: nio.MatrixRoom, event: Event, following: Iterable[Event]) -> Message | None:
        became = fate(event, following, self._client.user_id)
        if became.redacted:
            return None
        message = await self._inbox.message(room, became.event)
        return message and replace(message, edits=became.edits)

    async def _edit(self, room: nio.MatrixRoom, event: Event) -> Message | None:
        """The edit of a message that was answered: the whole of it is asked for, as only that tells thread and person.

        Edits that were taken in with the message are known to the helpdesk as handled.
        """
        target = edited(event)
        if not target or not await self._store.answered(room.room_id, target):
            return None
        try:
            found = await insist(partial(self._client.room_get_event, room.room_id, target), "an edited message")
        except Denied:
            return None
        if found.event.sender != event.sender:
            return None
        message = await self._inbox.message(room, rewritten(found.event, event))
        sent_at = datetime.fromtimestamp(event.server_timestamp / 1000, UTC)
        return message and replace(message, event_id=event.event_id, sent_at=sent_at, edit_of=target)

    async def _tried(self, event: Event, attempt: Callable[[], Awaitable[object]]) -> bool:
        """Whether nothing is left to do: `attempt` succeeds, at the third try at last, or never can."""
        for pause in (*self._pauses, None):
            try:
                await attempt()
                return True
            except (LoggedOut, StoreBroken):
                raise
            except Barred as error:
                log.warning("%s is put aside: %s", event.event_id, error)
                return True
            except Undelivered as error:
                reason = str(error)
            except Exception as error:  # a fault with one message must not stop the others
                reason = type(error).__name__
            log.warning("%s could not be handled: %s", event.event_id, reason)
            if pause is not None:
                await asyncio.sleep(pause)
        return False

    async def _put_aside(self, event: Event, message: Message) -> None:
        log.error("%s is put aside after %d tries", event.event_id, len(self._pauses) + 1)
        try:
            await self._helpdesk.put_aside(message)
        except (LoggedOut, StoreBroken):
            raise
        except Exception as error:  # it stays unrecorded: a replay tries again
            log.error("%s could not be put aside: %s", event.event_id, type(error).__name__)
