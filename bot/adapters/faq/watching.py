"""Tells when something in the FAQ's folder may have changed, or when somebody asks for a look.

The system tells of changes at once (watchfiles). Beside that there is a look every few seconds: for network shares,
which tell of nothing, and for folders that are removed and come back.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

from watchfiles import awatch

log = logging.getLogger(__name__)

_LOOK = 5.0
"""Seconds between two looks."""
_TOGETHER = 75
"""Milliseconds in which changes are told together: a save is several of them."""
_STEP = 25


async def changes(folder: Path, asked: asyncio.Event, look: float = _LOOK) -> AsyncGenerator[bool]:
    """Whenever something may have changed in `folder`: False; when `asked` was set, which is cleared: True.

    `look`: seconds between two looks that are taken in any case.
    """
    noticed = asyncio.Event()
    watching = asyncio.create_task(_watch(folder, noticed, look))
    try:
        while True:
            await _either(noticed, asked)
            noticed.clear()
            is_asked = asked.is_set()
            asked.clear()
            yield is_asked
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def _watch(folder: Path, noticed: asyncio.Event, look: float) -> None:
    """Another folder in the same place is watched anew."""
    while True:
        try:
            watched = _identity(folder)
            async for _ in awatch(
                folder,
                debounce=_TOGETHER,
                step=_STEP,
                rust_timeout=int(look * 1000),
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            ):
                noticed.set()
                if _identity(folder) != watched:
                    break
        except Exception as error:  # it is not there, or the system watches nothing more (of watchfiles' own type)
            log.debug("the FAQ's folder is looked at every few seconds only: %s", type(error).__name__)
            noticed.set()
            await asyncio.sleep(look)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
