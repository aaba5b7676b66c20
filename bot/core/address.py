"""Mail addresses in what people write."""

import re

from email_validator import EmailNotValidError, validate_email

_AROUND = re.compile(r"[\s<>()\[\],;:\"„“”]+")
"""What stands around addresses: it is split at, as no search for what may be one takes linear time."""
_LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""


def find_address(text: str) -> str | None:
    """The only valid mail address in `text`; None where there is none, or more than one.

    It is normalised: the domain in lower case. Quoted local parts, addresses with a display name's marks and domains
    that cannot be on the internet (`user@localhost`) are no addresses here.
    """
    found = {address for word in _words(text) if (address := _valid(word))}
    return found.pop() if len(found) == 1 else None


def _words(text: str) -> set[str]:
    return {word.strip(".!?'*_`") for word in _AROUND.split(text) if "@" in word}


def _valid(word: str) -> str | None:
    if len(word) > _LONGEST:
        return None
    try:
        return validate_email(word, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
