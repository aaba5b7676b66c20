"""What a reaction says, and which are messages to the bot."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.errors import LoggedOut
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.reactions import NUMBERS, feedback
from bot.adapters.matrix.reception import Reception
from bot.core.model import Addressed, Feedback, Message, Reaction
from bot.ports import Undelivered
from tests.adapters.test_inbox import ADA, BOT, room

BOB = "@bob:uni.test"
CHAT, HALL = room(ADA), room(ADA, BOB)
CHAT.room_id, HALL.room_id = "!chat:uni.test", "!hall:uni.test"
HALL.encrypted = True


def reaction(key: str, to: str = "$answer", sender: str = ADA) -> Any:
    relation = {"rel_type": "m.annotation", "event_id": to, "key": key}
    source = {"type": "m.reaction", "event_id": "$1", "sender": sender, "origin_server_ts": 1000}
    return nio.Event.parse_event({**source, "content": {"m.relates_to": relation}})


@pytest.mark.parametrize(
    ("key", "helpful"),
    [
        ("👍", True),
        ("👍️", True),
        ("👍🏽", True),
        ("👍🏿\ufe0f", True),
        ("👎", False),
        ("👎🏻", False),
        ("👎\ufe0e ", False),
    ],
)
def test_a_thumb_of_any_colour_is_feedback(key: str, helpful: bool) -> None:
    assert feedback("!room", reaction(key)) == Feedback("$1", "!room", ADA, "$answer", helpful)


@pytest.mark.parametrize("key", ["❤️", "👍👎", "", "up", "🏽", "👏", "1️⃣"])
def test_any_other_reaction_is_none(key: str) -> None:
    assert feedback("!room", reaction(key)) is None


def answer(event_id: str = "$answer", sender: str = BOT, **content: Any) -> Any:
    source = {"type": "m.room.message", "event_id": event_id, "sender": sender, "origin_server_ts": 1}
    return nio.Event.parse_event({**source, "content": {"msgtype": "m.notice", "body": "Ja", **content}})


def sealed(**content: Any) -> Any:
    whole = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "A", "sender_key": "k", "session_id": "s", **content}
    source = {"type": "m.room.encrypted", "event_id": "$sealed", "sender": BOT, "origin_server_ts": 1}
    return nio.Event.parse_encrypted_event({**source, "content": {"device_id": "D", **whole}})


IN_THREAD = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}
REDACTED = nio.Event.parse_event(
    {
        "type": "m.room.message",
        "event_id": "$redacted",
        "sender": BOT,
        "origin_server_ts": 1,
        "content": {},
        "unsigned": {"redacted_because": {"type": "m.room.redaction", "sender": ADA, "content": {}}},
    }
)
EVENTS = {
    "$answer": answer(),
    "$threaded": answer(**IN_THREAD),
    "$sealed": sealed(**IN_THREAD),
    "$question": answer("$question", ADA),
    "$redacted": REDACTED,
}


@dataclass
class World:
    """The bot in two rooms, and what it does there: a session, a store, a helpdesk and signs."""

    failures: list[Exception] = field(default_factory=list)
    """What the next tries meet with."""
    user_id: str = BOT
    rooms: dict[str, Any] = field(default_factory=lambda: {each.room_id: each for each in (CHAT, HALL)})
    asked: list[str] = field(default_factory=list)
    done: list[tuple[str, Any]] = field(default_factory=list)
    is_typing: bool = False

    async def room_get_event(self, _room_id: str, event_id: str) -> Any:
        self.asked.append(event_id)
        if event_id in EVENTS:
            found = nio.RoomGetEventResponse()
            found.event = EVENTS[event_id]
            return found
        gone = nio.RoomGetEventError("gone", "M_NOT_FOUND")
        gone.transport_response = SimpleNamespace(status=404)
        return gone

    async def entries_of(self, room_id: str, event_id: str, sender: str) -> tuple[str, ...] | None:
        return () if sender != BOB and event_id != "$other" else None

    async def handle(self, message: Message) -> None:
        assert self.is_typing
        self.done.append(("handle", message))
        if self.failures:
            raise self.failures.pop()

    async def put_aside(self, message: Message) -> None:
        self.done.append(("put aside", message))

    async def rate(self, feedback: Feedback) -> None:
        self.done.append(("rate", feedback.helpful))

    def readable(self, event: Any) -> Any:
        return event

    async def received(self, event: Any) -> None:
        pass

    def was_unread(self, event: Any) -> bool:
        return False

    def typing(self, _room_id: str) -> "World":
        return self

    def __enter__(self) -> None:
        self.is_typing = True

    def __exit__(self, *_: object) -> None:
        self.is_typing = False

    def seen(self, _room_id: str, event_id: str) -> None:
        self.done.append(("seen", event_id))

    async def sees(self, event: Any, where: nio.MatrixRoom = CHAT, following: tuple[Any, ...] = ()) -> list[Any]:
        """What is done about the event."""
        it: Any = self
        reception = Reception(it, Inbox(BOT, it), it, it, it, it, it, it, pauses=(0, 0))
        await reception.receive(where.room_id, event, following)
        return self.done


def tap(says: Any, to: str = "$answer", **more: Any) -> Message:
    values = {"room_id": CHAT.room_id, "addressed": Addressed.DIRECT, "encrypted": False, **more}
    sent_at = datetime.fromtimestamp(1, UTC)
    return Message("$1", sender=ADA, text=None, sent_at=sent_at, reaction=Reaction(to, says), **values)


@pytest.mark.parametrize(
    ("key", "number"),
    [*zip(NUMBERS, range(1, 5), strict=True), ("1", 1), ("2\ufe0f", 2), ("3\u20e3", 3), (" 4\ufe0e\u20e3", 4)],
)
async def test_a_number_on_an_answer_of_one_s_own_is_a_message_that_says_it(key: str, number: int) -> None:
    assert await World().sees(reaction(key)) == [("handle", tap(number)), ("seen", "$1")]


@pytest.mark.parametrize("key", ["5️⃣", "0️⃣", "11", "1️⃣1️⃣", "²", "१", "one", "", "\u20e3", "❤️"])
async def test_other_reactions_are_nothing_and_nothing_is_looked_up(key: str) -> None:
    world = World()
    assert await world.sees(reaction(key)) == []
    assert world.asked == []


async def test_a_thumb_down_is_rated_first_and_is_then_a_message_and_a_thumb_up_is_rated_only() -> None:
    assert await World().sees(reaction("👎🏽")) == [("rate", False), ("handle", tap("unhelpful")), ("seen", "$1")]
    world = World()
    assert await world.sees(reaction("👍")) == [("rate", True)]
    assert world.asked == []


@pytest.mark.parametrize("to", ["$threaded", "$sealed"])
async def test_it_is_said_where_the_answer_stands(to: str) -> None:
    more = {"room_id": HALL.room_id, "addressed": Addressed.MENTION, "encrypted": True, "thread": "$root"}
    assert await World().sees(reaction("1️⃣", to), HALL) == [("handle", tap(1, to, **more)), ("seen", "$1")]


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (reaction("1️⃣", sender=BOB), []),
        (reaction("1️⃣", "$other"), []),
        (reaction("1️⃣", "not an id"), []),
        (reaction("1️⃣", "$question"), ["$question"]),
        (reaction("1️⃣", "$gone"), ["$gone"]),
        (reaction("1️⃣", "$redacted"), ["$redacted"]),
        (reaction("1️⃣", sender=BOT), []),
        (reaction("👎", sender=BOT), []),
        (reaction("👍", sender=BOT), []),
    ],
    ids=["another's", "no answer", "no id", "of one's own", "gone", "taken back", "ours", "our thumb", "our thumb up"],
)
async def test_reactions_of_others_to_other_messages_and_our_own_are_nothing(event: Any, asked: list[str]) -> None:
    world = World()
    assert await world.sees(event) == []
    assert world.asked == asked


async def test_what_was_taken_back_while_it_waited_says_nothing() -> None:
    source = {"type": "m.room.redaction", "event_id": "$r", "sender": ADA, "origin_server_ts": 1}
    taken_back = nio.Event.parse_event({**source, "redacts": "$1", "content": {"redacts": "$1"}})
    assert await World().sees(reaction("1️⃣"), following=(taken_back,)) == []


async def test_it_is_tried_again_and_put_aside_as_any_message() -> None:
    world = World([Undelivered("no"), RuntimeError()])
    assert [what for what, _ in await world.sees(reaction("1️⃣"))] == ["handle", "handle", "handle", "seen"]
    world = World([Undelivered("no")] * 3)
    assert (await world.sees(reaction("1️⃣")))[3:] == [("put aside", tap(1)), ("seen", "$1")]
    with pytest.raises(LoggedOut):
        await World([LoggedOut("revoked")]).sees(reaction("1️⃣"))
