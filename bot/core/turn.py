"""One message and all that came of it."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.conversation import Conversation
from bot.core.decision import Answer, Clarify, Decision, Fallback, Ruling
from bot.core.letter import Letter, Way
from bot.core.model import Language, Message, Ranking, Reply
from bot.core.situation import Outlook


@dataclass(frozen=True)
class Turn:
    """One message and all that came of it."""

    message: Message
    language: Language
    outlook: Outlook
    """What the FAQ has for the message."""
    ranking: Ranking
    """What of that counted."""
    ruling: Ruling
    reply: Reply | None
    before: Conversation
    """What was remembered when the message came."""
    conversation: Conversation
    """What is remembered from now on."""
    at: datetime
    """When it was considered."""
    letter: Letter | None = None
    """The letter that is shown or sent."""
    ways: tuple[Way, ...] = ("mail",)
    """How questions could be passed on."""

    @property
    def decision(self) -> Decision:
        """What was done about the message."""
        return self.ruling.decision

    @property
    def entries(self) -> tuple[str, ...]:
        """The ids of the entries that were answered."""
        return self.decision.entries if isinstance(self.decision, Answer) else ()

    def replied(self, reply_id: str) -> Conversation:
        """What is remembered once the reply has gone out."""
        answers_question = self.ruling.asks or isinstance(self.decision, Answer)
        return self.conversation.replied(reply_id, answers_question, offers=isinstance(self.decision, Clarify))

    @property
    def calls_unhelpful(self) -> bool:
        """Whether the person said in words that the last answer did not help."""
        why = self.decision.why if isinstance(self.decision, Clarify | Fallback) else None
        return why == "unhelpful" and self.message.reaction is None
