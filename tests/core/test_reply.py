import pytest

from bot.core.conversation import Draft
from bot.core.decision import (
    Answer,
    Cancelled,
    Clarify,
    Command,
    Escalate,
    Fallback,
    Preview,
    Refer,
    Sent,
    Silence,
    Smalltalk,
    SpeakLanguage,
    Unreadable,
)
from bot.core.faq import Entry, KnowledgeBase
from bot.core.handover import Handover
from bot.core.model import LANGUAGES, Language
from bot.core.render import plain
from bot.core.reply import Speaker
from bot.core.situation import Manners
from bot.core.voice import Voice
from tests.conftest import CONTACT


@pytest.fixture(scope="module")
def speaker(knowledge: KnowledgeBase) -> Speaker:
    return speaking(knowledge)


def speaking(knowledge: KnowledgeBase) -> Speaker:
    voice = Voice(CONTACT)
    return Speaker(knowledge, voice, Handover(knowledge.phrases.says, voice, Manners()))


def said(speaker: Speaker, decision: object, language: Language = "de") -> str:
    reply = speaker.reply(decision, language)  # type: ignore[arg-type]
    assert reply
    return reply.markdown


def test_an_answer_begins_with_the_answer_and_ends_with_its_source_and_date(speaker: Speaker) -> None:
    lines = said(speaker, Answer(("whatsapp",))).split("\n")
    assert "WhatsApp" in lines[0]
    assert "24.11.2026" in lines[-1]
    assert "tu-braunschweig.de" in lines[-1]


def test_an_answer_names_links_and_related_questions(speaker: Speaker, knowledge: KnowledgeBase) -> None:
    text = plain(said(speaker, Answer(("dfnconf-login",)), "en"))
    entry = knowledge.entry("dfnconf-login")
    assert any(link.url in text for link in entry.links)
    assert knowledge.entry(entry.related[0]).question.en in text


def test_two_entries_are_answered_in_order(speaker: Speaker) -> None:
    text = said(speaker, Answer(("signal", "dfnconf")))
    assert text.index("Signal") < text.index("DFNconf")


def test_options_are_numbered_questions(speaker: Speaker) -> None:
    text = plain(said(speaker, Clarify(("signal", "wire")), "en"))
    assert "1. What about Signal?" in text
    assert "2. What about Wire?" in text


def test_the_fallback_says_that_it_does_not_know_and_names_the_contact_as_a_link(speaker: Speaker) -> None:
    text = said(speaker, Fallback(("signal",)))
    assert text.startswith("Das weiß ich leider nicht.")
    assert f"(mailto:{CONTACT})" in text
    assert "Signal" in text


def test_what_is_not_covered_is_told_with_its_pointer_and_what_may_help(
    speaker: Speaker, knowledge: KnowledgeBase
) -> None:
    number = next(n for n, each in enumerate(knowledge.not_covered) if "Zoom" in each.names)
    text = plain(said(speaker, Fallback(not_covered=number), "en"))
    assert text.startswith(knowledge.not_covered[number].pointer.en or "?")
    assert "DFNconf" in text


def test_silence_says_nothing(speaker: Speaker) -> None:
    assert speaker.reply(Silence(), "de") is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "decision",
    [
        Smalltalk("greeting"),
        Smalltalk("thanks"),
        Smalltalk("goodbye"),
        Smalltalk("identity"),
        Smalltalk("insult"),
        Smalltalk("how_are_you"),
        SpeakLanguage(),
        Unreadable("nothing open"),
        Unreadable("offer is over"),
        Answer(("signal",), left_open=True),
        Answer(("signal",), again=True),
        Clarify(("signal", "wire"), "unhelpful"),
        Clarify(("signal", "wire"), "no such number"),
        Fallback(why="none of them"),
        Fallback(why="again"),
        Fallback(why="unhelpful"),
        Command("help"),
        Command("unknown"),
        Unreadable("empty"),
        Unreadable("no text"),
        Fallback(),
    ],
)
def test_every_sentence_is_filled_in_in_both_languages(speaker: Speaker, decision: object, language: Language) -> None:
    text = said(speaker, decision, language)
    assert text
    assert "{" not in text


DRAFT = Draft("$1", "question")


@pytest.mark.parametrize("decision", [Escalate(DRAFT), Refer(DRAFT), Preview(DRAFT), Sent(DRAFT), Cancelled()])
def test_what_concerns_an_escalation_is_said_by_others(speaker: Speaker, decision: object) -> None:
    assert speaker.reply(decision, "de") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_greeting_tells_what_to_do_and_later_ones_are_short_and_varied(
    speaker: Speaker, language: Language
) -> None:
    first = speaker.reply(Smalltalk("greeting"), language, is_new=True)
    assert first
    later = {said(speaker, Smalltalk("greeting", variant), language) for variant in range(9)}
    assert len(later) > 1
    assert all(len(each) < len(first.markdown) for each in later)


def test_what_is_left_open_is_said_below_the_answer_and_that_it_is_the_same_again_above(speaker: Speaker) -> None:
    answer = said(speaker, Answer(("signal",)))
    assert said(speaker, Answer(("signal",), left_open=True)).startswith(answer + "\n\n")
    assert said(speaker, Answer(("signal",), again=True)).endswith("\n\n" + answer)


def test_the_number_that_does_not_exist_gets_the_range_and_the_options(speaker: Speaker) -> None:
    text = plain(said(speaker, Clarify(("signal", "wire", "threema"), "no such number")))
    assert "1 bis 3" in text
    assert "3. " in text


def test_an_offer_of_a_human_names_the_team_and_no_near_topic(speaker: Speaker) -> None:
    offers = [said(speaker, Fallback(("signal",), why=why)) for why in ("none of them", "again", "unhelpful")]
    assert all(CONTACT in text and "Signal" not in text for text in offers)
    assert len(set(offers)) == 3
    assert CONTACT in said(speaker, Fallback(("signal",)))


def test_marks_in_titles_are_shown_as_they_are(knowledge: KnowledgeBase) -> None:
    entry = Entry.model_validate({"id": "x", "phrasings": {"de": ["x"]}, "question": {"de": "Ist *das* [ein](b) `c`?"}})
    odd = speaking(KnowledgeBase(entries=(entry,), phrases=knowledge.phrases))
    assert "1. Ist *das* [ein](b) `c`?" in plain(said(odd, Clarify(("x",))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_answer_has_a_short_first_line(knowledge: KnowledgeBase, language: Language) -> None:
    for entry in knowledge.entries:
        first = plain(entry.answer.best(language)).split("\n")[0]
        assert 20 < len(first) < 260, entry.id
