"""How text is normalised before anything is compared: case, umlauts, invisible characters, words, stems, passages."""

import re
import unicodedata
from functools import lru_cache

import Stemmer

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_SHORTEST_STEMMED = 5
"""The fewest letters of a word that is stemmed: "wire" and "wir" are not the same."""
_GERMAN = Stemmer.Stemmer("german")
_ENGLISH = Stemmer.Stemmer("english")


def fold(text: str) -> str:
    """`text` as it is compared: lower case, ä as ae, ß as ss, without accents and invisible characters.

    Characters of the Unicode categories Cf (format: zero-width, direction), Cs (lone surrogates) and Mn (accents) go.
    """
    composed = unicodedata.normalize("NFKC", text).lower().translate(_UMLAUTS)
    if composed.isascii():
        return composed
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Cf", "Cs", "Mn"))


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
