"""Second thoughts: edits and redactions, and what became of a message while it waited.

An edit names the message that it replaces (`m.replace`) and brings `m.new_content`. It counts only where the same
person wrote both, which homeservers do not check.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import nio

from bot.adapters.matrix.inbox import is_event_id
from bot.adapters.matrix.rooms import Event
from bot.adapters.matrix.send import transaction_ids


@dataclass(frozen=True)
class Fate:
    """What became of a message before it was answered."""

    event: Event
    """The message, as it was edited last."""
    edits: tuple[str, ...] = ()
    """The event ids of the edits that were taken in."""
    redacted: bool = False


def fate(event: Event, following: Iterable[Event], user: str) -> Fate:
    """What became of `event`, by the events that wait behind it.

    Where the account `user` answered it before a crash, that answer is among them, and only what was written before
    the answer is part of the question.
    """
    newest, edits = event, []
    own = transaction_ids(event.event_id)
    for later in following:
        if isinstance(later, nio.UnknownBadEvent):
            continue
        if later.sender == user and later.transaction_id in own:
            break
        if isinstance(later, nio.RedactionEvent) and later.redacts == event.event_id:
            return Fate(event, redacted=True)
        if later.sender == event.sender and edited(later) == event.event_id:
            newest = rewritten(event, later)
            edits.append(later.event_id)
    return Fate(newest, tuple(edits))


def edited(event: Event) -> str | None:
    """The id of the message that `event` is an edit of; None where it is none."""
    content = _content(event)
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.replace":
        return None
    target = relation.get("event_id")
    return target if is_event_id(target) and isinstance(content.get("m.new_content"), dict) else None


def rewritten(question: Event, edit: Event) -> Event:
    """The message `question` with the new content of `edit`. Where it stands, in a thread or not, cannot be edited."""
    content = dict(_content(edit)["m.new_content"])
    content.pop("m.relates_to", None)
    if relation := _content(question).get("m.relates_to"):
        content["m.relates_to"] = relation
    source = {
        "type": "m.room.message",
        "event_id": question.event_id,
        "sender": question.sender,
        "origin_server_ts": question.server_timestamp,
        "content": content,
    }
    return nio.Event.parse_event(source)


def _content(event: Event) -> dict[str, Any]:
    content = event.source.get("content")
    return content if isinstance(content, dict) else {}
