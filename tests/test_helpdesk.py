import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedReplies, SimulatedStore
from bot.core.conversation import Conversation, Quoted
from bot.core.decision import Answer, Clarify, Decision, Escalate, Fallback, Preview, Refer, Sent, Silence, Unreadable
from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.letter import Letter
from bot.core.model import Addressed, Feedback, Message, Reaction, Reply
from bot.core.pace import Limits, Pace
from bot.core.turn import Turn
from bot.escalations import Allowance, Escalations
from bot.helpdesk import Helpdesk
from bot.ports import Saying, Undelivered
from tests.conftest import NOW, message

LATER = NOW + timedelta(minutes=30)


class BrokenDesk(Desk):
    """A desk with a fault."""

    def consider(self, conversation: Conversation, message: Message, now: datetime, room_is_open: bool = False) -> Turn:
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
        overheard = message("Wann gehen wir essen?", event_id=f"${number}", addressed=Addressed.THREAD, thread="$root")
        await helpdesk.handle(overheard)
    assert replies.sent == []
    await helpdesk.handle(message("Ist Signal erlaubt?", event_id="$9"))
    assert "Signal" in replies.sent[0][1].markdown


async def test_nobody_is_told_to_slow_down_where_nothing_would_have_been_said(desk: Desk) -> None:
    replies, store = SimulatedReplies(), SimulatedStore()
    helpdesk = paced(desk, replies, store, burst=1)
    await helpdesk.handle(message("Ist Signal erlaubt?"))
    await helpdesk.handle(message("Wann gehen wir essen?", event_id="$2", addressed=Addressed.THREAD, thread="$root"))
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


ROOM, DIRECT, ADA, EVE = "!room:uni.test", "!direct chat with @ada:uni.test", "@ada:uni.test", "@eve:uni.test"


class Office:
    """A helpdesk, all that is behind it, and people who write to it."""

    def __init__(self, desk: Desk, allowance: Allowance = Allowance(), replies: SimulatedReplies | None = None) -> None:
        self.clock, self.replies = SimulatedClock(), replies or SimulatedReplies()
        self.store = SimulatedStore(self.clock)
        self.helpdesk = helpdesk_with(desk, self.store, self.replies, self.clock, allowance)
        self.numbers = count(1)

    async def say(self, text: str | None, **fields: Any) -> Turn | None:
        """Somebody, Ada unless others are named, writes in a direct chat, unless another place is named."""
        said = message(text, **{"event_id": f"$m{next(self.numbers)}", **fields})
        return await self.helpdesk.handle(replace(said, sent_at=self.clock.now()))

    async def talk(self, *texts: str, **fields: Any) -> None:
        for text in texts:
            await self.say(text, **fields)

    async def decided(self, text: str | None, **fields: Any) -> Decision:
        turn = await self.say(text, **fields)
        assert turn
        return turn.decision

    @property
    def last(self) -> str:
        return self.replies.sent[-1][1].markdown

    @property
    def posted(self) -> list[Letter]:
        return [each.letter for each in self.store.outbox.posted]


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


MENTION = {"addressed": Addressed.MENTION}
TO_PREVIEW = ("mein vpn geht nicht", "Mensch", "ada@example.org")


async def test_an_escalation_that_is_asked_for_in_a_room_goes_on_in_a_direct_chat_and_the_room_is_told_where(
    office: Office,
) -> None:
    await office.talk("mein vpn geht nicht", "Mensch", **MENTION)
    (_, there), (_, here) = office.replies.sent[-2:]
    assert [said.room_id for said, _ in office.replies.sent] == [ROOM, DIRECT, ROOM]
    assert office.replies.said[-2:] == [("direct", False), ("answer", False)]
    assert "E-Mail-Adresse" in there.markdown
    assert f"https://chat.test/{DIRECT}" in here.markdown
    assert "E-Mail-Adresse" not in here.markdown
    assert (await office.store.conversation(message("x"))).draft is None
    await office.talk("ada@example.org", "ja", room_id=DIRECT)
    (letter,) = office.posted
    assert letter.text.startswith("mein vpn geht nicht\n")
    assert letter.reply_to == "ada@example.org"


