import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from bot.core.language import LanguageGuesser
from tests.conftest import NOW, message, set_apart


@pytest.fixture(scope="module")
def guesser() -> LanguageGuesser:
    return LanguageGuesser({"de": ["Chatprogramm für den Lehrstuhl"], "en": ["chat program for the chair"]})


def test_function_words_tell(guesser: LanguageGuesser) -> None:
    assert guesser.guess("wie geht das", "en") == "de"
    assert guesser.guess("how does this work", "de") == "en"


def test_letters_that_only_german_has_tell(guesser: LanguageGuesser) -> None:
    assert guesser.guess("Schlüssel", "en") == "de"


def test_words_of_the_faq_tell(guesser: LanguageGuesser) -> None:
    assert guesser.guess("lehrstuhl", "en") == "de"


@given(st.sampled_from(["", "2", "Signal", "😂", "!!!"]), st.sampled_from(["de", "en"]))
def test_what_tells_nothing_stays_in_the_language_of_the_conversation(text: str, language: str) -> None:
    assert LanguageGuesser({}).guess(text, language) == language  # type: ignore[arg-type]


def test_the_development_messages_are_told_apart(desk: Desk, knowledge: KnowledgeBase) -> None:
    _, development = set_apart(knowledge)
    turns = [(each, desk.consider(Conversation(), message(each.text), NOW)) for each in development]
    assert len(turns) >= 130
    assert sum(turn.language == each.language for each, turn in turns) >= 0.97 * len(turns)
