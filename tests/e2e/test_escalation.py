"""A question on its way to support, with a real homeserver and a real mail server, through refusals and crashes.

The person sees what is sent before it is sent, is told its reference, and gets one mail out: no more, no less.
"""

import asyncio
import html
import re
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from aiohttp import web

from bot.adapters.matrix.colleague import Colleague
from bot.core.faq import KnowledgeBase
from bot.core.render import plain
from tests.conftest import CONTACT
from tests.e2e.conftest import QUIET, MakeBot, RunningBot, chat, in_front_of, mail_block, relation, shared_room
from tests.e2e.test_talk import proxy, until
from tests.mailserver import HANG, Command, MailServer, Received, authority, mail_server

QUESTION = "Mein Papagei beisst ins Netzwerkkabel"
ADDRESS = "ada.papagei@example.org"
REFERENCE = re.compile(r"\b[a-z]{5}-[a-z]{5}\b")
LINK = re.compile(r'href="https://matrix\.to/#/(![^"?]+)')


class Told(NamedTuple):
    """What the person was told after their yes."""

    event: Any
    reference: str


async def previewed(ada: Colleague, bot: RunningBot, room: str, asks: str = QUESTION) -> str:
    """Ada wants a human to have her question, up to the mail that she is shown; its preview."""
    for text in (asks, "Mensch", ADDRESS):
        await ada.say(room, text)
        said = await ada.wait_for(room, bot.user)
    assert ADDRESS in said.body
    return str(said.body)


async def agreed(ada: Colleague, bot: RunningBot, room: str) -> Told:
    """Ada says yes."""
    await ada.say(room, "ja")
    return told(await ada.wait_for(room, bot.user))


async def passed_on(ada: Colleague, bot: RunningBot, room: str) -> Told:
    """Ada has her question passed on."""
    await previewed(ada, bot, room)
    return await agreed(ada, bot, room)


def told(event: Any) -> Told:
    reference = REFERENCE.search(event.body)
    assert reference, event.body
    return Told(event, reference[0])


def notifies(event: Any, person: Colleague) -> bool:
    content = event.source["content"]
    return bool(content["msgtype"] == "m.text" and content["m.mentions"] == {"user_ids": [person.user]})


def mails(server: MailServer, reference: str) -> list[Received]:
    return [each for each in server.received if reference in each.mail["Message-ID"]]


async def standing(bot: RunningBot, reference: str) -> str:
    """The line of `auskunft outbox` about a letter."""
    listed = await bot.command("outbox")
    assert "Papagei" not in listed
    assert "example.org" not in listed
    (line,) = [line for line in listed.splitlines() if reference in line]
    return line


async def tried(bot: RunningBot, reference: str) -> None:
    """A try of the letter was noted."""
    query = "SELECT attempts FROM outbox WHERE reference = ? AND attempts > 0"

    def noted() -> object:
        with sqlite3.connect(bot.data / "auskunft.sqlite3") as store:
            return store.execute(query, (reference,)).fetchone()

    await until(noted)


def answers(server: MailServer, command: Command, *given: str) -> None:
    """Let the server answer a command so, in turn, before it accepts again."""
    server.demands.answers[command] = iter(given)


@pytest.fixture
def obliging(support: MailServer) -> Iterator[MailServer]:
    """The mail server, which has no demands but those of the test."""
    yield support
    support.demands.answers.clear()


async def test_what_is_accepted_has_a_reference_that_rings_and_leaves_no_text_behind(
    mailing_bot: RunningBot, support: MailServer, ada: Colleague
) -> None:
    room = await chat(ada, mailing_bot, encrypted=True)
    preview = await previewed(ada, mailing_bot, room)
    assert QUESTION in preview
    assert support.received == [each for each in support.received if QUESTION not in str(each.mail)]
    said, reference = await agreed(ada, mailing_bot, room)
    assert notifies(said, ada)
    await until(lambda: mails(support, reference))
    (received,) = mails(support, reference)
    assert received.recipients == (CONTACT,)
    assert received.mail["Reply-To"] == ADDRESS
    assert received.mail["Message-ID"] == f"<{reference}.auskunft@uni.test>"
    assert reference in received.mail["Subject"]
    assert received.mail["Auto-Submitted"] == "auto-generated"
    assert received.mail["X-Auto-Response-Suppress"] == "All"
    await tried(mailing_bot, reference)
    assert "accepted" in await standing(mailing_bot, reference)
    assert content_of(mailing_bot, reference) is None
    kept = [path for path in mailing_bot.data.rglob("*") if path.is_file()]
    assert {"auskunft.sqlite3", "auskunft.sqlite3-wal"} <= {path.name for path in kept}
    for word in (QUESTION, "Papagei", ADDRESS):
        assert [path.name for path in kept if word.encode() in path.read_bytes()] == []
        assert word not in mailing_bot.log.read_text()


