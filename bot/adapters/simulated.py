"""In-memory ports: `ask`, dry runs and the tests use them instead of a homeserver and a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.core.conversation import Conversation
from bot.core.model import Feedback, Message, Reply
from bot.ports import Answered, Clock, Notice


class SimulatedClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time it was set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


class SimulatedReplies:
    """Keeps what was sent, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, Reply]] = []
        self.replaced: list[tuple[str, Reply]] = []
        self.withdrawn: list[str] = []

    async def send(self, message: Message, reply: Reply) -> str:
        """Keep `reply`."""
        self.sent.append((message, reply))
        return f"reply to {message.event_id}"

    async def replace(self, _message: Message, reply_id: str, reply: Reply) -> None:
        """Keep what took the place of which reply."""
        self.replaced.append((reply_id, reply))

    async def withdraw(self, _room_id: str, reply_id: str, _because: str) -> None:
        """Keep which reply was taken back."""
        self.withdrawn.append(reply_id)


class SimulatedStore:
    """Remembers until the process ends."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SimulatedClock()
        self._handled: set[str] = set()
        self._answers: dict[tuple[str, str], Answered] = {}
        self._askers: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._votes: dict[tuple[str, str], tuple[tuple[str, ...], Feedback]] = {}
        self._told: set[tuple[str, Notice]] = set()
        self._conversations: dict[tuple[str, str | None, str], Conversation] = {}

    async def was_handled(self, event_id: str) -> bool:
        """Whether `record` was called for this event."""
        return event_id in self._handled

    async def conversation(self, message: Message) -> Conversation:
        """What `record` was given last for this room, thread and person."""
        return self._conversations.get((message.room_id, message.thread, message.sender), Conversation())

    async def record(
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        told: Notice | None = None,
        entries: tuple[str, ...] = (),
        before: Conversation = Conversation(),
    ) -> None:
        """Remember."""
        self._handled.update((message.event_id, *message.edits))
        if reply_id:
            self._askers[message.room_id, reply_id] = (message.sender, entries)
        if reply_id and not message.edit_of:
            self._answers[message.room_id, message.event_id] = Answered(reply_id, self._clock.now(), before)
        if told:
            self._told.add((message.room_id, told))
        if not conversation.is_new:
            self._conversations[message.room_id, message.thread, message.sender] = conversation

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """What `record` was given for this message."""
        return self._answers.get((room_id, event_id))

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget it."""
        self._answers.pop((room_id, event_id), None)

    async def rate(self, feedback: Feedback) -> None:
        """Count it for what `record` was given as the reply's entries."""
        asker, entries = self._askers.get((feedback.room_id, feedback.reply_id), ("", ()))
        given = ((each.reply_id, each.helpful) for _, each in self._votes.values())
        if asker == feedback.sender and (feedback.reply_id, feedback.helpful) not in given:
            self._votes[feedback.room_id, feedback.event_id] = (entries, feedback)

    async def take_back(self, room_id: str, event_id: str) -> None:
        """Count it no more."""
        self._votes.pop((room_id, event_id), None)

    @property
    def ratings(self) -> Counter[tuple[str, bool]]:
        """How often each entry was called helpful or not."""
        return Counter((entry, each.helpful) for entries, each in self._votes.values() for entry in entries)

    async def was_told(self, room_id: str, notice: Notice) -> bool:
        """Whether `record` or `tell` ever heard so."""
        return (room_id, notice) in self._told

    async def tell(self, room_id: str, notice: Notice) -> None:
        """Remember it."""
        self._told.add((room_id, notice))

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether anything was recorded in this thread."""
        return any(key[:2] == (room_id, thread) for key in self._conversations)
