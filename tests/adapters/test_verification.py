"""Requests for interactive verification, in a room and from device to device."""

from types import SimpleNamespace
from typing import Any

import nio

from bot.adapters.matrix.verification import Verification
from bot.core.model import Reply
from tests.adapters.test_inbox import ADA, BOT, SHARED

BOB = "@bob:uni.test"


class Client:
    """A homeserver that takes everything."""

    user_id, device_id = BOT, "BOT"

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def room_send(self, _room_id: str, kind: str, _content: Any, **_: Any) -> Any:
        self.sent.append(kind)
        return SimpleNamespace(event_id="$sent")

    async def to_device(self, message: nio.ToDeviceMessage, _transaction: str) -> Any:
        self.sent.append(message.content["transaction_id"])


def verification(client: Client) -> Verification:
    return Verification(client, "fingerprint", lambda *_: Reply("de", "!"))  # type: ignore[arg-type]


def request(sender: str = ADA, to: str = BOT) -> Any:
    content = {"msgtype": "m.key.verification.request", "body": "x", "to": to, "from_device": "D", "methods": []}
    source = {"type": "m.room.message", "event_id": "$1", "sender": sender, "origin_server_ts": 1, "content": content}
    return nio.Event.parse_event(source)


async def test_each_request_is_cancelled_and_each_person_told_why_once_an_hour() -> None:
    client = Client()
    declining = verification(client)
    for sender in (ADA, ADA, BOB, ADA):
        await declining.decline(SHARED, request(sender))
    assert client.sent.count("m.key.verification.cancel") == 4
    assert client.sent.count("m.room.message") == 2
    for other in (request(to=BOB), request(sender=BOT)):
        await declining.decline(SHARED, other)
    assert len(client.sent) == 6


async def test_of_requests_from_device_to_device_the_odd_ones_are_passed_over() -> None:
    client = Client()
    contents: list[Any] = [
        {"transaction_id": "1", "from_device": "D"},
        {"transaction_id": "\ud800", "from_device": "D"},
        {"transaction_id": "2", "from_device": 5},
        "x",
        {"transaction_id": "3", "from_device": "D"},  # of one person, the first of a batch
    ]
    sources = [{"type": "m.key.verification.request", "content": content} for content in contents]
    await verification(client).decline_direct([SimpleNamespace(source=each, sender=ADA) for each in sources])
    assert client.sent == ["1"]
