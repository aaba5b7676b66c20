"""Examples from which the bot would learn a wrong balance of what it can answer and what it cannot."""

from collections.abc import Iterator

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault

_ENOUGH = 12
"""From so many examples on, they are meant to show how people ask."""
_SEVERAL = 5
"""The entries from which on a FAQ is more than a trial."""
_NEARLY_ALL = 0.95


def faults(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """That there are few examples, or that nearly all of them expect an answer, or nearly none does."""
    count = len(knowledge.examples)
    answered = sum(bool(example.expect) for example in knowledge.examples)
    if count < _ENOUGH:
        if len(knowledge.entries) >= _SEVERAL:
            message = f"{count or 'no'} example{'s'[: count != 1]} so far: the bot cannot know how sure it may be"
            remedy = f"Write {_ENOUGH} or more under `examples:`, a third of them with `expect: []`."
            place = knowledge.place("examples", 0) if count else knowledge.place("entries", 0)
            yield Fault(place, message, remedy, severity="warning")
        return
    if answered >= _NEARLY_ALL * count:
        message = f"{answered} of {count} examples expect an answer: from them the bot learns to answer everything"
        remedy = "Add messages to which no entry is an answer, with `expect: []`."
    elif count - answered >= _NEARLY_ALL * count:
        message = f"{count - answered} of {count} examples expect no answer: from them the bot learns to doubt"
        remedy = "Add messages that entries answer, with their ids in `expect`."
    else:
        return
    yield Fault(knowledge.place("examples", 0), message, remedy, severity="warning")
