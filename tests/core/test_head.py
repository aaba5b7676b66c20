"""The head, on FAQs small enough to be checked by learning them again."""

import numpy as np
import pytest

from bot.core.features import Features, Postings, Vector
from bot.core.head import Head
from bot.core.learning import learn
from bot.core.reading import Reader

TEXTS = [
    *("rote Birne", "rote reife Birne", "Birne am Baum"),
    *("blaue Pflaume", "reife blaue Pflaume", "Pflaume am Ast"),
    *("grüner Apfel", "saurer grüner Apfel", "Apfel am Baum"),
]
OF = [0, 0, 0, 1, 1, 1, 2, 2, 2]
READER = Reader(TEXTS)
POSTINGS = Features([READER.read(text) for text in TEXTS], OF, 3).postings
FEATURES = np.repeat(np.arange(len(POSTINGS.ends) - 1), np.diff(POSTINGS.ends))


def only(phrasings: list[int]) -> Postings:
    """Those alone, as they are weighed among all."""
    kept = np.isin(POSTINGS.phrasings, phrasings)
    ends = np.searchsorted(FEATURES[kept], np.arange(len(POSTINGS.ends)))
    renamed = np.searchsorted(phrasings, POSTINGS.phrasings[kept])
    return Postings(len(phrasings), ends, renamed, POSTINGS.values[kept])


def score(learned: Head, phrasing: int) -> np.ndarray:
    own = POSTINGS.phrasings == phrasing
    return learned.scores(learned.near(Vector(FEATURES[own], POSTINGS.values[own])))


def test_each_phrasing_scores_best_for_its_entry() -> None:
    told = np.vstack([score(learn(POSTINGS, OF, 3)[0], phrasing) for phrasing in range(9)])
    assert told.argmax(axis=1).tolist() == OF
    assert told.max() <= 1.1


def test_a_score_without_the_phrasing_is_that_of_a_head_that_never_saw_it() -> None:
    _, held = learn(POSTINGS, OF, 3, range(9))
    for at, phrasing in enumerate(held.phrasings):
        others = [n for n in range(9) if n != phrasing]
        again = learn(only(others), [OF[n] for n in others], 3)[0]
        assert held.without_itself[at] == pytest.approx(score(again, phrasing), abs=0.12)


def test_a_score_without_the_entry_is_that_of_a_head_that_never_saw_it() -> None:
    _, held = learn(POSTINGS, OF, 3, range(9))
    for at, phrasing in enumerate(held.phrasings):
        entry = OF[phrasing]
        others = [n for n in range(9) if OF[n] != entry]
        kept = [n for n in range(3) if n != entry]
        again = learn(only(others), [kept.index(OF[n]) for n in others], 2)[0]
        assert held.without_entry[at, kept] == pytest.approx(score(again, phrasing), abs=0.12)
        assert held.without_entry[at, entry] == -np.inf


def test_one_entry_can_be_learned() -> None:
    alone, _ = learn(only([0, 1, 2]), [0, 0, 0], 1, range(3))
    assert score(alone, 0).shape == (1,)
