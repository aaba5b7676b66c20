"""Typing noise: about one fault per six characters (swapped, dropped, doubled, neighbouring key on QWERTZ)."""

import random

_ROWS = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm")
_NEIGHBOURS = {c: [row[j] for j in (i - 1, i + 1) if 0 <= j < len(row)] for row in _ROWS for i, c in enumerate(row)}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def noisy(text: str, rng: random.Random) -> str:
    """`text` as typed in a hurry: with faults, in lower case, without umlauts and the last punctuation mark."""
    return _typos(text, rng).lower().translate(_UMLAUTS).strip("?.! ")


def _typos(text: str, rng: random.Random, every: int = 6) -> str:
    out = list(text)
    for _ in range(max(1, round(len(text) / every))):
        letters = [i for i, c in enumerate(out) if c.isalpha()]
        if len(letters) < 3:
            break
        i, kind = rng.choice(letters), rng.randrange(4)
        if kind == 0 and i + 1 < len(out) and out[i + 1].isalpha():
            out[i], out[i + 1] = out[i + 1], out[i]
        elif kind == 1:
            out.pop(i)
        elif kind == 2:
            out.insert(i, out[i])
        else:
            out[i] = rng.choice(_NEIGHBOURS.get(out[i].lower(), [out[i]]))
    return "".join(out)
