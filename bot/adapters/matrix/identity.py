"""The bot's identity: it signs its own device, so that clients trust it as they trust a person's verified device.

At every start the homeserver is asked what it has, and what is missing is mended: after a first start, a hard logout
(the homeserver has dropped the device's keys) or a moved data folder. An identity that others made is never replaced
but by `reset`: that is for a person to decide.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied, ProofWanted, Unsupported, accepted
from bot.adapters.matrix.patience import patiently
from bot.adapters.matrix.signing import SigningKeys, Told, device_of, fingerprint, is_signed_by_owner, public_key, same
from bot.config import Matrix
from bot.keys import Key, Unusable, write_private

log = logging.getLogger(__name__)

_PURPOSE = "identity"
_PASSWORD = "m.login.password"  # noqa: S105 (the name of a stage)


@dataclass(frozen=True)
class Standing:
    """How the bot's device stands."""

    user: str
    device: str
    fingerprint: str
    """The device's own key, as the bot has it."""
    is_published: bool
    """Whether the homeserver tells others the same key."""
    is_signed: bool
    """Whether the device is signed by its owner, and that owner is the identity whose private keys are kept here."""
    identity: str | None
    """The fingerprint of the identity that the homeserver has for the account."""
    is_ours: bool
    """Whether its private keys are kept here."""


class Identity:
    """The identity of one account; its private keys are kept, sealed, in the data folder."""

    def __init__(self, client: SafeClient, config: Matrix, folder: Path, key: Key) -> None:
        self._client = client
        self._config = config
        self._path = folder / "identity"
        self._key = key

    async def ensure(self) -> None:
        """See that the device is published and signed. What the homeserver refuses is logged, and the bot works on.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
            Unusable: the file that is kept is damaged.
        """
        kept = self._kept()
        try:
            async for attempt in patiently():
                with attempt:
                    await self._ensure(kept)
        except Unsupported:
            log.warning("the homeserver knows no cross-signing: clients will show the bot's device as not verified")
        except Denied as error:
            log.warning("the bot's device is not signed by its owner: %s", error)

    async def _ensure(self, kept: SigningKeys | None) -> None:
        told = await self._publish()
        keys = kept or SigningKeys.make(self._client.user_id)
        if public_key(told, self._client.user_id, "master") is None:
            if kept is None:
                self._keep(keys)  # before the upload: an identity without its private keys would be of no use
            await self._upload(keys)
        elif not self._is_ours(told, kept):
            raise Denied(
                "the account has an identity whose private keys are not in the data folder; restore the folder from "
                "the backup, or stop the bot and run `auskunft identity reset`"
            )
        await self._sign(keys, told)

    async def reset(self) -> None:
        """Make a new identity and sign the device with it.

        Raises:
            MatrixError: the homeserver refuses.
        """
        told = await self._publish()
        keys = SigningKeys.make(self._client.user_id)
        await self._upload(keys)
        self._keep(keys)
        await self._sign(keys, told)

    async def standing(self) -> Standing:
        """How the device stands.

        Raises:
            MatrixError: the homeserver does not tell.
        """
        client, told = self._client, await self._told()
        master = public_key(told, client.user_id, "master")
        ours = self._is_ours(told, self._kept())
        published = self._is_published(told)
        return Standing(
            client.user_id,
            client.device_id,
            self.fingerprint,
            published,
            published and ours and is_signed_by_owner(told, client.user_id, client.device_id),
            fingerprint(master) if master else None,
            ours,
        )

    @property
    def fingerprint(self) -> str:
        """The device's key, for people to compare."""
        return fingerprint(self._client.olm.account.identity_keys["ed25519"])

    async def _told(self) -> Told:
        wanted: dict[str, Any] = {"device_keys": {self._client.user_id: []}}
        return await self._client.call("/keys/query", wanted, "our own keys")

    async def _publish(self) -> Told:
        """See that the homeserver has the device's keys; what it tells of the account's keys then."""
        told = await self._told()
        if self._is_published(told):
            return told
        there = device_of(told, self._client.user_id, self._client.device_id)
        if there and there.get("keys") != self._client.olm.device_keys()["keys"]:
            log.warning("the device has had other keys: clients that know them may distrust it; give it a new device")
        self._client.olm.account.shared = False  # nio believes that what it uploaded once stays there
        accepted(await self._client.keys_upload(), "the encryption keys")
        return await self._told()

    def _is_published(self, told: Told) -> bool:
        there = device_of(told, self._client.user_id, self._client.device_id)
        return there is not None and same(there, self._client.olm.device_keys())

    def _is_ours(self, told: Told, kept: SigningKeys | None) -> bool:
        return kept is not None and all(
            public_key(told, self._client.user_id, usage) == kept.public(usage) for usage in ("master", "self_signing")
        )

    async def _upload(self, keys: SigningKeys) -> None:
        """Upload the public keys; the homeserver may want the password with them."""
        path, what, body = "/keys/device_signing/upload", "the bot's identity", keys.upload()
        try:
            await self._client.call(path, body, what)
        except ProofWanted as wanted:
            try:
                await self._client.call(path, {**body, "auth": self._proof(wanted.told)}, what)
            except ProofWanted:
                raise Denied("the homeserver did not accept the `password` for a new identity") from None
        log.info("the homeserver has taken the bot's identity")

    def _proof(self, told: Told) -> dict[str, Any]:
        if [_PASSWORD] not in [flow.get("stages") for flow in told["flows"]]:
            pages = (value.get("url") for value in told.get("params", {}).values() if isinstance(value, dict))
            page = next(filter(None, pages), None)
            where = f"approve it at {page}" if page else "the homeserver takes no password for it: ask its admin"
            raise Denied(f"a new identity has to be approved; {where}, then try again")
        if not self._config.password:
            raise Denied("the homeserver wants the account's password for a new identity: configure `password`")
        return {
            "type": _PASSWORD,
            "identifier": {"type": "m.id.user", "user": self._client.user_id},
            "password": self._config.password.get_secret_value(),
            "session": told.get("session"),
        }

    async def _sign(self, keys: SigningKeys, told: Told) -> None:
        user, device = self._client.user_id, self._client.device_id
        if not self._is_published(told):
            raise Denied("the homeserver does not tell our device's keys")
        if self._is_ours(told, keys) and is_signed_by_owner(told, user, device):
            return
        what = "the signature of the bot's device"
        signed = {user: {device: keys.sign_device(self._client.olm.device_keys())}}
        answer = await self._client.call("/keys/signatures/upload", signed, what)
        if answer.get("failures"):
            raise Denied(f"the homeserver refused {what}")
        log.info("the bot's device is signed by its owner")

    def _kept(self) -> SigningKeys | None:
        try:
            return SigningKeys.load(self._client.user_id, self._key.unseal(_PURPOSE, self._path.read_bytes()))
        except FileNotFoundError:
            return None
        except ValueError:
            raise Unusable(
                f"{self._path} is damaged: restore it from the backup, or delete it and run `auskunft identity reset`"
            ) from None

    def _keep(self, keys: SigningKeys) -> None:
        write_private(self._path, self._key.seal(_PURPOSE, keys.dump()))
