"""A bare nio bot that echoes, as its documentation writes one: what the bot's speed is measured against."""

import asyncio
import sys
from pathlib import Path

import nio


async def main(homeserver: str, user: str, password: str, folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    client = nio.AsyncClient(homeserver, user, store_path=folder, config=nio.AsyncClientConfig())

    async def echo(room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
        if event.sender != client.user_id:
            content = {"msgtype": "m.notice", "body": event.body}
            await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    async def join(room: nio.MatrixRoom, _event: nio.InviteEvent) -> None:
        await client.join(room.room_id)

    await client.login(password)
    await client.sync(full_state=True)
    client.add_event_callback(echo, nio.RoomMessageText)
    client.add_event_callback(join, nio.InviteMemberEvent)
    print("listening", flush=True)
    await client.sync_forever(timeout=30_000)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
