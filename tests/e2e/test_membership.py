"""The bot as a member of rooms: how it arrives, where it stays, and when it goes."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.adapters.matrix.colleague import Colleague
from bot.adapters.matrix.sync import TOKEN
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, shared_room

Person = Callable[[], Awaitable[Colleague]]
QUESTION = "Ist Wire erlaubt?"


async def act(account: Colleague, room: str, action: str, **content: Any) -> Any:
    """Do to the room, or to somebody in it, what the client-server API calls `action`."""
    return await account.post(f"/_matrix/client/v3/rooms/{room}/{action}", content)


async def until(account: Colleague, room: str, user: str, membership: str | None) -> None:
    async with asyncio.timeout(30):
        while await account.membership(room, user) != membership:
            await asyncio.sleep(0.05)


async def until_logged(bot: RunningBot, text: str, times: int = 1) -> None:
    async with asyncio.timeout(30):
        while bot.log.read_text().count(text) < times:
            await asyncio.sleep(0.05)


async def says(account: Colleague, room: str, bot: RunningBot) -> Any:
    return (await account.wait_for(room, bot.user)).body


async def is_answered(account: Colleague, room: str, bot: RunningBot, **content: Any) -> bool:
    await account.sync()
    await account.say(room, QUESTION, **content)
    return "Wire" in await says(account, room, bot)


async def room_for_two(account: Colleague, bot: RunningBot, encrypted: bool = False) -> str:
    """As a direct chat, but the bot has no power in it: it can be kicked."""
    room = await account.create_room(bot.user, encrypted=encrypted)
    await account.wait_for(room, bot.user)
    return room


def store_files(bot: RunningBot) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in (bot.config.parent / "data").glob("auskunft.sqlite3*")}


# It introduces itself.


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_on_joining_a_direct_chat_the_bot_introduces_itself_without_ringing(
    bot: RunningBot, ada: Colleague, encrypted: bool
) -> None:
    room = await ada.create_room(bot.user, encrypted=encrypted, direct=True)
    welcome = await ada.wait_for(room, bot.user)
    assert welcome.decrypted is encrypted
    assert welcome.source["content"]["msgtype"] == "m.notice"
    assert welcome.source["content"]["m.mentions"] == {}
    assert "!hilfe" in welcome.body
    assert "Was speicherst du?" in welcome.body
    assert len(welcome.body.splitlines()) <= 4
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_in_a_room_with_others_it_says_in_the_room_s_language_that_it_wants_to_be_mentioned(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await ada.create_room(bob.user)
    await ada.put(
        f"/_matrix/client/v3/rooms/{room}/state/m.room.topic", {"topic": "All about our experiments and what is next"}
    )
    await ada.invite(room, bot.user)
    assert "ask: “@Auskunft " in await says(ada, room, bot)


async def test_who_asked_before_the_bot_joined_is_answered_first_and_then_told_what_is_kept_in_the_same_language(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot()
    room = await ada.create_room(bot.user, direct=True)
    await ada.say(room, "May I use Signal?")
    await bot.start()
    assert "Signal" in await says(ada, room, bot)
    assert "This was your first question to me" in await says(ada, room, bot)
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_neither_kills_while_it_arrives_nor_restarts_nor_another_invitation_double_the_introduction(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    before = store_files(bot)
    room = await ada.create_room(bot.user, encrypted=True)
    await bot.launch()
    await until(ada, room, bot.user, "join")
    await bot.end(signal.SIGKILL)  # it has joined, and has said nothing yet or has just done so
    await bot.start()
    await says(ada, room, bot)
    await bot.end(signal.SIGKILL)
    for file in store_files(bot):
        file.unlink()
    for file, content in before.items():  # as if it had died before anything was recorded
        file.write_bytes(content)
    await bot.start()
    assert await is_answered(ada, room, bot)
    await act(ada, room, "kick", user_id=bot.user)
    await ada.invite(room, bot.user)
    await until(ada, room, bot.user, "join")
    assert await is_answered(ada, room, bot)
    assert await ada.count(room, bot.user, QUIET) == 0


# It leaves where nobody else is.


async def test_it_leaves_the_room_that_everybody_else_has_left_and_not_before(
    bot: RunningBot, ada: Colleague, bob: Colleague, person: Person
) -> None:
    room = await shared_room(ada, bob, bot)
    carla = await person()
    await ada.invite(room, carla.user)
    await act(bob, room, "leave")
    await act(ada, room, "leave")
    await asyncio.sleep(QUIET)  # Carla is invited still
    await carla.join(room)
    assert await carla.membership(room, bot.user) == "join"
    left = bot.log.read_text().count("alone")
    await act(carla, room, "leave")
    await until_logged(bot, "alone", left + 1)


@pytest.mark.parametrize("long", [False, True], ids=["for a moment", "for so long that it missed how"])
async def test_rooms_that_emptied_while_it_was_away_are_left_at_its_start_and_forgotten(
    make_bot: MakeBot, ada: Colleague, bob: Colleague, address: str, long: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    rooms = [await chat(ada, bot, encrypted=True), await shared_room(ada, bob, bot)]
    kept = await chat(ada, bot)
    await bot.end()
    for account, room in ((ada, rooms[0]), (bob, rooms[1]), (ada, rooms[1])):
        await act(account, room, "leave")
    if long:
        with sqlite3.connect(bot.config.parent / "data" / "auskunft.sqlite3") as store:
            store.execute("DELETE FROM facts WHERE name = ?", (TOKEN,))
    await bot.start()
    await until_logged(bot, "alone", 2)
    assert await is_answered(ada, kept, bot)
    await bot.end()
    headers = {
        "Authorization": f"Bearer {json.loads((bot.config.parent / 'data' / 'session.json').read_text())['token']}"
    }
    async with aiohttp.ClientSession(address, headers=headers) as http:
        for room, status in ((rooms[0], 403), (rooms[1], 403), (kept, 200)):
            async with http.get(f"/_matrix/client/v3/rooms/{room}/messages?dir=b") as response:
                assert response.status == status  # a room that was left is still shown; one that was forgotten is not


# It follows an upgrade.


async def test_it_follows_an_upgrade_by_invitation_answers_what_was_asked_before_and_leaves_the_old_room(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    old = await shared_room(ada, bob, bot)
    question = await ada.say(old, QUESTION, m_mentions={"user_ids": [bot.user]})
    new = (await act(ada, old, "upgrade", new_version="12"))["replacement_room"]
    answer = await ada.wait_for(old, bot.user)
    assert answer.source["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == question
    await ada.invite(new, bot.user)
    await until(ada, new, bot.user, "join")
    await until(ada, old, bot.user, "leave")
    await ada.invite(new, bob.user)
    await bob.join(new)
    assert await is_answered(ada, new, bot, m_mentions={"user_ids": [bot.user]})
    assert await ada.count(new, bot.user, QUIET) == 0


async def test_it_follows_an_upgrade_of_a_public_room_also_after_being_away(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    olds = [await room_for_two(ada, bot), await room_for_two(ada, bot)]
    for old in olds:
        await ada.put(f"/_matrix/client/v3/rooms/{old}/state/m.room.join_rules", {"join_rule": "public"})
    for number, old in enumerate(olds):
        if number:
            await bot.end(signal.SIGKILL)
        new = (await act(ada, old, "upgrade", new_version="12"))["replacement_room"]
        if number:
            await bot.start()
        await until(ada, new, bot.user, "join")
        await until(ada, old, bot.user, "leave")
        assert await is_answered(ada, new, bot)
        assert await ada.count(new, bot.user, QUIET) == 0


async def test_an_upgrade_by_somebody_who_may_not_invite_it_is_not_followed(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot(invites_from=[ada.user])
    await bot.start()
    old = await shared_room(ada, bob, bot)
    await ada.put(f"/_matrix/client/v3/rooms/{old}/state/m.room.join_rules", {"join_rule": "public"})
    levels = {"users": {bob.user: 100}, "state_default": 50, "events_default": 0}
    await ada.put(f"/_matrix/client/v3/rooms/{old}/state/m.room.power_levels", levels)
    new = (await act(bob, old, "upgrade", new_version="12"))["replacement_room"]
    await until_logged(bot, "not followed")
    assert await bob.membership(new, bot.user) is None
    assert await bob.membership(old, bot.user) == "join"


# It survives being removed.


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_kick_amid_questions_is_survived_quietly_and_an_invitation_brings_it_back(
    make_bot: MakeBot, ada: Colleague, bob: Colleague, encrypted: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    room, other = await room_for_two(ada, bot, encrypted), await chat(bob, bot, encrypted)
    for _ in range(8):
        await ada.say(room, QUESTION)
    await act(ada, room, "kick", user_id=bot.user)
    assert await is_answered(bob, other, bot)
    await until_logged(bot, "removed from a room")
    log = bot.log.read_text()
    assert "ERROR" not in log
    assert log.count(" WARNING ") <= 1
    await ada.invite(room, bot.user)
    await until(ada, room, bot.user, "join")
    await ada.sync()
    while await ada.count(room, bot.user, 0.3):  # answers that came before the kick
        pass
    assert await is_answered(ada, room, bot)


async def test_a_ban_is_survived_and_after_it_is_lifted_the_bot_comes_back(bot: RunningBot, ada: Colleague) -> None:
    room = await room_for_two(ada, bot, encrypted=True)
    removed = bot.log.read_text().count("removed from a room")
    await act(ada, room, "ban", user_id=bot.user)
    await until_logged(bot, "removed from a room", removed + 1)
    await act(ada, room, "unban", user_id=bot.user)
    await ada.invite(room, bot.user)
    await until(ada, room, bot.user, "join")
    assert await is_answered(ada, room, bot)


async def test_where_it_may_not_write_a_question_costs_one_log_line(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await room_for_two(ada, bot)
    levels = {"users": {}, "events_default": 50}
    await ada.put(f"/_matrix/client/v3/rooms/{room}/state/m.room.power_levels", levels)
    await ada.say(room, QUESTION)
    await until_logged(bot, "is put aside")
    await asyncio.sleep(QUIET)
    assert bot.log.read_text().count(" WARNING ") == 1
    assert "ERROR" not in bot.log.read_text()


# It does not stay where it is too full.


async def test_in_too_large_a_room_it_says_whom_to_ask_and_leaves_and_stays_where_that_is_allowed(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot(largest_room=2, large_rooms=["#everybody:uni.test", "#nowhere:uni.test"])
    await bot.start()
    room = await ada.create_room(bob.user, bot.user)
    assert "multimedia@tu-braunschweig.de" in await says(ada, room, bot)
    await until(ada, room, bot.user, "leave")
    await ada.put("/_matrix/client/v3/directory/room/%23everybody:uni.test", {"room_id": room})
    await ada.invite(room, bot.user)
    assert "wählen Sie mich aus der Liste" in await says(ada, room, bot)
    assert await is_answered(ada, room, bot, m_mentions={"user_ids": [bot.user]})


async def test_a_room_that_grows_and_its_successor_keep_the_bot(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot(largest_room=2)
    await bot.start()
    room = await chat(ada, bot)
    await ada.invite(room, bob.user)
    assert await is_answered(ada, room, bot, m_mentions={"user_ids": [bot.user]})
    new = (await act(ada, room, "upgrade", new_version="12"))["replacement_room"]
    await ada.invite(new, bob.user)
    await ada.invite(new, bot.user)
    await until(ada, room, bot.user, "leave")
    assert await is_answered(ada, new, bot, m_mentions={"user_ids": [bot.user]})


# It may want encryption.


async def test_where_unencrypted_rooms_are_refused_it_says_so_once_a_day_and_answers_in_encrypted_ones(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot(unencrypted="refuse")
    room = await ada.create_room(bot.user, direct=True)
    await ada.say(room, "May I use Wire?")
    await bot.start()
    refusal = await says(ada, room, bot)
    assert "not encrypted" in refusal
    await ada.say(room, QUESTION)
    assert await ada.count(room, bot.user, QUIET) == 0
    assert await is_answered(ada, await chat(ada, bot, encrypted=True), bot)
    other = await ada.create_room(bot.user, direct=True)
    assert "nicht verschlüsselt" in await says(ada, other, bot)
    await ada.say(other, QUESTION)
    assert await ada.count(other, bot.user, QUIET) == 0
    await bot.end()
    await bot.start()
    await ada.say(room, QUESTION)
    assert await ada.count(room, bot.user, QUIET) == 0
    assert ada.user not in bot.log.read_text()
