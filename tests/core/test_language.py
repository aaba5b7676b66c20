import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.language import LanguageGuesser
from tests.conftest import NOW, message

DEV = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "dev.jsonl").read_text().splitlines()]


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


def test_the_development_messages_are_told_apart(desk: Desk) -> None:
    right = sum(desk.consider(Conversation(), message(row["q"]), NOW).language == row["lang"] for row in DEV)
    assert right >= 0.97 * len(DEV)
