"""Dialogues: how they are written down, and how they are played with the helpdesk and the simulated ports.

`tests/dialogues/*.yaml` holds them, by subject. What they expect is checked in `test_dialogues`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.adapters.faq.knowledge import load
from bot.adapters.simulated import SimulatedClock, SimulatedReplies, SimulatedStore
from bot.core.conversation import Stage
from bot.core.decision import Answer, Clarify, Silence, name_of
from bot.core.desk import Desk
from bot.core.letter import Letter
from bot.core.model import Addressed, Feedback, Language, Message, Reaction, Reply
from bot.core.render import plain
from bot.core.situation import Manners
from bot.core.turn import Turn
from bot.escalations import Escalations
from bot.helpdesk import Helpdesk
from tests.conftest import CONTACT

FOLDER = Path(__file__).parent / "dialogues"
ROOM, SENDER = "!room:uni.test", "@ada:uni.test"
LIFETIME = 30
"""Minutes after which a conversation is forgotten."""

DecisionName = Literal[
    "answer",
    "clarify",
    "fallback",
    "smalltalk",
    "command",
    "escalate",
    "preview",
    "sent",
    "cancelled",
    "silence",
]


class _Written(BaseModel):
    """A part of a dialogue's file: no key but those named here."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Line(_Written):
    """A turn of the dialogue: what the person does, and what is expected then."""

    user: str | None = None
    tap: int | Literal["up", "down"] | None = None
    """Instead of a message: a number, or a thumb, on the bot's last message."""
    after: int = Field(0, ge=0)
    """Minutes that pass before."""
    decision: DecisionName | list[DecisionName] = Field(list(get_args(DecisionName)), min_length=1)
    """Of several, any will do."""
    entries: list[str] | None = None
    options: list[str] | None = None
    says: list[str] = []
    says_not: list[str] = []
    lang: Language | None = None
    """The language of the reply."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.user is None) == (self.tap is None):
            raise ValueError("a turn has either `user` or `tap`")
        return self

    @property
    def decisions(self) -> list[DecisionName]:
        """The decisions that will do."""
        return self.decision if isinstance(self.decision, list) else [self.decision]


class Mail(_Written):
    """The one letter that is sent in a dialogue."""

    contains: list[str] = []
    """What stands in its subject or text."""
    contains_not: list[str] = []
    reply_to: str


class Dialogue(_Written):
    """A conversation in a direct chat, and what is expected in it."""

    name: str
    turns: list[Line] = Field(min_length=1)
    mail: Mail | Literal["none"] = "none"
    without_mail: bool = False
    """Whether the bot has no mail server."""
    pattern: str = ""
    """The reply address that is suggested, with the person's {localpart}."""
    end_to_end: bool = False
    """Whether it is also played over a real homeserver and a real mail server."""


class _File(_Written):
    dialogues: list[Dialogue] = Field(min_length=1)


def dialogues() -> dict[str, Dialogue]:
    """All dialogues, by file and name."""
    found: dict[str, Dialogue] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for dialogue in _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).dialogues:
            key = f"{path.stem}: {dialogue.name}"
            assert key not in found, f"two dialogues are called {key}"
            found[key] = dialogue
    return found


@dataclass(frozen=True)
class Played:
    """What came of one turn."""

    line: Line
    decision: str
    language: Language | None
    """The language of the reply; None where nothing was said."""
    text: str
    """The reply as plain text; empty where nothing was said."""
    entries: tuple[str, ...]
    options: tuple[str, ...]
    shows_letter: bool
    """Whether the reply shows a letter."""
    posted: tuple[Letter, ...]
    """The letters that went to the outbox by it."""
    draft: Stage | None
    """What the draft that is kept after it waits for; None where none is kept."""


class _Replies(SimulatedReplies):
    """Knows the id of the bot's last message, for taps."""

    last = "$nothing"

    async def send(self, message: Message, reply: Reply, *how: object, **also: object) -> str:
        self.last = await super().send(message, reply, *how, **also)
        return self.last


class Opened(NamedTuple):
    """A helpdesk, and what is behind it."""

    helpdesk: Helpdesk
    store: SimulatedStore
    replies: _Replies
    clock: SimulatedClock


@cache
def _configured(without_mail: bool, pattern: str) -> Desk:
    return Desk(load(), CONTACT, manners=Manners(passes_on=not without_mail, reply_address=pattern))


def open_helpdesk(dialogue: Dialogue, desk: Desk) -> Opened:
    """A helpdesk for one person in a direct chat, configured as the dialogue has it.

    This, `letters` and `handle` are all that knows how the helpdesk is built and fed.
    """
    if dialogue.without_mail or dialogue.pattern:
        desk = _configured(dialogue.without_mail, dialogue.pattern)
    clock, replies = SimulatedClock(), _Replies()
    store = SimulatedStore(clock)
    escalations = Escalations(desk, store, store.outbox, replies, clock)
    return Opened(Helpdesk(desk, store, replies, escalations, clock), store, replies, clock)


def letters(opened: Opened) -> Sequence[Letter]:
    """All letters that went to the outbox, oldest first."""
    return [posted.letter for posted in opened.store.outbox.posted]


async def handle(opened: Opened, line: Line, number: int) -> tuple[Turn | None, Message]:
    """Feed one turn of the person's to the helpdesk; what came of it, and the message that it was."""
    sent_at = opened.clock.now()
    event_id = f"${number}"
    if line.tap is None:
        message = Message(event_id, ROOM, SENDER, line.user, sent_at, Addressed.DIRECT)
        return await opened.helpdesk.handle(message), message
    reply_id = opened.replies.last
    says = "unhelpful" if isinstance(line.tap, str) else line.tap
    message = Message(event_id, ROOM, SENDER, None, sent_at, reaction=Reaction(reply_id, says))
    if isinstance(line.tap, str):
        await opened.helpdesk.rate(Feedback(event_id, ROOM, SENDER, reply_id, helpful=line.tap == "up"))
    return (None if line.tap == "up" else await opened.helpdesk.handle(message)), message


async def converse(dialogue: Dialogue, desk: Desk) -> list[Played]:
    """Play the dialogue; what came of each turn, in order."""
    opened = open_helpdesk(dialogue, desk)
    played: list[Played] = []
    for number, line in enumerate(dialogue.turns, start=1):
        opened.clock.advance(timedelta(minutes=line.after))
        before = len(letters(opened))
        turn, message = await handle(opened, line, number)
        reply = turn.reply if turn else None
        decision = turn.decision if turn else Silence()
        kept = await opened.store.conversation(message)
        played.append(
            Played(
                line=line,
                decision=name_of(decision) if reply else "silence",
                language=reply.language if reply else None,
                text=plain(reply.markdown) if reply else "",
                entries=decision.entries if isinstance(decision, Answer) else (),
                options=decision.options if isinstance(decision, Clarify) else (),
                shows_letter=bool(turn and turn.letter),
                posted=tuple(letters(opened)[before:]),
                draft=kept.draft.stage if kept.draft else None,
            )
        )
    return played
