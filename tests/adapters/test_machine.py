"""Keys of strangers, whatever they look like: the odd ones stop nobody, and keep nothing from the others."""

import json
from typing import Any

import nio
import pytest
import vodozemac
from nio.store import SqliteMemoryStore

from bot.adapters.matrix.machine import Machine
from bot.adapters.matrix.responses import ONE_TIME, KeysClaimResponse, KeysQueryResponse

BOT, ADA, BOB = "@auskunft:uni.test", "@ada:uni.test", "@bob:uni.test"


@pytest.fixture
def machine() -> Machine:
    return Machine(BOT, "BOT", SqliteMemoryStore(BOT, "BOT"))


class Device:
    """Somebody's device, which signs what it publishes."""

    def __init__(self, user: str, name: str) -> None:
        self.user, self.name, self.account = user, name, vodozemac.Account()

    def keys(self, **other: Any) -> dict[str, Any]:
        content = {
            "user_id": self.user,
            "device_id": self.name,
            "algorithms": [],
            "keys": {
                f"ed25519:{self.name}": self.account.ed25519_key.to_base64(),
                f"curve25519:{self.name}": self.account.curve25519_key.to_base64(),
            },
        }
        return self.signed({**content, **other})

    def one_time_key(self) -> dict[str, Any]:
        self.account.generate_one_time_keys(1)
        *_, (name, key) = self.account.one_time_keys.items()
        return {f"{ONE_TIME}:{name}": self.signed({"key": key.to_base64()})}

    def signed(self, content: dict[str, Any]) -> dict[str, Any]:
        signature = self.account.sign(nio.Api.to_canonical_json(content).encode()).to_base64()
        return {**content, "signatures": {self.user: {f"ed25519:{self.name}": signature}}}


ODD, SOUND = Device(ADA, "ODD"), Device(ADA, "SOUND")
GARBAGE = {"ed25519:ODD": SOUND.account.ed25519_key.to_base64(), "curve25519:ODD": "garbage"}


@pytest.mark.parametrize(
    "odd",
    [
        5,
        {},
        ODD.keys(user_id=5),
        ODD.keys(algorithms=5),
        {name: value for name, value in ODD.keys().items() if name != "user_id"},
        ODD.keys(keys=GARBAGE),
        ODD.keys(keys={**GARBAGE, "ed25519:ODD": "garbage"}),
        {**ODD.keys(), "signatures": 5},
        {**ODD.keys(), "signatures": {ADA: {"ed25519:ODD": "garbage"}}},
    ],
)
def test_a_device_with_odd_keys_keeps_none_from_the_others(machine: Machine, odd: Any) -> None:
    machine.handle_response(
        KeysQueryResponse.from_dict({"device_keys": {ADA: {"ODD": odd, "SOUND": SOUND.keys()}, BOB: 5}})
    )
    assert [device.id for device in machine.device_store.active_user_devices(ADA)] == ["SOUND"]


@pytest.mark.parametrize(
    "odd",
    [
        5,
        {},
        {"k": 5},
        {"k": {"key": "garbage"}},
        {"k": ODD.signed({"key": "garbage"})},
        {"k": ODD.signed({"other": 5})},
        {"k": {**ODD.signed({"key": "garbage"}), "signatures": 5}},
    ],
)
def test_an_odd_one_time_key_keeps_none_from_the_others(machine: Machine, odd: Any) -> None:
    machine.handle_response(nio.KeysQueryResponse({ADA: {"ODD": ODD.keys(), "SOUND": SOUND.keys()}}, {}))
    told = {ADA: {"ODD": odd, "SOUND": SOUND.one_time_key()}, BOB: 5}
    machine.handle_response(KeysClaimResponse.from_dict({"one_time_keys": told}))
    assert machine.get_missing_sessions([ADA]) == {ADA: ["ODD"]}


@pytest.mark.parametrize("about", [5, {"device_display_name": None}, {"device_display_name": "Ada's phone"}])
def test_a_device_is_known_without_its_name(machine: Machine, about: Any) -> None:
    told = {ADA: {"ODD": {**ODD.keys(), "unsigned": about}, "SOUND": SOUND.keys()}}
    machine.handle_response(KeysQueryResponse.from_dict({"device_keys": told}))
    assert {device.id for device in machine.device_store.active_user_devices(ADA)} == {"ODD", "SOUND"}
    assert {device.display_name for device in machine.store.load_device_keys()} == {""}


