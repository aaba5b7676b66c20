"""What is for the bot: an event of a room -> a Message, or nothing.

In a direct chat everything is; in a room with others a mention, or a message in a thread that the bot takes part in.
What is written in the thread of a case is for its other side, as is a reply to what the bot wrote there. In the room of
the admins, their commands are.
What other bots send (notices), edits and the bot's own messages never are.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeGuard

import nio

from bot.adapters.matrix.mentions import Mentions, own_words
from bot.core.model import Addressed, Message
from bot.core.relaying import LONGEST
from bot.ports import Store
from bot.ports.cases import CaseBook

_WORDS = (nio.RoomMessageText, nio.RoomMessageEmote)
_NO_WORDS = (nio.RoomMessageMedia, nio.RoomEncryptedMedia, nio.StickerEvent, nio.RoomMessageUnknown)
_MACHINES = ("m.notice", "m.server_notice")
"""Written by bots and by homeservers: answering them is how loops begin."""
_MESSAGE_TYPES = ("m.room.message", "m.sticker")
_LONGEST = 4000
"""Characters of a text that are read: what is longer is no question, and may be made to take long."""
_LATEST = 32_503_680_000_000
"""The year 3000, in milliseconds."""


class Inbox:
    """Picks the messages for one account."""

    def __init__(
        self,
        user: str,
        store: Store,
        cases: CaseBook | None = None,
        is_staffs: Callable[[str], bool] = lambda _: False,
        is_admins: Callable[[str, str], Awaitable[bool]] | None = None,
    ) -> None:
        """`cases`: where there may be some. `is_staffs`: whether a room is one of support's or the admins'.

        `is_admins`: whether this text in this room is a command of admins.
        """
        self._user = user
        self._mentions = Mentions(user)
        self._store = store
        self._cases = cases
        self._is_staffs = is_staffs
        self._is_admins = is_admins

    async def message(self, room: nio.MatrixRoom, event: nio.Event | nio.BadEventType) -> Message | None:
        """The message in `event`, None where it is not for the bot."""
        if isinstance(event, nio.UnknownBadEvent):  # it has no sender, and no id to answer to
            return None
        content = event.source.get("content")
        content = content if isinstance(content, dict) else {}
        relation = content.get("m.relates_to")
        relation = relation if isinstance(relation, dict) else {}
        if event.sender == self._user or relation.get("rel_type") == "m.replace" or not _is_message(event, content):
            return None
        thread = thread_of(event)
        in_case = await self._thread_of_case(room, event, thread)
        text = _whole_text(event, content) if in_case else self._words(room, event, content)
        if in_case:
            addressed: Addressed | None = Addressed.CASE
        elif text and self._is_admins and _is_genuine(room, event) and await self._is_admins(room.room_id, text):
            addressed = Addressed.ADMIN
        else:
            addressed = await self._addressed(room, event.sender, content, thread)
        if addressed is None:
            return None
        return Message(
            event_id=event.event_id,
            room_id=room.room_id,
            sender=event.sender,
            text=text,
            sent_at=sent_at(event),
            addressed=addressed,
            encrypted=room.encrypted,
            thread=in_case or thread,
        )

    def words(self, room: nio.MatrixRoom, event: nio.Event | nio.BadEventType) -> str | None:
        """The words of a message, without a mention of the bot in front; None where the event holds none."""
        content = event.source.get("content")
        if not isinstance(content, dict) or not _is_message(event, content):
            return None
        return self._words(room, event, content)

    def is_mentioned(self, room: nio.MatrixRoom, content: dict[str, Any]) -> bool:
        """Whether a message with this content mentions the bot."""
        return self._mentions.has_bot(room, content)

    async def _thread_of_case(
        self, room: nio.MatrixRoom, event: nio.Event | nio.BadEventType, thread: str | None
    ) -> str | None:
        """The thread of a case for which the event is: it stands there, or replies to what the bot wrote there.

        In the person's chat, others have no part in it, nor has a reply to the message that the thread began from.
        """
        target = thread or _replied_to(event)
        if self._cases is None or target is None:
            return None
        find = self._cases.in_thread if thread else self._cases.of_message
        case = await find(room.room_id, target)
        if case is None:
            return None
        if case.support and case.support.room_id == room.room_id:
            return case.support.root
        is_persons = case.chat.room_id == room.room_id and case.person == event.sender
        return case.chat.root if is_persons else None

    async def _addressed(
        self, room: nio.MatrixRoom, sender: str, content: dict[str, Any], thread: str | None
    ) -> Addressed | None:
        if is_direct(room) and not self._is_staffs(room.room_id):
            return Addressed.DIRECT
        if self._mentions.has_bot(room, content):
            return Addressed.MENTION
        spoken_to = not self._mentions.has_anybody(content)
        if thread and spoken_to and await self._store.takes_part(room.room_id, thread, sender):
            return Addressed.THREAD
        return None

    def _words(self, room: nio.MatrixRoom, event: nio.Event | nio.BadEventType, content: dict[str, Any]) -> str | None:
        """In a direct chat, a name in front may be a word of the question."""
        text = _text(event, content)
        if text is None:
            return None
        return (self._mentions.call_in_front if is_direct(room) else self._mentions.name_in_front)(room, text)


def _is_genuine(room: nio.MatrixRoom, event: nio.Event | nio.BadEventType) -> bool:
    """Whether it comes from its sender's device, as far as encryption tells: else a homeserver might have made it."""
    return not room.encrypted or bool(getattr(event, "decrypted", False))


