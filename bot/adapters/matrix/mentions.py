"""Who is mentioned in a message: by `m.mentions`; in messages of clients without it, by a pill or the name in front.

Where `m.mentions` names nobody, "@name" in front is a mention all the same: somebody typed it and chose nobody. A pill
is a link to a person in the HTML. A link in plain text is none, nor is anything within a quotation.
"""

import re
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, unquote

import nio

_PILL = re.compile(r"(?:https://matrix\.to/#/(?:@|%40)|matrix:u/)([^?]+)", re.IGNORECASE)
_LONGEST = 10_000
"""Characters of HTML that are read: mentions stand at its beginning."""
_QUOTATION = {"mx-reply", "blockquote"}
_QUOTES = ("> <", "> * <")


class Mentions:
    """Recognises mentions of one account."""

    def __init__(self, user: str) -> None:
        self._user = user

    def has_bot(self, room: nio.MatrixRoom, content: dict[str, Any]) -> bool:
        """Whether the message with this content mentions the bot."""
        body = content.get("body")
        called = self._called(room, own_words(body)) if isinstance(body, str) else None
        pills = _Pills(content)
        if pills.in_front:  # somebody else may have the same name
            called = None
        if isinstance(content.get("m.mentions"), dict):
            intended = _intended(content)
            return self._user in intended or bool(called and called[0].lstrip().startswith("@") and not intended)
        return self._user in pills.users or called is not None

    def has_anybody(self, content: dict[str, Any]) -> bool:
        """Whether anybody is mentioned, the bot or another."""
        return bool(_intended(content) or _Pills(content).users)

    def call_in_front(self, room: nio.MatrixRoom, text: str) -> str:
        """`text` without a name in front that is a call, and no word of the sentence."""
        called = self._called(room, text)
        return text[called.end() :] if called else text

    def name_in_front(self, room: nio.MatrixRoom, text: str) -> str:
        """`text` without the bot's name in front."""
        front = self._front(room).match(text)
        return text[front.end() :] if front else text

    def _front(self, room: nio.MatrixRoom) -> re.Pattern[str]:
        """The bot's name at the beginning of a text, or a Markdown link to it, as some clients write a mention."""
        shown = room.users[self._user].display_name if self._user in room.users else None
        names = filter(None, {self._user[1:], self._user[1:].partition(":")[0], (shown or "").strip()})
        name = "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))
        users = "|".join(re.escape(each) for each in (self._user, quote(self._user, "@"), quote(self._user, "")))
        link = rf"\[[^\]]*\]\(https://matrix\.to/#/(?:{users})[^)]*\)"
        return re.compile(rf"\s*(?:(?P<call>{link}|@(?:{name})(?!\w))|(?:{name})(?!\w))\s*(?P<mark>[:,])?\s*", re.I)

    def _called(self, room: nio.MatrixRoom, text: str) -> re.Match[str] | None:
        """The name in front where it is a call, "Auskunft: ..." or "@auskunft ...", and no word of the sentence."""
        front = self._front(room).match(text)
        return front if front and (front["call"] or front["mark"]) else None


def own_words(body: str) -> str:
    """The text without the quotation that older clients put before a reply ("Rich replies", fallback)."""
    if not body.startswith(_QUOTES):
        return body
    lines = body.split("\n")
    while lines and (lines[0].startswith("> ") or lines[0] == ">"):
        lines.pop(0)
    return "\n".join(lines).strip()


def _intended(content: dict[str, Any]) -> list[str]:
    mentions = content.get("m.mentions")
    users = mentions.get("user_ids") if isinstance(mentions, dict) else None
    return [user for user in users if isinstance(user, str)] if isinstance(users, list) else []


class _Pills(HTMLParser):
    """The pills in a message, but for those within quotations. No document is made of it: some would explode."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__()
        self.users: set[str] = set()
        """The people they stand for."""
        self.in_front = False
        """Whether the message begins with one."""
        self._quotations = 0
        self._words_before = False
        html = content.get("formatted_body")
        if isinstance(html, str):
            with suppress(AssertionError):  # at some garbage: what stands before it counts
                self.feed(html[:_LONGEST])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Count a quotation's beginning; take a pill."""
        self._quotations += tag in _QUOTATION
        href = next((value for name, value in attributes if name == "href"), None)
        pill = _PILL.match((href or "").strip()) if tag == "a" and not self._quotations else None
        if pill:
            self.in_front = self.in_front or not (self.users or self._words_before)
            self.users.add("@" + unquote(pill[1]))

    def handle_endtag(self, tag: str) -> None:
        """Count a quotation's end."""
        self._quotations -= tag in _QUOTATION and self._quotations > 0

    def handle_data(self, data: str) -> None:
        """Note that there are words."""
        self._words_before = self._words_before or (not self._quotations and bool(data.strip().removeprefix("@")))
