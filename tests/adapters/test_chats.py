"""Which direct chat is used, and how few are opened."""

import asyncio
from dataclasses import replace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.chats import Chats, opens_room
from bot.adapters.matrix.errors import Denied, Forbidden, LoggedOut, MatrixError
from bot.adapters.matrix.inbox import is_direct
from bot.core.model import Addressed, Message
from tests.adapters.test_inbox import ADA, BOT
from tests.conftest import message

BOB = "@bob:uni.test"
HALL, NEW = "!hall:uni.test", "!new:uni.test"


def a_room(room_id: str, *others: str, invited: str | None = None, encrypted: bool = True) -> nio.MatrixRoom:
    made = nio.MatrixRoom(room_id, BOT, encrypted)
    for user in (BOT, *others):
        made.add_member(user, None, None)
    if invited:
        made.add_member(invited, None, None, invited=True)
    return made


class Client:
    """A session whose homeserver opens rooms, or fails in ways."""

    user_id = BOT
    opened_rooms: frozenset[str] = frozenset()
    staff_rooms: frozenset[str] = frozenset()

    def __init__(self, *rooms: nio.MatrixRoom, errors: tuple[Exception, ...] = ()) -> None:
        self.rooms = {each.room_id: each for each in (a_room(HALL, ADA, BOB), *rooms)}
        self.errors = list(errors)
        self.asked: list[Any] = []
        self.is_heard = False
        """Whether what failed was done all the same, as the next sync tells."""

    async def call(self, path: str, content: Any, what: str, once: bool = False) -> Any:
        assert once, "asked again by the connection, there might be two"
        self.asked.append((path, content))
        room_id = NEW if len(self.asked) == 1 else f"!new{len(self.asked)}:uni.test"
        await asyncio.sleep(0.01)
        if self.errors:
            if self.is_heard:
                self.rooms["!heard:uni.test"] = a_room("!heard:uni.test", invited=ADA)
                self.opened_rooms |= {"!heard:uni.test"}
            raise self.errors.pop(0)
        return {"room_id": room_id}


class Opening:
    """The chats of a session, by their rooms."""

    def __init__(self, client: Client) -> None:
        self.chats = Chats(client)  # type: ignore[arg-type]

    async def with_sender(self, message: Message) -> str | None:
        chat = await self.chats.with_sender(message)
        return chat and chat.room_id


def chats(client: Client) -> Opening:
    return Opening(client)


def asked(room_id: str = HALL, sender: str = ADA, addressed: Addressed = Addressed.MENTION) -> Message:
    return replace(message("hi", room_id=room_id, sender=sender), addressed=addressed)


async def test_a_direct_chat_is_itself_encrypted_or_not() -> None:
    client = Client(a_room("!plain:uni.test", ADA, encrypted=False), a_room("!sealed:uni.test", ADA))
    for room_id in ("!plain:uni.test", "!sealed:uni.test"):
        assert await chats(client).with_sender(asked(room_id)) == room_id
    client.rooms["!unseen:uni.test"] = a_room("!unseen:uni.test")  # whose only other member was not told yet
    assert await chats(client).with_sender(asked("!unseen:uni.test", addressed=Addressed.DIRECT)) == "!unseen:uni.test"


async def test_a_room_in_which_another_is_left_is_no_chat_with_who_has_gone() -> None:
    client = Client()
    client.rooms[HALL] = a_room(HALL, BOB)
    assert await chats(client).with_sender(asked(HALL)) == NEW
    assert await chats(client).with_sender(asked(HALL, BOB)) == HALL


async def test_a_chat_that_is_there_is_used_rather_the_one_that_was_joined_and_the_same_each_time() -> None:
    rooms = [a_room("!a:uni.test", invited=ADA), a_room("!c:uni.test", ADA), a_room("!b:uni.test", ADA)]
    for order in (rooms, rooms[::-1]):
        client = Client(*order)
        assert await chats(client).with_sender(asked()) == "!b:uni.test"
        assert client.asked == []
    client = Client(rooms[0])
    client.opened_rooms = frozenset({"!a:uni.test"})
    assert await chats(client).with_sender(asked()) == "!a:uni.test"
    assert client.asked == []


