"""`auskunft tune`: thresholds that suit the FAQ, from its examples."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import assembly
from bot.commands import figures
from bot.commands.faults import give_up
from bot.commands.options import ExamplesFile, KnowledgeFolder
from bot.config import load_config
from bot.core.evaluation import Trial
from bot.core.situation import Thresholds
from bot.core.tuning import Costs, Tuning, missing
from bot.core.tuning import tune as tuned
from bot.yamlfile import Refused


def tune(
    file: ExamplesFile = None,
    knowledge: KnowledgeFolder = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration whose FAQ and thresholds are in force.")
    ] = None,
    wrong_costs: Annotated[
        float, typer.Option("--wrong-costs", min=0, help="What a wrong answer costs, in refusals.")
    ] = Costs().wrong,
) -> None:
    """Propose thresholds (`matching:` in the configuration) from examples; nothing is changed.

    A refusal costs 1, a wrong answer --wrong-costs, an offer 0.5. What differs from the best by at most one standard
    error counts as good as the best, for so few examples cannot tell them apart: the standard deviation of what single
    examples cost, by the root of their number, the larger one of both (after the one-standard-error rule of Breiman et
    al., 1984). Of these the thresholds nearest to those in force are proposed; if those in force are among them, none.

    Exit codes: 0 done; 2 wrong usage, too few examples, or a file that cannot be used.
    """
    try:
        trial = assembly.trial(knowledge, load_config(config, os.environ) if config else None, file)
    except Refused as refused:
        give_up(refused.faults)
    _need_enough(trial)
    typer.echo(f"Trying thresholds on {len(trial.examples)} examples ...", err=True)
    _print(tuned(trial, Costs(wrong=wrong_costs)))


def _need_enough(trial: Trial) -> None:
    """End kindly where the examples are too few."""
    sorts = ("that an entry answers", "that none answers (`expect: []`)")
    parts = [f"{number} more {sort}" for number, sort in zip(missing(trial), sorts, strict=True) if number]
    if parts:
        give_up(f"{len(trial.examples)} examples tell too little to choose thresholds by: add {' and '.join(parts)}")


def _print(tuning: Tuning) -> None:
    settings = {"in force": tuning.in_force, "proposed": tuning.proposed, "best": tuning.best}
    if tuning.changes_nothing:
        del settings["proposed"]
    table = figures.costs(
        {f"{name}: {_told(each.thresholds)}": (each.tally, each.cost, each.error) for name, each in settings.items()}
    )
    table.caption = "Cost: of an example on average, in refusals, and its standard error."
    Console().print(table)
    if tuning.changes_nothing:
        typer.echo("What is in force is as good as the best, as far as these examples can tell: keep it.")
        return
    typer.echo("What is proposed, for the configuration:\n\nmatching:")
    for name, value in tuning.proposed.thresholds.model_dump().items():
        typer.echo(f"  {name}: {value:g}")


def _told(thresholds: Thresholds) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in thresholds.model_dump().items())
