"""How text is normalised before anything is compared: case, umlauts, invisible characters, words, stems, passages."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

from bot.core.model import Language

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
LONGEST_WORD = 40
"""The most letters of a word that is looked into: what is longer is no word."""
_SHORTEST_STEMMED = 5
"""The fewest letters of a word that is stemmed: "wire" and "wir" are not the same."""
_HIGHEST_PILE = 30
"""The most accents of a letter that are looked at."""
# Not thread-safe: everything here runs in one thread.
_GERMAN = Stemmer.Stemmer("german")
_ENGLISH = Stemmer.Stemmer("english")


def fold(text: str) -> str:
    """`text` as it is compared: lower case, ä as ae, ß as ss, without accents and invisible characters.

    Characters of the Unicode categories Cf (format: zero-width, direction), Cs (lone surrogates) and Mn (accents) go.
    """
    composed = (
        unicodedata.normalize("NFKC", text if text.isascii() else _without_piles(text)).lower().translate(_UMLAUTS)
    )
    if composed.isascii():
        return composed
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Cf", "Cs", "Mn"))


def _without_piles(text: str) -> str:
    """`text` with few marks on each letter: to sort a pile of them takes quadratic time (UAX #15, Stream-Safe Text)."""
    if not any(map(unicodedata.combining, text)):
        return text
    kept, height = [], 0
    for c in text:
        height = height + 1 if unicodedata.combining(c) else 0
        if height <= _HIGHEST_PILE:
            kept.append(c)
    return "".join(kept)


def printable(text: str) -> str:
    """`text` without what shows nothing or deceives: characters of the categories Cc, Cf and Cs.

    Line breaks stay, and what joins emoji and letters (U+200C, U+200D).
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in lines if c in "\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def words(text: str) -> tuple[str, ...]:
    """The folded words of `text` in order; punctuation, emoji and underscores divide words."""
    return tuple(_WORD.findall(fold(text)))


def passages(text: str) -> tuple[str, ...]:
    """The sentences and lines of `text`, in order, without empty ones."""
    return tuple(passage for each in _END_OF_SENTENCE.split(text) if (passage := each.strip()))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a folded word, whether it is German or English; of a short word, the word itself.

    Both Snowball stemmers run, German first: questions mix the languages, and a stem needs to be the same on both
    sides of a comparison, not to be a word.
    """
    if len(word) < _SHORTEST_STEMMED:
        return word
    return str(_ENGLISH.stemWord(_GERMAN.stemWord(word)))


FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "de": frozenset(
        words(
            "aber alle als also am an auch auf aus bei beim bin bis bitte da damit dann darf das dass dem den denn der "
            "des die dies diese dieser doch dort du durch ein eine einem einen einer eines er es für gehen geht "
            "gern gibt haben habe hab hallo hat hier ich ihm ihr ihre im in ist ja jetzt kann kannst kein keine können "
            "könnte machen mal man mein meine mich mir mit muss nach nicht nichts noch nun nur ob oder ohne schon sich "
            "sie sind so soll sollen über um und uns unser unsere unter vom von vor wann warum was weil welche welcher "
            "welches welchen wenn wer werden wie wieso wir wird wo wofür wozu wurde zu zum zur zwischen danke frage"
        )
    ),
    "en": frozenset(
        words(
            "a about all also am an and any are as at be because been before but by can could did do does doing for "
            "from get give good had has have he hello her here his how i if in into is it its just like may me more my "
            "no not now of off ok on one or our out please she should so some than thanks that the their them then "
            "there they this to up us use want was we were what when where which who why will with would you your"
        )
    ),
}
"""Words without a subject of their own, by language."""


def content_stems(text: str) -> frozenset[str]:
    """The stems of the words of `text` that are no function words."""
    said = (word for word in words(text) if not any(word in those for those in FUNCTION_WORDS.values()))
    return frozenset(map(stem, said))
