"""Clients trust the bot's device, whatever happens to its data, its session and its homeserver."""

import asyncio
import shutil
import sys
from typing import Any

import pytest
from aiohttp import web
from signedjson.key import decode_verify_key_bytes
from signedjson.sign import verify_signed_json
from unpaddedbase64 import decode_base64

from bot.adapters.matrix.colleague import Colleague
from tests.e2e.conftest import PASSWORD, QUIET, MakeBot, MakePerson, RunningBot, chat, in_front_of, post


async def identity(bot: RunningBot, *arguments: str) -> tuple[int | None, str]:
    """`auskunft identity ...`: exit code, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "identity", *arguments, "--config", str(bot.config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


async def drain(address: str, token: str, bot: RunningBot) -> dict[str, Any]:
    """Claim the bot's keys until only the fallback key is left; it."""
    wanted = {"one_time_keys": {bot.user: {bot.session["device"]: "signed_curve25519"}}}
    for _ in range(200):
        _, told = await post(address, token, "/keys/claim", wanted)
        keys: dict[str, Any] = told["one_time_keys"].get(bot.user, {}).get(bot.session["device"], {})
        if not keys or next(iter(keys.values())).get("fallback"):
            return keys
    raise AssertionError("the keys never end")


async def test_at_the_first_start_the_device_is_signed_by_its_owner(bot: RunningBot, ada: Colleague) -> None:
    told = await ada.device_keys(bot.user)
    keys = {}
    for usage in ("master", "self_signing"):
        ((name, public),) = told[f"{usage}_keys"][bot.user]["keys"].items()
        keys[usage] = decode_verify_key_bytes(name, decode_base64(public))
    verify_signed_json(told["self_signing_keys"][bot.user], bot.user, keys["master"])
    (device,) = told["device_keys"][bot.user].values()
    verify_signed_json(device, bot.user, keys["self_signing"])
    assert await ada.sees_signed(bot.user)


async def test_the_private_keys_are_sealed_and_nobody_else_can_read_the_folder(bot: RunningBot) -> None:
    for name in ("identity", "key", "session.json"):
        assert (bot.data / name).stat().st_mode & 0o777 == 0o600
    assert (bot.data / "crypto").stat().st_mode & 0o777 == 0o700
    content = (bot.data / "identity").read_bytes()
    assert b"master" not in content
    assert bot.user.encode() not in content


async def test_identity_show_prints_the_fingerprint_that_others_see(bot: RunningBot, ada: Colleague) -> None:
    code, output = await identity(bot, "show")
    ((device, keys),) = (await ada.device_keys(bot.user))["device_keys"][bot.user].items()
    public = keys["keys"][f"ed25519:{device}"]
    groups = " ".join(public[start : start + 4] for start in range(0, len(public), 4))
    assert code == 0
    assert f"Fingerprint  {groups}\n" in output
    assert device in output
    assert "yes, the device is signed by its owner" in output


async def test_identity_show_before_the_first_start_says_what_to_do(make_bot: MakeBot) -> None:
    code, output = await identity(await make_bot(), "show")
    assert code == 2
    assert "start the bot once" in output
    assert "Traceback" not in output


