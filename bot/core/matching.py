"""Which entries answer a question: an index over the FAQ's phrasings, and `rank`.

Questions and phrasings are bags of features: the stems that their words were read as, and pairs of neighbouring
stems. A feature weighs the more, the fewer entries use it (inverse document frequency over entries: Spärck Jones
1972). A linear head learned from the phrasings by ridge regression (Hoerl and Kennard 1970), solved in its dual form,
tells what each feature says for each entry: so "whatsapp" speaks for the entries about it however often others name
it. The confidence is the head's verdict, lowered by the share of the question that the FAQ does not know; a question
that is a phrasing word for word is certain.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.core.faq import KnowledgeBase
from bot.core.model import Match, Word
from bot.core.reading import Reader
from bot.core.text import stem, words

_PAIR_WEIGHT = 0.5
"""What a pair of stems weighs beside a single one."""
_RIDGE = 1.0
"""How strongly the head is kept from learning single phrasings by heart."""
_UNKNOWN_WEIGHT = 0.75
"""What an unknown word weighs, as a share of the heaviest known one."""

Matrix = NDArray[np.float32]


class Index:
    """The FAQ, ready to be asked. Immutable: a changed FAQ gets a new one."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._entries = tuple(entry.id for entry in knowledge.entries)
        phrasings = [
            (number, text)
            for number, entry in enumerate(knowledge.entries)
            for text in (
                *entry.phrasings.de,
                *entry.phrasings.en,
                *filter(None, (entry.question.de, entry.question.en)),
            )
        ]
        self._texts = tuple(text for _, text in phrasings)
        self._exact = {words(text): number for number, text in phrasings}
        self._of = np.array([number for number, _ in phrasings])
        self._reader = Reader(self._texts, knowledge.synonyms)
        bags = [_features(self._reader.read(text)) for text in self._texts]
        self._weights = _weights(bags, self._of, len(self._entries))
        self._heaviest = max(self._weights.values(), default=1.0)
        self._columns = {feature: column for column, feature in enumerate(self._weights)}
        self._rows = np.stack([self._vector(bag) for bag in bags])
        self._head = _ridge(self._rows, self._of, len(self._entries))

    def read(self, question: str) -> tuple[Word, ...]:
        """How each word of the question is understood."""
        return self._reader.read(question)

    def rank(self, question: str) -> tuple[Match, ...]:
        """The entries that something in the question speaks for, most confident first."""
        read = self.read(question)
        vector = self._vector(_features(read))
        if not vector.any():
            return ()
        scores = np.clip(vector @ self._head, 0.0, 1.0) * math.sqrt(self._explained(read))
        if (exact := self._exact.get(words(question))) is not None:
            scores[exact] = 1.0
        nearness = self._rows @ vector
        order = sorted(np.flatnonzero(scores > 0.0), key=lambda n: (-scores[n], self._entries[n]))
        return tuple(self._match(int(number), float(scores[number]), nearness, read) for number in order)

    def _match(self, number: int, confidence: float, nearness: Matrix, read: tuple[Word, ...]) -> Match:
        own = np.flatnonzero(self._of == number)
        nearest = self._texts[own[np.argmax(nearness[own])]]
        carrying = tuple(word for word in read if self._speaks_for(word, number))
        return Match(self._entries[number], confidence, nearest, carrying)

    def _speaks_for(self, word: Word, number: int) -> bool:
        columns = (self._columns.get(stem(each)) for each in word.read_as)
        return any(column is not None and self._head[column, number] > 0 for column in columns)

    def _vector(self, bag: Mapping[str, float]) -> Matrix:
        """The bag as a vector of length 1; of length 0 where nothing in it is known."""
        vector = np.zeros(len(self._columns), dtype=np.float32)
        for feature, certainty in bag.items():
            if (column := self._columns.get(feature)) is not None:
                vector[column] = certainty * self._weights[feature]
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length else vector

    def _explained(self, read: tuple[Word, ...]) -> float:
        """The share of the question's weight that the FAQ knows, from 0 to 1."""
        known = total = 0.0
        for word in read:
            weights = [self._weights.get(stem(each), self._heaviest) for each in word.read_as]
            known += word.certainty * max(weights, default=0.0)
            total += max(weights, default=_UNKNOWN_WEIGHT * self._heaviest)
        return known / total if total else 0.0


def _features(read: tuple[Word, ...]) -> dict[str, float]:
    """What is compared of a text: its stems and pairs of neighbouring stems, each as sure as it was read."""
    bag: dict[str, float] = {}
    stems = [([stem(each) for each in word.read_as], word.certainty) for word in read]
    for each, certainty in stems:
        for single in each:
            bag[single] = max(bag.get(single, 0.0), certainty)
    for (left, certainty), (right, other) in pairwise(stems):
        if left and right:
            bag[f"{left[-1]} {right[0]}"] = _PAIR_WEIGHT * min(certainty, other)
    return bag


def _weights(bags: list[dict[str, float]], of: NDArray[np.int_], entries: int) -> dict[str, float]:
    """The weight of every feature: the root of its inverse document frequency, counted over entries."""
    using: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for number, bag in zip(of, bags, strict=True):
        for feature in bag:
            using[feature][int(number)] += 1
    return {feature: math.sqrt(math.log((entries + 1) / (len(users) + 0.5))) for feature, users in using.items()}


def _ridge(rows: Matrix, of: NDArray[np.int_], entries: int) -> Matrix:
    """The linear head: features x entries, so that `rows @ head` is near 1 for a phrasing's entry and 0 for others."""
    wanted = np.zeros((len(rows), entries), dtype=np.float32)
    wanted[np.arange(len(rows)), of] = 1.0
    kernel = rows @ rows.T + np.float32(_RIDGE) * np.eye(len(rows), dtype=np.float32)
    head: Matrix = rows.T @ np.linalg.solve(kernel, wanted).astype(np.float32)
    return head
