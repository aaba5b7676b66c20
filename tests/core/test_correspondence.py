"""The letter to support, and how it is shown."""

import unicodedata
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Draft, Exchange, Quoted
from bot.core.correspondence import Correspondence, Texts
from bot.core.faq import KnowledgeBase
from bot.core.letter import Letter, reference
from bot.core.model import LANGUAGES, Language
from bot.core.render import plain, render

ROOM, SENDER, RECIPIENT = "!room:uni.test", "@ada:uni.test", "support@uni.test"
QUESTION, ADDRESS = Quoted(ROOM, "$q"), Quoted(ROOM, "$address")
DRAFT = Draft("$opened", "preview", QUESTION, address=ADDRESS)
LONG = "Wort " * 20_000


@pytest.fixture(scope="module")
def desk_clerk(knowledge: KnowledgeBase) -> Correspondence:
    return Correspondence(knowledge, RECIPIENT)


def write(clerk: Correspondence, question: str, language: Language = "de", draft: Draft = DRAFT, **more: Any) -> Letter:
    texts: Texts = {QUESTION: question, ADDRESS: "ada@example.org", **more.get("texts", {})}
    letter = clerk.letter(draft, texts, more.get("sender", SENDER), language)
    assert letter
    return letter


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_holds_the_question_word_for_word_and_all_that_support_needs(
    desk_clerk: Correspondence, language: Language
) -> None:
    question = "Mein VPN geht nicht.\n\n  Was *soll* ich tun? <b>&amp; 😀"
    letter = write(desk_clerk, question, language)
    assert letter.text.startswith(question + "\n")
    assert letter.reference == reference("$opened")
    assert (letter.recipient, letter.reply_to) == (RECIPIENT, "ada@example.org")
    for part in (SENDER, letter.reference, letter.reply_to):
        assert part in letter.text
    assert letter.reference in letter.subject


@pytest.mark.parametrize("text", [None, ""])
def test_there_is_no_letter_without_a_question(desk_clerk: Correspondence, text: str | None) -> None:
    assert desk_clerk.letter(DRAFT, {QUESTION: text}, SENDER, "de") is None
    assert desk_clerk.letter(DRAFT, {}, SENDER, "de") is None
    assert desk_clerk.letter(Draft("$opened", "question"), {QUESTION: "x"}, SENDER, "de") is None


@pytest.mark.parametrize(
    "text", ["{reference}", "{", "}", "{0}", "{question!r:>99999}", "{{sender}}", "%s {contact.x}"]
)
def test_braces_in_what_people_write_are_not_filled_in(desk_clerk: Correspondence, text: str) -> None:
    earlier = Exchange(Quoted(ROOM, "$earlier"), ())
    draft = Draft("$opened", "preview", QUESTION, (earlier,), with_history=True, address=ADDRESS)
    letter = write(desk_clerk, text, draft=draft, texts={earlier.question: text})
    assert letter.text.startswith(text + "\n")
    assert letter.text.count(text) >= 2
    assert letter.subject.endswith(text)
    assert text in desk_clerk.shown(letter, "de")
    assert text in unquote(desk_clerk.link(draft, {QUESTION: text}, "de"))


def test_a_long_question_is_cut_with_a_sentence_that_says_so(
    desk_clerk: Correspondence, knowledge: KnowledgeBase
) -> None:
    letter = write(desk_clerk, LONG)
    assert len(letter.text) < 5_000
    assert knowledge.phrases.says.letter_cut.best("de") in letter.text
    assert letter.text.startswith("Wort Wort")
    assert knowledge.phrases.says.letter_cut.best("de") not in write(desk_clerk, "x" * 4_000).text
    assert len(letter.subject) < 120


@given(st.text(min_size=1))
def test_a_subject_is_one_line_without_control_characters(desk_clerk: Correspondence, question: str) -> None:
    letter = write(desk_clerk, question)
    for part in (letter.subject, letter.reply_to, letter.recipient):
        assert len(part.splitlines()) == 1
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in part)
    assert len(letter.subject) < 120
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in letter.text if c != "\n")
    letter.text.encode()


def test_headers_in_a_question_stay_in_its_line(desk_clerk: Correspondence) -> None:
    assert "\n" not in write(desk_clerk, "Hilfe\r\nBcc: eve@example.com\r\n\r\nText").subject
    letter = write(desk_clerk, "Hilfe", sender="@a\r\nBcc: x:uni.test")
    assert "\r" not in letter.text


def test_characters_that_deceive_are_left_out_and_emoji_stay(desk_clerk: Correspondence) -> None:
    letter = write(desk_clerk, "a\u202egnp.exe\u2066b\x00c\x1b[31md\ud800e 👩\u200d💻")
    assert letter.text.startswith("agnp.exebc[31mde 👩\u200d💻\n")


@pytest.mark.parametrize(
    "question", ["```", "a\n````\nb ``` c", "`" * 50, "~~~\n```\n# x", "    eingerückt", "<i>x</i>"]
)
def test_the_preview_shows_the_letter_unchanged_whatever_marks_are_in_it(
    desk_clerk: Correspondence, question: str
) -> None:
    letter = write(desk_clerk, question)
    for shown in (plain(desk_clerk.shown(letter, "de")), render(desk_clerk.shown(letter, "de")).body):
        for part in (letter.recipient, letter.reply_to, letter.subject, letter.text):
            assert part in shown


@given(st.text(min_size=1, max_size=80))
def test_what_is_shown_is_what_is_sent(desk_clerk: Correspondence, question: str) -> None:
    letter = write(desk_clerk, question)
    shown = " ".join(plain(desk_clerk.shown(letter, "de")).split())
    assert " ".join(letter.text.split()) in shown
    assert " ".join(letter.subject.split()) in shown