async def test_nothing_private_is_said_in_a_room(office: Office) -> None:
    await office.talk(*TO_PREVIEW, "ja", "!support", "abbrechen", **MENTION)
    assert not any("@example.org" in reply.markdown for said, reply in office.replies.sent if said.room_id == ROOM)
    assert office.posted == []


async def test_where_no_direct_chat_can_be_opened_the_room_is_told_so_and_nothing_is_kept(office: Office) -> None:
    office.replies.direct[ADA] = None
    await office.talk("mein vpn geht nicht", "Mensch", **MENTION)
    assert [said.room_id for said, _ in office.replies.sent] == [ROOM, ROOM]
    assert "keinen Direktchat" in office.last
    assert (await office.store.conversation(message("x"))).draft is None
    assert (await office.store.conversation(message("x", room_id=DIRECT))).draft is None


async def test_the_yes_posts_what_was_shown_and_tells_its_reference_so_that_it_rings(office: Office) -> None:
    await office.talk(*TO_PREVIEW)
    shown = office.last
    await office.say("ja")
    (letter,) = office.posted
    assert all(part in shown for part in (letter.recipient, letter.reply_to, letter.subject, letter.text))
    assert letter.reference in office.last
    assert office.replies.said[-1] == ("answer", True)
    assert [rings for _, rings in office.replies.said[:-1]] == [False, False, False]


async def test_a_crash_between_posting_and_replying_posts_once_and_tells_the_reference_again(desk: Desk) -> None:
    class Crashing(SimulatedReplies):
        crashes = False

        async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
            if self.crashes:
                raise Undelivered
            return await super().send(message, reply, saying, rings)

    replies = Crashing()
    office = Office(desk, replies=replies)
    await office.talk(*TO_PREVIEW)
    replies.crashes = True
    with pytest.raises(Undelivered):
        await office.say("ja", event_id="$yes")
    assert not await office.store.was_handled("$yes")
    replies.crashes = False
    for _ in range(2):
        assert await office.say("ja", event_id="$yes") is None
    (letter,) = office.posted
    assert len(replies.sent) == 4
    assert letter.reference in office.last
    assert replies.said[-1] == ("answer", True)
    assert await office.decided("ja") == Unreadable("nothing open")


async def test_a_yes_that_is_put_aside_after_its_letter_was_posted_is_told_the_reference(desk: Desk) -> None:
    office = Office(desk)
    await office.talk(*TO_PREVIEW)
    turn = await office.say("ja", event_id="$yes")
    assert turn
    await office.helpdesk.put_aside(message("ja", event_id="$yes"))
    assert office.posted[0].reference in office.last


async def test_a_person_may_send_so_many_letters_a_day_and_is_then_told_how_to_write(desk: Desk) -> None:
    office = Office(desk, Allowance(per_person=2, overall=9))
    for _ in range(3):
        office.clock.advance(timedelta(hours=2))
        await office.talk(*TO_PREVIEW, "ja")
    assert len(office.posted) == 2
    assert office.replies.sent[-3][1].markdown.count("mailto:") == 1
    await office.talk(*TO_PREVIEW, "ja", sender=EVE)
    assert len(office.posted) == 3
    office.clock.advance(timedelta(days=1))
    await office.talk(*TO_PREVIEW, "ja")
    assert len(office.posted) == 4


async def test_all_together_may_send_so_many_letters_a_day(desk: Desk) -> None:
    office = Office(desk, Allowance(per_person=9, overall=2))
    for number in range(3):
        await office.talk(*TO_PREVIEW, "ja", sender=f"@{number}:uni.test")
    assert len(office.posted) == 2


