"""What is done about a message: a closed union of plain values, and the rule by which it fell."""

from dataclasses import dataclass
from typing import Literal, get_args

from bot.core.conversation import Draft
from bot.core.model import Language


@dataclass(frozen=True)
class Answer:
    """Entries that answer the message, in the order in which it asks for them."""

    entries: tuple[str, ...]
    left_open: bool = False
    """Whether the message asks something else, too, that no entry answers."""
    again: bool = False
    """Whether it was answered just before, and nothing else fits what was asked after it."""
    offers_human: bool = False
    """Whether it also offers to pass the question on."""


@dataclass(frozen=True)
class Clarify:
    """At most four entries, one of which is probably meant."""

    options: tuple[str, ...]
    why: Literal["unsure", "unhelpful", "no such number"] = "unsure"
    """The question is unclear; the last answer did not help; the number chosen is none of the options'."""


@dataclass(frozen=True)
class Fallback:
    """No answer is known."""

    near: tuple[str, ...] = ()
    """Entries that come near, best first."""
    not_covered: int | None = None
    """Which of the FAQ's subjects that are not covered was asked about."""
    why: Literal["unknown", "unhelpful", "none of them", "again"] = "unknown"
    """Nothing matches; the last answer did not help; no option is meant; the second failure in a row."""

    @property
    def offers_human(self) -> bool:
        """Whether it offers to pass the question on, rather than to guess."""
        return self.why != "unknown"


SmalltalkKind = Literal["greeting", "thanks", "goodbye", "identity", "insult", "how_are_you", "acknowledged"]
SMALLTALK: tuple[SmalltalkKind, ...] = get_args(SmalltalkKind)
"""The phrases file has for each what is understood as it, and what is said to it."""


@dataclass(frozen=True)
class Smalltalk:
    """A greeting, thanks and the like."""

    kind: SmalltalkKind
    variant: int = 0
    """Which of the ways to say it."""


@dataclass(frozen=True)
class Command:
    """A command such as `!help`."""

    name: Literal["help", "unknown", "for admins"]


@dataclass(frozen=True)
class Unreadable:
    """A message in which there is nothing to answer."""

    reason: Literal["empty", "no text", "nothing open", "offer is over"]
    """No word; no text; a yes or no to nothing; a tap on options that are not on offer any more."""


@dataclass(frozen=True)
class SpeakLanguage:
    """The person wants another language, and there is nothing to repeat in it."""


@dataclass(frozen=True)
class Silence:
    """Nothing is said."""


@dataclass(frozen=True)
class Escalate:
    """Support is to get the question: the person is asked for what is missing."""

    draft: Draft
    trouble: Literal["no address", "question gone"] | None = None
    """What was wrong: the message holds no valid address; the message that was to be passed on is gone."""


@dataclass(frozen=True)
class Refer:
    """Support is to get the question, and the person has to write to it: the bot sends no mail, or no more today."""

    draft: Draft
    why: Literal["no mail", "limit"] = "no mail"


@dataclass(frozen=True)
class Preview:
    """The person is shown what would be sent."""

    draft: Draft
    trouble: Literal["unclear", "changed"] | None = None
    """Why it is shown again: the message was neither yes nor no; the letter is not what was shown before."""


@dataclass(frozen=True)
class Sent:
    """The person has agreed: the letter goes to support."""

    draft: Draft


@dataclass(frozen=True)
class Cancelled:
    """The person does not want the question to be passed on."""

    was_offer: bool = False
    """Whether there was no more than the offer to pass it on."""


Drafted = Escalate | Preview | Sent | Refer
"""What concerns a draft."""
Decision = (
    Answer | Clarify | Fallback | Smalltalk | Command | Unreadable | SpeakLanguage | Silence | Drafted | Cancelled
)


@dataclass(frozen=True)
class Ruling:
    """A decision, and the rule by which it fell."""

    decision: Decision
    rule: str
    """In the words of the table in `triage`."""
    asks: bool = False
    """Whether the message is a question, rather than an answer to the bot's."""
    language: Language | None = None
    """The language in which the person asked to have the last thing said again, and all that follows."""


_NAMES: dict[type, str] = {
    Answer: "answer",
    Clarify: "clarify",
    Fallback: "fallback",
    Unreadable: "fallback",
    Silence: "silence",
    Smalltalk: "smalltalk",
    SpeakLanguage: "smalltalk",
    Command: "command",
    Escalate: "escalate",
    Refer: "escalate",
    Preview: "preview",
    Sent: "sent",
    Cancelled: "cancelled",
}


def name_of(decision: Decision) -> str:
    """What the command line's contract calls a decision (README, "Ask")."""
    return _NAMES[type(decision)]
