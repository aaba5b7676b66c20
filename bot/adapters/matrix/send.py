"""How a reply leaves: as a notice or a text, in its thread, encrypted where the room is, and never twice."""

import hashlib
import html
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Literal

import nio

from bot.adapters.matrix.chats import Chats
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied, Forbidden, GivenUp
from bot.adapters.matrix.inbox import is_direct
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.reactions import NUMBERS
from bot.adapters.matrix.signs import Signs
from bot.core.model import Message, Rendered, Reply
from bot.core.render import render
from bot.ports import Barred, Clock, DirectChat, Hopeless, Saying, Undelivered

_ORDINALS: dict[Saying, int] = {"answer": 0, "apology": 2, "direct": 4, "failed": 6}
"""The ordinals of what may be sent for one message. They never change: by them, a homeserver knows what it has."""
_ANSWER, _UNRELATED = _ORDINALS["answer"], 1
"""What is sent without its relation, as that was refused, has the next ordinal."""
_CONSIDERED: tuple[Saying, ...] = ("answer", "direct")
"""What is said as soon as a message was considered."""
_LONGEST_NAME = 40
_LATE = timedelta(seconds=10)
"""From this age of the question on, the answer rings: the person may have looked away, and notices never ring."""


class MatrixReplies:
    """Sends replies with one account."""

    def __init__(self, client: SafeClient, clock: Clock, answers: Literal["notice", "text"], signs: Signs) -> None:
        self._client = client
        self._clock = clock
        self._answers = answers
        self._signs = signs
        self._chats = Chats(client)

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        """Send `reply`; its event id.

        The transaction id derives from the question's event id: a repeated send arrives once. What else is said to
        the same message is another `saying`. What comes late `rings`, too.

        Raises:
            Barred: the bot is not in the room any more, or may not write there.
            Undelivered: the homeserver refused it for good.
            LoggedOut: the homeserver does not know the access token any more.
        """
        rings = rings or self._clock.now() - message.sent_at > _LATE
        ordinal = _ORDINALS[saying]
        content = self._content(message, render(reply.markdown), rings)
        if saying == "direct" and not message.thread and self._is_direct(message.room_id):
            content.pop("m.relates_to", None)  # the message may stand in another room
        try:
            return await self._send(message, content, ordinal)
        except Denied as error:
            if isinstance(error, Forbidden | GivenUp) or "m.relates_to" not in content:
                raise undelivered(error) from error
            content.pop("m.relates_to")  # what it relates to is not known there, or no thread can start from it
            outside = self._relation(replace(message, thread=None), rings) if message.thread else {}
            return await self._send_for_good(message, content | outside, ordinal + _UNRELATED)

    def offer(self, message: Message, reply_id: str, options: int) -> None:
        """React to the bot's message `reply_id` with the numbers of so many options: a sign, which nothing waits for.

        Their transaction ids derive from the id of that message: offered again, each stands there once.
        """
        if message.room_id in self._client.rooms:
            keys = {transaction_id(reply_id, number): key for number, key in enumerate(NUMBERS[:options], 1)}
            self._signs.react(message.room_id, reply_id, keys)

    async def direct_chat(self, message: Message) -> DirectChat | None:
        """A direct chat with the sender, opened where there is none; None where the homeserver refuses it.

        Raises:
            LoggedOut: as above.
        """
        return await self._chats.with_sender(message)

    async def replace(self, message: Message, reply_id: str, reply: Reply) -> None:
        """Replace the bot's own message `reply_id` (`m.replace`). An edit never rings.

        Raises:
            Undelivered, LoggedOut: as above.
        """
        rendered = render(reply.markdown)
        content = self._content(message, rendered, rings=False)
        content.pop("m.relates_to", None)
        whole = self._content(message, Rendered(f"* {rendered.body}", f"* {rendered.html}"), rings=False)
        whole["m.new_content"] = content
        whole["m.relates_to"] = {"rel_type": "m.replace", "event_id": reply_id}
        await self._send_for_good(message, whole, _ANSWER)

    async def withdraw(self, room_id: str, reply_id: str, because: str) -> None:
        """Redact the bot's own message `reply_id`.

        Raises:
            Undelivered, LoggedOut: as above.
        """
        redact = partial(self._client.room_redact, room_id, reply_id, tx_id=transaction_id(because))
        try:
            await insist(redact, "to take an answer back")
        except Denied as error:
            raise undelivered(error) from error

    async def _send_for_good(self, message: Message, content: dict[str, Any], ordinal: int) -> str:
        try:
            return await self._send(message, content, ordinal)
        except Denied as error:
            raise undelivered(error) from error

    async def _send(self, message: Message, content: dict[str, Any], ordinal: int) -> str:
        transaction = transaction_id(message.event_id, ordinal)
        return await deliver(self._client, message.room_id, "m.room.message", content, transaction, "a reply")

    def _content(self, message: Message, reply: Rendered, rings: bool) -> dict[str, Any]:
        if rings:
            reply = self._with_mention(message, reply)
        content: dict[str, Any] = {
            "msgtype": "m.text" if rings or self._answers == "text" else "m.notice",
            "body": reply.body,
            "format": "org.matrix.custom.html",
            "formatted_body": reply.html,
            "m.mentions": {"user_ids": [message.sender]} if rings else {},
        }
        return content | self._relation(message, rings)

    def _relation(self, message: Message, rings: bool) -> dict[str, Any]:
        """In a thread, the reply to the question is a fallback for clients that know no threads.

        No client shows a reply to a reaction: it is one to the message that was reacted to.
        """
        answered = {"m.in_reply_to": {"event_id": message.reaction.to if message.reaction else message.event_id}}
        if message.thread:
            thread = {"rel_type": "m.thread", "event_id": message.thread, "is_falling_back": True}
            return {"m.relates_to": thread | answered}
        return {"m.relates_to": answered} if rings or not self._is_direct(message.room_id) else {}

    def _with_mention(self, message: Message, reply: Rendered) -> Rendered:
        room = self._client.rooms.get(message.room_id)
        name = plain_name(room.user_name(message.sender) if room else None) or message.sender
        pill = f'<a href="https://matrix.to/#/{html.escape(message.sender)}">{html.escape(name)}</a>'
        return Rendered(f"{name}: {reply.body}", f"<p>{pill}:</p>{reply.html}")

    def _is_direct(self, room_id: str) -> bool:
        room = self._client.rooms.get(room_id)
        return room is not None and is_direct(room)


