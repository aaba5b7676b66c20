"""For how long the homeserver is asked again for what it does not do."""

from types import SimpleNamespace
from typing import Any

import nio
import pytest
from tenacity import stop_after_attempt

from bot.adapters.matrix.errors import Denied, GivenUp, LoggedOut
from bot.adapters.matrix.patience import insist


def asking(*statuses: int) -> Any:
    """A request that is answered with these statuses, one after the other."""
    left = iter(statuses)

    async def ask() -> Any:
        status = next(left)
        if status == 200:
            return "done"
        error = nio.ErrorResponse("no", "M_UNKNOWN_TOKEN" if status == 401 else "M_UNKNOWN")
        error.transport_response = SimpleNamespace(status=status)
        return error

    return ask


async def test_what_fails_is_asked_for_again_and_what_is_refused_is_not() -> None:
    assert await insist(asking(500, 200), "an answer") == "done"
    for status in (403, 401):
        with pytest.raises(LoggedOut if status == 401 else Denied):
            await insist(asking(status, 200), "an answer")


async def test_what_fails_every_time_is_given_up_and_told_with_its_reason() -> None:
    with pytest.raises(GivenUp, match="an answer: M_UNKNOWN"):
        await insist(asking(500, 500, 200), "an answer", stop_after_attempt(2))
