"""Which entries answer a question: an index over the FAQ's phrasings, `rank`, and `explain`.

A question is read word by word (`reading`), what it turns down counts little (`contrast`), and it becomes a sparse
vector (`features`). The head, learned from the phrasings, scores every entry (`head`); scores become probabilities
(`confidence`). A long message is read by its best passage. A question that is a phrasing word for word is certain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.core.confidence import Calibration, Observations
from bot.core.contrast import weigh_contrast
from bot.core.faq import Example, KnowledgeBase
from bot.core.features import Features, Vector
from bot.core.head import BEST, best_of
from bot.core.model import Evidence, Explanation, Match, Ranking, Reviewed, Word
from bot.core.reading import Reader
from bot.core.text import passages, words
from bot.core.usage import Usage

if TYPE_CHECKING:
    from bot.core.learning import HeldOut

_HEAD, _TAIL = 500, 300
"""The characters of a message that are read, at its beginning and at its end."""
_LONG = 14
"""From this many words on, a message is read by its best passage."""
_SHORTEST_PASSAGE = 3
"""The fewest known words of a passage."""
_MOST_PASSAGES = 5
_HELD_OUT = 300
"""The phrasings that the confidence is learned from."""
_ENOUGH = 3
"""The phrasings that an entry needs for it to be known when one is left out."""
_UNANSWERABLE = 0.15
"""The share of questions to which the FAQ has no answer, as far as it can tell by itself."""
_EXAMPLES_COUNT = 3.0
"""How much the example messages count together, beside the phrasings."""
_LIKELY = 0.3
"""The probability from which a question counts as one of what is not covered."""
_USUALLY = Calibration(Observations.joined([]))
"""How sure such scores make, usually: what is not covered has no examples to learn it from."""
_NEARLY_CERTAIN = 0.95
"""The confidence from which a question is about an entry even if it mentions what is not covered."""
_EVIDENCE = 3
_TELLING = 0.02
"""From this score on, a word speaks for an entry."""


@dataclass(frozen=True)
class _Scored:
    """A passage of a message and what the head says to it."""

    read: tuple[Word, ...]
    vector: Vector
    best: NDArray[np.int_]
    """The numbers of the best entries, best first."""
    scores: NDArray[np.float64]
    """Their scores."""
    shares: NDArray[np.float64]
    """What the FAQ's words and each entry's own words explain of the passage."""
    outside: "_Outside | None"
    """The subject that is not covered and scores higher than every entry."""


@dataclass(frozen=True)
class _Outside:
    """A subject that is not covered, by its sample questions."""

    subject: int
    score: float
    shares: tuple[float, float]


class Index:
    """The FAQ, ready to be asked. Immutable: a changed FAQ gets a new one.

    The sample questions of what is not covered are learned like entries, so that they compete with them: their numbers
    follow those of the entries.
    """

    def __init__(self, knowledge: KnowledgeBase) -> None:
        from bot.core.learning import learn  # here, as an index that was made elsewhere does without

        self._entries = tuple(entry.id for entry in knowledge.entries)
        inside = [(n, text) for n, entry in enumerate(knowledge.entries) for text in _distinct(entry.wordings)]
        self._outside = tuple(n for n, each in enumerate(knowledge.not_covered) if each.phrasings.all)
        beside = [
            (len(self._entries) + n, text)
            for n, subject in enumerate(self._outside)
            for text in _distinct(knowledge.not_covered[subject].phrasings.all)
        ]
        self._texts = tuple(text for _, text in (*inside, *beside))
        self._of = tuple(number for number, _ in (*inside, *beside))
        self._exact: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, text in inside:
            if said := words(text):
                self._exact[said].add(number)
        self._reader = Reader(self._texts, knowledge.synonyms, knowledge.not_covered)
        readings = [self._read(text) for text in self._texts]
        classes = len(self._entries) + len(self._outside)
        self._features = Features(readings, self._of, classes)
        self._usage = Usage(readings, self._of, len(self._entries), self._features)
        several = np.flatnonzero(np.bincount([number for number, _ in inside])[[n for n, _ in inside]] >= _ENOUGH)
        sample = several[np.linspace(0, len(several) - 1, min(_HELD_OUT, len(several))).astype(int)]
        self._head, held_out = learn(self._features.postings, self._of, classes, sample)
        self._examples: dict[str, _Scored] = {}
        seen = [*self._seen_in_phrasings(readings, held_out), *self._seen_in_examples(knowledge.examples, len(sample))]
        self._calibration = Calibration(Observations.joined(seen))

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the example messages as they were read serve who makes the FAQ ready and asks them next."""
        return {**vars(self), "_examples": {}}

    def rank(self, question: str) -> Ranking:
        """The best five entries, most confident first, and whether the question is about something else."""
        text = _shortened(question)
        return self._ranking(text, self._best_passage(text))

    def explain(self, question: str) -> Explanation:
        """The same, with how the question was read and what carried the best entries."""
        text = _shortened(question)
        best = self._best_passage(text)
        ranking = self._ranking(text, best)
        return Explanation(best.read, tuple(self._evidence(m, best) for m in ranking.matches), ranking.not_covered)

    def review(self, progress: Callable[[int, int], None] = lambda *_: None) -> tuple[Reviewed, ...]:
        """Every phrasing of every entry, as it would be matched if it was not known word for word.

        `progress` is told how many are done, of how many, now and then. It takes seconds, in a large FAQ a minute.
        """
        from bot.core.review import Reviewer  # here, as it needs SciPy

        reviewer = Reviewer(self._entries, self._texts, self._of, self._features, self._usage, self._calibration)
        return tuple(reviewer.review(map(self._read, self._texts), progress))

    def _ranking(self, text: str, best: _Scored) -> Ranking:
        trust = [self._usage.trust(best.read, entry) for entry in best.best.tolist()]
        confidences = self._calibration.probability(best.scores, best.shares) * trust
        found = dict(zip(best.best, confidences, strict=True))
        exact = self._exact.get(words(text), set())
        found.update(dict.fromkeys(exact, 1.0))
        matches = (Match(self._entries[number], float(confidence)) for number, confidence in found.items())
        ordered = sorted(matches, key=lambda match: (-match.confidence, match.entry))
        first = self._entries.index(ordered[0].entry)
        certain = ordered[0].confidence >= _NEARLY_CERTAIN and self._usage.has_content_of(best.read, first)
        named = None if exact else self._named_outside(text, certain)
        likely = None if exact else self._likely_outside(best)
        return Ranking(tuple(ordered[:BEST]), likely if named is None else named, named is not None)

    def known(self, text: str) -> tuple[str, ...]:
        """The ids of the entries that have `text` as a phrasing, word for word."""
        return tuple(self._entries[number] for number in sorted(self._exact.get(words(text), ())))

    def subject(self, entry: str) -> str:
        """The word that tells what the entry is about, to be asked for along with what leans on it; may be empty."""
        number = self._entries.index(entry)
        own = (text for text, of in zip(self._texts, self._of, strict=True) if of == number)
        return self._usage.subject(map(self._read, own))

    def _not_covered(self, text: str, best: _Scored) -> int | None:
        """The subject that the FAQ says it does not cover and the question is about."""
        named = self._named_outside(text, certain=False)
        return self._likely_outside(best) if named is None else named

    def _named_outside(self, text: str, certain: bool) -> int | None:
        """What the question names, if nothing that the FAQ is about is named, and no entry is nearly `certain`."""
        read = self._read(text)
        named = (word.not_covered for word in read if word.not_covered is not None and not word.turned_down)
        first = next(named, None)
        return None if certain or self._usage.names_subject(read) else first

    def _likely_outside(self, best: _Scored) -> int | None:
        """What has sample questions that the question is nearer to than to any entry, and likely one of."""
        return best.outside.subject if best.outside and self._is_likely(best.outside) else None

    def _is_likely(self, outside: _Outside) -> bool:
        shares = np.array([outside.shares])
        return bool(_USUALLY.probability(np.array([outside.score]), shares)[0] >= _LIKELY)

    def _best_passage(self, text: str) -> _Scored:
        """The whole message, or the passage of a long one that some entry fits best."""
        if text in self._examples:
            return self._examples[text]
        whole = self._read(text)
        candidates = [whole]
        if len(whole) >= _LONG:
            parts = [self._read(passage) for passage in passages(text)]
            telling = [part for part in parts if _known(part) >= _SHORTEST_PASSAGE]
            candidates += sorted(telling, key=_known, reverse=True)[:_MOST_PASSAGES]
        return max(map(self._scored, candidates), key=lambda scored: float(scored.scores[0] + scored.shares[0, 1]))

    def _scored(self, read: tuple[Word, ...]) -> _Scored:
        vector = self._features.vector(read)
        everything = self._head.scores(self._head.near(vector)).astype(np.float64)
        scores, beside = np.split(everything, [len(self._entries)])
        best = best_of(scores)
        shares = np.array(self._usage.explained(read, best.tolist()))
        outside = None
        if beside.max(initial=-np.inf) > scores[best[0]]:
            number = int(beside.argmax())
            own = self._usage.explained(read, [len(self._entries) + number])[0]
            outside = _Outside(self._outside[number], float(beside[number]), own)
        return _Scored(read, vector, best, scores[best], shares, outside)

    def _read(self, text: str) -> tuple[Word, ...]:
        return weigh_contrast(self._reader.read(text))

    def _seen_in_phrasings(self, readings: Sequence[tuple[Word, ...]], held: "HeldOut") -> Iterator[Observations]:
        """How phrasings match that the index does not know: they alone, or together with their whole entry."""
        if len(self._entries) == 1:
            return
        own = np.array([self._of[phrasing] for phrasing in held.phrasings], dtype=int)
        for all_scores, absent, share in (
            (held.without_itself, 1, 1 - _UNANSWERABLE),
            (held.without_entry, len(self._texts), _UNANSWERABLE),
        ):
            scores, beside = np.split(all_scores, [len(self._entries)], axis=1)
            best = scores.argmax(axis=1)
            explained = [
                self._usage.explained(readings[phrasing], [entry], {owner: absent})[0]
                for phrasing, entry, owner in zip(held.phrasings, best.tolist(), own.tolist(), strict=True)
            ]
            answers = scores.max(axis=1) >= beside.max(axis=1, initial=-np.inf)
            shares = np.array(explained).reshape(-1, 2)
            yield Observations(scores.max(axis=1, initial=-np.inf), shares, best == own, share * answers)

    def _seen_in_examples(self, examples: Sequence[Example], phrasings: int) -> Iterator[Observations]:
        """How the example messages match; together they count `_EXAMPLES_COUNT` times as much as the phrasings."""
        read = [(example, _shortened(example.text)) for example in examples]
        self._examples.update((text, self._best_passage(text)) for _, text in read)
        scored = [(example, text, self._examples[text]) for example, text in read]
        told = [(example, best) for example, text, best in scored if self._not_covered(text, best) is None]
        for example, best in told:
            right = self._entries[best.best[0]] in example.expect
            weight = _EXAMPLES_COUNT * max(1, phrasings) / len(told)
            yield Observations(best.scores[:1], best.shares[:1], np.array([right]), np.array([weight]))

    def _evidence(self, match: Match, best: _Scored) -> Evidence:
        number = self._entries.index(match.entry)
        own = [phrasing for phrasing, entry in enumerate(self._of) if entry == number]
        nearness = self._head.near(best.vector)
        nearest = sorted(own, key=lambda phrasing: -nearness[phrasing])[:_EVIDENCE]
        parts = ((self._features.share(word, best.vector), word.typed) for word in best.read)
        given = [(float(self._head.said(self._head.near(part))[number]), typed) for part, typed in parts]
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
