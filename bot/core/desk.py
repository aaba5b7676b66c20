"""One message, considered: language, ranking, triage and reply, in that order. Pure: the same in, the same out."""

from dataclasses import replace

from bot.core.faq import KnowledgeBase
from bot.core.language import LanguageGuesser
from bot.core.matching import Index
from bot.core.model import LANGUAGES, Conversation, Explanation, Language, Message, Reply, Turn
from bot.core.reply import Speaker
from bot.core.triage import Thresholds, Triage


class Desk:
    """What answers: one FAQ, ready to be asked."""

    def __init__(
        self, knowledge: KnowledgeBase, contact: str, language: Language = "de", thresholds: Thresholds = Thresholds()
    ) -> None:
        """`contact` is named where the FAQ has no answer; `language` is spoken where a message tells none."""
        self.thresholds = thresholds
        self._entries = frozenset(entry.id for entry in knowledge.entries)
        self._not_covered = knowledge.not_covered
        self._index = Index(knowledge)
        self._triage = Triage(knowledge.phrases.understands, thresholds)
        self._speaker = Speaker(knowledge, contact)
        self._language = language
        self._languages = LanguageGuesser(
            {each: [text for entry in knowledge.entries for text in entry.phrasings.get(each)] for each in LANGUAGES}
        )

    def consider(self, conversation: Conversation, message: Message) -> Turn:
        """All that comes of `message` in the light of `conversation`."""
        text = message.text or ""
        conversation = replace(
            conversation, options=tuple(each for each in conversation.options if each in self._entries)
        )
        language = message.language or self._languages.guess(text, conversation.language or self._language)
        ranking = self._index.rank(text)
        decision = self._triage.decide(conversation, message, ranking)
        reply = self._speaker.reply(decision, language)
        after = self._triage.remember(conversation, decision, language)
        return Turn(message, language, ranking.matches, decision, reply, after)

    def explain(self, text: str) -> Explanation:
        """Why `text` matches what it matches."""
        return self._index.explain(text)

    def not_covered(self, number: int) -> str:
        """What the subject that is not covered is called: its first name or sample question."""
        subject = self._not_covered[number]
        return (*subject.names, *subject.phrasings.all)[0]

    def apology(self, conversation: Conversation) -> Reply:
        """What is said when a message could not be considered."""
        return self._speaker.apology(conversation.language or self._language)

    def verification(self, device: str, fingerprint: str) -> Reply:
        """What is said to a person who asks the bot to verify itself interactively."""
        return self._speaker.verification(self._language, device, fingerprint)

    def undecrypted(self) -> Reply:
        """What is said to a person whose message cannot be decrypted."""
        return self._speaker.undecrypted(self._language)

    def slow_down(self, conversation: Conversation, message: Message) -> Reply:
        """What is said to a person who writes more than is answered."""
        language = message.language or self._languages.guess(
            message.text or "", conversation.language or self._language
        )
        return self._speaker.slow_down(language)

    def missed(self, message: Message) -> Reply:
        """What is said to a message that is too old to be answered."""
        return self._speaker.missed(self._languages.guess(message.text or "", self._language))
