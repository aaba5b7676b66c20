"""The bot's session: finds the homeserver, logs in once, and comes back with the same device ever after."""

import hashlib
import json
import logging
import mimetypes
from collections.abc import AsyncIterator
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


@asynccontextmanager
async def open_session(config: Matrix, folder: Path, key: Key) -> AsyncIterator[nio.AsyncClient]:
    """A client that is logged in, its encryption keys loaded. At the end it is closed, never logged out.

    Raises:
        CannotLogIn: the account cannot be used as it is configured.
    """
    crypto = folder / "crypto"
    crypto.mkdir(exist_ok=True, mode=0o700)
    address = await discover(config)
    log.info("connecting to %s", address)
    await _reach(address)
    client = SafeClient(
        address,
        config.user,
        store_path=str(crypto),
        config=nio.AsyncClientConfig(
            pickle_key=key.derive("pickle"),
            max_timeout_retry_wait_time=LONGEST_WAIT,
            backoff_factor=0.25,
        ),
    )
    try:
        await _log_in(client, config, folder / "session.json")
        yield client
    finally:
        await client.close()


async def _log_in(client: nio.AsyncClient, config: Matrix, kept: Path) -> None:
    """With the configured token, else the session that was kept, else the password (whose session is then kept)."""
    if config.access_token and config.device_id:
        _restore(client, config.user, config.device_id, config.access_token.get_secret_value())
    elif session := _kept_session(kept, config.user):
        _restore(client, config.user, session["device"], session["token"])
    elif config.password:
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


def _restore(client: nio.AsyncClient, user: str, device: str, token: str) -> None:
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
