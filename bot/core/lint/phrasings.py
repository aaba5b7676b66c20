"""Phrasings as they stand: too few, in two entries, or never taken for a question. How they match: see `matches`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from bot.core.conversation import Conversation
from bot.core.decision import Answer, Drafted
from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault
from bot.core.lint.wordings import Wording, wordings
from bot.core.model import Language, Match, Message, Ranking
from bot.core.situation import Outlook
from bot.core.text import words
from bot.core.triage import Triage
from bot.core.understanding import Understanding

_FEWEST = 3
_MANY, _MANY_TIMES = 20, 4
"""From so many phrasings on, and so many times those of the entry in the middle, an entry outweighs the others: what
they do not know, such as "how is the weather", then resembles it most, if only by "how" and "is"."""


def faults(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    """What is wrong with each phrasing, whatever else the FAQ says."""
    yield from _few(knowledge, languages)
    yield from _outweighing(knowledge)
    yield from _shared(knowledge)
    yield from _unheard(knowledge)


def _few(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    for number, entry in enumerate(knowledge.entries):
        for language in languages:
            count = len(entry.phrasings.get(language))
            if 0 < count < _FEWEST:
                message = f"there {'is' if count == 1 else 'are'} only {count} phrasing{'s'[: count > 1]} in {language}"
                remedy = "Write five or more, as different people would ask: that is what the bot learns from."
                place = knowledge.place("entries", number, "phrasings", language)
                yield Fault(place, message, remedy, entry.id, "warning")


def _outweighing(knowledge: KnowledgeBase) -> Iterator[Fault]:
    usual = median(len(entry.wordings) for entry in knowledge.entries)
    for number, entry in enumerate(knowledge.entries):
        if len(entry.wordings) > max(_MANY, _MANY_TIMES * usual):
            message = f"{len(entry.wordings)} phrasings outweigh those of the others, who have about {usual:g}"
            remedy = "Keep the ones that differ most, or write more for the others: else it is taken for anything."
            yield Fault(knowledge.place("entries", number, "phrasings"), message, remedy, entry.id, "warning")


def _shared(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Phrasings that stand in two entries: the bot cannot tell which one is meant, and asks."""
    owners: dict[tuple[str, ...], str] = {}
    for wording in wordings(knowledge):
        owner = owners.setdefault(words(wording.text), wording.entry)
        if owner != wording.entry:
            message = f'the phrasing "{wording.text}" stands in `{owner}` too'
            yield _fault(knowledge, wording, message, "Keep it in one of the two.")


def _unheard(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Phrasings to which the bot says something else before it looks into the FAQ at all.

    To pass a question on where a human is asked for is as good as the entry.
    """
    understanding = Understanding(knowledge.phrases.understands)
    triage = Triage(understanding)
    for wording in wordings(knowledge):
        certain = Ranking((Match(wording.entry, 1.0),))
        outlook = Outlook(certain, text=understanding.without_greeting(wording.text))
        ruling = triage.decide(Conversation(), _message(wording.text), outlook)
        if not isinstance(ruling.decision, Answer | Drafted):
            message = f'the phrasing "{wording.text}" {ruling.rule}, and leads to no entry'
            remedy = (
                "Remove it, or write it as a question of its own; what the bot understands by itself stands under "
                "`understands` in the phrases file."
            )
            yield _fault(knowledge, wording, message, remedy)


def _message(text: str) -> Message:
    return Message("$", "!", "@", text, datetime.min.replace(tzinfo=UTC))


def _fault(knowledge: KnowledgeBase, wording: Wording, message: str, remedy: str) -> Fault:
    return Fault(knowledge.place(*wording.path), message, remedy, wording.entry, "warning")
