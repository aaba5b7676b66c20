"""Cases that last as long as the process, and a support room that keeps what is written on both sides."""

from datetime import datetime

from bot.core.model import Message, Reply
from bot.core.relaying import Case, Thread
from bot.ports import Clock
from bot.ports.cases import Copy


class SimulatedCases:
    """Keeps cases until the process ends."""

    def __init__(self, handled: set[str], clock: Clock) -> None:
        """`handled` are the events that the store knows as handled: what is passed on is added."""
        self._handled = handled
        self._clock = clock
        self.open: dict[str, Case] = {}
        """By reference."""
        self._alive: dict[str, datetime] = {}
        self._copies: dict[tuple[str, str], tuple[str, Copy]] = {}

    def add(self, case: Case) -> None:
        """Add a case, once."""
        if case.reference not in self.open:
            self._keep(case)

    def drop(self, reference: str) -> None:
        """Forget a case that does not stand in the support room."""
        if (case := self.open.get(reference)) and not case.support:
            del self.open[reference]

    async def in_thread(self, room_id: str, root: str) -> Case | None:
        """The case that has this thread."""
        return next((case for case in self.open.values() if Thread(room_id, root) in (case.chat, case.support)), None)

    async def of_message(self, room_id: str, event_id: str) -> Case | None:
        """The case with this copy, or whose letter this is."""
        copied = (case for case, copy in self._copies.values() if copy == Copy(room_id, event_id))
        if (reference := next(copied, None)) is not None:
            return self.open.get(reference)
        return next((case for case in self.open.values() if case.support == Thread(room_id, event_id)), None)

    async def stands(self, case: Case) -> None:
        """Keep the case."""
        self._keep(case)

    async def passed_on(self, message: Message, case: Case, copy: Copy | None = None) -> None:
        """Remember it."""
        self._handled.update((message.event_id, *message.edits))
        self._alive[case.reference] = self._clock.now()
        if copy:
            self._copies[message.room_id, message.event_id] = (case.reference, copy)

    async def copy_of(self, room_id: str, event_id: str) -> Copy | None:
        """The copy of this message."""
        copied = self._copies.get((room_id, event_id))
        return copied and copied[1]

    async def forget_copy(self, room_id: str, event_id: str) -> None:
        """Forget it."""
        self._copies.pop((room_id, event_id), None)

    async def close(self, case: Case, message: Message | None = None) -> None:
        """Forget the case."""
        if message:
            self._handled.update((message.event_id, *message.edits))
        self.open.pop(case.reference, None)
        self._copies = {key: copied for key, copied in self._copies.items() if copied[0] != case.reference}

    async def idle_since(self, time: datetime) -> list[Case]:
        """The cases in which nobody has written since then."""
        return [case for case in self.open.values() if self._alive[case.reference] < time]

    def _keep(self, case: Case) -> None:
        self.open[case.reference] = case
        self._alive[case.reference] = self._clock.now()


class SimulatedRooms:
    """Keeps what is written, in order, unless it is told to fail."""

    def __init__(self, room_id: str = "!support:uni.test") -> None:
        self._room_id = room_id
        self.closed: str | None = None
        """Why the support room cannot be used."""
        self.failure: Exception | None = None
        """What is raised for all that is written."""
        self.letters: list[Reply] = []
        self.written: list[tuple[str, str]] = []
        """Where (`person` or `support`), and what."""
        self.told: list[tuple[str, Reply]] = []
        self.rewritten: list[tuple[str, str]] = []
        """Which copy, and what stands there now."""
        self.withdrawn: list[str] = []
        self._sent: set[tuple[str, str]] = set()

    async def trouble(self) -> str | None:
        """What was told."""
        return self.closed

    async def open(self, letter: Reply, because: str) -> Thread:
        """Keep the letter."""
        if self._is_new("letter", because):
            self.letters.append(letter)
        return Thread(self._room_id, f"case of {because}")

    async def write(self, case: Case, to_person: bool, text: str, because: str) -> Copy:
        """Keep the text."""
        side, thread = ("person", case.chat) if to_person else ("support", case.support or case.chat)
        if self._is_new(side, because):
            self.written.append((side, text))
        return Copy(thread.room_id, f"copy of {because}")

    async def tell(self, _case: Case, to_person: bool, reply: Reply, because: str) -> None:
        """Keep what was said."""
        side = "person" if to_person else "support"
        if self._is_new(f"word to {side}", because):
            self.told.append((side, reply))

    async def rewrite(self, copy: Copy, text: str, because: str) -> None:
        """Keep what stands there now."""
        if self._is_new("edit", because):
            self.rewritten.append((copy.event_id, text))

    async def withdraw(self, copy: Copy, because: str) -> None:
        """Keep what was taken back."""
        if self._is_new("redaction", because):
            self.withdrawn.append(copy.event_id)

    def name(self, message: Message) -> str:
        """The first part of the Matrix id."""
        return message.sender[1:].partition(":")[0]

    def _is_new(self, kind: str, because: str) -> bool:
        if self.failure:
            raise self.failure
        is_new = (kind, because) not in self._sent
        self._sent.add((kind, because))
        return is_new
