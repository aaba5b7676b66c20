from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import nio
import pytest

from bot.adapters.matrix.undecrypted import Undecrypted
from bot.adapters.simulated import SimulatedClock
from bot.adapters.sqlite.database import Database, open_database
from bot.adapters.sqlite.store import SqliteStore
from bot.adapters.sqlite.unread import SqliteUnread
from bot.core.conversation import Conversation
from bot.core.model import Message, Reply
from bot.keys import Key
from tests.conftest import message

BOT, ADA, BOB = "@auskunft:uni.test", "@ada:uni.test", "@bob:uni.test"
HALF_A_MINUTE = timedelta(seconds=30)


def room(room_id: str, *others: str) -> nio.MatrixRoom:
    made = nio.MatrixRoom(room_id, BOT, encrypted=True)
    for user in (BOT, *others):
        made.add_member(user, user, None)
    return made


CHAT, OTHER_CHAT, HALL = room("!chat:uni.test", ADA), room("!other:uni.test", ADA), room("!hall:uni.test", ADA, BOB)


def sealed(event_id: str, sender: str, clock: SimulatedClock, session: str = "s") -> Any:
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgA",
        "sender_key": "k",
        "session_id": session,
        "device_id": "D",
    }
    sent_at = int(clock.now().timestamp() * 1000)
    source = {"type": "m.room.encrypted", "event_id": event_id, "sender": sender, "origin_server_ts": sent_at}
    return nio.Event.parse_encrypted_event({**source, "content": content})


class Client:
    """A homeserver's session, with its requests for keys, whose events stay sealed until their keys are given."""

    user_id = BOT

    def __init__(self) -> None:
        self.rooms = {each.room_id: each for each in (CHAT, OTHER_CHAT, HALL)}
        self.events: dict[str, Any] = {}
        self.keys: set[str] = set()
        self.asked: list[str] = []
        self.requested: dict[str, str] = {}

    async def room_get_event(self, _room_id: str, event_id: str) -> Any:
        found = nio.RoomGetEventResponse()
        found.event = self.events[event_id]
        return found

    def readable(self, event: Any) -> Any:
        content = {"msgtype": "m.text", "body": "Ist Signal erlaubt?"}
        source = {**event.source, "type": "m.room.message", "content": content}
        if event.session_id not in self.keys:
            return None
        return nio.UnknownBadEvent({"type": 5}) if event.session_id == "odd" else nio.Event.parse_event(source)

    async def ask(self, event: Any, again: bool = False) -> None:
        self.asked.append(event.session_id)
        self.requested[event.session_id] = CHAT.room_id

    def open(self) -> list[tuple[str, str]]:
        return [(room_id, session) for session, room_id in self.requested.items()]

    def forget(self, session: str) -> None:
        del self.requested[session]


