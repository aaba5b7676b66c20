"""What the FAQ has for a message, in the light of what was said before."""

from bot.core.conversation import Conversation
from bot.core.faq import KnowledgeBase
from bot.core.matching import Index
from bot.core.model import LANGUAGES, Message, Ranking
from bot.core.questions import leans, questions
from bot.core.situation import Outlook, Thresholds
from bot.core.text import content_stems, words

_LONGEST_CHOICE = 4
"""The most words in which an option is chosen by its own words."""


class Observer:
    """Looks at messages with one FAQ."""

    def __init__(self, knowledge: KnowledgeBase, index: Index, thresholds: Thresholds) -> None:
        self._knowledge = knowledge
        self._index = index
        self._thresholds = thresholds

    def outlook(self, conversation: Conversation, message: Message) -> Outlook:
        """What the FAQ has for `message`."""
        text = message.text or ""
        alone = self._index.rank(text)
        in_light = self._in_light(text, conversation.entries[-1]) if conversation.entries and leans(text) else None
        return Outlook(alone, in_light, self._parts(text), self._named(text, conversation.options))

    def _in_light(self, text: str, entry: str) -> Ranking:
        """What the FAQ has for `text` as a question about what `entry` is about."""
        return self._index.rank(f"{text} {self._index.subject(entry)}")

    def _parts(self, text: str) -> tuple[Ranking, ...]:
        """What it has for each of several questions; one that leans on the one before is read in its light."""
        asked = questions(text)
        if len(asked) < 2:
            return ()
        rankings: list[Ranking] = []
        for part in asked:
            ranking = self._index.rank(part)
            if rankings and rankings[-1].matches and leans(part) and not self._is_clear(ranking):
                ranking = self._in_light(part, rankings[-1].matches[0].entry)
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
