"""nio's reading of what the homeserver answers, without the odd keys of strangers, and with all that is said of ours.

nio refuses a whole answer for one key that is not as it should be, and homeservers pass on what others publish.
"""

from collections.abc import Callable
from typing import Any

import nio
from pydantic import BaseModel, ValidationError

ONE_TIME = "signed_curve25519"
"""The kind of our one-time and fallback keys."""
Signatures = dict[str, dict[str, str]]


class _Device(BaseModel, strict=True):
    """What a device publishes (client-server API, `POST /keys/query`), as far as nio reads it."""

    user_id: str
    device_id: str
    algorithms: list[str]
    keys: dict[str, str]
    signatures: Signatures = {}


class _OneTimeKey(BaseModel, strict=True):
    """A one-time key (client-server API, `POST /keys/claim`), as far as nio reads it."""

    key: str
    signatures: Signatures = {}


class SyncResponse(nio.SyncResponse):  # type: ignore[misc]
    """A sync, with what nio leaves out of our own keys."""

    @classmethod
    def from_dict(cls, parsed_dict: dict[Any, Any]) -> Any:
        response = nio.SyncResponse.from_dict(parsed_dict)
        if isinstance(response, nio.SyncResponse):
            if isinstance(counts := parsed_dict.get("device_one_time_keys_count"), dict):
                response.device_key_count.signed_curve25519 = counts.get(ONE_TIME, 0)  # not listed: none is left
            response.unused_fallback_keys = parsed_dict.get("device_unused_fallback_key_types")
        return response


class KeysQueryResponse(nio.KeysQueryResponse):  # type: ignore[misc]
    """The devices of others, those left out that nio could not read, and their names: nobody needs to keep them."""

    @classmethod
    def from_dict(cls, parsed_dict: dict[Any, Any]) -> Any:
        devices = _of_each_device(parsed_dict.get("device_keys"), _nameless)
        return nio.KeysQueryResponse.from_dict({**parsed_dict, "device_keys": devices})


class KeysClaimResponse(nio.KeysClaimResponse):  # type: ignore[misc]
    """One-time keys of others, those left out that nio could not read."""

    @classmethod
    def from_dict(cls, parsed_dict: dict[Any, Any], room_id: str = "") -> Any:
        keys = _of_each_device(parsed_dict.get("one_time_keys"), _one_time_key)
        return nio.KeysClaimResponse.from_dict({**parsed_dict, "one_time_keys": keys}, room_id)


OURS = {
    nio.SyncResponse: SyncResponse,
    nio.KeysQueryResponse: KeysQueryResponse,
    nio.KeysClaimResponse: KeysClaimResponse,
}
"""By nio's class, the one that reads in its place."""


def _of_each_device(told: Any, read: Callable[[Any], Any]) -> Any:
    """What `read` makes of what is told of each device of each person, where it makes anything."""
    if not isinstance(told, dict):
        return told
    return {
        user: {name: sound for name, each in devices.items() if (sound := read(each))}
        for user, devices in told.items()
        if isinstance(devices, dict)
    }


def _nameless(told: Any) -> Any:
    return {key: told[key] for key in told if key != "unsigned"} if _is(_Device, told) else None


def _one_time_key(told: Any) -> Any:
    return told if isinstance(told, dict) and all(_is(_OneTimeKey, key) for key in told.values()) else None


def _is(model: type[BaseModel], told: Any) -> bool:
    try:
        model.model_validate(told)
    except ValidationError:
        return False
    return True
