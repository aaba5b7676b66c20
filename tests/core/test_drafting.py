"""How an escalation is drafted: from whatever opens it, step by step, to the yes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import drafting
from bot.core.conversation import Conversation, Draft, Exchange, Quoted, Stage
from bot.core.decision import Cancelled, Escalate, Preview, Refer, Sent
from bot.core.faq import KnowledgeBase
from bot.core.model import Ranking
from bot.core.situation import Manners, Outlook, Situation, Thresholds
from bot.core.understanding import Understanding
from tests.conftest import message

ROOM = "!room:uni.test"
QUESTION, ADDRESS = Quoted(ROOM, "$q"), Quoted(ROOM, "$a")
RULES = (
    drafting.cancelled,
    drafting.asked_again,
    drafting.question_told,
    drafting.address_told,
    drafting.confirmed,
    drafting.history_wanted,
    drafting.unclear,
)


@pytest.fixture(scope="module")
def understanding(knowledge: KnowledgeBase) -> Understanding:
    return Understanding(knowledge.phrases.understands)


def at(
    understanding: Understanding, text: str, draft: Draft | None = None, exchanges: Any = (), **manners: Any
) -> Situation:
    conversation = Conversation(language="de", draft=draft, exchanges=exchanges)
    outlook = Outlook(Ranking(()))
    said = message(text)
    return Situation(conversation, said, understanding.read(text), outlook, Thresholds(), Manners(**manners))


def test_a_draft_holds_the_last_question_and_has_the_earlier_ones_at_hand(understanding: Understanding) -> None:
    first, last = Exchange(Quoted(ROOM, "$1st"), ("a",)), Exchange(QUESTION)
    opened = drafting.draft(at(understanding, "Mensch", exchanges=(first, last)))
    assert opened == Escalate(Draft("$1", "address", QUESTION))
    known = {"exchanges": (first, last), "reply_address": "{localpart}@example.org"}
    assert drafting.draft(at(understanding, "Mensch", **known)) == Preview(Draft("$1", "preview", QUESTION, (first,)))


def test_a_draft_without_a_question_asks_for_it_first(understanding: Understanding) -> None:
    for manners in ({}, {"reply_address": "{localpart}@uni.test"}, {"passes_on": False}):
        assert drafting.draft(at(understanding, "Mensch", **manners)) == Escalate(Draft("$1", "question"))


@pytest.mark.parametrize(
    ("manners", "decision"),
    [
        ({}, Escalate(Draft("$o", "address", QUESTION))),
        ({"reply_address": "{localpart}@uni.test"}, Preview(Draft("$o", "preview", QUESTION))),
        ({"passes_on": False}, Refer(Draft("$o", "question", QUESTION))),
    ],
)
def test_what_a_draft_lacks_is_asked_for(understanding: Understanding, manners: dict[str, Any], decision: Any) -> None:
    assert drafting.advance(Draft("$o", "question", QUESTION), at(understanding, "x", **manners)) == decision


def test_a_draft_that_lacks_nothing_is_shown(understanding: Understanding) -> None:
    complete = Draft("$o", "address", QUESTION, address=ADDRESS)
    assert drafting.advance(complete, at(understanding, "x")) == Preview(
        Draft("$o", "preview", QUESTION, address=ADDRESS)
    )


@given(st.text(max_size=40) | st.sampled_from(["ja", "nein", "Mensch", "a@example.org", "mit Verlauf"]))
def test_without_a_draft_no_rule_has_anything_to_say(understanding: Understanding, text: str) -> None:
    assert not any(rule(at(understanding, text)) for rule in RULES)


@pytest.mark.parametrize("stage", ["question", "address", "preview"])
def test_a_no_cancels_at_every_stage(understanding: Understanding, stage: Stage) -> None:
    assert drafting.cancelled(at(understanding, "nein", Draft("$o", stage))) == Cancelled()
    assert drafting.cancelled(at(understanding, "nein aber", Draft("$o", stage))) is None


@pytest.mark.parametrize(
    ("stage", "shown", "sent"),
    [("question", "d", False), ("address", "d", False), ("preview", "", False), ("preview", "d", True)],
)
def test_only_a_letter_that_was_shown_can_be_agreed_to(
    understanding: Understanding, stage: Stage, shown: str, sent: bool
) -> None:
    draft = Draft("$o", stage, QUESTION, address=ADDRESS, shown=shown)
    again = Preview(draft) if stage == "preview" else None
    assert drafting.confirmed(at(understanding, "ja", draft)) == (Sent(draft) if sent else again)


@pytest.mark.parametrize("text", ["ja?", "Senden???", "ja 👎", "ja ❌", "~~ja~~", "j̶a̶", "/ja", "so senden?"])
def test_a_yes_that_something_speaks_against_is_none(understanding: Understanding, text: str) -> None:
    draft = Draft("$o", "preview", QUESTION, address=ADDRESS, shown="d")
    assert drafting.confirmed(at(understanding, text, draft)) in (None, Preview(draft, "unclear"))


def test_history_is_added_and_taken_out_only_in_the_preview(understanding: Understanding) -> None:
    draft = Draft("$o", "preview", QUESTION, shown="d")
    with_it = drafting.history_wanted(at(understanding, "mit Verlauf", draft))
    assert isinstance(with_it, Preview)
    assert with_it.draft.with_history
    without = drafting.history_wanted(at(understanding, "ohne Verlauf", with_it.draft))
    assert without == Preview(draft)
    assert drafting.history_wanted(at(understanding, "mit Verlauf", Draft("$o", "address"))) is None


def test_an_address_is_not_taken_for_the_question_s_place(understanding: Understanding) -> None:
    assert drafting.address_told(at(understanding, "ada@example.org", Draft("$o", "question"))) is None
    two = at(understanding, "a@example.org b@example.org", Draft("$o", "address", QUESTION))
    assert drafting.address_told(two) is None


@pytest.mark.parametrize(
    ("draft", "decision"),
    [
        (Draft("$o", "question"), Escalate(Draft("$o", "question"))),
        (Draft("$o", "address"), Escalate(Draft("$o", "address"), "no address")),
        (Draft("$o", "preview"), Preview(Draft("$o", "preview"), "unclear")),
    ],
)
def test_what_is_no_answer_gets_the_same_question_again(
    understanding: Understanding, draft: Draft, decision: Any
) -> None:
    assert drafting.unclear(at(understanding, "hmm", draft)) == decision
