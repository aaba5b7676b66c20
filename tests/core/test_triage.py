"""The table of `triage`: each of its rules, in their order, and what comes before and after all of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation, Draft, Exchange, HandedOver, Quoted, Stage
from bot.core.decision import (
    Answer,
    Cancelled,
    Clarify,
    Command,
    Decision,
    Escalate,
    Fallback,
    Preview,
    Refer,
    Ruling,
    Sent,
    Silence,
    Smalltalk,
    SpeakLanguage,
    Unreadable,
)
from bot.core.faq import KnowledgeBase
from bot.core.memory import Considered
from bot.core.model import Addressed, Match, Ranking, Reaction
from bot.core.situation import Manners, Outlook, Thresholds
from bot.core.triage import RULES, Triage
from bot.core.understanding import Understanding
from tests.conftest import NOW, message

LIMITS = Thresholds(answer=0.6, clarify=0.4, near=0.2, ambiguity=0.1)
ROOM = "!room:uni.test"
QUESTION = Quoted(ROOM, "$0")
ANSWERED = Exchange(QUESTION, ("a",), "$answer")
OFFERED = Conversation(language="de", options=("a", "b"), offer="$offer", reply="$offer")
OFFERED_HUMAN = Conversation(language="de", offers_human=True, exchanges=(Exchange(QUESTION),))


@pytest.fixture(scope="module")
def triage(knowledge: KnowledgeBase) -> Triage:
    return with_manners(knowledge)


def with_manners(knowledge: KnowledgeBase, **manners: Any) -> Triage:
    return Triage(Understanding(knowledge.phrases.understands), LIMITS, Manners(**manners))


def ranked(not_covered: int | None = None, **confidences: float) -> Ranking:
    return Ranking(tuple(Match(entry, confidence) for entry, confidence in confidences.items()), not_covered)


def decide(
    triage: Triage, text: str | None, conversation: Conversation = Conversation(), **confidences: float
) -> Decision:
    return triage.decide(conversation, message(text), Outlook(ranked(None, **confidences))).decision


def after(triage: Triage, decision: Decision, before: Conversation = Conversation()) -> Conversation:
    """What is remembered after this decision."""
    outlook = Outlook(ranked())
    considered = Considered(before, message("frage"), Ruling(decision, "by hand"), "de", outlook, outlook.alone)
    return triage.remember(NOW, considered)


def draft(stage: Stage, **fields: Any) -> Draft:
    question = None if stage == "question" else QUESTION
    return Draft("$opened", stage, question, shown="digest" if stage == "preview" else "", **fields)


def drafting(stage: Stage, **fields: Any) -> Conversation:
    return Conversation(language="de", draft=draft(stage, **fields))


def tap(says: Any, to: str) -> dict[str, Any]:
    return {"text": None, "reaction": Reaction(to, says)}


CLEAR, WEAK = Outlook(ranked(c=0.9)), Outlook(ranked())
TABLE: list[tuple[str, Conversation, dict[str, Any], Outlook, Decision]] = [
    ("taps the number of an option", OFFERED, tap(2, "$offer"), WEAK, Answer(("b",))),
    (
        "is a thumb down on an answer",
        Conversation(reply="$answer"),
        tap("unhelpful", "$answer"),
        WEAK,
        Fallback(why="unhelpful"),
    ),
    ("holds no text", Conversation(), {"text": None}, CLEAR, Unreadable("no text")),
    ("is a command", drafting("question"), {"text": "!hilfe"}, CLEAR, Command("help")),
    ("holds no word", Conversation(), {"text": "?!"}, CLEAR, Unreadable("empty")),
    ("asks for the other language", drafting("question"), {"text": "auf Englisch"}, CLEAR, Escalate(draft("question"))),
    ("cancels the draft", drafting("question"), {"text": "abbrechen"}, CLEAR, Cancelled()),
    ("agrees to the letter that was shown", drafting("preview"), {"text": "ja"}, CLEAR, Sent(draft("preview"))),
    (
        "asks for a human while a draft is open",
        drafting("question"),
        {"text": "Mensch"},
        CLEAR,
        Escalate(draft("question")),
    ),
    (
        "is the question that the draft waits for",
        drafting("question"),
        {"text": "Wie geht das mit ada@example.org?"},
        CLEAR,
        Escalate(Draft("$opened", "address", Quoted(ROOM, "$1"))),
    ),
    (
        "names the reply address",
        drafting("address"),
        {"text": "ada@example.org"},
        CLEAR,
        Preview(Draft("$opened", "preview", QUESTION, address=Quoted(ROOM, "$1"))),
    ),
    (
        "wants to pass on another question",
        drafting("preview"),
        {"text": "andere Frage"},
        CLEAR,
        Escalate(Draft("$opened", "question", shown="digest")),
    ),
    (
        "wants the letter with or without what was asked before",
        drafting("preview"),
        {"text": "mit Verlauf"},
        CLEAR,
        Preview(draft("preview", with_history=True)),
    ),
    ("is a clear question while a draft is open", drafting("address"), {"text": "frage"}, CLEAR, Answer(("c",))),
    (
        "is nothing that the draft waits for",
        drafting("address"),
        {"text": "danke"},
        WEAK,
        Escalate(draft("address"), "no address"),
    ),
    (
        "asks for a human, or accepts the offer of one",
        OFFERED_HUMAN,
        {"text": "gern"},
        CLEAR,
        Escalate(Draft("$1", "address", QUESTION)),
    ),
    ("declines the offer of a human", OFFERED_HUMAN, {"text": "nein"}, CLEAR, Cancelled(was_offer=True)),
    ("chooses an option by its number", OFFERED, {"text": "das zweite"}, CLEAR, Answer(("b",))),
    ("turns all options down", OFFERED, {"text": "nein"}, CLEAR, Fallback(why="none of them")),
    (
        "says that the answer did not help",
        Conversation(runners_up=("b", "c")),
        {"text": "das hilft nicht"},
        CLEAR,
        Clarify(("b", "c"), "unhelpful"),
    ),
    ("is small talk as a whole", OFFERED, {"text": "danke"}, CLEAR, Smalltalk("thanks")),
    ("is a yes or a no to nothing", Conversation(), {"text": "ja"}, CLEAR, Unreadable("nothing open")),
    ("is only numbers and single letters", Conversation(), {"text": "x 12"}, CLEAR, Fallback()),
    (
        "chooses an option in its own words",
        OFFERED,
        {"text": "frage"},
        Outlook(ranked(c=0.9), named="a"),
        Answer(("a",)),
    ),
    (
        "asks several things at once",
        Conversation(entries=("z",)),
        {"text": "frage"},
        Outlook(ranked(c=0.9), ranked(d=0.95), (ranked(a=0.7), ranked(b=0.7))),
        Answer(("a", "b")),
    ),
    (
        "leans on the last answer, and is clear in its light",
        Conversation(entries=("a",)),
        {"text": "frage"},
        Outlook(ranked(1, c=0.3), ranked(b=0.7)),
        Answer(("b",)),
    ),
    (
        "names what the FAQ says it does not cover",
        Conversation(),
        {"text": "frage"},
        Outlook(ranked(2, c=0.9)),
        Fallback(not_covered=2),
    ),
    ("has one match over the threshold, clear ahead", Conversation(), {"text": "frage"}, CLEAR, Answer(("c",))),
    ("has several matches near one another, or none", Conversation(), {"text": "frage"}, WEAK, Fallback()),
]


@pytest.mark.parametrize(("rule", "conversation", "said", "outlook", "decision"), TABLE, ids=[row[0] for row in TABLE])
def test_a_rule_decides_before_those_below_it(
    triage: Triage, rule: str, conversation: Conversation, said: dict[str, Any], outlook: Outlook, decision: Decision
) -> None:
    ruling = triage.decide(conversation, message(**said), outlook)
    assert (ruling.rule, ruling.decision) == (rule, decision)


def test_every_rule_of_the_table_is_tested_here_in_its_order() -> None:
    assert [row[0] for row in TABLE] == [rule.when for rule in RULES]


_IDS = st.sampled_from(["a", "b", "c", "d", "e"])
_MANY = st.lists(_IDS, max_size=4, unique=True).map(tuple)
_EVENTS = st.sampled_from(["$0", "$1", "$reply", "$other"])
_QUOTED = st.builds(Quoted, st.just(ROOM), _EVENTS)
_EXCHANGES = st.lists(st.builds(Exchange, _QUOTED, _MANY, st.none() | _EVENTS), max_size=5).map(tuple)
_DRAFTS = st.builds(
    Draft,
    _EVENTS,
    st.sampled_from(["question", "address", "preview"]),
    st.none() | _QUOTED,
    _EXCHANGES,
    st.booleans(),
    st.none() | _QUOTED,
    st.sampled_from(["", "digest"]),
)
_CONVERSATIONS = st.builds(
    Conversation,
    language=st.sampled_from([None, "de", "en"]),
    turns=st.integers(0, 9),
    options=_MANY,
    offer=st.none() | _EVENTS,
    entries=_MANY,
    runners_up=_MANY,
    reply=st.none() | _EVENTS,
    exchanges=_EXCHANGES,
    failures=st.integers(0, 4),
    offers_human=st.booleans(),
    draft=st.none() | _DRAFTS,
    told_text_only=st.booleans(),
    handed_over=st.none() | st.builds(HandedOver, st.just(NOW + timedelta(minutes=60)), _MANY),
)
_RANKINGS = st.builds(
    lambda found, not_covered: Ranking(
        tuple(Match(entry, confidence) for entry, confidence in sorted(found.items(), key=lambda item: -item[1])),
        not_covered,
    ),
    st.dictionaries(_IDS, st.floats(0, 1), max_size=5),
    st.none() | st.integers(0, 3),
)
_IN_LIGHT = _RANKINGS.filter(lambda ranking: bool(ranking.matches))
_OUTLOOKS = st.builds(
    Outlook,
    _RANKINGS,
    st.none() | _IN_LIGHT,
    st.lists(_RANKINGS, min_size=2, max_size=4).map(tuple) | st.just(()),
    st.none() | _IDS,
)
_TEXTS = st.none() | st.text(max_size=60) | st.sampled_from(["ja", "nein", "Mensch", "2", "das hilft nicht", "keins"])
_REACTIONS = st.none() | st.builds(Reaction, _EVENTS, st.integers(1, 9) | st.just("unhelpful"))


@given(_CONVERSATIONS, _TEXTS, _REACTIONS, st.sampled_from(Addressed), _OUTLOOKS)
def test_something_is_decided_about_whatever_is_said_in_whatever_conversation(
    triage: Triage,
    conversation: Conversation,
    text: str | None,
    reaction: Reaction | None,
    addressed: Addressed,
    outlook: Outlook,
) -> None:
    said = message(None if reaction else text, reaction=reaction, addressed=addressed)
    ruling = triage.decide(conversation, said, outlook)
    assert ruling == triage.decide(conversation, said, outlook)
    kept = triage.remember(NOW, Considered(conversation, said, ruling, "de", outlook, outlook.alone))
    is_silent = isinstance(ruling.decision, Silence)
    assert kept.turns == conversation.turns + (not is_silent)
    assert kept == conversation or not is_silent or ruling.asks


@given(_CONVERSATIONS, st.text(max_size=60), _OUTLOOKS)
def test_a_letter_goes_out_only_after_it_was_shown_and_only_by_a_yes(
    triage: Triage, knowledge: KnowledgeBase, conversation: Conversation, text: str, outlook: Outlook
) -> None:
    understanding = Understanding(knowledge.phrases.understands)
    for said in (text, "ja", "ok", "ja bitte nicht"):
        decision = triage.decide(conversation, message(said), outlook).decision
        is_shown = conversation.draft and conversation.draft.stage == "preview" and conversation.draft.shown
        assert isinstance(decision, Sent) == bool(is_shown and understanding.read(said).means("yes"))


def test_a_clear_match_is_answered(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.7, b=0.3) == Answer(("a",))


def test_a_narrow_lead_is_clarified(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.7, b=0.65, c=0.3, d=0.1) == Clarify(("a", "b", "c"))


def test_a_middling_match_is_clarified_with_at_most_four_options(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.5, b=0.3, c=0.3, d=0.3, e=0.3) == Clarify(("a", "b", "c", "d"))


def test_what_the_faq_says_it_does_not_cover_is_never_answered_with_an_entry(triage: Triage) -> None:
    outlook = Outlook(ranked(2, a=0.9))
    assert triage.decide(Conversation(), message("frage"), outlook).decision == Fallback(not_covered=2)
    chosen = triage.decide(Conversation("de", options=("a",)), message("1"), outlook)
    assert chosen.decision == Answer(("a",))


def test_a_weak_match_falls_back_and_names_what_is_near(triage: Triage) -> None:
    assert decide(triage, "frage", a=0.35, b=0.1) == Fallback(("a",))
    assert decide(triage, "frage") == Fallback()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hallo!", "greeting"),
        ("VIELEN DANK 😊", "thanks"),
        ("tschuess", "goodbye"),
        ("Bist du ein Mensch?", "identity"),
        ("you suck", "insult"),
        ("wie geht's?", "how_are_you"),
    ],
)
def test_small_talk_is_no_question(triage: Triage, text: str, kind: str) -> None:
    assert decide(triage, text, a=0.9) == Smalltalk(kind)  # type: ignore[arg-type]


def test_small_talk_takes_another_variant_at_every_turn(triage: Triage) -> None:
    assert [decide(triage, "danke", Conversation(turns=turns)) for turns in (0, 5)] == [
        Smalltalk("thanks", 0),
        Smalltalk("thanks", 5),
    ]


@pytest.mark.parametrize("text", ["!hilfe", " !Help me", "!?"])
def test_the_help_command_is_understood(triage: Triage, text: str) -> None:
    assert decide(triage, text) == Command("help")


def test_an_unknown_command_is_named_as_such(triage: Triage) -> None:
    assert decide(triage, "!formatiere") == Command("unknown")


def test_the_support_command_opens_a_draft_with_the_last_question_and_shows_an_open_one_again(triage: Triage) -> None:
    earlier = Exchange(Quoted(ROOM, "$-1"))
    asked = Conversation(language="de", exchanges=(earlier, ANSWERED))
    assert decide(triage, "!support") == Escalate(Draft("$1", "question"))
    assert decide(triage, "!support", asked) == Escalate(Draft("$1", "address", QUESTION))
    own = Quoted(ROOM, "$1")
    assert decide(triage, "!support Mein Beamer flackert", asked) == Escalate(Draft("$1", "address", own))
    assert decide(triage, "!support", drafting("preview")) == Preview(draft("preview"))


@pytest.mark.parametrize("text", ["", "   ", "😂", "?!", "\u200b\u202e"])
def test_a_message_without_a_word_is_unreadable(triage: Triage, text: str) -> None:
    assert decide(triage, text) == Unreadable("empty")


def test_that_only_text_is_read_is_said_once(triage: Triage) -> None:
    first = decide(triage, None)
    assert first == Unreadable("no text")
    assert decide(triage, None, after(triage, first)) == Silence()


def test_a_number_chooses_the_option_that_was_offered(triage: Triage) -> None:
    offered = after(triage, Clarify(("a", "b")))
    assert decide(triage, "2.", offered) == Answer(("b",))
    assert decide(triage, "2️⃣", offered) == Answer(("b",))
    assert decide(triage, "the last one", offered) == Answer(("b",))
    assert decide(triage, "1" * 5000, offered) == Fallback()


@pytest.mark.parametrize("text", ["3", "0", "999", "das dritte"])
def test_a_number_that_no_option_has_gets_the_options_again(triage: Triage, text: str) -> None:
    assert decide(triage, text, after(triage, Clarify(("a", "b")))) == Clarify(("a", "b"), "no such number")


def test_an_option_holds_until_something_else_is_answered(triage: Triage) -> None:
    offered = after(triage, Clarify(("a", "b")))
    assert after(triage, Smalltalk("thanks"), offered).options == ("a", "b")
    assert after(triage, Answer(("c",)), offered).options == ()


def test_a_tap_on_an_offer_that_is_over_or_has_no_such_number_chooses_nothing(triage: Triage) -> None:
    for conversation, reaction in ((OFFERED, Reaction("$old", 1)), (OFFERED, Reaction("$offer", 3))):
        told = triage.decide(conversation, message(None, reaction=reaction), CLEAR).decision
        assert told == Unreadable("offer is over")


def test_a_tap_holds_while_the_offer_does_whatever_was_said_in_between(triage: Triage) -> None:
    later = Conversation(language="de", options=("a", "b"), offer="$offer", reply="$welcome")
    told = triage.decide(later, message(None, reaction=Reaction("$offer", 1)), CLEAR).decision
    assert told == Answer(("a",))


def test_a_thumb_down_on_an_older_answer_offers_a_human_and_on_what_is_forgotten_says_nothing(triage: Triage) -> None:
    known = Conversation(language="de", reply="$last", exchanges=(ANSWERED,), runners_up=("b",))
    for to, decision in (("$answer", Fallback(why="unhelpful")), ("$forgotten", Silence())):
        reaction = Reaction(to, "unhelpful")
        assert triage.decide(known, message(None, reaction=reaction), CLEAR).decision == decision


def test_a_thumb_down_while_a_draft_is_open_neither_sends_nor_drops_it(triage: Triage) -> None:
    reaction = Reaction("$answer", "unhelpful")
    told = triage.decide(drafting("preview"), message(None, reaction=reaction), CLEAR).decision
    assert told == Preview(draft("preview"), "unclear")


@pytest.mark.parametrize("text", ["😂", "?!"])
def test_what_holds_no_word_is_no_answer_to_a_draft(triage: Triage, text: str) -> None:
    assert decide(triage, text, drafting("preview")) == Preview(draft("preview"), "unclear")


def test_after_a_failure_or_with_nothing_left_what_did_not_help_leads_to_a_human(triage: Triage) -> None:
    assert decide(triage, "das hilft nicht", Conversation(runners_up=("b",), failures=1)) == Fallback(why="unhelpful")
    assert decide(triage, "das hilft nicht", Conversation()) == Fallback(why="unhelpful")


def test_after_two_failures_in_a_row_the_bot_guesses_no_more(triage: Triage) -> None:
    assert decide(triage, "frage", Conversation(failures=1)) == Fallback(why="again")
    assert decide(triage, "frage", Conversation(failures=1), a=0.5, b=0.4) == Clarify(("a", "b"))
    assert decide(triage, "frage", Conversation(failures=2), a=0.5, b=0.4) == Fallback(why="again")
    assert decide(triage, "frage", Conversation(failures=5), a=0.9) == Answer(("a",))


def test_a_yes_accepts_an_offer_of_a_human_only_while_it_stands(triage: Triage) -> None:
    assert decide(triage, "ja", OFFERED_HUMAN) == Escalate(Draft("$1", "address", QUESTION))
    thanked = after(triage, Smalltalk("thanks"), OFFERED_HUMAN)
    assert decide(triage, "ja", thanked) == Unreadable("nothing open")


def test_a_known_reply_address_leads_straight_to_the_preview(knowledge: KnowledgeBase) -> None:
    known = with_manners(knowledge, reply_address="{localpart}@uni.test")
    assert decide(known, "Mensch", OFFERED_HUMAN) == Preview(Draft("$1", "preview", QUESTION))


def test_where_no_mail_is_sent_the_person_is_told_how_to_write_once_the_question_is_known(
    knowledge: KnowledgeBase,
) -> None:
    mute = with_manners(knowledge, passes_on=False)
    assert decide(mute, "Mensch") == Escalate(Draft("$1", "question"))
    assert decide(mute, "Mensch", OFFERED_HUMAN) == Refer(Draft("$1", "question", QUESTION))
    told = decide(mute, "mein vpn geht nicht", Conversation(draft=Draft("$opened", "question")))
    assert told == Refer(Draft("$opened", "question", Quoted(ROOM, "$1")))


@pytest.mark.parametrize("text", ["ok", "klar", "ja vielleicht", "danke", "👍", "jaa", "sendne", "ja?nein"])
def test_what_is_no_yes_word_for_word_shows_the_letter_again(triage: Triage, text: str) -> None:
    assert decide(triage, text, drafting("preview")) == Preview(draft("preview"), "unclear")


def test_a_yes_to_a_letter_that_was_not_shown_shows_it(triage: Triage) -> None:
    unseen = Conversation(language="de", draft=Draft("$opened", "preview", QUESTION))
    assert isinstance(decide(triage, "ja", unseen), Preview)
    assert decide(triage, "ja", drafting("address")) == Escalate(draft("address"), "no address")


def test_another_address_is_taken_while_the_letter_is_shown(triage: Triage) -> None:
    told = decide(triage, "lieber grace@example.com", drafting("preview"))
    assert isinstance(told, Preview)
    assert told.draft.address == Quoted(ROOM, "$1")


def test_the_question_is_quoted_by_its_newest_edit(triage: Triage) -> None:
    edited = message("mein vpn", edits=("$e1", "$e2"))
    told = triage.decide(drafting("question"), edited, WEAK).decision
    assert isinstance(told, Escalate)
    assert told.draft.question == Quoted(ROOM, "$e2")


def test_the_language_that_is_asked_for_is_told_with_what_was_said_last(triage: Triage) -> None:
    for conversation, decision in (
        (Conversation(entries=("a",), said="answer"), Answer(("a",))),
        (Conversation(entries=("a",), said="other"), SpeakLanguage()),
        (replace(OFFERED, said="options"), Clarify(("a", "b"))),
        (replace(OFFERED_HUMAN, said="offer"), Fallback(why="unhelpful")),
        (drafting("preview"), Preview(draft("preview"))),
        (Conversation(), SpeakLanguage()),
    ):
        german = triage.decide(conversation, message("in German please"), WEAK)
        english = triage.decide(conversation, message("und auf Englisch?"), WEAK)
        assert (german.decision, german.language) == (decision, "de")
        assert (english.decision, english.language) == (decision, "en")
    assert triage.decide(Conversation(), message("frage"), CLEAR).language is None


def test_only_questions_count_as_asked(triage: Triage) -> None:
    assert triage.decide(Conversation(), message("frage"), CLEAR).asks
    assert triage.decide(Conversation(), message("frage"), WEAK).asks
    assert not triage.decide(OFFERED, message("2"), CLEAR).asks
    assert not triage.decide(Conversation(), message("danke"), CLEAR).asks


def test_several_questions_are_answered_in_order_and_what_is_left_open_is_said(triage: Triage) -> None:
    def answered(*parts: Ranking) -> Decision:
        return triage.decide(Conversation(), message("frage"), Outlook(ranked(), None, parts)).decision

    assert answered(ranked(b=0.9), ranked(a=0.9)) == Answer(("b", "a"))
    assert answered(ranked(a=0.9), ranked()) == Answer(("a",), left_open=True)
    assert answered(ranked(a=0.9), ranked(1, b=0.9)) == Answer(("a",), left_open=True)
    assert answered(*(ranked(**{each: 0.9}) for each in "abcde")) == Answer(("a", "b", "c", "d"), left_open=True)


def test_one_question_put_twice_is_one_question(triage: Triage) -> None:
    outlook = Outlook(ranked(b=0.9), None, (ranked(a=0.9), ranked(a=0.9)))
    assert triage.decide(Conversation(), message("frage"), outlook).decision == Answer(("b",))


def test_the_last_answer_never_overrides_a_clear_question(triage: Triage) -> None:
    about = Conversation(entries=("a",))
    for alone, in_light, entry in ((0.9, 0.99, "c"), (0.7, 0.65, "c"), (0.65, 0.7, "b")):
        outlook = Outlook(ranked(c=alone), ranked(b=in_light))
        assert triage.decide(about, message("frage"), outlook).decision == Answer((entry,))


def test_what_is_weak_by_itself_and_in_light_is_no_follow_up(triage: Triage) -> None:
    ruling = triage.decide(Conversation(entries=("a",)), message("frage"), Outlook(ranked(c=0.3), ranked(b=0.1)))
    assert (ruling.decision, ruling.rule) == (Fallback(("c",)), RULES[-1].when)


def test_a_question_that_means_several_things_in_light_of_the_last_answer_gets_these_as_options(
    triage: Triage,
) -> None:
    outlook = Outlook(ranked(c=0.7), ranked(b=0.71, d=0.65))
    assert triage.decide(Conversation(entries=("a",)), message("frage"), outlook).decision == Clarify(("b", "d"))


def test_the_same_answer_again_says_so_once_and_then_offers_a_human(triage: Triage) -> None:
    outlook = Outlook(ranked(), ranked(a=0.9))
    first = triage.decide(Conversation(entries=("a",)), message("warum?"), outlook)
    assert first.decision == Answer(("a",), again=True)
    second = triage.decide(Conversation(entries=("a",), failures=1), message("warum?"), outlook)
    assert second.decision == Fallback(why="again")


def test_an_overheard_message_in_a_thread_is_answered_only_if_the_answer_is_clear(triage: Triage) -> None:
    overheard = message("frage", addressed=Addressed.THREAD)
    assert triage.decide(Conversation(), overheard, Outlook(ranked(a=0.9))).decision == Answer(("a",))
    assert triage.decide(Conversation(), overheard, Outlook(ranked(a=0.3))).decision == Silence()
    known = triage.decide(Conversation(language="de"), overheard, Outlook(ranked(a=0.3)))
    assert known.decision == Fallback(("a",))


@pytest.mark.parametrize("text", ["danke", "ja", "Mensch", "!hilfe", "😂"])
def test_what_people_say_to_one_another_in_a_thread_is_left_alone(triage: Triage, text: str) -> None:
    overheard = message(text, addressed=Addressed.THREAD)
    assert triage.decide(Conversation(), overheard, WEAK).decision == Silence()


def test_a_topic_that_was_handed_over_is_left_to_support_but_for_new_clear_questions(triage: Triage) -> None:
    left = Conversation(language="de", handed_over=HandedOver(NOW + timedelta(minutes=60), ("a",)))
    assert decide(triage, "frage", left, a=0.9) == Silence()
    assert decide(triage, "frage", left, b=0.5, c=0.45) == Silence()
    assert decide(triage, "frage", left) == Silence()
    assert decide(triage, "frage", left, b=0.9) == Answer(("b",))
    told = triage.decide(left, message("frage"), Outlook(ranked(2, a=0.9))).decision
    assert told == Fallback(not_covered=2)
    both = Outlook(ranked(), None, (ranked(a=0.9), ranked(b=0.9)))
    assert triage.decide(left, message("frage"), both).decision == Answer(("a", "b"))


def test_what_is_no_question_is_heard_after_a_topic_was_handed_over(triage: Triage) -> None:
    left = Conversation(language="de", handed_over=HandedOver(NOW + timedelta(minutes=60), ("a",)))
    assert decide(triage, "danke", left) == Smalltalk("thanks")
    assert decide(triage, "Mensch", left) == Escalate(Draft("$1", "question"))
