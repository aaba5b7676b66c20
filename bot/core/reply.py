"""What the bot says about a decision: Decision -> Reply, in the user's language, as Markdown.

The first line carries the answer: it is what a lock screen and a thread's preview show. How it looks in a client is
the business of `render`.
"""

from bot.core.decision import (
    Answer,
    Clarify,
    Command,
    Decision,
    Fallback,
    Smalltalk,
    SpeakLanguage,
    Unreadable,
)
from bot.core.faq import Entry, KnowledgeBase
from bot.core.handover import Handover
from bot.core.letter import Way
from bot.core.model import Language, Reply
from bot.core.voice import Voice, escaped
from bot.core.wording import Localized, LocalizedVariants

_MOST_RELATED = 3
_DATE = {"de": "%d.%m.%Y", "en": "%-d %B %Y"}


class Speaker:
    """Puts decisions into words, from the FAQ's answers and the bot's phrases."""

    def __init__(self, knowledge: KnowledgeBase, voice: Voice, handover: Handover) -> None:
        self._knowledge = knowledge
        self._says = knowledge.phrases.says
        self._voice = voice
        self._handover = handover
        self._commands = {
            "help": self._says.help,
            "unknown": self._says.unknown_command,
            "for admins": self._says.admins_only,
        }
        self._unreadable = {
            "empty": self._says.empty,
            "no text": self._says.text_only,
            "nothing open": self._says.nothing_open,
            "offer is over": self._says.offer_is_over,
        }

    def reply(
        self, decision: Decision, language: Language, is_new: bool = False, ways: tuple[Way, ...] = ("mail",)
    ) -> Reply | None:
        """The reply to a message on which `decision` fell; None for silence, and for what concerns an escalation.

        `is_new`: nothing was said in the conversation before. `ways`: how questions can be passed on.
        """
        match decision:
            case Answer():
                return Reply(language, self._answers(decision, language, ways))
            case Clarify(options, why):
                return Reply(language, self._options(options, why, language))
            case Fallback():
                return Reply(language, self._fallback(decision, language, ways))
            case Smalltalk("greeting") if is_new:
                return self._voice.say(self._says.greeting, language)
            case Smalltalk(kind, variant):
                variants: LocalizedVariants = getattr(self._says, "greeting_again" if kind == "greeting" else kind)
                return Reply(language, self._voice.filled(variants.best(language, variant)))
            case Command(name):
                return self._voice.say(self._commands[name], language)
            case Unreadable(reason):
                return self._voice.say(self._unreadable[reason], language)
            case SpeakLanguage():
                return self._voice.say(self._says.language, language)
            case _:
                return None

    def _answers(self, decision: Answer, language: Language, ways: tuple[Way, ...]) -> str:
        entries = map(self._knowledge.entry, decision.entries)
        parts = [self._answer(entry, language) for entry in entries]
        if decision.again:
            parts.insert(0, self._voice.fill(self._says.same_again, language))
        if decision.left_open:
            parts.append(self._voice.fill(self._says.left_open, language))
        if decision.offers_human:
            parts.append(self._handover.offer(language, ways))
        return "\n\n".join(parts)

    def _options(self, options: tuple[str, ...], why: str, language: Language) -> str:
        headings = {
            "unsure": self._says.clarify,
            "unhelpful": self._says.unhelpful,
            "no such number": self._says.which_number,
        }
        return self._list(headings[why], options, language, numbered=True, count=str(len(options)))

    def _answer(self, entry: Entry, language: Language) -> str:
        parts = [entry.answer.best(language) or entry.title(language)]
        named = entry.source.url if entry.source else None
        links = [f"- [{escaped(link.title.best(language))}](<{link.url}>)" for link in entry.links if link.url != named]
        if links:
            parts.append("\n".join([self._voice.fill(self._says.links, language), "", *links]))
        if entry.related:
            parts.append(self._list(self._says.related, entry.related[:_MOST_RELATED], language))
        if source := entry.source:
            title = f"[{escaped(source.title)}](<{source.url}>)"
            date = source.as_of.strftime(_DATE[language])
            parts.append(f"*{self._voice.fill(self._says.source, language, title=title, date=date)}*")
        return "\n\n".join(parts)

    def _fallback(self, decision: Fallback, language: Language, ways: tuple[Way, ...]) -> str:
        if decision.not_covered is not None:
            subject = self._knowledge.not_covered[decision.not_covered]
            parts = [subject.pointer.best(language)]
            if subject.related:
                parts.append(self._list(self._says.related, subject.related[:_MOST_RELATED], language))
            if decision.offers_human:
                parts.append(self._handover.offer(language, ways))
            return "\n\n".join(parts)
        if decision.offers_human:
            above = {"none of them": [self._says.none_of_them], "again": [self._says.again]}.get(decision.why, [])
            parts = [self._voice.fill(each, language) for each in above]
            return "\n\n".join([*parts, self._handover.offer(language, ways)])
        parts = [self._voice.fill(self._says.fallback, language)]
        if decision.near:
            parts.append(self._list(self._says.fallback_near, decision.near, language))
        return "\n\n".join(parts)

    def _list(
        self, heading: Localized, entries: tuple[str, ...], language: Language, numbered: bool = False, **values: str
    ) -> str:
        titles = (escaped(self._knowledge.entry(entry).title(language)) for entry in entries)
        marks = (f"{number}." for number in range(1, len(entries) + 1)) if numbered else ("-" for _ in entries)
        items = (f"{mark} {title}" for mark, title in zip(marks, titles, strict=True))
        return "\n".join([self._voice.fill(heading, language, **values), "", *items])
