"""A store that lasts as long as the process."""

from collections import Counter
from dataclasses import replace

from bot.adapters.simulated.cases import SimulatedCases
from bot.adapters.simulated.clock import SimulatedClock
from bot.adapters.simulated.outbox import SimulatedOutbox
from bot.core.conversation import Conversation
from bot.core.model import Feedback, Message
from bot.core.relaying import Case
from bot.ports import Answered, Clock, Notice
from bot.ports.post import Posted


class SimulatedStore:
    """Remembers until the process ends, or a conversation its own end; letters go to the `outbox`."""

    def __init__(self, clock: Clock | None = None, outbox: SimulatedOutbox | None = None) -> None:
        self._clock = clock or SimulatedClock()
        self.outbox = outbox or SimulatedOutbox(self._clock)
        self._handled: set[str] = set()
        self.cases = SimulatedCases(self._handled, self._clock)
        self.outbox.on_failed = self.cases.drop
        self._answers: dict[tuple[str, str], Answered] = {}
        self._askers: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._votes: dict[tuple[str, str], tuple[tuple[str, ...], Feedback]] = {}
        self._told: set[tuple[str, Notice]] = set()
        self._conversations: dict[tuple[str, str | None, str], Conversation] = {}
        self._threads: set[tuple[str, str]] = set()

    async def was_handled(self, event_id: str) -> bool:
        """Whether `record` was called for this event."""
        return event_id in self._handled

    async def conversation(self, message: Message) -> Conversation:
        """What `record` was given last for this room, thread and person."""
        key = (message.room_id, message.thread, message.sender)
        return self._conversations.get(key, Conversation()).as_of(self._clock.now())

    async def record(
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        told: Notice | None = None,
        entries: tuple[str, ...] = (),
        before: Conversation | None = None,
    ) -> None:
        """Remember."""
        self._handled.update((message.event_id, *message.edits))
        if reply_id:
            self._askers[message.room_id, reply_id] = (message.sender, entries)
        if reply_id and not message.edit_of:
            self._answers[message.room_id, message.event_id] = Answered(reply_id, self._clock.now(), before)
        if told:
            self._told.add((message.room_id, told))
        self._remember(message, conversation)
        if message.thread and not conversation.is_new:
            self._threads.add((message.room_id, message.thread))

    def _remember(self, message: Message, conversation: Conversation) -> None:
        if conversation.until is None:
            conversation = Conversation(handed_over=conversation.handed_over)
        self._conversations[message.room_id, message.thread, message.sender] = conversation

    async def remember(self, message: Message, conversation: Conversation) -> None:
        """Remember it for the message's room, thread and sender."""
        self._remember(message, conversation)

    async def post(self, posted: Posted, conversation: Conversation) -> None:
        """Remember both, and the case."""
        for way in posted.letter.ways:
            self.outbox.add(replace(posted, way=way))
        if "room" in posted.letter.ways:
            self.cases.add(Case.of(posted.letter, posted.message, posted.language))
        self._remember(posted.message, conversation)

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

    async def takes_part(self, room_id: str, thread: str, sender: str) -> bool:
        """Whether anything was recorded in this thread, or its root is an answer to the sender, or was answered."""
        return (room_id, thread) in self._threads or await self.entries_of(room_id, thread, sender) is not None

    async def entries_of(self, room_id: str, event_id: str, sender: str) -> tuple[str, ...] | None:
        """What `record` was given as the entries of this answer, or of the answer to this message."""
        answered = self._answers.get((room_id, event_id))
        reply_id = answered.reply_id if answered else event_id
        asker, entries = self._askers.get((room_id, reply_id), ("", ()))
        return entries if asker == sender else None
