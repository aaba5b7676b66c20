"""Numbers to tap on, and direct chats that the bot opens, on a real homeserver. Only the helpdesk and the store are not
real: the tests say what is to be done about a message."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import nio
import pytest
from aiohttp import web

from bot.adapters.clock import SystemClock
from bot.adapters.homeserver import homeserver
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.colleague import Colleague, register
from bot.adapters.matrix.connection import Connection
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.key_requests import KeyRequests
from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.messages import MatrixMessages
from bot.adapters.matrix.reactions import NUMBERS
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.rooms import Rooms
from bot.adapters.matrix.send import MatrixReplies
from bot.adapters.matrix.session import open_session
from bot.adapters.matrix.signs import Signs
from bot.adapters.matrix.sync import Listener
from bot.config import Matrix
from bot.core.conversation import Quoted
from bot.core.model import Addressed, Feedback, Message, Reaction, Reply
from bot.keys import open_key
from tests.e2e.conftest import PASSWORD, QUIET, MakePerson, in_front_of, relation

OPTIONS = Reply("de", "1. Signal\n2. Wire\n3. Threema\n4. Element")


class Notes:
    """Stands for what the bot does not need here: it notes messages and introductions, and keeps facts."""

    edits = timedelta(0)

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.answers: dict[str, str] = {}
        """By the bot's message, whom it was for."""
        self.facts: dict[str, str] = {}
        self.introductions: list[str] = []
        self.known: list[str] = []
        self.ratings: list[bool] = []

    async def handle(self, message: Message) -> None:
        self.messages.put_nowait(message)

    async def rate(self, feedback: Feedback) -> None:
        self.ratings.append(feedback.helpful)

    async def answered(self, *_: str) -> None:
        return None

    def was_unread(self, _event: object) -> bool:
        return False

    async def takes_part(self, *_: str) -> bool:
        return False

    async def entries_of(self, _room_id: str, event_id: str, sender: str) -> tuple[str, ...] | None:
        return () if self.answers.get(event_id) == sender else None

    async def fact(self, name: str) -> str | None:
        return self.facts.get(name)

    async def keep(self, name: Any, value: Any) -> None:
        if isinstance(name, str):
            self.facts[name] = value

    async def say(self, room: nio.MatrixRoom, _join: Any) -> None:
        self.introductions.append(room.room_id)

    async def take_as_said(self, room_id: str) -> None:
        self.known.append(room_id)

    def readable(self, event: Any) -> Any:
        return event

    async def received(self, _event: Any) -> None:
        return None

    async def work(self, _events: Any) -> list[Any]:
        return []

    async def work_left(self) -> list[Any]:
        return []

    async def seconds_left(self) -> None:
        return None

    async def decline_direct(self, _events: Any) -> None:
        return None

    async def decline(self, *_: Any) -> None:
        return None


class Bot:
    """The Matrix side of the bot, which listens."""

    def __init__(self, client: SafeClient, replies: MatrixReplies, notes: Notes) -> None:
        self.client = client
        self.replies = replies
        self.notes = notes

    @property
    def user(self) -> str:
        return str(self.client.user_id)

    async def hears(self) -> Message:
        """The next message."""
        async with asyncio.timeout(30):
            return await self.notes.messages.get()

    async def answers(self, message: Message) -> str:
        """Answer with options."""
        reply_id = await self.replies.send(message, OPTIONS)
        self.notes.answers[reply_id] = message.sender
        return reply_id

    async def opens_chat(self, message: Message) -> str:
        """A direct chat with the sender, and a word in it."""
        chat = await self.chat(message)
        there = replace(message, room_id=chat, thread=None)
        await self.replies.send(there, Reply("de", "Unter uns"), "direct", rings=True)
        return chat

    async def chat(self, message: Message) -> str:
        """A direct chat with the sender."""
        chat = await self.replies.direct_chat(message)
        assert chat
        return chat.room_id


@asynccontextmanager
async def living(user: str, home: str, folder: Path, notes: Notes) -> AsyncIterator[Bot]:
    """The bot, from a start to a stop."""
    config = Matrix.model_validate({"user": user, "homeserver": home, "password": PASSWORD})
    clock = SystemClock()
    connection = Connection(clock)
    it: Any = notes
    async with (
        open_session(config, folder, open_key(folder), connection) as client,
        Signs(client) as signs,
    ):
        replies = MatrixReplies(client, clock, "notice", signs)
        rooms = Rooms(client, config, clock)
        membership = Membership(client, config, rooms.may_invite, it)
        reception = Reception(client, Inbox(user, it), it, it, it, membership, it, signs)
        stop = asyncio.Event()
        listening = asyncio.create_task(Listener(client, rooms, membership, reception, it, it, it).listen(stop))
        while not connection.synced_at:
            assert not listening.done(), await listening
            await asyncio.sleep(0.05)
        try:
            yield Bot(client, replies, notes)
        finally:
            stop.set()
            await listening


