"""The two rooms of a case: what is for its other side, and how it is written there, or not at all."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.send import transaction_id
from bot.adapters.matrix.support import MatrixRooms
from bot.adapters.simulated import SimulatedClock, SimulatedStore
from bot.core.model import Addressed, Message, Reply
from bot.core.relaying import LONGEST, Case, Thread
from bot.ports import Barred, Undelivered
from bot.ports.cases import Copy
from tests.adapters.test_chats import Client as ChatClient
from tests.adapters.test_chats import Opening
from tests.adapters.test_inbox import ADA, BOT, event, room
from tests.conftest import message

BOB = "@bob:uni.test"
CASE = Case("lusab-babad", ADA, Thread("!chat:uni.test", "$yes"), "de", Thread("!support:uni.test", "$letter"))
ALICE_TOO = room(ADA, "@alice:uni.test")


def a_room(room_id: str, *others: str, encrypted: bool = True) -> nio.MatrixRoom:
    made = room(*others)
    made.room_id, made.encrypted = room_id, encrypted
    return made


CHAT, SUPPORT = a_room("!chat:uni.test", ADA), a_room("!support:uni.test", BOB)


class Client:
    """A homeserver that refuses relations of some kinds, and knows rooms by address."""

    user_id = BOT

    def __init__(self, *rooms: nio.MatrixRoom, refuses: str = "") -> None:
        self.rooms = {each.room_id: each for each in rooms or (CHAT, SUPPORT)}
        self.refuses = refuses
        self.staff_rooms: set[str] = set()
        self.sent: list[tuple[str, dict[str, Any], str]] = []
        self.addresses: dict[str, str] = {}
        self.lookups = 0

    async def room_send(self, room_id: str, kind: str, content: dict[str, Any], tx_id: str, **options: Any) -> Any:
        self.sent.append((room_id, content, tx_id))
        if self.refuses and self.refuses in content.get("m.relates_to", {}):
            error = nio.RoomSendError("no", "M_UNKNOWN")
            error.transport_response = SimpleNamespace(status=400)
            return error
        return nio.RoomSendResponse("$sent", room_id)

    async def room_resolve_alias(self, address: str) -> Any:
        self.lookups += 1
        found = self.addresses.get(address)
        return nio.RoomResolveAliasResponse(address, found, []) if found else nio.RoomResolveAliasError("no")


def rooms(client: Client, name: str = SUPPORT.room_id, clock: SimulatedClock | None = None) -> MatrixRooms:
    return MatrixRooms(client, name, clock or SimulatedClock())  # type: ignore[arg-type]


async def test_a_text_stands_in_its_thread_as_it_is_and_rings_for_the_person_only() -> None:
    client = Client()
    assert await rooms(client).write(CASE, True, "Support: *ja*", "$b") == Copy(CHAT.room_id, "$sent")
    await rooms(client).write(CASE, False, "Von der Person: ja", "$a")
    (to_person, content, transaction), (to_support, other, _) = client.sent
    assert (to_person, to_support) == (CHAT.room_id, SUPPORT.room_id)
    assert transaction == transaction_id("$b", 8)
    assert content == {
        "msgtype": "m.text",
        "body": "Support: *ja*",
        "m.mentions": {"user_ids": [ADA]},
        "m.relates_to": {
            "rel_type": "m.thread",
            "event_id": "$yes",
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": "$yes"},
        },
    }
    assert other["m.mentions"] == {}
    assert other["m.relates_to"]["event_id"] == "$letter"


async def test_where_no_thread_can_begin_it_is_a_reply() -> None:
    client = Client(refuses="rel_type")
    await rooms(client).write(CASE, True, "Support: ja", "$b")
    (_, _, first), (_, content, second) = client.sent
    assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": "$yes"}}
    assert first != second
    with pytest.raises(Undelivered):
        await rooms(Client(refuses="m.in_reply_to")).write(CASE, True, "Support: ja", "$b")


@pytest.mark.parametrize(
    "chat",
    [
        a_room(CHAT.room_id),
        a_room(CHAT.room_id, "@alice:uni.test"),
        a_room(CHAT.room_id, ADA, "@alice:uni.test"),
        a_room(CHAT.room_id, ADA, encrypted=False),
        a_room("!other:uni.test", ADA),
    ],
    ids=["left", "another's", "with others", "unencrypted", "gone"],
)
async def test_nothing_is_written_where_the_person_is_not_alone_and_safe(chat: nio.MatrixRoom) -> None:
    client = Client(chat, SUPPORT)
    for writing in (
        rooms(client).write(CASE, True, "Support: ja", "$b"),
        rooms(client).tell(CASE, True, Reply("de", "zu"), "$b"),
    ):
        with pytest.raises(Barred):
            await writing
    assert client.sent == []


async def test_the_support_room_is_used_only_encrypted_and_with_the_bot_in_it() -> None:
    assert await rooms(Client()).trouble() is None
    for client, why in (
        (Client(CHAT), "the bot is not in !support:uni.test"),
        (Client(a_room(SUPPORT.room_id, BOB, encrypted=False)), "is not encrypted"),
    ):
        assert why in str(await rooms(client).trouble())
        with pytest.raises(Barred):
            await rooms(client).open(Reply("de", "Geheim"), "$yes")
        assert client.sent == []


async def test_an_address_is_looked_up_until_it_is_found_and_not_at_every_message() -> None:
    client, clock = Client(), SimulatedClock()
    support = rooms(client, "#support:uni.test", clock)
    for _ in range(3):
        assert "there is no room #support:uni.test" in str(await support.trouble())
    assert client.lookups == 1
    client.addresses["#support:uni.test"] = SUPPORT.room_id
    clock.advance(clock.now() - clock.now().replace(minute=58, hour=11))
    for _ in range(3):
        assert await support.trouble() is None
    clock.advance(timedelta(hours=1))
    assert await support.trouble() is None
    assert client.lookups == 2
    assert client.staff_rooms == {SUPPORT.room_id}


@pytest.mark.parametrize(
    ("shown", "name"), [("Bob B.", "Bob B."), (None, "bob"), ("Ada: ich sage", "bob"), ("x" * 99, "bob")]
)
def test_a_name_that_is_more_than_a_name_is_not_told(shown: str | None, name: str) -> None:
    support = a_room(SUPPORT.room_id, BOB)
    support.users[BOB].display_name = shown
    assert rooms(Client(support)).name(message("", room_id=SUPPORT.room_id, sender=BOB)) == name


async def test_few_in_the_support_room_make_it_no_direct_chat() -> None:
    client = ChatClient(SUPPORT)
    client.staff_rooms = {SUPPORT.room_id}
    asked = message("", room_id="!hall:uni.test", sender=BOB, addressed=Addressed.MENTION)
    assert await Opening(client).with_sender(asked) != SUPPORT.room_id
    assert await received(SUPPORT, event(body="Mittagessen?", sender=BOB)) is None
    called = await received(SUPPORT, event(body="ja", sender=BOB, **{"m.mentions": {"user_ids": [BOT]}}))
    assert called
    assert called.addressed is Addressed.MENTION


async def received(where: nio.MatrixRoom, got: Any) -> Message | None:
    """What the inbox makes of an event, where there is one case, in which the bot wrote `$copy` to Ada."""
    store = SimulatedStore()
    await store.cases.stands(CASE)
    await store.cases.passed_on(message("", "$b", room_id=SUPPORT.room_id), CASE, Copy(CHAT.room_id, "$copy"))
    return await Inbox(BOT, store, store.cases, lambda room_id: room_id == SUPPORT.room_id).message(where, got)


def in_thread(root: str) -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, "m.in_reply_to": {"event_id": "$copy"}}}


def reply(to: str) -> dict[str, Any]:
    return {"m.relates_to": {"m.in_reply_to": {"event_id": to}}}


@pytest.mark.parametrize(
    ("where", "sender", "relates", "thread"),
    [
        (CHAT, ADA, in_thread("$yes"), "$yes"),
        (CHAT, ADA, reply("$copy"), "$yes"),
        (SUPPORT, BOB, in_thread("$letter"), "$letter"),
        (SUPPORT, BOB, reply("$letter"), "$letter"),
    ],
)
async def test_what_stands_in_a_case_s_thread_or_replies_to_the_bot_there_is_for_the_other_side(
    where: nio.MatrixRoom, sender: str, relates: dict[str, Any], thread: str
) -> None:
    got = await received(where, event(body="Auskunft: 1", sender=sender, **relates))
    assert got
    assert (got.addressed, got.thread, got.text) == (Addressed.CASE, thread, "Auskunft: 1")


@pytest.mark.parametrize(
    ("where", "sender", "relates"),
    [
        (CHAT, ADA, {}),
        (CHAT, ADA, reply("$yes")),
        (CHAT, ADA, in_thread("$other")),
        (a_room(CHAT.room_id, ADA, BOB), BOB, in_thread("$yes")),
        (a_room("!elsewhere:uni.test", ADA), ADA, in_thread("$yes")),
        (SUPPORT, BOB, {}),
        (SUPPORT, BOB, in_thread("$other")),
    ],
)
async def test_nothing_else_is(where: nio.MatrixRoom, sender: str, relates: dict[str, Any]) -> None:
    got = await received(where, event(body="hallo", sender=sender, **relates))
    assert got is None or got.addressed is not Addressed.CASE


async def test_in_a_case_a_picture_is_none_of_the_words_of_its_caption_and_notices_are_nothing() -> None:
    captioned = event(body="Hier", filename="f.png", url="mxc://x/y", **in_thread("$yes") | {"msgtype": "m.image"})
    got = await received(CHAT, captioned)
    assert got
    assert got.text is None
    assert await received(CHAT, event(body="piep", **in_thread("$yes") | {"msgtype": "m.notice"})) is None
    assert await received(CHAT, event(body="hallo", sender=BOT, **in_thread("$yes"))) is None
    long = await received(CHAT, event(body="x" * 9999, **in_thread("$yes")))
    assert long
    assert long.text
    assert len(long.text) == LONGEST + 1
