"""Chaos: colleagues ask while the bot and the homeserver are killed again and again; then the books are checked.

What must hold in every room, plain or encrypted: the n-th message of the bot is the answer to the n-th question, word
for word, and readable. The short run is a test, the long one `make chaos`.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import nio
import yaml

from bot.adapters.faq.knowledge import load
from bot.adapters.homeserver import Homeserver, homeserver, stop
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.colleague import register
from bot.adapters.matrix.errors import Answered, MatrixError, accepted
from bot.core.conversation import Conversation
from bot.core.decision import Answer
from bot.core.desk import Desk
from bot.core.render import render
from bot.core.situation import Manners
from tests.conftest import CONTACT, NOW, message
from tests.e2e.conftest import PASSWORD, RunningBot

_AGAIN = 0.2
"""Seconds until what the homeserver did not answer is asked once more."""
_ANSWERED = 180.0
"""Seconds after the last question in which all must be answered."""
_QUIET = 2.0
"""Seconds in which an answer too many would come."""
_AIMS = ("starting", "asked", "answered", "any")
"""When the bot is killed: while it starts, just after a question, just after an answer, or whenever."""


@dataclass(frozen=True)
class Plan:
    """How much chaos."""

    questions: int
    bot_kills: int
    homeserver_kills: int
    colleagues: int
    seed: str


@dataclass
class Report:
    """What came of it."""

    faults: list[str]
    questions: int
    bot_kills: int
    homeserver_kills: int
    seconds: float
    by_aim: dict[str, int]

    def __str__(self) -> str:
        aims = ", ".join(f"{count} {aim}" for aim, count in self.by_aim.items())
        verdict = "\n".join(self.faults) or "each question has exactly one answer, the right one, in order, readable"
        return (
            f"{self.questions} questions, {self.bot_kills} kills of the bot ({aims}), {self.homeserver_kills} of the "
            f"homeserver, {self.seconds:.0f} s: {verdict}"
        )


@dataclass
class _Room:
    """A room with the bot, and those who ask in it."""

    name: str
    id: str
    askers: list["_Asker"]
    is_shared: bool
    threads: bool
    introduction: frozenset[str] = frozenset()
    """The event ids of what the bot said of itself before anybody asked."""
    asked: dict[str, "_Due"] = field(default_factory=dict)
    """What is due, by the question's event id."""


@dataclass(frozen=True)
class _Due:
    """The answer that a question must have."""

    body: str
    relates: bool
    """Whether it must name the question: in a direct chat, outside of threads, only late answers do."""


