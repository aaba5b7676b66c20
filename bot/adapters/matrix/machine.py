"""nio's encryption, made whole where nio leaves our own keys alone, and safe against what strangers send.

nio overlooks that the last one-time key was taken, knows no fallback key, keeps keys only after they were uploaded,
and uploads the same refused keys for ever. What is uploaded is therefore put together here.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import nio
import nio.crypto
import vodozemac

from bot.adapters.matrix.responses import ONE_TIME
from bot.ports import StoreBroken

log = logging.getLogger(__name__)

_ROTATION = 3600
"""Seconds that a fallback key lives at least: of two that are replaced, the older one is forgotten."""
_SAID = ("m.room.message", "m.sticker", "m.reaction")
_VERIFICATION = "m.key.verification."
"""With it, the types of what people encrypt. State and redactions never are: whoever encrypts them forges them."""


class Machine(nio.crypto.Olm):  # type: ignore[misc]
    """The encryption of one device."""

    users_for_key_query: set[str]
    """Whose devices are to be asked for."""
    fallback_is_used = False
    """Whether the homeserver has handed the fallback key out."""
    _fallback_made_at = float("-inf")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.began_anew: set[str] = set()
        """Who has begun a new session of late, as people do who could not read what came in the old one."""

    def device_keys(self) -> dict[str, Any]:
        """The public keys of our device, signed by it."""
        keys = self.account.identity_keys
        return self._signed(
            {
                "algorithms": self._algorithms,
                "device_id": self.device_id,
                "user_id": self.user_id,
                "keys": {f"{kind}:{self.device_id}": keys[kind] for kind in ("curve25519", "ed25519")},
            }
        )

    @property
    def should_upload_keys(self) -> bool:
        """Whether the homeserver lacks keys of ours."""
        return bool(super().should_upload_keys or self._should_make_fallback)

    def missing_keys(self) -> dict[str, Any]:
        """What the homeserver lacks. What was made for an upload that failed is taken first.

        It is kept at once, before anybody can use it: a crash must not cost the private halves.
        """
        account = self.account
        there = self.uploaded_key_count if account.shared else 0
        content: dict[str, Any] = {} if account.shared else {"device_keys": self.device_keys()}
        if there is not None:
            missing = account.max_one_time_keys - there - len(account.one_time_keys["curve25519"])
            if missing > 0:
                account.generate_one_time_keys(missing)
            keys = account.one_time_keys["curve25519"]
            content["one_time_keys"] = {f"{ONE_TIME}:{name}": self._signed({"key": key}) for name, key in keys.items()}
        vodozemac = account._account  # nio's own account has no fallback keys
        if not vodozemac.fallback_key and (not account.shared or self._should_make_fallback):
            vodozemac.generate_fallback_key()
        if fallback := vodozemac.fallback_key:
            content["fallback_keys"] = {
                f"{ONE_TIME}:{name}": self._signed({"key": key.to_base64(), "fallback": True})
                for name, key in fallback.items()
            }
        self.save_account()
        return content

    def fallback_is_there(self) -> None:
        """The homeserver has taken a new fallback key."""
        self.fallback_is_used = False
        self._fallback_made_at = time.monotonic()

    def give_up_one_time_keys(self) -> None:
        """Those that were not taken by the homeserver never will be: make new ones for the next upload."""
        self.mark_keys_as_published()
        self.uploaded_key_count = 0

    @property
    def _should_make_fallback(self) -> bool:
        return self.fallback_is_used and time.monotonic() - self._fallback_made_at > _ROTATION

    def _signed(self, content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "signatures": {self.user_id: {f"ed25519:{self.device_id}": self.sign_json(content)}}}

    def _should_accept_forward(self, sender: str, sender_key: str, event: Any) -> bool:
        """Also from the device that made the key, for which it vouches as it did when it sent the key first.

        nio takes keys that were lost from other devices of our own account only.
        """
        request = self.outgoing_key_requests.get(event.session_id)
        content, keys = event.source.get("content", {}), event.source.get("keys", {})
        by_its_maker = (
            request is not None
            and (event.algorithm, event.room_id) == (request.algorithm, request.room_id)
            and content.get("sender_key") == sender_key
            and content.get("sender_claimed_ed25519_key") == keys.get("ed25519")
            and not content.get("forwarding_curve25519_key_chain")
        )
        return by_its_maker or super()._should_accept_forward(sender, sender_key, event)

    def _handle_key_query(self, response: nio.KeysQueryResponse) -> None:
        """As nio does, but a device with keys that cannot be used keeps none from the others.

        Nor is anybody taken for told here: who is to be asked for next is the business of who asks.
        """
        for user, devices in response.device_keys.items():
            sound = {name: keys for name, keys in devices.items() if guarded(self._has_keys, user, name, keys)}
            response.device_keys[user] = sound
        next_asked, self.users_for_key_query = self.users_for_key_query, set()
        try:
            super()._handle_key_query(response)
        finally:
            self.users_for_key_query = next_asked

    def _has_keys(self, user: str, device: str, told: dict[str, Any]) -> bool:
        """That the keys of a device can be read, be it to refuse them; else this raises what nio would."""
        vodozemac.Curve25519PublicKey.from_base64(told["keys"][f"curve25519:{device}"])
        self.verify_json(told, told["keys"][f"ed25519:{device}"], user, device)
        return True

    def _handle_key_claiming(self, response: nio.KeysClaimResponse) -> None:
        """As nio does, but a key that cannot be used keeps none from the other devices."""
        for user, devices in response.one_time_keys.items():
            for device, keys in devices.items():
                guarded(super()._handle_key_claiming, nio.KeysClaimResponse({user: {device: keys}}, {}))

    def decrypt_megolm_event(self, event: nio.MegolmEvent, room_id: str | None = None) -> Any:
        """As nio does, but only what people say is believed; a nio.UnknownBadEvent is anything else.

        Raises:
            EncryptionError: it cannot be decrypted, whatever else the sender has put into it.
            StoreBroken: keys could not be kept.
        """
        try:
            opened = super().decrypt_megolm_event(event, room_id)
        except (StoreBroken, nio.EncryptionError):
            raise
        except Exception as error:
            log.warning("%s could not be read: %s", event.event_id, type(error).__name__)
            if self.inbound_group_store.get(room_id or event.room_id, event.sender_key, event.session_id):
                return nio.UnknownBadEvent({})  # the key is there: what it opens is garbage
            raise nio.EncryptionError("it is garbage") from error
        if isinstance(opened, nio.UnknownBadEvent):
            return opened
        kind = str(opened.source.get("type"))
        is_said = (kind in _SAID or kind.startswith(_VERIFICATION)) and "state_key" not in opened.source
        return opened if is_said else nio.UnknownBadEvent({})

    def decrypt(self, sender: str, sender_key: str, message: Any) -> Any:
        """As nio does, but it is noted who begins a session although there is one, and who uses a key that is gone."""
        before = len(self.session_store[sender_key])
        try:
            plaintext = super().decrypt(sender, sender_key, message)
        except vodozemac.SessionCreationException:
            self._mark_device_for_unwedging(sender, sender_key)
            return None
        if 0 < before < len(self.session_store[sender_key]):
            self.began_anew.add(sender)
        return plaintext

    def handle_to_device_event(self, event: Any) -> Any:
        """As nio does, but requests for keys are left alone: the bot gives none, and nio would keep some for ever."""
        if isinstance(event, nio.RoomKeyRequest | nio.RoomKeyRequestCancellation):
            return None
        return super().handle_to_device_event(event)

    def check_if_wedged(self, event: nio.MegolmEvent) -> None:
        """As nio does, but it asks for no key: it would not keep that it did, and refuse the key after a crash."""
        queued = len(self.outgoing_to_device_messages)
        super().check_if_wedged(event)
        del self.outgoing_to_device_messages[queued:]
        self.key_re_requests_events.clear()


def guarded(read: Callable[..., Any], *arguments: Any) -> Any:
    """What `read` returns; None where it fails.

    Raises:
        StoreBroken: nothing that was read is to blame.
    """
    try:
        return read(*arguments)
    except StoreBroken:
        raise
    except Exception as error:  # the sender decides what is raised here
        log.warning("an event or a key could not be read: %s", type(error).__name__)
        return None
