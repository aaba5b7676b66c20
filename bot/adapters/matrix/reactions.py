"""Reactions: a thumb up or down on a message -> Feedback; any other reaction -> nothing.

Whether the message is an answer, and the person the one who asked, is the store's to know.
"""

import re

import nio

from bot.core.model import Feedback

_THUMBS = {"👍": True, "👎": False}
_VARIANTS = re.compile(r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\s]")
"""Variation selectors and skin tones: they change how an emoji looks, not what it says."""


def feedback(room_id: str, event: nio.ReactionEvent) -> Feedback | None:
    """What the reaction says about an answer."""
    helpful = _THUMBS.get(_VARIANTS.sub("", event.key))
    return None if helpful is None else Feedback(event.event_id, room_id, event.sender, event.reacts_to, helpful)
