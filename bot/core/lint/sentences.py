"""The bot's own sentences: those that still speak of the shipped FAQ's subjects, or are missing in a language."""

from collections.abc import Iterator

from bot.core.faq import KnowledgeBase
from bot.core.fault import Fault, Place
from bot.core.model import Language

_INTRODUCING = ("greeting", "help", "empty", "welcome", "welcome_room")
"""The sentences that say what the FAQ is about."""


def faults(knowledge: KnowledgeBase, languages: tuple[Language, ...]) -> Iterator[Fault]:
    """What is not the folder's own and should be, and what is and is not in every language."""
    own = dict.fromkeys(str(path[2]) for path in knowledge.places if path[:2] == ("phrases", "says") and path[2:])
    shipped = [name for name in _INTRODUCING if name not in own]
    if knowledge.places and shipped:
        names = ", ".join(f"`{name}`" for name in shipped)
        message = f"the bot still introduces itself with the subjects of the FAQ that ships with it ({names})"
        remedy = "Write these under `phrases: says:` in a file of your folder, as phrases.yaml of that FAQ has them."
        yield Fault(Place(knowledge.place("entries", 0).file), message, remedy, severity="warning")
    for name in own:
        sentence = getattr(knowledge.phrases.says, name)
        for language in languages:
            if not getattr(sentence, language):
                remedy = f"Add `{language}:` to it."
                place = knowledge.place("phrases", "says", name)
                yield Fault(place, f"the sentence `{name}` is missing in {language}", remedy, severity="warning")