@given(st.text(min_size=1, max_size=200))
def test_a_mailto_link_opens_the_same_subject_and_text(desk_clerk: Correspondence, question: str) -> None:
    link = desk_clerk.link(DRAFT, {QUESTION: question}, "de")
    parts = urlsplit(link)
    fields = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    letter = write(desk_clerk, question)
    start = letter.subject.partition("] ")[2]
    assert (parts.scheme, unquote(parts.path)) == ("mailto", RECIPIENT)
    assert fields["subject"] == [f"Frage an den Helpdesk: {start}".strip()]
    body = fields.get("body", [""])[0]
    assert letter.text.startswith(body.replace("\r\n", "\n"))
    assert link.isascii()
    assert not set(link) & set(' <>"()\n')


def test_a_mailto_link_breaks_lines_as_mails_do_and_stays_short(desk_clerk: Correspondence) -> None:
    assert "a%0D%0Ab" in desk_clerk.link(DRAFT, {QUESTION: "a\nb"}, "de")
    assert len(desk_clerk.link(DRAFT, {QUESTION: "ä" * 100_000}, "de")) < 10_000
    assert "body" not in desk_clerk.link(Draft("$opened", "question"), {}, "de")


def test_an_odd_recipient_does_not_break_the_link(knowledge: KnowledgeBase) -> None:
    clerk = Correspondence(knowledge, "a?b&c=d@uni.test")
    assert clerk.link(DRAFT, {QUESTION: "x"}, "de").startswith("mailto:a%3Fb%26c%3Dd@uni.test?subject=")


def test_the_reply_goes_to_the_address_that_was_told_else_to_the_pattern(knowledge: KnowledgeBase) -> None:
    clerk = Correspondence(knowledge, RECIPIENT, "{localpart}@uni.example.org", "uni.test")
    assert write(clerk, "x").reply_to == "ada@example.org"
    assert write(clerk, "x", draft=Draft("$opened", "preview", QUESTION)).reply_to == "ada@uni.example.org"
    assert write(clerk, "x", texts={ADDRESS: None}).reply_to == "ada@uni.example.org"
    assert write(clerk, "x", texts={ADDRESS: "a@example.org b@example.org"}).reply_to == "ada@uni.example.org"


def history(*entries: tuple[str, ...], with_history: bool = True) -> tuple[Draft, dict[Quoted, str | None]]:
    exchanges = tuple(Exchange(Quoted(ROOM, f"$h{n}"), each) for n, each in enumerate(entries))
    draft = Draft("$opened", "preview", QUESTION, exchanges, with_history, ADDRESS)
    return draft, {each.question: f"Frage Nummer {n}" for n, each in enumerate(exchanges)}


def test_earlier_questions_go_along_in_order_with_what_answered_them(
    desk_clerk: Correspondence, knowledge: KnowledgeBase
) -> None:
    draft, texts = history(("signal", "wire"), ())
    text = write(desk_clerk, "x", draft=draft, texts=texts).text
    says = knowledge.phrases.says
    answers = [plain(knowledge.entry(each).answer.best("de")).split("\n")[0] for each in ("signal", "wire")]
    places = [text.index(part) for part in ("Frage Nummer 0", *answers, "Frage Nummer 1", "Antwort des Bots: keine")]
    assert places == sorted(places)
    assert says.letter_history.best("de") in text


def test_earlier_questions_stay_out_unless_they_are_wanted(
    desk_clerk: Correspondence, knowledge: KnowledgeBase
) -> None:
    draft, texts = history(("signal",), with_history=False)
    text = write(desk_clerk, "x", draft=draft, texts=texts).text
    assert "Frage Nummer" not in text
    assert knowledge.phrases.says.letter_history.best("de") not in text
    empty, _ = history()
    assert knowledge.phrases.says.letter_history.best("de") not in write(desk_clerk, "x", draft=empty).text


def test_earlier_questions_that_are_gone_and_entries_that_left_the_faq_do_no_harm(desk_clerk: Correspondence) -> None:
    draft, texts = history(("gone",), ("signal", "gone"))
    text = write(desk_clerk, "x", draft=draft, texts=dict.fromkeys(texts)).text
    assert text.count("Frage: …") == 2
    assert "Antwort des Bots: keine" in text


def test_a_long_earlier_question_is_cut(desk_clerk: Correspondence) -> None:
    draft, texts = history((), ())
    text = write(desk_clerk, "x", draft=draft, texts=dict.fromkeys(texts, LONG)).text
    assert len(text) < 2_000


@pytest.mark.parametrize("address", ["help@example.org", "Help@Example.org", "a?b@example.org", "", "ada"])
def test_what_is_no_address_for_a_reply_is_left_out(knowledge: KnowledgeBase, address: str) -> None:
    clerk = Correspondence(knowledge, "help@example.org")
    assert write(clerk, "x", texts={ADDRESS: address}).reply_to == ""


def test_the_pattern_makes_addresses_of_the_own_server_s_people_only(knowledge: KnowledgeBase) -> None:
    clerk = Correspondence(knowledge, RECIPIENT, "{localpart}@uni.example.org", "uni.test")
    draft = Draft("$opened", "preview", QUESTION)
    assert write(clerk, "x", draft=draft, sender="@ada:uni.test").reply_to == "ada@uni.example.org"
    assert write(clerk, "x", draft=draft, sender="@ada:evil.example").reply_to == ""
    assert write(clerk, "x", draft=draft, sender="@..:uni.test").reply_to == ""


def test_the_command_before_a_question_is_no_part_of_the_letter(desk_clerk: Correspondence) -> None:
    assert write(desk_clerk, "!support Mein Beamer flackert").text.startswith("Mein Beamer flackert\n")
