"""Additions and an admin room that last as long as the process."""

from collections.abc import Sequence

from bot.core.model import Reply
from bot.ports import Undelivered
from bot.ports.keeping import Addition


class SimulatedAdditions:
    """Keeps additions."""

    def __init__(self) -> None:
        self._kept: dict[str, Addition] = {}

    async def all(self) -> Sequence[Addition]:
        """What was kept, oldest first."""
        return sorted(self._kept.values(), key=lambda addition: addition.at)

    async def keep(self, addition: Addition) -> None:
        """Keep it."""
        self._kept[addition.event_id] = addition

    async def forget(self, event_id: str) -> None:
        """Forget it."""
        self._kept.pop(event_id, None)


class SimulatedAdminRoom:
    """Keeps what is said in it, once because of the same; where it `is_closed`, nothing can be."""

    def __init__(self) -> None:
        self.said: list[tuple[Reply, bool]] = []
        self._because: set[str] = set()
        self.is_closed = False

    async def tell(self, reply: Reply, because: str, rings: bool = False) -> None:
        """Keep `reply`, and whether it rings."""
        if self.is_closed:
            raise Undelivered("the room is closed")
        if because not in self._because:
            self.said.append((reply, rings))
        self._because.add(because)
