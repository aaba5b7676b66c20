"""Kills at random: whatever dies and comes back, every question has exactly one answer, and the right one.

CI runs it small; `make chaos` runs it in full. CHAOS_SEED repeats a run as far as chance allows.
"""

import asyncio
import os
import random
import secrets
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.adapters.homeserver import Homeserver, homeserver
from bot.adapters.matrix.colleague import Colleague
from bot.adapters.matrix.errors import MatrixError
from tests.e2e.conftest import QUIET, MakeBot, MakePerson, RunningBot, chat, relation, shared_room

FULL = os.environ.get("CHAOS") == "full"
QUESTIONS, BOT_KILLS, HOMESERVER_KILLS = (300, 20, 3) if FULL else (36, 4, 1)
LONGEST_LIFE = 8.0
"""Seconds after which the bot is killed at the latest: it dies while it starts, catches up and answers."""
NAMES = ("Signal", "Wire", "Threema", "WhatsApp", "Telegram", "Skype")


@dataclass
class Asking:
    """One person's questions in one room."""

    person: Colleague
    room: str
    thread: dict[str, str] | None
    """The thread in which they are asked; None: each mentions the bot. Either way the answer names its question."""
    asked: dict[str, str] = field(default_factory=dict)
    """By event id, the name that the answer has to speak of."""

    async def ask(self, chance: random.Random, bot: str) -> None:
        """Ask, however often the homeserver dies meanwhile."""
        name = chance.choice(NAMES)
        content: dict[str, Any] = {"msgtype": "m.text", "body": f"Ist {name} erlaubt?"}
        if self.thread:
            content["m.relates_to"] = self.thread
        else:
            content["m.mentions"] = {"user_ids": [bot]}
        transaction = secrets.token_hex(8)
        while True:
            try:
                event_id = await self.person.send(self.room, "m.room.message", content, transaction)
            except (MatrixError, aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.2)
            else:
                self.asked[event_id] = name
                return

    async def answers(self, bot: str) -> list[Any]:
        """What the bot said to the questions."""
        await self.person.sync()
        said = [event for event in await self.person.history(self.room) if event.sender == bot]
        return [event for event in said if relation(event).get("m.in_reply_to", {}).get("event_id") in self.asked]


async def ask_all(asking: Asking, number: int, seconds: float, chance: random.Random, bot: str) -> None:
    for _ in range(number):
        await asyncio.sleep(chance.uniform(0, 2 * seconds / number))
        await asking.ask(chance, bot)


async def kill_bot(bot: RunningBot, chance: random.Random) -> None:
    for _ in range(BOT_KILLS):
        await asyncio.sleep(chance.uniform(0, LONGEST_LIFE))
        await bot.end(signal.SIGKILL)
        await bot.launch()


async def kill_homeserver(running: Homeserver, seconds: float, chance: random.Random) -> None:
    for _ in range(HOMESERVER_KILLS):
        await asyncio.sleep(chance.uniform(0.5, 1.2) * seconds / (HOMESERVER_KILLS + 1))
        await running.kill()
        await asyncio.sleep(chance.uniform(0, 2))
        await running.start()


async def gathering(make_person: MakePerson, bot: RunningBot, home: str) -> list[Asking]:
    """Three people: each in chats of their own, plain and encrypted, and two of them in a room with the bot."""
    people = [await make_person(home) for _ in range(3)]
    asking = []
    for person in people:
        for encrypted in (False, True):
            room = await chat(person, bot, encrypted)
            thread = {"rel_type": "m.thread", "event_id": await person.say(room, "Hallo")}
            await person.wait_for(room, bot.user)
            asking.append(Asking(person, room, thread))
    hall = await shared_room(people[0], people[1], bot, encrypted=True)
    return [*asking, *(Asking(person, hall, None) for person in people[:2])]


async def test_kills_at_random_lose_and_double_no_answer(make_bot: MakeBot, person: MakePerson, tmp_path: Path) -> None:
    seed = os.environ.get("CHAOS_SEED") or secrets.token_hex(4)
    print(f"CHAOS_SEED={seed}")  # noqa: T201 (to repeat the run)
    chance = random.Random(seed)  # noqa: S311 (it protects nothing)
    async with homeserver(tmp_path / "synapse") as running:
        bot = await make_bot(home=running.address)
        await bot.start()
        all_asking = await gathering(person, bot, running.address)
        seconds = BOT_KILLS * LONGEST_LIFE / 2
        async with asyncio.TaskGroup() as tasks:
            for asking in all_asking:
                tasks.create_task(ask_all(asking, QUESTIONS // len(all_asking) + 1, seconds, chance, bot.user))
            tasks.create_task(kill_bot(bot, chance))
            tasks.create_task(kill_homeserver(running, seconds, chance))
        for asking in all_asking:
            await answered_exactly_once(asking, bot)
        await bot.end()
    assert "put aside" not in bot.log.read_text()


async def answered_exactly_once(asking: Asking, bot: RunningBot) -> None:
    async with asyncio.timeout(180):
        while len({relation(each)["m.in_reply_to"]["event_id"] for each in await asking.answers(bot.user)}) < len(
            asking.asked
        ):
            await asyncio.sleep(0.5)
    await asyncio.sleep(QUIET / 4)
    answers = await asking.answers(bot.user)
    times = Counter(relation(each)["m.in_reply_to"]["event_id"] for each in answers)
    assert times == Counter(dict.fromkeys(asking.asked, 1))
    for answer in answers:
        assert asking.asked[relation(answer)["m.in_reply_to"]["event_id"]] in answer.body
