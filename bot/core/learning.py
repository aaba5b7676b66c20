"""How the head is learned: which phrasings speak for an entry and which against it, from the phrasings themselves.

For each entry a support vector machine with squared hinge loss separates its own phrasings from the nearest of the
others (Chapelle, Training a support vector machine in the primal, Neural Computation 19, 2007). What is learned is one
number a phrasing and entry, few of them not zero: so a score can be explained by phrasings, and 5,000 entries stay
small. What the score of a phrasing would be had it not been learned from comes nearly for free from the same equations
(Cawley and Talbot, Efficient leave-one-out cross-validation of kernel Fisher discriminant classifiers, Pattern
Recognition 36, 2003): nearly, as the support vectors are taken to stay the same.

It needs much memory, for seconds: what answers does not import it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.core.features import Floats, Postings
from bot.core.head import Head
from bot.core.neighbours import Comparison, Neighbourhood, Numbers, Reals, compare, neighbourhoods

_REGULARISATION = 0.25
"""How strongly the head is kept from learning single phrasings by heart."""
_NOBODY = -1
"""The owner of a phrasing that says nothing: it speaks against every entry, so that a FAQ of one entry has a rival."""
_ROUNDS = 10


@dataclass(frozen=True)
class HeldOut:
    """The scores of some phrasings for all entries, as if they had not been learned from."""

    phrasings: Numbers
    without_itself: Floats
    """Phrasing x entry, each phrasing left out by itself."""
    without_entry: Floats
    """Phrasing x entry, the whole entry left out; the score for the entry itself is minus infinity."""


@dataclass(frozen=True)
class Machine:
    """What separates one entry from the others: its support vectors."""

    phrasings: Numbers
    signs: Reals
    """1 where it is one of the entry's own, else -1."""
    weights: Reals
    """What each says for the entry, or against it."""
    inverse: Reals
    """Of their regularised kernel."""

    @property
    def alone(self) -> Reals:
        """What each of the phrasings would score for the entry, had it alone not been there."""
        scores: Reals = self.signs - self.weights / np.diag(self.inverse)
        return scores

    def without(self, gone: NDArray[np.bool_]) -> Reals:
        """What those that are `gone` would score for the entry, had none of them been there."""
        scores: Reals = self.signs[gone] - np.linalg.solve(self.inverse[np.ix_(gone, gone)], self.weights[gone])
        return scores


class Training:
    """Learns the entries of one FAQ, one by one."""

    def __init__(self, postings: Postings, of: Sequence[int] | Numbers, entries: int) -> None:
        """`of` says to which of `entries`, by number, each phrasing belongs."""
        self.postings = replace(postings, count=postings.count + 1)
        self.owners = np.append(np.asarray(of, dtype=int), _NOBODY)
        self.comparison = compare(self.postings, entries)
        self._entries = entries

    def machines(self) -> Iterator[Machine]:
        """Of each entry in turn. The last phrasing is nobody's and says nothing."""
        for entry, near in enumerate(neighbourhoods(self.comparison, self.owners, self._entries)):
            yield _separate(near, np.where(self.owners[near.phrasings] == entry, 1.0, -1.0))


def learn(
    postings: Postings, of: Sequence[int], entries: int, hold_out: Sequence[int] | NDArray[np.int_] = ()
) -> tuple[Head, HeldOut]:
    """The head for phrasings, and how some of them would score had they not been there.

    `of` says to which entry each phrasing belongs; `hold_out` names the held-out ones.
    """
    with threadpool_limits(1):
        training = Training(postings, of, entries)
        absent = _Absent(training.owners, np.asarray(hold_out, dtype=int))
        columns: list[Numbers] = []
        values: list[Reals] = []
        for entry, machine in enumerate(training.machines()):
            columns.append(machine.phrasings)
            values.append(machine.weights)
            absent.note(entry, machine)
        speaking_for = np.repeat(np.arange(entries), [len(each) for each in columns])
        head = Head(training.postings, entries, speaking_for, np.concatenate(columns), np.concatenate(values))
        return head, absent.held_out(head, training.comparison, entries)


class _Absent:
    """Gathers what held-out phrasings would score: it differs from the plain score where they are support vectors."""

    def __init__(self, owners: Numbers, phrasings: Numbers) -> None:
        self._owners = owners
        self._phrasings = phrasings
        self._wanted = np.isin(np.arange(len(owners)), phrasings)
        self._alone: list[tuple[int, int, float]] = []
        self._whole: list[tuple[int, int, float]] = []

    def note(self, entry: int, machine: Machine) -> None:
        """What those among the entry's support vectors would score for it, by themselves and with their own entry."""
        support = machine.phrasings
        wanted = self._wanted[support]
        self._alone.extend(
            (int(p), entry, float(s)) for p, s in zip(support[wanted], machine.alone[wanted], strict=True)
        )
        owners = self._owners[support]
        for other in set(owners[wanted].tolist()) - {entry}:
            block = owners == other
            gone = zip(support[block], machine.without(block), strict=True)
            self._whole.extend((int(p), entry, float(s)) for p, s in gone if self._wanted[p])

    def held_out(self, head: Head, comparison: Comparison, entries: int) -> HeldOut:
        """The plain scores, with what was noted in their place."""
        if not len(self._phrasings):
            empty = np.zeros((0, entries), dtype=np.float32)
            return HeldOut(self._phrasings, empty, empty)
        plain = np.vstack([head.scores(nearness) for nearness in comparison.rows(self._phrasings)])
        alone, whole = plain.copy(), plain
        at = {int(phrasing): number for number, phrasing in enumerate(self._phrasings)}
        for scores, noted in ((alone, self._alone), (whole, self._whole)):
            for phrasing, entry, score in noted:
                scores[at[phrasing], entry] = score
        whole[np.arange(len(whole)), self._owners[self._phrasings]] = -np.inf
        return HeldOut(self._phrasings, alone, whole)


def _separate(near: Neighbourhood, signs: Reals) -> Machine:
    """Newton's method. A constant feature of 1 beside the kernel makes the bias."""
    kernel = near.kernel.astype(np.float64) + 1.0
    active = np.ones(len(signs), dtype=bool)
    for _ in range(_ROUNDS):
        support = np.flatnonzero(active)
        regularised = kernel[np.ix_(support, support)]
        regularised[np.diag_indices_from(regularised)] += _REGULARISATION / near.counts[support]
        weights: Reals = np.linalg.solve(regularised, signs[support])
        everywhere = np.zeros(len(signs))
        everywhere[support] = weights
        violated = signs * (kernel @ everywhere) < 1.0
        if (violated == active).all():
            break
        active = violated
    return Machine(near.phrasings[support], signs[support], weights, np.linalg.inv(regularised))