async def test_a_chat_that_somebody_else_made_for_the_two_is_none() -> None:
    client = Client(a_room("!trap:uni.test", invited=ADA))
    assert await chats(client).with_sender(asked()) != "!trap:uni.test"
    public = a_room("!public:uni.test", ADA)
    public.join_rule = "public"
    assert await chats(Client(public)).with_sender(asked()) != "!public:uni.test"


@pytest.mark.parametrize(
    "room",
    [
        a_room("!x:uni.test", ADA, encrypted=False),
        a_room("!x:uni.test", ADA, BOB),
        a_room("!x:uni.test", ADA, invited=BOB),
        a_room("!x:uni.test", BOB),
        a_room("!x:uni.test"),
    ],
    ids=["not encrypted", "with others", "another is invited", "another's", "nobody's"],
)
async def test_no_other_room_will_do_and_one_is_opened_that_is_known_and_encrypted_at_once(
    room: nio.MatrixRoom,
) -> None:
    client = Client(room)
    assert await chats(client).with_sender(asked()) == NEW
    [(path, content)] = client.asked
    assert path == "/createRoom"
    assert (content["invite"], content["is_direct"], content["preset"]) == ([ADA], True, "trusted_private_chat")
    assert content["initial_state"][0]["content"] == {"algorithm": "m.megolm.v1.aes-sha2"}
    opened = client.rooms[NEW]
    assert (opened.encrypted, is_direct(opened), set(opened.users)) == (True, True, {BOT, ADA})
    assert set(opened.invited_users) == {ADA}


async def test_what_a_sync_told_of_the_room_meanwhile_stands() -> None:
    client = Client(a_room(NEW, ADA, encrypted=False))
    assert await chats(client).with_sender(asked()) == NEW
    assert client.rooms[NEW].encrypted
    assert not client.rooms[NEW].invited_users


async def test_a_person_gets_one_chat_however_often_it_is_wanted() -> None:
    client = Client()
    opening = chats(client)
    found = await asyncio.gather(
        *(opening.with_sender(asked()) for _ in range(5)), opening.with_sender(asked(HALL, BOB))
    )
    assert found == [NEW] * 5 + ["!new2:uni.test"]
    assert [content["invite"] for _, content in client.asked] == [[ADA], [BOB]]


async def test_a_request_without_an_answer_that_was_heard_is_not_made_again() -> None:
    client = Client(errors=(TimeoutError(),))
    client.is_heard = True
    assert await chats(client).with_sender(asked()) == "!heard:uni.test"
    assert len(client.asked) == 1


async def test_what_fails_for_now_is_asked_for_again() -> None:
    client = Client(errors=(MatrixError("503"),))
    assert await chats(client).with_sender(asked()) == "!new2:uni.test"


@pytest.mark.parametrize("error", [Denied("no"), Forbidden("no")])
async def test_where_the_homeserver_refuses_there_is_none(error: Exception) -> None:
    client = Client(errors=(error,))
    assert await chats(client).with_sender(asked()) is None
    assert len(client.asked) == 1


async def test_a_revoked_token_is_raised() -> None:
    with pytest.raises(LoggedOut):
        await chats(Client(errors=(LoggedOut("revoked"),))).with_sender(asked())


def test_only_the_creation_by_the_bot_is_its_own() -> None:
    def event(kind: str, sender: str, decrypted: bool = False) -> Any:
        content = {"room_version": "12", "m.federate": True}
        source = {"type": kind, "event_id": "$e", "sender": sender, "origin_server_ts": 1, "state_key": ""}
        made = nio.Event.parse_event({**source, "content": content})
        made.decrypted = decrypted
        return made

    assert opens_room(event("m.room.create", BOT), BOT)
    others = (event("m.room.create", ADA), event("m.room.topic", BOT), event("m.room.create", BOT, decrypted=True))
    for other in (*others, nio.UnknownBadEvent({"type": "m.room.create", "sender": BOT})):
        assert not opens_room(other, BOT)


async def test_the_link_to_a_chat_leads_there_from_any_homeserver() -> None:
    for room_id, escaped in (("!new:uni.test", "!new%3Auni.test"), ("!r/o_om", "!r%2Fo_om")):
        chat = await Chats(Client(a_room(room_id, ADA))).with_sender(asked())  # type: ignore[arg-type]
        assert chat
        assert chat.link == f"https://matrix.to/#/{escaped}?via=uni.test"
