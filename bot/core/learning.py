"""How the head is learned: which phrasings speak for an entry and which against it, from the phrasings themselves.

For each entry a support vector machine with squared hinge loss separates its own phrasings from the nearest of the
others (Chapelle, Training a support vector machine in the primal, Neural Computation 19, 2007). What is learned is one
number a phrasing and entry, few of them not zero: so a score can be explained by phrasings, and 5,000 entries stay
small. What the score of a phrasing would be had it not been learned from comes nearly for free from the same equations
(Cawley and Talbot, Efficient leave-one-out cross-validation of kernel Fisher discriminant classifiers, Pattern
Recognition 36, 2003): nearly, as the support vectors are taken to stay the same.

It needs SciPy and much memory, for seconds: what answers imports neither.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from bot.core.features import Floats, Postings
from bot.core.head import Head

_REGULARISATION = 0.25
"""How strongly the head is kept from learning single phrasings by heart."""
_RIVALS = 200
"""How many of the nearest phrasings of others an entry is separated from ..."""
_ALL_RIVALS = 250_000
"""... and how many all entries together, at most: fewer each where there are very many."""
_NOBODY = -1
"""The owner of a phrasing that says nothing: it speaks against every entry, so that a FAQ of one entry has a rival."""
_ROUNDS = 10
_BLOCK = 16
"""The entries whose rivals are looked for at once."""
_COMMON = 0.01
"""Features of more than this share of many phrasings do not help to find rivals, and cost the most."""
_MANY = 4_000
"""Up to this many phrasings, each is compared with each."""

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class HeldOut:
    """The scores of some phrasings for all entries, as if they had not been learned from."""

    phrasings: NDArray[np.int_]
    without_itself: Floats
    """Phrasing x entry, each phrasing left out by itself."""
    without_entry: Floats
    """Phrasing x entry, the whole entry left out; the score for the entry itself is minus infinity."""


def learn(
    postings: Postings, of: Sequence[int], entries: int, hold_out: Sequence[int] | NDArray[np.int_] = ()
) -> tuple[Head, HeldOut]:
    """The head for phrasings, and how some of them would score had they not been there.

    `of` says to which entry each phrasing belongs; `hold_out` names the held-out ones.
    """
    postings, owners = _with_nobody(postings, of)
    rows = matrix(postings)
    absent = _Absent(owners, np.asarray(hold_out, dtype=int))
    columns: list[NDArray[np.int_]] = []
    values: list[Reals] = []
    with threadpool_limits(1):
        for entry, lesson in enumerate(_lessons(rows, owners, entries)):
            columns.append(lesson.phrasings)
            values.append(lesson.weights)
            absent.note(entry, lesson)
    speaking_for = np.repeat(np.arange(entries), [len(each) for each in columns])
    head = Head(postings, entries, speaking_for, np.concatenate(columns), np.concatenate(values))
    return head, absent.held_out(head, rows, entries)


@dataclass(frozen=True)
class Votes:
    """What the phrasings say for each entry, entry x phrasing, and what they would hear had they not been there.

    The last phrasing is nobody's, and says nothing.
    """

    counts: sparse.csr_matrix
    alone: sparse.csr_matrix
    """At the same places: what the phrasing would score for the entry. Elsewhere its score would be as it is."""


def votes(postings: Postings, of: Sequence[int], entries: int) -> Votes:
    """The same as `learn` learns, with what each phrasing would score without itself: it takes as long again."""
    postings, owners = _with_nobody(postings, of)
    with threadpool_limits(1):
        found = [(each.phrasings, each.weights, each.alone) for each in _lessons(matrix(postings), owners, entries)]
    phrasings, weights, alone = map(np.concatenate, zip(*found, strict=True))
    ends = np.cumsum([0, *(len(each) for each, _, _ in found)])
    shape = (entries, postings.count)
    return Votes(
        sparse.csr_matrix((weights.astype(np.float32), phrasings, ends), shape=shape),
        sparse.csr_matrix((alone.astype(np.float32), phrasings, ends), shape=shape),
    )


def _with_nobody(postings: Postings, of: Sequence[int]) -> tuple[Postings, NDArray[np.int_]]:
    return replace(postings, count=postings.count + 1), np.append(np.asarray(of, dtype=int), _NOBODY)


def matrix(postings: Postings) -> sparse.csr_matrix:
    """The phrasings as the rows of a matrix."""
    shape = (postings.count, len(postings.ends) - 1)
    return sparse.csc_matrix((postings.values, postings.phrasings, postings.ends), shape=shape).tocsr()


@dataclass(frozen=True)
class _Lesson:
    """What one entry is learned from: its support vectors."""

    phrasings: NDArray[np.int_]
    signs: Reals
    """1 where it is one of the entry's own, else -1."""
    weights: Reals
    inverse: Reals
    """Of their regularised kernel."""

    @property
    def alone(self) -> Reals:
        """What each of the phrasings would score for the entry, had it alone not been there."""
        scores: Reals = self.signs - self.weights / np.diag(self.inverse)
        return scores


def _lessons(rows: sparse.csr_matrix, owners: NDArray[np.int_], entries: int) -> Iterator[_Lesson]:
    """Of each entry in turn."""
    for entry, near in enumerate(_neighbourhoods(rows, owners, entries)):
        signs = np.where(owners[near.phrasings] == entry, 1.0, -1.0)
        support, weights, inverse = _separate(near, signs)
        yield _Lesson(near.phrasings[support], signs[support], weights, inverse)


