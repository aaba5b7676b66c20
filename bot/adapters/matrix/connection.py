"""The connection to the homeserver: every request goes over it, and it outlasts outages and limits.

An outage is told once, however many requests it holds up, and once more when it is over. A single failure is none. A
homeserver that answers that it failed is outlasted, too. Where a request fails for long while syncs come, the request
is at fault, and is given up. What else the homeserver answers, refusals above all, is left to whoever asked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_never
from tenacity.wait import wait_random_exponential

from bot.adapters.matrix.errors import GivenUp, MatrixError
from bot.ports import Clock

log = logging.getLogger(__name__)

LONGEST_WAIT = 30
"""Seconds between two tries."""
_LIMIT = 5.0
"""Seconds to wait where the homeserver limits us and does not tell for how long."""
_AT_FAULT = timedelta(minutes=10)
"""How long a request may fail while syncs come. It is long, as parts of a homeserver may be out of order."""
_LATELY = timedelta(minutes=2)
"""While syncs come, there is never so long between two."""

Ask = Callable[[], Awaitable[aiohttp.ClientResponse]]


class Away(MatrixError):
    """A gateway answers in the homeserver's place."""


class Failing(MatrixError):
    """The homeserver answers that it failed."""


@dataclass
class _Trouble:
    """What a request meets with."""

    since: datetime
    """Its first failure."""
    alone_since: datetime | None = None
    """Since when syncs have come while it fails."""


class Connection:
    """How the bot stands to its homeserver. Whoever wants to know asks here."""

    def __init__(self, clock: Clock, patient: bool = True, longest_wait: float = LONGEST_WAIT) -> None:
        """Not `patient`, it raises what goes wrong instead of trying again."""
        self._clock = clock
        self._stop = stop_never if patient else stop_after_attempt(1)
        self._wait = wait_random_exponential(max=longest_wait)
        self._held_up: dict[object, _Trouble] = {}
        """The requests that have failed and were not answered since."""
        self._was_limited = False
        self.away_since: datetime | None = None
        """Since when the homeserver has not answered; None while it does."""
        self.synced_at: datetime | None = None
        """When the last sync came."""

    def synced(self) -> None:
        """A sync came."""
        self.synced_at = self._clock.now()

    async def outlast(self, ask: Ask) -> aiohttp.ClientResponse:
        """What the homeserver answers in the end to `ask`, which is repeated, ever more slowly, until it does.

        Raises:
            GivenUp: it failed at this request for ten minutes, in which it did others.
            ClientError, TimeoutError, Away, Failing: it does not answer, and the connection is not patient.
        """
        request = object()

        def failed(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            now = self._clock.now()
            trouble = self._held_up.setdefault(request, _Trouble(now))
            trouble.alone_since = (trouble.alone_since or now) if self._works(now) else None
            if trouble.alone_since and now - trouble.alone_since > _AT_FAULT:
                raise GivenUp(f"a request fails again and again: {_reason(error)}") from error
            if state.attempt_number > 1:
                self._tell_of_outage(trouble.since, error)

        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((aiohttp.ClientError, TimeoutError, Away, Failing)),
                wait=self._wait,
                stop=self._stop,
                before_sleep=failed,
                reraise=True,
            ):
                with attempt:
                    response = await self._unlimited(ask)
        finally:
            self._held_up.pop(request, None)
        if not self._held_up:  # else only a part of the homeserver is back
            self._tell_of_return()
        return response

    async def _unlimited(self, ask: Ask) -> aiohttp.ClientResponse:
        """The answer, once the homeserver does not limit us any more."""
        while (response := await _whole(ask)).status == 429:
            if not self._was_limited:
                self._was_limited = True
                log.warning("the homeserver limits how much the bot may do, so that people wait: exempt it (README)")
            await asyncio.sleep(await _told_to_wait(response))
        return response

    def _works(self, now: datetime) -> bool:
        """Whether a sync came lately."""
        return self.synced_at is not None and now - self.synced_at < _LATELY

    def _tell_of_outage(self, since: datetime, error: BaseException | None) -> None:
        if self.away_since is None:
            self.away_since = since
            what = "fails" if isinstance(error, Failing) else "cannot be reached"
            remedy = "" if self.synced_at else "; if that never worked, check `homeserver` and `user`"
            log.warning("the homeserver %s (%s); trying again until it answers%s", what, _reason(error), remedy)

    def _tell_of_return(self) -> None:
        if self.away_since is not None:
            away = timedelta(seconds=round((self._clock.now() - self.away_since).total_seconds()))
            self.away_since = None
            log.warning("the homeserver answers again, after %s", away)


def _reason(error: BaseException | None) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


async def _whole(ask: Ask) -> aiohttp.ClientResponse:
    """The answer, read to its end: it may break off. Errors that are no JSON are those of a gateway."""
    response = await ask()
    await response.read()
    if response.status >= 500 and response.content_type != "application/json":
        raise Away(f"a gateway answers in its place, with status {response.status}")
    if response.status >= 500:
        raise Failing(f"it answers with status {response.status}")
    return response


async def _told_to_wait(response: aiohttp.ClientResponse) -> float:
    """The seconds that an answer "too many requests" tells to wait (client-server API, "Rate limiting")."""
    try:
        told = await response.json(content_type=None)
        return max(0.0, float(told["retry_after_ms"]) / 1000)
    except (KeyError, TypeError, ValueError):
        header = response.headers.get("Retry-After", "")
        return float(header) if header.isdecimal() else _LIMIT
