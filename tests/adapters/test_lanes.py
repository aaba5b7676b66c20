"""In order within a room, side by side across rooms, and a token kept only when all before it is done."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from bot.adapters.matrix.errors import LoggedOut
from bot.adapters.matrix.lanes import Fetch, Lanes


class Desk:
    """Handles events that are plain names; those in `held` wait until they are let go."""

    def __init__(self, *held: str) -> None:
        self.done: list[str] = []
        self.kept: list[str] = []
        self.behind: dict[str, list[str]] = {}
        self.held = {name: asyncio.Event() for name in held}

    async def handle(self, room_id: str, event: Any, following: Iterable[Any]) -> None:
        self.behind[event] = list(following)
        if event in self.held:
            await self.held[event].wait()
        if event == "fatal":
            raise ConnectionError
        self.done.append(event)

    async def keep(self, token: str) -> None:
        self.kept.append(token)


def brings(*events: Any) -> Fetch:
    async def fetch() -> Any:
        return list(events)

    return fetch


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_slow_room_stops_no_other_and_the_token_waits_for_it() -> None:
    desk = Desk("slow")
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [("!a", brings("slow", "a2")), ("!b", brings("b1"))])
        await lanes.add("t2", [("!b", brings("b2"))])
        await settled()
        assert desk.done == ["b1", "b2"]
        assert desk.kept == []
        desk.held["slow"].set()
        await settled()
        assert desk.done == ["b1", "b2", "slow", "a2"]
        assert desk.kept[-1] == "t2"


async def test_the_events_of_a_room_are_handled_one_after_the_other_across_batches() -> None:
    desk = Desk("a1")
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [("!a", brings("a1"))])
        await settled()
        await lanes.add("t2", [("!a", brings("a2", "a3"))])
        await settled()
        assert desk.done == []
        desk.held["a1"].set()
        await settled()
        assert desk.done == ["a1", "a2", "a3"]
        assert desk.kept == ["t1", "t2"]


async def test_an_event_sees_what_waits_behind_it_also_what_came_while_it_waited() -> None:
    desk = Desk("a1")
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [("!a", brings("a1", "a2"))])
        await settled()
        await lanes.add("t2", [("!a", brings("a3"))])
        desk.held["a1"].set()
        await settled()
    assert desk.behind["a1"] == ["a2"]
    assert desk.behind["a2"] == ["a3"]


async def test_a_room_settles_when_nothing_waits_in_it_any_more() -> None:
    desk, settled_rooms = Desk("a1"), list[str]()
    async with Lanes(desk.handle, desk.keep, settled_rooms.append) as lanes:
        await lanes.add("t1", [("!a", brings("a1", "a2")), ("!b", brings("b1"))])
        await settled()
        assert settled_rooms == ["!b"]
        await lanes.add("t2", [("!a", brings("a3"))])
        desk.held["a1"].set()
        await settled()
        assert settled_rooms == ["!b", "!a"]


async def test_a_batch_without_news_keeps_its_token_at_once() -> None:
    desk = Desk()
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [])
        assert desk.kept == ["t1"]


async def test_what_a_lane_raises_ends_all_with_that_reason_and_keeps_no_token() -> None:
    desk = Desk("slow")

    async def listen() -> None:
        async with Lanes(desk.handle, desk.keep) as lanes:
            await lanes.add("t1", [("!a", brings("slow")), ("!b", brings("fatal"))])
            await asyncio.sleep(60)

    with pytest.raises(ConnectionError):
        await listen()
    assert desk.kept == []


async def test_what_cannot_be_fetched_is_passed_over() -> None:
    async def odd() -> Any:
        raise TypeError

    desk = Desk()
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [("!a", odd), ("!a", brings("a1"))])
        await settled()
        assert (desk.done, desk.kept) == (["a1"], ["t1"])


async def test_a_revoked_token_met_in_a_fetch_ends_all() -> None:
    async def refused() -> Any:
        raise LoggedOut

    desk = Desk()

    async def listen() -> None:
        async with Lanes(desk.handle, desk.keep) as lanes:
            await lanes.add("t1", [("!a", refused)])
            await asyncio.sleep(60)

    with pytest.raises(LoggedOut):
        await listen()
    assert desk.kept == []


async def test_at_the_end_the_event_in_hand_is_finished_and_those_behind_it_are_left_for_the_next_start() -> None:
    desk = Desk("a1")
    async with Lanes(desk.handle, desk.keep) as lanes:
        await lanes.add("t1", [("!a", brings("a1", "a2"))])
        await settled()
        asyncio.get_running_loop().call_later(0.05, desk.held["a1"].set)
    assert desk.done == ["a1"]
    assert desk.kept == []


async def test_the_next_sync_waits_for_a_batch_that_is_done_soon_and_not_for_long_for_another() -> None:
    desk = Desk("soon", "slow")
    async with Lanes(desk.handle, desk.keep, head_start=60) as lanes:
        adding = asyncio.create_task(lanes.add("t1", [("!a", brings("soon"))]))
        await settled()
        assert not adding.done()
        desk.held["soon"].set()
        await asyncio.wait_for(adding, 10)
    async with Lanes(desk.handle, desk.keep, head_start=0.01) as lanes:
        await asyncio.wait_for(lanes.add("t2", [("!a", brings("slow"))]), 10)
        assert "slow" not in desk.done
        desk.held["slow"].set()
