"""Which events are questions for the bot."""

import resource
import time
from typing import Any

import nio
import pytest

from bot.adapters.matrix.inbox import Inbox, sent_at
from bot.core.model import Addressed, Message

BOT = "@auskunft:uni.test"
ADA = "@ada:uni.test"


def room(*others: str) -> nio.MatrixRoom:
    made = nio.MatrixRoom("!room:uni.test", BOT)
    made.add_member(BOT, "Auskunft", None)
    for user in others:
        made.add_member(user, user[1:4], None)
    return made


def _pill(user: str) -> str:
    return f'<a href="https://matrix.to/#/{user}">Auskunft</a>'


DIRECT = room(ADA)
SHARED = room(ADA, "@bob:uni.test")


def event(kind: str = "m.room.message", sender: str = ADA, **content: Any) -> Any:
    source = {
        "type": kind,
        "event_id": "$1",
        "sender": sender,
        "origin_server_ts": 1000,
        "content": {"msgtype": "m.text", **content},
    }
    return nio.Event.parse_event(source)


class Store:
    """Knows that the bot takes part in one thread with one person."""

    def __init__(self, *part: str) -> None:
        self.part = part

    async def takes_part(self, room_id: str, thread: str, sender: str) -> bool:
        return (room_id, thread, sender) == self.part


async def received(where: nio.MatrixRoom, got: Any, store: Store | None = None) -> Message | None:
    return await Inbox(BOT, store or Store()).message(where, got)  # type: ignore[arg-type]


async def test_everything_in_a_direct_chat_is_for_the_bot() -> None:
    got = await received(DIRECT, event(body="Darf ich WhatsApp?"))
    assert got
    assert (got.text, got.addressed, got.sender) == ("Darf ich WhatsApp?", Addressed.DIRECT, ADA)


@pytest.mark.parametrize(
    "got",
    [
        event(body="hi", sender=BOT),
        event(body="hi", msgtype="m.notice"),
        event(body="Auskunft: hi", msgtype="m.notice", **{"m.mentions": {"user_ids": [BOT]}}),
        event(msgtype="m.notice"),
        event(body="Your homeserver is full", msgtype="m.server_notice"),
        event(body="* hi", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        event("m.reaction", body="hi"),
        event("m.room.topic", topic="WhatsApp"),
    ],
)
async def test_own_messages_notices_edits_and_other_events_are_not(got: Any) -> None:
    assert await received(DIRECT, got) is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"body": "Auskunft: wie geht DFNconf?", "m.mentions": {"user_ids": [BOT]}}, "wie geht DFNconf?"),
        ({"body": "wie geht das?", "m.mentions": {"user_ids": [BOT, ADA]}}, "wie geht das?"),
        ({"body": "auskunft, wie geht das?"}, "wie geht das?"),
        ({"body": f"[A](https://matrix.to/#/{BOT}) !hilfe", "m.mentions": {"user_ids": [BOT]}}, "!hilfe"),
        ({"body": f"{BOT} wie?", "formatted_body": f'<a href="https://matrix.to/#/{BOT}">A</a> wie?'}, "wie?"),
        (
            {"body": "hallo A", "formatted_body": 'hallo <a href="https://matrix.to/#/%40auskunft%3Auni.test">A</a>'},
            "hallo A",
        ),
        ({"body": "> <@bob:uni.test> Wann?\n> Wo?\n\nAuskunft: wie?"}, "wie?"),
        ({"body": "> * <@bob:uni.test> winkt\n>\n> dir\n\nAuskunft: wie?"}, "wie?"),
        ({"body": "AUSKUNFT: wie?"}, "wie?"),
        ({"body": "@Auskunft wie?"}, "wie?"),
        ({"body": "[A](https://matrix.to/#/%40auskunft%3Auni.test) wie?"}, "wie?"),
        (
            {"body": "A wie?", "formatted_body": "<p>A: <a class=\"x\" href='matrix:u/auskunft:uni.test'>A</a>"},
            "A wie?",
        ),
        ({"body": "x", "formatted_body": f'<a href="https://matrix.to/#/{BOT}?via=uni.test">A</a>'}, "x"),
        ({"body": "A", "formatted_body": f"{_pill('@bob:uni.test')} fragt {_pill(BOT)}"}, "A"),
        (
            {"body": "Auskunft: was meint Bob?", "formatted_body": f"Auskunft: was meint {_pill('@bob:uni.test')}?"},
            "was meint Bob?",
        ),
        ({"body": "@room Auskunft?", "m.mentions": {"room": True, "user_ids": [BOT]}}, "@room Auskunft?"),
        ({"body": "@Auskunft wie?", "m.mentions": {}}, "wie?"),
        ({"body": "x", "m.mentions": {"user_ids": [BOT]}, "formatted_body": "<![foo "}, "x"),
    ],
)
async def test_a_mention_in_a_room_is(content: dict[str, Any], text: str) -> None:
    got = await received(SHARED, event(**content))
    assert got
    assert (got.text, got.addressed) == (text, Addressed.MENTION)


