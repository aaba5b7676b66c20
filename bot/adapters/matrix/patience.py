"""Trying again while the homeserver is away."""

import logging

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from bot.adapters.matrix.errors import CannotLogIn, LoggedOut, MatrixError

log = logging.getLogger(__name__)

_LONGEST_WAIT = 30
"""Seconds between two tries."""


def patiently() -> AsyncRetrying:
    """Try again for ever, ever more slowly, unless the homeserver has logged us out or will never let us in."""
    return AsyncRetrying(
        retry=retry_if_exception(_may_pass), wait=wait_random_exponential(max=_LONGEST_WAIT), before_sleep=_tell
    )


def _may_pass(error: BaseException) -> bool:
    passing = isinstance(error, MatrixError | aiohttp.ClientError | TimeoutError)
    return passing and not isinstance(error, LoggedOut | CannotLogIn)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("the homeserver cannot be reached (%s); trying again", error or type(error).__name__)
