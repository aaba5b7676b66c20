"""What a decision is made from: the message, what went before, what the FAQ has for it, and the thresholds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from bot.core.conversation import Conversation, Exchange, Quoted
from bot.core.letter import Way
from bot.core.model import Message, Ranking
from bot.core.understanding import Understood
from bot.core.wording import Model

Probability = Annotated[float, Field(ge=0, le=1)]


class Thresholds(Model):
    """The confidences at which decisions change."""

    answer: Probability = 0.6
    """From here on an entry is answered."""
    clarify: Probability = 0.15
    """From here on an entry is offered when it is unclear which one is meant."""
    near: Probability = 0.06
    """From here on an entry is one of the options, or named as a near topic."""
    ambiguity: Probability = 0.05
    """How far the best match must be ahead of the second to be answered."""

    @model_validator(mode="after")
    def _are_ordered(self) -> "Thresholds":
        if not self.near <= self.clarify <= self.answer:
            raise ValueError("`near` is at most `clarify`, and that at most `answer`")
        return self


@dataclass(frozen=True)
class Manners:
    """How conversations go, by configuration."""

    remember: timedelta = timedelta(minutes=30)
    """How long after its last message a conversation is remembered, and a draft waits."""
    handed_over: timedelta = timedelta(minutes=60)
    """How long a topic is left to support after it was handed over."""
    passes_on: bool = True
    """Whether questions can be passed on to support by mail."""
    recipient: str = ""
    """Where letters go; empty: to the contact address."""
    reply_address: str = ""
    """The pattern of the reply address, with `{localpart}` of the Matrix id; empty: people are asked."""
    server: str = ""
    """The homeserver whose people have such addresses; empty: everybody has."""

    def ways(self, room_is_open: bool) -> tuple[Way, ...]:
        """How questions can be passed on; empty: people are told how to write themselves."""
        by_mail: tuple[Way, ...] = ("mail",) if self.passes_on else ()
        return (*by_mail, "room") if room_is_open else by_mail


@dataclass(frozen=True)
class Outlook:
    """What the FAQ has for a message, seen in several ways."""

    alone: Ranking
    """For the message by itself."""
    in_light: Ranking | None = None
    """For the message together with the subject of the last answer; None where it does not lean on that."""
    parts: tuple[Ranking, ...] = ()
    """For each of the questions in the message; empty where there are not several."""
    named: str | None = None
    """The one option on offer whose words the message uses."""
    text: str = ""
    """The message without the greeting in front, as it was ranked."""


@dataclass(frozen=True)
class Situation:
    """All that a decision is made from."""

    conversation: Conversation
    message: Message
    understood: Understood
    outlook: Outlook
    thresholds: Thresholds
    manners: Manners
    room_is_open: bool = False
    """Whether questions can be passed on in the support room now."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """How questions can be passed on now."""
        return self.manners.ways(self.room_is_open)

    @property
    def text(self) -> str:
        """The words of the message; empty where it has none."""
        return self.message.text or ""

    @property
    def this(self) -> Quoted:
        """The message, to be fetched again."""
        return Quoted(self.message.room_id, self.message.quotable)

    @property
    def tapped_exchange(self) -> Exchange | None:
        """The exchange whose answer the reaction is about; None where it is forgotten."""
        reaction = self.message.reaction
        return next((each for each in self.conversation.exchanges if reaction and each.reply == reaction.to), None)
