"""From scores to probabilities: how often a match with such a score, in such a question, is right.

A logistic regression on the score, on the share of the question that the FAQ's words explain and on the share that the
entry's own words explain (after Platt, Probabilistic outputs for support vector machines, 1999), by Newton's method.
What it is fitted to is the FAQ itself: phrasings that were left out, alone (a question that has an answer) or with
their whole entry (one that has none), and the FAQ's example messages, which count more, as they are what people type.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 25
_PRIOR = 3.0
"""How strongly the regression is kept near to what is usual, in observations."""

_USUAL = (-1.0, 3.0, 0.5, 2.0)
"""What is learned from FAQs with some hundred phrasings, more or less: where the regression starts from."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """Matches of which it is known whether they were right."""

    scores: Values
    shares: Values
    """Of each question, the share that the FAQ's words explain, and the share that the entry's do."""
    right: NDArray[np.bool_]
    weights: Values

    @staticmethod
    def joined(parts: "list[Observations]") -> "Observations":
        """All of them together."""
        if not parts:
            return Observations(np.zeros(0), np.zeros((0, 2)), np.zeros(0, dtype=bool), np.zeros(0))
        return Observations(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in Observations.__annotations__)
        )


class Calibration:
    """Turns a score and an explained share into the probability of being right."""

    def __init__(self, seen: Observations) -> None:
        inputs = _inputs(seen.scores, seen.shares)
        start = np.array(_USUAL)
        coefficients = start
        for _ in range(_ROUNDS if len(seen.weights) else 0):
            expected = _logistic(inputs @ coefficients)
            gradient = inputs.T @ (seen.weights * (seen.right - expected)) - _PRIOR * (coefficients - start)
            spread = seen.weights * expected * (1 - expected)
            curvature = (inputs * spread[:, None]).T @ inputs + _PRIOR * np.eye(len(start))
            coefficients = coefficients + np.linalg.solve(curvature, gradient)
        self._coefficients = np.maximum(coefficients, [-np.inf, 0.1, 0.0, 0.0])

    def probability(self, scores: Values, shares: Values) -> Values:
        """The probability of being right of each match: it rises with the score and with what is explained."""
        return _logistic(_inputs(scores, shares) @ self._coefficients)


def _inputs(scores: Values, shares: Values) -> Values:
    return np.column_stack([np.ones(len(scores)), scores, np.sqrt(shares)])


def _logistic(values: Values) -> Values:
    result: Values = 1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0)))
    return result