class _Asker:
    """A colleague's client that nothing discourages: what fails is sent again, under the same transaction id."""

    def __init__(self, client: SafeClient, chance: random.Random) -> None:
        self.client = client
        self.news = asyncio.Event()
        """Set whenever somebody else wrote something."""
        self._chance = chance
        self._since: str | None = None

    async def insist(self, ask: Callable[[], Awaitable[Answered | nio.ErrorResponse]]) -> Answered:
        """What the homeserver answers in the end."""
        while True:
            try:
                return accepted(await ask(), "something")
            except (MatrixError, aiohttp.ClientError, TimeoutError, OSError):
                await asyncio.sleep(_AGAIN)

    async def say(self, room: _Room, text: str, mentioned: str, thread: str | None = None) -> str:
        """Write; the event id. Now and then under new keys, as after a restart of the client."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if room.is_shared:
            content["m.mentions"] = {"user_ids": [mentioned]}
        if thread:
            content["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread}
        if self._chance.random() < 0.2:
            self.client.invalidate_outbound_session(room.id)
        transaction = f"chaos{self._chance.getrandbits(64)}"
        sent = await self.insist(
            lambda: self.client.room_send(room.id, "m.room.message", dict(content), transaction, True)
        )
        return str(sent.event_id)

    async def listen(self) -> None:
        """Take in what comes, for ever."""
        while True:
            await self.sync(1000)

    async def sync(self, timeout: int = 0) -> None:
        answer = await self.insist(
            lambda: self.client.sync(timeout, {"presence": {"types": []}}, self._since, full_state=self._since is None)
        )
        self._since = answer.next_batch
        if self.client.should_upload_keys:
            await self.insist(self.client.keys_upload)
        if self.client.should_query_keys:
            await self.insist(self.client.keys_query)
        told = (event for room in answer.rooms.join.values() for event in room.timeline.events)
        if any(getattr(event, "sender", None) != self.client.user_id for event in told):
            self.news.set()

    async def history(self, room_id: str) -> list[Any]:
        """All that was written in the room, oldest first, decrypted."""
        events: list[Any] = []
        start: str | None = ""
        while start is not None:
            back = nio.MessageDirection.back
            page = await self.insist(partial(self.client.room_messages, room_id, start, direction=back, limit=200))
            events += page.chunk
            start = page.end if page.chunk else None
        return events[::-1]


class _Exam:
    """Questions whose answer the FAQ knows for sure; the pure desk tells which it must be."""

    def __init__(self, chance: random.Random) -> None:
        knowledge = load()
        self._desk = Desk(knowledge, CONTACT, manners=Manners(passes_on=False))
        self._titles = [entry.title(language) for entry in knowledge.entries for language in ("de", "en")]
        self._chance = chance
        self._number = 0

    def question(self) -> tuple[str, str]:
        """A question with a number of its own, and its answer."""
        self._number += 1
        while True:
            text = f"{self._chance.choice(self._titles)} ({self._number})"
            turns = [self._desk.consider(Conversation(language=each), message(text), NOW) for each in ("de", "en")]
            if isinstance(turns[0].decision, Answer) and turns[0].reply == turns[1].reply and turns[0].reply:
                return text, render(turns[0].reply.markdown).body


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, running: Homeserver, bot: RunningBot, askers: list[_Asker]) -> None:
        self._plan = plan
        self._homeserver = running
        self._bot = bot
        self._askers = askers
        self._chance = random.Random(plan.seed)
        self._exam = _Exam(self._chance)
        self._rooms: list[_Room] = []
        self._asked = asyncio.Event()
        self._released = asyncio.Condition()
        self._killed = 0
        self._launched_at = 0
        """The size of the bot's log when it was launched last."""
        self._by_aim = dict.fromkeys(_AIMS, 0)

    async def run(self) -> Report:
        """Kill and ask, then let all come to rest, and look what is in the rooms."""
        began = time.monotonic()
        await self._bot.start()
        await self._furnish()
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(asker.listen()) for asker in self._askers]
            asking = [
                tasks.create_task(self._ask(asker, number, random.Random(self._chance.getrandbits(64))))
                for number, asker in enumerate(self._askers)
            ]
            await self._kill()
            await asyncio.wait(asking)
            faults = await self._settled()
            for task in listening:
                task.cancel()
        plan, seconds = self._plan, time.monotonic() - began
        asked = sum(len(room.asked) for room in self._rooms)
        return Report(faults, asked, self._killed, plan.homeserver_kills, seconds, self._by_aim)

    async def _furnish(self) -> None:
        """Direct chats, plain and encrypted, with and without threads; rooms with two colleagues."""
        for number, asker in enumerate(self._askers):
            for encrypted in (False, True):
                name = f"direct {number} {'encrypted' if encrypted else 'plain'}"
                await self._make_room(name, [asker], encrypted, threads=(number + encrypted) % 2 == 1)
        for number in range(0, len(self._askers) - 1, 2):
            for encrypted in (False, True):
                name = f"shared {number} {'encrypted' if encrypted else 'plain'}"
                await self._make_room(name, self._askers[number : number + 2], encrypted)

    async def _make_room(self, name: str, askers: list[_Asker], encrypted: bool, threads: bool = False) -> None:
        first, *others = askers
        state = [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}] if encrypted else []
        invited = [self._bot.user, *(other.client.user_id for other in others)]
        made = await first.insist(
            lambda: first.client.room_create(invite=invited, is_direct=not others, initial_state=state)
        )
        room = _Room(name, made.room_id, askers, is_shared=bool(others), threads=threads)
        for other in others:
            await other.insist(partial(other.client.join, room.id))
        async with asyncio.timeout(60):
            for asker in askers:
                await asker.sync()
                while len(asker.client.rooms[room.id].users) < len(askers) + 1 or self._bot_is_invited(asker, room):
                    await asker.sync(200)
            while not room.introduction:
                await asyncio.sleep(_AGAIN)
                said = await first.history(room.id)
                room.introduction = frozenset(
                    event.event_id
                    for event in said
                    if event.sender == self._bot.user and isinstance(event, nio.RoomMessage | nio.MegolmEvent)
                )
        self._rooms.append(room)

    def _bot_is_invited(self, asker: _Asker, room: _Room) -> bool:
        return self._bot.user in asker.client.rooms[room.id].invited_users

    async def _ask(self, asker: _Asker, number: int, chance: random.Random) -> None:
        """Ask the asker's share of the questions, as they are released."""
        rooms = [room for room in self._rooms if asker in room.askers]
        for mine in range(number, self._plan.questions, len(self._askers)):
            async with self._released:
                await self._released.wait_for(partial(self._is_due, mine))
            await asyncio.sleep(chance.choice((0.0, 0.0, chance.random())))
            room = chance.choice(rooms)
            text, answer = self._exam.question()
            thread = next(iter(room.asked), None) if room.threads else None
            question = await asker.say(room, text, self._bot.user, thread)
            room.asked[question] = _Due(answer, relates=room.is_shared or thread is not None)
            self._asked.set()

    def _is_due(self, question: int) -> bool:
        """Whether the question may be asked by now: each kill gets its share."""
        return question < self._plan.questions * (self._killed + 1) / (self._plan.bot_kills + 1)

    async def _kill(self) -> None:
        outages = set(self._chance.sample(range(self._plan.bot_kills), self._plan.homeserver_kills))
        for number in range(self._plan.bot_kills):
            outage = asyncio.create_task(self._outage()) if number in outages else None
            aim = _AIMS[number % len(_AIMS)]
            await self._take(aim, waits=outage is None)
            assert self._bot.process
            assert self._bot.process.returncode is None, self._bot.log.read_text()[-2000:]
            self._bot.process.kill()
            await self._bot.process.wait()
            self._by_aim[aim] += 1
            async with self._released:
                self._killed += 1
                self._released.notify_all()
            await asyncio.sleep(self._chance.random() / 2)
            if outage:
                await outage
            self._launched_at = self._bot.log.stat().st_size
            await self._bot.launch()

    async def _take(self, aim: str, waits: bool) -> None:
        """Wait for the instant of the next kill."""
        if aim == "starting":
            await asyncio.sleep(3 * self._chance.random())
            return
        if waits:
            await self._listening()
        if aim == "any":
            await asyncio.sleep(2 * self._chance.random())
            return
        signs = [self._asked] if aim == "asked" else [asker.news for asker in self._askers]
        for sign in signs:
            sign.clear()
        waiting = [asyncio.create_task(sign.wait()) for sign in signs]
        await asyncio.wait(waiting, timeout=3, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.sleep((0.15 if aim == "asked" else 0.03) * self._chance.random())

    async def _listening(self) -> None:
        """Until the bot that was launched last listens, or for a while."""
        for _ in range(300):
            if b"listening" in self._bot.log.read_bytes()[self._launched_at :]:
                return
            await asyncio.sleep(0.1)

    async def _outage(self) -> None:
        await asyncio.sleep(3 * self._chance.random())
        await self._homeserver.kill()
        await asyncio.sleep(2 * self._chance.random())
        await self._homeserver.start()

    async def _settled(self) -> list[str]:
        """What is wrong once all is at rest. A last restart must change nothing."""
        deadline = time.monotonic() + _ANSWERED
        while await self._faults() and time.monotonic() < deadline:
            await asyncio.sleep(1)
        await self._bot.end()
        await self._bot.start()
        await asyncio.sleep(_QUIET)
        return await self._faults()

    async def _faults(self) -> list[str]:
        return [fault for room in self._rooms for fault in await self._faults_in(room)]

    async def _faults_in(self, room: _Room) -> list[str]:
        events = await room.askers[0].history(room.id)
        people = {asker.client.user_id for asker in room.askers}
        written = (nio.RoomMessage, nio.MegolmEvent)
        asked = [e.event_id for e in events if isinstance(e, written) and e.sender in people]
        answers = [e for e in events if isinstance(e, written) and e.sender == self._bot.user]
        answers = [answer for answer in answers if answer.event_id not in room.introduction]
        faults = []
        if sorted(asked) != sorted(room.asked):
            faults.append(f"{room.name}: {len(room.asked)} questions became {len(asked)}")
        if len(answers) != len(asked):
            faults.append(f"{room.name}: {len(asked)} questions, {len(answers)} answers")
        for number, (question, answer) in enumerate(zip(asked, answers, strict=False)):
            if fault := self._fault(room, question, answer):
                faults.append(f"{room.name}, question {number} ({question}): {fault}")
                break
        return faults

    def _fault(self, room: _Room, question: str, answer: Any) -> str | None:
        """What is wrong with the answer to a question."""
        if isinstance(answer, nio.MegolmEvent):
            return f"the answer {answer.event_id} cannot be read"
        due = room.asked.get(question)
        relation = answer.source["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
        if due is None:
            return "nobody asked it"
        if relation != question and (relation or due.relates):
            return f"the answer {answer.event_id} is to {relation}: {answer.body[:60]!r}"
        if not answer.body.endswith(due.body):
            return f"the answer {answer.event_id} is another one: {answer.body[:60]!r}"
        return None


async def run(plan: Plan, folder: Path) -> Report:
    """One run, with a homeserver, a bot and colleagues of its own, their data in `folder`."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(homeserver(folder / "synapse"))
        bot = RunningBot(await register(running.address, "auskunft", PASSWORD), folder / "bot" / "config.yaml")
        bot.config.parent.mkdir()
        unlimited = {"per_minute": 0, "per_day": 0}
        matrix = {"user": bot.user, "homeserver": running.address, "password": PASSWORD, "questions": unlimited}
        bot.config.write_text(yaml.safe_dump({"matrix": matrix}))
        chance = random.Random(plan.seed)
        askers = [
            await stack.enter_async_context(_asker(running.address, folder / f"asker{number}", chance.getrandbits(64)))
            for number in range(plan.colleagues)
        ]
        try:
            return await Chaos(plan, running, bot, askers).run()
        finally:
            if bot.process:
                await stop(bot.process)


@asynccontextmanager
async def _asker(address: str, folder: Path, seed: int) -> AsyncIterator[_Asker]:
    folder.mkdir()
    user = await register(address, folder.name, PASSWORD)
    config = nio.AsyncClientConfig(max_timeouts=0)
    client = SafeClient(address, user, store_path=str(folder), config=config)
    try:
        accepted(await client.login(PASSWORD), "to log in")
        asker = _Asker(client, random.Random(seed))
        await asker.sync()
        yield asker
    finally:
        await client.close()
