"""What the FAQ has for a message, in the light of what was said before."""

from bot.core.conversation import Conversation
from bot.core.faq import KnowledgeBase
from bot.core.matching import Index
from bot.core.model import LANGUAGES, Match, Message, Ranking
from bot.core.questions import asks_on, is_bare, leans, questions
from bot.core.situation import Outlook, Thresholds
from bot.core.text import content_stems, words
from bot.core.understanding import Understanding

_LONGEST_CHOICE = 4
"""The most words in which an option is chosen by its own words."""
_MOST_QUESTIONS = 4
_UNTOLD = 0.03
"""The confidence of an entry that is none of the best five."""


class Observer:
    """Looks at messages with one FAQ."""

    def __init__(
        self, knowledge: KnowledgeBase, index: Index, understanding: Understanding, thresholds: Thresholds
    ) -> None:
        self._knowledge = knowledge
        self._index = index
        self._understanding = understanding
        self._thresholds = thresholds
        self._known_stems: dict[str, frozenset[str]] = {}

    def outlook(self, conversation: Conversation, message: Message) -> Outlook:
        """What the FAQ has for `message`."""
        text = self._understanding.without_greeting(message.text or "")
        alone = self._index.rank(text)
        in_light = self._in_light(text, alone, conversation.entries[-1]) if conversation.entries else None
        return Outlook(alone, in_light, self._parts(text), self._named(text, conversation.options), text)

    def _in_light(self, text: str, alone: Ranking, entry: str) -> Ranking | None:
        """What the FAQ has for `text` as a question about what `entry` is about; None where it is none.

        "Warum?" asks on about that entry. Else an entry counts only if it speaks of what the question names, be it in
        its answer; where it names nothing, as in "Wer darf das?", all do.
        """
        if not leans(text) or alone.names_not_covered:
            return None
        if asks_on(text):
            return Ranking((Match(entry, 1.0),))
        matches = self._index.rank(f"{text} {self._index.subject(entry)}").matches
        own = {match.entry: match.confidence for match in alone.matches}
        both = [
            Match(match.entry, _together(match.confidence, own.get(match.entry, _UNTOLD)))
            for match in matches
            if is_bare(text) or content_stems(text) & self._stems(match.entry)
        ]
        return Ranking(tuple(sorted(both, key=lambda match: -match.confidence))) if both else None

    def _stems(self, entry_id: str) -> frozenset[str]:
        """All words that an entry uses."""
        if entry_id not in self._known_stems:
            self._known_stems[entry_id] = self._stems_in(entry_id)
        return self._known_stems[entry_id]

    def _stems_in(self, entry_id: str) -> frozenset[str]:
        entry = self._knowledge.entry(entry_id)
        answers = filter(None, (entry.answer.get(language) for language in LANGUAGES))
        return content_stems("\n".join((*entry.wordings, *answers)))

    def _parts(self, text: str) -> tuple[Ranking, ...]:
        """What it has for each of several questions; one that leans on the one before is read in its light."""
        asked = questions(text)
        if not 2 <= len(asked) <= _MOST_QUESTIONS:  # of more, the whole tells more than its parts
            return ()
        rankings: list[Ranking] = []
        for part in asked:
            ranking = self._index.rank(part)
            if rankings and self._is_clear(rankings[-1]) and not self._is_clear(ranking):
                ranking = self._in_light(part, ranking, rankings[-1].matches[0].entry) or ranking
            rankings.append(ranking)
        return tuple(rankings)

    def _is_clear(self, ranking: Ranking) -> bool:
        return bool(ranking.matches) and ranking.matches[0].confidence >= self._thresholds.answer

    def _named(self, text: str, options: tuple[str, ...]) -> str | None:
        """The only one of the options whose question has all the words of a short message."""
        said = content_stems(text)
        if not said or not options or len(words(text)) > _LONGEST_CHOICE:
            return None
        titles = {
            each: " ".join(self._knowledge.entry(each).title(language) for language in LANGUAGES) for each in options
        }
        named = [each for each, title in titles.items() if said <= content_stems(title)]
        return named[0] if len(named) == 1 else None


def _together(first: float, second: float) -> float:
    """The probability that two independent observations give together: their odds are multiplied (Bayes, prior 1:1)."""
    for_it, against_it = first * second, (1 - first) * (1 - second)
    return for_it / (for_it + against_it) if for_it + against_it else 0.5
