"""What is remembered of a conversation after each decision: the other half of the transitions in `triage`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.core.conversation import MOST_EXCHANGES, Conversation, Exchange, HandedOver, Quoted, Said
from bot.core.decision import (
    Answer,
    Cancelled,
    Clarify,
    Decision,
    Drafted,
    Escalate,
    Fallback,
    Preview,
    Ruling,
    Sent,
    Silence,
    Smalltalk,
    Unreadable,
)
from bot.core.letter import Way
from bot.core.model import Language, Message, Ranking
from bot.core.situation import Manners, Outlook, Thresholds
from bot.core.text import content_stems

_MOST_RUNNERS_UP = 4
_TELLING = 3
"""From so many words that are no function words on, a question says by itself what it is about."""


class Considered(NamedTuple):
    """What `remember` needs to know of a turn."""

    before: Conversation
    message: Message
    ruling: Ruling
    language: Language
    outlook: Outlook
    ranking: Ranking
    ways: tuple[Way, ...] = ("mail",)


def remember(turn: Considered, now: datetime, manners: Manners, thresholds: Thresholds) -> Conversation:
    """What is remembered after a decision."""
    before, ruling = turn.before, turn.ruling
    decision = ruling.decision
    if isinstance(decision, Silence) and not ruling.asks:
        return before
    heard = replace(
        before,
        language=turn.language,
        language_chosen=before.language_chosen or ruling.language is not None,
        until=now + manners.remember,
    )
    if isinstance(decision, Silence):  # the question may still be passed on
        return replace(heard, exchanges=_exchanges(before, turn))
    heard = replace(heard, turns=before.turns + 1)
    if isinstance(decision, Drafted | Cancelled):
        return _drafted(heard, decision, now + manners.handed_over)
    if heard.draft:  # a yes would no longer be to what was shown
        heard = replace(heard, draft=replace(heard.draft, shown=""))
    if ruling.language:  # the last thing is said again, and nothing else changes
        return heard
    heard = replace(
        heard, exchanges=_exchanges(before, turn), said=_said(decision), offers_human=_offers_human(decision)
    )
    match decision:
        case Answer(entries, again=again):
            runners_up = tuple(entry for entry in _beside(turn, thresholds) if entry not in entries)
            failures = before.failures + 1 if again else 0
            return replace(
                heard, entries=entries, runners_up=runners_up[:_MOST_RUNNERS_UP], options=(), failures=failures
            )
        case Clarify(options, why):
            failures = before.failures + (why == "unhelpful")
            return replace(heard, options=options, runners_up=(), failures=failures)
        case Fallback():
            return replace(heard, options=(), runners_up=(), failures=before.failures + 1)
        case Unreadable("no text"):
            return replace(heard, told_text_only=True)
    return heard


def _drafted(heard: Conversation, decision: Drafted | Cancelled, until: datetime) -> Conversation:
    """After a step of an escalation; once sent, the topic is support's until then, and is not offered again."""
    heard = replace(heard, said="other", offers_human=False, options=())
    match decision:
        case Escalate(draft) | Preview(draft):
            return replace(heard, draft=draft)
        case Sent(draft):
            topic = next((each.entries for each in heard.exchanges if each.question == draft.question), ())
            left = tuple(each for each in heard.exchanges if each.question != draft.question)
            handed_over = HandedOver(until, topic)
            return replace(heard, draft=None, failures=0, exchanges=left, handed_over=handed_over)
    return replace(heard, draft=None, failures=0)


def _exchanges(before: Conversation, turn: Considered) -> tuple[Exchange, ...]:
    """The questions so far. An option that is chosen answers the last one; a thumb brings its own to the end."""
    decision, exchanges = turn.ruling.decision, before.exchanges
    entries = decision.entries if isinstance(decision, Answer) else ()
    if turn.ruling.asks:
        found = isinstance(decision, Clarify) or (bool(entries) and not _offers_human(decision))
        is_pointer = isinstance(decision, Fallback) and decision.not_covered is not None
        is_telling = found or is_pointer or len(content_stems(turn.outlook.text)) >= _TELLING
        this = Exchange(Quoted(turn.message.room_id, turn.message.quotable), entries, is_telling=is_telling)
        return (*exchanges, this)[-MOST_EXCHANGES:]
    reaction = turn.message.reaction
    if reaction and isinstance(decision, Fallback):
        return tuple(sorted(exchanges, key=lambda each: each.reply == reaction.to))
    if entries and exchanges:
        return (*exchanges[:-1], replace(exchanges[-1], entries=entries))
    return exchanges


def _beside(turn: Considered, thresholds: Thresholds) -> Iterable[str]:
    """What else the question may have meant: of a choice, the other options."""
    if not turn.ruling.asks:
        return turn.before.options
    return (match.entry for match in turn.ranking.matches if match.confidence >= thresholds.clarify)


def _offers_human(decision: Decision) -> bool:
    insulted = isinstance(decision, Smalltalk) and decision.kind == "insult"
    return insulted or (isinstance(decision, Fallback | Answer) and decision.offers_human)


def _said(decision: Decision) -> Said:
    match decision:
        case Answer():
            return "answer"
        case Clarify():
            return "options"
    return "offer" if isinstance(decision, Fallback) and decision.offers_human else "other"
