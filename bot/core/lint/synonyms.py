"""Synonyms that get in one another's way, or do nothing."""

from collections.abc import Iterator

from bot.core.faq import KnowledgeBase, Synonym
from bot.core.fault import Fault
from bot.core.text import content_stems, stem, words


def faults(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Of each synonym, what keeps it from being read as it says."""
    targets = {words(synonym.to): synonym.to for synonym in knowledge.synonyms}
    names = {words(name) for subject in knowledge.not_covered for name in subject.names}
    first: dict[tuple[str, ...], str] = {}
    used = _used(knowledge)
    for number, synonym in enumerate(knowledge.synonyms):

        def fault(message: str, remedy: str, *path: str | int, number: int = number) -> Fault:
            return Fault(knowledge.place("synonyms", number, *path), message, remedy, severity="warning")

        for each, text in enumerate(synonym.from_):
            said, own = words(text), words(synonym.to)
            other = first.setdefault(said, synonym.to)
            if words(other) != own:
                yield fault(f'"{text}" is read as "{other}" already', "Keep it in one group.", "from", each)
            if said != own and said in targets:
                message = f'"{text}" is read as "{synonym.to}", and is itself what others are read as'
                yield fault(message, "Join the two groups, or remove it here.", "from", each)
            if said in names:
                message = f'"{text}" is a name under `not_covered`, and is never read as "{synonym.to}"'
                yield fault(message, "Keep it in one of the two.", "from", each)
        if _is_idle(synonym, used):
            message = f'no phrasing speaks of "{synonym.to}", by whatever name: the synonym does nothing'
            yield fault(message, "Write `to` as the phrasings have it, or remove the group.", "to")


def _used(knowledge: KnowledgeBase) -> frozenset[str]:
    """The stems of all words in which entries and what is not covered may be asked for."""
    texts = (text for entry in knowledge.entries for text in entry.wordings)
    beside = (text for subject in knowledge.not_covered for text in subject.phrasings.all)
    return frozenset(stem(word) for text in (*texts, *beside) for word in words(text))


def _is_idle(synonym: Synonym, used: frozenset[str]) -> bool:
    """Whether no phrasing is read as it, by none of its words: of several groups, only those that surely do nothing."""
    stems = content_stems("\n".join((synonym.to, *synonym.from_)))
    return bool(stems) and not stems & used
