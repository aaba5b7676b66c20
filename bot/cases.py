"""Use case: a case lives: what support and the person write in its two threads is passed on, until somebody closes it.

Rules: what was passed on is recorded after it went out, and its transaction id derives from what it is a copy of: it
arrives once. Edits and deletions are passed on, too. What cannot be passed on, its writer is told. The person is held
to the pace of everybody; support is not. `!close`, from either side, ends the case, as do 30 days without a word.
"""

import logging
from datetime import timedelta

from bot.core.desk import Desk
from bot.core.model import Message, Reply
from bot.core.pace import Pace, Verdict
from bot.core.relaying import Case
from bot.ports import RECOGNISED, Barred, Clock, Replies, Store, Undelivered
from bot.ports.cases import CaseBook, Copy, Rooms
from bot.ports.post import Posted, Unavailable

log = logging.getLogger(__name__)

IDLE = timedelta(days=30)
"""A case in which nobody has written for so long is closed."""


class Cases:
    """Opens cases, and passes on what is written in them."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        book: CaseBook,
        rooms: Rooms,
        replies: Replies,
        clock: Clock,
        pace: Pace | None = None,
        names: bool = False,
    ) -> None:
        """`pace`: that of the helpdesk. `names`: whether people are told who of support writes."""
        self._desk = desk
        self._store = store
        self._book = book
        self._rooms = rooms
        self._replies = replies
        self._clock = clock
        self._pace = pace or Pace()
        self._names = names

    async def open(self, posted: Posted) -> None:
        """Put the letter into the support room, where its thread begins.

        Raises:
            Unavailable: it cannot stand there now.
        """
        case = Case.of(posted.letter, posted.message, posted.language)
        known = await self._book.in_thread(case.chat.room_id, case.chat.root)
        if known and known.reference == case.reference and known.support:
            return  # the bot died before it noted that nothing is left to do
        if trouble := await self._rooms.trouble():
            raise Unavailable(trouble)
        try:
            letter = self._desk.opening(posted.letter, posted.language)
            thread = await self._rooms.open(letter, posted.message.event_id)
        except Undelivered as error:
            raise Unavailable(str(error)) from error
        await self._book.stands(case.standing_at(thread))

    async def handle(self, message: Message) -> None:
        """Pass `message` on, or close its case.

        Raises:
            Undelivered: the other side cannot be reached for now; nothing is recorded.
        """
        if await self._store.was_handled(message.event_id):
            return
        case = await self._book.in_thread(message.room_id, message.thread or "")
        if case is None:  # it was closed meanwhile
            return
        if case.support is None:
            raise Undelivered("the case does not stand in the support room yet")
        if message.text is not None and not message.edit_of and self._desk.cases.closes(message.text):
            await self._close(message, case)
        elif await self._holds_back(message, case):
            return
        elif message.edit_of:
            await self._pass_edit_on(message, message.edit_of, case)
        elif message.text is None:
            await self._refuse(message, case, self._desk.cases.text_only(case, case.has_written(message)))
        elif self._clock.now() - message.sent_at > RECOGNISED:
            await self.put_aside(message)
        else:
            await self._pass_on(message, message.text, case)

    async def put_aside(self, message: Message) -> None:
        """Tell who wrote `message` that it was not passed on, and count it as handled."""
        case = await self._book.in_thread(message.room_id, message.thread or "")
        if case and not await self._holds_back(message, case):
            await self._refuse(message, case, self._desk.cases.not_passed_on(case, case.has_written(message)))

    async def withdraw(self, room_id: str, event_id: str, because: str) -> bool:
        """Take back the copy of the message `event_id`, as `because` took that back; whether there was one.

        Raises:
            Undelivered: this was refused.
        """
        copy = await self._book.copy_of(room_id, event_id)
        if copy is None:
            return False
        await self._rooms.withdraw(copy, because)
        await self._book.forget_copy(room_id, event_id)
        return True

    async def was_passed_on(self, room_id: str, event_id: str) -> bool:
        """Whether the message has a copy, which an edit of it would change."""
        return await self._book.copy_of(room_id, event_id) is not None

    async def close_idle(self) -> None:
        """Close the cases in which nobody has written for long."""
        for case in await self._book.idle_since(self._clock.now() - IDLE):
            for to_person in (True, False):
                await self._tell_if_possible(case, to_person, f"idle {case.reference}")
            await self._book.close(case)
            log.info("case %s was closed: nobody wrote in it for %d days", case.reference, IDLE.days)

    async def _pass_on(self, message: Message, text: str, case: Case) -> None:
        """Edits that `text` has taken in are sent, too: before a crash, the copy may have gone out without them."""
        to_person = not case.has_written(message)
        words = self._words(message, text, case)
        try:
            copy = await self._rooms.write(case, to_person, words, message.event_id)
        except Barred:  # they have gone: no other try would reach them
            await self.put_aside(message)
            return
        if message.edits:
            await self._rooms.rewrite(copy, words, message.edits[-1])
        await self._record(message, case, copy)

    async def _pass_edit_on(self, message: Message, original: str, case: Case) -> None:
        copy = await self._book.copy_of(message.room_id, original)
        if copy and message.text is not None:
            await self._rooms.rewrite(copy, self._words(message, message.text, case), message.event_id)
        await self._record(message, case)

    async def _record(self, message: Message, case: Case, copy: Copy | None = None) -> None:
        await self._book.passed_on(message, case, copy)
        if case.has_written(message):
            self._pace.answered(message, self._clock.now())

    def _words(self, message: Message, text: str, case: Case) -> str:
        if case.has_written(message):
            return self._desk.cases.from_person(text)
        return self._desk.cases.from_support(case, text, self._rooms.name(message) if self._names else None)

    async def _holds_back(self, message: Message, case: Case) -> bool:
        """Whether the person writes too much: they are told so once."""
        verdict = self._pace.verdict(message, self._clock.now())
        if not case.has_written(message) or verdict is Verdict.ANSWER:
            return False
        if verdict is Verdict.TELL:
            await self._replies.send(message, self._desk.notices.slow_down(case.language))
            self._pace.told(message, self._clock.now())
        await self._book.passed_on(message, case)
        return True

    async def _refuse(self, message: Message, case: Case, why: Reply) -> None:
        await self._replies.send(message, why)
        await self._record(message, case)

    async def _close(self, message: Message, case: Case) -> None:
        """Both sides are told. Where the other one cannot be, the case is closed all the same."""
        is_persons = case.has_written(message)
        await self._replies.send(message, self._desk.cases.closed(case, to_person=is_persons), rings=is_persons)
        await self._tell_if_possible(case, not is_persons, message.event_id)
        await self._book.close(case, message)
        log.info("case %s was closed", case.reference)

    async def _tell_if_possible(self, case: Case, to_person: bool, because: str) -> None:
        if case.support is None and not to_person:
            return
        try:
            await self._rooms.tell(case, to_person, self._desk.cases.closed(case, to_person), because)
        except Undelivered as error:
            log.warning("that case %s is closed could not be told: %s", case.reference, error)
