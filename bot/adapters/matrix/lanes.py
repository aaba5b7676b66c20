"""Rooms side by side, each in order: one lane a room, which exists only while there is something to do in it.

What cannot be fetched, for whatever a stranger has sent, is logged and passed over: it must stop no other room.

A batch is what one sync brought. Its token is kept once everything in it and in all batches before it was handled: a
crash at any instant replays what was not, and the store and the transaction ids make the replay harmless.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from bot.adapters.matrix.errors import LoggedOut
from bot.adapters.matrix.rooms import Event, Events, Fetch, Work
from bot.ports import StoreBroken

log = logging.getLogger(__name__)

_HEAD_START = 0.2
"""Seconds for which the next sync is put off, at most, while a batch is being done. A homeserver does one thing after
the other: were it asked for a sync first, the answer would wait for that."""
Handle = Callable[[str, Event, Iterable[Event]], Awaitable[None]]
"""Handles one event of a room; it is given those that wait behind it, too."""


@dataclass
class _Batch:
    token: str
    open: int
    """How many fetches and events of it are not done."""
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Lane:
    arriving: deque[tuple[_Batch, Fetch]] = field(default_factory=deque)
    waiting: deque[tuple[_Batch, Event]] = field(default_factory=deque)


class Lanes:
    """Takes batches from the sync, which waits for no room for long. What a lane raises ends them all."""

    def __init__(
        self,
        handle: Handle,
        keep: Callable[[str], Awaitable[None]],
        settled: Callable[[str], None] = lambda _: None,
        head_start: float = _HEAD_START,
    ) -> None:
        """`keep` is called with the newest token before which all is done, `settled` with a room that is done."""
        self._handle = handle
        self._keep = keep
        self._settled = settled
        self._head_start = head_start
        self._lanes: dict[str, _Lane] = {}
        self._batches: deque[_Batch] = deque()
        self._keeping = asyncio.Lock()
        self._closing = False
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> "Lanes":
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the events in hand; those that wait behind them are replayed at the next start."""
        self._closing = True
        try:
            await self._tasks.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:  # one reason is enough
            raise group.exceptions[0] from None

    async def add(self, token: str, work: Work) -> None:
        """Queue a batch, and return when it is done or has had its head start. One room's work is done in its order."""
        batch = _Batch(token, len(work))
        self._batches.append(batch)
        for room_id, fetch in work:
            lane = self._lanes.get(room_id)
            if lane is None:
                lane = self._lanes[room_id] = _Lane()
                self._tasks.create_task(self._drive(room_id, lane))
            lane.arriving.append((batch, fetch))
        await self._settle()
        if work:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._head_start):
                    await batch.done.wait()

    async def _drive(self, room_id: str, lane: _Lane) -> None:
        while (lane.arriving or lane.waiting) and not self._closing:
            # What has arrived meanwhile is fetched first: it may change what waits, as an edit does.
            if lane.arriving:
                batch, fetch = lane.arriving.popleft()
                events = await _fetched(fetch)
                lane.waiting.extend((batch, event) for event in events)
                batch.open += len(events)
            else:
                batch, event = lane.waiting.popleft()
                await self._handle(room_id, event, (later for _, later in lane.waiting))
            batch.open -= 1
            await self._settle(batch)
        del self._lanes[room_id]  # nothing was awaited since the last look, so nothing arrives unseen
        self._settled(room_id)

    async def _settle(self, batch: _Batch | None = None) -> None:
        """Keep the newest token before which everything is done."""
        if batch and batch.open:
            return
        if batch:
            batch.done.set()
        async with self._keeping:
            done = None
            while self._batches and not self._batches[0].open:
                done = self._batches.popleft()
            if done:
                await self._keep(done.token)


async def _fetched(fetch: Fetch) -> Events:
    try:
        return await fetch()
    except (LoggedOut, StoreBroken):
        raise
    except Exception as error:
        log.error("something that was to be done in a room failed: %s", type(error).__name__)
        return []
