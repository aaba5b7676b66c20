"""Use case: a question is on its way from a conversation to support: its words are fetched, its letter is posted.

What becomes of a letter that was posted is the business of `backoffice`.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.conversation import Quoted
from bot.core.decision import Decision, Drafted, Refer
from bot.core.desk import Desk
from bot.core.letter import Way
from bot.core.model import Addressed, Message
from bot.core.turn import Turn
from bot.ports import Clock, Messages, Store
from bot.ports.cases import Rooms
from bot.ports.post import Outbox, Posted

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Allowance:
    """How many letters may be posted within a day."""

    per_person: int = 5
    overall: int = 50


@dataclass(frozen=True)
class Underway:
    """A letter that was posted, without what is in it."""

    reference: str
    ways: tuple[Way, ...]


class Escalations:
    """Completes turns that need the words of earlier messages, and posts letters."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        outbox: Outbox,
        messages: Messages,
        clock: Clock,
        allowance: Allowance = Allowance(),
        wake: Callable[[], None] | None = None,
        rooms: Rooms | None = None,
    ) -> None:
        """`wake` is called when a letter was posted; without `rooms`, there is no support room."""
        self._desk = desk
        self._store = store
        self._outbox = outbox
        self._messages = messages
        self._clock = clock
        self._allowance = allowance
        self._wake = wake
        self._rooms = rooms
        self._posting = asyncio.Lock()

    async def room_is_open(self, message: Message) -> bool:
        """Whether the message's question can be passed on in the support room: it stays encrypted on both sides.

        A message in a room with others leads to a direct chat that is encrypted.
        """
        is_private = message.encrypted or message.addressed is not Addressed.DIRECT
        return self._rooms is not None and is_private and await self._rooms.trouble() is None

    async def completed(self, turn: Turn) -> Turn:
        """The turn with what needs a letter: a preview, a link, the person's yes. Any other turn is left as it is.

        Raises:
            Undelivered: the words of an earlier message cannot be had for now.
        """
        if not is_private(turn.decision):
            return turn
        if self._rooms and "room" not in turn.ways and turn.before.draft is None:
            trouble = await self._rooms.trouble() or "the person's chat is not encrypted"
            log.warning("a case does not go to the support room: %s", trouble)
        if not isinstance(turn.decision, Refer) and await self._is_used_up(turn.message.sender):
            turn = self._desk.refer(turn)
        texts = {quoted: await self._words(quoted, turn.message) for quoted in self._desk.wanted(turn)}
        return self._desk.finish(turn, texts)

    async def posted(self, turn: Turn) -> Turn:
        """The turn, its letter in the outbox: from now on it goes out, whatever happens.

        Where others have used up what may be posted meanwhile, the turn that says so.
        """
        if turn.letter is None:
            return turn
        async with self._posting:
            if await self._is_used_up(turn.message.sender):
                return self._desk.finish(self._desk.refer(turn), {})
            message = replace(turn.message, text=None)
            letter = Posted(turn.letter, message, turn.language, self._clock.now())
            await self._store.post(letter, turn.conversation)
        if self._wake:
            self._wake()
        return turn

    async def posted_by(self, message: Message) -> Underway | None:
        """The letter that this message has agreed to already, before a crash."""
        reference = await self._outbox.reference_of(message.event_id)
        return Underway(reference, await self._outbox.ways_of(reference)) if reference else None

    async def was_agreed_to(self, event_id: str) -> bool:
        """Whether this message agreed to a letter."""
        return await self._outbox.reference_of(event_id) is not None

    async def _is_used_up(self, sender: str) -> bool:
        since = self._clock.now() - _DAY
        own = await self._outbox.posted_since(since, sender)
        return own >= self._allowance.per_person or await self._outbox.posted_since(since) >= self._allowance.overall

    async def _words(self, quoted: Quoted, message: Message) -> str | None:
        if quoted == Quoted(message.room_id, message.quotable):
            return message.text
        return await self._messages.text(quoted, message.sender)


def is_private(decision: Decision) -> bool:
    """Whether what is said about it belongs in a direct chat."""
    return isinstance(decision, Drafted)
