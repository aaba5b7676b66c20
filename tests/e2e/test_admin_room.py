"""Keeping the FAQ on a real homeserver: what is saved is live soon, and admins keep it from their room."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import nio
import pytest

from bot.adapters.faq.knowledge import load, shipped
from bot.adapters.matrix.colleague import Colleague, colleague, register
from bot.core.render import plain
from tests.e2e.conftest import PASSWORD, QUIET, MakeBot, MakePerson, RunningBot, chat

NEW = "Was hat es mit dem Brieftaubenverbot auf sich?"
ENTRY = f"""entries:
  - id: brieftauben
    question: {{de: "{NEW}", en: "What about pigeons?"}}
    phrasings: {{de: ["Brieftauben im Dienst", "Taubenpost", "Tauben"], en: ["carrier pigeons"]}}
    answer: {{de: "Brieftauben sind erlaubt.", en: "Pigeons are allowed."}}
    source: {{title: x, url: "https://example.org", as_of: 2026-01-01}}
    review_by: 2099-01-01
"""


@dataclass
class Keeping:
    """A bot with a FAQ of its own, and the room of its admins."""

    bot: RunningBot
    faq: Path
    bob: Colleague
    room: str

    async def says(self, text: str) -> str:
        """What the bot says to what Bob commands."""
        await self.bob.say(self.room, text)
        return await self.hears()

    async def hears(self) -> str:
        event = await self.bob.wait_for(self.room, self.bot.user)
        assert event.decrypted
        return str(event.body)

    def save(self, name: str, text: str) -> None:
        (self.faq / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
async def keeping(address: str, make_bot: MakeBot, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Keeping]:
    """What the tests here share: each leaves the FAQ as it found it."""
    folder = tmp_path_factory.mktemp("keeping")
    faq = folder / "faq"
    shutil.copytree(shipped(), faq)
    user = await register(address, "keeper", PASSWORD)
    async with colleague(address, user, PASSWORD, folder / "keeper") as bob:
        room = await bob.create_room(encrypted=True)
        bot = await make_bot(blocks={"knowledge": str(faq)}, admin_room=room, admins=[bob.user])
        await bot.start()
        await bob.invite(room, bot.user)
        await bob.wait_until_joined(room, bot.user)
        await bob.wait_for(room, bot.user)
        yield Keeping(bot, faq, bob, room)
        await bot.end()


async def answer(ada: Colleague, room: str, bot: RunningBot, question: str) -> nio.RoomMessage:
    await ada.say(room, question)
    return await ada.wait_for(room, bot.user)


async def test_what_is_saved_answers_soon_and_what_is_broken_does_not_and_is_told_once(
    keeping: Keeping, ada: Colleague
) -> None:
    room = await chat(ada, keeping.bot, encrypted=True)
    keeping.save("neu.yaml", ENTRY)
    told = await keeping.hears()
    assert "gilt ab jetzt" in told
    assert (await answer(ada, room, keeping.bot, NEW)).body.startswith("Brieftauben sind erlaubt.")

    keeping.save("neu.yaml", ENTRY.replace("2099-01-01", "bald"))
    event = await keeping.bob.wait_for(keeping.room, keeping.bot.user)
    assert "neu.yaml:7 error: entry brieftauben: `entries[1].review_by` is no date" in event.body
    assert event.source["content"]["msgtype"] == "m.text"
    assert event.source["content"]["m.mentions"] == {"room": True}
    assert (await answer(ada, room, keeping.bot, NEW)).body.startswith("Brieftauben sind erlaubt.")

    keeping.bot.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
    await keeping.bot.says("the FAQ has not changed since it was refused")
    with pytest.raises(TimeoutError):
        pytest.fail((await keeping.bob.wait_for(keeping.room, keeping.bot.user, QUIET)).body)

    (keeping.faq / "neu.yaml").unlink()
    assert "gilt ab jetzt" in await keeping.hears()
    assert "Brieftauben sind" not in (await answer(ada, room, keeping.bot, "Brieftauben im Dienst")).body
    assert "Traceback" not in keeping.bot.log.read_text()


async def test_an_admin_adds_a_phrasing_that_answers_at_once_and_takes_it_out_again(
    keeping: Keeping, ada: Colleague
) -> None:
    room = await chat(ada, keeping.bot, encrypted=True)
    question = "Darf ich dienstlich den grünen Plapperkasten nutzen?"
    before = {path.name: path.read_bytes() for path in keeping.faq.iterdir()}
    first_line = plain(load(keeping.faq).entry("whatsapp").answer.best("de")).splitlines()[0]
    assert first_line not in (await answer(ada, room, keeping.bot, question)).body
    told = await keeping.says(f"!add whatsapp {question}")
    assert f"„{question}“ führt ab jetzt zu whatsapp (messenger.yaml, de)" in told
    assert first_line in (await answer(ada, room, keeping.bot, question)).body
    assert question in load(keeping.faq).entry("whatsapp").phrasings.de
    changed = [path.name for path in keeping.faq.iterdir() if path.read_bytes() != before[path.name]]
    assert changed == ["messenger.yaml"]

    await keeping.bot.end(signal.SIGKILL)
    await keeping.bot.start()
    assert "steht nicht mehr bei whatsapp" in await keeping.says("!undo")
    assert {path.name: path.read_bytes() for path in keeping.faq.iterdir()} == before
    with pytest.raises(TimeoutError):  # what it wrote itself is no news
        pytest.fail((await keeping.bob.wait_for(keeping.room, keeping.bot.user, QUIET)).body)


async def test_the_commands_of_admins_in_their_room(keeping: Keeping, person: MakePerson) -> None:
    assert "Einträge: 31" in await keeping.says("!status")
    why = await keeping.says("!why watsapp im labor")
    assert "answer with whatsapp" in why
    assert "id: " in await keeping.says("!new Wo bekomme ich einen Beamer?")
    assert "Geprüft." in await keeping.says("!check")
    assert "nicht geändert" in await keeping.says("!reload")
    assert "!undo" in await keeping.says("!hilfe")

    await keeping.bob.say(keeping.room, "Mittagessen um zwölf?")
    carol = await person()
    await keeping.bob.invite(keeping.room, carol.user)
    await carol.join(keeping.room)
    await carol.say(keeping.room, "!add whatsapp Plapperkasten")
    assert "den Admins der FAQ" in await keeping.hears()
    elsewhere = await chat(keeping.bob, keeping.bot)
    await keeping.bob.say(elsewhere, "!add whatsapp Plapperkasten")
    assert "in ihrem Raum" in (await keeping.bob.wait_for(elsewhere, keeping.bot.user)).body
    assert "Plapperkasten" not in (keeping.faq / "messenger.yaml").read_text(encoding="utf-8")


async def test_answers_go_on_while_the_faq_is_reloaded_again_and_again(keeping: Keeping, ada: Colleague) -> None:
    room = await chat(ada, keeping.bot)

    async def saves() -> None:
        for number in range(4):
            keeping.save("neu.yaml", ENTRY.replace("erlaubt", f"erlaubt ({number})"))
            await asyncio.sleep(0.7)

    saving = asyncio.create_task(saves())
    for _ in range(8):
        assert "WhatsApp" in (await answer(ada, room, keeping.bot, "Darf ich WhatsApp nutzen?")).body
    await saving
    async with asyncio.timeout(30):
        while "(3)" not in (await answer(ada, room, keeping.bot, NEW)).body:
            await asyncio.sleep(0.2)
    (keeping.faq / "neu.yaml").unlink()
    while "Einträge: 31" not in await keeping.says("!status"):
        await asyncio.sleep(0.2)
