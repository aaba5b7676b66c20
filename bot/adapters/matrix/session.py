"""The bot's session: finds the homeserver, logs in once, and comes back with the same device ever after."""

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

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import CannotLogIn, Denied, LoggedOut, MatrixError, accepted
from bot.adapters.matrix.patience import LONGEST_WAIT, insist, patiently
from bot.config import Matrix
from bot.keys import Key, Unusable, write_private

log = logging.getLogger(__name__)

_DISCOVERY_TIMEOUT = 10
_BETWEEN_LOGINS = 3600
_SESSION = "session.json"


async def discover(config: Matrix) -> str:
    """The homeserver's address, as its domain tells it (client-server API, "Server discovery").

    A configured address is asked too: it may be the domain's. Where nothing is told, it is taken as it stands.
    """
    start = (config.homeserver or f"https://{config.server_name}").rstrip("/")
    timeout = aiohttp.ClientTimeout(total=_DISCOVERY_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"{start}/.well-known/matrix/client") as response,
        ):
            if response.status != 200:
                return start
            told = json.loads(await response.text())
            return str(told["m.homeserver"]["base_url"]).rstrip("/")
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
        return start


async def _reach(address: str) -> None:
    """Wait until a homeserver answers at `address`.

    Raises:
        CannotLogIn: something else answers.
    """
    async for attempt in patiently():
        with attempt:
            async with aiohttp.ClientSession() as http, http.get(f"{address}/_matrix/client/versions") as response:
                if response.status >= 500:
                    raise MatrixError(f"{address} answers with {response.status}")
                if response.status != 200 or response.content_type != "application/json":
                    raise CannotLogIn(f"there is no Matrix homeserver at {address}: check `homeserver` and `user`")


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
async def open_session(config: Matrix, folder: Path, key: Key, again: bool = False) -> AsyncIterator[SafeClient]:
    """A client that is logged in, its encryption keys loaded. At the end it is closed, never logged out.

    With `again`, it logs in with the password, as the device that it was.

    Raises:
        CannotLogIn: the account cannot be used as it is configured.
    """
    address = await discover(config)
    log.info("connecting to %s", address)
    await _reach(address)
    client = _client(address, config, folder, key)
    try:
        await _log_in(client, config, folder / _SESSION, again)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def peek(config: Matrix, folder: Path, key: Key) -> AsyncIterator[SafeClient]:
    """A client with the session that is there, beside a running bot: to look, never to log in or to wait.

    Raises:
        Unusable: there is no session yet.
    """
    client = _client(await discover(config), config, folder, key)
    try:
        session = _known_session(config, folder / _SESSION)
        if session is None or not _has_keys(client, session["device"]):
            raise Unusable(f"there is no session in {folder} yet: start the bot once with `auskunft run`")
        _restore(client, config.user, session["device"], session["token"])
        yield client
    finally:
        await client.close()


def _client(address: str, config: Matrix, folder: Path, key: Key) -> SafeClient:
    crypto = folder / "crypto"
    crypto.mkdir(exist_ok=True, mode=0o700)
    crypto.chmod(0o700)  # what nio writes into it is readable by all
    return SafeClient(
        address,
        config.user,
        store_path=str(crypto),
        config=nio.AsyncClientConfig(
            pickle_key=key.derive("pickle"),
            max_timeout_retry_wait_time=LONGEST_WAIT,
            backoff_factor=0.25,
        ),
    )


async def _log_in(client: SafeClient, config: Matrix, kept: Path, again: bool) -> None:
    """With the configured token, else the session that was kept, else the password (whose session is then kept).

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
            await insist(log_in, "the login")
        except Denied as error:
            raise CannotLogIn(f"{config.user} cannot log in at {client.homeserver}: {error}") from None
        session = {"user": config.user, "device": client.device_id, "token": client.access_token}
        write_private(kept, json.dumps(session).encode())
    else:
        raise CannotLogIn("there is neither a `password` nor an `access_token`")
    await _confirm(client, config)


def _has_keys(client: SafeClient, device: str) -> bool:
    """Whether nio's store of the device is there."""
    return Path(client.store_path, f"{client.user}_{device}.db").exists()


def _known_session(config: Matrix, kept: Path) -> dict[str, str] | None:
    """The session that is configured, else the one that was kept."""
    if config.access_token and config.device_id:
        token = config.access_token.get_secret_value()
        return {"user": config.user, "device": config.device_id, "token": token}
    return _kept_session(kept, config.user)


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
    except Exception as error:  # nio's store raises whatever its database and its pickles raise
        raise Unusable(
            f"the encryption keys in {client.store_path} cannot be opened ({type(error).__name__}): restore the whole "
            "data folder from the backup"
        ) from error


async def _confirm(client: nio.AsyncClient, config: Matrix) -> None:
    """See that the homeserver takes the session for the account and device that we take it for."""
    told = await insist(client.whoami, "to tell who the access token belongs to")
    if told.user_id != config.user or (told.device_id or client.device_id) != client.device_id:
        raise CannotLogIn(
            f"the access token belongs to {told.user_id}, device {told.device_id}: check `user`, `device_id`"
        )


async def introduce(client: nio.AsyncClient, config: Matrix, avatar_kept: str | None) -> str | None:
    """Set the bot's name and picture where they differ; what stands for the picture, to be kept for the next time.

    A homeserver may forbid it: this is logged, and the bot goes on with the name that it has.
    """
    try:
        name = await client.get_displayname()
        if isinstance(name, nio.ErrorResponse) or name.displayname != config.display_name:
            accepted(await client.set_displayname(config.display_name), "the display name")
        return await _show(client, config.avatar, avatar_kept) if config.avatar else None
    except LoggedOut:
        raise
    except (MatrixError, aiohttp.ClientError) as error:
        log.warning("the bot's name and picture stay as they are: %s", error)
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
