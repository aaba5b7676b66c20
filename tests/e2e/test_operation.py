"""Starts, restarts, outages, damage and malice, on a real homeserver."""

import asyncio
import json
import re
import signal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import PASSWORD, QUIET, MakeBot, RunningBot, chat, in_front_of, post, relation


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_after_a_restart_nothing_is_answered_twice_and_the_device_is_the_same(
    make_bot: MakeBot, ada: Colleague, number: signal.Signals
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    await ada.wait_for(room, bot.user)
    session = (bot.data / "session.json").read_text()
    code = await bot.end(number)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    await ada.say(room, "Ist Signal erlaubt?")
    await bot.start()
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0
    assert (bot.data / "session.json").read_text() == session


async def test_a_crash_between_reply_and_record_does_not_answer_twice(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    await bot.end()
    store = bot.data / "auskunft.sqlite3"
    before = store.read_bytes()
    await ada.say(room, "Ist Wire erlaubt?")
    await bot.start()
    await ada.wait_for(room, bot.user)
    await bot.end(signal.SIGKILL)
    for file in store.parent.glob("auskunft.sqlite3*"):
        file.unlink()
    store.write_bytes(before)  # as if the process had died before anything was recorded
    await bot.start()
    await ada.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_messages_that_were_missed_are_all_answered_in_order(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    thread = {"rel_type": "m.thread", "event_id": await ada.say(room, "Hallo")}
    await ada.wait_for(room, bot.user)
    await bot.end()
    asked = [await ada.say(room, f"Ist Signal erlaubt? Frage {number}", m_relates_to=thread) for number in range(60)]
    await bot.start()
    answered = [relation(await ada.wait_for(room, bot.user))["m.in_reply_to"]["event_id"] for _ in range(60)]
    assert answered == asked
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_kills_at_any_instant_lose_and_double_nothing_in_plain_and_encrypted_rooms(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    rooms = [await chat(ada, bot, encrypted) for encrypted in (False, True, False)]
    threads: dict[str, dict[str, str]] = {}
    for room in rooms:
        threads[room] = {"rel_type": "m.thread", "event_id": await ada.say(room, "Hallo")}
        await ada.wait_for(room, bot.user)
    asked: dict[str, list[str]] = {room: [] for room in rooms}

    async def ask(number: int) -> None:
        for room in rooms:
            text = f"Ist Signal erlaubt? Frage {number}"
            asked[room].append(await ada.say(room, text, m_relates_to=threads[room]))

    for instant in (0.0, 0.15, 0.4):
        for number in range(8):
            await ask(number)
        await asyncio.sleep(instant)
        await bot.end(signal.SIGKILL)
        for number in range(8):
            await ask(number)
        await bot.start()
    for room in rooms:
        answers = [await ada.wait_for(room, bot.user, 60) for _ in asked[room]]
        assert [relation(answer)["m.in_reply_to"]["event_id"] for answer in answers] == asked[room]
        assert await ada.count(room, bot.user, QUIET) == 0


async def test_a_redacted_question_that_was_missed_is_not_answered(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    await bot.end()
    await ada.redact(room, await ada.say(room, "Ist Signal erlaubt?"))
    await bot.start()
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_what_is_answered_late_notifies_with_a_mention(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot)
    await bot.end()
    question = await ada.say(room, "Ist Signal erlaubt?")
    await asyncio.sleep(11)
    await bot.start()
    answer = await ada.wait_for(room, bot.user)
    assert answer.source["content"]["msgtype"] == "m.text"
    assert answer.source["content"]["m.mentions"] == {"user_ids": [ada.user]}
    assert relation(answer) == {"m.in_reply_to": {"event_id": question}}


async def test_the_bot_introduces_itself_with_name_and_picture(make_bot: MakeBot, address: str, tmp_path: Path) -> None:
    avatar = tmp_path / "bot.png"
    avatar.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 64)
    bot = await make_bot(display_name="Frag mich", avatar=str(avatar))
    await bot.start()
    async with aiohttp.ClientSession() as http, http.get(f"{address}/_matrix/client/v3/profile/{bot.user}") as response:
        profile = await response.json()
    assert profile["displayname"] == "Frag mich"
    assert profile["avatar_url"].startswith("mxc://uni.test/")


async def test_an_access_token_with_its_device_serves_where_there_is_no_password(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    bot = await make_bot()
    async with aiohttp.ClientSession() as http:
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": bot.user},
            "password": PASSWORD,
        }
        async with http.post(f"{address}/_matrix/client/v3/login", json=login) as response:
            session = await response.json()
    settings = {"user": bot.user, "homeserver": address, "device_id": session["device_id"]}
    bot.config.write_text(json.dumps({"matrix": settings}))
    bot.environment["AUSKUNFT_MATRIX__ACCESS_TOKEN"] = session["access_token"]
    await bot.start()
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body


async def test_the_homeserver_is_found_through_the_domain_s_well_known_file(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        told = request.path == "/.well-known/matrix/client"
        return web.json_response(
            {"m.homeserver": {"base_url": f"{address}/"}} if told else {}, status=200 if told else 404
        )

    async with in_front_of(address, answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        room = await chat(ada, bot)
        await ada.say(room, "Ist Wire erlaubt?")
        assert "Wire" in (await ada.wait_for(room, bot.user)).body


@pytest.mark.parametrize(
    ("matrix", "code", "told"),
    [
        ({"password": "wrong"}, 2, "cannot log in"),
        ({"password": None, "access_token": "nonsense", "device_id": "X"}, 3, "access token"),
    ],
)
async def test_an_account_that_cannot_be_used_ends_with_one_clear_line(
    make_bot: MakeBot, matrix: dict[str, object], code: int, told: str
) -> None:
    bot = await make_bot(**matrix)
    if matrix["password"] is None:
        bot.config.write_text(bot.config.read_text().replace("  password: null\n", ""))
    await bot.launch()
    assert told in await bot.gives_up(code)


async def test_a_revoked_token_without_a_password_ends_the_bot_with_its_own_exit_code(
    make_bot: MakeBot, address: str
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    token = bot.session["token"]
    settings = {"user": bot.user, "homeserver": address, "device_id": bot.session["device"], "access_token": token}
    bot.config.write_text(json.dumps({"matrix": settings}))
    await bot.start()
    assert (await post(address, token, "/logout", {}))[0] == 200
    assert "revoked" in await bot.gives_up(3)


async def test_an_address_without_a_homeserver_ends_with_one_clear_line(make_bot: MakeBot) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with in_front_of("", answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.launch()
        assert "there is no Matrix homeserver at" in await bot.gives_up(2)


async def test_a_homeserver_that_is_away_at_the_start_is_waited_for_and_told(make_bot: MakeBot) -> None:
    bot = await make_bot(homeserver="http://127.0.0.1:1")
    process = await bot.launch()
    await bot.says("cannot be reached")
    assert process.returncode is None
    assert await bot.end() == 0


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_garbage_that_claims_to_be_encrypted_stops_nobody(
    make_bot: MakeBot, ada: Colleague, bob: Colleague, encrypted: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot, encrypted)
    garbage = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": "",
        "ciphertext": "AAAA",
        "session_id": "x",
        "device_id": "D",
    }
    await ada.send_raw(room, "m.room.encrypted", garbage)
    olm = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": "k" * 43}
    own_key = re.findall(r"[A-Za-z0-9+/]{43}", json.dumps(await bob.device_keys(bot.user)))
    boxes = {key: {"type": 0, "body": "garbage"} for key in own_key}
    await bob.put(
        "/_matrix/client/v3/sendToDevice/m.room.encrypted/1",
        {"messages": {bot.user: {"*": {**olm, "ciphertext": boxes}}}},
    )
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body
    assert "could not be read" in bot.log.read_text()
    assert "could not decrypt" in (await ada.wait_for(room, bot.user, 60)).body  # what waited is looked at again
    await bot.end()
    await bot.start()
    await ada.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    assert bot.process
    assert bot.process.returncode is None


async def test_a_homeserver_that_stumbles_for_a_moment_costs_no_answer(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    stumbles = iter([502, 503])

    async def answer(request: web.Request) -> web.Response | None:
        status = next(stumbles, None) if "/send/" in request.path else None
        return web.Response(status=status, text="<h1>Oh</h1>", content_type="text/html") if status else None

    async with in_front_of(address, answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        room = await chat(ada, bot)
        await ada.say(room, "Ist Wire erlaubt?")
        assert "Wire" in (await ada.wait_for(room, bot.user, 60)).body
        assert await bot.end() == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("session.json", b"{", "session.json is damaged"),
        ("key", b"", "is no key"),
        ("key", b"k" * 32, "encryption keys"),
        ("auskunft.sqlite3", b"no database at all" * 1000, "auskunft.sqlite3: it is damaged"),
    ],
)
async def test_a_damaged_data_folder_ends_with_one_clear_line(
    make_bot: MakeBot, name: str, content: bytes, told: str
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    (bot.data / name).write_bytes(content)
    await bot.launch()
    assert told in await bot.gives_up(2)


async def test_a_second_bot_on_the_same_data_folder_is_refused(bot: RunningBot) -> None:
    second = RunningBot(bot.user, bot.config.with_name("second.yaml"))
    second.config.write_text(bot.config.read_text())
    process = await second.launch()
    assert await asyncio.wait_for(process.wait(), 30) == 2
    assert "another bot runs" in bot.log.read_text()


async def test_the_log_names_nobody_and_holds_no_text(bot: RunningBot, ada: Colleague) -> None:
    room = await chat(ada, bot)
    await ada.say(room, "Ist Signal geheimnisvoll?")
    await ada.wait_for(room, bot.user)
    log = bot.log.read_text()
    assert ada.user not in log
    assert room not in log
    assert "geheimnisvoll" not in log
