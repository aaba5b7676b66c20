"""Why a message is answered as it is, told so that a chat shows it as it stands."""

from dataclasses import replace

import pytest

from bot.core.conversation import Conversation
from bot.core.desk import Desk
from bot.core.model import Evidence, Explanation, Match, Reading, Sense, Word
from bot.core.situation import Thresholds
from bot.core.why import why
from tests.conftest import NOW, message

NOTHING = Explanation((), (), None)


def told(desk: Desk, explanation: Explanation = NOTHING, not_covered: str | None = None) -> str:
    turn = desk.consider(Conversation(), message("Ist Signal erlaubt?"), NOW)
    return why(turn, explanation, Thresholds(answer=0.61, ambiguity=0.07), not_covered).markdown


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (Word("drucker", Reading.TYPED, (Sense("drucker", 1),)), "drucker"),
        (Word("xy", Reading.UNKNOWN), "xy (unknown)"),
        (Word("druker", Reading.REPAIRED, (Sense("drucker", 0.9), Sense("druck", 0.5))), "drucker or druck (repaired)"),
        (Word("farbdruck", Reading.COMPOUND, (Sense("farbe", 1), Sense("druck", 1))), "farbe \\+ druck ("),
        (Word("zoom", Reading.TYPED, (Sense("zoom", 1),), turned_down=True), "zoom = zoom (as typed, turned down)"),
        (Word("*a*", Reading.UNKNOWN), "\\*a\\* (unknown)"),
    ],
)
def test_each_word_is_told_as_it_was_read(desk: Desk, word: Word, shown: str) -> None:
    (row,) = [row for row in told(desk, replace(NOTHING, words=(word,))).splitlines() if row.startswith("Read as: ")]
    assert shown in row
    assert ("(" in row) == ("(" in shown)


def test_the_best_three_entries_are_told_in_a_table_that_no_phrasing_breaks(desk: Desk) -> None:
    evidence = tuple(Evidence(Match(f"e{n}", 0.9), ("a | b",) * (n < 2), ()) for n in range(4))
    rows = [row for row in told(desk, replace(NOTHING, evidence=evidence)).splitlines() if row.startswith("| `")]
    assert rows == ["| `e0` | 90% | a \\| b |", "| `e1` | 90% | a \\| b |", "| `e2` | 90% |  |"]
    assert "|" not in told(desk)


def test_a_subject_is_named_only_where_the_message_is_about_one(desk: Desk) -> None:
    assert "The FAQ says that it does not cover this: Zoom." in told(desk, not_covered="Zoom")
    assert "does not cover" not in told(desk)


def test_both_thresholds_are_told(desk: Desk) -> None:
    assert "Answered from 61% on, 7% ahead of the next entry." in told(desk)