def thread_of(event: nio.Event | nio.BadEventType) -> str | None:
    """The id of the message that began the thread in which the event stands; None where it stands in none."""
    content = event.source.get("content")
    relation = content.get("m.relates_to") if isinstance(content, dict) else None
    root = relation.get("event_id") if isinstance(relation, dict) and relation.get("rel_type") == "m.thread" else None
    return root if is_event_id(root) else None


def _replied_to(event: nio.Event | nio.BadEventType) -> str | None:
    content = event.source.get("content")
    relation = content.get("m.relates_to") if isinstance(content, dict) else None
    reply = relation.get("m.in_reply_to") if isinstance(relation, dict) else None
    target = reply.get("event_id") if isinstance(reply, dict) else None
    return target if is_event_id(target) else None


def is_event_id(value: object) -> TypeGuard[str]:
    """Whether a stranger's value may be an event's id."""
    return _is_id(value, "$")


def is_room_id(value: object) -> TypeGuard[str]:
    """Whether a stranger's value may be a room's id."""
    return _is_id(value, "!")


def _is_id(value: object, sigil: str) -> bool:
    """By the specification ("Common identifier format"). Asked for others, a homeserver may break down or hang up."""
    return isinstance(value, str) and value.startswith(sigil) and value.isprintable() and len(value.encode()) <= 255


def sent_at(event: nio.Event | nio.BadEventType) -> datetime:
    """When the event was sent, as its homeserver says, which may say anything: kept within what a clock can show."""
    said = event.server_timestamp if isinstance(event.server_timestamp, int) else 0
    return datetime.fromtimestamp(min(max(said, 0), _LATEST) / 1000, UTC)


def is_direct(room: nio.MatrixRoom) -> bool:
    """Whether nobody but the bot and one other is in the room or invited to it."""
    return size(room) <= 2


def size(room: nio.MatrixRoom) -> int:
    """How many are in the room or invited to it."""
    return max(len(room.users), int(room.member_count))


def _is_message(event: nio.Event | nio.BadEventType, content: dict[str, Any]) -> bool:
    if content.get("msgtype") in _MACHINES:
        return False
    if isinstance(event, _WORDS + _NO_WORDS):
        return True
    return isinstance(event, nio.BadEvent) and event.source.get("type") in _MESSAGE_TYPES


def _whole_text(event: nio.Event | nio.BadEventType, content: dict[str, Any]) -> str | None:
    """All words of a text, and one character more than is passed on of it; a caption is half of a message, and none."""
    body = content.get("body")
    is_text = isinstance(event, _WORDS) and isinstance(body, str)
    return own_words(str(body))[: LONGEST + 1] if is_text else None


def _text(event: nio.Event | nio.BadEventType, content: dict[str, Any]) -> str | None:
    """The words of the event: its text, or the caption of a picture; None where it has none."""
    body = content.get("body")
    if not isinstance(body, str):
        return None
    if isinstance(event, _WORDS):
        return own_words(body)[:_LONGEST]
    captioned = isinstance(content.get("filename"), str) and content["filename"] != body
    return body[:_LONGEST] if captioned and isinstance(event, _NO_WORDS) else None
