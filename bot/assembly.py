"""Config -> running objects: the one place that wires."""

import asyncio
import ctypes
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bot.adapters.apart import Workshop
from bot.adapters.clock import SystemClock
from bot.adapters.faq.editions import open_edition
from bot.adapters.faq.examples import read_examples
from bot.adapters.faq.folder import FaqFolder
from bot.adapters.faq.inspection import inspect
from bot.adapters.faq.knowledge import load
from bot.adapters.faq.watching import changes
from bot.adapters.mail import SmtpMailer
from bot.adapters.matrix.admin_room import MatrixAdminRoom
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.connection import Connection
from bot.adapters.matrix.identity import Identity, Standing
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.key_requests import KeyRequests
from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.messages import MatrixMessages
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.rooms import Rooms
from bot.adapters.matrix.send import MatrixReplies
from bot.adapters.matrix.session import introduce, open_session, peek, stay_logged_in
from bot.adapters.matrix.signs import Signs
from bot.adapters.matrix.support import MatrixRooms
from bot.adapters.matrix.sync import Listener
from bot.adapters.matrix.undecrypted import Undecrypted
from bot.adapters.matrix.verification import Verification
from bot.adapters.matrix.welcome import Welcome
from bot.adapters.simulated import SimulatedReplies, SimulatedRooms, SimulatedStore
from bot.adapters.sqlite.additions import SqliteAdditions
from bot.adapters.sqlite.cases import SqliteCases
from bot.adapters.sqlite.database import Database, open_database
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.store import SqliteStore
from bot.adapters.sqlite.unread import SqliteUnread
from bot.admins import Admins
from bot.backoffice import Backoffice
from bot.cases import Cases
from bot.config import Config
from bot.core.desk import Desk
from bot.core.evaluation import Trial
from bot.core.faq import KnowledgeBase
from bot.core.model import Language, Reply
from bot.core.pace import Pace
from bot.core.situation import Manners
from bot.escalations import Allowance, Escalations
from bot.helpdesk import Helpdesk
from bot.keeper import Keeper, open_keeper
from bot.keys import Key, Unusable, locked, open_key
from bot.ports import Replies

log = logging.getLogger(__name__)

_AVATAR = "avatar"
_STORE = "auskunft.sqlite3"
MAKERS = ("bot.adapters.faq.editions", "bot.core.learning")
"""The modules that make a FAQ ready."""


async def run(config: Config, stop: asyncio.Event, look: asyncio.Event | None = None) -> None:
    """Run the bot until `stop` is set; where `look` is set, see whether the FAQ has changed.

    Raises:
        Refused: the FAQ cannot be used.
        Unusable: the data folder cannot be used.
        MatrixError: the account cannot be used, or the homeserver has logged it out.
    """
    clock = SystemClock()
    async with Workshop(*MAKERS) as workshop:
        folder = _folder(config, workshop)
        keeper = await open_keeper(folder, clock, after=give_back)
        give_back()
        key = open_key(config.data)
        pace = Pace(config.matrix.questions)
        with locked(config.data):
            async with open_database(config.data / _STORE, key, clock) as database, _minded(keeper, folder, look):
                kept = _Kept(database, clock, key, pace, Connection(clock))
                await stay_logged_in(config.matrix, lambda again: _listen(config, stop, keeper, kept, again))


def _folder(config: Config, workshop: Workshop) -> FaqFolder:
    opened = partial(
        open_edition,
        contact=config.contact,
        language=config.language,
        thresholds=config.matching,
        manners=_manners(config),
    )
    return FaqFolder(config.knowledge, opened, partial(inspect, thresholds=config.matching), workshop)


