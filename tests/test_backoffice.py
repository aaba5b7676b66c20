import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedMailer, SimulatedOutbox, SimulatedReplies
from bot.adapters.sqlite.database import open_database
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.store import SqliteStore
from bot.backoffice import Backoffice
from bot.core.conversation import Conversation
from bot.core.letter import Letter, Way
from bot.core.model import Language, Message, Reply
from bot.keys import Key
from bot.ports import Barred, Hopeless, Saying, StoreBroken, Undelivered
from bot.ports.post import Bounced, Outbox, Posted, Unavailable
from tests.adapters.test_outbox import posted

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FOREVER = 3600.0
SOON = 5.0
"""Seconds within which a test sees what it waits for."""


class Revoked(Exception):
    """What no letter is to blame for."""


class FailingReplies(SimulatedReplies):
    """A homeserver that refuses, for as long as it has errors left."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.tries = 0

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return await super().send(message, reply, saying, rings)


class DyingOutbox(SqliteOutbox):
    """A store whose disk is full once a letter was accepted."""

    async def accepted(self, reference: str, way: Way = "mail") -> None:
        raise StoreBroken("the disk is full")


class SlowMailer(SimulatedMailer):
    """A mail server that takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.done = asyncio.Event()

    async def send(self, letter: Letter, posted_at: datetime) -> None:
        self.begun.set()
        await self.done.wait()
        await super().send(letter, posted_at)


def words(language: Language, reference: str) -> Reply:
    return Reply(language, f"{reference} failed")


class House:
    """A backoffice with what it works with."""

    def __init__(
        self,
        *letters: Posted,
        replies: SimulatedReplies | None = None,
        mailer: SimulatedMailer | None = None,
    ) -> None:
        self.clock = SimulatedClock()
        self.outbox = SimulatedOutbox(self.clock)
        self.mailer = mailer or SimulatedMailer()
        self.replies = replies or SimulatedReplies()
        for each in letters or (posted(),):
            self.outbox.add(each)
        self.office = Backoffice(self.outbox, self.mailer, self.replies, self.clock, words, FOREVER)

    async def pass_time(self, until: timedelta, step: timedelta = MINUTE) -> None:
        """Look as often as a running bot would, but in no time."""
        end = SimulatedClock().now() + until
        while self.clock.now() < end:
            self.clock.advance(step)
            await self.office.look()

    async def states(self) -> dict[str, str]:
        return {each.reference: each.state for each in await self.outbox.all()}


async def settled(outbox: Outbox) -> None:
    async with asyncio.timeout(SOON):
        while any(each.state == "waiting" for each in await outbox.all()):
            await asyncio.sleep(0.001)


async def test_a_letter_is_sent_once_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    with caplog.at_level(logging.INFO):
        await house.pass_time(DAY, HOUR)
    assert house.mailer.sent == [(posted().letter, posted().posted_at)]
    assert house.replies.sent == []
    assert [record.getMessage() for record in caplog.records] == ["letter lusab-babad was accepted"]


