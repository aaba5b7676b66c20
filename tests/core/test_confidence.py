import numpy as np
import pytest

from bot.core.confidence import Calibration, Observations


def seen(count: int, seed: int) -> Observations:
    """Matches whose chance of being right is known: a logistic function of score and shares."""
    rng = np.random.default_rng(seed)
    scores, shares = rng.uniform(-1, 1, count), rng.uniform(0, 1, (count, 2))
    chance = 1 / (1 + np.exp(-(-2 + 3 * scores + 1.5 * np.sqrt(shares[:, 0]) + 2 * np.sqrt(shares[:, 1]))))
    return Observations(scores, shares, rng.uniform(size=count) < chance, np.ones(count))


def test_a_confidence_of_eight_tenths_is_right_eight_times_in_ten() -> None:
    learned, fresh = Calibration(seen(4_000, 0)), seen(20_000, 1)
    told = learned.probability(fresh.scores, fresh.shares)
    for low in np.arange(0, 1, 0.1):
        among = (told >= low) & (told < low + 0.1)
        if among.sum() > 200:
            assert fresh.right[among].mean() == pytest.approx(told[among].mean(), abs=0.07)


def test_it_rises_with_the_score_and_with_what_is_explained() -> None:
    learned = Calibration(seen(500, 0))
    low, high = learned.probability(np.array([-0.5, 0.5]), np.array([[0.5, 0.5]] * 2))
    assert low < high
    less, more = learned.probability(np.array([0.0, 0.0]), np.array([[0.5, 0.1], [0.5, 0.9]]))
    assert less < more


def test_without_anything_seen_it_still_tells_a_probability() -> None:
    nothing = Calibration(Observations.joined([]))
    (told,) = nothing.probability(np.array([1.0]), np.array([[1.0, 1.0]]))
    assert 0.5 < told < 1


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("score", "share"), [(0.5, 0.5), (1.0, 1.0), (-1.0, 0.0)])
@pytest.mark.parametrize("count", [1, 10, 1_000])
def test_observations_that_are_all_right_or_all_wrong_do_not_run_away(
    right: bool, score: float, share: float, count: int
) -> None:
    same = Observations(np.full(count, score), np.full((count, 2), share), np.full(count, right), np.ones(count))
    learned = Calibration(same)
    (told,) = learned.probability(np.array([score]), np.array([[share, share]]))
    (usual,) = Calibration(Observations.joined([])).probability(np.array([score]), np.array([[share, share]]))
    assert (usual <= told + 1e-9 <= 0.9999) if right else (1e-4 < told <= usual + 1e-9)
    assert (told - right) ** 2 <= (usual - right) ** 2 + 1e-9
