"""A real Synapse for the whole session, and the bot as admins run it: a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.homeserver import homeserver, stop
from bot.adapters.matrix.colleague import Colleague, colleague, register

PASSWORD = "a long test password"
QUIET = 2.0
"""Seconds in which a message that is not for the bot would have been answered."""
_numbers = count(1)


@dataclass
class RunningBot:
    """The bot's process; started, stopped and killed as its host would."""

    user: str
    config: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        return self.config.with_name("log")

    async def launch(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", "--config", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        return self.process

    async def start(self) -> None:
        """Start it and wait until it listens."""
        before = self.log.read_text().count("listening") if self.log.exists() else 0
        process = await self.launch()
        async with asyncio.timeout(60):
            while self.log.read_text().count("listening") == before:
                assert process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal; its exit code."""
        assert self.process
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()


@pytest.fixture(scope="session")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with homeserver(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture(scope="session")
async def make_bot(
    address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Callable[..., Awaitable[RunningBot]]]:
    """Makes a bot with an account of its own; keyword arguments go into `matrix:` of its configuration."""
    made: list[RunningBot] = []

    async def make(environment: dict[str, str] | None = None, **matrix: object) -> RunningBot:
        user = await register(address, f"auskunft{next(_numbers)}", PASSWORD)
        config = tmp_path_factory.mktemp("bot") / "config.yaml"
        settings = {"user": user, "homeserver": address, "password": PASSWORD, **matrix}
        config.write_text(yaml.safe_dump({"matrix": settings}))
        made.append(RunningBot(user, config, environment or {}))
        return made[-1]

    yield make
    for bot in made:
        if bot.process:
            await stop(bot.process)


@pytest.fixture(scope="session")
async def bot(make_bot: Callable[..., Awaitable[RunningBot]]) -> RunningBot:
    """The bot that most tests share."""
    shared = await make_bot()
    await shared.start()
    return shared


@pytest.fixture
async def person(address: str, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Colleague]]]:
    """Makes a colleague with an account of their own."""
    async with AsyncExitStack() as stack:

        async def make() -> Colleague:
            name = f"person{next(_numbers)}"
            user = await register(address, name, PASSWORD)
            return await stack.enter_async_context(colleague(address, user, PASSWORD, tmp_path / name))

        yield make


@pytest.fixture
async def ada(person: Callable[[], Awaitable[Colleague]]) -> Colleague:
    return await person()


@pytest.fixture
async def bob(person: Callable[[], Awaitable[Colleague]]) -> Colleague:
    return await person()


MakeBot = Callable[..., Awaitable[RunningBot]]


def relation(event: Any) -> dict[str, Any]:
    content: dict[str, Any] = event.source["content"]
    return content.get("m.relates_to", {})


async def chat(account: Colleague, bot: RunningBot, encrypted: bool = False) -> str:
    """A direct chat that the bot has joined, and where it has introduced itself."""
    room = await account.create_room(bot.user, encrypted=encrypted, direct=True)
    await account.wait_until_joined(room, bot.user)
    await account.wait_for(room, bot.user)
    return room


async def shared_room(ada: Colleague, bob: Colleague, bot: RunningBot) -> str:
    """A room with others that the bot has joined, and where it has introduced itself."""
    room = await ada.create_room(bob.user, bot.user)
    await bob.join(room)
    await ada.wait_until_joined(room, bot.user)
    await ada.wait_until_joined(room, bob.user)
    for account in (ada, bob):
        await account.wait_for(room, bot.user)
    return room
