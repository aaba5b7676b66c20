"""How much one person is answered. Times are seconds after noon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Message
from bot.core.pace import _MOST_PEOPLE, Limits, Pace, Verdict
from tests.conftest import message

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMITS = Limits(burst=4, per_minute=6, per_day=0)


def at(second: float, text: str = "", sender: str = "@ada:uni.test", room_id: str = "!room:uni.test") -> Message:
    sent = message(text or f"Frage {second}", sender=sender, room_id=room_id)
    return replace(sent, sent_at=NOON + timedelta(seconds=second))


def verdict(pace: Pace, sent: Message, now: datetime | None = None) -> Verdict:
    """As the helpdesk does it."""
    now = now or sent.sent_at
    fallen = pace.verdict(sent, now)
    if fallen is Verdict.ANSWER:
        pace.answered(sent, now)
    elif fallen is Verdict.TELL:
        pace.told(sent, now)
    return fallen


def test_whoever_writes_too_much_is_told_once_and_ignored_until_the_bucket_refills() -> None:
    pace = Pace(LIMITS)
    fallen = [verdict(pace, at(second / 10)) for second in range(8)]
    assert fallen == [Verdict.ANSWER] * 4 + [Verdict.TELL] + [Verdict.IGNORE] * 3
    assert verdict(pace, at(9)) is Verdict.IGNORE
    assert verdict(pace, at(11)) is Verdict.ANSWER


def test_they_are_told_again_only_after_the_bucket_was_half_full() -> None:
    pace = Pace(LIMITS)
    flood = [verdict(pace, at(second)) for second in range(120)]
    assert flood.count(Verdict.TELL) == 1
    assert flood.count(Verdict.ANSWER) == 4 + 11
    after_a_rest = [verdict(pace, at(120 + 25 + second / 10)) for second in range(6)]
    assert after_a_rest.count(Verdict.TELL) == 1


def test_a_person_who_asks_quickly_never_meets_the_default_limits() -> None:
    pace = Pace(Limits())
    assert {verdict(pace, at(second)) for second in range(0, 200, 7)} == {Verdict.ANSWER}


def test_the_bucket_is_one_over_all_rooms_and_each_person_has_their_own() -> None:
    pace = Pace(LIMITS)
    for number in range(4):
        verdict(pace, at(number / 10, room_id=f"!{number}:uni.test"))
    assert verdict(pace, at(1, room_id="!other:uni.test")) is Verdict.TELL
    assert verdict(pace, at(1, sender="@bob:uni.test")) is Verdict.ANSWER


def test_an_exchange_too_slow_for_the_minute_ends_with_the_day() -> None:
    pace = Pace(Limits(burst=4, per_minute=6, per_day=20))
    fallen = [verdict(pace, at(second)) for second in range(0, 1500, 15)]
    assert Verdict.IGNORE in fallen
    assert fallen.count(Verdict.TELL) == 1
    assert fallen.index(Verdict.TELL) == 20
    assert verdict(pace, at(24 * 3600)) is Verdict.ANSWER


def test_the_same_text_is_answered_three_times_in_a_row_at_whatever_pace() -> None:
    pace = Pace(Limits())
    fallen = [verdict(pace, at(minute * 60, "Das habe ich nicht verstanden")) for minute in range(6)]
    assert fallen == [Verdict.ANSWER] * 3 + [Verdict.IGNORE] * 3
    assert verdict(pace, at(400, "das habe ich nicht verstanden ")) is Verdict.IGNORE
    assert verdict(pace, at(410, "Etwas anderes")) is Verdict.ANSWER
    assert verdict(pace, at(420, "Das habe ich nicht verstanden")) is Verdict.ANSWER


def test_the_same_text_is_answered_again_an_hour_later_and_in_another_room() -> None:
    pace = Pace(Limits())
    for second in range(3):
        verdict(pace, at(second, "Hallo"))
    assert verdict(pace, at(3, "Hallo", room_id="!other:uni.test")) is Verdict.ANSWER
    for second in range(4, 7):
        verdict(pace, at(second, "Hallo"))
    assert pace.verdict(at(8, "Hallo"), NOON + timedelta(seconds=8)) is Verdict.IGNORE
    assert verdict(pace, at(3700, "Hallo")) is Verdict.ANSWER


def test_what_was_written_while_the_bot_was_away_counts_at_the_pace_it_was_written() -> None:
    pace = Pace(LIMITS)
    now = NOON + timedelta(hours=2)
    assert {verdict(pace, at(minute * 60), now) for minute in range(60)} == {Verdict.ANSWER}


def test_a_clock_that_is_fast_refills_nothing() -> None:
    pace = Pace(LIMITS)
    fallen = [verdict(pace, at(number * 60), NOON) for number in range(6)]
    assert fallen == [Verdict.ANSWER] * 4 + [Verdict.TELL, Verdict.IGNORE]


def test_asking_changes_nothing_so_that_a_message_may_be_tried_again() -> None:
    pace = Pace(Limits(burst=1))
    assert [pace.verdict(at(1), NOON) for _ in range(3)] == [Verdict.ANSWER] * 3


@pytest.mark.parametrize("pace", [Pace(), Pace(Limits(per_minute=0, per_day=0))])
def test_without_limits_everything_is_answered(pace: Pace) -> None:
    assert {verdict(pace, at(0, "Immer dasselbe")) for _ in range(50)} == {Verdict.ANSWER}


def test_only_those_heard_of_last_are_remembered() -> None:
    pace = Pace(LIMITS)
    for number in range(_MOST_PEOPLE + 5):
        verdict(pace, at(0, sender=f"@{number}:uni.test"))
    assert len(pace._senders) == _MOST_PEOPLE
