"""When the bot introduces itself, stays, follows and goes, where everything that a homeserver answers is given."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.upgrades import replacement
from bot.adapters.matrix.welcome import Welcome
from bot.adapters.simulated import SimulatedStore
from bot.config import Matrix
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.model import Message
from tests.adapters.test_inbox import ADA, BOT, room

BOB, MALLORY = "@bob:uni.test", "@mallory:elsewhere.test"
OLD, NEW = "!old:uni.test", "!new"
"""Ids of rooms name no server from room version 12 on."""


def state(kind: str, content: Mapping[str, Any], sender: str = ADA, key: str = "", before: str | None = None) -> Any:
    source = {"type": kind, "event_id": "$e", "sender": sender, "origin_server_ts": 1, "state_key": key}
    unsigned = {"prev_content": {"membership": before}} if before else {}
    return nio.Event.parse_event({**source, "content": dict(content), "unsigned": unsigned})


def member(user: str, membership: str, before: str | None = None) -> Any:
    return state("m.room.member", {"membership": membership}, user, user, before)


JOINED = member(BOT, "join", "invite")
TOMBSTONE = state("m.room.tombstone", {"body": "", "replacement_room": NEW})


def created(predecessor: str) -> Any:
    return state("m.room.create", {"room_version": "12", "predecessor": {"room_id": predecessor}})


class Client:
    """A session whose homeserver does all that it is asked, and keeps it."""

    user_id = BOT

    opened_rooms: frozenset[str] = frozenset()

    def __init__(self, *rooms: nio.MatrixRoom) -> None:
        self.rooms = {each.room_id: each for each in rooms}
        self.done: list[str] = []
        self.said: list[str] = []
        self.writes = True
        self.members: int | None = None

    async def joined_members(self, room_id: str) -> Any:
        members = len(self.rooms[room_id].users) if self.members is None else self.members
        return SimpleNamespace(members=[None] * members)

    async def room_leave(self, room_id: str) -> None:
        self.done.append(f"leave {room_id}")

    async def room_forget(self, room_id: str) -> None:
        self.done.append(f"forget {room_id}")

    def invalidate_outbound_session(self, room_id: str) -> None:
        self.done.append(f"new keys for {room_id}")

    async def call(self, path: str, content: Mapping[str, Any], what: str) -> Any:
        self.done.append(path)

    async def room_resolve_alias(self, address: str) -> Any:
        return SimpleNamespace(room_id=OLD if address == "#known:uni.test" else "!another")

    async def room_send(self, room_id: str, kind: str, content: Mapping[str, Any], **_: Any) -> Any:
        if not self.writes:
            refused = nio.RoomSendError("no", "M_FORBIDDEN")
            refused.transport_response = SimpleNamespace(status=403)
            return refused
        self.said.append(content["body"])
        return SimpleNamespace(event_id="$said")


class House:
    """The bot in one room or several."""

    def __init__(self, desk: Desk, *rooms: nio.MatrixRoom, **settings: Any) -> None:
        config = Matrix.model_validate({"user": BOT, "password": "x", **settings})
        self.client = Client(*rooms)
        self.store = SimulatedStore()
        self.welcome = Welcome(self.client, config, desk, self.store)
        self.membership = Membership(self.client, config, lambda user: user != MALLORY, self.welcome)

    def told(self, first: bool = False, left: tuple[str, ...] = (), **rooms: list[Any]) -> dict[str, Any]:
        """Take in a sync with these events, by `old` and `new`."""
        ids = {"old": OLD, "new": NEW}
        joined = {
            ids[name]: nio.RoomInfo(nio.Timeline([], False, None), events, [], []) for name, events in rooms.items()
        }
        sync = SimpleNamespace(rooms=SimpleNamespace(join=joined, leave=dict.fromkeys(left)))
        return self.membership.note(sync, first)

    async def receive(self, event: Any, room_id: str = OLD) -> None:
        await self.membership.receive(self.client.rooms[room_id], event)


def a_room(*others: str, room_id: str = OLD) -> nio.MatrixRoom:
    made = room(*others)
    made.room_id = room_id
    return made


LEFT = [f"leave {OLD}", f"new keys for {OLD}", f"forget {OLD}"]


async def test_the_bot_introduces_itself_once_a_room_and_not_when_it_changes_its_name(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    await house.receive(member(BOT, "join", "join"))
    assert house.client.said == []
    for _ in range(2):
        await house.receive(JOINED)
    assert len(house.client.said) == 1
    assert house.client.done == []


async def test_who_was_answered_already_is_met_with_a_short_line_in_the_language_of_the_question(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    asked = Message("$1", OLD, ADA, "x", SimpleNamespace())  # type: ignore[arg-type]
    await house.store.record(asked, Conversation(language="en", until=datetime(2100, 1, 1, tzinfo=UTC)))
    await house.receive(JOINED)
    assert house.client.said[0].startswith("This was your first question")


@pytest.mark.parametrize(
    ("name", "topic", "beginning"),
    [
        (None, None, "Guten Tag"),
        ("IT Support", None, "Guten Tag"),
        ("Physics", "Everything about our experiments and what is next", "Hello"),
        ("Meetings", "Alles über unsere Termine und wer wann da ist", "Guten Tag"),
    ],
)
async def test_a_room_is_spoken_to_in_the_language_of_its_topic(
    desk: Desk, name: str | None, topic: str | None, beginning: str
) -> None:
    shared = a_room(ADA, BOB)
    shared.name, shared.topic = name, topic
    house = House(desk, shared, display_name="Frag_mich")
    await house.receive(JOINED)
    assert house.client.said[0].startswith(beginning)
    assert "@Frag_mich" in house.client.said[0]


async def test_where_the_bot_may_not_write_it_takes_nothing_as_said(desk: Desk) -> None:
    house = House(desk, a_room(ADA, BOB))
    house.client.writes = False
    await house.receive(JOINED)
    assert not await house.store.was_told(OLD, "welcomed")


async def test_it_leaves_and_forgets_a_room_that_nobody_else_is_in(desk: Desk) -> None:
    house = House(desk, a_room())
    await house.receive(member(ADA, "leave", "join"))
    assert house.client.done == LEFT
    assert OLD not in house.client.rooms
    house = House(desk, a_room())
    await house.receive(JOINED)
    assert house.client.done == LEFT
    assert house.client.said == []


async def test_it_stays_where_somebody_is_or_is_invited_by_what_is_known_here_or_at_the_homeserver(desk: Desk) -> None:
    with_invited = a_room()
    with_invited.add_member(ADA, "Ada", None, invited=True)
    for there, members in ((a_room(ADA), None), (with_invited, 1), (a_room(), 2)):
        house = House(desk, there)
        house.client.members = members
        await house.receive(member(BOB, "ban", "join"))
        await house.receive(member(BOB, "join", "invite"))
        assert house.client.done == []


async def test_a_removed_room_is_dropped_with_its_keys(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    house.told(left=(OLD, "!never joined"))
    assert house.client.rooms == {}
    assert f"new keys for {OLD}" in house.client.done


@pytest.mark.parametrize(
    ("settings", "stays"),
    [
        ({"largest_room": 3}, True),
        ({"largest_room": 2}, False),
        ({"largest_room": 0}, True),
        ({"largest_room": 2, "large_rooms": [OLD]}, True),
        ({"largest_room": 2, "large_rooms": ["#other:uni.test", "#known:uni.test"]}, True),
        ({"largest_room": 2, "large_rooms": ["#other:uni.test"]}, False),
    ],
)
async def test_it_stays_in_a_room_up_to_the_largest_size_or_in_one_that_is_allowed(
    desk: Desk, settings: dict[str, Any], stays: bool
) -> None:
    house = House(desk, a_room(ADA, BOB), **settings)
    await house.receive(JOINED)
    assert house.client.done == ([] if stays else LEFT)
    assert ("mehr als 2 Mitglieder" in house.client.said[0]) is not stays


async def test_where_unencrypted_rooms_are_refused_it_says_so_instead_of_introducing_itself(desk: Desk) -> None:
    sealed = a_room(ADA, room_id=NEW)
    sealed.encrypted = True
    house = House(desk, a_room(ADA), sealed, unencrypted="refuse")
    for _ in range(2):
        await house.receive(JOINED)
    await house.receive(JOINED, NEW)
    assert ["nicht verschlüsselt" in said for said in house.client.said] == [True, False]


async def test_an_upgrade_is_followed_through_the_server_of_who_upgraded_it(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    await house.receive(TOMBSTONE)
    assert house.client.done == ["/join/%21new?server_name=uni.test&via=uni.test"]
    await house.receive(state("m.room.tombstone", {"body": "", "replacement_room": NEW}, MALLORY))
    assert len(house.client.done) == 1


@pytest.mark.parametrize(("predecessor", "is_left"), [(OLD, True), ("!another:uni.test", False)])
async def test_the_old_room_is_left_once_the_new_one_was_joined_if_both_tell_of_each_other(
    desk: Desk, predecessor: str, is_left: bool
) -> None:
    house = House(desk, a_room(ADA), largest_room=1)
    house.told(old=[TOMBSTONE])
    house.client.rooms[NEW] = a_room(ADA, room_id=NEW)
    due = house.told(new=[created(predecessor)])
    assert due == {OLD: TOMBSTONE}
    await house.receive(due[OLD])
    assert house.client.done == (LEFT if is_left else [])
    await house.receive(JOINED, NEW)
    assert ("leave !new" in house.client.done) is not is_left  # no successor: a newcomer, in too large a room
    assert (house.client.said == []) is is_left


async def test_a_room_that_a_tombstone_led_to_and_that_replaces_none_is_left_without_a_word_and_for_good(
    desk: Desk,
) -> None:
    house = House(desk, a_room(ADA))
    house.told(old=[TOMBSTONE])
    await house.receive(TOMBSTONE)
    house.client.rooms[NEW] = a_room(ADA, BOB, room_id=NEW)
    house.told(new=[created("!another:uni.test")])
    await house.receive(member(BOT, "join"), NEW)
    assert house.client.said == []
    assert f"leave {NEW}" in house.client.done
    done = list(house.client.done)
    await house.receive(TOMBSTONE)
    assert house.client.done == done
    house.client.rooms[NEW] = a_room(ADA, BOB, room_id=NEW)
    await house.receive(JOINED, NEW)  # by invitation
    assert len(house.client.said) == 1


async def test_a_room_that_the_bot_is_invited_to_is_not_left_because_a_tombstone_leads_there_too(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    await house.receive(TOMBSTONE)
    house.client.rooms[NEW] = a_room(ADA, BOB, room_id=NEW)
    await house.receive(JOINED, NEW)
    assert len(house.client.said) == 1
    assert f"leave {NEW}" not in house.client.done


async def test_tombstones_are_due_when_their_new_room_was_joined_and_at_the_start(desk: Desk) -> None:
    house = House(desk, a_room(ADA))
    assert house.told(old=[TOMBSTONE]) == {}
    assert house.told(old=[created("!older")]) == {}
    assert house.told(new=[created(OLD)]) == {OLD: TOMBSTONE}
    assert house.told(new=[member(BOB, "join")]) == {}
    assert House(desk).told(first=True, old=[TOMBSTONE]) == {OLD: TOMBSTONE}


def test_only_state_that_names_a_room_is_a_tombstone() -> None:
    assert replacement(TOMBSTONE) == NEW
    source = {"type": "m.room.tombstone", "event_id": "$e", "sender": ADA, "origin_server_ts": 1}
    content = {"body": "", "replacement_room": NEW}
    message = nio.Event.parse_event({**source, "content": content})
    nameless = state("m.room.tombstone", {"body": ""})
    odd = state("m.room.tombstone", {"body": "", "replacement_room": "!" + "x" * 255})
    decrypted = state("m.room.tombstone", content)
    decrypted.decrypted = True
    for event in (message, nameless, odd, decrypted, nio.UnknownBadEvent({"type": "m.room.tombstone"})):
        assert replacement(event) is None


class Greetings:
    """Notes what is said, and of which rooms it is taken as said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.taken_as_said: list[str] = []

    async def say(self, room: nio.MatrixRoom, _join: Any) -> None:
        self.said.append(room.room_id)

    async def take_as_said(self, room_id: str) -> None:
        self.taken_as_said.append(room_id)


