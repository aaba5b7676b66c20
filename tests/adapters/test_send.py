"""Where a reply stands: as a reply, in its thread, or by itself."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.errors import GivenUp
from bot.adapters.matrix.send import MatrixReplies
from bot.adapters.simulated import SimulatedClock
from bot.core.model import Reply
from bot.ports import Barred, Hopeless, Undelivered
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

    def __init__(self, refuses: tuple[str, ...] = ()) -> None:
        self.rooms = {SHARED.room_id: SHARED, OTHER.room_id: OTHER}
        self.refuses = refuses
        self.text = ""
        self.fails = False
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def room_send(self, room_id: str, kind: str, content: dict[str, Any], tx_id: str, **options: Any) -> Any:
        self.sent.append((tx_id, content.get("m.relates_to", {})))
        self.text = content["body"]
        if room_id not in self.rooms:
            raise nio.LocalProtocolError
        if self.fails:
            raise GivenUp
        if any(name in content.get("m.relates_to", {}) for name in self.refuses):
            error = nio.RoomSendError("Can't send relation to unknown event", "M_UNKNOWN")
            error.transport_response = SimpleNamespace(status=400)
            return error
        return nio.RoomSendResponse("$answer", room_id)


async def relations(client: Client, room_id: str, thread: str | None = None) -> list[dict[str, Any]]:
    replies = MatrixReplies(client, SimulatedClock(), "notice")  # type: ignore[arg-type]
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
    await MatrixReplies(client, SimulatedClock(), "notice").send(late, Reply("de", "Ja"))  # type: ignore[arg-type]
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
    await MatrixReplies(client, SimulatedClock(), "notice").send(late, Reply("de", "Ja"))  # type: ignore[arg-type]
    assert client.text == f"{shown}: Ja"


async def test_what_was_given_up_may_have_arrived_and_is_not_sent_in_another_way() -> None:
    client = Client()
    client.fails = True
    replies = MatrixReplies(client, SimulatedClock(), "notice")  # type: ignore[arg-type]
    with pytest.raises(Hopeless):
        await replies.send(message("hi", room_id=SHARED.room_id), Reply("de", "Ja"))
    assert len(client.sent) == 1


async def test_in_a_room_that_it_left_meanwhile_the_bot_is_barred() -> None:
    replies = MatrixReplies(Client(), SimulatedClock(), "notice")  # type: ignore[arg-type]
    with pytest.raises(Barred):
        await replies.send(message("hi", room_id="!left:uni.test"), Reply("de", "Ja"))


async def test_what_is_refused_for_good_is_said_to_be() -> None:
    with pytest.raises(Undelivered):
        await relations(Client(("m.in_reply_to",)), SHARED.room_id, "$root")
