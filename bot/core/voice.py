"""How the bot's own sentences are filled in, in one language or in both."""

import re

from bot.core.model import LANGUAGES, Language, Reply
from bot.core.wording import Localized

_MARKS = re.compile(r"[\\`*_{}\[\]()#+.!|<>~-]")
"""What Markdown may take for a mark."""


class Voice:
    """Says sentences of the phrases file, which may name the contact address."""

    def __init__(self, contact: str) -> None:
        self.address = contact
        self._contact = f"[{contact}](mailto:{contact})"

    def say(self, phrase: Localized, language: Language, **values: str) -> Reply:
        """The sentence as a reply."""
        return Reply(language, self.fill(phrase, language, **values))

    def fill(self, phrase: Localized, language: Language, **values: str) -> str:
        """The sentence as Markdown."""
        return self.filled(phrase.best(language), **values)

    def filled(self, text: str, **values: str) -> str:
        """One way to say something, as Markdown."""
        return text.format(contact=self._contact, **values)

    def in_both(self, phrase: Localized, first: Language, **values: str) -> Reply:
        """The sentence in both languages."""
        languages = sorted(LANGUAGES, key=lambda each: each != first)
        texts = (self.fill(phrase, language, **values) for language in languages)
        return Reply(first, "\n\n".join(dict.fromkeys(texts)))


def escaped(text: str) -> str:
    """Plain text, such as a title, so that Markdown shows it as it is."""
    return _MARKS.sub(r"\\\g<0>", text)
