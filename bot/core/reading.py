"""How the words of a text are read in the FAQ's vocabulary: as typed, by synonym, joined, split, repaired, or not.

Only what the FAQ does not know is repaired: so nothing is lost where people type well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.faq import NotCovered, Synonym
from bot.core.model import Reading, Sense, Word
from bot.core.text import LONGEST_WORD, stem, words

_MOST_JOINED = 3
"""The most words that are read as one word written apart."""
_SHORTEST_PART = 4
"""The fewest letters of a part of a compound."""
_SHORTEST_REPAIRED = 3
"""The fewest letters of a word that may have been mistyped: shorter ones are near to anything."""
_MOST_REPAIRED = 20
"""The most different words of a passage that are repaired: it bounds the time that nonsense costs."""
_REPAIR_FROM = 0.62
"""The similarity (normalised OSA, 0 to 1) from which a word counts as a mistyped word of the FAQ."""
_CANDIDATES = 4
_COMPARED = 200
"""The words of the FAQ that a mistyped word is compared with."""
_FIRST_LETTER_HOLDS_TO = 5
"""Up to this many letters, a repair keeps the first one: fingers rarely miss it, and "Zoom" is no "Room"."""
_NAME_REPAIR_FROM = 0.85
"""The similarity from which a word counts as a mistyped name of something that the FAQ does not cover."""


@dataclass(frozen=True)
class _Known:
    senses: tuple[Sense, ...]
    not_covered: int | None = None


class Reader:
    """Reads texts word by word in the vocabulary of one FAQ."""

    def __init__(
        self, texts: Iterable[str], synonyms: Iterable[Synonym] = (), not_covered: Sequence[NotCovered] = ()
    ) -> None:
        self._lexicon = _Lexicon(texts, tuple(synonyms), not_covered)
        self._remember()

    def _remember(self) -> None:
        """What remembers knows nothing of the reader: so it goes with it, at once."""
        self._plain = lru_cache(maxsize=50_000)(self._lexicon.as_known)
        self._repaired = lru_cache(maxsize=5_000)(self._lexicon.repair)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: a reader begins anew to remember what it has read."""
        return {"_lexicon": self._lexicon}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._remember()

    def read(self, text: str) -> tuple[Word, ...]:
        """The words of `text` in order, each with what it was read as."""
        typed = words(text)
        result: list[Word] = []
        repairs: set[str] = set()
        at = 0
        while at < len(typed):
            length, word = self._lexicon.span_at(typed, at) or (1, self._read_word(typed[at], repairs))
            result.append(word)
            at += length
        return tuple(result)

    def _read_word(self, word: str, repairs: set[str]) -> Word:
        if len(word) > LONGEST_WORD:
            return Word(word, Reading.UNKNOWN)
        if known := self._plain(word):
            return known
        if len(word) < _SHORTEST_REPAIRED or word.isdigit():
            return Word(word, Reading.UNKNOWN)
        if len(repairs) >= _MOST_REPAIRED and word not in repairs:
            return Word(word, Reading.UNKNOWN)
        repairs.add(word)
        return self._repaired(word)


