"""The languages that a FAQ owes its readers: those in which it is written, not those in which a word slipped in."""

from collections import Counter
from collections.abc import Iterator

from bot.core.faq import Entry, KnowledgeBase
from bot.core.fault import Fault
from bot.core.model import LANGUAGES, Language

_FEW = 0.2
"""Below this share of the entries, those that have a language are strays, and the others do not lack it."""
_NAMES: dict[Language, str] = {"de": "German", "en": "English"}


def owed(knowledge: KnowledgeBase) -> tuple[Language, ...]:
    """The languages that every text should be there in."""
    total = len(knowledge.entries)
    having = Counter(language for entry in knowledge.entries for language in LANGUAGES if _key(entry, language))
    return tuple(language for language in LANGUAGES if total and having[language] / total >= _FEW)


def strays(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    """Entries that have a language that the FAQ as a whole does not have."""
    for number, entry in enumerate(knowledge.entries):
        for language in LANGUAGES:
            if language not in languages and (key := _key(entry, language)):
                place = knowledge.place("entries", number, key, language)
                message = f"there is {_NAMES[language]} here (`{language}:`), and hardly anywhere else in this FAQ"
                remedy = "Remove it, or write all entries in both languages."
                yield Fault(place, message, remedy, entry.id, "warning")


def _key(entry: Entry, language: Language) -> str | None:
    """The first key of the entry under which there is text in `language`."""
    keys = ("question", "phrasings", "answer")
    return next((key for key in keys if getattr(entry, key).get(language)), None)
