"""Room upgrades: which room replaces which. Both must say so, the old one by its tombstone, the new one when created.

What is to be done about it is the business of `membership`. The events are read here as they stand: nio takes those of
room version 12, whose room ids name no server, for broken.
"""

from collections.abc import Mapping
from typing import Any

import nio

from bot.adapters.matrix.inbox import is_room_id
from bot.adapters.matrix.rooms import Event


class Upgrades:
    """Knows the tombstones and the predecessors of the rooms that the bot is in, from what the syncs tell."""

    def __init__(self) -> None:
        self._tombstones: dict[str, Event] = {}
        self._predecessors: dict[str, str] = {}

    def note(self, rooms: Mapping[str, nio.RoomInfo], first: bool) -> dict[str, Event]:
        """Take in what a sync tells of `rooms`; by old room, the tombstones that are due although they are no news.

        These are those whose new room the bot has joined just now, and, at the first sync after a start, all.
        """
        created = set()
        for room_id, told in rooms.items():
            for event in (*told.state, *told.timeline.events):
                if replacement(event):
                    self._tombstones[room_id] = event
                elif predecessor := _predecessor(event):
                    self._predecessors[room_id] = predecessor
                    created.add(room_id)
        return {
            old: tombstone for old, tombstone in self._tombstones.items() if first or replacement(tombstone) in created
        }

    def are(self, old: str, new: str) -> bool:
        """Whether the room `new` replaces the room `old`, by the word of both."""
        tombstone = self._tombstones.get(old)
        return tombstone is not None and replacement(tombstone) == new and self._predecessors.get(new) == old

    def is_successor(self, room_id: str) -> bool:
        """Whether the room replaces one that the bot is in, or was in since its start."""
        return self.are(self._predecessors.get(room_id, ""), room_id)


def replacement(event: Event) -> str | None:
    """The id of the room that replaces the event's room, where the event is a tombstone; else None."""
    room_id = _state(event, "m.room.tombstone").get("replacement_room")
    return room_id if is_room_id(room_id) else None


def _predecessor(event: Event) -> str | None:
    told = _state(event, "m.room.create").get("predecessor")
    room_id = told.get("room_id") if isinstance(told, dict) else None
    return room_id if isinstance(room_id, str) else None


def _state(event: Event, kind: str) -> dict[str, Any]:
    """The content of the room's state of this kind; empty for any other event. What was encrypted is no state."""
    if isinstance(event, nio.UnknownBadEvent) or event.decrypted:
        return {}
    source = event.source
    content = source.get("content")
    is_it = source.get("type") == kind and source.get("state_key") == "" and isinstance(content, dict)
    return content if is_it else {}
