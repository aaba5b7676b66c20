import numpy as np
import pytest

from bot.core.features import Features, bag
from bot.core.reading import Reader

TEXTS = ["wir nutzen Signal", "wir nutzen Wire", "wir fragen", "wir brauchen Telefonnummern"]
READER = Reader(TEXTS)
FEATURES = Features([READER.read(text) for text in TEXTS], [0, 1, 2, 3], 4)


def length(text: str) -> float:
    return float(np.linalg.norm(FEATURES.vector(READER.read(text)).values))


def test_a_text_is_a_vector_of_length_1_and_shorter_where_it_says_little() -> None:
    assert length("wir nutzen Signal") == pytest.approx(1)
    assert length("wir") < 0.8
    assert length("xyz") < 0.3
    assert length("") == 0


def test_phrasings_are_rows_of_length_1() -> None:
    lengths = np.bincount(FEATURES.postings.phrasings, FEATURES.postings.values**2)
    assert lengths == pytest.approx(np.ones(4))


def test_a_phrasing_is_like_itself_and_less_like_others() -> None:
    for number, text in enumerate(TEXTS):
        nearness = FEATURES.postings.near(FEATURES.vector(READER.read(text)))
        assert nearness[number] == pytest.approx(1, abs=1e-5)
        assert np.delete(nearness, number).max() < 0.9
    assert FEATURES.postings.near(FEATURES.vector(())).tolist() == [0, 0, 0, 0]


def test_what_fewer_entries_use_weighs_more_and_what_none_uses_nothing() -> None:
    assert (FEATURES.weight("wir") or 0) < (FEATURES.weight("nutzen") or 0) < (FEATURES.weight("signal") or 0)
    assert FEATURES.weight("signal") == FEATURES.heaviest
    assert FEATURES.weight("skype") is None


def test_neighbours_are_pairs_also_with_one_word_between_and_no_further() -> None:
    found = bag(READER.read("wir nutzen Signal"))
    assert {"^ wir", "wir nutz", "nutz signal", "wir … signal", "signal"} <= found.keys()
    assert "^ signal" not in found


def test_a_repaired_word_counts_less_than_a_typed_one() -> None:
    assert bag(READER.read("sigmal"))["signal"] < bag(READER.read("signal"))["signal"] == 1


def test_the_share_of_a_word_is_its_part_of_the_vector() -> None:
    read = READER.read("wir Signal")
    vector = FEATURES.vector(read)
    parts = [FEATURES.share(word, vector).values for word in read]
    assert 0 < np.linalg.norm(parts[0]) < np.linalg.norm(parts[1]) < 1
