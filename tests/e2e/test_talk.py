"""How the bot talks, on a real homeserver: receipts, typing, threads, mentions, its pace, other bots, reactions."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, relation, shared_room
from tests.e2e.test_second_thoughts import edit

DEFAULT: dict[str, int] = {}
"""The limits that an admin has who sets none."""
QUESTIONS = [f"Darf ich {name} nutzen?" for name in ("WhatsApp", "Signal", "Threema", "Wire", "Element", "Skype")]


class Proxy:
    """Stands before a homeserver, notes what is asked, and lets wait what its `slow` words stand in."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.address = ""
        self.slow: dict[str, float] = {}
        """By a part of the path, the seconds that it waits."""
        self.paths: list[str] = []

    def count(self, word: str) -> int:
        return sum(word in path for path in self.paths)

    async def pass_on(self, request: web.Request) -> web.Response:
        if request.path.startswith("/.well-known/"):  # it would lead around the proxy
            return web.Response(status=404)
        self.paths.append(request.path)
        await asyncio.sleep(sum(seconds for word, seconds in self.slow.items() if word in request.path))
        headers = {key: value for key, value in request.headers.items() if key in ("Authorization", "Content-Type")}
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                request.method, self.behind + request.raw_path, data=await request.read(), headers=headers
            ) as response,
        ):
            return web.Response(status=response.status, body=await response.read(), content_type=response.content_type)


@asynccontextmanager
async def proxy(address: str) -> AsyncIterator[Proxy]:
    standing = Proxy(address)
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/{path:.*}", standing.pass_on)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    standing.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield standing
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_what_was_handled_counts_as_read(bot: RunningBot, ada: Colleague, encrypted: bool) -> None:
    room = await chat(ada, bot, encrypted)
    question = await ada.say(room, "Ist Signal erlaubt?")
    await ada.wait_until_read(room, question, bot.user)
    thread = {"rel_type": "m.thread", "event_id": question}
    in_thread = await ada.say(room, "Und Wire?", m_relates_to=thread)
    await ada.wait_until_read(room, in_thread, bot.user)


