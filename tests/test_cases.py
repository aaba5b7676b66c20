"""Cases with simulated rooms: what is passed on, to whom, how often, and when it ends."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.simulated import (
    SimulatedClock,
    SimulatedMailer,
    SimulatedReplies,
    SimulatedRooms,
    SimulatedStore,
)
from bot.backoffice import Backoffice
from bot.cases import Cases
from bot.core.decision import Escalate, Preview, Refer, Sent
from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.model import Addressed, Message
from bot.core.pace import Limits, Pace
from bot.core.relaying import LONGEST
from bot.core.render import plain
from bot.core.situation import Manners
from bot.core.turn import Turn
from bot.escalations import Escalations
from bot.helpdesk import Helpdesk
from bot.ports import Barred, Undelivered
from bot.ports.post import Bounced
from tests.conftest import CONTACT, message

DAY = timedelta(days=1)
SUPPORT, ROOT = "!support:uni.test", "case of $3"


class House:
    """A helpdesk with a support room, and all that is behind it. Ada asks, Bob is of support."""

    def __init__(self, desk: Desk, mail: bool = False, pace: Pace | None = None, names: bool = False) -> None:
        self.clock = SimulatedClock()
        self.store = SimulatedStore(self.clock)
        self.replies = SimulatedReplies()
        self.rooms = SimulatedRooms(SUPPORT)
        self.mailer = SimulatedMailer()
        outbox, book = self.store.outbox, self.store.cases
        escalations = Escalations(desk, self.store, outbox, self.replies, self.clock, rooms=self.rooms)
        self.helpdesk = Helpdesk(desk, self.store, self.replies, escalations, self.clock)
        self.cases = Cases(desk, self.store, book, self.rooms, self.replies, self.clock, pace, names)
        self.office = Backoffice(
            outbox, self.mailer if mail else None, self.replies, self.clock, desk.handover.failed, cases=self.cases
        )
        self._number = 0

    async def says(self, text: str, **fields: Any) -> Turn:
        """What Ada writes to the bot, and what comes of it."""
        self._number += 1
        turn = await self.helpdesk.handle(message(text, f"${self._number}", **fields))
        assert turn
        return turn

    async def agrees(self, address: str | None = None) -> None:
        """Ada wants a question to be passed on: her third message, or her fourth, agrees."""
        for text in ("Mensch", "Der Beamer zeigt nur Rauschen", *([address] if address else []), "ja"):
            await self.says(text)
        await self.office.look()

    def ada(self, text: str | None, event_id: str = "$a", **fields: Any) -> Message:
        sent_at = fields.pop("sent_at", self.clock.now())
        return replace(message(text, event_id, addressed=Addressed.CASE, thread="$3", **fields), sent_at=sent_at)

    def bob(self, text: str | None, event_id: str = "$b", **fields: Any) -> Message:
        there = {"room_id": SUPPORT, "sender": "@bob:uni.test", "thread": ROOT, **fields}
        return replace(message(text, event_id, addressed=Addressed.CASE, **there), sent_at=self.clock.now())

    def told(self) -> str:
        """What the bot said last, by itself, in answer to somebody."""
        return plain(self.replies.sent[-1][1].markdown)


@pytest.fixture(scope="module")
def room_only(knowledge: KnowledgeBase) -> Desk:
    return Desk(knowledge, CONTACT, manners=Manners(passes_on=False))


@pytest.fixture
async def house(room_only: Desk) -> House:
    """With a case that stands."""
    house = House(room_only)
    await house.agrees()
    return house


async def test_with_only_a_support_room_no_address_is_asked_for_and_the_preview_says_where_it_goes(
    room_only: Desk,
) -> None:
    house = House(room_only)
    assert isinstance((await house.says("Mensch")).decision, Escalate)
    shown = await house.says("Der Beamer zeigt nur Rauschen")
    assert isinstance(shown.decision, Preview)
    assert "An: Chat-Raum des Support-Teams" in house.told()
    assert "Mail" not in house.told()
    sent = await house.says("ja")
    assert isinstance(sent.decision, Sent)
    assert "Die Antwort kommt hier in diesem Chat" in house.told()
    assert house.rooms.letters == []
    await house.office.look()
    assert len(house.rooms.letters) == 1
    assert "Der Beamer zeigt nur Rauschen" in house.rooms.letters[0].markdown
    assert [status.state for status in await house.store.outbox.all()] == ["accepted"]


async def test_with_mail_beside_it_both_get_the_letter_and_one_s_failure_is_told_only_if_the_other_fails_too(
    desk: Desk,
) -> None:
    house = House(desk, mail=True)
    house.mailer.trouble = Bounced("550")
    await house.agrees("ada@tu-braunschweig.de")
    assert len(house.rooms.letters) == 1
    assert [(each.way, each.state) for each in await house.store.outbox.all()] == [
        ("mail", "failed"),
        ("room", "accepted"),
    ]
    assert house.replies.said[-1][0] == "answer"
    house = House(desk, mail=True)
    house.mailer.trouble = Bounced("550")
    house.rooms.failure = Undelivered("refused")
    await house.agrees("ada@tu-braunschweig.de")
    assert house.replies.said[-1][0] == "answer"
    house.clock.advance(4 * DAY)
    await house.office.look()
    assert [said for said, _ in house.replies.said].count("failed") == 1
    assert house.store.cases.open == {}


@pytest.mark.parametrize(("mail", "instead"), [(True, Escalate), (False, Refer)])
async def test_a_room_that_cannot_be_used_is_told_to_the_log_and_mail_or_a_link_takes_its_place(
    desk: Desk, room_only: Desk, mail: bool, instead: type, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(desk if mail else room_only, mail=mail)
    house.rooms.closed = "it is not encrypted"
    await house.says("Mensch")
    assert "a case does not go to the support room: it is not encrypted" in caplog.text
    turn = await house.says("Der Beamer zeigt nur Rauschen")
    assert isinstance(turn.decision, instead)
    assert caplog.text.count("does not go to the support room") == 1
    assert ("?subject=" in house.replies.sent[-1][1].markdown) is not mail


@pytest.mark.parametrize("mail", [True, False])
async def test_a_room_that_closes_before_the_yes_sends_nothing_that_was_not_shown(
    desk: Desk, room_only: Desk, mail: bool
) -> None:
    house = House(desk if mail else room_only, mail=mail)
    for text in ("Mensch", "Der Beamer zeigt nur Rauschen", *(["ada@tu-braunschweig.de"] * mail)):
        await house.says(text)
    house.rooms.closed = "it is not encrypted"
    turn = await house.says("ja")
    assert isinstance(turn.decision, Preview if mail else Refer)
    assert house.store.outbox.posted == []
    assert house.store.cases.open == {}


async def test_where_mail_takes_the_room_s_place_after_the_preview_the_address_is_asked_for(
    desk: Desk, room_only: Desk
) -> None:
    house = House(room_only)
    for text in ("Mensch", "Der Beamer zeigt nur Rauschen"):
        await house.says(text)
    escalations = Escalations(desk, house.store, house.store.outbox, house.replies, house.clock)
    house.helpdesk = Helpdesk(desk, house.store, house.replies, escalations, house.clock)
    assert isinstance((await house.says("ja")).decision, Escalate)
    assert isinstance((await house.says("ada@tu-braunschweig.de")).decision, Preview)
    assert isinstance((await house.says("ja")).decision, Sent)


async def test_a_person_whose_chat_is_not_encrypted_has_no_case(room_only: Desk) -> None:
    house = House(room_only)
    await house.says("Mensch", encrypted=False)
    assert isinstance((await house.says("Der Beamer zeigt nur Rauschen", encrypted=False)).decision, Refer)


async def test_a_case_that_cannot_be_posted_now_is_tried_again_and_stands_once(room_only: Desk) -> None:
    house = House(room_only)
    house.rooms.failure = Undelivered("refused")
    await house.agrees()
    with pytest.raises(Undelivered):
        await house.cases.handle(house.ada("Hallo?"))
    house.rooms.failure = None
    house.rooms.closed = "the bot is not in it"
    house.clock.advance(timedelta(minutes=2))
    await house.office.look()
    assert house.rooms.letters == []
    house.rooms.closed = None
    house.clock.advance(timedelta(minutes=5))
    await house.office.look()
    await house.office.look()
    assert len(house.rooms.letters) == 1


async def test_a_crash_after_the_letter_was_posted_posts_no_other(house: House) -> None:
    outbox = house.store.outbox
    reference = (await outbox.all())[0].reference
    again = House(Desk(house.cases._desk._knowledge, CONTACT, manners=Manners(passes_on=False)))  # what was posted
    for text in ("Mensch", "Der Beamer zeigt nur Rauschen", "ja"):
        await again.says(text)
    posted = (await again.store.outbox.due())[0]
    assert posted.letter.reference == reference
    house.rooms.failure = AssertionError("it was posted again")
    await house.cases.open(posted)


async def test_before_rooms_are_known_mails_go_out_and_cases_wait(desk: Desk) -> None:
    house, known = House(desk, mail=True), False
    for text in ("Mensch", "Der Beamer zeigt nur Rauschen", "ada@tu-braunschweig.de", "ja"):
        await house.says(text)
    office = Backoffice(
        *(house.store.outbox, house.mailer, house.replies, house.clock, desk.handover.failed),
        cases=house.cases,
        can_tell=lambda: known,
    )
    await office.look()
    assert (len(house.mailer.sent), len(house.rooms.letters)) == (1, 0)
    known = True
    await office.look()
    assert (len(house.mailer.sent), len(house.rooms.letters)) == (1, 1)


async def test_what_either_side_writes_reaches_the_other_once_and_marked(house: House) -> None:
    for each in (house.bob("Kabel?"), house.bob("Kabel?"), house.ada("*Welches* denn?")):
        await house.cases.handle(each)
    assert house.rooms.written == [
        ("person", "Support: Kabel?"),
        ("support", "Von der Person, die fragt: *Welches* denn?"),
    ]
    assert await house.store.was_handled("$b")
    house.rooms.failure = AssertionError("a week later, no homeserver would recognise it")
    await house.cases.handle(house.bob("Kabel?"))


async def test_names_are_told_only_if_configured(room_only: Desk) -> None:
    house = House(room_only, names=True)
    await house.agrees()
    await house.cases.handle(house.bob("Kabel?"))
    assert house.rooms.written == [("person", "Support (bob): Kabel?")]


async def test_nothing_is_recorded_as_handled_before_it_went_out(house: House) -> None:
    house.rooms.failure = Undelivered("refused")
    with pytest.raises(Undelivered):
        await house.cases.handle(house.bob("Kabel?"))
    assert not await house.store.was_handled("$b")
    house.rooms.failure = None
    await house.cases.handle(house.bob("Kabel?"))
    assert house.rooms.written == [("person", "Support: Kabel?")]


@pytest.mark.parametrize("side", ["ada", "bob"])
async def test_what_is_no_text_or_cannot_arrive_is_told_to_who_wrote_it(house: House, side: str) -> None:
    write = getattr(house, side)
    await house.cases.handle(write(None, "$picture"))
    assert "nur Text" in house.told()
    house.rooms.failure = Barred("the person has gone")
    await house.cases.handle(write("Kabel?", "$late"))
    assert "konnte ich nicht weitergeben" in house.told()
    await house.cases.put_aside(write("Kabel?", "$aside"))
    assert "konnte ich nicht weitergeben" in house.told()
    assert house.replies.sent[-1][0].room_id == write("").room_id
    assert all([await house.store.was_handled(each) for each in ("$picture", "$late", "$aside")])
    assert house.rooms.written == []


async def test_what_is_too_old_to_be_recognised_is_not_passed_on(house: House) -> None:
    await house.cases.handle(house.ada("Hallo", sent_at=house.clock.now() - DAY - timedelta(seconds=1)))
    assert "konnte ich nicht weitergeben" in house.told()
    await house.cases.handle(house.ada("Hallo", "$a2", sent_at=house.clock.now() - DAY))
    assert len(house.rooms.written) == 1


async def test_what_is_too_long_is_cut_with_a_word(house: House) -> None:
    await house.cases.handle(house.bob("x" * (LONGEST + 1)))
    await house.cases.handle(house.bob("x" * LONGEST, "$b2"))
    (_, cut), (_, whole) = house.rooms.written
    assert "[gekürzt" in cut
    assert whole == "Support: " + "x" * LONGEST


async def test_edits_and_deletions_reach_the_copy(house: House) -> None:
    await house.cases.handle(house.bob("Kabel?"))
    assert await house.cases.was_passed_on(SUPPORT, "$b")
    await house.cases.handle(house.bob("Stromkabel?", "$edit", edit_of="$b"))
    assert house.rooms.rewritten == [("copy of $b", "Support: Stromkabel?")]
    assert await house.store.was_handled("$edit")
    assert await house.cases.withdraw(SUPPORT, "$b", "$redaction")
    assert house.rooms.withdrawn == ["copy of $b"]
    assert not await house.cases.withdraw(SUPPORT, "$b", "$redaction")
    assert not await house.cases.withdraw(SUPPORT, "$other", "$redaction")
    await house.cases.handle(house.bob("!close", "$edit2", edit_of="$b"))
    assert house.store.cases.open


async def test_an_edit_that_came_before_a_message_was_passed_on_is_not_lost_to_a_crash(house: House) -> None:
    await house.rooms.write(next(iter(house.store.cases.open.values())), True, "Support: Kabel?", "$b")
    await house.cases.handle(house.bob("Stromkabel?", edits=("$edit",)))
    assert house.rooms.written == [("person", "Support: Kabel?")]
    assert house.rooms.rewritten == [("copy of $b", "Support: Stromkabel?")]


@pytest.mark.parametrize("side", ["ada", "bob"])
@pytest.mark.parametrize("command", ["!close", " !Close ", "!schließen", "!close."])
async def test_each_side_can_close_and_both_are_told_and_nothing_is_left(house: House, side: str, command: str) -> None:
    await house.cases.handle(house.bob("Kabel?"))
    closing = getattr(house, side)(command, "$close")
    await house.cases.handle(closing)
    other = "support" if side == "ada" else "person"
    assert [where for where, _ in house.rooms.told] == [other]
    assert "abgeschlossen" in house.told()
    assert "abgeschlossen" in house.rooms.told[0][1].markdown
    assert ("stellen Sie gern wieder mir" in house.told()) is (side == "ada")
    assert house.store.cases.open == {}
    assert not await house.cases.was_passed_on(SUPPORT, "$b")
    await house.cases.handle(house.ada("Noch da?", "$later"))
    assert len(house.rooms.written) == 1
    await house.cases.handle(closing)
    assert len(house.rooms.told) == 1


@pytest.mark.parametrize("text", ["close", "!closed", "bitte !close", "!close oder nicht?"])
async def test_nothing_else_closes(house: House, text: str) -> None:
    await house.cases.handle(house.bob(text))
    assert house.rooms.written == [("person", f"Support: {text}")]


async def test_a_case_is_closed_even_if_the_other_side_has_gone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.rooms.failure = Barred("the person has gone")
    await house.cases.handle(house.bob("!close"))
    assert "could not be told: the person has gone" in caplog.text
    assert house.store.cases.open == {}


async def test_the_person_is_held_to_their_pace_and_support_is_not(room_only: Desk) -> None:
    pace = Pace(Limits(burst=2, per_minute=1, per_day=0))
    house = House(room_only, pace=pace)
    await house.agrees()
    for _ in range(9):  # Bob has asked the bot a lot himself
        pace.answered(house.bob("Ist Signal erlaubt?"), house.clock.now())
    for number in range(6):
        await house.cases.handle(house.ada(f"a{number}", f"$a{number}"))
        await house.cases.handle(house.bob(f"b{number}", f"$b{number}"))
    sides = [side for side, _ in house.rooms.written]
    assert (sides.count("support"), sides.count("person")) == (2, 6)
    assert "mehr Nachrichten, als ich beantworte" in house.told()
    assert await house.store.was_handled("$a5")
    await house.cases.handle(house.ada("!close", "$close"))
    assert house.store.cases.open == {}


async def test_thirty_days_without_a_word_close_a_case_and_both_sides_are_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.clock.advance(29 * DAY)
    await house.cases.handle(house.bob("Kabel?"))
    house.clock.advance(30 * DAY)
    await house.office.look()
    assert house.store.cases.open
    house.clock.advance(timedelta(seconds=1))
    with caplog.at_level(logging.INFO):
        await house.office.look()
    assert [where for where, _ in house.rooms.told] == ["person", "support"]
    assert house.store.cases.open == {}
    assert "nobody wrote in it for 30 days" in caplog.text


async def test_the_reference_that_is_told_after_a_crash_says_where_the_answer_comes(room_only: Desk) -> None:
    house = House(room_only)
    await house.says("Mensch")
    await house.says("Der Beamer zeigt nur Rauschen")

    class Died(Exception):
        pass

    async def dying(*_: object, **__: object) -> str:
        raise Died

    alive, house.replies.send = house.replies.send, dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        await house.says("ja")
    house.replies.send = alive  # type: ignore[method-assign]
    await house.helpdesk.handle(message("ja", "$3"))
    assert "Die Antwort kommt hier in diesem Chat" in house.told()
    assert len(house.store.cases.open) == 1
    assert (await house.store.conversation(message("", "$4"))).draft is None
