"""The bot's session: finds the homeserver, logs in once, and comes back with the same device ever after."""

import asyncio
import hashlib
import json
import logging
import mimetypes
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import nio
from tenacity import stop_never

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.connection import Connection
from bot.adapters.matrix.errors import CannotLogIn, Denied, LoggedOut, MatrixError, accepted
from bot.adapters.matrix.keystore import KeyStore
from bot.adapters.matrix.patience import insist, patiently
from bot.config import Matrix
from bot.keys import Key, Unusable, write_private
from bot.ports import StoreBroken

log = logging.getLogger(__name__)

_FIND_TIMEOUT = 10
_BETWEEN_LOGINS = 3600
_INTRODUCTION = 30
"""Seconds that name and picture may take."""
_SESSION = "session.json"


async def find(config: Matrix, connection: Connection) -> str:
    """The homeserver's address, once one answers there.

    Raises:
        CannotLogIn: something else answers.
        ClientError, TimeoutError: nothing does, and the connection is not patient.
    """
    timeout = aiohttp.ClientTimeout(total=_FIND_TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        start = (config.homeserver or f"https://{config.server_name}").rstrip("/")
        log.info("looking for the homeserver at %s", start)
        told = await connection.outlast(partial(http.get, f"{start}/.well-known/matrix/client"))
        address = await _told_address(told) or start
        response = await connection.outlast(partial(http.get, f"{address}/_matrix/client/versions"))
        if response.status != 200 or response.content_type != "application/json":
            raise CannotLogIn(f"there is no Matrix homeserver at {address}: check `homeserver` and `user`")
        return address


async def _told_address(response: aiohttp.ClientResponse) -> str | None:
    """What a domain tells of its homeserver (client-server API, "Server discovery"); None where it tells nothing."""
    if response.status != 200:
        return None
    try:
        return str(json.loads(await response.text())["m.homeserver"]["base_url"]).rstrip("/")
    except (ValueError, KeyError, TypeError):
        return None


async def stay_logged_in(config: Matrix, live: Callable[[bool], Awaitable[None]]) -> None:
    """Run `live(False)`; where the homeserver revokes the token and there is a password, `live(True)`: log in again.

    Raises:
        LoggedOut: there is no password, or it was used for this within the last hour: somebody wants the bot out.
    """
    again_at = float("-inf")
    while True:
        try:
            return await live(again_at > float("-inf"))
        except LoggedOut:
            if not config.password:
                raise
            if time.monotonic() - again_at < _BETWEEN_LOGINS:
                raise LoggedOut("the homeserver has revoked the bot's access token twice within an hour") from None
            again_at = time.monotonic()
            log.warning("the homeserver has revoked the bot's access token; logging in again as the same device")


@asynccontextmanager
async def open_session(
    config: Matrix, folder: Path, key: Key, connection: Connection, again: bool = False
) -> AsyncIterator[SafeClient]:
    """A client that is logged in, its encryption keys loaded. At the end it is closed, never logged out.

    With `again`, it logs in with the password, as the device that it was.

    Raises:
        CannotLogIn: the account cannot be used as it is configured.
    """
    async for attempt in patiently():
        with attempt:
            address = await find(config, connection)
    log.info("connecting to %s", address)
    client = _client(address, config, folder, key, connection)
    try:
        await _log_in(client, config, folder / _SESSION, again)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def peek(config: Matrix, folder: Path, key: Key, connection: Connection) -> AsyncIterator[SafeClient]:
    """A client with the session that is there, beside a running bot: to look, never to log in.

    Raises:
        Unusable: there is no session yet.
    """
    client = _client(await find(config, connection), config, folder, key, connection)
    try:
        session = _known_session(config, folder / _SESSION)
        if session is None or not _has_keys(client, session["device"]):
            raise Unusable(f"there is no session in {folder} yet: start the bot once with `auskunft run`")
        _restore(client, config.user, session["device"], session["token"])
        yield client
    finally:
        await client.close()


def _client(address: str, config: Matrix, folder: Path, key: Key, connection: Connection) -> SafeClient:
    crypto = folder / "crypto"
    crypto.mkdir(exist_ok=True, mode=0o700)
    crypto.chmod(0o700)  # what nio writes into it is readable by all
    client = SafeClient(
        address,
        config.user,
        store_path=str(crypto),
        config=nio.AsyncClientConfig(store=KeyStore, pickle_key=key.derive("pickle"), max_timeouts=0),
    )
    client.connection = connection
    return client


async def _log_in(client: SafeClient, config: Matrix, kept: Path, again: bool) -> None:
    """With the session that is known, else the password (whose session is then kept).

    A device whose encryption keys are lost is given up for a new one: clients distrust a device that changes its keys.
    """
    session = _known_session(config, kept)
    if session and not config.access_token and not _has_keys(client, session["device"]):
        log.warning("the device's encryption keys are not in %s: logging in as a new device", client.store_path)
        session = None
    if session and not again:
        _restore(client, config.user, session["device"], session["token"])
    elif config.password:
        client.device_id = session["device"] if session else None
        log_in = partial(client.login, config.password.get_secret_value(), device_name=config.device_name)
        try:
            await insist(log_in, "the login", stop_never)
        except Denied as error:
            raise CannotLogIn(
                f"{config.user} cannot log in at {client.homeserver}: {error}; check `user`, `password`"
            ) from None
        session = {"user": config.user, "device": client.device_id, "token": client.access_token}
        write_private(kept, json.dumps(session).encode())
    else:
        raise CannotLogIn("there is neither a `password` nor an `access_token`")
    await _confirm(client, config)


def _has_keys(client: SafeClient, device: str) -> bool:
    """Whether nio's store of the device is there."""
    return Path(client.store_path, f"{client.user}_{device}.db").exists()


def _known_session(config: Matrix, kept: Path) -> dict[str, str] | None:
    """The session that was kept after a login, else the one that is configured.

    A login as the configured device means that the configured token was dead. A kept session of another device, or of
    a time when there was a password, does not count.
    """
    session = _kept_session(kept, config.user)
    if not (config.access_token and config.device_id):
        return session
    if session and config.password and session["device"] == config.device_id:
        return session
    return {"user": config.user, "device": config.device_id, "token": config.access_token.get_secret_value()}


def _kept_session(path: Path, user: str) -> dict[str, str] | None:
    if not path.exists():
        return None
    try:
        session: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return session if session["user"] == user and session["device"] and session["token"] else None
    except (ValueError, KeyError, TypeError):
        raise Unusable(
            f"{path} is damaged: restore it from the backup, or delete it to log in as a new device"
        ) from None


def _restore(client: SafeClient, user: str, device: str, token: str) -> None:
    try:
        client.restore_login(user, device, token)
    except StoreBroken as error:
        raise Unusable(str(error)) from error
    except Exception as error:  # nio's store raises whatever its database and its pickles raise
        raise Unusable(
            f"the encryption keys in {client.store_path} cannot be opened ({type(error).__name__}): restore the whole "
            "data folder from the backup"
        ) from error


async def _confirm(client: nio.AsyncClient, config: Matrix) -> None:
    """See that the homeserver takes the session for the account and device that we take it for."""
    told = await insist(client.whoami, "to tell who the access token belongs to", stop_never)
    if told.user_id != config.user or (told.device_id or client.device_id) != client.device_id:
        raise CannotLogIn(
            f"the access token belongs to {told.user_id}, device {told.device_id}: check `user`, `device_id`"
        )


async def introduce(client: nio.AsyncClient, config: Matrix, avatar_kept: str | None) -> str | None:
    """Set the bot's name and picture where they differ; what stands for the picture, to be kept for the next time.

    A homeserver may forbid it: this is logged, and the bot goes on with the name that it has.
    """
    try:
        async with asyncio.timeout(_INTRODUCTION):
            name = await client.get_displayname()
            if isinstance(name, nio.ErrorResponse) or name.displayname != config.display_name:
                accepted(await client.set_displayname(config.display_name), "the display name")
            return await _show(client, config.avatar, avatar_kept) if config.avatar else None
    except LoggedOut:
        raise
    except (MatrixError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("the bot's name and picture stay as they are: %s", str(error) or "no answer in time")
    except OSError as error:
        log.warning("the avatar %s cannot be read: %s", config.avatar, error.strerror)
    return avatar_kept


async def _show(client: nio.AsyncClient, avatar: Path, kept: str | None) -> str:
    content = avatar.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != kept:
        kind = mimetypes.guess_type(avatar.name)[0] or "application/octet-stream"
        upload, _ = await client.upload(lambda *_: content, kind, avatar.name, filesize=len(content))
        address = accepted(upload, "the avatar's upload").content_uri
        accepted(await client.set_avatar(address), "the avatar")
    return digest
