"""What becomes of one event: what it says once edits are taken in, and what happens when it cannot be handled."""

import logging
from datetime import timedelta
from typing import Any

import nio
import pytest

from bot.adapters.matrix.edits import fate
from bot.adapters.matrix.errors import LoggedOut
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.send import transaction_id
from bot.adapters.matrix.signs import Signs
from bot.adapters.matrix.verification import Verification
from bot.adapters.matrix.welcome import Welcome
from bot.adapters.simulated import SimulatedClock, SimulatedReplies, SimulatedStore
from bot.config import Matrix
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.model import Message, Reply
from bot.escalations import Escalations
from bot.helpdesk import Helpdesk
from bot.ports import Barred, Hopeless, Saying, StoreBroken, Undelivered
from tests.adapters.test_inbox import ADA, BOT, DIRECT, room

CONFIG = Matrix.model_validate({"user": BOT, "password": "x"})
NOON = 1_767_268_800_000
"""The simulated clock's time, in milliseconds."""


def event(
    event_id: str,
    body: str,
    sender: str = ADA,
    edit_of: str | None = None,
    sent_by: str | None = None,
    after: int = 0,
    **more: Any,
) -> Any:
    content: dict[str, Any] = {"msgtype": "m.text", "body": body, **more}
    if edit_of:
        content["m.new_content"] = dict(content)
        content["m.relates_to"] = {"rel_type": "m.replace", "event_id": edit_of}
    unsigned = {"unsigned": {"transaction_id": sent_by}} if sent_by else {}
    source = {"type": "m.room.message", "event_id": event_id, "sender": sender, "origin_server_ts": NOON + after * 1000}
    return nio.Event.parse_event({**source, "content": content, **unsigned})


def redaction(target: str) -> Any:
    source = {"type": "m.room.redaction", "event_id": "$r", "sender": ADA, "origin_server_ts": NOON}
    return nio.Event.parse_event({**source, "redacts": target, "content": {"redacts": target}})


QUESTION = event("$1", "Ist Signal erlaubt?")
EDIT = event("$2", "Ist Wire erlaubt?", edit_of="$1")
ANSWER = event("$3", "Ja", sender=BOT, sent_by=transaction_id("$1"))


@pytest.mark.parametrize(
    ("following", "body", "edits"),
    [
        ([EDIT], "Ist Wire erlaubt?", ("$2",)),
        ([EDIT, event("$4", "Und Threema?", edit_of="$1")], "Und Threema?", ("$2", "$4")),
        ([EDIT, ANSWER, event("$4", "Und Threema?", edit_of="$1")], "Ist Wire erlaubt?", ("$2",)),
        ([ANSWER, EDIT], "Ist Signal erlaubt?", ()),
        ([event("$2", "x", sender="@mallory:uni.test", edit_of="$1")], "Ist Signal erlaubt?", ()),
        ([event("$2", "x", edit_of="$0")], "Ist Signal erlaubt?", ()),
    ],
)
def test_edits_of_the_same_person_before_the_answer_are_part_of_the_question(
    following: list[Any], body: str, edits: tuple[str, ...]
) -> None:
    became = fate(QUESTION, following, BOT)
    assert (became.event.body, became.edits, became.event.event_id) == (body, edits, "$1")


SHARED = room(ADA, "@bob:uni.test")
SHARED.room_id = "!shared:uni.test"


class Client:
    """A homeserver's session with one direct chat and one room with others, and what can be looked up there."""

    user_id = BOT

    def __init__(self, *events: Any) -> None:
        self.rooms = {each.room_id: each for each in (DIRECT, SHARED)}
        self.events = {each.event_id: each for each in events}
        self.looked_up: list[str] = []

    async def room_get_event(self, room_id: str, event_id: str) -> Any:
        self.looked_up.append(event_id)
        response = nio.RoomGetEventResponse()
        response.event = self.events[event_id]
        return response


class NothingSealed:
    """Every message can be read."""

    def readable(self, event: Any) -> Any:
        """As it is."""
        return event

    async def received(self, event: Any) -> None:
        """Nothing waited."""

    def was_unread(self, event: Any) -> bool:
        """Nothing waited."""
        return False


class FailingReplies(SimulatedReplies):
    """Fails as often as it is told, then sends."""

    def __init__(self, error: Exception, times: int) -> None:
        super().__init__()
        self.error, self.times, self.tries = error, times, 0

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        self.tries += 1
        if self.tries <= self.times:
            raise self.error
        return await super().send(message, reply, saying, rings)


class BrokenStore(SimulatedStore):
    """A store on a full disk."""

    async def record(self, *arguments: Any, **more: Any) -> None:
        raise StoreBroken("database or disk is full")


