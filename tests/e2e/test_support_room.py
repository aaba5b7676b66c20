"""The support room on a real homeserver: cases, what is passed on in them, and rooms that cannot be used."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

import nio
import pytest
from aiohttp import web

from bot.adapters.mailcatcher import mailcatcher
from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, MakePerson, RunningBot, chat, in_front_of, relation
from tests.e2e.test_second_thoughts import edit

QUESTION = "Der Beamer in Raum 12 zeigt nur Rauschen, was kann ich tun?"


async def staffed(make_bot: MakeBot, bob: Colleague, encrypted: bool = True, **settings: Any) -> tuple[RunningBot, str]:
    """A bot with a support room in which Bob sits."""
    support = await bob.create_room(encrypted=encrypted)
    bot = await make_bot(support_room=support, **settings)
    await bot.start()
    await bob.invite(support, bot.user)
    await bob.wait_until_joined(support, bot.user)
    await bob.wait_for(support, bot.user)
    return bot, support


async def preview(ada: Colleague, bot: RunningBot, room: str, **relates: Any) -> nio.RoomMessage:
    await ada.say(room, "Mensch", **relates)
    await ada.wait_for(room, bot.user)
    await ada.say(room, QUESTION, **relates)
    return await ada.wait_for(room, bot.user)


@dataclass
class Case:
    """A case with both of its threads."""

    bot: RunningBot
    ada: Colleague
    bob: Colleague
    chat: str
    support: str
    agreed: str
    """What Ada's thread begins from."""
    letter: nio.RoomMessage

    async def ada_writes(self, text: str, **content: Any) -> str:
        return await self.ada.say(self.chat, text, m_relates_to=thread(self.agreed), **content)

    async def bob_writes(self, text: str, **content: Any) -> str:
        return await self.bob.say(self.support, text, m_relates_to=thread(self.letter.event_id), **content)

    async def ada_reads(self) -> nio.RoomMessage:
        return await self.ada.wait_for(self.chat, self.bot.user)

    async def bob_reads(self) -> nio.RoomMessage:
        return await self.bob.wait_for(self.support, self.bot.user)

    async def nobody_reads_more(self) -> None:
        for account, room in ((self.ada, self.chat), (self.bob, self.support)):
            with pytest.raises(TimeoutError):
                pytest.fail((await account.wait_for(room, self.bot.user, QUIET)).body)


def thread(root: str) -> dict[str, Any]:
    return {"rel_type": "m.thread", "event_id": root}


async def opened(make_bot: MakeBot, ada: Colleague, bob: Colleague, **settings: Any) -> Case:
    """A case that Ada has just agreed to."""
    bot, support = await staffed(make_bot, bob, **settings)
    room = await chat(ada, bot, encrypted=True)
    await preview(ada, bot, room)
    agreed = await ada.say(room, "ja")
    await ada.wait_for(room, bot.user)
    return Case(bot, ada, bob, room, support, agreed, await bob.wait_for(support, bot.user))


