"""`auskunft ask --explain`: why a turn went as it did, as tables on standard error."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.core.conversation import Conversation
from bot.core.decision import name_of
from bot.core.desk import Desk
from bot.core.model import Explanation, Ranking
from bot.core.turn import Turn


def explain_turn(turn: Turn, desk: Desk) -> None:
    """Show what was remembered, how each word was read, what was considered, and by which rule the decision fell."""
    console = Console(stderr=True)
    explanation = desk.explain(turn.outlook.text)
    tables = [_words(explanation), _entries(turn, desk, explanation)]
    if not turn.before.is_new:
        tables.insert(0, _state(turn.before))
    if turn.outlook.in_light or turn.outlook.parts:
        tables.insert(-1, _other_ways(turn))
    console.print(*tables)
    console.print(f"Why: the message {turn.ruling.rule}.", highlight=False, markup=False)
    if explanation.not_covered is not None:
        subject = desk.not_covered(explanation.not_covered)
        console.print(
            f"The FAQ says that it does not cover this (not_covered): {subject}", highlight=False, markup=False
        )


def _state(before: Conversation) -> Table:
    table = Table(title="What was remembered", show_header=False)
    for name, value in _remembered(before):
        table.add_row(name, escape(value))
    return table


def _remembered(before: Conversation) -> Iterator[tuple[str, str]]:
    yield "language", f"{before.language}{', asked for' if before.language_chosen else ''}"
    yield "last answer", ", ".join(before.entries) or "none"
    if before.options:
        yield "options on offer", ", ".join(before.options)
    yield "failures in a row", str(before.failures)
    if before.offers_human:
        yield "offered", "to pass the question on"
    if before.draft:
        yield "draft", f"waits for the {before.draft.stage if before.draft.stage != 'preview' else 'yes or no'}"
    if before.handed_over:
        yield (
            "handed over",
            f"{', '.join(before.handed_over.entries) or 'a question'}, until {before.handed_over.until:%H:%M} UTC",
        )


def _words(explanation: Explanation) -> Table:
    table = Table(title="How the words were read")
    for heading in ("Word", "How", "Read as"):
        table.add_column(heading)
    for word in explanation.words:
        senses = (f"{s.word} ({s.certainty:.2f})" if s.certainty < 1 else s.word for s in word.senses)
        how = f"{word.reading}, turned down" if word.turned_down else word.reading
        table.add_row(escape(word.typed), how, (" or " if word.is_alternatives else " + ").join(senses))
    if not any(word.senses for word in explanation.words):
        table.caption = "No word of the question is in the FAQ."
    return table


def _other_ways(turn: Turn) -> Table:
    table = Table(title="What else was considered")
    table.add_column("The message")
    table.add_column("Entries")
    if turn.outlook.in_light:
        table.add_row("in the light of the last answer", _told(turn.outlook.in_light))
    for number, part in enumerate(turn.outlook.parts, 1):
        table.add_row(f"its question {number}", _told(part))
    return table


def _told(ranking: Ranking) -> str:
    return escape(", ".join(f"{match.entry} {match.confidence:.2f}" for match in ranking.matches[:3]))


def _entries(turn: Turn, desk: Desk, explanation: Explanation) -> Table:
    limits = desk.thresholds
    table = Table(
        title=f"Decision: {name_of(turn.decision)}",
        caption=f"Answered from {limits.answer:.2f} on, {limits.ambiguity:.2f} ahead of the next; "
        f"offered from {limits.clarify:.2f}, named from {limits.near:.2f} on.",
    )
    for heading in ("Entry", "Confidence", "Nearest phrasings", "Words that speak for it"):
        table.add_column(heading)
    for each in explanation.evidence:
        table.add_row(
            escape(each.match.entry),
            f"{each.match.confidence:.2f}",
            escape("\n".join(each.phrasings)),
            escape(", ".join(each.words)),
        )
    return table
