"""Keys of strangers, whatever they look like: the odd ones stop nobody, and keep nothing from the others."""

from typing import Any

import nio
import pytest
import vodozemac
from nio.store import SqliteMemoryStore

from bot.adapters.matrix.machine import ONE_TIME, Machine

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
        {name: value for name, value in ODD.keys().items() if name != "user_id"},
        ODD.keys(keys=GARBAGE),
        ODD.keys(keys={**GARBAGE, "ed25519:ODD": "garbage"}),
        {**ODD.keys(), "unsigned": 5},
        {**ODD.keys(), "unsigned": {"device_display_name": {}}},
        {**ODD.keys(), "signatures": 5},
        {**ODD.keys(), "signatures": {ADA: {"ed25519:ODD": "garbage"}}},
    ],
)
def test_a_device_with_odd_keys_keeps_none_from_the_others(machine: Machine, odd: Any) -> None:
    machine.handle_response(nio.KeysQueryResponse({ADA: {"ODD": odd, "SOUND": SOUND.keys()}}, {}))
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
    machine.handle_response(nio.KeysClaimResponse({ADA: {"ODD": odd, "SOUND": SOUND.one_time_key()}}, {}))
    assert machine.get_missing_sessions([ADA]) == {ADA: ["ODD"]}


def test_who_changed_while_an_answer_was_under_way_is_asked_for_again(machine: Machine) -> None:
    machine.add_changed_users({ADA, BOB})
    machine.handle_response(nio.KeysQueryResponse({ADA: {}}, {}))
    assert machine.users_for_key_query == {ADA, BOB}


@pytest.mark.parametrize("plaintext", [b"[]", b"5", b'{"type": 5, "content": []}', b"garbage", b"\xff"])
def test_what_is_encrypted_may_be_anything(machine: Machine, plaintext: bytes) -> None:
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
    assert machine._decrypt_megolm_no_error(event) is None or plaintext.startswith(b"{")


def test_a_sealed_event_that_names_no_key_cannot_be_read(machine: Machine) -> None:
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "", "session_id": "s"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": ADA, "origin_server_ts": 0}
    event = nio.Event.parse_encrypted_event({**source, "content": {**content, "device_id": "D"}})
    with pytest.raises(nio.EncryptionError):
        machine.decrypt_megolm_event(event, "!room:uni.test")
