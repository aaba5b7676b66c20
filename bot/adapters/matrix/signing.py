"""Cross-signing keys: made, put into the form that homeservers take, and checked. Pure; identity.py brings them there.

A person's master key signs their self-signing key, and that one signs their devices (client-server API,
"Cross-signing"). The user-signing key signs nobody here; clients take an identity of their own without it for damaged.
"""

import json
from collections.abc import Mapping
from typing import Any

import nio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from unpaddedbase64 import decode_base64, encode_base64

_USAGES = ("master", "self_signing", "user_signing")
_GROUP = 4

Told = Mapping[str, Any]
"""What a homeserver tells, as JSON."""


class SigningKeys:
    """The private keys of one account's identity."""

    def __init__(self, user: str, keys: Mapping[str, Ed25519PrivateKey]) -> None:
        self._user = user
        self._keys = keys

    @classmethod
    def make(cls, user: str) -> "SigningKeys":
        """New keys."""
        return cls(user, {usage: Ed25519PrivateKey.generate() for usage in _USAGES})

    @classmethod
    def load(cls, user: str, content: bytes) -> "SigningKeys":
        """What `dump` wrote.

        Raises:
            ValueError: it holds no keys of this user.
        """
        try:
            kept = json.loads(content)
            if kept["user"] != user:
                raise ValueError("these are another account's keys")
            seeds = {usage: bytes.fromhex(kept["keys"][usage]) for usage in _USAGES}
        except (KeyError, TypeError) as error:
            raise ValueError("these are no keys") from error
        return cls(user, {usage: Ed25519PrivateKey.from_private_bytes(seed) for usage, seed in seeds.items()})

    def dump(self) -> bytes:
        """The private keys; to be sealed before they are kept."""
        seeds = {usage: key.private_bytes_raw().hex() for usage, key in self._keys.items()}
        return json.dumps({"user": self._user, "keys": seeds}).encode()

    def public(self, usage: str) -> str:
        """The public key for one usage."""
        return encode_base64(self._keys[usage].public_key().public_bytes_raw())

    def upload(self) -> dict[str, Any]:
        """The public keys, as homeservers take them; the master key signs the others."""
        body: dict[str, Any] = {}
        for usage in _USAGES:
            public = self.public(usage)
            key = {"user_id": self._user, "usage": [usage], "keys": {f"ed25519:{public}": public}}
            body[f"{usage}_key"] = key if usage == "master" else self._signed(key, "master")
        return body

    def sign_device(self, device: Told) -> dict[str, Any]:
        """The keys of a device, signed as our own."""
        return self._signed(device, "self_signing")

    def _signed(self, content: Told, usage: str) -> dict[str, Any]:
        bare = _bare(content)
        signature = encode_base64(self._keys[usage].sign(_canonical(bare)))
        return {**bare, "signatures": {self._user: {f"ed25519:{self.public(usage)}": signature}}}


def public_key(told: Told, user: str, usage: str) -> str | None:
    """A user's public key for one usage in the answer to a key query, None where there is none."""
    key = told.get(f"{usage}_keys", {}).get(user, {})
    return next(iter(key.get("keys", {}).values()), None)


def device_of(told: Told, user: str, device: str) -> dict[str, Any] | None:
    """A device's keys in the answer to a key query, None where there are none."""
    found: dict[str, Any] | None = told.get("device_keys", {}).get(user, {}).get(device)
    return found


def same(one: Told, other: Told) -> bool:
    """Whether two key objects say the same, whoever signed them."""
    return _bare(one) == _bare(other)


def is_signed_by_owner(told: Told, user: str, device: str) -> bool:
    """Whether, by the answer to a key query, the device bears its owner's signature: master, self-signing, device."""
    master, own = (public_key(told, user, usage) for usage in ("master", "self_signing"))
    keys = device_of(told, user, device)
    if not (master and own and keys):
        return False
    return _is_signed(told["self_signing_keys"][user], user, master) and _is_signed(keys, user, own)


def fingerprint(key: str) -> str:
    """A public key in groups that two people can compare, as clients show it."""
    return " ".join(key[start : start + _GROUP] for start in range(0, len(key), _GROUP))


def _is_signed(content: Told, user: str, public: str) -> bool:
    try:
        signature = decode_base64(content["signatures"][user][f"ed25519:{public}"])
        key = Ed25519PublicKey.from_public_bytes(decode_base64(public))
        key.verify(signature, _canonical(_bare(content)))
    except (KeyError, TypeError, ValueError, InvalidSignature):
        return False
    return True


def _bare(content: Told) -> dict[str, Any]:
    """What is signed: all but the signatures themselves and what the homeserver adds."""
    return {key: value for key, value in content.items() if key not in ("signatures", "unsigned")}


def _canonical(content: Told) -> bytes:
    return str(nio.Api.to_canonical_json(dict(content))).encode()
