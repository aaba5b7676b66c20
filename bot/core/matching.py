"""Which entries answer a question: an index over the FAQ's phrasings, `rank`, and `explain`.

A question is read word by word (`reading`), what it turns down counts little (`contrast`), and it becomes a sparse
vector (`features`). The head, learned from the phrasings, scores every entry (`head`); scores become probabilities
(`confidence`). A long message is read by its best passage. A question that is a phrasing word for word is certain.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.core.confidence import Calibration, Observations
from bot.core.contrast import weigh_contrast
from bot.core.faq import KnowledgeBase
from bot.core.features import Features, Floats
from bot.core.head import Head
from bot.core.model import Evidence, Explanation, Match, Word
from bot.core.reading import Reader
from bot.core.text import passages, words
from bot.core.usage import Usage

_BEST = 5
"""The matches that are told."""
_HEAD, _TAIL = 500, 300
"""The characters of a message that are read, at its beginning and at its end."""
_LONG = 14
"""From this many words on, a message is read by its best passage."""
_SHORTEST_PASSAGE = 3
"""The fewest known words of a passage."""
_MOST_PASSAGES = 2
_HELD_OUT = 300
"""The phrasings that the confidence is learned from."""
_UNANSWERABLE = 0.15
"""The share of questions to which the FAQ has no answer, as far as it can tell by itself."""
_EXAMPLES_COUNT = 3.0
"""How much the example messages count together, beside the phrasings."""
_EVIDENCE = 3
_TELLING = 0.02
"""From this score on, a word speaks for an entry."""


@dataclass(frozen=True)
class _Scored:
    """A passage of a message and what the head says to it."""

    read: tuple[Word, ...]
    vector: Floats
    nearness: Floats
    best: NDArray[np.int_]
    """The numbers of the best entries, best first."""
    scores: NDArray[np.float64]
    """Their scores."""
    shares: NDArray[np.float64]
    """What the FAQ's words and each entry's own words explain of the passage."""


class Index:
    """The FAQ, ready to be asked. Immutable: a changed FAQ gets a new one."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._entries = tuple(entry.id for entry in knowledge.entries)
        phrasings = [
            (number, text) for number, entry in enumerate(knowledge.entries) for text in _distinct(entry.wordings)
        ]
        self._texts = tuple(text for _, text in phrasings)
        self._of = tuple(number for number, _ in phrasings)
        self._exact: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, text in phrasings:
            self._exact[words(text)].add(number)
        self._reader = Reader(self._texts, knowledge.synonyms, knowledge.not_covered)
        readings = [self._read(text) for text in self._texts]
        self._features = Features(readings, self._of, len(self._entries))
        self._usage = Usage(readings, self._of, self._features)
        self._head = Head(self._features.rows, self._of, len(self._entries), _HELD_OUT)
        self._calibration = Calibration(self._observations(readings, knowledge))

    def read(self, question: str) -> tuple[Word, ...]:
        """How each word of the question is understood."""
        return self._read(_shortened(question))

    def rank(self, question: str) -> tuple[Match, ...]:
        """The best five entries, most confident first."""
        text = _shortened(question)
        return self._matches(text, self._best_passage(text))

    def explain(self, question: str) -> Explanation:
        """How the question was read, and the best five entries with what carried them."""
        text = _shortened(question)
        best = self._best_passage(text)
        evidence = tuple(self._evidence(match, best) for match in self._matches(text, best))
        return Explanation(best.read, evidence, self.not_covered(text))

    def not_covered(self, question: str) -> int | None:
        """The subject that the FAQ does not cover and the question is about; None where it names one of the FAQ's own.

        A question in the very words of a phrasing is about the entry, whatever it names.
        """
        text = _shortened(question)
        read = self._read(text)
        named = next((word.not_covered for word in read if word.not_covered is not None), None)
        return None if words(text) in self._exact or self._usage.names_subject(read) else named

    def _matches(self, text: str, best: _Scored) -> tuple[Match, ...]:
        found = dict(zip(best.best, self._calibration.probability(best.scores, best.shares), strict=True))
        found.update(dict.fromkeys(self._exact.get(words(text), ()), 1.0))
        matches = (Match(self._entries[number], float(confidence)) for number, confidence in found.items())
        return tuple(sorted(matches, key=lambda match: (-match.confidence, match.entry))[:_BEST])

    def _best_passage(self, text: str) -> _Scored:
        """The whole message, or the passage of a long one that some entry fits best."""
        whole = self._read(text)
        candidates = [whole]
        if len(whole) >= _LONG:
            parts = [self._read(passage) for passage in passages(text)]
            telling = [part for part in parts if _known(part) >= _SHORTEST_PASSAGE]
            candidates += sorted(telling, key=_known, reverse=True)[:_MOST_PASSAGES]
        return max(map(self._scored, candidates), key=self._promise)

    def _promise(self, scored: _Scored) -> float:
        return float(self._calibration.probability(scored.scores, scored.shares).max())

    def _scored(self, read: tuple[Word, ...]) -> _Scored:
        vector = self._features.vector(read)
        nearness = self._head.near(vector)
        scores = self._head.scores(nearness).astype(np.float64)
        best = np.argpartition(-scores, min(_BEST, len(scores)) - 1)[:_BEST]
        best = best[np.lexsort((best, -scores[best]))]
        shares = np.array([self._usage.explained(read, int(entry)) for entry in best])
        return _Scored(read, vector, nearness, best, scores[best], shares)

    def _read(self, text: str) -> tuple[Word, ...]:
        return weigh_contrast(self._reader.read(text))

    def _observations(self, readings: Sequence[tuple[Word, ...]], knowledge: KnowledgeBase) -> Observations:
        """What the confidence is learned from: phrasings as if they were new, and the example messages."""
        held = self._head.held_out
        parts = []
        if len(self._entries) > 1:
            own = np.array([self._of[phrasing] for phrasing in held.phrasings], dtype=int)
            one = [{self._of[p]: 1} for p in held.phrasings]
            whole = [{self._of[p]: len(self._texts)} for p in held.phrasings]
            for scores, without, weight in (
                (held.without_itself, one, 1 - _UNANSWERABLE),
                (held.without_entry, whole, _UNANSWERABLE),
            ):
                best = scores.argmax(axis=1)
                shares = [
                    self._usage.explained(readings[p], int(entry), left_out)
                    for p, entry, left_out in zip(held.phrasings, best, without, strict=True)
                ]
                right = (best == own) & (scores is held.without_itself)
                parts.append(Observations(scores.max(axis=1), np.array(shares), right, np.full(len(own), weight)))
        asked = [example for example in knowledge.examples if self.not_covered(example.text) is None]
        told = [(example, self._scored(self.read(example.text))) for example in asked]
        if told:
            weight = _EXAMPLES_COUNT * max(1, len(held.phrasings)) / len(told)
            parts.append(
                Observations(
                    np.array([each.scores[0] for _, each in told]),
                    np.array([each.shares[0] for _, each in told]),
                    np.array([self._entries[each.best[0]] in example.expect for example, each in told]),
                    np.full(len(told), weight),
                )
            )
        return Observations.joined(parts)

    def _evidence(self, match: Match, best: _Scored) -> Evidence:
        number = self._entries.index(match.entry)
        own = [phrasing for phrasing, entry in enumerate(self._of) if entry == number]
        nearest = sorted(own, key=lambda phrasing: -best.nearness[phrasing])[:_EVIDENCE]
        direction = self._head.direction(number)
        given = [(float((direction @ self._features.share(word, best.vector))[0]), word.typed) for word in best.read]
        telling = [typed for value, typed in sorted(given, reverse=True) if value > _TELLING]
        return Evidence(match, tuple(self._texts[phrasing] for phrasing in nearest), tuple(telling))


def _known(read: tuple[Word, ...]) -> int:
    """How many different words of a passage the FAQ knows."""
    return len({word.senses[0].word for word in read if word.senses})


def _shortened(text: str) -> str:
    """The beginning and the end of a text that is too long to be read."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def _distinct(texts: tuple[str, ...]) -> list[str]:
    """The texts without those that say the same word for word, in order."""
    return list({words(text): text for text in reversed(texts)}.values())[::-1]
