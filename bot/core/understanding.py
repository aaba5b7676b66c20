"""Messages that are understood as a whole, without the FAQ: greetings, yes and no, the number of an option.

What counts as what stands in the phrases file. Case, punctuation and emoji do not matter, a greeting or thanks in
front and "bitte" at either end neither, and a typing error is forgiven where it does no harm: never in a yes, a no or
an insult.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.phrases import Understands
from bot.core.text import words

_WORD = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[\w\s.,!'’👍✅🙏😊🙂😀\ufe0f\U0001f3fb-\U0001f3ff]*")
_BETWEEN = " \t\n,.!:;-–"
Said = tuple[str, ...]
_EXACT = {"yes", "no", "insult", "polite", "beside_a_choice", "first", "second", "third", "fourth", "last"}
"""Kinds in which no typing error is forgiven: much hangs on them, or their words are short and near others."""
_CHOICES = ("first", "second", "third", "fourth")
_LONGEST_NUMBER = 4
"""The digits from which on a number is none of an option."""
_SHORTEST = 6
"""The fewest letters in which a typing error is forgiven."""
_SIMILAR = 0.85
"""From this similarity on (optimal string alignment, from 0 to 1), another spelling is forgiven."""


class Understanding:
    """Understands what the phrases file says."""

    def __init__(self, understands: Understands) -> None:
        self._phrases = {
            kind: frozenset(filter(None, map(words, getattr(understands, kind)))) for kind in Understands.model_fields
        }
        self._polite = {word for phrase in self._phrases["polite"] for word in phrase}
        self._beside = {word for phrase in self._phrases["beside_a_choice"] for word in phrase} | self._polite
        self._choices = {phrase: number for number, kind in enumerate(_CHOICES) for phrase in self._phrases[kind]}
        self._joined = {
            kind: [" ".join(phrase) for phrase in phrases if len(" ".join(phrase)) >= _SHORTEST]
            for kind, phrases in self._phrases.items()
            if kind not in _EXACT
        }
        self._longest = {kind: max(map(len, phrases), default=0) for kind, phrases in self._joined.items()}

    def read(self, text: str) -> "Understood":
        """What `text` may be understood as."""
        return Understood(self, words(text), text)

    def without_greeting(self, text: str) -> str:
        """`text` after the greeting in front of it; where nothing else is said, all of it."""
        said, ends = words(text), [word.end() for word in _WORD.finditer(text)]
        greeting = len(said) - len(self._without("greeting", said))
        can_be_cut = len(ends) == len(said)  # accents may divide words as they are typed
        return text[ends[greeting - 1] :].lstrip(_BETWEEN) if can_be_cut and 0 < greeting < len(said) else text

    def forms(self, said: Said) -> tuple[Said, ...]:
        """What was `said`, also without a greeting or thanks in front, and without polite words around it."""
        forms = dict.fromkeys([said, self._without("greeting", said), self._without("thanks", said)])
        forms |= dict.fromkeys([self._unpolite(form) for form in forms])
        return tuple(filter(None, forms))

    def means(self, forms: tuple[Said, ...], kind: str) -> bool:
        """Whether one of these `forms` is something of this `kind`, as a whole."""
        if any(form in self._phrases[kind] for form in forms):
            return True
        return kind not in _EXACT and any(self._is_nearly(" ".join(form), kind) for form in forms)

    def choice(self, said: Said, among: int) -> int | None:
        """Which of so many options is chosen, by number or in words, counted from 0 and perhaps beyond them.

        None where no option is chosen.
        """
        left = tuple(word for word in said if word not in self._beside)
        if left in self._phrases["last"] or said in self._phrases["last"]:
            return among - 1
        if len(left) == 1 and left[0].isdecimal() and len(left[0]) < _LONGEST_NUMBER:
            return int(left[0]) - 1
        return self._choices.get(left, self._choices.get(said))

    def _is_nearly(self, joined: str, kind: str) -> bool:
        if not _SHORTEST <= len(joined) <= self._longest[kind] / _SIMILAR:
            return False
        scorer = OSA.normalized_similarity
        found = process.extractOne(joined, self._joined[kind], scorer=scorer, score_cutoff=_SIMILAR)
        return found is not None and found[0][0] == joined[0]

    def _without(self, kind: str, said: Said) -> Said:
        """What was said after phrases of this kind; where nothing else was said, the last of them."""
        start = 0
        while longest := max(
            (len(each) for each in self._phrases[kind] if said[start : start + len(each)] == each), default=0
        ):
            if start + longest == len(said):
                break
            start += longest
        return said[start:]

    def _unpolite(self, said: Said) -> Said:
        kept = list(said)
        while kept and kept[0] in self._polite:
            kept.pop(0)
        while kept and kept[-1] in self._polite:
            kept.pop()
        return tuple(kept)


@dataclass(frozen=True)
class Understood:
    """One message, to be asked what it may be understood as."""

    by: Understanding
    said: Said
    """Its words, folded."""
    text: str = ""
    """As it was typed."""

    def means(self, *kinds: str) -> bool:
        """Whether it is one of these, as a whole."""
        return any(kind in self._kinds for kind in kinds)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its words says anything: no question mark, no stroke through it, no sign against it."""
        return _PLAIN.fullmatch(self.text) is not None

    def choice(self, among: int) -> int | None:
        """Which of so many options it chooses, counted from 0; a number may be beyond them."""
        return self.by.choice(self.said, among)

    def first(self, kinds: Iterable[str]) -> str | None:
        """The first of `kinds` that it is."""
        return next((kind for kind in kinds if kind in self._kinds), None)

    @cached_property
    def _kinds(self) -> frozenset[str]:
        forms = self.by.forms(self.said)
        return frozenset(kind for kind in Understands.model_fields if self.by.means(forms, kind))
