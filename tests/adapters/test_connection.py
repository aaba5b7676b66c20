"""What counts as an outage, how often it is told, and how long a limited bot waits."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.adapters.matrix.connection import Away, Connection, Failing
from bot.adapters.matrix.errors import GivenUp
from bot.adapters.simulated import SimulatedClock

AWAY, BACK = "cannot be reached", "answers again, after 0:01:30"
REFUSED = aiohttp.ClientConnectionError("refused")


class Answer:
    """An answer over HTTP."""

    def __init__(self, status: int = 200, body: str = "{}", kind: str = "application/json", **headers: str) -> None:
        self.status = status
        self.content_type = kind
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._body = body

    async def read(self) -> bytes:
        return self._body.encode()

    async def json(self, content_type: str | None) -> Any:
        return json.loads(self._body)


GATEWAY = Answer(502, "<h1>Bad gateway</h1>", "text/html")
FAILING = Answer(500, '{"errcode": "M_UNKNOWN"}')


def asking(*outcomes: Answer | Exception, before: Callable[[], object] = lambda: None) -> Any:
    """A request that has these outcomes, one after the other; `before` is called before each."""
    left = iter(outcomes)

    async def ask() -> Answer:
        before()
        await asyncio.sleep(0)
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return ask


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def connection(clock: SimulatedClock) -> Connection:
    return Connection(clock, longest_wait=0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("failure", [REFUSED, TimeoutError(), GATEWAY])
async def test_a_single_failure_is_no_outage_and_two_in_a_row_are_told_with_their_duration(
    connection: Connection, clock: SimulatedClock, caplog: pytest.LogCaptureFixture, failure: Answer | Exception
) -> None:
    await connection.outlast(asking(failure, Answer()))
    assert told(caplog) == []
    half_a_minute_later = lambda: clock.advance(timedelta(seconds=30))  # noqa: E731
    await connection.outlast(asking(failure, failure, failure, Answer(), before=half_a_minute_later))
    assert [AWAY in told(caplog)[0], BACK in told(caplog)[1], len(told(caplog))] == [True, True, 2]


async def test_many_requests_suffer_one_outage_which_ends_when_all_of_them_are_answered(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []

    async def look(request: Coroutine[Any, Any, object]) -> None:
        await request
        seen.append((len(told(caplog)), connection.away_since is None))

    failures: tuple[int, ...] = (3, 6, 9)
    requests = [connection.outlast(asking(*[REFUSED] * number, Answer())) for number in failures]
    await asyncio.gather(*map(look, requests), connection.outlast(asking(*[Answer()])))
    assert seen == [(1, False), (1, False), (2, True)]


async def test_an_outage_that_somebody_did_not_wait_for_ends_with_the_next_answer(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    given_up = asyncio.create_task(connection.outlast(asking(*[REFUSED] * 1_000_000)))
    while connection.away_since is None:
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait({given_up})
    assert connection.away_since is not None
    await connection.outlast(asking(Answer()))
    assert connection.away_since is None
    assert len(told(caplog)) == 2


async def test_what_the_homeserver_itself_answers_is_given_to_who_asked(connection: Connection) -> None:
    answer = Answer(403, '{"errcode": "M_FORBIDDEN"}')
    assert await connection.outlast(asking(answer)) is answer


async def test_a_homeserver_that_fails_is_outlasted_however_long_it_takes_and_told_of_once(
    connection: Connection, clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    connection.synced()
    an_hour_later = lambda: clock.advance(timedelta(hours=1))  # noqa: E731
    answer = Answer()
    assert await connection.outlast(asking(FAILING, FAILING, FAILING, FAILING, answer, before=an_hour_later)) is answer
    assert [line.partition(" (")[0] for line in told(caplog)] == [
        "the homeserver fails",
        "the homeserver answers again, after 4:00:00",
    ]


@pytest.mark.parametrize("failure", [REFUSED, TimeoutError(), GATEWAY, FAILING])
async def test_a_request_that_fails_for_long_while_syncs_come_is_given_up(
    connection: Connection, clock: SimulatedClock, failure: Answer | Exception
) -> None:
    def a_minute_later_after_a_sync() -> None:
        clock.advance(timedelta(minutes=1))
        connection.synced()

    fails = asking(*[failure] * 11, Answer(), before=a_minute_later_after_a_sync)
    assert (await connection.outlast(fails)).status == 200
    with pytest.raises(GivenUp, match="again and again"):
        await connection.outlast(asking(*[failure] * 12, before=a_minute_later_after_a_sync))


async def test_after_an_outage_no_request_is_to_blame_for_it(connection: Connection, clock: SimulatedClock) -> None:
    def a_minute_later() -> None:
        clock.advance(timedelta(minutes=1))

    connection.synced()
    fails = asking(*[REFUSED] * 30, *[FAILING] * 3, Answer(), before=a_minute_later)
    outlasted = asyncio.create_task(connection.outlast(fails))
    while clock.now() < SimulatedClock().now() + timedelta(minutes=31):
        await asyncio.sleep(0)
    connection.synced()
    assert (await outlasted).status == 200


@pytest.mark.parametrize("failure", [REFUSED, TimeoutError(), GATEWAY, FAILING])
async def test_without_patience_a_failure_is_raised(clock: SimulatedClock, failure: Answer | Exception) -> None:
    with pytest.raises((aiohttp.ClientError, TimeoutError, Away, Failing)):
        await Connection(clock, patient=False).outlast(asking(failure, Answer()))


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (Answer(429, '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 150}', Retry_After="1"), 0.15),
        (Answer(429, '{"errcode": "M_LIMIT_EXCEEDED"}', Retry_After="1"), 1.0),
        (Answer(429, "Slow down", "text/plain", Retry_After="1"), 1.0),
        (Answer(429, '["odd"]', Retry_After="0"), 0.0),
    ],
)
async def test_a_limited_request_waits_as_it_is_told_and_the_limit_is_told_once_and_is_no_outage(
    connection: Connection, caplog: pytest.LogCaptureFixture, limit: Answer, seconds: float
) -> None:
    answer = Answer()
    before = time.monotonic()
    assert await connection.outlast(asking(limit, limit, answer)) is answer
    assert time.monotonic() - before >= 2 * seconds
    assert ["limits how much" in line for line in told(caplog)] == [True]
