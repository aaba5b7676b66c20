"""The values a message passes through: Message, Match, Decision, Conversation, Reply."""

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


@dataclass(frozen=True)
class Conversation:
    """What is remembered of one person in one room and thread. It holds no text."""

    language: Language | None = None
    options: tuple[str, ...] = ()
    """The ids of the entries that the last reply offered, in order."""
    entry: str | None = None
    """The id of the entry that was answered last."""
    told_text_only: bool = False
    """Whether the person was told that the bot reads text only."""

    @property
    def is_new(self) -> bool:
        """Whether nothing was said in it yet."""
        return self.language is None


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


@dataclass(frozen=True)
class Evidence:
    """Why an entry matched: what carried it, the strongest first."""

    match: Match
    phrasings: tuple[str, ...]
    """The entry's phrasings that the question is nearest to."""
    words: tuple[str, ...]
    """The words of the question that speak for the entry, as typed."""


@dataclass(frozen=True)
class Explanation:
    """How a message was read, and why its best matches are what they are."""

    words: tuple[Word, ...]
    """The words of the passage that was matched: of a long message, the one that some entry fits best."""
    evidence: tuple[Evidence, ...]
    not_covered: int | None
    """Which of the FAQ's subjects that are not covered the message is about."""


@dataclass(frozen=True)
class Answer:
    """Entries that answer the message, in the order in which it asks for them."""

    entries: tuple[str, ...]


@dataclass(frozen=True)
class Clarify:
    """Two to four entries, one of which is probably meant."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Fallback:
    """No answer is known."""

    near: tuple[str, ...] = ()
    """Entries that come near, best first."""
    not_covered: int | None = None
    """Which of the FAQ's subjects that are not covered was asked about."""


Company = Literal["alone with one", "answered already", "several"]
"""Whom the bot meets in a room that it has joined: one person, one whose question it has just answered, or several."""

SmalltalkKind = Literal["greeting", "thanks", "goodbye"]
SMALLTALK: tuple[SmalltalkKind, ...] = get_args(SmalltalkKind)
"""The phrases file has for each what is understood as it, and what is said to it."""


@dataclass(frozen=True)
class Smalltalk:
    """A greeting, thanks and the like."""

    kind: SmalltalkKind


@dataclass(frozen=True)
class Command:
    """A command such as `!help`."""

    name: Literal["help", "unknown"]


@dataclass(frozen=True)
class Unreadable:
    """A message in which there is nothing to answer."""

    reason: Literal["empty", "no text"]


@dataclass(frozen=True)
class Silence:
    """Nothing is said."""


Decision = Answer | Clarify | Fallback | Smalltalk | Command | Unreadable | Silence


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


@dataclass(frozen=True)
class Turn:
    """One message and all that came of it."""

    message: Message
    language: Language
    matches: tuple[Match, ...]
    decision: Decision
    reply: Reply | None
    conversation: Conversation
    """What is remembered from now on."""

    @property
    def entries(self) -> tuple[str, ...]:
        """The ids of the entries that were answered."""
        return self.decision.entries if isinstance(self.decision, Answer) else ()
