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
        **{f"rc_{name}": generous for name in ("message", "registration", "joins_per_room")},
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), generous),
        "rc_joins": dict.fromkeys(("local", "remote"), generous),
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), generous),
    }


@asynccontextmanager
async def homeserver(folder: Path) -> AsyncIterator[str]:
    """Synapse, running, its data in `folder`; its address. At the end it is stopped.

    Raises:
        NoHomeserver: Synapse is not installed, or does not start.
    """
    if find_spec("synapse") is None:
        raise NoHomeserver("Synapse is not installed: pip install 'auskunft[demo]'")
    port = _free_port()
    _write(folder, port)
    log_path = folder / "homeserver.log"
    with log_path.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is ours: Synapse is stopped after the bot
            env={**os.environ, "SYNAPSE_CACHE_FACTOR": "0.5"},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await _ready(process, address, log_path)
        yield address
    finally:
        await stop(process)


def _write(folder: Path, port: int) -> None:
    from signedjson.key import generate_signing_key, write_signing_keys  # comes with Synapse, which is optional

    with (folder / "signing.key").open("w") as file:
        write_signing_keys(file, [generate_signing_key("demo")])
    (folder / "homeserver.yaml").write_text(yaml.safe_dump(_configuration(folder, port)))
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