class _Lexicon:
    """The words of one FAQ, and what is read as them."""

    def __init__(self, texts: Iterable[str], synonyms: Sequence[Synonym], not_covered: Sequence[NotCovered]) -> None:
        self._vocabulary = {w for text in (*texts, *(each.to for each in synonyms)) for w in words(text)}
        self._stems = {stem(w) for w in self._vocabulary}
        self._known: dict[tuple[str, ...], _Known] = {}
        for synonym in synonyms:
            read_as = tuple(Sense(word, synonym.weight) for word in words(synonym.to))
            self._known.update((words(source), _Known(read_as)) for source in synonym.from_)
        for number, subject in enumerate(not_covered):
            for name in map(words, subject.names):
                self._known[name] = _Known(tuple(Sense(each) for each in name if self.knows(each)), number)
        self._longest = max(_MOST_JOINED, *map(len, self._known)) if self._known else _MOST_JOINED
        alone = {key[0] for key in self._known if len(key) == 1}
        self._spelling = _Spelling(sorted(w for w in self._vocabulary | alone if len(w) >= _SHORTEST_REPAIRED))

    def knows(self, word: str) -> bool:
        """Whether the FAQ uses the folded `word`, in whatever form."""
        return word in self._vocabulary or stem(word) in self._stems

    def span_at(self, typed: Sequence[str], at: int) -> tuple[int, Word] | None:
        """The words from `at` on that are known as one, and how many they are; None where none are."""
        for length in range(min(self._longest, len(typed) - at), 0, -1):
            span = tuple(typed[at : at + length])
            if known := self._known.get(span):
                reading = Reading.SYNONYM if known.not_covered is None else Reading.NOT_COVERED
                return length, Word(" ".join(span), reading, known.senses, known.not_covered)
            if 1 < length <= _MOST_JOINED and "".join(span) in self._vocabulary and not all(map(self.knows, span)):
                return length, Word(" ".join(span), Reading.JOINED, (Sense("".join(span)),))
        return None

    def as_known(self, word: str) -> Word | None:
        """The word as it stands in the FAQ, or as a compound of words of it."""
        if self.knows(word):
            return Word(word, Reading.TYPED, (Sense(word),))
        if parts := self._split(word):
            return Word(word, Reading.COMPOUND, tuple(Sense(part) for part in parts))
        return None

    def _split(self, word: str) -> tuple[str, ...] | None:
        """The parts of a compound of words of the FAQ, with or without a linking s; the longest first part wins."""
        for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
            head, tail = word[:cut], word[cut:]
            for first in dict.fromkeys((head, head.removesuffix("s"))):
                if self.knows(first):
                    if self.knows(tail):
                        return first, tail
                    if rest := self._split(tail):
                        return first, *rest
        return None

    def repair(self, word: str) -> Word:
        """What a word that the FAQ does not know may have been meant to be."""
        senses: dict[str, Sense] = {}
        for candidate, similarity in self._spelling.near(word):
            known = self._known.get((candidate,)) if candidate not in self._vocabulary else None
            if known and known.not_covered is not None:
                if not senses and similarity >= _NAME_REPAIR_FROM:
                    return Word(word, Reading.NOT_COVERED, known.senses, known.not_covered)
                continue
            for sense in known.senses if known else (Sense(candidate),):
                senses.setdefault(sense.word, Sense(sense.word, sense.certainty * similarity**1.5))
        return Word(word, Reading.REPAIRED if senses else Reading.UNKNOWN, tuple(senses.values()))


class _Spelling:
    """Finds the words of a vocabulary that a mistyped word is near to."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._words = vocabulary
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(vocabulary):
            for pair in _pairs(word):
                holders[pair].append(number)
        self._holders = {pair: np.array(numbers) for pair, numbers in holders.items()}
        self._sizes = np.array([len(_pairs(word)) for word in vocabulary])

    def near(self, word: str) -> list[tuple[str, float]]:
        """The likeliest words and their similarity, best first.

        Those that share the most pairs of letters (Dice 1945) are compared by optimal string alignment, in which
        swapped neighbours are one fault.
        """
        pairs = _pairs(word)
        held = [self._holders[pair] for pair in pairs if pair in self._holders]
        if not held:
            return []
        shared = np.bincount(np.concatenate(held), minlength=len(self._words))
        dice = shared / (self._sizes + len(pairs))
        most = min(_COMPARED, len(self._words))
        compared = [self._words[n] for n in sorted(np.argpartition(-dice, most - 1)[:most])]
        if len(word) <= _FIRST_LETTER_HOLDS_TO:
            compared = [each for each in compared if each[0] == word[0]]
        found = process.extract(
            word, compared, scorer=OSA.normalized_similarity, score_cutoff=_REPAIR_FROM, limit=_CANDIDATES
        )
        return [(each, similarity) for each, similarity, _ in found]


def _pairs(word: str) -> frozenset[str]:
    """The pairs of neighbouring letters of a word, its ends included."""
    marked = f"_{word}_"
    return frozenset(map("".join, pairwise(marked)))
