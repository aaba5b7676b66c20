"""Asking again where the homeserver answers that it failed. That it answers at all is the connection's business."""

import logging
from collections.abc import Awaitable, Callable

import aiohttp
import nio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from bot.adapters.matrix.connection import LONGEST_WAIT
from bot.adapters.matrix.errors import Answered, CannotLogIn, Denied, LoggedOut, MatrixError, accepted

log = logging.getLogger(__name__)


async def insist(ask: Callable[[], Awaitable[Answered | nio.ErrorResponse]], what: str) -> Answered:
    """What the homeserver answers in the end, asked with `patiently`.

    Raises:
        LoggedOut: it does not know our access token.
        Denied: it refuses for good.
    """
    async for attempt in patiently():
        with attempt:
            answer: Answered = accepted(await ask(), what)
    return answer


def patiently() -> AsyncRetrying:
    """Try again for ever, ever more slowly, unless the homeserver has logged us out or refuses for good."""
    return AsyncRetrying(
        retry=retry_if_exception(_may_pass), wait=wait_random_exponential(max=LONGEST_WAIT), before_sleep=_tell
    )


def _may_pass(error: BaseException) -> bool:
    passing = isinstance(error, MatrixError | aiohttp.ClientError | TimeoutError)
    return passing and not isinstance(error, Denied | LoggedOut | CannotLogIn)


def _tell(state: RetryCallState) -> None:
    if state.attempt_number == 1:
        error = state.outcome.exception() if state.outcome else None
        log.warning("%s; trying again until it works", error or type(error).__name__)
