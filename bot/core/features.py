"""What is compared of a text: stems, pairs of neighbouring stems, and the letters inside words, as sparse vectors.

A feature weighs the more, the fewer entries use it: the root of its inverse document frequency over entries (Spärck
Jones 1972), so that what every entry uses is damped rather than dropped. Vectors have length 1.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, repeat

import numpy as np
from numpy.typing import NDArray

from bot.core.contrast import LITTLE
from bot.core.model import Word
from bot.core.text import LONGEST_WORD, stem

_PAIR = 0.6
"""What a pair of neighbouring stems weighs beside a single one."""
_SKIPPED = 0.3
"""What a pair with one word in between weighs."""
_LETTERS = 0.5
"""What two to four letters in a row weigh, as the word was typed ..."""
_LETTERS_MEANT = 0.25
"""... and as it was read."""
_LIGHTEST = 0.1
"""What weighs less, as a share of the heaviest feature, is in nearly every entry: it tells nothing and costs most."""
_LEAST = 1.0
"""What a text needs to weigh to become a vector of length 1, as a share of the heaviest feature."""
_BEGINNING = "^"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Vector:
    """A text as a sparse vector."""

    features: NDArray[np.integer]
    """The numbers of those that it has."""
    values: Floats
    """What each counts."""


@dataclass(frozen=True)
class Postings:
    """Phrasings as sparse vectors, kept feature by feature: a text is compared only with those that share one."""

    count: int
    """How many phrasings there are."""
    ends: NDArray[np.integer]
    """Where each feature's part of the following begins; and the end."""
    phrasings: NDArray[np.integer]
    """The numbers of the phrasings that have the feature."""
    values: Floats
    """What it counts in each."""

    def near(self, vector: Vector) -> Floats:
        """The cosine similarity of every phrasing with the vector."""
        begins = self.ends[vector.features]
        lengths = self.ends[vector.features + 1] - begins
        places = np.repeat(begins - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        shared = self.values[places] * np.repeat(vector.values, lengths)
        return np.bincount(self.phrasings[places], shared, minlength=self.count).astype(np.float32)


class Features:
    """The features of one FAQ's phrasings, with their weights."""

    postings: Postings
    """The phrasings as vectors of length 1."""
    lengths: Floats
    """How long each is as a question's vector: 1; less where it says next to nothing."""

    def __init__(self, phrasings: Iterable[tuple[Word, ...]], of: Sequence[int], entries: int) -> None:
        """`phrasings` as they were read; `of` says to which entry, by number, each belongs."""
        numbering: defaultdict[str, int] = defaultdict(count().__next__)
        columns, values, ends = array("i"), array("f"), [0]
        for read in phrasings:
            found = bag(read)
            columns.extend(map(numbering.__getitem__, found))
            values.extend(found.values())
            ends.append(len(columns))
        self._columns = dict(numbering)
        numbers = np.array(columns, dtype=np.int32)
        phrasing = np.repeat(np.arange(len(ends) - 1, dtype=np.int32), np.diff(ends))
        uses = numbers.astype(np.int64) * entries + np.asarray(of)[phrasing]
        by_feature = np.argsort(uses, kind="stable")
        is_first = np.diff(uses[by_feature], prepend=-1) != 0
        users = np.bincount(numbers[by_feature[is_first]], minlength=len(self._columns))
        self._weights = np.sqrt(np.log((entries + 1) / (users + 0.5))).astype(np.float32)
        self.heaviest = float(self._weights.max(initial=0.0))
        """The weight of what only one entry uses."""
        self._scale = np.where(self._weights < _LIGHTEST * self.heaviest, 0, self._weights)
        weighted = np.array(values, dtype=np.float32) * self._scale[numbers]
        lengths = np.sqrt(np.bincount(phrasing, weighted**2, minlength=len(ends) - 1))
        self._least = _LEAST * self.heaviest
        self.lengths = (lengths / np.maximum(lengths, self._least or 1.0)).astype(np.float32)
        by_feature = by_feature[weighted[by_feature] != 0]
        owners = phrasing[by_feature]
        self.postings = Postings(
            len(ends) - 1,
            np.searchsorted(numbers[by_feature], np.arange(len(self._columns) + 1)).astype(np.int32),
            owners,
            weighted[by_feature] / lengths[owners].astype(np.float32),
        )

    def vector(self, read: tuple[Word, ...]) -> Vector:
        """A text as a vector of length 1; shorter where it says next to nothing, such as "wir"."""
        found = bag(read)
        features = np.fromiter(map(self._columns.get, found, repeat(-1)), dtype=np.int32, count=len(found))
        values = np.fromiter(found.values(), dtype=np.float32, count=len(found))
        known = features >= 0
        features, values = features[known], values[known] * self._scale[features[known]]
        length = max(float(np.linalg.norm(values)), self._least)
        return Vector(features, values / np.float32(length or 1.0))

    def share(self, word: Word, vector: Vector) -> Vector:
        """The part of a text's vector that comes from one word of it."""
        own = np.isin(vector.features, [self._columns.get(feature, -1) for feature in bag((word,))])
        return Vector(vector.features[own], vector.values[own])

    def weight(self, word: str) -> float | None:
        """The weight of a word's stem; None where no phrasing uses it."""
        column = self._columns.get(stem(word))
        return None if column is None else float(self._weights[column])


def bag(read: Sequence[Word]) -> dict[str, float]:
    """The features of a text, each as sure as the words were read that it comes from."""
    found: dict[str, float] = {}

    def add(features: Iterable[str], value: float) -> None:
        for feature in features:
            if value > found.get(feature, 0.0):
                found[feature] = value

    for word in read:
        typed = _LETTERS * (LITTLE if word.turned_down else 1.0)
        for each in word.typed.split():
            add(_letters(each), typed)
        for sense in word.senses:
            add((stem(sense.word),), sense.certainty)
            if sense.word != word.typed:
                add(_letters(sense.word), _LETTERS_MEANT * sense.certainty)
    for pair, value in _pairs(read):
        add((pair,), value)
    return found


def _pairs(read: Sequence[Word]) -> Iterator[tuple[str, float]]:
    """Neighbouring stems, also with one word in between; the beginning counts as a word."""
    edges = [(_BEGINNING, _BEGINNING, 1.0), *map(_edges, read)]
    for at, (first, _, sure) in enumerate(edges[1:], 1):
        for back, mark, weight in ((1, " ", _PAIR), (2, " … ", _SKIPPED)):
            if at >= back and first and (last := edges[at - back][1]):
                yield f"{last}{mark}{first}", weight * min(sure, edges[at - back][2])


def _edges(word: Word) -> tuple[str, str, float]:
    """The first and the last stem of a word as it was read, and how sure they are."""
    if not word.senses:
        return "", "", 0.0
    likeliest = word.senses[0]
    last = likeliest if word.is_alternatives else word.senses[-1]
    return stem(likeliest.word), stem(last.word), likeliest.certainty


@lru_cache(maxsize=4_096)
def _letters(word: str) -> tuple[str, ...]:
    """Two to four letters in a row, the ends of the word marked."""
    if len(word) > LONGEST_WORD:
        return ()
    marked = f"_{word}_"
    parts = (f"·{marked[i : i + n]}" for n in (2, 3, 4) for i in range(len(marked) - n + 1))
    return tuple(dict.fromkeys(map(sys.intern, parts)))  # words have most of them in common
