"""The bot is told of members only as they write or change; what hangs on the others holds all the same."""

import signal

import aiohttp
from aiohttp import web

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, MakePerson, chat, in_front_of, relation, shared_room


async def test_after_a_restart_silent_members_still_make_a_room_no_direct_chat_and_the_bot_knows_its_name(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot(display_name="Frag mich")
    await bot.start()
    room = await shared_room(ada, bob, bot)
    await bot.end()
    await bot.start()
    await ada.say(room, "Ist Signal erlaubt?")
    assert await ada.count(room, bot.user, QUIET) == 0
    await ada.say(room, "Frag mich: Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body


async def test_what_was_written_meanwhile_among_people_makes_their_room_no_direct_chat(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await shared_room(ada, bob, bot)
    await bot.end()
    await ada.say(room, "Ist Signal erlaubt?")  # of the two, the homeserver tells only her
    question = await ada.say(room, "auskunft: Ist Wire erlaubt?", m_mentions={"user_ids": [bot.user]})
    await bot.start()
    answer = await ada.wait_for(room, bot.user)
    assert "Wire" in answer.body
    assert relation(answer)["m.in_reply_to"] == {"event_id": question}
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_silent_members_of_an_encrypted_room_can_read_the_answer_also_after_a_restart(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await shared_room(ada, bob, bot, encrypted=True)
    for text, name in (("auskunft: Ist Wire erlaubt?", "Wire"), ("auskunft: Ist Signal erlaubt?", "Signal")):
        await ada.say(room, text, m_mentions={"user_ids": [bot.user]})
        for person in (ada, bob):
            answer = await person.wait_for(room, bot.user)
            assert answer.decrypted
            assert name in answer.body
        await bot.end()
        await bot.start()


async def test_who_came_and_went_in_a_gap_can_and_cannot_read_the_next_answer(
    make_bot: MakeBot, ada: Colleague, bob: Colleague, person: MakePerson, address: str
) -> None:
    async def answer(request: web.Request) -> web.Response | None:
        """Of members that changed in a gap, a homeserver need not tell; Synapse does."""
        if not request.path.endswith("/sync"):
            return None
        headers = {"Authorization": request.headers["Authorization"]}
        async with aiohttp.request("GET", f"{address}{request.raw_path}", headers=headers) as response:
            told = await response.json()
        for joined in told.get("rooms", {}).get("join", {}).values():
            if joined["timeline"].get("limited"):
                joined["state"]["events"] = [
                    event for event in joined["state"]["events"] if event["type"] != "m.room.member"
                ]
        return web.json_response(told)

    async with in_front_of(address, answer) as front:
        bot, carol = await make_bot(homeserver=front), await person()
        await bot.start()
        room = await shared_room(ada, bob, bot, encrypted=True)
        mention = {"user_ids": [bot.user]}
        await ada.say(room, "auskunft: Ist Wire erlaubt?", m_mentions=mention)
        await bob.wait_for(room, bot.user)
        assert bot.process
        bot.process.send_signal(signal.SIGSTOP)
        await ada.invite(room, carol.user)
        await carol.join(room)
        for _ in ("the introduction", "the first answer"):
            assert not (await carol.wait_for(room, bot.user)).decrypted
        await bob.leave(room)
        for number in range(55):  # more than one sync tells
            await ada.say(room, f"Unter uns {number}")
        bot.process.send_signal(signal.SIGCONT)
        before = await bob.told("m.room_key")
        await ada.say(room, "auskunft: Ist Signal erlaubt?", m_mentions=mention)
        answer = await carol.wait_for(room, bot.user)
        assert answer.decrypted
        assert "Signal" in answer.body
        assert await bob.told("m.room_key") == before
        await bot.end()


async def test_a_direct_chat_stays_one_after_a_restart(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    await bot.end()
    await bot.start()
    await ada.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body


async def test_messages_of_known_people_cost_no_question_for_keys(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    asked = 0

    async def count(request: web.Request) -> None:
        nonlocal asked
        asked += request.path.endswith("/keys/query")

    async with in_front_of(address, count) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        room = await chat(ada, bot, encrypted=True)
        for number in range(4):
            if number == 2:
                before = asked
            await ada.say(room, "Ist Wire erlaubt?")
            assert "Wire" in (await ada.wait_for(room, bot.user)).body
        assert asked == before
        await bot.end()