async def test_a_letter_that_is_put_off_is_tried_on_schedule_for_three_days(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.mailer.trouble = Unavailable("451 try later")
    tried: list[timedelta] = []
    with caplog.at_level(logging.INFO):
        await house.office.look()
        tried.append(timedelta())
        for _ in range(4 * 24 * 60):
            house.clock.advance(MINUTE)
            before = len(house.mailer.tried)
            await house.office.look()
            if len(house.mailer.tried) > before:
                tried.append(house.clock.now() - posted().posted_at)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses[:9] == [*(each * MINUTE for each in (1, 2, 5, 15, 30)), HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR]
    assert set(pauses[9:-1]) == {6 * HOUR}
    assert pauses[-1] <= 6 * HOUR
    assert tried[-1] == 3 * DAY
    assert await house.states() == {"lusab-babad": "failed"}
    assert [record.getMessage() for record in caplog.records] == [
        "letter lusab-babad was not accepted, and is tried again: 451 try later",
        "letter lusab-babad has failed for good: 451 try later",
    ]


async def test_a_letter_that_waited_for_a_stopped_bot_for_long_is_tried_before_it_fails() -> None:
    house = House(posted("a", "$1"), posted("b", "$2"))
    house.mailer.troubles["b"] = Unavailable("451")
    house.clock.advance(30 * DAY)
    await house.office.look()
    assert await house.states() == {"a": "accepted", "b": "failed"}


async def test_a_letter_that_is_accepted_at_a_later_try_is_told_to_nobody() -> None:
    house = House()
    house.mailer.trouble = Unavailable("451")
    await house.office.look()
    house.mailer.trouble = None
    await house.pass_time(2 * MINUTE)
    assert await house.states() == {"lusab-babad": "accepted"}
    assert house.replies.sent == []


async def test_a_letter_that_bounces_fails_at_once_and_its_sender_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    house.mailer.trouble = Bounced("550 no such mailbox")
    with caplog.at_level(logging.INFO):
        await house.pass_time(2 * DAY, HOUR)
    assert house.mailer.tried == ["lusab-babad"]
    agreed = replace(posted().message, text=None)
    assert house.replies.sent == [(agreed, Reply("de", "lusab-babad failed"))]
    assert house.replies.said == [("failed", True)]
    assert [record.getMessage() for record in caplog.records] == [
        "letter lusab-babad has failed for good: 550 no such mailbox"
    ]


async def test_one_bad_letter_stops_no_other_and_leaves_its_kind_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    house = House(*(posted(each, f"${each}") for each in ("a", "b", "c", "d")))
    house.mailer.troubles = {"a": ValueError("ein Geheimnis"), "b": Bounced("550"), "c": Unavailable("451")}
    with caplog.at_level(logging.INFO):
        await house.office.look()
    assert [letter.reference for letter, _ in house.mailer.sent] == ["d"]
    assert await house.states() == {"a": "waiting", "b": "failed", "c": "waiting", "d": "accepted"}
    assert "letter a could not be sent: ValueError" in caplog.text
    assert not any(secret in caplog.text for secret in ("Geheimnis", "uni.test"))
    house.mailer.troubles = {}
    await house.pass_time(2 * MINUTE)
    assert await house.states() == {"a": "accepted", "b": "failed", "c": "accepted", "d": "accepted"}


async def test_a_letter_that_keeps_failing_is_tried_once_a_look() -> None:
    house = House(posted("a", "$1"), posted("b", "$2"))

    class Creeping(SimulatedMailer):
        async def send(self, letter: Letter, posted_at: datetime) -> None:
            house.clock.advance(HOUR)
            await super().send(letter, posted_at)

    mailer = Creeping()
    mailer.trouble = Unavailable("a timeout")
    await Backoffice(house.outbox, mailer, house.replies, house.clock, words).look()
    assert mailer.tried == ["a", "b"]


async def test_a_letter_that_is_dropped_is_not_sent_even_while_another_one_is() -> None:
    house = House(posted("a", "$1"), posted("b", "$2"), posted("c", "$3"))

    class Watched(SimulatedMailer):
        async def send(self, letter: Letter, posted_at: datetime) -> None:
            await house.outbox.drop("b")
            await super().send(letter, posted_at)

    mailer = Watched()
    await Backoffice(house.outbox, mailer, house.replies, house.clock, words).look()
    assert mailer.tried == ["a", "c"]


async def test_a_letter_that_failed_and_is_tried_again_is_accepted_or_fails_without_telling_twice() -> None:
    house = House()
    house.mailer.trouble = Bounced("550")
    await house.office.look()
    await house.outbox.retry("lusab-babad")
    await house.office.look()
    assert (len(house.mailer.tried), len(house.replies.sent)) == (2, 1)
    house.mailer.trouble = None
    await house.outbox.retry("lusab-babad")
    await house.office.look()
    assert await house.states() == {"lusab-babad": "accepted"}


async def test_that_a_letter_failed_is_told_after_its_reference_unless_that_takes_too_long() -> None:
    handled: set[str] = set()

    async def was_handled(event_id: str) -> bool:
        return event_id in handled

    house, late = House(), House()
    for each in (house, late):
        each.mailer.trouble = Bounced("550")
        each.office = Backoffice(
            each.outbox, each.mailer, each.replies, each.clock, words, FOREVER, was_handled=was_handled
        )
        await each.pass_time(9 * MINUTE)
        assert each.replies.sent == []
    handled.add(posted().message.event_id)
    await house.office.look()
    assert len(house.replies.sent) == 1
    handled.clear()
    await late.pass_time(11 * MINUTE)
    assert len(late.replies.sent) == 1


async def test_nobody_is_told_that_a_letter_failed_before_it_is_known_where() -> None:
    known: list[str] = []
    house = House()
    house.mailer.trouble = Bounced("550")
    house.office = Backoffice(
        house.outbox, house.mailer, house.replies, house.clock, words, FOREVER, can_tell=lambda: bool(known)
    )
    await house.pass_time(HOUR)
    assert house.replies.sent == []
    known.append("!room:uni.test")
    await house.office.look()
    assert len(house.replies.sent) == 1


@pytest.mark.parametrize("error", [Barred("kicked"), Hopeless("again and again")])
async def test_who_cannot_be_told_for_good_is_tried_once(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    replies = FailingReplies(error)
    house = House(replies=replies)
    house.mailer.trouble = Bounced("550")
    with caplog.at_level(logging.WARNING):
        await house.pass_time(DAY, HOUR)
    assert replies.tries == 1
    assert f"that letter lusab-babad has failed could not be told: {error}" in caplog.text
    assert await house.outbox.untold() == []


async def test_who_cannot_be_told_for_now_is_told_later() -> None:
    replies = FailingReplies(Undelivered("M_UNKNOWN"), Undelivered("M_UNKNOWN"))
    house = House(replies=replies)
    house.mailer.trouble = Bounced("550")
    await house.pass_time(DAY)
    assert replies.tries == 3
    assert len(replies.sent) == 1


async def test_who_can_never_be_told_is_left_in_peace_after_a_day_with_two_lines_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    replies = FailingReplies(*(Undelivered("M_UNKNOWN") for _ in range(9999)))
    house = House(replies=replies)
    house.mailer.trouble = Bounced("550")
    with caplog.at_level(logging.WARNING):
        await house.pass_time(DAY + 2 * MINUTE)
        tries = replies.tries
        await house.pass_time(3 * DAY, HOUR)
    assert tries == replies.tries <= 20
    assert await house.outbox.untold() == []
    assert [record.getMessage() for record in caplog.records][1:] == [
        "that letter lusab-babad has failed cannot be told yet: M_UNKNOWN",
        "that letter lusab-babad has failed could not be told: M_UNKNOWN",
    ]


async def test_a_crash_after_the_server_took_the_letter_repeats_the_same_mail(tmp_path: Path) -> None:
    clock, mailer, replies = SimulatedClock(), SimulatedMailer(), SimulatedReplies()
    for kind in (DyingOutbox, SqliteOutbox, SqliteOutbox):
        async with open_database(tmp_path / "store.sqlite3", Key(b"k" * 32), clock) as database:
            office = Backoffice(kind(database), mailer, replies, clock, words)
            if kind is DyingOutbox:
                await SqliteStore(database).post(posted(), Conversation())
                with pytest.raises(StoreBroken):
                    await office.look()
            else:
                await office.look()
        clock.advance(HOUR)
    assert mailer.sent == [(posted().letter, posted().posted_at)] * 2


async def test_a_letter_is_sent_as_soon_as_it_is_posted() -> None:
    house = House()
    async with house.office:
        await settled(house.outbox)
        house.outbox.add(posted("second", "$2"))
        house.office.posted()
        await settled(house.outbox)
    assert [letter.reference for letter, _ in house.mailer.sent] == ["lusab-babad", "second"]


async def test_what_another_process_lets_be_tried_again_is_found() -> None:
    house = House()
    async with Backoffice(house.outbox, house.mailer, house.replies, house.clock, words, between=0.01):
        await settled(house.outbox)
        house.outbox.add(posted("second", "$2"))
        await settled(house.outbox)


async def test_the_letter_in_hand_is_finished_when_the_bot_stops_and_no_other_is_begun() -> None:
    mailer = SlowMailer()
    house = House(posted("a", "$1"), posted("b", "$2"), mailer=mailer)
    async with asyncio.timeout(SOON), house.office:
        await mailer.begun.wait()
        asyncio.get_running_loop().call_later(0.01, mailer.done.set)
    assert await house.states() == {"a": "accepted", "b": "waiting"}


async def test_a_bot_that_is_cut_off_does_not_wait_for_the_mail_server() -> None:
    mailer = SlowMailer()
    house = House(mailer=mailer)

    async def running() -> None:
        async with house.office:
            await mailer.begun.wait()

    task = asyncio.create_task(running())
    await mailer.begun.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    async with asyncio.timeout(SOON):
        await asyncio.wait({task})
    assert task.cancelled()
    assert await house.states() == {"lusab-babad": "waiting"}


async def test_a_store_that_cannot_be_written_ends_the_bot(tmp_path: Path) -> None:
    clock = SimulatedClock()
    async with open_database(tmp_path / "store.sqlite3", Key(b"k" * 32), clock) as database:
        await SqliteStore(database).post(posted(), Conversation())
        outbox, mailer = DyingOutbox(database), SimulatedMailer()
        with pytest.raises(StoreBroken):
            async with asyncio.timeout(SOON), Backoffice(outbox, mailer, SimulatedReplies(), clock, words):
                await asyncio.Event().wait()


async def test_a_revoked_token_ends_the_bot() -> None:
    house = House(replies=FailingReplies(Revoked()))
    house.mailer.trouble = Bounced("550")
    with pytest.raises(Revoked):
        async with asyncio.timeout(SOON), house.office:
            await asyncio.Event().wait()


async def test_what_ends_the_bot_elsewhere_is_not_hidden() -> None:
    with pytest.raises(Revoked):
        async with House().office:
            raise Revoked