def test_who_changed_while_an_answer_was_under_way_is_asked_for_again(machine: Machine) -> None:
    machine.add_changed_users({ADA, BOB})
    machine.handle_response(nio.KeysQueryResponse({ADA: {}}, {}))
    assert machine.users_for_key_query == {ADA, BOB}


def opened(machine: Machine, plaintext: bytes) -> Any:
    """What comes of an event that was encrypted with a key that is there."""
    session = vodozemac.GroupSession()
    group = nio.crypto.InboundGroupSession(session.session_key.to_base64(), "k" * 43, "s" * 43, "!room:uni.test")
    machine.inbound_group_store.add(group)
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": session.encrypt(plaintext).to_base64(),
        "sender_key": "s" * 43,
        "session_id": session.session_id,
        "device_id": "D",
    }
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0, "content": content}
    event = nio.Event.parse_encrypted_event({**source, "room_id": "!room:uni.test"})
    return machine._decrypt_megolm_no_error(event)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"[]",
        b"5",
        b'{"type": 5, "content": []}',
        b'{"type": "m.room.message", "content": {"msgtype": "m.text", "body": "x"}, "unsigned": 5}',
    ],
)
def test_garbage_that_was_encrypted_is_no_event(machine: Machine, plaintext: bytes) -> None:
    assert isinstance(opened(machine, plaintext), nio.UnknownBadEvent)


@pytest.mark.parametrize("plaintext", [b"garbage", b"\xff"])
def test_what_is_no_json_cannot_be_read(machine: Machine, plaintext: bytes) -> None:
    assert not isinstance(opened(machine, plaintext), nio.Event)


def encrypted(kind: str, content: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"type": kind, "content": content, "room_id": "!room:uni.test", **more}).encode()


@pytest.mark.parametrize(
    "plaintext",
    [
        encrypted("m.room.redaction", {"redacts": "$2"}, redacts="$2"),
        encrypted("m.room.member", {"membership": "leave"}, state_key=ADA),
        encrypted("m.room.tombstone", {"body": "", "replacement_room": "!x"}, state_key=""),
        encrypted("m.room.message", {"msgtype": "m.text", "body": "x"}, state_key=""),
        encrypted("m.room.messages", {"msgtype": "m.text", "body": "x"}),
    ],
)
def test_state_and_redactions_that_were_encrypted_are_not_believed(machine: Machine, plaintext: bytes) -> None:
    assert isinstance(opened(machine, plaintext), nio.UnknownBadEvent)


def test_what_people_say_is_believed(machine: Machine) -> None:
    said = opened(machine, encrypted("m.room.message", {"msgtype": "m.text", "body": "Ist Wire erlaubt?"}))
    assert (said.body, said.event_id, said.decrypted) == ("Ist Wire erlaubt?", "$1", True)


def test_of_requests_for_keys_and_of_what_a_lost_session_hides_nothing_stays(machine: Machine) -> None:
    told = {"requesting_device_id": "X", "request_id": "1", "action": "request_cancellation"}
    event = nio.RoomKeyRequestCancellation.from_dict({"sender": ADA, "type": "m.room_key_request", "content": told})
    machine.handle_to_device_event(event)
    machine.collect_key_requests()
    assert not machine.key_requests_waiting_for_session
    machine.handle_response(KeysQueryResponse.from_dict({"device_keys": {ADA: {"SOUND": SOUND.keys()}}}))
    machine.handle_response(nio.KeysClaimResponse({ADA: {"SOUND": SOUND.one_time_key()}}, {}))
    machine.wedged_devices.append(machine.device_store[ADA]["SOUND"])
    sealed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "k", "session_id": "s"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0}
    event = nio.Event.parse_encrypted_event({**source, "content": {**sealed, "device_id": "SOUND"}})
    event.room_id = "!room:uni.test"
    assert machine._decrypt_megolm_no_error(event) is None
    assert not machine.key_re_requests_events
    assert machine.outgoing_to_device_messages == []


def test_a_sealed_event_that_names_no_key_cannot_be_read(machine: Machine) -> None:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "", "session_id": "s"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0}
    event = nio.Event.parse_encrypted_event({**source, "content": {**content, "device_id": "D"}})
    with pytest.raises(nio.EncryptionError):
        machine.decrypt_megolm_event(event, "!room:uni.test")