async def test_a_yes_that_comes_when_the_day_s_letters_are_used_up_sends_nothing(desk: Desk) -> None:
    office = Office(desk, Allowance(per_person=9, overall=1))
    await office.talk(*TO_PREVIEW)
    await office.talk(*TO_PREVIEW, "ja", sender=EVE)
    decision = await office.decided("ja")
    assert isinstance(decision, Refer)
    assert decision.why == "limit"
    assert len(office.posted) == 1
    assert (await office.store.conversation(message("x"))).draft is None


async def test_a_letter_that_changed_after_it_was_shown_is_shown_again_and_not_sent(office: Office) -> None:
    await office.talk(*TO_PREVIEW)
    office.replies.hear(message("mein WLAN geht nicht", event_id="$m1"))
    decision = await office.decided("ja")
    assert isinstance(decision, Preview)
    assert decision.trouble == "changed"
    assert "mein WLAN geht nicht" in office.last
    assert office.posted == []
    await office.say("ja")
    assert office.posted[0].text.startswith("mein WLAN geht nicht\n")


async def test_a_question_that_is_gone_is_asked_for_again(office: Office) -> None:
    await office.talk(*TO_PREVIEW)
    office.replies.hear(message(None, event_id="$m1"))
    decision = await office.decided("ja")
    assert isinstance(decision, Escalate)
    assert (decision.trouble, decision.draft.stage, decision.draft.question) == ("question gone", "question", None)
    assert office.posted == []
    await office.talk("mein WLAN geht nicht")
    assert "mein WLAN geht nicht" in office.last
    await office.talk("ja")
    assert len(office.posted) == 1


@pytest.mark.parametrize("edited", ["hmm", "nein", "Ist Signal erlaubt?"])
async def test_an_edit_to_a_yes_sends_nothing(office: Office, edited: str) -> None:
    await office.talk(*TO_PREVIEW)
    await office.say(edited, event_id="$x")
    await office.say("ja", edit_of="$x")
    assert office.posted == []


async def test_an_edit_of_the_question_or_the_address_after_the_yes_changes_nothing(office: Office) -> None:
    await office.talk(*TO_PREVIEW, "ja")
    for question in ("$m1", "$m2", "$m3", "$m4"):
        await office.say("eve@example.com", edit_of=question)
    assert [letter.reply_to for letter in office.posted] == ["ada@example.org"]
    assert not any("eve@example.com" in reply.markdown for _, reply in office.replies.replaced)


@pytest.mark.parametrize("root", ["$m1", "reply to $m1", "$m2", "reply to $m2"])
async def test_a_thread_goes_on_from_the_question_or_answer_at_its_root_also_an_older_one(
    office: Office, root: str
) -> None:
    await office.talk("Darf ich WhatsApp nutzen?", "Was ist DFNconf?", **MENTION)
    await office.say("warum?", thread=root, addressed=Addressed.THREAD)
    conversation = await office.store.conversation(message("x", thread=root))
    *_, inherited, _ = conversation.exchanges
    assert inherited.entries == (("whatsapp",) if root.endswith("$m1") else ("dfnconf",))


async def test_a_thread_goes_on_from_an_answer_that_the_conversation_has_forgotten(office: Office) -> None:
    await office.talk("Darf ich WhatsApp nutzen?", **MENTION)
    office.clock.advance(timedelta(hours=1))
    decision = await office.decided("warum?", thread="reply to $m1", addressed=Addressed.THREAD)
    assert decision == Answer(("whatsapp",), again=True)


async def test_a_thread_does_not_go_on_from_what_a_stranger_asked(office: Office) -> None:
    await office.talk("Darf ich WhatsApp nutzen?", sender=EVE, **MENTION)
    assert await office.decided("warum?", thread="reply to $m1", addressed=Addressed.THREAD) == Silence()
    assert not isinstance(await office.decided("warum?", thread="reply to $m1", **MENTION), Answer)


