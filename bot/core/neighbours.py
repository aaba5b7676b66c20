"""Which phrasings an entry is learned from: its own, the nearest of others, and a sample of the rest.

Of some thousand phrasings each is compared with each, once. Of more, only parts are ever held in memory, with SciPy's
sparse matrices: it is imported only then, as that takes as long as to learn a FAQ of usual size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.core.features import Floats, Postings

_RIVALS = 200
"""How many of the nearest phrasings of others an entry is separated from ..."""
_ALL_RIVALS = 250_000
"""... and how many all entries together, at most: fewer each where there are very many."""
_BLOCK = 16
"""The entries whose rivals are looked for at once."""
_MANY = 4_000
"""Up to this many phrasings, each is compared with each."""
_COMMON = 0.01
"""Features of more than this share of many phrasings do not help to find rivals, and cost the most."""
_DENSE = 0.03
"""Features of more than this share of few phrasings are compared by dense algebra: below it, pair by pair is faster."""

Numbers = NDArray[np.integer[Any]]
Reals = NDArray[np.floating[Any]]


class Comparison(Protocol):
    """How similar phrasings are: the cosines of their vectors."""

    rivals: int
    """How many phrasings an entry is to be separated from."""

    def rows(self, phrasings: Numbers) -> Floats:
        """Of each of these with every one."""
        ...

    def roughly(self, phrasings: Numbers) -> Floats:
        """The same, to find the nearest."""
        ...

    def among(self, phrasings: Numbers) -> Floats:
        """Of each of these with each."""
        ...


@dataclass(frozen=True)
class Neighbourhood:
    """The phrasings that an entry is learned from."""

    phrasings: Numbers
    counts: Reals
    """For how many phrasings each stands: those of the sample for the rest."""
    kernel: Floats


def compare(postings: Postings, entries: int, rivals: int = _RIVALS, many: int = _MANY) -> Comparison:
    """The comparison that suits so many phrasings."""
    if postings.count <= many:
        return _OfFew(postings, rivals)
    return _OfMany(postings, min(rivals, _ALL_RIVALS // entries))


def neighbourhoods(comparison: Comparison, of: Numbers, entries: int) -> Iterator[Neighbourhood]:
    """Of each entry in turn."""
    for begin in range(0, entries, _BLOCK):
        block = np.flatnonzero((of >= begin) & (of < begin + _BLOCK))
        nearness = comparison.roughly(block)
        for entry in range(begin, min(begin + _BLOCK, entries)):
            own = of[block] == entry
            local, counts = _chosen(block[own], nearness[own], comparison.rivals)
            yield Neighbourhood(local, counts, comparison.among(local))


def _chosen(own: Numbers, nearness: Floats, rivals: int) -> tuple[Numbers, Reals]:
    """The phrasings that an entry with the phrasings `own` is learned from, and for how many each stands."""
    of_others = np.ones(nearness.shape[1], dtype=bool)
    of_others[own] = False
    others = np.flatnonzero(of_others)
    near = np.ones(len(others), dtype=bool)
    if rivals < len(others):
        near[np.argpartition(-nearness.max(axis=0)[others], rivals)[rivals:]] = False
    nearest, far = others[near], others[~near]
    sample = far[:: -max(1, len(far) // (rivals // 2))]  # the last one, which says nothing, is always among them
    counts = np.ones(len(own) + len(nearest) + len(sample))
    if len(sample):
        counts[-len(sample) :] = len(far) / len(sample)
    return np.concatenate([own, nearest, sample]), counts


class _OfFew:
    """Each was compared with each."""

    def __init__(self, postings: Postings, rivals: int) -> None:
        self.rivals = rivals
        self._all = _everything(postings)

    def rows(self, phrasings: Numbers) -> Floats:
        found: Floats = self._all[phrasings]
        return found

    roughly = rows

    def among(self, phrasings: Numbers) -> Floats:
        found: Floats = self._all[np.ix_(phrasings, phrasings)]
        return found


def _everything(postings: Postings) -> Floats:
    """How similar each is to each: dense algebra for common features, pair by pair for the many that few share."""
    users = np.diff(postings.ends)
    rare = int(_DENSE * postings.count)
    is_common = np.repeat(users > rare, users)
    dense = np.zeros((postings.count, np.count_nonzero(users > rare)), dtype=np.float32)
    columns = np.repeat(np.arange(dense.shape[1]), users[users > rare])
    dense[postings.phrasings[is_common], columns] = postings.values[is_common]
    everything: Floats = dense @ dense.T
    for count in range(1, rare + 1):
        at = postings.ends[:-1][users == count, None] + np.arange(count)
        sharing, values = postings.phrasings[at].astype(np.intp), postings.values[at]
        pairs = sharing[:, :, None] * postings.count + sharing[:, None, :]
        np.add.at(everything.reshape(-1), pairs.reshape(-1), (values[:, :, None] * values[:, None, :]).reshape(-1))
    return everything


class _OfMany:
    """Compares when it is asked."""

    def __init__(self, postings: Postings, rivals: int) -> None:
        from scipy import sparse

        self.rivals = rivals
        shape = (postings.count, len(postings.ends) - 1)
        self._rows = sparse.csc_matrix((postings.values, postings.phrasings, postings.ends), shape=shape).tocsr()
        self._turned = self._rows.T.tocsr()
        telling = np.diff(postings.ends) <= _COMMON * postings.count
        self._telling = self._rows[:, telling]
        self._telling_turned = self._telling.T.tocsr()

    def rows(self, phrasings: Numbers) -> Floats:
        found: Floats = (self._rows[phrasings] @ self._turned).toarray()
        return found

    def roughly(self, phrasings: Numbers) -> Floats:
        found: Floats = (self._telling[phrasings] @ self._telling_turned).toarray()
        return found

    def among(self, phrasings: Numbers) -> Floats:
        part = self._rows[phrasings]
        found: Floats = (part @ part.T).toarray()
        return found
