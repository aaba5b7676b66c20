"""`auskunft evaluate`: how well the FAQ answers messages of which it is known what would be right."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot import assembly
from bot.adapters.faq.examples import read_verdicts
from bot.commands import figures
from bot.commands.faults import FOUND, give_up
from bot.commands.options import ExamplesFile, KnowledgeFolder
from bot.config import load_config
from bot.core.comparison import Comparison, compare
from bot.core.decision import name_of
from bot.core.evaluation import Evaluation, Judged, Tally, Trial
from bot.yamlfile import Refused

Curve = tuple[tuple[float, Tally], ...]


def evaluate(
    file: ExamplesFile = None,
    knowledge: KnowledgeFolder = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Evaluate with this configuration's FAQ and thresholds.")
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Show, too, what would come of other thresholds of an answer.")
    ] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="Compare with this earlier evaluation (--save or --json).")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Write what --baseline needs of this evaluation into a file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Put examples to the FAQ, each as a new conversation, and tell what came of them.

    An example has a `text` and, in `expect`, the ids of the entries that would be right: an empty list where none is.
    `language` and `kind` tell figures apart. From the examples of the FAQ itself the bot has learned how sure it may
    be: what it does with messages that it has not seen, only a FILE of such tells.

    With --baseline, the evaluation is worse if an example became wrong, or if the share of right answers, or of these
    and offers together, fell by more than one percentage point. Only examples in both are compared, by their text.

    Exit codes: 0 done; 1 worse than the baseline; 2 wrong usage, or a file that cannot be used.
    """
    try:
        before = read_verdicts(baseline) if baseline else None
        trial = assembly.trial(knowledge, load_config(config, os.environ) if config else None, file)
    except Refused as refused:
        give_up(refused.faults)
    if not trial.examples:
        give_up("the FAQ has no examples: write some under `examples:`, or name a file that holds some")
    evaluation = trial.under()
    points = trial.curve() if curve else ()
    comparison = compare(before, evaluation) if before is not None else None
    if save:
        _save(evaluation, save)
    if as_json:
        typer.echo(json.dumps(_as_object(evaluation, points, comparison), ensure_ascii=False))
    else:
        _print(trial, evaluation, points, comparison)
    if comparison and comparison.is_worse:
        raise typer.Exit(FOUND)


def _print(trial: Trial, evaluation: Evaluation, points: Curve, comparison: Comparison | None) -> None:
    console = Console()
    console.print(figures.rates(evaluation))
    if points:
        console.print(figures.curve(points, trial.thresholds.answer))
    if evaluation.confusions:
        console.print(figures.confusions(evaluation.confusions))
    for line in (*figures.failures(evaluation.failures), *(figures.changes(comparison) if comparison else ())):
        typer.echo(line)


def _save(evaluation: Evaluation, path: Path) -> None:
    """Write the verdicts, an example a line, so that a change of one is a change of one line."""
    verdicts = {each.text: each.verdict for each in evaluation.judged}
    lines = (json.dumps({"text": text, "verdict": was}, ensure_ascii=False) for text, was in verdicts.items())
    try:
        path.write_text('{"examples": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    except OSError as error:
        give_up(f"{path} cannot be written: {error.strerror}")


def _as_object(evaluation: Evaluation, points: Curve, comparison: Comparison | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "all": asdict(evaluation.tally),
        "answered_by_an_entry": asdict(evaluation.by_scope.get(True, Tally())),
        "answered_by_none": asdict(evaluation.by_scope.get(False, Tally())),
        "languages": {language: asdict(tally) for language, tally in evaluation.by_language.items()},
        "kinds": {kind: asdict(tally) for kind, tally in evaluation.by_kind.items()},
        "confusions": [each._asdict() for each in evaluation.confusions],
        "examples": [_example(each) for each in evaluation.judged],
    }
    if points:
        told["curve"] = [{"answer": answer, **asdict(tally)} for answer, tally in points]
    if comparison:
        told["baseline"] = {
            "is_worse": comparison.is_worse,
            "compared": comparison.compared,
            "right": comparison.right,
            "right_or_helped": comparison.helped,
            "changes": [{"before": was, **_example(each)} for was, each in comparison.changes],
        }
    return told


def _example(judged: Judged) -> dict[str, Any]:
    return {
        "text": judged.text,
        "language": judged.language,
        "kind": judged.example.kind,
        "expect": judged.example.expect,
        "verdict": judged.verdict,
        "decision": name_of(judged.decision),
        "given": judged.given,
        "offered": judged.offered,
        "file": judged.place.file,
        "line": judged.place.line,
    }
