"""How text is normalised before anything is compared: case, umlauts, invisible characters, words and stems."""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")
_SHORTEST_STEMMED = 5
"""The fewest letters of a word that is stemmed: "wire" and "wir" are not the same."""
_GERMAN = snowballstemmer.stemmer("german")
_ENGLISH = snowballstemmer.stemmer("english")


def fold(text: str) -> str:
    """`text` as it is compared: lower case, ä as ae, ß as ss, without accents and invisible characters.

    Characters of the Unicode categories Cf (format: zero-width, direction), Cs (lone surrogates) and Mn (accents) go.
    """
    composed = unicodedata.normalize("NFKC", text).lower().translate(_UMLAUTS)
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Cf", "Cs", "Mn"))


def words(text: str) -> tuple[str, ...]:
    """The folded words of `text` in order; punctuation, emoji and underscores divide words."""
    return tuple(_WORD.findall(fold(text)))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a folded word, whether it is German or English; of a short word, the word itself.

    Both Snowball stemmers run, German first: questions mix the languages, and a stem needs to be the same on both
    sides of a comparison, not to be a word.
    """
    if len(word) < _SHORTEST_STEMMED:
        return word
    return str(_ENGLISH.stemWord(_GERMAN.stemWord(word)))
