"""The letter to support: a draft and the texts that it names -> Letter, and how the letter is shown.

What the person sees in the preview is what is sent, word for word. All of it stands in the phrases file.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from bot.core.address import find_address, valid
from bot.core.conversation import Draft, Exchange, Quoted
from bot.core.faq import KnowledgeBase
from bot.core.letter import Letter, Way, reference
from bot.core.model import Language
from bot.core.render import plain
from bot.core.text import printable
from bot.core.wording import Localized

Texts = Mapping[Quoted, str | None]
"""The words of the messages that a draft names; None where they are gone."""

_COMMAND = re.compile(r"^\s*!\w+\s+(?=\S)")
"""Of "!support My question", the command is no part of the letter."""
_LONGEST = 4000
"""Characters of a question in a letter."""
_LONGEST_EARLIER = 500
"""Characters of an earlier question or answer."""
_LONGEST_SUBJECT = 60
_LONGEST_LINK = 1000
"""Characters of a question in a mailto link: programs cut longer ones, or refuse them."""


class Correspondence:
    """Writes letters to one recipient."""

    def __init__(self, knowledge: KnowledgeBase, recipient: str, reply_address: str = "", server: str = "") -> None:
        """`reply_address` is the pattern for those who named none and are people of `server`, if one is given."""
        self._knowledge = knowledge
        self._says = knowledge.phrases.says
        self._recipient = recipient
        self._reply_address = reply_address
        self._server = server

    def letter(
        self, draft: Draft, texts: Texts, sender: str, language: Language, ways: tuple[Way, ...] = ("mail",)
    ) -> Letter | None:
        """The letter; None where the message that is to be passed on is gone."""
        question = _COMMAND.sub("", (texts.get(draft.question) if draft.question else None) or "")
        if not question:
            return None
        fill = self._filler(language)
        name = reference(draft.opened_by)
        history = [self._exchange(each, texts, language) for each in draft.history] if draft.with_history else []
        if history:
            history = ["", fill(self._says.letter_history), *history, ""]
        by_mail = "mail" in ways
        reply_to = self._reply_to(draft, texts, sender) if by_mail else fill(self._says.this_chat)
        text = fill(
            self._says.letter if by_mail else self._says.letter_in_room,
            question=self._cut(question, _LONGEST, language),
            history="\n".join(history),
            reference=name,
            sender=printable(sender),
            **({"reply_to": reply_to} if by_mail else {}),
        )
        return Letter(name, self._recipient, reply_to, self._subject(name, question, language), text, ways)

    def shown(self, letter: Letter, language: Language) -> str:
        """The letter as Markdown shows it unchanged: in a block of code."""
        fill = self._filler(language)
        recipients = {"mail": letter.recipient, "room": fill(self._says.support_room)}
        content = fill(
            self._says.letter_shown,
            recipient=", ".join(recipients[way] for way in letter.ways),
            reply_to=letter.reply_to,
            subject=letter.subject,
            text=letter.text,
        )
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", content)), default=0))
        return f"{fence}\n{content}\n{fence}"

    def link(self, draft: Draft, texts: Texts, language: Language) -> str:
        """A link that opens a mail with subject and text filled in (RFC 6068)."""
        question = _COMMAND.sub("", (texts.get(draft.question) if draft.question else None) or "")
        short = self._cut(question, _LONGEST_LINK, language)
        subject = self._filler(language)(self._says.link_subject, start=_start(question)).strip()
        fields = {"subject": subject, **({"body": short.replace("\n", "\r\n")} if short else {})}
        return f"mailto:{quote(self._recipient, '@')}?" + "&".join(f"{k}={quote(v, '')}" for k, v in fields.items())

    def _reply_to(self, draft: Draft, texts: Texts, sender: str) -> str:
        """The address that was named, else the one of the pattern; empty where neither is one."""
        told = texts.get(draft.address) if draft.address else None
        name, _, server = sender[1:].partition(":")
        has_pattern = self._reply_address and self._server in ("", server)
        usual = valid(self._reply_address.replace("{localpart}", name)) if has_pattern else None
        address = find_address(told or "") or usual or ""
        return "" if address.casefold() == self._recipient.casefold() else address  # support would write to itself

    def _subject(self, name: str, question: str, language: Language) -> str:
        return self._filler(language)(self._says.letter_subject, reference=name, start=_start(question)).strip()

    def _exchange(self, exchange: Exchange, texts: Texts, language: Language) -> str:
        question = self._cut(texts.get(exchange.question) or "…", _LONGEST_EARLIER, language)
        fill = self._filler(language)
        answers = [self._first_line(entry, language) for entry in exchange.entries]
        told = "\n".join(filter(None, answers)) or fill(self._says.letter_unanswered)
        return fill(self._says.letter_exchange, question=question, answer=told)

    def _first_line(self, entry_id: str, language: Language) -> str:
        """The line of an answer that carries it."""
        entry = self._knowledge.find(entry_id)
        return plain(entry.answer.best(language) or entry.title(language)).split("\n")[0] if entry else ""

    def _cut(self, text: str, longest: int, language: Language) -> str:
        text = printable(text.strip())
        if len(text) + 2 * sum(not c.isascii() for c in text) > longest * 3 // 2:  # in an event, these take more bytes
            longest //= 2
        if len(text) <= longest:
            return text
        return f"{text[:longest].rstrip()} …\n{self._filler(language)(self._says.letter_cut)}"

    def _filler(self, language: Language) -> Callable[..., str]:
        def fill(phrase: Localized, **values: str) -> str:
            return phrase.best(language).format(contact=self._recipient, **values)

        return fill


def _start(question: str) -> str:
    """The beginning of a question, on one line."""
    line = " ".join(printable(question).split())
    return line if len(line) <= _LONGEST_SUBJECT else line[:_LONGEST_SUBJECT].rsplit(" ", 1)[0] + " …"
