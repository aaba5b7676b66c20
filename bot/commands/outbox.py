"""`auskunft outbox`: the letters to support, and what to do about one that does not get through."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot import assembly
from bot.commands.faults import give_up, told
from bot.config import load_config
from bot.ports.post import Outbox, PostStatus

app = typer.Typer(name="outbox", invoke_without_command=True)

ConfigPath = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file: config.yaml.")]
Reference = Annotated[str, typer.Argument(help="What the list and the person call the letter, such as lusab-babad.")]
Found = TypeVar("Found")
_DEFAULT = Path("config.yaml")


@app.callback()
def outbox(context: typer.Context, config: ConfigPath = None) -> None:
    """Show the letters to support; let one be tried again, or drop it. The bot may be running or not.

    Without a command, it lists them. Exit codes: 0 done; 2 there is no such letter, or the outbox cannot be used.
    """
    context.obj = config
    if context.invoked_subcommand is None:
        _show(context, None)


@app.command(name="list")
def show(context: typer.Context, config: ConfigPath = None) -> None:
    """List the letters of the last 30 days: how they stand, and nothing of what is in them."""
    _show(context, config)


@app.command()
def retry(context: typer.Context, reference: Reference, config: ConfigPath = None) -> None:
    """Let a letter be tried now, whether it waits or has failed; a running bot does so within seconds."""
    if not _run(context, config, lambda outbox: outbox.retry(reference)):
        give_up(f"there is no letter {reference} that could be tried again: see `auskunft outbox list`")
    typer.echo(f"Letter {reference} is tried as soon as the bot runs.")


@app.command()
def drop(context: typer.Context, reference: Reference, config: ConfigPath = None) -> None:
    """Erase a letter that was not accepted, for good; the person who asked is not told."""
    if not _run(context, config, lambda outbox: outbox.drop(reference)):
        give_up(f"there is no letter {reference} that could be dropped: see `auskunft outbox list`")
    typer.echo(f"Letter {reference} is erased.")


def _show(context: typer.Context, config: Path | None) -> None:
    letters = _run(context, config, lambda outbox: outbox.all())
    if not letters:
        typer.echo("The outbox is empty: no letter was posted in the last 30 days.")
        return
    table = Table("Reference", "Way", "State", "Posted", "Attempts", "Next try", "Trouble")
    for column in table.columns[:-1]:
        column.no_wrap = True
    for letter in letters:
        table.add_row(*_cells(letter))
    Console().print(table)


def _cells(letter: PostStatus) -> tuple[str, ...]:
    next_try = _time(letter.next_try) if letter.next_try else ""
    attempts = str(letter.attempts)
    return (
        letter.reference,
        letter.way,
        letter.state,
        _time(letter.posted_at),
        attempts,
        next_try,
        escape(letter.trouble),
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _run(context: typer.Context, config: Path | None, act: Callable[[Outbox], Awaitable[Found]]) -> Found:
    """Act on the outbox of the configuration that is named behind the command or before it."""

    async def acted() -> Found:
        async with assembly.outbox(load_config(config or context.obj or _DEFAULT, os.environ)) as outbox:
            return await act(outbox)

    with told():
        return asyncio.run(acted())
