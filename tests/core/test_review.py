"""What the review says of phrasings, beside what the index says when it is asked, and learned again without them."""

from collections import defaultdict
from copy import copy

import pytest

from bot.core.faq import Entry, KnowledgeBase, NotCovered
from bot.core.matching import Index
from bot.core.model import Reviewed

FRUIT = {
    "birne": ["rote Birne", "rote reife Birne", "Birne am Baum", "reife Birne vom Baum"],
    "pflaume": ["blaue Pflaume", "reife blaue Pflaume", "Pflaume am Ast", "blaue Pflaume vom Ast"],
    "apfel": ["grüner Apfel", "saurer grüner Apfel", "Apfel am Baum", "saurer Apfel vom Baum"],
}


def index(knowledge: KnowledgeBase, phrasings: dict[str, list[str]], outside: tuple[NotCovered, ...] = ()) -> Index:
    entries = tuple(Entry.model_validate({"id": name, "phrasings": {"de": texts}}) for name, texts in phrasings.items())
    changed = {"entries": entries, "synonyms": (), "not_covered": outside, "examples": ()}
    return Index(knowledge.model_copy(update=changed))


def by_text(reviewed: tuple[Reviewed, ...], text: str, entry: str | None = None) -> Reviewed:
    (found,) = [each for each in reviewed if each.text == text and entry in (None, each.entry)]
    return found


@pytest.fixture(scope="module")
def shipped(knowledge: KnowledgeBase) -> tuple[Reviewed, ...]:
    return Index(knowledge).review()


def test_each_phrasing_of_each_entry_is_reviewed_in_order(
    shipped: tuple[Reviewed, ...], knowledge: KnowledgeBase
) -> None:
    assert list(dict.fromkeys(each.entry for each in shipped)) == [entry.id for entry in knowledge.entries]
    assert {each.text for each in shipped} <= {text for entry in knowledge.entries for text in entry.wordings}


def test_a_phrasing_matches_what_a_question_that_is_not_known_word_for_word_matches(knowledge: KnowledgeBase) -> None:
    knowing = index(knowledge, {**FRUIT, "kurz": ["am"]})
    by_words = copy(knowing)
    by_words._exact = defaultdict(set)
    for each in knowing.review():
        told = by_words.rank(each.text).matches
        assert knowing.rank(each.text).matches[0].confidence == 1
        assert each.matches[0].confidence < 1
        assert [match.entry for match in each.matches] == [match.entry for match in told]
        expected = [match.confidence for match in told]
        assert [match.confidence for match in each.matches] == pytest.approx(expected, abs=1e-4)


def test_what_is_left_without_a_phrasing_is_near_to_what_a_faq_without_it_says(knowledge: KnowledgeBase) -> None:
    reviewed = index(knowledge, FRUIT).review()
    for name, texts in FRUIT.items():
        for text in texts:
            again = index(knowledge, {**FRUIT, name: [each for each in texts if each != text]}).rank(text).matches[0]
            left = by_text(reviewed, text).without
            assert left
            assert left.entry == again.entry
            assert left.confidence == pytest.approx(again.confidence, abs=0.03)


@pytest.mark.parametrize("stray", ["blaue Pflaume am alten Ast", "Quitte kaufen"])
def test_what_only_a_phrasing_itself_says_for_its_entry_is_told(knowledge: KnowledgeBase, stray: str) -> None:
    reviewed = by_text(index(knowledge, {**FRUIT, "birne": [*FRUIT["birne"], stray]}).review(), stray)
    unknown = index(knowledge, FRUIT).rank(stray).matches[0]
    assert reviewed.matches[0].entry == "birne"
    assert reviewed.matches[0].confidence > 0.85
    assert reviewed.without
    assert reviewed.without.entry == unknown.entry
    assert reviewed.without.confidence == pytest.approx(unknown.confidence, abs=0.1)


def test_a_twin_is_the_most_similar_phrasing_of_another_entry(knowledge: KnowledgeBase) -> None:
    reviewed = index(knowledge, {**FRUIT, "obst": ["Birne am alten Baum"]}).review()
    twin = by_text(reviewed, "Birne am Baum").twin
    assert twin
    assert (twin.entry, twin.text) == ("obst", "Birne am alten Baum")
    assert 0.5 < twin.similarity < 1


def test_what_stands_in_two_entries_is_its_own_twin_in_both(knowledge: KnowledgeBase) -> None:
    reviewed = index(knowledge, {**FRUIT, "obst": ["rote Birne", "Obst"]}).review()
    for entry, other in (("birne", "obst"), ("obst", "birne")):
        twin = by_text(reviewed, "rote Birne", entry).twin
        assert twin
        assert (twin.entry, twin.text) == (other, "rote Birne")
        assert twin.similarity == pytest.approx(1)


def test_an_entry_with_one_phrasing_has_nothing_left_without_it(knowledge: KnowledgeBase) -> None:
    reviewed = index(knowledge, {**FRUIT, "quitte": ["gelbe Quitte"]}).review()
    assert by_text(reviewed, "gelbe Quitte").without is None
    assert by_text(reviewed, "gelbe Quitte").matches[0].entry == "quitte"


def test_one_entry_alone_has_no_twins(knowledge: KnowledgeBase) -> None:
    for each in index(knowledge, {"birne": FRUIT["birne"]}).review():
        assert each.twin is None
        assert [match.entry for match in each.matches] == ["birne"]


def test_a_phrasing_without_words_matches_nothing_well(knowledge: KnowledgeBase) -> None:
    reviewed = by_text(index(knowledge, {**FRUIT, "leer": ["?!", "Obst"]}).review(), "?!")
    assert reviewed.matches[0].confidence < 0.5
    assert reviewed.twin
    assert reviewed.twin.similarity == 0


def test_what_is_not_covered_is_neither_reviewed_nor_a_twin(knowledge: KnowledgeBase) -> None:
    outside = NotCovered.model_validate({"phrasings": {"de": ["rote Birne am Baum"]}, "pointer": {"de": "Dort."}})
    reviewed = index(knowledge, FRUIT, (outside,)).review()
    assert [each.text for each in reviewed] == [text for texts in FRUIT.values() for text in texts]
    assert {each.twin.entry for each in reviewed if each.twin} <= set(FRUIT)


def test_progress_is_told_to_the_end(knowledge: KnowledgeBase) -> None:
    told: list[tuple[int, int]] = []
    index(knowledge, FRUIT).review(lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
    assert told == sorted(told)
