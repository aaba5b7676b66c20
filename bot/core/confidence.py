"""From scores to probabilities: how often a match with such a score, in such a question, is right.

A logistic regression on the score, on the share of the question that the FAQ's words explain and on the share that the
entry's own words explain, each by its root (after Platt, Probabilistic outputs for support vector machines, 1999), by
Newton's method.
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

_LEAST = (-np.inf, 0.1, 0.0, 0.0)
"""What a higher score and more that is explained count at least: else more evidence would make less sure."""
_SHORTEST_STEP = 1e-4

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
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.shares for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.weights for part in parts]),
        )


class Calibration:
    """Turns a score and an explained share into the probability of being right."""

    def __init__(self, seen: Observations) -> None:
        inputs = _inputs(seen.scores, seen.shares)
        start = np.array(_USUAL)
        floor = np.array(_LEAST)

        def loss(at: Values) -> float:
            fit = seen.weights @ np.logaddexp(0.0, np.where(seen.right, -1.0, 1.0) * (inputs @ at))
            return float(fit + _PRIOR / 2 * ((at - start) ** 2).sum())

        now = start
        for _ in range(_ROUNDS):
            expected = _logistic(inputs @ now)
            gradient = inputs.T @ (seen.weights * (expected - seen.right)) + _PRIOR * (now - start)
            spread = seen.weights * expected * (1 - expected)
            curvature = (inputs * spread[:, None]).T @ inputs + _PRIOR * np.eye(len(start))
            free = (now > floor) | (gradient < 0)
            step = np.zeros(len(start))
            step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
            length = 1.0
            while loss(np.maximum(now - length * step, floor)) > loss(now) and length > _SHORTEST_STEP:
                length /= 2
            now = np.maximum(now - length * step, floor)
        self._coefficients = now

    def probability(self, scores: Values, shares: Values) -> Values:
        """The probability of being right of each match: it rises with the score, and never falls with the shares."""
        return _logistic(_inputs(scores, shares) @ self._coefficients)


def _inputs(scores: Values, shares: Values) -> Values:
    return np.column_stack([np.ones(len(scores)), scores, np.sqrt(shares)])


def _logistic(values: Values) -> Values:
    result: Values = 1.0 / (1.0 + np.exp(-np.clip(values, -30.0, 30.0)))
    return result
