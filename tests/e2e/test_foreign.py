"""A client of other make, which excludes devices that their owners have not signed, gets on with the bot."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.adapters.matrix.colleague import register
from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.render import render
from tests.conftest import NOW, message
from tests.e2e.conftest import PASSWORD, QUIET, MakeBot, RunningBot
from tests.e2e.foreign import ForeignClient, Missing, foreign_client, install
from tests.e2e.test_identity import identity

INTRODUCTION = "bewahre keine Nachrichtentexte auf"
"""What the bot says of itself when it joins."""


@pytest.fixture(scope="session")
async def eve(address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForeignClient]:
    """A colleague with such a client."""
    try:
        await install()
    except Missing as missing:
        pytest.skip(f"no foreign client: {missing}")
    user = await register(address, "eve", PASSWORD)
    async with foreign_client(tmp_path_factory.mktemp("foreign") / "log") as client:
        assert await client.do("login", homeserver=address, user=user, password=PASSWORD) == {"ready": True}
        yield client


async def chat(eve: ForeignClient, bot: RunningBot, membership: str = "join") -> str:
    """An encrypted direct chat with the bot, as soon as the client knows of the bot's membership."""
    room: str = await eve.do("chat", user=bot.user)
    await eve.until(lambda told: told == membership, "membership", room=room, user=bot.user)
    return room


async def messages(eve: ForeignClient, bot: RunningBot, room: str, number: int) -> list[dict[str, Any]]:
    """What the bot wrote in the room beside its introduction, as soon as the client can read `number` such messages."""

    def answers(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each for each in told if each["unreadable"] is None and INTRODUCTION not in each["shown"]["body"]]

    told = await eve.until(lambda told: len(answers(told)) >= number, "messages", room=room, sender=bot.user)
    return answers(told)


async def test_it_sees_the_bot_s_device_as_signed_by_its_owner(eve: ForeignClient, bot: RunningBot) -> None:
    await chat(eve, bot)
    (device,) = await eve.do("devices", user=bot.user)
    assert device["signed_by_owner"] is True


async def test_it_is_answered_and_shows_the_answer_as_it_was_sent_without_a_shield(
    eve: ForeignClient, bot: RunningBot, desk: Desk
) -> None:
    room = await chat(eve, bot)
    await eve.do("say", room=room, text="Ist Wire erlaubt?")
    (answer,) = await messages(eve, bot, room, 1)
    reply = desk.consider(Conversation(), message("Ist Wire erlaubt?"), NOW).reply
    assert reply
    assert answer["content"] == {
        "msgtype": "m.notice",
        "body": render(reply.markdown).body,
        "format": "org.matrix.custom.html",
        "formatted_body": render(reply.markdown).html,
        "m.mentions": {},
    }
    assert answer["shield"] == "NONE"  # a room that is not encrypted has none at all


async def test_its_question_that_was_sent_before_the_bot_came_is_answered(
    eve: ForeignClient, make_bot: MakeBot
) -> None:
    bot = await make_bot()
    await bot.start()
    await bot.end()
    room = await chat(eve, bot, membership="invite")
    await eve.do("say", room=room, text="Ist Threema erlaubt?")
    await bot.start()
    (answer,) = await messages(eve, bot, room, 1)
    assert "Threema" in answer["shown"]["body"].split("\n")[0]
    assert answer["shield"] == "NONE"


async def test_an_edited_question_changes_the_answer_that_it_shows_once(eve: ForeignClient, bot: RunningBot) -> None:
    room = await chat(eve, bot)
    question = await eve.do("say", room=room, text="Ist Signal erlaubt?")
    (answer,) = await messages(eve, bot, room, 1)
    assert "Signal" in answer["shown"]["body"].split("\n")[0]
    await eve.do("edit", room=room, event=question, text="Ist Threema erlaubt?")
    await messages(eve, bot, room, 2)
    await asyncio.sleep(QUIET)
    answer, edit = await messages(eve, bot, room, 2)
    assert "Threema" in answer["shown"]["body"].split("\n")[0]
    assert answer["shown"] == edit["content"]["m.new_content"]
    assert edit["shield"] == "NONE"


async def test_its_request_for_verification_is_cancelled_with_the_fingerprint_that_it_shows(
    eve: ForeignClient, bot: RunningBot
) -> None:
    room = await chat(eve, bot)
    await eve.do("verify", room=room, user=bot.user)
    cancelled = await eve.until(lambda told: told["phase"] == "Cancelled", "verification")
    assert cancelled["cancelled_by"] == bot.user
    (notice,) = await messages(eve, bot, room, 1)
    (device,) = await eve.do("devices", user=bot.user)
    assert notice["content"]["msgtype"] == "m.notice"
    assert device["id"] in notice["shown"]["body"]
    assert device["fingerprint"] in notice["shown"]["body"].replace(" ", "")


async def test_after_a_reset_of_the_bot_s_identity_it_tells_so_and_is_answered(
    eve: ForeignClient, make_bot: MakeBot
) -> None:
    bot = await make_bot()
    await bot.start()
    room = await chat(eve, bot)
    await eve.do("say", room=room, text="Ist Signal erlaubt?")
    await messages(eve, bot, room, 1)
    await bot.end()
    assert (await identity(bot, "reset", "--force"))[0] == 0
    await bot.start()
    await eve.until(bool, "identity_changed", user=bot.user)
    await eve.do("say", room=room, text="Ist Threema erlaubt?")
    _, answer = await messages(eve, bot, room, 2)
    assert answer["shield"] == "NONE"