async def test_a_draft_stays_where_it_was_opened(office: Office) -> None:
    await office.talk(*TO_PREVIEW)
    assert await office.decided("ja", thread="reply to $m3") == Unreadable("nothing open")
    assert await office.decided("ja", sender=EVE) == Unreadable("nothing open")
    assert office.posted == []


async def test_a_thumb_down_on_an_older_answer_offers_to_pass_on_the_question_that_it_answered(office: Office) -> None:
    await office.talk("Darf ich WhatsApp nutzen?", "Was ist DFNconf?")
    tapped = await office.decided(None, reaction=Reaction("reply to $m1", "unhelpful"))
    assert tapped == Fallback(why="unhelpful")
    await office.talk("ja", "ada@example.org", "ja")
    assert office.posted[0].text.startswith("Darf ich WhatsApp nutzen?\n")


async def test_that_an_answer_did_not_help_is_counted_for_its_entry_and_once(office: Office) -> None:
    await office.talk("Ist Signal erlaubt?", "das hilft nicht")
    assert office.store.ratings == {("signal", False): 1}
    await office.talk("das hilft nicht", "danke", "das hilft nicht")
    assert office.store.ratings == {("signal", False): 1}


async def test_that_nothing_helped_counts_nothing_where_nothing_was_answered(office: Office) -> None:
    await office.talk("das hilft nicht", "mein vpn geht nicht", "das hilft nicht")
    assert office.store.ratings == {}


async def test_numbers_are_put_to_options_only_and_a_tap_chooses(office: Office) -> None:
    clarify = await office.decided("gäste in konferenz einladen")
    assert isinstance(clarify, Clarify)
    assert office.replies.offered == [("reply to $m1", len(clarify.options))]
    await office.say("danke")
    tapped = await office.decided(None, reaction=Reaction("reply to $m1", 2))
    assert tapped == Answer((clarify.options[1],))
    assert len(office.replies.offered) == 1
    assert await office.decided(None, reaction=Reaction("reply to $m1", 1)) == Unreadable("offer is over")


async def test_after_handing_over_the_bot_is_silent_on_the_topic_but_for_new_clear_questions(office: Office) -> None:
    await office.talk("Ist Signal erlaubt?", "Mensch", "ada@example.org", "ja")
    said = len(office.replies.sent)
    assert await office.decided("Ist Signal wirklich erlaubt?") == Silence()
    assert await office.decided("xylophon quastenflosser") == Silence()
    assert len(office.replies.sent) == said
    assert await office.decided("Ist Wire erlaubt?") == Answer(("wire",))
    office.clock.advance(timedelta(minutes=61))
    assert await office.decided("Ist Signal erlaubt?") == Answer(("signal",))


async def test_the_bot_says_that_it_will_be_silent(office: Office) -> None:
    await office.talk(*TO_PREVIEW, "ja")
    assert "60 Minuten" in office.last


async def test_the_words_of_an_earlier_message_that_cannot_be_had_for_now_are_not_taken_for_gone(desk: Desk) -> None:
    class Away(SimulatedReplies):
        async def text(self, quoted: Quoted, sender: str) -> str | None:
            raise Undelivered("away")

    office = Office(desk, replies=Away())
    await office.talk("mein vpn geht nicht", "Mensch")
    with pytest.raises(Undelivered):
        await office.say("ada@example.org", event_id="$a")
    assert not await office.store.was_handled("$a")


async def test_an_edit_neither_opens_a_draft_nor_turns_one_down(office: Office) -> None:
    await office.talk("Ist Signal erlaubt?")
    await office.say("Mensch", edit_of="$m1")
    assert (await office.store.conversation(message("x"))).draft is None
    await office.talk(*TO_PREVIEW)
    await office.say("Ist Wire erlaubt?", event_id="$beside")
    await office.say("abbrechen", edit_of="$beside")
    assert office.replies.replaced == []
    await office.talk("ja", "ja")
    assert len(office.posted) == 1


