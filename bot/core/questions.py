"""How a message asks: several questions at once, or one that leans on what was said before."""

import re

from bot.core.text import content_stems, words

_SENTENCE = re.compile(r"(?<=[?!])\s*|(?<=[.…])\s+(?=[A-ZÄÖÜ])|\n+")
"""Where a sentence ends: "und Co. auch" goes on."""
_OPENERS = (
    "wie was wo wer wen wem wann warum wieso weshalb welche welcher welches welchen welchem womit wofür wozu woher "
    "wohin darf dürfen kann können muss müssen soll sollen ist sind gibt hat haben geht brauche brauchen "
    "how what where who whom when why which may can could must should is are does do did has have will"
)
"""Words with which questions begin."""
_CONJUNCTIONS = "und and sowie außerdem also dann aber but auch"
_ASKS = frozenset(words(_OPENERS))
_JOINS = frozenset(words(_CONJUNCTIONS))
_SECOND = re.compile(
    rf"(?:,\s*|\s)(?=(?:{'|'.join(_CONJUNCTIONS.split())})\s+(?:{'|'.join(_OPENERS.split())})\b)", re.IGNORECASE
)
"""Where a second question begins within a sentence: "... und wie ..."."""
_LEANING = frozenset(
    words(
        "das da dort dabei damit dafür darüber darin dazu davon dazu es er sie die den dem dessen deren denen diese "
        "dieser dieses diesen it that there this they them these those its"
    )
)
"""Words that stand for something said before."""
_STANDING_FOR_IT = content_stems(" ".join(_LEANING))
_MORE = content_stems(
    "mehr weiter genauer näher erzähl erzählen sag sagen bitte more further tell details please go on"
)
"""Words that ask for more of the same."""
_BARELY = 2
"""The most words of a question that asks for a reason and nothing else."""
_SHORT = 8
"""The most words of a question that leans on what was said before."""


def questions(text: str) -> tuple[str, ...]:
    """The questions in `text`, in order; what asks nothing is left out."""
    parts = (part.strip() for sentence in _SENTENCE.split(text) for part in _SECOND.split(sentence))
    return tuple(part for part in parts if _asks(part))


def leans(text: str) -> bool:
    """Whether `text` may be about what was said before: it is short, and says "und", "das" and the like, or nothing."""
    said = words(text)
    if not said or len(said) > _SHORT:
        return False
    return is_bare(text) or said[0] in _JOINS or any(word in _LEANING for word in said)


def is_bare(text: str) -> bool:
    """Whether `text` names no subject at all: "Warum?", "Mehr dazu", "Wer darf das?"."""
    return not content_stems(text) - _MORE - _STANDING_FOR_IT


def asks_on(text: str) -> bool:
    """Whether `text` asks no more than to go on: "Warum?", "Und?", "Mehr dazu"."""
    return is_bare(text) and (len(words(text)) <= _BARELY or bool(content_stems(text) & _MORE))


def _asks(part: str) -> bool:
    said = words(part)
    while said and said[0] in _JOINS:
        said = said[1:]
    return bool(said) and (part.endswith("?") or said[0] in _ASKS)
