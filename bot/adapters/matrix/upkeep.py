"""What encryption needs beside the sync: our keys on the homeserver, the others' keys here.

It never holds up a sync, as other homeservers may take long to tell their members' keys.
"""

import asyncio
import logging
from types import TracebackType

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import LoggedOut, MatrixError, accepted
from bot.ports import StoreBroken

log = logging.getLogger(__name__)


class Upkeep:
    """Keeps the keys of one account up to date, one round at a time."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client
        self._round: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Upkeep":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what is not done to the next start."""
        if self._round:
            self._round.cancel()
            await asyncio.wait({self._round})

    def begin(self) -> None:
        """Begin a round, unless one is under way.

        Raises:
            StoreBroken: in the last round, keys could not be kept.
        """
        if self._round and self._round.done():
            self._round.result()
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._go_round())

    async def _go_round(self) -> None:
        """What fails is tried again in the next round; whether we are logged out, the sync will tell."""
        try:
            await self._mend()
        except StoreBroken:
            raise
        except LoggedOut:
            pass
        except MatrixError as error:
            log.warning("the encryption keys are not up to date: %s", error)
        except Exception as error:  # a homeserver that is away, above all
            log.warning("the encryption keys are not up to date: %s", type(error).__name__)

    async def _mend(self) -> None:
        client = self._client
        if client.should_upload_keys:
            accepted(await client.keys_upload(), "the encryption keys")
        await client.learn_devices()
        if client.should_claim_keys:
            accepted(await client.keys_claim(client.get_users_for_key_claiming()), "the one-time keys of others")
        await client.send_to_device_messages()
