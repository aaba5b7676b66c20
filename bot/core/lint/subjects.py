"""Subjects that are said not to be covered and are, or stand there twice, or have no pointer in a language."""

from collections.abc import Iterator

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, KeyPath
from bot.core.model import LANGUAGES, Language
from bot.core.text import words


def faults(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    """What contradicts itself or is missing under `not_covered`."""
    asked = {words(text): entry.id for entry in knowledge.entries for text in entry.wordings}
    questions = _Questions(knowledge)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for number, subject in enumerate(knowledge.not_covered):
        for path, text in _texts(knowledge, number):
            is_name, said = path[2] == "names", words(text)
            if (str(path[2]), said) in seen:
                yield _warning(knowledge, path, text, "stands under `not_covered` a second time", "Keep it once.")
            seen.add((str(path[2]), said))
            named = questions.naming(said) if is_name else []
            for entry in dict.fromkeys([*named, *filter(None, [asked.get(said)])]):
                remedy = "Remove it, or choose a longer text."
                yield _warning(knowledge, path, text, f"is what `{entry}` is about", remedy)
        for language in languages:
            if not subject.pointer.get(language):
                name = (*subject.names, *subject.phrasings.all)[0]
                remedy = f"Add `{language}:` to its `pointer`."
                path = ("not_covered", number, "pointer")
                yield _warning(knowledge, path, name, f"has no pointer in {language}", remedy)


def _texts(knowledge: KnowledgeBase, number: int) -> Iterator[tuple[KeyPath, str]]:
    """By what a subject is recognised, and where it stands."""
    subject = knowledge.not_covered[number]
    for each, name in enumerate(subject.names):
        yield ("not_covered", number, "names", each), name
    for language in LANGUAGES:
        for each, text in enumerate(subject.phrasings.get(language)):
            yield ("not_covered", number, "phrasings", language, each), text


class _Questions:
    """The entries' questions, to be searched for names."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._holders: dict[str, set[int]] = {}
        self._asked: list[tuple[str, str]] = []
        for number, entry in enumerate(knowledge.entries):
            said = (*words(entry.title("de")), *words(entry.title("en")))
            self._asked.append((entry.id, _spaced(said)))
            for word in said:
                self._holders.setdefault(word, set()).add(number)

    def naming(self, name: tuple[str, ...]) -> list[str]:
        """The entries whose question has the words of `name` in a row."""
        numbers = set.intersection(*(self._holders.get(word, set()) for word in name)) if name else set()
        asked = (self._asked[number] for number in sorted(numbers))
        return [entry for entry, question in asked if _spaced(name) in question]


def _spaced(said: tuple[str, ...]) -> str:
    return f" {' '.join(said)} "


def _warning(knowledge: KnowledgeBase, path: KeyPath, text: str, message: str, remedy: str) -> Fault:
    return Fault(knowledge.place(*path), f'"{text}" {message}', remedy, severity="warning")
