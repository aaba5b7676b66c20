"""An outbox that lasts as long as the process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.adapters.simulated.clock import SimulatedClock
from bot.core.letter import Way
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
        self._kept: dict[tuple[str, Way], _Kept] = {}
        self.on_failed: Callable[[str], None] = lambda _: None
        """What is called with the reference of a letter that did not get into the support room."""

    @property
    def posted(self) -> list[Posted]:
        """The letters that were not accepted yet, oldest first."""
        return self._letters(lambda _: True)

    def add(self, posted: Posted) -> None:
        """Add a letter, once."""
        event, key = (posted.message.room_id, posted.message.event_id), (posted.letter.reference, posted.way)
        known = ((kept.event, way) for (_, way), kept in self._kept.items())
        if key not in self._kept and (event, posted.way) not in known:
            letter = replace(posted, message=replace(posted.message, text=None))
            self._kept[key] = _Kept(letter, event, posted.message.sender, posted.posted_at, self._clock.now())

    async def reference_of(self, event_id: str) -> str | None:
        """The reference of the letter that was added with this message."""
        return next((reference for (reference, _), kept in self._kept.items() if kept.event[1] == event_id), None)

    async def ways_of(self, reference: str) -> tuple[Way, ...]:
        """The ways that were added."""
        return tuple(way for each, way in self._kept if each == reference)

    async def posted_since(self, since: datetime, sender: str | None = None) -> int:
        """How many letters were added since then."""
        kept = self._kept.items()
        return len({ref for (ref, _), each in kept if each.posted_at >= since and sender in (None, each.sender)})

    async def due(self) -> list[Posted]:
        """The letters that are to be tried now."""
        now = self._clock.now()
        return self._letters(lambda kept: kept.next_try is not None and kept.next_try <= now)

    async def untold(self) -> list[Posted]:
        """The letters that failed and were not told."""
        alive = {reference for (reference, _), kept in self._kept.items() if kept.state != "failed"}
        untold = self._letters(lambda kept: kept.state == "failed" and not kept.told)
        lost = {each.letter.reference: each for each in untold if each.letter.reference not in alive}
        return list(lost.values())

    async def accepted(self, reference: str, way: Way = "mail") -> None:
        """Erase its text."""
        self._tried(reference, way, posted=None, state="accepted", next_try=None, trouble="")

    async def put_off(self, reference: str, until: datetime, trouble: str, way: Way = "mail") -> None:
        """Let it wait."""
        self._tried(reference, way, next_try=until, trouble=trouble)

    async def failed(self, reference: str, trouble: str, way: Way = "mail") -> None:
        """Let it wait no more."""
        self._tried(reference, way, state="failed", next_try=None, trouble=trouble)
        if way == "room":
            self.on_failed(reference)

    async def told(self, reference: str) -> None:
        """Remember it."""
        for kept in self._of(reference):
            kept.told = True

    async def all(self) -> list[PostStatus]:
        """How all letters stand."""
        return [
            PostStatus(reference, kept.state, kept.posted_at, kept.attempts, kept.next_try, kept.trouble, way)
            for (reference, way), kept in sorted(self._kept.items(), key=lambda item: item[1].posted_at)
        ]

    async def retry(self, reference: str) -> bool:
        """Let it be tried now, unless it was accepted."""
        left = [kept for kept in self._of(reference) if kept.posted]
        for kept in left:
            kept.state, kept.next_try = "waiting", self._clock.now()
        return bool(left)

    async def drop(self, reference: str) -> bool:
        """Erase it, unless it was accepted."""
        gone = [key for key, kept in self._kept.items() if key[0] == reference and kept.state != "accepted"]
        for key in gone:
            del self._kept[key]
            if key[1] == "room":
                self.on_failed(reference)
        return bool(gone)

    def _of(self, reference: str) -> list[_Kept]:
        return [kept for (each, _), kept in self._kept.items() if each == reference]

    def _letters(self, wanted: Callable[[_Kept], bool]) -> list[Posted]:
        found = sorted(filter(wanted, self._kept.values()), key=lambda kept: kept.posted_at)
        return [replace(kept.posted, attempts=kept.attempts) for kept in found if kept.posted]

    def _tried(self, reference: str, way: Way, **outcome: object) -> None:
        if kept := self._kept.get((reference, way)):
            self._kept[reference, way] = replace(kept, attempts=kept.attempts + 1, **outcome)  # type: ignore[arg-type]
