"""What changed between two evaluations, and whether it became worse.

Only the examples in both are compared, by their text: a new one that fails makes nothing worse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.core.evaluation import Evaluation, Judged, Verdict

TOLERANCE = 0.01
"""So far a share may fall: a few answers become offers and back whenever the confidence is learned anew."""


class Change(NamedTuple):
    """An example that is judged otherwise than before."""

    before: Verdict
    now: Judged


@dataclass(frozen=True)
class Comparison:
    """An evaluation beside an earlier one."""

    compared: int
    """How many examples are in both."""
    changes: tuple[Change, ...]
    """What became wrong comes first."""
    right: tuple[float, float]
    """The share judged right, before and now; an offer counts as right where no entry is expected."""
    helped: tuple[float, float]
    """The share judged right or helped, before and now."""

    @property
    def newly_wrong(self) -> tuple[Judged, ...]:
        """The examples that are wrong and were not."""
        return tuple(change.now for change in self.changes if change.now.verdict == "wrong")

    @property
    def is_worse(self) -> bool:
        """Whether an example became wrong, or a share fell by more than `TOLERANCE`."""
        return bool(self.newly_wrong) or any(now < before - TOLERANCE for before, now in (self.right, self.helped))


def compare(before: Mapping[str, Verdict], now: Evaluation) -> Comparison:
    """`now` beside what its examples were judged `before`, by their texts."""
    both = [(before[each.text], each) for each in now.judged if each.text in before]
    changes = [Change(was, each) for was, each in both if was != each.verdict]
    return Comparison(
        len(both),
        tuple(sorted(changes, key=lambda change: change.now.verdict != "wrong")),
        (_share(_is_right(was, each) for was, each in both), _share(_is_right(each.verdict, each) for _, each in both)),
        (_share(_is_help(was) for was, _ in both), _share(_is_help(each.verdict) for _, each in both)),
    )


def _is_right(verdict: Verdict, judged: Judged) -> bool:
    return verdict == "right" or (verdict == "helped" and not judged.example.expect)


def _is_help(verdict: Verdict) -> bool:
    return verdict in ("right", "helped")


def _share(of: Iterable[bool]) -> float:
    told: Sequence[bool] = list(of)
    return sum(told) / len(told) if told else 0.0
