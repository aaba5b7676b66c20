"""What came of examples, as tables and lines: what `evaluate` and `tune` print."""

from collections.abc import Iterable, Iterator

from rich.markup import escape
from rich.table import Table

from bot.core.comparison import Comparison
from bot.core.decision import name_of
from bot.core.evaluation import Confusion, Evaluation, Judged, Tally, Verdict

_VERDICTS: dict[Verdict, str] = {"right": "Right", "helped": "Offered", "wrong": "Wrong", "refused": "Refused"}
_SCOPES = {True: "an entry answers", False: "no entry answers"}


def rates(evaluation: Evaluation) -> Table:
    """The shares of all examples, of those with an answer and without, by language and by kind."""
    table = _table("What came of the examples", "", "Examples")
    _add(table, {"all": evaluation.tally})
    _add(table, {_SCOPES[scope]: tally for scope, tally in sorted(evaluation.by_scope.items(), reverse=True)})
    _add(table, dict(sorted(evaluation.by_language.items())))
    _add(table, dict(sorted(evaluation.by_kind.items())))
    return table


def curve(points: Iterable[tuple[float, Tally]], in_force: float) -> Table:
    """The shares for each threshold of an answer."""
    table = _table("What would come of them, by the threshold of an answer", "answer")
    for answer, tally in points:
        table.add_row(f"{answer:.2f}", *_cells(tally), style="bold" if answer == in_force else "")
    return table


def confusions(found: Iterable[Confusion]) -> Table:
    """What was answered instead of what."""
    table = Table("Expected", "Given", "Times", "Messages", title="Answered wrong")
    for each in found:
        table.add_row(
            escape(each.expected or "no entry"), escape(each.given), str(len(each.texts)), escape("\n".join(each.texts))
        )
    return table


def failures(judged: Iterable[Judged]) -> Iterator[str]:
    """A line for each example that was answered wrong or refused."""
    for each in judged:
        expected = ", ".join(each.example.expect) or "no entry"
        yield f'{each.place}: {each.verdict}: "{each.text}" expects {expected}, got {_got(each)}'


def changes(comparison: Comparison) -> Iterator[str]:
    """What is otherwise than in the baseline."""
    shares = (f"{100 * before:.1f} % -> {100 * now:.1f} %" for before, now in (comparison.right, comparison.helped))
    yield f"Of {comparison.compared} examples that are in the baseline too: right {', right or offered '.join(shares)}."
    yield "(Where no entry answers, an offer counts as right.)"
    for was, each in comparison.changes:
        yield f'{each.place}: {was} -> {each.verdict}: "{each.text}", got {_got(each)}'
    yield "Worse than the baseline." if comparison.is_worse else "Not worse than the baseline."


def costs(tallies: dict[str, tuple[Tally, float, float]]) -> Table:
    """The shares and the costs of settings, by their names."""
    table = _table("What came of the examples", "Thresholds")
    table.add_column("Cost", justify="right")
    for name, (tally, cost, error) in tallies.items():
        table.add_row(name, *_cells(tally), f"{cost:.3f} ± {error:.3f}")
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(*headings, title=title)
    for verdict in _VERDICTS.values():
        table.add_column(verdict, justify="right")
    return table


def _add(table: Table, tallies: dict[str, Tally]) -> None:
    for name, tally in tallies.items():
        table.add_row(escape(name), str(tally.count), *_cells(tally))
    table.add_section()


def _cells(tally: Tally) -> Iterator[str]:
    for verdict in _VERDICTS:
        yield f"{100 * tally.rate(verdict):.1f} % ({getattr(tally, verdict)})"


def _got(judged: Judged) -> str:
    entries = judged.given or judged.offered
    return f"{name_of(judged.decision)}{': ' if entries else ''}{', '.join(entries)}"
