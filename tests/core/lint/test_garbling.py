import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.lint import garbling, lint
from tests.core.lint.faqs import faq, german

LETTERS = "äöüÄÖÜßéèêàçñ"
SIGNS = "„“”–—…’€•"


@given(st.text(LETTERS, min_size=1, max_size=5), st.sampled_from(["latin-1", "cp1252"]))
def test_utf_8_that_was_read_as_latin_1_is_an_error_at_its_line(text: str, encoding: str) -> None:
    base = faq(german(answer={"de": f"Das ist {text.encode().decode(encoding, 'replace')}."}))
    told = list(garbling.faults(base))
    assert [(fault.place, fault.severity) for fault in told] == [(base.place("entries", 0, "answer", "de"), "error")]


@given(st.text(f"{LETTERS}{SIGNS}aAsS . \n", max_size=20))
def test_proper_text_is_none(text: str) -> None:
    assert list(garbling.faults(faq(german(answer={"de": f"Ja. {text}"})))) == []


def test_the_garbled_word_is_named() -> None:
    (fault,) = lint(faq(german(answer={"de": "Unsere\nKÃ¼che\nist im Keller."})))
    assert '"KÃ¼che" is garbled' in fault.message


def test_a_lost_letter_is_told() -> None:
    (fault,) = lint(faq(german(answer={"de": "Die K�che."})))
    assert 'there is a "�" in the text' in fault.message


@pytest.mark.parametrize("path", [("question", "de"), ("phrasings", "de", 1)])
def test_every_text_of_an_entry_is_looked_at(path: tuple[str | int, ...]) -> None:
    texts = {"question": {"de": "Straße ölen?"}, "phrasings": {"de": ["Drucker", "Straße ölen", "Drucker zwei"]}}
    garbled = {"question": {"de": "StraÃŸe Ã¶len?"}, "phrasings": {"de": ["Drucker", "StraÃŸe", "Drucker zwei"]}}
    base = faq(german(**{**texts, str(path[0]): garbled[str(path[0])]}))
    (fault,) = lint(base)
    assert fault.place == base.place("entries", 0, *path)


def test_so_are_the_bots_own_sentences_and_synonyms() -> None:
    base = faq(
        german(), says={"thanks": {"de": ["Gern!", "SchÃ¶n!"]}}, synonyms=[{"to": "Drucker", "from": ["GerÃ¤t"]}]
    )
    assert {fault.place for fault in lint(base)} == {
        base.place("phrases", "says", "thanks", "de", 1),
        base.place("synonyms", 0, "from", 0),
    }
