"""`auskunft ask`: what staff would see, in the terminal."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import assembly
from bot.commands.explanation import explain_turn
from bot.commands.faults import give_up
from bot.commands.options import KnowledgeFolder
from bot.config import load_config
from bot.core.decision import Answer, Clarify, name_of
from bot.core.desk import Desk
from bot.core.model import Language, Message
from bot.core.render import plain
from bot.core.turn import Turn
from bot.helpdesk import Helpdesk
from bot.yamlfile import Refused


def ask(
    question: Annotated[
        str | None, typer.Argument(help="The question; without it, one a line from standard input.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Answer in de or en, whatever the question's language.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a question.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why: the best entries and how words were read.")
    ] = False,
    session: Annotated[
        bool, typer.Option("--session", help="The lines are one conversation: follow-ups, 2, ja.")
    ] = False,
    knowledge: KnowledgeFolder = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Answer with this configuration's FAQ, contact and thresholds."),
    ] = None,
) -> None:
    """Ask the FAQ and see what staff would see, without a homeserver.

    On a terminal without a QUESTION, a conversation begins; an empty line or Ctrl-D ends it.
    Exit codes: 0 done; 2 wrong usage, or a FAQ or configuration that cannot be used.
    """
    if lang not in (None, "de", "en"):
        give_up(f"--lang is de or en, not {lang}")
    try:
        helpdesk, desk = assembly.rehearsal(knowledge, load_config(config, os.environ) if config else None)
    except Refused as refused:
        give_up(refused.faults)
    interactive = question is None and sys.stdin.isatty()
    lines = iter([question]) if question is not None else _lines(interactive)
    _answer_all(helpdesk, desk, lines, lang, as_json, explain, session or interactive)


def _lines(interactive: bool) -> Iterator[str]:
    if interactive:
        typer.echo("Ask away; an empty line or Ctrl-D ends.")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    while True:
        if interactive:
            typer.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line or (interactive and not line.strip()):
            return
        yield line.rstrip("\n")


def _answer_all(
    helpdesk: Helpdesk, desk: Desk, lines: Iterator[str], lang: Any, as_json: bool, explain: bool, session: bool
) -> None:
    with asyncio.Runner() as runner:
        for number, line in enumerate(lines):
            text = line.encode(errors="replace").decode()
            room = "!session" if session else f"!{number}"
            message = Message(f"${number}", room, "@you:example.org", text, datetime.now(UTC), language=lang)
            turn = runner.run(helpdesk.handle(message))
            if turn is None:
                give_up("the question could not be considered")
            typer.echo(json.dumps(as_object(turn), ensure_ascii=False) if as_json else _shown(turn))
            if explain:
                explain_turn(turn, desk)
            if not as_json:
                typer.echo()


def _shown(turn: Turn) -> str:
    return plain(turn.reply.markdown) if turn.reply else ""


def as_object(turn: Turn) -> dict[str, Any]:
    """The turn as the command line's contract has it (README, "Ask")."""
    decision = turn.decision
    entries = list(decision.entries) if isinstance(decision, Answer) else []
    confidences = {match.entry: match.confidence for match in turn.ranking.matches}
    best = turn.ranking.matches[0].confidence if turn.ranking.matches else 0.0
    language: Language = turn.language
    return {
        "question": turn.message.text,
        "lang": language,
        "decision": name_of(decision),
        "entry": entries[0] if entries else None,
        "entries": entries,
        "confidence": round(confidences.get(entries[0], 1.0) if entries else best, 4),
        "candidates": [
            {"entry": match.entry, "confidence": round(match.confidence, 4)} for match in turn.ranking.matches
        ],
        "options": list(decision.options) if isinstance(decision, Clarify) else [],
        "text": _shown(turn),
    }
