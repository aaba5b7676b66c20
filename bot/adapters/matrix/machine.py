"""nio's encryption, made whole where nio leaves our own keys alone, and asked for lost keys in a way that survives.

nio overlooks that the last one-time key was taken, knows no fallback key, keeps keys only after they were uploaded,
and uploads the same refused keys for ever. What is uploaded is therefore put together here.
"""

import time
from typing import Any

import nio
import nio.crypto

ONE_TIME = "signed_curve25519"
"""The kind of our one-time and fallback keys."""
_ROTATION = 3600
"""Seconds that a fallback key lives at least: of two that are replaced, the older one is forgotten."""


class Machine(nio.crypto.Olm):  # type: ignore[misc]
    """The encryption of one device."""

    fallback_is_used = False
    """Whether the homeserver has handed the fallback key out."""
    _fallback_made_at = float("-inf")

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

    def check_if_wedged(self, event: nio.MegolmEvent) -> None:
        """As nio does, but it asks for no key: it would not keep that it did, and refuse the key after a crash."""
        queued = len(self.outgoing_to_device_messages)
        super().check_if_wedged(event)
        del self.outgoing_to_device_messages[queued:]
