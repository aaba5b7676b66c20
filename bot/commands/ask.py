"""`auskunft ask`: what staff would see, in the terminal."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import assembly
from bot.commands.faults import give_up
from bot.config import Config
from bot.core.desk import Desk
from bot.core.model import (
    Answer,
    Clarify,
    Command,
    Fallback,
    Language,
    Message,
    Smalltalk,
    Turn,
)
from bot.core.render import plain
from bot.helpdesk import Helpdesk
from bot.yamlfile import Refused

_CANDIDATES = 5
_CONTACT = str(Config.model_fields["contact"].default)
_NAMES: dict[type, str] = {
    Answer: "answer",
    Clarify: "clarify",
    Fallback: "fallback",
    Smalltalk: "smalltalk",
    Command: "command",
}


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
        bool, typer.Option("--session", help="The lines are one conversation: a number chooses an option.")
    ] = False,
    knowledge: Annotated[
        Path | None,
        typer.Option("--knowledge", "-k", help="The FAQ's folder; without it, the one that ships with the bot."),
    ] = None,
) -> None:
    """Ask the FAQ and see what staff would see, without a homeserver.

    On a terminal without a QUESTION, a conversation begins; an empty line or Ctrl-D ends it.
    Exit codes: 0 done; 2 wrong usage, or a FAQ that cannot be used.
    """
    if lang not in (None, "de", "en"):
        give_up(f"--lang is de or en, not {lang}")
    try:
        helpdesk, desk = assembly.rehearsal(knowledge, _CONTACT)
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
            message = Message(f"${number}", room, "@you", text, datetime.now(UTC), language=lang)
            turn = runner.run(helpdesk.handle(message))
            if turn is None:
                give_up("the question could not be considered")
            typer.echo(json.dumps(as_object(turn), ensure_ascii=False) if as_json else _shown(turn))
            if explain:
                _explain(turn, desk)
            if not as_json:
                typer.echo()


def _shown(turn: Turn) -> str:
    return plain(turn.reply.markdown) if turn.reply else ""


def as_object(turn: Turn) -> dict[str, Any]:
    """The turn as the command line's contract has it (README, "Ask")."""
    decision = turn.decision
    entries = list(decision.entries) if isinstance(decision, Answer) else []
    confidences = {match.entry: match.confidence for match in turn.matches}
    best = turn.matches[0].confidence if turn.matches else 0.0
    language: Language = turn.language
    return {
        "question": turn.message.text,
        "lang": language,
        "decision": _NAMES.get(type(decision), "fallback"),
        "entry": entries[0] if entries else None,
        "entries": entries,
        "confidence": round(confidences.get(entries[0], 1.0) if entries else best, 4),
        "candidates": [
            {"entry": match.entry, "confidence": round(match.confidence, 4)} for match in turn.matches[:_CANDIDATES]
        ],
        "options": list(decision.options) if isinstance(decision, Clarify) else [],
        "text": _shown(turn),
    }


def _explain(turn: Turn, desk: Desk) -> None:
    console = Console(stderr=True)
    limits = desk.thresholds
    table = Table(
        title=f"Decision: {_NAMES.get(type(turn.decision), 'fallback')}",
        caption=f"Answered from {limits.answer:.2f}, {limits.ambiguity:.2f} ahead; offered from {limits.clarify:.2f}.",
    )
    for heading in ("Entry", "Confidence", "Nearest phrasing", "Words that speak for it"):
        table.add_column(heading)
    for match in turn.matches[:_CANDIDATES]:
        words = ", ".join(
            word.typed if word.typed in word.read_as else f"{word.typed} ({word.reading}: {' '.join(word.read_as)})"
            for word in match.words
        )
        table.add_row(match.entry, f"{match.confidence:.2f}", match.phrasing, words)
    console.print(table)
