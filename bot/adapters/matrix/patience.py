"""Asking again where the homeserver did not do what it was asked. That it answers is the connection's business."""

import logging
from collections.abc import Awaitable, Callable

import aiohttp
import nio
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception,
    stop_after_attempt,
    stop_never,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from bot.adapters.matrix.connection import LONGEST_WAIT
from bot.adapters.matrix.errors import Answered, CannotLogIn, Denied, GivenUp, LoggedOut, MatrixError, accepted

log = logging.getLogger(__name__)


_TRIES = 5
"""After them, what fails is to blame, and others wait behind it."""


async def insist(
    ask: Callable[[], Awaitable[Answered | nio.ErrorResponse]], what: str, stop: stop_base = stop_after_attempt(_TRIES)
) -> Answered:
    """What the homeserver answers in the end, asked with `patiently`.

    Raises:
        LoggedOut: it does not know our access token.
        Denied: it refuses for good. GivenUp: it did not do it any time until `stop`.
    """
    try:
        async for attempt in patiently(stop):
            with attempt:
                answer: Answered = accepted(await ask(), what)
    except RetryError as error:
        reason = error.last_attempt.exception()
        raise GivenUp(str(reason) or type(reason).__name__) from error
    return answer


def patiently(stop: stop_base = stop_never) -> AsyncRetrying:
    """Try again until `stop`, ever more slowly, unless the homeserver has logged us out or refuses for good.

    Raises:
        RetryError: it never worked.
    """
    return AsyncRetrying(
        retry=retry_if_exception(_may_pass),
        wait=wait_random_exponential(max=LONGEST_WAIT),
        stop=stop,
        before_sleep=_tell,
    )


def _may_pass(error: BaseException) -> bool:
    passing = isinstance(error, MatrixError | aiohttp.ClientError | TimeoutError)
    return passing and not isinstance(error, Denied | LoggedOut | CannotLogIn)


def _tell(state: RetryCallState) -> None:
    if state.attempt_number == 1:
        error = state.outcome.exception() if state.outcome else None
        log.warning("%s; trying again", str(error) or type(error).__name__)
