"""What is wrong with a FAQ that loads: what is missing, contradicts itself, cannot be shown, or leads nowhere.

Each module knows one noun of the FAQ. A finding is a warning unless what staff get is broken: keepers stop to read
a list that cries wolf, so a rule that cannot be sure says nothing.
"""

from collections.abc import Iterable
from datetime import date

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault
from bot.core.lint import (
    answers,
    entries,
    examples,
    garbling,
    leftovers,
    matches,
    phrasings,
    sentences,
    subjects,
    synonyms,
)
from bot.core.lint.languages import owed, strays
from bot.core.model import Reviewed
from bot.core.situation import Thresholds


def lint(
    knowledge: KnowledgeBase,
    reviews: Iterable[Reviewed] = (),
    today: date | None = None,
    thresholds: Thresholds = Thresholds(),
) -> tuple[Fault, ...]:
    """All faults of a whole FAQ, in the order of the files.

    What depends on how phrasings match is told where `reviews`, the desk's, are given, and what is due for a review
    where `today` is.
    """
    languages = owed(knowledge)
    found = (
        strays(knowledge, languages),
        entries.faults(knowledge, languages, today),
        answers.faults(knowledge),
        phrasings.faults(knowledge, languages),
        matches.faults(knowledge, reviews, thresholds),
        subjects.faults(knowledge, languages),
        synonyms.faults(knowledge),
        examples.faults(knowledge),
        sentences.faults(knowledge, languages),
        garbling.faults(knowledge),
        leftovers.faults(knowledge),
    )
    return tuple(sorted(fault for faults in found for fault in faults))


def lint_each(knowledge: KnowledgeBase) -> tuple[Fault, ...]:
    """The faults that are told of each value by itself, so that they hold where only a part of a FAQ can be read."""
    found = (modules.faults(knowledge) for modules in (answers, garbling, leftovers))
    return tuple(sorted(fault for faults in found for fault in faults))
