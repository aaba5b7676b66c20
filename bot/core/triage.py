"""What is done about a message: all thresholds and transitions.

the message                                   the decision
--------------------------------------------  --------------------------------------------
holds no text                                 Unreadable the first time, then Silence
holds no word                                 Unreadable
is a command                                  Command
is a greeting, thanks, goodbye as a whole     Smalltalk
is the number of an option offered before     Answer with that option
is only numbers and single letters            Fallback
names what the FAQ says it does not cover     Fallback, with its pointer
one match over the threshold, clear ahead     Answer
several matches near one another              Clarify
none                                          Fallback, with what comes near
as above, in a thread, unasked, of a stranger Silence
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field, model_validator

from bot.core.conversation import Conversation
from bot.core.decision import SMALLTALK, Answer, Clarify, Command, Decision, Fallback, Silence, Smalltalk, Unreadable
from bot.core.faq import Model, Understands
from bot.core.model import Addressed, Language, Match, Message, Ranking
from bot.core.text import words

_MOST_OPTIONS = 4
_MOST_NEAR = 3
_NUMBERS = {str(number + 1): number for number in range(_MOST_OPTIONS)}
_COMMAND = re.compile(r"\s*!(\w+|\?)")


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


class Triage:
    """Decides, from what the phrases file says the bot understands and from the thresholds."""

    def __init__(self, understands: Understands, thresholds: Thresholds = Thresholds()) -> None:
        self._thresholds = thresholds
        self._help = {text.casefold() for text in understands.help_command}
        self._smalltalk = {words(text): Smalltalk(kind) for kind in SMALLTALK for text in getattr(understands, kind)}

    def decide(self, conversation: Conversation, message: Message, ranking: Ranking) -> Decision:
        """What is done about `message`, for which the FAQ has `ranking`."""
        if message.text is None:
            return Silence() if conversation.told_text_only else Unreadable("no text")
        decision = self._decide(conversation, message.text, ranking)
        overheard = message.addressed is Addressed.THREAD and conversation.is_new
        if overheard and not isinstance(decision, Answer):
            return Silence()
        return decision

    def remember(self, conversation: Conversation, decision: Decision, language: Language) -> Conversation:
        """What is remembered after `decision`: offered options hold until something else is offered or answered."""
        heard = replace(conversation, language=language)
        match decision:
            case Answer(entries):
                return replace(heard, entry=entries[-1], options=())
            case Clarify(options):
                return replace(heard, options=options)
            case Fallback():
                return replace(heard, options=())
            case Unreadable("no text"):
                return replace(heard, told_text_only=True)
            case Silence():
                return conversation
            case _:
                return heard

    def _decide(self, conversation: Conversation, text: str, ranking: Ranking) -> Decision:
        if command := _COMMAND.match(text):
            return Command("help" if command[1].casefold() in self._help else "unknown")
        said = words(text)
        if not said:
            return Unreadable("empty")
        if smalltalk := self._smalltalk.get(said):
            return smalltalk
        if len(said) == 1 and (chosen := _NUMBERS.get(said[0], _MOST_OPTIONS)) < len(conversation.options):
            return Answer((conversation.options[chosen],))
        if all(len(word) == 1 or word.isdigit() for word in said):
            return Fallback()
        if ranking.not_covered is not None:
            return Fallback(not_covered=ranking.not_covered)
        return self._by_confidence(ranking.matches)

    def _by_confidence(self, matches: Sequence[Match]) -> Decision:
        limits = self._thresholds
        if not matches:
            return Fallback()
        best = matches[0].confidence
        rivals = [m for m in matches[1:_MOST_OPTIONS] if m.confidence >= max(best - limits.ambiguity, limits.clarify)]
        if best >= limits.answer and not rivals:
            return Answer((matches[0].entry,))
        near = tuple(match.entry for match in matches[:_MOST_OPTIONS] if match.confidence >= limits.near)
        return Clarify(near) if best >= limits.clarify and len(near) > 1 else Fallback(near[:_MOST_NEAR])
