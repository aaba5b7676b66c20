"""The whole way, on a real homeserver: who is answered, where and how."""

import asyncio

import pytest

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, relation, shared_room


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_direct_chat_is_answered_in_its_language_with_a_notice(
    bot: RunningBot, ada: Colleague, encrypted: bool
) -> None:
    room = await chat(ada, bot, encrypted)
    await ada.say(room, "Darf ich WhatsApp dienstlich nutzen?")
    german = await ada.wait_for(room, bot.user)
    await ada.say(room, "May I use Signal?")
    english = await ada.wait_for(room, bot.user)
    assert german.decrypted is encrypted
    assert german.source["content"]["msgtype"] == "m.notice"
    assert "WhatsApp" in german.body.split("\n")[0]
    assert "<a href=" in german.formatted_body
    assert "Signal" in english.body
    assert "Source" in english.body


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_question_that_was_sent_with_the_invitation_is_answered(
    make_bot: MakeBot, ada: Colleague, encrypted: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    room = await ada.create_room(bot.user, encrypted=encrypted, direct=True)
    await ada.say(room, "Ist Threema erlaubt?")
    await bot.start()
    answer = await ada.wait_for(room, bot.user)
    assert "Threema" in answer.body
    assert answer.decrypted is encrypted
    assert "erste Frage" in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_history_before_the_bot_joined_is_not_answered(bot: RunningBot, ada: Colleague, bob: Colleague) -> None:
    room = await ada.create_room(bob.user)
    await bob.join(room)
    await ada.say(room, "auskunft: Ist Threema erlaubt?", m_mentions={"user_ids": [bot.user]})
    await ada.invite(room, bot.user)
    await ada.wait_until_joined(room, bot.user)
    assert "Threema" not in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_in_a_room_only_a_mention_is_answered_as_a_reply(bot: RunningBot, ada: Colleague, bob: Colleague) -> None:
    room = await shared_room(ada, bob, bot)
    await bob.say(room, "Ist Signal erlaubt?")
    assert await ada.count(room, bot.user, QUIET) == 0
    question = await bob.say(room, "Auskunft: Ist Signal erlaubt?", m_mentions={"user_ids": [bot.user]})
    answer = await ada.wait_for(room, bot.user)
    assert relation(answer) == {"m.in_reply_to": {"event_id": question}}


async def test_a_thread_is_answered_in_the_thread_and_goes_on_without_a_mention(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await shared_room(ada, bob, bot)
    root = await ada.say(room, "Mal etwas anderes")
    thread = {"rel_type": "m.thread", "event_id": root}
    await ada.say(room, "Was sind Metadaten?", m_mentions={"user_ids": [bot.user]}, m_relates_to=thread)
    first = await ada.wait_for(room, bot.user)
    assert relation(first)["event_id"] == root
    assert relation(first)["is_falling_back"] is True
    question = await ada.say(room, "Was ist der DFN-Verein?", m_relates_to=thread)
    second = await ada.wait_for(room, bot.user)
    assert relation(second)["m.in_reply_to"] == {"event_id": question}
    assert relation(second)["event_id"] == root


async def test_help_is_a_command_in_rooms_only_with_a_mention(bot: RunningBot, ada: Colleague, bob: Colleague) -> None:
    room = await shared_room(ada, bob, bot)
    await ada.say(room, "!hilfe")
    assert await ada.count(room, bot.user, QUIET) == 0
    await ada.say(room, "auskunft: !help me please", m_mentions={"user_ids": [bot.user]})
    assert "multimedia@tu-braunschweig.de" in (await ada.wait_for(room, bot.user)).body


async def test_an_invitation_from_elsewhere_is_declined(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot(invites_from=["@chief:uni.test", "elsewhere.test"])
    await bot.start()
    room = await ada.create_room(bot.user, direct=True)
    async with asyncio.timeout(20):
        while await ada.membership(room, bot.user) != "leave":
            await asyncio.sleep(0.1)
    assert ada.user not in bot.log.read_text()


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_bad_input_in_a_direct_chat_is_never_met_with_silence(
    bot: RunningBot, ada: Colleague, encrypted: bool
) -> None:
    room = await chat(ada, bot, encrypted)
    for text in ("", "   ", "😂😂", "\u202e\u200b", "<b>&nbsp;</b>", "**", "x" * 30_000, "مرحبا كيف الحال", "`!hilfe`"):
        await ada.say(room, text)
        assert (await ada.wait_for(room, bot.user)).body.strip(), text
    await ada.say(room, "<b>Ist</b> *Signal* [erlaubt](http://x)?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body


async def test_pictures_and_broken_messages_are_met_with_one_friendly_line(bot: RunningBot, ada: Colleague) -> None:
    room = await chat(ada, bot, encrypted=True)  # the homeserver cannot refuse what it cannot read
    await ada.send(room, "m.room.message", {"body": {"no": "text"}})
    assert "Text" in (await ada.wait_for(room, bot.user)).body
    await ada.send(room, "m.room.message", {"msgtype": "m.image", "body": "a.png", "url": "mxc://uni.test/a"})
    await ada.send(room, "m.sticker", {"body": "winkt", "url": "mxc://uni.test/a", "info": {}})
    await ada.send(room, "m.room.message", {"msgtype": 7})
    assert await ada.count(room, bot.user, QUIET) == 0
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body


async def test_notices_are_not_answered(bot: RunningBot, ada: Colleague) -> None:
    room = await chat(ada, bot)
    await ada.send(room, "m.room.message", {"msgtype": "m.notice", "body": "Ist Signal erlaubt?"})
    assert await ada.count(room, bot.user, QUIET) == 0
