"""What happens between a question to the homeserver and its answer: nobody is overlooked, and nobody reads too much."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.connection import Connection
from bot.adapters.matrix.errors import GivenUp, MatrixError
from bot.adapters.matrix.key_requests import KeyRequests
from bot.adapters.matrix.responses import SyncResponse
from bot.adapters.simulated import SimulatedClock
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
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
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
    client.answers.put_nowait(told())  # for both; then the message goes out
    client.answers.put_nowait(nio.RoomSendResponse("$1", ROOM))
    await asking
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


async def test_who_came_or_went_while_the_members_were_asked_for_makes_it_ask_again(client: Client) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    for user in (BOT, ADA):
        room.add_member(user, None, None)
    sending = await begun(client.room_send(ROOM, "m.room.message", {}))
    client._handle_timeline_event(member(ADA, "leave"), ROOM, room, set())
    client._handle_timeline_event(member(BOB, "join"), ROOM, room, set())
    for members in ([BOT, ADA], [BOT, BOB]):
        client.answers.put_nowait(nio.JoinedMembersResponse([nio.RoomMember(user, "", "") for user in members], ROOM))
    client.answers.put_nowait(told(auskunft={}, ada={}, bob={}))
    client.answers.put_nowait(nio.RoomSendResponse("$1", ROOM))
    await sending
    assert set(room.users) == {BOT, BOB}
    assert client.asked[:2] == [nio.JoinedMembersResponse] * 2


def member(user: str, membership: str) -> Any:
    content = {"type": "m.room.member", "state_key": user, "content": {"membership": membership}}
    return nio.Event.parse_event({**content, "event_id": "$m", "sender": user, "origin_server_ts": 1})


async def test_members_that_may_have_changed_while_they_were_asked_for_are_asked_for_again(client: Client) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    sending = await begun(client.room_send(ROOM, "m.room.message", {}))
    client.forget_members(ROOM)
    for _ in range(2):
        client.answers.put_nowait(nio.JoinedMembersResponse([nio.RoomMember(BOT, "", "")], ROOM))
    client.answers.put_nowait(told(auskunft={}))
    client.answers.put_nowait(nio.RoomSendResponse("$1", ROOM))
    await sending
    assert client.asked[:2] == [nio.JoinedMembersResponse] * 2
    assert room.members_synced


async def test_a_gap_while_one_time_keys_are_claimed_is_a_reason_to_ask_again(client: Client) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.members_synced = True
    room.add_member(ADA, None, None)
    client.olm.handle_response(told(ada={"ADA": Device(ADA, "ADA").keys()}))
    sharing = await begun(client.share_group_session(ROOM, True))
    client.forget_members(ROOM)
    client.answers.put_nowait(nio.KeysClaimResponse({}, {}))
    with pytest.raises(MatrixError, match="came or went"):
        await sharing


async def test_after_keys_could_not_be_claimed_the_next_message_does_not_wait_for_ever(client: Client) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.add_member(ADA, None, None)
    client.olm.handle_response(told(ada={"ADA": Device(ADA, "ADA").keys()}))
    room.members_synced = True
    client.answers.put_nowait(nio.KeysClaimResponse({}, {}))
    client.answers.put_nowait(GivenUp("no"))
    with pytest.raises(GivenUp):
        await client.share_group_session(ROOM, True)
    assert not client.sharing_session


async def test_members_that_may_have_changed_unseen_are_asked_for_and_get_new_keys(client: Client) -> None:
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.members_synced = True
    client.olm.create_outbound_group_session(ROOM)
    client.forget_members(ROOM)
    client.forget_members("!left")
    assert not room.members_synced
    assert ROOM not in client.olm.outbound_group_sessions


async def test_a_sync_tells_the_connection_that_the_homeserver_works(client: Client) -> None:
    client.connection = Connection(SimulatedClock())
    await client.receive_response(SyncResponse.from_dict({"next_batch": "s", "rooms": {}}))
    assert client.connection.synced_at is not None


async def test_a_message_to_a_device_that_is_refused_is_not_sent_again_and_one_that_fails_is(client: Client) -> None:
    for status, left in ((413, []), (500, ["m.dummy"])):
        client.olm.outgoing_to_device_messages.append(nio.ToDeviceMessage("m.dummy", ADA, "ADA", {}))
        error = nio.ToDeviceError("no", "M_UNKNOWN")
        error.transport_response = SimpleNamespace(status=status)
        client.answers.put_nowait(error)
        await client.send_to_device_messages()
        assert [message.type for message in client.olm.outgoing_to_device_messages] == left
    client.answers.put_nowait(GivenUp("a part of the homeserver is out of order"))
    await client.send_to_device_messages()
    assert len(client.olm.outgoing_to_device_messages) == 1


@pytest.mark.parametrize("odd", [{"session_id": "s" * 300}, {"device_id": "D" * 300}, {"device_id": "\ud800"}])
async def test_a_key_is_asked_for_once_and_never_under_an_odd_name(client: Client, odd: dict[str, str]) -> None:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "k", "session_id": "s"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0, "room_id": ROOM}
    requests = KeyRequests(client)
    for more in ({}, {}, {"sender": BOB}, odd):
        client.answers.put_nowait(None)
        whole = {**source, **more, "content": {**content, "device_id": "D", **more}}
        await requests.ask(nio.Event.parse_encrypted_event(whole))
    assert client.asked == [nio.ToDeviceResponse] * 2  # anybody may name the session of another
    assert requests.open() == [(ROOM, "s")]
    assert client.olm.store.load_outgoing_key_requests().keys() == {"s"}
    requests.forget("s")
    assert requests.open() == []


async def test_that_a_key_was_asked_for_is_kept_before_the_request_goes_out(client: Client) -> None:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "k", "session_id": "s"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0, "room_id": ROOM}
    sealed = nio.Event.parse_encrypted_event({**source, "content": {**content, "device_id": "D"}})
    asking = await begun(KeyRequests(client).ask(sealed))
    assert client.olm.store.load_outgoing_key_requests().keys() == {"s"}
    client.answers.put_nowait(None)
    await asking


def written_to(client: Client, device: Device, key: Any, number: int) -> Any:
    """A sync that brings what `device` wrote in a session that it began with this one-time key."""
    identity = client.olm.account._account.curve25519_key
    kind, body = device.account.create_outbound_session(identity, key).encrypt(b"{}").to_parts()
    boxes = {identity.to_base64(): {"type": kind, "body": base64.b64encode(body).decode().rstrip("=")}}
    content = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": device.account.curve25519_key.to_base64()}
    olm = {"type": "m.room.encrypted", "sender": device.user, "content": {**content, "ciphertext": boxes}}
    return SyncResponse.from_dict({"next_batch": f"s{number}", "rooms": {}, "to_device": {"events": [olm]}})


async def test_who_begins_a_new_session_gets_the_keys_to_the_next_message_and_nobody_else(client: Client) -> None:
    """The old one may have been made with another's keys in the person's name, or be lost on their side."""
    ada, bob = Device(ADA, "ADA"), Device(BOB, "BOB")
    room = client.rooms[ROOM] = nio.MatrixRoom(ROOM, BOT, encrypted=True)
    room.members_synced = True
    for device in (ada, bob):
        room.add_member(device.user, None, None)
        client.olm.handle_response(told(**{device.user[1:4]: {device.name: device.keys()}}))
    client.olm.create_outbound_group_session(ROOM)
    session = client.olm.outbound_group_sessions[ROOM]
    session.users_shared_with |= {(ADA, "ADA"), (BOB, "BOB")}
    session.shared = True
    account = client.olm.account._account
    for number in range(2):
        account.generate_one_time_keys(1)
        *_, key = account.one_time_keys.values()
        await client.receive_response(written_to(client, ada, key, number))
        client._give_again(ROOM)
        assert session.shared is (number == 0)
    assert session.users_shared_with == {(BOB, "BOB")}
    session.shared = True
    client.olm._unwedging_interval = timedelta()
    await client.receive_response(written_to(client, ada, key, 2))  # the key is gone: nothing could be read
    client._give_again(ROOM)
    assert session.shared
    assert [device.id for device in client.olm.wedged_devices] == ["ADA"]


async def test_what_waits_for_a_device_is_sent_once_also_where_two_ask_for_it(client: Client) -> None:
    client.olm.outgoing_to_device_messages.append(nio.ToDeviceMessage("m.dummy", ADA, "ADA", {}))
    both = [await begun(client.send_to_device_messages()) for _ in range(2)]
    client.answers.put_nowait(None)
    await asyncio.gather(*both)
    assert client.asked == [nio.ToDeviceResponse]
