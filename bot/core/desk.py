"""One message, considered: language, ranking, triage and reply, in that order. Pure: the same in, the same out."""

from dataclasses import replace

from bot.core.conversation import Conversation
from bot.core.decision import Turn
from bot.core.faq import KnowledgeBase
from bot.core.language import LanguageGuesser
from bot.core.matching import Index
from bot.core.model import LANGUAGES, Company, Explanation, Language, Message, Reply
from bot.core.reply import Speaker
from bot.core.triage import Thresholds, Triage

_PHRASE = 3
"""Points of the language guesser that a name must exceed to tell a language."""


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

    def welcome(self, company: Company, name: str, language: Language) -> Reply:
        """How the bot, called `name`, introduces itself in a room that it has joined."""
        return self._speaker.welcome(company, name, language)

    def too_large(self, largest: int, language: Language) -> Reply:
        """What is said in a room with more than `largest` members, before the bot leaves it."""
        return self._speaker.too_large(largest, language)

    def unencrypted(self, language: Language) -> Reply:
        """What is said where the bot does not answer because the room is not encrypted."""
        return self._speaker.unencrypted(language)

    def language_of(self, title: str) -> Language:
        """The language of a room, by its name and topic.

        A few words are no proof, and German rooms bear English names ("IT Support"): it takes a phrase or more.
        """
        return self._languages.guess(title, self._language, _PHRASE)

    def language_of_message(self, message: Message) -> Language:
        """The language of what is said to `message` where nothing of its conversation is known."""
        return self._languages.guess(message.text or "", self._language)

    def missed(self, message: Message) -> Reply:
        """What is said to a message that is too old to be answered."""
        return self._speaker.missed(self.language_of_message(message))