async def test_only_who_says_so_finds_an_answer_unhelpful(office: Office) -> None:
    await office.talk("Ist Signal erlaubt?", "danke", "Ist Wire erlaubt?", "hmm naja")
    assert office.store.ratings == {}


async def test_earlier_questions_are_offered_to_go_along_only_where_there_are_any(
    office: Office, knowledge: KnowledgeBase
) -> None:
    says = knowledge.phrases.says
    await office.talk(*TO_PREVIEW)
    assert says.preview_add_history.best("de") not in office.last
    await office.talk("Ist Signal erlaubt?", "abbrechen", "Ist Wire erlaubt?", "Mensch", "ada@example.org")
    assert says.preview_add_history.best("de") in office.last
    await office.say("mit Verlauf")
    assert says.preview_drop_history.best("de") in office.last
    assert "Ist Signal erlaubt?" in office.last
    await office.talk("ohne Verlauf", "ja")
    assert "Ist Signal erlaubt?" not in office.posted[0].text


async def test_the_limit_holds_for_those_who_say_yes_in_many_rooms_at_once(desk: Desk) -> None:
    class Slow(SimulatedReplies):
        async def text(self, quoted: Quoted, sender: str) -> str | None:
            await asyncio.sleep(0.01)
            return await super().text(quoted, sender)

    office = Office(desk, Allowance(per_person=1, overall=9), Slow())
    rooms = [f"!{number}:uni.test" for number in range(4)]
    for room in rooms:
        await office.talk(*TO_PREVIEW, room_id=room)
    await asyncio.gather(*(office.say("ja", room_id=room) for room in rooms))
    assert len(office.posted) == 1


async def test_a_yes_that_was_written_before_the_preview_came_brings_it_once_more(office: Office) -> None:
    await office.talk(*TO_PREVIEW)
    assert isinstance(await office.decided("ja", heard=frozenset()), Preview)
    assert office.posted == []
    preview = f"reply to $m{next(office.numbers) - 1}"
    assert isinstance(await office.decided("ja", heard=frozenset({preview})), Sent)


async def test_after_another_answer_the_letter_is_shown_again_before_it_is_sent(office: Office) -> None:
    await office.talk(*TO_PREVIEW, "Was sind Metadaten?")
    assert isinstance(await office.decided("ja"), Preview)
    assert isinstance(await office.decided("ja"), Sent)


async def test_who_writes_too_much_costs_no_look_for_earlier_messages(desk: Desk) -> None:
    class Counting(SimulatedReplies):
        looked = 0

        async def text(self, quoted: Quoted, sender: str) -> str | None:
            self.looked += 1
            return await super().text(quoted, sender)

    replies = Counting()
    office = Office(desk, replies=replies)
    await office.talk(*TO_PREVIEW)
    office.helpdesk._pace = Pace(Limits(burst=1, per_minute=1, per_day=1))
    await office.talk(*["mit Verlauf"] * 3)
    before = replies.looked
    await office.talk(*["mit Verlauf"] * 20)
    assert replies.looked == before


async def test_a_question_that_was_edited_is_passed_on_as_edited(office: Office) -> None:
    await office.talk("Mein Beamer im Hörsaal flackert", "Mensch")
    await office.say("Mein Beamer im Seminarraum flackert", edit_of="$m1", event_id="$edit")
    await office.talk("ada@example.org")
    assert "Seminarraum" in office.last
    assert "Hörsaal" not in office.last


async def test_an_edit_of_an_older_question_does_not_turn_the_conversation_back(office: Office) -> None:
    await office.talk("Ist Signal erlaubt?", "gäste in konferenz einladen")
    await office.say("Ist Wire erlaubt?", edit_of="$m1", event_id="$edit")
    assert isinstance(await office.decided("1"), Answer)


async def test_deleting_a_yes_leaves_its_reference_standing(office: Office) -> None:
    await office.talk(*TO_PREVIEW, "ja")
    await office.helpdesk.withdraw("!room:uni.test", "$m4", "$redaction")
    assert office.replies.withdrawn == []
