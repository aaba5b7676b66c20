import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock
from bot.adapters.sqlite.database import open_database
from bot.adapters.sqlite.schema import MIGRATIONS
from bot.adapters.sqlite.store import SqliteStore
from bot.core.conversation import Conversation, Draft, Exchange, HandedOver, Quoted
from bot.core.model import Feedback
from bot.keys import Key, Unusable, open_key
from bot.ports import Answered, Clock, StoreBroken
from tests.conftest import message

KEY = Key(b"k" * 32)
NOON = SimulatedClock().now()
REMEMBERED = Conversation(language="en", options=("a", "b"), entries=("c",), until=NOON + timedelta(days=1))
FULL = replace(
    REMEMBERED,
    reply="$half a character: \ud800",
    exchanges=(Exchange(Quoted("!room:uni.test", "$0"), ("a",)),),
    draft=Draft("$0", "preview", Quoted("!room:uni.test", "$0"), history=(Exchange(Quoted("!room:uni.test", "$0")),)),
)
HANDED_OVER = HandedOver(NOON + timedelta(days=3), ("a",))


@asynccontextmanager
async def open_store(path: Path, key: Key, clock: Clock) -> AsyncIterator[SqliteStore]:
    async with open_database(path, key, clock) as database:
        yield SqliteStore(database)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


def rows(path: Path, table: str) -> int:
    (number,) = sqlite3.connect(path).execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(number)


async def test_what_was_recorded_is_remembered_after_a_restart(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", thread="$root"), REMEMBERED)
        await store.keep("token", "s1")
    async with open_store(path, KEY, clock) as store:
        assert await store.was_handled("$1")
        assert not await store.was_handled("$2")
        assert await store.conversation(message("hi", thread="$root")) == REMEMBERED
        assert await store.takes_part("!room:uni.test", "$root", "@ada:uni.test")
        assert await store.fact("token") == "s1"


async def test_conversations_are_apart_by_room_thread_and_person(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED)
        for other in (message("", room_id="!b:c"), message("", sender="@b:c"), message("", thread="$t")):
            assert (await store.conversation(other)).is_new


async def test_a_conversation_is_remembered_whole_until_it_ends(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), FULL)
        clock.advance(timedelta(days=1, seconds=-1))
        assert await store.conversation(message("")) == FULL
        clock.advance(timedelta(seconds=1))
        assert (await store.conversation(message(""))).is_new


async def test_a_conversation_that_has_no_end_is_not_kept_and_ends_the_one_before(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED)
        await store.record(message("hi"), replace(REMEMBERED, until=None))
        assert (await store.conversation(message(""))).is_new
    assert rows(path, "conversations") == 0


@pytest.mark.parametrize("days", [0.5, 3])
async def test_that_a_topic_is_support_s_ends_at_a_time_of_its_own(path: Path, days: float) -> None:
    clock = SimulatedClock()
    handed_over = HandedOver(NOON + timedelta(days=days), ("a",))
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), replace(REMEMBERED, handed_over=handed_over))
        assert await store.conversation(message("")) == replace(REMEMBERED, handed_over=handed_over)
        clock.advance(timedelta(days=0.75))
        await store.keep("token", "s")
        short, long = REMEMBERED, replace(REMEMBERED, handed_over=handed_over)
        assert await store.conversation(message("")) == (short if days < 1 else long)
        clock.advance(timedelta(days=1))
        await store.keep("token", "s")
        assert await store.conversation(message("")) == Conversation(handed_over=handed_over if days > 1 else None)
        assert rows(path, "conversations") == (0 if days < 1 else 1)
        clock.advance(timedelta(days=2))
        await store.keep("token", "s")
    assert rows(path, "conversations") == 0


async def test_that_a_topic_is_support_s_no_more_is_recorded(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), replace(REMEMBERED, handed_over=HANDED_OVER))
        await store.record(message("hi"), REMEMBERED)
        assert await store.conversation(message("")) == REMEMBERED


