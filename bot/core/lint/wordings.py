"""All in which the entries of a FAQ may be asked for, each with where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.faq import KnowledgeBase
from bot.core.fault import KeyPath
from bot.core.model import LANGUAGES


@dataclass(frozen=True)
class Wording:
    """A phrasing of an entry, or its question."""

    entry: str
    text: str
    path: KeyPath
    """The keys and indices that lead to it in the FAQ."""


def wordings(knowledge: KnowledgeBase) -> Iterator[Wording]:
    """The phrasings and questions of all entries, in their order: of an entry, its phrasings first."""
    for number, entry in enumerate(knowledge.entries):
        for language in LANGUAGES:
            for each, text in enumerate(entry.phrasings.get(language)):
                yield Wording(entry.id, text, ("entries", number, "phrasings", language, each))
        for language in LANGUAGES:
            if question := entry.question.get(language):
                yield Wording(entry.id, question, ("entries", number, "question", language))
