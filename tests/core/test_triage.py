import pytest

from bot.core.conversation import Conversation
from bot.core.decision import Answer, Clarify, Command, Fallback, Silence, Smalltalk, Unreadable
from bot.core.faq import KnowledgeBase
from bot.core.model import Addressed, Match, Ranking
from bot.core.triage import Thresholds, Triage
from tests.conftest import message

LIMITS = Thresholds(answer=0.6, clarify=0.4, near=0.2, ambiguity=0.1)


@pytest.fixture
def triage(knowledge: KnowledgeBase) -> Triage:
    return Triage(knowledge.phrases.understands, LIMITS)


def ranked(not_covered: int | None = None, **confidences: float) -> Ranking:
    return Ranking(tuple(Match(entry, confidence) for entry, confidence in confidences.items()), not_covered)


def decide(
    triage: Triage, text: str | None, conversation: Conversation = Conversation(), **confidences: float
) -> object:
    return triage.decide(conversation, message(text), ranked(None, **confidences))


def test_a_clear_match_is_answered(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.7, b=0.3) == Answer(("a",))


def test_a_narrow_lead_is_clarified(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.7, b=0.65, c=0.3, d=0.1) == Clarify(("a", "b", "c"))


def test_a_middling_match_is_clarified_with_at_most_four_options(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.5, b=0.3, c=0.3, d=0.3, e=0.3) == Clarify(("a", "b", "c", "d"))


def test_what_the_faq_says_it_does_not_cover_is_never_answered_with_an_entry(triage: Triage) -> None:
    decision = triage.decide(Conversation(), message("frage"), ranked(2, a=0.9))
    assert decision == Fallback(not_covered=2)
    chosen = triage.decide(Conversation("de", options=("a",)), message("1"), ranked(2, a=0.9))
    assert chosen == Answer(("a",))


def test_a_weak_match_falls_back_and_names_what_is_near(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.35, b=0.1) == Fallback(("a",))
    assert decide(triage, "frage") == Fallback()


@pytest.mark.parametrize(
    ("text", "kind"), [("Hallo!", "greeting"), ("VIELEN DANK 😊", "thanks"), ("tschuess", "goodbye")]
)
def test_small_talk_is_no_question(triage: Triage, text: str, kind: str) -> None:
    assert decide(triage, text, a=0.9) == Smalltalk(kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["!hilfe", " !Help me", "!?"])
def test_the_help_command_is_understood(triage: Triage, text: str) -> None:
    assert decide(triage, text) == Command("help")


def test_an_unknown_command_is_named_as_such(triage: Triage) -> None:
    assert decide(triage, "!formatiere") == Command("unknown")


@pytest.mark.parametrize("text", ["", "   ", "😂", "?!", "\u200b\u202e"])
def test_a_message_without_a_word_is_unreadable(triage: Triage, text: str) -> None:
    assert decide(triage, text) == Unreadable("empty")


def test_that_only_text_is_read_is_said_once(triage: Triage) -> None:
    first = triage.decide(Conversation(), message(None), ranked())
    assert first == Unreadable("no text")
    after = triage.remember(Conversation(), first, "de")
    assert triage.decide(after, message(None), ranked()) == Silence()


def test_a_number_chooses_the_option_that_was_offered(triage: Triage) -> None:
    offered = triage.remember(Conversation(), Clarify(("a", "b")), "en")
    assert decide(triage, "2.", offered) == Answer(("b",))
    assert decide(triage, "2️⃣", offered) == Answer(("b",))
    assert decide(triage, "3", offered) == Fallback()
    assert decide(triage, "1" * 5000, offered) == Fallback()


def test_an_option_holds_until_something_else_is_answered(triage: Triage) -> None:
    offered = triage.remember(Conversation(), Clarify(("a", "b")), "de")
    assert triage.remember(offered, Smalltalk("thanks"), "de").options == ("a", "b")
    assert triage.remember(offered, Answer(("c",)), "de").options == ()


def test_an_overheard_message_in_a_thread_is_answered_only_if_the_answer_is_clear(triage: Triage) -> None:
    overheard = message("frage", addressed=Addressed.THREAD)
    assert triage.decide(Conversation(), overheard, ranked(a=0.9)) == Answer(("a",))
    assert triage.decide(Conversation(), overheard, ranked(a=0.3)) == Silence()
    assert triage.decide(Conversation(language="de"), overheard, ranked(a=0.3)) == Fallback(("a",))
