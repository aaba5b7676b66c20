"""Config -> running objects: the one place that wires."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.adapters.clock import SystemClock
from bot.adapters.knowledge import load
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.rooms import Rooms
from bot.adapters.matrix.send import MatrixReplies
from bot.adapters.matrix.session import introduce, open_session
from bot.adapters.matrix.sync import Listener
from bot.adapters.simulated import SimulatedReplies, SimulatedStore
from bot.adapters.sqlite import open_store
from bot.config import Config
from bot.core.desk import Desk
from bot.core.model import Language
from bot.core.triage import Thresholds
from bot.helpdesk import Helpdesk
from bot.keys import Key, locked, open_key

_AVATAR = "avatar"


async def run(config: Config, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set.

    Raises:
        Refused: the FAQ cannot be used.
        Unusable: the data folder cannot be used.
        MatrixError: the account cannot be used, or the homeserver has logged it out.
    """
    desk = Desk(load(config.knowledge), config.contact, config.language, config.matching)
    clock = SystemClock()
    key = open_key(config.data)
    with locked(config.data):
        await _listen(config, stop, desk, clock, key)


async def _listen(config: Config, stop: asyncio.Event, desk: Desk, clock: SystemClock, key: Key) -> None:
    async with (
        open_store(config.data / "auskunft.sqlite3", key, clock) as store,
        open_session(config.matrix, config.data, key) as client,
    ):
        avatar = await introduce(client, config.matrix, await store.fact(_AVATAR))
        if avatar:
            await store.keep(_AVATAR, avatar)
        replies = MatrixReplies(client, clock, config.matrix.answers)
        helpdesk = Helpdesk(desk, store, replies, clock, timedelta(minutes=config.matrix.edits))
        reception = Reception(client, Inbox(client.user_id, store), helpdesk, store)
        await Listener(client, Rooms(client, config.matrix, clock), reception, store).listen(stop)


def rehearsal(
    knowledge: Path | None, contact: str, language: Language = "de", matching: Thresholds = Thresholds()
) -> tuple[Helpdesk, Desk]:
    """A helpdesk without a homeserver, for `ask`: all that staff would see, and nothing is kept."""
    desk = Desk(load(knowledge), contact, language, matching)
    clock = SystemClock()
    return Helpdesk(desk, SimulatedStore(clock), SimulatedReplies(), clock), desk