@pytest.mark.parametrize(
    "content",
    [
        {"body": "Darf ich WhatsApp?"},
        {"body": "Die Auskunft war gut"},
        {"body": "Auskunft erteilt Herr Meier"},
        {"body": "Auskunftsrecht?"},
        {"body": "Auskunft: gut", "m.mentions": {}},
        {"body": "@Auskunft gut", "m.mentions": {"user_ids": ["@bob:uni.test"]}},
        {"body": "@Auskunft: hi", "m.mentions": {}, "formatted_body": _pill("@meier:uni.test") + ": hi"},
        {"body": "siehe https://example.org/@auskunft:uni.test"},
        {"body": "> <@auskunft:uni.test> Auskunft: Nein\n\nSchade"},
        {"body": "Bob", "formatted_body": '<a href="https://matrix.to/#/@bob:uni.test">Bob</a>'},
        {"body": "x", "formatted_body": f'<mx-reply><a href="https://matrix.to/#/{BOT}">A</a></mx-reply>x'},
        {"body": "x", "m.mentions": {"user_ids": "everyone"}},
        {"body": "x", "formatted_body": "<![foo " + _pill(BOT)},
        {"body": "x", "m.mentions": {"room": True}},
        {"body": "@room Auskunft: alle mal herhören"},
        {"body": "siehe https://matrix.to/#/@auskunft:uni.test und @auskunft:uni.test"},
        {"body": "x", "formatted_body": f'<a href="https://example.org/#/{BOT}">{BOT}</a>'},
        {"body": "x", "formatted_body": f'<a href="https://example.org/?https://matrix.to/#/{BOT}">Auskunft</a>'},
        {"body": "x", "formatted_body": f'<code>href="https://matrix.to/#/{BOT}"</code>'},
        {"body": "x", "formatted_body": f'<a href="https://matrix.to/#/{BOT}x">B</a>'},
        {"body": "> Auskunft: Nein\n\nSchade", "formatted_body": f"<blockquote>{_pill(BOT)}: Nein</blockquote>Schade"},
        {"body": "x", "formatted_body": f"<MX-REPLY><blockquote>{_pill(BOT)}</blockquote></mx-reply >x"},
        {"body": "> * <@auskunft:uni.test> Auskunft: Nein\n\nSchade"},
        {"body": "> <@bob:uni.test> Wann?\n>\n> Auskunft: wann?\n\nHeute"},
        {"body": "Auskunft: hi", "formatted_body": _pill("@meier:uni.test") + ": hi"},
        {"body": "@Auskunft Meier: hi", "formatted_body": "<p>@" + _pill("@meier:uni.test") + ": hi</p>"},
    ],
)
async def test_other_talk_in_a_room_is_not(content: dict[str, Any]) -> None:
    assert await received(SHARED, event(**content)) is None


async def test_a_thread_that_the_bot_takes_part_in_is_unless_somebody_else_is_mentioned() -> None:
    store = Store("!room:uni.test", "$root", ADA)
    relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}
    assert await received(SHARED, event(body="und Signal?", **relation)) is None
    assert await received(SHARED, event(body="und Signal?", sender="@bob:uni.test", **relation), store) is None
    got = await received(SHARED, event(body="und Signal?", **relation), store)
    assert got
    assert (got.thread, got.addressed) == ("$root", Addressed.THREAD)
    to_bob = event(body="Bob, was meinst du?", **relation, **{"m.mentions": {"user_ids": ["@bob:uni.test"]}})
    assert await received(SHARED, to_bob, store) is None
    older = event(body="Bob, was meinst du?", formatted_body=_pill("@bob:uni.test"), **relation)
    assert await received(SHARED, older, store) is None


async def test_a_question_in_a_thread_that_replies_to_another_message_is_asked_in_that_thread() -> None:
    relation = {
        "rel_type": "m.thread",
        "event_id": "$root",
        "m.in_reply_to": {"event_id": "$x"},
        "is_falling_back": False,
    }
    got = await received(SHARED, event(body="Auskunft: wie?", **{"m.relates_to": relation}))
    assert got
    assert (got.event_id, got.thread) == ("$1", "$root")


