"""Use case: admins keep the FAQ from their room: they see how it stands, why it answers as it does, and add phrasings.

Rules: only the configured admins, in the one configured room. A phrasing is written only where it makes nothing worse,
or where the admin wants it all the same (`!add!`). What was added is noted before it is written: killed in between, the
bot does it once, and tells it once.
"""

import logging
from collections.abc import Collection
from dataclasses import replace

from bot.core.commands import AdminCommand, Amiss, Wanted, unquoted, wanted
from bot.core.conversation import Conversation
from bot.core.decision import Fallback
from bot.core.keeping import Keeping
from bot.core.model import Message, Reply
from bot.core.pace import Pace, Verdict
from bot.core.text import printable, words
from bot.core.why import why
from bot.keeper import Keeper
from bot.ports import RECOGNISED, Clock, Replies, Store
from bot.ports.keeping import Addition, Additions, CannotWrite, Folder

log = logging.getLogger(__name__)


class Admins:
    """Handles the commands of one room."""

    def __init__(
        self,
        admins: Collection[str],
        keeper: Keeper,
        additions: Additions,
        store: Store,
        replies: Replies,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        """`admins` are Matrix ids; everybody else is held to `pace`."""
        self._pace = pace or Pace()
        self._admins = frozenset(admins)
        self._keeper = keeper
        self._additions = additions
        self._store = store
        self._replies = replies
        self._clock = clock

    async def handle(self, message: Message) -> None:
        """Do what a message of the room commands, once.

        Raises:
            Undelivered: the reply was refused; nothing is recorded.
        """
        if await self._store.was_handled(message.event_id):
            return
        conversation = await self._store.conversation(message)
        command = self._keeper.live.commands.read(message.text or "")
        reply_id = None
        if command and not message.edit_of and self._may_be_answered(message):
            reply_id = await self._replies.send(message, await self._answered(command, message))
        await self._store.record(message, conversation, reply_id)

    async def put_aside(self, message: Message) -> None:
        """Apologise for a command that cannot be handled, and count it as handled."""
        reply_id = await self._replies.send(
            message, self._keeper.desk.notices.apology(self._keeper.desk.language), "apology"
        )
        await self._store.record(message, await self._store.conversation(message), reply_id)

    @property
    def _says(self) -> Keeping:
        return self._keeper.live.keeping

    @property
    def _folder(self) -> Folder:
        return self._keeper.folder

    def _may_be_answered(self, message: Message) -> bool:
        """Nobody but the admins is answered at any pace."""
        now = self._clock.now()
        if message.sender in self._admins:
            return True
        if self._pace.verdict(message, now) is not Verdict.ANSWER:
            return False
        self._pace.answered(message, now)
        return True

    async def _answered(self, command: AdminCommand, message: Message) -> Reply:
        if self._clock.now() - message.sent_at > RECOGNISED:
            return self._keeper.desk.notices.missed(self._keeper.desk.language)
        return await self._done(command, message) if message.sender in self._admins else self._says.admins_only()

    async def _done(self, command: AdminCommand, message: Message) -> Reply:
        match command.verb:
            case "help":
                return self._says.help()
            case "mistyped":
                return self._says.mistyped()
            case "status":
                return self._status()
            case "check":
                return self._says.checked(await self._folder.check())
            case "reload":
                return self._keeper.told(await self._keeper.reload(again=True, forced=command.forced))
            case "undo":
                return await self._undo(message)
            case "add":
                return await self._add(command, message)
            case "why" | "new":
                return self._about(command, message)

    def _about(self, command: AdminCommand, message: Message) -> Reply:
        """What is said about a question."""
        question = replace(message, text=unquoted(printable(command.rest).strip()))
        if not words(question.text or ""):
            return self._says.question_missing()
        return self._why(question) if command.verb == "why" else self._draft(question)

    def _status(self) -> Reply:
        live, refused = self._keeper.live, self._keeper.refused
        since = self._keeper.since.astimezone()
        reply = self._says.status(self._folder.path, len(live.files), since, live.evaluation, live.faults)
        if not refused:
            return reply
        return replace(reply, markdown=f"{reply.markdown}\n\n{self._says.refused(refused).markdown}")

    def _why(self, question: Message) -> Reply:
        turn = self._keeper.desk.consider(Conversation(), question, self._clock.now())
        explanation = self._keeper.desk.explain(turn.outlook.text)
        outside = explanation.not_covered
        subject = None if outside is None else self._keeper.desk.not_covered(outside)
        return why(turn, explanation, self._keeper.desk.thresholds, subject)

    def _draft(self, question: Message) -> Reply:
        language = self._keeper.desk.language_for(question)
        try:
            draft = self._folder.draft(question.text or "", language, tuple(self._keeper.live.files))
        except CannotWrite:  # it holds nothing that can be seen
            return self._says.question_missing()
        return self._says.drafted(draft)

    async def _add(self, command: AdminCommand, message: Message) -> Reply:
        known = tuple(self._keeper.live.files)
        read = wanted(command.rest, known)
        if isinstance(read, Amiss):
            return self._says.amiss(read, known)
        return await self._added(read, message, command.forced)

    async def _added(self, wanted: Wanted, message: Message, forced: bool) -> Reply:
        if self._folder.is_shipped:
            return self._says.shipped(self._folder.path)
        owners = self._keeper.desk.entries_with(wanted.phrasing)
        before = next((each for each in await self._additions.all() if each.event_id == message.event_id), None)
        if wanted.entry in owners and before:  # the bot was killed before it could tell
            return self._says.added(wanted, before.language, before.file, self._keeper.live.evaluation)
        if owners and (wanted.entry in owners or not forced):
            return self._says.known_already(wanted.phrasing, owners[0], is_there=wanted.entry in owners)
        if (objection := self._objection(wanted, message, forced)) is not None:
            return objection
        language = wanted.language or self._keeper.desk.language_for(
            replace(message, text=wanted.phrasing, language=None)
        )
        file = self._keeper.live.files[wanted.entry]
        try:
            change = await self._folder.with_phrasing(file, wanted.entry, language, wanted.phrasing)
            addition = Addition(message.event_id, file, wanted.entry, language, wanted.phrasing, self._clock.now())
            await self._additions.keep(addition)
            outcome = await self._keeper.change(change, forced)
        except CannotWrite as error:
            await self._additions.forget(message.event_id)
            return self._says.not_written(str(error))
        if outcome.is_live:
            return self._says.added(wanted, language, file, self._keeper.live.evaluation, outcome.faults)
        await self._additions.forget(message.event_id)
        return self._says.not_added(outcome.faults, wanted if outcome.is_usable else None)

    def _objection(self, wanted: Wanted, message: Message, forced: bool) -> Reply | None:
        """What is said instead of adding a phrasing that the bot takes for something else so far."""
        asked = replace(message, text=wanted.phrasing, language=wanted.language)
        turn = self._keeper.desk.consider(Conversation(), asked, self._clock.now())
        if not turn.ruling.asks:
            return self._says.no_question(wanted.phrasing)
        if forced or wanted.entry in turn.entries:
            return None
        if turn.entries:
            confidences = {match.entry: match.confidence for match in turn.ranking.matches}
            return self._says.leads_elsewhere(wanted, turn.entries[0], confidences.get(turn.entries[0]))
        if isinstance(turn.decision, Fallback) and turn.decision.not_covered is not None:
            return self._says.not_covered(wanted, self._keeper.desk.not_covered(turn.decision.not_covered))
        return None

    async def _undo(self, message: Message) -> Reply:
        additions = await self._additions.all()
        begun = next((each for each in additions if each.undone_by == message.event_id), None)
        last = begun or next((each for each in reversed(additions) if not each.undone_by), None)
        if last is None:
            return self._says.nothing_to_undo()
        is_gone = last.entry not in self._keeper.desk.entries_with(last.phrasing)
        if begun and is_gone:  # the bot was killed before it could tell
            return self._says.undone(last.phrasing, last.entry, last.file)
        await self._additions.keep(replace(last, undone_by=message.event_id))
        try:
            change = await self._folder.without_phrasing(last.file, last.entry, last.language, last.phrasing)
        except CannotWrite as error:  # it was taken out by hand: the one before is next
            return self._says.not_written(str(error))
        try:
            outcome = await self._keeper.change(change, forced=True)
        except CannotWrite as error:
            await self._additions.keep(last)
            return self._says.not_written(str(error))
        if not outcome.is_live:
            await self._additions.keep(last)
            return self._says.not_added(outcome.faults, None)
        return self._says.undone(last.phrasing, last.entry, last.file, outcome.faults)
