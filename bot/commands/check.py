"""`auskunft check`: is the FAQ, and the configuration, in order?"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bot.adapters.faq.inspection import inspect
from bot.adapters.faq.knowledge import shipped
from bot.adapters.links import ask_all, usual_cache
from bot.commands import report as reports
from bot.commands.faults import FOUND, give_up
from bot.commands.options import KnowledgeFolder
from bot.commands.settings import settings_faults
from bot.config import Config, load_config
from bot.core.fault import Fault
from bot.core.lint.links import addresses, link_faults
from bot.core.situation import Thresholds
from bot.yamlfile import Refused


class Annotations(StrEnum):
    """Who shows the faults beside the lines of a change."""

    GITHUB = "github"
    GITLAB = "gitlab"


def check(
    knowledge: KnowledgeFolder = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Check this configuration too, and the FAQ that it names.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    links: Annotated[
        bool, typer.Option("--links", help="Ask every link of the FAQ whether it leads anywhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    annotations: Annotated[
        Annotations | None, typer.Option("--annotations", help="Print what GitHub or GitLab shows beside the lines.")
    ] = None,
) -> None:
    """Check the FAQ: every fault with file, line, entry and remedy, all at once.

    Exit codes: 0 no errors; 1 errors were found; 2 wrong usage, or the configuration or the folder cannot be used.
    """
    if as_json and annotations:
        give_up("either --json or --annotations, not both")
    settings, found = _settings(config)
    folder = knowledge or (settings and settings.knowledge) or shipped()
    report = _examined(folder, settings.matching if settings else Thresholds(), found, links)
    if as_json:
        typer.echo(reports.as_json(report))
    elif annotations:
        gitlab = annotations is Annotations.GITLAB
        typer.echo(reports.for_gitlab(report) if gitlab else "\n".join(reports.for_github(report)))
    elif sys.stdout.isatty():
        reports.show(report, Console())
    else:
        typer.echo("\n".join(reports.lines(report)))
    if report.errors or (strict and report.faults):
        raise typer.Exit(FOUND)


def _settings(path: Path | None) -> tuple[Config | None, tuple[Fault, ...]]:
    """The configuration, and what is suspicious in it."""
    if path is None:
        return None, ()
    try:
        config = load_config(path, os.environ)
        return config, settings_faults(path, config, os.environ)
    except Refused as refused:
        give_up(refused.faults)


def _examined(folder: Path, thresholds: Thresholds, found: tuple[Fault, ...], links: bool) -> reports.Report:
    """What is wrong with the FAQ in `folder`, along with what was `found` before."""
    try:
        with _progress() as progress:
            base, told, is_whole = inspect(folder, thresholds, progress)
    except Refused as refused:
        give_up((*found, *refused.faults))
    dead = link_faults(base, asyncio.run(ask_all(addresses(base), usual_cache()))) if links else ()
    files = len({base.place("entries", number).file for number in range(len(base.entries))})
    return reports.Report(len(base.entries), files, (*found, *sorted((*told, *dead))), str(folder), is_whole)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's standard error: a large FAQ takes a minute."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reading and trying every phrasing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
