"""Rooms that keep what is said in them."""

from bot.core.conversation import Quoted
from bot.core.model import Message, Reply
from bot.ports import DirectChat, Saying


class SimulatedReplies:
    """Keeps what was sent, in order, and knows the words of the messages that were replied to."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, Reply]] = []
        self.said: list[tuple[Saying, bool]] = []
        """How each of these was sent: as what, and whether it rings."""
        self.offered: list[tuple[str, int]] = []
        """The replies that options were put to, with how many."""
        self.replaced: list[tuple[str, Reply]] = []
        self.withdrawn: list[str] = []
        self.direct: dict[str, str | None] = {}
        """The direct chats of people; None for who refuses one. Anybody else's is opened when it is asked for."""
        self._words: dict[tuple[Quoted, str], str | None] = {}

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        """Keep `reply`, and the words of `message`."""
        self.hear(message)
        self.sent.append((message, reply))
        self.said.append((saying, rings))
        return f"reply to {message.event_id}" if saying == "answer" else f"{saying} to {message.event_id}"

    def offer(self, _message: Message, reply_id: str, options: int) -> None:
        """Keep how many options were put to which reply."""
        self.offered.append((reply_id, options))

    async def direct_chat(self, message: Message) -> DirectChat | None:
        """The sender's direct chat."""
        room_id = self.direct.setdefault(message.sender, f"!direct chat with {message.sender}")
        return DirectChat(room_id, f"https://chat.test/{room_id}") if room_id else None

    async def replace(self, message: Message, reply_id: str, reply: Reply) -> None:
        """Keep what took the place of which reply, and the new words."""
        self.hear(message)
        self.replaced.append((reply_id, reply))

    async def withdraw(self, _room_id: str, reply_id: str, _because: str) -> None:
        """Keep which reply was taken back."""
        self.withdrawn.append(reply_id)

    def hear(self, message: Message) -> None:
        """Keep the words of `message`, by all its ids."""
        for event_id in {message.event_id, message.quotable}:
            self._words[Quoted(message.room_id, event_id), message.sender] = message.text

    async def text(self, quoted: Quoted, sender: str) -> str | None:
        """The words of a message that was heard."""
        return self._words.get((quoted, sender))
