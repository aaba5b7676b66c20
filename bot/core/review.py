"""Every phrasing of the FAQ as the matcher sees it by its words: its matches, with itself and without, and its twin.

All at once, in blocks, as 25,000 questions one by one take minutes. A long phrasing is read as a whole. It needs SciPy:
what answers does not import it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from bot.core.confidence import Calibration
from bot.core.features import Features, Floats
from bot.core.head import best_of
from bot.core.learning import Training
from bot.core.model import Match, Reviewed, Twin, Word
from bot.core.usage import Usage

_BLOCK = 256
"""The phrasings that are seen at once."""

Read = tuple[Word, ...]
Progress = Callable[[int, int], None]


class Reviewer:
    """Sees the phrasings of one FAQ."""

    def __init__(
        self,
        entries: Sequence[str],
        texts: Sequence[str],
        of: Sequence[int],
        features: Features,
        usage: Usage,
        calibration: Calibration,
    ) -> None:
        """`of` says to which of `entries`, by number, each of `texts` belongs.

        Numbers beyond, which stand at the end, are what the FAQ does not cover: they compete, and are not reviewed.
        """
        self._entries = entries
        self._texts = texts
        self._usage = usage
        self._calibration = calibration
        self._lengths = features.lengths
        training = Training(features.postings, of, 1 + max(len(entries) - 1, *of))
        with threadpool_limits(1):
            learned = [(each.phrasings, each.weights, each.alone) for each in islice(training.machines(), len(entries))]
        self._comparison = training.comparison
        phrasings, weights, alone = map(np.concatenate, zip(*learned, strict=True))
        ends = np.cumsum([0, *(len(each) for each, _, _ in learned)])
        shape = (len(entries), training.postings.count)
        self._weights = sparse.csr_matrix((weights.astype(np.float32), phrasings, ends), shape=shape)
        self._bias = np.add.reduceat(weights, ends[:-1]).astype(np.float32)
        self._alone = sparse.csr_matrix((alone.astype(np.float32), phrasings, ends), shape=shape).tocsc()
        owners = np.asarray(of, dtype=int)
        self._of = owners[owners < len(entries)]
        self._siblings = np.bincount(self._of, minlength=len(entries)) - 1

    def review(self, readings: Iterable[Read], progress: Progress) -> Iterator[Reviewed]:
        """Of each phrasing in turn; `readings` are the same as they were read."""
        total, readings = len(self._of), iter(readings)
        for begin in range(0, total, _BLOCK):
            block = np.arange(begin, min(begin + _BLOCK, total))
            yield from self._seen(block, list(islice(readings, len(block))))
            progress(int(block[-1]) + 1, total)

    def _seen(self, block: NDArray[np.int_], reads: Sequence[Read]) -> Iterator[Reviewed]:
        near = self._comparison.rows(block)
        scores = (self._weights @ near.T).T * self._lengths[block, None] + self._bias
        own = self._of[block]
        matches = self._matches(reads, scores, [{}] * len(block))
        without = self._matches(reads, self._absent(block, scores), [{entry: 1} for entry in own.tolist()])
        twins = self._twins(own, near)
        for phrasing, entry, found, first, twin in zip(block, own, matches, without, twins, strict=True):
            left = first[0] if self._siblings[entry] else None
            yield Reviewed(self._entries[entry], self._texts[phrasing], found, left, twin)

    def _absent(self, block: NDArray[np.int_], scores: Floats) -> Floats:
        """The scores, had each phrasing not been there: others where it speaks for an entry or against it."""
        learned = self._alone[:, block].tocoo()
        absent = scores.copy()
        lengths, bias = self._lengths[block][learned.col], self._bias[learned.row]
        absent[learned.col, learned.row] = bias + lengths * (learned.data - bias)
        return absent

    def _matches(
        self, reads: Sequence[Read], scores: Floats, without: Sequence[dict[int, int]]
    ) -> list[tuple[Match, ...]]:
        """The best entries for each, most confident first, as `Index.rank` tells them."""
        best = best_of(scores)
        seen = list(zip(reads, best.tolist(), without, strict=True))
        shares = np.array([self._usage.explained(read, entries, gone) for read, entries, gone in seen])
        trust = np.array([[self._usage.trust(read, entry) for entry in entries] for read, entries, _ in seen])
        told = np.take_along_axis(scores, best, axis=1).astype(np.float64)
        sure = self._calibration.probability(told.ravel(), shares.reshape(-1, 2)).reshape(trust.shape) * trust
        return [
            tuple(sorted(map(self._match, entries, each), key=lambda match: (-match.confidence, match.entry)))
            for entries, each in zip(best.tolist(), sure.tolist(), strict=True)
        ]

    def _match(self, entry: int, confidence: float) -> Match:
        return Match(self._entries[entry], confidence)

    def _twins(self, own: NDArray[np.int_], near: NDArray[np.floating[Any]]) -> Iterator[Twin | None]:
        """The phrasing of another entry that is nearest to each."""
        others = np.where(self._of == own[:, None], np.float32(-1), near[:, : len(self._of)])
        nearest = others.argmax(axis=1)
        for phrasing, similarity in zip(nearest, others.max(axis=1), strict=True):
            entry = self._entries[self._of[phrasing]]
            yield Twin(entry, self._texts[phrasing], min(1.0, float(similarity))) if similarity >= 0 else None
