"""What is remembered of one person in one room and thread. It holds ids only, no text, and is forgotten in time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.core.model import Language

MOST_EXCHANGES = 5
"""So many questions are remembered, to go along with an escalation."""


@dataclass(frozen=True)
class Quoted:
    """A message of the person's, by its ids: where its text is needed again, it is fetched again."""

    room_id: str
    event_id: str


@dataclass(frozen=True)
class Exchange:
    """A question and what answered it."""

    question: Quoted
    entries: tuple[str, ...] = ()
    """The ids of the entries that were answered; empty where none was."""
    reply: str | None = None
    """The event id of the bot's answer."""
    is_telling: bool = True
    """Whether it says by itself what it is about: "immer noch nix" does not."""


Stage = Literal["question", "address", "preview"]
"""What a draft waits for: the question that is to be passed on; the address for the reply; the yes or no."""


@dataclass(frozen=True)
class Draft:
    """An escalation that the person has not agreed to yet."""

    opened_by: str
    """The id of the event that opened it; the reference derives from it."""
    stage: Stage
    question: Quoted | None = None
    """What is to be passed on."""
    history: tuple[Exchange, ...] = ()
    """What was asked before, which goes along only if the person wants it to."""
    with_history: bool = False
    address: Quoted | None = None
    """The message in which the person named the reply address; None: as the configured pattern has it."""
    shown: str = ""
    """The digest of the letter that the person saw last: no other is sent."""


Said = Literal["answer", "options", "offer", "other"]
"""An answer; options; the offer to pass the question on; anything else."""


@dataclass(frozen=True)
class HandedOver:
    """That a topic is support's for a while."""

    until: datetime
    entries: tuple[str, ...] = ()
    """The entries that were answered on the topic."""


@dataclass(frozen=True)
class Conversation:
    """What is remembered of one person in one room and thread."""

    language: Language | None = None
    language_chosen: bool = False
    """Whether the person asked for the language: it stays, whatever they write in."""
    turns: int = 0
    """How many messages were answered in it."""
    options: tuple[str, ...] = ()
    """The ids of the entries that are offered, in order."""
    offer: str | None = None
    """The event id of the message that offers them."""
    entries: tuple[str, ...] = ()
    """The ids of the entries that were answered last: what a follow-up is about."""
    runners_up: tuple[str, ...] = ()
    """The ids of the entries that came next to these, best first."""
    reply: str | None = None
    """The event id of the bot's last message."""
    said: Said = "other"
    """What the last message was, to be said again in the other language."""
    exchanges: tuple[Exchange, ...] = ()
    """The last questions, oldest first."""
    failures: int = 0
    """How many questions in a row were not answered."""
    offers_human: bool = False
    """Whether the bot's last message offered to pass the question on."""
    draft: Draft | None = None
    told_text_only: bool = False
    """Whether the person was told that the bot reads text only."""
    until: datetime | None = None
    """When it is forgotten."""
    handed_over: HandedOver | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was said in it yet, nor in what it began from."""
        return self.language is None and not self.entries

    def at_message(self, event_id: str) -> "Conversation | None":
        """The conversation as a thread that begins at this message of it goes on with it; None where it is of another.

        A draft stays where it was opened.
        """
        for number, exchange in enumerate(self.exchanges, 1):
            if event_id in (exchange.reply, exchange.question.event_id):
                if number == len(self.exchanges):
                    return replace(self, draft=None, offers_human=False)
                earlier = self.exchanges[:number]
                return replace(
                    self, draft=None, offers_human=False, options=(), entries=exchange.entries, exchanges=earlier
                )
        return replace(self, draft=None) if event_id == self.reply else None

    def replied(self, reply_id: str, to_question: bool = False, offers: bool = False) -> "Conversation":
        """As it is once the bot's message has gone out.

        `to_question`: it answers the last of the questions. `offers`: it offers the options.
        """
        exchanges = self.exchanges
        if to_question and exchanges:
            exchanges = (*exchanges[:-1], replace(exchanges[-1], reply=reply_id))
        return replace(self, reply=reply_id, exchanges=exchanges, offer=reply_id if offers else self.offer)

    def reworded(self, event_id: str, edit_id: str) -> "Conversation":
        """As it is once the question `event_id` has been edited: it is quoted as the edit has it."""

        def newest(quoted: Quoted | None) -> Quoted | None:
            return replace(quoted, event_id=edit_id) if quoted and quoted.event_id == event_id else quoted

        exchanges = tuple(replace(each, question=newest(each.question) or each.question) for each in self.exchanges)
        draft = self.draft and replace(self.draft, question=newest(self.draft.question))
        return replace(self, exchanges=exchanges, draft=draft)

    def as_of(self, now: datetime) -> "Conversation":
        """What is left of it at `now`."""
        handed_over = self.handed_over if self.handed_over and now < self.handed_over.until else None
        if self.until is not None and now >= self.until:
            return Conversation(handed_over=handed_over)
        return replace(self, handed_over=handed_over)
