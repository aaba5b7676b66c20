"""`auskunft check`: is the FAQ, and the configuration, in order?"""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.adapters.faq.knowledge import load
from bot.commands.faults import FOUND, give_up
from bot.config import load_config
from bot.core.fault import Fault
from bot.core.lint import lint
from bot.yamlfile import Refused


def check(
    knowledge: Annotated[
        Path | None,
        typer.Option("--knowledge", "-k", help="The FAQ's folder; without it, the FAQ that ships with the bot."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Check this configuration too, and the FAQ that it names.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as faults.")] = False,
) -> None:
    """Check the FAQ: every fault with file, line, entry and remedy, all at once.

    Exit codes: 0 in order; 1 faults were found; 2 the configuration cannot be used.
    """
    faults: tuple[Fault, ...]
    if config:
        try:
            knowledge = knowledge or load_config(config, os.environ).knowledge
        except Refused as refused:
            give_up(refused.faults)
    try:
        base = load(knowledge)
        files = len({base.place("entries", number).file for number in range(len(base.entries))})
        subject = f"{len(base.entries)} entries in {files} files"
        faults = lint(base)
    except Refused as refused:
        subject = "The FAQ cannot be used"
        faults = refused.faults
    for fault in faults:
        typer.echo(str(fault))
    errors = sum(fault.severity == "error" for fault in faults)
    typer.echo(f"{subject}: {errors} errors, {len(faults) - errors} warnings.")
    if errors or (strict and faults):
        raise typer.Exit(FOUND)
