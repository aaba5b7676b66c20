"""What can go wrong with the homeserver, in an admin's words."""

from typing import TypeVar

import nio

Answered = TypeVar("Answered")


class MatrixError(Exception):
    """The homeserver refused something; the text says what and why."""


class CannotLogIn(MatrixError):
    """The account cannot be used as it is configured."""


class LoggedOut(MatrixError):
    """The homeserver does not know the access token any more."""


def accepted(response: Answered | nio.ErrorResponse, what: str) -> Answered:
    """`response`, if the homeserver did what it was asked.

    Raises:
        LoggedOut: it does not know our access token.
        MatrixError: it refused; `what` says what was asked.
    """
    if not isinstance(response, nio.ErrorResponse):
        return response
    if response.status_code == "M_UNKNOWN_TOKEN":
        raise LoggedOut("the homeserver has revoked the bot's access token")
    raise MatrixError(f"the homeserver refused {what}: {response.status_code or ''} {response.message}".strip())
