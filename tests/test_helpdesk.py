import logging

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedReplies, SimulatedStore
from bot.core.desk import Desk
from bot.core.model import Conversation, Message, Reply, Turn
from bot.helpdesk import Helpdesk
from bot.ports import Undelivered
from tests.conftest import message


class BrokenDesk(Desk):
    """A desk with a fault."""

    def consider(self, conversation: Conversation, message: Message) -> Turn:
        raise ValueError(message.text)


class RefusingReplies(SimulatedReplies):
    """A homeserver that refuses."""

    async def send(self, message: Message, reply: Reply) -> str:
        raise Undelivered


async def test_a_message_is_answered_once(desk: Desk) -> None:
    replies = SimulatedReplies()
    helpdesk = Helpdesk(desk, SimulatedStore(), replies, SimulatedClock())
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    assert len(replies.sent) == 1


async def test_a_number_answers_what_was_offered_in_the_language_of_the_conversation(desk: Desk) -> None:
    replies = SimulatedReplies()
    helpdesk = Helpdesk(desk, SimulatedStore(), replies, SimulatedClock())
    await helpdesk.handle(message("something about secure chat please", event_id="$1"))
    await helpdesk.handle(message("1", event_id="$2"))
    assert [reply.language for _, reply in replies.sent] == ["en", "en"]


async def test_a_fault_of_ours_ends_in_an_apology_and_a_log_line_without_the_text(
    knowledge: object, caplog: pytest.LogCaptureFixture
) -> None:
    replies = SimulatedReplies()
    helpdesk = Helpdesk(BrokenDesk(knowledge, "a@b.de"), SimulatedStore(), replies, SimulatedClock())  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        await helpdesk.handle(message("ein Geheimnis"))
    assert "a@b.de" in replies.sent[0][1].markdown
    assert "ValueError" in caplog.text
    assert "Geheimnis" not in caplog.text


async def test_a_reply_that_was_refused_is_not_recorded_as_handled(desk: Desk) -> None:
    store = SimulatedStore()
    with pytest.raises(Undelivered):
        await Helpdesk(desk, store, RefusingReplies(), SimulatedClock()).handle(message("Ist Signal erlaubt?"))
    assert not await store.was_handled("$1")
