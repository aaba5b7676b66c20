"""Which events the bot asks the homeserver for: what it acts on, and what it has to know of a room; nothing else.

Members are told as they write or change ("lazy loading"): a large room costs no more than a small one. Whoever needs
all of them, as encryption does, asks for them. Each is told once: a member told again counts for Synapse as one whose
devices may have changed, and every message would cost a question for keys.
"""

import secrets
from typing import Any

_STATE = [
    "m.room.canonical_alias",
    "m.room.create",
    "m.room.encryption",
    "m.room.member",
    "m.room.name",
    "m.room.power_levels",
    "m.room.tombstone",
    "m.room.topic",
]
_WRITTEN = ["m.key.verification.*", "m.reaction", "m.room.encrypted", "m.room.message", "m.room.redaction", "m.sticker"]
_LAZY = {"lazy_load_members": True}

MESSAGES: dict[str, Any] = {"types": _WRITTEN + _STATE, **_LAZY}
"""The filter of a room's messages. State that changes stands among them."""
SYNC: dict[str, Any] = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "timeline": {"limit": 50, **MESSAGES},
        "state": {"types": _STATE, **_LAZY},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
}
"""The filter of a sync."""


def at_start() -> dict[str, Any]:
    """The filter of what is asked for at a start, from the beginning: invitations, how many are in each room, and those
    members whom the homeserver takes as told from then on.

    It names a room that there is not, and so differs each time: Synapse answers what was asked from the beginning just
    so within the last two minutes as it did then.
    """
    return {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "not_rooms": [f"!{secrets.token_hex(8)}:auskunft.invalid"],
            "timeline": {"types": []},
            "state": {"types": ["m.room.member"], **_LAZY},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
    }
