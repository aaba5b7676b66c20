"""Whole conversations, as `tests/dialogues/*.yaml` has them, with the core, the helpdesk and the simulated ports."""

import re

import pytest
from pydantic import ValidationError

from bot.core.desk import Desk
from bot.core.faq import KnowledgeBase
from tests.conftest import CONTACT
from tests.rehearsal import LIFETIME, SENDER, Dialogue, Line, Mail, Played, converse, dialogues

DIALOGUES = dialogues()
_REFERENCE = re.compile(r"\b[a-z]{5}-[a-z]{5}\b")


@pytest.mark.parametrize("dialogue", DIALOGUES.values(), ids=DIALOGUES.keys())
async def test_a_dialogue(dialogue: Dialogue, desk: Desk) -> None:
    played = await converse(dialogue, desk)
    for number, turn in enumerate(played, start=1):
        check_turn(turn, f"turn {number}, {turn.line.tap or turn.line.user!r}: {turn.decision}, {turn.text!r}")
    check_mail(dialogue, played)


def check_turn(turn: Played, about: str) -> None:
    """It is as the dialogue has it."""
    expected = turn.line
    assert turn.decision in expected.decisions, about
    if expected.entries is not None:
        assert list(turn.entries) == expected.entries, about
    if expected.options is not None:
        assert list(turn.options) == expected.options, about
    if expected.lang is not None:
        assert turn.language == expected.lang, about
    for part in expected.says:
        assert part in turn.text, about
    for part in expected.says_not:
        assert part not in turn.text, about


def check_mail(dialogue: Dialogue, played: list[Played]) -> None:
    """The letter is the expected one, was shown before in full, and its sender was told the reference."""
    sent = [(number, turn) for number, turn in enumerate(played) if turn.posted]
    assert [turn for _, turn in sent] == [turn for turn in played if turn.decision == "sent"]
    if not isinstance(dialogue.mail, Mail):
        assert sent == []
        return
    ((number, turn),) = sent
    (letter,) = turn.posted
    whole = f"{letter.subject}\n\n{letter.text}"
    assert letter.recipient == CONTACT
    assert letter.reply_to == dialogue.mail.reply_to
    assert SENDER in letter.text
    for part in dialogue.mail.contains:
        assert part in whole
    for part in dialogue.mail.contains_not:
        assert part not in whole
    assert _REFERENCE.fullmatch(letter.reference)
    assert letter.reference in letter.subject
    assert letter.reference in turn.text
    preview = [each for each in played[:number] if each.shows_letter][-1]
    assert shows(preview.text, letter.recipient, letter.reply_to, letter.subject, letter.text)


def shows(text: str, *parts: str) -> bool:
    """Whether each of the parts stands in `text`, character for character; only white space may differ."""
    said = " ".join(text.split())
    return all(" ".join(part.split()) in said for part in parts)


def test_there_are_enough_dialogues_in_both_languages() -> None:
    spoken = [{line.lang for line in dialogue.turns} for dialogue in DIALOGUES.values()]
    assert len(DIALOGUES) >= 48
    assert sum("de" in languages for languages in spoken) >= 24
    assert sum("en" in languages for languages in spoken) >= 24


def test_every_turn_says_what_is_expected() -> None:
    lines = [line for dialogue in DIALOGUES.values() for line in dialogue.turns]
    assert all("decision" in line.model_fields_set for line in lines)


def test_every_name_states_a_behaviour_of_its_own() -> None:
    names = [dialogue.name for dialogue in DIALOGUES.values()]
    assert len(set(names)) == len(names)


def test_ten_dialogues_are_played_end_to_end_and_need_no_waiting() -> None:
    chosen = [dialogue for dialogue in DIALOGUES.values() if dialogue.end_to_end]
    assert len(chosen) == 10
    assert not any(line.after for dialogue in chosen for line in dialogue.turns)


