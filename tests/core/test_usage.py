import pytest

from bot.core.features import Features
from bot.core.reading import Reader
from bot.core.usage import Usage

TEXTS = [
    *("Ist Skype erlaubt", "Ist Skype sicher", "Skype dienstlich"),
    *("Wo drucke ich", "Wo finde ich Drucker", "Toner leer"),
    *("Kuchen backen", "Kuchen essen"),
]
OF = [0, 0, 0, 1, 1, 1, 2, 2]
READER = Reader(TEXTS)
READINGS = [READER.read(text) for text in TEXTS]
FEATURES = Features(READINGS, OF, 3)
USAGE = Usage(READINGS, OF, 2, FEATURES)
"""Entry 2 is what the FAQ does not cover."""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("skype hier", True),
        ("skpye hier", True),
        ("ist das hier", False),  # a function word
        ("skynet hier", False),  # a wild guess
        ("toner hier", False),  # in one phrasing only
        ("kuchen hier", False),  # of what is not covered
    ],
)
def test_a_subject_is_what_many_phrasings_of_an_entry_name(text: str, named: bool) -> None:
    assert USAGE.names_subject(READER.read(text)) is named


def test_a_question_is_explained_by_the_words_of_the_faq_and_of_the_entry() -> None:
    ((faq, own), (_, other)) = USAGE.explained(READER.read("Skype erlaubt"), [0, 1])
    assert faq == own > 0.5
    assert other == 0
    ((with_unknown, _),) = USAGE.explained(READER.read("Skype Quastenflosser"), [0])
    assert with_unknown < faq


def test_what_was_left_out_explains_nothing() -> None:
    ((faq, own),) = USAGE.explained(READER.read("Skype erlaubt"), [0], {0: 3})
    assert (faq, own) == (0, 0)
    ((faq, _),) = USAGE.explained(READER.read("erlaubt"), [0], {0: 1})
    assert faq == 0


def test_only_a_wild_guess_is_one() -> None:
    assert USAGE.trust(READER.read("Skynet"), 0) < 1
    assert USAGE.trust(READER.read("Skpye"), 0) == 1
    assert USAGE.trust(READER.read("Skynet erlaubt"), 0) == 1
    assert USAGE.trust(READER.read("Skype"), 1) == 1
