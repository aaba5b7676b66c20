"""Use case: a colleague's message is handled, once, whatever happens in between."""

import logging

from bot.core.desk import Desk
from bot.core.model import Conversation, Message, Turn
from bot.ports import Replies, Store

log = logging.getLogger(__name__)


class Helpdesk:
    """Handles messages: considers them, replies, and remembers."""

    def __init__(self, desk: Desk, store: Store, replies: Replies) -> None:
        self._desk = desk
        self._store = store
        self._replies = replies

    async def handle(self, message: Message) -> Turn | None:
        """Handle `message`; what came of it, or None where it was handled before or could not be considered.

        The reply goes out first and is recorded after: a crash in between repeats the reply, and its transaction id
        lets the homeserver recognise it.

        Raises:
            Undelivered: the reply was refused; nothing is recorded.
        """
        if await self._store.was_handled(message.event_id):
            return None
        conversation = await self._store.conversation(message)
        turn = self._considered(conversation, message)
        reply = turn.reply if turn else self._desk.apology(conversation)
        if reply:
            await self._replies.send(message, reply)
        await self._store.record(message, turn.conversation if turn else conversation)
        return turn

    def _considered(self, conversation: Conversation, message: Message) -> Turn | None:
        try:
            return self._desk.consider(conversation, message)
        except Exception as error:  # a fault of ours must not silence the bot; the text stays out of the log
            log.error("a message could not be considered: %s at %s", type(error).__name__, _origin(error))
            return None


def _origin(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
