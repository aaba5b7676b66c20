"""What a draft of an entry says is to be replaced, and nobody has."""

from collections.abc import Iterator

from bot.core.faq import Entry, KnowledgeBase
from bot.core.fault import Fault, KeyPath
from bot.core.model import LANGUAGES
from bot.core.wording import TO_REPLACE


def faults(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Each text that would reach staff as it was drafted."""
    for number, entry in enumerate(knowledge.entries):
        for path, text in _texts(entry):
            if text.startswith(tuple(TO_REPLACE.values())):
                place = knowledge.place("entries", number, *path)
                yield Fault(place, f"this is still the draft's text: {text.splitlines()[0]}", "Replace it.", entry.id)


def _texts(entry: Entry) -> Iterator[tuple[KeyPath, str]]:
    for language in LANGUAGES:
        yield ("question", language), entry.question.get(language) or ""
        yield ("answer", language), entry.answer.get(language) or ""
        for number, text in enumerate(entry.phrasings.get(language)):
            yield ("phrasings", language, number), text
    yield ("source", "title"), entry.source.title if entry.source else ""