async def test_in_a_room_only_what_is_for_the_bot_gets_a_receipt(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await shared_room(ada, bob, bot)
    chatter = await bob.say(room, "Kommt jemand mit essen?")
    question = await bob.say(room, "Ist Signal erlaubt?", m_mentions={"user_ids": [bot.user]})
    await ada.wait_until_read(room, question, bot.user)
    more = await bob.say(room, "Um zwölf?")
    await ada.count(room, bot.user, QUIET)
    assert not {chatter, more} & set(ada.read_by(room, bot.user))


async def test_receipts_are_few_and_never_awaited_and_typing_is_shown_only_while_an_answer_takes_long(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    async with proxy(address) as between:
        bot = await make_bot(homeserver=between.address)
        await bot.start()
        room = await chat(ada, bot)
        between.slow = {"/receipt/": 5}
        asked = [await ada.say(room, text) for text in QUESTIONS]
        for _ in asked:
            await ada.wait_for(room, bot.user)
        assert ada.read_by(room, bot.user) == []
        await ada.wait_until_read(room, asked[-1], bot.user)
        assert between.count("/receipt/") < len(asked)

        between.slow = {"/send/m.room.message": 2}
        await ada.say(room, "Ist Signal erlaubt?")
        await ada.wait_for_typing(room, [bot.user])
        await ada.wait_for(room, bot.user)
        await ada.wait_for_typing(room, [])
        await bot.end()


async def test_typing_that_is_slow_holds_up_no_answer(make_bot: MakeBot, ada: Colleague, address: str) -> None:
    async with proxy(address) as between:
        bot = await make_bot(homeserver=between.address)
        await bot.start()
        room = await chat(ada, bot)
        between.slow = {"/typing/": 60, "/send/m.room.message": 1.5}
        question = await ada.say(room, "Ist Signal erlaubt?")
        await ada.wait_for(room, bot.user)
        await ada.wait_until_read(room, question, bot.user)
        assert between.count("/typing/") == 1
        assert await bot.end() == 0


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_reply_within_a_thread_is_answered_in_that_thread(
    bot: RunningBot, ada: Colleague, bob: Colleague, encrypted: bool
) -> None:
    room = await shared_room(ada, bob, bot, encrypted)
    root = await ada.say(room, "Mal etwas anderes")
    other = await ada.say(room, "Wer weiß das?", m_relates_to={"rel_type": "m.thread", "event_id": root})
    in_reply = {"m.in_reply_to": {"event_id": other}, "is_falling_back": False}
    question = await ada.say(
        room,
        "Ist Signal erlaubt?",
        m_mentions={"user_ids": [bot.user]},
        m_relates_to={"rel_type": "m.thread", "event_id": root, **in_reply},
    )
    assert relation(await ada.wait_for(room, bot.user)) == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": question},
    }
    question = await ada.say(
        room,
        "Ist Wire erlaubt?",
        m_mentions={"user_ids": [bot.user]},
        m_relates_to={"m.in_reply_to": {"event_id": other}},
    )
    assert relation(await ada.wait_for(room, bot.user)) == {"m.in_reply_to": {"event_id": question}}


@pytest.mark.parametrize(
    "garbage",
    [
        [],
        "thread",
        {"rel_type": "m.thread"},
        {"rel_type": "m.thread", "event_id": ["$x"]},
        {"rel_type": {}, "event_id": "$x"},
        {"m.in_reply_to": "$x"},
        {"rel_type": "m.thread", "event_id": "@ada:uni.test", "is_falling_back": "no"},
    ],
)
async def test_a_question_with_a_broken_relation_is_answered_as_if_it_had_none(
    bot: RunningBot, ada: Colleague, bob: Colleague, garbage: Any
) -> None:
    room = await shared_room(ada, bob, bot)
    content = {"msgtype": "m.text", "body": "Ist Signal erlaubt?", "m.mentions": {"user_ids": [bot.user]}}
    try:
        await ada.send_raw(room, "m.room.message", {**content, "m.relates_to": garbage})
    except aiohttp.ClientResponseError as error:
        assert error.status == 400  # noqa: PT017 (this homeserver keeps it out; others may not)
        return
    answer = await ada.wait_for(room, bot.user)
    assert list(relation(answer)) == ["m.in_reply_to"]
    assert "Signal" in answer.body


async def test_an_edit_that_is_the_first_to_mention_the_bot_is_answered_once(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await shared_room(ada, bob, bot)
    mention = {"m.mentions": {"user_ids": [bot.user]}}
    question = await ada.say(room, "Ist Signal erlaubt?")
    await edit(bob, room, question, "Ist Threema erlaubt?", **mention)
    assert await ada.count(room, bot.user, QUIET) == 0
    await edit(ada, room, question, "Auskunft: Ist Signal erlaubt?", **mention)
    answer = await ada.wait_for(room, bot.user)
    assert relation(answer) == {"m.in_reply_to": {"event_id": question}}
    await edit(ada, room, question, "Auskunft: Ist Wire erlaubt?", **mention)
    assert relation(await ada.wait_for(room, bot.user)) == {"rel_type": "m.replace", "event_id": answer.event_id}
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_quotations_addresses_and_others_mentions_call_nobody(
    bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    room = await shared_room(ada, bob, bot)
    pill = f'<a href="https://matrix.to/#/{bot.user}">Auskunft</a>'
    html = {"format": "org.matrix.custom.html"}
    await ada.say(room, f"siehe https://matrix.to/#/{bot.user}")
    await ada.say(
        room, f"> <{bot.user}> Auskunft: Nein\n\nSchade", **html, formatted_body=f"<mx-reply>{pill}</mx-reply>Schade"
    )
    await ada.say(room, "Auskunft: hi", **html, formatted_body=pill.replace(bot.user, bob.user) + ": hi")
    await ada.say(room, "@room Auskunft: alle", m_mentions={"room": True})
    await ada.send(
        room, "m.room.message", {"msgtype": "m.notice", "body": "Auskunft: hi", "m.mentions": {"user_ids": [bot.user]}}
    )
    assert await ada.count(room, bot.user, QUIET) == 0
    await ada.say(room, "AUSKUNFT: Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body


async def test_a_flood_is_told_once_to_slow_down_and_nobody_else_notices(
    make_bot: MakeBot, ada: Colleague, bob: Colleague
) -> None:
    bot = await make_bot(questions={"burst": 3, "per_minute": 1})
    await bot.start()
    room, other = await chat(ada, bot), await chat(bob, bot)
    for text in QUESTIONS:
        await ada.say(room, text)
    answers = [(await ada.wait_for(room, bot.user)).body for _ in range(4)]
    assert [text.startswith("Das waren mehr Nachrichten") for text in answers] == [False] * 3 + [True]
    assert await ada.count(room, bot.user, QUIET) == 0
    await bob.say(other, "Ist Signal erlaubt?")
    assert "Signal" in (await bob.wait_for(other, bot.user)).body
    await bot.end()
    await bot.start()
    assert await ada.count(room, bot.user, QUIET) == 0  # what was ignored is not answered later either
    await ada.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body


@pytest.mark.parametrize(
    ("says", "most"),
    [("Sorry, I did not understand. Try help.", 4), ("{number}: {body}", 14)],
    ids=["canned", "varied"],
)
async def test_an_exchange_with_a_bot_that_answers_every_answer_ends(
    make_bot: MakeBot, ada: Colleague, says: str, most: int
) -> None:
    bot = await make_bot(questions=DEFAULT, answers="text")
    await bot.start()
    room = await chat(ada, bot)
    await ada.say(room, "Hello")
    exchanges = 0
    with suppress(TimeoutError):
        while exchanges < 30:
            answer = await ada.wait_for(room, bot.user, 3 * QUIET)
            exchanges += 1
            await ada.say(room, says.format(number=exchanges, body=answer.body))
    assert 3 <= exchanges <= most


async def test_a_person_with_eight_quick_questions_is_not_cut_off(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot(questions=DEFAULT)
    await bot.start()
    room = await chat(ada, bot)
    for number in range(8):
        await ada.say(room, f"{number}. Wann öffnet heute die Mensa in Haus {number}?")
        assert not (await ada.wait_for(room, bot.user)).body.startswith("Das waren viele")


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_the_asker_s_thumbs_are_counted_by_entry_and_a_thumb_down_is_answered_once(
    make_bot: MakeBot, ada: Colleague, bob: Colleague, encrypted: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await shared_room(ada, bob, bot, encrypted)
    question = await ada.say(room, "Ist Signal erlaubt?", m_mentions={"user_ids": [bot.user]})
    answer = (await ada.wait_for(room, bot.user)).event_id

    def counted() -> list[tuple[str, int, int]]:
        with sqlite3.connect(bot.config.parent / "data" / "auskunft.sqlite3") as store:
            return store.execute("SELECT * FROM feedback").fetchall()

    await bob.react(room, answer, "👎")
    await ada.react(room, question, "👎")
    await ada.react(room, answer, "❤️")
    up = await ada.react(room, answer, "👍🏽")
    await ada.react(room, answer, "👍")
    await until(lambda: counted() == [("signal", 1, 0)])
    await ada.redact(room, up)
    await until(lambda: counted() == [("signal", 0, 0)])
    await ada.react(room, answer, "👎")
    await until(lambda: counted() == [("signal", 0, 1)])
    assert await ada.count(room, bot.user, QUIET) == 1
