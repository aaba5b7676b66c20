"""Which language a message is in.

German or English, told by function words, letters that only German has, and the words that the FAQ's phrasings use in
one language only. Where nothing tells, the caller's default (the language of the conversation) stands.
"""

from collections import Counter
from collections.abc import Iterable

from bot.core.model import LANGUAGES, Language
from bot.core.text import FUNCTION_WORDS, words

_SHARED = FUNCTION_WORDS["de"] & FUNCTION_WORDS["en"]
_GERMAN_BEFORE_IS = frozenset({"was", "wo", "wer", "das", "wie"})
_GERMAN_LETTERS = frozenset("äöüß")


class LanguageGuesser:
    """Tells the language of a message, with the FAQ's own words as evidence."""

    def __init__(self, samples: dict[Language, Iterable[str]]) -> None:
        counts = {language: Counter(w for text in texts for w in words(text)) for language, texts in samples.items()}
        self._own: dict[Language, frozenset[str]] = {
            language: frozenset(counts.get(language, Counter()))
            - frozenset().union(*(counts[other] for other in counts if other != language))
            for language in LANGUAGES
        }

    def guess(self, text: str, default: Language, ahead: float = 0) -> Language:
        """The language of `text`; `default` where its words do not tell.

        Another language than `default` must be over `ahead` points ahead of it. A function word counts two points.
        """
        scores = dict.fromkeys(LANGUAGES, 0.0)
        said = words(text)
        for before, word in zip(("", *said), said, strict=False):
            scores["de"] += 4 * (word == "is" and before in _GERMAN_BEFORE_IS)  # "was is das", against English "is"
            for language in LANGUAGES:
                if word in FUNCTION_WORDS[language] and word not in _SHARED:
                    scores[language] += 2
                elif word in self._own[language]:
                    scores[language] += 1
        scores["de"] += 2 * len(_GERMAN_LETTERS & set(text.lower()))
        best = max(LANGUAGES, key=scores.__getitem__)
        return best if scores[best] - scores[default] > ahead else default
