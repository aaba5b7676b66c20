"""What of a room's history counts as news, where the whole of it came with the sync."""

from typing import Any

import nio
import pytest

from bot.adapters.matrix.rooms import Rooms
from bot.adapters.simulated import SimulatedClock
from bot.config import Matrix
from tests.adapters.test_inbox import ADA, BOT, DIRECT, SHARED, event


class SimulatedClient:
    """Knows who it is; nothing is asked of the homeserver."""

    user_id = BOT


def member(membership: str, sender: str) -> Any:
    source = {
        "type": "m.room.member",
        "event_id": "$m",
        "sender": sender,
        "state_key": BOT,
        "origin_server_ts": 1,
        "content": {"membership": membership},
    }
    return nio.Event.parse_event(source)


async def news(room: nio.MatrixRoom, *events: Any) -> list[str]:
    rooms = Rooms(SimulatedClient(), Matrix.model_validate({"user": BOT, "password": "x"}), SimulatedClock())
    found = await rooms.news(room, nio.Timeline(list(events), False, "back"), "since")
    return [each.body for each in found if isinstance(each, nio.RoomMessageText)]


HISTORY = (
    event(body="before the invitation"),
    member("invite", ADA),
    event(body="with the invitation"),
    event(body="of somebody else", sender="@bob:uni.test"),
    nio.UnknownBadEvent({"type": 5}),
    member("join", BOT),
    event(body="afterwards"),
)


@pytest.mark.parametrize(
    ("room", "expected"), [(DIRECT, ["with the invitation", "afterwards"]), (SHARED, ["afterwards"])]
)
async def test_only_in_a_direct_chat_what_came_with_the_invitation_counts(
    room: nio.MatrixRoom, expected: list[str]
) -> None:
    assert await news(room, *HISTORY) == expected


async def test_in_a_room_that_the_bot_is_in_all_is_news() -> None:
    assert await news(SHARED, event(body="a"), event(body="b")) == ["a", "b"]
