from typing import Any

import pytest

from bot.core.fault import KeyPath
from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq, german

BOTH = {"de": "x", "en": "x"}


@pytest.mark.parametrize(
    ("subject", "path", "message"),
    [
        ({"names": ["Zoom"], "pointer": {"de": "x"}}, ("pointer",), '"Zoom" has no pointer in en'),
        (
            {"names": ["Zoom", "ZOOM"], "pointer": BOTH},
            ("names", 1),
            '"ZOOM" stands under `not_covered` a second time',
        ),
        ({"names": ["Zoom", "Drucker"], "pointer": BOTH}, ("names", 1), '"Drucker" is what `a` is about'),
        ({"names": ["mit Drucker los"], "pointer": BOTH}, ("names", 0), "is what `a` is about"),
        ({"phrasings": {"de": ["Drucker eins!"]}, "pointer": BOTH}, ("phrasings", "de", 0), "is what `a` is about"),
    ],
)
def test_contradictions_are_named_at_their_line(subject: dict[str, Any], path: KeyPath, message: str) -> None:
    base = faq(not_covered=[subject])
    (fault,) = lint(base)
    assert message in str(fault)
    assert fault.severity == "warning"
    assert fault.place == base.place("not_covered", 0, *path)


@pytest.mark.parametrize("name", ["Zoom", "Druckerei", "los Drucker", "Drucker Zoom"])
def test_another_subject_is_fine(name: str) -> None:
    assert lint(faq(entry(), not_covered=[{"names": [name], "pointer": BOTH}])) == ()


def test_a_phrasing_is_another_question_though_its_words_stand_in_one() -> None:
    assert lint(faq(entry(), not_covered=[{"phrasings": {"de": ["mit Drucker los"]}, "pointer": BOTH}])) == ()


def test_a_german_faq_needs_no_english_pointer() -> None:
    assert lint(faq(german(), not_covered=[{"names": ["Zoom"], "pointer": {"de": "x"}}])) == ()
