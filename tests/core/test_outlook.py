"""What the shipped FAQ has for a message, in the light of what was said before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.core.faq import KnowledgeBase
from bot.core.matching import Index
from bot.core.outlook import Observer
from bot.core.situation import Outlook, Thresholds
from bot.core.understanding import Understanding
from tests.conftest import message


@pytest.fixture(scope="module")
def index(knowledge: KnowledgeBase) -> Index:
    return Index(knowledge)


@pytest.fixture(scope="module")
def observer(knowledge: KnowledgeBase, index: Index) -> Observer:
    return Observer(knowledge, index, Understanding(knowledge.phrases.understands), Thresholds())


def seen(observer: Observer, text: str | None, *entries: str, options: tuple[str, ...] = ()) -> Outlook:
    return observer.outlook(Conversation(entries=entries, options=options), message(text))


def test_a_message_is_ranked_by_itself_without_its_greeting(observer: Observer, index: Index) -> None:
    assert seen(observer, "Hallo, darf ich WhatsApp nutzen?").alone == index.rank("darf ich WhatsApp nutzen?")


@pytest.mark.parametrize("text", ["und Signal?", "warum?", "kann das auch Videoanrufe?"])
def test_without_an_answer_before_nothing_is_read_in_its_light(observer: Observer, text: str) -> None:
    assert seen(observer, text).in_light is None


def test_a_message_that_does_not_lean_is_read_by_itself(observer: Observer) -> None:
    assert seen(observer, "Was ist Ende-zu-Ende-Verschlüsselung?", "whatsapp").in_light is None


def test_a_follow_up_is_about_the_last_of_the_entries_that_were_answered(observer: Observer) -> None:
    for entries, entry in ((("whatsapp", "signal"), "signal"), (("signal", "whatsapp"), "whatsapp")):
        in_light = seen(observer, "warum?", *entries).in_light
        assert in_light
        assert in_light.matches[0].entry == entry


def test_a_question_for_another_service_in_the_same_words_is_about_that_one(observer: Observer) -> None:
    in_light = seen(observer, "und Signal?", "whatsapp").in_light
    assert in_light
    assert in_light.matches[0].entry == "signal"


def test_an_entry_that_does_not_speak_of_what_is_asked_is_none_in_the_light_of_the_last(observer: Observer) -> None:
    assert seen(observer, "und Quastenflosser?", "whatsapp").in_light is None


def test_what_is_named_as_not_covered_is_not_read_in_the_light_of_the_last_answer(observer: Observer) -> None:
    assert seen(observer, "und Zoom?", "whatsapp").in_light is None


def test_confidences_in_the_light_of_the_last_answer_fall_and_stay_between_0_and_1(observer: Observer) -> None:
    for text in ("und Signal?", "wie melde ich mich da an?", "kann das auch Videoanrufe?"):
        in_light = seen(observer, text, "dfnconf").in_light
        assert in_light
        confidences = [match.confidence for match in in_light.matches]
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 <= confidence <= 1 for confidence in confidences)


def test_each_of_several_questions_is_ranked(observer: Observer) -> None:
    parts = seen(observer, "Darf ich WhatsApp nutzen? Wie melde ich mich bei DFNconf an?").parts
    assert [part.matches[0].entry for part in parts] == ["whatsapp", "dfnconf-login"]
    assert seen(observer, "Darf ich WhatsApp nutzen?").parts == ()


def test_a_second_question_is_read_in_the_light_of_the_first_unless_it_is_clear(
    observer: Observer, index: Index
) -> None:
    parts = seen(observer, "Was ist DFNconf? Und wie melde ich mich da an?").parts
    assert parts[1].matches[0].entry == "dfnconf-login"
    parts = seen(observer, "Was ist DFNconf? Und ist Signal erlaubt?").parts
    assert parts[1] == index.rank("Und ist Signal erlaubt?")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Signal", "signal"),
        ("das mit Wire", "wire"),
        ("Signal oder Wire", None),
        ("ist mein privates Signal auf dem Telefon erlaubt", None),
        ("ist das da", None),
        ("Threema", None),
        ("", None),
    ],
)
def test_an_option_is_named_by_its_own_words(observer: Observer, text: str, named: str | None) -> None:
    assert seen(observer, text, options=("signal", "wire")).named == named


def test_words_that_two_options_share_name_neither(observer: Observer) -> None:
    assert seen(observer, "DFNconf", options=("dfnconf", "dfnconf-login")).named is None


def test_nothing_is_named_where_nothing_is_offered(observer: Observer) -> None:
    assert seen(observer, "Signal").named is None


@given(st.none() | st.text(max_size=80))
def test_no_text_breaks_it(observer: Observer, text: str | None) -> None:
    outlook = seen(observer, text, "whatsapp", options=("signal", "wire"))
    assert outlook.in_light is None or outlook.in_light.matches
    assert len(outlook.parts) != 1


def test_of_very_many_questions_at_once_none_is_read_by_itself(observer: Observer) -> None:
    assert len(seen(observer, "Was ist Wire? Was ist Signal?").parts) == 2
    assert seen(observer, "Was ist Wire? " * 5).parts == ()
