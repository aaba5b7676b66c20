"""Use case: the FAQ lives: what its keepers save is loaded, checked and tested, and then answers; or the last good
edition goes on, and they are told why. What admins write in their room is the business of `admins`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bot.core.edition import Edition
from bot.core.fault import Fault, Place
from bot.core.model import Reply
from bot.keys import Unusable
from bot.ports import Clock, Undelivered
from bot.ports.keeping import AdminRoom, Change, Folder
from bot.yamlfile import Refused

log = logging.getLogger(__name__)

SETTLED = 1.0
"""Seconds for which the files must stay as they are before they are found faulty: they may be half written."""
_ROUNDS = 5
"""How often files that are saved again meanwhile are read anew before the bot waits for them."""
_LATER = "Try `!reload`, save a file of the FAQ, or restart the bot."


@dataclass(frozen=True)
class Outcome:
    """What became of the FAQ as it was saved, or would be."""

    is_live: bool
    """Whether it answers now."""
    faults: tuple[Fault, ...] = ()
    """Why it does not; or, where it does, what was found new in it all the same."""
    is_usable: bool = True
    """Whether it could be forced to."""


class Keeper:
    """Keeps a desk at the newest good edition of its FAQ."""

    def __init__(
        self,
        live: Edition,
        state: str,
        folder: Folder,
        clock: Clock,
        settled: float = SETTLED,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """`live` is the edition of the folder in this `state`; see `open_keeper`. `settled`: see SETTLED.

        `after` is called when another edition has gone live.
        """
        self._after = after
        self.live = live
        self.desk = live.desk
        """What answers, from whichever edition is live."""
        self.folder = folder
        self._clock = clock
        self._settled = settled
        self.room: AdminRoom | None = None
        """Where the keepers are told; None while there is no such room."""
        self.since = clock.now()
        """Since when the live edition answers."""
        self.refused: tuple[Fault, ...] = ()
        """Why what was saved last does not answer."""
        self._judged = state
        """The state of the files that was judged last."""
        self._untold: tuple[Outcome, str] | None = None
        """What the room is still to be told, and by which word it recognises that."""
        self._trouble = ""
        """Why it could not be, as the log was told."""
        self._lock = asyncio.Lock()

    async def mind(self, changes: AsyncIterator[bool]) -> None:
        """After each of the `changes`, take over what was saved. True: somebody wants to know, even if nothing was."""
        async for is_asked in changes:
            try:
                await self._look(is_asked)
            except Exception as error:  # whatever befalls one look, the next one is taken
                log.error("a look at the FAQ's files failed: %s", type(error).__name__)

    async def _look(self, is_asked: bool) -> None:
        if (outcome := await self.reload()) is not None:
            for fault in () if outcome.is_live else outcome.faults:
                log.error("the FAQ as it was saved is not used: %s", fault)
            self._untold = (outcome, f"{self._judged} {self._clock.now().isoformat()}")
        elif is_asked:
            log.info("the FAQ has not changed since it was %s", "refused" if self.refused else "loaded")
        await self._announce()

    async def reload(self, again: bool = False, forced: bool = False) -> Outcome | None:
        """Take over what the files hold; None where they have not changed, or change all the time.

        `again`: even if they were refused as they are; `forced`: even if that makes something worse.
        """
        async with self._lock:
            for _ in range(_ROUNDS):
                state = await self.folder.state()
                if state == self._judged and not (again and self.refused):
                    return None
                edition, outcome = await self._opened(None, forced)
                if not outcome.is_live:
                    await asyncio.sleep(self._settled)
                if state == await self.folder.state():  # else they were saved meanwhile
                    break
            else:
                log.warning("the FAQ's files change all the time: they are taken over once they stay as they are")
                return None
            self._judged = state
            self.refused = () if outcome.is_live else outcome.faults
            if edition and outcome.is_live:
                self._go_live(edition)
            return outcome

    async def change(self, change: Change, forced: bool = False) -> Outcome:
        """Write `change`, and take it over; nothing is written where it makes something worse, unless `forced`.

        Nor is anything while what was saved is refused: what the change brings could not be told apart from that.

        Raises:
            CannotWrite: the file is left as it was.
        """
        await self.reload()
        async with self._lock:
            if self.refused:
                return Outcome(False, self.refused, is_usable=False)
            state = await self.folder.state(change)  # what is saved beside it from now on is news
            edition, outcome = await self._opened(change, forced)
            if edition and outcome.is_live:
                await self.folder.write(change)
                self._judged = state
                self._go_live(edition)
            return outcome

    def told(self, outcome: Outcome | None) -> Reply:
        """What became of the FAQ, in words."""
        says = self.live.keeping
        if outcome is None:
            return says.unchanged()
        if outcome.is_live:
            return says.reloaded(len(self.live.files), self.live.evaluation, outcome.faults)
        return says.refused(outcome.faults)

    async def _opened(self, change: Change | None, forced: bool) -> tuple[Edition | None, Outcome]:
        try:
            edition = await self.folder.open(change)
        except Refused as refused:
            return None, Outcome(False, refused.faults, is_usable=False)
        except Unusable as error:
            fault = Fault(Place(self.folder.path), str(error), _LATER)
            return None, Outcome(False, (fault,), is_usable=False)
        except Exception as error:
            log.error("the FAQ could not be opened: %s", type(error).__name__)
            fault = Fault(Place(self.folder.path), f"the FAQ could not be opened ({type(error).__name__})", _LATER)
            return None, Outcome(False, (fault,), is_usable=False)
        objections = edition.objections(self.live)
        if objections and not forced:
            return edition, Outcome(False, objections)
        return edition, Outcome(True, (*objections, *edition.remarks(self.live)))

    def _go_live(self, edition: Edition) -> None:
        """Between two messages: nothing is awaited here."""
        self.desk.adopt(edition.desk)
        self.live = edition
        self.since = self._clock.now()
        self._after()
        log.info("the FAQ was reloaded: %d entries", len(edition.files))

    async def _announce(self) -> None:
        """Tell the room what became of what was saved last; where that is not possible yet, at the next look."""
        if self.room is None or self._untold is None:
            return
        outcome, because = self._untold
        try:
            await self.room.tell(self.told(outcome), because, rings=not outcome.is_live)
        except Undelivered as error:
            if self._trouble != str(error):
                log.warning("the admin room could not be told of the FAQ yet: %s", error)
            self._trouble = str(error)
        else:
            self._untold, self._trouble = None, ""


async def open_keeper(
    folder: Folder, clock: Clock, settled: float = SETTLED, after: Callable[[], None] = lambda: None
) -> Keeper:
    """The keeper of the FAQ in `folder`, which is live. What it lacks is no reason not to start; the log tells.

    Raises:
        Refused, Unusable: it cannot be used at all.
    """
    state = await folder.state()
    live = await folder.open()
    if live.faults:
        log.warning("the FAQ has faults: %d, see `auskunft check`", len(live.faults))
    return Keeper(live, state, folder, clock, settled, after)
