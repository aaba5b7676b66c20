"""An outbox that lasts as long as the process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.adapters.simulated.clock import SimulatedClock
from bot.core.model import Message
from bot.ports import Clock
from bot.ports.post import Posted, PostState, PostStatus


@dataclass
class _Kept:
    posted: Posted | None
    """None once it was accepted."""
    event: tuple[str, str]
    sender: str
    posted_at: datetime
    next_try: datetime | None
    state: PostState = "waiting"
    attempts: int = 0
    trouble: str = ""
    told: bool = False


class SimulatedOutbox:
    """Keeps letters until the process ends."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SimulatedClock()
        self._kept: dict[str, _Kept] = {}

    @property
    def posted(self) -> list[Posted]:
        """The letters that were not accepted yet, oldest first."""
        return self._letters(lambda _: True)

    def add(self, posted: Posted) -> None:
        """Add a letter, once."""
        event = (posted.message.room_id, posted.message.event_id)
        if posted.letter.reference not in self._kept and event not in (kept.event for kept in self._kept.values()):
            letter = replace(posted, message=replace(posted.message, text=None))
            self._kept[posted.letter.reference] = _Kept(
                letter, event, posted.message.sender, posted.posted_at, self._clock.now()
            )

    async def reference_of(self, message: Message) -> str | None:
        """The reference of the letter that was added with this message."""
        event = (message.room_id, message.event_id)
        return next((reference for reference, kept in self._kept.items() if kept.event == event), None)

    async def posted_since(self, since: datetime, sender: str | None = None) -> int:
        """How many letters were added since then."""
        return sum(kept.posted_at >= since and sender in (None, kept.sender) for kept in self._kept.values())

    async def due(self) -> list[Posted]:
        """The letters that are to be tried now."""
        now = self._clock.now()
        return self._letters(lambda kept: kept.next_try is not None and kept.next_try <= now)

    async def untold(self) -> list[Posted]:
        """The letters that failed and were not told."""
        return self._letters(lambda kept: kept.state == "failed" and not kept.told)

    async def accepted(self, reference: str) -> None:
        """Erase its text."""
        self._tried(reference, posted=None, state="accepted", next_try=None, trouble="")

    async def put_off(self, reference: str, until: datetime, trouble: str) -> None:
        """Let it wait."""
        self._tried(reference, next_try=until, trouble=trouble)

    async def failed(self, reference: str, trouble: str) -> None:
        """Let it wait no more."""
        self._tried(reference, state="failed", next_try=None, trouble=trouble)

    async def told(self, reference: str) -> None:
        """Remember it."""
        if kept := self._kept.get(reference):
            kept.told = True

    async def all(self) -> list[PostStatus]:
        """How all letters stand."""
        return [
            PostStatus(reference, kept.state, kept.posted_at, kept.attempts, kept.next_try, kept.trouble)
            for reference, kept in sorted(self._kept.items(), key=lambda item: item[1].posted_at)
        ]

    async def retry(self, reference: str) -> bool:
        """Let it be tried now, unless it was accepted."""
        kept = self._kept.get(reference)
        if kept is None or kept.posted is None:
            return False
        kept.state, kept.next_try = "waiting", self._clock.now()
        return True

    async def drop(self, reference: str) -> bool:
        """Erase it, unless it was accepted."""
        kept = self._kept.get(reference)
        if kept is None or kept.state == "accepted":
            return False
        del self._kept[reference]
        return True

    def _letters(self, wanted: Callable[[_Kept], bool]) -> list[Posted]:
        found = sorted(filter(wanted, self._kept.values()), key=lambda kept: kept.posted_at)
        return [replace(kept.posted, attempts=kept.attempts) for kept in found if kept.posted]

    def _tried(self, reference: str, **outcome: object) -> None:
        if kept := self._kept.get(reference):
            self._kept[reference] = replace(kept, attempts=kept.attempts + 1, **outcome)  # type: ignore[arg-type]
