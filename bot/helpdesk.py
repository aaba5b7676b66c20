"""Use case: a colleague's message is handled, once, whatever happens in between.

Rules: what is older than a day is not answered any more, with one apology a room; where only encrypted rooms are
answered, the others are told so once a day; an edit of an answered message, soon enough, changes the answer; a message
that is taken back takes its answer along; who writes too much is told so, and then ignored for a while (`core.pace`).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from bot.core.conversation import Conversation
from bot.core.decision import Clarify, Sent, Silence
from bot.core.desk import Desk
from bot.core.model import Addressed, Feedback, Message, Reply
from bot.core.pace import Pace, Verdict
from bot.core.turn import Turn
from bot.escalations import Escalations, Underway, is_private
from bot.ports import RECOGNISED, Clock, Notice, Replies, Store, StoreBroken, Undelivered

log = logging.getLogger(__name__)

TOO_OLD = RECOGNISED
"""What is older is not answered."""
EDITS = timedelta(minutes=5)
"""How long after its answer a message may be edited to be answered anew."""


class Helpdesk:
    """Handles messages: considers them, replies, and remembers."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        replies: Replies,
        escalations: Escalations,
        clock: Clock,
        edits: timedelta = EDITS,
        pace: Pace | None = None,
        unencrypted: Literal["answer", "refuse"] = "answer",
    ) -> None:
        """`edits`: how long after its answer a message may be edited; without `pace`, everybody is answered always."""
        self._desk = desk
        self._store = store
        self._replies = replies
        self._escalations = escalations
        self._clock = clock
        self.edits = edits
        self._pace = pace or Pace()
        self._refuses_unencrypted = unencrypted == "refuse"

    async def handle(self, message: Message) -> Turn | None:
        """Handle `message`; what came of it, or None where it was handled before or was not considered.

        The reply goes out first and is recorded after: a crash in between repeats the reply, and its transaction id
        lets the homeserver recognise it. A letter to support is posted before its reference is told.

        Raises:
            Undelivered: the reply was refused; nothing is recorded.
        """
        if await self._store.was_handled(message.event_id):
            return None
        conversation = await self._conversation(message)
        if posted := await self._escalations.posted_by(message):
            await self._tell_reference(message, conversation, posted)
            return None
        if unanswerable := self._unanswerable(message):
            await self._pass_over(message, conversation, *unanswerable)
            return None
        if message.edit_of:
            return await self._answer_anew(message, message.edit_of, conversation)
        turn = await self._considered(conversation, message)
        says = turn is None or not isinstance(turn.decision, Silence)
        if says and (verdict := self._pace.verdict(message, self._clock.now())) is not Verdict.ANSWER:
            await self._hold_back(message, conversation, verdict)
            return None
        turn = turn and await self._completed(turn)
        if turn is None:
            reply_id = await self._replies.send(message, self._apology(conversation))
            await self._store.record(message, conversation, reply_id, before=conversation)
        elif turn.reply and _belongs_in_direct_chat(turn):
            await self._go_on_in_direct_chat(turn, turn.reply)
        else:
            await self._answer(turn)
        if says:
            self._pace.answered(message, self._clock.now())
        return turn

    def _unanswerable(self, message: Message) -> tuple[Notice, Reply] | None:
        """What the room is told where the message is too old, or stands where the bot does not answer."""
        language = self._desk.language_for(message)
        if self._clock.now() - message.sent_at > TOO_OLD:
            return "missed", self._desk.notices.missed(language)
        if self._refuses_unencrypted and not message.encrypted:
            return "unencrypted", self._desk.notices.unencrypted(language)
        return None

    async def _answer(self, turn: Turn) -> None:
        """Reply, and remember; what has an effect beyond the reply comes first."""
        if isinstance(turn.decision, Sent):
            turn = await self._escalations.posted(turn)
        message, after, reply_id = turn.message, turn.conversation, None
        if turn.reply:
            reply_id = await self._replies.send(message, turn.reply, rings=isinstance(turn.decision, Sent))
            after = turn.replied(reply_id)
        if turn.calls_unhelpful and turn.before.reply:
            await self._store.rate(
                Feedback(message.event_id, message.room_id, message.sender, turn.before.reply, helpful=False)
            )
        await self._store.record(message, after, reply_id, entries=turn.entries, before=_editable(turn))
        if reply_id and isinstance(turn.decision, Clarify):
            self._replies.offer(message, reply_id, len(turn.decision.options))

    async def _go_on_in_direct_chat(self, turn: Turn, reply: Reply) -> None:
        """What is not for others to see is said in a direct chat, and the room is told where."""
        message, after = turn.message, turn.conversation
        chat = await self._replies.direct_chat(message)
        if chat:
            there = replace(message, room_id=chat.room_id, thread=None, addressed=Addressed.DIRECT, encrypted=True)
            told = await self._replies.send(there, reply, "direct")
            known = await self._store.conversation(there)
            opened = replace(known, draft=after.draft, language=turn.language, until=after.until, options=())
            await self._store.remember(there, opened.replied(told))  # at once: the person may write there by now
        pointer = self._desk.handover.to_direct_chat(chat.link if chat else None, turn.language)
        reply_id = await self._replies.send(message, pointer)
        await self._store.record(message, replace(after, draft=None), reply_id)

    async def _tell_reference(self, message: Message, conversation: Conversation, posted: Underway) -> None:
        """The letter was posted, and then the bot was killed: its reference is still to be told."""
        reply_id = await self._replies.send(message, self._sent(message, conversation, posted), rings=True)
        await self._store.record(message, conversation.replied(reply_id), reply_id)

    async def _conversation(self, message: Message) -> Conversation:
        """What is remembered; a thread that starts from a message of a conversation goes on from there."""
        known = await self._store.conversation(message)
        root = message.thread
        if root is None or not known.is_new:
            return known
        around = await self._store.conversation(replace(message, thread=None))
        if inherited := around.at_message(root):
            return replace(inherited, handed_over=known.handed_over or inherited.handed_over)
        entries = await self._store.entries_of(message.room_id, root, message.sender)
        return replace(known, entries=entries or ())

    async def put_aside(self, message: Message) -> None:
        """Apologise for `message`, which cannot be handled, and count it as handled.

        The apology has the transaction id of the reply: if that went out after all, the homeserver drops this one.
        """
        conversation = await self._store.conversation(message)
        reply_id, posted = None, None
        if not message.edit_of:
            try:
                posted = await self._escalations.posted_by(message)
                reply = self._sent(message, conversation, posted) if posted else self._apology(conversation)
                reply_id = await self._replies.send(message, reply, rings=bool(posted))
            except Undelivered as error:
                log.error("nor could an apology be sent: %s", error)
        await self._store.record(message, conversation, reply_id, before=None if posted else conversation)

    async def withdraw(self, room_id: str, event_id: str, because: str) -> None:
        """Take back the answer to the message `event_id`, or the feedback it gave; `because` took it back.

        A letter that the message has agreed to goes out all the same, and its reference stays.

        Raises:
            Undelivered: this was refused.
        """
        answered = await self._store.answered(room_id, event_id)
        if answered and not await self._escalations.was_agreed_to(event_id):
            await self._replies.withdraw(room_id, answered.reply_id, because)
            await self._store.forget_answer(room_id, event_id)
        await self._store.take_back(room_id, event_id)

    async def rate(self, feedback: Feedback) -> None:
        """Count what the asker thinks of an answer; what anybody else thinks, or of anything else, counts nothing."""
        await self._store.rate(feedback)

    async def _pass_over(self, message: Message, conversation: Conversation, notice: Notice, reply: Reply) -> None:
        """What is not answered for a reason that holds for the room is met with one `reply` a room."""
        if message.edit_of or await self._store.was_told(message.room_id, notice):
            await self._store.record(message, conversation)
            return
        reply_id = await self._replies.send(message, reply)
        await self._store.record(message, conversation, reply_id, notice, before=conversation)

    async def _hold_back(self, message: Message, conversation: Conversation, verdict: Verdict) -> None:
        """What is too much is not answered. It is handled all the same: it is not answered later either."""
        reply_id = None
        if verdict is Verdict.TELL:
            reply = self._desk.notices.slow_down(self._desk.language_for(message, conversation))
            reply_id = await self._replies.send(message, reply)
        await self._store.record(message, conversation, reply_id, before=conversation)
        if reply_id:
            self._pace.told(message, self._clock.now())

    async def _answer_anew(self, message: Message, question: str, conversation: Conversation) -> Turn | None:
        """An edit that comes soon enough after the answer replaces the answer; any other is passed over.

        Where the conversation has gone on since, it goes on from there.
        """
        answered = await self._store.answered(message.room_id, question)
        in_time = answered and self.edits and message.sent_at - answered.at <= self.edits
        if not answered or not in_time or self._pace.verdict(message, self._clock.now()) is not Verdict.ANSWER:
            await self._store.record(message, conversation)
            return None
        turn = await self._considered(answered.before, message) if answered.before else None
        conversation = conversation.reworded(question, message.quotable)
        if turn is None or is_private(turn.decision):
            await self._store.record(message, conversation)
            return None
        is_last = answered.reply_id == conversation.reply and not conversation.draft
        if not turn.reply:
            await self._store.record(message, turn.conversation if is_last else conversation)
            return turn
        await self._replies.replace(message, answered.reply_id, turn.reply)
        anew = replace(turn.replied(answered.reply_id), handed_over=conversation.handed_over)
        await self._store.record(message, anew if is_last else conversation, answered.reply_id, entries=turn.entries)
        self._pace.answered(message, self._clock.now())
        return turn

    async def _considered(self, conversation: Conversation, message: Message) -> Turn | None:
        """The turn, but for what needs the words of earlier messages; None after a fault of ours."""
        room_is_open = await self._escalations.room_is_open(message)
        with self._unsilenced():
            return self._desk.consider(conversation, message, self._clock.now(), room_is_open)

    async def _completed(self, turn: Turn) -> Turn | None:
        with self._unsilenced():
            return await self._escalations.completed(turn)

    @contextmanager
    def _unsilenced(self) -> Iterator[None]:
        """A fault of ours must not silence the bot; the text stays out of the log."""
        try:
            yield
        except (Undelivered, StoreBroken):
            raise
        except Exception as error:
            log.error("a message could not be considered: %s at %s", type(error).__name__, _origin(error))

    def _sent(self, message: Message, conversation: Conversation, posted: Underway) -> Reply:
        language = self._desk.language_for(message, conversation)
        return self._desk.handover.sent(posted.reference, language, posted.ways)

    def _apology(self, conversation: Conversation) -> Reply:
        return self._desk.notices.apology(conversation.language or self._desk.language)


def _editable(turn: Turn) -> Conversation | None:
    """What an edit of the message is considered in the light of; None where none changes anything.

    Nobody agrees to a letter, or takes that back, by an edit; and nothing of a draft outlives it.
    """
    return None if turn.before.draft or is_private(turn.decision) else turn.before


def _belongs_in_direct_chat(turn: Turn) -> bool:
    """A yes is confirmed where it was said, as in a chat that others were called into: its reference tells nothing."""
    is_shown = is_private(turn.decision) and not isinstance(turn.decision, Sent)
    return is_shown and turn.message.addressed is not Addressed.DIRECT


def _origin(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
