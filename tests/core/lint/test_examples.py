import pytest

from bot.core.lint import lint
from tests.core.lint.faqs import faq, german


@pytest.mark.parametrize(
    ("answered", "unanswered", "message"),
    [
        (12, 0, "12 of 12 examples expect an answer"),
        (0, 12, "12 of 12 examples expect no answer"),
        (11, 0, None),
        (11, 1, None),
        (38, 2, "38 of 40 examples expect an answer"),
        (2, 38, "38 of 40 examples expect no answer"),
        (37, 3, None),
    ],
)
def test_examples_that_nearly_all_expect_the_same_are_told_from_a_dozen_on(
    answered: int, unanswered: int, message: str | None
) -> None:
    examples = [{"text": "x", "expect": ["a"]}] * answered + [{"text": "y", "expect": []}] * unanswered
    base = faq(examples=examples)
    told = lint(base)
    assert len(told) == bool(message)
    for fault in told:
        assert message in str(fault)
        assert fault.place == base.place("examples", 0)


@pytest.mark.parametrize(
    ("entries", "examples", "message"),
    [
        (5, 0, "no examples so far"),
        (5, 1, "1 example so far"),
        (5, 11, "11 examples so far"),
        (5, 12, None),
        (4, 0, None),
    ],
)
def test_a_faq_that_is_more_than_a_trial_needs_a_dozen_examples(
    entries: int, examples: int, message: str | None
) -> None:
    some = [{"text": "x", "expect": ["a"] if number % 2 else []} for number in range(examples)]
    base = faq(*map(german, "abcde"[:entries]), examples=some)
    told = [fault for fault in lint(base) if "so far" in fault.message]
    assert len(told) == bool(message)
    for fault in told:
        assert message in str(fault)
        assert fault.place == (base.place("examples", 0) if examples else base.place("entries", 0))
