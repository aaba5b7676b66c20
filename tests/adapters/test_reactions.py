from typing import Any

import nio
import pytest

from bot.adapters.matrix.reactions import feedback
from bot.core.model import Feedback


def reaction(key: str) -> Any:
    relation = {"rel_type": "m.annotation", "event_id": "$answer", "key": key}
    source = {"type": "m.reaction", "event_id": "$1", "sender": "@ada:uni.test", "origin_server_ts": 1}
    return nio.Event.parse_event({**source, "content": {"m.relates_to": relation}})


@pytest.mark.parametrize(
    ("key", "helpful"),
    [
        ("👍", True),
        ("👍️", True),
        ("👍🏽", True),
        ("👍🏿\ufe0f", True),
        ("👎", False),
        ("👎🏻", False),
        ("👎\ufe0e ", False),
    ],
)
def test_a_thumb_of_any_colour_is_feedback(key: str, helpful: bool) -> None:
    assert feedback("!room", reaction(key)) == Feedback("$1", "!room", "@ada:uni.test", "$answer", helpful)


@pytest.mark.parametrize("key", ["❤️", "👍👎", "", "up", "🏽", "👏"])
def test_any_other_reaction_is_none(key: str) -> None:
    assert feedback("!room", reaction(key)) is None