async def test_another_conversation_of_the_person_is_remembered_beside(path: Path) -> None:
    elsewhere = message("", room_id="!direct:uni.test")
    other = Conversation(language="de", until=REMEMBERED.until, handed_over=HANDED_OVER)
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer")
        await store.remember(elsewhere, other)
        assert await store.conversation(elsewhere) == other
        assert await store.conversation(message("")) == REMEMBERED


async def test_a_conversation_that_cannot_be_read_counts_as_none(path: Path) -> None:
    for field in (b'"turns"', b'"reply"'):
        async with open_database(path, KEY, SimulatedClock()) as database:
            store, place = SqliteStore(database), ("!room:uni.test", "", "@ada:uni.test")
            await store.record(message("hi"), FULL, "$answer", before=FULL)
            (sealed,) = database.row("SELECT state FROM conversations") or ()
            state = KEY.unseal("conversation", sealed, *place)
            renamed = KEY.seal("conversation", state.replace(field, b'"renamed"'), *place)
            async with database.transaction() as execute:
                await execute("UPDATE conversations SET state = ?", (renamed,))
                await execute("UPDATE answers SET before = ?", (b"damaged",))
            assert await store.conversation(message("")) == Conversation()
            answered = await store.answered("!room:uni.test", "$1")
            assert answered
            assert answered.before == Conversation()


