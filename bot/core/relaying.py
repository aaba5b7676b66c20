"""What is passed on between a person and support in a case, and what the bot says about it: plain values and words.

Texts are passed on as they were written, with a word in front that says from whom they are.
"""

import re
from dataclasses import dataclass, replace

from bot.core.letter import Letter
from bot.core.model import Language, Message, Reply
from bot.core.phrases import Phrases
from bot.core.text import printable, words
from bot.core.voice import Voice
from bot.core.wording import Localized

LONGEST = 4000
"""Characters of a text that are passed on."""
_COMMAND = re.compile(r"\s*!(\w+)[\s.!]*")


@dataclass(frozen=True)
class Thread:
    """A thread, or what it will begin from."""

    room_id: str
    root: str


@dataclass(frozen=True)
class Case:
    """A letter that support answers in a chat: where each side writes."""

    reference: str
    person: str
    chat: Thread
    """The person's."""
    language: Language
    """The person's."""
    support: Thread | None = None
    """Support's; None until the letter stands there."""

    @classmethod
    def of(cls, letter: Letter, agreed: Message, language: Language) -> "Case":
        """The case that a letter begins: it goes on in the thread of the message that agreed, or begins one there."""
        thread = Thread(agreed.room_id, agreed.thread or agreed.event_id)
        return cls(letter.reference, agreed.sender, thread, language)

    def standing_at(self, thread: Thread) -> "Case":
        """The case, once its letter stands in the support room."""
        return replace(self, support=thread)

    def has_written(self, message: Message) -> bool:
        """Whether the message is the person's own, rather than support's."""
        return message.room_id == self.chat.room_id and message.sender == self.person


class Relaying:
    """Puts cases into words. Support is spoken to in the bot's own language."""

    def __init__(self, phrases: Phrases, voice: Voice, language: Language) -> None:
        self._says = phrases.says
        self._voice = voice
        self._language = language
        self._closes = frozenset(map(words, phrases.understands.close_command))

    def closes(self, text: str) -> bool:
        """Whether the text is the command that ends a case."""
        command = _COMMAND.fullmatch(text)
        return command is not None and words(command[1]) in self._closes

    def opening(self, shown: str, reference: str) -> Reply:
        """The letter at the root of a case's thread; `shown` is how the preview showed it."""
        return self._voice.say(self._says.case_opened, self._language, letter=shown, reference=reference)

    def from_support(self, case: Case, text: str, name: str | None) -> str:
        """What the person reads; `name` is who wrote it, where people are told."""
        if name is None:
            return self._filled(self._says.support_says, case.language, text)
        return self._filled(self._says.support_says_named, case.language, text, name=name)

    def from_person(self, text: str) -> str:
        """What support reads."""
        return self._filled(self._says.person_says, self._language, text)

    def text_only(self, case: Case, to_person: bool) -> Reply:
        """That something was not passed on, as it is no text."""
        return self._voice.say(self._says.passes_on_text_only, self._spoken(case, to_person))

    def not_passed_on(self, case: Case, to_person: bool) -> Reply:
        """That something could not be passed on."""
        return self._voice.say(self._says.not_passed_on, self._spoken(case, to_person))

    def closed(self, case: Case, to_person: bool) -> Reply:
        """That the case is over."""
        phrase = self._says.case_closed if to_person else self._says.case_closed_for_support
        return self._voice.say(phrase, self._spoken(case, to_person), reference=case.reference)

    def _spoken(self, case: Case, to_person: bool) -> Language:
        return case.language if to_person else self._language

    def _filled(self, phrase: Localized, language: Language, text: str, **values: str) -> str:
        whole = printable(text)
        if len(whole) > LONGEST:
            whole = f"{whole[:LONGEST].rstrip()} …\n{self._says.letter_cut.best(language)}"
        return phrase.best(language).format(contact=self._voice.address, text=whole, **values)
