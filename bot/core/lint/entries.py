"""What an entry lacks: a text in a language that the FAQ owes, a source, a date for its review."""

from collections.abc import Iterator
from datetime import date

from bot.core.faq import Entry, KnowledgeBase
from bot.core.fault import Fault, Severity
from bot.core.model import Language


def faults(knowledge: KnowledgeBase, languages: tuple[Language, ...], today: date | None) -> Iterator[Fault]:
    """What is missing in each entry, and what is due."""
    for number, entry in enumerate(knowledge.entries):
        yield from _untold(knowledge, number, entry, languages)
        yield from _untrusted(knowledge, number, entry, today)


def _untold(knowledge: KnowledgeBase, number: int, entry: Entry, languages: tuple[Language, ...]) -> Iterator[Fault]:
    def fault(message: str, remedy: str, *path: str | int) -> Fault:
        return Fault(knowledge.place("entries", number, *path), message, remedy, entry.id)

    for language in languages:
        for key, text in (("question", entry.question), ("answer", entry.answer)):
            if not text.get(language):
                yield fault(f"the {key} is missing in {language}", f"Add `{language}:` to its `{key}`.", key)
        if not entry.phrasings.get(language):
            remedy = f"Add sample questions to `phrasings: {language}:`."
            yield fault(f"there are no phrasings in {language}", remedy, "phrasings")
        for each, link in enumerate(entry.links):
            if not link.title.get(language):
                message = f"the link {link.url} has no title in {language}"
                yield fault(message, f"Add `{language}:` to its `title`.", "links", each, "title")


def _untrusted(knowledge: KnowledgeBase, number: int, entry: Entry, today: date | None) -> Iterator[Fault]:
    severity: Severity = "warning"
    place = knowledge.place("entries", number)
    if entry.source is None and not entry.is_about_the_bot:  # those are their own source
        remedy = "Add `source: {title, url, as_of}`, so that staff can trust it."
        yield Fault(place, "the source is missing", remedy, entry.id, severity)
    if today and entry.source and entry.source.as_of > today:
        place_of_date = knowledge.place("entries", number, "source", "as_of")
        remedy = "Write the day on which the source was last read."
        yield Fault(place_of_date, f"{entry.source.as_of} is yet to come", remedy, entry.id, severity)
    if entry.review_by is None:
        yield Fault(place, "no date for a review", "Add `review_by:` with a date (YYYY-MM-DD).", entry.id, severity)
    elif today and entry.review_by < today:
        remedy = "Read the entry again: is all of it still true? Then set `review_by:` to a later date."
        due = knowledge.place("entries", number, "review_by")
        yield Fault(due, f"the review was due on {entry.review_by}", remedy, entry.id, severity)
