"""One message, considered: language, ranking, triage and reply, in that order. Pure: the same in, the same out.

Where a letter is shown or sent, the reply needs words that nobody keeps: `consider` leaves it out, `wanted` names the
messages that hold them, and `finish` puts it in.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.conversation import Conversation, Draft, Quoted
from bot.core.correspondence import Correspondence, Texts
from bot.core.decision import Answer, Cancelled, Decision, Drafted, Escalate, Preview, Refer, Ruling, Sent, Smalltalk
from bot.core.faq import KnowledgeBase
from bot.core.handover import Handover
from bot.core.language import LanguageGuesser
from bot.core.letter import Letter
from bot.core.matching import Index
from bot.core.memory import Considered
from bot.core.model import LANGUAGES, Explanation, Language, Message, Reply, Reviewed
from bot.core.notices import Notices
from bot.core.outlook import Observer
from bot.core.relaying import Relaying
from bot.core.reply import Speaker
from bot.core.situation import Manners, Situation, Thresholds
from bot.core.triage import IN_LIGHT, Triage, decide
from bot.core.turn import Turn
from bot.core.understanding import Understanding
from bot.core.voice import Voice

_PHRASE = 3
"""Points of the language guesser that a name must exceed to tell a language."""


class Desk:
    """What answers: one FAQ, ready to be asked."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        contact: str,
        language: Language = "de",
        thresholds: Thresholds = Thresholds(),
        manners: Manners = Manners(),
    ) -> None:
        """`contact` is named where the FAQ has no answer; `language` is spoken where a message tells none."""
        phrases = knowledge.phrases
        voice = Voice(contact)
        self.thresholds = thresholds
        self.notices = Notices(phrases.says, voice)
        recipient = manners.recipient or contact
        self.handover = Handover(phrases.says, Voice(recipient), manners)
        self.cases = Relaying(phrases, voice, language)
        self._knowledge = knowledge
        self._index = Index(knowledge)
        understanding = Understanding(phrases.understands)
        self._observer = Observer(knowledge, self._index, understanding, thresholds)
        self._triage = Triage(understanding, thresholds, manners)
        self._speaker = Speaker(knowledge, voice, self.handover)
        self._correspondence = Correspondence(knowledge, recipient, manners.reply_address, manners.server)
        self._manners = manners
        self._language = language
        self._languages = LanguageGuesser(
            {each: [text for entry in knowledge.entries for text in entry.phrasings.get(each)] for each in LANGUAGES}
        )

    def adopt(self, other: "Desk") -> None:
        """Answer as `other` does from now on, all at once."""
        self.__dict__ = other.__dict__

    def consider(self, conversation: Conversation, message: Message, now: datetime, room_is_open: bool = False) -> Turn:
        """All that comes of `message` in the light of `conversation`, but for a reply that needs a letter.

        `room_is_open`: whether questions can be passed on in the support room now.
        """
        before = self._known(conversation.as_of(now))
        outlook = self._observer.outlook(before, message)
        ways = self._manners.ways(room_is_open)
        ruling = self._leading_on(self._triage.decide(before, message, outlook, room_is_open))
        language = ruling.language or self._language_of(ruling, message, before)
        ranking = outlook.in_light if outlook.in_light and ruling.rule == IN_LIGHT else outlook.alone
        return self._turn(Considered(before, message, ruling, language, outlook, ranking, ways), now)

    def situation(self, turn: Turn) -> Situation:
        """What the decision about the turn's message was made from: with other thresholds, it can be made anew."""
        return self._triage.situation(turn.before, turn.message, turn.outlook)

    def decide(self, situation: Situation) -> Decision:
        """What is done in a situation.

        Where several things were asked, each that leaned on the one before stays read as it was.
        """
        return self._leading_on(decide(situation)).decision

    def told_by(self, decision: Decision) -> tuple[str, ...]:
        """The ids of the entries whose answer `decision` gives, be it in the bot's own words.

        Small talk tells what the bot is; who asks for a human needs no entry that offers one.
        """
        match decision:
            case Answer(entries):
                return entries
            case Smalltalk():
                return tuple(entry.id for entry in self._knowledge.entries if entry.is_about_the_bot)
            case Escalate() | Refer():
                return tuple(entry.id for entry in self._knowledge.entries if entry.offers_human)
        return ()

    def wanted(self, turn: Turn) -> tuple[Quoted, ...]:
        """The messages whose words the reply needs."""
        draft = _draft(turn.decision) if _needs_letter(turn.decision) else None
        if draft is None:
            return ()
        if isinstance(turn.decision, Refer):
            return (draft.question,) if draft.question else ()
        earlier = (each.question for each in draft.history) if draft.with_history else ()
        return tuple(dict.fromkeys(filter(None, (draft.question, draft.address, *earlier))))

    def finish(self, turn: Turn, texts: Texts) -> Turn:
        """The turn with its reply, and with its letter. `texts` holds the words of the messages that are `wanted`.

        What was not shown before is not sent but shown; what is gone is asked for again.
        """
        draft = _draft(turn.decision)
        if draft is None or not _needs_letter(turn.decision):
            return turn
        if isinstance(turn.decision, Refer):
            link = self._correspondence.link(draft, texts, turn.language)
            return replace(turn, reply=self.handover.refer(link, turn.decision.why, turn.language))
        if not turn.ways:  # the support room was closed meanwhile
            return self.finish(self._instead(turn, Refer(draft)), texts)
        letter = self._correspondence.letter(draft, texts, turn.message.sender, turn.language, turn.ways)
        if letter is None:
            return self._instead(turn, Escalate(replace(draft, stage="question", question=None), "question gone"))
        if not letter.reply_to:
            return self._instead(turn, Escalate(replace(draft, stage="address", address=None, shown="")))
        if isinstance(turn.decision, Sent) and letter.digest == draft.shown:
            return replace(turn, letter=letter, reply=self.handover.sent(letter.reference, turn.language, turn.ways))
        trouble = turn.decision.trouble if isinstance(turn.decision, Preview) else "changed"
        decision = Preview(replace(draft, stage="preview", shown=letter.digest), trouble)
        content = self._correspondence.shown(letter, turn.language)
        preview = self.handover.preview(content, decision, turn.language, turn.ways)
        return replace(self._instead(turn, decision), letter=letter, reply=preview)

    def opening(self, letter: Letter, language: Language) -> Reply:
        """The letter as it stands in the support room, at the root of its case's thread."""
        return self.cases.opening(self._correspondence.shown(letter, language), letter.reference)

    def refer(self, turn: Turn) -> Turn:
        """The turn where no more letters may be sent today."""
        return self._instead(turn, Refer(_draft(turn.decision) or Draft(turn.message.event_id, "question"), "limit"))

    def explain(self, text: str) -> Explanation:
        """Why `text` matches what it matches."""
        return self._index.explain(text)

    def entries_with(self, phrasing: str) -> tuple[str, ...]:
        """The ids of the entries that have this phrasing, or this question, word for word."""
        return self._index.known(phrasing)

    def review(self, progress: Callable[[int, int], None] = lambda *_: None) -> tuple[Reviewed, ...]:
        """Every phrasing as the matcher sees it; `progress` is told how many are done, of how many."""
        return self._index.review(progress)

    def not_covered(self, number: int) -> str:
        """What the subject that is not covered is called: its first name or sample question."""
        subject = self._knowledge.not_covered[number]
        return (*subject.names, *subject.phrasings.all)[0]

    def language_of(self, title: str) -> Language:
        """The language of a room, by its name and topic.

        A few words are no proof, and German rooms bear English names ("IT Support"): it takes a phrase or more.
        """
        return self._languages.guess(title, self._language, _PHRASE)

    @property
    def language(self) -> Language:
        """The language that is spoken where nothing tells another."""
        return self._language

    def language_for(self, message: Message, conversation: Conversation = Conversation()) -> Language:
        """The language of what is said to `message`: the one that was asked for, else the one that it is in."""
        usual = conversation.language or self._language
        if message.language or conversation.language_chosen or conversation.draft:
            return message.language or usual
        return self._languages.guess(message.text or "", usual)

    def _leading_on(self, ruling: Ruling) -> Ruling:
        """With the offer of a human, where an entry asks for it."""
        decision = ruling.decision
        if isinstance(decision, Answer) and any(self._knowledge.entry(each).offers_human for each in decision.entries):
            return replace(ruling, decision=replace(decision, offers_human=True))
        return ruling

    def _language_of(self, ruling: Ruling, message: Message, before: Conversation) -> Language:
        """A word such as "ok" or "stop" changes no language."""
        speaks = ruling.asks or isinstance(ruling.decision, Smalltalk) or before.language is None
        return self.language_for(message, before) if speaks else before.language or self._language

    def _known(self, conversation: Conversation) -> Conversation:
        """The conversation without entries that the FAQ does not have any more."""

        def known(ids: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(each for each in ids if self._knowledge.find(each))

        return replace(
            conversation,
            options=known(conversation.options),
            entries=known(conversation.entries),
            runners_up=known(conversation.runners_up),
        )

    def _instead(self, turn: Turn, decision: Decision) -> Turn:
        """The turn, had this been decided."""
        ruling = replace(turn.ruling, decision=decision)
        return self._turn(
            Considered(turn.before, turn.message, ruling, turn.language, turn.outlook, turn.ranking, turn.ways), turn.at
        )

    def _turn(self, considered: Considered, now: datetime) -> Turn:
        after = self._triage.remember(now, considered)
        before, message, ruling, language, outlook, ranking, ways = considered
        reply = self._reply(considered)
        return Turn(message, language, outlook, ranking, ruling, reply, before, after, now, ways=ways)

    def _reply(self, considered: Considered) -> Reply | None:
        decision, language = considered.ruling.decision, considered.language
        match decision:
            case Escalate():
                is_first = decision.draft.opened_by == considered.message.event_id
                return self.handover.asks(decision, language, considered.ways, is_first)
            case Preview(_, "unclear"):
                return self.handover.unclear(language)
            case Cancelled():
                return self.handover.cancelled(decision, language)
        reply = self._speaker.reply(decision, language, considered.before.is_new, considered.ways)
        if reply and considered.before.draft and isinstance(decision, Answer):
            return replace(reply, markdown=f"{reply.markdown}\n\n{self.handover.still_open(language)}")
        return reply


def _draft(decision: Decision) -> Draft | None:
    return decision.draft if isinstance(decision, Drafted) else None


def _needs_letter(decision: Decision) -> bool:
    """Whether it is not enough to say that the letter still waits."""
    return isinstance(decision, Sent | Refer) or (isinstance(decision, Preview) and decision.trouble != "unclear")
