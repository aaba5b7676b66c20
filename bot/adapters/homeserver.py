"""A throw-away homeserver for the demo and the tests: a real Synapse on a free loopback port."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import aiohttp
import yaml

_START_TIMEOUT = 90
_STOP_TIMEOUT = 20
SERVER_NAME = "uni.test"


class NoHomeserver(Exception):
    """The homeserver could not be started; the text says why."""


def _configuration(folder: Path, port: int) -> dict[str, object]:
    generous = {"per_second": 10_000, "burst_count": 10_000}
    return {
        "server_name": SERVER_NAME,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [
            {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": [{"names": ["client"]}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "report_stats": False,
        **{f"rc_{name}": generous for name in ("message", "registration", "joins_per_room", "room_creation")},
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), generous),
        "rc_joins": dict.fromkeys(("local", "remote"), generous),
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), generous),
    }


class Homeserver:
    """Synapse with its data in a folder; it may be stopped, killed and started again."""

    def __init__(self, folder: Path, **settings: object) -> None:
        """`settings` take the place of those that it would have.

        Raises:
            NoHomeserver: Synapse is not installed.
        """
        if find_spec("synapse") is None:
            raise NoHomeserver("Synapse is not installed: run `make demo` in the clone")
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        _write(folder, {**_configuration(folder, port), **settings})

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            NoHomeserver: it does not start.
        """
        log_path = self._folder / "homeserver.log"
        with log_path.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "synapse.app.homeserver", "-c", str(self._folder / "homeserver.yaml")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C is ours: Synapse is stopped after the bot
                env={**os.environ, "SYNAPSE_CACHE_FACTOR": "0.5"},
            )
        await _ready(self._process, self.address, log_path)

    async def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process:
            await stop(self._process)

    async def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def homeserver(folder: Path, **settings: object) -> AsyncIterator[Homeserver]:
    """Synapse, running; at the end it is stopped.

    Raises:
        NoHomeserver: Synapse is not installed, or does not start.
    """
    running = Homeserver(folder, **settings)
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


def _write(folder: Path, configuration: dict[str, object]) -> None:
    from signedjson.key import generate_signing_key, write_signing_keys  # comes with Synapse, which is optional

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "signing.key").open("w") as file:
        write_signing_keys(file, [generate_signing_key("demo")])
    (folder / "homeserver.yaml").write_text(yaml.safe_dump(configuration))
    handler = {"class": "logging.StreamHandler"}
    logging = {"version": 1, "handlers": {"err": handler}, "root": {"level": "WARNING", "handlers": ["err"]}}
    (folder / "log.yaml").write_text(yaml.safe_dump(logging))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _ready(process: asyncio.subprocess.Process, address: str, log_path: Path) -> None:
    try:
        async with asyncio.timeout(_START_TIMEOUT), aiohttp.ClientSession() as http:
            while process.returncode is None:
                try:
                    async with http.get(f"{address}/_matrix/client/versions") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise NoHomeserver(f"Synapse did not start within {_START_TIMEOUT} s") from None
    last = log_path.read_text(errors="replace").strip().splitlines()[-1:]
    raise NoHomeserver(f"Synapse ended at its start: {' '.join(last)}")


async def stop(process: asyncio.subprocess.Process) -> None:
    """Stop a process by its pid: politely, then for good."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
