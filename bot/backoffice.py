"""Use case: an escalation lives: its letter is tried until the mail server takes it; if none does, the person is told.

Beside the mail server, or instead of it, there may be a support room: each way is tried by itself, and the person is
told only where all have failed. What becomes of a letter in the support room is the business of `cases`.

Rules: once accepted, a letter is never sent again, as its text is erased with the note that it was accepted. Between
the server's "250" and that note the bot may die; then it is sent twice, as the same mail: its Message-ID and its date
derive from what is kept, so that mail systems know it again. What is in hand when the bot stops is finished.

Letters are tried one after the other, beside the rooms: none waits for a mail server. What the server refuses for good
fails at once; anything else is put off, for three days at most. What failed is told to the person once, where they
agreed to it, and after they were told its reference. The log names references only.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol

from bot.core.letter import Way
from bot.core.model import Language, Reply
from bot.ports import Barred, Clock, Hopeless, Replies, Undelivered
from bot.ports.post import Bounced, Mailer, MailTrouble, Outbox, Posted, Unavailable

log = logging.getLogger(__name__)

_BETWEEN_LOOKS = 5.0
"""Seconds between two looks into the outbox: an admin, in another process, may have let a letter be tried again."""
_REFERENCE_FIRST = timedelta(minutes=10)
"""For so long a failure is kept back until the reference was told, which a crash or a busy homeserver may delay."""


_UNTIL_READY = 0.2
"""Seconds between two looks before it is known which rooms there are."""
_DONE: Mapping[Way, str] = {"mail": "was accepted", "room": "stands in the support room"}


@dataclass(frozen=True)
class Schedule:
    """When something is tried again, and for how long."""

    pauses: tuple[timedelta, ...]
    """The pause after each failed attempt; the last one is repeated."""
    longest: timedelta
    """So long after its beginning is the last attempt."""

    def next_try(self, attempts: int, since: datetime, now: datetime) -> datetime | None:
        """When to try again after so many failed attempts, the last one at `now`; None: not any more."""
        end = since + self.longest
        pause = self.pauses[min(attempts, len(self.pauses)) - 1]
        return min(now + pause, end) if now < end else None


_PAUSES = (*(timedelta(minutes=each) for each in (1, 2, 5, 15, 30)), *(timedelta(hours=each) for each in (1, 3, 6)))
SENDING = Schedule(_PAUSES, timedelta(days=3))
TELLING = Schedule(_PAUSES, timedelta(days=1))


class SupportRoom(Protocol):
    """Where letters become cases."""

    async def open(self, posted: Posted) -> None:
        """Let the letter stand in the support room, once.

        Raises:
            Unavailable: it cannot stand there now.
        """

    async def close_idle(self) -> None:
        """Close the cases in which nobody writes any more."""


@dataclass
class _Telling:
    """That a person could not be told yet."""

    since: datetime
    attempts: int
    again: datetime


class Backoffice:
    """Looks after the outbox, within `async with`. What ends it is raised there: StoreBroken, or a revoked token."""

    def __init__(
        self,
        outbox: Outbox,
        mailer: Mailer | None,
        replies: Replies,
        clock: Clock,
        words: Callable[[Language, str], Reply],
        between: float = _BETWEEN_LOOKS,
        was_handled: Callable[[str], Awaitable[bool]] | None = None,
        can_tell: Callable[[], bool] = lambda: True,
        cases: "SupportRoom | None" = None,
    ) -> None:
        """`words`: what is said, in a language, when the letter of a reference has failed. `between`: in seconds.

        `was_handled`: whether the message with this id was: then its sender knows the reference. `can_tell`: whether
        it is known where people can be told, and which rooms there are. `cases`: what has cases in a support room.
        """
        self._outbox = outbox
        self._mailer = mailer
        self._replies = replies
        self._clock = clock
        self._words = words
        self._between = between
        self._was_handled = was_handled
        self._can_tell = can_tell
        self._cases = cases
        self._woken = asyncio.Event()
        self._closing = False
        self._group = asyncio.TaskGroup()
        self._untold: dict[str, _Telling] = {}
        """By reference. It is not kept: after a restart, the person is tried for another while."""

    async def __aenter__(self) -> "Backoffice":
        await self._group.__aenter__()
        self._group.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the letter in hand, if nothing went wrong."""
        self._closing = True
        self._woken.set()
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:  # one reason is enough
            raise group.exceptions[0] from None

    def posted(self) -> None:
        """A letter was posted: look at once."""
        self._woken.set()

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._between if self._can_tell() else _UNTIL_READY):
                    await self._woken.wait()

    async def look(self) -> None:
        """Try every letter that is due, once, and tell whose letters have failed.

        Raises:
            StoreBroken: the outbox cannot be read or written.
        """
        tried: set[tuple[str, Way]] = set()
        while not self._closing and (posted := await self._next(tried)):
            tried.add((posted.letter.reference, posted.way))
            await self._try(posted)
        if not self._can_tell():
            return
        if self._cases:
            await self._cases.close_idle()
        for posted in await self._outbox.untold():
            telling = self._untold.get(posted.letter.reference)
            is_due = telling is None or self._clock.now() >= telling.again
            if not self._closing and is_due and await self._knows_reference(posted):
                await self._tell(posted, telling)

    async def _knows_reference(self, posted: Posted) -> bool:
        is_late = self._clock.now() - posted.posted_at > _REFERENCE_FIRST
        return is_late or self._was_handled is None or await self._was_handled(posted.message.event_id)

    async def _next(self, tried: set[tuple[str, Way]]) -> Posted | None:
        """Looked up anew for each, as trying takes long: an admin may have dropped it meanwhile."""
        ways = ("mail", "room") if self._can_tell() else ("mail",)
        due = (each for each in await self._outbox.due() if each.way in ways)
        return next((each for each in due if (each.letter.reference, each.way) not in tried), None)

    async def _try(self, posted: Posted) -> None:
        reference = posted.letter.reference
        try:
            await self._send(posted)
        except Bounced as error:
            await self._fail(posted, str(error))
        except MailTrouble as error:
            await self._put_off(posted, str(error))
        except Exception as error:  # one letter must not hold up the others; what is in it stays out of the log
            log.error("letter %s could not be sent: %s", reference, type(error).__name__)
            await self._put_off(posted, type(error).__name__)
        else:
            await self._outbox.accepted(reference, posted.way)
            log.info("letter %s %s", reference, _DONE[posted.way])

    async def _send(self, posted: Posted) -> None:
        if posted.way == "room":
            if self._cases is None:
                raise Unavailable("no support room is configured any more")
            await self._cases.open(posted)
        elif self._mailer is None:
            raise Unavailable("no mail server is configured any more")
        else:
            await self._mailer.send(posted.letter, posted.posted_at)

    async def _put_off(self, posted: Posted, trouble: str) -> None:
        reference = posted.letter.reference
        again = SENDING.next_try(posted.attempts + 1, posted.posted_at, self._clock.now())
        if again is None:
            await self._fail(posted, trouble)
            return
        await self._outbox.put_off(reference, again, trouble, posted.way)
        if posted.attempts == 0:
            log.warning("letter %s was not accepted, and is tried again: %s", reference, trouble)

    async def _fail(self, posted: Posted, trouble: str) -> None:
        await self._outbox.failed(posted.letter.reference, trouble, posted.way)
        log.warning("letter %s has failed for good: %s", posted.letter.reference, trouble)

    async def _tell(self, posted: Posted, telling: _Telling | None) -> None:
        """The homeserver recognises what is told again after a crash. What is no use is not tried for ever."""
        reference, now = posted.letter.reference, self._clock.now()
        reply = self._words(posted.language, reference)
        try:
            await self._replies.send(posted.message, reply, "failed", rings=True)
        except Undelivered as error:
            since, attempts = (telling.since, telling.attempts + 1) if telling else (now, 1)
            again = None if isinstance(error, Barred | Hopeless) else TELLING.next_try(attempts, since, now)
            if again:
                if not telling:
                    log.warning("that letter %s has failed cannot be told yet: %s", reference, error)
                self._untold[reference] = _Telling(since, attempts, again)
                return
            log.warning("that letter %s has failed could not be told: %s", reference, error)
        self._untold.pop(reference, None)
        await self._outbox.told(reference)
