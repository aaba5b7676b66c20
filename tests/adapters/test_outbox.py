"""The outboxes in a file and in memory keep the same promises; the one in a file keeps nothing of what was accepted."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedOutbox, SimulatedStore
from bot.adapters.sqlite.database import Database, open_database
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.store import SqliteStore
from bot.core.conversation import Conversation
from bot.core.letter import Letter
from bot.core.model import Addressed
from bot.keys import Key
from bot.ports import Store, StoreBroken
from bot.ports.post import Outbox, Posted, PostStatus
from tests.conftest import message

KEY = Key(b"k" * 32)
NOON = SimulatedClock().now()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = "Mein Geheimnis: der Beamer in Raum 12 "
BEFORE = Conversation(language="de", until=NOON + DAY)


def posted(reference: str = "lusab-babad", event_id: str = "$yes", text: str = SECRET, **fields: object) -> Posted:
    """A letter that was agreed to at noon."""
    letter = Letter(reference, "support@uni.test", "ada@mail.uni.test", "Beamer", text)
    return Posted(letter, message("ja", event_id, **fields), "de", NOON)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


@pytest.fixture
async def database(path: Path, clock: SimulatedClock) -> AsyncIterator[Database]:
    async with open_database(path, KEY, clock) as database:
        yield database


@pytest.fixture(params=["sqlite", "simulated"])
def ports(request: pytest.FixtureRequest, database: Database, clock: SimulatedClock) -> tuple[Store, Outbox]:
    if request.param == "sqlite":
        return SqliteStore(database), SqliteOutbox(database)
    outbox = SimulatedOutbox(clock)
    return SimulatedStore(clock, outbox), outbox


async def references(outbox: Outbox) -> list[str]:
    return [each.letter.reference for each in await outbox.due()]


async def test_a_letter_that_is_posted_is_due_at_once_and_whole_without_the_words_of_who_agreed(
    ports: tuple[Store, Outbox],
) -> None:
    store, outbox = ports
    agreed = posted(thread="$root", addressed=Addressed.THREAD, encrypted=False, text="halved: \ud800")
    await store.post(agreed, BEFORE)
    assert await outbox.due() == [replace(agreed, message=replace(agreed.message, text=None))]
    assert await store.conversation(agreed.message) == BEFORE
    assert not await store.was_handled("$yes")
    assert await outbox.all() == [PostStatus("lusab-babad", "waiting", NOON, 0, NOON, "")]


async def test_a_letter_that_is_posted_again_goes_out_once(ports: tuple[Store, Outbox]) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.put_off("lusab-babad", NOON + HOUR, "451")
    await store.post(posted(text="another"), BEFORE)
    assert await outbox.due() == []
    await outbox.accepted("lusab-babad")
    await store.post(posted("other-other"), BEFORE)
    assert await outbox.due() == []


async def test_the_message_that_agreed_leads_to_its_letter_even_after_that_was_accepted(
    ports: tuple[Store, Outbox],
) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.accepted("lusab-babad")
    assert await outbox.reference_of("$yes") == "lusab-babad"
    assert await outbox.reference_of("$no") is None


async def test_letters_are_counted_by_person_and_time(ports: tuple[Store, Outbox]) -> None:
    store, outbox = ports
    bob = posted("b", "$b", sender="@bob:uni.test")
    for each in (posted("a", "$a"), bob, replace(posted("c", "$c"), posted_at=NOON + HOUR)):
        await store.post(each, BEFORE)
    await outbox.accepted("a")
    assert [await outbox.posted_since(NOON), await outbox.posted_since(NOON + HOUR)] == [3, 1]
    assert await outbox.posted_since(NOON, "@ada:uni.test") == 2
    assert await outbox.posted_since(NOON, "@bob:uni.test") == 1
    assert await outbox.posted_since(NOON + HOUR, "@bob:uni.test") == 0


async def test_a_letter_that_is_put_off_is_due_then_and_counts_its_attempts(
    ports: tuple[Store, Outbox], clock: SimulatedClock
) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.put_off("lusab-babad", NOON + HOUR, "451 try later")
    assert await outbox.all() == [PostStatus("lusab-babad", "waiting", NOON, 1, NOON + HOUR, "451 try later")]
    clock.advance(HOUR - timedelta(seconds=1))
    assert await outbox.due() == []
    clock.advance(timedelta(seconds=1))
    assert [(each.attempts, each.posted_at) for each in await outbox.due()] == [(1, NOON)]


async def test_letters_are_due_oldest_first(ports: tuple[Store, Outbox]) -> None:
    store, outbox = ports
    await store.post(replace(posted("younger", "$1"), posted_at=NOON + HOUR), BEFORE)
    await store.post(posted("older", "$2"), BEFORE)
    assert await references(outbox) == ["older", "younger"]
    assert [each.reference for each in await outbox.all()] == ["older", "younger"]


async def test_a_letter_that_was_accepted_is_neither_due_nor_tried_again_nor_dropped(
    ports: tuple[Store, Outbox],
) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.put_off("lusab-babad", NOON, "451")
    await outbox.accepted("lusab-babad")
    assert [await outbox.retry("lusab-babad"), await outbox.drop("lusab-babad")] == [False, False]
    assert [await outbox.due(), await outbox.untold()] == [[], []]
    assert await outbox.all() == [PostStatus("lusab-babad", "accepted", NOON, 2, None, "")]


async def test_a_letter_that_failed_is_untold_until_it_is_told_and_can_be_tried_again(
    ports: tuple[Store, Outbox],
) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.failed("lusab-babad", "550 no such mailbox")
    assert await outbox.due() == []
    assert [each.letter for each in await outbox.untold()] == [posted().letter]
    await outbox.told("lusab-babad")
    assert await outbox.untold() == []
    assert await outbox.retry("lusab-babad")
    assert await references(outbox) == ["lusab-babad"]
    await outbox.failed("lusab-babad", "550 no such mailbox")
    assert await outbox.untold() == []
    assert [(each.state, each.attempts) for each in await outbox.all()] == [("failed", 2)]


async def test_a_letter_that_waits_can_be_tried_at_once(ports: tuple[Store, Outbox]) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    await outbox.put_off("lusab-babad", NOON + HOUR, "451")
    assert await outbox.retry("lusab-babad")
    assert await references(outbox) == ["lusab-babad"]


async def test_a_letter_that_is_dropped_is_gone_whatever_comes_of_it(ports: tuple[Store, Outbox]) -> None:
    store, outbox = ports
    await store.post(posted(), BEFORE)
    assert await outbox.drop("lusab-babad")
    await outbox.put_off("lusab-babad", NOON, "451")
    await outbox.failed("lusab-babad", "550")
    await outbox.accepted("lusab-babad")
    await outbox.told("lusab-babad")
    assert [await outbox.all(), await outbox.due(), await outbox.untold()] == [[], [], []]
    assert not await outbox.drop("lusab-babad")
    assert not await outbox.retry("lusab-babad")


async def test_what_failed_can_be_tried_again_for_a_week_and_is_listed_for_a_month(
    database: Database, clock: SimulatedClock
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted(), BEFORE)
    clock.advance(3 * DAY)
    await outbox.failed("lusab-babad", "451")
    clock.advance(7 * DAY)
    await store.keep("token", "s")
    assert await outbox.untold()
    clock.advance(timedelta(minutes=2))
    await store.keep("token", "s")
    assert await outbox.untold() == []
    assert not await outbox.retry("lusab-babad")
    clock.advance(20 * DAY - timedelta(minutes=2))
    await store.keep("token", "s")
    assert [each.state for each in await outbox.all()] == ["failed"]
    clock.advance(timedelta(minutes=2))
    await store.keep("token", "s")
    assert await outbox.all() == []


async def test_what_waits_is_erased_after_two_weeks_in_which_nothing_has_tried_it(
    database: Database, clock: SimulatedClock
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted(), BEFORE)
    clock.advance(13 * DAY)
    await store.keep("token", "s")
    assert [each.letter.reference for each in await outbox.due()] == ["lusab-babad"]
    clock.advance(2 * DAY)
    await store.keep("token", "s")
    assert await outbox.due() == []
    assert database.rows("SELECT content, event, person, state FROM outbox") == [(None, None, None, "failed")]


async def test_whose_letter_it_was_is_forgotten_after_a_week(
    database: Database, clock: SimulatedClock, path: Path
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted(), BEFORE)
    await outbox.accepted("lusab-babad")
    clock.advance(7 * DAY)
    await store.keep("token", "s")
    assert await outbox.posted_since(NOON, "@ada:uni.test") == 1
    clock.advance(timedelta(minutes=2))
    await store.keep("token", "s")
    assert await outbox.posted_since(NOON, "@ada:uni.test") == 0
    assert await outbox.posted_since(NOON) == 1
    left = sqlite3.connect(path).execute("SELECT event, person, content FROM outbox").fetchall()
    assert left == [(None, None, None)]


async def test_a_letter_that_cannot_be_read_any_more_fails_alone_with_its_reference_in_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted("broken", "$1"), BEFORE)
    await store.post(posted("sound", "$2"), BEFORE)
    async with database.transaction() as execute:
        await execute("UPDATE outbox SET content = x'00' WHERE reference = ?", ("broken",))
    with caplog.at_level(logging.ERROR):
        assert [await references(outbox), await references(outbox)] == [["sound"], ["sound"]]
    assert [record.getMessage() for record in caplog.records] == ["letter broken cannot be read any more, and is lost"]
    assert [each.state for each in await outbox.all()] == ["failed", "waiting"]
    assert await outbox.untold() == []


async def test_a_letter_cannot_be_read_in_another_one_s_place(database: Database) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted("first", "$1"), BEFORE)
    await store.post(posted("second", "$2", text="another"), BEFORE)
    async with database.transaction() as execute:
        moved = "UPDATE outbox SET content = (SELECT content FROM outbox WHERE reference = 'first')"
        await execute(f"{moved} WHERE reference = 'second'", ())
    assert await references(outbox) == ["first"]


async def test_the_letter_and_the_conversation_are_kept_together_or_not_at_all(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON conversations BEGIN SELECT RAISE(FAIL, 'full'); END")
    with pytest.raises(StoreBroken, match="full"):
        await SqliteStore(database).post(posted(), BEFORE)
    assert await SqliteOutbox(database).all() == []


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def leaked(path: Path, *needles: bytes) -> list[tuple[str, bytes]]:
    return [(name, each) for name, content in contents(path).items() for each in needles if each in content]


TOLD_BY_A_LETTER = (SECRET.encode(), b"Geheimnis", b"Beamer", b"uni.test", b"support@")


async def test_no_word_of_a_letter_stands_in_any_byte_of_the_store_before_or_after_it_was_accepted(
    database: Database, path: Path
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    for number in range(8):
        await store.post(posted(f"letter-{number}", f"$yes{number}:uni.test", SECRET * 500), BEFORE)
    assert any("-wal" in name for name in contents(path))
    assert leaked(path, *TOLD_BY_A_LETTER) == []
    for number in range(8):
        await outbox.accepted(f"letter-{number}")
    assert leaked(path, *TOLD_BY_A_LETTER) == []


async def test_after_a_checkpoint_not_even_the_sealed_letter_is_left_of_what_was_accepted_or_dropped(
    database: Database, path: Path
) -> None:
    """Before it, the write-ahead log may still hold the sealed letter, which only the key opens."""
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    for number in range(8):
        await store.post(posted(f"letter-{number}", f"$yes{number}", SECRET * (1 + 100 * number)), BEFORE)
    sealed = [content for (content,) in database.rows("SELECT content FROM outbox")]
    pieces = [each[start : start + 32] for each in sealed for start in range(0, len(each) - 32, 512)]
    assert len(leaked(path, *pieces)) > 200  # some lie across two pages
    for number in range(8):
        await (outbox.drop if number % 2 else outbox.accepted)(f"letter-{number}")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    assert leaked(path, *pieces) == []


async def test_an_admin_changes_the_outbox_while_the_bot_has_it_open(
    database: Database, path: Path, clock: SimulatedClock
) -> None:
    store, outbox = SqliteStore(database), SqliteOutbox(database)
    await store.post(posted("first", "$1"), BEFORE)
    await store.post(posted("second", "$2"), BEFORE)
    async with open_database(path, KEY, clock) as beside:
        assert await SqliteOutbox(beside).drop("first")
    assert await references(outbox) == ["second"]