class _Absent:
    """Gathers what held-out phrasings would score: it differs from the plain score where they are support vectors."""

    def __init__(self, owners: NDArray[np.int_], phrasings: NDArray[np.int_]) -> None:
        self._owners = owners
        self._phrasings = phrasings
        self._wanted = np.isin(np.arange(len(owners)), phrasings)
        self._alone: list[tuple[int, int, float]] = []
        self._whole: list[tuple[int, int, float]] = []

    def note(self, entry: int, lesson: _Lesson) -> None:
        """What those among the entry's support vectors would score for it, by themselves and with their own entry."""
        support, inverse = lesson.phrasings, lesson.inverse
        asked = np.flatnonzero(self._wanted[support])
        alone = zip(support[asked], lesson.alone[asked], strict=True)
        self._alone.extend((int(p), entry, float(s)) for p, s in alone)
        for other in np.unique(self._owners[support[asked]]):
            if other == entry:
                continue
            block = np.flatnonzero(self._owners[support] == other)
            scores = lesson.signs[block] - np.linalg.solve(inverse[np.ix_(block, block)], lesson.weights[block])
            gone = zip(support[block], scores, strict=True)
            self._whole.extend((int(p), entry, float(s)) for p, s in gone if self._wanted[p])

    def held_out(self, head: Head, rows: sparse.csr_matrix, entries: int) -> HeldOut:
        """The plain scores, with what was noted in their place."""
        if not len(self._phrasings):
            empty = np.zeros((0, entries), dtype=np.float32)
            return HeldOut(self._phrasings, empty, empty)
        plain = np.vstack([head.scores(head.near(rows[phrasing].toarray().ravel())) for phrasing in self._phrasings])
        alone, whole = plain.copy(), plain
        at = {int(phrasing): number for number, phrasing in enumerate(self._phrasings)}
        for scores, noted in ((alone, self._alone), (whole, self._whole)):
            for phrasing, entry, score in noted:
                scores[at[phrasing], entry] = score
        whole[np.arange(len(whole)), self._owners[self._phrasings]] = -np.inf
        return HeldOut(self._phrasings, alone, whole)


@dataclass(frozen=True)
class _Neighbourhood:
    """The phrasings that an entry is learned from: its own, the nearest of others, and a sample of the rest."""

    phrasings: NDArray[np.int_]
    counts: Reals
    """For how many phrasings each stands: those of the sample for the rest."""
    kernel: Floats


def _neighbourhoods(
    rows: sparse.csr_matrix,
    of: NDArray[np.int_],
    entries: int,
    rivals: int = _RIVALS,
    many: int = _MANY,
    common: float = _COMMON,
) -> Iterator[_Neighbourhood]:
    """Of each entry in turn."""
    if rows.shape[0] <= many:
        everything = (rows @ rows.T).toarray()
        for entry in range(entries):
            own = np.flatnonzero(of == entry)
            local, counts = _chosen(own, everything[own], rivals)
            yield _Neighbourhood(local, counts, everything[np.ix_(local, local)])
        return
    using = np.bincount(rows.indices, minlength=rows.shape[1])
    telling = rows[:, using <= common * rows.shape[0]]
    turned = telling.T.tocsr()
    for begin in range(0, entries, _BLOCK):
        block = np.flatnonzero((of >= begin) & (of < begin + _BLOCK))
        nearness = (telling[block] @ turned).toarray()
        for entry in range(begin, min(begin + _BLOCK, entries)):
            own = of[block] == entry
            local, counts = _chosen(block[own], nearness[own], min(rivals, _ALL_RIVALS // entries))
            part = rows[local]
            yield _Neighbourhood(local, counts, (part @ part.T).toarray())


def _chosen(own: NDArray[np.int_], nearness: Floats, rivals: int) -> tuple[NDArray[np.int_], Reals]:
    """The phrasings that an entry with the phrasings `own` is learned from, and for how many each stands."""
    of_others = np.ones(nearness.shape[1], dtype=bool)
    of_others[own] = False
    others = np.flatnonzero(of_others)
    near = nearness.max(axis=0)[others]
    order = np.argpartition(-near, rivals) if rivals < len(others) else np.arange(len(others))
    nearest, far = others[np.sort(order[:rivals])], others[np.sort(order[rivals:])]
    sample = far[:: -max(1, len(far) // (rivals // 2))]  # the last one, which says nothing, is always among them
    counts = np.ones(len(own) + len(nearest) + len(sample))
    if len(sample):
        counts[-len(sample) :] = len(far) / len(sample)
    return np.concatenate([own, nearest, sample]), counts


def _separate(near: _Neighbourhood, signs: Reals) -> tuple[NDArray[np.int_], Reals, Reals]:
    """The support vectors, their weights, and the inverse of their regularised kernel (Newton's method).

    A constant feature of 1 beside the kernel makes the bias.
    """
    active = np.ones(len(signs), dtype=bool)
    for _ in range(_ROUNDS):
        support = np.flatnonzero(active)
        regularised = near.kernel[np.ix_(support, support)].astype(np.float64) + 1.0
        regularised[np.diag_indices_from(regularised)] += _REGULARISATION / near.counts[support]
        factor = linalg.cho_factor(regularised, overwrite_a=True, check_finite=False)
        weights: Reals = linalg.cho_solve(factor, signs[support], check_finite=False)
        violated = signs * (near.kernel[:, support] @ weights + weights.sum()) < 1.0
        if (violated == active).all():
            break
        active = violated
    inverse: Reals = linalg.cho_solve(factor, np.eye(len(support)), overwrite_b=True, check_finite=False)
    return support, weights, inverse
