import pytest

from bot.core.lint import lint
from tests.core.lint.faqs import faq


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
