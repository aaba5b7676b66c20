import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedReplies, SimulatedStore
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.model import Addressed, Feedback, Message, Reply
from bot.core.pace import Limits, Pace
from bot.core.turn import Turn
from bot.escalations import Allowance, Escalations
from bot.helpdesk import Helpdesk
from bot.ports import Saying, Undelivered
from tests.conftest import NOW, message

LATER = NOW + timedelta(minutes=30)


class BrokenDesk(Desk):
    """A desk with a fault."""

    def consider(self, conversation: Conversation, message: Message, now: datetime) -> Turn:
        raise ValueError(message.text)


class RefusingReplies(SimulatedReplies):
    """A homeserver that refuses."""

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        raise Undelivered


def helpdesk_with(
    desk: Desk,
    store: SimulatedStore,
    replies: SimulatedReplies,
    clock: SimulatedClock,
    allowance: Allowance = Allowance(),
    **how: Any,
) -> Helpdesk:
    escalations = Escalations(desk, store, store.outbox, replies, clock, allowance)
    return Helpdesk(desk, store, replies, escalations, clock, **how)


async def test_a_message_is_answered_once(desk: Desk) -> None:
    replies = SimulatedReplies()
    helpdesk = helpdesk_with(desk, SimulatedStore(), replies, SimulatedClock())
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    assert len(replies.sent) == 1


async def test_a_number_answers_what_was_offered_in_the_language_of_the_conversation(desk: Desk) -> None:
    replies = SimulatedReplies()
    helpdesk = helpdesk_with(desk, SimulatedStore(), replies, SimulatedClock())
    await helpdesk.handle(message("something about secure chat please", event_id="$1"))
    await helpdesk.handle(message("1", event_id="$2"))
    assert [reply.language for _, reply in replies.sent] == ["en", "en"]


async def test_a_fault_of_ours_ends_in_an_apology_and_a_log_line_without_the_text(
    knowledge: object, caplog: pytest.LogCaptureFixture
) -> None:
    replies = SimulatedReplies()
    helpdesk = helpdesk_with(BrokenDesk(knowledge, "a@b.de"), SimulatedStore(), replies, SimulatedClock())  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        await helpdesk.handle(message("ein Geheimnis"))
    assert "a@b.de" in replies.sent[0][1].markdown
    assert "ValueError" in caplog.text
    assert "Geheimnis" not in caplog.text


async def test_a_reply_that_was_refused_is_not_recorded_as_handled(desk: Desk) -> None:
    store = SimulatedStore()
    with pytest.raises(Undelivered):
        await helpdesk_with(desk, store, RefusingReplies(), SimulatedClock()).handle(message("Ist Signal erlaubt?"))
    assert not await store.was_handled("$1")


async def test_what_is_older_than_a_day_is_not_answered_and_a_room_is_told_so_once(desk: Desk) -> None:
    clock, replies, store = SimulatedClock(), SimulatedReplies(), SimulatedStore()
    helpdesk = helpdesk_with(desk, store, replies, clock)
    clock.advance(timedelta(hours=24, seconds=1))
    for number in range(3):
        await helpdesk.handle(message("Ist Signal erlaubt?", event_id=f"${number}"))
    await helpdesk.handle(message("Is Signal allowed?", event_id="$4", room_id="!other:uni.test"))
    assert ["Signal" in reply.markdown for _, reply in replies.sent] == [False, False]
    assert [reply.language for _, reply in replies.sent] == ["de", "en"]
    assert await store.was_handled("$2")


async def test_where_unencrypted_rooms_are_refused_a_room_is_told_so_once_and_an_edit_gets_no_answer_either(
    desk: Desk,
) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = helpdesk_with(desk, store, replies, SimulatedClock(), unencrypted="refuse")
    for number in range(2):
        await helpdesk.handle(message("May I use Signal?", event_id=f"${number}", encrypted=False))
    for where in ("!room:uni.test", "!untold:uni.test"):
        edit = message("Is Wire fine?", event_id=f"$3 {where}", edit_of="$0", encrypted=False, room_id=where)
        await helpdesk.handle(edit)
    await helpdesk.handle(message("Ist Signal erlaubt?", event_id="$4", encrypted=False, room_id="!other:uni.test"))
    await helpdesk.handle(message("Ist Signal erlaubt?", event_id="$5"))
    assert ["Signal" in reply.markdown for _, reply in replies.sent] == [False, False, True]
    assert [reply.language for _, reply in replies.sent] == ["en", "de", "de"]
    assert replies.replaced == []
    assert await store.was_handled("$1")


async def test_unencrypted_rooms_are_answered_unless_configured_otherwise(desk: Desk) -> None:
    replies = SimulatedReplies()
    await helpdesk_with(desk, SimulatedStore(), replies, SimulatedClock()).handle(
        message("Ist Signal ok?", encrypted=False)
    )
    assert "Signal" in replies.sent[0][1].markdown