class Replies:
    """Keeps which messages were told of."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def send(self, message: Message, _reply: Reply, saying: str) -> str:
        assert saying == "apology"
        self.told.append(message.event_id)
        return "$reply"


class Situation:
    """What a test needs: the time, who was told, and what waits."""

    def __init__(self, database: Database, clock: SimulatedClock) -> None:
        self.clock, self.store, self.client, self.replies = clock, SqliteStore(database), Client(), Replies()
        self.undecrypted = Undecrypted(
            self.client, self.client, self.store, SqliteUnread(database), self.replies, lambda: Reply("de", "!"), clock
        )

    async def keep(self, where: nio.MatrixRoom, event_id: str, sender: str = ADA, session: str = "s") -> Any:
        event = self.client.events[event_id] = sealed(event_id, sender, self.clock, session)
        await self.undecrypted.keep(where, event)
        return event

    async def work(self, *events: Any) -> list[Any]:
        """What can be read after a sync that brought these from device to device."""
        return [event for _, fetch in await self.undecrypted.work(events) for event in await fetch()]

    @property
    def told(self) -> list[str]:
        return self.replies.told


@asynccontextmanager
async def situation(path: Path) -> AsyncIterator[Situation]:
    clock = SimulatedClock()
    async with open_database(path, Key(b"k" * 32), clock) as database:
        yield Situation(database, clock)


@pytest.fixture
async def now(tmp_path: Path) -> AsyncIterator[Situation]:
    async with situation(tmp_path / "store.sqlite3") as made:
        yield made


async def test_a_person_is_told_after_half_a_minute_and_once_an_hour_in_all_chats(now: Situation) -> None:
    await now.keep(CHAT, "$1")
    assert await now.undecrypted.seconds_left() == 30
    await now.work()
    assert now.told == []
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    await now.keep(CHAT, "$2")
    await now.keep(OTHER_CHAT, "$3")
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    await now.work()
    assert now.told == ["$1"]
    assert await now.undecrypted.seconds_left() is None
    now.clock.advance(timedelta(hours=1))
    await now.keep(CHAT, "$4")
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    assert now.told == ["$1", "$4"]


async def test_in_a_room_with_others_one_person_is_told_for_all(now: Situation) -> None:
    await now.keep(HALL, "$1", ADA)
    await now.keep(HALL, "$2", BOB)
    now.clock.advance(HALF_A_MINUTE)
    both = await now.undecrypted.work([])
    again = await now.undecrypted.work([])  # before anything was done, as when the room is slow
    for _, fetch in both + again:
        await fetch()
    await now.keep(HALL, "$3", BOB)
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    assert now.told == ["$1"]


async def test_a_key_brings_what_waited_for_it_once_it_is_handled_it_waits_no_longer(now: Situation) -> None:
    await now.keep(CHAT, "$1", session="one")
    await now.keep(CHAT, "$2", session="two")
    assert now.client.asked == ["one", "two"]
    now.client.keys.add("one")
    came = nio.RoomKeyEvent({}, ADA, "k", CHAT.room_id, "one", "m.megolm.v1.aes-sha2")
    (event,) = await now.work(came)
    assert (event.event_id, event.body) == ("$1", "Ist Signal erlaubt?")
    assert await now.work(came) == []
    assert len(await now.undecrypted.work_left()) == 2  # it may have been lost: nothing says that it was handled
    await now.undecrypted.received(event)
    assert len(await now.undecrypted.work_left()) == 1


async def test_a_key_that_comes_while_its_message_is_put_to_wait_is_not_asked_for(now: Situation) -> None:
    now.client.keys.add("s")
    event = now.client.events["$1"] = sealed("$1", ADA, now.clock)
    readable = await now.undecrypted.keep(CHAT, event)
    assert readable
    assert readable.body == "Ist Signal erlaubt?"
    assert now.client.asked == []
    await now.undecrypted.received(event)
    assert await now.undecrypted.work_left() == []


async def test_a_key_that_opens_nothing_is_not_asked_for_again_before_the_next_start(now: Situation) -> None:
    await now.keep(CHAT, "$1")
    came = nio.RoomKeyEvent({}, ADA, "k", CHAT.room_id, "s", "m.megolm.v1.aes-sha2")
    assert await now.work(came) == []
    assert now.client.asked == ["s"]
    for _, fetch in await now.undecrypted.work_left():
        await fetch()
    assert now.client.asked == ["s", "s"]


async def test_that_a_person_was_told_outlives_a_flood_of_theirs(now: Situation) -> None:
    await now.keep(CHAT, "$1")
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    for number in range(2, 104):
        await now.keep(CHAT, f"${number}", session=f"{number}")
    now.clock.advance(HALF_A_MINUTE)
    await now.work()
    assert now.told == ["$1"]


async def test_what_is_due_comes_up_once_until_it_had_its_time(now: Situation) -> None:
    await now.keep(CHAT, "$1")
    now.clock.advance(HALF_A_MINUTE)
    assert len(await now.undecrypted.work([])) == 1
    assert await now.undecrypted.seconds_left() == 30
    assert await now.undecrypted.work([]) == []
    now.clock.advance(HALF_A_MINUTE)
    assert len(await now.undecrypted.work([])) == 1


async def test_what_turns_out_to_be_no_event_waits_no_longer(now: Situation) -> None:
    await now.keep(CHAT, "$1", session="odd")
    now.client.keys.add("odd")
    now.clock.advance(HALF_A_MINUTE)
    (garbage,) = await now.work()
    assert isinstance(garbage, nio.UnknownBadEvent)
    assert await now.undecrypted.work_left() == []
    assert now.told == []


async def test_of_many_requests_those_are_forgotten_that_nothing_waits_for(now: Situation) -> None:
    for number in range(1100):
        await now.keep(CHAT, f"${number}", session=f"{number}")
    assert len(now.client.requested) == 100 + 99


async def test_at_a_start_keys_that_nothing_waits_for_are_asked_for_no_longer(now: Situation) -> None:
    await now.keep(CHAT, "$1", session="one")
    await now.keep(CHAT, "$2", session="two")
    now.client.keys.add("two")
    for event in [await fetch() for _, fetch in await now.undecrypted.work_left()][1]:
        await now.undecrypted.received(event)
    await now.undecrypted.work_left()
    assert list(now.client.requested) == ["one"]


async def test_a_message_that_was_taken_back_is_not_told_of(now: Situation) -> None:
    event = await now.keep(CHAT, "$1")
    because = {"redacted_because": {"sender": ADA, "event_id": "$r", "content": {}}}
    now.client.events["$1"] = nio.Event.parse_event({**event.source, "content": {}, "unsigned": because})
    now.clock.advance(HALF_A_MINUTE)
    for event in await now.work():
        await now.undecrypted.received(event)
    assert now.told == []
    assert await now.undecrypted.work_left() == []


async def test_own_old_and_handled_messages_do_not_wait(now: Situation) -> None:
    await now.keep(CHAT, "$1", sender=BOT)
    await now.store.record(message("", event_id="$2"), Conversation())
    await now.keep(CHAT, "$2")
    old = sealed("$3", ADA, now.clock)
    now.clock.advance(timedelta(hours=25))
    await now.undecrypted.keep(CHAT, old)
    assert await now.undecrypted.work_left() == []
    assert now.client.asked == []


async def test_of_one_person_only_the_latest_hundred_wait(now: Situation) -> None:
    for number in range(103):
        await now.keep(CHAT, f"${number}", session=f"{number}")
    await now.keep(HALL, "$bob", sender=BOB)
    assert len(await now.undecrypted.work_left()) == 101


async def test_where_a_message_waits_is_sealed(tmp_path: Path) -> None:
    async with situation(tmp_path / "store.sqlite3") as now:
        await now.keep(CHAT, "$1:uni.test")
    assert b"uni.test" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
