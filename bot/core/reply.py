"""What the bot says about a decision: Decision -> Reply, in the user's language, as Markdown.

The first line carries the answer: it is what a lock screen and a thread's preview show. How it looks in a client is
the business of `render`.
"""

import re

from bot.core.decision import Answer, Clarify, Command, Decision, Fallback, Silence, Smalltalk, Unreadable
from bot.core.faq import Entry, KnowledgeBase, Localized
from bot.core.model import LANGUAGES, Company, Language, Reply

_MOST_RELATED = 3
_MARKS = re.compile(r"[\\`*_{}\[\]()#+.!|<>~-]")
"""What Markdown may take for a mark: a title is plain text."""
_DATE = {"de": "%d.%m.%Y", "en": "%-d %B %Y"}


class Speaker:
    """Puts decisions into words, from the FAQ's answers and the bot's phrases."""

    def __init__(self, knowledge: KnowledgeBase, contact: str) -> None:
        """`contact` is the mail address of the people who answer what the bot cannot."""
        self._knowledge = knowledge
        self._says = knowledge.phrases.says
        self._contact = f"[{contact}](mailto:{contact})"

    def reply(self, decision: Decision, language: Language) -> Reply | None:
        """The reply to a message on which `decision` fell; None for silence."""
        match decision:
            case Answer(entries):
                parts = [self._answer(self._knowledge.entry(entry), language) for entry in entries]
                return Reply(language, "\n\n".join(parts))
            case Clarify(options):
                return Reply(language, self._list(self._says.clarify, options, language, numbered=True))
            case Fallback(near, not_covered):
                return Reply(language, self._fallback(near, not_covered, language))
            case Smalltalk(kind):
                return self._say(getattr(self._says, kind), language)
            case Command(name):
                return self._say(self._says.help if name == "help" else self._says.unknown_command, language)
            case Unreadable(reason):
                return self._say(self._says.empty if reason == "empty" else self._says.text_only, language)
            case Silence():
                return None

    def apology(self, language: Language) -> Reply:
        """What is said when something went wrong inside the bot."""
        return self._say(self._says.apology, language)

    def verification(self, first: Language, device: str, fingerprint: str) -> Reply:
        """What is said to a person who wants to verify the bot, in both languages: a request tells none."""
        return self._in_both(self._says.verification, first, device=_escaped(device), fingerprint=fingerprint)

    def undecrypted(self, first: Language) -> Reply:
        """What is said to a person whose message cannot be decrypted, in both languages: which is theirs is unread."""
        return self._in_both(self._says.undecrypted, first)

    def missed(self, language: Language) -> Reply:
        """What is said, once a room, to messages that are too old to be answered."""
        return self._say(self._says.missed, language)

    def _in_both(self, phrase: Localized, first: Language, **values: str) -> Reply:
        languages = sorted(LANGUAGES, key=lambda each: each != first)
        texts = (self._fill(phrase, language, **values) for language in languages)
        return Reply(first, "\n\n".join(dict.fromkeys(texts)))

    def slow_down(self, language: Language) -> Reply:
        """What is said, once, to a person who writes more than is answered."""
        return self._say(self._says.slow_down, language)

    def welcome(self, company: Company, name: str, language: Language) -> Reply:
        """How the bot, called `name`, introduces itself in a room that it has joined."""
        match company:
            case "alone with one":
                return self._say(self._says.welcome, language)
            case "answered already":
                return self._say(self._says.welcome_answered, language)
            case "several":
                return Reply(language, self._fill(self._says.welcome_room, language, name=_escaped(name)))

    def too_large(self, largest: int, first: Language) -> Reply:
        """What is said, in both languages, in a room with more than `largest` members, before the bot leaves it."""
        return self._in_both(self._says.too_large, first, largest=str(largest))

    def unencrypted(self, first: Language) -> Reply:
        """What is said, once a room and day and so in both languages, where no unencrypted room is answered."""
        return self._in_both(self._says.unencrypted, first)

    def _say(self, phrase: Localized, language: Language) -> Reply:
        return Reply(language, self._fill(phrase, language))

    def _fill(self, phrase: Localized, language: Language, **values: str) -> str:
        return phrase.best(language).format(contact=self._contact, **values)

    def _answer(self, entry: Entry, language: Language) -> str:
        parts = [entry.answer.best(language) or entry.title(language)]
        named = entry.source.url if entry.source else None
        links = [
            f"- [{_escaped(link.title.best(language))}](<{link.url}>)" for link in entry.links if link.url != named
        ]
        if links:
            parts.append("\n".join([self._fill(self._says.links, language), "", *links]))
        if entry.related:
            parts.append(self._list(self._says.related, entry.related[:_MOST_RELATED], language))
        if source := entry.source:
            title = f"[{_escaped(source.title)}](<{source.url}>)"
            date = source.as_of.strftime(_DATE[language])
            parts.append(f"*{self._fill(self._says.source, language, title=title, date=date)}*")
        return "\n\n".join(parts)

    def _fallback(self, near: tuple[str, ...], not_covered: int | None, language: Language) -> str:
        if not_covered is not None:
            subject = self._knowledge.not_covered[not_covered]
            parts = [subject.pointer.best(language)]
            if subject.related:
                parts.append(self._list(self._says.related, subject.related[:_MOST_RELATED], language))
            return "\n\n".join(parts)
        parts = [self._fill(self._says.fallback, language)]
        if near:
            parts.append(self._list(self._says.fallback_near, near, language))
        return "\n\n".join(parts)

    def _list(self, heading: Localized, entries: tuple[str, ...], language: Language, numbered: bool = False) -> str:
        titles = (_escaped(self._knowledge.entry(entry).title(language)) for entry in entries)
        marks = (f"{number}." for number in range(1, len(entries) + 1)) if numbered else ("-" for _ in entries)
        items = (f"{mark} {title}" for mark, title in zip(marks, titles, strict=True))
        return "\n".join([self._fill(heading, language), "", *items])


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)
