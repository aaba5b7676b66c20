"""Work that needs much memory for a moment is done in a Python process of its own: what it takes goes with it.

An allocator hands little of a peak back, and a library that was imported stays. Learning a FAQ takes 150 MB for two
seconds, and SciPy; what answers afterwards takes a tenth of it.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import Callable
from typing import TypeVar

from bot.keys import Unusable

Made = TypeVar("Made")


async def apart(make: Callable[..., Made], *arguments: object) -> Made:
    """What `make(*arguments)` returns or raises; all of it is pickled on its way.

    Raises:
        Unusable: the process ended without a result.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # what we run, not what lies around
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us
    )
    try:
        told, _ = await process.communicate(pickle.dumps((make, arguments)))
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        memory = ": is there enough memory?" if process.returncode < 0 else ""  # a signal, such as the kernel's kill
        raise Unusable(f"the FAQ could not be made ready (exit code {process.returncode}){memory}")
    made, error = pickle.loads(told)  # noqa: S301 (our own process wrote it)
    if error is not None:
        raise error
    result: Made = made
    return result


def _main() -> None:
    make, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 (our own process wrote it)
    made, raised = None, None
    try:
        made = make(*arguments)
    except Exception as error:  # it is raised over there
        raised = error
    try:
        sys.stdout.buffer.write(pickle.dumps((made, raised), pickle.HIGHEST_PROTOCOL))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # the bot was killed: nobody waits for this


if __name__ == "__main__":
    _main()
