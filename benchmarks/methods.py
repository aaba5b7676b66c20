"""What is compared: ours, and the lexical methods that people use instead."""

from collections.abc import Sequence
from typing import Any, Protocol

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.adapters.faq.knowledge import load
from bot.core.faq import Entry, KnowledgeBase
from bot.core.matching import Index
from bot.core.text import fold, stem, words

Ranked = list[tuple[str, float]]
Faq = dict[str, list[str]]
"""The phrasings of each entry."""


class Method(Protocol):
    """Learns a FAQ when it is made."""

    def rank(self, question: str) -> Ranked:
        """The best five entries and their scores, best first."""
        ...


class Ours:
    """Auskunft's index, without synonyms and examples where the FAQ has none."""

    def __init__(self, faq: Faq, base: KnowledgeBase | None = None) -> None:
        self._index = Index(base or as_knowledge(faq))

    def rank(self, question: str) -> Ranked:
        return [(match.entry, match.confidence) for match in self._index.rank(question).matches]


class Rapidfuzz:
    """The phrasing that rapidfuzz finds most similar."""

    def __init__(self, faq: Faq, scorer: Any) -> None:
        self._of, self._texts = _flat(faq, fold)
        self._scorer = scorer

    def rank(self, question: str) -> Ranked:
        scores = process.cdist([fold(question)], self._texts, scorer=self._scorer)[0]
        return _best_by_entry(self._of, scores)


class Bm25:
    """BM25 over entries, their phrasings joined and stemmed (bm25s)."""

    def __init__(self, faq: Faq) -> None:
        self._entries = list(faq)
        self._index = bm25s.BM25()
        self._index.index([self._stems(" ".join(texts)) for texts in faq.values()], show_progress=False)

    def rank(self, question: str) -> Ranked:
        scores = self._index.get_scores(self._stems(question) or [""])
        return _best_by_entry(self._entries, scores)

    @staticmethod
    def _stems(text: str) -> list[str]:
        return [stem(word) for word in words(text)]


class Svm:
    """TF-IDF of three to five letters inside words, and a linear support vector machine (scikit-learn)."""

    def __init__(self, faq: Faq) -> None:
        of, texts = _flat(faq, fold)
        self._vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        self._machine = LinearSVC().fit(self._vectors.fit_transform(texts), of)

    def rank(self, question: str) -> Ranked:
        scores = np.atleast_2d(self._machine.decision_function(self._vectors.transform([fold(question)])))[0]
        return _best_by_entry(list(self._machine.classes_), scores)


METHODS: dict[str, Any] = {
    "Auskunft": Ours,
    "char n-gram SVM": Svm,
    "BM25": Bm25,
    "token_set_ratio": lambda faq: Rapidfuzz(faq, fuzz.token_set_ratio),
    "WRatio": lambda faq: Rapidfuzz(faq, fuzz.WRatio),
}


def as_knowledge(faq: Faq) -> KnowledgeBase:
    """The FAQ as Auskunft keeps one, with nothing but phrasings."""
    entries = tuple(Entry.model_validate({"id": name, "phrasings": {"en": texts}}) for name, texts in faq.items())
    return KnowledgeBase(entries=entries, phrases=load().phrases)


def _flat(faq: Faq, change: Any) -> tuple[list[str], list[str]]:
    pairs = [(entry, change(text)) for entry, texts in faq.items() for text in texts]
    return [entry for entry, _ in pairs], [text for _, text in pairs]


def _best_by_entry(of: Sequence[str], scores: Any) -> Ranked:
    best: dict[str, float] = {}
    for n in np.argsort(-np.asarray(scores), kind="stable"):
        best.setdefault(of[n], float(scores[n]))
        if len(best) == 5:
            break
    return list(best.items())
