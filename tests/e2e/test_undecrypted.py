"""Messages whose keys do not come, or come late, on a real homeserver."""

import signal

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, relation


async def test_a_key_that_comes_late_is_asked_for_and_its_message_answered_also_after_a_restart(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot, encrypted=True)
    await ada.withhold(bot.user)
    await ada.say(room, "Ist Signal erlaubt?")
    asked = await ada.wait_to_be_told("m.room_key_request")
    assert asked.source["content"]["action"] == "request"
    await bot.end(signal.SIGKILL)
    assert await ada.told("m.room_key_request") == 0, "asked twice: once by nio, which does not keep that it asked"
    await ada.hand_over(room, bot.user)
    await bot.start()
    while "Signal" not in (await ada.wait_for(room, bot.user)).body:
        pass  # where the restart took over half a minute, she was told that the key is missing
    assert await ada.count(room, bot.user, QUIET) == 0
    assert b"!" + room[1:].encode() not in (bot.data / "auskunft.sqlite3").read_bytes()


async def test_where_no_key_comes_the_person_is_told_in_both_languages_and_answered_when_it_comes(
    bot: RunningBot, ada: Colleague
) -> None:
    room = await chat(ada, bot, encrypted=True)
    await ada.withhold(bot.user)
    question = await ada.say(room, "Ist Signal erlaubt?")
    told = await ada.wait_for(room, bot.user, 60)
    assert "konnte ich nicht entschlüsseln" in told.body
    assert "could not decrypt" in told.body
    assert told.source["content"]["msgtype"] == "m.text"
    assert relation(told)["m.in_reply_to"]["event_id"] == question
    await ada.hand_over(room, bot.user)
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0
