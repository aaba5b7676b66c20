"""Work that needs much memory for a moment is done in a Python process of its own: what it takes goes with it.

An allocator hands little of a peak back, and a library that was imported stays. Learning a FAQ takes 150 MB for two
seconds; what answers afterwards takes a tenth of it.

The processes are forked by one that was started for that, has imported what they need, and waits: a start from nothing
would take a third of a second. It has no threads, so that forking is safe, and it ends with the bot.
"""

import asyncio
import gc
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, TypeVar

from bot.keys import Unusable

_LENGTH = struct.Struct("!Q")

Made = TypeVar("Made")


class Workshop:
    """Where such work is done, one piece after the other."""

    def __init__(self, *modules: str) -> None:
        """`modules` are imported once, for all of it."""
        self._modules = modules
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> "Workshop":
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what is in hand."""
        await self._close()

    async def __call__(self, make: Callable[..., Made], *arguments: object) -> Made:
        """What `make(*arguments)` returns or raises; all of it is pickled on its way.

        Raises:
            Unusable: the process ended without a result.
        """
        async with self._lock:
            process = await self._opened()
            try:
                told = await _asked(process, pickle.dumps((make, arguments)))
            except BaseException as error:
                await self._close()
                if isinstance(error, OSError | EOFError):
                    raise Unusable("the FAQ could not be made ready: is there enough memory?") from error
                raise
        result, raised = _unpickled(told)
        if raised is not None:
            raise raised
        made: Made = result
        return made

    async def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def _opened(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", __name__, *self._modules),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # what we run, not any other
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us
            )
        return self._process


async def _asked(process: asyncio.subprocess.Process, wanted: bytes) -> bytes:
    """What the process answers.

    Raises:
        OSError, EOFError: it has died.
    """
    into: Any = process.stdin
    out_of: Any = process.stdout
    into.write(_LENGTH.pack(len(wanted)) + wanted)
    await into.drain()
    (length,) = _LENGTH.unpack(await out_of.readexactly(_LENGTH.size))
    told: bytes = await out_of.readexactly(length)
    return told


def _unpickled(told: bytes) -> Any:
    """What was made, without collecting garbage meanwhile: for so long nobody would be answered."""
    gc.disable()
    try:
        return pickle.loads(told)  # noqa: S301 (our own process wrote it)
    finally:
        gc.enable()


def _main() -> None:
    """Fork a process for each piece of work, until nobody wants any."""
    for module in sys.argv[1:]:
        import_module(module)
    gc.disable()  # what is forked is over before it would pay, and nothing that is shared is written to
    wanted, given = sys.stdin.buffer, sys.stdout.buffer
    while head := wanted.read(_LENGTH.size):
        work = wanted.read(*_LENGTH.unpack(head))
        worker = os.fork()
        if worker == 0:
            os._exit(_done(work, given))
        _, status = os.waitpid(worker, 0)
        if status:  # it may have told a half of what it made, and have left processes of its own: all of this ends
            os.killpg(0, signal.SIGKILL)


def _done(work: bytes, given: BinaryIO) -> int:
    """Do one piece of work, and tell what came of it; the exit code."""
    try:
        make, arguments = pickle.loads(work)  # noqa: S301 (our own process wrote it)
        told = pickle.dumps((make(*arguments), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # it is raised over there
        told = pickle.dumps((None, error))
    try:
        given.write(_LENGTH.pack(len(told)) + told)
        given.flush()
    except BrokenPipeError:  # the bot was killed: nobody waits for this
        return 1
    return 0


if __name__ == "__main__":
    _main()
