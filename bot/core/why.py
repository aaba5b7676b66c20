"""Why a message is answered as it is, as Markdown for a chat: in English, as all that the tools explain."""

from collections.abc import Iterator

from bot.core.decision import name_of
from bot.core.model import Evidence, Explanation, Reply, Word
from bot.core.situation import Thresholds
from bot.core.turn import Turn
from bot.core.voice import escaped

_SHOWN = 3


def why(turn: Turn, explanation: Explanation, thresholds: Thresholds, not_covered: str | None) -> Reply:
    """What fell on a message, by which rule, how its words were read, and what carried the best entries.

    `not_covered`: the subject that it is about and that the FAQ says it does not cover.
    """
    decided = f"**{name_of(turn.decision)}**"
    if turn.entries:
        decided += f" with {', '.join(f'`{entry}`' for entry in turn.entries)}"
    parts = [f"{decided}, as the message {escaped(turn.ruling.rule)}."]
    if not_covered is not None:
        parts.append(f"The FAQ says that it does not cover this: {escaped(not_covered)}.")
    parts += [f"Read as: {', '.join(map(_word, explanation.words)) or 'nothing'}."]
    parts += ["\n".join(_table(explanation.evidence[:_SHOWN]))]
    parts += [f"Answered from {thresholds.answer:.0%} on, {thresholds.ambiguity:.0%} ahead of the next entry."]
    return Reply(turn.language, "\n\n".join(parts))


def _word(word: Word) -> str:
    meant = (" or " if word.is_alternatives else " + ").join(word.read_as)
    if not meant:
        return f"{escaped(word.typed)} (unknown)"
    known = meant == word.typed and not word.turned_down
    how = f" ({word.reading}{', turned down' if word.turned_down else ''})"
    return escaped(word.typed) if known else f"{escaped(word.typed)} = {escaped(meant)}{how}"


def _table(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    if not evidence:
        return
    yield "| Entry | Confidence | Nearest phrasing |"
    yield "|---|---|---|"
    for each in evidence:
        nearest = escaped(each.phrasings[0]) if each.phrasings else ""
        yield f"| `{each.match.entry}` | {each.match.confidence:.0%} | {nearest} |"
