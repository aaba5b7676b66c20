"""In-memory ports: `ask`, dry runs and the tests use them instead of a homeserver and a database."""

from datetime import UTC, datetime, timedelta

from bot.core.model import Conversation, Message, Reply


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

    async def send(self, message: Message, reply: Reply) -> None:
        """Keep `reply`."""
        self.sent.append((message, reply))


class SimulatedStore:
    """Remembers until the process ends."""

    def __init__(self) -> None:
        self._handled: set[str] = set()
        self._conversations: dict[tuple[str, str | None, str], Conversation] = {}

    async def was_handled(self, event_id: str) -> bool:
        """Whether `record` was called for this event."""
        return event_id in self._handled

    async def conversation(self, message: Message) -> Conversation:
        """What `record` was given last for this room, thread and person."""
        return self._conversations.get((message.room_id, message.thread, message.sender), Conversation())

    async def record(self, message: Message, conversation: Conversation) -> None:
        """Remember."""
        self._handled.add(message.event_id)
        if not conversation.is_new:
            self._conversations[message.room_id, message.thread, message.sender] = conversation

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether anything was recorded in this thread."""
        return any(key[:2] == (room_id, thread) for key in self._conversations)
