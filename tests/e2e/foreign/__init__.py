"""A client of other make than the bot: matrix-js-sdk on Node.js, with the cryptography of Element Web.

Its packages are pinned in package-lock.json and installed beside it, where git ignores them.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.adapters.homeserver import stop

_FOLDER = Path(__file__).parent
_OLDEST_NODE = 20
_INSTALLING = 300
"""Seconds that the registry may take; a second or two are usual."""


class Missing(Exception):
    """The foreign client cannot run here; the text says why."""


async def install() -> None:
    """Install the client's packages, unless they are.

    Raises:
        Missing: there is no Node.js, or the packages cannot be had.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("there is no Node.js with npm")
    _, version = await _run("node", "--version")
    if int(version.removeprefix("v").split(".")[0]) < _OLDEST_NODE:
        raise Missing(f"Node.js {_OLDEST_NODE} or newer is needed, this is {version}")
    lock, installed = _FOLDER / "package-lock.json", _FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    code, output = await _run("npm", "ci", "--prefer-offline", "--loglevel=error")
    if code != 0:
        raise Missing(f"`npm ci` failed: {' '.join(output.split())[:200]}")


async def _run(*command: str) -> tuple[int | None, str]:
    """Exit code, and what was printed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=_FOLDER,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _INSTALLING)
    except TimeoutError:
        raise Missing(f"`{' '.join(command)}` did not end within {_INSTALLING} s") from None
    finally:
        await stop(process)
    return process.returncode, output.decode().strip()


class ForeignClient:
    """One logged-in account; client.mjs says what can be asked of it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, what: str, **arguments: object) -> Any:
        """What the client answers to a command."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        assert line, "the foreign client ended"
        answer = json.loads(line)
        assert "failed" not in answer, f"{what}: {answer['failed']}"
        return answer.get("done")

    async def until(self, holds: Callable[[Any], bool], what: str, **arguments: object) -> Any:
        """The first answer to a command for which something holds. Fails after a while with the last one."""
        answer = None
        try:
            async with asyncio.timeout(30):
                while not holds(answer := await self.do(what, **arguments)):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{what} stays at {answer}") from None
        return answer


@asynccontextmanager
async def foreign_client(log: Path) -> AsyncIterator[ForeignClient]:
    """The client as a process, not logged in yet; what it logs goes into `log`."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *("node", str(_FOLDER / "client.mjs")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=2**20,  # an answer is one line, and holds whole messages
        )
    try:
        yield ForeignClient(process)
    finally:
        await stop(process)
