"""The rules of `triage` that concern questions: what the FAQ has for a message decides."""

from bot.core.decision import SMALLTALK, Answer, Clarify, Decision, Fallback
from bot.core.model import Ranking
from bot.core.situation import Situation, Thresholds

_MOST_OPTIONS = 4
_MOST_NEAR = 3
_MOST_ENTRIES = 4
"""The most questions of one message that are answered."""
_SURE = 0.85
"""From this confidence on, a question stands by itself even if it says "und" or "das"."""


def no_question(now: Situation) -> Decision | None:
    return Fallback() if all(len(word) == 1 or word.isdecimal() for word in now.understood.said) else None


def several(now: Situation) -> Decision | None:
    """Several questions in one message: those that have an answer get it, in their order."""
    told = [_by_confidence(part, now.thresholds) for part in now.outlook.parts]
    answers = dict.fromkeys(entry for each in told if isinstance(each, Answer) for entry in each.entries)
    left_open = any(isinstance(each, Fallback) for each in told)
    if not answers or (len(answers) == 1 and not left_open):
        return None
    return Answer(tuple(answers)[:_MOST_ENTRIES], left_open or len(answers) > _MOST_ENTRIES)


def in_light(now: Situation) -> Decision | None:
    """A question that leans on what was said, and is no clear one by itself."""
    alone, in_light = now.outlook.alone, now.outlook.in_light
    if in_light is None:
        return None
    best = in_light.matches[0]
    is_clear = isinstance(_by_confidence(alone, now.thresholds), Answer)
    own = alone.matches[0].confidence if alone.matches else 0.0
    if is_clear and (own >= _SURE or own > best.confidence):
        return None
    told = _by_confidence(in_light, now.thresholds)
    if best.entry in now.conversation.entries and best.confidence >= now.thresholds.answer:
        return Answer((best.entry,), again=True) if now.conversation.failures == 0 else Fallback(why="again")
    return told if isinstance(told, Answer | Clarify) else None


def clear(now: Situation) -> Decision | None:
    decision = _by_confidence(now.outlook.alone, now.thresholds)
    return decision if isinstance(decision, Answer) else None


def clear_beside_a_draft(now: Situation) -> Decision | None:
    if not now.conversation.draft or now.understood.first(SMALLTALK) or no_question(now) or "@" in now.text:
        return None
    return several(now) or clear(now)


def not_covered(now: Situation) -> Decision | None:
    """A pointer; after a failure it does not stand alone."""
    subject = now.outlook.alone.not_covered
    if subject is None:
        return None
    return Fallback(not_covered=subject, why="again" if now.conversation.failures else "unknown")


def weak(now: Situation) -> Decision:
    """Nothing is clear: options, or near topics; but the bot does not guess after failures in a row."""
    decision = _by_confidence(now.outlook.alone, now.thresholds)
    patience = 2 if isinstance(decision, Clarify) else 1
    return decision if now.conversation.failures < patience else Fallback(why="again")


def _by_confidence(ranking: Ranking, limits: Thresholds) -> Decision:
    matches = ranking.matches
    if not matches or ranking.not_covered is not None:
        return Fallback()
    best = matches[0].confidence
    rivals = [m for m in matches[1:_MOST_OPTIONS] if m.confidence >= max(best - limits.ambiguity, limits.clarify)]
    if best >= limits.answer and not rivals:
        return Answer((matches[0].entry,))
    near = tuple(match.entry for match in matches[:_MOST_OPTIONS] if match.confidence >= limits.near)
    return Clarify(near) if best >= limits.clarify and len(near) > 1 else Fallback(near[:_MOST_NEAR])