def reception(
    desk: Desk,
    replies: SimulatedReplies,
    store: SimulatedStore,
    client: Client | None = None,
    minutes: int = 5,
    admins: "Office | None" = None,
) -> Reception:
    client = client or Client()
    clock = SimulatedClock()
    escalations = Escalations(desk, store, store.outbox, replies, clock)
    helpdesk = Helpdesk(desk, store, replies, escalations, clock, edits=timedelta(minutes=minutes))
    verification = Verification(client, "a fingerprint", desk.notices.verification)
    membership = Membership(client, CONFIG, lambda _: True, Welcome(client, CONFIG, desk, store))
    inbox, signs = Inbox(BOT, store, is_admins=admins and admins.is_command), Signs(client)
    return Reception(
        client, inbox, helpdesk, NothingSealed(), verification, membership, store, signs, pauses=(0, 0), admins=admins
    )


class Office:
    """The room with others is the one of the admins; what they command there fails."""

    def __init__(self) -> None:
        self.handled: list[str | None] = []
        self.put_back: list[str | None] = []

    async def is_command(self, room_id: str, text: str) -> bool:
        return room_id == SHARED.room_id and text.startswith("!")

    async def handle(self, message: Message) -> None:
        self.handled.append(message.text)
        raise Undelivered("refused")

    async def put_aside(self, message: Message) -> None:
        self.put_back.append(message.text)


async def test_commands_of_admins_are_for_them_and_all_else_is_for_the_helpdesk(desk: Desk) -> None:
    replies, office = SimulatedReplies(), Office()
    receiving = reception(desk, replies, SimulatedStore(), admins=office)
    await receiving.receive(SHARED.room_id, event("$1", "!status"), [])
    assert (office.handled, office.put_back, replies.sent) == (["!status"] * 3, ["!status"], [])
    await receiving.receive(DIRECT.room_id, event("$2", "Ist Signal erlaubt?"), [])
    assert len(office.handled) == 3
    assert ["Signal" in reply.markdown for _, reply in replies.sent] == [True]


async def test_a_message_that_failed_twice_is_answered_at_the_third_try(desk: Desk) -> None:
    replies = FailingReplies(RuntimeError(), times=2)
    await reception(desk, replies, SimulatedStore()).receive(DIRECT.room_id, QUESTION, [])
    assert ["Signal" in reply.markdown for _, reply in replies.sent] == [True]


