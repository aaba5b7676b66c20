"""What of a room's history counts as news, where the whole of it came with the sync."""

from typing import Any

import nio
import pytest

from bot.adapters.matrix.rooms import _MOST, Rooms
from bot.adapters.simulated import SimulatedClock
from bot.config import Matrix
from tests.adapters.test_inbox import ADA, BOT, DIRECT, SHARED, event


class SimulatedClient:
    """Knows who it is, and a history in pages, newest first."""

    user_id = BOT

    def __init__(self, *pages: list[Any]) -> None:
        self.pages = pages
        self.asked = 0

    async def room_messages(self, room_id: str, start: str, end: str, *_: Any) -> nio.RoomMessagesResponse:
        number = int(start)
        self.asked += 1
        chunk = self.pages[number] if number < len(self.pages) else []
        return nio.RoomMessagesResponse(room_id, chunk, start, str(number + 1) if chunk else None)


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
    return [each.body if isinstance(each, nio.RoomMessageText) else "joined" for each in found]


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
    ("room", "expected"),
    [(DIRECT, ["with the invitation", "afterwards", "joined"]), (SHARED, ["joined", "afterwards"])],
)
async def test_only_in_a_direct_chat_what_came_with_the_invitation_counts_and_the_bot_s_joining_comes_last(
    room: nio.MatrixRoom, expected: list[str]
) -> None:
    assert await news(room, *HISTORY) == expected


async def test_in_a_room_that_the_bot_is_in_all_is_news() -> None:
    assert await news(SHARED, event(body="a"), event(body="b")) == ["a", "b"]


NOON = SimulatedClock().now().timestamp() * 1000


def sent(body: str, hours_ago: float = 0, sender: str = ADA) -> Any:
    source = {"type": "m.room.message", "event_id": f"${body}", "sender": sender}
    sent_at = int(NOON - hours_ago * 3_600_000)
    return nio.Event.parse_event(
        {**source, "origin_server_ts": sent_at, "content": {"msgtype": "m.text", "body": body}}
    )


async def filled(*pages: list[Any]) -> tuple[list[str], SimulatedClient]:
    client = SimulatedClient(*pages)
    rooms = Rooms(client, Matrix.model_validate({"user": BOT, "password": "x"}), SimulatedClock())
    found = await rooms.news(SHARED, nio.Timeline([sent("newest")], True, "0"), "since")
    return [each.body for each in found], client


async def test_a_gap_is_filled_oldest_first() -> None:
    bodies, _ = await filled([sent("d"), sent("c")], [sent("b"), sent("a")])
    assert bodies == ["a", "b", "c", "d", "newest"]


async def test_a_gap_is_read_back_until_what_is_too_old_to_be_answered() -> None:
    bodies, client = await filled([sent("b", 1)], [sent("a", 26)], [sent("never asked for", 27)])
    assert bodies == ["a", "b", "newest"]
    assert client.asked == 2


async def test_the_bot_s_own_messages_do_not_count_towards_the_limit_of_a_gap() -> None:
    own = [[sent("own", sender=BOT)] * 100] * (_MOST // 100 + 5)
    bodies, _ = await filled(*own, [sent("a question")])
    assert bodies[0] == "a question"
    others = [[sent("other")] * 100] * (_MOST // 100 + 5)
    bodies, _ = await filled(*others, [sent("a question")])
    assert len(bodies) == _MOST + 1
