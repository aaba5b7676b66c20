"""What is remembered after each decision."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.conversation import MOST_EXCHANGES, Conversation, Draft, Exchange, HandedOver, Quoted
from bot.core.decision import (
    Answer,
    Cancelled,
    Clarify,
    Decision,
    Escalate,
    Fallback,
    Preview,
    Refer,
    Ruling,
    Sent,
    Silence,
    Smalltalk,
    Unreadable,
)
from bot.core.memory import Considered, remember
from bot.core.model import Language, Match, Message, Ranking, Reaction
from bot.core.situation import Manners, Outlook, Thresholds
from tests.conftest import NOW, message

LIMITS = Thresholds(answer=0.6, clarify=0.4, near=0.2, ambiguity=0.1)
MANNERS = Manners(remember=timedelta(minutes=20), handed_over=timedelta(minutes=45))
ROOM = "!room:uni.test"
DRAFT = Draft("$opened", "preview", Quoted(ROOM, "$q1"))
TALK = Conversation(
    language="de",
    turns=3,
    options=("x", "y"),
    offer="$offer",
    entries=("old",),
    runners_up=("next",),
    reply="$reply",
    exchanges=(Exchange(Quoted(ROOM, "$q1"), ("old",), "$reply"),),
    failures=1,
    offers_human=True,
)
QUIET: list[Decision] = [Smalltalk("thanks"), Smalltalk("insult"), Unreadable("empty"), Unreadable("no text")]


def after(
    decision: Decision,
    before: Conversation = TALK,
    said: Message | None = None,
    asks: bool = False,
    language: Language | None = None,
    **confidences: float,
) -> Conversation:
    ranking = Ranking(tuple(Match(entry, confidence) for entry, confidence in confidences.items()))
    ruling = Ruling(decision, "by hand", asks, language)
    turn = Considered(before, said or message("frage"), ruling, language or "de", Outlook(ranking), ranking)
    return remember(turn, NOW, MANNERS, LIMITS)


def question(number: int) -> Exchange:
    return Exchange(Quoted(ROOM, f"$q{number}"), reply=f"$a{number}")


def test_silence_leaves_everything_as_it_was() -> None:
    assert after(Silence()) is TALK


def test_every_answered_message_prolongs_the_conversation_and_counts_as_a_turn() -> None:
    kept = after(Smalltalk("thanks"))
    assert (kept.until, kept.turns) == (NOW + timedelta(minutes=20), 4)


def test_a_language_that_was_asked_for_is_remembered_as_chosen_and_a_guessed_one_is_not() -> None:
    chosen = after(Answer(("old",)), language="en")
    assert (chosen.language, chosen.language_chosen) == ("en", True)
    assert after(Smalltalk("thanks"), chosen).language_chosen
    assert not after(Smalltalk("thanks")).language_chosen


def test_failures_are_counted_in_a_row() -> None:
    assert after(Fallback()).failures == 2
    assert after(Clarify(("a",), "unhelpful")).failures == 2
    assert after(Answer(("old",), again=True)).failures == 2
    assert after(Clarify(("a", "b"))).failures == 1
    assert after(Clarify(("a", "b"), "no such number")).failures == 1
    assert after(Answer(("a",))).failures == 0


@pytest.mark.parametrize("decision", QUIET)
def test_what_is_no_question_changes_nothing_of_what_was_offered_and_answered(decision: Decision) -> None:
    kept = after(decision)
    assert (kept.options, kept.offer, kept.entries, kept.runners_up, kept.failures) == (
        TALK.options,
        TALK.offer,
        TALK.entries,
        TALK.runners_up,
        TALK.failures,
    )


@pytest.mark.parametrize(
    "decision",
    [Answer(("a",)), Fallback(), Escalate(DRAFT), Preview(DRAFT), Sent(DRAFT), Cancelled(), Refer(DRAFT)],
)
def test_options_are_over_once_something_else_is_decided(decision: Decision) -> None:
    assert after(decision).options == ()


def test_new_options_take_the_place_of_the_old() -> None:
    assert after(Clarify(("a", "b"))).options == ("a", "b")


def test_what_came_next_to_an_answer_is_remembered_best_first_and_without_what_was_answered() -> None:
    confidences = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5, "f": 0.45, "g": 0.1}
    kept = after(Answer(("a", "c")), asks=True, **confidences)
    assert kept.runners_up == ("b", "d", "e", "f")
    assert after(Answer(("a",)), asks=True, **(confidences | {"b": 0.39})).runners_up == ("c", "d", "e", "f")


def test_the_options_that_were_not_chosen_are_what_else_may_have_been_meant() -> None:
    assert after(Answer(("x",)), c=0.9).runners_up == ("y",)


@pytest.mark.parametrize("decision", [Clarify(("a", "b"), "unhelpful"), Fallback(why="unhelpful")])
def test_what_came_next_is_offered_once(decision: Decision) -> None:
    assert after(decision).runners_up == ()


@pytest.mark.parametrize("why", ["unhelpful", "none of them", "again"])
def test_an_offer_of_a_human_is_remembered_until_the_next_message(why: Any) -> None:
    offered = after(Fallback(why=why))
    assert offered.offers_human
    assert not after(Smalltalk("thanks"), offered).offers_human


def test_an_insult_is_met_with_the_offer_of_a_human_and_a_plain_fallback_is_none() -> None:
    assert after(Smalltalk("insult")).offers_human
    assert not after(Fallback()).offers_human


def test_at_most_five_questions_are_remembered_the_newest_last() -> None:
    kept = TALK
    for number in range(2, 10):
        kept = after(Answer(("a",)), kept, message("frage", event_id=f"$q{number}"), asks=True)
    assert [each.question.event_id for each in kept.exchanges] == ["$q5", "$q6", "$q7", "$q8", "$q9"]
    assert len(kept.exchanges) == MOST_EXCHANGES


def test_a_question_is_remembered_by_its_newest_edit_with_what_answered_it() -> None:
    kept = after(Answer(("a", "b")), said=message("frage", edits=("$e",)), asks=True)
    assert kept.exchanges[-1] == Exchange(Quoted(ROOM, "$e"), ("a", "b"))


def test_an_option_that_is_chosen_answers_the_question_before_it() -> None:
    asked = after(Clarify(("x", "y")), asks=True, said=message("frage", event_id="$q2"))
    chosen = after(Answer(("y",)), asked)
    assert chosen.exchanges == (*TALK.exchanges, Exchange(Quoted(ROOM, "$q2"), ("y",)))


def test_an_answer_without_a_question_is_no_exchange() -> None:
    assert after(Answer(("a",)), Conversation()).exchanges == ()


def test_a_thumb_down_makes_its_question_the_one_that_is_passed_on() -> None:
    asked = Conversation(language="de", exchanges=(question(1), question(2), question(3)))
    tapped = message(None, reaction=Reaction("$a1", "unhelpful"))
    kept = after(Fallback(why="unhelpful"), asked, tapped)
    assert kept.exchanges == (question(2), question(3), question(1))


def test_that_only_text_is_read_is_remembered() -> None:
    assert after(Unreadable("no text")).told_text_only
    assert not after(Unreadable("empty")).told_text_only


@pytest.mark.parametrize("decision", [Escalate(DRAFT), Preview(DRAFT)])
def test_a_draft_is_kept_with_the_last_answer_and_the_failures(decision: Decision) -> None:
    kept = after(decision)
    assert (kept.draft, kept.entries, kept.failures) == (DRAFT, ("old",), 1)


@pytest.mark.parametrize("decision", [Sent(DRAFT), Cancelled(), Refer(DRAFT)])
def test_nothing_is_left_of_a_draft_that_is_done_with(decision: Decision) -> None:
    kept = after(decision, Conversation(language="de", draft=DRAFT, failures=2))
    assert (kept.draft, kept.failures) == (None, 0)


def test_a_topic_is_support_s_for_a_while_after_it_was_sent() -> None:
    assert after(Sent(DRAFT)).handed_over == HandedOver(NOW + timedelta(minutes=45), ("old",))
    assert after(Cancelled()).handed_over is None


def test_what_is_handed_over_is_the_topic_of_the_question_that_was_sent_not_of_the_last() -> None:
    newer = Conversation(exchanges=(*TALK.exchanges, Exchange(Quoted(ROOM, "$q2"), ("new",))))
    handed_over = after(Sent(DRAFT), newer).handed_over
    assert handed_over
    assert handed_over.entries == ("old",)
    untold = after(Sent(Draft("$opened", "preview", Quoted(ROOM, "$typed"))), newer).handed_over
    assert untold
    assert untold.entries == ()


def test_a_conversation_is_forgotten_at_its_end_but_for_what_was_handed_over() -> None:
    handed_over = HandedOver(NOW + timedelta(minutes=60), ("a",))
    kept = Conversation(language="de", draft=DRAFT, until=NOW + timedelta(minutes=30), handed_over=handed_over)
    assert kept.as_of(NOW + timedelta(minutes=29, seconds=59)) == kept
    assert kept.as_of(NOW + timedelta(minutes=30)) == Conversation(handed_over=handed_over)
    assert kept.as_of(NOW + timedelta(minutes=60)) == Conversation()


def test_a_thread_goes_on_from_the_question_or_the_answer_at_its_root() -> None:
    talk = Conversation(
        language="de",
        options=("x",),
        entries=("c",),
        reply="$a3",
        exchanges=tuple(Exchange(Quoted(ROOM, f"$q{n}"), (entry,), f"$a{n}") for n, entry in enumerate("abc", 1)),
        offers_human=True,
        draft=DRAFT,
    )
    for root in ("$q3", "$a3"):
        last = talk.at_message(root)
        assert last
        assert (last.entries, last.options, last.draft, last.offers_human) == (("c",), ("x",), None, False)
    for root in ("$q1", "$a1"):
        older = talk.at_message(root)
        assert older
        assert (older.entries, older.options, older.draft, older.exchanges) == (("a",), (), None, talk.exchanges[:1])
    assert talk.at_message("$other") is None


def test_a_reply_is_that_of_the_last_question_only_where_it_answers_it() -> None:
    talk = Conversation(exchanges=(question(1), Exchange(Quoted(ROOM, "$q2"))))
    assert [each.reply for each in talk.replied("$new", to_question=True).exchanges] == ["$a1", "$new"]
    assert talk.replied("$new").exchanges == talk.exchanges
    assert talk.replied("$new").offer is None
    assert talk.replied("$new", offers=True).offer == "$new"
    assert Conversation().replied("$new", to_question=True).exchanges == ()
