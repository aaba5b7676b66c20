"""The rules of `triage` that concern how people talk with the bot: taps, commands, choices, small talk."""

import re

from bot.core import drafting
from bot.core.commands import VERBS
from bot.core.decision import (
    SMALLTALK,
    Answer,
    Cancelled,
    Clarify,
    Command,
    Decision,
    Fallback,
    Silence,
    Smalltalk,
    SmalltalkKind,
    SpeakLanguage,
    Unreadable,
)
from bot.core.situation import Situation

_ADMINS = tuple(f"{verb}_command" for verb in VERBS if verb != "help")
_COMMAND = re.compile(r"\s*!(\w+|\?)")


def tapped_number(now: Situation) -> Decision | None:
    """An emoji with a number: it chooses from the options that it was put to, while they are on offer."""
    reaction, options = now.message.reaction, now.conversation.options
    if not reaction or reaction.says == "unhelpful":
        return None
    if reaction.to != now.conversation.offer or reaction.says > len(options):
        return Unreadable("offer is over")
    return Answer((options[reaction.says - 1],))


def tapped_thumb(now: Situation) -> Decision | None:
    """A thumb down: it is about the answer that it was put to. Of what is forgotten, it only counts."""
    if not now.message.reaction:
        return None
    if now.conversation.draft:
        return drafting.unclear(now)
    if now.message.reaction.to == now.conversation.reply:
        return _regret(now)
    return Fallback(why="unhelpful") if now.tapped_exchange else Silence()


def no_text(now: Situation) -> Decision | None:
    if now.message.text is not None:
        return None
    return Silence() if now.conversation.told_text_only else Unreadable("no text")


def command(now: Situation) -> Decision | None:
    command = _COMMAND.match(now.text)
    if not command:
        return None
    named = now.understood.by.read(command[1])
    if command[1] == "?" or named.means("help_command"):
        return Command("help")
    if named.means(*_ADMINS):
        return Command("for admins")
    if not named.means("support_command"):
        return Command("unknown")
    if now.conversation.draft:
        return drafting.repeat(now.conversation.draft)
    has_question = bool(now.text[command.end() :].strip())
    return drafting.draft(now, now.this if has_question else None)


def no_word(now: Situation) -> Decision | None:
    """Nothing but emoji and signs, of which thumbs say something."""
    if now.understood.said:
        return None
    if decision := drafting.unclear(now):
        return decision
    if "👎" in now.text:
        return _regret(now)
    return Smalltalk("thanks", now.conversation.turns) if "👍" in now.text else Unreadable("empty")


def other_language(now: Situation) -> Decision | None:
    """What was said last is said again."""
    if not now.understood.means("in_german", "in_english"):
        return None
    last = now.conversation
    if last.draft:
        return drafting.repeat(last.draft)
    match last.said:
        case "answer" if last.entries:
            return Answer(last.entries)
        case "options" if last.options:
            return Clarify(last.options)
        case "offer":
            return Fallback(why="unhelpful")
    return SpeakLanguage()


def wants_human(now: Situation) -> Decision | None:
    offered = now.conversation.offers_human and now.understood.means("yes", "agree")
    return drafting.draft(now) if offered or now.understood.means("human") else None


def declines(now: Situation) -> Decision | None:
    return Cancelled(was_offer=True) if now.conversation.offers_human and now.understood.means("no") else None


def none_of_them(now: Situation) -> Decision | None:
    offered = bool(now.conversation.options)
    if offered and now.understood.means("none_of_them", "no"):
        return Fallback(why="none of them")
    if not now.understood.means("none_of_them"):
        return None
    return _regret(now) if now.conversation.said == "answer" else Unreadable("nothing open")


def chosen_by_number(now: Situation) -> Decision | None:
    options = now.conversation.options
    choice = now.understood.choice(len(options)) if options else None
    if choice is None:
        return None
    return Answer((options[choice],)) if 0 <= choice < len(options) else Clarify(options, "no such number")


def chosen_in_words(now: Situation) -> Decision | None:
    return Answer((now.outlook.named,)) if now.outlook.named else None


def unhelpful(now: Situation) -> Decision | None:
    return _regret(now) if now.understood.means("unhelpful") else None


def smalltalk(now: Situation) -> Decision | None:
    kind = now.understood.first(SMALLTALK)
    return None if kind is None else Smalltalk(_kind(kind), now.conversation.turns)


def nothing_open(now: Situation) -> Decision | None:
    """A yes to several options leaves open which one is meant."""
    options = now.conversation.options
    if not now.understood.means("yes", "no", "agree"):
        return None
    if len(options) == 1:
        return Answer(options)
    return Clarify(options) if options else Unreadable("nothing open")


def _regret(now: Situation) -> Decision:
    """The last answer did not help: what came next to it, or, after another failure or with nothing left, a human."""
    others = now.conversation.runners_up
    return Clarify(others, "unhelpful") if others and now.conversation.failures == 0 else Fallback(why="unhelpful")


def _kind(kind: str) -> SmalltalkKind:
    return next(each for each in SMALLTALK if each == kind)
