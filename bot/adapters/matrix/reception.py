"""One event of a room is received: read, brought to the helpdesk, tried again, and in the end put aside.

Whatever goes wrong with one event stops no other, but for what stops the bot: a revoked token, a broken store.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import nio

from bot.adapters.matrix.edits import Fate, edited, fate, rewritten
from bot.adapters.matrix.errors import Denied, LoggedOut
from bot.adapters.matrix.inbox import Inbox, is_direct, sent_at
from bot.adapters.matrix.membership import Membership, concerns_membership
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.reactions import Reactions, feedback
from bot.adapters.matrix.rooms import Event
from bot.adapters.matrix.signs import Signs
from bot.adapters.matrix.undecrypted import Undecrypted, is_sealed
from bot.adapters.matrix.verification import Verification, belongs_to_verification
from bot.admins import Admins
from bot.cases import Cases
from bot.core.model import Addressed, Message
from bot.helpdesk import Helpdesk
from bot.ports import Barred, Hopeless, Store, StoreBroken, Undelivered

log = logging.getLogger(__name__)

_OWN = 10
"""The bot's last messages in a room that are remembered."""
_PAUSES = (1.0, 3.0)
"""Seconds between the three tries that a message has."""


class Reception:
    """Receives the events of all rooms."""

    def __init__(
        self,
        client: nio.AsyncClient,
        inbox: Inbox,
        helpdesk: Helpdesk,
        undecrypted: Undecrypted,
        verification: Verification,
        membership: Membership,
        store: Store,
        signs: Signs,
        pauses: tuple[float, ...] = _PAUSES,
        cases: Cases | None = None,
        admins: Admins | None = None,
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._helpdesk = helpdesk
        self._undecrypted = undecrypted
        self._verification = verification
        self._membership = membership
        self._store = store
        self._reactions = Reactions(client, store)
        self._signs = signs
        self._pauses = pauses
        self._cases = cases
        self._admins = admins
        self._own: dict[str, deque[str]] = {}
        """By room, the ids of the bot's own last messages, as the room has them."""
        self._barred_from: set[str] = set()
        """Rooms in which the bot may not write, as the log has been told."""

    async def receive(self, room_id: str, event: Event, following: Iterable[Event]) -> None:
        """Receive `event`; `following` wait behind it.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
            StoreBroken: what was done cannot be recorded.
        """
        event = self._undecrypted.readable(event) or event
        await self._receive(room_id, event, following)
        await self._undecrypted.received(event)

    async def _receive(self, room_id: str, event: Event, following: Iterable[Event]) -> None:
        room = self._client.rooms.get(room_id)
        if room is None or isinstance(event, nio.UnknownBadEvent):  # left meanwhile; an event without an id
            return
        if event.sender == self._client.user_id:
            self._own.setdefault(room_id, deque(maxlen=_OWN)).append(event.event_id)
        if attempt := self._aside(room, event):
            await self._tried(room_id, event, attempt)
            if not isinstance(event, nio.ReactionEvent):
                return
        try:
            message = await self._read(room, event, following)
        except (LoggedOut, StoreBroken):
            raise
        except Exception as error:  # what strangers send has no end of shapes
            log.error("%s could not be read: %s", event.event_id, type(error).__name__)
            return
        if message:
            if message.reaction is None:  # which is about a message of the bot's by itself
                message = replace(message, heard=self._heard(room_id, event))
            desk = self._responsible(message)
            with nullcontext() if desk is self._cases else self._signs.typing(room_id):
                if not await self._tried(room_id, event, partial(desk.handle, message)):
                    await self._put_aside(event, partial(desk.put_aside, message))
            self._signs.seen(room_id, (message.event_id, *message.edits)[-1])

    def _responsible(self, message: Message) -> Helpdesk | Cases | Admins:
        if self._cases and message.addressed is Addressed.CASE:
            return self._cases
        return self._admins if self._admins and message.addressed is Addressed.ADMIN else self._helpdesk

    def _heard(self, room_id: str, event: Event) -> frozenset[str]:
        """The bot's last messages before `event`; of one that could not be read at first, none is known to be."""
        return frozenset() if self._undecrypted.was_unread(event) else frozenset(self._own.get(room_id, ()))

    def _aside(self, room: nio.MatrixRoom, event: Event) -> Callable[[], Awaitable[object]] | None:
        """What is to be done about an event that is no message."""
        if isinstance(event, nio.RedactionEvent):
            return partial(self._withdraw, room.room_id, event.redacts, event.event_id)
        if isinstance(event, nio.ReactionEvent):
            rated = event.sender != self._client.user_id and feedback(room.room_id, event)
            return partial(self._helpdesk.rate, rated) if rated else None
        if concerns_membership(event):
            return partial(self._membership.receive, room, event)
        return partial(self._verification.decline, room, event) if belongs_to_verification(event) else None

    async def _withdraw(self, room_id: str, event_id: str, because: str) -> None:
        if not (self._cases and await self._cases.withdraw(room_id, event_id, because)):
            await self._helpdesk.withdraw(room_id, event_id, because)

    def settled(self, room_id: str) -> None:
        """Nothing more waits in the room."""
        self._signs.settled(room_id)

    async def _read(self, room: nio.MatrixRoom, event: Event, following: Iterable[Event]) -> Message | None:
        """The message in `event`, None where it is not for the bot, or was taken back."""
        if edited(event):
            return await self._edit(room, event)
        became = fate(event, following, self._client.user_id)
        if became.redacted:
            return None
        if isinstance(event, nio.ReactionEvent):
            return None if event.sender == self._client.user_id else await self._reactions.message(room, event)
        return await self._message(room, event, became)

    async def _message(self, room: nio.MatrixRoom, event: Event, became: Fate) -> Message | None:
        readable: Event | None = became.event
        if is_sealed(became.event):
            readable = await self._undecrypted.keep(room, event)
        message = await self._inbox.message(room, readable) if readable else None
        return message and replace(message, edits=became.edits)

    async def _edit(self, room: nio.MatrixRoom, event: Event) -> Message | None:
        """The edit of a message that was answered; or the message itself, where the edit is the first to call the bot.

        The whole of the message is asked for, as only that tells thread and person. Edits that were taken in with the
        message are known to the helpdesk as handled.
        """
        target = edited(event)
        if not target:
            return None
        was_passed_on = self._cases is not None and await self._cases.was_passed_on(room.room_id, target)
        was_answered = was_passed_on or await self._store.answered(room.room_id, target) is not None
        if not was_answered and not await self._is_first_call(room, event, target):
            return None
        try:
            found = await insist(partial(self._client.room_get_event, room.room_id, target), "an edited message")
        except Denied:
            return None
        if found.event.sender != event.sender:
            return None
        message = await self._inbox.message(room, rewritten(found.event, event))
        edited_at = sent_at(event)
        if message and was_answered:
            return replace(message, event_id=event.event_id, sent_at=edited_at, edit_of=target)
        in_time = edited_at - sent_at(found.event) <= self._helpdesk.edits
        is_call = message and message.addressed is Addressed.MENTION and in_time
        return replace(message, sent_at=edited_at, edits=(event.event_id,)) if message and is_call else None

    async def _is_first_call(self, room: nio.MatrixRoom, edit: Event, target: str) -> bool:
        """Whether the edit mentions the bot, and the message was no question to it before."""
        mentioned = self._inbox.is_mentioned(room, edit.source["content"]["m.new_content"])
        may_be = self._helpdesk.edits and mentioned and not is_direct(room)
        return bool(may_be) and not await self._store.was_handled(target)

    async def _tried(self, room_id: str, event: Event, attempt: Callable[[], Awaitable[object]]) -> bool:
        """Whether nothing is left to do: `attempt` succeeds, at the third try at last, or never can."""
        for pause in (*self._pauses, None):
            try:
                await attempt()
                self._barred_from.discard(room_id)
                return True
            except (LoggedOut, StoreBroken):
                raise
            except Barred as error:
                if room_id not in self._barred_from:
                    self._barred_from.add(room_id)
                    log.warning("%s is put aside: %s", event.event_id, error)
                return True
            except Hopeless as error:
                log.warning("%s could not be handled: %s", event.event_id, error)
                return False
            except Undelivered as error:
                reason = str(error)
            except Exception as error:  # a fault with one message must not stop the others
                reason = type(error).__name__
            log.warning("%s could not be handled: %s", event.event_id, reason)
            if pause is not None:
                await asyncio.sleep(pause)
        return False

    async def _put_aside(self, event: Event, put_aside: Callable[[], Awaitable[object]]) -> None:
        log.error("%s is put aside", event.event_id)
        try:
            await put_aside()
        except (LoggedOut, StoreBroken):
            raise
        except Exception as error:
            log.error("%s could not be put aside: %s", event.event_id, type(error).__name__)
