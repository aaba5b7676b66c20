import re
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.letter import Letter, reference

_PROQUINT = "[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]"
LETTER = Letter("lusab-babad", "support@uni.test", "ada@example.org", "Frage", "Text")


@given(st.text())
def test_a_reference_is_two_proquints_and_always_the_same(event_id: str) -> None:
    assert re.fullmatch(f"{_PROQUINT}-{_PROQUINT}", reference(event_id))
    assert reference(event_id) == reference(event_id)


def test_the_reference_of_an_event_is_the_same_in_every_version_of_the_bot() -> None:
    assert reference("$1") == "sakuh-gosuk"


def test_references_of_different_events_differ() -> None:
    assert len({reference(f"${number}") for number in range(2_000)}) == 2_000


def test_the_digest_changes_with_whatever_changes_in_the_letter() -> None:
    changed = [replace(LETTER, **{each.name: "anders"}) for each in fields(LETTER)]
    assert len({each.digest for each in [LETTER, *changed]}) == 1 + len(fields(LETTER))
    assert replace(LETTER).digest == LETTER.digest


def test_the_digest_tells_where_one_part_ends() -> None:
    first, second = replace(LETTER, subject="ab", text="c"), replace(LETTER, subject="a", text="bc")
    assert first.digest != second.digest
