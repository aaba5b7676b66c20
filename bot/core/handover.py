"""What the bot says while a question is passed on to support."""

from datetime import timedelta
from typing import Literal

from bot.core.decision import Cancelled, Escalate, Preview
from bot.core.letter import Way
from bot.core.model import Language, Reply
from bot.core.phrases import Says
from bot.core.situation import Manners
from bot.core.voice import Voice


class Handover:
    """Puts the steps of an escalation into words."""

    def __init__(self, says: Says, voice: Voice, manners: Manners) -> None:
        self._says = says
        self._voice = voice
        self._manners = manners
        self._minutes = _minutes(manners.remember)

    def offer(self, language: Language, ways: tuple[Way, ...]) -> str:
        """The question whether to pass the question on, or, where there is no way to do so, to prepare a mail."""
        return self._voice.fill(self._says.offer_human if ways else self._says.offer_link, language)

    def asks(self, decision: Escalate, language: Language, ways: tuple[Way, ...], is_first: bool) -> Reply:
        """The question for what the draft lacks; `is_first`: the draft was opened just now."""
        if decision.trouble == "no address":
            return self._voice.say(self._says.no_address, language)
        what = self._says.ask_question if ways else self._says.ask_for_link
        asks = what if decision.draft.stage == "question" else self._says.ask_address
        above = [self._voice.fill(self._says.question_gone, language)] if decision.trouble else []
        below = (
            [self._voice.fill(self._says.draft_expires, language, minutes=self._minutes)] if ways and is_first else []
        )
        return Reply(language, "\n\n".join([*above, self._voice.fill(asks, language), *below]))

    def cancelled(self, decision: Cancelled, language: Language) -> Reply:
        """That nothing is passed on."""
        return self._voice.say(self._says.declined if decision.was_offer else self._says.cancelled, language)

    def still_open(self, language: Language) -> str:
        """What stands below an answer that is given while a letter waits for its yes."""
        return self._voice.fill(self._says.draft_open, language)

    def unclear(self, language: Language) -> Reply:
        """What is said instead of the letter once more, where the message was neither yes nor no."""
        return self._voice.say(self._says.preview_unclear, language)

    def preview(self, letter: str, decision: Preview, language: Language, ways: tuple[Way, ...] = ("mail",)) -> Reply:
        """The letter before it is sent, as Markdown shows it."""
        shown = self._says.preview if "mail" in ways else self._says.preview_in_room
        parts = [self._voice.fill(self._says.preview_changed, language)] if decision.trouble == "changed" else []
        parts.append(self._voice.fill(shown, language, letter=letter, minutes=self._minutes))
        if decision.draft.history:
            added = decision.draft.with_history
            other = self._says.preview_drop_history if added else self._says.preview_add_history
            parts.append(self._voice.fill(other, language))
        return Reply(language, "\n\n".join(parts))

    def sent(self, reference: str, language: Language, ways: tuple[Way, ...] = ("mail",)) -> Reply:
        """That the letter is on its way, and where the answer comes."""
        phrase = self._says.sent_in_room if "room" in ways else self._says.sent
        parts = [self._voice.fill(phrase, language, reference=reference)]
        if quiet := self._manners.handed_over:
            parts.append(self._voice.fill(self._says.handed_over, language, minutes=_minutes(quiet)))
        return Reply(language, "\n\n".join(parts))

    def failed(self, language: Language, reference: str) -> Reply:
        """That the letter could not be delivered."""
        return self._voice.say(self._says.failed, language, reference=reference)

    def refer(self, link: str, why: Literal["no mail", "limit"], language: Language) -> Reply:
        """How to write to support oneself; `link` opens the mail."""
        phrase = self._says.write_yourself if why == "no mail" else self._says.limit
        return self._voice.say(phrase, language, mailto=f"[{self._voice.address}](<{link}>)")

    def to_direct_chat(self, link: str | None, language: Language) -> Reply:
        """That the rest is said in the direct chat at `link`, or that none could be opened."""
        if link is None:
            return self._voice.say(self._says.no_direct_chat, language)
        return self._voice.say(self._says.to_direct_chat, language, link=f"<{link}>")


def _minutes(time: timedelta) -> str:
    return str(round(time.total_seconds() / 60))