@asynccontextmanager
async def _minded(keeper: Keeper, folder: FaqFolder, look: asyncio.Event | None) -> AsyncIterator[None]:
    """What is saved in the folder is taken over, until the end of the block."""

    async def mind() -> None:
        try:
            await keeper.mind(changes(folder.folder, look or asyncio.Event()))
        except Exception as error:  # whoever asks is answered all the same
            log.error("the FAQ is not reloaded any more, restart the bot: %s", type(error).__name__)

    task = asyncio.create_task(mind())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def give_back() -> None:
    """Give the memory that an edition of the FAQ took back to the system: glibc keeps it, others do not."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class _Kept(NamedTuple):
    """What outlives a session with the homeserver."""

    database: Database
    clock: SystemClock
    key: Key
    pace: Pace
    connection: Connection


async def _listen(config: Config, stop: asyncio.Event, keeper: Keeper, kept: _Kept, again: bool) -> None:
    store, desk = SqliteStore(kept.database), keeper.desk
    async with open_session(config.matrix, config.data, kept.key, kept.connection, again) as client:
        avatar = await introduce(client, config.matrix, await store.fact(_AVATAR))
        if avatar:
            await store.keep(_AVATAR, avatar)
        identity = Identity(client, config.matrix, config.data, kept.key)
        await identity.ensure()
        async with Signs(client) as signs:
            replies = MatrixReplies(client, kept.clock, config.matrix.answers, signs)
            keys, unread = KeyRequests(client), SqliteUnread(kept.database)
            support = await _support_room(config, client, kept)
            cases = _cases(config, desk, kept, replies, support) if support else None
            book = SqliteCases(kept.database) if cases else None
            admin_room = await _admin_room(config, client, kept)
            keeper.room = admin_room
            is_admins = partial(_is_command, admin_room, keeper) if admin_room else None
            inbox = Inbox(client.user_id, store, book, lambda room_id: room_id in client.staff_rooms, is_admins)
            async with _posting(config, desk, kept, replies, cases, lambda: client.knows_rooms) as wake:
                outbox, messages = SqliteOutbox(kept.database), MatrixMessages(client, keys, inbox)
                allowance = _allowance(config)
                escalations = Escalations(desk, store, outbox, messages, kept.clock, allowance, wake, support)
                edits = timedelta(minutes=config.matrix.edits)
                helpdesk = Helpdesk(
                    desk, store, replies, escalations, kept.clock, edits, kept.pace, config.matrix.unencrypted
                )
                verification = Verification(
                    client, identity.fingerprint, lambda *keys: desk.notices.verification(desk.language, *keys)
                )
                undecrypted = Undecrypted(
                    client, keys, store, unread, replies, lambda: desk.notices.undecrypted(desk.language), kept.clock
                )
                rooms = Rooms(client, config.matrix, kept.clock)

                async def for_admins(room_id: str) -> Reply | None:
                    return keeper.live.keeping.help() if admin_room and await admin_room.is_it(room_id) else None

                async def look_around() -> None:
                    if support:
                        await support.look()
                    if admin_room:
                        await admin_room.look()

                welcome = Welcome(client, config.matrix, desk, store, for_admins)
                membership = Membership(client, config.matrix, rooms.may_invite, welcome, look_around)
                additions = SqliteAdditions(kept.database)
                admins = Admins(config.matrix.admins, keeper, additions, store, replies, kept.clock, kept.pace)
                reception = Reception(
                    client,
                    inbox,
                    helpdesk,
                    undecrypted,
                    verification,
                    membership,
                    store,
                    signs,
                    cases=cases,
                    admins=admins,
                )
                await Listener(client, rooms, membership, reception, undecrypted, verification, store).listen(stop)


async def _support_room(config: Config, client: SafeClient, kept: _Kept) -> MatrixRooms | None:
    """The rooms of cases, where there is a support room; if it cannot be used, the log says so."""
    if config.matrix.support_room is None:
        return None
    rooms = MatrixRooms(client, config.matrix.support_room, kept.clock)
    await rooms.check()
    return rooms


async def _admin_room(config: Config, client: SafeClient, kept: _Kept) -> MatrixAdminRoom | None:
    """The room of the admins, where there is one; if it is not found, the log says so."""
    if config.matrix.admin_room is None:
        return None
    room = MatrixAdminRoom(client, config.matrix.admin_room, kept.clock)
    await room.check()
    return room


async def _is_command(room: MatrixAdminRoom, keeper: Keeper, room_id: str, text: str) -> bool:
    return keeper.live.commands.read(text) is not None and await room.is_it(room_id)


def _cases(config: Config, desk: Desk, kept: _Kept, replies: Replies, rooms: MatrixRooms) -> Cases:
    store, book = SqliteStore(kept.database), SqliteCases(kept.database)
    names = config.matrix.support_names == "show"
    return Cases(desk, store, book, rooms, replies, kept.clock, kept.pace, names)


@asynccontextmanager
async def _posting(
    config: Config, desk: Desk, kept: _Kept, replies: Replies, cases: Cases | None, can_tell: Callable[[], bool]
) -> AsyncIterator[Callable[[], None] | None]:
    """The backoffice at work, where there is a mail server or a support room; what wakes it."""
    outbox = SqliteOutbox(kept.database)
    mailer = SmtpMailer(config.mail) if config.mail else None
    waiting = sum(each.state == "waiting" and each.way == "mail" for each in await outbox.all())
    if waiting and not mailer:
        log.warning("%d letters wait, but `mail:` is not configured any more: see `auskunft outbox`", waiting)
    if config.mail:
        log.info(
            "questions are passed on by mail to %s, over %s",
            config.mail.recipient or config.contact,
            config.mail.server,
        )
    if not mailer and not cases:
        yield None
        return
    knows = SqliteStore(kept.database).was_handled

    def words(language: Language, reference: str) -> Reply:
        return desk.handover.failed(language, reference)

    async with Backoffice(
        outbox, mailer, replies, kept.clock, words, was_handled=knows, can_tell=can_tell, cases=cases
    ) as backoffice:
        yield backoffice.posted


def _manners(config: Config) -> Manners:
    mail, conversation = config.mail, config.conversation
    return Manners(
        remember=timedelta(minutes=conversation.remember),
        handed_over=timedelta(minutes=conversation.handed_over),
        passes_on=mail is not None,
        recipient=(mail and mail.recipient) or config.contact,
        reply_address=mail.reply_address if mail else "",
        server=config.matrix.server_name,
    )


def _allowance(config: Config) -> Allowance:
    return Allowance(config.mail.per_person, config.mail.overall) if config.mail else Allowance()


async def standing(config: Config) -> Standing:
    """How the bot's device stands; the bot may be running.

    Raises:
        Unusable: the bot has not run yet, or its data folder cannot be used.
        MatrixError: the homeserver does not tell.
    """
    key = open_key(config.data)
    async with peek(config.matrix, config.data, key, Connection(SystemClock(), patient=False)) as client:
        return await Identity(client, config.matrix, config.data, key).standing()


async def reset_identity(config: Config, force: bool = False) -> Standing:
    """Give the bot a new identity, and sign its device with it; the bot must not be running.

    Raises:
        Unusable: the bot is running, its data folder cannot be used, or its device is signed and nobody uses `force`.
        MatrixError: the account cannot be used, or the homeserver refuses.
    """
    key = open_key(config.data)
    with locked(config.data):
        async with open_session(config.matrix, config.data, key, Connection(SystemClock())) as client:
            identity = Identity(client, config.matrix, config.data, key)
            if not force and (await identity.standing()).is_signed:
                raise Unusable(
                    "the device is signed, and a new identity would make clients warn those who have written with the "
                    "bot: use --force if you want that"
                )
            await identity.reset()
            return await identity.standing()


@asynccontextmanager
async def outbox(config: Config) -> AsyncIterator[SqliteOutbox]:
    """The letters to support; the bot may be running.

    Raises:
        Unusable: the bot has not run yet, or its data folder cannot be used.
    """
    path = config.data / _STORE
    if not path.exists():
        raise Unusable(f"there is no store in {config.data} yet: start the bot once with `auskunft run`")
    async with open_database(path, open_key(config.data), SystemClock(), is_ours=False) as database:
        yield SqliteOutbox(database)


def trial(knowledge: Path | None, config: Config | None, examples: Path | None) -> Trial:
    """The examples in a file, or without one those of the FAQ, put to the FAQ as `ask` puts its questions.

    Raises:
        Refused: the FAQ or the file cannot be used.
    """
    base = _faq(knowledge, config)
    if examples:
        asked, places = read_examples(examples, base)
    else:
        asked, places = base.examples, tuple(base.place("examples", number) for number in range(len(base.examples)))
    return Trial(_desk(base, config), asked, places)


def rehearsal(knowledge: Path | None, config: Config | None) -> tuple[Helpdesk, Desk]:
    """A helpdesk without a homeserver, for `ask`: all that staff would see, and nothing is kept or sent.

    Without a configuration, it is as if there were a mail server.

    Raises:
        Refused: the FAQ cannot be used.
    """
    desk = _desk(_faq(knowledge, config), config)
    clock, replies = SystemClock(), SimulatedReplies()
    store = SimulatedStore(clock)
    rooms = SimulatedRooms() if config and config.matrix.support_room else None
    escalations = Escalations(desk, store, store.outbox, replies, clock, rooms=rooms)
    return Helpdesk(desk, store, replies, escalations, clock), desk


def _faq(knowledge: Path | None, config: Config | None) -> KnowledgeBase:
    """The FAQ in a folder; without one, that of the configuration; without either, the one that ships."""
    return load(knowledge or (config.knowledge if config else None))


def _desk(base: KnowledgeBase, config: Config | None) -> Desk:
    if config is None:
        return Desk(base, str(Config.model_fields["contact"].default))
    return Desk(base, config.contact, config.language, config.matching, _manners(config))
