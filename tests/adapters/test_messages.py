"""What is read again of a message, by its ids alone."""

from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.errors import GivenUp, LoggedOut
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.messages import MatrixMessages
from bot.core.conversation import Quoted
from bot.ports import Undelivered
from tests.adapters.test_inbox import ADA, BOT, SHARED, event


def sealed(session: str) -> Any:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "A", "sender_key": "k", "session_id": session}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 1}
    return nio.Event.parse_encrypted_event({**source, "content": {"device_id": "D", **content}})


def redacted() -> Any:
    source = dict(event(body="x").source)
    because = {"type": "m.room.redaction", "sender": ADA, "content": {}}
    return nio.Event.parse_event({**source, "content": {}, "unsigned": {"redacted_because": because}})


def elsewhere() -> Any:
    return nio.Event.parse_event({**event(body="hi").source, "room_id": "!other:uni.test"})


EDIT = {
    "m.new_content": {"msgtype": "m.text", "body": "> <@bob:uni.test> was?\n\nAuskunft: was gilt nun?"},
    "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"},
}


class Homeserver:
    """A session whose homeserver tells one event, and with which the sessions `a` and `odd` can be decrypted."""

    user_id = BOT

    def __init__(self, told: Any, *rooms: nio.MatrixRoom) -> None:
        self.told = told
        self.rooms = {each.room_id: each for each in rooms}

    async def room_get_event(self, room_id: str, event_id: str) -> Any:
        assert (room_id, event_id) == (SHARED.room_id, "$1")
        if isinstance(self.told, Exception):
            raise self.told
        if isinstance(self.told, int):
            refused = nio.RoomGetEventError("no", "M_NOT_FOUND")
            refused.transport_response = SimpleNamespace(status=self.told)
            return refused
        found = nio.RoomGetEventResponse()
        found.event = self.told
        return found

    def readable(self, asked: Any) -> Any:
        assert asked.room_id == SHARED.room_id
        if asked.session_id == "odd":
            return nio.UnknownBadEvent({"type": 5})
        return event(body="Auskunft: ein Geheimnis") if asked.session_id == "a" else None


async def text(told: Any, *rooms: nio.MatrixRoom, sender: str = ADA) -> str | None:
    it: Any = Homeserver(told, *(rooms or (SHARED,)))
    return await MatrixMessages(it, it, Inbox(BOT, it)).text(Quoted(SHARED.room_id, "$1"), sender)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (event(body="Auskunft: wie geht DFNconf?"), "wie geht DFNconf?"),
        (event(body="> <@bob:uni.test> Wann?\n\nHeute"), "Heute"),
        (event(body="* was gilt nun?", **EDIT), "was gilt nun?"),
        (event(msgtype="m.emote", body="wundert sich"), "wundert sich"),
        (sealed("a"), "ein Geheimnis"),
    ],
)
async def test_a_text_is_read_as_it_was_at_first(told: Any, words: str) -> None:
    assert await text(told) == words


@pytest.mark.parametrize(
    "told",
    [
        redacted(),
        sealed("b"),
        sealed("odd"),
        elsewhere(),
        event(body="x", msgtype="m.notice"),
        event(body="bild.png", msgtype="m.image", url="mxc://uni.test/x"),
        event("m.reaction", body="hi"),
        event("m.room.topic", topic="hi"),
        event(body=5),
        nio.UnknownBadEvent({"type": 5}),
        404,
        403,
    ],
)
async def test_what_is_gone_sealed_elsewhere_or_no_text_has_no_words(told: Any) -> None:
    assert await text(told) is None


async def test_the_words_of_others_are_not_told() -> None:
    assert await text(event(body="hi"), sender="@bob:uni.test") is None
    assert await text(sealed("a"), sender="@bob:uni.test") is None


async def test_before_a_room_is_known_or_after_it_was_left_the_homeserver_knows_best() -> None:
    it: Any = Homeserver(event(body="auskunft: wie geht das?"))
    assert await MatrixMessages(it, it, Inbox(BOT, it)).text(Quoted(SHARED.room_id, "$1"), ADA) == "wie geht das?"


async def test_where_the_homeserver_does_not_tell_for_now_that_is_said() -> None:
    with pytest.raises(Undelivered):
        await text(GivenUp("a request fails again and again"))
    with pytest.raises(LoggedOut):
        await text(LoggedOut("revoked"))
