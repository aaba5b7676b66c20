"""`auskunft identity`: whether clients may trust the bot's device."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot import assembly
from bot.adapters.matrix.identity import Standing
from bot.commands.faults import FOUND, told
from bot.config import Config, load_config

app = typer.Typer(
    name="identity", help="Show or renew what makes clients trust the bot's device.", no_args_is_help=True
)

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
_INTERRUPTED = 130


@app.command()
def show(config: ConfigPath = Path("config.yaml")) -> None:
    """Print the device's fingerprint and whether the device is signed by its owner; the bot may be running.

    People find the same fingerprint, with or without the spaces, in their client as the device's key `ed25519`. In
    Element on the web, type /devtools in the chat with the bot; then choose Users, the bot, its device.

    Exit codes: 0 signed; 1 not signed; 2 it cannot be told; 3 the homeserver has logged the bot out.
    """
    standing = _run(config, assembly.standing)
    _print(standing)
    if not standing.is_signed:
        raise typer.Exit(FOUND)


@app.command()
def reset(
    config: ConfigPath = Path("config.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Even if the device is signed, and nothing amiss.")] = False,
) -> None:
    """Give the bot a new identity and sign its device with it; the bot must be stopped.

    For when the data folder with the old identity is lost. Clients warn those who have written with the bot that its
    identity has changed. The homeserver may want the password: set it in the configuration for this.
    """
    _print(_run(config, partial(assembly.reset_identity, force=force)))


def _run(config: Path, act: Callable[[Config], Awaitable[Standing]]) -> Standing:
    async def acted() -> Standing:
        return await act(load_config(config, os.environ))

    with told():
        try:
            return asyncio.run(acted())
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None


def _print(standing: Standing) -> None:
    typer.echo(f"Account      {standing.user}")
    typer.echo(f"Device       {standing.device}")
    typer.echo(f"Fingerprint  {standing.fingerprint}")
    typer.echo(f"Identity     {standing.identity or 'none'}")
    typer.echo(f"Signed       {_signed(standing)}")


def _signed(standing: Standing) -> str:
    if standing.is_signed:
        return "yes, the device is signed by its owner"
    if not standing.is_published:
        return "no: the homeserver does not show this device's keys; start the bot with `auskunft run`"
    if standing.identity and not standing.is_ours:
        return (
            "no: the identity's private keys are not in the data folder; restore the folder from the backup, or run "
            "`auskunft identity reset`"
        )
    return "no: start the bot with `auskunft run`, and see its log"
