"""The linear head: what the phrasings say for each entry and against it. `learning` is how it comes to know.

It is one number a phrasing and entry, few of them not zero: so a score can be explained by phrasings.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Floats, Postings, Vector

BEST = 5
"""The entries that are told, and looked at closely."""


def best_of(scores: NDArray[np.floating[Any]]) -> NDArray[np.int_]:
    """The numbers of the best entries, best first; of several texts, a row for each."""
    few = min(BEST, scores.shape[-1])
    best = np.argpartition(-scores, few - 1)[..., :few]
    order = np.lexsort((best, -np.take_along_axis(scores, best, axis=-1)))
    return np.take_along_axis(best, order, axis=-1)


class Head:
    """What the phrasings say for each entry."""

    def __init__(
        self,
        postings: Postings,
        entries: int,
        speaking_for: NDArray[np.integer[Any]],
        phrasings: NDArray[np.integer[Any]],
        counts: NDArray[np.floating[Any]],
    ) -> None:
        """Each of `phrasings` counts so much (less than 0: against it) for the entry at its place in `speaking_for`."""
        self._postings = postings
        self._entries = entries
        self._speaking_for = speaking_for.astype(np.int32)
        self._phrasings = phrasings.astype(np.int32)
        self._counts = counts.astype(np.float32)
        self._bias = self._sums(self._counts)

    def scores(self, nearness: Floats) -> Floats:
        """The score of each entry: about 1 where it is meant, -1 where not. `nearness` is `near(vector)`."""
        return self.said(nearness) + self._bias

    def said(self, nearness: Floats) -> Floats:
        """What a vector, or a part of one, says for each entry: the parts of a vector make its score, with a bias."""
        return self._sums(self._counts * nearness[self._phrasings])

    def near(self, vector: Vector) -> Floats:
        """The cosine similarity of every phrasing with the vector."""
        return self._postings.near(vector)

    def _sums(self, counts: Floats) -> Floats:
        return np.bincount(self._speaking_for, counts, minlength=self._entries).astype(np.float32)