async def test_a_case_appears_as_the_person_saw_it_and_both_sides_talk_in_threads(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot, support = await staffed(make_bot, bob)
    room = await chat(ada, bot, encrypted=True)
    shown = (await preview(ada, bot, room)).body
    assert "An: Chat-Raum des Support-Teams" in shown
    assert "E-Mail" not in shown
    agreed = await ada.say(room, "ja")
    sent = await ada.wait_for(room, bot.user)
    assert "in diesem Chat" in sent.body
    letter = await bob.wait_for(support, bot.user)
    assert letter.decrypted
    assert letter.source["content"]["msgtype"] == "m.text"
    assert "m.relates_to" not in letter.source["content"]
    content = shown[shown.index("An: ") : shown.index("Soll ich")].strip()
    assert QUESTION in content
    assert content in letter.body
    case = Case(bot, ada, bob, room, support, agreed, letter)

    await case.bob_writes("Ist das *Kabel* drin?\nSonst kommen wir.")
    told = await case.ada_reads()
    assert told.decrypted
    assert told.body == "Support: Ist das *Kabel* drin?\nSonst kommen wir."
    assert told.source["content"]["msgtype"] == "m.text"
    assert told.source["content"]["m.mentions"] == {"user_ids": [ada.user]}
    assert "formatted_body" not in told.source["content"]
    assert (relation(told)["rel_type"], relation(told)["event_id"]) == ("m.thread", agreed)

    await case.ada_writes("Ist Signal erlaubt?")
    passed_on = await case.bob_reads()
    assert passed_on.body == "Von der Person, die fragt: Ist Signal erlaubt?"
    assert (relation(passed_on)["rel_type"], relation(passed_on)["event_id"]) == ("m.thread", letter.event_id)
    assert passed_on.decrypted
    await case.nobody_reads_more()

    await ada.say(room, "Ist Wire erlaubt?")  # beside the thread
    assert "Wire" in (await case.ada_reads()).body
    await bob.say(support, "Mittagessen?")
    await bob.say(support, "Ist Signal erlaubt?", m_mentions={"user_ids": [bot.user]})
    assert "Signal" in (await case.bob_reads()).body
    await case.nobody_reads_more()


async def test_who_knows_no_threads_answers_by_a_reply_and_each_side_can_close(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    case = await opened(make_bot, ada, bob)
    reply = {"m.in_reply_to": {"event_id": case.letter.event_id}}
    await bob.say(case.support, "Kabel?", m_relates_to=reply)
    told = await case.ada_reads()
    assert told.body == "Support: Kabel?"
    await ada.say(case.chat, "Ist drin", m_relates_to={"m.in_reply_to": {"event_id": told.event_id}})
    assert (await case.bob_reads()).body == "Von der Person, die fragt: Ist drin"
    await case.ada_writes("!close")
    for said in (await case.ada_reads(), await case.bob_reads()):
        assert "abgeschlossen" in said.body
        assert relation(said)["rel_type"] == "m.thread"
    await case.ada_writes("Ist Signal erlaubt?")
    assert "Signal" in (await case.ada_reads()).body
    await case.bob_writes("Zu spät")
    await case.nobody_reads_more()


async def test_support_closes_and_names_are_told_only_if_configured(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    case = await opened(make_bot, ada, bob, support_names="show")
    name = bob.user[1:].partition(":")[0]
    await case.bob_writes("Kabel?")
    assert (await case.ada_reads()).body == f"Support ({name}): Kabel?"
    await case.bob_writes("!close")
    assert "abgeschlossen" in (await case.bob_reads()).body
    assert "abgeschlossen" in (await case.ada_reads()).body
    await case.bob_writes("Zu spät")
    await case.nobody_reads_more()


async def test_edits_and_deletions_are_passed_on_and_pictures_and_notices_are_not(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    case = await opened(make_bot, ada, bob)
    said = await case.bob_writes("Kabel?")
    copy = await case.ada_reads()
    await edit(bob, case.support, said, "Stromkabel?")
    changed = await case.ada_reads()
    assert relation(changed) == {"rel_type": "m.replace", "event_id": copy.event_id}
    assert changed.source["content"]["m.new_content"]["body"] == "Support: Stromkabel?"
    await bob.redact(case.support, said)
    async with asyncio.timeout(20):
        while await ada.has_content(case.chat, copy.event_id):
            await asyncio.sleep(0.1)
    picture = {"msgtype": "m.image", "body": "Foto", "filename": "foto.png", "url": "mxc://uni.test/x"}
    relates = {"m.relates_to": thread(case.agreed)}
    await ada.send(case.chat, "m.room.message", picture | relates)
    assert "nur Text" in (await case.ada_reads()).body
    await ada.send(case.chat, "m.room.message", {"msgtype": "m.notice", "body": "piep"} | relates)
    await case.nobody_reads_more()


async def test_what_is_written_while_the_bot_is_killed_arrives_once_and_in_order(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    case = await opened(make_bot, ada, bob)
    store = case.bot.data / "auskunft.sqlite3"
    await case.bot.end()
    before = store.read_bytes()
    await case.bot.start()
    for number in range(4):
        await case.bob_writes(f"Schritt {number}")
    assert [(await case.ada_reads()).body for _ in range(4)] == [f"Support: Schritt {number}" for number in range(4)]
    await case.bot.end(signal.SIGKILL)
    for file in store.parent.glob("auskunft.sqlite3*"):
        file.unlink()
    store.write_bytes(before)  # as if it had died before any of it was recorded
    await case.bob_writes("Schritt 4")
    await case.ada_writes("Danke")
    await case.bot.start()
    assert (await case.ada_reads()).body == "Support: Schritt 4"
    assert (await case.bob_reads()).body == "Von der Person, die fragt: Danke"
    await case.nobody_reads_more()


async def test_killed_between_the_yes_and_the_support_room_the_bot_posts_the_case_at_its_next_start(
    make_bot: MakeBot, address: str, ada: Colleague, bob: Colleague
) -> None:
    holding: list[str] = []
    held = asyncio.Event()

    async def answer(request: web.Request) -> web.Response | None:
        if holding and f"/rooms/{holding[0]}/send/" in request.path:
            held.set()
            return web.Response(status=502)
        return None

    async with in_front_of(address, answer) as front:
        bot, support = await staffed(make_bot, bob, home=front)
        room = await chat(ada, bot, encrypted=True)
        await preview(ada, bot, room)
        holding.append(support)
        await ada.say(room, "ja")
        sent = await ada.wait_for(room, bot.user)
        await asyncio.wait_for(held.wait(), 30)
        await bot.end(signal.SIGKILL)
        holding.clear()
        await bot.start()
        letter = await bob.wait_for(support, bot.user)
        assert QUESTION in letter.body
        assert letter.body.split("[Auskunft ")[1].split("]")[0] in sent.body
        assert await bob.count(support, bot.user, QUIET) == 0
        assert await ada.count(room, bot.user, QUIET) == 0


async def test_beside_mail_both_arrive(make_bot: MakeBot, ada: Colleague, bob: Colleague) -> None:
    async with mailcatcher() as mail:
        environment = {
            "AUSKUNFT_MAIL__SERVER": "127.0.0.1",
            "AUSKUNFT_MAIL__PORT": str(mail.port),
            "AUSKUNFT_MAIL__SECURITY": "none",
            "AUSKUNFT_MAIL__SENDER": "auskunft@uni.test",
            "AUSKUNFT_MAIL__RECIPIENT": "support@uni.test",
        }
        bot, support = await staffed(make_bot, bob, environment=environment)
        room = await chat(ada, bot, encrypted=True)
        assert "E-Mail-Adresse" in (await preview(ada, bot, room)).body
        await ada.say(room, "ada@tu-braunschweig.de")
        shown = (await ada.wait_for(room, bot.user)).body
        assert "An: support@uni.test, Chat-Raum des Support-Teams" in shown
        await ada.say(room, "ja")
        assert "in diesem Chat" in (await ada.wait_for(room, bot.user)).body
        assert QUESTION in (await bob.wait_for(support, bot.user)).body
        assert QUESTION in (await asyncio.wait_for(mail.mails.get(), 30)).get_content()


async def test_a_support_room_that_is_not_encrypted_or_without_the_bot_is_not_used(
    make_bot: MakeBot, person: MakePerson, ada: Colleague, bob: Colleague
) -> None:
    bot, support = await staffed(make_bot, bob, encrypted=False)
    await bot.says("the bot is not in")
    await bot.end()
    await bot.start()
    await bot.says("(`support_room`) is not encrypted")
    room = await chat(ada, bot, encrypted=True)
    assert "mailto:" in str((await preview(ada, bot, room)).source["content"])
    await bot.says("a case does not go to the support room: ")
    assert await bob.count(support, bot.user, QUIET) == 0
