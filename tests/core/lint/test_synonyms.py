from typing import Any

import pytest

from bot.core.fault import KeyPath
from bot.core.lint import lint
from tests.core.lint.faqs import entry, faq

ZOOM = {"names": ["Zoom"], "pointer": {"de": "x", "en": "x"}}


@pytest.mark.parametrize(
    ("synonyms", "path", "message"),
    [
        (
            [{"to": "Drucker", "from": ["Printer"]}, {"to": "Urlaub", "from": ["Ferien", "printer"]}],
            (1, "from", 1),
            '"printer" is read as "Drucker" already',
        ),
        (
            [{"to": "Drucker", "from": ["Urlaub"]}, {"to": "Urlaub", "from": ["Ferien"]}],
            (0, "from", 0),
            '"Urlaub" is read as "Drucker", and is itself what others are read as',
        ),
        ([{"to": "Drucker", "from": ["ZOOM"]}], (0, "from", 0), '"ZOOM" is a name under `not_covered`'),
        ([{"to": "Beamer", "from": ["Projektor"]}], (0, "to"), 'no phrasing speaks of "Beamer"'),
    ],
)
def test_what_keeps_a_synonym_from_its_work_is_told(synonyms: list[Any], path: KeyPath, message: str) -> None:
    base = faq(entry("a"), entry("b"), synonyms=synonyms, not_covered=[ZOOM])
    (fault,) = lint(base)
    assert message in str(fault)
    assert fault.severity == "warning"
    assert fault.place == base.place("synonyms", *path)


@pytest.mark.parametrize(
    "synonyms",
    [
        [{"to": "Drucker", "from": ["Printer"]}, {"to": "Drucker", "from": ["Printer", "Plotter"]}],
        [{"to": "Drucker", "from": ["drucker", "Printer"]}],
        [{"to": "Laserdrucker", "from": ["Drucker"]}],
        [{"to": "den Urlaub", "from": ["Ferien"]}],
    ],
)
def test_what_says_the_same_twice_or_is_used_by_another_name_is_fine(synonyms: list[Any]) -> None:
    assert lint(faq(entry("a"), entry("b"), synonyms=synonyms)) == ()


def test_what_is_used_for_what_is_not_covered_is_fine() -> None:
    beamer = {"phrasings": {"de": ["Beamer leihen"]}, "pointer": {"de": "x", "en": "x"}}
    assert lint(faq(entry(), synonyms=[{"to": "Beamer", "from": ["Projektor"]}], not_covered=[beamer])) == ()
