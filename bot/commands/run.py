"""`auskunft run`: the bot itself."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import assembly
from bot.commands.faults import told
from bot.config import Config, load_config

log = logging.getLogger(__name__)

_GRACE = 5


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.yaml"),
) -> None:
    """Run the bot, until SIGTERM or Ctrl-C. What is saved in the FAQ's folder it takes over, on SIGHUP at the latest.

    It logs to standard error. Exit codes: 0 stopped; 2 the configuration, the data folder or the account cannot
    be used; 3 the homeserver has logged the bot out.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a FAQ to look at
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with told():
        asyncio.run(_until_signalled(load_config(config, os.environ)))


async def _until_signalled(config: Config) -> None:
    """Run until a signal comes; what is in hand then has `_GRACE` seconds. What is cut off is replayed at the start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    look = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, look.set)
    running = asyncio.create_task(assembly.run(config, stop, look))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({running}, timeout=_GRACE)
    stopping.cancel()
    if not running.done():
        running.cancel()
        await asyncio.wait({running})
    if not running.cancelled():
        running.result()
    log.info("stopped")
