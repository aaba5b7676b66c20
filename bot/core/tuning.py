"""Which thresholds suit a FAQ, by what its examples cost under each of them.

So few examples tell little: what differs from the best by no more than chance is as good as it, and of that the nearest
to what is in force is taken. By chance the costs differ by one standard error, as in the rule of Breiman, Friedman,
Olshen and Stone (Classification and Regression Trees, 1984, section 3.4.3); here by the larger one of the two, for the
best of many may owe it to chance that it shows no wrong answer, and then its own error is too small.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import dist, sqrt
from statistics import fmean, stdev

from bot.core.evaluation import Evaluation, Tally, Trial
from bot.core.situation import Thresholds

_FEWEST = 15
"""The examples that are needed of each sort: such as an entry answers, and such as none does."""
_ROUNDING = 1e-9
_ANSWER = tuple(round(0.05 * step, 2) for step in range(8, 20))
_CLARIFY = (0.1, 0.15, 0.2, 0.3)
_NEAR = (0.03, 0.06, 0.1)
_AMBIGUITY = (0.0, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Costs:
    """What it costs the asker, in refusals."""

    wrong: float = 5.0
    refused: float = 1.0
    helped: float = 0.5
    """Also where no entry answers: the choice is read in vain."""
    right: float = 0.0

    def of(self, evaluation: Evaluation) -> list[float]:
        """What each example costs."""
        return [getattr(self, each.verdict) for each in evaluation.judged]


@dataclass(frozen=True)
class Setting:
    """Thresholds and what they cost."""

    thresholds: Thresholds
    cost: float
    """Of an example, on average, in refusals."""
    error: float
    """The cost's standard error: the standard deviation of what single examples cost, by the root of their number."""
    tally: Tally

    def is_as_good_as(self, best: "Setting") -> bool:
        """Whether it costs no more than `best`, but for chance."""
        return self.cost - best.cost <= max(self.error, best.error) + _ROUNDING


@dataclass(frozen=True)
class Tuning:
    """What tuning has found."""

    in_force: Setting
    best: Setting
    proposed: Setting
    """Of what is as good as the best, the nearest to what is in force."""

    @property
    def changes_nothing(self) -> bool:
        """Whether what is in force is as good as the best, as far as the examples can tell."""
        return self.proposed == self.in_force


def missing(trial: Trial) -> tuple[int, int]:
    """How many examples are missing for tuning: such as an entry answers, and such as none does."""
    answered = sum(bool(each.expect) for each in trial.examples)
    return max(0, _FEWEST - answered), max(0, _FEWEST - (len(trial.examples) - answered))


def tune(trial: Trial, costs: Costs = Costs()) -> Tuning:
    """The thresholds to propose. Whether there are enough examples, `missing` tells; it takes two at least."""
    in_force = _setting(trial, trial.thresholds, costs)
    settings = [in_force, *(_setting(trial, each, costs) for each in _grid())]
    best = min(settings, key=lambda each: each.cost)
    as_good = [each for each in settings if each.is_as_good_as(best)]
    proposed = min(as_good, key=lambda each: (_distance(each.thresholds, in_force.thresholds), each.cost))
    return Tuning(in_force, best, proposed)


def _grid() -> Iterator[Thresholds]:
    for answer, clarify, near, ambiguity in product(_ANSWER, _CLARIFY, _NEAR, _AMBIGUITY):
        if near <= clarify <= answer:
            yield Thresholds(answer=answer, clarify=clarify, near=near, ambiguity=ambiguity)


def _setting(trial: Trial, thresholds: Thresholds, costs: Costs) -> Setting:
    evaluation = trial.under(thresholds)
    single = costs.of(evaluation)
    return Setting(thresholds, fmean(single), stdev(single) / sqrt(len(single)), evaluation.tally)


def _distance(one: Thresholds, other: Thresholds) -> float:
    return dist(one.model_dump().values(), other.model_dump().values())
