"""Where a reply stands: as a reply, in its thread, or by itself."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.errors import GivenUp
from bot.adapters.matrix.send import MatrixReplies, transaction_id, transaction_ids
from bot.adapters.simulated import SimulatedClock
from bot.core.model import Addressed, Reaction, Reply
from bot.ports import Barred, DirectChat, Hopeless, Saying, Undelivered
from tests.adapters.test_inbox import ADA, BOT, DIRECT, SHARED, room
from tests.conftest import message

OTHER = room("@ada:uni.test")
OTHER.room_id = "!direct:uni.test"
THREAD = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True}
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
TO_QUESTION = {"m.in_reply_to": {"event_id": "$1"}}


class Client:
    """A homeserver that refuses relations of some kinds."""

    user_id = BOT
    staff_rooms: frozenset[str] = frozenset()
    opened_rooms: frozenset[str] = frozenset()

    def __init__(self, refuses: tuple[str, ...] = ()) -> None:
        self.rooms = {SHARED.room_id: SHARED, OTHER.room_id: OTHER}
        self.refuses = refuses
        self.text = ""
        self.fails = False
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.content: dict[str, Any] = {}

    async def room_send(self, room_id: str, kind: str, content: dict[str, Any], tx_id: str, **options: Any) -> Any:
        self.sent.append((tx_id, content.get("m.relates_to", {})))
        self.text = content["body"]
        self.content = content
        if room_id not in self.rooms:
            raise nio.LocalProtocolError
        if self.fails:
            raise GivenUp
        if any(name in content.get("m.relates_to", {}) for name in self.refuses):
            error = nio.RoomSendError("Can't send relation to unknown event", "M_UNKNOWN")
            error.transport_response = SimpleNamespace(status=400)
            return error
        return nio.RoomSendResponse("$answer", room_id)


class Signs:
    """Notes which reactions were asked for."""

    def __init__(self) -> None:
        self.reactions: list[tuple[str, str, dict[str, str]]] = []

    def react(self, room_id: str, event_id: str, keys: dict[str, str]) -> None:
        self.reactions.append((room_id, event_id, keys))


def replying(client: Client, signs: Signs | None = None, answers: str = "notice") -> MatrixReplies:
    return MatrixReplies(client, SimulatedClock(), answers, signs or Signs())  # type: ignore[arg-type]


async def relations(client: Client, room_id: str, thread: str | None = None) -> list[dict[str, Any]]:
    replies = replying(client)
    assert await replies.send(message("hi", room_id=room_id, thread=thread), Reply("de", "Ja")) == "$answer"
    assert len({transaction for transaction, _ in client.sent}) == len(client.sent)
    return [relation for _, relation in client.sent]


async def test_in_a_room_with_others_it_replies_to_the_question_and_in_a_direct_chat_it_stands_by_itself() -> None:
    assert DIRECT.room_id == SHARED.room_id
    assert await relations(Client(), SHARED.room_id) == [TO_QUESTION]
    assert await relations(Client(), OTHER.room_id) == [{}]


@pytest.mark.parametrize("room_id", [SHARED.room_id, OTHER.room_id])
async def test_in_a_thread_it_stands_in_the_thread_with_a_fallback_to_the_question(room_id: str) -> None:
    assert await relations(Client(), room_id, "$root") == [THREAD | TO_QUESTION]


async def test_where_there_can_be_no_such_thread_it_goes_out_as_if_there_was_none() -> None:
    assert await relations(Client(("rel_type",)), SHARED.room_id, "$root") == [THREAD | TO_QUESTION, TO_QUESTION]
    assert await relations(Client(("rel_type",)), OTHER.room_id, "$root") == [THREAD | TO_QUESTION, {}]


async def test_where_not_even_a_reply_can_be_it_stands_by_itself() -> None:
    assert await relations(Client(("m.in_reply_to",)), SHARED.room_id) == [TO_QUESTION, {}]


async def test_what_no_homeserver_can_keep_is_sent_to_none() -> None:
    client = Client()
    late = replace(message("hi", event_id="$\ud800", room_id=SHARED.room_id, sender="@\udfff"), sent_at=LONG_AGO)
    await replying(client).send(late, Reply("de", "Ja"))
    assert client.text.startswith("@?: Ja")
    assert [relation for _, relation in client.sent] == [{"m.in_reply_to": {"event_id": "$?"}}]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Prof. Dr. Ada Lovelace (IT)", "Prof. Dr. Ada Lovelace (IT)"),
        ("@room Passwort läuft ab", ADA),
        ("https://evil.example", ADA),
        ("Ada\n\nIhr Passwort", ADA),
        ("\u202eada", ADA),
        ("A" * 41, ADA),
        (None, ADA),
    ],
)
async def test_a_late_answer_names_who_asked_by_their_name_if_it_is_no_more_than_a_name(
    name: str | None, shown: str
) -> None:
    client = Client()
    there = client.rooms["!named:uni.test"] = room()
    there.add_member(ADA, name, None)
    late = replace(message("hi", room_id="!named:uni.test", sender=ADA), sent_at=LONG_AGO)
    await replying(client).send(late, Reply("de", "Ja"))
    assert client.text == f"{shown}: Ja"


async def test_what_was_given_up_may_have_arrived_and_is_not_sent_in_another_way() -> None:
    client = Client()
    client.fails = True
    replies = replying(client)
    with pytest.raises(Hopeless):
        await replies.send(message("hi", room_id=SHARED.room_id), Reply("de", "Ja"))
    assert len(client.sent) == 1


async def test_in_a_room_that_it_left_meanwhile_the_bot_is_barred() -> None:
    replies = replying(Client())
    with pytest.raises(Barred):
        await replies.send(message("hi", room_id="!left:uni.test"), Reply("de", "Ja"))


async def test_what_is_refused_for_good_is_said_to_be() -> None:
    with pytest.raises(Undelivered):
        await relations(Client(("m.in_reply_to",)), SHARED.room_id, "$root")


@pytest.mark.parametrize(
    ("saying", "ordinal", "counts"),
    [("answer", 0, True), ("apology", 2, False), ("direct", 4, True), ("failed", 6, False)],
)
async def test_whatever_is_said_to_one_message_arrives_once_each_with_its_relation_or_without(
    saying: Saying, ordinal: int, counts: bool
) -> None:
    client = Client(("m.in_reply_to",))
    await replying(client).send(message("hi", room_id=SHARED.room_id), Reply("de", "Ja"), saying)
    own = [transaction for transaction, _ in client.sent]
    assert own == [transaction_id("$1", ordinal), transaction_id("$1", ordinal + 1)]
    assert (set(own) <= transaction_ids("$1"), set(own).isdisjoint(transaction_ids("$1"))) == (counts, not counts)


@pytest.mark.parametrize("room_id", [SHARED.room_id, OTHER.room_id])
async def test_what_rings_is_a_text_that_names_the_person_soon_as_it_may_come(room_id: str) -> None:
    client = Client()
    asked = message("hi", room_id=room_id, sender=ADA)
    await replying(client).send(asked, Reply("de", "Ja"))
    assert (client.content["msgtype"], client.content["m.mentions"], client.text) == ("m.notice", {}, "Ja")
    await replying(client).send(asked, Reply("de", "Ja"), rings=True)
    assert (client.content["msgtype"], client.content["m.mentions"]) == ("m.text", {"user_ids": [ADA]})
    assert client.text == "ada: Ja"
    assert client.content["m.relates_to"] == TO_QUESTION


async def test_what_belongs_in_a_direct_chat_replies_to_nothing_there_as_the_question_may_stand_elsewhere() -> None:
    client = Client()
    for room_id in (OTHER.room_id, SHARED.room_id):
        await replying(client).send(message("hi", room_id=room_id), Reply("de", "Ja"), "direct", rings=True)
    await replying(client).send(message("hi", room_id=OTHER.room_id, thread="$root"), Reply("de", "Ja"), "direct")
    assert [relation for _, relation in client.sent] == [{}, TO_QUESTION, THREAD | TO_QUESTION]


async def test_who_taps_on_a_number_is_replied_to_at_the_message_that_offered_it() -> None:
    client = Client()
    tap = message(None, room_id=SHARED.room_id, reaction=Reaction("$offer", 2))
    await replying(client).send(tap, Reply("de", "Ja"))
    assert client.sent == [(transaction_id("$1"), {"m.in_reply_to": {"event_id": "$offer"}})]


async def test_as_many_numbers_as_options_are_offered_each_with_a_transaction_of_its_own() -> None:
    signs = Signs()
    replies = replying(Client(), signs)
    replies.offer(message("hi", room_id=SHARED.room_id), "$offer", 3)
    replies.offer(message("hi", room_id="!left:uni.test"), "$offer", 3)
    [(room_id, event_id, keys)] = signs.reactions
    assert (room_id, event_id, list(keys.values())) == (SHARED.room_id, "$offer", ["1️⃣", "2️⃣", "3️⃣"])
    assert list(keys) == [transaction_id("$offer", number) for number in (1, 2, 3)]


async def test_in_a_direct_chat_the_direct_chat_is_that_one() -> None:
    asked = message("hi", room_id=OTHER.room_id, addressed=Addressed.DIRECT)
    chat = await replying(Client()).direct_chat(asked)
    assert chat == DirectChat(OTHER.room_id, "https://matrix.to/#/!direct%3Auni.test?via=uni.test")