async def test_only_who_names_room_thread_and_person_can_read_a_conversation(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi", thread="$root"), REMEMBERED)
    (sealed,) = sqlite3.connect(path).execute("SELECT state FROM conversations").fetchone()
    assert b'"language": "en"' in KEY.unseal("conversation", sealed, "!room:uni.test", "$root", "@ada:uni.test")
    for parts in ((), ("!room:uni.test", "", "@ada:uni.test"), ("!room:uni.test", "$root", "@bob:uni.test")):
        with pytest.raises(ValueError, match="not sealed"):
            KEY.unseal("conversation", sealed, *parts)


async def test_the_entries_of_an_answer_are_known_by_question_and_by_reply_to_its_asker_only(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a", "b"))
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$fallback")
        for event_id, entries in {"$1": ("a", "b"), "$answer": ("a", "b"), "$2": (), "$fallback": ()}.items():
            assert await store.entries_of("!room:uni.test", event_id, "@ada:uni.test") == entries
            assert await store.entries_of("!room:uni.test", event_id, "@bob:uni.test") is None
            assert await store.entries_of("!elsewhere:uni.test", event_id, "@ada:uni.test") is None
        assert await store.entries_of("!room:uni.test", "$else", "@ada:uni.test") is None
        await store.forget_answer("!room:uni.test", "$1")
        assert await store.entries_of("!room:uni.test", "$answer", "@ada:uni.test") is None


async def test_the_bot_takes_part_in_threads_it_was_spoken_to_in_and_for_the_asker_in_those_from_an_answer(
    path: Path,
) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer")
        await store.record(message("hi", event_id="$2", thread="$root"), REMEMBERED, "$other")
        taking_part = {
            (thread, sender): await store.takes_part("!room:uni.test", thread, sender)
            for thread in ("$1", "$answer", "$root", "$else")
            for sender in ("@ada:uni.test", "@bob:uni.test")
        }
    expected = {
        ("$1", "@ada:uni.test"),
        ("$answer", "@ada:uni.test"),
        *(place for place in taking_part if place[0] == "$root"),
    }
    assert {place for place, takes_part in taking_part.items() if takes_part} == expected


async def test_what_is_too_old_is_erased(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", thread="$root"), REMEMBERED)
        clock.advance(timedelta(days=1, seconds=1))
        assert (await store.conversation(message("", thread="$root"))).is_new
        clock.advance(timedelta(days=7))
        await store.record(message("hi", event_id="$2"), Conversation())
        assert not await store.was_handled("$1")
        clock.advance(timedelta(days=90))
        await store.keep("token", "s2")
        assert not await store.takes_part("!room:uni.test", "$root", "@ada:uni.test")
    assert rows(path, "conversations") == 0


async def test_how_a_message_was_answered_is_known_for_a_week_or_until_it_is_forgotten(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", event_id="$1"), Conversation(), "$answer:uni.test", before=REMEMBERED)
        await store.record(message("hi", event_id="$2", edits=("$3",)), REMEMBERED, "$other", told="missed")
    async with open_store(path, KEY, clock) as store:
        assert await store.answered("!room:uni.test", "$1") == Answered("$answer:uni.test", clock.now(), REMEMBERED)
        assert await store.answered("!elsewhere:uni.test", "$1") is None
        assert await store.was_handled("$3")
        assert await store.was_told("!room:uni.test", "missed")
        assert not await store.was_told("!elsewhere:uni.test", "missed")
        await store.forget_answer("!room:uni.test", "$1")
        assert await store.answered("!room:uni.test", "$1") is None
        clock.advance(timedelta(days=7, seconds=1))
        await store.keep("token", "s1")
        assert await store.answered("!room:uni.test", "$2") is None
        assert not await store.was_told("!room:uni.test", "missed")


async def test_what_a_room_was_told_is_known_for_a_day_and_who_the_bot_is_for_a_year(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.tell("!room:uni.test", "welcomed")
        await store.record(message("hi"), Conversation(), "$answer", "unencrypted")
    async with open_store(path, KEY, clock) as store:
        assert await store.was_told("!room:uni.test", "welcomed")
        assert await store.was_told("!room:uni.test", "unencrypted")
        assert not await store.was_told("!room:uni.test", "missed")
        assert not await store.was_told("!elsewhere:uni.test", "welcomed")
        clock.advance(timedelta(days=1, seconds=1))
        assert not await store.was_told("!room:uni.test", "unencrypted")
        assert await store.was_told("!room:uni.test", "welcomed")
        clock.advance(timedelta(days=90))
        await store.keep("token", "s1")
    assert [rows(path, table) for table in ("welcomed", "unencrypted")] == [0, 0]


async def test_a_store_of_the_first_version_keeps_what_it_holds(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        database.execute("INSERT INTO handled VALUES (?, ?)", (KEY.fingerprint("event", "$1"), 2**40))
    async with open_store(path, KEY, SimulatedClock()) as store:
        assert await store.was_handled("$1")
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$answer")
        assert await store.answered("!room:uni.test", "$2")


async def test_a_store_of_an_older_version_forgets_the_answers_whose_ids_it_kept_in_another_way(path: Path) -> None:
    place = ("!room:uni.test", "$1")
    with sqlite3.connect(path) as database:
        database.executescript(f"{MIGRATIONS[0]} {MIGRATIONS[1]} PRAGMA user_version = 2;")
        database.execute("INSERT INTO answers VALUES (?, ?, ?)", (KEY.fingerprint("answer", *place), b"veiled", 2**31))
    async with open_store(path, KEY, SimulatedClock()) as store:
        assert await store.answered(*place) is None


async def test_a_store_of_an_older_version_forgets_the_conversations_that_it_kept_open(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(f"{' '.join(MIGRATIONS[:6])} PRAGMA user_version = 6;")
        database.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, ?)", (b"place", b"person", "offered: secret", 2**31)
        )
        database.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)", (b"q", b"r", 2**31, b"a", "[]", "before: secret")
        )
        database.execute(
            "INSERT INTO threads VALUES (?, ?)", (KEY.fingerprint("thread", "!room:uni.test", "$t"), 2**31)
        )
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED)
        assert await store.conversation(message("")) == REMEMBERED
        assert await store.takes_part("!room:uni.test", "$t", "@ada:uni.test")
    assert b"secret" not in path.read_bytes()


def thumb(event_id: str, helpful: bool = True, **other: str) -> Feedback:
    given = {"room_id": "!room:uni.test", "sender": "@ada:uni.test", "reply_id": "$answer", **other}
    return Feedback(event_id, helpful=helpful, **given)


def ratings(path: Path) -> list[tuple[str, int, int]]:
    return sqlite3.connect(path).execute("SELECT * FROM feedback ORDER BY entry").fetchall()


async def test_the_asker_s_thumbs_count_once_for_each_entry_of_the_answer_and_can_be_taken_back(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a", "b"))
        await store.rate(thumb("$r1"))
        await store.rate(thumb("$r1"))
        await store.rate(thumb("$r2"))
        await store.rate(thumb("$r3", helpful=False))
        assert ratings(path) == [("a", 1, 1), ("b", 1, 1)]
        for event_id in ("$r1", "$r1", "$r2", "$other"):
            await store.take_back("!room:uni.test", event_id)
        assert ratings(path) == [("a", 0, 1), ("b", 0, 1)]
        await store.rate(thumb("$r4"))
        assert ratings(path) == [("a", 1, 1), ("b", 1, 1)]


async def test_thumbs_of_others_and_on_other_things_do_not_count(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$fallback")
        await store.rate(thumb("$r1", sender="@bob:uni.test"))
        await store.rate(thumb("$r2", reply_id="$else"))
        await store.rate(thumb("$r3", room_id="!other:uni.test"))
        await store.rate(thumb("$r4", reply_id="$fallback"))
    assert ratings(path) == []


async def test_an_edit_changes_the_entries_of_the_answer_and_not_its_time(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        answered = await store.answered("!room:uni.test", "$1")
        clock.advance(timedelta(minutes=3))
        await store.record(message("ho", event_id="$2", edit_of="$1"), REMEMBERED, "$answer", entries=("b",))
        await store.rate(thumb("$r1"))
        assert await store.answered("!room:uni.test", "$1") == answered
        assert await store.answered("!room:uni.test", "$2") is None
    assert ratings(path) == [("b", 1, 0)]


async def test_counts_outlast_the_answers_and_the_reactions(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        await store.rate(thumb("$r1"))
        clock.advance(timedelta(days=8))
        await store.keep("token", "s")
        await store.take_back("!room:uni.test", "$r1")
        await store.rate(thumb("$r2"))
    assert ratings(path) == [("a", 1, 0)]
    assert rows(path, "reactions") == 0


async def test_a_store_that_cannot_be_written_says_so(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE answers")
        with pytest.raises(StoreBroken):
            await store.record(message("hi"), REMEMBERED, "$answer")
        with pytest.raises(StoreBroken):
            await store.answered("!room:uni.test", "$1")


async def opened(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()):
        pass


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Unusable, match="newer version of the bot: update the bot"):
        await opened(path)


@pytest.mark.parametrize("part", ["head", "page"])
async def test_a_damaged_store_is_told_with_what_to_do(path: Path, part: str) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        for number in range(200):
            await store.record(message("hi", event_id=f"${number}"), REMEMBERED, "$answer")
    content = bytearray(path.read_bytes())
    start = 0 if part == "head" else len(content) // 2
    content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(Unusable, match="it is damaged: restore the whole data folder"):
        await opened(path)


async def test_a_store_that_cannot_be_opened_or_written_is_told_with_what_to_do(path: Path) -> None:
    path.mkdir()
    with pytest.raises(Unusable, match="let the bot's user own the whole data folder"):
        await opened(path)
    path.rmdir()
    await opened(path)
    path.with_name(f"{path.name}-wal").mkdir()
    with pytest.raises(Unusable, match="let the bot's user own the whole data folder"):
        await opened(path)


async def test_no_matrix_id_and_no_text_lies_in_the_file(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        asked = message("ein Geheimnis", thread="$root:uni.test")
        await store.record(asked, REMEMBERED, "$answer:uni.test", "missed", ("a",))
        await store.rate(thumb("$r:uni.test", reply_id="$answer:uni.test"))
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert b"uni.test" not in content
        assert b"Geheimnis" not in content


async def test_the_store_is_readable_by_its_owner_only(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = open_key(tmp_path / "data").fingerprint("person", "@a:b")
    assert first == open_key(tmp_path / "data").fingerprint("person", "@a:b")
    assert first != open_key(tmp_path / "other").fingerprint("person", "@a:b")
    assert (tmp_path / "data" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_fingerprints_keep_parts_and_kinds_apart() -> None:
    assert KEY.fingerprint("a", "xy", "z") != KEY.fingerprint("a", "x", "yz")
    assert KEY.fingerprint("a", "x") != KEY.fingerprint("b", "x")
