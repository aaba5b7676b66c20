"""What is wrong with a knowledge base that loads: what is missing, and what leads nowhere."""

from collections.abc import Iterator

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, Place, Severity
from bot.core.model import LANGUAGES, Language
from bot.core.text import words
from bot.core.wording import Localized

_ABOUT_THE_BOT = "bot-"
"""Entries about the bot itself need no source: they are its own."""


def lint(knowledge: KnowledgeBase, today: object = None) -> tuple[Fault, ...]:
    """All faults of a knowledge base, in the order of the files."""
    languages = _languages(knowledge)
    faults = [
        fault for number in range(len(knowledge.entries)) for fault in _entry_faults(number, knowledge, languages)
    ]
    return tuple(sorted([*faults, *_twins(knowledge), *_contradictions(knowledge, languages)]))


def _twins(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Phrasings that stand in two entries: the bot cannot tell which one is meant, and asks."""
    owners: dict[tuple[str, ...], str] = {}
    for number, entry in enumerate(knowledge.entries):
        place = knowledge.place("entries", number)
        for text in entry.wordings:
            owner = owners.setdefault(words(text), entry.id)
            if owner != entry.id:
                yield Fault(
                    place,
                    f'the phrasing "{text}" stands in `{owner}` too',
                    "Keep it in one of the two.",
                    entry.id,
                    "warning",
                )


def _contradictions(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    """What is said not to be covered and is, or stands there twice, or is told in one language only."""
    asked = {words(text): entry.id for entry in knowledge.entries for text in entry.wordings}
    questions = {
        entry.id: _spaced((*words(entry.title("de")), *words(entry.title("en")))) for entry in knowledge.entries
    }
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for number, subject in enumerate(knowledge.not_covered):
        place = knowledge.place("not_covered", number)
        texts = [("name", text) for text in subject.names] + [("phrasing", text) for text in subject.phrasings.all]
        for kind, text in texts:
            said = words(text)
            if (kind, said) in seen:
                yield _warning(place, text, "stands under `not_covered` a second time", "Keep it once.")
            seen.add((kind, said))
            named = [each for each, question in questions.items() if kind == "name" and _spaced(said) in question]
            for entry in dict.fromkeys([*named, *filter(None, [asked.get(said)])]):
                yield _warning(place, text, f"is what `{entry}` is about", "Remove it, or choose a longer text.")
        for language in languages:
            if not subject.pointer.get(language):
                remedy = f"Add `{language}:` to its `pointer`."
                yield _warning(place, texts[0][1], f"has no pointer in {language}", remedy)


def _spaced(said: tuple[str, ...]) -> str:
    return f" {' '.join(said)} "


def _warning(place: Place, text: str, message: str, remedy: str) -> Fault:
    return Fault(place, f'"{text}" {message}', remedy, severity="warning")


def _languages(knowledge: KnowledgeBase) -> tuple[Language, ...]:
    """The languages in which the FAQ is written: a FAQ without a word of English owes no English."""
    used = [
        language
        for language in LANGUAGES
        if any(
            e.phrasings.get(language) or e.question.get(language) or e.answer.get(language) for e in knowledge.entries
        )
    ]
    return tuple(used)


def _entry_faults(number: int, knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    entry = knowledge.entries[number]
    place = knowledge.place("entries", number)

    def fault(message: str, remedy: str, severity: Severity = "error") -> Fault:
        return Fault(place, message, remedy, entry.id, severity)

    texts: tuple[tuple[str, Localized], ...] = (("question", entry.question), ("answer", entry.answer))
    for language in languages:
        for key, text in texts:
            if not text.get(language):
                yield fault(f"the {key} is missing in {language}", f"Add `{language}:` to its `{key}`.")
        if not entry.phrasings.get(language):
            yield fault(f"there are no phrasings in {language}", f"Add sample questions to `phrasings: {language}:`.")
        for link in entry.links:
            if not link.title.get(language):
                yield fault(f"the link {link.url} has no title in {language}", f"Add `{language}:` to its `title`.")
    if not entry.id.startswith(_ABOUT_THE_BOT) and entry.source is None:
        yield fault(
            "the source is missing", "Add `source: {title, url, as_of}`, so that staff can trust it.", "warning"
        )
    if entry.review_by is None:
        yield fault("no date for a review", "Add `review_by:` with a date (YYYY-MM-DD).", "warning")
