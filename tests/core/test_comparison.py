from bot.core.comparison import TOLERANCE, compare
from bot.core.decision import Fallback
from bot.core.evaluation import Evaluation, Judged, Verdict
from bot.core.faq import Example
from bot.core.fault import Place


def judged(*verdicts: Verdict, expect: tuple[str, ...] = ("a",)) -> Evaluation:
    """Examples that are called 0, 1, 2 ..., judged so."""
    texts = (Example(text=str(number), expect=expect) for number in range(len(verdicts)))
    return Evaluation(
        tuple(Judged(each, was, Fallback(), "de", Place("x")) for each, was in zip(texts, verdicts, strict=True))
    )


def before(*verdicts: Verdict) -> dict[str, Verdict]:
    return {str(number): verdict for number, verdict in enumerate(verdicts)}


def test_a_fall_within_the_tolerance_is_not_worse_and_beyond_it_is() -> None:
    many = int(1 / TOLERANCE)
    assert not compare(before(*["right"] * many), judged("helped", *["right"] * (many - 1))).is_worse
    assert compare(before(*["right"] * many), judged("helped", "helped", *["right"] * (many - 2))).is_worse
    assert compare(before(*["helped"] * many), judged("refused", "refused", *["helped"] * (many - 2))).is_worse


def test_a_single_one_that_became_wrong_is_worse_whatever_became_better() -> None:
    comparison = compare(before("refused", "refused", "refused"), judged("right", "right", "wrong"))
    assert comparison.is_worse
    assert [each.text for each in comparison.newly_wrong] == ["2"]
    assert comparison.changes[0].now.verdict == "wrong"


def test_what_was_wrong_may_stay_so() -> None:
    comparison = compare(before("wrong"), judged("wrong"))
    assert not comparison.is_worse
    assert not comparison.changes


def test_where_no_entry_answers_an_offer_is_as_good_as_silence() -> None:
    comparison = compare(before("right"), judged("helped", expect=()))
    assert comparison.right == (1.0, 1.0)
    assert not comparison.is_worse


def test_nothing_in_common_tells_nothing() -> None:
    comparison = compare({"other": "right"}, judged("wrong"))
    assert (comparison.compared, comparison.right, comparison.is_worse) == (0, (0.0, 0.0), False)
