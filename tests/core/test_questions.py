import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.questions import is_bare, leans, questions


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Ist Signal ok? Und WhatsApp?", ("Ist Signal ok?", "Und WhatsApp?")),
        ("Ist Signal ok und wie melde ich mich an", ("Ist Signal ok", "und wie melde ich mich an")),
        ("Is Signal ok, and how do I sign in?", ("Is Signal ok", "and how do I sign in?")),
        ("Wie geht A?Wie geht B?", ("Wie geht A?", "Wie geht B?")),
        ("Wie geht A\nwas ist B", ("Wie geht A", "was ist B")),
        ("Mein Büro ist neu. Wie bekomme ich Element? Danke!", ("Wie bekomme ich Element?",)),
        ("Darf ich WhatsApp und Signal nutzen?", ("Darf ich WhatsApp und Signal nutzen?",)),
        ("Sind Telegram usw. und Co. auch erlaubt?", ("Sind Telegram usw. und Co. auch erlaubt?",)),
        ("Signal ist gut.", ()),
        ("", ()),
        ("und?", ()),
        ("?!", ()),
    ],
)
def test_the_questions_of_a_message_are_told_apart_in_order(text: str, asked: tuple[str, ...]) -> None:
    assert questions(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "und Signal?",
        "and Signal?",
        "kann das auch Videoanrufe?",
        "wie melde ich mich da an?",
        "does it work at home?",
        "warum?",
        "Und?",
        "mehr dazu bitte",
        "tell me more",
    ],
)
def test_a_short_question_may_lean_on_what_was_said(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "wie melde ich mich da an wenn ich reise",
        "Was ist Signal?",
        "Is WhatsApp allowed?",
        "und wie melde ich mich bei DFNconf als externer Gast an",
    ],
)
def test_a_long_question_or_one_with_its_own_subject_does_not_lean(text: str) -> None:
    assert not leans(text)


@pytest.mark.parametrize("text", ["Warum?", "Und?", "Mehr dazu", "why", "tell me more details please", "und dann?"])
def test_what_names_no_subject_is_bare(text: str) -> None:
    assert is_bare(text)


@pytest.mark.parametrize("text", ["und Signal?", "kann das auch Videoanrufe?", "more on Wire"])
def test_what_names_a_subject_is_not_bare(text: str) -> None:
    assert not is_bare(text)


@given(st.text(max_size=200))
def test_every_question_stands_in_the_text_in_order(text: str) -> None:
    place = 0
    for question in questions(text):
        assert question == question.strip() != ""
        place = text.index(question, place) + len(question)
    assert leans(text) in (True, False)