async def test_a_restart_keeps_the_identity(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    before = (await ada.device_keys(bot.user))["master_keys"]
    await bot.end()
    await bot.start()
    assert (await ada.device_keys(bot.user))["master_keys"] == before
    assert await ada.sees_signed(bot.user)


async def test_a_lost_folder_is_told_and_a_reset_with_the_password_mends_it(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    shutil.rmtree(bot.data)
    await bot.start()
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body
    assert bot.log.read_text().count("auskunft identity reset") == 1
    assert (await identity(bot, "show"))[0] == 1
    code, output = await identity(bot, "reset")
    assert code == 2
    assert "another bot runs" in output
    await bot.end()
    code, output = await identity(bot, "reset")
    assert code == 0, output
    assert "yes, the device is signed by its owner" in output
    code, output = await identity(bot, "reset")
    assert code == 2
    assert "the device is signed" in output
    await bot.start()
    assert (await identity(bot, "show"))[0] == 0


async def test_a_reset_with_a_wrong_password_is_refused_with_one_line(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    bot.config.write_text(bot.config.read_text().replace(PASSWORD, "wrong"))
    code, output = await identity(bot, "reset", "--force")
    assert code == 2
    assert "did not accept the `password`" in output
    assert "Traceback" not in output
    assert (await identity(bot, "show"))[0] == 0  # the old one still stands


async def test_lost_encryption_keys_lead_to_a_new_device_that_is_signed(make_bot: MakeBot, ada: Colleague) -> None:
    bot = await make_bot()
    await bot.start()
    before = bot.session["device"]
    await bot.end()
    shutil.rmtree(bot.data / "crypto")
    await bot.start()
    assert bot.session["device"] != before
    assert await ada.sees_signed(bot.user)
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    assert "Wire" in (await ada.wait_for(room, bot.user)).body


async def test_a_damaged_identity_ends_with_one_clear_line(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    (bot.data / "identity").write_bytes(b"damaged")
    await bot.launch()
    assert "identity is damaged" in await bot.gives_up(2)


async def test_a_homeserver_that_wants_the_password_for_the_first_identity_gets_it(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    proofs = []

    async def answer(request: web.Request) -> web.Response | None:
        if not request.path.endswith("/device_signing/upload"):
            return None
        body = await request.json()
        if "auth" not in body:
            flows = {"flows": [{"stages": ["m.login.password"]}], "session": "s", "params": {}}
            return web.json_response(flows, status=401)
        proofs.append(body["auth"])
        return None

    async with in_front_of(address, answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        assert await ada.sees_signed(bot.user)
        assert [(proof["password"], proof["session"]) for proof in proofs] == [(PASSWORD, "s")]
        await bot.end()


async def test_a_homeserver_without_cross_signing_is_told_once_and_the_bot_works(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    async def answer(request: web.Request) -> web.Response | None:
        unknown = {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}
        return web.json_response(unknown, status=404) if "device_signing" in request.path else None

    async with in_front_of(address, answer) as front:
        bot = await make_bot(homeserver=front)
        await bot.start()
        room = await chat(ada, bot, encrypted=True)
        await ada.say(room, "Ist Wire erlaubt?")
        assert "Wire" in (await ada.wait_for(room, bot.user)).body
        assert bot.log.read_text().count("knows no cross-signing") == 1
        await bot.end()


async def test_one_time_keys_are_refilled_and_a_used_fallback_key_is_replaced(
    make_bot: MakeBot, ada: Colleague, person: MakePerson, address: str
) -> None:
    bot = await make_bot()
    await bot.start()
    token = bot.session["token"]
    await bot.end()
    fallback = await drain(address, token, bot)
    assert next(iter(fallback.values()))["fallback"] is True
    room = await chat_while_away(ada, bot)
    await ada.say(room, "Ist Wire erlaubt?")  # all that is left for its encryption is the fallback key
    await bot.start()
    assert "Wire" in (await ada.wait_for(room, bot.user)).body
    other = await person()
    room = await chat(other, bot, encrypted=True)
    await other.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await other.wait_for(room, bot.user)).body
    await bot.end()
    renewed = await drain(address, token, bot)
    assert renewed
    assert renewed != fallback


async def chat_while_away(account: Colleague, bot: RunningBot) -> str:
    return await account.create_room(bot.user, encrypted=True, direct=True)


async def test_after_a_hard_logout_the_bot_comes_back_as_the_same_device_and_reads_encrypted_questions(
    make_bot: MakeBot, ada: Colleague, person: MakePerson, address: str
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(ada, bot, encrypted=True)
    await ada.say(room, "Ist Wire erlaubt?")
    await ada.wait_for(room, bot.user)
    before = bot.session
    assert (await post(address, before["token"], "/logout", {}))[0] == 200
    await bot.says("listening", 2)
    assert bot.session["device"] == before["device"]
    assert bot.session["token"] != before["token"]
    assert await ada.sees_signed(bot.user)
    await ada.say(room, "Ist Signal erlaubt?")
    assert "Signal" in (await ada.wait_for(room, bot.user)).body
    stranger = await person()
    room = await chat(stranger, bot, encrypted=True)
    await stranger.say(room, "Ist Threema erlaubt?")
    assert "Threema" in (await stranger.wait_for(room, bot.user)).body


async def test_a_second_logout_within_the_hour_ends_the_bot(make_bot: MakeBot, address: str) -> None:
    bot = await make_bot()
    await bot.start()
    await post(address, bot.session["token"], "/logout", {})
    await bot.says("listening", 2)
    await post(address, bot.session["token"], "/logout", {})
    assert "twice within an hour" in await bot.gives_up(3)


async def test_a_restored_backup_does_not_leave_the_bot_without_keys(
    make_bot: MakeBot, ada: Colleague, person: MakePerson
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    backup = bot.data.with_name("backup")
    shutil.copytree(bot.data, backup)
    await bot.start()
    room = await ada.create_room(bot.user, encrypted=True, direct=True)
    await ada.say(room, "Ist Wire erlaubt?")  # before the bot can write, so with a one-time key; another is uploaded
    for _ in ("the answer", "the introduction"):
        await ada.wait_for(room, bot.user)
    await bot.end()
    shutil.rmtree(bot.data)
    shutil.copytree(backup, bot.data)
    await bot.start()
    for name in ("Signal", "Threema", "Wire"):
        account = await person()
        room = await account.create_room(bot.user, encrypted=True, direct=True)
        await account.say(room, f"Ist {name} erlaubt?")
        said = [(await account.wait_for(room, bot.user)).body for _ in ("the answer", "the introduction")]
        assert any(name in each for each in said)
    await bot.says("restored backup")
    assert bot.log.read_text().count("restored backup") == 1
    assert "not up to date" not in bot.log.read_text()


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_request_for_verification_is_declined_with_the_fingerprint_and_is_no_question(
    bot: RunningBot, ada: Colleague, encrypted: bool
) -> None:
    room = await chat(ada, bot, encrypted)
    request = {
        "msgtype": "m.key.verification.request",
        "body": "Ada is requesting to verify your key",
        "from_device": "ADA",
        "methods": ["m.sas.v1"],
        "to": bot.user,
    }
    await ada.send(room, "m.room.message", request)
    answer = await ada.wait_for(room, bot.user)
    ((device, keys),) = (await ada.device_keys(bot.user))["device_keys"][bot.user].items()
    assert device in answer.body
    assert keys["keys"][f"ed25519:{device}"] in answer.body.replace(" ", "")
    assert "Emoji" in answer.body
    assert "emoji" in answer.body
    await ada.send(room, "m.room.message", {**request, "to": ada.user})  # for somebody else
    assert await ada.count(room, bot.user, QUIET) == 0


async def test_a_request_for_verification_from_device_to_device_is_declined(bot: RunningBot, ada: Colleague) -> None:
    await chat(ada, bot, encrypted=True)
    request = {"from_device": ada.device, "methods": ["m.sas.v1"], "transaction_id": "t1", "timestamp": 1}
    await ada.put(
        "/_matrix/client/v3/sendToDevice/m.key.verification.request/1", {"messages": {bot.user: {"*": request}}}
    )
    cancelled = await ada.wait_to_be_told("m.key.verification.cancel")
    assert cancelled.source["content"]["transaction_id"] == "t1"
    assert "fingerprint" in cancelled.source["content"]["reason"]
