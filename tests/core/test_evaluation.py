import pickle

import pytest

from bot.core.conversation import Conversation
from bot.core.decision import Clarify
from bot.core.desk import Desk
from bot.core.evaluation import Confusion, Evaluation, Tally, Trial, Verdict, evaluate
from bot.core.faq import Example, KnowledgeBase
from bot.core.fault import Place
from bot.core.situation import Thresholds
from tests.conftest import CONTACT, NOW, message

ANSWERED = "Darf ich WhatsApp dienstlich nutzen?"
OFFERED = "gäste in konferenz einladen"
UNKNOWN = "fgh jkl"


def example(text: str, *expect: str, **fields: object) -> Example:
    return Example.model_validate({"text": text, "expect": expect, **fields})


@pytest.fixture(scope="module")
def options(desk: Desk) -> tuple[str, ...]:
    """What is offered for `OFFERED`."""
    decision = desk.consider(Conversation(), message(OFFERED), NOW).decision
    assert isinstance(decision, Clarify)
    return decision.options


def verdict(desk: Desk, text: str, *expect: str) -> Verdict:
    (judged,) = evaluate(desk, [example(text, *expect)]).judged
    return judged.verdict


@pytest.mark.parametrize(
    ("text", "expect", "expected"),
    [
        (ANSWERED, ["whatsapp"], "right"),
        (ANSWERED, ["messenger-dsgvo", "whatsapp"], "right"),
        (ANSWERED, ["skype"], "wrong"),
        (ANSWERED, [], "wrong"),
        (UNKNOWN, ["skype"], "refused"),
        (UNKNOWN, [], "right"),
        (OFFERED, ["skype"], "refused"),
        (OFFERED, [], "helped"),
        ("Hallo!", ["bot-hilfe"], "right"),
        ("Hallo!", ["skype"], "refused"),
        ("Hallo!", [], "right"),
        ("Ich möchte mit einem Menschen sprechen", ["kontakt"], "right"),
        ("Ich möchte mit einem Menschen sprechen", ["skype"], "refused"),
    ],
)
def test_what_an_example_gets_is_judged_by_what_it_expects(
    desk: Desk, text: str, expect: list[str], expected: Verdict
) -> None:
    assert verdict(desk, text, *expect) == expected


def test_an_expected_entry_among_the_options_helps(desk: Desk, options: tuple[str, ...]) -> None:
    assert verdict(desk, OFFERED, options[-1]) == "helped"


def test_one_of_several_answers_is_enough(desk: Desk) -> None:
    two = "Darf ich WhatsApp dienstlich nutzen? Und wie melde ich mich bei DFNconf an?"
    assert evaluate(desk, [example(two, "dfnconf-login")]).judged[0].given == ("whatsapp", "dfnconf-login")
    assert verdict(desk, two, "dfnconf-login") == "right"


def test_each_example_is_a_new_conversation(desk: Desk) -> None:
    alone, after = (
        evaluate(desk, texts).judged[-1]
        for texts in ([example("Und am Handy?")], [example(ANSWERED), example("Und am Handy?")])
    )
    assert alone == after


def test_figures_are_told_apart_by_language_kind_and_scope(desk: Desk) -> None:
    evaluation = evaluate(
        desk,
        [
            example(ANSWERED, "whatsapp", language="de", kind="formal"),
            example("is whatsapp allowed at work", "skype", kind="typo"),
            example("Is Skype allowed?", "skype", language="en"),
            example(UNKNOWN, language="de", kind="formal"),
        ],
    )
    assert evaluation.tally == Tally(right=3, wrong=1)
    assert evaluation.by_language == {"de": Tally(right=2), "en": Tally(right=1, wrong=1)}
    assert evaluation.by_kind == {"formal": Tally(right=2), "typo": Tally(wrong=1)}
    assert evaluation.by_scope == {True: Tally(right=2, wrong=1), False: Tally(right=1)}


def test_the_language_that_an_example_names_counts_whatever_it_is_answered_in(desk: Desk) -> None:
    assert evaluate(desk, [example("Is Skype allowed?", "skype", language="de")]).by_language == {"de": Tally(right=1)}


def test_rates_are_shares_of_all() -> None:
    tally = Tally(right=2, helped=1, wrong=1)
    assert (tally.count, tally.rate("right"), tally.rate("right", "helped"), tally.rate("refused")) == (4, 0.5, 0.75, 0)
    assert Tally().rate("right") == 0


def test_confusions_tell_what_was_answered_instead_of_what_the_most_frequent_first(desk: Desk) -> None:
    examples = [example(ANSWERED), example(ANSWERED, "skype"), example("Ist WhatsApp erlaubt?", "skype", "wire")]
    assert evaluate(desk, examples).confusions == (
        Confusion("skype", "whatsapp", (ANSWERED, "Ist WhatsApp erlaubt?")),
        Confusion(None, "whatsapp", (ANSWERED,)),
    )


def test_failures_have_their_places_the_wrong_ones_first(desk: Desk) -> None:
    examples = [example(UNKNOWN, "skype"), example(ANSWERED, "whatsapp"), example(ANSWERED, "skype")]
    places = [Place("examples.yaml", line) for line in (2, 3, 4)]
    assert [each.place.line for each in evaluate(desk, examples, places).failures] == [4, 2]


def test_newly_wrong_is_what_was_not_wrong_before_by_its_text(desk: Desk) -> None:
    before = evaluate(desk, [example(ANSWERED, "whatsapp"), example(UNKNOWN, "skype"), example("Is Skype ok?")])
    after = evaluate(
        desk,
        [
            example("Is Skype ok?"),  # was wrong before
            example("Is Signal allowed?"),  # is new
            example(UNKNOWN, "wire"),  # is refused still
            example(ANSWERED, "skype"),
        ],
    )
    assert [each.text for each in after.newly_wrong(before)] == [ANSWERED]
    assert after.newly_wrong(after) == ()


def test_an_evaluation_can_be_sent_to_another_process(desk: Desk, options: tuple[str, ...]) -> None:
    evaluation = evaluate(desk, [example(ANSWERED, "whatsapp"), example(OFFERED, options[0]), example("Hallo!")])
    assert pickle.loads(pickle.dumps(evaluation)) == evaluation  # noqa: S301


def test_what_is_decided_anew_is_what_would_have_been_decided(knowledge: KnowledgeBase) -> None:
    few = knowledge.model_copy(update={"entries": knowledge.entries[:6], "not_covered": (), "examples": ()})
    other = Thresholds(answer=0.9, clarify=0.3, near=0.1, ambiguity=0.2)
    trial = Trial(Desk(few, CONTACT), knowledge.examples)
    assert trial.under(trial.thresholds) == trial.under()
    assert trial.under(other) == evaluate(Desk(few, CONTACT, thresholds=other), knowledge.examples)
    assert trial.under(other) != trial.under()


def test_a_higher_threshold_answers_less(knowledge: KnowledgeBase, desk: Desk) -> None:
    curve = Trial(desk, knowledge.examples).curve()
    assert [answer for answer, _ in curve] == [round(step / 20, 2) for step in range(1, 20)]
    wrong = [tally.wrong for _, tally in curve]
    assert wrong == sorted(wrong, reverse=True)
    assert wrong[-1] < wrong[0]


def test_nothing_to_evaluate_is_no_fault(desk: Desk) -> None:
    assert evaluate(desk, []) == Evaluation(())
