"""What is for the bot: an event of a room -> a Message, or nothing.

In a direct chat everything is; in a room with others a mention, or a message in a thread that the bot takes part in.
Notices (other bots), edits and the bot's own messages never are.
"""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import nio

from bot.core.model import Addressed, Message
from bot.ports import Store

_LINKS = re.compile(r'href="https://matrix\.to/#/([^"?]+)', re.IGNORECASE)
_QUOTED = re.compile(r"<mx-reply>.*?</mx-reply>", re.DOTALL | re.IGNORECASE)
_WORDS = (nio.RoomMessageText, nio.RoomMessageEmote)
_NO_WORDS = (nio.RoomMessageMedia, nio.RoomEncryptedMedia, nio.StickerEvent, nio.RoomMessageUnknown)
_MESSAGE_TYPES = ("m.room.message", "m.sticker")


class Inbox:
    """Picks the messages for one account."""

    def __init__(self, user: str, store: Store) -> None:
        self._user = user
        self._store = store

    async def message(self, room: nio.MatrixRoom, event: nio.Event | nio.BadEventType) -> Message | None:
        """The message in `event`, None where it is not for the bot."""
        if isinstance(event, nio.UnknownBadEvent):  # it has no sender, and no id to answer to
            return None
        content = event.source.get("content")
        content = content if isinstance(content, dict) else {}
        relation = content.get("m.relates_to")
        relation = relation if isinstance(relation, dict) else {}
        if event.sender == self._user or relation.get("rel_type") == "m.replace" or not _is_message(event):
            return None
        root = relation.get("event_id")
        thread = root if relation.get("rel_type") == "m.thread" and isinstance(root, str) else None
        addressed = await self._addressed(room, content, thread)
        if addressed is None:
            return None
        text = _text(event, content)
        return Message(
            event_id=event.event_id,
            room_id=room.room_id,
            sender=event.sender,
            text=None if text is None else self._without_mention(room, text),
            sent_at=datetime.fromtimestamp((event.server_timestamp or 0) / 1000, UTC),
            addressed=addressed,
            encrypted=room.encrypted,
            thread=thread,
        )

    async def _addressed(self, room: nio.MatrixRoom, content: dict[str, Any], thread: str | None) -> Addressed | None:
        if is_direct(room):
            return Addressed.DIRECT
        if self._is_mentioned(room, content):
            return Addressed.MENTION
        if thread and not _mentions(content) and await self._store.takes_part(room.room_id, thread):
            return Addressed.THREAD
        return None

    def _is_mentioned(self, room: nio.MatrixRoom, content: dict[str, Any]) -> bool:
        """By `m.mentions`; in messages of clients without it, by a pill or by the name in front."""
        if isinstance(content.get("m.mentions"), dict):
            return self._user in _mentions(content)
        html = content.get("formatted_body")
        if isinstance(html, str) and self._user in map(unquote, _LINKS.findall(_QUOTED.sub("", html))):
            return True
        body = content.get("body")
        return isinstance(body, str) and self._called(room, _own_words(body)) is not None

    def _in_front(self, room: nio.MatrixRoom) -> re.Pattern[str]:
        """The bot's name at the beginning of a text, or a Markdown link to it, as some clients write a mention."""
        names = {self._user[1:], self._user[1:].partition(":")[0]}
        if self._user in room.users:
            names.add(room.users[self._user].display_name or self._user[1:])
        choices = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        link = rf"\[[^\]]*\]\(https://matrix\.to/#/{re.escape(self._user)}[^)]*\)"
        return re.compile(rf"\s*(?:{link}|@?(?:{choices})(?!\w))\s*[:,]?\s*", re.IGNORECASE)

    def _called(self, room: nio.MatrixRoom, text: str) -> re.Match[str] | None:
        """The name in front where it is a call, "Auskunft: ..." or "@auskunft ...", and no word of the sentence."""
        front = self._in_front(room).match(text)
        return front if front and ("@" in front[0] or front[0].rstrip().endswith((":", ","))) else None

    def _without_mention(self, room: nio.MatrixRoom, text: str) -> str:
        front = self._called(room, text) if is_direct(room) else self._in_front(room).match(text)
        return text[front.end() :] if front else text


def is_direct(room: nio.MatrixRoom) -> bool:
    """Whether nobody but the bot and one other is in the room or invited to it."""
    return size(room) <= 2


def size(room: nio.MatrixRoom) -> int:
    """How many are in the room or invited to it."""
    return max(len(room.users), int(room.member_count))


def _is_message(event: nio.Event | nio.BadEventType) -> bool:
    if isinstance(event, _WORDS + _NO_WORDS):
        return True
    return isinstance(event, nio.BadEvent) and event.source.get("type") in _MESSAGE_TYPES


def _mentions(content: dict[str, Any]) -> list[str]:
    mentions = content.get("m.mentions")
    users = mentions.get("user_ids") if isinstance(mentions, dict) else None
    return [user for user in users if isinstance(user, str)] if isinstance(users, list) else []


def _text(event: nio.Event | nio.BadEventType, content: dict[str, Any]) -> str | None:
    """The words of the event: its text, or the caption of a picture; None where it has none."""
    body = content.get("body")
    if not isinstance(body, str):
        return None
    if isinstance(event, _WORDS):
        return _own_words(body)
    captioned = isinstance(content.get("filename"), str) and content["filename"] != body
    return body if captioned and isinstance(event, _NO_WORDS) else None


def _own_words(body: str) -> str:
    """The text without the quotation that older clients put before a reply ("Rich replies", fallback)."""
    if not body.startswith("> <"):
        return body
    lines = body.split("\n")
    while lines and lines[0].startswith("> "):
        lines.pop(0)
    return "\n".join(lines).strip()
