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
    Escalate,
    Fallback,
    Preview,
    Refer,
    Ruling,
    Sent,
    Silence,
    Smalltalk,
    Unreadable,
)
from bot.core.letter import Way
from bot.core.model import Language, Message, Ranking
from bot.core.situation import Manners, Outlook, Thresholds

_MOST_RUNNERS_UP = 4


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
    heard = replace(before, language=turn.language, until=now + manners.remember)
    if isinstance(decision, Silence):  # the question may still be passed on
        return replace(heard, exchanges=_exchanges(before, turn))
    heard = replace(heard, turns=before.turns + 1)
    if ruling.language:  # the last thing is said again, and nothing else changes
        return replace(heard, language_chosen=True)
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
        case Escalate(open_draft) | Preview(open_draft):
            return replace(heard, draft=open_draft, options=())
        case Sent(open_draft):
            topic = next((each.entries for each in heard.exchanges if each.question == open_draft.question), ())
            left = tuple(each for each in heard.exchanges if each.question != open_draft.question)
            handed_over = HandedOver(now + manners.handed_over, topic)
            return replace(heard, draft=None, options=(), failures=0, exchanges=left, handed_over=handed_over)
        case Cancelled() | Refer():
            return replace(heard, draft=None, options=(), failures=0)
        case _:
            return heard


def _exchanges(before: Conversation, turn: Considered) -> tuple[Exchange, ...]:
    """The questions so far. An option that is chosen answers the last one; a thumb brings its own to the end."""
    decision, exchanges = turn.ruling.decision, before.exchanges
    entries = decision.entries if isinstance(decision, Answer) else ()
    if turn.ruling.asks:
        this = Exchange(Quoted(turn.message.room_id, turn.message.quotable), entries)
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
    return insulted or (isinstance(decision, Fallback) and decision.offers_human)


def _said(decision: Decision) -> Said:
    match decision:
        case Answer():
            return "answer"
        case Clarify():
            return "options"
    return "offer" if isinstance(decision, Fallback) and decision.offers_human else "other"
