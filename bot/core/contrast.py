"""Negation and contrast: what somebody turns down is not what they ask for.

"nicht WhatsApp, sondern Signal" and "WhatsApp nicht, sondern Signal" ask for Signal; "statt Skype" asks for something
else, and Skype tells little.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.model import Reading, Sense, Word

_INSTEAD_OF = {"statt", "anstatt", "anstelle", "instead"}
"""The word that follows one of these is turned down, also after an "of" or "von"."""
_NOT = {"nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "not"}
_BUT = {"sondern", "but", "rather"}
_MOST_TURNED_DOWN = 4
"""The most words between "nicht" and "sondern"."""
LITTLE = 0.4
"""How much of a word that is turned down counts."""


def weigh_contrast(read: Sequence[Word]) -> tuple[Word, ...]:
    """The words as they were read, those that the writer turns down counting little."""
    result = list(read)
    typed = [word.read_as[0] if word.reading is Reading.REPAIRED else word.typed for word in read]
    for at, word in enumerate(typed):
        if word in _BUT:
            begin = max(0, at - _MOST_TURNED_DOWN - 1)
            if (negated := next((n for n in range(at - 1, begin - 1, -1) if typed[n] in _NOT), None)) is not None:
                refused = range(negated + 1, at) if negated < at - 1 else range(max(0, negated - 1), negated)
                for n in refused:
                    result[n] = _little(read[n])
        elif word in _INSTEAD_OF:
            after = at + 2 if typed[at + 1 : at + 2] in (["of"], ["von"]) else at + 1
            if after < len(read):
                result[after] = _little(read[after])
    return tuple(result)


def _little(word: Word) -> Word:
    senses = tuple(Sense(sense.word, sense.certainty * LITTLE) for sense in word.senses)
    return replace(word, senses=senses, turned_down=True)