@pytest.mark.parametrize("error", [RuntimeError("ein Geheimnis"), Undelivered("refused")])
async def test_a_message_that_failed_three_times_is_put_aside_with_an_apology_and_its_event_id_in_the_log(
    desk: Desk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    replies, store = FailingReplies(error, times=3), SimulatedStore()
    with caplog.at_level(logging.WARNING):
        await reception(desk, replies, store).receive(DIRECT.room_id, QUESTION, [])
    assert replies.tries == 4
    assert "multimedia@tu-braunschweig.de" in replies.sent[0][1].markdown
    assert "$1 is put aside" in caplog.text
    assert "Geheimnis" not in caplog.text
    assert ADA not in caplog.text
    assert await store.was_handled("$1")


async def test_what_is_hopeless_is_not_tried_again_but_apologised_for(desk: Desk) -> None:
    replies, store = FailingReplies(Hopeless("a request fails again and again"), times=1), SimulatedStore()
    await reception(desk, replies, store).receive(DIRECT.room_id, QUESTION, [])
    assert ["multimedia@" in reply.markdown for _, reply in replies.sent] == [True]
    assert replies.tries == 2
    assert await store.was_handled("$1")


async def test_where_the_bot_may_not_write_a_message_is_put_aside_at_once_with_one_log_line(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    replies = FailingReplies(Barred("kicked"), times=9)
    with caplog.at_level(logging.WARNING):
        receiving = reception(desk, replies, SimulatedStore())
        for question in (QUESTION, event("$2", "Ist Wire erlaubt?")):
            await receiving.receive(DIRECT.room_id, question, [])
    assert replies.tries == 2
    assert [record.getMessage() for record in caplog.records] == ["$1 is put aside: kicked"]


@pytest.mark.parametrize("error", [LoggedOut("revoked"), StoreBroken("full")])
async def test_what_no_message_is_to_blame_for_is_raised_at_once(desk: Desk, error: Exception) -> None:
    replies = FailingReplies(error, times=9)
    with pytest.raises(type(error)):
        await reception(desk, replies, SimulatedStore()).receive(DIRECT.room_id, QUESTION, [])
    assert replies.tries == 1


async def test_a_full_disk_brings_no_apology_in_place_of_the_answer(desk: Desk) -> None:
    replies = SimulatedReplies()
    with pytest.raises(StoreBroken):
        await reception(desk, replies, BrokenStore()).receive(DIRECT.room_id, QUESTION, [])
    assert ["Signal" in reply.markdown for _, reply in replies.sent] == [True]


async def test_a_question_edited_before_its_answer_is_answered_once_as_edited(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    desk_of = reception(desk, replies, store)
    await desk_of.receive(DIRECT.room_id, QUESTION, [EDIT])
    await desk_of.receive(DIRECT.room_id, EDIT, [])
    assert [(message.event_id, "Wire" in reply.markdown) for message, reply in replies.sent] == [("$1", True)]
    assert await store.was_handled("$2")


async def test_a_question_redacted_before_its_answer_is_not_answered(desk: Desk) -> None:
    replies = SimulatedReplies()
    await reception(desk, replies, SimulatedStore()).receive(DIRECT.room_id, QUESTION, [redaction("$1")])
    assert replies.sent == []


async def test_the_redaction_of_an_answered_question_withdraws_the_answer_once(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    await store.record(Message("$1", DIRECT.room_id, ADA, "x", SimulatedClock().now()), Conversation(), "$answer")
    for target in ("$1", "$1", "$other"):
        await reception(desk, replies, store).receive(DIRECT.room_id, redaction(target), [])
    assert replies.withdrawn == ["$answer"]


MENTION = {"m.mentions": {"user_ids": [BOT]}}
CALL = event("$2", "Ist Wire erlaubt?", edit_of="$1", after=60, **MENTION)


async def test_an_edit_that_is_the_first_to_mention_the_bot_is_answered_once_as_the_message_it_edits(
    desk: Desk,
) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    desk_of = reception(desk, replies, store, Client(QUESTION))
    await desk_of.receive(SHARED.room_id, QUESTION, [])
    for _ in range(2):
        await desk_of.receive(SHARED.room_id, CALL, [])
    assert [(message.event_id, "Wire" in reply.markdown) for message, reply in replies.sent] == [("$1", True)]
    await desk_of.receive(SHARED.room_id, event("$3", "Ist Threema erlaubt?", edit_of="$1", after=90, **MENTION), [])
    assert [(reply_id, "Threema" in reply.markdown) for reply_id, reply in replies.replaced] == [("reply to $1", True)]
    assert len(replies.sent) == 1


@pytest.mark.parametrize(
    ("edit", "minutes"),
    [
        (event("$2", "Ist Wire erlaubt?", edit_of="$1", after=301, **MENTION), 5),
        (CALL, 0),
        (event("$2", "Ist Wire erlaubt?", edit_of="$1", sender="@bob:uni.test", **MENTION), 5),
        (event("$2", "Ist Wire erlaubt?", edit_of="$1", after=60), 5),
    ],
    ids=["late", "edits are off", "another's", "no mention"],
)
async def test_an_edit_that_is_late_or_another_s_or_no_mention_calls_nobody(
    desk: Desk, edit: Any, minutes: int
) -> None:
    replies = SimulatedReplies()
    await reception(desk, replies, SimulatedStore(), Client(QUESTION), minutes).receive(SHARED.room_id, edit, [])
    assert replies.sent == []


@pytest.mark.parametrize(
    ("edit", "minutes"), [(event("$2", "Ist Wire erlaubt?", edit_of="$1", after=60), 5), (CALL, 0)]
)
async def test_edits_of_what_is_not_for_the_bot_are_not_looked_up(desk: Desk, edit: Any, minutes: int) -> None:
    client = Client(QUESTION)
    await reception(desk, SimulatedReplies(), SimulatedStore(), client, minutes).receive(SHARED.room_id, edit, [])
    assert client.looked_up == []


async def test_a_thumb_counts_without_a_word_and_no_more_once_it_is_redacted(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    desk_of = reception(desk, replies, store)
    await desk_of.receive(DIRECT.room_id, QUESTION, [])
    relation = {"rel_type": "m.annotation", "event_id": "reply to $1", "key": "👍🏽"}
    source = {"type": "m.reaction", "event_id": "$up", "sender": ADA, "origin_server_ts": NOON}
    up = nio.Event.parse_event({**source, "content": {"m.relates_to": relation}})
    await desk_of.receive(DIRECT.room_id, up, [])
    await desk_of.receive(DIRECT.room_id, up, [])
    assert store.ratings == {("signal", True): 1}
    await desk_of.receive(DIRECT.room_id, redaction("$up"), [])
    assert not store.ratings
    assert (len(replies.sent), replies.withdrawn) == (1, [])


async def test_a_yes_counts_only_where_it_stands_after_the_preview_in_the_room(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    said = ("Mein Beamer im Hörsaal flackert", "Mensch", "ada@example.org", "ja", "ja")
    room = reception(desk, replies, store)
    for number, text in enumerate(said):
        event_id = f"$said{number}"
        await room.receive(DIRECT.room_id, a_text(event_id, ADA, text), [])
        if number < 3:  # the second preview comes into the room, the first one only after the first yes
            continue
        assert len(store.outbox.posted) == (number == 4)
        await room.receive(DIRECT.room_id, a_text(f"reply to {event_id}", BOT, "the bot's"), [])


def a_text(event_id: str, sender: str, text: str) -> nio.Event:
    content = {"msgtype": "m.text" if sender == ADA else "m.notice", "body": text}
    source = {
        "type": "m.room.message",
        "event_id": event_id,
        "sender": sender,
        "origin_server_ts": NOON,
        "content": content,
    }
    return nio.Event.parse_event(source)
