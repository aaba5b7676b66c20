from math import sqrt
from statistics import stdev

import pytest

from bot.core.desk import Desk
from bot.core.evaluation import Tally, Trial
from bot.core.faq import Example, KnowledgeBase
from bot.core.situation import Thresholds
from bot.core.tuning import Costs, Setting, missing, tune


@pytest.fixture(scope="module")
def trial(desk: Desk, knowledge: KnowledgeBase) -> Trial:
    return Trial(desk, knowledge.examples[::6])


def test_what_is_in_force_stays_where_nothing_is_better_by_more_than_chance(trial: Trial) -> None:
    tuning = tune(trial)
    assert tuning.changes_nothing
    assert tuning.best.cost < tuning.in_force.cost


class InForce(Trial):
    """A trial in which other thresholds are in force than those of the desk."""

    thresholds = Thresholds()


def test_what_is_in_force_and_good_enough_stays_to_the_last_digit(desk: Desk, knowledge: KnowledgeBase) -> None:
    trial = InForce(desk, knowledge.examples[::12])
    trial.thresholds = Thresholds(answer=Thresholds().answer + 0.001)
    assert tune(trial).proposed.thresholds == trial.thresholds


def test_where_something_is_the_nearest_that_is_as_good_is_proposed(desk: Desk, knowledge: KnowledgeBase) -> None:
    trial = InForce(desk, knowledge.examples[::6])
    trial.thresholds = Thresholds(answer=1.0, clarify=0.9)
    tuning = tune(trial)
    assert not tuning.in_force.is_as_good_as(tuning.best)
    assert tuning.proposed.is_as_good_as(tuning.best)
    assert tuning.proposed.thresholds.answer >= tuning.best.thresholds.answer
    assert tuning.proposed.thresholds.near == tuning.in_force.thresholds.near


def test_a_single_example_is_chance_and_several_are_not() -> None:
    def setting(*costs: float) -> Setting:
        error = stdev(costs) / sqrt(len(costs))
        return Setting(Thresholds(), sum(costs) / len(costs), error, Tally())

    perfect = setting(*[0.0] * 30)
    assert setting(5.0, *[0.0] * 29).is_as_good_as(perfect)
    assert not setting(5.0, 5.0, 5.0, *[0.0] * 27).is_as_good_as(perfect)
    assert setting(*[1.0] * 30).is_as_good_as(setting(*[5.0] * 5, *[0.0] * 25))


def test_the_dearer_a_wrong_answer_the_less_is_answered(trial: Trial) -> None:
    cheap, dear = (tune(trial, Costs(wrong=wrong)).best for wrong in (0.5, 50.0))
    assert cheap.thresholds.answer < dear.thresholds.answer
    assert cheap.tally.wrong > dear.tally.wrong


def test_costs_and_their_error_are_those_of_single_examples(trial: Trial) -> None:
    tuning = tune(trial)
    costs = Costs().of(trial.under(tuning.best.thresholds))
    tally = tuning.best.tally
    assert tuning.best.cost == pytest.approx((5 * tally.wrong + tally.refused + tally.helped / 2) / tally.count)
    assert tuning.best.error == pytest.approx(stdev(costs) / sqrt(len(costs)))


def test_so_many_examples_are_missing_with_and_without_an_answer(desk: Desk) -> None:
    def given(inside: int, outside: int) -> Trial:
        texts = ["fgh jkl"] * (inside + outside)
        return Trial(
            desk, [Example(text=text, expect=("signal",) if n < inside else ()) for n, text in enumerate(texts)]
        )

    assert missing(given(0, 0)) == (15, 15)
    assert missing(given(20, 4)) == (0, 11)
    assert missing(given(15, 15)) == (0, 0)
