import pytest

from bot.core.decision import Answer, Clarify, Command, Fallback, Silence, Smalltalk, Unreadable
from bot.core.faq import KnowledgeBase
from bot.core.model import LANGUAGES, Language
from bot.core.render import plain
from bot.core.reply import Speaker
from bot.core.voice import Voice
from tests.conftest import CONTACT


@pytest.fixture(scope="module")
def speaker(knowledge: KnowledgeBase) -> Speaker:
    return Speaker(knowledge, Voice(CONTACT))


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_answer_has_a_short_first_line(knowledge: KnowledgeBase, language: Language) -> None:
    for entry in knowledge.entries:
        first = plain(entry.answer.best(language)).split("\n")[0]
        assert 20 < len(first) < 260, entry.id
