"""The room of the admins: found by its address, told things, and its commands picked from what is written there."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import nio
import pytest

from bot.adapters.matrix.admin_room import MatrixAdminRoom
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.send import transaction_id
from bot.adapters.simulated import SimulatedClock, SimulatedStore
from bot.core.model import Addressed, Message, Reply
from bot.ports import Barred, Undelivered
from tests.adapters.test_inbox import ADA, BOT, event
from tests.adapters.test_support import Client, a_room

OFFICE = a_room("!office:uni.test", ADA)


def office(client: Client, name: str = OFFICE.room_id, clock: SimulatedClock | None = None) -> MatrixAdminRoom:
    return MatrixAdminRoom(client, name, clock or SimulatedClock())  # type: ignore[arg-type]


async def test_what_went_well_is_a_notice_and_what_did_not_calls_all() -> None:
    client = Client(OFFICE)
    await office(client).tell(Reply("de", "Gut."), "state 1")
    await office(client).tell(Reply("de", "Schlecht."), "state 2", rings=True)
    (room, quiet, transaction), (_, loud, _) = client.sent
    assert room == OFFICE.room_id
    assert transaction == transaction_id("state 1")
    assert (quiet["msgtype"], quiet["m.mentions"]) == ("m.notice", {})
    assert (loud["msgtype"], loud["m.mentions"]) == ("m.text", {"room": True})


async def test_a_room_that_is_not_there_is_named_and_found_once_it_is() -> None:
    client, clock = Client(OFFICE), SimulatedClock()
    admins = office(client, "#admins:uni.test", clock)
    with pytest.raises(Barred, match=r"there is no room #admins:uni\.test \(`admin_room`\)"):
        await admins.tell(Reply("de", "Gut."), "state")
    assert not await admins.is_it(OFFICE.room_id)
    client.addresses["#admins:uni.test"] = OFFICE.room_id
    clock.advance(timedelta(minutes=2))
    assert await admins.is_it(OFFICE.room_id)
    assert client.staff_rooms == {OFFICE.room_id}
    client.rooms.clear()
    with pytest.raises(Barred, match="invite it there"):
        await admins.tell(Reply("de", "Gut."), "state")


class Refusing(Client):
    """A homeserver on which nothing may be written."""

    async def room_send(self, *arguments: Any, **options: Any) -> Any:
        error = nio.RoomSendError("no", "M_FORBIDDEN")
        error.transport_response = SimpleNamespace(status=403)
        return error


async def test_what_the_homeserver_refuses_is_told_as_undelivered() -> None:
    with pytest.raises(Undelivered):
        await office(Refusing(OFFICE)).tell(Reply("de", "Gut."), "state")


async def test_a_room_that_is_not_there_is_told_to_the_log_and_one_that_is_there_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client(OFFICE)
    await office(client).check()
    assert caplog.text == ""
    await office(client, "#admins:uni.test").check()
    assert "there is no room #admins:uni.test (`admin_room`)" in caplog.text


async def received(where: nio.MatrixRoom, body: str, decrypted: bool = True, **content: str) -> Message | None:
    async def is_admins(room_id: str, text: str) -> bool:
        return room_id == OFFICE.room_id and text.startswith("!add")

    def is_staffs(room_id: str) -> bool:
        return room_id == OFFICE.room_id

    got = event(body=body, **content)
    got.decrypted = decrypted
    return await Inbox(BOT, SimulatedStore(), None, is_staffs, is_admins).message(where, got)


async def test_in_an_encrypted_room_a_command_that_was_not_encrypted_is_none() -> None:
    assert await received(OFFICE, "!add whatsapp Geht WhatsApp?", decrypted=False) is None
    open_office = a_room(OFFICE.room_id, ADA, encrypted=False)
    assert await received(open_office, "!add whatsapp Geht WhatsApp?", decrypted=False)


async def test_in_the_room_of_the_admins_only_their_commands_are_for_the_bot() -> None:
    command = await received(OFFICE, "!add whatsapp Geht WhatsApp?")
    assert command
    assert (command.addressed, command.text) == (Addressed.ADMIN, "!add whatsapp Geht WhatsApp?")
    assert await received(OFFICE, "Mittagessen?") is None
    assert await received(OFFICE, "bild.png", msgtype="m.image", url="mxc://uni.test/x") is None
    assert await received(OFFICE, "!ban @bob:uni.test") is None
    elsewhere = await received(a_room("!chat:uni.test", ADA), "!add whatsapp Geht WhatsApp?")
    assert elsewhere
    assert elsewhere.addressed is Addressed.DIRECT
