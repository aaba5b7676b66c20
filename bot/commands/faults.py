"""How faults reach an admin: on standard error, a line each, and as an exit code."""

from collections.abc import Iterable
from typing import NoReturn

import typer

from bot.core.fault import Fault

FOUND = 1
"""The check found faults."""
UNUSABLE = 2
"""Wrong usage, or what was given cannot be used."""
LOGGED_OUT = 3
"""The homeserver has logged the bot out."""


def give_up(faults: Iterable[Fault] | str, code: int = UNUSABLE) -> NoReturn:
    """Say what is wrong and end with `code`."""
    lines = [f"auskunft: {faults}"] if isinstance(faults, str) else [str(fault) for fault in faults]
    typer.echo("\n".join(lines), err=True)
    raise typer.Exit(code)