async def test_what_is_a_little_younger_is_answered(desk: Desk) -> None:
    clock, replies = SimulatedClock(), SimulatedReplies()
    clock.advance(timedelta(hours=23, minutes=59))
    await helpdesk_with(desk, SimulatedStore(), replies, clock).handle(message("Ist Signal erlaubt?"))
    assert "Signal" in replies.sent[0][1].markdown


@pytest.mark.parametrize(("minutes", "replaced"), [(4, ["reply to $1"]), (6, [])])
async def test_an_edit_replaces_the_answer_only_within_the_window(
    desk: Desk, minutes: int, replaced: list[str]
) -> None:
    clock, replies = SimulatedClock(), SimulatedReplies()
    helpdesk = helpdesk_with(desk, SimulatedStore(clock), replies, clock, edits=timedelta(minutes=5))
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    clock.advance(timedelta(minutes=minutes))
    edit = replace(message("Ist Wire erlaubt?", event_id="$2"), sent_at=clock.now(), edit_of="$1")
    await helpdesk.handle(edit)
    await helpdesk.handle(edit)
    assert [reply_id for reply_id, _ in replies.replaced] == replaced
    assert len(replies.sent) == 1


def paced(desk: Desk, replies: SimulatedReplies, store: SimulatedStore, burst: int = 2) -> Helpdesk:
    return helpdesk_with(desk, store, replies, SimulatedClock(), pace=Pace(Limits(burst=burst)))


async def test_who_writes_too_much_is_told_so_once_in_their_language_and_then_ignored(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = paced(desk, replies, store)
    for number, name in enumerate(("Signal", "Wire", "Threema", "Element", "Zoom")):
        await helpdesk.handle(message(f"May I use {name}?", event_id=f"${number}"))
    assert len(replies.sent) == 3
    assert replies.sent[-1][1].markdown.startswith("Those were more messages")
    assert await store.was_handled("$4")


async def test_a_message_that_could_not_be_sent_costs_its_sender_nothing(desk: Desk) -> None:
    class FailingOnce(SimulatedReplies):
        failed = False

        async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
            if not self.failed:
                self.failed = True
                raise Undelivered
            return await super().send(message, reply, saying, rings)

    replies = FailingOnce()
    helpdesk = paced(desk, replies, SimulatedStore(), burst=1)
    with pytest.raises(Undelivered):
        await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    assert "Signal" in replies.sent[0][1].markdown


async def test_a_talk_in_a_thread_that_the_bot_only_overhears_costs_nothing(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = paced(desk, replies, store)
    for number in range(5):
        overheard = message("Kommst du mit essen?", event_id=f"${number}", addressed=Addressed.THREAD, thread="$root")
        await helpdesk.handle(overheard)
    assert replies.sent == []
    await helpdesk.handle(message("Ist Signal erlaubt?", event_id="$9"))
    assert "Signal" in replies.sent[0][1].markdown


async def test_nobody_is_told_to_slow_down_where_nothing_would_have_been_said(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = paced(desk, replies, store, burst=1)
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.handle(message("Kommst du mit essen?", event_id="$2", addressed=Addressed.THREAD, thread="$root"))
    assert len(replies.sent) == 1


async def test_a_choice_that_is_edited_is_made_anew(desk: Desk, knowledge: KnowledgeBase) -> None:
    clock, replies = SimulatedClock(), SimulatedReplies()
    store = SimulatedStore(clock)
    helpdesk = helpdesk_with(desk, store, replies, clock)
    await store.record(
        message("x", event_id="$0"), Conversation(language="de", options=("signal", "wire"), until=LATER)
    )
    await helpdesk.handle(message("2"))
    await helpdesk.handle(message("1", event_id="$2", edit_of="$1"))
    answers = [knowledge.entry(each).answer.de for each in ("wire", "signal")]
    assert answers[0] in replies.sent[0][1].markdown
    assert answers[1] in replies.replaced[0][1].markdown


async def test_a_flood_of_edits_does_not_edit_the_answer_for_ever(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = paced(desk, replies, store, burst=3)
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    for number, name in enumerate(("Wire", "Threema", "Element", "WhatsApp")):
        await helpdesk.handle(message(f"Ist {name} erlaubt?", event_id=f"$e{number}", edit_of="$1"))
    assert len(replies.replaced) == 2
    assert len(replies.sent) == 1
    assert await store.was_handled("$e3")


async def test_a_thumb_counts_for_the_entries_of_the_answer_as_it_stands(desk: Desk) -> None:
    store = SimulatedStore()
    helpdesk = helpdesk_with(desk, store, SimulatedReplies(), SimulatedClock())
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.rate(Feedback("$r1", "!room:uni.test", "@ada:uni.test", "reply to $1", True))
    await helpdesk.handle(message("Ist Wire erlaubt?", event_id="$2", edit_of="$1"))
    await helpdesk.rate(Feedback("$r2", "!room:uni.test", "@ada:uni.test", "reply to $1", False))
    assert store.ratings == {("signal", True): 1, ("wire", False): 1}
    await helpdesk.withdraw("!room:uni.test", "$r1", "$redaction")
    assert store.ratings == {("wire", False): 1}
