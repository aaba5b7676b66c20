"""Which entries answer a question: an index over the FAQ's phrasings, and `rank`.

A question and a phrasing are compared as weighted bags of stems. A stem weighs the more, the fewer entries use it
(inverse document frequency over entries: Spärck Jones 1972), and the surer it was read. An entry is as good as its
nearest phrasing (Tversky's index: Tversky 1977) and as much as all its phrasings together explain of the question.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.faq import KnowledgeBase
from bot.core.model import Match, Reading, Word
from bot.core.reading import Reader
from bot.core.text import stem, words

_LONGEST = 2_000
"""The characters of a question that are read."""
_UNKNOWN_WEIGHT = 0.5
"""What an unknown word weighs, as a share of the rarest known word."""
_QUESTION_SHARE = 0.65
"""How much a word that only the question has speaks against a match; a word that only the phrasing has: the rest."""
_NEAREST_SHARE = 0.6
"""How much the nearest phrasing counts; what the entry explains as a whole: the rest."""


@dataclass(frozen=True)
class _Indexed:
    entry: str
    text: str
    stems: frozenset[str]
    weight: float


class Index:
    """The FAQ, ready to be asked. Immutable: a changed FAQ gets a new one."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        phrasings = [
            (entry.id, text)
            for entry in knowledge.entries
            for text in (
                *entry.phrasings.de,
                *entry.phrasings.en,
                *filter(None, (entry.question.de, entry.question.en)),
            )
        ]
        self._reader = Reader((text for _, text in phrasings), knowledge.synonyms)
        self._weights = _weights(phrasings)
        self._rarest = max(self._weights.values(), default=1.0)
        self._phrasings: list[_Indexed] = []
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        self._by_entry: dict[str, set[str]] = defaultdict(set)
        for entry, text in phrasings:
            stems = frozenset(map(stem, words(text)))
            for each in stems:
                self._by_stem[each].append(len(self._phrasings))
            self._by_entry[entry] |= stems
            self._phrasings.append(_Indexed(entry, text, stems, sum(self._weights[s] for s in stems)))

    def read(self, question: str) -> tuple[Word, ...]:
        """How each word of the question is understood."""
        return self._reader.read(question[:_LONGEST])

    def rank(self, question: str) -> tuple[Match, ...]:
        """The entries that share a word with the question, most confident first."""
        read = self.read(question)
        asked, total = self._weighed(read)
        nearest: dict[str, tuple[float, str]] = {}
        overlaps: Counter[int] = Counter()
        for each, weight in asked.items():
            for number in self._by_stem.get(each, ()):
                overlaps[number] += weight  # type: ignore[assignment]
        for number, overlap in overlaps.items():
            phrasing = self._phrasings[number]
            only_phrasing = max(0.0, phrasing.weight - overlap)
            score = overlap / (overlap + _QUESTION_SHARE * (total - overlap) + (1 - _QUESTION_SHARE) * only_phrasing)
            if score > nearest.get(phrasing.entry, (0.0, ""))[0]:
                nearest[phrasing.entry] = (score, phrasing.text)
        matches = [
            Match(entry, self._confidence(entry, score, asked, total), text, self._carrying(entry, read))
            for entry, (score, text) in nearest.items()
        ]
        return tuple(sorted(matches, key=lambda match: (-match.confidence, match.entry)))

    def _weighed(self, read: tuple[Word, ...]) -> tuple[Mapping[str, float], float]:
        """What each stem of the question weighs, and what the whole question does, unknown words included."""
        asked: dict[str, float] = {}
        total = 0.0
        for word in read:
            if word.reading is Reading.UNKNOWN:
                total += _UNKNOWN_WEIGHT * self._rarest
                continue
            for each in {stem(w) for w in word.read_as}:
                weight = self._weights.get(each, self._rarest)
                gained = max(0.0, word.certainty * weight - asked.get(each, 0.0))
                asked[each] = asked.get(each, 0.0) + gained
                total += gained
        return asked, total

    def _confidence(self, entry: str, nearest: float, asked: Mapping[str, float], total: float) -> float:
        explained = sum(weight for each, weight in asked.items() if each in self._by_entry[entry]) / total
        return _NEAREST_SHARE * nearest + (1 - _NEAREST_SHARE) * explained

    def _carrying(self, entry: str, read: tuple[Word, ...]) -> tuple[Word, ...]:
        stems = self._by_entry[entry]
        return tuple(word for word in read if any(stem(w) in stems for w in word.read_as))


def _weights(phrasings: list[tuple[str, str]]) -> dict[str, float]:
    """The inverse document frequency of every stem, counted over entries."""
    entries = {entry for entry, _ in phrasings}
    using: dict[str, set[str]] = defaultdict(set)
    for entry, text in phrasings:
        for word in words(text):
            using[stem(word)].add(entry)
    return {each: math.log((len(entries) + 1) / (len(users) + 0.5)) ** 1.5 for each, users in using.items()}
