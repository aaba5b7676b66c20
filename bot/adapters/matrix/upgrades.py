"""Room upgrades: which room replaces which. Both must say so, the old one by its tombstone, the new one when created.

What is to be done about it is the business of `membership`.
"""

from collections.abc import Mapping
from typing import Any

import nio


class Upgrades:
    """Knows the tombstones and the predecessors of the rooms that the bot is in, from what the syncs tell."""

    def __init__(self) -> None:
        self._tombstones: dict[str, nio.RoomUpgradeEvent] = {}
        self._predecessors: dict[str, str] = {}

    def note(self, rooms: Mapping[str, nio.RoomInfo], first: bool) -> dict[str, nio.RoomUpgradeEvent]:
        """Take in what a sync tells of `rooms`; by old room, the tombstones that are due although they are no news.

        These are those whose new room the bot has joined just now, and, at the first sync after a start, all.
        """
        created = set()
        for room_id, told in rooms.items():
            for event in (*told.state, *told.timeline.events):
                if is_tombstone(event):
                    self._tombstones[room_id] = event
                elif predecessor := _predecessor(event):
                    self._predecessors[room_id] = predecessor
                    created.add(room_id)
        return {
            old: tombstone
            for old, tombstone in self._tombstones.items()
            if first or tombstone.replacement_room in created
        }

    def are(self, old: str, new: str) -> bool:
        """Whether the room `new` replaces the room `old`, by the word of both."""
        tombstone = self._tombstones.get(old)
        return tombstone is not None and tombstone.replacement_room == new and self._predecessors.get(new) == old

    def is_successor(self, room_id: str) -> bool:
        """Whether the room replaces one that the bot is in, or was in since its start."""
        return self.are(self._predecessors.get(room_id, ""), room_id)


def is_tombstone(event: Any) -> bool:
    """Whether the event tells that its room was replaced: as state of the room, not as anybody's message."""
    return isinstance(event, nio.RoomUpgradeEvent) and event.source.get("state_key") == ""


def _predecessor(event: Any) -> str | None:
    if not isinstance(event, nio.RoomCreateEvent):
        return None
    told = event.source["content"].get("predecessor")
    room_id = told.get("room_id") if isinstance(told, dict) else None
    return room_id if isinstance(room_id, str) else None
