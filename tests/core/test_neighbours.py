"""Whom an entry is compared with, in a small FAQ and in one that counts as large."""

import numpy as np
import pytest

from bot.core.faq import KnowledgeBase
from bot.core.features import Features, Postings, Vector
from bot.core.neighbours import Comparison, compare, neighbourhoods
from bot.core.reading import Reader

ENTRIES = 5
RIVALS = 8


@pytest.fixture(scope="module")
def of(knowledge: KnowledgeBase) -> np.ndarray:
    return np.array([n for n, entry in enumerate(knowledge.entries[:ENTRIES]) for _ in entry.wordings])


@pytest.fixture(scope="module")
def postings(knowledge: KnowledgeBase, of: np.ndarray) -> Postings:
    texts = [text for entry in knowledge.entries[:ENTRIES] for text in entry.wordings]
    reader = Reader(texts)
    return Features([reader.read(text) for text in texts], of.tolist(), ENTRIES).postings


@pytest.fixture(params=[4_000, 0], ids=["few", "many"])
def comparison(request: pytest.FixtureRequest, postings: Postings) -> Comparison:
    return compare(postings, ENTRIES, rivals=RIVALS, many=request.param)


def test_phrasings_are_as_near_as_questions_of_the_same_features(comparison: Comparison, postings: Postings) -> None:
    features = np.repeat(np.arange(len(postings.ends) - 1), np.diff(postings.ends))
    some = np.arange(0, postings.count, 7)
    for phrasing, nearness in zip(some, comparison.rows(some), strict=True):
        own = postings.phrasings == phrasing
        assert nearness == pytest.approx(postings.near(Vector(features[own], postings.values[own])), abs=1e-5)
    assert comparison.among(some) == pytest.approx(comparison.rows(some)[:, some], abs=1e-5)


def test_an_entry_is_learned_from_its_own_the_nearest_and_a_sample_that_stands_for_the_rest(
    comparison: Comparison, of: np.ndarray
) -> None:
    for entry, near in enumerate(neighbourhoods(comparison, of, ENTRIES)):
        own = np.flatnonzero(of == entry)
        assert near.phrasings[: len(own)].tolist() == own.tolist()
        assert len(set(near.phrasings.tolist())) == len(near.phrasings)
        nearest = near.phrasings[len(own) : len(own) + RIVALS]
        similar = np.delete(comparison.roughly(own).max(axis=0), own)
        assert sorted(comparison.roughly(own).max(axis=0)[nearest]) == pytest.approx(sorted(similar)[-RIVALS:])
        assert near.counts[: len(own) + RIVALS].tolist() == [1] * (len(own) + RIVALS)
        assert near.counts.sum() == pytest.approx(len(of))
        assert near.kernel == pytest.approx(comparison.among(near.phrasings))
