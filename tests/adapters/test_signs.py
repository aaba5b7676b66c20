"""Receipts and typing notices: few, in the background, and without harm where they fail."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest

from bot.adapters.matrix.errors import Limited, LoggedOut, MatrixError
from bot.adapters.matrix.signs import Signs

ROOM = "!room:uni.test"


class Homeserver:
    """Notes what it is asked; answers at once, or only when `open` is set."""

    user_id = "@auskunft:uni.test"

    def __init__(self, slow: bool = False, error: Exception | None = None) -> None:
        self.asked: list[Any] = []
        self.error = error
        self.open = asyncio.Event()
        self.in_flight = self.most = 0
        if not slow:
            self.open.set()

    async def call(
        self, path: str, content: dict[str, Any], what: str, method: str = "POST", once: bool = False
    ) -> dict[str, Any]:
        self.asked.append(content.get("typing", (method, path, content)))
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await self.open.wait()
        self.in_flight -= 1
        if self.error:
            raise self.error
        return {}

    @property
    def read(self) -> list[str]:
        return [path.rpartition("/")[2] for _, path, _ in self.asked]


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_only_the_newest_message_of_a_room_is_told_once_the_room_has_settled() -> None:
    homeserver = Homeserver()
    async with Signs(homeserver, between=0) as signs:
        for event_id in ("$1", "$2", "$3"):
            signs.seen(ROOM, event_id)
            await turns()
        assert homeserver.asked == []
        signs.settled(ROOM)
        signs.settled(ROOM)
        signs.settled("!other:uni.test")
        await turns()
    assert homeserver.asked == [("POST", "/rooms/%21room%3Auni.test/receipt/m.read/%243", {})]


async def test_a_lively_room_gets_one_receipt_for_several_messages() -> None:
    homeserver = Homeserver()
    async with Signs(homeserver, between=60) as signs:
        for event_id in ("$1", "$2", "$3"):
            signs.seen(ROOM, event_id)
            signs.settled(ROOM)
            await turns()
    assert homeserver.read == ["%241"]


async def test_a_room_has_one_receipt_in_flight_and_then_only_the_newest() -> None:
    homeserver = Homeserver(slow=True)
    async with Signs(homeserver, between=0) as signs:
        for event_id in ("$1", "$2", "$3"):
            signs.seen(ROOM, event_id)
            signs.settled(ROOM)
            await turns()
        assert homeserver.read == ["%241"]
        homeserver.open.set()
        await turns()
    assert homeserver.read == ["%241", "%243"]
    assert homeserver.most == 1


async def test_many_rooms_do_not_crowd_a_slow_homeserver() -> None:
    homeserver = Homeserver(slow=True)
    async with Signs(homeserver, between=0) as signs:
        for number in range(50):
            signs.seen(f"!{number}", "$1")
            signs.settled(f"!{number}")
        await turns()
        assert homeserver.most == 4
        homeserver.open.set()
        await turns(200)
        assert len(homeserver.asked) == 50


@pytest.mark.parametrize("error", [MatrixError("later"), ConnectionError(), ValueError()])
async def test_what_fails_is_let_go(error: Exception) -> None:
    homeserver = Homeserver(error=error)
    async with Signs(homeserver, between=0) as signs:
        for event_id in ("$1", "$2"):
            signs.seen(ROOM, event_id)
            signs.settled(ROOM)
            await turns()
    assert homeserver.read == ["%241", "%242"]


KEYS = {"t1": "1️⃣", "t2": "2️⃣", "t3": "3️⃣"}


def reaction(transaction: str) -> Any:
    relation = {"rel_type": "m.annotation", "event_id": "$1", "key": KEYS[transaction]}
    return ("PUT", f"/rooms/%21room%3Auni.test/send/m.reaction/{transaction}", {"m.relates_to": relation})


async def test_reactions_go_out_one_after_the_other_and_nobody_waits() -> None:
    homeserver = Homeserver(slow=True)
    async with Signs(homeserver) as signs:
        signs.react(ROOM, "$1", KEYS)
        assert homeserver.asked == []
        await turns()
        assert homeserver.asked == [reaction("t1")]
        homeserver.open.set()
        await turns(30)
    assert homeserver.asked == [reaction(each) for each in KEYS]


@pytest.mark.parametrize(("error", "asked"), [(MatrixError("no"), 2), (ConnectionError(), 2), (Limited("429"), 1)])
async def test_at_the_first_refusal_the_rest_are_dropped_and_where_that_is_a_limit_the_next_ones_too(
    error: Exception, asked: int
) -> None:
    homeserver = Homeserver(error=error)
    async with Signs(homeserver, between=0) as signs:
        for _ in range(2):
            signs.react(ROOM, "$1", KEYS)
            await turns()
        assert homeserver.asked == [reaction("t1")] * asked
        signs.seen(ROOM, "$2")
        signs.settled(ROOM)
        await turns()
    assert homeserver.read[-1] == "%242"


async def test_a_revoked_token_is_raised() -> None:
    async def live() -> None:
        async with Signs(Homeserver(error=LoggedOut("revoked"))) as signs:
            signs.seen(ROOM, "$1")
            signs.settled(ROOM)
            await asyncio.sleep(60)

    with pytest.raises(LoggedOut):
        await live()


async def test_a_homeserver_that_does_not_react_holds_up_no_end() -> None:
    async with Signs(Homeserver(slow=True), between=0) as signs:
        signs.seen(ROOM, "$1")
        signs.settled(ROOM)
        await turns()
        began = time.monotonic()
    assert time.monotonic() - began < 5


async def test_typing_is_shown_only_where_it_takes_long_and_ends_with_it() -> None:
    homeserver = Homeserver()
    async with Signs(homeserver, long=0.05, between=0) as signs:
        with signs.typing(ROOM):
            await turns()
        await asyncio.sleep(0.1)
        assert homeserver.asked == []
        with suppress(ValueError), signs.typing(ROOM):
            await until(lambda: homeserver.asked == [True])
            raise ValueError("failed")
        await until(lambda: homeserver.asked == [True, False])


async def test_a_slow_homeserver_gets_no_second_typing_notice_and_is_told_the_end_in_order() -> None:
    homeserver = Homeserver(slow=True)
    async with Signs(homeserver, long=0, between=0) as signs:
        for _ in range(5):
            with signs.typing(ROOM):
                await asyncio.sleep(0.02)
        assert homeserver.asked == [True]
        homeserver.open.set()
        await until(lambda: len(homeserver.asked) == 2)
    assert homeserver.asked == [True, False]
