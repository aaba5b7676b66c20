"""The letter to support: what the person sees in the preview is what is sent, word for word."""

import hashlib
from dataclasses import dataclass
from typing import Literal

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


Way = Literal["mail", "room"]
"""How a letter reaches support: by mail, or in the support room."""


@dataclass(frozen=True)
class Letter:
    """What goes to support, as the preview shows it."""

    reference: str
    recipient: str
    reply_to: str
    """The address of the person who asks; without mail, what is said in its place."""
    subject: str
    text: str
    ways: tuple[Way, ...] = ("mail",)

    @property
    def digest(self) -> str:
        """What stands for the whole letter, to see that nothing in it has changed."""
        parts = (self.reference, self.recipient, self.reply_to, self.subject, self.text, *self.ways)
        return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def reference(event_id: str) -> str:
    """What people call the escalation that this event opened: two proquints, such as "lusab-babad".

    Proquints (D. Wilkerson, "A Proposal for Proquints", 2009) write 16 bits as five letters that can be spoken.
    """
    digest = hashlib.sha256(event_id.encode(errors="replace")).digest()
    return "-".join(_proquint(int.from_bytes(digest[start : start + 2], "big")) for start in (0, 2))


def _proquint(number: int) -> str:
    shifts = ((12, _CONSONANTS), (10, _VOWELS), (6, _CONSONANTS), (4, _VOWELS), (0, _CONSONANTS))
    return "".join(letters[number >> shift & len(letters) - 1] for shift, letters in shifts)
