"""What of a configuration that loads cannot be meant: what is still the example's, and what has no effect."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bot.config import Config
from bot.core.fault import Fault, KeyPath, Place, Severity
from bot.yamlfile import Document, read

_EXAMPLE = re.compile(r"(^|.*[.@:/])example(\.(org|com|net))?$")
"""A domain that belongs to nobody (RFC 2606), whatever stands before it."""
_UNCHANGED = "change me"
_INVITING = re.compile(r"@[^:\s*]+:[^\s:*]+(:\d+)?|[^\s@:/*!#]+(:\d+)?")
"""A Matrix id, or the domain of a homeserver."""
_FILL_IN = "Write yours: config.example.yaml explains the key."


def settings_faults(path: Path, config: Config, environment: Mapping[str, str]) -> tuple[Fault, ...]:
    """What is suspicious in the configuration, each with file and line, or the variable that it comes from."""
    document = read(path)
    return tuple(
        sorted(
            Fault(_place(document, environment, key), message, remedy, severity=severity)
            for key, message, remedy, severity in (*_unedited(config), *_idle(config))
        )
    )


_Found = tuple[KeyPath, str, str, Severity]


def _unedited(config: Config) -> Iterator[_Found]:
    matrix, mail = config.matrix, config.mail
    homeserver = urlsplit(matrix.homeserver).hostname if matrix.homeserver else None
    values: list[tuple[KeyPath, str | None]] = [
        (("matrix", "user"), matrix.user),
        (("matrix", "homeserver"), homeserver),
        (("matrix", "support_room"), matrix.support_room),
        (("matrix", "admin_room"), matrix.admin_room),
        *((("matrix", "admins", number), each) for number, each in enumerate(matrix.admins)),
        *((("matrix", "invites_from", number), each) for number, each in enumerate(matrix.invites_from)),
        (("contact",), config.contact),
    ]
    if mail:
        values += [(("mail", key), getattr(mail, key)) for key in ("server", "sender", "recipient", "reply_address")]
    for key, value in values:
        if value and _EXAMPLE.match(value):
            yield key, f"`{value}` is still the example's", _FILL_IN, "error"
    for key, secret in ((("matrix", "password"), matrix.password), (("mail", "password"), mail and mail.password)):
        if secret and secret.get_secret_value() == _UNCHANGED:
            yield key, "the password is still the example's", "Write the account's password.", "error"


def _idle(config: Config) -> Iterator[_Found]:
    avatar, mail = config.matrix.avatar, config.mail
    if avatar and not avatar.is_file():
        yield ("matrix", "avatar"), f"there is no file {avatar}", "Correct the path, or remove the line.", "warning"
    for number, inviting in enumerate(config.matrix.invites_from):
        if not _INVITING.fullmatch(inviting):
            message = f"`{inviting}` matches nobody: it is neither the domain of a homeserver nor a whole Matrix id"
            remedy = "Write each one that may invite, such as tu-braunschweig.de; no sign stands for all of them."
            yield ("matrix", "invites_from", number), message, remedy, "error"
    domain = mail.sender.rpartition("@")[2].lower() if mail else ""
    if mail and ("." not in domain or domain.endswith(".localdomain")):
        message = f"mail from {mail.sender} is refused by most servers, and nothing that is returned arrives"
        yield ("mail", "sender"), message, "Write an address of your own domain.", "warning"


def _place(document: Document, environment: Mapping[str, str], key: KeyPath) -> Place:
    variable = "AUSKUNFT_" + "__".join(str(part) for part in key if isinstance(part, str)).upper()
    for name in (variable, f"{variable}_FILE"):
        if name in environment:
            return Place(f"environment variable {name}")
    return document.place(key)