def content_of(bot: RunningBot, reference: str) -> object:
    """What is kept of a letter beside its state."""
    with sqlite3.connect(bot.data / "auskunft.sqlite3") as store:
        return store.execute("SELECT content FROM outbox WHERE reference = ?", (reference,)).fetchone()[0]


async def test_what_is_refused_for_now_waits_and_is_accepted_once_when_it_is_retried(
    mailing_bot: RunningBot, obliging: MailServer, ada: Colleague
) -> None:
    answers(obliging, "RCPT", "451 4.7.1 Come back later")
    room = await chat(ada, mailing_bot)
    _, reference = await passed_on(ada, mailing_bot, room)
    await tried(mailing_bot, reference)
    line = await standing(mailing_bot, reference)
    assert "waiting" in line
    assert "451 4.7.1" in line
    assert content_of(mailing_bot, reference)
    await mailing_bot.command("outbox", "retry", reference)
    await until(lambda: content_of(mailing_bot, reference) is None)
    assert len(mails(obliging, reference)) == 1
    assert await ada.count(room, mailing_bot.user, 0.5) == 0


async def test_what_is_refused_for_good_is_told_once_in_a_message_that_rings_though_the_bot_is_killed_meanwhile(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    async with proxy(address) as between, mail_server() as server:
        bot = await make_bot(homeserver=between.address, blocks={"mail": mail_block(server)})
        await bot.start()
        room = await chat(ada, bot, encrypted=True)
        answers(server, "RCPT", HANG, "550 5.1.1 No such mailbox")
        _, reference = await passed_on(ada, bot, room)
        await until(lambda: "RCPT" in server.commands)
        await bot.end(signal.SIGKILL)
        between.slow = {"/sync": 1}  # the mail fails before it is known which rooms the bot is in
        await bot.start()
        failed = told(await ada.wait_for(room, bot.user))
        assert failed.reference == reference
        assert CONTACT in failed.event.body
        assert notifies(failed.event, ada)
        line = await standing(bot, reference)
        assert "failed" in line
        assert "550 5.1.1" in line
        await bot.end()
        between.slow = {}
        await bot.start()
        assert await ada.count(room, bot.user, QUIET) == 0
        assert server.received == []
        await bot.end()


async def test_a_letter_goes_only_to_a_server_whose_certificate_is_verified(
    make_bot: MakeBot, ada: Colleague, tmp_path: Path
) -> None:
    known = authority(tmp_path)
    async with mail_server(starttls=known.server) as server:
        bot = await make_bot(blocks={"mail": mail_block(server, server="localhost", security="starttls")})
        await bot.start()
        _, reference = await passed_on(ada, bot, await chat(ada, bot))
        await tried(bot, reference)
        assert content_of(bot, reference)
        (line,) = [line for line in bot.log.read_text().splitlines() if reference in line]
        assert "certificate cannot be verified" in line
        assert not [word for word in ("@", "localhost", "127.0.0.1") if word in line]
        assert server.received == []
        await bot.end()

        bot.environment["SSL_CERT_FILE"] = str(known.pem)
        await bot.command("outbox", "retry", reference)
        await bot.start()
        await until(lambda: content_of(bot, reference) is None)
        assert len(mails(server, reference)) == 1
        assert b"MAIL" not in server.unencrypted
        await bot.end()


async def test_what_is_agreed_to_while_the_server_is_down_is_delivered_when_it_is_up(
    mailing_bot: RunningBot, support: MailServer, ada: Colleague
) -> None:
    room = await chat(ada, mailing_bot)
    await support.stop()
    try:
        _, reference = await passed_on(ada, mailing_bot, room)
        await tried(mailing_bot, reference)
        assert content_of(mailing_bot, reference)
    finally:
        await support.start()
    assert mails(support, reference) == []
    await mailing_bot.command("outbox", "retry", reference)
    await until(lambda: content_of(mailing_bot, reference) is None)
    assert len(mails(support, reference)) == 1


async def test_a_bot_killed_while_the_server_hangs_delivers_once_after_its_restart(
    mailing_bot: RunningBot, obliging: MailServer, ada: Colleague
) -> None:
    answers(obliging, "DATA", HANG)
    begun = obliging.commands.count("DATA")
    room = await chat(ada, mailing_bot, encrypted=True)
    said, reference = await passed_on(ada, mailing_bot, room)
    await until(lambda: obliging.commands.count("DATA") > begun)
    await mailing_bot.end(signal.SIGKILL)
    await mailing_bot.start()
    await until(lambda: content_of(mailing_bot, reference) is None)
    assert len(mails(obliging, reference)) == 1
    assert await ada.count(room, mailing_bot.user, 0.5) == 0
    assert QUESTION in mails(obliging, reference)[0].mail.get_content()
    assert notifies(said, ada)


async def test_a_bot_killed_before_it_noted_that_the_server_accepted_sends_the_very_same_mail_again(
    mailing_bot: RunningBot, obliging: MailServer, ada: Colleague
) -> None:
    answers(obliging, "QUIT", HANG)  # the letter is accepted, and the bot says goodbye before it takes note
    room = await chat(ada, mailing_bot)
    _, reference = await passed_on(ada, mailing_bot, room)
    await until(lambda: mails(obliging, reference))
    await mailing_bot.end(signal.SIGKILL)
    await mailing_bot.start()
    await until(lambda: content_of(mailing_bot, reference) is None)
    first, second = mails(obliging, reference)
    assert first.raw == second.raw


async def test_a_bot_killed_before_it_told_the_reference_tells_it_once_and_one_mail_goes_out(
    make_bot: MakeBot, support: MailServer, ada: Colleague, address: str
) -> None:
    async with proxy(address) as between:
        bot = await make_bot(homeserver=between.address, blocks={"mail": mail_block(support)})
        await bot.start()
        room = await chat(ada, bot, encrypted=True)
        preview = await previewed(ada, bot, room)
        between.slow = {"/send/": 600}
        await ada.say(room, "ja")
        (reference,) = set(REFERENCE.findall(preview))
        await until(lambda: mails(support, reference))
        await until(lambda: content_of(bot, reference) is None)
        await bot.end(signal.SIGKILL)
        assert await ada.count(room, bot.user, 0.1) == 0
        between.slow = {}
        await bot.start()
        said = told(await ada.wait_for(room, bot.user))
        assert said.reference == reference
        assert notifies(said.event, ada)
        await ada.say(room, "Danke")
        assert not REFERENCE.search((await ada.wait_for(room, bot.user)).body)
        assert len(mails(support, reference)) == 1
        await bot.end()


async def test_that_a_mail_failed_is_told_after_its_reference_though_that_is_held_up(
    make_bot: MakeBot, ada: Colleague, address: str
) -> None:
    said_yes: list[str] = []
    held_up: list[str] = []

    async def hold_up(request: web.Request) -> None:
        if "/send/" in request.path and said_yes and not held_up:
            held_up.append(request.path)
            await asyncio.sleep(2)

    async with in_front_of(address, hold_up) as front, mail_server() as server:
        answers(server, "RCPT", "550 5.7.1 Not wanted")
        bot = await make_bot(homeserver=front, blocks={"mail": mail_block(server)})
        await bot.start()
        room = await chat(ada, bot)
        await previewed(ada, bot, room)
        said_yes.append(room)
        said = await agreed(ada, bot, room)
        failed = told(await ada.wait_for(room, bot.user))
        assert held_up
        assert "unterwegs" in said.event.body
        assert "nicht zustellen" in failed.event.body
        assert said.reference == failed.reference
        await bot.end()


async def test_what_is_asked_for_in_a_room_goes_on_in_one_direct_chat_that_only_the_person_sees(
    mailing_bot: RunningBot, support: MailServer, ada: Colleague, bob: Colleague
) -> None:
    bot = mailing_bot
    mention = {"user_ids": [bot.user]}
    room, other = await shared_room(ada, bob, bot, encrypted=True), await shared_room(ada, bob, bot)
    for text in (QUESTION, "Mensch"):
        await ada.say(room, text, m_mentions=mention)
        said = await ada.wait_for(room, bot.user)
    (direct,) = opened = LINK.findall(unquote(said.source["content"]["formatted_body"]))
    await ada.join(direct)
    assert (await ada.wait_for(direct, bot.user)).decrypted
    await ada.say(direct, ADDRESS)
    preview = await ada.wait_for(direct, bot.user)
    assert QUESTION in preview.body
    assert preview.decrypted
    _, reference = await agreed(ada, bot, direct)
    await until(lambda: mails(support, reference))

    await ada.say(other, "!support", m_mentions=mention)
    said = await ada.wait_for(other, bot.user)
    assert LINK.findall(unquote(said.source["content"]["formatted_body"])) == opened
    await ada.wait_for(direct, bot.user)
    for place in (room, other):
        seen = [event.body for event in await bob.history(place) if event.sender == bot.user and hasattr(event, "body")]
        assert len(seen) >= 2
        assert not [body for body in seen if ADDRESS in body or QUESTION in body or reference in body]
    assert await ada.membership(direct, bob.user) is None


async def test_a_yes_in_a_chat_that_others_were_called_into_sends_the_mail_and_tells_its_reference_only(
    mailing_bot: RunningBot, support: MailServer, ada: Colleague, bob: Colleague
) -> None:
    bot = mailing_bot
    room = await chat(ada, bot, encrypted=True)
    preview = await previewed(ada, bot, room)
    await ada.invite(room, bob.user)
    await bob.join(room)
    await ada.say(room, "ja", m_mentions={"user_ids": [bot.user]})
    said, reference = told(await ada.wait_for(room, bot.user))
    assert reference in preview
    assert notifies(said, ada)
    assert not [word for word in (ADDRESS, "Papagei") if word in said.body]
    await until(lambda: mails(support, reference))


async def test_without_a_mail_server_a_link_opens_the_mail_with_the_question(bot: RunningBot, ada: Colleague) -> None:
    question = "Papagei & Söhne: 100% Ausfall, was tun? #dringend"
    room = await chat(ada, bot)
    for text in ("!support", question):
        await ada.say(room, text)
        said = await ada.wait_for(room, bot.user)
    (href,) = re.findall(r'href="(mailto:[^"]+[?][^"]+)"', said.source["content"]["formatted_body"])
    link = urlsplit(html.unescape(href))
    fields = parse_qs(link.query)
    assert unquote(link.path) == CONTACT
    assert fields["body"] == [question]
    assert fields["subject"][0].endswith(question)


async def test_a_thread_that_begins_at_an_answer_goes_on_from_it_without_a_mention(
    mailing_bot: RunningBot, ada: Colleague, bob: Colleague
) -> None:
    bot = mailing_bot
    room = await shared_room(ada, bob, bot, encrypted=True)
    await ada.say(room, "Was ist DFNconf?", m_mentions={"user_ids": [bot.user]})
    root = (await ada.wait_for(room, bot.user)).event_id
    await ada.say(room, "Ist Wire erlaubt?", m_mentions={"user_ids": [bot.user]})
    assert "Wire" in (await ada.wait_for(room, bot.user)).body
    for text, told in (("und wie melde ich mich da an?", "GITZ-Benutzerkennung"), ("und Signal?", "Signal")):
        await ada.say(room, text, m_relates_to={"rel_type": "m.thread", "event_id": root})
        said = await ada.wait_for(room, bot.user)
        assert relation(said)["event_id"] == root
        assert told in said.body


async def test_in_a_thread_that_begins_at_an_answer_a_human_gets_the_question_of_that_answer(
    mailing_bot: RunningBot, ada: Colleague
) -> None:
    room = await chat(ada, mailing_bot, encrypted=True)
    roots = []
    for text in ("Was ist DFNconf?", "Ist Wire erlaubt?"):
        await ada.say(room, text)
        roots.append((await ada.wait_for(room, mailing_bot.user)).event_id)
    for text in ("Mensch", ADDRESS):
        await ada.say(room, text, m_relates_to={"rel_type": "m.thread", "event_id": roots[0]})
        said = await ada.wait_for(room, mailing_bot.user)
        assert relation(said)["event_id"] == roots[0]
    assert "Was ist DFNconf?" in said.body
    assert "Wire" not in said.body


async def test_only_the_asker_s_taps_choose_an_option_or_call_an_answer_unhelpful(
    mailing_bot: RunningBot, ada: Colleague, bob: Colleague, knowledge: KnowledgeBase
) -> None:
    bot = mailing_bot
    room = await shared_room(ada, bob, bot, encrypted=True)
    await ada.say(room, "gäste in konferenz einladen", m_mentions={"user_ids": [bot.user]})
    options = await ada.wait_for(room, bot.user)
    await bob.react(room, options.event_id, "1️⃣")
    await ada.react(room, options.event_id, "2️⃣")
    answer = await ada.wait_for(room, bot.user)
    assert relation(answer) == {"m.in_reply_to": {"event_id": options.event_id}}
    chosen = knowledge.find("dfnconf-konferenz-erstellen")
    assert chosen
    assert f"2. {chosen.title('de')}" in options.body
    assert answer.body.startswith(plain(chosen.answer.best("de")))
    await bob.react(room, answer.event_id, "👎")
    await ada.react(room, answer.event_id, "👎")
    assert (await ada.wait_for(room, bot.user)).body.startswith("Das tut mir leid.")
    assert await ada.count(room, bot.user, 0.5) == 0
