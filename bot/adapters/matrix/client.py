"""nio's client, made safe against what strangers send.

nio lets whatever an encrypted event raises escape from the sync: garbage in an Olm or Megolm event would end the bot,
at every start anew. Here such an event stays unread, and the others of its batch are handled.
"""

import logging
from collections.abc import Callable
from typing import Any

import nio

log = logging.getLogger(__name__)


class SafeClient(nio.AsyncClient):  # type: ignore[misc]
    """The client of the bot's account."""

    def _handle_decrypt_to_device(self, to_device_event: Any) -> Any:
        return _guarded(super()._handle_decrypt_to_device, to_device_event)

    def _handle_timeline_event(self, event: Any, *rest: Any) -> Any:
        return _guarded(super()._handle_timeline_event, event, *rest)

    def _handle_messages_response(self, response: nio.RoomMessagesResponse) -> None:
        for index, event in enumerate(response.chunk):
            if isinstance(event, nio.MegolmEvent) and self.olm:
                response.chunk[index] = _guarded(self.olm._decrypt_megolm_no_error, event) or event


def _guarded(read: Callable[..., Any], *arguments: Any) -> Any:
    """What `read` returns; None where it fails."""
    try:
        return read(*arguments)
    except Exception as error:  # the sender decides what is raised here
        log.warning("an event could not be read: %s", type(error).__name__)
        return None