def at_home(greetings: Greetings, there: nio.MatrixRoom, opened_by: str) -> tuple[Client, Membership]:
    """The bot in a room, as a sync has told who opened it and that the bot joined it."""
    client = Client(there)
    config = Matrix.model_validate({"user": BOT, "password": "x"})
    membership = Membership(client, config, lambda _: True, greetings)  # type: ignore[arg-type]
    events = [state("m.room.create", {"room_version": "12"}, opened_by), member(BOT, "join")]
    told = {OLD: nio.RoomInfo(nio.Timeline(events, False, None), [], [], [])}
    membership.note(SimpleNamespace(rooms=SimpleNamespace(join=told, leave={})), first=False)
    return client, membership


@pytest.mark.parametrize("others", [(), (ADA,)], ids=["nobody is invited yet", "the other is invited"])
async def test_in_a_chat_that_the_bot_opens_it_does_not_introduce_itself_and_stays_unless_the_other_declines(
    others: tuple[str, ...],
) -> None:
    greetings = Greetings()
    client, membership = at_home(greetings, a_room(*others), BOT)
    await membership.receive(client.rooms[OLD], member(BOT, "join"))
    assert (greetings.said, greetings.taken_as_said, client.done) == ([], [OLD], [])
    client.rooms[OLD] = a_room()
    await membership.receive(client.rooms[OLD], member(ADA, "leave", "invite"))
    assert client.done == LEFT


async def test_in_a_room_that_another_opened_it_introduces_itself() -> None:
    greetings = Greetings()
    client, membership = at_home(greetings, a_room(ADA), ADA)
    await membership.receive(client.rooms[OLD], member(BOT, "join"))
    assert greetings.said == [OLD]