Start = Callable[..., Awaitable[Bot]]


@pytest.fixture
async def start(address: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a bot with an account of its own."""
    async with AsyncExitStack() as stack:

        async def begin(home: str = address) -> Bot:
            user = await register(home, f"tapped{tmp_path.name}".lower().replace("_", "-"), PASSWORD)
            return await stack.enter_async_context(living(user, home, tmp_path / "data", Notes()))

        yield begin


async def numbers(person: Colleague, room: str, event_id: str, least: int = 0) -> list[str]:
    """The reactions to a message, oldest first, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            events = reversed(await person.history(room))
            found = [each.key for each in events if isinstance(each, nio.ReactionEvent) and each.reacts_to == event_id]
            if len(found) >= least:
                return found
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_the_numbers_of_the_options_come_in_order_and_once_and_a_tap_is_a_message(
    start: Start, ada: Colleague, encrypted: bool
) -> None:
    bot = await start()
    room = await ada.create_room(bot.user, encrypted=encrypted, direct=True)
    await ada.wait_until_joined(room, bot.user)
    question = await ada.say(room, "Was darf ich nehmen?")
    asked = await bot.hears()
    answer = await bot.answers(asked)
    bot.replies.offer(asked, answer, 4)
    assert await numbers(ada, room, answer, 4) == list(NUMBERS)
    bot.replies.offer(asked, await bot.answers(asked), 4)  # after a crash
    tap = await ada.react(room, answer, "2️⃣")
    told = await bot.hears()
    assert (told.event_id, told.text, told.reaction) == (tap, None, Reaction(answer, 2))
    assert (told.addressed, told.encrypted) == (Addressed.DIRECT, encrypted)
    assert await numbers(ada, room, answer) == [*NUMBERS, "2️⃣"]
    assert (
        await MatrixMessages(bot.client, KeyRequests(bot.client), Inbox(bot.user, bot.notes)).text(  # type: ignore[arg-type]
            Quoted(room, question), ada.user
        )
        == "Was darf ich nehmen?"
    )
    assert bot.notes.messages.empty()


async def test_a_tap_in_a_thread_of_a_room_is_said_in_that_thread(start: Start, ada: Colleague, bob: Colleague) -> None:
    bot = await start()
    room = await ada.create_room(bob.user, bot.user, encrypted=True)
    await bob.join(room)
    await ada.wait_until_joined(room, bot.user)
    thread = {"rel_type": "m.thread", "event_id": await ada.say(room, "Mal etwas anderes")}
    await ada.say(room, "Was darf ich nehmen?", m_mentions={"user_ids": [bot.user]}, m_relates_to=thread)
    answer = await bot.answers(await bot.hears())
    await bob.react(room, answer, "1️⃣")
    await ada.react(room, answer, "👎")
    told = await bot.hears()
    assert (told.sender, told.reaction) == (ada.user, Reaction(answer, "unhelpful"))
    assert (told.thread, told.addressed) == (thread["event_id"], Addressed.MENTION)
    assert bot.notes.ratings == [False]
    assert relation(await ada.wait_for(room, bot.user))["event_id"] == thread["event_id"]
    await bot.replies.send(told, OPTIONS)
    assert relation(await ada.wait_for(room, bot.user))["m.in_reply_to"] == {"event_id": answer}


async def test_within_the_homeserver_s_limits_numbers_are_left_out_and_no_answer_is(
    start: Start, person: MakePerson, tmp_path: Path
) -> None:
    limits = {"per_second": 0.2, "burst_count": 10}  # Synapse's own
    async with homeserver(tmp_path / "synapse", rc_message=limits) as limiting, AsyncExitStack() as stack:
        user = await register(limiting.address, "auskunft", PASSWORD)
        bot = await stack.enter_async_context(living(user, limiting.address, tmp_path / "limited", Notes()))
        ada = await person(limiting.address)
        room = await ada.create_room(bot.user, direct=True)
        await ada.wait_until_joined(room, bot.user)
        others = [await ada.say(room, "Guten Tag"), await ada.say(room, "Was darf ich nehmen?")]
        _, asked = await bot.hears(), await bot.hears()
        answer = await bot.answers(asked)
        bot.replies.offer(asked, answer, 4)
        assert await numbers(ada, room, answer, 4) == list(NUMBERS)
        for other in others:  # ten in all, but for what joining took
            bot.replies.offer(asked, other, 4)
            await asyncio.sleep(0.5)
        some = [await numbers(ada, room, other) for other in others]
        assert some == [list(NUMBERS[: len(each)]) for each in some]
        assert len(some[1]) < len(NUMBERS)
        await asyncio.sleep(5.5)  # by now there is room for one more
        bot.replies.offer(asked, others[1], 4)
        await asyncio.sleep(0.5)
        assert [await numbers(ada, room, other) for other in others] == some
        for number in range(3):
            await bot.answers(replace(asked, event_id=f"{asked.event_id}{number}"))
        assert await ada.count(room, bot.user, QUIET) == 4


async def call_in_room(bot: Bot, ada: Colleague, bob: Colleague) -> Message:
    """What Ada asks the bot where Bob is."""
    room = await ada.create_room(bob.user, bot.user, encrypted=True)
    await bob.join(room)
    await ada.wait_until_joined(room, bot.user)
    await ada.say(room, "Auskunft bitte", m_mentions={"user_ids": [bot.user]})
    return await bot.hears()


async def test_a_direct_chat_is_opened_and_what_is_said_there_is_readable_and_no_introduction(
    start: Start, ada: Colleague, bob: Colleague
) -> None:
    bot = await start()
    asked = await call_in_room(bot, ada, bob)
    chat = await bot.opens_chat(asked)
    assert chat != asked.room_id
    assert await ada.membership(chat, ada.user) is None  # not joined, so not told
    await ada.join(chat)
    said = await ada.wait_for(chat, bot.user)
    assert said.decrypted
    assert said.body.endswith("Unter uns")
    assert "m.relates_to" not in said.source["content"]
    assert await bot.chat(asked) == chat
    await ada.say(chat, "Danke")
    told = await bot.hears()
    assert (told.room_id, told.addressed, told.encrypted) == (chat, Addressed.DIRECT, True)
    assert await bot.chat(told) == chat
    assert bot.notes.introductions == [asked.room_id]
    assert bot.notes.known == [chat]
    assert await ada.membership(chat, bot.user) == "join"
    await bob.sync()
    assert await bot.chat(replace(asked, sender=bob.user)) not in (chat, asked.room_id)


async def test_after_a_crash_the_chat_that_was_opened_is_found_though_nobody_joined_it(
    address: str, tmp_path: Path, ada: Colleague, bob: Colleague
) -> None:
    user, notes = await register(address, "forgetful", PASSWORD), Notes()
    async with living(user, address, tmp_path / "data", notes) as bot:
        asked = await call_in_room(bot, ada, bob)
        kept = dict(notes.facts)
        chat = await bot.opens_chat(asked)
    notes.facts = kept
    for _ in range(2):
        async with living(user, address, tmp_path / "data", notes) as bot:
            assert await bot.opens_chat(asked) == chat
    await ada.join(chat)
    assert (await ada.wait_for(chat, user)).body.endswith("Unter uns")
    assert await ada.count(chat, user, QUIET) == 0
    assert chat not in notes.introductions


async def test_where_the_answer_to_its_opening_is_lost_or_late_there_is_one_chat_all_the_same(
    start: Start, address: str, ada: Colleague, bob: Colleague
) -> None:
    opened: list[str] = []

    async def answer(request: web.Request) -> web.Response | None:
        if not request.path.endswith("/createRoom"):
            return None
        headers = {"Authorization": request.headers["Authorization"]}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{address}{request.path}", data=await request.read()) as response,
        ):
            opened.append((await response.json())["room_id"])
            await asyncio.sleep(1)  # the next sync tells of it first
            return web.Response(status=502) if len(opened) == 1 else web.json_response({"room_id": opened[-1]})

    async with in_front_of(address, answer) as front:
        bot = await start(front)
        asked = await call_in_room(bot, ada, bob)
        assert await bot.opens_chat(asked) == opened[0]
        assert await bot.opens_chat(replace(asked, sender=bob.user)) == opened[1]
        for account, chat in zip((ada, bob), opened, strict=True):
            await account.join(chat)
            assert (await account.wait_for(chat, bot.user)).body.endswith("Unter uns")
        assert bot.notes.introductions == [asked.room_id]
        assert bot.notes.known == opened
