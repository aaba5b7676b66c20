import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import fold, stem, words


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Größe", "groesse"),
        ("GROẞE", "grosse"),
        ("u\u0308ber", "ueber"),
        ("what\u200bs\u2060App", "whatsapp"),
        ("\u202eabc\u202c", "abc"),
        ("café", "cafe"),
        ("ＷＡ", "wa"),
        ("\ud800x", "x"),
    ],
)
def test_spellings_of_the_same_word_fold_to_one(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_punctuation_and_underscores_divide_words() -> None:
    assert words("DFN-Conf: „log_in“, ok?") == ("dfn", "conf", "log", "in", "ok")


def test_emoji_are_no_words() -> None:
    assert words("😂 👍🏽 ‼️") == ()


def test_inflected_words_share_a_stem_in_both_languages() -> None:
    assert stem("konferenzen") == stem("konferenz")
    assert stem("meetings") == stem("meeting")


@given(st.text())
def test_folding_is_stable_and_never_fails(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert all(word for word in words(text))


def test_a_pile_of_accents_takes_no_time() -> None:
    started = time.process_time()
    assert words("a" + "\u0301" * 10_000 + "\u0323" * 20_000 + "b x\u0301") == ("ab", "x")
    assert time.process_time() - started < 0.5
