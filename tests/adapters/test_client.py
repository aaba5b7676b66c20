"""What happens between a question to the homeserver and its answer: nobody is overlooked, and nobody reads too much."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nio
import pytest

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import MatrixError
from tests.adapters.test_machine import ADA, BOB, BOT, Device

ROOM = "!room:uni.test"


class Client(SafeClient):
    """A client whose homeserver answers when it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__("http://uni.test", BOT, store_path=str(folder), config=nio.AsyncClientConfig())
        self.restore_login(BOT, "BOT", "token")
        self.answers: asyncio.Queue[Any] = asyncio.Queue()
        self.asked: list[type] = []

    async def _send(self, response_class: type, *_: Any, response_data: Any = (), **__: Any) -> Any:
        self.asked.append(response_class)
        answer = await self.answers.get()
        if response_class is nio.ToDeviceResponse:
            answer = nio.ToDeviceResponse(*response_data)
        await self.receive_response(answer)
        return answer


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    made = Client(tmp_path)
    yield made
    await made.close()


def told(**people: Any) -> nio.KeysQueryResponse:
    return nio.KeysQueryResponse({f"@{name}:uni.test": devices for name, devices in people.items()}, {})


async def begun(work: Any) -> asyncio.Task[Any]:
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


async def test_who_comes_or_changes_while_devices_are_asked_for_is_asked_for_next(client: Client) -> None:
    client.olm.add_changed_users({ADA})
    asking = await begun(client.learn_devices())
    client.olm.add_changed_users({ADA, BOB})
    client.answers.put_nowait(told(ada={}))
    await asking
    assert client.olm.users_for_key_query == {ADA, BOB}


async def test_a_message_waits_for_the_devices_that_are_being_asked_for_unless_they_could_not_be_told(
    client: Client,
) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.members_synced = True
    room.add_member(ADA, None, None)
    client.olm.add_changed_users({ADA})
    asking = await begun(client.learn_devices())
    sending = await begun(client.room_send(ROOM, "m.room.message", {}))
    assert client.asked == [nio.KeysQueryResponse]
    client.answers.put_nowait(told())
    await asking
    client.answers.put_nowait(told())  # the message asks once more; then it goes out
    client.answers.put_nowait(nio.RoomSendResponse("$1", ROOM))
    assert (await sending).event_id == "$1"
    client.answers.put_nowait(nio.RoomSendResponse("$2", ROOM))
    assert (await client.room_send(ROOM, "m.room.message", {})).event_id == "$2"


async def test_devices_that_could_not_be_asked_for_are_asked_for_again(client: Client) -> None:
    client.olm.add_changed_users({ADA})
    client.answers.put_nowait(nio.KeysQueryError("no"))
    with pytest.raises(MatrixError):
        await client.learn_devices()
    assert client.olm.users_for_key_query == {ADA}


async def test_keys_that_were_invalidated_while_they_were_given_out_are_never_used(client: Client) -> None:
    device = Device(ADA, "ADA")
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.add_member(ADA, None, None)
    client.olm.handle_response(told(ada={"ADA": device.keys()}))
    client.olm.handle_response(nio.KeysClaimResponse({ADA: {"ADA": device.one_time_key()}}, {}))
    sharing = await begun(client.share_group_session(ROOM, True))
    while nio.ShareGroupSessionResponse not in client.asked:
        await asyncio.sleep(0)
    client.invalidate_outbound_session(ROOM)
    client.answers.put_nowait(nio.ShareGroupSessionResponse(ROOM, {(ADA, "ADA")}))
    with pytest.raises(MatrixError):
        await sharing
    assert client.olm.should_share_group_session(ROOM)


async def test_what_waits_for_a_device_is_sent_once_also_where_two_ask_for_it(client: Client) -> None:
    client.olm.outgoing_to_device_messages.append(nio.ToDeviceMessage("m.dummy", ADA, "ADA", {}))
    both = [await begun(client.send_to_device_messages()) for _ in range(2)]
    client.answers.put_nowait(None)
    await asyncio.gather(*both)
    assert client.asked == [nio.ToDeviceResponse]
