"""Which language a message is in.

German or English, told by function words, letters that only German has, and the words that the FAQ's phrasings use in
one language only. Where nothing tells, the caller's default (the language of the conversation) stands.
"""

from collections import Counter
from collections.abc import Iterable

from bot.core.model import LANGUAGES, Language
from bot.core.text import words

_FUNCTION_WORDS: dict[Language, frozenset[str]] = {
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
_SHARED = _FUNCTION_WORDS["de"] & _FUNCTION_WORDS["en"]
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

    def guess(self, text: str, default: Language) -> Language:
        """The language of `text`; `default` where its words do not tell."""
        scores = dict.fromkeys(LANGUAGES, 0.0)
        said = words(text)
        for before, word in zip(("", *said), said, strict=False):
            scores["de"] += 4 * (word == "is" and before in _GERMAN_BEFORE_IS)  # "was is das", against English "is"
            for language in LANGUAGES:
                if word in _FUNCTION_WORDS[language] and word not in _SHARED:
                    scores[language] += 2
                elif word in self._own[language]:
                    scores[language] += 1
        scores["de"] += 2 * len(_GERMAN_LETTERS & set(text.lower()))
        if scores["de"] == scores["en"]:
            return default
        return max(LANGUAGES, key=scores.__getitem__)