@pytest.mark.parametrize("name", ["Frag mich (TU) [*]+?", "a|b", "Straße", "Help.Desk", "Frag @mich", " Info "])
async def test_the_name_in_front_is_the_shown_one_to_the_letter_in_any_case(name: str) -> None:
    where = room(ADA, "@bob:uni.test")
    where.users[BOT].display_name = name
    for text in (f"{name.strip()}: wie?", f"{name.strip().upper()}, wie?"):
        if name != "Straße" or text.startswith(name):  # its capitals are two letters
            got = await received(where, event(body=text))
            assert got, text
            assert got.text == "wie?"
    for text in (f"{name.strip()} ist toll", "Fragmich: wie?", "HelpXDesk: wie?", "a: wie?", ": wie?"):
        assert await received(where, event(body=text)) is None, text


async def test_hostile_html_costs_no_time() -> None:
    for html in ("<mx-reply>" * 6000, "<blockquote>" * 5000, '<a href="' * 7000, "<a " * 20000):
        began = time.monotonic()
        await received(SHARED, event(body="x", formatted_body=html + f'<a href="https://matrix.to/#/{BOT}x">'))
        assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "got",
    [
        event(msgtype="m.image", body="bild.png", url="mxc://uni.test/x"),
        event("m.sticker", body="winkt", url="mxc://uni.test/x", info={}),
        event(msgtype="m.location", body="hier", geo_uri="geo:1,2"),
        event(msgtype="m.text"),
        event(msgtype="m.text", body=17),
        event(msgtype=None, body=None),
    ],
)
async def test_pictures_stickers_and_broken_messages_hold_no_text(got: Any) -> None:
    message = await received(DIRECT, got)
    assert message
    assert message.text is None


async def test_the_caption_of_a_picture_is_its_text() -> None:
    got = await received(DIRECT, event(msgtype="m.image", body="Geht das?", filename="a.png", url="mxc://uni.test/x"))
    assert got
    assert got.text == "Geht das?"


@pytest.mark.parametrize(
    "relation",
    [
        [],
        "$root",
        None,
        {},
        {"rel_type": "m.thread"},
        {"rel_type": "m.thread", "event_id": 1},
        {"rel_type": "m.thread", "event_id": ""},
        {"rel_type": "m.thread", "event_id": "@ada:uni.test"},
        {"rel_type": ["m.thread"], "event_id": "$root"},
        {"rel_type": "m.reference", "event_id": "$root"},
        {"m.in_reply_to": "$root"},
    ],
)
async def test_malformed_and_other_relations_do_not_hide_a_question(relation: Any) -> None:
    got = await received(DIRECT, event(body="hi", **{"m.relates_to": relation}))
    assert got
    assert got.thread is None


async def test_a_name_in_front_stays_a_word_of_a_question_in_a_direct_chat() -> None:
    for body, text in (("Auskunft zu WhatsApp?", "Auskunft zu WhatsApp?"), ("Auskunft: WhatsApp?", "WhatsApp?")):
        got = await received(DIRECT, event(body=body))
        assert got
        assert got.text == text


async def test_events_without_sender_and_id_are_passed_over() -> None:
    assert await received(DIRECT, nio.UnknownBadEvent({"type": 5, "content": {}})) is None


@pytest.mark.parametrize("root", ["$\ud800", "$x\0", "$" + "x" * 255, "x", 5])
async def test_what_can_be_no_event_s_id_is_no_thread(root: Any) -> None:
    got = await received(DIRECT, event(body="hi", **{"m.relates_to": {"rel_type": "m.thread", "event_id": root}}))
    assert got
    assert got.thread is None


@pytest.mark.parametrize(("said", "year"), [(10**18, 3000), (-1, 1970), (None, 1970), (1_767_268_800_000, 2026)])
def test_the_time_that_a_stranger_s_homeserver_tells_is_one_that_a_clock_can_show(said: Any, year: int) -> None:
    odd = event(body="hi")
    odd.server_timestamp = said
    assert sent_at(odd).year == year


async def test_of_a_text_without_end_only_the_beginning_is_read() -> None:
    got = await received(DIRECT, event(body="Darf ich WhatsApp?" + "a\u0301" * 30_000))
    assert got
    assert got.text
    assert len(got.text) == 4000


async def test_html_that_would_explode_as_a_document_is_read_for_its_pills_and_costs_no_more_than_its_length() -> None:
    bomb = "<p>" + "".join(f"<b {number:x}>" for number in range(3000)) + "<p>x" * 3000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await received(SHARED, event(body="x", formatted_body=bomb + "</p>" + _pill(BOT))) is None
    assert await received(SHARED, event(body="x", formatted_body=_pill(BOT) + bomb))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"
