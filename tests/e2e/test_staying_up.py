"""Outages, limits, expired sessions, full disks and damage: the bot waits or says what is wrong, and loses nothing."""

import asyncio
import hmac
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.adapters.homeserver import Homeserver, homeserver
from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import PASSWORD, QUIET, MakeBot, MakePerson, RunningBot, chat, in_front_of, relation

AWAY, BACK = "the homeserver cannot be reached", "the homeserver answers again, after 0:00:"
SECRET = "a secret of the homeserver"
SMALL = 4096
"""Bytes to which no database can be written, but a line of the log."""


@pytest.fixture
async def own_homeserver(tmp_path: Path) -> AsyncIterator[Homeserver]:
    """A homeserver for one test, which may do to it what it likes; it limits as Synapse does, if more quickly."""
    limits = {"per_second": 0.5, "burst_count": 10}
    async with homeserver(tmp_path / "synapse", rc_message=limits, registration_shared_secret=SECRET) as running:
        yield running


def fill_disk(bot: RunningBot, size: int = SMALL) -> None:
    """Let the bot write no file beyond `size`: SQLite meets what it meets on a full disk."""
    assert bot.process
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (size, size))


async def test_an_outage_is_told_once_and_what_was_asked_around_it_is_answered_once(
    own_homeserver: Homeserver, make_bot: MakeBot, person: MakePerson
) -> None:
    bot, ada = await make_bot(home=own_homeserver.address), await person(own_homeserver.address)
    await bot.start()
    rooms = [await chat(ada, bot, encrypted) for encrypted in (False, True)]
    for room in rooms:
        await ada.say(room, "Ist Wire erlaubt?")
    await own_homeserver.kill()
    await bot.says(AWAY)
    await asyncio.sleep(3)  # so that several requests fail several times
    await own_homeserver.start()
    for room in rooms:
        assert "Wire" in (await ada.wait_for(room, bot.user, 60)).body
        await ada.say(room, "Ist Signal erlaubt?")
        assert "Signal" in (await ada.wait_for(room, bot.user, 60)).body
        assert await ada.count(room, bot.user, 1) == 0
    await bot.says(BACK)
    log = bot.log.read_text()
    assert (log.count(AWAY), log.count(BACK), log.count("ERROR")) == (1, 1, 0)
    last = [line for line in log.splitlines() if " WARNING " in line]
    assert [AWAY in last[-2], BACK in last[-1]] == [True, True], log


async def test_within_the_homeserver_s_limits_every_question_gets_its_one_answer(
    own_homeserver: Homeserver, make_bot: MakeBot, person: MakePerson
) -> None:
    bot, ada = await make_bot(home=own_homeserver.address), await person(own_homeserver.address)
    await lift_limits(own_homeserver.address, ada.user)
    await bot.start()
    room = await chat(ada, bot)
    thread = {"rel_type": "m.thread", "event_id": await ada.say(room, "Hallo")}
    await ada.wait_for(room, bot.user)
    asked = [await ada.say(room, f"Ist Signal erlaubt? Frage {number}", m_relates_to=thread) for number in range(14)]
    answers = [await ada.wait_for(room, bot.user, 60) for _ in asked]
    assert [relation(answer)["m.in_reply_to"]["event_id"] for answer in answers] == asked
    assert await ada.count(room, bot.user, QUIET) == 0
    log = bot.log.read_text()
    assert log.count("the homeserver limits") == 1
    assert (log.count(AWAY), log.count("ERROR")) == (0, 0)


async def lift_limits(address: str, user: str) -> None:
    """Lift the homeserver's limits for one account, as its admin does."""
    register = f"{address}/_synapse/admin/v1/register"
    async with aiohttp.ClientSession() as http:
        async with http.get(register) as response:
            nonce = (await response.json())["nonce"]
        proof = hmac.digest(SECRET.encode(), "\0".join((nonce, "admin", PASSWORD, "admin")).encode(), "sha1").hex()
        admin = {"nonce": nonce, "username": "admin", "password": PASSWORD, "admin": True, "mac": proof}
        async with http.post(register, json=admin) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        lifted = {"messages_per_second": 0, "burst_count": 0}
        path = f"{address}/_synapse/admin/v1/users/{user}/override_ratelimit"
        async with http.post(path, json=lifted, headers=headers) as response:
            response.raise_for_status()


async def test_an_expired_session_is_renewed_as_the_same_device_with_the_same_keys(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    expired: list[str] = []
    uploaded: list[Any] = []

    async def answer(request: web.Request) -> web.Response | None:
        if request.path.endswith("/keys/upload"):
            uploaded.append(await request.json())
        if request.headers.get("Authorization") not in expired:
            return None
        told = {"errcode": "M_UNKNOWN_TOKEN", "error": "Access token has expired", "soft_logout": True}
        return web.json_response(told, status=401)

    async with in_front_of(address, answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        room = await chat(ada, bot, encrypted=True)
        await ada.say(room, "Ist Wire erlaubt?")
        await ada.wait_for(room, bot.user)
        before, keys = bot.session, await ada.device_keys(bot.user)
        uploaded.clear()
        expired.append(f"Bearer {before['token']}")
        await ada.say(room, "Ist Signal erlaubt?")  # encrypted with the key that the device got before
        assert "Signal" in (await ada.wait_for(room, bot.user)).body
        assert bot.session["device"] == before["device"]
        assert bot.session["token"] != before["token"]
        assert await ada.device_keys(bot.user) == keys
        assert not any("device_keys" in content for content in uploaded)
        assert bot.log.read_text().count("revoked") == 1
        await bot.end()


async def test_where_the_configured_token_is_dead_the_password_s_session_is_kept_for_later_starts(
    make_bot: MakeBot, ada: Colleague
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    device = bot.session["device"]
    bot.environment |= {"AUSKUNFT_MATRIX__ACCESS_TOKEN": "dead", "AUSKUNFT_MATRIX__DEVICE_ID": device}
    (bot.data / "session.json").unlink()
    await bot.start()
    await bot.end()
    await bot.start()
    assert bot.log.read_text().count("revoked") == 1
    assert bot.session["device"] == device
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_full_disk_ends_the_bot_with_a_clear_line_and_costs_no_answer(
    make_bot: MakeBot, ada: Colleague, encrypted: bool
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot, encrypted)
    fill_disk(bot)
    await ada.say(room, "Ist Wire erlaubt?")
    assert "the disk fails or is full" in await bot.gives_up(2)
    await ada.say(room, "Ist Signal erlaubt?")
    await bot.start()
    assert "Wire" in (await ada.wait_for(room, bot.user)).body
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_a_damaged_store_of_keys_ends_the_start_with_a_clear_line(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    (keys,) = (bot.data / "crypto").glob("*.db")
    content = keys.read_bytes()
    half = len(content) // 2
    keys.write_bytes(content[:half] + b"\xff" * (len(content) - half))
    await bot.launch()
    assert "it is damaged: restore the whole data folder from the backup" in await bot.gives_up(2)


async def test_a_full_disk_at_the_start_is_told_with_a_clear_line(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.launch()
    fill_disk(bot)
    assert "the disk fails or is full" in await bot.gives_up(2)