async def deliver(
    client: nio.AsyncClient, room_id: str, kind: str, content: dict[str, Any], transaction: str, what: str
) -> str:
    """Send an event into a room, encrypted where the room is; its event id. Sent again, it arrives once.

    Names of people may hold halves of characters (lone surrogates), which no homeserver can keep: they are replaced.

    Raises:
        Denied: the homeserver refuses it for good; `what` says what that is. Forbidden: the bot may not write there.
        LoggedOut: it does not know the access token any more.
    """
    whole = json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
    send = partial(client.room_send, room_id, kind, whole, tx_id=transaction, ignore_unverified_devices=True)
    try:
        return str((await insist(send, what)).event_id)
    except nio.LocalProtocolError as error:
        if room_id not in client.rooms:
            raise Forbidden("the bot is not in the room any more") from error
        raise Denied(f"nio refused {what}: {type(error).__name__}") from error


def notice(reply: Reply) -> dict[str, Any]:
    """A message that the bot writes of itself: it names nobody and never rings."""
    rendered = render(reply.markdown)
    return {
        "msgtype": "m.notice",
        "body": rendered.body,
        "format": "org.matrix.custom.html",
        "formatted_body": rendered.html,
        "m.mentions": {},
    }


def plain_name(name: str | None) -> str | None:
    """A person's name, unless it is more than a name: what they wrote there would stand in words of the bot's."""
    is_name = name and name.isprintable() and len(name) <= _LONGEST_NAME and not set("@:/<>") & set(name)
    return name if is_name else None


def undelivered(error: Denied) -> Undelivered:
    """What the use cases are told of it."""
    kind = Barred if isinstance(error, Forbidden) else Hopeless if isinstance(error, GivenUp) else Undelivered
    return kind(str(error))


def transaction_id(event_id: str, ordinal: int = _ANSWER) -> str:
    """The transaction id of the reply number `ordinal` to an event."""
    return "auskunft-" + hashlib.sha256(f"{event_id} {ordinal}".encode(errors="replace")).hexdigest()[:32]


def transaction_ids(event_id: str) -> set[str]:
    """All transaction ids of what tells that an event was considered as it stood then."""
    ordinals = (_ORDINALS[saying] for saying in _CONSIDERED)
    return {transaction_id(event_id, ordinal + variant) for ordinal in ordinals for variant in (0, _UNRELATED)}
