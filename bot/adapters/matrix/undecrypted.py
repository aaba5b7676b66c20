"""Messages that cannot be decrypted: their keys are asked for, and they are read when the keys come.

Where a key does not come in time, the person is told once what to do. What waits outlives a restart. What the words are
is the business of the desk.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import nio

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.inbox import is_direct, sent_at, thread_of
from bot.adapters.matrix.key_requests import KeyRequests
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.rooms import Event, Events, Work
from bot.adapters.matrix.send import MatrixReplies
from bot.core.model import Addressed, Message, Reply
from bot.helpdesk import TOO_OLD
from bot.ports import Clock, Store, Undelivered, Unread, UnreadMessages

log = logging.getLogger(__name__)

_IN_TIME = timedelta(seconds=30)
"""For so long a key may take before the person is told."""
_TOLD = timedelta(hours=1)
"""For so long a person is not told again; nor, where others are in the room, the room."""
_MANY_REQUESTS = 1000
"""Of so many keys that were asked for, those are forgotten that nothing waits for any more."""


class Undecrypted:
    """Waits for keys, with one account."""

    def __init__(
        self,
        client: SafeClient,
        keys: KeyRequests,
        store: Store,
        waiting: UnreadMessages,
        replies: MatrixReplies,
        words: Callable[[], Reply],
        clock: Clock,
    ) -> None:
        """`words` is what a person is told."""
        self._client = client
        self._keys = keys
        self._store = store
        self._waiting = waiting
        self._replies = replies
        self._words = words
        self._clock = clock
        self._read: set[str] = set()
        """Event ids of what waited and can be read now; forgotten once they are handled."""
        self._many = _MANY_REQUESTS

    async def keep(self, room: nio.MatrixRoom, event: Event) -> Event | None:
        """Let `event` wait for its key, and ask its sender's device for it; the event itself if the key has just come.

        Only what waits is looked for when a key comes.
        """
        now = self._clock.now()
        if event.sender == self._client.user_id:
            return None
        if now - sent_at(event) > TOO_OLD:
            log.warning("%s cannot be decrypted, and is too old to be answered", event.event_id)
            return None
        if await self._store.was_handled(event.event_id):
            return None
        unread = Unread(room.room_id, event.event_id)
        await self._waiting.keep(unread, _session(event), event.sender, now + _IN_TIME)
        if readable := await self._opened(unread, event):
            return readable
        log.warning("%s cannot be decrypted: asking for its key", event.event_id)
        if isinstance(event, nio.MegolmEvent):
            await self._keys.ask(event)
        if len(self._keys.open()) > self._many:
            await self._forget_requests()
        return None

    def readable(self, event: Event) -> Event | None:
        """`event` as it can be read; None where it still cannot be decrypted."""
        if not is_sealed(event):
            return event
        return self._keys.readable(event) if isinstance(event, nio.MegolmEvent) else None

    async def work(self, events: Sequence[Any]) -> Work:
        """What is to be done after a sync that brought `events` from device to device: keys came, or time ran out."""
        work: Work = []
        for event in events:
            if isinstance(event, nio.RoomKeyEvent):
                for unread in await self._waiting.of_session(event.room_id, event.session_id):
                    work.append((unread.room_id, partial(self._look, unread)))
        for unread in await self._waiting.due():
            work.append((unread.room_id, partial(self._look, unread, is_due=True)))
        return work

    async def work_left(self) -> Work:
        """What is to be done at a start."""
        await self._forget_requests()
        return [(unread.room_id, partial(self._look, unread, asks=True)) for unread in await self._waiting.all()]

    async def seconds_left(self) -> float | None:
        """In how many seconds the next message has waited for too long; None where none waits."""
        due = await self._waiting.next_due()
        return None if due is None else max(0.0, (due - self._clock.now()).total_seconds())

    def was_unread(self, event: Event) -> bool:
        """Whether `event` had to wait for its key: it is handled later than it was written."""
        return getattr(event, "event_id", None) in self._read

    async def received(self, event: Event) -> None:
        """`event` was handled: if it waited, it waits no longer."""
        event_id = getattr(event, "event_id", None)
        if event_id in self._read:
            await self._waiting.forget(event_id)
            self._read.discard(event_id)

    async def _look(self, unread: Unread, is_due: bool = False, asks: bool = False) -> Events:
        """The message, where it can be read now; where it cannot, its sender is told if it is due, or `asks` for it.

        A key that came and opens nothing is not asked for again: the next one would be no other.
        """
        if unread.event_id in self._read:
            return []
        room = self._client.rooms.get(unread.room_id)
        event = await self._fetched(unread) if room else None
        if room is None or event is None:  # left, or gone
            await self._waiting.forget(unread.event_id)
            return []
        if readable := await self._opened(unread, event):
            return [readable]
        if is_due:
            await self._tell(room, unread, event)
        elif asks and isinstance(event, nio.MegolmEvent):
            await self._keys.ask(event, again=True)
        return []

    async def _opened(self, unread: Unread, event: Event) -> Event | None:
        """The message, where it can be read now. What turns out to be none waits no longer."""
        readable = self.readable(event)
        if isinstance(readable, nio.UnknownBadEvent):
            await self._waiting.forget(unread.event_id)
        elif readable:
            self._read.add(unread.event_id)
        return readable

    async def _forget_requests(self) -> None:
        for room_id, session in self._keys.open():
            if not await self._waiting.of_session(room_id, session):
                self._keys.forget(session)
        self._many = max(_MANY_REQUESTS, 2 * len(self._keys.open()))

    async def _fetched(self, unread: Unread) -> Event | None:
        try:
            found = await insist(
                partial(self._client.room_get_event, unread.room_id, unread.event_id), "an encrypted message"
            )
        except Denied:
            return None
        found.event.room_id = unread.room_id  # what was encrypted does not say it
        return found.event

    async def _tell(self, room: nio.MatrixRoom, unread: Unread, event: Event) -> None:
        since = self._clock.now() - _TOLD
        alone = is_direct(room)
        told = await self._waiting.was_told(since, event.sender, None if alone else room.room_id)
        if not told:
            message = Message(
                event_id=event.event_id,
                room_id=room.room_id,
                sender=event.sender,
                text=None,
                sent_at=sent_at(event),
                addressed=Addressed.DIRECT if alone else Addressed.MENTION,
                thread=thread_of(event),
            )
            try:
                await self._replies.send(message, self._words(), "apology")
            except Undelivered as error:
                log.error("its sender could not be told that %s cannot be decrypted: %s", event.event_id, error)
        await self._waiting.settle(unread, told=not told)


def is_sealed(event: Event) -> bool:
    """Whether the event is encrypted and could not be decrypted."""
    encrypted = isinstance(event.source, dict) and event.source.get("type") == "m.room.encrypted"
    return encrypted and not isinstance(event, nio.RedactedEvent)


def _session(event: Event) -> str:
    session = getattr(event, "session_id", None)
    return session if isinstance(session, str) else ""
