"""How the words of a question are read in the FAQ's vocabulary: as typed, by synonym, joined, split or repaired."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.faq import Synonym
from bot.core.model import Reading, Word
from bot.core.text import stem, words

_MOST_JOINED = 3
"""The most words that are read as one word written apart."""
_SHORTEST_PART = 4
"""The fewest letters of a part of a compound."""
_SHORTEST_REPAIRED = 4
"""The fewest letters of a word that may have been mistyped: shorter ones are near to anything."""
_REPAIR_FROM = 0.72
"""The similarity (normalised OSA, 0 to 1) from which a word counts as a mistyped word of the FAQ."""
_CANDIDATES = 3
_FIRST_LETTER_HOLDS_TO = 5
"""Up to this many letters, a repair keeps the first one: fingers rarely miss it, and "Zoom" is no "Room"."""


@dataclass(frozen=True)
class _Known:
    read_as: tuple[str, ...]
    weight: float


class Reader:
    """Reads questions word by word in the vocabulary of one FAQ."""

    def __init__(self, texts: Iterable[str], synonyms: Iterable[Synonym]) -> None:
        self._synonyms: dict[tuple[str, ...], _Known] = {}
        synonyms = tuple(synonyms)
        for synonym in synonyms:
            for source in synonym.from_:
                self._synonyms[words(source)] = _Known(words(synonym.to), synonym.weight)
        self._longest = max(_MOST_JOINED, *map(len, self._synonyms)) if self._synonyms else _MOST_JOINED
        targets = (synonym.to for synonym in synonyms)
        self._vocabulary = {w for text in (*texts, *targets) for w in words(text)}
        self._stems = {stem(w) for w in self._vocabulary}
        self._repairable = sorted(
            {w for w in self._vocabulary | {w for key in self._synonyms for w in key} if len(w) >= _SHORTEST_REPAIRED}
        )

    def read(self, text: str) -> tuple[Word, ...]:
        """The words of `text` in order, each with what it was read as."""
        typed = words(text)
        result: list[Word] = []
        at = 0
        while at < len(typed):
            length, word = self._read_at(typed, at)
            result.append(word)
            at += length
        return tuple(result)

    def _read_at(self, typed: Sequence[str], at: int) -> tuple[int, Word]:
        """The word that begins at `at`, and of how many typed words it is made."""
        for length in range(min(self._longest, len(typed) - at), 0, -1):
            span = tuple(typed[at : at + length])
            if known := self._synonyms.get(span):
                return length, Word(" ".join(span), Reading.SYNONYM, known.read_as, known.weight)
            if 1 < length <= _MOST_JOINED and "".join(span) in self._vocabulary and not all(map(self._knows, span)):
                return length, Word(" ".join(span), Reading.JOINED, ("".join(span),))
        return 1, self._read_word(typed[at])

    def _knows(self, word: str) -> bool:
        return word in self._vocabulary or stem(word) in self._stems

    def _read_word(self, word: str) -> Word:
        if self._knows(word):
            return Word(word, Reading.TYPED, (word,))
        return self._split(word) or self._repaired(word) or Word(word, Reading.UNKNOWN, (), 0.0)

    def _split(self, word: str) -> Word | None:
        """The word as a compound of two words of the FAQ, with or without a linking s."""
        for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
            head, tail = word[:cut], word[cut:]
            for first in (head, head.removesuffix("s")):
                if first in self._vocabulary and self._knows(tail):
                    return Word(word, Reading.COMPOUND, (first, tail))
        return None

    def _repaired(self, word: str) -> Word | None:
        if len(word) < _SHORTEST_REPAIRED:
            return None
        found = process.extract(
            word, self._repairable, scorer=OSA.normalized_similarity, score_cutoff=_REPAIR_FROM, limit=_CANDIDATES
        )
        if len(word) <= _FIRST_LETTER_HOLDS_TO:
            found = [each for each in found if each[0][0] == word[0]]
        if not found:
            return None
        best = found[0][1]
        near: list[str] = []
        for candidate, similarity, _ in found:
            if similarity == best:
                known = self._synonyms.get((candidate,))
                near.extend(known.read_as if known else (candidate,))
        return Word(word, Reading.REPAIRED, tuple(dict.fromkeys(near)), best**2)
