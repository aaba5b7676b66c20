"""What is done about a message: all transitions of a conversation, as one table.

The first rule that has something to say decides. `RULES` is the table; each function says when it has, in `drafting`
where it concerns an escalation, in `talking` where it concerns the conversation, in `answering` where it concerns a
question. What is remembered afterwards is in `memory`, the thresholds are in `situation`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from bot.core import answering, drafting, talking
from bot.core.conversation import Conversation, HandedOver
from bot.core.decision import Answer, Decision, Fallback, Ruling, Silence
from bot.core.memory import Considered, remember
from bot.core.model import Addressed, Language, Message
from bot.core.situation import Manners, Outlook, Situation, Thresholds
from bot.core.understanding import Understanding

IN_LIGHT = "leans on the last answer, and is clear in its light"


class Rule(NamedTuple):
    """A row of the table."""

    when: str
    decide: Callable[[Situation], Decision | None]
    asks: bool = False
    """Whether the message is a question, which an escalation would pass on."""


RULES = (
    Rule("taps the number of an option", talking.tapped_number),
    Rule("is a thumb down on an answer", talking.tapped_thumb),
    Rule("holds no text", talking.no_text),
    Rule("is a command", talking.command),
    Rule("holds no word", talking.no_word),
    Rule("asks for the other language", talking.other_language),
    Rule("cancels the draft", drafting.cancelled),
    Rule("agrees to the letter that was shown", drafting.confirmed),
    Rule("asks for a human while a draft is open", drafting.asked_again),
    Rule("is the question that the draft waits for", drafting.question_told),
    Rule("names the reply address", drafting.address_told),
    Rule("wants to pass on another question", drafting.other_question_wanted),
    Rule("wants the letter with or without what was asked before", drafting.history_wanted),
    Rule("is a clear question while a draft is open", answering.clear_beside_a_draft, asks=True),
    Rule("is nothing that the draft waits for", drafting.unclear),
    Rule("asks for a human, or accepts the offer of one", talking.wants_human),
    Rule("declines the offer of a human", talking.declines),
    Rule("chooses an option by its number", talking.chosen_by_number),
    Rule("turns all options down", talking.none_of_them),
    Rule("says that the answer did not help", talking.unhelpful),
    Rule("is small talk as a whole", talking.smalltalk),
    Rule("is a yes or a no to nothing", talking.nothing_open),
    Rule("is only numbers and single letters", answering.no_question),
    Rule("chooses an option in its own words", talking.chosen_in_words),
    Rule("asks several things at once", answering.several, asks=True),
    Rule(IN_LIGHT, answering.in_light, asks=True),
    Rule("names what the FAQ says it does not cover", answering.not_covered, asks=True),
    Rule("has one match over the threshold, clear ahead", answering.clear, asks=True),
    Rule("has several matches near one another, or none", answering.weak, asks=True),
)
_OVERHEARD = "is nobody's question to the bot, in a thread"
_HANDED_OVER = "is on a topic that was handed over to support"


class Triage:
    """Decides, from what the phrases file says the bot understands, from the thresholds and the manners."""

    def __init__(
        self,
        understanding: Understanding,
        thresholds: Thresholds = Thresholds(),
        manners: Manners = Manners(),
    ) -> None:
        self._understanding = understanding
        self._thresholds = thresholds
        self._manners = manners

    def decide(
        self,
        conversation: Conversation,
        message: Message,
        outlook: Outlook,
        room_is_open: bool = False,
    ) -> Ruling:
        """What is done about `message`, for which the FAQ has `outlook`.

        `room_is_open`: whether it can be passed on in the support room.
        """
        return decide(self.situation(conversation, message, outlook, room_is_open))

    def situation(
        self, conversation: Conversation, message: Message, outlook: Outlook, room_is_open: bool = False
    ) -> Situation:
        """All that the decision about `message` is made from."""
        understood = self._understanding.read(message.text or "")
        return Situation(conversation, message, understood, outlook, self._thresholds, self._manners, room_is_open)

    def remember(self, now: datetime, turn: Considered) -> Conversation:
        """What is remembered after a decision."""
        return remember(turn, now, self._manners, self._thresholds)


def decide(now: Situation) -> Ruling:
    """What is done in a situation: what the first rule says, unless that is none of the bot's business."""
    ruling = _first_ruling(now)
    decision = ruling.decision
    is_overheard = now.message.addressed is Addressed.THREAD and now.conversation.is_new
    if is_overheard and not isinstance(decision, Answer):
        return Ruling(Silence(), _OVERHEARD)
    handed_over = now.conversation.handed_over
    if handed_over and ruling.asks and _is_on(handed_over, decision):
        return Ruling(Silence(), _HANDED_OVER, asks=True)
    return ruling


def _first_ruling(now: Situation) -> Ruling:
    for rule in RULES:
        decision = rule.decide(now)
        if decision is not None:
            return Ruling(decision, rule.when, rule.asks, _wanted_language(now, rule))
    raise AssertionError("the last rule always decides")


def _wanted_language(now: Situation, rule: Rule) -> Language | None:
    if rule.decide is not talking.other_language:
        return None
    return "de" if now.understood.means("in_german") else "en"


def _is_on(handed_over: HandedOver, decision: Decision) -> bool:
    """Whether the decision is no clear answer to something new.

    Where no entry had answered what was handed over, a pointer is no news either: it may be the one given before.
    """
    if isinstance(decision, Answer):
        return set(decision.entries) <= set(handed_over.entries)
    is_pointer = isinstance(decision, Fallback) and decision.not_covered is not None
    return not (is_pointer and handed_over.entries)
