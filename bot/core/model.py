"""The values a message passes through: Message, Match, Reply. Conversation and Decision have modules of their own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Addressed(StrEnum):
    """How a message is for the bot."""

    DIRECT = "direct"
    """Written in a direct chat."""
    MENTION = "mention"
    """Written in a room with others, with a mention of the bot."""
    THREAD = "thread"
    """Written, without a mention, in a thread that the bot takes part in."""
    CASE = "case"
    """Written in the thread of a case, for the other side of it."""
    ADMIN = "admin"
    """A command in the room of those who keep the FAQ."""


@dataclass(frozen=True)
class Reaction:
    """An emoji that the person put to one of the bot's messages, and what it says."""

    to: str
    """The event id of the bot's message."""
    says: int | Literal["unhelpful"]
    """The number of an option, from 1 on; or that the answer did not help."""


@dataclass(frozen=True)
class Message:
    """What a colleague wrote, without anything of Matrix but opaque ids."""

    event_id: str
    room_id: str
    sender: str
    text: str | None
    """The words, without the mention of the bot; None for what holds no text (an image, a sticker, a broken event)."""
    sent_at: datetime
    addressed: Addressed = Addressed.DIRECT
    encrypted: bool = True
    """Whether it was written in an encrypted room."""
    thread: str | None = None
    """The event id of the root of the thread that it was written in."""
    language: Language | None = None
    """The language of the reply, where it is known already; else the words tell."""
    edits: tuple[str, ...] = ()
    """The event ids of the edits that `text` has taken in, before anything was answered."""
    edit_of: str | None = None
    """The event id of the message, answered already, that this is a new version of."""
    heard: frozenset[str] | None = None
    """The ids of the bot's last messages that stand before it in the room; None: whatever was said does."""
    reaction: Reaction | None = None
    """What it says, where it is no text but a tap on an emoji."""

    def follows(self, event_id: str | None) -> bool:
        """Whether its writer may have seen this message of the bot's."""
        return self.heard is None or event_id in self.heard

    @property
    def quotable(self) -> str:
        """The id of the event that holds its words: its newest edit, or itself."""
        return self.edits[-1] if self.edits else self.event_id


class Reading(StrEnum):
    """How a word of the question was read."""

    TYPED = "as typed"
    SYNONYM = "synonym"
    JOINED = "written apart"
    COMPOUND = "compound"
    REPAIRED = "repaired"
    NOT_COVERED = "not covered"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sense:
    """A word of the FAQ that a word of the question may stand for."""

    word: str
    certainty: float = 1.0
    """From 0 to 1: how sure it is."""


@dataclass(frozen=True)
class Word:
    """A word of the question, or several that are read as one, and how it was read."""

    typed: str
    reading: Reading
    senses: tuple[Sense, ...] = ()
    """The parts of a compound or a synonym, together; of a repaired word what may be meant, likeliest first."""
    not_covered: int | None = None
    """Which of the FAQ's subjects that are not covered it names."""
    turned_down: bool = False
    """Whether the writer says that it is not what they ask for."""

    @property
    def read_as(self) -> tuple[str, ...]:
        """The words of the FAQ that it was read as."""
        return tuple(sense.word for sense in self.senses)

    @property
    def is_alternatives(self) -> bool:
        """Whether one of the senses is meant, rather than all of them together."""
        return self.reading is Reading.REPAIRED

    @property
    def certainty(self) -> float:
        """How sure the likeliest reading is; 0 where there is none."""
        return max((sense.certainty for sense in self.senses), default=0.0)


@dataclass(frozen=True)
class Match:
    """An entry that may answer the question, and how surely."""

    entry: str
    confidence: float
    """From 0 to 1: the estimated probability that it is what was asked for."""


@dataclass(frozen=True)
class Ranking:
    """What the FAQ has for a question."""

    matches: tuple[Match, ...]
    """The best entries, most confident first."""
    not_covered: int | None = None
    """Which of the FAQ's subjects that are not covered the question is about."""
    names_not_covered: bool = False
    """Whether it says so by name."""


@dataclass(frozen=True)
class Evidence:
    """Why an entry matched: what carried it, the strongest first."""

    match: Match
    phrasings: tuple[str, ...]
    """The entry's phrasings that the question is nearest to."""
    words: tuple[str, ...]
    """The words of the question that speak for the entry, as typed."""


@dataclass(frozen=True)
class Reviewed:
    """A phrasing as the matcher sees it among all others by its words, although it knows it word for word."""

    entry: str
    text: str
    matches: tuple[Match, ...]
    """What it matches, most confident first."""
    without: Match | None
    """What it would match best, had it not been written; None where its entry would have no phrasing left."""
    twin: "Twin | None" = None
    """The phrasing of another entry that is most similar to it; None where there is no other entry."""


@dataclass(frozen=True)
class Twin:
    """A phrasing that another one resembles."""

    entry: str
    text: str
    similarity: float
    """The cosine of both, from 0 to 1."""


@dataclass(frozen=True)
class Explanation:
    """How a message was read, and why its best matches are what they are."""

    words: tuple[Word, ...]
    """The words of the passage that was matched: of a long message, the one that some entry fits best."""
    evidence: tuple[Evidence, ...]
    not_covered: int | None
    """Which of the FAQ's subjects that are not covered the message is about."""


Company = Literal["alone with one", "answered already", "several"]
"""Whom the bot meets in a room that it has joined: one person, one whose question it has just answered, or several."""


@dataclass(frozen=True)
class Reply:
    """What the bot says, as Markdown, in one language. The first line carries the answer."""

    language: Language
    markdown: str


@dataclass(frozen=True)
class Rendered:
    """A reply as clients show it."""

    body: str
    """Plain text, without a mark of Markdown or HTML."""
    html: str
    """Only the tags that the Matrix specification lists."""


@dataclass(frozen=True)
class Feedback:
    """What somebody thinks of one of the bot's messages."""

    event_id: str
    """The reaction that says so."""
    room_id: str
    sender: str
    reply_id: str
    """The event id of the bot's message."""
    helpful: bool
