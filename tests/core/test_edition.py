"""What speaks against an edition in the place of another: new errors, and examples that break, if they are many."""

from typing import Any

from bot.core.decision import Answer, Fallback
from bot.core.edition import Edition
from bot.core.evaluation import Evaluation, Judged
from bot.core.faq import Example
from bot.core.fault import Fault, Place, Severity

UNUSED: Any = None
"""Nobody is asked or told here."""


def edition(*faults: Fault, wrong: int = 0, of: int = 100, expect: tuple[str, ...] = ("a",)) -> Edition:
    """An edition in which the first `wrong` examples are answered with b."""
    examples = [Example(text=f"Frage {number}", expect=expect) for number in range(of)]
    judged = tuple(
        Judged(each, "wrong", Answer(("b", "c")), "de", Place("x.yaml", number))
        if number < wrong
        else Judged(each, "refused", Fallback(), "de", Place("x.yaml", number))
        for number, each in enumerate(examples)
    )
    return Edition(UNUSED, faults, Evaluation(judged), UNUSED, UNUSED, {})


def fault(entry: str, line: int = 1, severity: Severity = "error") -> Fault:
    return Fault(Place("x.yaml", line), "the answer is missing", "Write it.", entry, severity)


def test_of_a_hundred_examples_one_may_break_with_a_warning_and_two_may_not() -> None:
    live = edition()
    assert edition(wrong=1).objections(live) == ()
    assert [each.severity for each in edition(wrong=1).remarks(live)] == ["warning"]
    assert [each.severity for each in edition(wrong=2).objections(live)] == ["error", "error"]
    assert edition(wrong=2).remarks(live) == ()
    assert len(edition(wrong=1, of=99).objections(edition(of=99))) == 1


def test_an_example_that_was_wrong_before_is_no_news() -> None:
    assert edition(wrong=5).objections(edition(wrong=5)) == ()
    assert [each.place.line for each in edition(wrong=5).objections(edition(wrong=3))] == [3, 4]


def test_a_broken_example_is_told_with_what_was_expected_and_what_would_be_answered() -> None:
    (broken,) = edition(wrong=1, expect=("a", "d")).remarks(edition(expect=("a", "d")))
    assert 'the example "Frage 0" would be answered with `b`, `c` now instead of `a` or `d`' in broken.message
    (broken,) = edition(wrong=1, expect=()).remarks(edition(expect=()))
    assert "instead of no entry" in broken.message


def test_a_fault_is_known_by_its_entry_wherever_it_stands() -> None:
    live = edition(fault("a"))
    assert edition(fault("a", line=9)).objections(live) == ()
    assert edition(fault("a"), fault("b")).objections(live) == (fault("b"),)


def test_new_errors_are_objections_and_new_warnings_remarks() -> None:
    new = edition(fault("a"), fault("b", severity="warning"))
    assert new.objections(edition()) == (fault("a"),)
    assert new.remarks(edition()) == (fault("b", severity="warning"),)
