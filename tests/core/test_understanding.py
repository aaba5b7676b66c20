"""Messages that are understood as a whole, with the shipped phrases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.faq import KnowledgeBase
from bot.core.phrases import Understands
from bot.core.text import words
from bot.core.understanding import Understanding

ALL_EXACT = ("yes", "no", "insult")


@pytest.fixture(scope="module")
def understanding(knowledge: KnowledgeBase) -> Understanding:
    return Understanding(knowledge.phrases.understands)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ja!", "yes"),
        ("  JA 👍", "yes"),
        ("yes, please", "yes"),
        ("Nein.", "no"),
        ("don’t", "no"),
        ("ABBRECHEN", "no"),
        ("Keins davon", "none_of_them"),
        ("none of them!", "none_of_them"),
        ("Das hilft mir nicht weiter :-(", "unhelpful"),
        ("Ich möchte mit einem Menschen sprechen", "human"),
        ("Ich moechte mit einem Menschen sprechen", "human"),
        ("Again in German?", "in_german"),
        ("nochmal auf Englisch, bitte", "in_english"),
        ("mit Verlauf", "with_history"),
        ("without history", "without_history"),
        ("Grüß Gott", "greeting"),
        ("Was bist du?", "identity"),
    ],
)
def test_case_punctuation_and_emoji_do_not_matter(understanding: Understanding, text: str, kind: str) -> None:
    assert understanding.read(text).means(kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("keins dvon", "none_of_them"),
        ("das hilft nciht", "unhelpful"),
        ("menschn", "human"),
        ("ich möchte mit einem mesnchen sprechen", "human"),
        ("veilen dank", "thanks"),
        ("auf wiedersehn", "goodbye"),
        ("mit verlaf", "with_history"),
        ("auf englsich", "in_english"),
    ],
)
def test_a_typing_error_is_forgiven(understanding: Understanding, text: str, kind: str) -> None:
    assert understanding.read(text).means(kind)


@pytest.mark.parametrize(
    "text", ["ja sendne", "abschikken", "yes sned it", "jaa", "abbrechne", "nich senden", "stupd bot", "du bist dof"]
)
def test_a_typing_error_is_never_forgiven_in_yes_no_or_an_insult(understanding: Understanding, text: str) -> None:
    assert not understanding.read(text).means(*ALL_EXACT)


@pytest.mark.parametrize(
    "text", ["tenschen", "mantschen", "mensh", "das hilft", "vielen drang", "hilft nichts dagegen"]
)
def test_another_word_is_no_typing_error(understanding: Understanding, text: str) -> None:
    assert not understanding.read(text).means("human", "unhelpful", "thanks")


@given(st.sampled_from(["yes", "no"]), st.data())
def test_a_yes_or_no_with_any_letter_changed_is_none_unless_it_is_in_the_list(
    understanding: Understanding, knowledge: KnowledgeBase, kind: str, data: st.DataObject
) -> None:
    phrases = getattr(knowledge.phrases.understands, kind)
    phrase = data.draw(st.sampled_from(phrases))
    place = data.draw(st.integers(0, len(phrase) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    changed = phrase[:place] + letter + phrase[place + 1 :]
    if understanding.read(changed).means(kind):
        assert _bare(changed, understanding, knowledge) & {words(each) for each in phrases}


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(["ja", "yes", "nein", "ok", "bitte", "hallo", "senden", "nicht", "danke", "1", "?"])
    ).map(" ".join)
)
def test_whatever_is_written_is_a_yes_only_if_the_list_has_it(
    understanding: Understanding, knowledge: KnowledgeBase, text: str
) -> None:
    listed = {words(each) for each in knowledge.phrases.understands.yes}
    assert understanding.read(text).means("yes") == bool(_bare(text, understanding, knowledge) & listed)


def _bare(text: str, understanding: Understanding, knowledge: KnowledgeBase) -> set[tuple[str, ...]]:
    """The text, also after a greeting and without polite words around."""
    polite = {word for phrase in knowledge.phrases.understands.polite for word in words(phrase)}
    forms = {words(text)}
    for kind in ("greeting", "thanks"):
        left, phrases = words(text), [words(each) for each in getattr(knowledge.phrases.understands, kind)]
        while longest := max((len(each) for each in phrases if left[: len(each)] == each != left), default=0):
            left = left[longest:]
        forms.add(left)
    for form in tuple(forms):
        kept = list(form)
        while kept and kept[0] in polite:
            kept.pop(0)
        while kept and kept[-1] in polite:
            kept.pop()
        forms.add(tuple(kept))
    return forms


@given(st.text(max_size=40), st.integers(0, 4))
def test_no_text_breaks_it(understanding: Understanding, text: str, among: int) -> None:
    understood = understanding.read(text)
    understood.means("yes")
    choice = understood.choice(among)
    assert choice is None or choice >= -1
    assert understanding.without_greeting(text) in text


@given(st.text(st.characters(categories=["P", "S", "Z", "C"]), max_size=20))
def test_what_has_no_word_means_nothing(understanding: Understanding, text: str) -> None:
    assert understanding.read(text).first(Understands.model_fields) is None


@pytest.mark.parametrize("text", ["Hallo, keins davon", "hi, keins davon bitte", "guten Tag! Doch lieber keins davon"])
def test_a_greeting_in_front_and_polite_words_at_either_end_do_not_matter(
    understanding: Understanding, text: str
) -> None:
    assert understanding.read(text).means("none_of_them")


def test_polite_words_in_the_middle_or_alone_say_nothing(understanding: Understanding) -> None:
    assert not understanding.read("keins bitte davon").means("none_of_them")
    assert not understanding.read("bitte").means("yes", "no", "none_of_them", "greeting", "thanks")


@pytest.mark.parametrize("text", ["ja aber", "ja nein", "nicht ja", "ok", "klar", "gern", "sure", "👍"])
def test_what_only_sounds_like_a_yes_is_none(understanding: Understanding, text: str) -> None:
    assert not understanding.read(text).means("yes")


@pytest.mark.parametrize("text", ["Mensch, das ist kompliziert", "danke, aber was ist mit Signal?", "nein zu WhatsApp"])
def test_more_than_the_phrase_is_something_else(understanding: Understanding, text: str) -> None:
    assert understanding.read(text).first(("human", "thanks", "no")) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hallo, darf ich WhatsApp nutzen?", "darf ich WhatsApp nutzen?"),
        ("Schönen guten Tag! Was ist Wire?", "Was ist Wire?"),
        ("hello - is Signal ok", "is Signal ok"),
        ("Hallo", "Hallo"),
        ("Was ist Hallo?", "Was ist Hallo?"),
        ("moin moin 😀", "moin moin 😀"),
        ("", ""),
    ],
)
def test_a_question_is_what_stands_after_the_greeting(understanding: Understanding, text: str, left: str) -> None:
    assert understanding.without_greeting(text) == left


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        *(("1", 0), ("2.", 1), ("2️⃣", 1), ("Nr. 3", 2), ("number 4 please", 3), ("999", 998), ("0", -1)),
        *(("eins", 0), ("das zweite", 1), ("die dritte Frage bitte", 2), ("ich nehme das vierte", 3)),
        *(("the first one", 0), ("second", 1), ("I mean the third", 2), ("option four", 3), ("2nd", 1)),
        *(("das letzte", 3), ("the last one", 3)),
    ],
)
def test_an_option_is_chosen_by_number_or_in_words(understanding: Understanding, text: str, choice: int) -> None:
    assert understanding.read(text).choice(among=4) == choice


@pytest.mark.parametrize(
    "text", ["", "1000", "1" * 5000, "1 2", "das erste und das zweite", "der erste Raum", "frage", "one question more"]
)
def test_anything_else_chooses_nothing(understanding: Understanding, text: str) -> None:
    assert understanding.read(text).choice(among=4) is None


def test_the_last_of_two_is_the_second(understanding: Understanding) -> None:
    assert understanding.read("das letzte").choice(among=2) == 1


def test_a_command_s_name_is_understood_like_a_message(understanding: Understanding) -> None:
    assert understanding.read("SUPPORT").means("support_command")
    assert not understanding.read("sup").means("support_command")


@pytest.mark.parametrize("word", ["hallo", "danke", "bitte"])
def test_a_word_that_is_said_very_often_breaks_nothing(understanding: Understanding, word: str) -> None:
    text = f"{word} " * 5_000
    assert not understanding.read(text + "ja doch nein").means("yes")
    assert understanding.read(text + "keins davon").means("none_of_them")
    assert understanding.without_greeting(text)
