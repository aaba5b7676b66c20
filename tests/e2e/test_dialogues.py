"""Dialogues that a real colleague has with the bot's process, in an encrypted direct chat, with a real mail server.

What comes of a turn is what comes of it in the rehearsal, word for word; what is checked there is checked of it.
"""

import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.adapters.matrix.colleague import Colleague, colleague, register
from bot.adapters.matrix.reactions import NUMBERS
from bot.core.desk import Desk
from bot.core.letter import Letter
from tests.e2e.conftest import PASSWORD, RunningBot, chat
from tests.e2e.test_talk import until
from tests.mailserver import MailServer
from tests.rehearsal import SENDER, Dialogue, Line, Played, converse, dialogues
from tests.test_dialogues import check_mail, check_turn

CHOSEN = {key: dialogue for key, dialogue in dialogues().items() if dialogue.end_to_end}
THUMBS = {"up": "👍", "down": "👎"}
_WORD = "[b-z][aiou][b-z][aiou][b-z]"
REFERENCE = re.compile(rf"(?<![a-z]){_WORD}-{_WORD}(?![a-z])")


@pytest.fixture(scope="session")
async def ada(address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Colleague]:
    """The one whom the dialogues name; each has a chat of its own."""
    name = SENDER[1:].partition(":")[0]
    user = await register(address, name, PASSWORD)
    assert user == SENDER
    async with colleague(address, user, PASSWORD, tmp_path_factory.mktemp(name)) as account:
        yield account


def choose(without_mail: bool) -> pytest.MarkDecorator:
    chosen = {key: dialogue for key, dialogue in CHOSEN.items() if dialogue.without_mail is without_mail}
    return pytest.mark.parametrize("dialogue", chosen.values(), ids=chosen.keys())


@choose(without_mail=False)
async def test_a_dialogue_goes_as_it_was_rehearsed(
    dialogue: Dialogue, ada: Colleague, mailing_bot: RunningBot, support: MailServer, desk: Desk
) -> None:
    before = posted(mailing_bot)
    played = await play(dialogue, ada, mailing_bot, desk, support)
    check_mail(dialogue, played)
    assert posted(mailing_bot) - before == sum(len(turn.posted) for turn in played)


@choose(without_mail=True)
async def test_a_dialogue_without_a_mail_server_goes_as_it_was_rehearsed(
    dialogue: Dialogue, ada: Colleague, bot: RunningBot, desk: Desk
) -> None:
    check_mail(dialogue, await play(dialogue, ada, bot, desk))
    assert posted(bot) == 0


async def play(
    dialogue: Dialogue, account: Colleague, bot: RunningBot, desk: Desk, support: MailServer | None = None
) -> list[Played]:
    """Play the dialogue; what came of each turn, in order, as the person and the support team see it."""
    room = await chat(account, bot, encrypted=True)
    played: list[Played] = []
    last = ""
    for number, rehearsed in enumerate(await converse(dialogue, desk), start=1):
        await do(account, room, rehearsed.line, last)
        text = ""
        if rehearsed.text:  # where nothing is said, the next turn would see what was said all the same
            said = await account.wait_for(room, bot.user)
            assert said.decrypted
            text, last = said.body.removeprefix("ada: "), said.event_id
        about = f"turn {number}: {text!r}"
        assert REFERENCE.sub("…", text) == REFERENCE.sub("…", rehearsed.text), about
        letters = [await delivered(support, text) for _ in rehearsed.posted] if support else []
        played.append(replace(rehearsed, text=text, posted=tuple(letters)))
        check_turn(played[-1], about)
    return played


async def do(account: Colleague, room: str, line: Line, last: str) -> None:
    """What the person does in a turn; `last` is the bot's last message."""
    if line.tap is None:
        await account.say(room, line.user or "")
    else:
        await account.react(room, last, THUMBS[line.tap] if isinstance(line.tap, str) else NUMBERS[line.tap - 1])


async def delivered(support: MailServer, text: str) -> Letter:
    """The letter that support got, with the reference that the person was told."""
    told = REFERENCE.search(text)
    assert told, text

    def found() -> list[EmailMessage]:
        return [each.mail for each in support.received if told[0] in each.mail["Message-ID"]]

    await until(found)
    (mail,) = found()
    return Letter(told[0], mail["To"], mail["Reply-To"], mail["Subject"], mail.get_content().removesuffix("\n"))


def posted(bot: RunningBot) -> int:
    """How many letters the bot has posted."""
    store: Path = bot.data / "auskunft.sqlite3"
    with sqlite3.connect(store) as connection:
        return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])
