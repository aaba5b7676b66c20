import pytest

from bot.core.lint import lint
from tests.core.lint.faqs import faq, german


@pytest.mark.parametrize(
    ("count", "told"), [(1, "is only 1 phrasing in de"), (2, "are only 2 phrasings in de"), (3, "")]
)
def test_fewer_than_three_phrasings_are_few(count: int, told: str) -> None:
    base = faq(german(phrasings={"de": ["Drucker eins", "Drucker zwei", "Drucker drei"][:count]}))
    faults = lint(base)
    assert len(faults) == bool(told)
    for fault in faults:
        assert f"warning: entry a: there {told}" in str(fault)
        assert fault.place == base.place("entries", 0, "phrasings", "de")


@pytest.mark.parametrize(("count", "told"), [(20, False), (21, True)])
def test_an_entry_that_outweighs_the_others_is_told(count: int, told: bool) -> None:
    nouns = [f"Drucker {chr(97 + n)}{chr(97 + n)}{chr(97 + n)}" for n in range(count - 1)]
    base = faq(*(german(each) for each in "abc"), german("d", phrasings={"de": nouns}))
    found = [fault for fault in lint(base) if "outweigh" in fault.message]
    assert bool(found) == told
    for fault in found:
        assert f"{count} phrasings outweigh those of the others, who have about 4" in fault.message
        assert fault.place == base.place("entries", 3, "phrasings")


def test_a_phrasing_that_stands_in_two_entries_is_told_at_the_second() -> None:
    base = faq(german("a"), german("b", phrasings={"de": ["Urlaub?", "Urlaub eins", "DRUCKER zwei!"]}))
    (fault,) = lint(base)
    assert 'warning: entry b: the phrasing "DRUCKER zwei!" stands in `a` too' in str(fault)
    assert fault.place == base.place("entries", 1, "phrasings", "de", 2)


def test_a_question_counts_as_a_phrasing() -> None:
    base = faq(german("a"), german("b", question={"de": "Drucker zwei?"}))
    (fault,) = lint(base)
    assert fault.place == base.place("entries", 1, "question", "de")


@pytest.mark.parametrize(
    ("phrasing", "why"),
    [
        ("Vielen Dank!", "is small talk as a whole"),
        ("!Drucker", "is a command"),
        ("1 2 3", "is only numbers and single letters"),
        ("???", "holds no word"),
        ("Das hilft mir nicht", "says that the answer did not help"),
        ("ja", "is a yes or a no to nothing"),
        ("auf Englisch bitte", "asks for the other language"),
    ],
)
def test_what_is_never_taken_for_a_question_is_told_with_the_rule(phrasing: str, why: str) -> None:
    base = faq(german(phrasings={"de": ["Drucker eins", "Drucker zwei", "Drucker drei", phrasing]}))
    (fault,) = lint(base)
    assert f'warning: entry a: the phrasing "{phrasing}" {why}, and leads to no entry' in str(fault)
    assert fault.place == base.place("entries", 0, "phrasings", "de", 3)


@pytest.mark.parametrize(
    "phrasing", ["Ich möchte mit einem Menschen sprechen", "Hallo, wo ist der Drucker?", "Drucker 7"]
)
def test_what_is_passed_on_or_looked_up_is_fine(phrasing: str) -> None:
    assert lint(faq(german(phrasings={"de": ["Drucker eins", "Drucker zwei", "Drucker drei", phrasing]}))) == ()
