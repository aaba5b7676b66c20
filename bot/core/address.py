"""Mail addresses in what people write."""

import re

from email_validator import EmailNotValidError, validate_email

_ATOM = r'[^\s.()<>@,:;\\"\[\]?]+'
MAIL_ADDRESS = re.compile(rf"^{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})*$")
"""No name in quotes, and no question mark: mail programs take `=?...?=` for something else."""
_AROUND = re.compile(r"[\s<>()\[\],;:\"„“”]+")
"""What stands around addresses: it is split at, as no search for what may be one takes linear time."""
_AT = re.compile(r"\s?[(\[{]\s?at\s?[)\]}]\s?", re.IGNORECASE)
_DOT = re.compile(r"\s?[(\[{]\s?(?:dot|punkt)\s?[)\]}]\s?", re.IGNORECASE)
_MARKS = ".!?'*_`"
"""What people write around an address, where it is none with it."""
_LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""


def find_address(text: str) -> str | None:
    """The only valid mail address in `text`; None where there is none, or more than one.

    It is normalised: the domain in lower case. Quoted local parts, addresses with a display name's marks and domains
    that cannot be on the internet (`user@localhost`) are no addresses here.
    """
    written = _DOT.sub(".", _AT.sub("@", text))
    words = (word for word in _AROUND.split(written) if "@" in word)
    found = {address for word in words if (address := valid(word) or valid(word.strip(_MARKS)))}
    return found.pop() if len(found) == 1 else None


def valid(address: str) -> str | None:
    """The address, normalised; None where it is none that mail can be sent to."""
    if len(address) > _LONGEST:
        return None
    try:
        normalised = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    return normalised if MAIL_ADDRESS.fullmatch(normalised) and normalised.isprintable() else None
