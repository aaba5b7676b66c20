"""A room that the configuration names, by its address or its id: found, and kept apart from people's direct chats."""

import nio

from bot.adapters.matrix.client import SafeClient
from bot.ports import Clock

_BETWEEN_LOOKUPS = 60
"""Seconds between two tries to find a room by its address."""


class NamedRoom:
    """One room, seen with one account."""

    def __init__(self, client: SafeClient, name: str, setting: str, clock: Clock) -> None:
        """`name` is its address or id; `setting` is the key of the configuration that names it."""
        self._client = client
        self._clock = clock
        self._name = name
        self._setting = setting
        self.id = None if name.startswith("#") else name
        """Its id; None until it is found."""
        self._looked_up = float("-inf")

    def __str__(self) -> str:
        return f"{self._name} (`{self._setting}`)"

    async def find(self, at_once: bool = False) -> str | None:
        """Its id. By its address it is looked up once in a while, or `at_once`, until the bot is in the room."""
        now = self._clock.now().timestamp()
        is_settled = not self._name.startswith("#") or self.id in self._client.rooms
        if not is_settled and (at_once or now - self._looked_up > _BETWEEN_LOOKUPS):
            self._looked_up = now
            answer = await self._client.room_resolve_alias(self._name)
            if isinstance(answer, nio.RoomResolveAliasResponse):
                self.id = str(answer.room_id)
        if self.id:
            self._client.staff_rooms.add(self.id)
        return self.id

    @property
    def unknown(self) -> str:
        """That it is not found, for the log."""
        return f"there is no room {self}"

    @property
    def absent(self) -> str:
        """That the bot is not in it, for the log."""
        return f"the bot is not in {self}: invite it there"
