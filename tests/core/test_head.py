"""The head, on FAQs small enough to be checked by learning them again."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from bot.core.features import Features, Postings
from bot.core.head import Head
from bot.core.learning import HeldOut, _neighbourhoods, matrix
from bot.core.learning import learn as learn_from_postings
from bot.core.reading import Reader

TEXTS = [
    *("rote Birne", "rote reife Birne", "Birne am Baum"),
    *("blaue Pflaume", "reife blaue Pflaume", "Pflaume am Ast"),
    *("grüner Apfel", "saurer grüner Apfel", "Apfel am Baum"),
]
OF = [0, 0, 0, 1, 1, 1, 2, 2, 2]


def rows(texts: list[str] = TEXTS) -> sparse.csr_matrix:
    reader = Reader(TEXTS)
    return matrix(Features([reader.read(text) for text in texts], OF, 3).postings)


def learn(vectors: sparse.csr_matrix, *others: Any) -> tuple[Head, HeldOut]:
    columns = vectors.tocsc()
    postings = Postings(vectors.shape[0], columns.indptr, columns.indices, columns.data)
    return learn_from_postings(postings, *others)


def scores(learned: Head, vectors: sparse.csr_matrix) -> np.ndarray:
    return np.vstack([learned.scores(learned.near(row.toarray().ravel())) for row in vectors])


def test_each_phrasing_scores_best_for_its_entry() -> None:
    told = scores(learn(rows(), OF, 3)[0], rows())
    assert told.argmax(axis=1).tolist() == OF
    assert told.max() <= 1.1


def test_a_score_without_the_phrasing_is_that_of_a_head_that_never_saw_it() -> None:
    _, held = learn(rows(), OF, 3, range(9))
    for at, phrasing in enumerate(held.phrasings):
        others = [n for n in range(9) if n != phrasing]
        again = learn(rows()[others], [OF[n] for n in others], 3)[0]
        assert held.without_itself[at] == pytest.approx(scores(again, rows()[phrasing])[0], abs=0.12)


def test_a_score_without_the_entry_is_that_of_a_head_that_never_saw_it() -> None:
    _, held = learn(rows(), OF, 3, range(9))
    for at, phrasing in enumerate(held.phrasings):
        entry = OF[phrasing]
        others = [n for n in range(9) if OF[n] != entry]
        kept = [n for n in range(3) if n != entry]
        again = learn(rows()[others], [kept.index(OF[n]) for n in others], 2)[0]
        assert held.without_entry[at, kept] == pytest.approx(scores(again, rows()[phrasing])[0], abs=0.12)
        assert held.without_entry[at, entry] == -np.inf


@pytest.mark.parametrize("many", [4_000, 0])
def test_an_entry_is_learned_from_its_own_the_nearest_and_a_sample_that_stands_for_the_rest(
    many: int,
) -> None:
    for entry, near in enumerate(_neighbourhoods(rows(), np.array(OF), 3, rivals=2, many=many, common=1.0)):
        own = [n for n, owner in enumerate(OF) if owner == entry]
        assert near.phrasings[:3].tolist() == own
        assert len(set(near.phrasings.tolist())) == len(near.phrasings)
        assert near.counts.sum() == pytest.approx(len(OF))
        assert near.counts[:5].tolist() == [1] * 5


def test_one_entry_can_be_learned() -> None:
    only, _ = learn(rows()[:3], [0, 0, 0], 1, range(3))
    assert scores(only, rows()[:1]).shape == (1, 1)
