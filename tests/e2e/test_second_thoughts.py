"""Edits and redactions of questions, on a real homeserver: one question has one answer, whatever becomes of it."""

import asyncio
import signal
from typing import Any

import pytest

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, relation, shared_room


async def edit(person: Colleague, room: str, question: str, text: str, **content: Any) -> str:
    new = {"msgtype": "m.text", "body": text, **content}
    replacing = {"rel_type": "m.replace", "event_id": question}
    return await person.send(
        room, "m.room.message", {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": replacing}
    )


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_an_edited_question_edits_its_answer(bot: RunningBot, ada: Colleague, encrypted: bool) -> None:
    room = await chat(ada, bot, encrypted)
    question = await ada.say(room, "Ist Signal erlaubt?")
    answer = await ada.wait_for(room, bot.user)
    for text, name in (("Ist Wire erlaubt?", "Wire"), ("Ist Threema erlaubt?", "Threema")):
        await edit(ada, room, question, text)
        changed = await ada.wait_for(room, bot.user)
        assert relation(changed) == {"rel_type": "m.replace", "event_id": answer.event_id}
        assert name in changed.source["content"]["m.new_content"]["body"]
        assert changed.decrypted is encrypted
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_an_edit_in_a_thread_of_a_room_edits_the_answer_and_another_s_edit_does_not(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await shared_room(ada, bob, bot)
    thread = {"rel_type": "m.thread", "event_id": await ada.say(room, "Mal etwas anderes")}
    mention = {"m.mentions": {"user_ids": [bot.user]}}
    question = await ada.say(room, "Ist Signal erlaubt?", m_mentions=mention["m.mentions"], m_relates_to=thread)
    answer = await ada.wait_for(room, bot.user)
    await edit(bob, room, question, "Ist Threema erlaubt?", **mention)
    assert await ada.count(room, bot.user, QUIET) == 0
    await edit(ada, room, question, "Ist Wire erlaubt?", **mention)
    assert relation(await ada.wait_for(room, bot.user))["event_id"] == answer.event_id


async def test_edits_come_to_nothing_where_the_configuration_says_so(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot(edits=0)
    await bot.start()
    room = await chat(ada, bot)
    question = await ada.say(room, "Ist Signal erlaubt?")
    await ada.wait_for(room, bot.user)
    await edit(ada, room, question, "Ist Wire erlaubt?")
    assert await ada.count(room, bot.user, QUIET) == 0


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_redacted_question_redacts_its_answer(bot: RunningBot, ada: Colleague, encrypted: bool) -> None:
    room = await chat(ada, bot, encrypted)
    question = await ada.say(room, "Ist Signal erlaubt?")
    answer = await ada.wait_for(room, bot.user)
    await ada.redact(room, question)
    async with asyncio.timeout(20):
        while await ada.has_content(room, answer.event_id):
            await asyncio.sleep(0.1)


async def chat_with_one_away(make_bot: MakeBot, ada: Colleague) -> tuple[RunningBot, str]:
    """A bot that is down, and its chat with ada."""
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    await bot.end()
    return bot, room


async def test_a_question_edited_while_the_bot_was_away_is_answered_once_as_edited(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot, room = await chat_with_one_away(make_bot, ada)
    await edit(ada, room, await ada.say(room, "Ist Signal erlaubt?"), "Ist Wire erlaubt?")
    await bot.start()
    answer = await ada.wait_for(room, bot.user)
    assert "Wire" in answer.body
    assert "m.new_content" not in answer.source["content"]
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_an_edit_and_a_crash_before_anything_was_recorded_end_in_one_answer_to_the_edit(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot, room = await chat_with_one_away(make_bot, ada)
    store = bot.data / "auskunft.sqlite3"
    before = store.read_bytes()
    await bot.start()
    question = await ada.say(room, "Ist Signal erlaubt?")
    answer = await ada.wait_for(room, bot.user)
    await bot.end(signal.SIGKILL)
    for file in store.parent.glob("auskunft.sqlite3*"):
        file.unlink()
    store.write_bytes(before)  # as if the process had died between the answer and its record
    await edit(ada, room, question, "Ist Wire erlaubt?")
    await bot.start()
    changed = await ada.wait_for(room, bot.user)
    assert relation(changed) == {"rel_type": "m.replace", "event_id": answer.event_id}
    assert "Wire" in changed.source["content"]["m.new_content"]["body"]
    assert await ada.count(room, bot.user, QUIET) == 0
