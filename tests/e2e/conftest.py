"""A real Synapse for the whole session, and the bot as admins run it: a process of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bot.adapters.homeserver import homeserver, stop
from bot.adapters.matrix.colleague import Colleague, colleague, register
from tests.mailserver import MailServer, mail_server

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

    @property
    def data(self) -> Path:
        return self.config.with_name("data")

    @property
    def session(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads((self.data / "session.json").read_text())
        return kept

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

    async def says(self, text: str, times: int = 1, seconds: float = 60) -> None:
        """Wait until `text` stands in its log."""
        async with asyncio.timeout(seconds):
            while self.log.read_text().count(text) < times:
                await asyncio.sleep(0.05)

    async def gives_up(self, code: int, seconds: float = 60) -> str:
        """Wait until it ends with `code`, and with no traceback; its last words."""
        assert self.process
        log = self.log.read_text
        assert await asyncio.wait_for(self.process.wait(), seconds) == code, log()
        assert "Traceback" not in log()
        last = log().strip().splitlines()[-1]
        assert last.startswith("auskunft: "), last
        return last

    async def command(self, *arguments: str) -> str:
        """What `auskunft` prints, run beside the bot with its configuration."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments, "--config", str(self.config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "200", **self.environment},
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, output.decode()
        return output.decode()

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal; its exit code."""
        assert self.process
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()


MakeBot = Callable[..., Awaitable[RunningBot]]
MakePerson = Callable[..., Awaitable[Colleague]]


@pytest.fixture(scope="session")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with homeserver(tmp_path_factory.mktemp("synapse")) as running:
        yield running.address


@pytest.fixture(scope="session")
async def make_bot(address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeBot]:
    """Makes a bot with an account of its own; keyword arguments go into `matrix:` of its configuration, `blocks` stand
    beside it."""
    made: list[RunningBot] = []

    async def make(
        environment: dict[str, str] | None = None,
        home: str = address,
        blocks: dict[str, object] | None = None,
        **matrix: object,
    ) -> RunningBot:
        user = await register(home, f"auskunft{next(_numbers)}", PASSWORD)
        config = tmp_path_factory.mktemp("bot") / "config.yaml"
        unlimited = {"per_minute": 0, "per_day": 0}
        settings = {"user": user, "homeserver": home, "password": PASSWORD, "questions": unlimited, **matrix}
        config.write_text(yaml.safe_dump({"matrix": settings, **(blocks or {})}))
        made.append(RunningBot(user, config, environment or {}))
        return made[-1]

    yield make
    for bot in made:
        if bot.process:
            await stop(bot.process)


@pytest.fixture(scope="session")
async def bot(make_bot: MakeBot) -> RunningBot:
    """The bot that most tests share."""
    shared = await make_bot()
    await shared.start()
    return shared


@pytest.fixture(scope="session")
async def support() -> AsyncIterator[MailServer]:
    """The mail server that takes letters to support."""
    async with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
async def mailing_bot(make_bot: MakeBot, support: MailServer) -> RunningBot:
    """The bot that the tests share in which questions are passed on."""
    shared = await make_bot(blocks={"mail": mail_block(support)})
    await shared.start()
    return shared


def mail_block(server: MailServer, /, **settings: object) -> dict[str, object]:
    """What a bot's configuration says of a mail server."""
    return {
        "server": server.host,
        "port": server.port,
        "security": "none",
        "sender": "auskunft@uni.test",
        **settings,
    }


@pytest.fixture
async def person(address: str, tmp_path: Path) -> AsyncIterator[MakePerson]:
    """Makes a colleague with an account of their own."""
    async with AsyncExitStack() as stack:

        async def make(home: str = address) -> Colleague:
            name = f"person{next(_numbers)}"
            user = await register(home, name, PASSWORD)
            return await stack.enter_async_context(colleague(home, user, PASSWORD, tmp_path / name))

        yield make


@pytest.fixture
async def ada(person: MakePerson) -> Colleague:
    return await person()


@pytest.fixture
async def bob(person: MakePerson) -> Colleague:
    return await person()


def relation(event: Any) -> dict[str, Any]:
    content: dict[str, Any] = event.source["content"]
    return content.get("m.relates_to", {})


async def chat(account: Colleague, bot: RunningBot, encrypted: bool = False) -> str:
    """A direct chat that the bot has joined, and where it has introduced itself."""
    room = await account.create_room(bot.user, encrypted=encrypted, direct=True)
    await account.wait_until_joined(room, bot.user)
    await account.wait_for(room, bot.user)
    return room


async def shared_room(ada: Colleague, bob: Colleague, bot: RunningBot, encrypted: bool = False) -> str:
    """A room with others that the bot has joined, and where it has introduced itself."""
    room = await ada.create_room(bob.user, bot.user, encrypted=encrypted)
    await bob.join(room)
    await ada.wait_until_joined(room, bot.user)
    await ada.wait_until_joined(room, bob.user)
    for account in (ada, bob):
        await account.wait_for(room, bot.user)
    return room


async def post(address: str, token: str, path: str, content: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{address}/_matrix/client/v3{path}", json=content) as response,
    ):
        return response.status, await response.json()


@asynccontextmanager
async def in_front_of(
    address: str, answer: Callable[[web.Request], Awaitable[web.Response | None]]
) -> AsyncIterator[str]:
    """A homeserver that is the real one, but for what `answer` answers itself."""

    async def forward(request: web.Request) -> web.Response:
        if own := await answer(request):
            return own
        if "/.well-known/" in request.path:  # the real one would tell the way around this one
            return web.Response(status=404)
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        body = await request.read()
        async with http.request(request.method, f"{address}{request.raw_path}", data=body, headers=headers) as response:
            return web.Response(status=response.status, body=await response.read(), content_type=response.content_type)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(application, shutdown_timeout=0.1)  # a sync may hang for half a minute
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http:
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