def test_every_entry_that_is_named_is_in_the_faq(knowledge: KnowledgeBase) -> None:
    lines = [line for dialogue in DIALOGUES.values() for line in dialogue.turns]
    named = {entry for line in lines for entry in [*(line.entries or ()), *(line.options or ())]}
    assert named <= {entry.id for entry in knowledge.entries}


@pytest.mark.parametrize(
    "written",
    [
        {"name": "x", "turns": [{"user": "hi", "decison": "answer"}]},
        {"name": "x", "turns": [{"user": "hi", "decision": "anwser"}]},
        {"name": "x", "turns": [{"user": "hi", "tap": 1}]},
        {"name": "x", "turns": [{"after": 5}]},
        {"name": "x", "turns": []},
        {"name": "x", "turns": [{"user": "hi"}], "mail": {"contains": ["x"]}},
        {"name": "x", "turns": [{"user": "hi"}], "without_mial": True},
    ],
)
def test_what_is_misspelt_in_a_dialogue_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Dialogue.model_validate(written)


@pytest.mark.parametrize(("first", "second"), [("hallo", "guten tag"), ("hello", "hi there")])
async def test_the_second_greeting_is_shorter_than_the_first(desk: Desk, first: str, second: str) -> None:
    greetings = await _replies_to(desk, first, second)
    assert 0 < len(greetings[1]) < len(greetings[0])


@pytest.mark.parametrize(
    ("whole", "answered"),
    [
        ("Darf ich WhatsApp nutzen? Und wie wird das Wetter?", "Darf ich WhatsApp nutzen?"),
        ("Is Signal ok? And how do I order paper?", "Is Signal ok?"),
    ],
)
async def test_what_is_left_open_of_two_questions_is_said(desk: Desk, whole: str, answered: str) -> None:
    (both,), (one,) = await _replies_to(desk, whole), await _replies_to(desk, answered)
    assert len(set(both.splitlines()) - set(one.splitlines())) >= 1


async def test_an_open_draft_is_called_to_mind_when_something_else_is_answered(desk: Desk) -> None:
    opening = ["mein vpn geht nicht", "Mensch", "ada@example.org"]
    *_, reminding = await _replies_to(desk, *opening, "Was sind Metadaten?")
    (plain_answer,) = await _replies_to(desk, "Was sind Metadaten?")
    assert len(set(reminding.splitlines()) - set(plain_answer.splitlines())) >= 1


async def test_small_talk_is_varied(desk: Desk) -> None:
    assert len(set(await _replies_to(desk, *["danke"] * 6))) > 1


async def test_a_preview_that_is_neither_agreed_to_nor_turned_down_says_what_is_expected(desk: Desk) -> None:
    *_, first, again = await _replies_to(desk, "mein vpn geht nicht", "Mensch", "ada@example.org", "hmm naja")
    assert len(set(again.splitlines()) - set(first.splitlines())) >= 1


async def test_nothing_is_left_of_a_draft_that_was_sent_or_turned_down(desk: Desk) -> None:
    opening = ["mein vpn geht nicht", "Mensch", "ada@example.org"]
    for last in ("ja", "nein"):
        played = await converse(_said(*opening, last), desk)
        assert [turn.draft for turn in played] == [None, "address", "preview", None]


async def test_a_draft_is_left_alone_for_less_than_the_lifetime(desk: Desk) -> None:
    lines = [Line(user=text) for text in ("mein vpn geht nicht", "Mensch", "ada@example.org")]
    late = [*lines, Line(user="hmm naja", after=LIFETIME - 1)]
    played = await converse(Dialogue(name="late", turns=late), desk)
    assert [turn.draft for turn in played] == [None, "address", "preview", "preview"]


def _said(*texts: str) -> Dialogue:
    return Dialogue(name="said", turns=[Line(user=text) for text in texts])


async def _replies_to(desk: Desk, *texts: str) -> list[str]:
    return [turn.text for turn in await converse(_said(*texts), desk)]
